"""The database in; out, the releases that were read from it, kept in the memory of this process.

Releases are kept by number and digest, so they are never stale: a release is never changed. What cannot be read leaves
what was read before as it is.
"""

import logging
from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import NamedTuple

from django.db import DatabaseError, InterfaceError

from api import metrics
from api.history import Withdrawn
from api.models import Release
from api.models.releases import BrokenReleaseError
from api.releases.frozen import FrozenRelease, ReleaseNotFoundError, Row, frozen, summary

MOST_IN_MEMORY = 8
UNREACHABLE = (DatabaseError, InterfaceError)
Key = tuple[int, str]

log = logging.getLogger(__name__)


class Newest(NamedTuple):
    """The newest release, with the history up to it."""

    release: FrozenRelease
    history: list[Row]


class Store:
    """The releases that were read. `digests` are those of all releases, by number; `is_away` tells of the database."""

    def __init__(self) -> None:
        self.newest: Newest | None = None
        self.digests: Mapping[int, str] = {}
        self.is_away = False
        self.withdrawn: dict[Key, Withdrawn] = {}  # as of releases that do not say it themselves
        self._kept: OrderedDict[Key, FrozenRelease] = OrderedDict()
        self._lock = Lock()
        self._told = ""
        self._broken: tuple[int, str, int] | None = None

    def refresh(self) -> None:
        """Ask which release is newest, and read it where it is another than before.

        Whatever stands against it leaves what was read before, and is logged once.
        """
        try:
            key = Release.objects.order_by("-number").values_list("number", "digest").first()
            is_new = self.newest is None or key != _key(self.newest.release)
            rows = [*Release.objects.filter(number__lte=key[0]).defer("payload", "withdrawn")] if key and is_new else []
        except UNREACHABLE as error:
            self.is_away = True
            self._tell("database_away", error)
            return
        self.is_away = False
        if key is None:
            self._tell("nothing_published")
        elif is_new:
            self._renew(key, rows)
        else:
            self._tell("")

    def _renew(self, key: Key, rows: list[Release]) -> None:
        """Take up a new release, the last of these rows, unless it cannot be read."""
        self.digests = {row.number: row.digest for row in rows}
        try:
            release = self.kept(*key) or self.read(*key)
        except (*UNREACHABLE, BrokenReleaseError, ReleaseNotFoundError) as error:
            self._tell("release_broken", error, release=key[0])
        else:
            self.newest = Newest(release, [summary(row) for row in rows])
            metrics.read_release(release.number, release.published_at)
            self._tell("")

    def kept(self, number: int, digest: str) -> FrozenRelease | None:
        """The release of a number and digest, if it is in memory."""
        with self._lock:
            if (number, digest) in self._kept:
                self._kept.move_to_end((number, digest))
            return self._kept.get((number, digest))

    def read(self, number: int, digest: str) -> FrozenRelease:
        """The release of a number and digest, from the database; it is kept from now on.

        Raises:
            ReleaseNotFoundError: it is not there any more.
            BrokenReleaseError: its row is not what was published.
            DatabaseError, InterfaceError: it cannot be read.
        """
        row = Release.objects.filter(number=number, digest=digest).first()
        if row is None:
            raise ReleaseNotFoundError
        seen = (number, digest, hash(row.payload))
        if seen == self._broken:  # proving that takes a moment, and it may be asked for often
            raise BrokenReleaseError(str(row))
        try:
            return self.keep(frozen(row))
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
