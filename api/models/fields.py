"""Columns and constraints that the content tables share: a value in; out, an error where it may not be there."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models

from api.rules.plan import JURISDICTIONS

STANCES = ("supports", "contradicts", "qualifies")
STATUSES = ("confirmed", "disputed", "unconfirmed")
SLUG = RegexValidator(r"\A[a-z0-9]+(-[a-z0-9]+)*\Z", "A slug is lower-case words joined by hyphens.")


def one_of(field: str, values: Iterable[str]) -> models.CheckConstraint:
    """A constraint by which the database takes no value outside a closed list, but null where the column allows it."""
    return models.CheckConstraint(
        condition=models.Q(**{f"{field}__in": list(values)}), name=f"%(class)s_{field}_listed"
    )


Choices = Callable[[], list[tuple[str, str]]]


def jurisdictions() -> list[tuple[str, str]]:
    """The choices of a jurisdiction. They are a function, without a constraint, so that one more needs no migration."""
    return [(code, code) for code in JURISDICTIONS]


def closed(values: Iterable[str] | Choices, *, null: bool = False, help_text: str) -> "models.CharField[Any, Any]":
    """A column for a word of a closed list. Publishing checks it, and with `one_of`, the database does, too."""
    choices = values if callable(values) else [(value, value) for value in values]
    return models.CharField(max_length=40, choices=choices, null=null, blank=null, help_text=help_text)


def decimal(*, max_digits: int = 9, help_text: str) -> "models.DecimalField[Any, Any]":
    """A column for a decimal that is not negative and has at most three places; or null."""
    return models.DecimalField(
        max_digits=max_digits,
        decimal_places=3,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=help_text,
    )


class ListField(models.JSONField):
    """A list of texts: of slugs of the table that `of` names, or of `words`, those that a text may be, or free."""

    def __init__(self, *args: Any, of: str | None = None, words: Iterable[str] | None = None, **kwargs: Any) -> None:
        self.of = of
        self.words = tuple(words) if words is not None else None
        kwargs.setdefault("default", list)
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        """Check that each text is one that the list may have, and comes once."""
        super().validate(value, model_instance)
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            raise ValidationError("must be a list of texts")
        if len(set(value)) < len(value):
            raise ValidationError("names an entry twice")
        unknown = set(value) - known_slugs(self.of, value) if self.of else set(value) - set(self.words or value)
        if unknown:
            raise ValidationError(f"names what is not there: {', '.join(sorted(unknown))}")


class CitationsField(models.JSONField):
    """A list of citations: source, locator, stance, and a note where one helps."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "Where it says so: source, exact place, and whether it supports the statement.")
        super().__init__(*args, **kwargs)

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        """Check that each citation is whole and names a source that is there."""
        super().validate(value, model_instance)
        if not isinstance(value, list):
            raise ValidationError("must be a list of citations")
        for citation in value:
            check_keys(citation, {"source", "locator", "stance"}, {"note"}, "citation")
            if citation["stance"] not in STANCES:
                raise ValidationError(f"has a citation with the unknown stance {citation['stance']!r}")
            if not citation["locator"].strip():
                raise ValidationError(f"cites {citation['source']!r} without a locator")
        cited = [citation["source"] for citation in value]
        dangling = set(cited) - known_slugs("Source", cited)
        if dangling:
            raise ValidationError(f"has a dangling citation: {', '.join(sorted(dangling))}")


def known_slugs(model: str, slugs: Iterable[str]) -> set[str]:
    """Those of the slugs that the table has."""
    return set(apps.get_model("api", model)._default_manager.filter(pk__in=list(slugs)).values_list("pk", flat=True))


def check_keys(row: Any, required: set[str], optional: set[str], what: str) -> None:
    """Check that a row is an object with just these keys, and that its texts are texts; `what` names it in the error.

    Raises:
        ValidationError: it is not.
    """
    if not isinstance(row, Mapping) or not required <= row.keys() <= required | optional:
        raise ValidationError(f"has a {what} whose keys are not {', '.join(sorted(required))}")
    for name in row.keys() & {"source", "locator", "stance", "note"}:
        if not isinstance(row[name], str):
            raise ValidationError(f"has a {what} whose {name} is not a text")
