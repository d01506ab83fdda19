"""The binding limit: what is known before there is a plan in; out, which limit binds the volume of a session."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import floor
from typing import Any

from api.rules.book import Book, Matches, Profile
from api.rules.measures.day import MAXIMA, volume_of_dose
from api.rules.numbers import as_text, in_words
from api.rules.plan import RULE_SETS
from api.rules.rows import Limit


@dataclass(frozen=True, slots=True)
class Known:
    """What is known so far. Numbers are in thousandths."""

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
    """A limit that applies, or where something is `missing`, may apply; its bound in thousandths of a mL."""

    limit: Limit
    bound: int | None
    missing: tuple[str, ...]
    why: str

    @property
    def strictness(self) -> tuple[int, tuple[int, str]]:
        """A key to sort candidates by: the smallest bound first."""
        return self.bound or 0, self.limit.precedence

    def shown(self) -> dict[str, Any]:
        """The candidate as JSON."""
        return {
            "limit": dict(self.limit.as_published),
            "applies": "unknown" if self.missing else "yes",
            "bound": None if self.bound is None else {"value": as_text(self.bound), "unit": "mL"},
            "missing": list(self.missing),
            "why": self.why,
        }


def resolve(known: Known, book: Book, kept: Sequence[Limit] = ()) -> dict[str, Any]:
    """As JSON: the binding limit or why there is none, every candidate, cautions, and what is missing to be sure.

    House limits that are `kept` for whoever asks are told apart: none takes the place of a published one.
    """
    profile = _profile(known, book)
    found = (*_candidates(known, book, profile), _of_house(known, book, profile, kept))
    candidates, cautions, of_house = (sorted(each, key=lambda candidate: candidate.limit.slug) for each in found)
    binding, reason = _binding(known, candidates)
    house_binding = _strictest(of_house)
    return {
        "binding": binding.shown() if binding else None,
        "reason": reason,
        "candidates": [candidate.shown() for candidate in candidates],
        "cautions": [candidate.shown() for candidate in cautions],
        "house_binding": house_binding.shown() if house_binding else None,
        "house_candidates": [candidate.shown() for candidate in of_house],
        "missing": list(dict.fromkeys(name for each in (*candidates, *of_house) for name in each.missing)),
    }


def _binding(known: Known, candidates: list[Candidate]) -> tuple[Candidate | None, str | None]:
    """The strictest limit that surely applies; None, with the reason, where the product's own limit is not known.

    The clinic's own number must not stand in for a label's that no source gives, or for a label that was not read.
    """
    applying = [candidate for candidate in candidates if not candidate.missing]
    if any(candidate.limit.unconfirmed for candidate in applying):
        return None, "limit_unconfirmed"
    if known.product is not None and not any(candidate.limit.names_product for candidate in candidates):
        return None, "not_covered"
    binding = _strictest(applying)
    return binding, None if binding else "not_covered"


def _strictest(candidates: list[Candidate]) -> Candidate | None:
    """The one of the smallest bound, of those that surely apply and have one."""
    bounded = [candidate for candidate in candidates if candidate.bound is not None and not candidate.missing]
    return min(bounded, key=lambda candidate: candidate.strictness, default=None)


def _profile(known: Known, book: Book) -> Profile:
    """The profile of a treatment of which this is known."""
    product = book.products[known.product] if known.product else None
    vein_type = known.vein_type or (book.type_of_vein[known.vein] if known.vein else None)
    return Profile(
        known.product,
        product.sclerosant if product else None,
        known.concentration_percent,
        known.form,
        vein_type,
        known.vein,
        known.area,
        None,
    )


def _candidates(known: Known, book: Book, profile: Profile) -> tuple[list[Candidate], list[Candidate]]:
    """The limits that may bind, and those that only caution: of rules that measure the volume and have no topic."""
    matches = book.in_force(known.jurisdiction, frozenset(RULE_SETS)).match(profile)
    rules = [book.rules[slug] for measure in MAXIMA for slug in book.rules_of(measure)]
    binding = [each for rule in rules if rule.topic for each in _of_rule(matches, rule.slug, known)]
    cautions = [each for rule in rules if not rule.topic for each in _of_rule(matches, rule.slug, known)]
    return binding, cautions


def _of_house(known: Known, book: Book, profile: Profile, kept: Sequence[Limit]) -> Iterator[Candidate]:
    """A candidate for each house limit on the volume that applies or may apply."""
    for limit in kept:
        if book.rules[limit.rule].measure in MAXIMA and limit.jurisdiction in (None, known.jurisdiction):
            unknown = book.unknown(limit, profile)
            if unknown is not None:
                yield _candidate(limit, unknown, known)


def _of_rule(matches: Matches, rule: str, known: Known) -> Iterator[Candidate]:
    """A candidate for each limit of a rule that applies or may apply."""
    match = matches.of(rule)
    yield from (_candidate(limit, (), known) for limit in match.applying)
    yield from (_candidate(limit, missing, known) for limit, missing in match.may_apply)


def _candidate(limit: Limit, missing: tuple[str, ...], known: Known) -> Candidate:
    """A limit with its bound in mL, where that can be worked out, and a sentence that says how."""
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
    # A fraction is rounded down, since the bound is a maximum.
    bound = floor(volume_of_dose(limit.value, known.weight_kg, known.concentration_percent))
    dose, weight = in_words(as_text(limit.value), limit.unit), as_text(known.weight_kg)
    volume, strength = as_text(bound), as_text(known.concentration_percent)
    why = f"{dose} at {weight} kg is {as_text(milligrams)} mg, which is {volume} mL at {strength} %."
    return Candidate(limit, bound, missing, why)
