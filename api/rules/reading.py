"""What reading a JSON document carries along: the known words, the faults with their pointers, numbers as text."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

MOST_FAULTS = 500
_SAYABLE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")

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


def as_read(value: Any) -> Any:
    """A value made here, as reading a body would give it: a whole number is its text."""
    if isinstance(value, dict):
        return {name: as_read(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [as_read(entry) for entry in value]
    return JsonNumber(value) if type(value) is int else value


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
