"""Holding a plan against a book: every rule ends in a finding, passed, not evaluated, or not applicable."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from api.rules import patient_measures as _registers_its_measures  # noqa: F401
from api.rules.book import PRECEDENCE, SEVERITIES, Book, Lens, Limit, Match, Rule
from api.rules.context import Context, Group, Spot
from api.rules.kinds import members_of
from api.rules.measures import MEASURES, Measure, Observed, unique
from api.rules.numbers import Ratio
from api.rules.plan import RECORDS, Plan

# Members whose absence can leave a plan incomplete; the finer ones are told but do not.
ESSENTIAL_MEMBERS = frozenset(
    name for record in RECORDS for name, declared in members_of(record).items() if declared.metadata["essential"]
)


class Judged(NamedTuple):
    """One rule at one place, held or broken."""

    rule: Rule
    pointer: str
    limit: Limit
    observed: Observed
    headroom: Ratio | None
    values: tuple[Any, ...]
    also: tuple[Limit, ...] = ()


class Unjudged(NamedTuple):
    """One rule at one place that could not be held against its limits."""

    rule: Rule
    pointer: str
    reason: str
    missing: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    observed: Observed | None = None

    @property
    def leaves_incomplete(self) -> bool:
        """Whether the rule is essential and so is a member that it misses."""
        return self.rule.essential and any(pointer.rpartition("/")[2] in ESSENTIAL_MEMBERS for pointer in self.missing)


@dataclass(slots=True)
class Outcomes:
    """What became of every rule."""

    broken: list[Judged] = field(default_factory=list)
    passed: list[Judged] = field(default_factory=list)
    # What passed once and passes alike at another pointer: kept short, since there are many.
    alike: list[tuple[str, list[Judged]]] = field(default_factory=list)
    unjudged: list[Unjudged] = field(default_factory=list)
    not_applicable: int = 0

    def all_passed(self) -> Iterator[Judged]:
        """Everything that passed, each at its own place."""
        yield from self.passed
        for pointer, known in self.alike:
            yield from (judged._replace(pointer=pointer) for judged in known)


def evaluate(plan: Plan, book: Book) -> Outcomes:
    """The outcome of every rule of the book for a plan. Linear in the plan."""
    context = Context(plan, book)
    outcomes = Outcomes()
    told: set[str] = set()
    for scope, rules in _by_scope(context.lens).items():
        if scope == "treatment":
            _judge_treatments(context, rules, outcomes, told)
            continue
        for group in context.groups(scope):
            matches = group.matches()
            for rule, measure in rules:
                if _judge(context, rule, measure, group, matches, outcomes):
                    told.add(rule.slug)
    outcomes.not_applicable = len(book.rules) - len(told)
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


def _judge_treatments(context: Context, rules: list[tuple[Rule, Measure]], outcomes: Outcomes, told: set[str]) -> None:
    """Judge each treatment. One that is like another that passed passes as that one did, in whole or by its profile."""
    passed: dict[tuple[bool, int], list[Judged]] = {}
    halves = [[(rule, measure) for rule, measure in rules if measure.of_profile is half] for half in (True, False)]
    for spot in context.spots:
        group = Group(spot.pointer, (spot,))
        for key, some in zip(((True, id(spot.matches)), (False, spot.kind)), halves, strict=True):
            known = passed.get(key)
            if known is not None:
                outcomes.alike.append((spot.pointer, known))
                continue
            start, others = len(outcomes.passed), len(outcomes.broken) + len(outcomes.unjudged)
            for rule, measure in some:
                if _judge(context, rule, measure, group, spot.matches, outcomes):
                    told.add(rule.slug)
            if len(outcomes.broken) + len(outcomes.unjudged) == others:
                passed[key] = outcomes.passed[start:]


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

    def miss(self, observed: Observed) -> None:
        if observed.missing:
            self.missing.update(dict.fromkeys(observed.missing))
            self.reason = observed.reason


def _judge(
    context: Context,
    rule: Rule,
    measure: Measure,
    group: Group,
    matches: Mapping[str, Match] | None,
    outcomes: Outcomes,
) -> bool:
    """Judge one rule on one group; whether anything was told."""
    key = f"{rule.slug}:{group.entry}" if group.entry and measure.scope == "conditions" else rule.slug
    if matches is not None:
        match = matches.get(key)
        if match is None:
            return False
        if not match.unsure:
            # Where no condition is named, each ruling comes to the same: the first stands for all.
            sure = match.sure[:1] if measure.scope == "conditions" and not group.entry else match.sure
            quick = _judge_sure(context, rule, measure, group, sure, outcomes)
            if quick is not None:
                return quick
    applying, might = _match(key, group)
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
    return _tell(place, outcomes)


def _judge_sure(
    context: Context, rule: Rule, measure: Measure, group: Group, limits: tuple[Limit, ...], outcomes: Outcomes
) -> bool | None:
    """What most rules come to: limits that surely apply, all kept, or nothing to measure. None takes a closer look."""
    binding: Judged | None = None
    observed = None
    for limit in limits:
        if binding is None or measure.heeds_limit:
            observed = measure.observe(context, group, group.spots, limit)
        if observed is None:
            continue
        if observed.missing or limit.unconfirmed:
            return None
        values = limit.values if limit.listed is None else _allowed(context.book, limit, group.spots[0])
        met, headroom = _compare(context, limit, observed, values)
        if not met:
            return None
        if binding is None or _is_tighter(limit, headroom, values, binding):
            binding = Judged(rule, measure.pointer or group.pointer, limit, observed, headroom, values)
    if binding is not None:
        outcomes.passed.append(binding)
    return binding is not None


def _is_tighter(limit: Limit, headroom: Ratio | None, values: tuple[Any, ...], than: Judged) -> bool:
    """Whether a kept limit leaves less room than another; `_tightest` says the same more slowly, for any number."""
    if headroom is not None and than.headroom is not None:
        left = headroom.numerator * than.headroom.denominator
        right = than.headroom.numerator * headroom.denominator
        if left != right:
            return left < right
    order = (len(values), PRECEDENCE[limit.rule_set], limit.slug)
    return order < (len(than.values), PRECEDENCE[than.limit.rule_set], than.limit.slug)


def _asked_and_none(measure: Measure, group: Group, observed: Observed) -> bool:
    """Whether the patient's list is empty, so that no product could break the rule."""
    return measure.scope in ("conditions", "allergies") and group.entry is None and not observed.missing


def _hold(context: Context, place: _Place, limit: Limit, observed: Observed, spot: Spot) -> None:
    """Hold an observation against a limit that applies."""
    if limit.unconfirmed:
        place.unconfirmed.append((limit, observed))
        return
    place.miss(observed)
    if observed.value is None and observed.missing:
        return
    values = _allowed(context.book, limit, spot)
    met, headroom = _compare(context, limit, observed, values)
    judged = Judged(place.rule, place.pointer, limit, observed, headroom, values)
    if not met:
        place.broken.append(judged)
    elif not observed.missing:
        place.held.append(judged)


def _tell(place: _Place, outcomes: Outcomes) -> bool:
    """Add what a place came to; whether there was anything."""
    rule, pointer = place.rule, place.pointer
    if place.broken:
        outcomes.broken.append(_binding(place.broken, _gravest))
    elif place.held:
        outcomes.passed.append(_binding(place.held, _tightest))
    if place.missing:
        # Where no source confirms a limit, there is nothing that the sender could add.
        missing = () if place.reason == "limit_unconfirmed" else tuple(place.missing)
        outcomes.unjudged.append(Unjudged(rule, pointer, place.reason, missing))
    if place.unconfirmed:
        unconfirmed = sorted(place.unconfirmed, key=lambda entry: entry[0].slug)
        limits = tuple(limit for limit, _ in unconfirmed)
        outcomes.unjudged.append(Unjudged(rule, pointer, "limit_unconfirmed", (), limits, unconfirmed[0][1]))
    return bool(place.broken or place.held or place.missing or place.unconfirmed)


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


def _compare(context: Context, limit: Limit, observed: Observed, values: tuple[Any, ...]) -> tuple[bool, Ratio | None]:
    """Whether the limit is kept, and by how much where that is a number. Bounds are inclusive."""
    value = observed.value
    if value is None:
        return False, None
    if limit.comparator in ("<=", ">="):
        bound = int(limit.value or 0) * value.denominator
        room = bound - value.numerator if limit.comparator == "<=" else value.numerator - bound
        return room >= 0, Ratio(room, value.denominator)
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
    return first._replace(also=tuple(other.limit for other in others))


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
