"""The only reader of releases.

Frozen releases stay in process memory by number and digest, so they are never stale; the one question that goes to
the database is which release is newest. While the database is away, the last answer stands.
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
from api.rules import Book
from api.rules.coverage import coverage
from api.rules.vectors import vectors

Row = Mapping[str, Any]
MOST_IN_MEMORY = 8


class ContentUnavailableError(APIException):
    """No release can be read: nothing is published, or the database is away. Rules fail closed."""

    status_code = 503
    default_code = "content_unavailable"


class ReleaseNotFoundError(NotFound):
    default_code = "release_not_found"


Derived = TypeVar("Derived")


def _readable(make: Callable[[], Derived]) -> Derived:
    """What is made from a release's rows.

    Raises:
        ContentUnavailableError: the rows are not as this version reads them, as those that an older one published.
    """
    try:
        return make()
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ContentUnavailableError from error


@dataclass(frozen=True)
class FrozenRelease:
    """A release in memory."""

    number: int
    published_at: datetime
    note: str
    digest: str
    content: Mapping[str, Sequence[Row]] = field(repr=False)

    @cached_property
    def book(self) -> Book:
        """The release's rules, compiled.

        Raises:
            ContentUnavailableError: they cannot be read, as those of a release that an older service published.
        """
        return _readable(lambda: Book(self.content))

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
        return {resource: {row["slug"]: row for row in rows} for resource, rows in self.content.items()}

    def item(self, resource: str, slug: str) -> Row | None:
        """One row of a resource, or None."""
        return self._by_slug.get(resource, {}).get(slug)


Key = tuple[int, str]


class _Memory:
    """The releases that were read, by number and digest, the least recently used going first."""

    def __init__(self) -> None:
        self.releases: OrderedDict[Key, FrozenRelease] = OrderedDict()
        self.newest: FrozenRelease | None = None
        self.lock = Lock()

    def get(self, key: Key) -> FrozenRelease | None:
        with self.lock:
            if key in self.releases:
                self.releases.move_to_end(key)
            return self.releases.get(key)

    def keep(self, release: FrozenRelease) -> FrozenRelease:
        with self.lock:
            self.releases[release.number, release.digest] = release
            while len(self.releases) > MOST_IN_MEMORY:
                self.releases.popitem(last=False)
        return release

    def numbered(self, number: int) -> FrozenRelease | None:
        with self.lock:
            return next((release for release in self.releases.values() if release.number == number), None)


_memory = _Memory()


def current() -> FrozenRelease:
    """The newest release.

    Raises:
        ContentUnavailableError: nothing is published, or none was read before the database went away.
    """
    try:
        newest = Release.objects.order_by("-number").values_list("number", "digest").first()
    except (DatabaseError, InterfaceError):
        if _memory.newest is None:
            raise ContentUnavailableError from None
        return _memory.newest
    if newest is None:
        raise ContentUnavailableError
    _memory.newest = _read(*newest)
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
        known = _memory.numbered(number)
        if known is None:
            raise ContentUnavailableError from None
        return known
    if digest is None:
        raise ReleaseNotFoundError
    return _read(number, digest)


def _read(number: int, digest: str) -> FrozenRelease:
    return _memory.get((number, digest)) or _memory.keep(_frozen(Release.objects.get(number=number)))


def _frozen(row: Release) -> FrozenRelease:
    return FrozenRelease(row.number, row.published_at, row.note, row.digest, json.loads(row.payload))


def history() -> list[Row]:
    """Every release without its payload, the oldest first.

    Raises:
        ContentUnavailableError: the database is away.
    """
    try:
        return [_entry(row) for row in Release.objects.defer("payload")]
    except (DatabaseError, InterfaceError):
        raise ContentUnavailableError from None


def history_entry(release: FrozenRelease) -> Row:
    """A release as the history shows it, with how many rows each resource has."""
    return {**_entry(release), "rows": {resource: len(rows) for resource, rows in release.content.items()}}


def _entry(release: Release | FrozenRelease) -> dict[str, Any]:
    return {
        "number": release.number,
        "published_at": release.published_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "note": release.note,
        "digest": release.digest,
    }
