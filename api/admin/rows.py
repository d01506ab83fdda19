"""Fields of forms for what a row keeps as a list: rows of a form in, lists of objects or of texts out, and no JSON."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

MOST_ROWS = 200
BLANK_ROWS = 2


class RowsWidget(forms.Widget):
    """A table with a line for each object of a list, and a few blank ones for more."""

    template_name = "admin/api/rows.html"

    def __init__(self, columns: Mapping[str, forms.Field]) -> None:
        super().__init__()
        self.columns = columns

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, Any]]:
        """The lines that were filled in and not ticked as gone."""
        sent = str(data.get(f"{name}-rows", ""))
        count = min(int(sent), MOST_ROWS) if sent.isascii() and sent.isdigit() and len(sent) < 4 else 0
        lines = []
        for number in range(count):
            line = {
                column: field.widget.value_from_datadict(data, files, f"{name}-{number}-{column}")
                for column, field in self.columns.items()
            }
            if f"{name}-{number}-gone" not in data and any(line.values()):
                lines.append(line)
        return lines

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Whether the form has no such table."""
        return f"{name}-rows" not in data

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """What the template shows: the heads of the columns, and the cells of each line."""
        context: dict[str, Any] = super().get_context(name, value, attrs)
        lines = [*(value or []), *({} for _ in range(BLANK_ROWS))]
        context["heads"] = [
            (field.label or column.replace("_", " "), field.required) for column, field in self.columns.items()
        ]
        context["lines"] = [self._cells(f"{name}-{number}", line) for number, line in enumerate(lines)]
        context["kept"] = len(value or [])
        return context

    def _cells(self, name: str, line: Mapping[str, Any]) -> Iterator[str]:
        """The cells of a line, rendered."""
        for column, field in self.columns.items():
            labelled = {"aria-label": str(field.label or column.replace("_", " "))}
            yield field.widget.render(f"{name}-{column}", field.prepare_value(line.get(column)), labelled)


class RowsField(forms.Field):
    """A list of objects, each a line of a table with these columns. A column that is not required may be left out."""

    widget: RowsWidget

    def __init__(self, columns: Mapping[str, forms.Field], **options: Any) -> None:
        self.columns = columns
        super().__init__(widget=RowsWidget(columns), **options)

    def clean(self, value: Any) -> list[dict[str, Any]]:
        """The objects; an error names the line and the column."""
        rows, errors = [], []
        for number, line in enumerate(value or [], 1):
            row = {}
            for column, field in self.columns.items():
                try:
                    row[column] = field.clean(line.get(column))
                except ValidationError as error:
                    errors += [f"Line {number}, {column.replace('_', ' ')}: {message}" for message in error.messages]
            rows.append({name: cell for name, cell in row.items() if not self._is_left_out(name, cell)})
        if errors:
            raise ValidationError(errors)
        if self.required and not rows:
            raise ValidationError(self.error_messages["required"], code="required")
        return rows

    def _is_left_out(self, column: str, cell: Any) -> bool:
        """Whether a cell is no member: nothing stands in it, and nothing needs to, nor is null written for it."""
        return (
            cell in ("", None)
            and not self.columns[column].required
            and not getattr(self.columns[column], "is_null", False)
        )

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether the lines are not those that there were."""
        try:
            return bool(self.clean(data) != (initial or []))
        except ValidationError:
            return bool(data) or bool(initial)


class NullableField(forms.CharField):
    """A text that is null where it is empty."""

    is_null = True

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, empty_value=None, **options)


class LinesField(forms.CharField):
    """A list of texts, one on each line."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 4, "cols": 60}), **options)

    def prepare_value(self, value: Any) -> Any:
        """The texts below each other; what was sent as it was sent."""
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        """The texts, without blanks around them and lines without any."""
        return [line.strip() for line in super().clean(value).splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether the texts are not those that there were."""
        return bool(LinesField.clean(LinesField(required=False), data or "") != (initial or []))


class TicksField(forms.MultipleChoiceField):
    """A list of words, of which each may be ticked. Those that were there keep their order; others follow."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.CheckboxSelectMultiple, **options)


class PairsField(RowsField):
    """An object of texts, each pair of a name and a text a line."""

    def prepare_value(self, value: Any) -> Any:
        """The pairs as lines; what was sent as it was sent."""
        first, second = self.columns
        return [{first: name, second: text} for name, text in value.items()] if isinstance(value, dict) else value

    def clean(self, value: Any) -> Any:
        """The object; an error where a name comes twice."""
        first, second = self.columns
        rows = super().clean(value)
        pairs = {row[first]: row[second] for row in rows}
        if len(pairs) < len(rows):
            raise ValidationError(f"A {first} comes twice.")
        return pairs
