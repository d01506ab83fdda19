"""The contract in; the reference that people read out: its index, a page for each group, and what a search finds."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.utils.html import strip_tags
from django.utils.safestring import SafeString

from api.pages.contract import Schema, as_text, document, name_of, operations, part
from api.pages.members import OF_FAILURES, Member, Shape, address_of, essentials, homes, link_to, shape_of, type_of
from api.pages.samples import Sample, asked_of, laid_out, samples
from api.pages.texts import as_html
from api.problems import PROBLEMS

# A parameter that more operations of a group take than this is told once for all of them.
FEW = 3


@dataclass(frozen=True)
class Failure:
    """A status that an operation may answer with, and the problems that it stands for."""

    status: str
    codes: list[str]


@dataclass(frozen=True)
class Operation:
    """An operation, as its section tells it."""

    id: str
    group: str
    method: str
    path: str
    summary: str
    text: SafeString
    parameters: list[Member]
    shared: list[Member]
    body: SafeString | None
    bodies: list[tuple[str, str]]
    answer: SafeString | str
    example: str | None
    headers: list[str]
    failures: list[Failure]
    samples: list[Sample]


@dataclass(frozen=True)
class Group:
    """A group of operations, and the components that are told with it."""

    slug: str
    name: str
    text: str
    operations: list[Operation]
    shared: list[Member]
    shapes: list[Shape]


@cache
def groups() -> Mapping[str, Group]:
    """Every group by its slug."""
    return {tag["name"].lower(): _group(tag["name"], tag["description"]) for tag in document()["tags"]}


def _group(name: str, text: str) -> Group:
    slug = name.lower()
    own = [each for each in operations() if each[2]["tags"] == [name]]
    uses = [ref["$ref"] for _, _, operation in own for ref in operation.get("parameters", ())]
    shared = sorted({ref for ref in uses if uses.count(ref) > FEW}, key=uses.index)
    shapes = [shape_of(component) for component, home in homes().items() if home == slug]
    of_all = [_parameter({"$ref": ref}, "parameter") for ref in shared]
    return Group(slug, name, text, [_operation(slug, set(shared), *each) for each in own], of_all, in_order(shapes))


def in_order(shapes: Iterable[Shape]) -> list[Shape]:
    """Objects before lists of values, each as they are met on the way through the operations."""
    return sorted(shapes, key=lambda shape: not shape.members)


def _operation(group: str, shared: set[str], path: str, method: str, operation: Schema) -> Operation:
    own_id, refs = operation["operationId"], operation.get("parameters", ())
    [(media_type, content)] = operation["responses"]["200"]["content"].items()
    asked = asked_of(own_id, path)
    [sent] = operation["requestBody"]["content"].values() if "requestBody" in operation else [None]
    others = {name: each["value"] for name, each in (sent["examples"] if sent else {}).items() if name != asked.name}
    answers = content.get("examples", {})
    is_json = media_type == "application/json"
    return Operation(
        own_id,
        group,
        method,
        path,
        operation["summary"],
        as_html(operation["description"]),
        [_parameter(ref, own_id) for ref in refs if ref["$ref"] not in shared],
        [_parameter(ref, "parameter") for ref in refs if ref["$ref"] in shared],
        link_to(name_of(sent["schema"]) or "") if sent else None,
        [(name.replace("-", " "), laid_out(body)) for name, body in others.items()],
        type_of(content["schema"]) if is_json else media_type,
        laid_out(answers[asked.name]["value"]) if asked.name in answers else None,
        list(operation["responses"]["200"]["headers"]),
        _failures(operation),
        samples(asked, is_json),
    )


def _parameter(ref: Schema, of: str) -> Member:
    """A parameter, with its anchor under what it is told with."""
    declared = part(ref)
    is_of_path = declared["in"] == "path"
    notes = ["in the path"] if is_of_path else ["required"] if declared.get("required") else []
    name = declared["name"]
    return Member(f"{of}.{name}", name, as_html(declared["description"]), type_of(declared["schema"]), tuple(notes))


def _failures(operation: Schema) -> list[Failure]:
    """What an operation may answer with besides what every other may, too."""
    of_all = shared_failures()
    return [
        Failure(status, _codes(part(ref)))
        for status, ref in operation["responses"].items()
        if status not in ("200", "304") and ref["$ref"] not in of_all
    ]


@cache
def shared_failures() -> frozenset[str]:
    """The responses that every operation has."""
    each = [
        {ref["$ref"] for ref in operation["responses"].values() if "$ref" in ref} for _, _, operation in operations()
    ]
    return frozenset(set.intersection(*each))


def _codes(response: Schema) -> list[str]:
    """The codes of the problems that a response shows."""
    shown = [each["value"]["code"] for content in response["content"].values() for each in content["examples"].values()]
    return sorted(set(shown))


@dataclass(frozen=True)
class Essential:
    """An object of a plan, with the members that must be there, and those without which a plan is incomplete."""

    link: SafeString
    required: list[str]
    essential: list[str]


@cache
def complete_plan() -> list[Essential]:
    """The members that make a plan complete, by the object that has them."""
    schemas = document()["components"]["schemas"]
    found = []
    for name, members in essentials().items():
        required = list(schemas[name].get("required", ()))
        if members:
            found.append(Essential(link_to(name), required, [each for each in members if each not in required]))
    return found


@cache
def headers_of(group: str) -> list[Member]:
    """The headers of answers, where the group is the one that tells of failures, too; else none."""
    declared = document()["components"]["headers"] if group == homes()[OF_FAILURES] else {}
    return [
        Member(f"header.{name}", name, as_html(header["description"]), type_of(header["schema"]))
        for name, header in declared.items()
    ]


def meanings(name: str) -> list[Member]:
    """The values of a closed list, each with what it means."""
    return shape_of(name).values


@cache
def search_entries() -> bytes:
    """All that a search finds: what it is called, what it is, where it is told, and what it says."""
    return as_text([list(entry) for entry in _entries()]).encode()


def _entries() -> Iterator[tuple[str, str, str, str]]:
    for group in groups().values():
        page = f"/docs/{group.slug}"
        for operation in group.operations:
            what = f"{operation.method} {operation.path}"
            yield operation.summary, what, f"{page}#{operation.id}", operation.id
            for parameter in operation.parameters:
                what = f"parameter of {operation.path}"
                yield parameter.name, what, f"{page}#{parameter.anchor}", _plain(parameter.text)
        for parameter in group.shared:
            yield parameter.name, f"parameter, {group.name}", f"{page}#{parameter.anchor}", _plain(parameter.text)
        for shape in group.shapes:
            what = "object" if shape.members else "values"
            yield shape.name, what, address_of(shape.name), _plain(shape.text)
            for member in (*shape.members, *shape.values):
                yield member.name, shape.name, address_of(shape.name, member.name), _plain(member.text)


def _plain(text: Any) -> str:
    return strip_tags(str(text))


def shared_codes() -> list[str]:
    """The codes of the problems that any request can meet."""
    found = {code for ref in shared_failures() for code in _codes(part({"$ref": ref}))}
    return [code for code in PROBLEMS if code in found]
