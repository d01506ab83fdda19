"""The OpenAPI document in; out, its parts with their references followed, and values that its inputs refuse."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import yaml
from django.conf import settings

Schema = dict[str, Any]

DOCUMENT: Schema = yaml.safe_load(settings.OPENAPI_FILE.read_text("utf-8"))
SCHEMAS: Schema = DOCUMENT["components"]["schemas"]
OPERATIONS = [
    (path, method, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]
BY_ID = {operation["operationId"]: operation for _, _, operation in OPERATIONS}
NOT_AN_INPUT = ("a b", "A", "-", "a-", "1e2", "-1", "1.0001", "\u0661", "2026-1-1", "nothing-of-that-name", " ", "")


def whole(part: Schema) -> Schema:
    """A part of the document, or what it refers to."""
    if "$ref" not in part:
        return part
    _, _, kind, name = part["$ref"].split("/")
    shared: Schema = DOCUMENT["components"][kind][name]
    return shared


def content_of(response: Schema, media_type: str) -> Schema:
    """What the document shows of a response in a media type; of one that must be asked for, it stands beside."""
    shown: Schema = {**response["content"], **response.get("x-other-content", {})}[media_type]
    return shown


def needed(operation: Schema) -> dict[str, Any]:
    """The parameters that a query must have, each with its example."""
    own = map(whole, operation.get("parameters", ()))
    return {each["name"]: each["example"] for each in own if each["in"] == "query" and each.get("required")}


def each_part(node: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Schema]]:
    """Each object of the document with its place; what stands in examples is none of it."""
    if isinstance(node, dict):
        yield place, node
        for name, child in node.items():
            if name not in ("example", "examples"):
                yield from each_part(child, (*place, name))
    elif isinstance(node, list):
        for k, child in enumerate(node):
            yield from each_part(child, (*place, str(k)))


def fits(schema: Schema, value: Any) -> None:
    """Assert that a value fits a schema of the document."""
    jsonschema.validate(value, {**schema, "components": DOCUMENT["components"]}, jsonschema.Draft202012Validator)


def refused(schema: Schema, value: Any) -> bool:
    """True where the schema does not take the value."""
    try:
        fits(schema, value)
    except jsonschema.ValidationError:
        return True
    return False


def of_inputs(schema: Schema) -> Iterator[Schema]:
    """A schema of an input, and every one that it is made of."""
    schema = whole(schema)
    yield schema
    parts = [*schema.get("properties", {}).values(), *schema.get("oneOf", ()), *schema.get("anyOf", ())]
    for part in [*parts, schema["items"]] if "items" in schema else parts:
        yield from of_inputs(part)


def bad_values(schema: Schema, good: Any) -> list[Any]:
    """Values that a schema of the body refuses, each made from it: beyond each bound, of another type, unknown."""
    own = whole(schema)
    most = own.get("maxLength") or 0
    values: list[Any] = [None, True, "true", 1.5, "1", -1, [], {}, *NOT_AN_INPUT, "a" * (most + 1)]
    for part in (own, *own.get("oneOf", ())):
        values += [part[bound] + step for bound, step in (("minimum", -1), ("maximum", 1)) if bound in part]
    if isinstance(good, list):
        values += [good[:1] * (own["maxItems"] + 1), good[:1] * 2, {"0": good[0]}]
    if isinstance(good, dict):
        values += [{**good, "surprise": 1}, *({k: v for k, v in good.items() if k != name} for name in good)]
    return [
        json.loads(text) for text in dict.fromkeys(json.dumps(v) for v in values) if refused(schema, json.loads(text))
    ]


def places(schema: Schema, document: Any, pointer: str = "") -> Iterator[tuple[str, Schema, Any]]:
    """Each value of a document that fits a schema, with its pointer and the schema that it is read by."""
    yield pointer, schema, document
    own = whole(schema)
    if isinstance(document, dict):
        for name, value in document.items():
            yield from places(own["properties"][name], value, f"{pointer}/{name}")
    if isinstance(document, list):
        yield from places(own["items"], document[0], f"{pointer}/0")


def replaced(document: Any, pointer: str, value: Any) -> Any:
    """The document with another value at a pointer."""
    if not pointer:
        return value
    name, _, rest = pointer[1:].partition("/")
    rest = f"/{rest}" if rest else ""
    if isinstance(document, list):
        return [replaced(each, rest, value) if k == int(name) else each for k, each in enumerate(document)]
    return {**document, name: replaced(document[name], rest, value)}
