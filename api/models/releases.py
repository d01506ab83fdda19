"""The table of releases: content in once, frozen releases out."""

from typing import Any, NoReturn

from django.db import models
from django.db.models import Q


class FrozenError(TypeError):
    """Raised where a release would be changed or deleted. A mistake is corrected by the next release."""


class ReleaseQuerySet(models.QuerySet["Release"]):
    """Releases, which can be read and created, and neither updated nor deleted."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise FrozenError("A release is never updated.")

    def delete(self) -> NoReturn:
        raise FrozenError("A release is never deleted.")


class Release(models.Model):
    """Content as it was published: numbered, dated, digested, never changed."""

    number = models.PositiveIntegerField(primary_key=True, help_text="1, 2, 3 …")
    published_at = models.DateTimeField(help_text="When it was published, in UTC.")
    note = models.TextField(help_text="Why it was published.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the payload in canonical JSON (RFC 8785).")
    payload = models.TextField(help_text="Every resource, rendered, as JSON text that keeps the order of members.")

    objects = ReleaseQuerySet.as_manager()

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


def null_for_empty(members: dict[str, Any]) -> dict[str, Any]:
    """The members of an object, null in place of an empty text: what is absent is null in every answer.

    Content passes through it when it is frozen, and when it is read, since earlier versions froze empty texts.
    """
    return {name: None if member == "" else member for name, member in members.items()}
