"""Reading a JSON document into typed records, with a JSON Pointer to every fault.

A record is a frozen dataclass whose fields are declared with `member(kind, text)`. The same declaration reads the
document and gives the JSON Schema that OpenAPI publishes, so the two cannot drift apart.
"""

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from functools import cache
from typing import Any, Protocol

from api.rules.numbers import DECIMAL_PATTERN, thousandths

MOST_FAULTS = 500
_SAYABLE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_WHOLE = re.compile(r"0|[1-9][0-9]{0,8}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

# fmt: off
PATIENT_IDENTIFIERS = frozenset({
    "id", "patient_id", "name", "full_name", "first_name", "middle_name", "last_name", "surname", "given_name",
    "family_name", "initials", "date_of_birth", "birth_date", "birthdate", "birthday", "dob", "mrn",
    "medical_record_number", "record_number", "chart_number", "nhs_number", "ssn", "social_security_number",
    "insurance_number", "insurance_id", "health_card_number", "passport", "passport_number", "driver_license",
    "email", "e_mail", "phone", "phone_number", "telephone", "mobile", "fax", "address", "street", "city",
    "zip", "zip_code", "postcode", "postal_code", "photo", "ip_address",
})
# fmt: on


class JsonNumber(str):
    """The source text of a JSON number; never turned into a float."""

    __slots__ = ()


class NotANumber:
    """Stands for the NaN or Infinity that JSON does not have."""


class Members(dict[str, Any]):
    """A JSON object that remembers which of its keys came twice."""

    __slots__ = ("doubled",)

    def __init__(self, pairs: Iterable[tuple[str, Any]]) -> None:
        pairs = list(pairs)
        super().__init__(pairs)
        self.doubled: frozenset[str] = frozenset()
        if len(self) < len(pairs):
            counts = Counter(name for name, _ in pairs)
            self.doubled = frozenset(name for name, count in counts.items() if count > 1)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with an input, and where."""

    pointer: str
    code: str
    detail: str
    allowed: tuple[str, ...] = ()
    did_you_mean: str | None = None


class PlanFaults(ValueError):
    """The document is not a plan; `faults` says why, every one of them."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


class Words:
    """The slugs that a release knows, by kind, with their synonyms for a helpful answer to a wrong one."""

    def __init__(self, slugs: Mapping[str, Iterable[str]], synonyms: Mapping[str, Mapping[str, str]]) -> None:
        self._slugs = {kind: tuple(sorted(names)) for kind, names in slugs.items()}
        self._known = {kind: frozenset(names) for kind, names in self._slugs.items()}
        self._synonyms = synonyms

    def __getitem__(self, kind: str) -> tuple[str, ...]:
        return self._slugs[kind]

    def knows(self, kind: str, slug: str) -> bool:
        return slug in self._known[kind]

    def nearest(self, kind: str, slug: str) -> str | None:
        """The slug that a wrong one probably meant, or None."""
        wanted = slug[:64].lower().replace("_", "-").replace(" ", "-")
        synonyms = self._synonyms.get(kind, {})
        if wanted in synonyms:
            return synonyms[wanted]
        return nearest(wanted, (*self._slugs[kind], *synonyms), synonyms)


def under(pointer: str, name: str) -> str:
    """The pointer to a member; to its object where the name is not one to repeat."""
    return f"{pointer}/{name}" if _SAYABLE_NAME.fullmatch(name) else pointer


def nearest(wanted: str, names: Iterable[str], synonyms: Mapping[str, str] | None = None) -> str | None:
    """The name closest in spelling, or None when nothing is close."""
    close = get_close_matches(wanted[:64], list(names), n=1, cutoff=0.7)
    return (synonyms or {}).get(close[0], close[0]) if close else None


@dataclass(slots=True)
class Reader:
    """What reading one document carries along: the known words, and the faults so far."""

    words: Words
    faults: list[Fault] = field(default_factory=list)

    @property
    def full(self) -> bool:
        """Whether no more faults are kept, so that advice on them would be wasted."""
        return len(self.faults) >= MOST_FAULTS

    def fault(
        self, pointer: str, code: str, detail: str, allowed: tuple[str, ...] = (), near: str | None = None
    ) -> None:
        if not self.full:
            self.faults.append(Fault(pointer, code, detail, allowed, near))


class Kind(Protocol):
    """A kind of value: how to read it, and the JSON Schema that says the same."""

    def read(self, value: Any, pointer: str, reader: Reader) -> Any: ...

    def schema(self) -> dict[str, Any]: ...


def text_of(value: Any, pointer: str, reader: Reader) -> str | None:
    """The value when it is a JSON string, else None and a fault."""
    if type(value) is str:
        return value
    reader.fault(pointer, "not_a_string", "Send a string.")
    return None


@dataclass(frozen=True)
class Slug:
    """A slug of a resource of the release."""

    words: str
    resource: str

    def read(self, value: Any, pointer: str, reader: Reader) -> str | None:
        text = text_of(value, pointer, reader)
        if text is None or reader.words.knows(self.words, text):
            return text
        reader.fault(
            pointer,
            "unknown_slug",
            f"Not a slug of {self.resource}.",
            reader.words[self.words],
            reader.words.nearest(self.words, text),
        )
        return None

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"}


@dataclass(frozen=True)
class Choice:
    """One of a closed list, with spellings that are accepted for a listed one, and some that are only understood."""

    values: tuple[str, ...]
    spellings: Mapping[str, str] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)

    def read(self, value: Any, pointer: str, reader: Reader) -> str | None:
        text = text_of(value, pointer, reader)
        if text is None or text in self.values:
            return text
        if text in self.spellings:
            return self.spellings[text]
        near = next((known for known in self.values if known.lower() == text.lower()), self.hints.get(text.upper()))
        reader.fault(
            pointer, "not_a_choice", "Not one of the allowed values.", self.values, near or nearest(text, self.values)
        )
        return None

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": [*self.values, *self.spellings]}


@dataclass(frozen=True)
class Decimal:
    """A plain decimal as a string or a number, read into thousandths."""

    unit: str
    least: str
    most: str

    def read(self, value: Any, pointer: str, reader: Reader) -> int | None:
        number = thousandths(value) if isinstance(value, str) else None
        if number is None:
            reader.fault(
                pointer,
                "not_a_decimal",
                "Send a plain decimal, as a string or a number: ASCII digits, no sign, no exponent, "
                "at most six digits before the point and three behind it.",
            )
        elif not _thousandths(self.least) <= number <= _thousandths(self.most):
            reader.fault(pointer, "out_of_range", f"Send a value from {self.least} to {self.most} {self.unit}.")
        return number

    def schema(self) -> dict[str, Any]:
        return {
            "oneOf": [
                {"type": "string", "pattern": f"^{DECIMAL_PATTERN}$"},
                {"type": "number", "minimum": _json(self.least), "maximum": _json(self.most)},
            ],
            "x-unit": self.unit,
        }


@dataclass(frozen=True)
class Whole:
    """A whole number."""

    least: int
    most: int

    def read(self, value: Any, pointer: str, reader: Reader) -> int | None:
        if type(value) is not JsonNumber or not _WHOLE.fullmatch(value):
            reader.fault(pointer, "not_a_whole_number", "Send a whole number without sign, point or exponent.")
            return None
        number = int(value)
        if not self.least <= number <= self.most:
            reader.fault(pointer, "out_of_range", f"Send a value from {self.least} to {self.most}.")
        return number

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True)
class Flag:
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

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date"}


@dataclass(frozen=True)
class Unread:
    """A document that is read later, on its own."""

    component: str

    def read(self, value: Any, pointer: str, reader: Reader) -> Any:
        return value

    def schema(self) -> dict[str, Any]:
        return {"$ref": f"#/components/schemas/{self.component}"}


@dataclass(frozen=True)
class Items:
    """A list of values of one kind."""

    kind: Kind
    least: int
    most: int
    unique: bool = False

    def read(self, value: Any, pointer: str, reader: Reader) -> tuple[Any, ...] | None:
        if type(value) is not list:
            reader.fault(pointer, "not_a_list", "Send a list.")
            return None
        if not self.least <= len(value) <= self.most:
            reader.fault(pointer, "wrong_length", f"Send {self.least} to {self.most} entries.")
            if len(value) > self.most:
                return None
        read = tuple([self.kind.read(entry, f"{pointer}/{k}", reader) for k, entry in enumerate(value)])
        if self.unique:
            for k, entry in enumerate(read):
                if entry is not None and entry in read[:k]:
                    reader.fault(f"{pointer}/{k}", "repeated", "This entry is in the list already.")
        return read

    def schema(self) -> dict[str, Any]:
        bounds = {"minItems": self.least, "maxItems": self.most}
        return {
            "type": "array",
            "items": self.kind.schema(),
            **bounds,
            **({"uniqueItems": True} if self.unique else {}),
        }


@dataclass(frozen=True)
class Record:
    """An object with known members."""

    type: type[Any]

    def read(self, value: Any, pointer: str, reader: Reader) -> Any:
        if not isinstance(value, dict):
            reader.fault(pointer, "not_an_object", "Send an object.")
            return None
        before = len(reader.faults)
        kinds = members_of(self.type)
        if value.keys() - kinds.keys() or getattr(value, "doubled", None):
            _refuse_names(value, kinds, pointer, reader)
        read = {}
        for name, declared in kinds.items():
            if name in value:
                entry = value[name]
                if entry is None:
                    reader.fault(f"{pointer}/{name}", "null", "Leave the member out instead of sending null.")
                else:
                    read[name] = declared.metadata["kind"].read(entry, f"{pointer}/{name}", reader)
            elif declared.metadata["required"]:
                reader.fault(f"{pointer}/{name}", "required", "This member is required.")
        return self.type(**read) if len(reader.faults) == before else None

    def schema(self) -> dict[str, Any]:
        return {"$ref": f"#/components/schemas/{self.type.__name__}"}

    def component(self) -> dict[str, Any]:
        """The JSON Schema of the record itself, which `schema` refers to."""
        properties = {}
        for name, declared in members_of(self.type).items():
            kind, text = declared.metadata["kind"], declared.metadata["text"]
            bounds = f" From {kind.least} to {kind.most} {kind.unit}." if isinstance(kind, Decimal) else ""
            properties[name] = {**kind.schema(), "description": f"{text}{bounds}"}
        required = [name for name, declared in members_of(self.type).items() if declared.metadata["required"]]
        return {
            "type": "object",
            "description": (self.type.__doc__ or "").strip(),
            "properties": properties,
            **({"required": required} if required else {}),
            "additionalProperties": False,
        }


def member(kind: Kind, text: str, *, default: Any = None, required: bool = False, essential: bool = False) -> Any:
    """Declare a record's member.

    An essential member leaves a plan `incomplete` when a rule that applies needs it and it is missing.
    """
    metadata = {"kind": kind, "text": text, "required": required, "essential": essential}
    if required:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


def members_of(record: type[Any]) -> dict[str, dataclasses.Field[Any]]:
    """The declared members of a record, by name."""
    return _members[record]


class _Members(dict[type[Any], dict[str, dataclasses.Field[Any]]]):
    """Looks each record up once."""

    def __missing__(self, record: type[Any]) -> dict[str, dataclasses.Field[Any]]:
        self[record] = {declared.name: declared for declared in dataclasses.fields(record)}
        return self[record]


_members = _Members()


def _refuse_names(value: dict[str, Any], kinds: Iterable[str], pointer: str, reader: Reader) -> None:
    """A fault for each member that is unknown, names the patient, or comes twice."""
    known = frozenset(kinds)
    for name in value:
        if reader.full:
            return
        place = under(pointer, name)
        if name not in known:
            if name.lower().replace("-", "_") in PATIENT_IDENTIFIERS:
                reader.fault(
                    place, "patient_identifier", "Names and other identifiers are not accepted. Leave this member out."
                )
            else:
                detail = "This member is not known."
                reader.fault(place, "unknown_member", detail, tuple(sorted(known)), nearest(name, known))
        if name in getattr(value, "doubled", ()):
            reader.fault(place, "duplicate_member", "This member comes more than once.")


@cache
def _thousandths(text: str) -> int:
    return thousandths(text) or 0


def _json(text: str) -> int | float:
    return float(text) if "." in text else int(text)
