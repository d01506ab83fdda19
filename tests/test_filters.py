"""Filters: what applies to a product somewhere is one query, and a wrong word gets the help that it gets in a plan."""

from itertools import product as product_of_all
from typing import Any

import pytest
from django.test import Client

from api.releases import FrozenRelease
from api.rules.book import Book, Profile
from api.rules.plan import FORMS, JURISDICTIONS, RULE_SETS
from tests.plans import plan, post, session, treatment

LIMITS = "/v1/session-limits"
# The parameters whose values are words, each with the lists that have it, and a plan with a word as the same member.
WORDS: dict[str, tuple[tuple[str, ...], Any]] = {
    "jurisdiction": ((LIMITS, f"{LIMITS}/resolve", "/v1/coverage"), lambda word: plan(jurisdiction=word)),
    "rule_set": ((LIMITS,), lambda word: plan(rule_sets=[word])),
    **{
        name: ((LIMITS, f"{LIMITS}/resolve"), lambda word, name=name: plan(session(treatment(**{name: word}))))
        for name in ("product", "form", "vein_type", "area")
    },
    "vein": ((f"{LIMITS}/resolve",), lambda word: plan(session(treatment(vein=word)))),
}
WORDS |= {
    f"applies_to_{name}": ((LIMITS,), WORDS[name][1])
    for name in ("jurisdiction", "product", "form", "vein_type", "area")
}


def wrong_words(release: FrozenRelease) -> list[str]:
    """Other names of countries, forms and of all that has synonyms, misspelt ones, and nonsense."""
    rows = [row for name in ("products", "vein-types", "areas") for row in release.content[name]]
    named = [name for row in rows[::3] for name in (row["slug"].upper(), *row["synonyms"][:1])]
    return [*named, "UK", "uk", "us", "USA", "Foam", "foams", "labels", "asclear", "gret-saphenous", "x" * 300]


@pytest.mark.parametrize("name", WORDS)
def test_a_wrong_word_gets_the_help_that_it_gets_in_a_plan(client: Client, release: FrozenRelease, name: str) -> None:
    paths, plan_with = WORDS[name]
    told = 0
    for word in wrong_words(release):
        response = post(client, plan_with(word))
        faults = [] if response.status_code == 200 else response.json()["errors"]
        in_plan = [{key: fault[key] for key in fault if key != "pointer"} for fault in faults]
        for path in paths:
            sent = client.get(path, {name: word})
            errors = [] if sent.status_code == 200 else sent.json()["errors"]
            assert [{key: error[key] for key in error if key != "parameter"} for error in errors] == in_plan, word
            told += sum("did_you_mean" in error for error in errors)
    assert told


@pytest.mark.parametrize(("word", "meant"), [("UK", "GB"), ("us", "US"), ("USA", "US")])
def test_a_country_by_another_name_is_refused_with_its_code(client: Client, word: str, meant: str) -> None:
    for path in (LIMITS, f"{LIMITS}/resolve", "/v1/coverage"):
        [error] = client.get(path, {"jurisdiction": word}).json()["errors"]
        assert error["did_you_mean"] == meant


def test_a_topic_that_is_none_is_refused_with_those_that_there_are(client: Client) -> None:
    [error] = client.get("/v1/faqs?topic=costs").json()["errors"]
    assert (error["code"], error["detail"]) == ("unknown_slug", "Not a slug of the topics of /v1/faqs.")
    assert "cost" in error["allowed"]


def shapes(book: Book) -> set[tuple[Any, ...]]:
    """Treatments without their product: for each limit one that it applies to, and one that tells little else."""
    found = set()
    for limit in book.limits:
        for form in (limit.form,) if limit.form else FORMS:
            strength, area = limit.concentration or 7, limit.area or "calf"
            found.add((strength, form, limit.vein_type, limit.vein, area, limit.first_exposure))
            told = (limit.vein_type or "telangiectasia", limit.vein, area, bool(limit.first_exposure))
            found.add((strength, form, *told))
    return found


def told_of(client: Client, query: dict[str, str]) -> set[str]:
    """The slugs of the limits that a list has for a query."""
    return {row["slug"] for row in client.get(LIMITS, query).json()["items"]}


def test_what_applies_is_what_plans_are_held_against_and_nothing_else(client: Client, release: FrozenRelease) -> None:
    book = release.book
    treatments = shapes(book)
    limits = {row["slug"] for row in release.content["session-limits"]}
    assert len(book.by_slug) == len(book.limits)
    for product, jurisdiction in product_of_all(book.products.values(), JURISDICTIONS):
        in_force = book.in_force(jurisdiction, frozenset(RULE_SETS))
        held: set[str] = set()
        for shape in treatments:
            matches = in_force.match(Profile(product.slug, product.sclerosant, *shape))
            held |= {limit.slug for match in matches.by_rule.values() for limit in match.whole.applying}
        query = {"applies_to_product": product.slug, "applies_to_jurisdiction": jurisdiction}
        assert told_of(client, query) == held & limits, query
        rows = client.get("/v1/contraindications", query).json()["items"]
        ruled = {book.by_slug[slug].condition for slug in held - limits}
        assert {row["slug"] for row in rows} == ruled, query


def test_every_limit_that_an_answer_names_is_among_those_that_apply(client: Client, release: FrozenRelease) -> None:
    told: dict[tuple[str, str], set[str]] = {}
    limits = {row["slug"] for row in release.content["session-limits"]}
    for vector in release.vectors:
        treatments = [each for one in vector["plan"]["sessions"] for each in one["treatments"]]
        products = {each.get("product") for each in treatments}
        if len(products) == 1 and None not in products:
            [product] = products
            jurisdiction = vector["plan"].get("jurisdiction", "US")
            if (product, jurisdiction) not in told:
                query = {"applies_to_product": product, "applies_to_jurisdiction": jurisdiction}
                told[product, jurisdiction] = told_of(client, query)
            named = {slug for finding in vector["findings"] for slug in (finding["limit"], *finding["also_exceeds"])}
            assert named & limits <= told[product, jurisdiction], vector["slug"]
    assert len(told) > len(release.content["products"])


def test_rows_that_name_nothing_are_among_what_applies_and_rows_of_others_are_not(client: Client) -> None:
    found = told_of(client, {"applies_to_product": "asclera", "applies_to_jurisdiction": "US"})
    assert {"clinic-session-volume-max", "clinic-vial-count-max", "asclera-session-volume-max"} <= found
    rows = client.get(LIMITS, {"applies_to_product": "asclera", "applies_to_jurisdiction": "US"}).json()["items"]
    assert {row["product"] for row in rows} == {"asclera", None}
    assert {row["sclerosant"] for row in rows} == {"polidocanol", None}
    assert {row["jurisdiction"] for row in rows} == {"US", None}
    narrower = told_of(client, {"applies_to_product": "asclera", "product": "asclera", "rule_set": "label"})
    assert narrower == told_of(client, {"product": "asclera", "rule_set": "label"})


def test_what_applies_to_an_area_is_what_may_mean_it(client: Client) -> None:
    rows = client.get(LIMITS, {"applies_to_area": "leg"}).json()["items"]
    assert {None, "ankle"} <= {row["area"] for row in rows}
    assert "ankle" not in {row["area"] for row in client.get(LIMITS, {"applies_to_area": "thigh"}).json()["items"]}


def test_coverage_of_a_country_has_the_products_that_have_no_label(client: Client, release: FrozenRelease) -> None:
    unlabelled = {row["slug"] for row in release.content["products"] if not row["jurisdictions"]}
    rows = client.get("/v1/coverage?applies_to_jurisdiction=US").json()["items"]
    assert {row["jurisdiction"] for row in rows} == {"US", None}
    assert unlabelled <= {row["product"] for row in rows}


def test_limits_of_a_product_name_it_or_its_sclerosant_and_no_other(client: Client, release: FrozenRelease) -> None:
    for product in release.content["products"]:
        expected = {
            row["slug"]
            for row in release.content["session-limits"]
            if product["slug"] == row["product"] or product["sclerosant"] == row["sclerosant"]
        }
        assert told_of(client, {"product": product["slug"]}) == expected, product["slug"]


def test_questions_are_kept_by_their_topic(client: Client) -> None:
    assert {row["topic"] for row in client.get("/v1/faqs?topic=cost").json()["items"]} == {"cost"}


def test_questions_are_kept_that_have_every_word_in_capitals_or_not(client: Client) -> None:
    every = client.get("/v1/faqs").json()["items"]
    words = {row["slug"]: (row["question"] + row["answer"]).lower() for row in every}
    expected = [slug for slug, text in words.items() if "stockings" in text and "walk" in text]
    assert 0 < len(expected) < len(every)
    assert [row["slug"] for row in client.get("/v1/faqs?q=STOCKINGS walk").json()["items"]] == expected
    assert client.get("/v1/faqs?q=zzzz").json()["items"] == []
