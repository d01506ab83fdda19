"""The only reader of releases: a number in, or none; out, the frozen release with its content and rules.

frozen.py has a release as it is used; store.py reads releases from the database and keeps them; reader.py asks it, or
has a poller ask it once a second in the background. See `Reader` for what goes on while the
database is away.
"""

from api.releases.frozen import (
    ContentUnavailableError,
    FrozenRelease,
    ReleaseNotFoundError,
    Row,
    with_row_counts,
)
from api.releases.reader import Reader

__all__ = [
    "ContentUnavailableError",
    "FrozenRelease",
    "Reader",
    "ReleaseNotFoundError",
    "Row",
    "current",
    "history",
    "pinned",
    "poll",
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
