"""Laws that hold for every plan, tried on plans that hypothesis draws."""

import copy
import json
import random
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.parsers import parse
from api.releases import FrozenRelease
from api.rules import check
from tests.laws import broken_laws, disagreement, findings, summary
from tests.random_plans import random_plan
from tests.reference import Reference

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


def ids(plan: Any, release: FrozenRelease) -> set[str]:
    return {finding.id for finding in findings(plan, release.book)}


@law
@given(seed=seeds)
def test_the_same_plan_gives_the_same_answer(seed: int, release: FrozenRelease) -> None:
    body = json.dumps(draw(seed, release)).encode()
    assert json.dumps(check(parse(body), release.book)) == json.dumps(check(parse(body), release.book))


@law
@given(seed=seeds, factor=st.integers(2, 20))
def test_adding_volume_never_clears_a_volume_finding(seed: int, factor: int, release: FrozenRelease) -> None:
    plan = draw(seed, release)
    before = {each for each in ids(plan, release) if each.partition(":")[0] in VOLUME_RULES}
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
        limit.slug
        for finding in findings(plan, release.book)
        if finding.rule.measure in ("condition", "clot-risk-count")
        for limit in (finding.limit, *finding.also)
    }


@pytest.mark.parametrize("start", range(0, 120, 40))  # many more: python -m tests.try_laws
def test_no_law_is_broken_on_random_plans(start: int, release: FrozenRelease) -> None:
    content: Any = release.content
    assert [problem for seed in range(start, start + 40) for problem in broken_laws(seed, release.book, content)] == []


@pytest.mark.parametrize("start", range(3000, 3600, 200))
def test_the_reference_implementation_agrees_on_random_plans(start: int, release: FrozenRelease) -> None:
    content: Any = release.content
    reference = Reference(content)
    found = [disagreement(seed, release.book, content, reference) for seed in range(start, start + 200)]
    assert [problem for problems in found for problem in problems] == []


@pytest.mark.parametrize("start", range(5000, 5600, 200))
def test_what_leaves_a_plan_incomplete_is_what_its_rule_says(start: int, release: FrozenRelease) -> None:
    rules = {row["slug"]: row["incomplete_without"] for row in release.content["rules"]}
    for seed in range(start, start + 200):
        plan = draw(seed, release)
        for row in check(parse(json.dumps(plan).encode()), release.book)["not_evaluated"]:
            if row["leaves_incomplete"] and row["reason"] != "not_covered":
                names = {part for pointer in row["missing"] for part in pointer.split("/") if not part.isdigit()}
                listed = {need.rpartition(".")[2] for need in rules[row["rule"]]}
                assert names & (listed | {"amount"}), (row, listed)


def test_the_reference_implementation_agrees_on_every_boundary(release: FrozenRelease) -> None:
    reference = Reference(release.content)
    for vector in release.vectors:
        assert reference.look(vector["plan"]) == summary(vector["plan"], release.book), vector["slug"]
