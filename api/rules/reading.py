"""Reading: numbers and objects in as they were sent, faults with their pointers out."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

MOST_FAULTS = 500
LONGEST_NAME = 100  # of a slug or a synonym
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
    """The source text of a JSON number; never turned into a float. Whole numbers may be integers, too."""

    __slots__ = ()


class NotANumber:
    """Stands for a NaN or Infinity, which JSON does not have, until its place in a body is told."""


class JsonObject(dict[str, Any]):
    """A JSON object; `doubled` has the names that came more than once in the body."""

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
    """One thing wrong with an input, and where: a JSON Pointer into a body, or the name of a query parameter."""

    pointer: str
    code: str
    detail: str
    allowed: tuple[str, ...] = ()
    did_you_mean: str | None = None


class PlanFaults(ValueError):
    """Raised where a document is not a plan; `faults` has everything that is wrong with it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(", ".join(f"{fault.pointer} {fault.code}" for fault in faults))
        self.faults = faults


class Vocabulary:
    """The slugs that a plan or query may use under a release, with their synonyms, by domain, such as `areas`.

    A synonym is an exact other name, also an abbreviation or a name in another country. Nothing is guessed from
    spelling: haemophilia is close to thrombophilia in letters and its opposite in meaning.
    """

    def __init__(self, slugs: Mapping[str, Iterable[str]], synonyms: Mapping[str, Mapping[str, Iterable[str]]]) -> None:
        self._slugs = {domain: tuple(sorted(names)) for domain, names in slugs.items()}
        self._known = {domain: frozenset(names) for domain, names in self._slugs.items()}
        self._meant: dict[str, dict[str, list[str]]] = {domain: {} for domain in slugs}
        for domain, names in synonyms.items():
            for slug, others in names.items():
                for other in (slug, *others):
                    meant = self._meant[domain].setdefault(_plain(other), [])
                    if slug not in meant:
                        meant.append(slug)

    def __getitem__(self, domain: str) -> tuple[str, ...]:
        """The slugs of a domain, sorted."""
        return self._slugs[domain]

    def knows(self, domain: str, slug: str) -> bool:
        """True where the domain has the slug."""
        return slug in self._known[domain]

    def meant(self, domain: str, text: str) -> tuple[str, ...]:
        """Every slug that has the text as its name or a synonym; several where two facts share one."""
        named = self._meant[domain].get(_plain(text), ()) if len(text) <= LONGEST_NAME else ()
        return tuple(sorted(named))

    def names(self) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """Every name and synonym, in small letters, each after its domain and before the slugs that have it."""
        for domain, meant in self._meant.items():
            yield from ((domain, name, tuple(slugs)) for name, slugs in meant.items())


def _plain(name: str) -> str:
    """A name in lower case, its words joined by single hyphens: `Deep vein_thrombosis` is `deep-vein-thrombosis`."""
    return "-".join(name.lower().replace("_", " ").replace("-", " ").split())


def pointer_to(pointer: str, name: str) -> str:
    """The pointer to a member. Where its name is too odd or too long to be echoed, the pointer to its object."""
    return f"{pointer}/{name}" if _SAYABLE_NAME.fullmatch(name) else pointer


def nearest(wanted: str, names: Iterable[str]) -> str | None:
    """The name closest in spelling, or None when nothing is close. For names of members and enumerations only."""
    close = get_close_matches(wanted[:64], list(names), n=1, cutoff=0.7)
    return close[0] if close else None


@dataclass(slots=True)
class Reader:
    """Collects the faults of one document while it is read, and has the vocabulary that it is read by.

    `faults` are the first ones, `noted` is how many there were in all.
    """

    vocabulary: Vocabulary
    most_faults: int = MOST_FAULTS
    faults: list[Fault] = field(default_factory=list)
    noted: int = 0

    @property
    def full(self) -> bool:
        """True where no more faults are kept, so that working one out would be wasted."""
        return len(self.faults) >= self.most_faults

    def fault(
        self, pointer: str, code: str, detail: str, allowed: tuple[str, ...] = (), near: str | None = None
    ) -> None:
        """Note a fault; `near` is what was probably meant."""
        self.noted += 1
        if not self.full:
            self.faults.append(Fault(pointer, code, detail, allowed, near))
