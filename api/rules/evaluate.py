"""Evaluation: a document and a book in; the outcome of every rule, and the verdict, out."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from api.rules.book import Book
from api.rules.judge import judge
from api.rules.layout import Group, Layout
from api.rules.measures import MEASURES
from api.rules.outcomes import NotEvaluated, Outcomes
from api.rules.plan import Plan, read_plan
from api.rules.rows import Row, Rule

# What rows that the rules cannot read make them raise; that a plan made from them is none is a ValueError among them.
UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def compiled(content: Mapping[str, Iterable[Row]]) -> Book:
    """The book of a release's rows.

    Raises:
        UNREADABLE: rows of another shape, or a rule on a measure that only another version of the service has.
    """
    book = Book(content)
    for rule in book.rules.values():
        MEASURES[rule.measure]
    return book


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A plan laid out, and what became of every rule."""

    layout: Layout
    outcomes: Outcomes

    @property
    def verdict(self) -> str:
        """`outside_limits` for any error, else `needs_review` for any warning, else `incomplete` or `within_limits`."""
        severities = {finding.severity for finding in self.outcomes.findings()}
        if "error" in severities:
            return "outside_limits"
        if "warning" in severities:
            return "needs_review"
        return "incomplete" if self.outcomes.leave_incomplete() else "within_limits"


def evaluate(document: Any, book: Book) -> Evaluation:
    """What a document comes to under a book.

    Raises:
        PlanFaults: the document is not a plan.
    """
    return evaluate_plan(read_plan(document, book.vocabulary), book)


def evaluate_plan(plan: Plan, book: Book) -> Evaluation:
    """What a plan comes to under a book. The time that it takes grows linearly with the treatments."""
    layout, outcomes = Layout(plan, book), Outcomes()
    for slug, rule in book.rules.items():
        if slug in layout.in_force.limits:
            measure = MEASURES[rule.measure]
            for group in layout.groups(measure.scope):
                judge(layout, rule, measure, group, outcomes)
    outcomes.hold_back_what_is_laxer()
    outcomes.not_evaluated += _not_covered(layout)
    return Evaluation(layout, outcomes)


def _not_covered(layout: Layout) -> Iterator[NotEvaluated]:
    """The topics on which no limit that was asked for applies, or may apply, at each place: silence is no approval."""
    for topic, rules in layout.book.topics.items():
        rule = layout.book.rules[topic]
        measure = MEASURES[rule.measure]
        if layout.is_bare and measure.name != "session-volume":
            continue
        if measure.name == "session-interval" and len(layout.sessions) == 1 and layout.plan.previous_sessions == ():
            continue
        groups = layout.groups(measure.scope)
        for group in groups if measure.scope in ("treatment", "session", "day") else groups[:1]:
            if group.entry is None and not _is_covered(layout, rules, group):
                yield NotEvaluated(rule, measure.pointer or group.pointer, "not_covered")


def _is_covered(layout: Layout, rules: tuple[Rule, ...], group: Group) -> bool:
    """True where each treatment of the group has a limit of one of the rules, asked for, that applies or may apply."""
    asked = layout.in_force.rule_sets
    return all(
        any(limit.rule_set in asked for rule in rules for limit in placed.matches.of(rule.slug).limits)
        for placed in group.treatments
    )
