"""What a measure is: a plan laid out in, an `Observed` out. And all measures by name.

A measure takes the layout, a group, the treatments of the group that a limit applies to, and the limit itself. It gives
None where there is nothing to measure, such as the vials of a session whose amounts are all in mL.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from api.rules.book import Book
from api.rules.layout import Group, Layout, Treatments
from api.rules.numbers import Ratio
from api.rules.rows import Limit


@dataclass(slots=True, eq=False)
class Observed:
    """What a measure found: a value, or the members that it misses, or both, or that the limit is broken without one.

    `contributing`: pointers to the members that the value was read from.
    `missing`: pointers to members without which nothing passes. Example: of two treatments in vials of unknown size and
    one of 4 mL, the value is 4 mL, and the sizes are missing; 4 mL may break a limit, but not keep one.
    `reason`: why they are missing, as `not_evaluated` says it.
    `at_risk`: the value is not known, but would break the limit for some patients. Example: a dose for each kilogram,
    the weight not told, that is too much for 30 kg.
    `breaks`: the plan has nothing to compare with the limit, and that is what breaks it. Example: foam of a gas that is
    not told, where the limit lists the gases.
    """

    value: Any = None
    contributing: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    reason: str = "missing_input"
    at_risk: bool = False
    breaks: bool = False

    def at(self, place: str) -> "Observed":
        """The same at another treatment, whose pointers begin with `place`."""
        return replace(self, contributing=behind(place, self.contributing), missing=behind(place, self.missing))


def behind(place: str, pointers: Iterable[str]) -> tuple[str, ...]:
    """The pointers, with that of a place before each."""
    return tuple([place + pointer for pointer in pointers])


def broken_by(*pointers: str) -> Observed:
    """What breaks a limit without a value to compare: the members that leave none."""
    return Observed(contributing=pointers, breaks=True)


Measurement = Callable[[Layout, Group, Treatments, Limit], Observed | None]
# The words that a value may be, under a book.
Words = Callable[[Book], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure: its function `observe`, the scope of its groups, its unit, what it `needs` and what it `gives`.

    `needs` are the members of a plan that it reads. It gives a `number`, a `count`, a `word` or a `flag`. `words` are
    those that values of its limits may be: what a word is compared with, or what is counted; None for plain numbers.
    `pointer` is its place where that is not the group's. `asks_condition`: it looks whether the patient has the limit's
    condition, so its limits may be on one.
    """

    name: str
    scope: str
    unit: str
    needs: tuple[str, ...]
    observe: Measurement
    gives: str
    words: Words | None
    least: int
    pointer: str | None
    asks_condition: bool

    @property
    def members(self) -> tuple[str, ...]:
        """The members of a treatment that it needs, such as `foam` for `sessions[].treatments[].foam.gas`."""
        own = [need.removeprefix(OF_TREATMENT) for need in self.needs if need.startswith(OF_TREATMENT)]
        return unique(path.partition(".")[0] for path in own)

    def strange_values(self, limit: Limit, book: Book) -> list[str]:
        """The values that a limit lists and that are not among the measure's words, so that they match nothing."""
        if self.words is None:
            return [str(value) for value in limit.values if type(value) is not int or limit.direction]
        known = set(self.words(book))
        return [str(value) for value in limit.values if value not in known]


OF_TREATMENT = "sessions[].treatments[]."

MEASURES: dict[str, Measure] = {}


def measure(
    name: str,
    scope: str,
    unit: str,
    *needs: str,
    gives: str = "number",
    words: Words | None = None,
    least: int = 0,
    pointer: str | None = None,
    asks_condition: bool = False,
) -> Callable[[Measurement], Measurement]:
    """A decorator that adds a function to the measures, under the name."""

    def register(observe: Measurement) -> Measurement:
        MEASURES[name] = Measure(name, scope, unit, needs, observe, gives, words, least, pointer, asks_condition)
        return observe

    return register


# The record whose members a measure of a scope reads, and what stands before their names in `needs`.
OWNERS: dict[str, Callable[[Layout, Group], Any]] = {
    "treatment": lambda layout, group: group.treatments[0].treatment,
    "session": lambda layout, group: layout.plan.sessions[group.sessions[0]],
    "plan": lambda layout, group: layout.plan,
}

PREFIXES = {"treatment": OF_TREATMENT, "session": "sessions[].", "plan": ""}


def whole(number: int) -> Ratio:
    """A count, in thousandths."""
    return Ratio(number * 1000)


def member_measure(
    name: str,
    scope: str,
    unit: str,
    path: str,
    as_number: Callable[[int], Ratio] | None = None,
    *,
    gives: str = "number",
    words: Words | None = None,
) -> None:
    """Add a measure that is one member of the plan, as it is stated.

    `as_number` makes a ratio of a number: `Ratio` where it is in thousandths, `whole` where it is a count. Words and
    flags have none.
    """
    dotted = path.replace("/", ".")
    get, owner_of = attrgetter(dotted), OWNERS[scope]

    def observe(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed:
        pointers = (f"{group.pointer}/{path}",)
        value = get(owner_of(layout, group))
        if value is None:
            return Observed(missing=pointers)
        return Observed(as_number(value) if as_number else value, pointers)

    pointer = f"/{path}" if scope == "plan" else None
    measure(name, scope, unit, PREFIXES[scope] + dotted, gives=gives, words=words, pointer=pointer)(observe)


def unique(pointers: Iterable[str]) -> tuple[str, ...]:
    """The pointers in their order, each once."""
    return tuple(dict.fromkeys(pointers))
