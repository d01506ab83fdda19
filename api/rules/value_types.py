"""Types of values: a JSON value in; the value that it stands for, or a fault, out.

Each type also gives the JSON Schema that says the same. A record is a frozen dataclass whose fields are declared with
`member(value_type, text)`, so that the reader and the schema that OpenAPI publishes cannot drift apart.
"""

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Protocol

from api.rules.numbers import DECIMAL_PATTERN, LONGEST_DECIMAL, as_text, in_words, thousandths
from api.rules.reading import LONGEST_NAME, PATIENT_IDENTIFIERS, JsonNumber, Reader, nearest, pointer_to

SLUG_PATTERN = "^[a-z0-9]+(-[a-z0-9]+)*$"
# Of these, only those that the calendar has are accepted.
DAY_PATTERN = "^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
_WHOLE = re.compile(r"0|[1-9][0-9]{0,8}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class ValueType(Protocol):
    """How to read a value, how to write back what was read, and the JSON Schema that says the same."""

    def read(self, value: Any, pointer: str, reader: Reader) -> Any: ...

    def write(self, value: Any) -> Any: ...

    def schema(self) -> dict[str, Any]: ...


class AsItIs:
    """A type whose values are written as they were read."""

    def write(self, value: Any) -> Any:
        return value


def text_of(value: Any, pointer: str, reader: Reader) -> str | None:
    """The value when it is a JSON string, else None and a fault."""
    if type(value) is str:
        return value
    reader.fault(pointer, "not_a_string", "Send a string.")
    return None


@dataclass(frozen=True)
class Slug(AsItIs):
    """A slug of a domain of the vocabulary, such as `calf` of the domain `areas`, which `/v1/areas` serves.

    Where `by_other_names`, a synonym is accepted, too, and read as its slug, if it is a synonym of just one.
    """

    domain: str
    resource: str
    by_other_names: bool = False

    def read(self, value: Any, pointer: str, reader: Reader) -> str | None:
        text = text_of(value, pointer, reader)
        if text is None or reader.vocabulary.knows(self.domain, text):
            return text
        meant = reader.vocabulary.meant(self.domain, text)
        if self.by_other_names and len(meant) == 1:
            return meant[0]
        detail = f"Not a slug of {self.resource}."
        reader.fault(pointer, "unknown_slug", detail, reader.vocabulary[self.domain], ", ".join(meant) or None)
        return None

    def schema(self) -> dict[str, Any]:
        if self.by_other_names:
            return {"type": "string", "pattern": r"\S", "maxLength": LONGEST_NAME}
        return {"type": "string", "pattern": SLUG_PATTERN, "maxLength": LONGEST_NAME}


@dataclass(frozen=True)
class Choice(AsItIs):
    """One of a closed list of values.

    `spellings` are accepted, too, and read as the value that they stand for: `cc` as `mL`. `hints` are refused, with
    the value that was probably meant: `GB` for `UK`.
    """

    values: tuple[str, ...]
    spellings: Mapping[str, str] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)

    def read(self, value: Any, pointer: str, reader: Reader) -> str | None:
        text = text_of(value, pointer, reader)
        if text is None or text in self.values:
            return text
        if text in self.spellings:
            return self.spellings[text]
        near = next((value for value in self.values if value.lower() == text.lower()), self.hints.get(text.upper()))
        allowed = (*self.values, *self.spellings)
        reader.fault(pointer, "not_a_choice", "Not one of the allowed values.", allowed, near or nearest(text, allowed))
        return None

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": [*self.values, *self.spellings]}


@dataclass(frozen=True)
class Decimal:
    """A plain decimal, sent as a string or a number, read into thousandths."""

    unit: str
    least: str
    most: str

    def read(self, value: Any, pointer: str, reader: Reader) -> int | None:
        number = thousandths(str(value)) if isinstance(value, str) or type(value) is int else None
        if number is None:
            reader.fault(
                pointer,
                "not_a_decimal",
                "Send a plain decimal, as a string or a number: ASCII digits, no sign, no exponent, "
                "at most six digits before the point and three behind it.",
            )
        elif not self._bounds[0] <= number <= self._bounds[1]:
            reader.fault(pointer, "out_of_range", f"Send a value from {self.bounds}.")
        return number

    @cached_property
    def _bounds(self) -> tuple[int, int]:
        """The bounds in thousandths."""
        return thousandths(self.least) or 0, thousandths(self.most) or 0

    @property
    def bounds(self) -> str:
        """The bounds as a sentence says them: `0.5 to 500 kg`."""
        return f"{self.least} to {in_words(self.most, self.unit)}"

    def write(self, value: int) -> str:
        return as_text(value)

    def text_schema(self) -> dict[str, Any]:
        """The JSON Schema of the decimal as a string."""
        return {"type": "string", "pattern": f"^{DECIMAL_PATTERN}$", "maxLength": LONGEST_DECIMAL}

    def schema(self) -> dict[str, Any]:
        return {
            "oneOf": [
                self.text_schema(),
                {
                    "type": "number",
                    "minimum": _json(self.least),
                    "maximum": _json(self.most),
                    "description": "At most three decimals, no exponent.",
                },
            ],
            **({"x-unit": self.unit} if self.unit else {}),
        }


@dataclass(frozen=True)
class Whole(AsItIs):
    """A whole number."""

    least: int
    most: int

    def read(self, value: Any, pointer: str, reader: Reader) -> int | None:
        if type(value) not in (JsonNumber, int) or not _WHOLE.fullmatch(str(value)):
            reader.fault(pointer, "not_a_whole_number", "Send a whole number without sign, point or exponent.")
            return None
        number = int(value)
        if not self.least <= number <= self.most:
            reader.fault(pointer, "out_of_range", f"Send a value from {self.least} to {self.most}.")
        return number

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True)
class Flag(AsItIs):
    """True or false."""

    def read(self, value: Any, pointer: str, reader: Reader) -> bool | None:
        if type(value) is bool:
            return value
        reader.fault(pointer, "not_a_boolean", "Send true or false.")
        return None

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Day:
    """A civil date, read into its day number."""

    first = date(1900, 1, 1)
    last = date(2199, 12, 31)

    def read(self, value: Any, pointer: str, reader: Reader) -> int | None:
        text = text_of(value, pointer, reader)
        if text is None:
            return None
        try:
            day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
        except ValueError:
            day = None
        if day is None:
            reader.fault(pointer, "not_a_date", "Send a civil date that exists, as YYYY-MM-DD.")
        elif not self.first <= day <= self.last:
            reader.fault(pointer, "out_of_range", f"Send a date from {self.first} to {self.last}.")
        return day.toordinal() if day else None

    def write(self, value: int) -> str:
        return date.fromordinal(value).isoformat()

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date", "pattern": DAY_PATTERN, "maxLength": 10}


@dataclass(frozen=True)
class Unread(AsItIs):
    """A document that is read later, on its own, such as each plan of a batch."""

    component: str

    def read(self, value: Any, pointer: str, reader: Reader) -> Any:
        return value

    def schema(self) -> dict[str, Any]:
        return {"$ref": f"#/components/schemas/{self.component}"}


@dataclass(frozen=True)
class Items:
    """A list of values of one type."""

    value_type: ValueType
    least: int
    most: int
    unique: bool = False

    def read(self, value: Any, pointer: str, reader: Reader) -> tuple[Any, ...] | None:
        if type(value) is not list:
            reader.fault(pointer, "not_a_list", "Send a list.")
            return None
        self.check_length(value, pointer, reader)
        if len(value) > self.most:
            return None
        read = tuple([self.value_type.read(element, f"{pointer}/{k}", reader) for k, element in enumerate(value)])
        if self.unique and len(set(read)) < len(read):
            for k, element in enumerate(read):
                if element is not None and element in read[:k]:
                    reader.fault(f"{pointer}/{k}", "repeated", "This entry is in the list already.")
        return read

    def check_length(self, value: list[Any], pointer: str, reader: Reader) -> None:
        """Note a fault where the list is too short or too long."""
        if not self.least <= len(value) <= self.most:
            reader.fault(pointer, "wrong_length", f"Send {self.least} to {self.most} entries.")

    def write(self, value: tuple[Any, ...]) -> list[Any]:
        return [self.value_type.write(element) for element in value]

    def schema(self) -> dict[str, Any]:
        bounds = {"minItems": self.least, "maxItems": self.most}
        return {
            "type": "array",
            "items": self.value_type.schema(),
            **bounds,
            **({"uniqueItems": True} if self.unique else {}),
        }


@dataclass(frozen=True)
class Record:
    """An object whose members are the fields of a dataclass; any other member is refused."""

    type: type[Any]

    def read(self, value: Any, pointer: str, reader: Reader) -> Any:
        if not isinstance(value, dict):
            reader.fault(pointer, "not_an_object", "Send an object.")
            return None
        before = reader.noted
        members = fields_of(self.type)
        if not value.keys() <= members.keys() or getattr(value, "doubled", None):
            _refuse_names(value, members, pointer, reader)
        read = {}
        for name, value_type, required in self._members:
            if name in value:
                sent = value[name]
                if sent is None:
                    reader.fault(f"{pointer}/{name}", "null", "Leave the member out instead of sending null.")
                else:
                    read[name] = value_type.read(sent, f"{pointer}/{name}", reader)
            elif required:
                reader.fault(f"{pointer}/{name}", "required", "This member is required.")
        return self.type(**read) if reader.noted == before else None

    @cached_property
    def _members(self) -> tuple[tuple[str, ValueType, bool], ...]:
        """The name of each member, how it is read, and whether it is required."""
        return tuple(
            (name, declared.metadata["value_type"], declared.metadata["required"])
            for name, declared in fields_of(self.type).items()
        )

    def write(self, value: Any) -> dict[str, Any]:
        """The record as a document, its members in the order in which they are declared."""
        return {
            name: declared.metadata["value_type"].write(own)
            for name, declared in fields_of(self.type).items()
            if (own := getattr(value, name)) is not None
        }

    def schema(self) -> dict[str, Any]:
        return {"$ref": f"#/components/schemas/{self.type.__name__}"}

    def component(self) -> dict[str, Any]:
        """The JSON Schema of the record itself, which `schema` refers to."""
        properties = {}
        for name, declared in fields_of(self.type).items():
            own, text = declared.metadata["value_type"], declared.metadata["text"]
            bounds = f" From {own.bounds}." if isinstance(own, Decimal) else ""
            properties[name] = {**own.schema(), "description": f"{text}{bounds}"}
        required = [name for name, declared in fields_of(self.type).items() if declared.metadata["required"]]
        return {
            "type": "object",
            "description": (self.type.__doc__ or "").strip(),
            "properties": properties,
            **({"required": required} if required else {}),
            "additionalProperties": False,
        }


def member(
    value_type: ValueType, text: str, *, default: Any = None, required: bool = False, essential: bool = False
) -> Any:
    """A field of a record, with its type and its text for the schema.

    Where it is `essential`, and an essential rule needs it and it is missing, the plan is `incomplete`.
    """
    metadata = {"value_type": value_type, "text": text, "required": required, "essential": essential}
    if required:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


def fields_of(record: type[Any]) -> dict[str, dataclasses.Field[Any]]:
    """The fields of a record, by name."""
    return _fields[record]


class _Fields(dict[type[Any], dict[str, dataclasses.Field[Any]]]):
    """The fields of each record, worked out once."""

    def __missing__(self, record: type[Any]) -> dict[str, dataclasses.Field[Any]]:
        self[record] = {declared.name: declared for declared in dataclasses.fields(record)}
        return self[record]


_fields = _Fields()


def _refuse_names(value: dict[str, Any], names: Iterable[str], pointer: str, reader: Reader) -> None:
    """Note a fault for each member that is not among the names, identifies the patient, or comes twice."""
    known = frozenset(names)
    for name in value:
        if reader.full:
            return
        own = pointer_to(pointer, name)
        if name not in known:
            if name.lower().replace("-", "_") in PATIENT_IDENTIFIERS:
                reader.fault(
                    own, "patient_identifier", "Names and other identifiers are not accepted. Leave this member out."
                )
            else:
                detail = "This member is not known."
                reader.fault(own, "unknown_member", detail, tuple(sorted(known)), nearest(name, known))
        if name in getattr(value, "doubled", ()):
            reader.fault(own, "duplicate_member", "This member comes more than once.")


def _json(text: str) -> int | float:
    """A declared bound as the schema has it: a number."""
    return float(text) if "." in text else int(text)
