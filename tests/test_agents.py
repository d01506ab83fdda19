"""The API for agents: tools are made of the contract, and what they answer is what the API answers.

What speaks MCP itself needs the SDK, and is tried by `python -m tests.mcp_client`.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import jsonschema
import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from api.management.agents.calls import Told, call
from api.management.agents.tools import BODY, JSON, LEFT_OUT, Contract, Tool
from api.management.asking import Ask, asking
from api.pages.contract import document
from api.problems import PROBLEMS
from api.releases import FrozenRelease
from tests.contract import BY_ID, OPERATIONS, whole
from tests.plans import VALIDATE

CONTRACT = Contract(document())
TOOLS = CONTRACT.tools()
PLAN = {"sessions": [{"treatments": [{"area": "leg", "amount": {"value": "12", "unit": "cc"}}]}]}
ADDRESSES = {operation["operationId"]: path for path, _, operation in OPERATIONS}


@pytest.fixture
def ask(specimen: FrozenRelease) -> Iterator[Ask]:
    with asking() as ask:
        yield ask


def faults(told: Told) -> list[tuple[str, str]]:
    """Where each fault of a problem is, and its code."""
    return [(each.get("parameter", each.get("pointer")), each["code"]) for each in json.loads(told.text)["errors"]]


def test_every_operation_that_answers_json_is_a_tool_or_left_out_for_a_reason() -> None:
    in_json = {name for name, each in BY_ID.items() if JSON in each["responses"]["200"]["content"]}
    assert TOOLS.keys() | LEFT_OUT.keys() == in_json
    assert not TOOLS.keys() & LEFT_OUT.keys()
    assert all(LEFT_OUT.values())


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_says_what_the_contract_says_of_its_operation(name: str) -> None:
    tool, operation = TOOLS[name], BY_ID[name]
    text, _, address = tool.description.rpartition("\n\n")
    assert text
    assert operation["description"].startswith(text)
    assert "application/ld+json" not in text
    assert address.strip("`").split()[1] == ADDRESSES[name] == tool.address
    assert tool.title == operation["summary"]


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_takes_what_the_contract_has_the_operation_take(name: str) -> None:
    tool = TOOLS[name]
    parameters = [whole(each) for each in BY_ID[name].get("parameters", ())]
    named = [each["name"] for each in parameters]
    assert BODY not in named
    assert [*tool.input_schema["properties"]] == [*named, *([BODY] if tool.takes_body else [])]
    needed = [each["name"] for each in parameters if each.get("required")]
    assert tool.input_schema["required"] == [*needed, *([BODY] if tool.takes_body else [])]
    for each in parameters:
        shown = tool.input_schema["properties"][each["name"]]
        assert (shown["description"], shown["examples"]) == (each["description"], [each["example"]])
        jsonschema.validate(each["example"], shown)


@pytest.mark.parametrize("name", TOOLS)
def test_the_schema_of_a_tool_is_one_that_needs_nothing_beside_it(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(TOOLS[name].input_schema)
    assert "$ref" not in json.dumps(TOOLS[name].input_schema)


def test_a_plan_is_described_to_an_agent_as_to_everybody() -> None:
    schema = TOOLS["validate_session_plan"].input_schema
    jsonschema.validate({BODY: PLAN}, schema)
    strange: dict[str, Any] = {**PLAN, "jurisdiction": "ZZ"}
    wrongs: list[dict[str, Any]] = [{}, {BODY: {}}, {BODY: PLAN, "colour": "red"}, {BODY: strange}]
    for wrong in wrongs:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


def test_an_agent_is_told_what_this_is_not() -> None:
    told = CONTRACT.instructions
    for words in ("Not medical advice", "the treating provider decides", "nothing that tells who a patient is"):
        assert words in told
    assert told.startswith(document()["info"]["description"])


@pytest.mark.parametrize(
    ("name", "arguments", "address"),
    [
        ("get_entry", {}, "/v1"),
        ("get_area", {"slug": "calf"}, "/v1/areas/calf"),
        ("get_area", {"slug": "calf", "release": 1}, "/v1/areas/calf?release=1"),
        ("compare_releases", {"number": 1, "other": 2}, "/v1/releases/1/diff/2"),
        ("list_areas", {"limit": 1, "after": None}, "/v1/areas?limit=1"),
        ("list_search_results", {"q": "thread veins & more"}, "/v1/search?q=thread+veins+%26+more"),
        ("list_problems", {}, "/v1/problems"),
    ],
)
def test_a_tool_answers_with_the_bytes_of_its_address(
    name: str, arguments: dict[str, Any], address: str, ask: Ask, client: Client
) -> None:
    assert call(ask, TOOLS[name], arguments) == Told(client.get(address).content.decode(), is_error=False)


@pytest.mark.parametrize("body", [PLAN, json.dumps(PLAN)])
def test_a_plan_is_checked_as_over_http(body: Any, ask: Ask, client: Client) -> None:
    real = client.post(f"{VALIDATE}?passed=none", PLAN, content_type=JSON).content.decode()
    told = call(ask, TOOLS["validate_session_plan"], {BODY: body, "passed": "none"})
    assert told == Told(real, is_error=False)
    assert json.loads(real)["verdict"] == "outside_limits"


@pytest.mark.parametrize(
    ("name", "arguments", "code", "where"),
    [
        ("get_area", {}, "invalid_query", [("slug", "required")]),
        ("get_area", {"slug": "calf/.."}, "invalid_query", [("slug", "not_a_slug")]),
        ("get_area", {"slug": ["calf"]}, "invalid_query", [("slug", "not_a_slug")]),
        ("get_release", {"number": "1/bundle"}, "invalid_query", [("number", "out_of_range")]),
        ("compare_releases", {"other": ""}, "invalid_query", [("number", "required"), ("other", "out_of_range")]),
        ("list_areas", {"colour": "red"}, "invalid_query", [("colour", "unknown_parameter")]),
        ("list_areas", {BODY: {}}, "invalid_query", [(BODY, "unknown_parameter")]),
        ("list_faqs", {"q": "\ud800"}, "invalid_query", [("q", "not_a_text")]),
        ("validate_session_plan", {}, "invalid_json", [("", "invalid_json")]),
        ("validate_session_plan", {BODY: "\ud800"}, "invalid_json", [("", "invalid_json")]),
        ("validate_session_plan", {BODY: {"patient": {"name": "x"}}}, "invalid_plan", None),
        ("validate_session_plan", {BODY: float("nan")}, "invalid_json", [("", "invalid_json")]),
    ],
)
def test_a_tool_fails_with_the_problem_that_says_what_to_mend(
    name: str, arguments: dict[str, Any], code: str, where: list[tuple[str, str]] | None, ask: Ask
) -> None:
    told = call(ask, TOOLS[name], arguments)
    problem = json.loads(told.text)
    assert told.is_error
    assert (problem["code"], problem["status"]) == (code, PROBLEMS[code].status)
    assert where is None or faults(told) == where
    if where is None:
        assert ("/patient/name", "patient_identifier") in faults(told)


def test_a_row_that_is_not_there_is_an_error(ask: Ask) -> None:
    told = call(ask, TOOLS["get_area"], {"slug": "elbow"})
    assert told.is_error
    assert json.loads(told.text)["code"] == "not_found"


def test_a_fault_in_the_address_says_what_the_argument_is(ask: Ask) -> None:
    [fault] = json.loads(call(ask, TOOLS["get_area"], {}).text)["errors"]
    assert fault["detail"].endswith("Slug of the row.")


def test_whoever_asks_in_this_process_needs_no_key_and_takes_from_nobodys_quota(
    specimen: FrozenRelease, settings: LazySettings
) -> None:
    settings.ANONYMOUS, settings.CACHE_URL = False, "redis://127.0.0.1:1/0"
    settings.RATE_ANONYMOUS = 1
    with asking() as ask:
        assert [ask("/v1/areas?limit=1").status for _ in range(3)] == [200, 200, 200]
    assert (settings.ANONYMOUS, settings.CACHE_URL) == (False, "redis://127.0.0.1:1/0")


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Contract, Told]]:
    """What the command has served: the contract, and what a call came to; then the person ends it by Ctrl-C."""
    seen: list[tuple[Contract, Told]] = []

    def serve(contract: Contract, call: Any) -> None:
        arguments: Mapping[str, Any] = {"slug": "calf"}
        tool: Tool = contract.tools()["get_area"]
        seen.append((contract, call(tool, arguments)))
        raise KeyboardInterrupt

    stand_in = ModuleType("api.management.agents.server")
    stand_in.serve = serve  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, stand_in.__name__, stand_in)
    return seen


def test_the_command_serves_the_contract_until_it_is_ended(
    specimen: FrozenRelease, served: list[tuple[Contract, Told]], capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("mcp")
    [(contract, told)] = served
    assert contract.tools() == TOOLS
    assert json.loads(told.text)["slug"] == "calf"
    assert capsys.readouterr() == ("", "")


def test_the_command_says_what_to_do_where_nothing_is_published(
    nothing_published: None, served: list[tuple[Contract, Told]]
) -> None:
    with pytest.raises(CommandError, match=r"^Nothing is published, or it cannot be read\. Run: manage\.py up$"):
        call_command("mcp")
    assert served == []


@pytest.mark.parametrize("missing", ["mcp", "anyio"])
def test_the_command_says_how_the_sdk_is_installed(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "api.management.agents.server", raising=False)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(CommandError, match=r"pip install -r .*/api/management/agents/requirements\.txt$") as refused:
        call_command("mcp")
    assert "\n" not in str(refused.value)


def test_what_else_is_missing_is_told_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "api.management.agents.server", None)
    with pytest.raises(ModuleNotFoundError, match=r"api\.management\.agents\.server"):
        call_command("mcp")
