"""Holding a plan against a book: every rule ends in a finding, passed, not evaluated, or not applicable."""

from api.rules import patient_measures as _registers_its_measures  # noqa: F401
from api.rules.book import NOTHING
from api.rules.context import Context, Group
from api.rules.judge import judge
from api.rules.measures import MEASURES
from api.rules.outcomes import Outcomes, Unjudged
from api.rules.rows import Rule


def evaluate(context: Context) -> Outcomes:
    """The outcome of every rule for a plan that is laid out. Linear in its treatments."""
    outcomes = Outcomes()
    for slug, rule in context.book.rules.items():
        if slug in context.lens.limits:
            measure = MEASURES[rule.measure]
            for group in context.groups(measure.scope):
                judge(context, rule, measure, group, outcomes)
    outcomes.hold_back_what_is_laxer()
    _tell_what_is_not_covered(context, outcomes)
    return outcomes


def _tell_what_is_not_covered(context: Context, outcomes: Outcomes) -> None:
    """Tell the questions on which no limit that was asked for looks at a treatment: silence is no approval."""
    for topic, rules in context.book.topics.items():
        rule = context.book.rules[topic]
        measure = MEASURES[rule.measure]
        if context.is_bare and measure.name != "session-volume":
            continue
        if measure.name == "session-interval" and len(context.sessions) == 1 and context.plan.previous_sessions == ():
            continue
        groups = context.groups(measure.scope)
        for group in groups if measure.scope in ("treatment", "session", "day") else groups[:1]:
            if group.entry is None and not _is_covered(context, rules, group):
                outcomes.unjudged.append(Unjudged(rule, measure.pointer or group.pointer, "not_covered"))


def _is_covered(context: Context, rules: tuple[Rule, ...], group: Group) -> bool:
    """Whether for each treatment of the group a limit that was asked for looks, or may look, by one of the rules."""
    asked = context.lens.rule_sets
    return all(
        any(limit.rule_set in asked for rule in rules for limit in spot.matches.get(rule.slug, NOTHING).limits)
        for spot in group.spots
    )
