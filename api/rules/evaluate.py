"""Holding a plan against a book: every rule ends in a finding, passed, not evaluated, or not applicable."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from api.rules import patient_measures as _registers_its_measures  # noqa: F401
from api.rules.book import Book, Lens, Match
from api.rules.context import Context, Group, Spot
from api.rules.judge import judge, key_of
from api.rules.measures import MEASURES, Measure, Observed
from api.rules.outcomes import Alike, Outcomes, Unjudged
from api.rules.plan import Plan, Treatment
from api.rules.rows import Rule


def evaluate(plan: Plan, book: Book) -> Outcomes:
    """The outcome of every rule of the book for a plan. Linear in its treatments."""
    context = Context(plan, book)
    outcomes = Outcomes()
    for scope, rules in _by_scope(context.lens).items():
        if scope == "treatment":
            _judge_treatments(context, rules, outcomes)
            continue
        for group in context.groups(scope):
            for rule, measure in rules:
                match = group.match(key_of(rule, measure, group))
                if match is not None:
                    judge(context, rule, measure, group, match, outcomes)
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


_Check = tuple[Rule, Measure, Match]


class _Checks(NamedTuple):
    """How to judge a treatment of some profile: what its profile settles, and the rules that look at more of it."""

    settled: Alike
    open: tuple[_Check, ...]


def _judge_treatments(context: Context, rules: list[tuple[Rule, Measure]], outcomes: Outcomes) -> None:
    """Judge each treatment. What its profile settles, or an equal treatment came to, is not worked out again."""
    known: dict[tuple[int, Treatment], Alike] = {}
    for spot in context.spots:
        checks: _Checks = spot.matches.checks or _checks(context, rules, spot)
        outcomes.alike.append((spot.pointer, checks.settled))
        key = (id(spot.matches), spot.treatment)
        alike = known.get(key)
        if alike is not None:
            outcomes.alike.append((spot.pointer, alike))
            continue
        alike = _judge_treatment(context, checks.open, spot, outcomes)
        if alike is not None:
            known[key] = alike


def _judge_treatment(context: Context, checks: Iterable[_Check], spot: Spot, outcomes: Outcomes) -> Alike | None:
    """Judge a treatment; what an equal one comes to, or None where there are findings, which are each one's own."""
    findings = len(outcomes.broken) + len(outcomes.unconfirmed)
    passed, unjudged = len(outcomes.passed), len(outcomes.unjudged)
    spots = (spot,)
    group = Group(spot.pointer, spots, ((spot.matches, spots),))
    for rule, measure, match in checks:
        if measure.concerns is None or measure.concerns(spot.treatment):
            judge(context, rule, measure, group, match, outcomes)
    if len(outcomes.broken) + len(outcomes.unconfirmed) > findings:
        return None
    return tuple(outcomes.passed[passed:]), tuple(outcomes.unjudged[unjudged:])


def _checks(context: Context, rules: list[tuple[Rule, Measure]], spot: Spot) -> _Checks:
    """The checks for the profile of a treatment; kept with its matches."""
    looking = [(rule, measure, spot.matches[rule.slug]) for rule, measure in rules if rule.slug in spot.matches]
    alike = _judge_treatment(context, [check for check in looking if check[1].of_profile], spot, Outcomes())
    if alike is None:
        checks = _Checks(((), ()), tuple(looking))
    else:
        # Kept beyond this plan, so without its pointers.
        passed = [replace(judged, pointer="", observed=Observed(judged.observed.value)) for judged in alike[0]]
        unjudged = [each.at("") for each in alike[1]]
        still_open = [check for check in looking if not check[1].of_profile]
        checks = _Checks((tuple(passed), tuple(unjudged)), tuple(still_open))
    spot.matches.checks = checks
    return checks
