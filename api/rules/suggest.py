"""Suggestions: the evaluation of a plan in; out, JSON Patches (RFC 6902) for its document, each proved on the plan.

A suggestion lowers a strength, a dose, a volume or the volume of an injection; or it moves something to a later day, or
asks for more care afterwards. An operator proposes from what was judged. The `Adviser` proves on the typed plan, and
judges again only what the change can touch; `lowering` refuses whatever raises something. Contraindications and
eligibility have no operator: no patch removes them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from api.rules.evaluate import Evaluation, evaluate_changed
from api.rules.layout import Layout, PlacedTreatment
from api.rules.lowering import only_lowers
from api.rules.numbers import Ratio, as_text, in_words
from api.rules.outcomes import Finding, Judged, Unconfirmed
from api.rules.patching import Operation, patched
from api.rules.plan import Session
from api.rules.reading import PlanFaults
from api.rules.rows import SEVERITIES, Limit
from api.rules.value_types import Record

# The change in words, and as a patch.
Proposal = tuple[str, list[Operation]]
# Proposals for one thing, of which the first that is proved is offered.
Ways = tuple[Proposal, ...]

MOST_FOR_A_FINDING = 4
# Checks of patched plans for one answer, counted in treatments, so that a large plan stays quick.
MOST_TREATMENTS_CHECKED = 600
MOST_STEPS = 8


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A change after which a finding is gone, with the ids of the findings that it clears and brings."""

    label: str
    patch: Sequence[Operation]
    resolves: tuple[str, ...]
    introduces: tuple[str, ...]


@dataclass(slots=True)
class Advice:
    """The suggestions of each finding by its id, and one patch that leads to `within_limits`, where one was found."""

    by_finding: dict[str, list[Suggestion]] = field(default_factory=dict)
    nearest: list[Operation] | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A broken limit, in the plan that breaks it."""

    judged: Judged
    layout: Layout

    @property
    def observed(self) -> Ratio:
        """The observed value, in thousandths."""
        observed: Ratio = self.judged.observed.value
        return observed

    @property
    def bound(self) -> int:
        """The strictest of the broken bounds on the same side as the limit's own, in thousandths."""
        own = self.judged.limit
        limits = [limit for limit in (own, *self.judged.also) if limit.comparator == own.comparator]
        bounds = [int(limit.value or 0) for limit in limits]
        return max(bounds) if own.direction < 0 else min(bounds)

    def treatments(self) -> list[PlacedTreatment]:
        """The treatments whose amounts contributed to the observed value, the largest first."""
        pointers = set(self.judged.observed.contributing)
        found = [placed for placed in self.layout.treatments if f"{placed.pointer}/amount" in pointers]
        return sorted(found, key=lambda placed: -placed.treatment.amount.value)

    def placed(self) -> PlacedTreatment:
        """The treatment that was judged."""
        return next(placed for placed in self.layout.treatments if placed.pointer == self.judged.pointer)


def replace(path: str, value: Any) -> Operation:
    """The operation that puts the value at the path."""
    return {"op": "replace", "path": path, "value": value}


def drawable(most: Fraction | int) -> int:
    """A volume in thousandths of a mL, rounded down to what a syringe draws: tenths of a mL, below 1 mL hundredths."""
    volume = int(most)
    return volume - volume % (100 if volume >= 1000 else 10)


# By a limit's unit, the unit of amounts from which its excess can be subtracted as it is.
UNIT_OF_LIMIT = {"mL": "mL", "{vial}": "vial"}


def less_in_all(case: Case) -> Iterator[Ways]:
    """Reduce the only treatment to the bound; of several, each alone by the whole excess, or all by the same share."""
    if case.judged.limit.direction < 0:
        return  # less of what is too little helps nobody
    treatments = case.treatments()
    share = Fraction(case.bound * case.observed.denominator, case.observed.numerator)
    if len(treatments) == 1:
        yield _reduced(treatments[0], drawable(treatments[0].treatment.amount.value * share), "this treatment")
        return
    excess = Fraction(*case.observed) - case.bound
    for placed in treatments:
        kept = placed.treatment.amount.value - excess
        if kept > 0 and UNIT_OF_LIMIT.get(case.judged.limit.unit) == placed.treatment.amount.unit:
            yield _reduced(placed, drawable(kept), f"the treatment at {placed.pointer}")
    operations = [
        operation
        for placed in treatments
        for operation in _amount(placed, drawable(placed.treatment.amount.value * share), with_count=False)
    ]
    yield ((f"Reduce all {len(treatments)} treatments by the same share", operations),)


def _reduced(placed: PlacedTreatment, kept: int, what: str) -> Ways:
    """Reduce one treatment: in as many injections as before, or in fewer, so that none becomes too small."""
    patch = _amount(placed, kept, with_count=False)
    unit = "{vial}" if placed.treatment.amount.unit == "vial" else "mL"
    label = f"Reduce {what} to {in_words(patch[0]['value'], unit)}"
    as_many = (label, patch)
    if placed.treatment.injection_count is None:
        return (as_many,)
    operations = _amount(placed, kept, with_count=True)
    count = operations[-1]["value"]
    return as_many, (f"{label} in {count} injection{'s' if count != 1 else ''}", operations)


def _amount(placed: PlacedTreatment, kept: int, *, with_count: bool) -> list[Operation]:
    """Operations that replace a treatment's amount and, `with_count`, the number of its injections by what it needs."""
    amount = placed.treatment.amount
    value = kept - kept % 1000 if amount.unit == "vial" else kept  # no one draws up 2.857 vials
    operations = [replace(f"{placed.pointer}/amount/value", as_text(value))]
    if with_count:
        operations.append(replace(f"{placed.pointer}/injection_count", _count_for(placed, value)))
    return operations


def _count_for(placed: PlacedTreatment, amount: int) -> int:
    """The fewest injections of an amount of which none is larger than the treatment's are."""
    return -(-(placed.treatment.injection_count or 1) * amount // placed.treatment.amount.value)


def more_injections_or_less(case: Case) -> Iterator[Ways]:
    """Where an injection is too large: share the amount among more injections, or reduce it."""
    placed = case.placed()
    count, amount = placed.treatment.injection_count, placed.treatment.amount
    if case.judged.limit.direction < 0 or count is None or amount.unit != "mL" or not case.bound:
        return
    more = -(-amount.value // case.bound)
    yield ((f"Share the amount among {more} injections", [replace(f"{placed.pointer}/injection_count", more)]),)
    yield _reduced(placed, drawable(case.bound * count), "this treatment")


def later_date(case: Case) -> Iterator[Ways]:
    """Move the session to the first date that keeps the interval, and every later session by as many days."""
    days = {group.pointer: group.day for group in case.layout.sessions}
    own = days[case.judged.pointer] or 0  # a session with an interval has a date
    shift = -(-(case.bound * case.observed.denominator - case.observed.numerator) // (1000 * case.observed.denominator))
    later = [pointer for pointer, day in days.items() if day is not None and day > own]
    day = date.fromordinal(own + shift).isoformat()
    patch = [replace(f"{case.judged.pointer}/date", day)]
    patch += [
        replace(f"{pointer}/date", date.fromordinal((days[pointer] or 0) + shift).isoformat()) for pointer in later
    ]
    others = f", and the later ones by {shift} {'days' if shift > 1 else 'day'} each" if later else ""
    yield ((f"Move this session to {day}{others}", patch),)


def lower_strength(case: Case) -> Iterator[Ways]:
    """Use a lower strength that is sold and that the limit allows, the nearest first."""
    placed, limit = case.placed(), case.judged.limit
    product = placed.treatment.product
    sold = case.layout.book.products[product].strengths if product else case.judged.values
    for strength in sorted(sold, reverse=True):
        allowed = strength <= case.bound if limit.direction else strength in case.judged.values
        if allowed and strength < case.observed.numerator:
            text = as_text(strength)
            yield ((f"Use the {text} % strength", [replace(f"{placed.pointer}/concentration_percent", text)]),)


def meet(member: str, unit: str, label: str) -> Callable[[Case], Iterator[Ways]]:
    """An operator that raises a member of the session to its lower bound: time of observation, days of compression."""

    def operator(case: Case) -> Iterator[Ways]:
        if case.judged.limit.direction < 0:
            value = case.bound // 1000
            yield ((label.format(in_words(str(value), unit)), [replace(f"{case.judged.pointer}/{member}", value)]),)

    return operator


def less_or_later(case: Case) -> Iterator[Ways]:
    """Reduce as `less_in_all` does, or move the excess from the largest treatment to a new session on a later day."""
    if case.judged.limit.direction < 0:
        return
    yield from less_in_all(case)
    placed = case.treatments()[0]
    amount = placed.treatment.amount
    kept = drawable(amount.value - (Fraction(*case.observed) - case.bound))
    moved = drawable(amount.value - kept)
    day = _later_day(case.layout, placed)
    if kept <= 0 or moved <= 0 or amount.unit != "mL" or day is None:
        return
    session = case.layout.plan.sessions[int(placed.pointer.split("/")[2])]
    counted = placed.treatment.injection_count is not None
    patch = [
        *_amount(placed, kept, with_count=counted),
        {"op": "add", "path": "/sessions/-", "value": _later_session(session, placed, moved, day)},
    ]
    yield ((f"Move {as_text(moved)} mL to a later session on {day}", patch),)


def _later_session(session: Session, placed: PlacedTreatment, amount: int, day: str) -> dict[str, Any]:
    """The document of a new session: like the treatment's own, with nothing but the moved part of the treatment."""
    treatment = Record(type(placed.treatment)).write(placed.treatment)
    treatment["amount"]["value"] = as_text(amount)
    if "injection_count" in treatment:
        treatment["injection_count"] = _count_for(placed, amount)
    treatment.pop("test_dose", None)
    if placed.treatment.product is not None:
        treatment["first_exposure"] = False
    return {**Record(type(session)).write(session), "treatments": [treatment], "date": day}


def _later_day(layout: Layout, placed: PlacedTreatment) -> str | None:
    """The first day after every session that keeps the treatment's intervals; None where a date is not told."""
    past = [previous.date for previous in layout.plan.previous_sessions or ()]
    days = [*past, *(session.date for session in layout.plan.sessions)]
    if None in days:
        return None
    rules = [*layout.book.rules_of("session-interval"), *layout.book.rules_of("same-area-interval")]
    limits: list[Limit] = [limit for rule in rules for limit in placed.matches.of(rule).applying]
    named = [int(limit.value) for limit in limits if limit.names_product and limit.value]
    intervals = named or [int(limit.value) for limit in limits if limit.value]
    return date.fromordinal(max(day for day in days if day) + max(intervals, default=1000) // 1000).isoformat()


# A proposal, and what the patched plan comes to.
Proof = tuple[str, list[Operation], Evaluation]

OPERATORS: dict[str, Callable[[Case], Iterator[Ways]]] = {
    "session-volume": less_or_later,
    "vial-count": less_in_all,
    "daily-dose-per-weight": less_in_all,
    "daily-volume": less_in_all,
    "weekly-volume": less_in_all,
    "product-share": less_in_all,
    "injection-volume": more_injections_or_less,
    "session-interval": later_date,
    "concentration": lower_strength,
    "observation-minutes": meet("observation_minutes", "min", "Observe for {}"),
    "compression-days": meet("compression_days", "d", "Plan {} of compression"),
    "activity-pause-days": meet("activity_pause_days", "d", "Plan a pause of {}"),
}


def proposals(seen: Evaluation, finding: Finding) -> Iterator[Ways]:
    """What may be tried against a finding of a plan that was seen."""
    operator = OPERATORS.get(finding.rule.measure)
    if operator is None or isinstance(finding, Unconfirmed) or finding.blocked or finding.observed.breaks:
        return
    yield from operator(Case(finding, seen.layout))


def tried(seen: Evaluation, patch: Sequence[Operation]) -> Evaluation | None:
    """What a plan that was seen comes to with a patch; None where that is no plan.

    That is so where nothing is left of an amount, or a count is out of range.
    """
    try:
        plan = patched(seen.layout.plan, patch, seen.layout.book.vocabulary)
    except PlanFaults:
        return None
    return evaluate_changed(plan, seen)


class Adviser:
    """Proposes changes to one plan, which was `seen`, and proves each by evaluating the changed plan."""

    def __init__(self, seen: Evaluation) -> None:
        self.seen = seen
        self._left = MOST_TREATMENTS_CHECKED
        self._tried: dict[tuple[str, str], Evaluation | None] = {}

    def advise(self) -> Advice:
        """The suggestions for each finding of the plan, and the combined patch."""
        findings = self.seen.outcomes.findings
        before = [finding.id for finding in findings]
        advice = Advice()
        for finding in findings:
            suggestions = []
            for label, patch, after in self._proved(self.seen, finding):
                now = [each.id for each in _by_id(after)]
                resolves = tuple(each for each in before if each not in now)
                introduces = tuple(each for each in now if each not in before)
                suggestions.append(Suggestion(label, patch, resolves, introduces))
                if len(suggestions) == MOST_FOR_A_FINDING:
                    break
            advice.by_finding[finding.id] = sorted(suggestions, key=lambda suggestion: len(suggestion.patch))
        advice.nearest = self._nearest()
        return advice

    def _proved(self, seen: Evaluation, finding: Finding) -> Iterator[Proof]:
        """The proposals for a finding that are proved, each with its proof."""
        for ways in proposals(seen, finding):
            proof = next((proof for way in ways if (proof := self._prove(seen, finding, way))), None)
            if proof is not None:
                yield proof

    def _prove(self, seen: Evaluation, finding: Finding, way: Proposal) -> Proof | None:
        """A proposal with what it comes to; None unless it only lowers, the finding is gone, and nothing is worse."""
        label, patch = way
        self._left -= len(seen.layout.treatments)
        if self._left < 0:
            return None
        after = self._try(seen, finding, way)
        if after is None or finding.id in [each.id for each in after.outcomes.findings]:
            return None
        proved = not _is_worse(seen, after) and only_lowers(seen.layout, after.layout)
        return (label, patch, after) if proved else None

    def _try(self, seen: Evaluation, finding: Finding, way: Proposal) -> Evaluation | None:
        """What the patch of a proposal comes to. On the plan itself, the combined patch begins with what was tried."""
        label, patch = way
        if seen is not self.seen:
            return tried(seen, patch)
        key = finding.id, label
        if key not in self._tried:
            self._tried[key] = tried(seen, patch)
        return self._tried[key]

    def _nearest(self) -> list[Operation] | None:
        """A patch that leads to `within_limits`, or None: of the gravest finding the first proved change, and again."""
        seen, patch, findings = self.seen, [], self.seen.outcomes.findings
        for _ in range(MOST_STEPS):
            serious = [finding for finding in findings if finding.severity != "info"]
            if not serious:
                break
            step = next(self._proved(seen, serious[0]), None)
            if step is None:
                return None
            _, operations, seen = step
            findings = _by_id(seen)
            patch += operations
        done = patch and seen.verdict == "within_limits" and only_lowers(self.seen.layout, seen.layout)
        return _shortened(patch) if done else None


def _by_id(after: Evaluation) -> list[Finding]:
    """The findings of a patched document: the gravest first, then by id, so that no order hangs on the patch."""
    return sorted(after.outcomes.findings, key=lambda finding: (SEVERITIES.index(finding.severity), finding.id))


def _is_worse(seen: Evaluation, after: Evaluation) -> bool:
    """True where a finding is graver than before, or something more is left open."""
    before = {finding.id: finding for finding in seen.outcomes.findings}
    opened = after.outcomes.open_places - seen.outcomes.open_places
    rules = {rule for rule, _ in seen.outcomes.open_places}
    there = tuple(f"/sessions/{i}" for i in range(len(seen.layout.sessions), len(after.layout.sessions)))
    if any(rule not in rules or not pointer.startswith(there) for rule, pointer in opened):
        return True  # an added session may leave open the rules that other sessions left open
    return any(_is_graver(finding, before.get(finding.id)) for finding in after.outcomes.findings)


def _is_graver(finding: Finding, before: Finding | None) -> bool:
    """True where a finding is a new error or warning, is graver than before, or exceeds the same limit by more."""
    if before is None:
        return finding.severity != "info"
    if finding.severity != before.severity:
        return SEVERITIES.index(finding.severity) < SEVERITIES.index(before.severity)
    if isinstance(finding, Unconfirmed) or isinstance(before, Unconfirmed) or finding.limit is not before.limit:
        return False
    now, then = finding.headroom, before.headroom
    return now is not None and then is not None and Fraction(*now) < Fraction(*then)


def _shortened(patch: list[Operation]) -> list[Operation]:
    """The patch without a replacement that a later one on the same path makes void."""
    kept: dict[Any, Operation] = {}
    for k, operation in enumerate(reversed(patch)):
        kept.setdefault(operation["path"] if operation["op"] == "replace" else k, operation)
    return list(kept.values())[::-1]
