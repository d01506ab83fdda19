"""The committed contract, as it is served and as data."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import yaml
from django.conf import settings

Schema = Mapping[str, Any]


@cache
def openapi_yaml() -> bytes:
    """The committed document."""
    return settings.OPENAPI_FILE.read_bytes()


@cache
def document() -> Schema:
    """The same as data, which nobody may change."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    read: Schema = yaml.load(openapi_yaml(), loader)  # noqa: S506 # nosec B506 - both are safe
    return read


@cache
def openapi_json() -> bytes:
    """The same as JSON."""
    return as_text(document()).encode()


def as_text(data: Any) -> str:
    """Data as JSON without blanks."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def operations() -> Iterator[tuple[str, str, Schema]]:
    """The path, the method and the description of every operation, in the order of the document."""
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def part(node: Schema) -> Schema:
    """What a node refers to."""
    _, kind, name = node["$ref"].removeprefix("#/").split("/")
    found: Schema = document()["components"][kind][name]
    return found


def name_of(node: Schema) -> str | None:
    """The component that a node refers to; None where it says what it is itself."""
    return node["$ref"].rpartition("/")[2] if "$ref" in node else None
