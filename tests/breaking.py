"""Two contracts in; out, what of the newer one breaks clients that were made from the older one.

`python -m tests.breaking` compares `openapi.yaml` with the contract that was released last; `--release` makes the
present one that, without its texts and examples.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

Schema = dict[str, Any]

HERE = Path(__file__).parent
PRESENT = HERE.parent / "openapi.yaml"
RELEASED = HERE / "clients" / "released.yaml"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Contract:
    """A document with its references followed."""

    document: Schema

    def whole(self, part: Any) -> Schema:
        """A part, or what it refers to."""
        while "$ref" in part:
            _, *names = part["$ref"].split("/")
            part = self.document
            for name in names:
                part = part[name]
        return dict(part)

    def operations(self) -> dict[tuple[str, str], Schema]:
        """Each operation by path and method, with the parameters of its path."""
        return {
            (path, method): {**operation, "parameters": [*item.get("parameters", ()), *operation.get("parameters", ())]}
            for path, item in self.document["paths"].items()
            for method, operation in item.items()
            if method in METHODS
        }

    @cached_property
    def bodies(self) -> set[str]:
        """References to the components that are the body of a request."""
        contents = [self.whole(each.get("requestBody", {})).get("content", {}) for each in self.operations().values()]
        return {part["schema"].get("$ref", "") for content in contents for part in content.values()}

    def parameters(self, operation: Schema) -> dict[tuple[str, str], Schema]:
        """The parameters of an operation by place and name."""
        parameters = map(self.whole, operation["parameters"])
        return {(parameter["in"], parameter["name"]): parameter for parameter in parameters}

    def shape(self, schema: Any) -> "Shape":
        """What a schema takes. A choice of one thing or null is that thing, which may be null."""
        own = self.whole(schema)
        choices = [self.shape(choice) for choice in (*own.get("oneOf", ()), *own.get("anyOf", ()))]
        some = [choice for choice in choices if choice.types != {"null"}]
        null = {"null"} if len(some) < len(choices) else set()
        if len(some) == 1:
            return some[0].or_null(null)
        if some:
            return _union(some).or_null(null)
        types = own.get("type", [])
        values: list[Any] | None = own.get("enum", [own["const"]] if "const" in own else None)
        return Shape(
            types=frozenset([types] if isinstance(types, str) else types),
            values=None if values is None else frozenset(map(json.dumps, values)) - {"null"},
            own=own,
        )


@dataclass(frozen=True)
class Shape:
    """What a schema takes: types, values where they are listed, and the rest as it is written."""

    types: frozenset[str]
    values: frozenset[str] | None
    own: Schema = field(default_factory=dict)

    def or_null(self, null: set[str]) -> "Shape":
        """The same, or null."""
        return Shape(self.types | null, self.values, self.own)


def _union(choices: list[Shape]) -> Shape:
    """What any of several takes: values are listed only where each lists its own. Bounds are those of the last."""
    values = [choice.values for choice in choices if choice.values is not None]
    listed = frozenset[str]().union(*values) if len(values) == len(choices) else None
    return Shape(frozenset[str]().union(*(choice.types for choice in choices)), listed, choices[-1].own)


@dataclass
class Comparison:
    """An older and a newer contract; `breaks` yields what breaks, each with its place."""

    old: Contract
    new: Contract
    seen: set[str] = field(default_factory=set)

    def breaks(self) -> Iterator[str]:
        """Each break, in words."""
        before, after = self.old.operations(), self.new.operations()
        for key, operation in before.items():
            where = f"{key[1].upper()} {key[0]}"
            if key not in after:
                yield f"{where}: is gone"
            else:
                yield from self._of_operation(where, operation, after[key])
        for name in self.old.document["components"]["schemas"]:
            if name not in self.new.document["components"]["schemas"]:
                yield f"component {name}: is gone"
        if self.old.document.get("servers") != self.new.document.get("servers"):
            yield "servers: another address"
        yield from self._security("document", self.old.document, self.new.document)

    def _security(self, where: str, old: Schema, new: Schema) -> Iterator[str]:
        """Where a credential is asked for that was not."""
        asked = [each for each in new.get("security", ()) if each and each not in old.get("security", ())]
        if asked and {} not in new["security"]:
            yield f"{where}: asks for a credential"

    def _of_operation(self, where: str, old: Schema, new: Schema) -> Iterator[str]:
        """What breaks in an operation."""
        if old.get("operationId") != new.get("operationId"):
            yield f"{where}: operation {old.get('operationId')} is called {new.get('operationId')}"
        if old.get("tags", [])[:1] != new.get("tags", [])[:1]:
            yield f"{where}: stands under another tag"
        yield from self._security(where, old, new)
        yield from self._of_parameters(where, self.old.parameters(old), self.new.parameters(new))
        yield from self._of_body(where, old.get("requestBody"), new.get("requestBody"))
        yield from self._of_responses(where, old["responses"], new["responses"])

    def _of_parameters(self, where: str, old: Mapping[Any, Schema], new: Mapping[Any, Schema]) -> Iterator[str]:
        """What breaks in the parameters of an operation."""
        for key, parameter in old.items():
            place = f"{where} parameter {key[1]}"
            if key not in new:
                yield f"{place}: is gone"
            else:
                yield from self.of_input(place, parameter["schema"], new[key]["schema"])
        for key, parameter in new.items():
            if parameter.get("required") and not old.get(key, NOTHING).get("required"):
                yield f"{where} parameter {key[1]}: is required now"

    def _of_body(self, where: str, old: Any, new: Any) -> Iterator[str]:
        """What breaks in the body of a request."""
        before, after = self.old.whole(old or {}), self.new.whole(new or {})
        if after.get("required") and not before.get("required"):
            yield f"{where} body: is required now"
        if before and not after:
            yield f"{where} body: is gone"
        for media_type, content in before.get("content", {}).items() if after else ():
            if media_type not in after["content"]:
                yield f"{where} body: {media_type} is gone"
            else:
                yield from self.of_input(f"{where} body", content["schema"], after["content"][media_type]["schema"])

    def _of_responses(self, where: str, old: Schema, new: Schema) -> Iterator[str]:
        """What breaks in the responses of an operation."""
        for status, response in old.items():
            place = f"{where} {status}"
            if status not in new:
                yield f"{place}: is gone"
                continue
            before, after = self.old.whole(response), self.new.whole(new[status])
            yield from (f"{place} header {name}: is gone" for name in gone(before, after, "headers"))
            yield from (f"{place}: {media_type} is gone" for media_type in gone(before, after, "content"))
            if "content" in before:  # typed clients that name none get either, and must tell which
                yield from (f"{place}: {media_type} is new" for media_type in gone(after, before, "content"))
            for media_type in before.get("content", {}).keys() & after.get("content", {}).keys():
                schemas = (each["content"][media_type]["schema"] for each in (before, after))
                yield from self.of_output(place, *schemas)

    def _is_new(self, direction: str, old: Any, new: Any) -> bool:
        """True the first time that a pair of components is compared; a second time would tell nothing new."""
        if "$ref" not in old or "$ref" not in new:
            return True
        pair = f"{direction} {old['$ref']} {new['$ref']}"
        is_new = pair not in self.seen
        self.seen.add(pair)
        return is_new

    def of_input(self, where: str, old: Any, new: Any) -> Iterator[str]:
        """What breaks where clients send: anything that was taken and is refused now."""
        if not self._is_new("in", old, new):
            return
        where = named(where, old)
        before, after = self.old.shape(old), self.new.shape(new)
        yield from (f"{where}: takes no {kind}" for kind in sorted(before.types - after.types))
        if after.values is not None:
            lost = before.values - after.values if before.values is not None else {"any other"}
            yield from (f"{where}: takes no {value}" for value in sorted(lost))
        yield from _tighter(where, before.own, after.own)
        for name in sorted(set(after.own.get("required", ())) - set(before.own.get("required", ()))):
            yield f"{where}.{name}: is required now"
        for name, schema in before.own.get("properties", {}).items():
            if name in after.own.get("properties", {}):
                yield from self.of_input(f"{where}.{name}", schema, after.own["properties"][name])
            elif after.own.get("additionalProperties") is False:
                yield f"{where}.{name}: is gone"
        if "items" in before.own and "items" in after.own:
            yield from self.of_input(f"{where}[]", before.own["items"], after.own["items"])

    def of_output(self, where: str, old: Any, new: Any) -> Iterator[str]:
        """What breaks where clients read: what was always there and may be missing, and what could not come.

        A plan that an answer shows is one to be sent, and compared as that.
        """
        if old.get("$ref") in self.old.bodies or not self._is_new("out", old, new):
            return
        where = named(where, old)
        before, after = self.old.shape(old), self.new.shape(new)
        if before.types:
            yield from (f"{where}: may be {kind} now" for kind in sorted(after.types - before.types))
        if before.values is not None:
            more = after.values - before.values if after.values is not None else {"any other"}
            yield from (f"{where}: may be {value} now" for value in sorted(more))
        if before.own.get("type") == "string" and before.own.get("format") != after.own.get("format"):
            yield f"{where}: has the format {after.own.get('format')}"
        had, has = before.own.get("properties", {}), after.own.get("properties", {})
        yield from (f"{where}.{name}: is gone" for name in had if name not in has)
        for name in sorted(set(before.own.get("required", ())) - set(after.own.get("required", ()))):
            if name in has:
                yield f"{where}.{name}: may be missing now"
        for name in had:
            if name in has:
                yield from self.of_output(f"{where}.{name}", had[name], has[name])
        for part, place in (("items", "[]"), ("additionalProperties", ".*")):
            if isinstance(before.own.get(part), dict) and isinstance(after.own.get(part), dict):
                yield from self.of_output(f"{where}{place}", before.own[part], after.own[part])


def named(where: str, schema: Any) -> str:
    """The place of a schema: its component, where it is one."""
    return str(schema["$ref"].rpartition("/")[2]) if "$ref" in schema else where


def gone(old: Schema, new: Schema, part: str) -> list[str]:
    """The names that a part of a response had and has no more."""
    return sorted(set(old.get(part, ())) - set(new.get(part, ())))


def _tighter(where: str, old: Schema, new: Schema) -> Iterator[str]:
    """Where bounds let less through than they did."""
    for name in LOWER:
        if name in new and new[name] > old.get(name, 0 if name.startswith("min") and name != "minimum" else -1e99):
            yield f"{where}: {name} {new[name]}"
    for name in UPPER:
        if name in new and new[name] < old.get(name, float("inf")):
            yield f"{where}: {name} {new[name]}"
    for name in ("pattern", "format", "multipleOf"):
        if name in new and new[name] != old.get(name) and "integer" not in str(new.get("type")):
            yield f"{where}: {name} {new[name]}"
    for name, value in (("uniqueItems", True), ("additionalProperties", False)):
        if new.get(name) is value and old.get(name) is not value:
            yield f"{where}: {name} {str(value).lower()}"


def breaks(old: Schema, new: Schema) -> list[str]:
    """What breaks clients of the old contract in the new one, each once."""
    return list(dict.fromkeys(Comparison(Contract(old), Contract(new)).breaks()))


def read(path: Path) -> Schema:
    """A contract from its file."""
    document: Schema = yaml.load(path.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader
    return document


def bare(node: Any, is_schema_map: bool = False) -> Any:
    """A contract without its texts and examples, which break nothing."""
    if isinstance(node, list):
        return [bare(child) for child in node]
    if not isinstance(node, dict):
        return node
    dropped = () if is_schema_map else ("description", "summary", "example", "examples", "title")
    return {name: bare(child, name == "properties") for name, child in node.items() if name not in dropped}


def main() -> int:
    if sys.argv[1:] == ["--release"]:
        RELEASED.write_text(yaml.safe_dump(bare(read(PRESENT)), sort_keys=False, allow_unicode=True), "utf-8")
        return 0
    found = breaks(read(RELEASED), read(PRESENT))
    print("\n".join([*found, f"{len(found)} breaks"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
