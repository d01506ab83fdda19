"""Suggestions: how many are looked for, and that none makes anything worse."""

import json

import pytest
from django.test import Client

from api.publishing.prove import book_of
from api.rules import check
from tests.conftest import SPECIMEN
from tests.plans import checked, plan, session, treatment


def test_suggestions_are_looked_for_until_six_hundred_treatments_were_checked(client: Client) -> None:
    within = [treatment(amount={"value": "0.1", "unit": "mL"}, injection_count=1) for _ in range(50)]
    over = [treatment(amount={"value": "0.35", "unit": "mL"}, injection_count=1) for _ in range(10)]
    findings = checked(client, plan(session(*within, *over), rule_sets=["label"]))["findings"]
    offered = [len(finding["suggestions"]) for finding in findings if finding["rule"] == "injection-volume"]
    assert offered == [2] * 5 + [0] * 5  # ten suggestions, each proved on a plan of sixty treatments


def test_no_suggestion_exceeds_another_limit_by_more_than_the_plan_does(client: Client) -> None:
    small = treatment(amount={"value": "12", "unit": "mL"}, injection_count=240)  # 0.05 mL each, below the least
    findings = {row["rule"]: row for row in checked(client, plan(session(small)))["findings"]}
    assert findings["injection-volume"]["headroom"] == {"value": "-0.05", "unit": "mL"}
    labels = [suggestion["label"] for suggestion in findings["session-volume"]["suggestions"]]
    # The same amount in as many injections would make each smaller still.
    assert labels == ["Reduce this treatment to 10 mL in 200 injections"]


@pytest.mark.parametrize(
    ("slug", "amount"),
    [
        ("clinic-session-volume-max", {"value": "1", "unit": "mL"}),
        ("clinic-vial-count-max", {"value": "1", "unit": "vial"}),
    ],
)
def test_what_is_too_little_is_not_made_less(slug: str, amount: dict[str, str]) -> None:
    """Were the clinic's most its least, nothing would be suggested, for no suggestion raises a volume."""
    content = json.loads(SPECIMEN.read_text("utf-8"))
    [limit] = [row for row in content["session-limits"] if row["slug"] == slug]
    [rule] = [row for row in content["rules"] if row["slug"] == limit["rule"]]
    limit["comparator"], rule["messages"] = ">=", {">=": "{observed} of {limit}"}
    treatment = {"area": "leg", "amount": amount}
    plan = {"rule_sets": ["clinic"], "sessions": [{"treatments": [treatment]}]}
    answer = check(plan, book_of(content))
    assert [finding["suggestions"] for finding in answer["findings"] if finding["limit"]["slug"] == slug] == [[]]
