"""Forms of facts: a row in; out, fields that a clinician fills in, and a refusal where somebody else was quicker."""

import json
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models

from api.admin.rows import LinesField, NullableField, PairsField, RowsField, TicksField
from api.models.facts import CONTAINERS
from api.models.fields import STANCES, CitationsField, ListField
from api.models.releases import digest_of
from api.publishing.written import written
from api.rules.numbers import UNITS, thousandths
from api.rules.rows import COMPARATORS
from api.serializers import RESOURCES
from api.serializers.answers import VERDICTS

SOURCES = "known-sources"  # the id of the list of suggestions that the page has
TICKED = ("Product", "VeinType")  # tables of few rows, whose slugs are ticked and not typed


def _plain_decimal(text: str) -> None:
    """Refuse what is no plain decimal."""
    if thousandths(text) is None:
        raise ValidationError("Write a plain decimal, such as 0.5.")


def _words(words: Any) -> list[tuple[str, str]]:
    """The choices of a word, and none."""
    return [("", "-"), *((word, word) for word in words)]


def _number(**options: Any) -> forms.CharField:
    return forms.CharField(validators=[_plain_decimal], widget=forms.TextInput(attrs={"size": 8}), **options)


def _citations(**options: Any) -> RowsField:
    """Citations: a line for each."""
    columns = {
        "source": forms.CharField(widget=forms.TextInput(attrs={"list": SOURCES, "size": 26})),
        "locator": forms.CharField(label="exact place", widget=forms.TextInput(attrs={"size": 26})),
        "stance": forms.ChoiceField(choices=_words(STANCES)),
        "note": forms.CharField(required=False, widget=forms.TextInput(attrs={"size": 26})),
    }
    return RowsField(columns, **options)


def _strengths(**options: Any) -> RowsField:
    """Strengths, each with its containers."""
    containers = {"kind": forms.ChoiceField(choices=_words(CONTAINERS)), "volume_ml": _number(label="mL")}
    return RowsField(
        {"concentration_percent": _number(label="percent"), "containers": RowsField(containers, required=False)},
        **options,
    )


def _figures(**options: Any) -> RowsField:
    """Figures of an answer, each with its citations."""
    columns = {
        "key": forms.CharField(),
        "low": NullableField(validators=[_plain_decimal], widget=forms.TextInput(attrs={"size": 6})),
        "high": NullableField(validators=[_plain_decimal], widget=forms.TextInput(attrs={"size": 6})),
        "unit": forms.ChoiceField(choices=_words(UNITS)),
        "label": forms.CharField(label="what it counts"),
        "citations": _citations(),
    }
    return RowsField(columns, **options)


def _messages(**options: Any) -> PairsField:
    """What a finding says, by comparator."""
    text = ProseField(widget=forms.Textarea(attrs={"rows": 2, "cols": 80}))
    return PairsField(
        {"comparator": forms.ChoiceField(choices=_words((*COMPARATORS, "unknown"))), "text": text}, **options
    )


class ExpectWidget(forms.MultiWidget):
    """A verdict, and below it the findings, one on each line."""

    def __init__(self) -> None:
        super().__init__([forms.Select(choices=_words(VERDICTS)), forms.Textarea(attrs={"rows": 4, "cols": 60})])

    def decompress(self, value: Any) -> list[Any]:
        """The verdict and the findings."""
        return [value["verdict"], "\n".join(value["findings"])] if value else ["", ""]


class ExpectField(forms.MultiValueField):
    """What a plan must come to."""

    def __init__(self, **options: Any) -> None:
        fields = (forms.ChoiceField(choices=_words(VERDICTS)), LinesField(required=False))
        super().__init__(fields, widget=ExpectWidget, require_all_fields=False, **options)

    def compress(self, values: Any) -> dict[str, Any]:
        """The object that is kept."""
        verdict, findings = values or ("", [])
        return {"verdict": verdict, "findings": findings}


class PlanField(forms.CharField):
    """A plan, laid out to be read: the one text that is JSON, since it is what an app would send."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 24, "cols": 90, "class": "plan"}), **options)

    def prepare_value(self, value: Any) -> Any:
        """The plan with a member a line, where it can be read."""
        try:
            return json.dumps(json.loads(value), indent=2, ensure_ascii=False)
        except (TypeError, ValueError):
            return value

    def clean(self, value: Any) -> Any:
        """The plan as it is kept."""
        text = super().clean(value)
        try:
            return json.dumps(json.loads(text))
        except ValueError as error:
            raise ValidationError(f"This is not JSON: {error}.") from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether it is another plan, however it is laid out."""
        return bool(self.prepare_value(initial) != self.prepare_value(data))


class ProseField(forms.CharField):
    """A text of several lines. A browser sends each with a carriage return, which no row has."""

    def to_python(self, value: Any) -> Any:
        """The text with plain ends of lines."""
        text = super().to_python(value)
        return text.replace("\r\n", "\n") if isinstance(text, str) else text


class FlagWidget(forms.NullBooleanSelect):
    """Yes, no, or nothing: where a row does not ask, that is not `unknown`."""

    def __init__(self) -> None:
        super().__init__()
        self.choices = [("unknown", "-"), ("true", "yes"), ("false", "no")]


class ShortDecimalField(forms.DecimalField):
    """A decimal, shown in its shortest form."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "widget": forms.TextInput(attrs={"size": 10})})

    def prepare_value(self, value: Any) -> Any:
        """The number without zeros at its end; what was sent as it was sent."""
        return format(value.normalize(), "f") if isinstance(value, Decimal) else value


# Fields for members of one table alone, by column.
BY_NAME = {
    "strengths": _strengths,
    "figures": _figures,
    "messages": _messages,
    "expect": ExpectField,
    "plan": PlanField,
}


def field_for(column: Any) -> forms.Field | None:
    """The field of a form for a column that is a list, an object, a decimal or a flag that may be empty; else None."""
    about: dict[str, Any] = {"required": not column.blank, "help_text": column.help_text}
    if column.name in BY_NAME:
        return BY_NAME[column.name](**about)
    if isinstance(column, CitationsField):
        return _citations(**about)
    if isinstance(column, ListField):
        return _list_field(column, about)
    if isinstance(column, models.DecimalField):
        limits = {"max_digits": column.max_digits, "decimal_places": column.decimal_places, "min_value": 0}
        return ShortDecimalField(**about, **limits)
    if isinstance(column, models.BooleanField) and column.null:
        return forms.NullBooleanField(widget=FlagWidget, **about)
    return None


def _list_field(column: ListField, about: dict[str, Any]) -> forms.Field:
    """Words of a short list are ticked, others typed, one on each line."""
    if column.words:
        return TicksField(choices=[(word, word) for word in column.words], **about)
    if column.of in TICKED:
        [model] = [each.model for each in RESOURCES.values() if each.model.__name__ == column.of]

        def slugs() -> list[tuple[str, str]]:
            return [(slug, slug) for slug in model._default_manager.values_list("pk", flat=True)]

        return TicksField(choices=slugs, **about)
    return LinesField(**{**about, "help_text": f"{about['help_text']} One on each line."})


class FactForm(forms.ModelForm):  # type: ignore[type-arg]  # is not generic when it runs
    """A row, and a digest of what it was when the page was loaded."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = "" if self.instance._state.adding else digest_of(written(self.instance))
        self.initial["seen"] = self.now
        self.fields["seen"].has_changed = lambda initial, data: False  # type: ignore[method-assign]

    def clean(self) -> dict[str, Any]:
        """What was sent; refused where the row was changed since the page was loaded."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("seen", "") != self.now:
            raise ValidationError(
                "Somebody changed this row after you loaded it. Load it again: what you see is not what is there."
            )
        for name, field in self.fields.items():
            if isinstance(field, TicksField) and name in cleaned:
                before = [word for word in self.initial.get(name) or [] if word in cleaned[name]]
                cleaned[name] = [*before, *(word for word in cleaned[name] if word not in before)]
        return cleaned

    def _post_clean(self) -> None:
        """Check the row as a whole only where each of its fields is right: its checks suppose so."""
        if not self.errors:
            super()._post_clean()  # type: ignore[misc]
