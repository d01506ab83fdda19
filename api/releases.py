"""The only reader of releases: a number in, or none; out, the frozen release with its content and rules.

Releases stay in process memory by number and digest, so they are never stale; the one question that goes to the
database is which release is newest. While the database is away, what was read last is used; so is the history, which is
read with each newest release.
"""

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from operator import itemgetter
from threading import Lock
from typing import Any, TypeVar

from django.db import DatabaseError, InterfaceError
from rest_framework.exceptions import APIException, NotFound

from api.models import Release
from api.models.releases import null_for_empty
from api.rules import Book
from api.rules.book import vocabulary
from api.rules.coverage import coverage
from api.rules.evaluate import UNREADABLE, compiled
from api.rules.reading import Vocabulary
from api.rules.vectors import vectors

Row = Mapping[str, Any]
MOST_IN_MEMORY = 8


class ContentUnavailableError(APIException):
    """Raised where no release can be read: nothing is published, or the database is away. No plan is checked then."""

    status_code = 503
    default_code = "content_unavailable"


class ReleaseNotFoundError(NotFound):
    """Raised where no release has the number."""

    default_code = "release_not_found"


Derived = TypeVar("Derived")


def _readable(make: Callable[[], Derived]) -> Derived:
    """What `make` makes of a release's rows.

    Raises:
        ContentUnavailableError: it cannot read them, because another version of the service published them.
    """
    try:
        return make()
    except UNREADABLE as error:
        raise ContentUnavailableError from error


@dataclass(frozen=True)
class FrozenRelease:
    """A release in memory; `content` is its payload: rows by resource."""

    number: int
    published_at: datetime
    note: str
    digest: str
    content: Mapping[str, Sequence[Row]] = field(repr=False)

    @cached_property
    def book(self) -> Book:
        """The release's rules, compiled.

        Raises:
            ContentUnavailableError: the rows cannot be read, because another version of the service published them.
        """
        return _readable(lambda: compiled(self.content))

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The slugs that the release's facts have, by which queries are read; it needs no rules."""
        return _readable(lambda: vocabulary(self.content))

    @cached_property
    def vectors(self) -> Sequence[Row]:
        """The boundary vectors of the release's limits, by slug."""
        return _readable(lambda: sorted(vectors(self.book), key=itemgetter("slug")))

    @cached_property
    def coverage(self) -> Sequence[Row]:
        """What is known of each product where it is sold, by slug."""
        return _readable(lambda: sorted(coverage(self.book), key=itemgetter("slug")))

    @cached_property
    def _by_slug(self) -> dict[str, dict[str, Row]]:
        """The rows of each resource, by slug."""
        return {resource: {row["slug"]: row for row in rows} for resource, rows in self.content.items()}

    def item(self, resource: str, slug: str) -> Row | None:
        """One row of a resource, or None."""
        return self._by_slug.get(resource, {}).get(slug)


Key = tuple[int, str]
Newest = tuple[FrozenRelease, Sequence[Row]]  # with the history up to it


class _Memory:
    """The releases that were read, by number and digest; those least recently used are dropped first."""

    def __init__(self) -> None:
        self.releases: OrderedDict[Key, FrozenRelease] = OrderedDict()
        self.newest: Newest | None = None
        self.lock = Lock()

    def get(self, key: Key) -> FrozenRelease | None:
        """The release of a number and digest, or None."""
        with self.lock:
            if key in self.releases:
                self.releases.move_to_end(key)
            return self.releases.get(key)

    def keep(self, release: FrozenRelease) -> FrozenRelease:
        """The release itself, which is remembered from now on."""
        with self.lock:
            self.releases[release.number, release.digest] = release
            while len(self.releases) > MOST_IN_MEMORY:
                self.releases.popitem(last=False)
        return release

    def of_number(self, number: int) -> FrozenRelease | None:
        """The release of a number, or None."""
        with self.lock:
            return next((release for release in self.releases.values() if release.number == number), None)


_memory = _Memory()


def current() -> FrozenRelease:
    """The newest release.

    Raises:
        ContentUnavailableError: nothing is published, or none was read before the database went away.
    """
    return _newest()[0]


def history() -> Sequence[Row]:
    """Every release as the history shows it, the oldest first.

    Raises:
        ContentUnavailableError: as for the newest release.
    """
    return _newest()[1]


def _newest() -> Newest:
    """The newest release with the history up to it."""
    try:
        key = Release.objects.order_by("-number").values_list("number", "digest").first()
        if key is None:
            raise ContentUnavailableError
        release = _read(*key)
        if _memory.newest is None or _memory.newest[0] is not release:
            _memory.newest = release, [_summary(row) for row in Release.objects.defer("payload")]
    except (DatabaseError, InterfaceError):
        if _memory.newest is None:
            raise ContentUnavailableError from None
    return _memory.newest


def pinned(number: int) -> FrozenRelease:
    """The release of a number.

    Raises:
        ReleaseNotFoundError: there is none.
        ContentUnavailableError: it was not read before the database went away.
    """
    try:
        digest = Release.objects.filter(number=number).values_list("digest", flat=True).first()
    except (DatabaseError, InterfaceError):
        remembered = _memory.of_number(number)
        if remembered is None:
            raise ContentUnavailableError from None
        return remembered
    if digest is None:
        raise ReleaseNotFoundError
    return _read(number, digest)


def _read(number: int, digest: str) -> FrozenRelease:
    """The release of a number and digest, from memory, or else from the database."""
    return _memory.get((number, digest)) or _memory.keep(_frozen(Release.objects.get(number=number)))


def _frozen(row: Release) -> FrozenRelease:
    """A release from its row in the database."""
    return FrozenRelease(
        row.number, row.published_at, row.note, row.digest, json.loads(row.payload, object_hook=null_for_empty)
    )


def with_row_counts(release: FrozenRelease) -> Row:
    """A release as the history shows it, and how many rows each resource has."""
    return {**_summary(release), "rows": {resource: len(rows) for resource, rows in release.content.items()}}


def _summary(release: Release | FrozenRelease) -> dict[str, Any]:
    """A release as the history shows it: number, day, note and digest."""
    return {
        "number": release.number,
        "published_at": release.published_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "note": release.note,
        "digest": release.digest,
    }
