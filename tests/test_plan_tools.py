"""Batch, comparison and resolution: what helps before and after a check."""

import json
import os
import subprocess
import sys
from typing import Any

import jsonpatch
import pytest
from django.conf import settings
from django.test import Client

from api.models import SessionLimit
from api.publishing import publish
from api.releases import FrozenRelease
from tests.plans import checked, clinic_plan, plan, post, session, treatment

BATCH = "/v1/session-plans/validate-batch"
COMPARE = "/v1/session-plans/compare"
CLINIC_ONLY: dict[str, Any] = {"rule_sets": ["clinic"], "provider": {"eligibility_confirmed": True}}


def test_a_batch_answers_each_plan_as_alone_and_a_bad_one_spoils_nothing(client: Client) -> None:
    plans = [plan(), clinic_plan("-1"), clinic_plan("12"), 7]
    body = json.loads(post(client, {"plans": plans}, BATCH).content)
    assert [item["status"] for item in body["items"]] == [200, 400, 200, 400]
    assert body["items"][0]["answer"] == checked(client, plans[0])
    assert body["items"][2]["answer"] == checked(client, plans[2])
    assert body["items"][1]["errors"][0]["pointer"] == "/sessions/0/treatments/0/amount/value"
    assert body["items"][3]["errors"][0]["code"] == "not_an_object"


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, ("/plans", "required")),
        ({"plans": []}, ("/plans", "wrong_length")),
        ({"plans": [{}] * 101}, ("/plans", "wrong_length")),
        ({"plans": [{}], "name": "x"}, ("/name", "patient_identifier")),
    ],
)
def test_a_batch_of_another_shape_is_refused(client: Client, body: Any, fault: tuple[str, str]) -> None:
    errors = json.loads(post(client, body, BATCH).content)["errors"]
    assert [(error["pointer"], error["code"]) for error in errors] == [fault]


def test_a_hundred_plans_of_twelve_treatments_fit_in_a_batch(client: Client) -> None:
    one = plan(session(*[treatment(amount={"value": "0.2", "unit": "mL"}, injection_count=1)] * 12))
    body = json.dumps({"plans": [one] * 100})
    assert len(body) > 256 * 1024
    response = post(client, body, BATCH)
    assert [entry["status"] for entry in response.json()["items"]] == [200] * 100
    many = plan(session(*[treatment()] * 200))
    [fault] = post(client, {"plans": [many] * 11}, BATCH).json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/plans", "too_many_treatments")
    response = post(client, body + " " * 1024 * 1024, BATCH)
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")


def test_a_batch_is_checked_under_a_pinned_release(small_content: None, client: Client) -> None:
    raise_the_clinics_limit()
    plans = {"plans": [clinic_plan("10.5", **CLINIC_ONLY)]}
    newest, pinned = (json.loads(post(client, plans, f"{BATCH}{query}").content) for query in ("", "?release=1"))
    assert newest["items"][0]["answer"]["verdict"] == "within_limits"
    assert (pinned["items"][0]["answer"]["verdict"], pinned["release"]) == ("outside_limits", 1)


def raise_the_clinics_limit() -> None:
    SessionLimit.objects.filter(slug="clinic-session-volume-max").update(value=11)
    publish("The clinic's own limit is 11 mL", loosens=["session-limits/clinic-session-volume-max"])


def test_a_comparison_tells_only_the_plans_whose_verdict_changes(small_content: None, client: Client) -> None:
    raise_the_clinics_limit()
    plans = [clinic_plan(value, **CLINIC_ONLY) for value in ("8", "10.5", "12")] + [clinic_plan("x")]
    body = json.loads(post(client, {"plans": plans, "from_release": 1}, COMPARE).content)
    assert body["items"] == [
        {
            "index": 1,
            "from_verdict": "outside_limits",
            "to_verdict": "within_limits",
            "came": [],
            "went": ["session-volume:/sessions/0"],
        }
    ]
    assert (body["from_release"], body["to_release"], body["compared"]) == (1, 2, 3)
    assert [entry["index"] for entry in body["unreadable"]] == [3]
    back = json.loads(post(client, {"plans": plans, "from_release": 2, "to_release": 1}, COMPARE).content)
    assert back["items"][0]["came"] == ["session-volume:/sessions/0"]
    nothing = json.loads(post(client, {"plans": plans, "from_release": 9}, COMPARE).content)
    assert nothing["code"] == "release_not_found"


def resolved(client: Client, query: str) -> dict[str, Any]:
    response = client.get(f"/v1/session-limits/resolve?{query}")
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


@pytest.mark.parametrize(
    ("weight", "bound", "slug"),
    [
        ("45", "9", "aethoxysklerol-de-daily-dose-max"),
        ("50", "10", "aethoxysklerol-de-daily-dose-max"),
        ("100", "10", "clinic-session-volume-max"),
    ],
)
def test_the_binding_limit_follows_the_weight(client: Client, weight: str, bound: str, slug: str) -> None:
    query = f"product=aethoxysklerol&jurisdiction=DE&concentration_percent=1&form=liquid&weight_kg={weight}"
    body = resolved(client, query)
    assert body["binding"]["bound"] == {"value": bound, "unit": "mL"}
    assert body["binding"]["limit"]["slug"] == slug
    assert body["missing"] == []


def test_a_dose_by_weight_is_explained_and_rounded_down(client: Client) -> None:
    body = resolved(client, "product=aethoxysklerol&jurisdiction=DE&concentration_percent=3&form=liquid&weight_kg=70")
    assert body["binding"]["bound"]["value"] == "4.666"
    assert body["binding"]["why"] == "2 mg/kg at 70 kg is 140 mg, which is 4.666 mL at 3 %."


def test_what_is_missing_to_be_sure_is_told(client: Client) -> None:
    body = resolved(client, "product=aethoxysklerol&jurisdiction=DE")
    assert set(body["missing"]) == {"form", "vein_type", "concentration_percent", "weight_kg"}
    unknown = {row["limit"]["slug"] for row in body["candidates"] if row["applies"] == "unknown"}
    assert "aethoxysklerol-de-foam-session-volume-max" in unknown
    assert body["binding"]["limit"]["slug"] == "clinic-session-volume-max"
    nothing_known = resolved(client, "")
    assert "product" in nothing_known["missing"]


def test_cautions_and_unconfirmed_limits_are_told_beside_the_binding_one(client: Client) -> None:
    body = resolved(client, "product=asclera&form=liquid")
    assert body["binding"]["limit"]["slug"] == "asclera-session-volume-max"
    caution = next(row for row in body["cautions"] if row["limit"]["slug"] == "asclera-session-volume-caution")
    assert caution["bound"] == {"value": "3", "unit": "mL"}
    assert body["reason"] is None


def test_no_other_number_binds_where_the_labels_is_unconfirmed(client: Client) -> None:
    body = resolved(client, "product=aethoxysklerol&jurisdiction=GB&concentration_percent=1&form=liquid&weight_kg=60")
    assert (body["binding"], body["reason"]) == (None, "limit_unconfirmed")
    [row] = [row for row in body["candidates"] if row["limit"]["value"] is None]
    assert (row["bound"], row["why"]) == (None, "No source that was read confirms a number.")
    body = resolved(client, "product=fibrovein&jurisdiction=GB&concentration_percent=3&form=liquid")
    assert (body["binding"]["limit"]["slug"], body["binding"]["bound"]["value"]) == (
        "fibrovein-gb-3-session-volume-max",
        "4",
    )


def test_no_other_number_binds_where_no_label_was_read(client: Client) -> None:
    body = resolved(client, "product=sotradecol&jurisdiction=GB&concentration_percent=1&form=liquid")
    assert (body["binding"], body["reason"]) == (None, "not_covered")


@pytest.mark.parametrize("query", ["weight_kg=0", "weight_kg=1e2", "concentration_percent=101", "colour=red"])
def test_a_wrong_question_is_refused(client: Client, query: str) -> None:
    response = client.get(f"/v1/session-limits/resolve?{query}")
    assert response.json()["errors"][0]["parameter"] == query.partition("=")[0]


def test_one_patch_brings_a_plan_with_several_faults_inside(client: Client) -> None:
    body = plan(
        session(treatment(amount={"value": "10.2", "unit": "mL"}, injection_count=20), observation_minutes=5),
        previous_sessions=[{"date": "2026-11-20", "areas": ["thigh"]}],
    )
    answer = checked(client, body)
    assert answer["verdict"] == "outside_limits"
    patched = jsonpatch.apply_patch(body, answer["nearest_within_limits"]["patch"])
    assert checked(client, patched)["verdict"] == "within_limits"
    assert patched["sessions"][0]["observation_minutes"] == 15
    assert patched["sessions"][0]["date"] == "2026-11-27"


@pytest.mark.parametrize("conditions", [["pregnancy"], ["acute-deep-vein-thrombosis"]])
def test_no_patch_answers_a_contraindication(client: Client, conditions: list[str]) -> None:
    patient = {"age_years": 42, "weight_kg": "66", "conditions": conditions, "allergies": []}
    answer = checked(client, plan(patient=patient))
    assert answer["nearest_within_limits"] is None
    assert all(finding["suggestions"] == [] for finding in answer["findings"])


def test_the_excess_can_move_to_a_later_session(client: Client) -> None:
    body = plan(session(treatment(amount={"value": "12", "unit": "mL"}, injection_count=60)))
    finding = checked(client, body)["findings"][0]
    move = next(suggestion for suggestion in finding["suggestions"] if suggestion["label"].startswith("Move"))
    assert move["label"] == "Move 2 mL to a later session on 2026-11-29"
    patched = jsonpatch.apply_patch(body, move["patch"])
    assert [entry["treatments"][0]["amount"]["value"] for entry in patched["sessions"]] == ["10", "2"]
    undated = clinic_plan("12", **CLINIC_ONLY)
    finding = checked(client, undated)["findings"][0]
    # Without a date no day is surely later, and two sessions of one day are one.
    assert [suggestion["label"] for suggestion in finding["suggestions"]] == ["Reduce this treatment to 10 mL"]


def test_what_moves_to_a_later_session_is_no_first_exposure(client: Client) -> None:
    first = treatment(
        product="sotradecol",
        concentration_percent="1",
        vein_type="varicose-vein",
        vein_diameter_mm="5",
        amount={"value": "11", "unit": "mL"},
        first_exposure=True,
        test_dose={"volume_ml": "0.5", "observation_minutes": 180},
    )
    finding = checked(client, plan(session(first)))["findings"][0]
    move = next(suggestion for suggestion in finding["suggestions"] if suggestion["label"].startswith("Move"))
    later = move["patch"][-1]["value"]
    assert later["date"] == "2026-11-29"  # the interval for the product is kept, and not the longer one for one area
    assert later["treatments"][0]["first_exposure"] is False
    assert "test_dose" not in later["treatments"][0]


def test_the_nearest_listed_strength_comes_first(client: Client) -> None:
    body = plan(
        session(
            treatment(
                product="aethoxysklerol",
                vein_type="reticular-vein",
                vein_diameter_mm="2",
                concentration_percent="3",
                amount={"value": "2", "unit": "mL"},
                injection_count=10,
            ),
            observation_minutes=30,
        ),
        jurisdiction="CH",
        previous_sessions=[{"date": "2026-10-10", "areas": ["calf"], "products": ["aethoxysklerol"]}],
    )
    answer = checked(client, body)
    labels = [suggestion["label"] for suggestion in answer["findings"][0]["suggestions"]]
    assert labels == ["Use the 1 % strength", "Use the 0.5 % strength", "Use the 0.25 % strength"]
    assert answer["nearest_within_limits"]["patch"][0]["value"] == "1"


def test_a_leg_may_mean_its_ankle(client: Client) -> None:
    answer = checked(client, plan(session(treatment(area="leg"))))
    entry = next(row for row in answer["not_evaluated"] if row["rule"] == "injection-volume-caution")
    assert entry["missing"] == ["/sessions/0/treatments/0/area"]
    assert answer["verdict"] == "within_limits"  # the area is given; a finer one only sharpens the answer


def test_an_earlier_session_that_is_later_is_refused(client: Client) -> None:
    body = plan(previous_sessions=[{"date": "2026-11-23"}])
    errors = json.loads(post(client, body).content)["errors"]
    assert [(error["pointer"], error["code"]) for error in errors] == [("/previous_sessions/0/date", "conflict")]


def test_a_broken_limit_never_reads_as_the_limit_itself(client: Client) -> None:
    heavy = treatment(
        product="aethoxysklerol",
        concentration_percent="0.007",
        amount={"value": "11428.601", "unit": "mL"},
        injection_count=None,
    )
    patient = {"age_years": 42, "weight_kg": "400.001", "conditions": [], "allergies": []}
    findings = checked(client, plan(session(heavy), jurisdiction="DE", patient=patient))["findings"]
    finding = next(row for row in findings if row["rule"] == "daily-dose-per-weight")
    assert (finding["observed"]["value"], finding["headroom"]["value"]) == ("2.000001", "-0.000001")


def test_other_processes_and_time_zones_give_the_same_bytes(release: FrozenRelease) -> None:
    script = (
        "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'sclero_service.settings'\n"
        "import django, json, sys; django.setup()\n"
        "from api.parsers import parse; from api.rules import Book, check\n"
        "content, plans = json.load(sys.stdin)\n"
        "book = Book(content)\n"
        "print(json.dumps([check(parse(json.dumps(plan).encode()), book) for plan in plans]))"
    )
    plans = [example["plan"] for example in release.content["plan-examples"]]
    sent = json.dumps([release.content, plans])
    answers = set()
    for zone, seed in (("UTC", "1"), ("Pacific/Kiritimati", "2")):
        environment = {
            **os.environ,
            "TZ": zone,
            "PYTHONHASHSEED": seed,
            "DJANGO_SETTINGS_MODULE": "sclero_service.settings",
        }
        run = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, "-c", script], input=sent, env=environment, cwd=settings.BASE_DIR,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        answers.add(run.stdout)
    assert len(answers) == 1


def test_nothing_of_a_plan_is_stored_or_logged(
    client: Client, django_assert_num_queries: Any, caplog: pytest.LogCaptureFixture
) -> None:
    post(client, plan())
    with django_assert_num_queries(1):  # which release is newest
        post(client, plan())
    post(client, plan(patient={"conditions": ["pregnancy"], "age_years": 16}))
    post(client, clinic_plan("-77.123"))
    assert "pregnancy" not in caplog.text
    assert "77.123" not in caplog.text
