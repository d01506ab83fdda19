"""The table of releases: content in once, frozen releases out."""

import hashlib
import json
from contextlib import suppress
from typing import Any, NoReturn

import rfc8785
from django.db import models
from django.db.models import Q

from api.history import NOTHING, Content, Withdrawn, withdrawn_after

# How rows are rendered: their members and what these mean. Another number where a release published now has other
# members than one of before; `tests/kept` has a release of each.
SCHEMA = 1
KINDS = ("editorial", "clinical", "safety")


class FrozenError(TypeError):
    """Raised where a row that is frozen would be changed or deleted. The next one corrects it."""


class BrokenReleaseError(ValueError):
    """Raised where the row of a release is not what was published: its payload was cut, or changed."""


class FrozenQuerySet(models.QuerySet[Any]):
    """Rows which can be read and created, and neither updated nor deleted."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise FrozenError(f"A {self.model._meta.verbose_name} is never updated.")

    def delete(self) -> NoReturn:
        raise FrozenError(f"A {self.model._meta.verbose_name} is never deleted.")


class FrozenManager(models.Manager[Any]):
    """Reads and creates such rows."""

    def get_queryset(self) -> FrozenQuerySet:
        return FrozenQuerySet(self.model, using=self._db)


class Frozen(models.Model):
    """A row that is inserted once, and never updated or deleted."""

    objects = FrozenManager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the row; one that is there is not updated."""
        if not self._state.adding:
            raise FrozenError(f"A {self._meta.verbose_name} is never updated.")
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise FrozenError(f"A {self._meta.verbose_name} is never deleted.")


class Release(Frozen):
    """Content as it was published: numbered, dated, digested, never changed."""

    number = models.PositiveIntegerField(primary_key=True, help_text="1, 2, 3 …")
    published_at = models.DateTimeField(help_text="When it was published, in UTC.")
    note = models.TextField(help_text="Why it was published.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the payload in canonical JSON (RFC 8785).")
    payload = models.TextField(help_text="Every resource, rendered, as JSON text that keeps the order of members.")
    kind = models.CharField(max_length=40, db_default=KINDS[0], help_text="Editorial, clinical or safety.")
    schema = models.PositiveSmallIntegerField(db_default=1, help_text="Number of the schema that rows are rendered by.")
    withdrawn = models.JSONField(
        null=True,
        help_text="By resource, every slug that was published once and is no more, with the last release that has it. "
        "Null where the version that published it did not say; it follows from the releases.",
    )

    class Meta:
        ordering = ["number"]
        constraints = [models.CheckConstraint(condition=Q(number__gte=1), name="release_number_from_one")]

    def __str__(self) -> str:
        return f"release {self.number}"

    def content(self) -> dict[str, Any]:
        """What was published, by resource.

        Raises:
            BrokenReleaseError: the payload is no JSON, or not what the digest was made of.
        """
        try:
            content: dict[str, Any] = json.loads(self.payload)
            is_whole = quick_digest_of(content) == self.digest or digest_of(content) == self.digest
        except (ValueError, RecursionError) as error:
            raise BrokenReleaseError(str(self)) from error
        if not is_whole:
            raise BrokenReleaseError(str(self))
        return content

    def is_broken(self) -> bool:
        """Whether the row is not what was published."""
        try:
            self.content()
        except BrokenReleaseError:
            return True
        return False


def withdrawn_as_of(number: int) -> Withdrawn:
    """What is withdrawn as of a release: as its row says; else what the releases up to it come to."""
    stated = Release.objects.filter(number__lte=number, withdrawn__isnull=False).defer("payload").last()
    known: Withdrawn = (stated.withdrawn if stated else None) or {}
    since = stated.number if stated else 0
    before = _last_readable(since)
    for row in Release.objects.filter(number__gt=since, number__lte=number).iterator(chunk_size=1):
        with suppress(BrokenReleaseError):
            content = row.content()
            known = withdrawn_after(known, before[0], before[1], content)
            before = row.number, content
    return known


def withdrawn_with(content: Content) -> Withdrawn:
    """What is withdrawn as soon as the content is published."""
    last = Release.objects.defer("payload").last()
    number, before = _last_readable(last.number if last else 0)
    return withdrawn_after(withdrawn_as_of(number), number, before, content)


def _last_readable(number: int) -> tuple[int, Content]:
    """The last release up to a number that can be read: its number and content; 0 and nothing where there is none."""
    for row in Release.objects.filter(number__lte=number).order_by("-number").iterator(chunk_size=1):
        with suppress(BrokenReleaseError):
            return row.number, row.content()
    return 0, NOTHING


def digest_of(content: Any) -> str:
    """The SHA-256 of content in canonical JSON, by which a release is known."""
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()


def quick_digest_of(content: Any) -> str:
    """The same for content that has whole numbers alone and members named in ASCII, in a tenth of the time.

    Of other content it is another, which proves nothing; where it is the digest that was published, so is the content.
    """
    canonical = json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def null_for_empty(members: dict[str, Any]) -> dict[str, Any]:
    """The members of an object, null in place of an empty text: what is absent is null in every answer.

    Content passes through it when it is frozen, and when it is read, since earlier versions froze empty texts.
    """
    return {name: None if member == "" else member for name, member in members.items()}
