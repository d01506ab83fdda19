"""The table of releases: content in once, frozen releases out."""

import hashlib
import json
from typing import Any, NoReturn

import rfc8785
from django.db import models
from django.db.models import Q


class FrozenError(TypeError):
    """Raised where a release, or a step of a review, would be changed or deleted. The next one corrects it."""


class BrokenReleaseError(ValueError):
    """Raised where the row of a release is not what was published: its payload was cut, or changed."""


class FrozenQuerySet(models.QuerySet[Any]):
    """Rows which can be read and created, and neither updated nor deleted."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise FrozenError(f"A {self.model._meta.verbose_name} is never updated.")

    def delete(self) -> NoReturn:
        raise FrozenError(f"A {self.model._meta.verbose_name} is never deleted.")


class Release(models.Model):
    """Content as it was published: numbered, dated, digested, never changed."""

    number = models.PositiveIntegerField(primary_key=True, help_text="1, 2, 3 …")
    published_at = models.DateTimeField(help_text="When it was published, in UTC.")
    note = models.TextField(help_text="Why it was published.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the payload in canonical JSON (RFC 8785).")
    payload = models.TextField(help_text="Every resource, rendered, as JSON text that keeps the order of members.")

    objects = FrozenQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [models.CheckConstraint(condition=Q(number__gte=1), name="release_number_from_one")]

    def __str__(self) -> str:
        return f"release {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the release; one that is there is not updated."""
        if not self._state.adding:
            raise FrozenError("A release is never updated.")
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise FrozenError("A release is never deleted.")

    def content(self) -> dict[str, Any]:
        """What was published, by resource.

        Raises:
            BrokenReleaseError: the payload is no JSON, or not what the digest was made of.
        """
        try:
            content: dict[str, Any] = json.loads(self.payload)
            is_whole = digest_of(content) == self.digest
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


def digest_of(content: Any) -> str:
    """The SHA-256 of content in canonical JSON, by which a release is known."""
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()


def null_for_empty(members: dict[str, Any]) -> dict[str, Any]:
    """The members of an object, null in place of an empty text: what is absent is null in every answer.

    Content passes through it when it is frozen, and when it is read, since earlier versions froze empty texts.
    """
    return {name: None if member == "" else member for name, member in members.items()}
