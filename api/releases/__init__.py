"""The only reader of releases: a number in, or none; out, the frozen release with its content and rules.

frozen.py has a release as it is used; store.py reads releases from the database and keeps them; poller.py asks once a
second which is newest, in the background; reader.py puts these together. See `Reader` for what goes on while the
database is away.
"""

from datetime import date, datetime

from api.history import Position
from api.releases.feed import Page, page
from api.releases.frozen import (
    ContentUnavailableError,
    FrozenRelease,
    ReleaseNotFoundError,
    Row,
    WithdrawnError,
    shown_time,
    summary,
    with_row_counts,
)
from api.releases.reader import Reader

__all__ = [
    "ContentUnavailableError",
    "FrozenRelease",
    "Reader",
    "ReleaseNotFoundError",
    "Row",
    "WithdrawnError",
    "as_of",
    "changes_after",
    "current",
    "history",
    "pinned",
    "poll",
    "row_of",
    "summary",
    "with_row_counts",
]

_reader = Reader()


def poll() -> None:
    """From now on, learn of new releases in the background, so that no request waits for the database."""
    _reader.poll()


def current() -> FrozenRelease:
    """The newest release.

    Raises:
        ContentUnavailableError: nothing is published, or none was read before the database went away.
    """
    return _reader.newest().release


def history() -> list[Row]:
    """Every release up to the newest as the history shows it, the oldest first.

    Raises:
        ContentUnavailableError: as for the newest release.
    """
    return _reader.newest().history


def pinned(number: int) -> FrozenRelease:
    """The release of a number.

    Raises:
        ReleaseNotFoundError: there is none.
        ContentUnavailableError: it was not read before the database went away, or its row is broken.
    """
    return _reader.pinned(number)


def as_of(moment: datetime) -> FrozenRelease:
    """The release that was the newest at a time: the last of those that were published by then, to the second.

    Raises:
        ReleaseNotFoundError: the first one was published later.
        ContentUnavailableError: as for a release that is asked for by its number.
    """
    numbers = [row["number"] for row in history() if row["published_at"] <= shown_time(moment)]
    if not numbers:
        raise ReleaseNotFoundError
    return pinned(numbers[-1])


def changes_after(after: Position, limit: int, today: date) -> Page:
    """The changes after a position, as many as the limit says at most, up to today.

    Raises:
        ReleaseNotFoundError: the position is of a release that is not there.
        ContentUnavailableError: a release that is needed cannot be read.
    """
    if after.release:
        pinned(after.release)
    return page(after, limit, history(), pinned, today)


def row_of(release: FrozenRelease, resource: str, slug: str) -> Row | None:
    """One row of a release, or None.

    Raises:
        WithdrawnError: a release before it has the row.
        ContentUnavailableError: it is not there, and whether it ever was cannot be read.
    """
    row = release.item(resource, slug)
    last = None if row else _reader.withdrawn(release).get(resource, {}).get(slug)
    if last is not None:
        raise WithdrawnError(last)
    return row
