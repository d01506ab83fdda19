"""The OpenAPI document tells the truth: it is current, valid, whole, and real answers fit it."""

import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from openapi_spec_validator import validate

from api.releases import FrozenRelease
from tests.contract import needed
from tests.plans import VALIDATE
from tests.test_examples import FILES, OF_OPERATIONS, read

DOCUMENT: dict[str, Any] = yaml.safe_load(settings.OPENAPI_FILE.read_text("utf-8"))
OPERATIONS = [
    (path, method, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]
BY_ID = {operation["operationId"]: operation for _, _, operation in OPERATIONS}
MOST_REQUESTS_SHOWN = 9
NOT_JSON = ("/v1/openapi.yaml", "/v1/openapi.json", "/v1/releases.atom")


def fits(schema: dict[str, Any], value: Any) -> None:
    """Assert that a value fits a schema of the document."""
    in_document = {**schema, "components": DOCUMENT["components"]}
    jsonschema.validate(value, in_document, jsonschema.Draft202012Validator)


def whole(part: dict[str, Any]) -> dict[str, Any]:
    """A part of the document, or what it refers to."""
    if "$ref" not in part:
        return part
    _, _, kind, name = part["$ref"].split("/")
    shared: dict[str, Any] = DOCUMENT["components"][kind][name]
    return shared


def schema_of(operation: dict[str, Any], status: int) -> dict[str, Any]:
    [content] = whole(operation["responses"][str(status)])["content"].values()
    schema: dict[str, Any] = content["schema"]
    return schema


def test_the_committed_document_is_the_generated_one() -> None:
    generated = io.StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=generated)
    assert generated.getvalue() == settings.OPENAPI_FILE.read_text("utf-8"), (
        "run: manage.py spectacular --file openapi.yaml"
    )


def test_the_document_is_valid_openapi_3_1() -> None:
    assert DOCUMENT["openapi"] == "3.1.1"
    validate(DOCUMENT)


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=lambda value: str(value)[:60])
def test_an_operation_is_whole(path: str, method: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"]
    assert {"400", "405", "406", "500"} <= operation["responses"].keys()
    assert method == "post" or "415" not in operation["responses"]
    for status, response in operation["responses"].items():
        assert whole(response)["description"]
        if int(status) >= 400:
            [(media_type, content)] = whole(response)["content"].items()
            assert media_type == "application/problem+json"
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
            assert content["examples"], f"no example of {response}"
    if path not in NOT_JSON:
        [answer] = operation["responses"]["200"]["content"].values()
        assert answer["examples"]
    for parameter in operation.get("parameters", []):
        assert whole(parameter)["description"]


def test_every_property_is_described() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for member, declared in schema.get("properties", {}).items():
            assert declared.get("description"), f"{name}.{member}"


def test_every_operation_has_an_example() -> None:
    assert {path.name.partition(".")[0] for path in FILES} == BY_ID.keys()


@pytest.mark.parametrize("path", OF_OPERATIONS, ids=lambda path: path.stem)
def test_an_example_fits_the_document_and_is_shown_in_it(path: Path) -> None:
    operation_id, name, _ = path.name.split(".")
    operation, example = BY_ID[operation_id], read(path)
    answer, sent = example["response"], example["request"].get("body")
    shown = whole(operation["responses"][str(answer["status"])])
    if isinstance(answer["body"], dict):
        contents = {**shown["content"], **shown.get("x-other-content", {})}
        content = contents[answer["headers"]["Content-Type"]]
        assert content["examples"][name] == {"value": answer["body"]}
        fits(content["schema"], answer["body"])
    if sent is not None and answer["status"] == 200:
        [content] = operation["requestBody"]["content"].values()
        assert content["examples"][name] == {"value": sent}
        fits(content["schema"], sent)
    is_counted = operation_id not in ("get_live", "get_ready")
    not_there = set() if is_counted else {"RateLimit", "RateLimit-Policy"}
    assert shown.get("headers", {}).keys() - not_there <= answer["headers"].keys()
    assert not not_there & answer["headers"].keys()


def test_the_document_shows_nothing_but_the_examples() -> None:
    names = {path.stem for path in FILES}
    for operation_id, operation in BY_ID.items():
        bodies = [operation.get("requestBody", {}), operation["responses"]["200"]]
        for content in (content for body in bodies for content in body.get("content", {}).values()):
            assert {f"{operation_id}.{name}" for name in content.get("examples", ())} <= names
            assert "example" not in content
    named = {path.name.split(".")[1] for path in FILES}
    for response in DOCUMENT["components"]["responses"].values():
        for content in response.get("content", {}).values():
            assert content["examples"].keys() <= named


def test_an_operation_shows_a_few_requests_and_leaves_named_plans_to_their_address() -> None:
    for operation in BY_ID.values():
        for content in operation.get("requestBody", {}).get("content", {}).values():
            assert 1 <= len(content["examples"]) <= MOST_REQUESTS_SHOWN
    assert "/v1/session-plans/examples" in BY_ID["validate_session_plan"]["description"]


@pytest.mark.parametrize("path", [path for path, method, _ in OPERATIONS if method == "get" and "{" not in path])
def test_a_whole_answer_fits_its_schema(path: str, client: Client) -> None:
    operation = DOCUMENT["paths"][path]["get"]
    response = client.get(path, needed(operation))
    assert response.status_code == 200
    if path not in NOT_JSON:
        assert response["Content-Type"] == "application/json"
        fits(schema_of(operation, 200), response.json())


def test_named_plans_and_their_answers_fit_the_document(release: FrozenRelease, client: Client) -> None:
    operation = BY_ID["validate_session_plan"]
    for example in release.content["plan-examples"]:
        fits({"$ref": "#/components/schemas/Plan"}, example["plan"])
        response = client.post(VALIDATE, json.dumps(example["plan"]), "application/json")
        assert response.status_code == 200
        fits(schema_of(operation, 200), response.json())


@pytest.mark.parametrize("path", ["/v1/openapi.yaml", "/v1/openapi.json"])
def test_the_document_is_served_as_committed(client: Client, path: str) -> None:
    media_type = f"application/{path.rpartition('.')[2]}"
    for accept in (media_type, "text/html", "*/*"):
        response = client.get(path, HTTP_ACCEPT=accept)
        assert (response.status_code, response["Content-Type"]) == (200, media_type)
        assert yaml.safe_load(response.content) == DOCUMENT
    if path.endswith(".yaml"):
        assert response.content == settings.OPENAPI_FILE.read_bytes()
    else:
        assert json.loads(response.content) == DOCUMENT


@pytest.mark.parametrize(
    "path", ["/v1/openapi.yaml", "/v1/openapi.json", "/docs/console", "/v1/problems", "/v1/problems/not_found"]
)
def test_what_a_version_serves_is_kept_and_not_sent_again(client: Client, path: str) -> None:
    first = client.get(path)
    assert first["Cache-Control"] == "public, max-age=300"
    for sent in (first["ETag"], f'"other", W/{first["ETag"]}', "*"):
        again = client.get(path, HTTP_IF_NONE_MATCH=sent)
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
        assert again["Cache-Control"] == first["Cache-Control"]
    assert client.get(path, HTTP_IF_NONE_MATCH='"other"').status_code == 200
