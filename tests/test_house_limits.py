"""A clinic's own limits that come with a plan: read strictly, judged beside the published ones, forgotten with it."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import rfc8785
from django.test import Client

from api.parsers import parse
from api.releases import FrozenRelease
from api.rules import check
from api.rules.house import bounds_of
from tests.laws import everything, lost
from tests.own_limits import own
from tests.plans import checked, clinic_plan, faults, plan, post, session, treatment
from tests.random_house import HELD

BATCH = "/v1/session-plans/validate-batch"
COMPARE = "/v1/session-plans/compare"
SELECTORS = {
    "jurisdiction": "US",
    "product": "asclera",
    "sclerosant": "polidocanol",
    "concentration_percent": "0.5",
    "form": "liquid",
    "vein_type": "telangiectasia",
    "area": "leg",
}
ELSEWHERE = {
    "jurisdiction": "DE",
    "product": "varithena",
    "sclerosant": "sodium-tetradecyl-sulfate",
    "concentration_percent": "1",
    "form": "foam",
    "vein_type": "reticular-vein",
    "area": "ankle",
}


def three(**changes: Any) -> dict[str, Any]:
    """A plan of 3 mL, inside all that is published."""
    return plan(**changes)


def two(**changes: Any) -> dict[str, Any]:
    """At most 2 mL in a session."""
    return own(**{"value": "2", **changes})


def of_house(answer: dict[str, Any], part: str = "findings") -> list[dict[str, Any]]:
    return [row for row in answer[part] if row["limit"]["rule_set"] == "house"]


def test_a_limit_of_the_clinics_own_is_told_like_any_other_and_proved(client: Client) -> None:
    answer = checked(client, three(house_limits=[two()]))
    [finding] = answer["findings"]
    assert answer["verdict"] == "outside_limits"
    assert finding["id"] == "session-volume:/sessions/0:house:our-session-maximum"
    assert (finding["rule"], finding["severity"], finding["citations"]) == ("session-volume", "error", [])
    assert finding["message"] == "Our most in a session: 3 mL; the house limit allows at most 2 mL."
    assert (finding["observed"], finding["headroom"]["value"]) == ({"value": "3", "unit": "mL"}, "-1")
    assert finding["limit"] == {
        "slug": "our-session-maximum",
        "comparator": "<=",
        "value": "2",
        "values": [],
        "unit": "mL",
        "rule_set": "house",
        "jurisdiction": None,
        "status": "confirmed",
        "href": "#/house_limits/0",
    }
    assert finding["suggestions"][0]["patch"][0]["value"] == "2"
    assert answer["nearest_within_limits"]["patch"]


@pytest.mark.parametrize("passed", ["all", "binding"])
def test_one_that_is_kept_passes_beside_the_published_one_and_not_in_its_place(client: Client, passed: str) -> None:
    body = three(house_limits=[own(value="8")])
    answer = json.loads(post(client, body, f"/v1/session-plans/validate?passed={passed}").content)
    told = [row["limit"]["slug"] for row in answer["passed"] if row["rule"] == "session-volume"]
    assert told == ["asclera-session-volume-max", "our-session-maximum"]
    assert of_house(answer, "passed")[0]["headroom"] == {"value": "5", "unit": "mL"}
    assert answer["verdict"] == "within_limits"


@pytest.mark.parametrize("value", ["6", "999999"])
def test_neither_a_stricter_nor_a_laxer_one_hides_a_published_finding(client: Client, value: str) -> None:
    body = clinic_plan("12")
    plain, with_own = (
        checked(client, each) for each in (body, {**body, "house_limits": [own(value=value, severity="info")]})
    )
    [published] = plain["findings"]
    assert [each for each in with_own["findings"] if each == published] == [published]
    assert with_own["verdict"] == plain["verdict"] == "outside_limits"


def test_with_a_rule_set_that_was_not_asked_for_it_is_held_all_the_same(client: Client) -> None:
    limit = own(rule="aftercare", comparator=">=", value="5", unit="d")  # of a rule that is not essential
    answer = checked(client, three(rule_sets=["label"], house_limits=[limit]))
    [row] = [row for row in answer["not_evaluated"] if row["limits"]]
    assert (row["rule"], row["missing"], row["limits"]) == (
        "aftercare",
        ["/sessions/0/activity_pause_days"],
        ["our-session-maximum"],
    )


@pytest.mark.parametrize("selector", SELECTORS)
def test_it_applies_where_it_says(client: Client, selector: str) -> None:
    for where, expected in ((SELECTORS, 1), (ELSEWHERE, 0)):
        answer = checked(client, three(house_limits=[two(**{selector: where[selector]})]))
        assert len(of_house(answer)) == expected
        assert of_house(answer, "passed") == []


def test_where_a_member_is_missing_that_would_settle_it_the_plan_is_incomplete(client: Client) -> None:
    body = plan(session(treatment(form=None)))
    limit = two(form="foam")
    [row] = [row for row in checked(client, {**body, "house_limits": [limit]})["not_evaluated"] if row["limits"]]
    assert (row["missing"], row["leaves_incomplete"]) == (["/sessions/0/treatments/0/form"], True)


def test_it_covers_no_question_on_which_nothing_published_speaks(client: Client) -> None:
    body = three(rule_sets=["clinic"], house_limits=[own(rule="session-spacing", comparator=">=", value="7", unit="d")])
    told = [row for row in checked(client, body)["not_evaluated"] if row["reason"] == "not_covered"]
    assert "session-spacing" in {row["rule"] for row in told}


def test_it_does_not_stand_in_for_a_number_that_no_source_gives(release: FrozenRelease) -> None:
    [vector] = [each for each in release.vectors if each["slug"] == "aethoxysklerol-gb-foam-volume:unconfirmed"] or [
        next(
            each
            for each in release.vectors
            if each["slug"].endswith(":unconfirmed") and "session-volume" in str(each["findings"])
        )
    ]
    before = everything(vector["plan"], release.book)
    after = everything({**vector["plan"], "house_limits": [own(value="500")]}, release.book)
    assert [*lost(before, after)] == []
    assert of_house(after, "passed") == []


@pytest.mark.parametrize(
    ("limits", "found"),
    [
        ({}, {"/house_limits": "not_a_list"}),
        ([own()] * 51, {"/house_limits": "wrong_length"}),
        ([7], {"/house_limits/0": "not_an_object"}),
        ([own(slug=None, value=None)], {"/house_limits/0/slug": "required", "/house_limits/0/value": "required"}),
        ([own(rule="nothing")], {"/house_limits/0/rule": "unknown_slug"}),
        ([own(rule="treatment-area")], {"/house_limits/0/rule": "conflict"}),
        ([own(rule="allergy", unit="1")], {"/house_limits/0/rule": "conflict"}),
        ([own(comparator=">=")], {"/house_limits/0/comparator": "conflict"}),
        ([own(comparator="=")], {"/house_limits/0/comparator": "not_a_choice"}),
        ([own(unit="d")], {"/house_limits/0/unit": "conflict"}),
        ([own(unit="litre")], {"/house_limits/0/unit": "not_a_choice"}),
        ([own(value="-1")], {"/house_limits/0/value": "not_a_decimal"}),
        ([own(value="1e1")], {"/house_limits/0/value": "not_a_decimal"}),
        ([own(severity="grave")], {"/house_limits/0/severity": "not_a_choice"}),
        ([own(slug="Our limit")], {"/house_limits/0/slug": "not_a_slug"}),
        ([own(slug="a" * 101)], {"/house_limits/0/slug": "not_a_slug"}),
        ([own(slug=7)], {"/house_limits/0/slug": "not_a_string"}),
        ([own(label=" ")], {"/house_limits/0/label": "not_a_text"}),
        ([own(label="a\nb")], {"/house_limits/0/label": "not_a_text"}),
        ([own(label="a\ud800")], {"/house_limits/0/label": "not_a_text"}),
        ([own(label="a" * 201)], {"/house_limits/0/label": "not_a_text"}),
        ([own(name="x")], {"/house_limits/0/name": "patient_identifier"}),
        ([own(product="nothing")], {"/house_limits/0/product": "unknown_slug"}),
        ([own(sclerosant="asclera")], {"/house_limits/0/sclerosant": "unknown_slug"}),
        ([own(area="nowhere")], {"/house_limits/0/area": "unknown_slug"}),
        ([own(slug="clinic-session-volume-max")], {"/house_limits/0/slug": "conflict"}),
        ([own(), own(slug="b"), own()], {"/house_limits/2/slug": "conflict"}),
    ],
    ids=lambda value: str(value)[:60],
)
def test_each_fault_is_told_where_it_is(client: Client, limits: Any, found: dict[str, str]) -> None:
    assert faults(client, clinic_plan("8", house_limits=limits)) == found


def test_a_number_is_read_from_its_text_and_a_unit_by_its_other_name(client: Client) -> None:
    body = json.dumps(three(house_limits=[own(unit="cc", value="X")])).replace('"X"', "2.999")
    [finding] = json.loads(post(client, body).content)["findings"]
    assert (finding["limit"]["value"], finding["headroom"]["value"]) == ("2.999", "-0.001")


def test_the_receipt_has_the_digest_of_what_was_sent(client: Client) -> None:
    limits = [own(label='Our "most" in a session'), own(slug="b", value="0.5")]
    answer = checked(client, three(house_limits=limits))
    assert answer["receipt"]["house_limits"] == {
        "sent_sha256": hashlib.sha256(rfc8785.dumps(limits)).hexdigest(),
        "kept_sha256": None,
        "kept_version": None,
    }
    assert checked(client, three())["receipt"]["house_limits"] is None


def test_each_plan_of_a_batch_and_of_a_comparison_has_its_own(client: Client) -> None:
    plans = [three(house_limits=[two()]), three(), three(house_limits=[own(unit="d")])]
    items = json.loads(post(client, {"plans": plans}, BATCH).content)["items"]
    assert [item["status"] for item in items] == [200, 200, 400]
    assert [item["answer"]["verdict"] for item in items[:2]] == ["outside_limits", "within_limits"]
    compared = json.loads(post(client, {"plans": plans, "from_release": 1}, COMPARE).content)
    assert (compared["compared"], compared["items"]) == (2, [])
    [unreadable] = compared["unreadable"]
    assert (unreadable["index"], unreadable["errors"][0]["pointer"]) == (2, "/house_limits/0/unit")


def test_what_may_be_held_is_what_has_a_single_bound(release: FrozenRelease) -> None:
    rules = release.book.rules.values()
    assert {rule.measure for rule in rules if bounds_of(rule)} == {*HELD}


def test_every_published_bound_finds_the_same_as_a_house_limit_and_takes_nothing_away(release: FrozenRelease) -> None:
    """On both sides of every bound: stricter ones are found beside it, as strict ones too, and laxer ones hide none."""
    book, tried = release.book, 0
    for vector in release.vectors:
        limit = book.by_slug[vector["limit"]]
        if limit.comparator not in bounds_of(book.rules[limit.rule]) or limit.value is None or limit.made_in_clinic:
            continue
        copy = own(
            slug="a-copy",
            rule=limit.rule,
            comparator=limit.comparator,
            value=limit.as_published["value"],
            unit=limit.unit,
            severity=limit.severity,
            **{name: limit.as_published.get(name) for name in ("jurisdiction",)},
            product=limit.product,
            sclerosant=limit.sclerosant,
            concentration_percent=None if limit.concentration is None else str(limit.concentration / 1000),
            form=limit.form,
            vein_type=limit.vein_type,
            vein=limit.vein,
            area=limit.area,
            first_exposure=limit.first_exposure,
        )
        lax = {**copy, "slug": "a-lax-one", "value": "0" if limit.direction < 0 else "999999", "severity": "info"}
        before = everything(vector["plan"], book)
        after = everything({**vector["plan"], "house_limits": [lax, copy]}, book)
        assert [*lost(before, after)] == [], vector["slug"]
        found = {
            (row["pointer"], row["observed"]["value"]) for row in of_house(after) if row["limit"]["slug"] == "a-copy"
        }
        published = {
            (row["pointer"], row["observed"]["value"])
            for row in before["findings"]
            if limit.slug in (row["limit"]["slug"], *row["also_exceeds"])
        }
        assert found == published, vector["slug"]
        tried += bool(published)
    assert tried > 50


def test_nothing_of_it_is_remembered_and_none_is_judged_for_another(release: FrozenRelease) -> None:
    """Two lists at a time, each in a crowd of others: every answer is the one that it is alone."""
    book = release.book
    plans = [three(house_limits=[own(value=str(k), slug=f"our-{k}")]) for k in range(1, 9)] + [three()]

    def answer(body: dict[str, Any]) -> str:
        return json.dumps(check(parse(json.dumps(body).encode()), book))

    alone = [answer(body) for body in plans]
    remembered = set(book.known)
    with ThreadPoolExecutor(8) as crowd:
        together = [*crowd.map(answer, plans * 12)]
    assert together == alone * 12
    assert len({*alone}) == len(plans)
    assert set(book.known) == remembered
    assert not {"house", "our-1"} & {limit.slug for limit in book.limits}
