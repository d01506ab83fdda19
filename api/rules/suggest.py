"""Suggestions: JSON Patches (RFC 6902) against the body as sent, each proved by checking the patched body.

A suggestion only lowers: a strength, a dose, a volume, the volume of an injection; or it moves something to a later
day, or asks for more care afterwards. An operator proposes, from what was judged; the `Adviser` proves, and `lowering`
refuses whatever raises something. Contraindications and eligibility have no operator: no patch answers them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, Protocol

from api.rules.book import Book
from api.rules.context import Context, Spot
from api.rules.kinds import Record
from api.rules.lowering import only_lowers
from api.rules.numbers import Ratio, as_text, in_words
from api.rules.outcomes import Judged, Outcomes, Unjudged
from api.rules.plan import Session
from api.rules.reading import PlanFaults, as_read
from api.rules.rows import SEVERITIES, Limit

Operation = Mapping[str, Any]
Proposal = tuple[str, list[Operation]]
# Ways to do one thing, of which the first that holds is offered.
Ways = tuple[Proposal, ...]

MOST_FOR_A_FINDING = 4
# Checks of patched bodies for one answer, counted in treatments, so that a large plan stays quick.
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


class Look(Protocol):
    """What checking a document without suggestions comes to."""

    @property
    def context(self) -> Context: ...

    @property
    def outcomes(self) -> Outcomes: ...

    @property
    def verdict(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Case:
    """A broken limit, in the plan that breaks it."""

    judged: Judged
    context: Context

    @property
    def observed(self) -> Ratio:
        """What was observed, in thousandths."""
        observed: Ratio = self.judged.observed.value
        return observed

    @property
    def bound(self) -> int:
        """The strictest of the upper bounds that are broken, or of the lower ones, in thousandths."""
        own = self.judged.limit
        limits = [limit for limit in (own, *self.judged.also) if limit.comparator == own.comparator]
        bounds = [int(limit.value or 0) for limit in limits]
        return max(bounds) if own.direction < 0 else min(bounds)

    def spots(self) -> list[Spot]:
        """The treatments whose amounts contributed, the largest first."""
        pointers = set(self.judged.observed.contributing)
        found = [spot for spot in self.context.spots if f"{spot.pointer}/amount" in pointers]
        return sorted(found, key=lambda spot: -spot.treatment.amount.value)

    def spot(self) -> Spot:
        """The treatment that was judged."""
        return next(spot for spot in self.context.spots if spot.pointer == self.judged.pointer)


def replace(path: str, value: Any) -> Operation:
    return {"op": "replace", "path": path, "value": value}


def drawable(most: Fraction | int) -> int:
    """The most that a syringe draws of a volume in thousandths of a mL: tenths of a mL, below 1 mL hundredths."""
    volume = int(most)
    return volume - volume % (100 if volume >= 1000 else 10)


def less_in_all(case: Case) -> Iterator[Ways]:
    """Reduce the one treatment to its share; of several, each alone by the excess, and all by the same share."""
    spots = case.spots()
    share = Fraction(case.bound * case.observed.denominator, case.observed.numerator)
    if len(spots) == 1:
        yield _reduced(spots[0], drawable(spots[0].treatment.amount.value * share), "this treatment")
        return
    excess = Fraction(*case.observed) - case.bound
    for spot in spots:
        kept = spot.treatment.amount.value - excess
        if kept > 0 and UNIT_OF_LIMIT.get(case.judged.limit.unit) == spot.treatment.amount.unit:
            yield _reduced(spot, drawable(kept), f"the treatment at {spot.pointer}")
    operations = [
        operation
        for spot in spots
        for operation in _amount(spot, drawable(spot.treatment.amount.value * share), with_count=False)
    ]
    yield ((f"Reduce all {len(spots)} treatments by the same share", operations),)


# The unit of an amount in which the excess over a limit can be taken off as it is.
UNIT_OF_LIMIT = {"mL": "mL", "{vial}": "vial"}


def _reduced(spot: Spot, kept: int, what: str) -> Ways:
    """Less of one treatment: in as many injections, or in fewer, so that none becomes too small."""
    vials = spot.treatment.amount.unit == "vial"
    value = as_text(kept - kept % 1000 if vials else kept)  # no one draws up 2.857 vials
    label = f"Reduce {what} to {in_words(value, '{vial}' if vials else 'mL')}"
    as_many = (label, _amount(spot, kept, with_count=False))
    if spot.treatment.injection_count is None:
        return (as_many,)
    operations = _amount(spot, kept, with_count=True)
    count = operations[-1]["value"]
    return as_many, (f"{label} in {count} injection{'s' if count != 1 else ''}", operations)


def _amount(spot: Spot, kept: int, *, with_count: bool) -> list[Operation]:
    """The treatment's amount as another, and, if asked, its injections as many as keep their volume at most."""
    amount = spot.treatment.amount
    value = kept - kept % 1000 if amount.unit == "vial" else kept
    operations = [replace(f"{spot.pointer}/amount/value", as_text(value))]
    if with_count:
        operations.append(replace(f"{spot.pointer}/injection_count", _count_for(spot, value)))
    return operations


def _count_for(spot: Spot, amount: int) -> int:
    """How many injections an amount takes, none larger than the treatment's are."""
    return -(-(spot.treatment.injection_count or 1) * amount // spot.treatment.amount.value)


def more_injections_or_less(case: Case) -> Iterator[Ways]:
    """For the volume of an injection that is too large: more injections, or a smaller amount."""
    spot = case.spot()
    count, amount = spot.treatment.injection_count, spot.treatment.amount
    if case.judged.limit.direction < 0 or count is None or amount.unit != "mL" or not case.bound:
        return
    more = -(-amount.value // case.bound)
    yield ((f"Share the amount among {more} injections", [replace(f"{spot.pointer}/injection_count", more)]),)
    yield _reduced(spot, drawable(case.bound * count), "this treatment")


def later_date(case: Case) -> Iterator[Ways]:
    """Move the session to the first date that keeps the interval, and every later one by as many days."""
    days = {group.pointer: group.day for group in case.context.sessions}
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
    """Use a lower strength that the limit allows, the nearest first."""
    spot, limit = case.spot(), case.judged.limit
    product = spot.treatment.product
    sold = case.context.book.products[product].strengths if product else case.judged.values
    for strength in sorted(sold, reverse=True):
        allowed = strength <= case.bound if limit.direction else strength in case.judged.values
        if allowed and strength < case.observed.numerator:
            text = as_text(strength)
            yield ((f"Use the {text} % strength", [replace(f"{spot.pointer}/concentration_percent", text)]),)


def meet(member: str, unit: str, words: str) -> Callable[[Case], Iterator[Ways]]:
    """An operator that raises what is done for the patient after a session to the bound."""

    def operator(case: Case) -> Iterator[Ways]:
        if case.judged.limit.direction < 0:
            value = case.bound // 1000
            yield ((words.format(in_words(str(value), unit)), [replace(f"{case.judged.pointer}/{member}", value)]),)

    return operator


def less_or_later(case: Case) -> Iterator[Ways]:
    """Reduce, or move the excess of the largest treatment to a session of its own, on a later day."""
    yield from less_in_all(case)
    spot = case.spots()[0]
    amount = spot.treatment.amount
    kept = drawable(amount.value - (Fraction(*case.observed) - case.bound))
    moved = drawable(amount.value - kept)
    day = _later_day(case.context, spot)
    if kept <= 0 or moved <= 0 or amount.unit != "mL" or day is None:
        return
    session = case.context.plan.sessions[int(spot.pointer.split("/")[2])]
    counted = spot.treatment.injection_count is not None
    patch = [
        *_amount(spot, kept, with_count=counted),
        {"op": "add", "path": "/sessions/-", "value": _later_session(session, spot, moved, day)},
    ]
    yield ((f"Move {as_text(moved)} mL to a later session on {day}", patch),)


def _later_session(session: Session, spot: Spot, amount: int, day: str) -> dict[str, Any]:
    """A session like the treatment's own, with a part of the treatment alone."""
    treatment = Record(type(spot.treatment)).write(spot.treatment)
    treatment["amount"]["value"] = as_text(amount)
    if "injection_count" in treatment:
        treatment["injection_count"] = _count_for(spot, amount)
    treatment.pop("test_dose", None)
    if spot.treatment.product is not None:
        treatment["first_exposure"] = False
    return {**Record(type(session)).write(session), "treatments": [treatment], "date": day}


def _later_day(context: Context, spot: Spot) -> str | None:
    """The first day after every session that keeps the treatment's interval; None where a date is open."""
    past = [previous.date for previous in context.plan.previous_sessions or ()]
    days = [*past, *(session.date for session in context.plan.sessions)]
    if None in days:
        return None
    rules = [*context.book.rules_of("session-interval"), *context.book.rules_of("same-area-interval")]
    limits: list[Limit] = [limit for rule in rules if (match := spot.matches.get(rule)) for limit in match.sure]
    named = [int(limit.value) for limit in limits if limit.names_product and limit.value]
    intervals = named or [int(limit.value) for limit in limits if limit.value]
    return date.fromordinal(max(day for day in days if day) + max(intervals, default=1000) // 1000).isoformat()


# A proposal, and what the patched document comes to.
Proof = tuple[str, list[Operation], Look]

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


class Adviser:
    """Proposes changes to one document and proves each by a second look at the patched document."""

    def __init__(self, document: Any, book: Book, look: Callable[[Any, Book], Look]) -> None:
        self.document = document
        self.book = book
        self._look = look
        self._left = MOST_TREATMENTS_CHECKED

    def advise(self, seen: Look, findings: Sequence[Judged | Unjudged]) -> Advice:
        """The suggestions for the findings, which come in their order; and the combined patch, or None."""
        before = [finding.id for finding in findings]
        advice = Advice()
        for finding in findings:
            held = []
            for label, patch, after in self._proved(self.document, seen, finding):
                now = [known.id for known in after.outcomes.findings()]
                resolves = tuple(known for known in before if known not in now)
                introduces = tuple(known for known in now if known not in before)
                held.append(Suggestion(label, patch, resolves, introduces))
                if len(held) == MOST_FOR_A_FINDING:
                    break
            advice.by_finding[finding.id] = sorted(held, key=lambda suggestion: len(suggestion.patch))
        advice.nearest = self._nearest(seen, findings)
        return advice

    def _proved(self, document: Any, seen: Look, finding: Judged | Unjudged) -> Iterator[Proof]:
        """The proposals that only lower, and after which the finding is gone and nothing came instead."""
        operator = OPERATORS.get(finding.rule.measure)
        if operator is None or isinstance(finding, Unjudged) or finding.blocked or finding.observed.value is None:
            return
        for ways in operator(Case(finding, seen.context)):
            proof = next((proof for way in ways if (proof := self._prove(document, seen, finding, way))), None)
            if proof is not None:
                yield proof

    def _prove(self, document: Any, seen: Look, finding: Judged, way: Proposal) -> Proof | None:
        """The proposal with what it comes to, if it holds."""
        label, patch = way
        self._left -= len(seen.context.spots)
        if self._left < 0:
            return None
        try:
            after = self._look(apply(document, patch), self.book)
        except PlanFaults:
            return None  # what it proposes is no plan: nothing is left of an amount, or a count is out of range
        gone = finding.id not in [known.id for known in after.outcomes.findings()]
        holds = gone and not _is_worse(seen, after) and only_lowers(seen.context, after.context)
        return (label, patch, after) if holds else None

    def _nearest(self, seen: Look, findings: Sequence[Judged | Unjudged]) -> list[Operation] | None:
        """A patch that leads to `within_limits`: the first change that holds for the gravest finding, and again."""
        document, patch, start = self.document, [], seen
        for _ in range(MOST_STEPS):
            serious = [finding for finding in findings if finding.severity != "info"]
            if not serious:
                break
            step = next(self._proved(document, seen, serious[0]), None)
            if step is None:
                return None
            _, operations, seen = step
            findings = seen.outcomes.findings()
            document = apply(document, operations)
            patch += operations
        done = patch and seen.verdict == "within_limits" and only_lowers(start.context, seen.context)
        return _shortened(patch) if done else None


def _is_worse(seen: Look, after: Look) -> bool:
    """Whether there is a new error or warning, a finding that is graver, or something newly left open."""
    before = {finding.id: finding for finding in seen.outcomes.findings()}
    opened = after.outcomes.open_places() - seen.outcomes.open_places()
    rules = {rule for rule, _ in seen.outcomes.open_places()}
    there = tuple(f"/sessions/{i}" for i in range(len(seen.context.sessions), len(after.context.sessions)))
    if any(rule not in rules or not pointer.startswith(there) for rule, pointer in opened):
        return True  # in a session that is added, a rule may stay as open as it was elsewhere
    return any(_is_graver(finding, before.get(finding.id)) for finding in after.outcomes.findings())


def _is_graver(finding: Judged | Unjudged, before: Judged | Unjudged | None) -> bool:
    """Whether a finding is a new error or warning, or graver than before, or exceeds the same limit by more."""
    if before is None:
        return finding.severity != "info"
    if finding.severity != before.severity:
        return SEVERITIES.index(finding.severity) < SEVERITIES.index(before.severity)
    if isinstance(finding, Unjudged) or isinstance(before, Unjudged) or finding.limit is not before.limit:
        return False
    now, then = finding.headroom, before.headroom
    return now is not None and then is not None and Fraction(*now) < Fraction(*then)


def _shortened(patch: list[Operation]) -> list[Operation]:
    """The patch without a replacement that a later one on the same path makes void."""
    kept: dict[Any, Operation] = {}
    for k, operation in enumerate(reversed(patch)):
        kept.setdefault(operation["path"] if operation["op"] == "replace" else k, operation)
    return list(kept.values())[::-1]


def apply(document: Any, patch: Sequence[Operation]) -> Any:
    """The document with the operations applied; what they do not touch is shared with the original."""
    for operation in patch:
        document = _with(document, operation["path"].split("/")[1:], as_read(operation["value"]))
    return document


def _with(node: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    copy = node.copy()
    if path == ["-"]:
        copy.append(value)
    else:
        key: Any = int(path[0]) if isinstance(node, list) else path[0]
        copy[key] = _with(node[key], path[1:], value)
    return copy
