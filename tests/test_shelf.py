"""What is kept of answers: bounded whatever is asked for, and what is asked for again and again stays."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest

from api.rates import Counters
from api.shelf import Entry, Hit, Key, Segment, Shelf
from api.views.contract import Lasting

COUNTERS = Counters()
MILLION = 1_000_000


def entry(length: int = 0) -> Entry:
    return Entry("200 OK", [], b"x" * length, Lasting("areas", None, True), Hit("GET", "areas", 200, None), COUNTERS)


def ask(shelf: Shelf, text: str, make: Callable[[], Entry] = entry) -> bool:
    """Ask for something, as the layer does; whether it was there."""
    key: Key = (text,)
    found = shelf.by_key.get(key)
    if found is None:
        shelf.add(key, make())
        return False
    if found.is_new:
        shelf.prove(key, found)
    else:
        found.was_used = True
    return True


def hold(shelf: Shelf) -> None:
    """Hold what is kept to the bounds, and its parts to each other."""
    segments = (shelf.on_probation, shelf.proved)
    for segment in segments:
        assert len(segment.entries) <= segment.most
        assert segment.bytes == sum(each.size for each in segment.entries.values()) <= segment.most_bytes
    assert shelf.by_key == {**shelf.on_probation.entries, **shelf.proved.entries}
    assert len(shelf.by_key) == sum(len(segment.entries) for segment in segments)
    assert all(each.is_new for each in shelf.on_probation.entries.values())


def test_a_million_things_asked_for_once_drive_out_nothing_that_is_asked_for_again() -> None:
    shelf, one = Shelf(None, most=100), entry()
    hot = [f"hot{k}" for k in range(100)]
    for _ in range(2):
        for text in hot:
            ask(shelf, text)
    for number in range(MILLION):
        shelf.add((number,), one)  # type: ignore[arg-type]  # which is quicker than a text
    assert all(ask(shelf, text) for text in hot)
    hold(shelf)


def test_what_is_asked_for_twice_by_others_does_not_drive_out_what_is_used_meanwhile() -> None:
    shelf = Shelf(None, most=100)
    hot = [f"hot{k}" for k in range(50)]
    for number in range(20_000):
        ask(shelf, hot[number % 50])
        ask(shelf, f"cold{number}")
        ask(shelf, f"cold{number}")
    assert all(ask(shelf, text) for text in hot)
    hold(shelf)


def test_what_is_large_takes_the_place_of_much_that_is_small() -> None:
    shelf = Shelf(None, most=1000, most_bytes=50_000)
    for number in range(200):
        ask(shelf, f"{number}", lambda: entry(4000))
        ask(shelf, f"{number}")
        hold(shelf)
    assert len(shelf.by_key) == 10
    ask(shelf, "larger than all", lambda: entry(100_000))
    hold(shelf)
    assert not ask(shelf, "larger than all", lambda: entry(100_000))


def test_of_two_who_bring_the_same_the_first_one_stays() -> None:
    shelf = Shelf(None)
    first, second = entry(), entry()
    shelf.add(("x",), first)
    shelf.add(("x",), second)
    assert shelf.by_key["x",] is first
    shelf.prove(("x",), second)  # dropped while it was looked at
    assert first.is_new
    for _ in range(2):
        shelf.prove(("x",), first)
    hold(shelf)
    assert shelf.hottest(5) == [("x",)]


def test_sixteen_threads_at_once_leave_it_whole() -> None:
    shelf = Shelf(None, most=50, most_bytes=60_000)

    def work(seed: int) -> None:
        random = Random(seed)  # noqa: S311 - requests, not secrets
        for _ in range(5000):
            ask(shelf, f"{int(random.paretovariate(0.4))}", lambda: entry(random.choice((0, 100, 3000))))

    with ThreadPoolExecutor(16) as pool:
        assert [*pool.map(work, range(16))] == [None] * 16
    hold(shelf)


@pytest.mark.parametrize("most", [0, 1])
def test_a_segment_tells_what_must_go(most: int) -> None:
    segment: Any = Segment(most, 10_000)
    one = entry()
    segment.add(("x",), one)
    assert segment.first() == (None if most else (("x",), one))
