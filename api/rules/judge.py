"""Holding one rule against its limits at one place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cmp_to_key
from typing import Any

from api.rules.book import Book
from api.rules.context import Context, Group, Spot
from api.rules.measures import Measure, Observed
from api.rules.numbers import Ratio
from api.rules.outcomes import Judged, Outcomes, Unjudged
from api.rules.rows import SEVERITIES, Limit, Rule

EXPOSURE = ("first_exposure",)


@dataclass(slots=True)
class _Applying:
    """The treatments of a group that a limit applies to, and those that it may apply to, with what would tell."""

    sure: list[Spot] = field(default_factory=list)
    unsure: list[tuple[Spot, tuple[str, ...]]] = field(default_factory=list)


@dataclass(slots=True)
class _Tally:
    """What one rule comes to at one place, limit by limit."""

    rule: Rule
    pointer: str
    broken: list[Judged] = field(default_factory=list)
    held: list[Judged] = field(default_factory=list)
    unconfirmed: list[tuple[Limit, Observed]] = field(default_factory=list)
    missing: dict[str, None] = field(default_factory=dict)
    reason: str = "missing_input"
    # What is broken if this is a first exposure, and what if it is not, where the plan does not tell.
    by_exposure: dict[bool, list[Judged]] = field(default_factory=dict)
    at_risk: bool = False

    def miss(self, observed: Observed) -> None:
        if observed.missing:
            self.missing.update(dict.fromkeys(observed.missing))
            self.reason = observed.reason
        self.at_risk |= observed.at_risk


def judge(context: Context, rule: Rule, measure: Measure, group: Group, outcomes: Outcomes) -> None:
    """Judge a rule on a group: limit by limit, each on the treatments that it applies to, or may apply to."""
    tally = _Tally(rule, measure.pointer or group.pointer)
    for limit, applying in _limits(rule, group).items():
        if applying.sure:
            observed = measure.observe(context, group, applying.sure, limit)
            if observed is not None:
                _hold(context, tally, limit, observed, applying.sure[0])
        if applying.unsure:
            _hold_what_may_apply(context, tally, measure, group, limit, applying)
    _tell(tally, outcomes)


def _limits(rule: Rule, group: Group) -> dict[Limit, _Applying]:
    """The limits of a rule that look, or may look, at treatments of a group. An entry has the rulings on it alone."""
    keys = (rule.slug,) if group.entry is None else (f"{rule.slug}:{group.entry}", f"{rule.slug}:")
    found: dict[Limit, _Applying] = {}
    for spot in group.spots:
        for key in keys:
            match = spot.matches.get(key)
            if match is not None:
                for limit in match.sure:
                    found.setdefault(limit, _Applying()).sure.append(spot)
                for limit, members in match.unsure:
                    found.setdefault(limit, _Applying()).unsure.append((spot, members))
    return found


def _hold_what_may_apply(
    context: Context, tally: _Tally, measure: Measure, group: Group, limit: Limit, applying: _Applying
) -> None:
    """Note what would tell whether a limit applies, and whether it would be broken if it did."""
    spots = [spot for spot, _ in applying.unsure]
    observed = measure.observe(context, group, spots, limit)
    if observed is None or _asked_and_none(measure, group, observed):
        return
    for spot, members in applying.unsure:
        tally.missing.update(dict.fromkeys(context.pointers((spot,), members)))
    tally.miss(observed)
    if any("area" in unknown for _, unknown in applying.unsure) or limit.severity == "info":
        return  # a finer area is told, but not asked for
    if limit.unconfirmed:
        tally.at_risk = True
        return
    # If it applies, it applies to these together with those to which it surely does.
    places = {spot.pointer for spot in (*applying.sure, *spots)}
    observed = measure.observe(context, group, [spot for spot in group.spots if spot.pointer in places], limit)
    if observed is None or (observed.value is None and observed.missing):
        tally.at_risk |= observed is not None and observed.at_risk
        return
    judged, kept = _held(context, tally, limit, observed, spots[0])
    if not kept:
        tally.at_risk = True
        if all(unknown == EXPOSURE for _, unknown in applying.unsure):
            tally.by_exposure.setdefault(bool(limit.first_exposure), []).append(judged)


def _asked_and_none(measure: Measure, group: Group, observed: Observed) -> bool:
    """Whether the patient's list is empty, so that no product could break the rule."""
    return measure.scope in ("conditions", "allergies") and group.entry is None and not observed.missing


def _hold(context: Context, tally: _Tally, limit: Limit, observed: Observed, spot: Spot) -> None:
    """Hold an observation against a limit that applies."""
    if limit.unconfirmed:
        tally.unconfirmed.append((limit, observed))
        return
    asked = limit.rule_set in context.lens.rule_sets
    if not asked and not tally.rule.essential and observed.value is None and observed.missing:
        return  # what no one asked for, and would not be missed
    if observed.reason == "limit_unconfirmed":
        tally.unconfirmed.append((limit, observed))
    else:
        tally.miss(observed)
    if observed.value is None and observed.missing:
        return
    judged, kept = _held(context, tally, limit, observed, spot)
    if not kept:
        tally.broken.append(judged)
    elif not observed.missing:
        tally.held.append(judged)


def _held(context: Context, tally: _Tally, limit: Limit, observed: Observed, spot: Spot) -> tuple[Judged, bool]:
    """What an observation comes to under a limit, and whether it is kept. Bounds are inclusive."""
    value = observed.value
    values = limit.values if limit.listed is None else _allowed(context.book, limit.listed, spot)
    room: int | None = None
    if value is None:
        kept = False
    elif limit.direction:
        room = limit.direction * ((limit.value or 0) * value.denominator - value.numerator)
        kept = room >= 0
    elif limit.comparator == "=":
        kept = value is limit.value
    else:
        kept = _among(context, value, values) is (limit.comparator == "in")
    return Judged(tally.rule, tally.pointer, limit, observed, room, values), kept


def _tell(tally: _Tally, outcomes: Outcomes) -> None:
    """Add what a place came to, if anything."""
    rule, pointer = tally.rule, tally.pointer
    if len(tally.by_exposure) == 2:  # broken either way: by the laxer limit at least
        either = [_binding(judged, _by_severity) for judged in tally.by_exposure.values()]
        tally.broken.append(max(either, key=cmp_to_key(_by_severity)))
    if tally.broken:
        broken = _binding(tally.broken, _by_severity)
        broken.kept = tuple(
            held.limit
            for held in tally.held
            if held.limit.rule_set == "label" != broken.limit.rule_set
            and held.limit.direction == broken.limit.direction != 0
            and held.observed.value == broken.observed.value  # of the same treatments
        )
        outcomes.broken.append(broken)
    elif tally.held:
        outcomes.passed.append(_binding(tally.held, _by_room))
    if tally.missing:
        missing = tuple(tally.missing)
        outcomes.unjudged.append(Unjudged(rule, pointer, tally.reason, missing, at_risk=tally.at_risk))
    if tally.unconfirmed:
        unconfirmed = sorted(tally.unconfirmed, key=lambda entry: entry[0].slug)
        limits = tuple(limit for limit, _ in unconfirmed)
        outcomes.unconfirmed.append(Unjudged(rule, pointer, "limit_unconfirmed", (), limits, unconfirmed[0][1]))


def _allowed(book: Book, listed: str, spot: Spot) -> tuple[Any, ...]:
    """The values that the treatment's product lists."""
    product, concentration = spot.treatment.product, spot.treatment.concentration_percent
    return () if product is None else book.products[product].listed(listed, concentration)


def _among(context: Context, value: Any, values: tuple[Any, ...]) -> bool:
    """Whether the value is listed; an area is when it or an area that holds it is."""
    if isinstance(value, Ratio):
        return value.numerator in values
    return value in values or any(area in values for area in context.book.areas.get(value, ()))


def _binding(judged: Sequence[Judged], order: Callable[[Judged, Judged], int]) -> Judged:
    """Of several limits on one observation, the first in the order, with the others in `also`."""
    first, *others = sorted(judged, key=cmp_to_key(order))
    return replace(first, also=tuple(other.limit for other in others)) if others else first


def _by_severity(one: Judged, other: Judged) -> int:
    """Negative where one comes first: by severity, and then by room."""
    graver = SEVERITIES.index(one.limit.severity) - SEVERITIES.index(other.limit.severity)
    return graver or _by_room(one, other)


def _by_room(one: Judged, other: Judged) -> int:
    """Negative where one comes first: the least room or shortest list, then the label before others, then by slug."""
    if one.room is not None and other.room is not None:
        tighter: int = one.room * other.observed.value.denominator - other.room * one.observed.value.denominator
        if tighter:
            return tighter
    first = (len(one.values), one.limit.precedence) < (len(other.values), other.limit.precedence)
    return -1 if first else 1
