"""Rules in corners that the cases do not reach."""

import copy
from itertools import product as product_of_all
from typing import Any

import pytest
from django.test import Client

from api.releases import FrozenRelease
from api.rules import Book, check
from api.rules.book import Profile
from api.rules.numbers import as_text, in_words, thousandths
from api.rules.plan import FORMS, RULE_SETS
from tests.plans import checked, entry, faults, plan, session, treatment


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("10", 10_000), ("0.001", 1), ("10.2", 10_200), ("999999.999", 999_999_999), ("1.0000", None)],
)
def test_decimals_are_read_exactly(text: str, number: int | None) -> None:
    assert thousandths(text) == number


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        ((10_000, 1), "10"),
        ((10_200, 1), "10.2"),
        ((-200, 1), "-0.2"),
        ((1000, 3), "0.333333"),
        ((2000, 3), "0.666667"),
        ((1, 1), "0.001"),
        ((0, 7), "0"),
    ],
)
def test_numbers_leave_in_their_shortest_form(ratio: tuple[int, int], text: str) -> None:
    assert as_text(*ratio) == text


def test_units_read_well_in_sentences() -> None:
    words = [in_words("1", "d"), in_words("2", "d"), in_words("5", "{vial}"), in_words("10", "mL"), in_words("3", "1")]
    assert words == ["1 day", "2 days", "5 vials", "10 mL", "3"]


def test_a_stated_container_tells_the_size_of_a_vial(client: Client) -> None:
    vials = treatment(
        product="fibrovein",
        concentration_percent="3",
        amount={"value": "5", "unit": "vial"},
        containers={"volume_ml": "5"},
    )
    answer = checked(client, plan(session(vials), jurisdiction="GB", rule_sets=["clinic", "label"]))
    observed = {row["id"]: row["observed"] for row in answer["findings"]}
    assert observed["session-volume:/sessions/0"] == {"value": "25", "unit": "mL"}
    assert entry(answer, "passed", "container-volume")["observed"]["value"] == "5"


def test_a_container_of_a_size_that_is_not_sold_is_an_error(client: Client) -> None:
    odd = treatment(containers={"volume_ml": "10", "count": 1})
    finding = entry(checked(client, plan(session(odd))), "findings", "container-volume")
    assert finding["limit"]["values"] == ["2"]
    assert "comes in 2 mL" in finding["message"]


def test_where_no_container_is_known_a_stated_one_is_not_judged(client: Client) -> None:
    glycerin = treatment(product="glycerin", concentration_percent="72", containers={"volume_ml": "10"})
    answer = checked(client, plan(session(glycerin)))
    assert "container-volume" not in {row["rule"] for row in answer["findings"] + answer["passed"]}
    message = entry(answer, "findings", "product-jurisdiction")["message"]
    assert "(read: none)" in message


def test_vials_without_a_product_or_the_clinics_equation_have_no_volume(client: Client) -> None:
    vials = {"area": "leg", "amount": {"value": "5", "unit": "vial"}}
    answer = checked(client, {"rule_sets": ["label", "policy"], "sessions": [{"treatments": [vials]}]})
    missing = [row["missing"] for row in answer["not_evaluated"] if row["rule"] == "session-volume"]
    assert "/sessions/0/treatments/0/product" in missing[0]


def test_injections_of_several_treatments_count_together_at_the_first_treatment(client: Client) -> None:
    base = {
        "vein_type": "varicose-vein",
        "vein_diameter_mm": None,
        "product": "aethoxysklerol",
        "concentration_percent": "2",
        "first_exposure": True,
        "amount": {"value": "1", "unit": "mL"},
    }
    listed = treatment(**base, injection_count=None, injections=[{"count": 1, "volume_ml": "1"}])
    counted = treatment(**base, injection_count=1)
    answer = checked(client, plan(session(listed, counted), jurisdiction="CH"))
    finding = entry(answer, "findings", "injection-count")
    assert finding["observed"]["value"] == "2"
    assert finding["contributing"] == [
        "/sessions/0/treatments/0/injections",
        "/sessions/0/treatments/1/injection_count",
    ]
    open_count = treatment(**base, injection_count=None)
    answer = checked(client, plan(session(open_count), jurisdiction="CH"))
    assert entry(answer, "not_evaluated", "injection-count")["missing"] == ["/sessions/0/treatments/0/injection_count"]


def test_an_undated_session_beside_another_leaves_the_interval_open(client: Client) -> None:
    answer = checked(client, plan(session(), session(date=None), previous_sessions=[]))
    missing = {row["pointer"]: row["missing"] for row in answer["not_evaluated"] if row["rule"] == "session-spacing"}
    assert missing == {"/sessions/0": ["/sessions/1/date"], "/sessions/1": ["/sessions/1/date"]}
    assert answer["verdict"] == "incomplete"


def test_an_undated_earlier_session_leaves_the_interval_open(client: Client) -> None:
    answer = checked(client, plan(previous_sessions=[{"areas": ["thigh"]}]))
    assert entry(answer, "not_evaluated", "session-spacing")["missing"] == ["/previous_sessions/0/date"]


def test_a_session_of_unknown_date_may_share_a_day_with_any_other(client: Client) -> None:
    half = treatment(
        product="aethoxysklerol", concentration_percent="2", amount={"value": "4", "unit": "mL"}, injection_count=4
    )
    body = plan(session(half), session(half, date=None), jurisdiction="DE", patient={"weight_kg": "70"})
    answer = checked(client, body)
    told = [row for row in answer["not_evaluated"] if row["rule"] == "daily-dose-per-weight"]
    assert [(row["pointer"], row["missing"]) for row in told] == [
        ("/sessions/0", ["/sessions/1/date"]),
        ("/sessions/1", ["/sessions/1/date"]),
    ]
    assert "daily-dose-per-weight" not in {row["rule"] for row in answer["passed"]}


@pytest.mark.parametrize("jurisdiction", ["US", "GB"])
def test_foam_that_comes_ready_made_is_not_held_to_the_volume_of_foam_made_in_the_clinic(
    client: Client, jurisdiction: str
) -> None:
    foam = treatment(product="varithena", form="foam", amount={"value": "12", "unit": "mL"}, injection_count=4)
    answer = checked(client, plan(session(foam), jurisdiction=jurisdiction, rule_sets=["guideline", "label"]))
    assert "session-volume" not in {finding["rule"] for finding in answer["findings"]}


def test_a_share_that_lacks_the_weight_asks_for_nothing_that_is_told(client: Client) -> None:
    answer = checked(client, mixed(weight=None, product="glycerin", concentration_percent="72"))
    assert entry(answer, "not_evaluated", "mixed-products")["missing"] == ["/patient/weight_kg"]


def test_a_count_of_canisters_says_nothing_of_the_volume_of_foam(client: Client) -> None:
    canister = treatment(
        product="varithena",
        form="foam",
        amount={"value": "1", "unit": "vial"},
        containers={"volume_ml": "18", "count": 1},
    )
    answer = checked(client, plan(session(canister)))
    assert "container-volume:/sessions/0/treatments/0" in {finding["id"] for finding in answer["findings"]}
    row = entry(answer, "not_evaluated", "session-volume")
    assert (row["missing"], row["leaves_incomplete"]) == (["/sessions/0/treatments/0/amount"], True)
    canister["amount"] = {"value": "10", "unit": "mL"}
    answer = checked(client, plan(session(canister)))
    assert "container-shortfall" not in {row["rule"] for row in answer["passed"] + answer["findings"]}


def test_what_equal_treatments_miss_is_told_of_each(client: Client) -> None:
    answer = checked(client, plan(session(*[treatment(injection_count=None)] * 3)))
    told = [row for row in answer["not_evaluated"] if row["rule"] == "injection-volume"]
    assert [row["missing"] for row in told] == [[f"/sessions/0/treatments/{j}/injection_count"] for j in range(3)]


def test_an_unconfirmed_limit_is_told_beside_a_confirmed_one_that_misses_its_input(release: FrozenRelease) -> None:
    content: dict[str, Any] = copy.deepcopy(dict(release.content))
    [row] = [row for row in content["session-limits"] if row["slug"] == "asclera-age-min"]
    row.update(status="unconfirmed", value=None, severity="warning")
    answer = check(plan(patient={"conditions": [], "allergies": []}), Book(content))
    told = [row for row in answer["not_evaluated"] if row["rule"] == "patient-age"]
    assert [(row["reason"], row["limits"]) for row in told] == [
        ("limit_unconfirmed", ["asclera-age-min"]),
        ("missing_input", []),
    ]


def test_of_several_limits_that_are_kept_the_one_with_the_least_room_is_shown(client: Client) -> None:
    answer = checked(client, plan())
    # At 3 mL the clinic and the label leave 7 mL each: the label is told. 0.15 mL is nearer to 0.1 mL than to 0.3 mL.
    assert entry(answer, "passed", "session-volume")["limit"]["slug"] == "asclera-session-volume-max"
    assert entry(answer, "passed", "injection-volume")["limit"]["slug"] == "asclera-injection-volume-min"
    more = plan(session(treatment(amount={"value": "5", "unit": "mL"})))
    assert entry(checked(client, more), "passed", "injection-volume")["limit"]["slug"] == "asclera-injection-volume-max"


def test_a_single_first_session_has_no_interval(client: Client) -> None:
    answer = checked(client, plan(session(date=None), previous_sessions=[]))
    assert answer["verdict"] == "within_limits"


def test_the_same_area_is_found_through_the_area_that_holds_it(client: Client) -> None:
    answer = checked(client, plan(previous_sessions=[{"date": "2026-11-10", "areas": ["leg"]}]))
    assert entry(answer, "findings", "same-area-spacing")["observed"] == {"value": "12", "unit": "d"}
    answer = checked(client, plan(previous_sessions=[{"date": "2026-11-10"}]))
    assert entry(answer, "not_evaluated", "same-area-spacing")["missing"] == ["/previous_sessions/0/areas"]


def test_breastfeeding_without_a_planned_pause_is_told(client: Client) -> None:
    patient = {"age_years": 30, "weight_kg": "60", "conditions": ["breastfeeding"], "allergies": []}
    answer = checked(client, plan(patient=patient))
    missing = entry(answer, "not_evaluated", "breastfeeding-pause")["missing"]
    assert missing == ["/patient/breastfeeding_pause_hours"]


def mixed(weight: str | None = "60", **other: Any) -> dict[str, Any]:
    """Aethoxysklerol 1 % liquid and another product in one session in Germany."""
    first = treatment(product="aethoxysklerol", concentration_percent="1", vein_type="reticular-vein")
    first.pop("vein_diameter_mm")
    first |= {"amount": {"value": "6", "unit": "mL"}}
    second = treatment(**other)
    patient = {"age_years": 42, "conditions": [], "allergies": []} | ({"weight_kg": weight} if weight else {})
    return plan(session(first, second), jurisdiction="DE", patient=patient, rule_sets=["label", "policy"])


def test_one_product_in_forms_of_other_maxima_is_a_mixture(client: Client) -> None:
    foam: dict[str, Any] = {"product": "aethoxysklerol", "form": "foam", "amount": {"value": "6", "unit": "mL"}}
    answer = checked(client, mixed(**foam))
    # At 60 kg and 2 mg/kg the most is 12 mL of the liquid, and 10 mL of foam: a half and three fifths.
    assert entry(answer, "findings", "mixed-products")["observed"] == {"value": "1.1", "unit": "1"}


@pytest.mark.parametrize(("vein", "held"), [("great-saphenous", True), ("small-saphenous", False), (None, True)])
def test_a_limit_of_one_vein_holds_for_it_and_where_no_vein_is_named(
    client: Client, vein: str | None, held: bool
) -> None:
    foam = treatment(
        product="aethoxysklerol",
        concentration_percent="3",
        form="foam",
        vein_type="saphenous-trunk",
        vein=vein,
        amount={"value": "6.5", "unit": "mL"},
        injection_count=2,
    )
    findings = checked(client, plan(session(foam), jurisdiction="AT", rule_sets=["label"]))["findings"]
    slugs = {finding["limit"]["slug"] for finding in findings}
    assert ("aethoxysklerol-at-saphenous-foam-volume-max" in slugs) is held


def test_what_has_no_number_and_may_apply_leaves_a_plan_incomplete(client: Client) -> None:
    body = plan(session(treatment(product="aethoxysklerol", form=None)), jurisdiction="GB", rule_sets=["label"])
    row = entry(checked(client, body), "not_evaluated", "daily-dose-per-weight")
    assert (row["missing"], row["leaves_incomplete"]) == (["/sessions/0/treatments/0/form"], True)


def test_a_share_asks_for_what_tells_the_maximum(client: Client) -> None:
    answer = checked(client, mixed(product="aetoxisclerol", concentration_percent="3", form=None))
    missing = entry(answer, "not_evaluated", "mixed-products")["missing"]
    assert "/sessions/0/treatments/1/form" in missing


def test_strengths_that_share_a_maximum_are_no_mixture(client: Client) -> None:
    other: dict[str, Any] = {
        "product": "aethoxysklerol",
        "concentration_percent": "2",
        "amount": {"value": "1", "unit": "mL"},
    }
    answer = checked(client, mixed(**other))
    assert "mixed-products" not in {row["rule"] for row in answer["passed"] + answer["findings"]}


def test_a_maximum_by_weight_counts_in_a_mixture(client: Client) -> None:
    other = {"product": "aetoxisclerol", "concentration_percent": "0.5", "amount": {"value": "6", "unit": "mL"}}
    answer = checked(client, mixed(weight="60", **other))
    # At 60 kg and 2 mg/kg the most is 12 mL of 1 % and 24 mL of 0.5 %: a half and a quarter.
    assert entry(answer, "passed", "mixed-products")["observed"] == {"value": "0.75", "unit": "1"}


def test_a_share_without_its_maximum_is_not_evaluated(client: Client) -> None:
    answer = checked(client, mixed(product="glycerin", concentration_percent="72"))
    row = entry(answer, "not_evaluated", "mixed-products")
    assert (row["reason"], row["missing"]) == ("limit_unconfirmed", [])
    answer = checked(client, mixed(weight=None, product="glycerin", concentration_percent="72"))
    row = entry(answer, "not_evaluated", "mixed-products")
    assert (row["reason"], row["missing"][0]) == ("missing_input", "/patient/weight_kg")


def test_an_excess_shared_by_two_treatments_is_taken_off_one_or_both(client: Client) -> None:
    big = treatment(amount={"value": "8", "unit": "mL"}, injection_count=60)
    small = treatment(amount={"value": "4", "unit": "mL"}, injection_count=30)
    finding = checked(client, plan(session(small, big)))["findings"][0]
    labels = [suggestion["label"] for suggestion in finding["suggestions"]]
    assert labels == [
        "Reduce the treatment at /sessions/0/treatments/1 to 6 mL",
        "Reduce the treatment at /sessions/0/treatments/0 to 2 mL in 15 injections",
        "Reduce all 2 treatments by the same share",
        "Move 2 mL to a later session on 2026-11-29",
    ]


def test_a_suggestion_that_clears_nothing_is_not_offered(client: Client) -> None:
    many = [treatment(amount={"value": "0.001", "unit": "mL"}, injection_count=1) for _ in range(2)]
    huge = treatment(amount={"value": "90000", "unit": "mL"}, injection_count=500)
    finding = next(
        row for row in checked(client, plan(session(*many, huge)))["findings"] if row["rule"] == "session-volume"
    )
    assert [suggestion["label"] for suggestion in finding["suggestions"]] == [
        "Reduce the treatment at /sessions/0/treatments/2 to 9.9 mL"
    ]
    tiny = treatment(amount={"value": "0.05", "unit": "mL"}, injection_count=1)
    finding = entry(checked(client, plan(session(tiny))), "findings", "injection-volume")
    assert finding["suggestions"] == []


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [("age_years", 131, "out_of_range"), ("age_years", -1, "not_a_whole_number"), ("conditions", 7, "not_a_list")],
)
def test_members_of_the_patient_are_bounded(client: Client, member: str, value: Any, code: str) -> None:
    assert faults(client, plan(patient={member: value})) == {f"/patient/{member}": code}


def test_a_flag_is_true_or_false(client: Client) -> None:
    assert faults(client, plan(provider={"eligibility_confirmed": "yes"})) == {
        "/provider/eligibility_confirmed": "not_a_boolean"
    }


def test_a_test_dose_without_minutes_contributes_none(client: Client) -> None:
    spots = [
        treatment(product="sotradecol", concentration_percent="1", test_dose=dose)
        for dose in ({"volume_ml": "0.5", "observation_minutes": 0}, {"volume_ml": "0.5"})
    ]
    finding = entry(checked(client, plan(session(*spots))), "findings", "test-dose-observation")
    assert finding["contributing"] == ["/sessions/0/treatments/0/test_dose/observation_minutes"]


def test_what_is_remembered_of_a_profile_is_what_is_worked_out(release: FrozenRelease) -> None:
    """Another thing is remembered, what treatments came to: see `the_short_proof_is_the_full_one`."""
    for jurisdiction in ("US", "DE", "FR"):
        in_force = release.book.in_force(jurisdiction, frozenset(RULE_SETS))
        for product, form, area in product_of_all((None, *release.book.products), (None, *FORMS), ("leg", "ankle")):
            sclerosant = release.book.products[product].sclerosant if product else None
            profile = Profile(product, sclerosant, 1000, form, None, None, area, None)
            remembered, worked_out = in_force.match(profile), in_force._match(profile)
            assert remembered.by_rule == worked_out.by_rule
            assert remembered is in_force.match(profile)


def test_profiles_share_what_a_rule_says_to_both(release: FrozenRelease) -> None:
    """A profile by itself is small in memory, so that clients who send many of them take little."""
    in_force = release.book.in_force("US", frozenset(RULE_SETS))
    one, other = (
        in_force.match(Profile("asclera", "polidocanol", 1000, form, None, None, "leg", None)) for form in FORMS
    )
    alike = {rule for rule in one.by_rule if one.by_rule[rule] == other.by_rule.get(rule)}
    assert 10 < len(alike) < len(one.by_rule)
    assert all(one.by_rule[rule] is other.by_rule[rule] for rule in alike)
