"""What is said in the words of schema.org is true of its vocabulary: each property of its type, each value in range."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from api import linked
from api.releases import FrozenRelease

VOCABULARY = json.loads(Path(__file__).with_name("schema_org.json").read_text("utf-8"))
TYPES, PROPERTIES = VOCABULARY["types"], VOCABULARY["properties"]
LD = {"Accept": "application/ld+json"}
FACTS = {"license": "https://example.org/", "creativeWorkStatus": "draft", "version": 1}


def kinds(name: str) -> set[str]:
    """A type with all that it is a kind of."""
    return {name}.union(*map(kinds, TYPES[name]))


def kinds_of_value(value: Any) -> set[str]:
    """What a value is, as ranges name it."""
    if isinstance(value, dict):
        return kinds(value["@type"])
    if isinstance(value, int | float):
        return {"Number", "Integer"} if isinstance(value, int) else {"Number"}
    is_date = re.fullmatch(r"\d{4}-\d\d-\d\d", value)
    is_address = re.match(r"https?://|/v1/", value)
    return {"Text"} | ({"Date"} if is_date else set()) | ({"URL"} if is_address else set())


def untrue(node: dict[str, Any]) -> Iterator[str]:
    """What of a node is not as the vocabulary has it."""
    own = kinds(node["@type"])
    for name, value in node.items():
        if name.startswith("@"):
            continue
        if not own & {*PROPERTIES[name]["domain"]}:
            yield f"{node['@type']} has no {name}"
        for each in value if isinstance(value, list) else [value]:
            if not kinds_of_value(each) & {*PROPERTIES[name]["range"]}:
                yield f"{name} of {node['@type']} is no {each!r}"
            if isinstance(each, dict):
                yield from untrue(each)


def sources(release: FrozenRelease) -> dict[str, Any]:
    return {row["slug"]: row for row in release.content["sources"]}


def test_the_check_finds_what_is_untrue() -> None:
    assert list(untrue({"@type": "Drug", "citation": "x"})) == ["Drug has no citation"]
    assert list(untrue({"@type": "Drug", "name": 3})) == ["name of Drug is no 3"]
    assert list(untrue({"@type": "FAQPage", "license": "none"})) == ["license of FAQPage is no 'none'"]
    assert list(untrue({"@type": "ItemList", "itemListElement": [{"@type": "Drug", "citation": "x"}]}))


@pytest.mark.parametrize("resource", linked.ENTITIES)
def test_every_row_is_told_as_the_vocabulary_has_it(resource: str, release: FrozenRelease) -> None:
    rows = release.content[resource]
    told = [page for row in rows if (page := linked.page(resource, row, sources(release), FACTS))]
    assert told
    assert [problem for page in told for problem in untrue(page)] == []
    listed = linked.pages(resource, rows, sources(release), FACTS, "/v1/next")
    assert [*untrue(listed)] == []
    assert json.loads(json.dumps(listed)) == listed


def test_the_vocabulary_has_what_is_used_and_no_more(release: FrozenRelease) -> None:
    used: set[str] = set()

    def note(node: Any) -> None:
        for each in node if isinstance(node, list) else [node]:
            if isinstance(each, dict):
                used.update([*each, each["@type"]])
                for value in each.values():
                    note(value)

    for resource in linked.ENTITIES:
        note(linked.pages(resource, release.content[resource], sources(release), FACTS, "/v1/next"))
    assert used >= {*PROPERTIES}
    assert {*TYPES} == set().union(*(kinds(name) for name in used & {*TYPES}))
    assert "ShareAlike" in VOCABULARY["licence"] or "BY-SA" in VOCABULARY["licence"]


def test_a_limit_is_a_maximum_of_a_dose_only_where_a_label_says_so(client: Client, release: FrozenRelease) -> None:
    told = client.get("/v1/session-limits", headers=LD).json()["mainEntity"]["itemListElement"]
    by_slug = {row["slug"]: row for row in release.content["session-limits"]}
    assert len(told) > 20
    for page in told:
        row = by_slug[page["@id"].rpartition("/")[2]]
        assert (row["rule_set"], row["comparator"], row["severity"]) == ("label", "<=", "error")
        assert not row["stands_in"]
        assert str(page["mainEntity"]["doseValue"]) == row["value"]
    of_the_clinic = client.get("/v1/session-limits/clinic-session-volume-max", headers=LD)
    assert (of_the_clinic.status_code, of_the_clinic.json()["code"]) == (406, "not_acceptable")


def test_a_limit_names_the_authority_the_dose_and_whom_it_is_for(client: Client) -> None:
    told = client.get("/v1/session-limits/asclera-session-volume-max", headers=LD).json()["mainEntity"]
    assert (told["@type"], told["doseValue"], told["doseUnit"]) == ("MaximumDoseSchedule", 10, "mL")
    assert told["frequency"] == "once in a session"
    assert {each["@type"] for each in told["recognizingAuthority"]} == {"Organization"}


def test_what_is_only_weighed_is_no_contraindication(client: Client) -> None:
    for slug, status in [("acute-deep-vein-thrombosis", 200), ("obesity", 406)]:
        assert client.get(f"/v1/contraindications/{slug}", headers=LD).status_code == status


@pytest.mark.parametrize("resource", ["rules", "claims", "result-durations"])
def test_what_schema_org_has_no_true_word_for_is_not_acceptable(client: Client, resource: str) -> None:
    answer = client.get(f"/v1/{resource}", headers=LD)
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
    assert client.get(f"/v1/{resource}", headers={"Accept": "application/ld+json, */*;q=0.1"}).status_code == 200


@pytest.mark.parametrize(
    "path", [f"/v1/{name}" for name in linked.ENTITIES] + ["/v1/faqs/cost", "/v1/products/asclera"]
)
def test_it_is_negotiated_and_kept_as_json_is(client: Client, path: str) -> None:
    told, plain = client.get(path, headers=LD), client.get(path)
    assert (told["Content-Type"], plain["Content-Type"]) == ("application/ld+json", "application/json")
    assert {told["Vary"], plain["Vary"]} == {"Accept, Accept-Encoding"}
    assert (told["Cache-Control"], told["Content-Release"]) == (plain["Cache-Control"], plain["Content-Release"])
    assert told["ETag"] != plain["ETag"]
    assert client.get(path, headers={**LD, "If-None-Match": told["ETag"]}).status_code == 304
    assert client.get(path, headers={**LD, "If-None-Match": plain["ETag"]}).status_code == 200
    body = told.json()
    assert body["@context"] == linked.CONTEXT
    assert [*untrue({**body, "@context": None})] == []
    assert (body["creativeWorkStatus"], body["version"]) == ("draft for clinical review", 1)
    assert body["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert client.get(body["url"]).status_code == 200


def test_questions_are_one_page_each_with_its_citations(client: Client) -> None:
    page = client.get("/v1/faqs?topic=cost", headers=LD).json()
    assert page["@type"] == "FAQPage"
    [question] = page["mainEntity"]
    assert question["acceptedAnswer"]["text"] == client.get("/v1/faqs/cost").json()["answer"]
    assert question["citation"]
    first = client.get("/v1/faqs?limit=1", headers=LD).json()
    following = client.get(first["relatedLink"], headers=LD).json()
    assert following["mainEntity"] != first["mainEntity"]
