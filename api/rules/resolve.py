"""Which limit binds the volume of a session, for what is known before there is a plan."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from api.rules.book import NOTHING, Book, Matches, Profile
from api.rules.numbers import as_text, in_words
from api.rules.patient_measures import MAXIMA
from api.rules.plan import RULE_SETS, VEINS
from api.rules.rows import Limit


@dataclass(frozen=True, slots=True)
class Known:
    """What is known so far: words as slugs, numbers in thousandths."""

    jurisdiction: str = "US"
    product: str | None = None
    concentration_percent: int | None = None
    form: str | None = None
    vein_type: str | None = None
    vein: str | None = None
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
    """The binding limit in mL or why there is none, every candidate, cautions, and what is missing to be sure."""
    candidates, cautions = (sorted(found, key=lambda each: each.limit.slug) for found in _candidates(known, book))
    binding, reason = _binding(known, candidates)
    return {
        "binding": binding.shown() if binding else None,
        "reason": reason,
        "candidates": [candidate.shown() for candidate in candidates],
        "cautions": [candidate.shown() for candidate in cautions],
        "missing": list(dict.fromkeys(name for candidate in candidates for name in candidate.missing)),
    }


def _binding(known: Known, candidates: list[Candidate]) -> tuple[Candidate | None, str | None]:
    """The strictest limit that surely applies; none, with the reason, where the product's own is not known.

    The article's number must not stand in for a label's that no source gives, or for a label that was not read.
    """
    sure = [candidate for candidate in candidates if not candidate.missing]
    if any(candidate.limit.unconfirmed for candidate in sure):
        return None, "limit_unconfirmed"
    if known.product is not None and not any(candidate.limit.names_product for candidate in candidates):
        return None, "not_covered"
    bounded = [candidate for candidate in sure if candidate.bound is not None]
    binding = min(bounded, key=lambda candidate: candidate.strictness, default=None)
    return binding, None if binding else "not_covered"


def _candidates(known: Known, book: Book) -> tuple[list[Candidate], list[Candidate]]:
    """The limits that bind, and those that only warn: rules that answer another question with the same measure."""
    product = book.products[known.product] if known.product else None
    vein_type = known.vein_type or (VEINS[known.vein] if known.vein else None)
    profile = Profile(
        known.product,
        product.sclerosant if product else None,
        known.concentration_percent,
        known.form,
        vein_type,
        known.vein,
        known.area or "",
        None,
    )
    matches = book.lens(known.jurisdiction, frozenset(RULE_SETS)).match(profile)
    rules = [book.rules[slug] for measure in MAXIMA for slug in book.rules_of(measure)]
    binding = [each for rule in rules if rule.topic for each in _of_rule(matches, rule.slug, known)]
    cautions = [each for rule in rules if not rule.topic for each in _of_rule(matches, rule.slug, known)]
    return binding, cautions


def _of_rule(matches: Matches, rule: str, known: Known) -> Iterator[Candidate]:
    match = matches.get(rule, NOTHING)
    yield from (_candidate(limit, (), known) for limit in match.sure)
    yield from (_candidate(limit, missing, known) for limit, missing in match.unsure)


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
