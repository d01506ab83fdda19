"""The contract in; the same out, in which each operation is filled in as its sample is, for Swagger UI to try it."""

from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

from api.pages.contract import Schema, as_text, document, part
from api.pages.samples import asked_of


@cache
def console_document() -> bytes:
    """The document for the console."""
    paths = {
        path: {method: _filled(path, operation) for method, operation in methods.items()}
        for path, methods in document()["paths"].items()
    }
    return as_text({**document(), "paths": paths}).encode()


def _filled(path: str, operation: Schema) -> dict[str, Any]:
    """An operation whose parameters have the values of its sample; those that it leaves out are empty."""
    asked = asked_of(operation["operationId"], path)
    sent = urlsplit(asked.target)
    query = {name: values[0] for name, values in parse_qs(sent.query).items()}
    of_path = dict(zip(path.split("/"), sent.path.split("/"), strict=True))
    parameters = []
    for ref in operation.get("parameters", ()):
        parameter = {name: value for name, value in part(ref).items() if name != "example"}
        value = query.get(parameter["name"]) or of_path.get(f"{{{parameter['name']}}}")
        parameters.append(parameter if value is None else {**parameter, "example": value})
    return {**operation, **({"parameters": parameters} if parameters else {})}
