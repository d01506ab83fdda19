"""Which limit binds the volume of a session, for what is known before there is a plan."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from api.rules.book import Book, Match
from api.rules.numbers import as_text, in_words
from api.rules.plan import RULE_SETS
from api.rules.rows import Limit

# A limit on a session's volume binds as it is; a dose by body weight binds through the strength.
BINDING = ("session-volume", "daily-dose-per-weight")
CAUTIONS = ("session-volume-caution", "daily-dose-cross-check")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known so far: words as slugs, numbers in thousandths."""

    jurisdiction: str = "US"
    product: str | None = None
    concentration_percent: int | None = None
    form: str | None = None
    vein_type: str | None = None
    area: str | None = None
    weight_kg: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A limit that applies, or would if what is missing were known; its bound in thousandths of a mL."""

    limit: Limit
    bound: int | None
    missing: tuple[str, ...]
    why: str

    @property
    def strictness(self) -> tuple[int, tuple[int, str]]:
        return self.bound or 0, self.limit.precedence

    def shown(self) -> dict[str, Any]:
        return {
            "limit": dict(self.limit.shown),
            "applies": "unknown" if self.missing else "yes",
            "bound": None if self.bound is None else {"value": as_text(self.bound), "unit": "mL"},
            "missing": list(self.missing),
            "why": self.why,
        }


def resolve(known: Known, book: Book) -> dict[str, Any]:
    """The binding limit in mL, every candidate and why, cautions, and what is missing to be sure."""
    matches = book.lens(known.jurisdiction, frozenset(RULE_SETS)).match(
        known.product, known.concentration_percent, known.form, known.vein_type, known.area or "", None
    )
    candidates = sorted(_candidates(matches, BINDING, known), key=lambda candidate: candidate.limit.slug)
    cautions = sorted(_candidates(matches, CAUTIONS, known), key=lambda candidate: candidate.limit.slug)
    sure = [candidate for candidate in candidates if not candidate.missing and candidate.bound is not None]
    binding = min(sure, key=lambda candidate: candidate.strictness, default=None)
    return {
        "binding": binding.shown() if binding else None,
        "candidates": [candidate.shown() for candidate in candidates],
        "cautions": [candidate.shown() for candidate in cautions],
        "missing": list(dict.fromkeys(name for candidate in candidates for name in candidate.missing)),
    }


def _candidates(matches: dict[str, Match], rules: tuple[str, ...], known: Known) -> Iterator[Candidate]:
    for rule in rules:
        match = matches.get(rule, Match((), ()))
        for limit in match.sure:
            yield _candidate(limit, (), known)
        for limit, missing in match.unsure:
            yield _candidate(limit, missing, known)


def _candidate(limit: Limit, missing: tuple[str, ...], known: Known) -> Candidate:
    if not isinstance(limit.value, int):
        return Candidate(limit, None, missing, "No source that was read confirms a number.")
    if limit.unit == "mL":
        return Candidate(limit, limit.value, missing, limit.title)
    if known.weight_kg is None:
        missing = (*missing, "weight_kg")
    if known.concentration_percent is None and "concentration_percent" not in missing:
        missing = (*missing, "concentration_percent")
    if known.weight_kg is None or not known.concentration_percent:
        return Candidate(limit, None, missing, limit.title)
    milligrams = limit.value * known.weight_kg // 1000
    # A mL of a 1 % solution holds 10 mg. What does not come out even is rounded down: it is a maximum.
    bound = limit.value * known.weight_kg // (10 * known.concentration_percent)
    dose, weight = in_words(as_text(limit.value), limit.unit), as_text(known.weight_kg)
    volume, strength = as_text(bound), as_text(known.concentration_percent)
    why = f"{dose} at {weight} kg is {as_text(milligrams)} mg, which is {volume} mL at {strength} %."
    return Candidate(limit, bound, missing, why)
