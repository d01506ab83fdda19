"""The named plans, and the cases that a clinician can read, held to the packaged content."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.parsers import parse
from api.publishing import StrictLoader
from api.releases import FrozenRelease
from api.rules import check
from api.rules.numbers import in_words

HERE = Path(__file__).parent
CASES = [
    pytest.param(case, id=f"{path.stem}: {case['name']}")
    for path in sorted((HERE / "cases").glob("*.yaml"))
    for case in yaml.load(path.read_text("utf-8"), StrictLoader)["items"]  # noqa: S506 - a SafeLoader
]
EXAMPLES = yaml.load((HERE.parent / "fixtures" / "plan-examples.yaml").read_text("utf-8"), StrictLoader)["items"]  # noqa: S506


def answer(plan: Any, release: FrozenRelease) -> dict[str, Any]:
    return check(parse(json.dumps(plan).encode()), release.book)


def quantity(observed: dict[str, str] | None) -> str | None:
    """`10.2 mL`, `1 day`; a word stands alone."""
    return in_words(observed["value"], observed["unit"]) if observed else None


@pytest.mark.parametrize("example", [pytest.param(example, id=example["slug"]) for example in EXAMPLES])
def test_a_named_plan_comes_to_what_it_says(example: dict[str, Any], release: FrozenRelease) -> None:
    result = answer(example["plan"], release)
    assert [finding["id"] for finding in result["findings"]] == example["expect"]["findings"]
    assert result["verdict"] == example["expect"]["verdict"]
    served = release.item("plan-examples", example["slug"])
    assert served is not None
    assert (served["verdict"], served["findings"]) == (result["verdict"], example["expect"]["findings"])


@pytest.mark.parametrize("case", CASES)
def test_a_case_holds(case: dict[str, Any], release: FrozenRelease) -> None:
    result, expect = answer(case["plan"], release), case["expect"]
    assert expect.keys() <= {
        "verdict", "never", "findings", "absent", "passed", "not_passed", "not_evaluated", "leaves_incomplete",
        "suggestions",
    }  # fmt: skip
    assert expect.get("verdict", result["verdict"]) == result["verdict"]
    assert result["verdict"] != expect.get("never")
    for wanted in expect.get("findings", []):
        candidates = [
            {
                "rule": finding["rule"],
                "severity": finding["severity"],
                "pointer": finding["pointer"],
                "observed": quantity(finding["observed"]),
                "limit": finding["limit"]["slug"],
                "says": finding["message"],
            }
            for finding in result["findings"]
            if finding["rule"] == wanted["rule"]
        ]
        assert any(wanted.items() <= candidate.items() for candidate in candidates), candidates
    broken = {finding["rule"] for finding in result["findings"]}
    assert not broken & set(expect.get("absent", []))
    assert set(expect.get("passed", [])) <= {entry["rule"] for entry in result["passed"]}
    assert not set(expect.get("not_passed", [])) & {entry["rule"] for entry in result["passed"]}
    assert set(expect.get("not_evaluated", [])) <= {entry["rule"] for entry in result["not_evaluated"]}
    open_rules = {entry["rule"] for entry in result["not_evaluated"] if entry["leaves_incomplete"]}
    assert set(expect.get("leaves_incomplete", [])) <= open_rules
    for rule, labels in expect.get("suggestions", {}).items():
        offered = [each["label"] for row in result["findings"] if row["rule"] == rule for each in row["suggestions"]]
        assert offered == labels


def test_the_named_plans_show_every_verdict_every_reason_and_every_rule(release: FrozenRelease) -> None:
    results = [answer(example["plan"], release) for example in EXAMPLES]
    assert {result["verdict"] for result in results} == {
        "outside_limits",
        "needs_review",
        "incomplete",
        "within_limits",
    }
    reasons = {entry["reason"] for result in results for entry in result["not_evaluated"]}
    assert reasons == {"missing_input", "provider_decision", "limit_unconfirmed", "not_covered"}
    broken = {finding["rule"] for result in results for finding in result["findings"]}
    # A form that can be read is always one that the rule accepts; where it is missing, it is told as not evaluated.
    assert set(release.book.rules) - broken == {"stated-form"}
