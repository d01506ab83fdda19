"""The OpenAPI document tells the truth: it is current, valid, whole, and real answers fit it."""

import io
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from openapi_spec_validator import validate

from api.content import FrozenRelease
from tests.plans import VALIDATE, clinic_plan, plan

APPROVED = Path(__file__).parent / "approved"
DOCUMENT: dict[str, Any] = yaml.safe_load(settings.OPENAPI_FILE.read_text("utf-8"))
OPERATIONS = [
    (path, method, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]
BY_ID = {operation["operationId"]: operation for _, _, operation in OPERATIONS}

# Real answers that the document shows: operation, status, name, path, body.
REQUESTS: list[tuple[str, int, str, str, Any]] = [
    ("get_entry", 200, "entry", "/v1", None),
    ("list_areas", 200, "first", "/v1/areas?limit=1", None),
    ("get_areas", 200, "ankle", "/v1/areas/ankle", None),
    ("list_vein_types", 200, "first", "/v1/vein-types?limit=1", None),
    ("get_vein_types", 200, "telangiectasia", "/v1/vein-types/telangiectasia", None),
    ("list_products", 200, "first", "/v1/products?limit=1", None),
    ("get_products", 200, "asclera", "/v1/products/asclera", None),
    ("list_ingredients", 200, "first", "/v1/ingredients?limit=1", None),
    ("get_ingredients", 200, "polidocanol", "/v1/ingredients/polidocanol", None),
    ("list_session_limits", 200, "clinic", "/v1/session-limits?rule_set=clinic&quantity=session-volume", None),
    ("list_session_limits", 400, "wrong", "/v1/session-limits?product=asclear&colour=red", None),
    ("get_session_limits", 200, "asclera", "/v1/session-limits/asclera-session-volume-max", None),
    ("get_session_limits", 404, "nothing", "/v1/session-limits/nothing", None),
    ("list_result_durations", 200, "first", "/v1/result-durations?limit=1", None),
    ("get_result_durations", 200, "article", "/v1/result-durations/article-result-duration", None),
    ("list_contraindications", 200, "first", "/v1/contraindications?limit=1", None),
    ("get_contraindications", 200, "pregnancy", "/v1/contraindications/pregnancy", None),
    ("list_faqs", 200, "cost", "/v1/faqs?topic=cost", None),
    ("get_faqs", 200, "cost", "/v1/faqs/cost", None),
    ("list_claims", 200, "first", "/v1/claims?limit=1", None),
    ("get_claims", 200, "s20", "/v1/claims/s20", None),
    ("list_rules", 200, "first", "/v1/rules?limit=1", None),
    ("get_rules", 200, "session-volume", "/v1/rules/session-volume", None),
    ("list_sources", 200, "first", "/v1/sources?limit=1", None),
    ("get_sources", 200, "article", "/v1/sources/article", None),
    ("list_coverage", 200, "asclera", "/v1/coverage?product=asclera&limit=1", None),
    ("list_releases", 200, "releases", "/v1/releases", None),
    ("get_release", 200, "first", "/v1/releases/1", None),
    ("list_plan_examples", 200, "first", "/v1/session-plans/examples?limit=1", None),
    ("list_vectors", 200, "first", "/v1/releases/1/vectors?limit=2", None),
    (
        "resolve_session_limit",
        200,
        "by-weight",
        "/v1/session-limits/resolve?product=aethoxysklerol&jurisdiction=DE&concentration_percent=1&form=liquid&weight_kg=45",
        None,
    ),
    (
        "validate_session_plans",
        200,
        "one-good-one-bad",
        "/v1/session-plans/validate-batch",
        {"plans": [clinic_plan("8", rule_sets=["clinic"]), clinic_plan("-1")]},
    ),
    (
        "compare_session_plans",
        200,
        "nothing-changes",
        "/v1/session-plans/compare",
        {"plans": [clinic_plan("8")], "from_release": 1},
    ),
    ("get_problem", 200, "invalid-plan", "/v1/problems/invalid_plan", None),
    ("get_live", 200, "live", "/livez", None),
    ("get_ready", 200, "ready", "/readyz", None),
    (
        "validate_session_plan",
        200,
        "outside-limits",
        VALIDATE,
        clinic_plan("12"),
    ),
    ("validate_session_plan", 200, "within-limits", VALIDATE, plan()),
    ("validate_session_plan", 400, "faults", VALIDATE, clinic_plan("-1", patient={"name": "x"}, rule_sets=["labels"])),
]


def fits(schema: dict[str, Any], value: Any) -> None:
    """Assert that a value fits a schema of the document."""
    whole = {**schema, "components": DOCUMENT["components"]}
    jsonschema.validate(value, whole, jsonschema.Draft202012Validator)


def schema_of(operation: dict[str, Any], status: int) -> dict[str, Any]:
    [content] = operation["responses"][str(status)]["content"].values()
    schema: dict[str, Any] = content["schema"]
    return schema


def steady(text: str) -> Any:
    """An answer without what differs from run to run: the day of publishing, the id of the request."""
    text = re.sub(r'"published_at": ?"[^"]+"', '"published_at":"2026-11-22T00:00:00Z"', text)
    return json.loads(re.sub(r'"request_id": ?"[^"]+"', '"request_id":"5f1c0e7d9a3b2846"', text))


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
        assert response["description"]
        if int(status) >= 400:
            assert list(response["content"]) == ["application/problem+json"]
    if path != "/v1/openapi.yaml":
        [answer] = operation["responses"]["200"]["content"].values()
        assert answer["examples"]
    for parameter in operation.get("parameters", []):
        assert parameter["description"]


def test_every_property_is_described() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for member, declared in schema.get("properties", {}).items():
            assert declared.get("description"), f"{name}.{member}"


@pytest.mark.parametrize(("operation", "status", "name", "path", "body"), REQUESTS, ids=lambda value: str(value)[:40])
def test_a_shown_answer_is_the_real_one(
    operation: str, status: int, name: str, path: str, body: Any, client: Client, request: pytest.FixtureRequest
) -> None:
    kept = APPROVED / f"{operation}.{status}.{name}.json"
    response = client.get(path) if body is None else client.post(path, json.dumps(body), "application/json")
    assert response.status_code == status
    real = steady(response.content.decode())
    if request.config.getoption("--approve"):
        kept.write_text(json.dumps(real, indent=1, ensure_ascii=False) + "\n", "utf-8")
        if body is not None and status == 200:
            sent = APPROVED / f"{operation}.request.{name}.json"
            sent.write_text(json.dumps(body, indent=1) + "\n", "utf-8")
    if body is not None and status == 200:
        assert body == json.loads((APPROVED / f"{operation}.request.{name}.json").read_text("utf-8"))
    assert real == json.loads(kept.read_text("utf-8"))
    fits(schema_of(BY_ID[operation], status), real)
    if body is not None and status == 200:
        shown = BY_ID[operation]["requestBody"]["content"]["application/json"]
        assert body in [example["value"] for example in shown["examples"].values()]


def test_every_approved_answer_is_asked_for() -> None:
    names = {f"{operation}.{status}.{name}.json" for operation, status, name, _, _ in REQUESTS}
    names |= {
        f"{operation}.request.{name}.json" for operation, status, name, _, body in REQUESTS if body and status == 200
    }
    assert {path.name for path in APPROVED.iterdir()} == names


@pytest.mark.parametrize("path", [path for path, method, _ in OPERATIONS if method == "get" and "{" not in path])
def test_a_whole_answer_fits_its_schema(path: str, client: Client) -> None:
    response = client.get(path)
    if response["Content-Type"] == "application/json":
        fits(schema_of(DOCUMENT["paths"][path]["get"], 200), response.json())


def test_named_plans_and_their_answers_fit_the_document(release: FrozenRelease, client: Client) -> None:
    operation = BY_ID["validate_session_plan"]
    shown = operation["requestBody"]["content"]["application/json"]["examples"]
    assert {row["slug"] for row in release.content["plan-examples"]} <= shown.keys()
    for example in release.content["plan-examples"]:
        assert shown[example["slug"]]["value"] == example["plan"]
        fits({"$ref": "#/components/schemas/Plan"}, example["plan"])
        response = client.post(VALIDATE, json.dumps(example["plan"]), "application/json")
        fits(schema_of(operation, 200), response.json())


def test_the_document_is_served_as_committed(client: Client) -> None:
    response = client.get("/v1/openapi.yaml", HTTP_ACCEPT="application/yaml")
    assert response.content == settings.OPENAPI_FILE.read_bytes()
    assert response["Content-Type"] == "application/yaml"


def test_the_docs_page_loads_nothing_from_elsewhere(client: Client) -> None:
    page = client.get("/docs", HTTP_ACCEPT="text/html").content.decode()
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert any("swagger-ui-bundle.js" in source for source in sources)
    for source in sources:
        assert source.startswith("/")
        if source.startswith("/static/"):
            served = client.get(source)
            assert (served.status_code, bool(served.getvalue())) == (200, True)
    assert "unsafe" not in client.get("/docs")["Content-Security-Policy"]


def test_the_page_for_people_shows_the_limits_of_the_release(client: Client) -> None:
    page = client.get("/", HTTP_ACCEPT="text/html").content.decode()
    assert "10 mL" in page
    assert "5 vials" in page
    assert "http://localhost/v1/session-plans/validate" in page
    index = client.get("/", HTTP_ACCEPT="application/json")
    assert index.json() == client.get("/v1").json()
    assert "Accept" in index["Vary"]
