"""The database in; out, the releases that were read from it, kept in the memory of this process.

Releases are kept by number and digest, so they are never stale: a release is never changed. What cannot be read leaves
what was read before as it is.

A new release takes effect a moment after it was published, by the clock: every process has read it by then, and shows
it from the same instant on, so that nobody who asks one process after the other sees an older one again.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Lock
from typing import NamedTuple

from api import metrics
from api.history import Withdrawn
from api.models import Release
from api.models.releases import BrokenReleaseError
from api.poller import UNREACHABLE
from api.releases.frozen import FrozenRelease, ReleaseNotFoundError, Row, frozen, summary

MOST_IN_MEMORY = 8
# From when a release was published until processes that poll show it: more than it takes all of them to read it.
SECONDS_TO_EFFECT = 1.75
Key = tuple[int, str]

log = logging.getLogger(__name__)


class Newest(NamedTuple):
    """The newest release, with the history up to it."""

    release: FrozenRelease
    history: list[Row]


class Coming(NamedTuple):
    """A release that was read and is not shown yet; `begins` is when it will be, in seconds of the Unix epoch."""

    begins: float
    newest: Newest


class Store:
    """The releases that were read. `digests` are those of all releases, by number; `is_away` tells of the database.

    A new release is shown so many `seconds` after it was published; the first one that is read, at once. `prepare` is
    called with each that was read: before it is shown, where there is time.
    """

    def __init__(
        self,
        seconds: float = 0.0,
        prepare: Callable[[Newest], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.digests: Mapping[int, str] = {}
        self.is_away = False
        self._seconds = seconds
        self._prepare = prepare
        self._clock = clock
        self._shown: Newest | None = None
        self._coming: tuple[Coming, ...] = ()
        self.withdrawn: dict[Key, Withdrawn] = {}  # as of releases that do not say it themselves
        self._kept: OrderedDict[Key, FrozenRelease] = OrderedDict()
        self._lock, self._freezing = Lock(), Lock()
        self._told = ""
        self._broken: tuple[int, str, int] | None = None

    def shown(self) -> Newest | None:
        """The newest release that has taken effect by now; None where none was read."""
        coming = self._coming
        if coming and coming[0].begins <= self._clock():
            self._take_effect()
        return self._shown

    def refresh(self) -> None:
        """Ask which release is newest, and read it where it is another than before.

        Whatever stands against it leaves what was read before, and is logged once.
        """
        self.shown()
        try:
            key = Release.objects.order_by("-number").values_list("number", "digest").first()
            newest = self._read_last()
            is_new = newest is None or key != _key(newest.release)
            rows = [*Release.objects.filter(number__lte=key[0]).defer("payload", "withdrawn")] if key and is_new else []
        except UNREACHABLE as error:
            self.is_away = True
            metrics.reach("database", False)
            self._tell("database_away", error)
            return
        self.is_away = False
        metrics.reach("database", True)
        if key is None:
            self._tell("nothing_published")
        elif is_new:
            self._renew(rows)
        else:
            self._tell("")

    def _read_last(self) -> Newest | None:
        """The newest release that was read, whether or not it is shown yet."""
        return self._coming[-1].newest if self._coming else self._shown

    def _renew(self, rows: list[Release]) -> None:
        """Take up what was not read before of all releases, the newest of which is new, unless it cannot be read.

        What would have taken effect before, if it had been read in time, does at once. Releases that came meanwhile and
        would have been followed by another before now are left out.
        """
        self.digests = {row.number: row.digest for row in rows}
        before, now, begins = self._read_last(), self._clock(), 0.0
        if before is not None and before.release.number >= rows[-1].number:  # as where a database was put back
            before, self._coming = None, ()
        for count, row in enumerate(rows, 1):
            begins = max(begins, min(row.published_at.timestamp(), now) + self._seconds)
            is_due = before is not None and row.number > before.release.number and begins > now
            if is_due or count == len(rows):
                self._take_up(row, [summary(each) for each in rows[:count]], begins if before else 0.0)

    def _take_up(self, row: Release, history: list[Row], begins: float) -> None:
        """Read a release, to be shown from a time on; one that cannot be read is not."""
        key = row.number, row.digest
        try:
            release = self.kept(*key) or self.freeze(self.fetch(*key))
        except (*UNREACHABLE, BrokenReleaseError, ReleaseNotFoundError) as error:
            self._tell("release_broken", error, release=row.number)
            return
        newest = Newest(release, history)
        with self._lock:
            self._coming += (Coming(begins, newest),)
        self.shown()
        self._tell("")
        self._prepare(newest)

    def _take_effect(self) -> None:
        """Show what has to be shown by now."""
        with self._lock:
            now = self._clock()
            while self._coming and self._coming[0].begins <= now:
                newest = self._coming[0].newest
                self._shown, self._coming = newest, self._coming[1:]
                metrics.read_release(newest.release.number, newest.release.published_at)

    def kept(self, number: int, digest: str) -> FrozenRelease | None:
        """The release of a number and digest, if it is in memory."""
        with self._lock:
            if (number, digest) in self._kept:
                self._kept.move_to_end((number, digest))
            return self._kept.get((number, digest))

    def fetch(self, number: int, digest: str) -> Release:
        """The row of a release, from the database.

        Raises:
            ReleaseNotFoundError: it is not there any more.
            DatabaseError, InterfaceError: it cannot be read.
        """
        row: Release | None = Release.objects.filter(number=number, digest=digest).first()
        if row is None:
            raise ReleaseNotFoundError
        return row

    def freeze(self, row: Release) -> FrozenRelease:
        """The release of a row; it is kept from now on. One is made at a time, so that none is made twice.

        Raises:
            BrokenReleaseError: the row is not what was published.
        """
        with self._freezing:
            seen = (row.number, row.digest, hash(row.payload))
            if seen == self._broken:  # proving that takes a moment, and it may be asked for often
                raise BrokenReleaseError(str(row))
            try:
                return self.kept(row.number, row.digest) or self.keep(frozen(row))
            except BrokenReleaseError:
                self._broken = seen
                raise

    def keep(self, release: FrozenRelease) -> FrozenRelease:
        """The release itself, kept from now on; those least recently used are dropped."""
        with self._lock:
            self._kept[_key(release)] = release
            while len(self._kept) > MOST_IN_MEMORY:
                self._kept.popitem(last=False)
        return release

    def _tell(self, event: str, error: Exception | None = None, release: int | None = None) -> None:
        """Log what stands against reading once, when it begins, and once when it is over."""
        if event != self._told:
            told = {"error": type(error).__name__ if error else None, "release": release}
            log.log(logging.WARNING if event else logging.INFO, event or "releases_readable", extra=told)
        self._told = event


def _key(release: FrozenRelease) -> Key:
    """What a release is kept by."""
    return release.number, release.digest
