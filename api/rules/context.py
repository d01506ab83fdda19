"""A plan laid out for measuring: each treatment in its place, with its volume and the limits that look at it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from api.rules.book import MIXED, Book, Lens, Match, Matches
from api.rules.plan import Plan, Session, Treatment

NANOLITRES = 1000  # in a thousandth of a millilitre: volumes are kept so fine because vials multiply two decimals


class Spot(NamedTuple):
    """A treatment in its place."""

    pointer: str
    treatment: Treatment
    matches: Matches
    nanolitres: int | None
    volume_missing: tuple[str, ...]


# Treatments by what the limits say of them.
Kinds = tuple[tuple[Matches, tuple[Spot, ...]], ...]


@dataclass(slots=True)
class Group:
    """What a rule judges at once: a treatment, a session, a day, the plan, or one entry of the patient's lists."""

    pointer: str
    spots: tuple[Spot, ...]
    kinds: Kinds
    sessions: tuple[int, ...] = ()
    entry: str | None = None
    _of_kinds: dict[tuple[int, ...], tuple[Spot, ...]] | None = None

    def match(self, key: str) -> Match | None:
        """What the limits under a key say of all the group's treatments alike; MIXED where they differ."""
        found = self.kinds[0][0].get(key)
        for matches, _ in self.kinds:
            if matches.get(key) is not found:
                return MIXED
        return found

    def of_kinds(self, some: tuple[int, ...]) -> tuple[Spot, ...]:
        """The treatments of some of the group's kinds, in their order."""
        if len(some) == len(self.kinds):
            return self.spots
        if self._of_kinds is None:
            self._of_kinds = {}
        if some not in self._of_kinds:
            wanted = {id(self.kinds[k][0]) for k in some}
            self._of_kinds[some] = tuple([spot for spot in self.spots if id(spot.matches) in wanted])
        return self._of_kinds[some]


def kinds_of(spots: Sequence[Spot]) -> Kinds:
    """The treatments by what the limits say of them."""
    by_matches: dict[int, list[Spot]] = {}
    for spot in spots:
        by_matches.setdefault(id(spot.matches), []).append(spot)
    return tuple([(alike[0].matches, tuple(alike)) for alike in by_matches.values()])


class Context:
    """The plan with its book, its lens and its groups."""

    def __init__(self, plan: Plan, book: Book) -> None:
        self.plan = plan
        self.book = book
        self.lens: Lens = book.lens_of(plan)
        self.sessions = tuple(self._session(i, session) for i, session in enumerate(plan.sessions))
        # The interval before each session, for any area and for its own areas; see `session_interval`.
        self.intervals: dict[tuple[int, bool], Any] = {}
        # The volume of treatments that several limits look at, by the identity of their list, which is kept beside it.
        self.volumes: dict[int, tuple[Any, ...]] = {}
        first, *others = self.sessions
        self.spots = first.spots if not others else tuple(spot for group in self.sessions for spot in group.spots)
        self.kinds = first.kinds if not others else kinds_of(self.spots)
        # Pointers to members of treatments, by the identity of their list, which is kept beside them.
        self._pointers: dict[tuple[int, tuple[str, ...]], tuple[Any, tuple[str, ...]]] = {}

    def _session(self, i: int, session: Session) -> Group:
        pointer = f"/sessions/{i}"
        exposures: dict[str | None, bool | None] = {}
        spots = []
        for j, treatment in enumerate(session.treatments):
            first = treatment.first_exposure
            if first is None:
                if treatment.product not in exposures:
                    exposures[treatment.product] = self._first_exposure(i, treatment)
                first = exposures[treatment.product]
            spots.append(self._spot(f"{pointer}/treatments/{j}", treatment, first))
        return Group(pointer, tuple(spots), kinds_of(spots), (i,))

    def _spot(self, pointer: str, treatment: Treatment, first_exposure: bool | None) -> Spot:
        vein_type = self.book.vein_type(treatment.vein_type, treatment.vein_diameter_mm)
        matches = self.lens.match(
            treatment.product,
            treatment.concentration_percent,
            treatment.form,
            vein_type,
            treatment.area,
            first_exposure,
        )
        nanolitres, missing = self._volume(treatment, pointer)
        return Spot(pointer, treatment, matches, nanolitres, missing)

    def groups(self, scope: str) -> tuple[Group, ...]:
        """The groups of a scope: sessions, days, the plan, or the entries of one of the patient's lists."""
        if scope == "session":
            return self.sessions
        if scope == "day":
            return self._days()
        if scope == "plan":
            return (Group("", self.spots, self.kinds),)
        entries = getattr(self.plan.patient, scope)
        pointer = f"/patient/{scope}"
        if not entries:
            return (Group(pointer, self.spots, self.kinds),)
        return tuple(Group(f"{pointer}/{k}", self.spots, self.kinds, (), entry) for k, entry in enumerate(entries))

    def _days(self) -> tuple[Group, ...]:
        """Sessions of one civil date together; an undated session is a day of its own."""
        days = []
        order = sorted(self.sessions, key=lambda group: self.day(group) or 0)
        for day, members in groupby(order, key=self.day):
            groups = list(members)
            if day is None or len(groups) == 1:
                days += groups
            else:
                spots = tuple(spot for group in groups for spot in group.spots)
                sessions = tuple(i for group in groups for i in group.sessions)
                days.append(Group(groups[0].pointer, spots, kinds_of(spots), sessions))
        return tuple(days)

    def pointers(self, spots: tuple[Spot, ...], members: tuple[str, ...]) -> tuple[str, ...]:
        """Pointers to members of treatments."""
        if len(spots) == 1:
            return tuple([f"{spots[0].pointer}/{member}" for member in members])
        key = (id(spots), members)
        known = self._pointers.get(key)
        if known is None or known[0] is not spots:
            pointers = tuple([f"{spot.pointer}/{member}" for spot in spots for member in members])
            known = self._pointers[key] = (spots, pointers)
        return known[1]

    def undated(self) -> tuple[str, ...]:
        """Pointers to the dates that would tell which sessions share a day."""
        if len(self.sessions) == 1:
            return ()
        return tuple(f"/sessions/{i}/date" for i, session in enumerate(self.plan.sessions) if session.date is None)

    def day(self, group: Group) -> int | None:
        return self.plan.sessions[group.sessions[0]].date

    def _first_exposure(self, i: int, treatment: Treatment) -> bool | None:
        """No when an earlier session used the sclerosant, yes when all are known and none did, else None."""
        if treatment.product is None:
            return None
        products = self.book.products
        sclerosant = products[treatment.product].sclerosant
        used: list[str | None] = []
        if self.plan.previous_sessions is None:
            used.append(None)
        own = self.plan.sessions[i].date
        for previous in self.plan.previous_sessions or ():
            if own is not None and previous.date is not None and previous.date > own:
                continue
            used += previous.products if previous.products is not None else [None]
        for k, session in enumerate(self.plan.sessions):
            order = self._comes_before(k, i) if k != i else False
            for other in session.treatments if order is not False else ():
                same = other.product is None or products[other.product].sclerosant == sclerosant
                # Whether a session of unknown order comes first matters only where it may use the same sclerosant.
                used += [other.product] if order else [None] if same else []
        if any(product is not None and products[product].sclerosant == sclerosant for product in used):
            return False
        return None if None in used else True

    def _comes_before(self, one: int, other: int) -> bool | None:
        """Whether a planned session comes before another; None where dates are missing or the same."""
        first, second = self.plan.sessions[one].date, self.plan.sessions[other].date
        return None if first is None or second is None or first == second else first < second

    def vial_volumes(self, treatment: Treatment) -> tuple[int, ...]:
        """The volumes that one vial of this treatment may hold, in thousandths of a millilitre."""
        if self.book.in_canisters(treatment.product):
            return ()
        if treatment.containers is not None:
            return (treatment.containers.volume_ml,)
        if treatment.product is not None:
            return self.book.products[treatment.product].container_volumes(treatment.concentration_percent)
        stand_in = self.book.stand_in_vial
        if stand_in is None or stand_in.value is None or stand_in.rule_set not in self.plan.rule_sets:
            return ()
        return (stand_in.value,)

    def _volume(self, treatment: Treatment, pointer: str) -> tuple[int | None, tuple[str, ...]]:
        """The volume in nanolitres, or None with the members that would tell it."""
        amount = treatment.amount
        if amount.unit == "mL":
            return amount.value * NANOLITRES, ()
        volumes = self.vial_volumes(treatment)
        if len(volumes) == 1:
            return amount.value * volumes[0], ()
        if treatment.product is None:
            return None, (f"{pointer}/product",)
        unknown = "amount" if self.book.in_canisters(treatment.product) else "containers"
        return None, (f"{pointer}/{unknown}",)
