"""The only reader of releases: a number in, or none; out, the frozen release with its content and rules.

frozen.py has a release as it is used; store.py reads releases from the database and keeps them; reader.py asks it, or
has a poller ask it twice a second in the background. See `Reader` for what goes on while the
database is away.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
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
from api.releases.store import Newest

__all__ = [
    "ContentUnavailableError",
    "FrozenRelease",
    "Newest",
    "Reader",
    "ReleaseNotFoundError",
    "Row",
    "WithdrawnError",
    "ahead",
    "as_of",
    "changes_after",
    "current",
    "known",
    "newest",
    "pinned",
    "poll",
    "row_of",
    "summary",
    "with_row_counts",
]

_reader = Reader()


def poll(prepare: Callable[[Newest], None] = lambda _: None) -> None:
    """From now on, learn of new releases in the background, so that no request waits for the database.

    `prepare` is called there with each release that was read, before it becomes the newest, where there is time.
    """
    _reader.poll(prepare)


def known() -> Newest | None:
    """The newest release as far as this process knows it, without waiting; what it is told apart by is its identity."""
    return _reader.known()


def ahead(newest: Newest) -> AbstractContextManager[None]:
    """Within, this thread sees a release as the newest one before it is."""
    return _reader.ahead(newest)


def current() -> FrozenRelease:
    """The newest release.

    Raises:
        ContentUnavailableError: nothing is published, or none was read before the database went away.
    """
    return _reader.newest().release


def newest() -> Newest:
    """The newest release, with the history up to it: every release as the history shows it, the oldest first.

    Raises:
        ContentUnavailableError: as for the newest release.
    """
    return _reader.newest()


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
    numbers = [row["number"] for row in newest().history if row["published_at"] <= shown_time(moment)]
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
    return page(after, limit, newest().history, pinned, today)


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
