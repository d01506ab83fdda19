"""Evaluation: a document and a book in; the outcome of every rule, and the verdict, out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from api.rules.book import Book
from api.rules.documents import read_plan
from api.rules.house import House, house_of
from api.rules.judge import judge
from api.rules.layout import Group, Layout, PlacedTreatment
from api.rules.measures import MEASURES, OF_TREATMENT, Measure
from api.rules.outcomes import NotEvaluated, Outcomes, Part
from api.rules.plan import Plan, Session, Treatment
from api.rules.rows import Limit, Row, Rule
from api.rules.value_types import fields_of

# What rows that the rules cannot read make them raise; that a plan made from them is none is a ValueError among them.
UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

OF_A_TREATMENT = tuple(fields_of(Treatment))
OF_A_SESSION = tuple(fields_of(Session).keys() - {"treatments"})
# The members of a treatment that measures of one treatment need, besides those of its profile: what it is, how much.
WHAT_IT_IS = ("vein_type", "vein_diameter_mm", "foam")
HOW_MUCH = ("amount", "containers", "injections", "injection_count")
STEPS = (attrgetter(*WHAT_IT_IS), attrgetter(*HOW_MUCH))


def compiled(content: Mapping[str, Iterable[Row]]) -> Book:
    """The book of a release's rows.

    Raises:
        UNREADABLE: rows of another shape, or a rule on a measure that only another version of the service has.
    """
    book = Book(content)
    for rule in book.rules.values():
        MEASURES[rule.measure]
    return book


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """A plan laid out, and what became of every rule, also apart: by treatment, by rule, and what nothing covers.

    Apart from these, what became of each of the clinic's own limits.
    """

    layout: Layout
    of_treatments: Sequence[Part]
    of_rules: Mapping[str, Part]
    not_covered: Part
    house: House
    of_house: Mapping[Limit, Part]
    outcomes: Outcomes

    @property
    def verdict(self) -> str:
        """`outside_limits` for any error, else `needs_review` for any warning, else `incomplete` or `within_limits`."""
        severities = {finding.severity for finding in self.outcomes.findings}
        if "error" in severities:
            return "outside_limits"
        if "warning" in severities:
            return "needs_review"
        return "incomplete" if self.outcomes.leave_incomplete() else "within_limits"


def evaluate(document: Any, book: Book, kept: Sequence[Limit] = ()) -> Evaluation:
    """What a document comes to under a book, and under the house limits that are `kept` for whoever sends it.

    Raises:
        PlanFaults: the document is not a plan.
    """
    return evaluate_plan(read_plan(document, book.vocabulary), book, kept)


def evaluate_plan(plan: Plan, book: Book, kept: Sequence[Limit] = ()) -> Evaluation:
    """What a plan comes to under a book. The time that it takes grows linearly with the treatments.

    Raises:
        PlanFaults: its house limits do not fit the book.
    """
    return _evaluated(plan, book, House(house_of(plan, book, kept), book))


def _evaluated(plan: Plan, book: Book, house: House) -> Evaluation:
    """What a plan comes to under a book and the clinic's own limits."""
    layout = Layout(plan, book)
    of_treatments = [_of_treatment(layout, placed) for placed in layout.treatments]
    of_rules = {rule.slug: _of_rule(layout, rule, measure) for rule, measure in _wider_rules(layout)}
    return _together(layout, of_treatments, of_rules, _not_covered(layout), house, house.judged(layout))


def evaluate_changed(plan: Plan, seen: Evaluation) -> Evaluation:
    """What a plan comes to that differs from one that was seen in treatments, sessions or their members alone.

    Only what the change can touch is judged again: treatments that changed or have other limits now, and each rule
    whose measure needs a member that changed. Where a date did, or a session was added, all is judged again.
    """
    changed = changed_members(seen.layout.plan, plan)
    if changed is None or len(plan.sessions) != len(seen.layout.sessions):
        return _evaluated(plan, seen.layout.book, seen.house)
    layout = Layout(plan, seen.layout.book, before=seen.layout)
    pairs = zip(layout.treatments, seen.layout.treatments, seen.of_treatments, strict=True)
    of_treatments = [part if now is then else _of_treatment(layout, now) for now, then, part in pairs]
    as_before = all(
        now.matches is then.matches for now, then in zip(layout.treatments, seen.layout.treatments, strict=True)
    )
    of_rules = {
        rule.slug: seen.of_rules[rule.slug]
        if as_before and changed.isdisjoint(measure.needs)
        else _of_rule(layout, rule, measure)
        for rule, measure in _wider_rules(layout)
    }
    not_covered = seen.not_covered if as_before else _not_covered(layout)
    of_house = seen.house.judged(layout, seen.of_house if as_before else {}, changed)
    return _together(layout, of_treatments, of_rules, not_covered, seen.house, of_house)


def changed_members(before: Plan, after: Plan) -> set[str] | None:
    """The members that differ between the sessions of two plans, as measures name them; None where a date does."""
    changed = set()
    for old, new in zip(before.sessions, after.sessions, strict=False):
        if old.date != new.date:
            return None
        if old is not new:
            changed |= {f"sessions[].{name}" for name in OF_A_SESSION if getattr(old, name) != getattr(new, name)}
            for was, now in zip(old.treatments, new.treatments, strict=True):
                if was is not now:
                    names = [name for name in OF_A_TREATMENT if getattr(was, name) != getattr(now, name)]
                    changed |= {OF_TREATMENT + name for name in names}
    return changed


def _wider_rules(layout: Layout) -> Sequence[tuple[Rule, Measure]]:
    """The rules with limits in force whose groups are wider than a treatment, each with its measure."""
    known, key = layout.book.known, ("wider rules", layout.in_force)
    found: Sequence[tuple[Rule, Measure]] | None = known.get(key)
    if found is None:
        pairs = [(rule, MEASURES[rule.measure]) for rule in layout.book.rules.values()]
        found = known[key] = [
            (rule, measure)
            for rule, measure in pairs
            if measure.scope != "treatment" and rule.slug in layout.in_force.limits
        ]
    return found


def _of_rule(layout: Layout, rule: Rule, measure: Measure) -> Part:
    """What a rule comes to on all groups of its scope."""
    part = Part()
    for group in layout.groups(measure.scope):
        judge(layout, rule, measure, group, part)
    return part


def _together(
    layout: Layout,
    of_treatments: Sequence[Part],
    of_rules: Mapping[str, Part],
    not_covered: Part,
    house: House,
    of_house: Mapping[Limit, Part],
) -> Evaluation:
    """The evaluation that is made of these parts."""
    outcomes = Outcomes([*of_treatments, *of_rules.values(), not_covered, *of_house.values()])
    return Evaluation(layout, of_treatments, of_rules, not_covered, house, of_house, outcomes)


def _of_treatment(layout: Layout, placed: PlacedTreatment) -> Part:
    """What the rules that look at one treatment alone come to on it.

    They are held in two steps, by what the treatment is and by how much of it there is. Each step is worked out once
    for treatments that have the same limits and are alike in what its measures need, in this plan or in another.
    """
    known, treatment = layout.book.known, placed.treatment
    part = Part(placed.pointer)
    for step, members in enumerate(STEPS):
        key = (placed.matches, step, layout.is_bare, *members(treatment))
        found = known.get(key)
        if found is None:
            found = known[key] = _step(layout, placed, step)
        if found.broken or found.not_evaluated or found.unconfirmed:
            found = found.at(placed.pointer)
            part.broken += found.broken
            part.not_evaluated += found.not_evaluated
            part.unconfirmed += found.unconfirmed
        part.passed += found.passed
    return part


def _step(layout: Layout, placed: PlacedTreatment, step: int) -> Part:
    """What the rules of a step come to on a treatment, as if its place were the whole plan."""
    missing = tuple([pointer.removeprefix(placed.pointer) for pointer in placed.volume_missing])
    group, part = Group("", (placed._replace(pointer="", volume_missing=missing),)), Part()
    for slug in placed.matches.by_rule:
        rule = layout.book.rules[slug]
        measure = MEASURES[rule.measure]
        if measure.scope == "treatment" and any(name in HOW_MUCH for name in measure.members) == bool(step):
            judge(layout, rule, measure, group, part)
    return part


def _not_covered(layout: Layout) -> Part:
    """The topics on which no limit that was asked for applies, or may apply, at each place: silence is no approval."""
    part, whole = Part(), Group("", layout.treatments)
    for topic in layout.book.topics:
        if whole.is_covered(topic):
            continue
        rule = layout.book.rules[topic]
        measure = MEASURES[rule.measure]
        if layout.is_bare and measure.name != "session-volume":
            continue
        if measure.name == "session-interval" and len(layout.sessions) == 1 and layout.plan.previous_sessions == ():
            continue
        groups = layout.groups(measure.scope)
        for group in groups if measure.scope in ("treatment", "session", "day") else groups[:1]:
            if group.entry is None and not group.is_covered(topic):
                part.not_evaluated.append(NotEvaluated(rule, measure.pointer or group.pointer, "not_covered"))
    return part
