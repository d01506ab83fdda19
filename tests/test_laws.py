"""Laws that hold for every plan, tried on plans that hypothesis draws."""

import copy
import json
import random
from fractions import Fraction
from typing import Any

import jsonpatch
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.content import FrozenRelease
from api.parsers import parse
from api.rules.answer import Look, check, look
from tests.random_plans import random_plan
from tests.second import Second

seeds = st.integers(0, 2**32)
law = settings(
    report_multiple_bugs=False,
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
VOLUME_RULES = {"session-volume", "session-volume-caution", "daily-dose-per-weight", "daily-foam-volume", "vial-count"}


def draw(seed: int, release: FrozenRelease) -> dict[str, Any]:
    return random_plan(random.Random(seed), release.content)  # noqa: S311 - plans, not secrets


def seen(plan: Any, release: FrozenRelease) -> Look:
    return look(parse(json.dumps(plan).encode()), release.book)


def ids(plan: Any, release: FrozenRelease) -> set[str]:
    return {finding["id"] for finding in seen(plan, release).findings}


@law
@given(seed=seeds)
def test_the_same_plan_gives_the_same_answer(seed: int, release: FrozenRelease) -> None:
    body = json.dumps(draw(seed, release)).encode()
    assert json.dumps(check(parse(body), release.book)) == json.dumps(check(parse(body), release.book))


@law
@given(seed=seeds, factor=st.integers(2, 20))
def test_adding_volume_never_clears_a_volume_finding(seed: int, factor: int, release: FrozenRelease) -> None:
    plan = draw(seed, release)
    before = {known for known in ids(plan, release) if known.partition(":")[0] in VOLUME_RULES}
    for session in plan["sessions"]:
        for treatment in session["treatments"]:
            amount = Fraction(treatment["amount"]["value"]) * factor
            treatment["amount"]["value"] = f"{float(amount):.3f}".rstrip("0").rstrip(".")
    assert before <= ids(plan, release)


@law
@given(seed=seeds)
def test_removing_a_condition_never_adds_a_contraindication(seed: int, release: FrozenRelease) -> None:
    plan = draw(seed, release)
    conditions = plan.get("patient", {}).get("conditions") or []
    before = broken(plan, release)
    for k in range(len(conditions)):
        fewer = copy.deepcopy(plan)
        del fewer["patient"]["conditions"][k]
        assert broken(fewer, release) <= before


def broken(plan: Any, release: FrozenRelease) -> set[str]:
    """The limits broken by what the patient has."""
    return {
        slug
        for finding in seen(plan, release).findings
        if finding["rule"] in ("contraindication", "clot-risk-count")
        for slug in (finding["limit"]["slug"], *finding["also_exceeds"])
    }


@law
@given(seed=seeds)
def test_the_order_of_sessions_and_treatments_does_not_change_the_verdict(seed: int, release: FrozenRelease) -> None:
    plan = draw(seed, release)
    shuffled = copy.deepcopy(plan)
    order = random.Random(seed + 1)  # noqa: S311
    order.shuffle(shuffled["sessions"])
    for session in shuffled["sessions"]:
        order.shuffle(session["treatments"])
    first, second = seen(plan, release), seen(shuffled, release)
    assert first.verdict == second.verdict
    assert sorted((finding["rule"], finding["limit"]["slug"]) for finding in first.findings) == sorted(
        (finding["rule"], finding["limit"]["slug"]) for finding in second.findings
    )


@law
@given(seed=seeds)
def test_a_suggestion_does_what_it_says(seed: int, release: FrozenRelease) -> None:
    plan = draw(seed, release)
    answer = check(parse(json.dumps(plan).encode()), release.book)
    before = {finding["id"] for finding in answer["findings"]}
    errors = {finding["id"] for finding in answer["findings"] if finding["severity"] == "error"}
    for finding in answer["findings"]:
        sizes = [len(suggestion["patch"]) for suggestion in finding["suggestions"]]
        assert sizes == sorted(sizes)  # the smallest change first
        assert finding["rule"] not in ("contraindication", "provider-eligibility") or not sizes
        for suggestion in finding["suggestions"]:
            after = seen(jsonpatch.apply_patch(plan, suggestion["patch"]), release)
            found = {known["id"] for known in after.findings}
            assert finding["id"] in suggestion["resolves"]
            assert set(suggestion["resolves"]) == before - found
            assert set(suggestion["introduces"]) == found - before
            assert {known["id"] for known in after.findings if known["severity"] == "error"} <= errors
    nearest = answer["nearest_within_limits"]
    if nearest is not None:
        assert seen(jsonpatch.apply_patch(plan, nearest["patch"]), release).verdict == "within_limits"


@pytest.mark.parametrize("start", range(0, 3000, 500))
def test_a_second_implementation_agrees_on_random_plans(start: int, release: FrozenRelease) -> None:
    second = Second(release.content)  # type: ignore[arg-type]
    for seed in range(start, start + 500):
        plan = draw(seed, release)
        assert second.check(plan) == summary(plan, release), plan


@pytest.mark.parametrize("start", range(5000, 5600, 200))
def test_what_leaves_a_plan_incomplete_is_what_its_rule_says(start: int, release: FrozenRelease) -> None:
    rules = {row["slug"]: row["incomplete_without"] for row in release.content["rules"]}
    for seed in range(start, start + 200):
        plan = draw(seed, release)
        for row in check(parse(json.dumps(plan).encode()), release.book)["not_evaluated"]:
            if row["leaves_incomplete"]:
                names = {pointer.rpartition("/")[2] for pointer in row["missing"]}
                listed = {need.rpartition(".")[2] for need in rules[row["rule"]]}
                assert names & (listed | {"amount"}), (row, listed)


def test_a_second_implementation_agrees_on_every_boundary(release: FrozenRelease) -> None:
    second = Second(release.content)  # type: ignore[arg-type]
    for vector in release.vectors:
        assert second.check(vector["plan"]) == summary(vector["plan"], release), vector["slug"]


def summary(plan: Any, release: FrozenRelease) -> tuple[str, set[tuple[str, str, str, str]]]:
    """What both implementations must agree on."""
    result = seen(plan, release)
    return result.verdict, {
        (finding["rule"], finding["pointer"], finding["severity"], finding["limit"]["slug"])
        for finding in result.findings
    }
