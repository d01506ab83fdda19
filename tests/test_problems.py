"""Problem pages: every code that can come is explained, and none is explained that cannot come."""

import ast
import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils.html import escape

from api.problems import FAULTS, PROBLEMS
from api.views.problems import samples
from tests.asking import JSON, ask
from tests.own_limits import own
from tests.plans import VALIDATE, plan, post, session, treatment

LIMITS = "/v1/session-limits"
CODE = {path: ast.parse(path.read_text("utf-8")) for path in (settings.BASE_DIR / "api").rglob("*.py")}
# A request for each fault of each problem: a body for the check of plans, as bytes one that ends too early; or an
# address.
CAUSES: dict[tuple[str, str], Any] = {
    ("invalid_plan", "conflict"): plan(session(treatment(foam={"ratio": "4"}))),
    ("invalid_plan", "duplicate_member"): '{"sessions": [], "sessions": []}',
    ("invalid_plan", "not_a_boolean"): plan(provider={"eligibility_confirmed": "yes"}),
    ("invalid_plan", "not_a_choice"): plan(jurisdiction="UK"),
    ("invalid_plan", "not_a_date"): plan(session(date="2026-02-30")),
    ("invalid_plan", "not_a_decimal"): plan(session(treatment(vein_diameter_mm="1e1"))),
    ("invalid_plan", "not_a_list"): {"sessions": {}},
    ("invalid_plan", "not_a_slug"): plan(house_limits=[own(slug="Our maximum")]),
    ("invalid_plan", "not_a_text"): plan(house_limits=[own(label="")]),
    ("invalid_plan", "not_a_string"): plan(jurisdiction=1),
    ("invalid_plan", "not_a_whole_number"): plan(session(compression_days="3")),
    ("invalid_plan", "not_an_object"): [],
    ("invalid_plan", "null"): {"sessions": None},
    ("invalid_plan", "out_of_range"): plan(session(treatment(vein_diameter_mm="51"))),
    ("invalid_plan", "patient_identifier"): plan(name="x"),
    ("invalid_plan", "repeated"): plan(rule_sets=["label", "label"]),
    ("invalid_plan", "required"): {},
    ("invalid_plan", "too_many_treatments"): plan(session(*[treatment()] * 150), session(*[treatment()] * 51)),
    ("invalid_plan", "unknown_member"): plan(surprise=1),
    ("invalid_plan", "unknown_slug"): plan(session(treatment(area="calves"))),
    ("invalid_plan", "wrong_length"): {"sessions": []},
    ("invalid_json", "incomplete_body"): b"{}",
    ("invalid_json", "invalid_json"): "{",
    ("invalid_json", "too_deep"): "[" * 40 + "]" * 40,
    ("invalid_query", "conflict"): f"{LIMITS}?release=1&as_of=2026-01-01",
    ("invalid_query", "doubled_parameter"): f"{LIMITS}?limit=1&limit=2",
    ("invalid_query", "in_the_future"): f"{LIMITS}?as_of=2999-01-01",
    ("invalid_query", "not_a_choice"): f"{LIMITS}?jurisdiction=UK",
    ("invalid_query", "not_a_decimal"): f"{LIMITS}/resolve?weight_kg=1e2",
    ("invalid_query", "not_a_moment"): f"{LIMITS}?as_of=yesterday",
    ("invalid_query", "not_a_position"): "/v1/changes?after=first",
    ("invalid_query", "not_a_slug"): f"{LIMITS}?after=A",
    ("invalid_query", "not_a_text"): f"{LIMITS}?after=%ff",
    ("bad_request", "not_a_text"): f"{LIMITS}/%ff",
    ("invalid_query", "required"): "/v1/search",
    ("invalid_query", "too_many_parameters"): f"{LIMITS}?{'a=1&' * 101}",
    ("invalid_query", "out_of_range"): f"{LIMITS}?limit=0",
    ("invalid_query", "unknown_parameter"): f"{LIMITS}?colour=red",
    ("invalid_query", "unknown_slug"): f"{LIMITS}?product=nothing",
    ("invalid_query", "wrong_length"): "/v1/faqs?q=",
}


def fault_codes_in_the_code() -> set[str]:
    """The codes that faults are made with: the second argument of `Fault`, and of a reader's `fault`."""
    found = set()
    for tree in CODE.values():
        for node in ast.walk(tree):
            name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
            if name in ("Fault", "fault") and isinstance(node, ast.Call):
                found.add(node.args[1].value if isinstance(node.args[1], ast.Constant) else node.args[1])
    return {code for code in found if isinstance(code, str)}


def test_every_fault_that_the_code_makes_is_explained_and_no_other() -> None:
    assert fault_codes_in_the_code() == FAULTS.keys()
    explained = {(problem, code) for code, (_, problems) in FAULTS.items() for problem in problems}
    of_a_key = {each for each in explained if each[0] == "house_limits_unfit"}  # see tests/test_house_kept.py
    assert explained - of_a_key == CAUSES.keys()


@pytest.mark.parametrize(("problem", "fault"), CAUSES)
def test_every_fault_that_is_explained_can_come(client: Client, problem: str, fault: str) -> None:
    cause = CAUSES[problem, fault]
    is_query = isinstance(cause, str) and cause.startswith("/")
    if isinstance(cause, bytes):
        body = json.loads(ask("POST", VALIDATE, cause, CONTENT_LENGTH=str(len(cause) + 1), **JSON).body)
    else:
        body = (client.get(cause) if is_query else post(client, cause)).json()
    assert body["code"] == problem
    assert fault in {error["code"] for error in body["errors"]}


def test_every_problem_has_a_sample_of_its_own() -> None:
    """Examples are replayed, so each of these codes does come; and a problem document is made of none but these."""
    assert samples().keys() == PROBLEMS.keys()
    makers = {
        path.name
        for path, tree in CODE.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Problem"
    }
    assert makers == {"problems.py"}


@pytest.mark.parametrize("code", PROBLEMS)
def test_a_problem_has_a_page_for_people_and_one_for_programs(client: Client, code: str) -> None:
    problem = PROBLEMS[code]
    page = client.get(f"/v1/problems/{code}").json()
    assert page["sample"]["type"] == f"/v1/problems/{code}"
    assert page["sample"]["status"] == page["status"] == problem.status
    assert {fault["code"]: fault["meaning"] for fault in page["faults"]} == problem.faults
    texts = [page["title"], page["meaning"], page["to_do"], page["text"]]
    assert all(texts)
    assert len({*texts}) == len(texts)
    html = client.get(f"/v1/problems/{code}", HTTP_ACCEPT="text/html").content.decode()
    for text in (page["meaning"], page["to_do"]):
        assert all(escape(part) in html for part in text.split("`"))
    assert "`" not in html.partition("A sample")[0]
    assert escape(json.dumps(page["sample"], indent=2)) in html
    assert all(f"<code>{fault}</code>" in html for fault in problem.faults)


def test_the_index_has_every_page(client: Client) -> None:
    response = client.get("/v1/problems")
    pages = response.json()["items"]
    assert [page["code"] for page in pages] == list(PROBLEMS)
    assert [page["status"] for page in pages] == sorted(page["status"] for page in pages)
    for page in pages:
        assert client.get(f"/v1/problems/{page['code']}").json() == page
    shown = client.get("/v1/problems", HTTP_ACCEPT="text/html")
    assert shown["Content-Type"] == "text/html; charset=utf-8"
    for code in PROBLEMS:
        assert f'<a href="/v1/problems/{code}">' in shown.content.decode()
    assert response["Vary"] == shown["Vary"] == "Accept, Accept-Encoding"
    assert response["ETag"] != shown["ETag"]


@pytest.mark.parametrize("code", ["nothing", "INVALID_PLAN", "invalid-plan"])
def test_a_code_that_is_none_has_no_page(client: Client, code: str) -> None:
    assert client.get(f"/v1/problems/{code}").json()["code"] == "not_found"
