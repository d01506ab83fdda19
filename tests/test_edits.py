"""What an editor does to the content makes no route fail: it is refused, or every route answers."""

import json
from random import Random

import pytest

from tests.edits import EDITS, Edit, Fixtures
from tests.try_edits import small_fixtures, walk

pytestmark = pytest.mark.django_db


@pytest.fixture
def fixtures(nothing_published: None) -> Fixtures:
    return small_fixtures()


@pytest.mark.parametrize(("seed", "edit"), [*enumerate(EDITS)], ids=lambda each: getattr(each, "__name__", ""))
def test_no_edit_makes_a_route_fail(seed: int, edit: Edit, fixtures: Fixtures) -> None:
    """Every second time the named plans are made to follow the edit. Many more: python -m tests.try_edits"""
    changed: Fixtures = json.loads(json.dumps(fixtures))
    words = edit(changed, Random(seed))  # noqa: S311 - edits, not secrets
    problems, _ = walk(changed, seed)
    assert problems == [], words


def test_the_content_as_it_stands_is_published_and_walked(fixtures: Fixtures) -> None:
    assert walk(fixtures, 1) == ([], True)


def test_a_route_that_fails_is_told(fixtures: Fixtures, monkeypatch: pytest.MonkeyPatch) -> None:
    """The walk itself can fail: where the proof is left out, a row that names nothing breaks a route."""
    monkeypatch.setattr("api.publishing.freeze.wrong_rules", lambda content, book, expected: [])
    [limit] = [row for row in fixtures["session-limits"] if row["slug"] == "asclera-breastfeeding-pause-min"]
    limit["condition"] = None
    problems, published = walk(fixtures, 1)
    assert published
    assert any(problem.startswith("GET /v1/releases/") and "/vectors: 5" in problem for problem in problems)
