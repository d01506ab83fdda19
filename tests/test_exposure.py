"""First exposure: what follows from earlier sessions, and what an open one leaves open."""

from typing import Any

import pytest
from django.test import Client

from tests.plans import checked, entry, plan, session, treatment


def medium_vein(**changes: Any) -> dict[str, Any]:
    """One mL of Aethoxysklerol 2 % in one injection, the most at a first treatment in Austria."""
    base = {"product": "aethoxysklerol", "concentration_percent": "2", "vein_type": "varicose-vein"}
    one = {"vein_diameter_mm": "5", "amount": {"value": "1", "unit": "mL"}, "injection_count": 1}
    return treatment(**{**base, **one, **changes})


def exposure_untold(*treatments: dict[str, Any]) -> dict[str, Any]:
    """An Austrian plan that does not tell with what the patient was treated before."""
    visit = session(*treatments, observation_minutes=30)
    return plan(visit, jurisdiction="AT", previous_sessions=[{"date": "2026-10-01", "areas": ["thigh"]}])


def test_an_injection_over_the_maximum_of_a_first_exposure_leaves_an_open_one_incomplete(client: Client) -> None:
    body = exposure_untold(medium_vein(amount={"value": "1.5", "unit": "mL"}))
    answer = checked(client, body)
    assert answer["verdict"] == "incomplete"
    row = entry(answer, "not_evaluated", "injection-volume")
    assert (row["leaves_incomplete"], row["missing"]) == (True, ["/sessions/0/treatments/0/first_exposure"])
    body["sessions"][0]["treatments"][0]["amount"]["value"] = "1"
    answer = checked(client, body)
    assert answer["verdict"] == "within_limits"
    assert entry(answer, "not_evaluated", "injection-volume")["leaves_incomplete"] is False


@pytest.mark.parametrize(
    "treatments",
    [
        [medium_vein(amount={"value": "2", "unit": "mL"}, injection_count=2)],
        [medium_vein(first_exposure=True), medium_vein()],
    ],
)
def test_injections_over_the_count_of_a_first_exposure_leave_an_open_one_incomplete(
    client: Client, treatments: list[dict[str, Any]]
) -> None:
    answer = checked(client, exposure_untold(*treatments))
    assert answer["verdict"] == "incomplete"
    assert entry(answer, "not_evaluated", "injection-count")["leaves_incomplete"] is True


def test_no_suggestion_may_exceed_what_is_open(client: Client) -> None:
    [finding] = checked(client, exposure_untold(medium_vein(amount={"value": "2.5", "unit": "mL"})))["findings"]
    assert [suggestion["label"] for suggestion in finding["suggestions"]] == ["Reduce this treatment to 2 mL"]


def test_a_previous_session_that_is_later_than_a_planned_one_does_not_come_before_it(client: Client) -> None:
    first = treatment(product="sotradecol", concentration_percent="1", test_dose={"volume_ml": "0"})
    body = plan(
        session(first, date="2026-01-01"),
        session(date="2026-12-01"),
        previous_sessions=[{"date": "2026-03-01", "areas": ["calf"], "products": ["sotradecol"]}],
    )
    assert "test-dose:/sessions/0" in {finding["id"] for finding in checked(client, body)["findings"]}


def test_equal_treatments_are_told_apart_by_what_came_before(client: Client) -> None:
    one = medium_vein(amount={"value": "1.5", "unit": "mL"})
    later, first = (session(one, date=day, observation_minutes=30) for day in ("2027-01-10", "2026-11-22"))
    answer = checked(client, plan(later, first, jurisdiction="AT", previous_sessions=[]))
    assert [found["id"] for found in answer["findings"]] == ["injection-volume:/sessions/1/treatments/0"]


@pytest.mark.parametrize(
    ("earlier", "told"),
    [
        ([{"date": "2026-10-01", "products": ["fibrovein"]}], False),
        ([{"date": "2026-10-01", "products": ["asclera"]}], True),
        ([], True),
    ],
)
def test_first_exposure_follows_from_earlier_products(client: Client, earlier: list[Any], told: bool) -> None:
    sts = treatment(product="sotradecol", concentration_percent="1", test_dose={"volume_ml": "0"})
    findings = checked(client, plan(session(sts), previous_sessions=earlier))["findings"]
    assert ("test-dose" in {finding["rule"] for finding in findings}) is told


def test_first_exposure_stays_open_where_earlier_products_are_not_told(client: Client) -> None:
    sts = treatment(product="sotradecol", concentration_percent="1")
    answer = checked(client, plan(session(sts), previous_sessions=[{"date": "2026-10-01"}]))
    pointer = "/sessions/0/treatments/0/first_exposure"
    assert pointer in entry(answer, "not_evaluated", "test-dose")["missing"]


def test_a_later_session_of_the_plan_is_no_first_exposure(client: Client) -> None:
    sts = treatment(product="sotradecol", concentration_percent="1", test_dose={"volume_ml": "0"})
    two = plan(session(sts, date="2026-12-22"), session(sts), previous_sessions=[])
    pointers = [row["pointer"] for row in checked(client, two)["findings"] if row["rule"] == "test-dose"]
    assert pointers == ["/sessions/1"]
