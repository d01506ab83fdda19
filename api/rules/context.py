"""A plan laid out for measuring: each treatment in its place, with its volume and the limits that look at it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from api.rules.book import Book, Lens, Matches, Profile
from api.rules.kinds import members_of
from api.rules.plan import NO_PATIENT, Plan, Session, Treatment

NANOLITRES = 1000  # in a thousandth of a millilitre: volumes are kept so fine because vials multiply two decimals
DAYS_OF_A_WEEK = 7
# What a plan tells beside where and how much.
MORE_OF_A_SESSION = tuple(members_of(Session).keys() - {"treatments", "date"})
MORE_OF_A_TREATMENT = tuple(members_of(Treatment).keys() - {"area", "amount", "containers"})


class Spot(NamedTuple):
    """A treatment in its place."""

    pointer: str
    treatment: Treatment
    matches: Matches
    nanolitres: int | None
    volume_missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """What a rule judges at once: a treatment, a session, a day, a week, the plan, or an entry of a patient's list.

    `sessions` are the indices of the sessions that it is made of; `day` is the date that it stands for, if it is dated.
    """

    pointer: str
    spots: tuple[Spot, ...]
    sessions: tuple[int, ...] = ()
    day: int | None = None
    entry: str | None = None


class Context:
    """The plan with its book, its lens and its groups."""

    def __init__(self, plan: Plan, book: Book) -> None:
        self.plan = plan
        self.book = book
        self.lens: Lens = book.lens_of(plan)
        self._exposures: dict[tuple[int, str], bool | None] = {}
        self.sessions = tuple(self._session(i, session) for i, session in enumerate(plan.sessions))
        self.spots = tuple(spot for group in self.sessions for spot in group.spots)
        self._groups: dict[str, tuple[Group, ...]] = {}

    @cached_property
    def is_bare(self) -> bool:
        """Whether the plan tells where and how much, and nothing else: no product, no vein, no patient, no care.

        It is the article's own question, how much in a session, and what it leaves out is no silence.
        """
        plan = self.plan
        told = [plan.previous_sessions, plan.provider.emergency_equipment_on_site]
        told += [getattr(session, name) for session in plan.sessions for name in MORE_OF_A_SESSION]
        told += [getattr(spot.treatment, name) for spot in self.spots for name in MORE_OF_A_TREATMENT]
        return plan.patient is NO_PATIENT and all(value in (None, ()) for value in told)

    def _session(self, i: int, session: Session) -> Group:
        pointer = f"/sessions/{i}"
        spots = tuple(
            self._spot(f"{pointer}/treatments/{j}", treatment, self._first_exposure(i, treatment))
            for j, treatment in enumerate(session.treatments)
        )
        return Group(pointer, spots, (i,), session.date)

    def _spot(self, pointer: str, treatment: Treatment, first_exposure: bool | None) -> Spot:
        profile = Profile(
            treatment.product,
            self.book.products[treatment.product].sclerosant if treatment.product else None,
            treatment.concentration_percent,
            treatment.form,
            self.book.vein_type(treatment),
            treatment.vein,
            treatment.area,
            first_exposure,
        )
        nanolitres, missing = self._volume(treatment, pointer)
        return Spot(pointer, treatment, self.lens.match(profile), nanolitres, missing)

    def groups(self, scope: str) -> tuple[Group, ...]:
        """The groups of a scope."""
        if scope not in self._groups:
            self._groups[scope] = tuple(self._make_groups(scope))
        return self._groups[scope]

    def _make_groups(self, scope: str) -> Iterable[Group]:
        if scope == "treatment":
            return (Group(spot.pointer, (spot,)) for spot in self.spots)
        if scope == "session":
            return self.sessions
        if scope == "day":
            return self._spans(1)
        if scope == "week":
            return self._spans(DAYS_OF_A_WEEK)
        if scope == "plan":
            return (Group("", self.spots),)
        if scope == "conditions":
            return (*self._entries("conditions"), *self._entries("medications"), *self._others("other_conditions"))
        return (*self._entries("allergies"), *self._others("other_allergies"))

    def _entries(self, members: str) -> Iterable[Group]:
        """The entries of one of the patient's lists; the list itself where it is empty or was not sent."""
        entries = getattr(self.plan.patient, members)
        pointer = f"/patient/{members}"
        if not entries:
            return (Group(pointer, self.spots),)
        return (Group(f"{pointer}/{k}", self.spots, entry=entry) for k, entry in enumerate(entries))

    def _others(self, members: str) -> Iterable[Group]:
        """The entries of a list that is only there for what the other lists have no word for."""
        return self._entries(members) if getattr(self.plan.patient, members) else ()

    def _spans(self, days: int) -> Iterable[Group]:
        """For each day with a session, the sessions of that day and of the days before it that make up the span.

        An undated session is a span of its own.
        """
        dated: dict[int, list[Group]] = {}
        for group in self.sessions:
            if group.day is None:
                yield group
            else:
                dated.setdefault(group.day, []).append(group)
        for last, on_day in dated.items():
            within = [group for day, groups in sorted(dated.items()) if last - days < day <= last for group in groups]
            spots = tuple(spot for group in within for spot in group.spots)
            yield Group(on_day[0].pointer, spots, tuple(i for group in within for i in group.sessions), last)

    def pointers(self, spots: Sequence[Spot], members: Iterable[str]) -> tuple[str, ...]:
        """Pointers to members of treatments."""
        return tuple([f"{spot.pointer}/{member}" for spot in spots for member in members])

    def undated(self) -> tuple[str, ...]:
        """Pointers to the dates that would tell which of several planned sessions share a day."""
        if len(self.sessions) == 1:
            return ()
        return tuple(f"{group.pointer}/date" for group in self.sessions if group.day is None)

    def untold_before(self, group: Group, spots: Sequence[Spot], days: int = 1) -> tuple[str, ...]:
        """Pointers to what leaves open how much of the sclerosant was given before in a group's day, or days.

        A previous session has no amounts: where it lies, or may lie, within them, and used, or may have used, what the
        treatments use, the sum stays open.
        """
        if self.plan.previous_sessions is None:
            return ("/previous_sessions",)
        sclerosants = {spot.matches.profile.sclerosant for spot in spots}
        missing: dict[str, None] = {}
        for k, previous in enumerate(self.plan.previous_sessions):
            pointer = f"/previous_sessions/{k}"
            used = None if previous.products is None else {self.book.products[p].sclerosant for p in previous.products}
            if used is not None and None not in sclerosants and not used & sclerosants:
                continue
            if previous.date is None:
                missing[f"{pointer}/date"] = None
            elif group.day is None:
                missing[f"{group.pointer}/date"] = None
            elif 0 <= group.day - previous.date < days:
                missing[f"{pointer}/products" if used is None else pointer] = None
        return tuple(missing)

    def untold_on_the_day(self, group: Group, spots: Sequence[Spot]) -> tuple[str, ...]:
        """Pointers to earlier sessions of a group's day that a plan tells of, whose volume adds to the group's own."""
        return () if self.plan.previous_sessions is None else self.untold_before(group, spots)

    def _first_exposure(self, i: int, treatment: Treatment) -> bool | None:
        """As stated; else as earlier sessions tell, which is worked out once for all treatments of a session."""
        if treatment.first_exposure is not None or treatment.product is None:
            return treatment.first_exposure
        sclerosant = self.book.products[treatment.product].sclerosant
        if (i, sclerosant) not in self._exposures:
            self._exposures[i, sclerosant] = self._unused_before(i, sclerosant)
        return self._exposures[i, sclerosant]

    def _unused_before(self, i: int, sclerosant: str) -> bool | None:
        """No when an earlier session used the sclerosant, yes when all are known and none did, else None."""
        products = self.book.products
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
