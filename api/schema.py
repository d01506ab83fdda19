"""The OpenAPI document: the operations of the views in; out, all that drf-spectacular cannot guess."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers

from api.parsers import Parameter
from api.rules.numbers import DECIMAL_PATTERN
from api.rules.plan import RECORDS
from api.rules.value_types import Record
from api.serializers import RESOURCES, ProblemSerializer

EXAMPLES = settings.BASE_DIR / "api" / "examples"
PROBLEM_JSON = "application/problem+json"
# Problems that any request can meet; a view adds its own.
ALWAYS = (400, 405, 406, 500)
DECIMAL = f"^{DECIMAL_PATTERN}$"


@dataclass(frozen=True)
class Operation:
    """What the document says of a view: id, texts, parameters, what it takes, and what it `returns`.

    `problems` are the statuses of its own failures, besides `ALWAYS`. `frozen`: it serves a release, with an ETag.
    """

    id: str
    tag: str
    summary: str
    text: str
    returns: Any
    parameters: Sequence[Parameter] = ()
    problems: Sequence[int] = ()
    frozen: bool = False
    takes: str | None = None


def list_of(name: str, row: type[serializers.Serializer[Any]]) -> Any:
    """The serializer of a page of rows."""
    fields: dict[str, serializers.Field[Any, Any, Any, Any]] = {
        "items": row(many=True, help_text="The rows, by slug."),
        "total": serializers.IntegerField(help_text="Rows on all pages."),
        "next": serializers.CharField(allow_null=True, help_text="The next page; null on the last."),
        "release": serializers.IntegerField(help_text="Number of the release."),
        "content_status": serializers.CharField(help_text="How far the content is reviewed."),
    }
    return inline_serializer(name, fields)


def one(name: str, row: type[serializers.Serializer[Any]]) -> Any:
    """The serializer of one row with the number of its release."""
    extra = {
        "release": serializers.IntegerField(help_text="Number of the release."),
        "content_status": serializers.CharField(help_text="How far the content is reviewed."),
    }
    return type(f"{name}Serializer", (row,), {**_with_meta(row, tuple(extra)), **extra, "__doc__": row.__doc__})


def _with_meta(row: type[Any], extra: tuple[str, ...]) -> dict[str, Any]:
    """The `Meta` of a model's serializer, with more fields; nothing where there is no `Meta`."""
    meta = getattr(row, "Meta", None)
    return {"Meta": type("Meta", (meta,), {"fields": (*meta.fields, *extra)})} if meta else {}


def component_name(resource: str) -> str:
    """What a resource is called in the document: `VeinType` for `vein-types`."""
    return RESOURCES[resource].model.__name__


class ContractSchema(AutoSchema):
    """Reads a view's `operation`."""

    @property
    def operation(self) -> Operation:
        view: Any = self.view
        operation: Operation = view.operation
        return operation

    def get_operation_id(self) -> str:
        return self.operation.id

    def get_summary(self) -> str:
        return self.operation.summary

    def get_description(self) -> str:  # type: ignore[override]  # drf-spectacular's own signature
        return self.operation.text

    def get_tags(self) -> list[str]:
        return [self.operation.tag]

    def get_override_parameters(self) -> list[Any]:
        query = [
            OpenApiParameter(parameter.name, parameter.schema(), OpenApiParameter.QUERY, description=parameter.text)
            for parameter in self.operation.parameters
        ]
        return [*(PATH_PARAMETERS[name] for name in PATH_PARAMETERS if f"{{{name}}}" in self.path), *query]

    def get_request_serializer(self) -> Any:
        takes = self.operation.takes
        return {"application/json": {"$ref": f"#/components/schemas/{takes}"}} if takes else None

    def get_response_serializers(self) -> Any:
        operation = self.operation
        media = "application/yaml" if operation.returns is str else "application/json"
        body = {"type": "string"} if operation.returns is str else operation.returns
        problems = sorted({*ALWAYS, *operation.problems, *((404,) if "{" in self.path else ())})
        return {(200, media): body, **{(status, PROBLEM_JSON): ProblemSerializer for status in problems}}


PATH_PARAMETERS = {
    "slug": OpenApiParameter(
        "slug",
        {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"},
        OpenApiParameter.PATH,
        description="Slug of the row.",
    ),
    "number": OpenApiParameter(
        "number", {"type": "integer", "minimum": 1}, OpenApiParameter.PATH, description="Number of the release."
    ),
    "code": OpenApiParameter(
        "code",
        {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"},
        OpenApiParameter.PATH,
        description="Code of the problem.",
    ),
}


def only_the_contract(endpoints: list[Any]) -> list[Any]:
    """The endpoints without the pages for people."""
    return [endpoint for endpoint in endpoints if endpoint[0] not in ("/", "/docs")]


def tell_the_truth(result: dict[str, Any], generator: Any, **kwargs: Any) -> dict[str, Any]:
    """The document with the plan's own schemas, headers, 304 and examples, and with decimals as they are sent."""
    for record in RECORDS:
        result["components"]["schemas"][record.__name__] = Record(record).component()
    result["components"]["schemas"] = dict(sorted(result["components"]["schemas"].items()))
    _each(result["components"]["schemas"], _exact_decimal)
    for shape in ("Example", "Vector"):
        result["components"]["schemas"][shape]["properties"]["plan"]["$ref"] = "#/components/schemas/Plan"
    operations = {view.operation.id: view.operation for _, _, _, view in _views(generator)}
    for methods in result["paths"].values():
        for operation in methods.values():
            declared = operations[operation["operationId"]]
            _headers(operation, declared.frozen, declared.frozen or declared.takes is not None)
            _examples(operation)
    return result


def _views(generator: Any) -> list[Any]:
    """The endpoints whose views have an operation."""
    return [endpoint for endpoint in generator._get_paths_and_endpoints() if hasattr(endpoint[3], "operation")]


def _each(node: Any, change: Any) -> None:
    """Apply a change to each object in a node, the outer ones first."""
    if isinstance(node, dict):
        change(node)
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _each(child, change)


def _exact_decimal(node: dict[str, Any]) -> None:
    """Give a decimal the pattern that it follows."""
    if node.get("format") == "decimal":
        del node["format"]
        node["pattern"] = DECIMAL


def _headers(operation: dict[str, Any], frozen: bool, of_release: bool) -> None:
    """Add to an operation the headers of its responses, their descriptions, and 304 where it serves a release."""
    header: Any = partial(dict, schema={"type": "string"})
    for response in operation["responses"].values():
        response.setdefault("headers", {})["X-Request-ID"] = header(description="Names the request.")
    headers = operation["responses"]["200"]["headers"]
    if of_release:
        headers["Content-Release"] = {"description": "Number of the release.", "schema": {"type": "integer"}}
    if frozen:
        headers["ETag"] = header(description="Strong; send it back in `If-None-Match`.")
        operation["responses"]["304"] = {"description": "The client has this representation."}
    operation["responses"] = dict(sorted(operation["responses"].items()))
    for status, response in operation["responses"].items():
        response["description"] = response["description"] or STATUS_TEXTS.get(status, "The answer.")


STATUS_TEXTS = {
    "200": "What was asked for.",
    "400": "The request cannot be read; `errors` names every fault.",
    "404": "Nothing is there.",
    "405": "The method is not allowed.",
    "406": "No acceptable representation.",
    "411": "The body came without its length.",
    "413": "The body is too large.",
    "415": "The body is not plain JSON in UTF-8.",
    "500": "The fault is ours.",
    "503": "No published content can be read; no plan is checked.",
}


def _examples(operation: dict[str, Any]) -> None:
    """Add to an operation its examples, each under its name: responses, and the bodies of requests that got a 200."""
    for path in sorted(EXAMPLES.glob(f"{operation['operationId']}.*.json")):
        name = path.name.split(".")[1]
        example = json.loads(path.read_text("utf-8"))
        response, sent = example["response"], example["request"].get("body")
        documented = operation["responses"].get(str(response["status"]))
        if documented is not None and isinstance(response["body"], dict):  # a page for people is no JSON
            _add_example(documented["content"], name, response["body"])
        if sent is not None and response["status"] == 200:
            _add_example(operation["requestBody"]["content"], name, sent)


def _add_example(media_types: dict[str, Any], name: str, value: Any) -> None:
    """Add an example to the one media type of a body."""
    [media_type] = media_types.values()
    media_type.setdefault("examples", {})[name] = {"value": value}
