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
    """The slugs that a release knows, by kind, with their synonyms.

    A synonym is an exact other name, also an abbreviation or a name in another country. Nothing is guessed from
    spelling: haemophilia is close to thrombophilia in letters and its opposite in meaning.
    """

    def __init__(self, slugs: Mapping[str, Iterable[str]], synonyms: Mapping[str, Mapping[str, Iterable[str]]]) -> None:
        self._slugs = {kind: tuple(sorted(names)) for kind, names in slugs.items()}
        self._known = {kind: frozenset(names) for kind, names in self._slugs.items()}
        self._meant: dict[str, dict[str, list[str]]] = {kind: {} for kind in slugs}
        for kind, names in synonyms.items():
            for slug, others in names.items():
                for other in (slug, *others):
                    meant = self._meant[kind].setdefault(_plain(other), [])
                    if slug not in meant:
                        meant.append(slug)

    def __getitem__(self, kind: str) -> tuple[str, ...]:
        return self._slugs[kind]

    def knows(self, kind: str, slug: str) -> bool:
        return slug in self._known[kind]

    def meant(self, kind: str, text: str) -> tuple[str, ...]:
        """Every slug that has the text as another exact name; none where nobody calls it so."""
        return tuple(sorted(self._meant[kind].get(_plain(text[:100]), ())))


def _plain(name: str) -> str:
    """A name without what writers differ in: capitals, hyphens, blanks."""
    return "-".join(name.lower().replace("_", " ").replace("-", " ").split())


def under(pointer: str, name: str) -> str:
    """The pointer to a member; to its object where the name is not one to repeat."""
    return f"{pointer}/{name}" if _SAYABLE_NAME.fullmatch(name) else pointer


def nearest(wanted: str, names: Iterable[str]) -> str | None:
    """The name closest in spelling, or None when nothing is close. For names of members and enumerations only."""
    close = get_close_matches(wanted[:64], list(names), n=1, cutoff=0.7)
    return close[0] if close else None


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
