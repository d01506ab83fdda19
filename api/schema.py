"""What drf-spectacular cannot guess: each view says its `operation`, and the document is made to tell the truth."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import yaml
from django.conf import settings
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers

from api.parsers import Parameter
from api.rules.kinds import Record
from api.rules.numbers import DECIMAL_PATTERN
from api.rules.plan import RECORDS
from api.serializers import RESOURCES, ProblemSerializer

APPROVED = settings.BASE_DIR / "tests" / "approved"
PROBLEM_JSON = "application/problem+json"
# Problems that any request can meet; a view adds its own.
ALWAYS = (400, 405, 406, 500)
DECIMAL = f"^{DECIMAL_PATTERN}$"


@dataclass(frozen=True)
class Operation:
    """How a view's one operation is called and what it speaks."""

    id: str
    tag: str
    summary: str
    text: str
    answer: Any
    parameters: Sequence[Parameter] = ()
    problems: Sequence[int] = ()
    frozen: bool = False
    takes: str | None = None


def listed(name: str, row: type[serializers.Serializer[Any]]) -> Any:
    """The envelope of a list."""
    fields: dict[str, serializers.Field[Any, Any, Any, Any]] = {
        "items": row(many=True, help_text="The rows, by slug."),
        "total": serializers.IntegerField(help_text="Rows on all pages."),
        "next": serializers.CharField(allow_null=True, help_text="The next page; null on the last."),
        "release": serializers.IntegerField(help_text="Number of the release."),
        "content_status": serializers.CharField(help_text="How far the content is reviewed."),
    }
    return inline_serializer(name, fields)


def one(name: str, row: type[serializers.Serializer[Any]]) -> Any:
    """A row on its own, with its release."""
    extra = {
        "release": serializers.IntegerField(help_text="Number of the release."),
        "content_status": serializers.CharField(help_text="How far the content is reviewed."),
    }
    return type(f"{name}Serializer", (row,), {**_with_meta(row, tuple(extra)), **extra, "__doc__": row.__doc__})


def _with_meta(row: type[Any], extra: tuple[str, ...]) -> dict[str, Any]:
    meta = getattr(row, "Meta", None)
    return {"Meta": type("Meta", (meta,), {"fields": (*meta.fields, *extra)})} if meta else {}


def component_name(resource: str) -> str:
    """`vein-types` is `VeinType` in the document."""
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
            OpenApiParameter(known.name, known.schema(), OpenApiParameter.QUERY, description=known.text)
            for known in self.operation.parameters
        ]
        return [*(PATH_PARAMETERS[name] for name in PATH_PARAMETERS if f"{{{name}}}" in self.path), *query]

    def get_request_serializer(self) -> Any:
        takes = self.operation.takes
        return {"application/json": {"$ref": f"#/components/schemas/{takes}"}} if takes else None

    def get_response_serializers(self) -> Any:
        operation = self.operation
        media = "application/yaml" if operation.answer is str else "application/json"
        answer = {"type": "string"} if operation.answer is str else operation.answer
        problems = sorted({*ALWAYS, *operation.problems, *((404,) if "{" in self.path else ())})
        return {(200, media): answer, **{(status, PROBLEM_JSON): ProblemSerializer for status in problems}}


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
    """Leave the pages for people out of the document."""
    return [endpoint for endpoint in endpoints if endpoint[0] not in ("/", "/docs")]


def tell_the_truth(result: dict[str, Any], generator: Any, **kwargs: Any) -> dict[str, Any]:
    """Add the plan's own schemas, headers, 304 and examples; say decimals as they are."""
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
    return [endpoint for endpoint in generator._get_paths_and_endpoints() if hasattr(endpoint[3], "operation")]


def _each(node: Any, change: Any) -> None:
    if isinstance(node, dict):
        change(node)
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _each(child, change)


def _exact_decimal(node: dict[str, Any]) -> None:
    if node.get("format") == "decimal":
        del node["format"]
        node["pattern"] = DECIMAL


def _headers(operation: dict[str, Any], frozen: bool, of_release: bool) -> None:
    """What comes with an answer from a release."""
    header: Any = partial(dict, schema={"type": "string"})
    for response in operation["responses"].values():
        response.setdefault("headers", {})["X-Request-ID"] = header(description="Names the request.")
    answer = operation["responses"]["200"]
    if of_release:
        answer["headers"]["Content-Release"] = {"description": "Number of the release.", "schema": {"type": "integer"}}
    if frozen:
        answer["headers"]["ETag"] = header(description="Strong; send it back in `If-None-Match`.")
        operation["responses"]["304"] = {"description": "The client has this representation."}
    operation["responses"] = dict(sorted(operation["responses"].items()))
    for status, response in operation["responses"].items():
        response["description"] = response["description"] or STATUS_WORDS.get(status, "The answer.")


STATUS_WORDS = {
    "200": "The answer.",
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
    """Real answers, which tests hold to the service, and the named plans."""
    for path in sorted(APPROVED.glob(f"{operation['operationId']}.*.json")):
        _, status, name, _ = path.name.split(".")
        if status == "request":
            continue
        content = operation["responses"][status]["content"]
        value = {"value": json.loads(path.read_text("utf-8"))}
        next(iter(content.values())).setdefault("examples", {})[name] = value
    if operation["operationId"] == "validate_session_plan":
        rows = yaml.safe_load((settings.FIXTURES / "plan-examples.yaml").read_text("utf-8"))["items"]
        plans = {row["slug"]: {"summary": row["title"], "value": row["plan"]} for row in rows}
        operation["requestBody"]["content"]["application/json"]["examples"] = plans
    for path in sorted(APPROVED.glob(f"{operation['operationId']}.request.*.json")):
        sent = {"value": json.loads(path.read_text("utf-8"))}
        operation["requestBody"]["content"]["application/json"].setdefault("examples", {})[path.name.split(".")[2]] = (
            sent
        )
