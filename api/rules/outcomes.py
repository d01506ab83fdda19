"""Outcomes: what was judged in; findings, passes and what stays open out.

Each rule is held against its limits in force on each group of its scope, and ends as one of these at the group's place:

    what is observed            the limits            the outcome
    known                       broken                `Judged`, in `broken`: a finding
    known                       kept                  `Judged`, in `passed`
    known or not                have no number        `Unconfirmed`: a finding, and not evaluated, too
    not told, or told in part   -                     `NotEvaluated`, with the members that would settle it
    any                         none applies          `NotEvaluated`, where the question must not stay open in silence
    nothing to observe          -                     none: the rule is not applicable
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from api.rules.measures import Observed, behind, unique
from api.rules.numbers import Ratio
from api.rules.plan import RECORDS
from api.rules.rows import HOUSE, SEVERITIES, Limit, Rule
from api.rules.value_types import fields_of

# Members whose absence can leave a plan `incomplete`. That a finer member is missing is said, and does not.
ESSENTIAL_MEMBERS = frozenset(
    name for record in RECORDS for name, declared in fields_of(record).items() if declared.metadata["essential"]
)


@dataclass(slots=True, eq=False)
class Judged:
    """What one rule comes to at one place: `limit` is the one that binds, and it is broken or kept by `observed`.

    `room` is what is left below an upper bound, or above a lower one: -0.2 mL for 7.2 mL of at most 7 mL. It is a
    numerator, over the denominator of the observed value, and None where the limit is no bound.
    `values` are what the limit lists, or what it takes from the product's own row, such as its strengths.
    `also` are the other limits that are broken there, or where none is broken, the others that are kept.
    `kept` are limits of a label that are kept where the broken one is not of a label: an amount of Fibrovein
    foam in Britain may break the clinic's own limit and keep the label's.
    `blocked`: a limit on the same question has no number, so coming down to this one proves nothing, and no suggestion
    aims at it.
    `told` has what an answer says of it as a rule that is kept, once one did.
    """

    rule: Rule
    pointer: str
    limit: Limit
    observed: Observed
    room: int | None
    values: tuple[Any, ...]
    also: tuple[Limit, ...] = ()
    kept: tuple[Limit, ...] = ()
    blocked: bool = False
    told: Mapping[str, Any] | None = None

    @property
    def id(self) -> str:
        """Rule and place, and of a house limit its slug: the same cause has the same id in every answer."""
        place, limit = f"{self.rule.slug}:{self.pointer}", self.limit
        return f"{place}:{HOUSE}:{limit.slug}" if limit.is_house else place

    @property
    def severity(self) -> str:
        """How serious it is to break it."""
        return self.limit.severity

    @property
    def contributing(self) -> tuple[str, ...]:
        """Pointers to the members that the observed value was measured by, each once."""
        return unique(self.observed.contributing)

    @property
    def headroom(self) -> Ratio | None:
        """The room that is left, in thousandths of the limit's unit."""
        return None if self.room is None else Ratio(self.room, self.observed.value.denominator)


@dataclass(slots=True, eq=False)
class NotEvaluated:
    """One rule at one place that could not be held against its limits, and why.

    `missing` has pointers to members that would settle it; `limits` are those that have no number.
    `at_risk`: a limit that may apply would be broken if it did, or an unknown value may well break one. Example: 6 mL
    of Fibrovein 3 % in no stated form in Britain, where 4 mL of the liquid are the most.
    """

    rule: Rule
    pointer: str
    reason: str
    missing: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    at_risk: bool = False

    @property
    def leaves_incomplete(self) -> bool:
        """True where this alone makes a plan `incomplete`.

        That is so where no limit that was asked for is about the question, where one is at risk, or where the rule is
        essential, and so is one of the missing members.
        """
        if self.at_risk or self.reason == "not_covered":
            return True
        return self.rule.essential and any(_member(pointer) in ESSENTIAL_MEMBERS for pointer in self.missing)


@dataclass(slots=True, eq=False)
class Unconfirmed(NotEvaluated):
    """One rule at one place with limits that apply and have no number: a finding, not evaluated, and never a pass."""

    observed: Observed = field(default_factory=Observed)

    @property
    def id(self) -> str:
        """Rule and place, as of other findings, with what tells it from these."""
        own = f":{HOUSE}:{self.limit.slug}" if self.limit.is_house else ""
        return f"{self.rule.slug}:{self.pointer}{own}:limit-unconfirmed"

    @property
    def limit(self) -> Limit:
        """The limit that is shown: the first by slug."""
        return self.limits[0]

    @property
    def severity(self) -> str:
        """How serious it is."""
        return self.limit.severity

    @property
    def also(self) -> tuple[Limit, ...]:
        """No limits: without a number none is broken."""
        return ()

    @property
    def contributing(self) -> tuple[str, ...]:
        """Pointers to the members that the observed value was measured by, each once."""
        return unique(self.observed.contributing)


Finding = Judged | Unconfirmed


def _member(pointer: str) -> str:
    """The name of the member that a pointer leads to, `date` for `/sessions/0/date`; that of the list, for an entry."""
    return next((part for part in reversed(pointer.split("/")) if not part.isdigit()), "")


@dataclass(slots=True)
class Part:
    """What one rule comes to wherever it is judged, or all rules of one treatment at its `place`.

    Pointers of what passed begin after the `place`, so that treatments that are alike can share it.
    """

    place: str = ""
    broken: list[Judged] = field(default_factory=list)
    passed: list[Judged] = field(default_factory=list)
    not_evaluated: list[NotEvaluated] = field(default_factory=list)
    unconfirmed: list[Unconfirmed] = field(default_factory=list)

    def at(self, place: str) -> "Part":
        """The same of another treatment, whose pointers begin with `place`."""
        return Part(
            place,
            [replace(each, pointer=place, observed=each.observed.at(place)) for each in self.broken],
            self.passed,
            [replace(each, pointer=place, missing=behind(place, each.missing)) for each in self.not_evaluated],
            [replace(each, pointer=place, observed=each.observed.at(place)) for each in self.unconfirmed],
        )


class Pass(NamedTuple):
    """A rule that is kept at one place: what is `judged` may be shared with other places."""

    pointer: str
    judged: Judged


# A rule's slug or its measure, and a place: on what question a limit is, and where.
Question = tuple[str, str]


class Outcomes:
    """What became of every rule at every place.

    A number of another rule set must not stand in for a label's that is not known. So where a limit on the same
    question has no number, a pass is not evaluated, and a finding blocked. Example: no source gives the volume of
    Aethoxysklerol foam for a session in Britain. An amount that keeps the article's limit does not pass for it; and one
    that breaks it gets no suggestion to come down to that limit.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts
        self.unconfirmed = [each for part in parts for each in part.unconfirmed]
        self._unknown: dict[Question, tuple[Limit, ...]] = {}
        for each in self.unconfirmed:
            if each.limit.unconfirmed:
                self._unknown |= dict.fromkeys(_questions(each.rule, each.pointer), each.limits)
        self.broken = [
            replace(judged, blocked=True) if self._are_unknown(judged.rule, judged.pointer) else judged
            for part in parts
            for judged in part.broken
        ]
        self._told = [each for part in parts for each in part.not_evaluated]

    def _are_unknown(self, rule: Rule, pointer: str) -> tuple[Limit, ...] | None:
        """The limits without a number on the rule's question at a place; None where there are none."""
        if not self._unknown:
            return None
        return next((self._unknown[key] for key in _questions(rule, pointer) if key in self._unknown), None)

    @cached_property
    def passed(self) -> list[Pass]:
        """The rules that are kept, each at each place."""
        passed = [Pass(part.place + judged.pointer, judged) for part in self.parts for judged in part.passed]
        if not self._unknown:
            return passed
        return [each for each in passed if self._are_unknown(each.judged.rule, each.pointer) is None]

    @cached_property
    def not_evaluated(self) -> list[NotEvaluated]:
        """What was not evaluated, less the `unconfirmed`. What is held back alone does not leave a plan incomplete."""
        held_back: dict[tuple[str, str], NotEvaluated] = {}
        if self._unknown:
            has_finding = {(each.rule.slug, each.pointer) for each in self.unconfirmed if not each.limit.is_house}
            for part in self.parts:
                for judged in part.passed:
                    rule, pointer = judged.rule, part.place + judged.pointer
                    limits = self._are_unknown(rule, pointer)
                    if limits is not None and (rule.slug, pointer) not in has_finding:
                        row = NotEvaluated(rule, pointer, "limit_unconfirmed", limits=limits)
                        held_back.setdefault((rule.slug, pointer), row)
        return [*self._told, *held_back.values()]

    @cached_property
    def findings(self) -> list[Finding]:
        """The findings: the gravest first, then in the order of the plan."""
        return sorted([*self.broken, *self.unconfirmed], key=_in_order)

    def leave_incomplete(self) -> bool:
        """True where anything that was not evaluated makes the plan `incomplete`."""
        return any(each.leaves_incomplete for each in self._told)

    @cached_property
    def open_places(self) -> set[tuple[str, str]]:
        """Rule and place of each that makes the plan `incomplete`."""
        return {(each.rule.slug, each.pointer) for each in self._told if each.leaves_incomplete}

    def applicable(self) -> set[str]:
        """The slugs of the rules that have an outcome at any place."""
        every: list[Judged | NotEvaluated] = [*self.broken, *self._told, *self.unconfirmed]
        return {each.rule.slug for each in every} | {each.rule.slug for part in self.parts for each in part.passed}


@lru_cache(maxsize=4096)
def in_order_of_plan(pointer: str) -> tuple[tuple[int, str], ...]:
    """A key to sort pointers by: `/sessions/2` comes before `/sessions/10`."""
    return tuple([(int(part), "") if part.isdigit() else (-1, part) for part in pointer.split("/")])


def _in_order(finding: Finding) -> Any:
    """A key to sort findings by: severity, place, rule."""
    return SEVERITIES.index(finding.severity), in_order_of_plan(finding.pointer), finding.rule.slug, finding.id


def _questions(rule: Rule, pointer: str) -> list[Question]:
    """What a rule is about at a place: its topic and its measure. Rules that share either are on the same question."""
    return [(rule.topic or rule.slug, pointer), (rule.measure, pointer)]
