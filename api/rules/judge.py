"""Holding one rule against its limits at one place."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cmp_to_key
from typing import Any

from api.rules.book import MIXED, Book, Match
from api.rules.context import Context, Group, Spot
from api.rules.measures import Measure, Observed, unique
from api.rules.numbers import Ratio
from api.rules.outcomes import Judged, Outcomes, Unjudged
from api.rules.rows import SEVERITIES, Limit, Rule

EXPOSURE = ("first_exposure",)


def key_of(rule: Rule, measure: Measure, group: Group) -> str:
    """Under what to look up the limits: the rulings on a condition have a key of their own."""
    return f"{rule.slug}:{group.entry}" if measure.scope == "conditions" and group.entry else rule.slug


def judge(context: Context, rule: Rule, measure: Measure, group: Group, match: Match, outcomes: Outcomes) -> None:
    """Judge a rule on a group, of whose treatments the limits say what the match says."""
    if match is MIXED:
        match = _same_for_all(context, rule, measure, group)
    if match is MIXED or not match.plain or not _judge_at_once(context, rule, measure, group, match, outcomes):
        _judge_each(context, rule, measure, group, outcomes)


def _same_for_all(context: Context, rule: Rule, measure: Measure, group: Group) -> Match:
    """What the limits say of treatments that differ, where the rule looks at none of them; else still MIXED."""
    key = key_of(rule, measure, group)
    if measure.scope == "plan":
        return context.lens.together(tuple(matches.get(key) for matches, _ in group.kinds))
    if measure.scope == "conditions" and context.plan.patient.conditions == ():
        # The patient has none, so that each ruling is kept, whatever treatments it is for.
        found = [matches[key] for matches, _ in group.kinds if key in matches]
        return min([each for each in found if each.sure], key=lambda each: each.sure[0].precedence, default=found[0])
    return MIXED


def _judge_at_once(
    context: Context, rule: Rule, measure: Measure, group: Group, match: Match, outcomes: Outcomes
) -> bool:
    """What most rules come to: the same limits for all the treatments, and one observation for all the limits.

    False, and nothing told, where limits observe each for itself, or something is observed but only in part.
    """
    heeds_limit = measure.heeds_limit is not None and measure.heeds_limit(group.spots)
    if heeds_limit and match.unsure:
        return False
    # Where no condition is named, each ruling comes to the same: the first stands for all.
    sure = match.sure[:1] if measure.scope == "conditions" and not group.entry else match.sure
    pointer = measure.pointer or group.pointer
    observed = measure.observe(context, group, group.spots, sure[0] if sure else match.unsure[0][0])
    broken: list[Judged] = []
    binding: Judged | None = None
    for limit in sure:
        if heeds_limit and limit is not sure[0]:
            observed = measure.observe(context, group, group.spots, limit)
        if observed is None:
            continue
        if observed.missing:
            if observed.value is not None or heeds_limit:
                return False
            break
        judged, kept = _held(context, rule, pointer, limit, observed, group.spots[0])
        if not kept:
            broken.append(judged)
        elif binding is None or _by_room(judged, binding) < 0:
            binding = judged
    if broken:
        outcomes.broken.append(_binding(broken, _by_severity))
    elif binding is not None:
        outcomes.passed.append(binding)
    if observed is not None and (match.unsure or observed.missing):
        _miss(context, rule, measure, group, match, observed, outcomes)
    return True


def _miss(
    context: Context, rule: Rule, measure: Measure, group: Group, match: Match, observed: Observed, outcomes: Outcomes
) -> None:
    """Tell the members that would settle which limits apply, and those that would settle what they are held against."""
    missing = observed.missing
    if match.unsure and not _asked_and_none(measure, group, observed):
        pointers = context.pointers(group.spots, match.unknown)
        missing = unique([*missing, *pointers]) if missing else pointers
    if missing:
        outcomes.unjudged.append(Unjudged(rule, measure.pointer or group.pointer, observed.reason, missing))


def _judge_each(context: Context, rule: Rule, measure: Measure, group: Group, outcomes: Outcomes) -> None:
    """Judge limit by limit, each on the treatments of the group that it applies to, or may apply to."""
    key = key_of(rule, measure, group)
    sure: dict[Limit, list[int]] = {}
    unsure: dict[Limit, list[tuple[int, tuple[str, ...]]]] = {}
    for k, (matches, _) in enumerate(group.kinds):
        match = matches.get(key)
        if match is not None:
            for limit in match.sure:
                sure.setdefault(limit, []).append(k)
            for limit, members in match.unsure:
                unsure.setdefault(limit, []).append((k, members))
    place = _Place(rule, measure.pointer or group.pointer)
    for limit, kinds in sure.items():
        spots = group.of_kinds(tuple(kinds))
        observed = measure.observe(context, group, spots, limit)
        if observed is not None:
            _hold(context, place, limit, observed, spots[0])
    for limit, unknown in unsure.items():
        spots = group.of_kinds(tuple(k for k, _ in unknown))
        observed = measure.observe(context, group, spots, limit)
        if observed is None or _asked_and_none(measure, group, observed):
            continue
        for k, members in unknown:
            place.missing.update(dict.fromkeys(context.pointers(group.kinds[k][1], members)))
        place.miss(observed)
        if all(members == EXPOSURE for _, members in unknown):
            # If it applies, it applies to these together with those to which it surely does.
            together = group.of_kinds(tuple(sorted({*sure.get(limit, ()), *(k for k, _ in unknown)})))
            _risk(context, place, limit, measure.observe(context, group, together, limit), spots[0])
    _tell(place, outcomes)


@dataclass(slots=True)
class _Place:
    """What one rule comes to at one place, limit by limit."""

    rule: Rule
    pointer: str
    broken: list[Judged] = field(default_factory=list)
    held: list[Judged] = field(default_factory=list)
    unconfirmed: list[tuple[Limit, Observed]] = field(default_factory=list)
    missing: dict[str, None] = field(default_factory=dict)
    reason: str = "missing_input"
    # What is broken if this is a first exposure, and what if it is not, where the plan does not tell.
    at_risk: dict[bool, list[Judged]] = field(default_factory=dict)

    def miss(self, observed: Observed) -> None:
        if observed.missing:
            self.missing.update(dict.fromkeys(observed.missing))
            self.reason = observed.reason


def _asked_and_none(measure: Measure, group: Group, observed: Observed) -> bool:
    """Whether the patient's list is empty, so that no product could break the rule."""
    return measure.scope in ("conditions", "allergies") and group.entry is None and not observed.missing


def _hold(context: Context, place: _Place, limit: Limit, observed: Observed, spot: Spot) -> None:
    """Hold an observation against a limit that applies."""
    if limit.unconfirmed:
        place.unconfirmed.append((limit, observed))
        return
    if observed.reason == "limit_unconfirmed":
        place.unconfirmed.append((limit, observed))
    else:
        place.miss(observed)
    if observed.value is None and observed.missing:
        return
    judged, kept = _held(context, place.rule, place.pointer, limit, observed, spot)
    if not kept:
        place.broken.append(judged)
    elif not observed.missing:
        place.held.append(judged)


def _risk(context: Context, place: _Place, limit: Limit, observed: Observed | None, spot: Spot) -> None:
    """Note a limit that would be broken if the exposure were, or were not, the first."""
    if observed is None or observed.value is None:
        return
    judged, kept = _held(context, place.rule, place.pointer, limit, observed, spot)
    if not kept:
        place.at_risk.setdefault(bool(limit.first_exposure), []).append(judged)


def _held(
    context: Context, rule: Rule, pointer: str, limit: Limit, observed: Observed, spot: Spot
) -> tuple[Judged, bool]:
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
    return Judged(rule, pointer, limit, observed, room, values), kept


def _tell(place: _Place, outcomes: Outcomes) -> None:
    """Add what a place came to, if anything."""
    rule, pointer = place.rule, place.pointer
    if len(place.at_risk) == 2:  # broken either way: by the laxer limit at least
        either = [_binding(judged, _by_severity) for judged in place.at_risk.values()]
        place.broken.append(max(either, key=cmp_to_key(_by_severity)))
    if place.broken:
        outcomes.broken.append(_binding(place.broken, _by_severity))
    elif place.held:
        outcomes.passed.append(_binding(place.held, _by_room))
    if place.missing:
        missing, at_risk = tuple(place.missing), bool(place.at_risk)
        outcomes.unjudged.append(Unjudged(rule, pointer, place.reason, missing, at_risk=at_risk))
    if place.unconfirmed:
        unconfirmed = sorted(place.unconfirmed, key=lambda entry: entry[0].slug)
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


def _binding(judged: list[Judged], order: Callable[[Judged, Judged], int]) -> Judged:
    """Of several limits on one observation, the first in the order, with the others in `also`."""
    if len(judged) == 1:
        return judged[0]
    first, *others = sorted(judged, key=cmp_to_key(order))
    return replace(first, also=tuple(other.limit for other in others))


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
