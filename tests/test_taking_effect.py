"""When a new release takes effect: in every process at the same instant, and never one after a later one."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection

from api.models import Release
from api.releases import FrozenRelease
from api.releases.store import Store
from tests.test_releases import TABLE, overwrite


class Clock:
    """A clock that is set by hand, and what a store shows by it."""

    def __init__(self, specimen: FrozenRelease) -> None:
        self.now = specimen.published_at.timestamp() + 100.0
        self.prepared: list[int] = []
        self.store = Store(2.0, lambda newest: self.prepared.append(newest.release.number), lambda: self.now)
        self.store.refresh()

    def publish(self, number: int, ago: float = 0.0) -> None:
        """Publish a release so many seconds ago."""
        published_at = datetime.fromtimestamp(self.now - ago, UTC)
        content = Release.objects.get(number=1 + number % 2).payload
        digest = Release.objects.get(number=1 + number % 2).digest
        Release(number=number, published_at=published_at, note=f"{number}", digest=digest, payload=content).save()

    def shown(self, seconds: float = 0.0) -> int:
        """The release that is shown after so many more seconds."""
        self.now += seconds
        newest = self.store.shown()
        assert newest is not None
        assert newest.history[-1]["number"] == newest.release.number
        return newest.release.number


@pytest.fixture
def clock(specimen: FrozenRelease) -> Clock:
    return Clock(specimen)


def test_a_process_that_has_nothing_yet_shows_the_newest_at_once(clock: Clock) -> None:
    assert clock.shown() == 2
    clock.publish(3)
    clock.store = Store(2.0, clock=lambda: clock.now)
    clock.store.refresh()
    assert clock.shown() == 3


def test_a_new_release_is_prepared_when_it_is_read_and_shown_a_while_after_it_was_published(clock: Clock) -> None:
    clock.publish(3, ago=0.5)
    clock.store.refresh()
    clock.store.refresh()
    assert clock.prepared == [2, 3]
    assert [clock.shown(seconds) for seconds in (0.0, 1.4, 0.2)] == [2, 2, 3]


def test_processes_that_ask_at_different_times_show_the_same_releases_at_the_same_time(clock: Clock) -> None:
    other = Clock(clock.store.shown().release)  # type: ignore[union-attr]
    clock.publish(3, ago=0.6)
    clock.store.refresh()
    clock.publish(4, ago=0.1)
    clock.store.refresh()
    other.store.refresh()  # learns of both at once
    for seconds, number in ((0.0, 2), (1.3, 2), (0.2, 3), (0.3, 3), (0.2, 4)):
        assert clock.shown(seconds) == other.shown(seconds) == number


def test_what_is_read_too_late_is_shown_at_once_and_what_it_was_to_follow_never(clock: Clock) -> None:
    clock.publish(3, ago=9)
    clock.publish(4, ago=5)
    clock.store.refresh()
    assert clock.shown() == 4
    assert clock.prepared == [2, 4]


def test_a_clock_that_is_ahead_where_a_release_was_published_holds_it_up_no_longer(clock: Clock) -> None:
    clock.publish(3, ago=-3600)
    clock.store.refresh()
    assert [clock.shown(seconds) for seconds in (1.9, 0.2)] == [2, 3]


def test_a_database_that_is_put_back_is_shown_at_once(clock: Clock) -> None:
    clock.publish(3)
    clock.store.refresh()
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE} WHERE number > 1")  # noqa: S608 - our own table
    clock.store.refresh()
    assert [clock.shown(seconds) for seconds in (0.0, 5.0)] == [1, 1]


def test_a_release_that_cannot_be_read_is_passed_over(clock: Clock) -> None:
    clock.publish(3)
    overwrite(3, "payload", "{}")
    clock.publish(4)
    clock.store.refresh()
    assert clock.shown(2.5) == 4


def test_many_who_look_while_a_release_takes_effect_never_see_an_older_one_after_it(clock: Clock) -> None:
    for number in range(3, 9):
        clock.publish(number, ago=-0.001 * number)
    clock.store.refresh()

    def looked(_: int) -> bool:
        seen = []
        for _ in range(2000):
            clock.now += 0.000001
            seen.append(clock.store.shown().release.number)  # type: ignore[union-attr]
        return seen == sorted(seen)

    clock.now += 2.0
    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(looked, range(16)))
