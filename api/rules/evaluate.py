"""Holding a plan against a book: every rule ends in a finding, passed, not evaluated, or not applicable."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import chain
from typing import Any, NamedTuple

from api.rules import patient_measures as _registers_its_measures  # noqa: F401
from api.rules.book import PRECEDENCE, SEVERITIES, Book, Lens, Limit, Match, Rule
from api.rules.context import MIXED, Context, Group, Spot
from api.rules.kinds import members_of
from api.rules.measures import MEASURES, Measure, Observed, unique
from api.rules.numbers import Ratio
from api.rules.plan import RECORDS, Plan, Treatment

# Members whose absence can leave a plan incomplete; the finer ones are told but do not.
ESSENTIAL_MEMBERS = frozenset(
    name for record in RECORDS for name, declared in members_of(record).items() if declared.metadata["essential"]
)


@dataclass(slots=True, eq=False)
class Judged:
    """One rule at one place, held or broken. `room` is what is left, in the parts that the observed value has.

    Neither this nor `Observed` is frozen: a plan makes hundreds, and a frozen one takes three times as long to make.
    """

    rule: Rule
    pointer: str
    limit: Limit
    observed: Observed
    room: int | None
    values: tuple[Any, ...]
    also: tuple[Limit, ...] = ()

    @property
    def headroom(self) -> Ratio | None:
        return None if self.room is None else Ratio(self.room, self.observed.value.denominator)


class Unjudged(NamedTuple):
    """One rule at one place that could not be held against its limits."""

    rule: Rule
    pointer: str
    reason: str
    missing: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    observed: Observed | None = None
    at_risk: bool = False

    @property
    def leaves_incomplete(self) -> bool:
        """Whether the rule is essential, and so is a member that it misses, or a limit that may apply is not kept."""
        essential = any(pointer.rpartition("/")[2] in ESSENTIAL_MEMBERS for pointer in self.missing)
        return self.rule.essential and (essential or self.at_risk)


@dataclass(slots=True)
class Outcomes:
    """What became of every rule."""

    broken: list[Judged] = field(default_factory=list)
    passed: list[Judged] = field(default_factory=list)
    # What passed once and passes alike at another pointer: kept short, since there are many.
    alike: list[tuple[str, list[Judged]]] = field(default_factory=list)
    unjudged: list[Unjudged] = field(default_factory=list)

    def all_passed(self) -> Iterator[tuple[str, Judged]]:
        """Everything that passed, with its place."""
        yield from ((judged.pointer, judged) for judged in self.passed)
        for pointer, known in self.alike:
            yield from ((pointer, judged) for judged in known)

    def told(self) -> set[str]:
        """The slugs of the rules that had something to say."""
        judged = chain(self.broken, self.passed, *(known for _, known in self.alike))
        return {each.rule.slug for each in judged} | {each.rule.slug for each in self.unjudged}


class _Checks(NamedTuple):
    """The rules that look at the treatments of one profile.

    `settled` is what such a treatment passes by its profile, whatever else it is; the `open` rules are those that look
    at more of it, or all rules where the profile alone breaks or misses something.
    """

    settled: list[Judged]
    open: list[tuple[Rule, Measure, Match]]


def evaluate(plan: Plan, book: Book) -> Outcomes:
    """The outcome of every rule of the book for a plan. Linear in the plan."""
    context = Context(plan, book)
    outcomes = Outcomes()
    for scope, rules in _by_scope(context.lens).items():
        if scope == "treatment":
            _judge_treatments(context, rules, outcomes)
            continue
        for group in context.groups(scope):
            for rule, measure in rules:
                match = group.match(_key(rule, measure, group))
                if match is not None:
                    _judge(context, rule, measure, group, match, outcomes)
                elif scope == "conditions" and group.entry:
                    outcomes.unjudged.append(Unjudged(rule, group.pointer, "no_ruling"))
    return outcomes


def _by_scope(lens: Lens) -> Mapping[str, list[tuple[Rule, Measure]]]:
    """The rules in force under a lens, by the scope of their measure; kept with the lens."""
    if lens.by_scope:
        return lens.by_scope
    scoped: dict[str, list[tuple[Rule, Measure]]] = {}
    for slug, rule in lens.book.rules.items():
        if slug not in lens.limits:
            continue
        measure = MEASURES[rule.measure]
        scoped.setdefault(measure.scope, []).append((rule, measure))
    lens.by_scope = scoped
    return scoped


def _key(rule: Rule, measure: Measure, group: Group) -> str:
    """Under what to look up the limits: a condition's rulings have a key of their own."""
    return f"{rule.slug}:{group.entry}" if measure.scope == "conditions" and group.entry else rule.slug


def _judge_treatments(context: Context, rules: list[tuple[Rule, Measure]], outcomes: Outcomes) -> None:
    """Judge each treatment. What its profile settles, or an equal treatment has passed, is not worked out again."""
    passed: dict[tuple[int, Treatment], list[Judged]] = {}
    for spot in context.spots:
        checks: _Checks = spot.matches.checks or _checks(context, rules, spot)
        if checks.settled:
            outcomes.alike.append((spot.pointer, checks.settled))
        key = (id(spot.matches), spot.treatment)
        known = passed.get(key)
        if known is not None:
            outcomes.alike.append((spot.pointer, known))
            continue
        group = Group(spot.pointer, (spot,), (spot.matches,))
        start, others = len(outcomes.passed), len(outcomes.broken) + len(outcomes.unjudged)
        for rule, measure, match in checks.open:
            if measure.concerns is None or measure.concerns(spot.treatment):
                _judge(context, rule, measure, group, match, outcomes)
        if len(outcomes.broken) + len(outcomes.unjudged) == others:
            passed[key] = outcomes.passed[start:]


def _checks(context: Context, rules: list[tuple[Rule, Measure]], spot: Spot) -> _Checks:
    """The checks for the profile of a treatment; kept with its matches."""
    looking = [(rule, measure, spot.matches[rule.slug]) for rule, measure in rules if rule.slug in spot.matches]
    by_profile = Outcomes()
    for rule, measure, match in looking:
        if measure.of_profile:
            _judge(context, rule, measure, Group(spot.pointer, (spot,), (spot.matches,)), match, by_profile)
    if by_profile.broken or by_profile.unjudged:
        checks = _Checks([], looking)
    else:
        # Kept beyond this plan, so without its pointers.
        settled = [
            replace(judged, pointer="", observed=Observed(judged.observed.value)) for judged in by_profile.passed
        ]
        checks = _Checks(settled, [check for check in looking if not check[1].of_profile])
    spot.matches.checks = checks
    return checks


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


def _judge(context: Context, rule: Rule, measure: Measure, group: Group, match: Match, outcomes: Outcomes) -> None:
    """Judge one rule on one group."""
    if match is not MIXED and not match.unsure:
        # Where no condition is named, each ruling comes to the same: the first stands for all.
        sure = match.sure[:1] if measure.scope == "conditions" and not group.entry else match.sure
        if _judge_sure(context, rule, measure, group, sure, outcomes):
            return
    applying, might = _match(_key(rule, measure, group), group)
    place = _Place(rule, measure.pointer or group.pointer)
    for limit, spots in applying.items():
        observed = measure.observe(context, group, spots, limit)
        if observed is not None:
            _hold(context, place, limit, observed, spots[0])
    for limit, (spots, members) in might.items():
        observed = measure.observe(context, group, spots, limit)
        if observed is None or _asked_and_none(measure, group, observed):
            continue
        place.missing.update(members)
        place.miss(observed)
        if limit.first_exposure is not None and all(member.endswith("/first_exposure") for member in members):
            judged, kept = _held(context, place, limit, observed, spots[0])
            if not kept and observed.value is not None:
                place.at_risk.setdefault(limit.first_exposure, []).append(judged)
    _tell(place, outcomes)


def _judge_sure(
    context: Context, rule: Rule, measure: Measure, group: Group, limits: tuple[Limit, ...], outcomes: Outcomes
) -> bool:
    """What most rules come to: limits that surely apply, kept or broken, or nothing to measure, or nothing to go by.

    Whether it came to one of these; if not, a closer look is due.
    """
    pointer = measure.pointer or group.pointer
    heeds_limit = measure.heeds_limit is not None and measure.heeds_limit(group.spots)
    observed: Observed | None = None
    binding: Judged | None = None
    broken: list[Judged] = []
    for limit in limits:
        if limit.unconfirmed:
            return False
        if observed is None or heeds_limit:
            observed = measure.observe(context, group, group.spots, limit)
        if observed is None:
            continue
        if observed.missing:
            if observed.value is not None or heeds_limit or any(other.unconfirmed for other in limits):
                return False
            outcomes.unjudged.append(Unjudged(rule, pointer, observed.reason, observed.missing))
            return True
        values = limit.values if limit.listed is None else _allowed(context.book, limit, group.spots[0])
        kept, room = _compare(context, limit, observed, values)
        judged = Judged(rule, pointer, limit, observed, room, values)
        if not kept:
            broken.append(judged)
        elif binding is None or _is_tighter(judged, binding):
            binding = judged
    if broken:
        outcomes.broken.append(_binding(broken, _gravest))
    elif binding is not None:
        outcomes.passed.append(binding)
    return True


def _is_tighter(judged: Judged, than: Judged) -> bool:
    """Whether a kept limit leaves less room than another; `_tightest` says the same more slowly, for any number."""
    if judged.room is not None and than.room is not None:
        left: int = judged.room * than.observed.value.denominator
        right: int = than.room * judged.observed.value.denominator
        if left != right:
            return left < right
    order = (len(judged.values), PRECEDENCE[judged.limit.rule_set], judged.limit.slug)
    return order < (len(than.values), PRECEDENCE[than.limit.rule_set], than.limit.slug)


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
    judged, kept = _held(context, place, limit, observed, spot)
    if not kept:
        place.broken.append(judged)
    elif not observed.missing:
        place.held.append(judged)


def _held(context: Context, place: _Place, limit: Limit, observed: Observed, spot: Spot) -> tuple[Judged, bool]:
    """What an observation comes to under a limit, and whether it is kept."""
    values = _allowed(context.book, limit, spot)
    kept, room = _compare(context, limit, observed, values)
    return Judged(place.rule, place.pointer, limit, observed, room, values), kept


def _tell(place: _Place, outcomes: Outcomes) -> None:
    """Add what a place came to, if anything."""
    rule, pointer = place.rule, place.pointer
    if len(place.at_risk) == 2:  # broken either way: by the laxer limit at least
        place.broken.append(max((_binding(judged, _gravest) for judged in place.at_risk.values()), key=_gravest))
    if place.broken:
        outcomes.broken.append(_binding(place.broken, _gravest))
    elif place.held:
        outcomes.passed.append(_binding(place.held, _tightest))
    if place.missing:
        missing, at_risk = tuple(place.missing), bool(place.at_risk)
        outcomes.unjudged.append(Unjudged(rule, pointer, place.reason, missing, at_risk=at_risk))
    if place.unconfirmed:
        unconfirmed = sorted(place.unconfirmed, key=lambda entry: entry[0].slug)
        limits = tuple(limit for limit, _ in unconfirmed)
        outcomes.unjudged.append(Unjudged(rule, pointer, "limit_unconfirmed", (), limits, unconfirmed[0][1]))


def _match(key: str, group: Group) -> tuple[dict[Limit, list[Spot]], dict[Limit, tuple[list[Spot], dict[str, None]]]]:
    """The limits that apply to the group, and those that might, with the pointers that would tell."""
    applying: dict[Limit, list[Spot]] = {}
    might: dict[Limit, tuple[list[Spot], dict[str, None]]] = {}
    for spot in group.spots:
        match = spot.matches.get(key)
        if match is None:
            continue
        for limit in match.sure:
            applying.setdefault(limit, []).append(spot)
        for limit, members in match.unsure:
            spots, pointers = might.setdefault(limit, ([], {}))
            spots.append(spot)
            pointers.update(dict.fromkeys(f"{spot.pointer}/{member}" for member in members))
    return applying, might


def _compare(context: Context, limit: Limit, observed: Observed, values: tuple[Any, ...]) -> tuple[bool, int | None]:
    """Whether the limit is kept, and the room that is left where it is a bound. Bounds are inclusive."""
    value = observed.value
    if value is None:
        return False, None
    if limit.direction:
        room: int = limit.direction * ((limit.value or 0) * value.denominator - value.numerator)
        return room >= 0, room
    if limit.comparator == "=":
        return value is limit.value, None
    return _among(context, limit, value, values) is (limit.comparator == "in"), None


def _allowed(book: Book, limit: Limit, spot: Spot) -> tuple[Any, ...]:
    """The values that a one-of limit lists, its own or those of the treatment's product."""
    if limit.listed is None or spot.treatment.product is None:
        return limit.values
    return book.products[spot.treatment.product].listed(limit.listed, spot.treatment.concentration_percent)


def _among(context: Context, limit: Limit, value: Any, values: tuple[Any, ...]) -> bool:
    """Whether the value is listed; an area is when it or an area that holds it is."""
    if isinstance(value, Ratio):
        return value.numerator in values
    return value in values or any(area in values for area in context.book.areas.get(value, ()))


def _binding(judged: list[Judged], order: Callable[[Judged], Any]) -> Judged:
    """Of several limits on one observation, the first in the order, with the others in `also`."""
    if len(judged) == 1:
        return judged[0]
    first, *others = sorted(judged, key=order)
    return replace(first, also=tuple(other.limit for other in others))


def _gravest(judged: Judged) -> Any:
    """Orders broken limits: by severity, and then as `_tightest`."""
    return SEVERITIES.index(judged.limit.severity), _tightest(judged)


def _tightest(judged: Judged) -> Any:
    """Orders limits: the least headroom or the shortest list first, then the label before others, then by slug."""
    room = judged.headroom
    exact = 0 if room is None else room.numerator if room.denominator == 1 else Fraction(*room)
    return exact, len(judged.values), PRECEDENCE[judged.limit.rule_set], judged.limit.slug


def contributing(judged: Judged | Unjudged) -> tuple[str, ...]:
    return unique(judged.observed.contributing) if judged.observed else ()
