"""POST /v1/session-plans/validate: the contract's answer."""

import copy
import hashlib
import json
from decimal import Decimal
from typing import Any

import pytest
import rfc8785
from django.test import Client

from api.models import SessionLimit
from api.publishing import publish
from tests.plans import checked, clinic_plan, plan, post, session, treatment

CLINIC_ONLY: dict[str, Any] = {"rule_sets": ["clinic"], "provider": {"eligibility_confirmed": True}}


def test_twelve_cc_is_outside_the_clinics_limit_with_source_and_suggestion(client: Client) -> None:
    answer = checked(client, clinic_plan("12"))
    assert answer["verdict"] == "outside_limits"
    [finding] = answer["findings"]
    assert finding["id"] == "session-volume:/sessions/0"
    assert "12 of 10 mL" in finding["message"]
    assert finding["observed"] == {"value": "12", "unit": "mL"}
    assert finding["headroom"] == {"value": "-2", "unit": "mL"}
    assert finding["contributing"] == ["/sessions/0/treatments/0/amount"]
    assert finding["citations"][0]["source"] == "article"
    row = client.get(f"/v1/session-limits/{finding['limit']['slug']}").json()
    assert row["value"] == finding["limit"]["value"] == "10"
    assert finding["suggestions"][0]["patch"] == [
        {"op": "replace", "path": "/sessions/0/treatments/0/amount/value", "value": "10"}
    ]
    assert finding["suggestions"][0]["resolves"] == [finding["id"]]


def test_eight_cc_with_eligibility_confirmed_is_within_the_clinics_limits(client: Client) -> None:
    answer = checked(client, clinic_plan("8", **CLINIC_ONLY))
    assert answer["verdict"] == "within_limits"
    assert answer["findings"] == answer["not_evaluated"] == []


def test_the_contracts_plan_with_amounts_inside_every_limit_is_within_limits(client: Client) -> None:
    answer = checked(client, plan())
    assert answer["verdict"] == "within_limits"
    volume = next(entry for entry in answer["passed"] if entry["rule"] == "session-volume")
    assert volume["observed"] == {"value": "3", "unit": "mL"}
    assert volume["limit"]["slug"] == "asclera-session-volume-max"
    assert volume["headroom"] == {"value": "7", "unit": "mL"}
    assert not any(entry["leaves_incomplete"] for entry in answer["not_evaluated"])
    assert {entry["rule"] for entry in answer["not_evaluated"]} == {
        "aftercare",
        "ankle-brachial-index",
        "contraindication",  # of medications, which are not essential
        "postpartum-interval",
        "same-day-procedures",
    }


@pytest.mark.parametrize(
    "path",
    [
        "patient/age_years",
        "patient/conditions",
        "patient/allergies",
        "provider/eligibility_confirmed",
        "provider/emergency_equipment_on_site",
        "previous_sessions",
        "sessions/0/date",
        "sessions/0/observation_minutes",
        "sessions/0/compression_days",
        "sessions/0/treatments/0/vein_diameter_mm",
        "sessions/0/treatments/0/product",
        "sessions/0/treatments/0/concentration_percent",
        "sessions/0/treatments/0/form",
        "sessions/0/treatments/0/injection_count",
    ],
)
def test_leaving_out_an_essential_member_leaves_the_plan_incomplete(client: Client, path: str) -> None:
    body = plan()
    *parents, last = path.split("/")
    node: Any = body
    for parent in parents:
        node = node[int(parent)] if parent.isdigit() else node[parent]
    del node[last]
    answer = checked(client, body)
    assert answer["verdict"] == "incomplete"
    assert any(f"/{path}" in entry["missing"] for entry in answer["not_evaluated"])


def test_a_member_that_no_rule_needs_here_is_not_missed(client: Client) -> None:
    body = plan()
    del body["patient"]["weight_kg"]
    answer = checked(client, body)
    assert answer["verdict"] == "within_limits"
    entry = next(entry for entry in answer["not_evaluated"] if entry["rule"] == "daily-dose-cross-check")
    assert entry["missing"] == ["/patient/weight_kg"]


def test_the_strictest_limit_binds_and_the_others_are_told(client: Client) -> None:
    body = plan(session(treatment(amount={"value": "10.2", "unit": "mL"}, injection_count=51)))
    answer = checked(client, body)
    finding = answer["findings"][0]
    assert finding["limit"]["slug"] == "asclera-session-volume-max"
    assert finding["also_exceeds"] == ["clinic-session-volume-max"]
    assert answer["summary"]["error"] == 1
    assert answer["summary"]["warning"] == 1  # above the volume at which reactions are more frequent


def test_ten_ml_in_many_decimal_parts_is_exactly_ten(client: Client) -> None:
    values = ("2.7", "3.6", "0.7", "1.2", "1.8")
    assert sum(map(float, values)) > 10  # which is why nothing here is a float
    parts = [{"area": "leg", "amount": {"value": value, "unit": "mL"}} for value in values]
    answer = checked(client, {"sessions": [{"treatments": parts}], **CLINIC_ONLY})
    assert answer["verdict"] == "within_limits"


def test_volume_of_an_injection_is_compared_as_a_fraction(client: Client) -> None:
    third = treatment(amount={"value": "1", "unit": "mL"}, injection_count=3)  # 0.3333… mL, over 0.3
    answer = checked(client, plan(session(third)))
    finding = next(finding for finding in answer["findings"] if finding["rule"] == "injection-volume")
    assert finding["observed"] == {"value": "0.333333", "unit": "mL"}
    assert finding["suggestions"][0]["label"] == "Share the amount among 4 injections"


def test_vials_become_ml_through_the_products_container(client: Client) -> None:
    vials = treatment(amount={"value": "6", "unit": "vial"}, injection_count=60)
    answer = checked(client, plan(session(vials)))
    volume = next(finding for finding in answer["findings"] if finding["rule"] == "session-volume")
    assert volume["observed"] == {"value": "12", "unit": "mL"}
    count = next(finding for finding in answer["findings"] if finding["rule"] == "vial-count")
    assert count["observed"] == {"value": "6", "unit": "{vial}"}


def test_vials_without_a_product_follow_the_article_and_a_warning_says_so(client: Client) -> None:
    answer = checked(client, clinic_plan("5", "vial", **CLINIC_ONLY))
    assert answer["verdict"] == "needs_review"
    [finding] = answer["findings"]
    assert (finding["rule"], finding["severity"]) == ("container-volume", "warning")
    assert {entry["rule"]: entry["observed"]["value"] for entry in answer["passed"]}["session-volume"] == "10"


def test_vials_of_an_open_size_are_an_error_and_no_volume_is_made_up(client: Client) -> None:
    vials = treatment(product="fibrovein", concentration_percent="3", amount={"value": "5", "unit": "vial"})
    answer = checked(client, plan(session(vials), jurisdiction="GB"))
    finding = next(finding for finding in answer["findings"] if finding["rule"] == "container-volume")
    assert (finding["severity"], finding["observed"]) == ("error", None)
    volume = next(entry for entry in answer["not_evaluated"] if entry["rule"] == "session-volume" and entry["missing"])
    assert volume["missing"] == ["/sessions/0/treatments/0/containers"]


def test_a_limit_that_no_source_confirms_warns_and_has_no_number(client: Client) -> None:
    foam = treatment(product="aethoxysklerol", concentration_percent="3", form="foam", vein_type="varicose-vein")
    answer = checked(client, plan(session(foam), jurisdiction="GB"))
    row = next(row for row in answer["not_evaluated"] if row["rule"] == "session-volume")
    assert (row["reason"], row["limits"]) == (
        "limit_unconfirmed",
        ["aethoxysklerol-gb-foam-session-volume-unconfirmed"],
    )
    finding = next(row for row in answer["findings"] if row["id"] == "session-volume:/sessions/0:limit-unconfirmed")
    assert (finding["severity"], finding["limit"]["value"], finding["limit"]["status"]) == (
        "warning",
        None,
        "unconfirmed",
    )


def test_a_refusal_of_eligibility_is_an_error_without_a_patch(client: Client) -> None:
    answer = checked(client, clinic_plan("8", rule_sets=["clinic"], provider={"eligibility_confirmed": False}))
    [finding] = answer["findings"]
    assert (finding["rule"], finding["severity"], finding["suggestions"]) == ("provider-eligibility", "error", [])


def test_an_open_eligibility_is_the_providers_decision(client: Client) -> None:
    answer = checked(client, clinic_plan("8", rule_sets=["clinic"]))
    [entry] = answer["not_evaluated"]
    assert entry["reason"] == "provider_decision"
    assert answer["verdict"] == "incomplete"


def test_sessions_of_the_plan_and_earlier_ones_both_count_for_spacing(client: Client) -> None:
    close = [session(date="2026-11-26"), session(date="2026-11-22")]
    findings = checked(client, plan(*close))["findings"]
    spacing = [finding for finding in findings if finding["rule"] == "session-spacing"]
    assert [(finding["pointer"], finding["observed"]["value"]) for finding in spacing] == [("/sessions/0", "4")]
    assert spacing[0]["suggestions"][0]["label"] == "Move this session to 2026-11-29"
    earlier = plan(previous_sessions=[{"date": "2026-11-18"}])
    spacing = [finding for finding in checked(client, earlier)["findings"] if finding["rule"] == "session-spacing"]
    assert spacing[0]["contributing"] == ["/sessions/0/date", "/previous_sessions/0/date"]


def test_the_same_plan_gives_the_same_bytes(client: Client) -> None:
    body = plan(session(treatment(amount={"value": "12", "unit": "mL"})))
    assert post(client, body).content == post(client, copy.deepcopy(body)).content


def test_the_receipt_has_the_digest_of_the_plan_in_canonical_json(client: Client) -> None:
    text = json.dumps(plan(session(treatment(vein_diameter_mm=0.75)), patient={"age_years": 42, "weight_kg": 66.5}))
    receipt = json.loads(post(client, text).content)["receipt"]
    assert receipt["plan_sha256"] == hashlib.sha256(rfc8785.dumps(json.loads(text))).hexdigest()


def test_the_receipt_does_not_depend_on_spelling_of_the_json(client: Client) -> None:
    body = clinic_plan("8")
    spaced = json.dumps(body, indent=3)
    reordered = json.dumps({"sessions": [{"treatments": [{"amount": {"unit": "cc", "value": "8"}, "area": "leg"}]}]})
    receipts = [json.loads(post(client, text).content)["receipt"] for text in (body, spaced, reordered)]
    assert receipts[0] == receipts[1] == receipts[2]
    assert receipts[0]["canonicalization"] == "RFC 8785"
    assert json.loads(post(client, clinic_plan("8.5")).content)["receipt"] != receipts[0]


def test_a_number_is_read_from_its_text(client: Client) -> None:
    text = json.dumps(clinic_plan("8", **CLINIC_ONLY)).replace('"8"', "10.000")
    assert json.loads(post(client, text).content)["verdict"] == "within_limits"
    text = text.replace("10.000", "10.001")
    assert json.loads(post(client, text).content)["findings"][0]["observed"]["value"] == "10.001"


def test_editing_a_limit_and_publishing_changes_what_is_shown_and_enforced(small_content: None, client: Client) -> None:
    body = clinic_plan("10.5", **CLINIC_ONLY)
    [finding] = checked(client, body)["findings"]
    assert (finding["limit"]["value"], finding["observed"]["value"]) == ("10", "10.5")
    limit = SessionLimit.objects.get(slug="clinic-session-volume-max")
    limit.value = Decimal(11)
    limit.save()
    shown = client.get("/v1/session-limits/clinic-session-volume-max")
    assert (shown.json()["value"], shown["Content-Release"]) == ("10", "1")  # half-edited facts stay out of sight
    assert checked(client, body)["verdict"] == "outside_limits"
    publish("The clinic's own limit is 11 mL", loosens=["session-limits/clinic-session-volume-max"])
    shown = client.get("/v1/session-limits/clinic-session-volume-max")
    assert (shown.json()["value"], shown["Content-Release"]) == ("11", "2")
    assert checked(client, body)["verdict"] == "within_limits"
    assert json.loads(post(client, body, "/v1/session-plans/validate?release=1").content)["verdict"] == "outside_limits"


def test_findings_come_by_severity_then_pointer_then_rule(client: Client) -> None:
    many = [treatment(amount={"value": "0.4", "unit": "mL"}, injection_count=1) for _ in range(12)]
    findings = checked(client, plan(session(*many)))["findings"]
    errors = [finding["pointer"] for finding in findings if finding["severity"] == "error"]
    assert errors == [f"/sessions/0/treatments/{j}" for j in range(12)]
    severities = [finding["severity"] for finding in findings]
    assert severities == sorted(severities, key=["error", "warning", "info"].index)
