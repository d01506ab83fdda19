"""A component of the contract in; its members or its values, as a reader looks them up, out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from api.pages.contract import Schema, document, name_of, operations, part
from api.pages.texts import as_html
from api.pages.words import WORDS
from api.problems import FAULTS, PROBLEMS
from api.rules.numbers import DECIMAL_PATTERN
from api.rules.plan import RECORDS
from api.rules.value_types import SLUG_PATTERN, fields_of

FORMATS = {"date": "date", "date-time": "date and time", "int32": "whole number"}
TYPES = {
    "string": "text",
    "boolean": "true or false",
    "object": "object",
    "number": "number",
    "integer": "whole number",
    "null": "null",
}
PATTERNS = {f"^{DECIMAL_PATTERN}$": "decimal", SLUG_PATTERN: "slug"}
# What every failure is made of; it is told with the service itself.
OF_FAILURES = "Problem"
DETAIL = "Detail"


@dataclass(frozen=True)
class Member:
    """A member of an object, or a value of a closed list, with the anchor that leads to it."""

    anchor: str
    name: str
    text: SafeString
    type: SafeString | str = ""
    notes: tuple[str, ...] = ()
    href: str | None = None


@dataclass(frozen=True)
class Shape:
    """A component: an object with members, or a list of values. `base` has members of it which are not told again."""

    name: str
    text: SafeString
    members: list[Member] = field(default_factory=list)
    values: list[Member] = field(default_factory=list)
    base: SafeString | None = None


def shape_of(name: str) -> Shape:
    """A component by its name."""
    schema = document()["components"]["schemas"][name]
    text = as_html(schema.get("description", "").partition("\n")[0])
    if "properties" not in schema:
        return Shape(name, text, values=_values_of(name, schema))
    base = base_of(name)
    told = _schema(base)["properties"] if base else {}
    own = {member: each for member, each in schema["properties"].items() if member not in told}
    return Shape(
        name, text, [_member(name, schema, *each) for each in own.items()], base=link_to(base) if base else None
    )


def base_of(name: str) -> str | None:
    """The component of a row whose members one row with its release has, too."""
    base = name.removesuffix(DETAIL)
    schemas = document()["components"]["schemas"]
    has_all = (
        base != name and base in schemas and schemas[base]["properties"].items() <= schemas[name]["properties"].items()
    )
    return base if has_all else None


def link_to(name: str) -> SafeString:
    """A link to a component."""
    return format_html('<a href="{}">{}</a>', address_of(name), name)


def address_of(name: str, member: str | None = None) -> str:
    """Where a component, or a member of it, is told."""
    return f"/docs/{homes()[name]}#{name}" + (f".{member}" if member else "")


def type_of(schema: Schema) -> SafeString | str:
    """The type of a value in words, with a link where it is a component."""
    name = name_of(schema)
    if name:
        return link_to(name)
    if "x-unit" in schema:
        return f"decimal, in {schema['x-unit']}" if schema["x-unit"] != "1" else "decimal"
    if "oneOf" in schema:
        return _either(type_of(each) for each in schema["oneOf"])
    if schema.get("type") == "array":
        return format_html("list of {}{}", type_of(schema["items"]), _bounds(schema, "minItems", "maxItems", ", "))
    types = schema.get("type", ())
    if isinstance(types, list):
        return _either(type_of({**schema, "type": each}) for each in types)
    return _plain(schema)


def _plain(schema: Schema) -> SafeString | str:
    """The type of a value that is no component, no list and no choice."""
    values = schema.get("additionalProperties")
    if isinstance(values, Mapping) and values and schema["type"] == "object":
        return format_html("object whose members are: {}", type_of(values))
    word = FORMATS.get(schema.get("format", "")) or PATTERNS.get(schema.get("pattern", ""))
    return (word or TYPES.get(schema.get("type", ""), "any JSON")) + _bounds(schema, "minimum", "maximum", " ")


def _either(types: Iterable[SafeString | str]) -> SafeString:
    return format_html_join(" or ", "{}", ((each,) for each in types))


def _bounds(schema: Schema, least: str, most: str, before: str) -> str:
    """How little and how much it may be, where that is said."""
    bounds = [schema.get(least), schema.get(most)]
    if bounds[1] is None:
        return "" if bounds[0] is None else f"{before}from {bounds[0]}"
    return f"{before}up to {bounds[1]}" if bounds[0] is None else f"{before}{bounds[0]} to {bounds[1]}"


def _member(name: str, schema: Schema, member: str, declared: Schema) -> Member:
    """A member of an object."""
    is_input = schema.get("additionalProperties") is False
    is_required = member in schema.get("required", ())
    notes = ["required"] if is_required and is_input else []
    if member in essentials().get(name, ()) and not is_required:
        notes.append("essential")
    if not is_required and not is_input:
        notes.append("may be absent")
    text = as_html(declared.get("description", "").partition("\n")[0])
    return Member(f"{name}.{member}", member, text, type_of(declared), tuple(notes))


@cache
def essentials() -> Mapping[str, tuple[str, ...]]:
    """The members without which an essential rule cannot look, by the object of a plan that has them."""
    return {
        record.__name__: tuple(name for name, each in fields_of(record).items() if each.metadata["essential"])
        for record in RECORDS
    }


def _values_of(name: str, schema: Schema) -> list[Member]:
    """The values of a closed list, or the codes of an open one, each with what it means."""
    if name == "ProblemCode":
        return [
            Member(f"{name}.{code}", code, as_html(each.meaning), f"HTTP {each.status}", (), f"/v1/problems/{code}")
            for code, each in sorted(PROBLEMS.items())
        ]
    if name == "FaultCode":
        return [_fault(code, text, of) for code, (text, of) in sorted(FAULTS.items())]
    words = WORDS.get(name, {})
    return [Member(f"{name}.{value}", str(value), as_html(words.get(value, ""))) for value in schema["enum"]]


def _fault(code: str, text: str, problems: tuple[str, ...]) -> Member:
    """The code of a fault, with the problems that can have it."""
    links = ((f"/v1/problems/{each}", each) for each in problems)
    return Member(f"FaultCode.{code}", code, as_html(text), format_html_join(", ", '<a href="{}">{}</a>', links))


@cache
def homes() -> Mapping[str, str]:
    """The group on whose page a component is told: the first one whose answers and bodies are made of it."""
    groups = [tag["name"] for tag in document()["tags"]]
    found: dict[str, str] = {}
    _reach({"$ref": f"#/components/schemas/{OF_FAILURES}"}, found, groups[-1])
    for group in groups:
        for _, _, operation in operations():
            if operation["tags"] == [group]:
                sent = operation.get("requestBody", {})
                _reach([sent, operation["responses"]["200"], *map(part, operation.get("parameters", ()))], found, group)
    return found


def _reach(node: Any, found: dict[str, str], group: str) -> None:
    """Note the group for every component that a node is made of, and that has none yet."""
    if isinstance(node, Mapping):
        name = name_of(node)
        if name is not None and name in document()["components"]["schemas"] and name not in found:
            found[name] = group.lower()
            _reach(_schema(name), found, group)
    for child in node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ():
        _reach(child, found, group)


def _schema(name: str) -> Schema:
    schema: Schema = document()["components"]["schemas"][name]
    return schema
