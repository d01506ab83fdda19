"""What generators of clients must be told: an address in; out, settings with which what they make is whole."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from api.pages.contract import document

SCALARS = {"string", "number"}


def kotlin(address: str) -> str:
    """Settings for OpenAPI Generator's Kotlin client.

    By itself it makes an empty class of what may be a string or a number, and so loses every decimal; here these are
    strings, as they are sent best, and so are codes, which later versions may add to.
    """
    settings = {
        "generatorName": "kotlin",
        "inputSpec": f"{address}/v1/openapi.yaml",
        "library": "jvm-okhttp4",
        "additionalProperties": {"serializationLibrary": "jackson", "packageName": "org.sclerotherapy.client"},
        "schemaMappings": dict.fromkeys(_either_scalar(), "kotlin.String"),
    }
    return yaml.safe_dump(settings, sort_keys=False)


def _either_scalar() -> Iterator[str]:
    """The names, as the generator gives them, of schemas that are one of several scalars."""
    for name, schema in document()["components"]["schemas"].items():
        if _is_either_scalar(schema):
            yield name
        for member, declared in schema.get("properties", {}).items():
            if _is_either_scalar(declared):
                yield f"{name}_{member}"


def _is_either_scalar(schema: Mapping[str, Any]) -> bool:
    """Whether a schema is a choice of scalars."""
    choices = schema.get("oneOf") or schema.get("anyOf") or ()
    return bool(choices) and all(each.get("type") in SCALARS for each in choices)
