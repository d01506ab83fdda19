"""The reference: nothing of the contract is missing, every link leads somewhere, every sample can be sent."""

import html
import json
import re
import shlex
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client

from api.pages import console, members, reference, samples
from api.pages.words import WORDS
from api.problems import FAULTS, PROBLEMS
from api.releases import FrozenRelease
from api.rules.plan import RECORDS
from api.rules.value_types import fields_of
from tests.contract import DOCUMENT

GROUPS = [tag["name"].lower() for tag in DOCUMENT["tags"]]
PAGES = ["/docs", *(f"/docs/{group}" for group in GROUPS)]
OPERATIONS = {
    operation["operationId"]: (path, method, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
SCHEMAS = DOCUMENT["components"]["schemas"]
MOST_BYTES_OF_FIRST_VIEW = 100_000
ASSETS = (
    "/static/api/page.css",
    "/static/api/copy.js",
    "/static/api/reference.css",
    "/static/api/reference.js",
    "/static/api/icon.svg",
)


def page_at(client: Client, path: str) -> str:
    response = client.get(path, HTTP_ACCEPT="text/html")
    assert (response.status_code, response["Content-Type"]) == (200, "text/html; charset=utf-8")
    return response.content.decode()


def ids_of(page: str) -> list[str]:
    return [html.unescape(each) for each in re.findall(' id="([^"]+)"', page)]


def links_of(page: str) -> set[str]:
    return {html.unescape(each) for each in re.findall(' href="([^"]+)"', page)}


def samples_of(page: str, operation_id: str) -> dict[str, str]:
    """The samples of an operation on a page, by language."""
    section = page.partition(f'<h2 id="{operation_id}">')[2].partition("</section>")[0]
    found = re.findall('data-language="([^"]+)"><code>(.*?)</code>', section, re.DOTALL)
    return {language: html.unescape(code) for language, code in found}


def every_sample(client: Client) -> Iterator[tuple[str, dict[str, str]]]:
    for group in GROUPS:
        page = page_at(client, f"/docs/{group}")
        for name in re.findall('<h2 id="([a-z_]+)"><a', page):
            yield name, samples_of(page, name)


def test_the_index_leads_to_every_operation_of_the_contract_and_to_every_component(client: Client) -> None:
    links = links_of(page_at(client, "/docs"))
    for operation_id, (_, _, operation) in OPERATIONS.items():
        assert f"/docs/{operation['tags'][0].lower()}#{operation_id}" in links
    assert {link.partition("#")[2] for link in links} >= SCHEMAS.keys()


def test_each_operation_parameter_member_value_and_code_has_one_anchor(client: Client) -> None:
    found = [anchor for group in GROUPS for anchor in ids_of(page_at(client, f"/docs/{group}"))]
    wanted = [*OPERATIONS, *SCHEMAS]
    for name, schema in SCHEMAS.items():
        base = members.base_of(name)
        told = SCHEMAS[base]["properties"] if base else {}
        wanted += [f"{name}.{member}" for member in schema.get("properties", {}) if member not in told]
        wanted += [f"{name}.{value}" for value in schema.get("enum", ())]
    wanted += [f"ProblemCode.{code}" for code in PROBLEMS] + [f"FaultCode.{code}" for code in FAULTS]
    assert [anchor for anchor in wanted if found.count(anchor) != 1] == []


def test_a_row_by_itself_is_told_by_what_it_has_besides_the_row_of_a_list() -> None:
    assert members.base_of("AreaDetail") == "Area"
    assert members.base_of("Area") is None
    assert [each.name for each in members.shape_of("AreaDetail").members] == ["release", "content_status"]


@pytest.mark.parametrize("path", PAGES)
def test_every_link_within_the_reference_leads_to_an_anchor(client: Client, path: str) -> None:
    anchors = {page: set(ids_of(page_at(client, page))) for page in PAGES}
    for link in links_of(page_at(client, path)):
        page, _, anchor = link.partition("#")
        if anchor and (page in PAGES or not page):
            assert anchor in anchors[page or path], link


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_the_reference_has_no_id_twice_and_nothing_inline_or_from_elsewhere(
    client: Client, path: str
) -> None:
    page = page_at(client, path)
    assert len(ids_of(page)) == len(set(ids_of(page)))
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=", page)
    assert all(source.startswith("/static/") for source in re.findall(' src="([^"]+)"', page))
    assert samples.BASE not in page
    assert samples.NEWEST not in page


def test_what_is_shown_first_weighs_little(client: Client) -> None:
    page = page_at(client, "/docs")
    loaded = re.findall(r'(?:src|<link rel="(?:stylesheet|icon)" href)="(/static/[^"]+)"', page)
    assert set(loaded) == set(ASSETS)
    weights = [len(b"".join(client.get(each).streaming_content)) for each in loaded]  # type: ignore[attr-defined]
    assert len(page.encode()) + sum(weights) < MOST_BYTES_OF_FIRST_VIEW


def test_a_sample_names_the_host_that_was_asked_and_a_browser_alone_keeps_the_page(client: Client) -> None:
    response = client.get("/docs/plans", HTTP_HOST="127.0.0.1")
    curl = samples_of(response.content.decode(), "validate_session_plan")["curl"]
    assert shlex.split(curl)[2] == "http://127.0.0.1/v1/session-plans/validate"
    assert response["Cache-Control"] == "private, max-age=60"
    again = client.get("/docs/plans", HTTP_HOST="127.0.0.1", HTTP_IF_NONE_MATCH=response["ETag"])
    assert (again.status_code, again["Cache-Control"]) == (304, "private, max-age=60")
    assert client.get("/docs/plans", HTTP_IF_NONE_MATCH=response["ETag"]).status_code == 200


def test_every_sample_gets_an_answer_from_the_release_that_is_served(client: Client) -> None:
    tried = []
    for operation_id, codes in every_sample(client):
        url, *rest = shlex.split(codes["curl"].replace("\\\n", ""))[2:]
        target = url.removeprefix("http://localhost")
        body = rest[rest.index("-d") + 1] if rest else None
        answer = client.post(target, body, content_type="application/json") if body else client.get(target)
        assert answer.status_code == 200, (operation_id, answer.content)
        for code in codes.values():
            assert f'"{url}"' in code or f"'{url}'" in code or f" {url}" in code
        tried.append(operation_id)
    assert tried == sorted(OPERATIONS, key=lambda each: GROUPS.index(OPERATIONS[each][2]["tags"][0].lower()))


def test_the_samples_of_an_operation_send_the_same_body_in_every_language(client: Client) -> None:
    codes = samples_of(page_at(client, "/docs/plans"), "validate_session_plan_batch")
    assert list(codes) == list(samples.WRITERS)
    example = next(iter(_examples("validate_session_plan_batch").values()))["value"]
    curl = shlex.split(codes["curl"].replace("\\\n", ""))
    assert json.loads(curl[curl.index("-d") + 1]) == example
    scope: dict[str, object] = {}
    exec(codes["Python"].partition("request =")[0].partition("import urllib.request")[2], scope)  # noqa: S102 - our own
    assert scope["body"] == example
    for language, before, after in (
        ("TypeScript", "body = ", ";\nconst"),
        ("Kotlin", '"""', '"""'),
        ("Swift", '#"""', '"""#'),
    ):
        assert json.loads(codes[language].partition(before)[2].partition(after)[0]) == example


def _examples(operation_id: str) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = OPERATIONS[operation_id][2]["requestBody"]["content"]["application/json"][
        "examples"
    ]
    return found


def test_bodies_are_written_as_a_person_reads_them() -> None:
    plan: dict[str, Any] = {
        "ok": True,
        "none": None,
        "text": "a 'b'",
        "list": list(range(40)),
        "empty": {},
        "deep": [{"a": "x" * 90}],
    }
    assert json.loads(samples.laid_out(plan)) == plan
    assert eval(samples.laid_out(plan, is_python=True)) == plan  # noqa: S307 - our own
    asked = samples.Asked("odd", "POST", "/v1", {"text": "it's"})
    assert json.loads(shlex.split(samples.samples(asked)[0].code.replace("\\\n", ""))[-1]) == asked.body


def test_the_most_telling_plans_come_first_and_those_that_name_a_release_last() -> None:
    names = list(_examples("validate_session_plan"))
    assert (names[0], names[-1]) == ("outside-limits", "pinned-to-a-release")
    lengths = [len(json.dumps(each["value"])) for each in _examples("validate_session_plan").values()][:-1]
    assert lengths == sorted(lengths)


def test_releases_in_samples_are_those_that_there_are() -> None:
    text = f"{samples.BEFORE} to {samples.NEWEST} of {samples.BASE}"
    assert samples.filled(text, "http://x", 7) == "6 to 7 of http://x"
    assert samples.filled(text, "http://x", 1) == "1 to 1 of http://x"


def test_an_operation_without_an_example_that_runs_has_no_sample() -> None:
    with pytest.raises(LookupError):
        samples.asked_of("get_nothing", "/v1/nothing")


@pytest.mark.django_db
@pytest.mark.usefixtures("nothing_published")
def test_the_reference_is_read_where_nothing_is_published(client: Client) -> None:
    assert "/v1/releases/1/bundle" in page_at(client, "/docs/releases")


def test_there_is_no_page_for_a_group_that_the_contract_does_not_have(client: Client) -> None:
    response = client.get("/docs/nothing")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_the_search_finds_every_anchor_and_leads_to_it(client: Client) -> None:
    response = client.get("/docs/search.json")
    assert response["Cache-Control"] == "public, max-age=300"
    found = {href for _, _, href, _ in response.json()}
    anchors = {f"/docs/{group}#{each}" for group in GROUPS for each in ids_of(page_at(client, f"/docs/{group}"))}
    assert found <= anchors
    named = {href for href in anchors if "." in href or href.partition("#")[2] in OPERATIONS.keys() | SCHEMAS.keys()}
    assert {href for href in named if "#header." not in href} <= found
    [entry] = [each for each in response.json() if each[2].endswith("#FaultCode.unknown_slug")]
    assert entry[:2] == ["unknown_slug", "FaultCode"]


@pytest.mark.parametrize("name", WORDS)
def test_every_value_of_a_list_whose_values_are_explained_has_its_meaning(client: Client, name: str) -> None:
    assert list(WORDS[name]) == SCHEMAS[name]["enum"]
    page = page_at(client, f"/docs/{members.homes()[name]}")
    for value in WORDS[name]:
        assert re.search(f'<div id="{name}.{value}">.*?<dd>.+?</dd></div>', page)


def test_the_index_tells_verdicts_severities_and_rule_sets_and_what_makes_a_plan_complete(client: Client) -> None:
    page = page_at(client, "/docs")
    for name in ("Verdict", "Severity", "RuleSet", "Reason"):
        for value in SCHEMAS[name]["enum"]:
            assert f"<dt><code>{value}</code></dt>" in page
    for record in RECORDS:
        for name, declared in fields_of(record).items():
            if declared.metadata["essential"]:
                row = page.partition(f'#{record.__name__}">{record.__name__}</a></th>')[2].partition("</tr>")[0]
                assert f"<code>{name}</code>" in row, (record, name)


def test_a_member_of_a_plan_says_whether_it_is_required_or_essential() -> None:
    notes = {each.name: each.notes for each in members.shape_of("Treatment").members}
    assert (notes["amount"], notes["product"], notes["side"]) == (("required",), ("essential",), ())
    assert {each.name: each.notes for each in members.shape_of("Problem").members}["errors"] == ("may be absent",)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "text"),
        ({"type": ["string", "null"]}, "text or null"),
        ({"type": "integer", "format": "int32", "minimum": 1, "maximum": 5}, "whole number 1 to 5"),
        ({"type": "integer", "minimum": 1}, "whole number from 1"),
        ({"type": "integer", "maximum": 5}, "whole number up to 5"),
        ({"x-unit": "mm", "oneOf": []}, "decimal, in mm"),
        ({"x-unit": "1", "oneOf": []}, "decimal"),
        ({"type": "array", "items": {"type": "string", "format": "date"}, "maxItems": 3}, "list of date, up to 3"),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, "object whose members are: true or false"),
        ({"oneOf": [{"type": "boolean"}, {"type": "null"}]}, "true or false or null"),
        ({}, "any JSON"),
    ],
)
def test_a_type_is_told_in_words(schema: dict[str, object], words: str) -> None:
    assert str(members.type_of(schema)) == words


def test_an_operation_lists_its_failures_and_leads_to_those_of_every_request(client: Client) -> None:
    page = page_at(client, "/docs/facts")
    section = page.partition('<h2 id="get_area">')[2].partition("</section>")[0]
    assert '<a href="/v1/problems/withdrawn">' in section
    assert '<a href="/docs/service#failures">' in section
    assert "method_not_allowed" in reference.shared_codes()
    assert "withdrawn" not in reference.shared_codes()


def test_the_console_is_filled_with_what_is_there_and_with_nothing_else(client: Client, release: FrozenRelease) -> None:
    document = client.get("/docs/console.json").json()
    assert document.keys() == DOCUMENT.keys()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parameters = operation.get("parameters", [])
            given = {each["name"]: each["example"] for each in parameters if "example" in each}
            assert {each["name"] for each in parameters if each.get("required")} <= given.keys()
            query = {
                each["name"]: given[each["name"]]
                for each in parameters
                if each["in"] == "query" and each["name"] in given
            }
            target = f"{path.format(**given)}?{urlencode(query)}"
            if method == "get":
                assert client.get(target).status_code == 200, target
    assert parse_qs(urlsplit(samples.asked_of("list_faqs", "/v1/faqs").target).query) == {"topic": ["cost"]}
    assert console.console_document().count(samples.NEWEST.encode()) > 0


def test_the_console_loads_nothing_from_elsewhere(client: Client) -> None:
    page = page_at(client, "/docs/console")
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert any("swagger-ui-bundle.js" in source for source in sources)
    for source in sources:
        assert source.startswith(("/", "#"))
        if source.startswith("/static/"):
            served = client.get(source)
            assert (served.status_code, bool(served.getvalue())) == (200, True)
    assert "unsafe" not in client.get("/docs/console")["Content-Security-Policy"]
