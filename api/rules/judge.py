"""Judging: one rule and one group in; what the rule comes to there is added to a part of the outcomes.

Each limit of the rule is compared by itself with what is measured on the treatments that it applies to. Example: in a
session of Asclera 0.5 % and 1 %, a limit on 1 % is compared with the second treatment only. Then the limits are
concluded together: the one that binds becomes the outcome, with the others in its `also`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cmp_to_key
from typing import Any

from api.rules.book import Match, Matches
from api.rules.layout import Group, Layout, PlacedTreatment, Treatments
from api.rules.measures import Measure, Observed
from api.rules.numbers import Ratio
from api.rules.outcomes import Judged, NotEvaluated, Part, Unconfirmed
from api.rules.rows import SEVERITIES, Limit, Rule

EXPOSURE = ("first_exposure",)
# Treatments that a limit may apply to, each with the members that would settle it.
Unsettled = Sequence[tuple[PlacedTreatment, tuple[str, ...]]]
# A limit with the treatments that it applies to, and those that it may apply to.
HeldLimit = tuple[Limit, Treatments, Unsettled]


@dataclass(slots=True)
class _Reach:
    """The matches of treatments that a limit applies to; of those that it may apply to, with what would settle it."""

    applying: list[Matches] = field(default_factory=list)
    may_apply: dict[Matches, tuple[str, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class _Tally:
    """What each limit of one rule comes to at one place, before they are concluded together.

    `by_exposure` has, where nothing but `first_exposure` is missing, the limits that are broken if this is a first
    exposure (True), and those that are broken if it is not (False). Where there are both, a limit is broken either way.
    Example: an injection of 3 mL of Aethoxysklerol 2 % in Germany, where 1 mL is the most at the first treatment, and
    2 mL later.
    """

    rule: Rule
    pointer: str
    broken: tuple[Judged, ...] = ()
    kept: tuple[Judged, ...] = ()
    unconfirmed: tuple[tuple[Limit, Observed], ...] = ()
    missing: dict[str, None] = field(default_factory=dict)
    reason: str = "missing_input"
    by_exposure: tuple[tuple[bool, Judged], ...] = ()
    at_risk: bool = False

    def add_missing(self, observed: Observed) -> None:
        """Note what is missing, and whether a limit is at risk."""
        if observed.missing:
            self.missing.update(dict.fromkeys(observed.missing))
            self.reason = observed.reason
        self.at_risk |= observed.at_risk


def judge(layout: Layout, rule: Rule, measure: Measure, group: Group, part: Part) -> None:
    """Add to the part what a rule comes to on a group: nothing where no limit of it applies, or may apply."""
    hold(layout, rule, measure, group, _limits(layout, rule, group), part)


def hold(layout: Layout, rule: Rule, measure: Measure, group: Group, limits: Iterable[HeldLimit], part: Part) -> None:
    """Add to the part what these limits of a rule come to on a group, concluded together."""
    tally = _Tally(rule, measure.pointer or group.pointer)
    for limit, applying, may_apply in limits:
        if applying:
            observed = measure.observe(layout, group, applying, limit)
            if observed is not None:
                _judge_what_applies(layout, tally, limit, observed, applying[0])
        if may_apply:
            _judge_what_may_apply(layout, tally, measure, group, limit, applying, may_apply)
    _conclude(tally, part)


def _limits(layout: Layout, rule: Rule, group: Group) -> list[HeldLimit]:
    """The limits of a rule, each with the treatments of the group that it applies to, and those that it may apply to.

    For an entry of a patient's list, such as the condition `pregnancy`, they are the rulings on it, and limits that are
    on no condition.
    """
    key = (rule.slug, group.patients_list is None, group.entry, group.alike)
    found = layout.book.known.get(key)
    if found is None:
        found = layout.book.known[key] = _reaches(rule, group)
    return [
        (
            limit,
            group.treatments_of(reach.applying),
            [(placed, may[placed.matches]) for placed in group.treatments if placed.matches in may] if may else (),
        )
        for limit, reach in found.items()
        for may in (reach.may_apply,)
    ]


def _reaches(rule: Rule, group: Group) -> dict[Limit, _Reach]:
    """The limits of a rule that apply, or may apply, to treatments of the group. It hangs on their matches alone."""
    found: dict[Limit, _Reach] = {}
    for matches in group.alike:
        for match in _of_group(rule, group, matches):
            for limit in match.applying:
                found.setdefault(limit, _Reach()).applying.append(matches)
            for limit, members in match.may_apply:
                found.setdefault(limit, _Reach()).may_apply[matches] = members
    return found


def _of_group(rule: Rule, group: Group, matches: Matches) -> tuple[Match, ...]:
    """What of the matches is about the group: all, or about a patient's list, what is on its entry."""
    if group.patients_list is None:
        return (matches.of(rule.slug),)
    return matches.of_no_entry(rule.slug) if group.entry is None else matches.of_entry(rule.slug, group.entry)


def _judge_what_applies(
    layout: Layout, tally: _Tally, limit: Limit, observed: Observed, placed: PlacedTreatment
) -> None:
    """Note of a limit that applies: broken, kept, without a number, or what is missing to judge it."""
    if limit.unconfirmed:
        tally.unconfirmed += ((limit, observed),)
        return
    if observed.missing or observed.at_risk:
        asked = not limit.always or limit.rule_set in layout.in_force.rule_sets
        if not asked and not tally.rule.essential and observed.value is None and observed.missing:
            return  # no one asked for this limit, and it is not essential, so its input is not missed
        if observed.reason == "limit_unconfirmed":
            tally.unconfirmed += ((limit, observed),)
        else:
            tally.add_missing(observed)
        if observed.value is None and observed.missing:
            return
    judged, kept = _compare(layout, tally, limit, observed, placed)
    if not kept:
        tally.broken += (judged,)
    elif not observed.missing:
        tally.kept += (judged,)


def _judge_what_may_apply(
    layout: Layout,
    tally: _Tally,
    measure: Measure,
    group: Group,
    limit: Limit,
    applying: Treatments,
    may_apply: Unsettled,
) -> None:
    """Note of a limit that may apply: what would settle that, and whether it would be broken if it did.

    Example: for 6 mL of Fibrovein 3 % in no stated form, `form` is missing; 4 mL of the liquid are the most, so the
    plan is at risk.
    """
    treatments = [placed for placed, _ in may_apply]
    observed = measure.observe(layout, group, treatments, limit)
    if observed is None or _asked_and_none(measure, group, observed):
        return
    for placed, members in may_apply:
        tally.missing.update(dict.fromkeys(layout.pointers((placed,), members)))
    tally.add_missing(observed)
    if any("area" in unknown for _, unknown in may_apply) or limit.severity == "info":
        return  # a finer area need not be stated, and an `info` is no risk
    if limit.unconfirmed:
        tally.at_risk = True
        return
    if applying:  # if it applies, it applies to these together with those to which it surely does
        places = {placed.pointer for placed in (*applying, *treatments)}
        together = [placed for placed in group.treatments if placed.pointer in places]
        observed = measure.observe(layout, group, together, limit)
    if observed is None or (observed.value is None and observed.missing):
        tally.at_risk |= observed is not None and observed.at_risk
        return
    judged, kept = _compare(layout, tally, limit, observed, treatments[0])
    if not kept:
        tally.at_risk = True
        if all(unknown == EXPOSURE for _, unknown in may_apply):
            tally.by_exposure += ((bool(limit.first_exposure), judged),)


def _asked_and_none(measure: Measure, group: Group, observed: Observed) -> bool:
    """True where the patient's list was sent and is empty, so that no product could break the rule."""
    return group.patients_list is not None and group.entry is None and not observed.missing


def _compare(
    layout: Layout, tally: _Tally, limit: Limit, observed: Observed, placed: PlacedTreatment
) -> tuple[Judged, bool]:
    """The limit with what is observed, and True where it is kept. Bounds are inclusive: 7 mL keep at most 7 mL."""
    value = observed.value
    values = limit.values if limit.values_from is None else _values_of_product(layout, limit.values_from, placed)
    room: int | None = None
    if observed.breaks:
        kept = False
    elif limit.direction:
        room = limit.direction * ((limit.value or 0) * value.denominator - value.numerator)
        kept = room >= 0
    elif limit.comparator == "=":
        kept = value is limit.value
    else:
        kept = _is_listed(layout, value, values) is (limit.comparator == "in")
    return Judged(tally.rule, tally.pointer, limit, observed, room, values), kept


def _values_of_product(layout: Layout, values_from: str, placed: PlacedTreatment) -> tuple[Any, ...]:
    """The values that the row of the treatment's product lists, such as its strengths."""
    product, concentration = placed.treatment.product, placed.treatment.concentration_percent
    return () if product is None else layout.book.products[product].values_for(values_from, concentration)


def _is_listed(layout: Layout, value: Any, values: tuple[Any, ...]) -> bool:
    """True where the value is among the values; an area, also where an area that it lies in is."""
    if isinstance(value, Ratio):
        return value.numerator in values
    return value in values or any(area in values for area in layout.book.areas.get(value, ()))


def _conclude(tally: _Tally, part: Part) -> None:
    """Add to the part what the limits come to together: a finding or a pass, and what stays open."""
    rule, pointer = tally.rule, tally.pointer
    broken = tally.broken
    if tally.by_exposure:
        broken += _broken_either_way(tally.by_exposure)
    if broken:
        binding = _binding(broken, _by_severity)
        binding.kept = tuple(
            kept.limit
            for kept in tally.kept
            if kept.limit.rule_set == "label" != binding.limit.rule_set
            and kept.limit.direction == binding.limit.direction != 0
            and kept.observed.value == binding.observed.value  # of the same treatments
        )
        part.broken.append(binding)
    elif tally.kept:
        part.passed.append(_binding(tally.kept, _by_room))
    if tally.missing:
        missing = tuple(tally.missing)
        part.not_evaluated.append(NotEvaluated(rule, pointer, tally.reason, missing, at_risk=tally.at_risk))
    if tally.unconfirmed:
        unconfirmed = sorted(tally.unconfirmed, key=lambda pair: pair[0].slug)
        limits = tuple(limit for limit, _ in unconfirmed)
        observed = unconfirmed[0][1]
        part.unconfirmed.append(Unconfirmed(rule, pointer, "limit_unconfirmed", (), limits, observed=observed))


def _broken_either_way(by_exposure: Iterable[tuple[bool, Judged]]) -> tuple[Judged, ...]:
    """The laxer of the limits that are broken if this is a first exposure, and if it is not; none where one is not."""
    sides = [[judged for first, judged in by_exposure if first is side] for side in (True, False)]
    if not all(sides):
        return ()
    return (max((_binding(side, _by_severity) for side in sides), key=cmp_to_key(_by_severity)),)


def _binding(judged: Sequence[Judged], order: Callable[[Judged, Judged], int]) -> Judged:
    """The one that comes first in the order, with the limits of the others in its `also`."""
    if len(judged) == 1:
        return judged[0]
    first, *others = sorted(judged, key=cmp_to_key(order))
    return replace(first, also=tuple(other.limit for other in others))


def _by_severity(one: Judged, other: Judged) -> int:
    """Negative where `one` comes first: the graver limit, or of equally grave ones, the first by `_by_room`."""
    graver = SEVERITIES.index(one.limit.severity) - SEVERITIES.index(other.limit.severity)
    return graver or _by_room(one, other)


def _by_room(one: Judged, other: Judged) -> int:
    """Negative where `one` comes first: less room, a shorter list, a rule set that takes precedence, or by slug."""
    if one.room is not None and other.room is not None:
        tighter: int = one.room * other.observed.value.denominator - other.room * one.observed.value.denominator
        if tighter:
            return tighter
    first = (len(one.values), one.limit.precedence) < (len(other.values), other.limit.precedence)
    return -1 if first else 1
