"""A release's row in; out, the release as it is used: its content, its rules, and how the history shows it."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from operator import itemgetter
from threading import Lock
from typing import Any, TypeVar

from rest_framework.exceptions import APIException, NotFound

from api.history import Withdrawn
from api.models import Release
from api.models.releases import KINDS, null_for_empty
from api.rules import Book
from api.rules.book import vocabulary
from api.rules.coverage import coverage
from api.rules.evaluate import UNREADABLE, compiled
from api.rules.reading import Vocabulary
from api.rules.vectors import vectors
from api.search import Index
from api.serializers import FACTS

Row = Mapping[str, Any]
EMPTY_TEXT = re.compile(r':\s*""')  # as earlier versions froze what is absent


class ContentUnavailableError(APIException):
    """Raised where no release can be read: nothing is published, or the database is away. No plan is checked then."""

    status_code = 503
    default_code = "content_unavailable"


class ReleaseNotFoundError(NotFound):
    """Raised where no release has the number, or none was published by then."""

    default_code = "release_not_found"


class WithdrawnError(APIException):
    """Raised for a row that was published once and that a release has no more; `last_release` has it still."""

    status_code = 410
    default_code = "withdrawn"

    def __init__(self, last_release: int) -> None:
        super().__init__()
        self.last_release = last_release


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
    """A release in memory; `content` is its payload: rows by resource; `payload` is the text that was frozen.

    `withdrawn` is None where the version that published it did not say.
    """

    number: int
    published_at: datetime
    note: str
    digest: str
    content: Mapping[str, Sequence[Row]] = field(repr=False)
    kind: str = KINDS[0]
    schema: int = 1
    payload: str = field(default="", repr=False)
    withdrawn: Withdrawn | None = field(default=None, repr=False)
    _making: Lock = field(default_factory=Lock, repr=False, compare=False)

    @cached_property
    def as_frozen(self) -> Mapping[str, Sequence[Row]]:
        """The rows of which the digest is; where an earlier version froze empty texts, with these, and not null."""
        rows: Mapping[str, Sequence[Row]] = (
            json.loads(self.payload) if EMPTY_TEXT.search(self.payload) else self.content
        )
        return rows

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
    def index(self) -> Index:
        """The release's facts, to be found by words."""
        return _readable(lambda: Index({name: rows for name, rows in self.content.items() if name in FACTS}))

    @property
    def vectors(self) -> Sequence[Row]:
        """The boundary vectors of the release's limits, by slug.

        Raises:
            ContentUnavailableError: somebody else is making them, which takes seconds, and nobody is to wait for.
        """
        if "_vectors" in vars(self):
            return self._vectors
        if not self._making.acquire(blocking=False):
            raise ContentUnavailableError
        try:
            return self._vectors
        finally:
            self._making.release()

    @cached_property
    def _vectors(self) -> Sequence[Row]:
        """The same, made once."""
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


def frozen(row: Release) -> FrozenRelease:
    """A release from its row in the database.

    Raises:
        BrokenReleaseError: the row is not what was published.
    """
    content = row.content()
    if EMPTY_TEXT.search(row.payload):
        content = json.loads(row.payload, object_hook=null_for_empty)
    more = (row.kind, row.schema, row.payload, row.withdrawn)
    return FrozenRelease(row.number, row.published_at, row.note, row.digest, content, *more)


def with_row_counts(release: FrozenRelease) -> Row:
    """A release as the history shows it, and how many rows each resource has."""
    return {**summary(release), "rows": {resource: len(rows) for resource, rows in release.content.items()}}


def shown_time(moment: datetime) -> str:
    """A time in UTC as answers have it, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def summary(release: Release | FrozenRelease) -> dict[str, Any]:
    """A release as the history shows it: number, time, note, kind, schema and digest."""
    return {
        "number": release.number,
        "published_at": shown_time(release.published_at),
        "note": release.note,
        "kind": release.kind,
        "schema": release.schema,
        "digest": release.digest,
    }
