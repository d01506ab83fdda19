"""Bodies that no plan can be read from: each is refused with its place, as a plan, in a batch and in a comparison."""

from collections import Counter

import pytest

from tests.asking import JSON, ask
from tests.bad_json import BATCH, COMPARE, PLAN, VALIDATE, every_request, no_json, no_plan, placed, wrong
from tests.released import FORMER

pytestmark = pytest.mark.django_db


def test_there_are_at_least_three_hundred_and_no_two_are_the_same() -> None:
    bodies = [body for _, body in (*no_json(), *no_plan())]
    assert max(Counter(bodies).values()) == 1
    assert len(bodies) >= 300


def test_the_plan_that_they_are_made_from_is_taken_in_each_place() -> None:
    for path, body in placed(PLAN.encode()).items():
        assert ask("POST", path, body, **JSON).status == 200
    assert FORMER == 1  # which the comparison names


@pytest.mark.parametrize("path", [VALIDATE, BATCH, COMPARE])
def test_none_is_taken_and_each_is_told_where_it_is_wrong(path: str) -> None:
    for name, own, body, due in every_request():
        if own == path:
            assert not wrong(path, body, due, ask("POST", path, body, **JSON)), (name, body[:200])
