"""A position in the sequence of changes in; out, the changes after it, and the position after these.

The sequence is worked out from the frozen releases and the day, so that it is whole for releases of any version, and no
process keeps it. It is in blocks: for each release what it changed, and then, day by day, which rows of it came to be
overdue while it was the newest. A row is overdue from the day after its `review_due`, in UTC; one that is published
overdue comes at the end of what its release changed. What is past is in blocks that no later release and no later day
adds to, so that the sequence only grows at its end. A position is a release, a day and a count of changes, and not a
count from the beginning: a client whose position is of a day that, by a clock that was ahead, belongs to the next
release sees changes twice at worst, and misses none.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from api.history import NOTHING, RESHAPED, Position, Row, changes
from api.models.releases import KINDS
from api.releases.frozen import FrozenRelease, shown_time

MOST_RELEASES = 10  # that a page is made of
Pinned = Callable[[int], FrozenRelease]
Entries = list[dict[str, Any]]


class Page(NamedTuple):
    """Some changes; the position after them; whether there are more by now."""

    items: Entries
    after: Position
    more: bool


def page(after: Position, limit: int, history: Sequence[Row], pinned: Pinned, today: date) -> Page:
    """The changes after a position, as many as the limit says at most, up to today."""
    days = _days_of(history)
    ahead = [number for number in days if number >= after.release]
    items: Entries = []
    for number in ahead[:MOST_RELEASES]:
        for day, entries in _blocks(number, days, pinned, today, after):
            place = Position(number, day)
            begin = after.passed or 0 if place == after._replace(passed=None) else 0
            room = limit - len(items)
            items += _placed(entries, place, begin)[:room]
            if len(entries) - begin > room:
                return Page(items, place._replace(passed=begin + room), True)
            after = place
    return Page(items, after, len(ahead) > MOST_RELEASES)


def _days_of(history: Sequence[Row]) -> dict[int, date]:
    """The day on which each release was published, by its number; never before that of the release before."""
    days: dict[int, date] = {}
    latest = date.min
    for row in history:
        latest = days[row["number"]] = max(latest, date.fromisoformat(row["published_at"][:10]))
    return days


def _placed(entries: Entries, block: Position, begin: int) -> Entries:
    """The entries of a block from the one on that comes after `begin`, each with its position."""
    return [
        {"position": str(block._replace(passed=count)), **entry}
        for count, entry in enumerate(entries[begin:], begin + 1)
    ]


def _blocks(
    number: int, days: dict[int, date], pinned: Pinned, today: date, after: Position
) -> Iterator[tuple[int, Entries]]:
    """The blocks of a release that a position is not after: of each the day, 0 for its own, and the entries."""
    numbers = [*days]
    place = numbers.index(number)
    following = numbers[place + 1 : place + 2]
    release = pinned(number)
    if not after.is_after(Position(number, 0)):
        before = pinned(numbers[place - 1]) if place else None
        yield 0, [*_own(before, release, days[number])]
    last = days[following[0]] if following else today
    overdue: dict[int, Entries] = {}
    for entry in _overdue(None, release, lambda due: days[number] <= due < last):
        overdue.setdefault(int(entry["at"][:10].replace("-", "")), []).append(entry)
    for day in sorted(overdue):
        if not after.is_after(Position(number, day)):
            yield day, overdue[day]


def _own(before: FrozenRelease | None, release: FrozenRelease, day: date) -> Iterator[dict[str, Any]]:
    """What a release changed, and then what it has that was overdue by then and is not known to be."""
    for change in changes(before.as_frozen if before else NOTHING, release.as_frozen):
        is_reshaped = change.action == RESHAPED
        yield {
            "action": change.action,
            "resource": change.resource,
            "slug": change.slug,
            "release": release.number,
            "at": shown_time(release.published_at),
            "changed": change.changed,
            "reason": "It says the same, by another schema." if is_reshaped else release.note,
            "kind": KINDS[0] if is_reshaped else release.kind,
            "row": change.new,
        }
    at = shown_time(release.published_at)
    yield from ({**entry, "at": at} for entry in _overdue(before, release, lambda due: due < day))


def _overdue(
    before: FrozenRelease | None, release: FrozenRelease, is_meant: Callable[[date], bool]
) -> Iterator[dict[str, Any]]:
    """An entry for each row whose review is due on a day that is meant, unless it was so in the release before."""
    for resource, rows in sorted(release.content.items()):
        for row in rows:
            due = date.fromisoformat(row.get("review_due", "9999-12-31"))
            if not is_meant(due):
                continue
            known = before.item(resource, row["slug"]) if before else None
            if known is None or known.get("review_due") != row["review_due"]:
                begins = datetime.combine(due + timedelta(days=1), datetime.min.time(), UTC)
                yield {
                    "action": "review_overdue",
                    "resource": resource,
                    "slug": row["slug"],
                    "release": release.number,
                    "at": shown_time(begins),
                    "changed": [],
                    "reason": f"Its review was due on {row['review_due']}.",
                    "kind": KINDS[0],
                    "row": None,
                }
