"""What becomes of a rule at a place: broken, passed, or not judged."""

from dataclasses import dataclass, field
from typing import Any

from api.rules.kinds import members_of
from api.rules.measures import Observed, unique
from api.rules.numbers import Ratio
from api.rules.plan import RECORDS
from api.rules.rows import SEVERITIES, Limit, Rule

# Members whose absence can leave a plan incomplete; the finer ones are told but do not.
ESSENTIAL_MEMBERS = frozenset(
    name for record in RECORDS for name, declared in members_of(record).items() if declared.metadata["essential"]
)


@dataclass(slots=True, eq=False)
class Judged:
    """One rule at one place, held or broken. `room` is what is left, in the parts that the observed value has.

    `also` are other limits that are broken there, `kept` those of labels that are kept.
    """

    rule: Rule
    pointer: str
    limit: Limit
    observed: Observed
    room: int | None
    values: tuple[Any, ...]
    also: tuple[Limit, ...] = ()
    kept: tuple[Limit, ...] = ()
    # Whether a limit that no source gives a number for stands beside the broken one, so that it is no target.
    blocked: bool = False

    @property
    def id(self) -> str:
        """Rule and place: the same cause has the same id in every answer."""
        return f"{self.rule.slug}:{self.pointer}"

    @property
    def severity(self) -> str:
        """How serious it is, if it is broken."""
        return self.limit.severity

    @property
    def headroom(self) -> Ratio | None:
        return None if self.room is None else Ratio(self.room, self.observed.value.denominator)


@dataclass(slots=True, eq=False)
class Unjudged:
    """One rule at one place that could not be held against its limits."""

    rule: Rule
    pointer: str
    reason: str
    missing: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    observed: Observed | None = None
    at_risk: bool = False

    @property
    def id(self) -> str:
        """The id of the finding that goes with a limit that has no number."""
        return f"{self.rule.slug}:{self.pointer}:limit-unconfirmed"

    @property
    def severity(self) -> str:
        """How serious it is, if it is for want of a number."""
        return self.limits[0].severity

    @property
    def leaves_incomplete(self) -> bool:
        """Whether the plan stays incomplete for it.

        So it does where nothing that was asked for looks, where a limit that may apply would be broken, and where an
        essential rule misses an essential member.
        """
        if self.at_risk or self.reason == "not_covered":
            return True
        return self.rule.essential and any(_member(pointer) in ESSENTIAL_MEMBERS for pointer in self.missing)


def _member(pointer: str) -> str:
    """The name of the member that a pointer leads to; of the list, for one of its entries."""
    return next((part for part in reversed(pointer.split("/")) if not part.isdigit()), "")


@dataclass(slots=True)
class Outcomes:
    """What became of every rule."""

    broken: list[Judged] = field(default_factory=list)
    passed: list[Judged] = field(default_factory=list)
    unjudged: list[Unjudged] = field(default_factory=list)
    unconfirmed: list[Unjudged] = field(default_factory=list)  # not judged for want of a number: a finding, too

    def findings(self) -> list[Judged | Unjudged]:
        """What is told as a finding, the gravest first."""
        found: list[Judged | Unjudged] = [*self.broken, *self.unconfirmed]
        return sorted(found, key=lambda each: (SEVERITIES.index(each.severity), each.id))

    def severities(self) -> set[str]:
        """The severities of all findings."""
        return {each.severity for each in self.findings()}

    def leave_incomplete(self) -> bool:
        """Whether anything that was not judged leaves the plan incomplete."""
        return any(each.leaves_incomplete for each in self.unjudged)

    def open_places(self) -> set[tuple[str, str]]:
        """Rule and pointer of what was not judged and leaves the plan incomplete."""
        return {(each.rule.slug, each.pointer) for each in self.unjudged if each.leaves_incomplete}

    def told(self) -> set[str]:
        """The slugs of the rules that had something to say."""
        judged: list[Judged | Unjudged] = [*self.broken, *self.passed, *self.unjudged, *self.unconfirmed]
        return {each.rule.slug for each in judged}

    def hold_back_what_is_laxer(self) -> None:
        """Let nothing pass, and nothing be a target, where a limit on the same question and place has no number.

        A number of another rule set, such as the article's, must not stand in for a label's that is not known.
        """
        unknown: dict[tuple[str, str], tuple[Limit, ...]] = {}
        for each in self.unconfirmed:
            if each.limits[0].unconfirmed:
                unknown |= {(subject, each.pointer): each.limits for subject in _subjects(each.rule)}
        told = {(each.rule.slug, each.pointer) for each in self.unconfirmed}
        passed, self.passed = self.passed, []
        for judged in passed:
            limits = next((unknown[key] for key in _places(judged) if key in unknown), None)
            if limits is None:
                self.passed.append(judged)
            elif (judged.rule.slug, judged.pointer) not in told:
                self.unjudged.append(Unjudged(judged.rule, judged.pointer, "limit_unconfirmed", (), limits))
        for judged in self.broken:
            judged.blocked = any(key in unknown for key in _places(judged))


def _subjects(rule: Rule) -> tuple[str, str]:
    """What limits of several rules are about together: a question, or a measure."""
    return rule.topic or rule.slug, rule.measure


def _places(judged: Judged) -> list[tuple[str, str]]:
    return [(subject, judged.pointer) for subject in _subjects(judged.rule)]


def contributing(judged: Judged | Unjudged) -> tuple[str, ...]:
    return unique(judged.observed.contributing) if judged.observed else ()
