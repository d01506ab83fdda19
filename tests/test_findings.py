"""What a finding says, whom it cites and what it points at, over the boundary vectors of every limit."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from tests.plans import checked, pages, plan, post, session, treatment

BATCH = "/v1/session-plans/validate-batch"


def everything(client: Client, path: str) -> Iterator[dict[str, Any]]:
    """The rows of a list, of all its pages."""
    for body in pages(client, path):
        yield from body["items"]


@pytest.fixture
def rows(client: Client) -> dict[str, dict[str, Any]]:
    """Every limit and every ruling, by slug, as served."""
    limits = everything(client, "/v1/session-limits")
    rulings = (ruling for row in everything(client, "/v1/contraindications") for ruling in row["rulings"])
    return {row["slug"]: row for row in (*limits, *rulings)}


def findings_of(client: Client, *sides: str) -> Iterator[dict[str, Any]]:
    """Every finding of the vectors on these sides of their limits."""
    vectors = [row for row in everything(client, "/v1/releases/1/vectors") if row["slug"].endswith(sides)]
    for start in range(0, len(vectors), 100):
        plans = [vector["plan"] for vector in vectors[start : start + 100]]
        for item in json.loads(post(client, {"plans": plans}, BATCH).content)["items"]:
            yield from item["answer"]["findings"]


def test_a_contraindication_is_told_in_the_words_of_its_ruling(client: Client, rows: dict[str, Any]) -> None:
    told = [row for row in findings_of(client, ":not-met") if row["rule"] == "contraindication"]
    rulings = [row for row in told if "summary" in rows[row["limit"]["slug"]]]
    assert len(rulings) > 100
    for finding in rulings:
        assert finding["message"] == rows[finding["limit"]["slug"]]["summary"]


def test_a_finding_cites_what_the_row_of_its_limit_cites(client: Client, rows: dict[str, Any]) -> None:
    told = [*findings_of(client, ":outside", ":not-met", ":assumed", ":unconfirmed")]
    assert {finding["limit"]["slug"] for finding in told} > {"pregnancy-guideline", "asclera-session-volume-max"}
    for finding in told:
        assert finding["citations"]
        assert finding["citations"] == rows[finding["limit"]["slug"]]["citations"]


def test_a_limit_without_a_number_says_so_and_leaves_it_to_the_provider(client: Client, rows: dict[str, Any]) -> None:
    titles = {row["slug"]: row["title"] for row in everything(client, "/v1/rules")}
    told = [row for row in findings_of(client, ":unconfirmed") if row["id"].endswith(":limit-unconfirmed")]
    assert len(told) > 50
    for finding in told:
        assert finding["message"] == (
            f"{titles[finding['rule']]}: no source that was read confirms a limit here. The provider decides."
        )
        assert (finding["limit"]["value"], finding["headroom"]) == (None, None)
        assert rows[finding["limit"]["slug"]]["status"] == "unconfirmed"


def test_a_limit_without_a_number_points_at_what_would_be_held_to_it(client: Client) -> None:
    wide = treatment(vein_type="varicose-vein", vein_diameter_mm="2.5")
    findings = checked(client, plan(session(wide)))["findings"]
    [finding] = [row for row in findings if row["id"].endswith(":limit-unconfirmed")]
    assert finding["pointer"] == "/sessions/0/treatments/0"
    assert finding["contributing"] == ["/sessions/0/treatments/0/concentration_percent"]
    assert finding["observed"] == {"value": "0.5", "unit": "%"}


def test_a_contraindication_points_at_the_condition_and_at_the_product(client: Client) -> None:
    patient = {"age_years": 42, "weight_kg": "66", "conditions": ["obesity", "pregnancy"], "allergies": []}
    findings = checked(client, plan(patient=patient))["findings"]
    pointers = {
        row["pointer"]: row["contributing"] for row in findings if row["limit"]["slug"] == "pregnancy-guideline"
    }
    assert pointers == {
        "/patient/conditions/1": ["/patient/conditions/1", "/sessions/0/treatments/0/product"],
    }


def test_a_label_that_is_kept_is_told_where_another_limit_is_broken(client: Client) -> None:
    treatments = (treatment(product="sotradecol"), treatment(product="varithena", form="foam"))
    earlier = [{"date": "2026-11-16", "areas": ["calf"], "products": ["sotradecol", "varithena"]}]
    told = checked(client, plan(session(*treatments), previous_sessions=earlier))["findings"]
    [finding] = [row for row in told if row["rule"] == "session-spacing"]
    assert (finding["limit"]["slug"], finding["observed"]["value"]) == ("sotradecol-session-spacing-min", "6")
    assert finding["message"].endswith(" The US label is kept: it gives at least 5 days.")


def test_a_share_of_maxima_one_of_which_no_source_gives_is_told_without_a_number(client: Client) -> None:
    treatments = (treatment(), treatment(product="glycerin", concentration_percent=None))
    findings = checked(client, plan(session(*treatments)))["findings"]
    [finding] = [row for row in findings if row["id"] == "mixed-products:/sessions/0:limit-unconfirmed"]
    assert finding["observed"] is None
    assert finding["message"] == (
        "Products, strengths and forms together: no label or policy that was read gives a maximum for one of the "
        "products. The provider decides."
    )


def test_an_empty_list_is_told_as_none(client: Client) -> None:
    findings = checked(client, plan(session(treatment(product="glycerin", concentration_percent=None))))["findings"]
    [finding] = [row for row in findings if row["rule"] == "product-jurisdiction"]
    assert "(read: none)" in finding["message"]
