"""The contract that clients are generated from: its names, that it says what is always there, and bounds that hold."""

import json
import re
import tomllib
from collections import defaultdict
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from api.problems import FAULTS, PROBLEMS
from api.releases import FrozenRelease
from tests.conftest import freeze
from tests.contract import (
    BY_ID,
    DOCUMENT,
    OPERATIONS,
    SCHEMAS,
    bad_values,
    each_part,
    fits,
    needed,
    of_inputs,
    places,
    refused,
    replaced,
    whole,
)
from tests.plans import FULL, VALIDATE, post
from tests.test_examples import OF_OPERATIONS, read

PARAMETERS = [
    (path, method, whole(parameter))
    for path, method, operation in OPERATIONS
    for parameter in operation.get("parameters", ())
]


def named(value: Any) -> str:
    """How a case of a parametrized test is called: a parameter by its name, any other value by itself."""
    return str(value["name"] if isinstance(value, dict) and "name" in value else value)[:60]


INPUTS = [parameter["schema"] for _, _, parameter in PARAMETERS] + [
    {"$ref": f"#/components/schemas/{name}"} for name in ("Plan", "Batch", "Comparison")
]
PLACES = list(places({"$ref": "#/components/schemas/Plan"}, FULL))


def test_no_two_operations_can_be_taken_for_each_other() -> None:
    alike = defaultdict(set)
    for path, _, operation in OPERATIONS:
        verb, *nouns = operation["operationId"].split("_")
        alike[verb, *(noun.removesuffix("s") for noun in nouns)].add(operation["operationId"])
        assert re.fullmatch("[a-z]+(_[a-z]+)*", operation["operationId"])
        listed = "total" in str(SCHEMAS.get(answer_of(operation).rpartition("/")[2], {}).get("properties", {}).keys())
        assert not listed or (verb == "list" and nouns[-1].endswith(("s", "coverage"))), path
        assert verb != "get" or not nouns[-1].endswith("s"), path
    assert [names for names in alike.values() if len(names) > 1] == []


def answer_of(operation: dict[str, Any]) -> str:
    """The reference to the schema of an operation's answer, where it is a component."""
    [content] = operation["responses"]["200"]["content"].values()
    return str(content["schema"].get("$ref", ""))


def test_every_fact_has_an_operation_for_one_and_one_for_many() -> None:
    for path, _, operation in OPERATIONS:
        if path.endswith("/{slug}"):
            many = DOCUMENT["paths"][path.removesuffix("/{slug}")]["get"]["operationId"].removeprefix("list_")
            assert operation["operationId"].removeprefix("get_") == re.sub("s$", "", many)


def test_nobody_needs_a_key_and_every_body_is_required() -> None:
    """What stands at an operation itself makes generators ask for a key."""
    assert DOCUMENT["security"] == [{}, {"partnerKey": []}]
    [scheme] = DOCUMENT["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    for _, method, operation in OPERATIONS:
        assert "security" not in operation
        assert ("requestBody" in operation) is (method == "post")
        assert operation.get("requestBody", {"required": True})["required"] is True


def test_the_document_says_who_answers_for_it_and_under_which_terms() -> None:
    info = DOCUMENT["info"]
    assert "the page at /" in info["contact"]["name"]
    assert info["license"].keys() == {"name", "url"}
    assert info["termsOfService"].startswith(info["license"]["url"])
    version = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert info["version"] == version
    assert re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", version)


def test_every_enumeration_is_one_component_with_a_name_of_its_own() -> None:
    values = defaultdict(list)
    for place, part in each_part(DOCUMENT):
        if "enum" in part:
            values[json.dumps(part["enum"])].append(place)
            assert not {"", None} & set(part["enum"])
    declared = set(settings.SPECTACULAR_SETTINGS["ENUM_NAME_OVERRIDES"])
    open_ended = {"ProblemCode", "FaultCode"}
    for found in values.values():
        [place] = found
        assert place[:2] == ("components", "schemas")
        assert len(place) == 3 or place[2] in open_ended
    assert {place[2] for [place] in values.values()} == declared | open_ended
    assert "x-spec" not in settings.OPENAPI_FILE.read_text("utf-8")
    assert "Error" not in SCHEMAS


@pytest.mark.parametrize(("name", "codes"), [("ProblemCode", PROBLEMS), ("FaultCode", FAULTS)])
def test_codes_are_documented_and_others_fit_too(name: str, codes: dict[str, Any]) -> None:
    documented, any_other = SCHEMAS[name]["anyOf"]
    assert documented["enum"] == sorted(codes)
    assert "enum" not in any_other
    fits({"$ref": f"#/components/schemas/{name}"}, "of_a_later_version")
    for code in codes:
        assert f"- `{code}`: " in SCHEMAS[name]["description"]


def test_problems_headers_and_parameters_are_shared_and_each_is_used() -> None:
    used = {part["$ref"] for _, part in each_part(DOCUMENT) if "$ref" in part}
    used |= {f"#/components/securitySchemes/{name}" for choice in DOCUMENT["security"] for name in choice}
    there = {f"#/components/{kind}/{name}" for kind, parts in DOCUMENT["components"].items() for name in parts}
    assert there - used == set()
    for _, _, operation in OPERATIONS:
        assert all("$ref" in parameter for parameter in operation.get("parameters", ()))
        for status, response in operation["responses"].items():
            assert ("$ref" in response) is (status != "200")
            assert all("$ref" in header for header in whole(response)["headers"].values())


@pytest.mark.parametrize("schema", INPUTS, ids=named)
def test_every_input_is_bounded(schema: dict[str, Any]) -> None:
    for part in of_inputs(schema):
        kind = part.get("type")
        if kind == "string" and "enum" not in part:
            assert "maxLength" in part
            assert "pattern" in part
        if kind in ("integer", "number"):
            assert part["minimum"] < part["maximum"]
        if kind == "array":
            assert part["minItems"] <= part["maxItems"]
        if kind == "object":
            assert part["additionalProperties"] is False
        assert kind or "oneOf" in part


def sent_as(path: str, parameter: dict[str, Any], value: Any) -> tuple[str, dict[str, Any]]:
    """The address and query of a request whose other parameters are the examples of the contract."""
    others = {each["name"]: each["example"] for place, _, each in PARAMETERS if place == path and each["in"] == "path"}
    if parameter["in"] == "path":
        return path.format(**others | {parameter["name"]: value}), {}
    return path.format(**others), needed(DOCUMENT["paths"][path].get("get", {})) | {parameter["name"]: value}


@pytest.mark.usefixtures("specimen")
@pytest.mark.parametrize(("path", "method", "parameter"), PARAMETERS, ids=named)
def test_a_parameter_has_an_example_that_is_answered(
    client: Client, path: str, method: str, parameter: dict[str, Any]
) -> None:
    fits(parameter["schema"], parameter["example"])
    address, query = sent_as(path, parameter, parameter["example"])
    if method == "get":
        assert client.get(address, query).status_code == 200
    else:
        [name, *_] = (name for name in BY_ID if BY_ID[name] is DOCUMENT["paths"][path]["post"])
        body = next(read(file)["request"]["body"] for file in OF_OPERATIONS if file.name.startswith(f"{name}."))
        assert post(client, body, f"{address}?{parameter['name']}={parameter['example']}").status_code == 200


@pytest.mark.usefixtures("specimen")
@pytest.mark.parametrize(("path", "method", "parameter"), PARAMETERS, ids=named)
def test_what_a_parameter_may_not_be_is_refused(
    client: Client, path: str, method: str, parameter: dict[str, Any]
) -> None:
    for text in map(str, bad_values(parameter["schema"], None)):
        is_number = parameter["schema"].get("type") == "integer" and re.fullmatch("-?[0-9]+", text)
        in_path = parameter["in"] == "path"
        if not refused(parameter["schema"], int(text) if is_number else text) or (in_path and not text):
            continue
        address, query = sent_as(path, parameter, text)
        response = getattr(client, method)(address, query_params=query, **({} if method == "get" else POSTED))
        assert response.status_code == (404 if in_path else 400), text
        if not in_path:
            assert {error["parameter"] for error in response.json()["errors"]} == {parameter["name"]}


@pytest.mark.parametrize(
    "text", ["a\0b", "a\x1f", "\x7fa", "\x85", "\na", " ", "a b", " a", "\u00e9\U0001f489", "\u2028"]
)
def test_a_text_is_taken_where_the_contract_allows_it(client: Client, text: str) -> None:
    [schema] = [each["schema"] for path, _, each in PARAMETERS if (path, each["name"]) == ("/v1/faqs", "q")]
    status = client.get("/v1/faqs", query_params={"q": text}).status_code
    assert status == (400 if refused(schema, text) else 200)


POSTED = {"data": json.dumps({"plans": [{}]}), "content_type": "application/json"}


def test_the_plan_has_every_member_that_the_contract_has() -> None:
    fits({"$ref": "#/components/schemas/Plan"}, FULL)
    for pointer, schema, value in PLACES:
        if isinstance(value, dict):
            assert whole(schema)["properties"].keys() == value.keys(), pointer


@pytest.mark.parametrize(("pointer", "schema", "good"), PLACES, ids=named)
def test_what_a_member_may_not_be_is_refused(client: Client, pointer: str, schema: dict[str, Any], good: Any) -> None:
    bad = bad_values(schema, good)
    assert bad
    for value in bad:
        response = post(client, json.dumps(replaced(FULL, pointer, value)))
        assert response.status_code == 400, value
        told = [error["pointer"] for error in response.json()["errors"] if error["code"] != "conflict"]
        assert any(place.startswith(pointer) for place in told), value


@pytest.mark.parametrize(
    ("name", "path", "document"),
    [
        ("Batch", "/v1/session-plans/validate-batch", {"plans": [FULL]}),
        ("Comparison", "/v1/session-plans/compare", {"plans": [FULL], "from_release": 1, "to_release": 1}),
    ],
)
def test_what_an_envelope_may_not_be_is_refused(client: Client, name: str, path: str, document: Any) -> None:
    schema = {"$ref": f"#/components/schemas/{name}"}
    for pointer, own, good in places(schema, document):
        for value in bad_values(own, good) if "/plans/" not in pointer else ():
            body = json.dumps(replaced(document, pointer, value))
            assert post(client, body, path).status_code == 400, (pointer, value)
    for value in (None, 7, {}, []):
        answer = post(client, {**document, "plans": [value]}, path).json()
        assert answer["unreadable" if name == "Comparison" else "items"][0]["errors"]


def note(schema: dict[str, Any], value: Any, seen: dict[str, list[set[str]]]) -> None:
    """Note the members that each object of an answer has, by component."""
    name = schema.get("$ref", "").rpartition("/")[2]
    own = whole(schema)
    if isinstance(value, dict):
        if name:
            seen[name].append(set(value))
        for member, child in value.items():
            declared = own.get("properties", {}).get(member, own.get("additionalProperties"))
            nullable = [part for part in (declared or {}).get("oneOf", ()) if "$ref" in part]
            note(nullable[0] if nullable else declared or {}, child, seen)
    for child in value if isinstance(value, list) else ():
        note(own.get("items", {}), child, seen)


def test_what_is_always_there_is_required_and_nothing_else(
    client: Client, release: FrozenRelease, request: pytest.FixtureRequest
) -> None:
    seen: dict[str, list[set[str]]] = defaultdict(list)
    for file in OF_OPERATIONS:
        operation, answer = BY_ID[file.name.partition(".")[0]], read(file)["response"]
        media_type = answer["headers"].get("Content-Type")
        if isinstance(answer["body"], dict) and media_type != "application/ld+json":  # words of schema.org, not ours
            content = whole(operation["responses"][str(answer["status"])])["content"][media_type]
            note(content["schema"], answer["body"], seen)
    for path, method, operation in OPERATIONS:
        if method == "get" and "{" not in path and answer_of(operation):
            note({"$ref": answer_of(operation)}, client.get(path, needed(operation)).json(), seen)
    for example in release.content["plan-examples"]:
        answer = post(client, example["plan"], VALIDATE).json()
        note({"$ref": answer_of(BY_ID["validate_session_plan"])}, answer, seen)
    limits = [{**row, "value": "0.1"} for row in release.content["session-limits"] if row["value"]]
    sources = [
        {"heading" if name == "title" else name: told for name, told in row.items()}
        for row in release.content["sources"]
    ]
    freeze(2, "Less of everything", {**release.content, "session-limits": limits, "sources": sources})
    diff = client.get("/v1/releases/1/diff/2").json()
    assert diff["plans"]
    note({"$ref": answer_of(BY_ID["compare_releases"])}, diff, seen)
    inputs = {name for name in SCHEMAS if SCHEMAS[name].get("additionalProperties") is False}
    objects = {name for name in SCHEMAS if SCHEMAS[name].get("type") == "object"} - inputs
    assert objects - seen.keys() == set()
    for name in objects:
        always = set.intersection(*seen[name])
        assert set(SCHEMAS[name].get("required", ())) == always, name
        assert set.union(*seen[name]) == SCHEMAS[name]["properties"].keys(), name


def test_no_named_plan_is_part_of_the_contract(release: FrozenRelease) -> None:
    text = settings.OPENAPI_FILE.read_text("utf-8")
    named = [row["slug"] for row in release.content["plan-examples"]]
    assert len([slug for slug in named if slug in text]) <= 8
