"""Operations: what a view says of itself in; out, what drf-spectacular cannot guess of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers

from api import linked
from api.parsers import Parameter
from api.rules.reading import LONGEST_NAME
from api.rules.value_types import SLUG_PATTERN
from api.schema.examples import segment_of
from api.serializers import ProblemSerializer

PROBLEM_JSON = "application/problem+json"
# Problems that any request can meet; a view adds its own.
CODE_PATTERN = "^[a-z]+(_[a-z]+)*$"
LINKED_DOCUMENT = {
    "type": "object",
    "description": "What the answer says in the words of schema.org, as JSON-LD with its context.",
    "required": ["@context", "@type", "@id", "mainEntity"],
    "properties": {
        "@context": {"type": "object", "additionalProperties": True, "description": "The context, whole."},
        "@type": {"type": "string", "description": "The kind of page."},
        "@id": {"type": "string", "description": "Its address."},
        "mainEntity": {"description": "What the page is about: one thing, or several."},
    },
    "additionalProperties": True,
}
IN_OTHER_WORDS = f"With `Accept: {linked.MEDIA_TYPE}`, the same in the words of schema.org; see `x-other-content`."
ALWAYS = (400, 405, 406, 414, 431, 500)


@dataclass(frozen=True)
class Operation:
    """What the document says of a view: id, texts, parameters, what it takes, and what it `returns` in a media type.

    `problems` are the statuses of its own failures, besides `ALWAYS`. `frozen`: it serves a release. `static`: what it
    serves is part of this version. Both have an ETag, and are answered with 304 where the client has them. `linked`: it
    is given in the words of schema.org, too. `counted`: a request takes from its caller's quota.
    """

    id: str
    tag: str
    summary: str
    text: str
    returns: Any
    parameters: Sequence[Parameter] = ()
    problems: Sequence[int] = ()
    frozen: bool = False
    static: bool = False
    takes: str | None = None
    media_type: str = "application/json"
    linked: bool = False
    counted: bool = True


def list_of(name: str, row: type[serializers.Serializer[Any]]) -> Any:
    """The serializer of a page of rows."""
    fields: dict[str, serializers.Field[Any, Any, Any, Any]] = {
        "items": _reviewed(row)(many=True, help_text="The rows, by slug."),
        "total": serializers.IntegerField(help_text="Rows on all pages."),
        "next": serializers.CharField(allow_null=True, help_text="The next page; null on the last."),
        "release": serializers.IntegerField(help_text="Number of the release."),
        "content_status": serializers.CharField(help_text="How far the content is reviewed."),
    }
    return inline_serializer(name, fields)


def one(name: str, row: type[serializers.Serializer[Any]]) -> Any:
    """The serializer of one row with the number of its release."""
    extra: dict[str, serializers.Field[Any, Any, Any, Any]] = {
        "release": serializers.IntegerField(help_text="Number of the release."),
        "content_status": serializers.CharField(help_text="How far the content is reviewed."),
    }
    return _with(f"{name}Serializer", row, extra)


def _reviewed(row: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    """The serializer of a row as it is served: where it has a review date, with `overdue`."""
    return _with(row.__name__, row, {}) if "review_due" in row().fields else row


def _with(
    name: str, row: type[serializers.Serializer[Any]], extra: dict[str, serializers.Field[Any, Any, Any, Any]]
) -> type[serializers.Serializer[Any]]:
    """The serializer of a row that has a review date, with `overdue` and more fields."""
    overdue = serializers.BooleanField(help_text="Whether its review date has passed today.")
    more = {"overdue": overdue, **extra}
    return type(name, (row,), {**_with_meta(row, tuple(more)), **more, "__doc__": row.__doc__})


def _with_meta(row: type[Any], extra: tuple[str, ...]) -> dict[str, Any]:
    """The `Meta` of a model's serializer, with more fields; nothing where there is no `Meta`."""
    meta = getattr(row, "Meta", None)
    return {"Meta": type("Meta", (meta,), {"fields": (*meta.fields, *extra)})} if meta else {}


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
        operation = self.operation
        return f"{operation.text} {IN_OTHER_WORDS}" if operation.linked else operation.text

    def get_tags(self) -> list[str]:
        return [self.operation.tag]

    def get_auth(self) -> list[Any]:
        return []

    def get_override_parameters(self) -> list[Any]:
        """The parameters of the path, each with a value that an example of the operation has; then of the query."""
        in_path = [
            OpenApiParameter(name, {**schema, "example": example}, OpenApiParameter.PATH, description=text)
            for name, (schema, text) in PATH_PARAMETERS.items()
            if (example := segment_of(self.operation.id, self.path, name)) is not None
        ]
        in_query = [
            OpenApiParameter(
                each.name,
                {**each.schema(), "example": each.example},
                OpenApiParameter.QUERY,
                required=each.required,
                description=each.text,
            )
            for each in self.operation.parameters
        ]
        return [*in_path, *in_query]

    def get_request_serializer(self) -> Any:
        takes = self.operation.takes
        return {"application/json": {"$ref": f"#/components/schemas/{takes}"}} if takes else None

    def get_response_serializers(self) -> Any:
        operation = self.operation
        view: Any = self.view
        of_key = () if view.is_for_anybody else (401, 503) if view.scope is None else (401, 403, 503)
        of_rates = (429,) if operation.counted else ()
        of_path = (404,) if "{" in self.path else ()
        problems = sorted({*ALWAYS, *operation.problems, *of_key, *of_rates, *of_path})
        answers = {(200, operation.media_type): operation.returns}
        if operation.linked:
            answers[200, linked.MEDIA_TYPE] = LINKED_DOCUMENT
        return {**answers, **{(status, PROBLEM_JSON): ProblemSerializer for status in problems}}


PATH_PARAMETERS: dict[str, tuple[dict[str, Any], str]] = {
    "slug": ({"type": "string", "pattern": SLUG_PATTERN, "maxLength": LONGEST_NAME}, "Slug of the row."),
    "number": ({"type": "integer", "minimum": 1, "maximum": 999_999_999}, "Number of the release."),
    "other": ({"type": "integer", "minimum": 1, "maximum": 999_999_999}, "Number of the release to compare with."),
    "code": ({"type": "string", "pattern": CODE_PATTERN, "maxLength": LONGEST_NAME}, "Code of the problem."),
}
