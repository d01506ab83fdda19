"""The journal of the review: who did what to the content, and when, in; the same out, never changed."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from api.models.fields import closed, one_of
from api.models.releases import Frozen

STEPS = ("edited", "handed-in", "sent-back", "approved", "published")


class ReviewStep(Frozen):
    """A step on the way from an edit to a release. What a review has come to follows from its steps."""

    kind = closed(STEPS, help_text="What was done.")
    who = models.CharField(max_length=150, help_text="The account that did it.")
    at = models.DateTimeField(default=timezone.now, help_text="When, in UTC.")
    release = models.PositiveIntegerField(help_text="The newest release then, on which the change rests; 0: none.")
    tables = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of what stood in the tables; empty for an edit."
    )
    row = models.CharField(max_length=150, blank=True, help_text="The row that was edited, by resource and slug.")
    note = models.TextField(blank=True, help_text="What was said: why, or what was done to the row.")
    loosens = models.JSONField(
        default=list, blank=True, help_text="Rows that are meant to tell less than in that release."
    )

    class Meta:
        ordering = ["pk"]
        verbose_name = "step of the review"
        verbose_name_plural = "review"
        default_permissions = ("view",)
        permissions = [
            ("hand_in", "Can hand in changes for review"),
            ("approve", "Can approve changes of others, or send them back"),
            ("publish", "Can publish what is approved"),
        ]
        constraints = [
            one_of("kind", STEPS),
            models.CheckConstraint(condition=~Q(who=""), name="%(class)s_names_who"),
            models.CheckConstraint(
                condition=Q(kind="edited", tables="") | (~Q(kind="edited") & ~Q(tables="")),
                name="%(class)s_names_what_it_saw",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.who}"
