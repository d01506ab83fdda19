"""Histories drawn by chance: who follows the changes holds the newest release, and a difference leads to the other."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
import rfc8785
from django.test import Client

from api.models.releases import digest_of, withdrawn_with
from api.releases import FrozenRelease
from api.views.contract import ContractView
from tests.conftest import freeze
from tests.histories import Content, Follower, applied, history

HISTORIES, RELEASES = 50, 5
BEGAN = datetime(2026, 11, 1, 9, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(client: Client) -> Callable[[str], Any]:
    def get(path: str) -> Any:
        response = client.get(path)
        assert response.status_code == 200, (path, response.content[:500])
        return response.json()

    return get


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Sets what time it is for answers."""

    def set_to(moment: datetime) -> None:
        monkeypatch.setattr(ContractView, "now", lambda self: moment)

    return set_to


@pytest.mark.usefixtures("nothing_published")
@pytest.mark.parametrize("seed", range(HISTORIES))
def test_who_follows_the_changes_from_the_beginning_holds_the_newest_release_at_any_time(
    seed: int, ask: Callable[[str], Any], clock: Callable[[datetime], None]
) -> None:
    """Some follow at every release, some now and then, by small pages and large ones; one begins at a bundle."""
    random, now = Random(seed), BEGAN  # noqa: S311
    eager = Follower("/v1/changes?after=0&limit=7")
    lazy, late = Follower(), Follower()
    published: list[Content] = []
    for number, content in enumerate(history(seed, RELEASES), 1):
        said = {"withdrawn": withdrawn_with(content)} if random.random() < 0.7 else {}
        freeze(number, f"Edit {number}", content, published_at=now, **said)
        published.append(content)
        clock(now)
        eager.catch_up(ask)
        assert eager.content() == published[-1]
        assert eager.digest == digest_of(published[-1])
        if number == 2:
            bundle = ask("/v1/releases/2/bundle")
            rows = {(name, row["slug"]): row for name, rows in published[-1].items() for row in rows}
            late = Follower(bundle["changes"], rows)
        now += timedelta(days=random.choice((0, 0, 1, 9)), hours=random.randrange(15))
        clock(now)
        if random.random() < 0.5:
            eager.catch_up(ask)
            lazy.catch_up(ask)
    for follower in (eager, lazy, late):
        follower.catch_up(ask)
        assert follower.content() == published[-1]
        assert not ask(follower.path)["items"]
    again = Follower("/v1/changes?after=0")
    again.catch_up(ask)
    assert again.seen == lazy.seen == eager.seen  # whenever it is read, the sequence is the same
    assert again.seen[-len(late.seen) :] == late.seen
    hold_overdue_to_the_rows(again, published, now)
    hold_the_withdrawn(ask, published)
    for _ in range(3):
        first, second = random.randrange(RELEASES), random.randrange(RELEASES)
        diff = ask(f"/v1/releases/{first + 1}/diff/{second + 1}")
        assert applied(diff, published[first]) == published[second]


def hold_overdue_to_the_rows(follower: Follower, published: list[Content], now: datetime) -> None:
    """Hold what came to be overdue to the rows: each row that is overdue now was told last with the day it has."""
    told = {(each["resource"], each["slug"]): each for each in follower.seen if each["action"] == "review_overdue"}
    for name, rows in published[-1].items():
        for row in rows:
            if row["review_due"] < now.date().isoformat():
                assert told[name, row["slug"]]["reason"] == f"Its review was due on {row['review_due']}."
    assert all(change["at"] <= now.isoformat() for change in told.values())


def hold_the_withdrawn(ask: Callable[[str], Any], published: list[Content]) -> None:
    """Hold each area that was ever published to what its address answers: itself, or where it was last."""
    last = {row["slug"]: number for number, each in enumerate(published, 1) for row in each["areas"]}
    for slug, number in last.items():
        if number == RELEASES:
            assert ask(f"/v1/areas/{slug}")["slug"] == slug
        else:
            gone = Client(SERVER_NAME="localhost").get(f"/v1/areas/{slug}")
            assert (gone.status_code, gone.json()["code"], gone.json()["last_release"]) == (410, "withdrawn", number)
            assert ask(f"/v1/areas/{slug}?release={number}")["slug"] == slug


def test_the_digest_of_a_bundle_is_proved_by_what_it_holds(ask: Callable[[str], Any], release: FrozenRelease) -> None:
    bundle = ask("/v1/releases/1/bundle")
    assert hashlib.sha256(rfc8785.dumps(bundle["resources"])).hexdigest() == bundle["digest"] == release.digest
    assert bundle["schema"] == 1
    follower = Follower()
    follower.catch_up(ask)
    assert hashlib.sha256(rfc8785.dumps(follower.content())).hexdigest() == follower.digest == release.digest


def test_a_difference_names_the_plans_that_flip(specimen: FrozenRelease, ask: Callable[[str], Any]) -> None:
    content = specimen.content
    limits = [
        {**row, "value": "0.1"} if row["slug"] == "asclera-session-volume-max" else row
        for row in content["session-limits"]
    ]
    freeze(3, "Less", {**content, "session-limits": limits})
    [flip] = ask("/v1/releases/2/diff/3")["plans"]
    assert (flip["slug"], flip["from_verdict"], flip["to_verdict"]) == (
        "asclera-within",
        "within_limits",
        "outside_limits",
    )
    assert (flip["came"], flip["went"]) == (["session-volume:/sessions/0"], [])
    [back] = ask("/v1/releases/3/diff/2")["plans"]
    assert (back["from_verdict"], back["to_verdict"], back["went"]) == ("outside_limits", "within_limits", flip["came"])
    freeze(4, "Another version", {**content, "session-limits": [{"slug": "odd"}]})
    assert ask("/v1/releases/2/diff/4")["plans"] is None
