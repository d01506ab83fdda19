"""What programs read first, and the contract as collections, settings and a journey: whole, and for who was asked."""

import io
import json
import re
import zipfile
from typing import Any

import pytest
import yaml
from django.test import Client

from api.pages.collections import calls, postman
from api.pages.discovery import TOOLS
from api.pages.guides import FOLDER, ORDER
from tests.contract import DOCUMENT

AT = "http://localhost"
OPERATIONS = [(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods]
OF_THIS_CLIENT = ("/llms.txt", "/.well-known/api-catalog", "/docs/postman.json", "/docs/bruno.zip", "/docs/kotlin.yaml")


def requests_of(collection: dict[str, Any]) -> list[dict[str, Any]]:
    """Every request of a Postman collection."""
    return [each["request"] for group in collection["item"] for each in group["item"]]


def archive(client: Client) -> dict[str, str]:
    """The files of the Bruno collection."""
    with zipfile.ZipFile(io.BytesIO(client.get("/docs/bruno.zip").content)) as packed:
        return {name: packed.read(name).decode() for name in packed.namelist()}


@pytest.mark.parametrize("path", OF_THIS_CLIENT)
def test_what_names_the_address_is_for_this_client_alone(client: Client, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response["Cache-Control"]) == (200, "private, max-age=60")


def test_a_language_model_is_told_of_every_guide_tool_and_operation(client: Client) -> None:
    response = client.get("/llms.txt")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    text = response.content.decode()
    assert text.startswith("# Sclerotherapy content and rules\n\n> Sclerotherapy facts with their sources")
    linked = re.findall(rf"\]\({AT}(/[^)]*)\)", text)
    assert linked == [*(f"/guides/{slug}.md" for slug in ORDER), *TOOLS]
    assert {client.get(path).status_code for path in linked} == {200}
    assert all(f"- `{method.upper()} {path}`: " in text for method, path in OPERATIONS)


def test_the_catalogue_says_what_is_where(client: Client) -> None:
    response = client.get("/.well-known/api-catalog")
    assert response["Content-Type"].startswith("application/linkset+json; profile=")
    itself, api = response.json()["linkset"]
    assert (itself["anchor"], itself["item"][0]["href"]) == (f"{AT}/.well-known/api-catalog", api["anchor"])
    links = [link for relation, links in api.items() if relation != "anchor" for link in links]
    assert {*api} == {"anchor", "service-desc", "service-doc", "service-meta", "status"}
    for link in links:
        served = client.get(link["href"].removeprefix(AT))
        assert (served.status_code, served["Content-Type"].partition(";")[0]) == (200, link["type"])


def test_who_asks_for_the_head_of_the_catalogue_is_told_what_it_is(client: Client) -> None:
    assert client.head("/.well-known/api-catalog")["Link"].startswith('</.well-known/api-catalog>; rel="api-catalog"')


def test_postman_gets_every_operation_with_its_group_and_the_address(client: Client) -> None:
    collection = client.get("/docs/postman.json").json()
    assert {each["key"]: each["value"] for each in collection["variable"]} == {"base_url": AT, "release": "1"}
    assert [group["name"] for group in collection["item"]] == [tag["name"] for tag in DOCUMENT["tags"]]
    sent = {(each["method"].lower(), re.sub(":([a-z]+)", r"{\1}", "/" + "/".join(each["url"]["path"])))
            for each in requests_of(collection)}  # fmt: skip
    assert sent == {*OPERATIONS}


def test_postman_fills_in_every_path_and_turns_off_what_is_optional() -> None:
    for request in requests_of(postman(AT)):
        url = request["url"]
        in_path = [part[1:] for part in url["path"] if part.startswith(":")]
        assert {each["key"] for each in url["variable"]} == {*in_path}
        assert all(each["value"] for each in url["variable"])
        assert [each["key"] for each in url["query"] if not each["disabled"]] == re.findall(r"[?&](\w+)=", url["raw"])
    [search] = [each for each in requests_of(postman(AT)) if each["url"]["path"][-1] == "search"]
    assert search["url"]["raw"] == "{{base_url}}/v1/search?q=thread%20veins"


def test_each_example_of_a_body_is_a_request_of_its_own() -> None:
    named = {call.name: call for call in calls()}
    assert len(named) == len([*calls()])
    body = named["Check a session plan: outside limits"].body
    assert body is not None
    assert json.loads(body)["sessions"][0]["treatments"][0]["amount"] == {"value": "12", "unit": "cc"}
    assert '"from_release": {{release}}' in str(named["Compare plans under two releases: a raised limit"].body)


def test_bruno_gets_the_same_requests(client: Client) -> None:
    files = archive(client)
    assert json.loads(files["bruno.json"])["type"] == "collection"
    assert f"base_url: {AT}\n" in files["environments/service.bru"]
    requests = [text for name, text in files.items() if name.endswith(".bru") and "/" in name and "environ" not in name]
    assert len(requests) == len([*calls()])
    assert all("assert {\n  res.status: eq 200\n}" in text for text in requests)
    [check] = [text for text in requests if "name: Check a session plan: outside limits\n" in text]
    assert "post {\n  url: {{base_url}}/v1/session-plans/validate\n  body: json\n  auth: none\n}" in check
    assert "\n  ~passed: binding\n" in check
    [area] = [text for text in requests if "url: {{base_url}}/v1/areas/:slug\n" in text]
    assert "params:path {\n  slug: ankle\n}" in area


def test_the_same_collection_is_the_same_bytes(client: Client) -> None:
    assert client.get("/docs/bruno.zip").content == client.get("/docs/bruno.zip").content


def test_a_collection_is_a_file_to_keep(client: Client) -> None:
    for path, name in (("/docs/postman.json", "postman_collection.json"), ("/docs/bruno.zip", "bruno.zip")):
        assert client.get(path)["Content-Disposition"].endswith(f'{name}"')


def test_the_generator_is_told_of_every_decimal_and_code_and_of_nothing_else(client: Client) -> None:
    settings = yaml.safe_load(client.get("/docs/kotlin.yaml").content)
    assert settings["inputSpec"] == f"{AT}/v1/openapi.yaml"
    mapped = settings["schemaMappings"]
    assert {*mapped.values()} == {"kotlin.String"}
    decimals = {
        f"{name}_{member}"
        for name, schema in DOCUMENT["components"]["schemas"].items()
        for member, declared in schema.get("properties", {}).items()
        if [each.get("type") for each in declared.get("oneOf", ())] == ["string", "number"]
    }
    assert {*mapped} == {*decimals, "ProblemCode", "FaultCode"}


def test_the_journey_calls_what_the_contract_has_and_is_served_as_it_is(client: Client) -> None:
    response = client.get("/docs/arazzo.yaml")
    assert response["Content-Type"] == "application/yaml"
    assert response.content == (FOLDER / "arazzo.yaml").read_bytes()
    journey = yaml.safe_load(response.content)
    called = [step["operationId"] for step in journey["workflows"][0]["steps"]]
    assert {*called} <= {DOCUMENT["paths"][path][method]["operationId"] for method, path in OPERATIONS}
    assert called == ["get_entry", "list_session_limits", "resolve_session_limit", *["validate_session_plan"] * 2]
