"""What becomes of a rule at a place: broken, passed, or not judged."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

from api.rules.kinds import members_of
from api.rules.measures import Observed, unique
from api.rules.numbers import Ratio
from api.rules.plan import RECORDS
from api.rules.rows import Limit, Rule

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
        """Whether the rule is essential, and so is a member that it misses; or a limit that may apply is not kept."""
        if self.at_risk:
            return True
        return self.rule.essential and any(pointer.rpartition("/")[2] in ESSENTIAL_MEMBERS for pointer in self.missing)

    def at(self, pointer: str) -> "Unjudged":
        """The same at another place, where the same members are missing."""
        missing = tuple([pointer + member[len(self.pointer) :] for member in self.missing])
        return self._replace(pointer=pointer, missing=missing)


# What treatments that are alike come to, where nothing of it is a finding: what is passed, and what is not judged.
Alike = tuple[tuple[Judged, ...], tuple[Unjudged, ...]]


@dataclass(slots=True)
class Outcomes:
    """What became of every rule."""

    broken: list[Judged] = field(default_factory=list)
    passed: list[Judged] = field(default_factory=list)
    unjudged: list[Unjudged] = field(default_factory=list)
    unconfirmed: list[Unjudged] = field(default_factory=list)  # not judged for want of a number: a finding, too
    # Pointers to further treatments, and what each comes to like another one, whose pointers are in it.
    alike: list[tuple[str, Alike]] = field(default_factory=list)

    def all_passed(self) -> Iterator[tuple[str, Judged]]:
        """Everything that passed, with its place."""
        yield from ((judged.pointer, judged) for judged in self.passed)
        for pointer, (passed, _) in self.alike:
            yield from ((pointer, judged) for judged in passed)

    def all_unjudged(self) -> Iterator[Unjudged]:
        """Everything that was not judged, each at its own place."""
        yield from self.unjudged
        yield from self.unconfirmed
        for pointer, (_, unjudged) in self.alike:
            yield from (each.at(pointer) for each in unjudged)

    def leave_incomplete(self) -> bool:
        """Whether anything that was not judged leaves the plan incomplete."""
        return any(each.leaves_incomplete for each in self._unjudged_anywhere())

    def at_risk(self) -> set[tuple[str, str]]:
        """Rule and pointer of what would be a finding if an open limit applied."""
        shared = ((each, pointer) for pointer, (_, unjudged) in self.alike for each in unjudged)
        places = chain(((each, each.pointer) for each in self.unjudged), shared)
        return {(each.rule.slug, pointer) for each, pointer in places if each.at_risk}

    def told(self) -> set[str]:
        """The slugs of the rules that had something to say."""
        judged = chain(self.broken, self.passed, *(passed for _, (passed, _) in self.alike))
        return {each.rule.slug for each in judged} | {each.rule.slug for each in self._unjudged_anywhere()}

    def _unjudged_anywhere(self) -> Iterator[Unjudged]:
        """Everything that was not judged, each at the place where it was worked out."""
        return chain(self.unjudged, self.unconfirmed, *(unjudged for _, (_, unjudged) in self.alike))


def contributing(judged: Judged | Unjudged) -> tuple[str, ...]:
    return unique(judged.observed.contributing) if judged.observed else ()
