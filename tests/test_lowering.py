"""Whether a changed plan only lowers: each way of raising something is seen."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from api.releases import FrozenRelease
from api.rules.evaluate import evaluate
from api.rules.lowering import only_lowers
from tests.plans import plan, session, treatment

Change = Callable[[dict[str, Any]], Any]


def two_sessions() -> dict[str, Any]:
    """Two sessions three weeks apart, after one three weeks before."""
    later = treatment(amount={"value": "2", "unit": "mL"}, injection_count=10)
    return plan(session(), session(later, date="2026-12-13"), previous_sessions=[{"date": "2026-11-01"}])


def first(body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = body["sessions"][0]["treatments"][0]
    return found


def added(**changes: Any) -> Change:
    return lambda body: body["sessions"].append(session(treatment(**changes), date="2027-01-10"))


@pytest.mark.parametrize(
    ("change", "lowers"),
    [
        (lambda body: None, True),
        (lambda body: first(body).update(concentration_percent="0.25"), True),
        (lambda body: first(body).update(concentration_percent="1"), False),
        (lambda body: first(body)["amount"].update(value="2.9"), True),
        (lambda body: first(body)["amount"].update(value="3.1"), False),
        (lambda body: first(body)["amount"].update(unit="vial"), False),
        (lambda body: first(body).update(product="sotradecol"), False),
        (lambda body: first(body).update(injection_count=30), True),
        (lambda body: first(body).update(injection_count=10), False),
        (lambda body: body["sessions"][1].update(date="2026-12-14"), True),
        (lambda body: body["sessions"][1].update(date="2026-12-12"), False),  # closer to the session before
        (lambda body: body["sessions"][0].update(date="2026-11-23"), False),  # closer to the session after
        (lambda body: body["sessions"][1].update(date="2026-11-22"), False),
        (added(amount={"value": "1", "unit": "mL"}, injection_count=10), True),
        (added(amount={"value": "4", "unit": "mL"}, injection_count=30), False),
        (added(amount={"value": "1", "unit": "mL"}, injection_count=1), False),
    ],
)
def test_what_raises_something_is_seen(change: Change, lowers: bool, release: FrozenRelease) -> None:
    body = two_sessions()
    changed = copy.deepcopy(body)
    change(changed)
    before, after = (evaluate(each, release.book).layout for each in (body, changed))
    assert only_lowers(before, after) is lowers


def test_a_day_may_not_hold_more_than_it_did(release: FrozenRelease) -> None:
    body = two_sessions()
    body["sessions"].append(session(treatment(amount={"value": "1", "unit": "mL"}), date="2027-01-10"))
    moved = copy.deepcopy(body)
    for each, day in zip(moved["sessions"], ("2026-12-13", "2027-01-10", "2027-02-10"), strict=True):
        each["date"] = day  # the first is now on the day of the second, which held less
    before, after = (evaluate(each, release.book).layout for each in (body, moved))
    assert not only_lowers(before, after)


def test_injections_of_their_own_volumes_are_held_by_the_largest(release: FrozenRelease) -> None:
    groups = [{"count": 10, "volume_ml": "0.2"}, {"count": 10, "volume_ml": "0.1"}]
    body = plan(session(treatment(injection_count=None, injections=groups)))
    larger = copy.deepcopy(body)
    first(larger)["injections"] = [{"count": 10, "volume_ml": "0.3"}]
    before, after = (evaluate(each, release.book).layout for each in (body, larger))
    assert not only_lowers(before, after)
    assert only_lowers(after, before) is True
