"""Guides for whoever integrates: every page is whole, names who was asked, and explains each word of the contract."""

import re

import pytest
from django.test import Client

from api.pages.guides import ADDRESS, FOLDER, ORDER, anchor_of, guides
from api.pages.tables import TABLES
from api.problems import FAULTS, PROBLEMS
from api.rates import published_rates
from api.rules.plan import COUNTRIES, Patient
from api.rules.value_types import fields_of
from tests.contract import DOCUMENT

AT = "http://localhost"


def page_at(client: Client, path: str) -> str:
    """The page, as a browser asks for it."""
    response = client.get(path, HTTP_ACCEPT="text/html")
    assert (response.status_code, response["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert response["Cache-Control"] == "private, max-age=60"
    return response.content.decode()


def test_every_file_is_a_guide_and_every_guide_a_file() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == {*ORDER}
    assert [*guides()] == [*ORDER]


def test_the_list_leads_to_every_guide_and_every_tool(client: Client) -> None:
    page = page_at(client, "/guides")
    main = page.partition('<main id="content">')[2].partition("</main>")[0]
    paths = re.findall('href="([^"#]+)"', main)
    assert [path for path in paths if path.startswith("/guides/")] == [f"/guides/{slug}" for slug in ORDER]
    assert {client.get(path).status_code for path in paths} == {200}
    assert f"<code>{AT}</code>" in page


@pytest.mark.parametrize("slug", ORDER)
def test_every_link_of_a_guide_leads_somewhere(client: Client, slug: str) -> None:
    page = page_at(client, f"/guides/{slug}")
    anchors = set(re.findall(' id="([^"]+)"', page))
    for path, anchor in re.findall('href="(/[^"#]*)?(?:#([^"]*))?"', page.partition("<main")[2]):
        if path:
            assert client.get(path).status_code == 200, path
        else:
            assert anchor in anchors


@pytest.mark.parametrize("slug", ORDER)
def test_a_guide_names_who_was_asked_and_leaves_no_table_open(client: Client, slug: str) -> None:
    for text in (page_at(client, f"/guides/{slug}"), client.get(f"/guides/{slug}.md").content.decode()):
        assert ADDRESS not in text
        assert not re.search(r"^\[\[", text, re.MULTILINE)
        assert ("curl" in text) <= (f"{AT}/" in text)


@pytest.mark.parametrize("slug", ORDER)
def test_a_guide_has_no_inline_style_or_script_and_names_each_section_once(client: Client, slug: str) -> None:
    page = page_at(client, f"/guides/{slug}")
    assert not re.search(r" (style|on[a-z]+)=|<script(?! src=)", page)
    ids = re.findall(' id="([^"]+)"', page)
    assert len(ids) == len({*ids})
    labelled = re.findall('<section aria-labelledby="([^"]+)"', page)
    assert labelled
    assert {*labelled} <= {*ids}


def test_a_guide_leads_to_the_next_and_the_last_to_none(client: Client) -> None:
    assert f'Next: <a href="/guides/{ORDER[1]}">' in page_at(client, f"/guides/{ORDER[0]}")
    assert "Next:" not in page_at(client, f"/guides/{ORDER[-1]}")


@pytest.mark.parametrize("path", ["/guides/nowhere", "/guides/nowhere.md", "/guides/Getting-Started"])
def test_there_is_no_other_guide(client: Client, path: str) -> None:
    assert client.get(path).json()["code"] == "not_found"


def test_a_guide_as_markdown_is_its_file_with_tables_and_the_address(client: Client) -> None:
    response = client.get("/guides/errors.md")
    assert response["Content-Type"] == "text/markdown; charset=utf-8"
    text = response.content.decode()
    assert text.startswith("# Errors and fault codes\n\nEvery failure is `application/problem+json`")
    assert f"curl -s {AT}/v1/session-plans/validate" in text
    assert "| `patient_identifier` | The member would identify the patient" in text


def test_a_sample_tells_its_language_and_what_it_prints(client: Client) -> None:
    page = page_at(client, "/guides/getting-started")
    captions = re.findall('<figcaption>([^<]+)</figcaption><pre tabindex="0"><code>', page)
    assert {*captions} == {"Shell", "Prints", "Python", "TypeScript", "Kotlin", "Swift"}
    assert page.count("<pre") == len(captions)


def test_what_is_wide_can_be_scrolled_by_key_and_has_heads(client: Client) -> None:
    page = page_at(client, "/guides/verdicts-and-rule-sets")
    frames = re.findall('<div class="wide" role="region" aria-label="([^"]+)" tabindex="0"><table>', page)
    assert page.count("<table") == page.count("</table></div>") == len({*frames}) > 0
    assert "<th>" not in page


@pytest.mark.parametrize("name", ["Verdict", "Severity", "RuleSet", "Reason"])
def test_every_word_of_a_closed_list_is_explained(name: str) -> None:
    text = guides()["verdicts-and-rule-sets"].body
    assert [word for word in DOCUMENT["components"]["schemas"][name]["enum"] if f"| `{word}` |" not in text] == []


def test_how_sure_a_fact_is_and_what_a_citation_says_is_explained() -> None:
    text = guides()["facts-with-sources"].body
    words = [word for name in ("Confirmation", "Stance") for word in DOCUMENT["components"]["schemas"][name]["enum"]]
    assert [word for word in words if f"`{word}`" not in text] == []


def test_tables_have_what_the_code_has() -> None:
    essential = [name for name, declared in fields_of(Patient).items() if declared.metadata["essential"]]
    assert essential
    assert all(f"| `patient.{name}` |" in TABLES["essential-members"]() for name in essential)
    assert "`patient.sex`" not in TABLES["essential-members"]()
    assert "| `sessions[].treatments[].product` | Slug of `/v1/products`. |" in TABLES["essential-members"]()
    assert all(f"| `{code}` | {word} label |" in TABLES["jurisdictions"]() for code, word in COUNTRIES.items())
    assert all(
        f"| {each.status} | [`{code}`](/v1/problems/{code}) |" in TABLES["problems"]()
        for code, each in PROBLEMS.items()
    )
    assert all(f"| `{code}` | {text} |" in TABLES["faults"]() for code, (text, _) in FAULTS.items())
    assert [f"| {each['requests']} in {each['seconds']} s |" in TABLES["rates"]() for each in published_rates()] == [
        True
    ] * 3


def test_an_anchor_is_made_of_the_words_of_a_heading() -> None:
    assert anchor_of("What was not evaluated, and `why`") == "what-was-not-evaluated-and-why"


def test_the_landing_page_leads_to_the_guides(client: Client) -> None:
    main = client.get("/", HTTP_ACCEPT="text/html").content.decode().partition('<main id="content">')[2]
    assert 'href="/guides"' in main
    assert 'href="/guides/getting-started"' in main
