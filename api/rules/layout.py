"""Layout: a plan and a book in; out, each treatment with its volume and limits, and the groups of each scope.

Three words mean one thing each, here and in the modules above. A group is what a rule judges at once. A scope is the
name of a sort of group: `treatment`, `session`, `day`, `week`, `plan`, `conditions` or `allergies`. A place is a JSON
Pointer into the plan, and a placed treatment is one that has its pointer with it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from api.rules.book import Book, LimitsInForce, Matches, Profile
from api.rules.plan import NO_PATIENT, Plan, Session, Treatment
from api.rules.value_types import fields_of

NANOLITRES = 1000  # in a thousandth of a millilitre: volumes are kept so fine because vials multiply two decimals
DAYS_OF_A_WEEK = 7
# The members that say more than where, when and how much.
MORE_OF_A_SESSION = tuple(fields_of(Session).keys() - {"treatments", "date"})
MORE_OF_A_TREATMENT = tuple(fields_of(Treatment).keys() - {"area", "amount", "containers"})


class PlacedTreatment(NamedTuple):
    """A treatment with its place, the limits that apply to it, and its volume.

    Where the volume is not known, `volume_missing` has pointers to the members that would settle it.
    """

    pointer: str
    treatment: Treatment
    matches: Matches
    nanolitres: int | None
    volume_missing: tuple[str, ...]


Treatments = Sequence[PlacedTreatment]
# Areas that are treated, each with its side, if that is told.
Spots = tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, eq=False)
class Group:
    """What a rule judges at once: a treatment, a session, a day, a week, the plan, or an entry of a patient's list.

    `treatments` are those in the group, and for an entry, those of the whole plan. `sessions` are the indices of the
    sessions that it is made of; `day` is their date, or the last of a week. Where the `patients_list` is empty or was
    not sent, there is one group for the list, and it has no `entry`.
    """

    pointer: str
    treatments: Treatments
    sessions: tuple[int, ...] = ()
    day: int | None = None
    patients_list: str | None = None
    entry: str | None = None

    @cached_property
    def alike(self) -> tuple[Matches, ...]:
        """The different matches that treatments of the group have, in the order of the plan."""
        return tuple(dict.fromkeys([placed.matches for placed in self.treatments]))

    def is_covered(self, topic: str) -> bool:
        """True where a limit on the topic that was asked for applies, or may apply, to each treatment."""
        return all(topic in matches.topics for matches in self.alike)

    def treatments_of(self, matches: Sequence[Matches]) -> Treatments:
        """The treatments that have one of the matches."""
        if len(matches) == len(self.alike) or not matches:
            return self.treatments if matches else ()
        return [placed for placed in self.treatments if placed.matches in matches]


class Layout:
    """A plan laid out, with the limits in force for it."""

    def __init__(self, plan: Plan, book: Book, before: "Layout | None" = None) -> None:
        """Lay out a plan. Where no date differs from the plan `before`, what did not change stays where it is laid."""
        self.plan = plan
        self.book = book
        self.in_force: LimitsInForce = before.in_force if before else book.in_force_for(plan)
        self._exposures: dict[tuple[int, str], bool | None] = {}
        self.sessions: tuple[Group, ...] = tuple(
            [
                self._session(i, session, before.sessions[i].treatments if before else ())
                for i, session in enumerate(plan.sessions)
            ]
        )
        self.treatments = tuple(placed for group in self.sessions for placed in group.treatments)
        self._groups: dict[str, tuple[Group, ...]] = {}

    @cached_property
    def is_bare(self) -> bool:
        """True where the plan says where, when and how much, and nothing else: no product, no vein, no patient.

        Such a plan asks the article's own question, how much in a session, so nothing else is missed in it. Example:
        7 mL in the leg is bare; with `"form": "foam"`, or with an empty list of conditions, it is not.
        """
        plan = self.plan
        if plan.patient is not NO_PATIENT:
            return False
        told = [plan.previous_sessions, plan.provider.emergency_equipment_on_site]
        told += [getattr(session, name) for session in plan.sessions for name in MORE_OF_A_SESSION]
        told += [getattr(placed.treatment, name) for placed in self.treatments for name in MORE_OF_A_TREATMENT]
        return all(value in (None, ()) for value in told)

    @cached_property
    def spots(self) -> tuple[Spots, ...]:
        """The areas and sides that each session treats."""
        return tuple(
            [
                tuple(dict.fromkeys([(each.area, each.side) for each in session.treatments]))
                for session in self.plan.sessions
            ]
        )

    def _session(self, i: int, session: Session, before: Treatments) -> Group:
        """A session as a group; a treatment that is among those `before` is taken from there."""
        pointer = f"/sessions/{i}"
        placed = [
            self._place(f"{pointer}/treatments/{j}", treatment, self._first_exposure(i, treatment))
            if not before or before[j].treatment is not treatment
            else before[j]
            for j, treatment in enumerate(session.treatments)
        ]
        return Group(pointer, tuple(placed), (i,), session.date)

    def _place(self, pointer: str, treatment: Treatment, first_exposure: bool | None) -> PlacedTreatment:
        """A treatment with its place, the limits that apply to it, and its volume."""
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
        return PlacedTreatment(pointer, treatment, self.in_force.match(profile), nanolitres, missing)

    def groups(self, scope: str) -> tuple[Group, ...]:
        """The groups of a scope, in the order of the plan."""
        groups = self._groups.get(scope)
        if groups is None:
            groups = self._groups[scope] = tuple(self._make_groups(scope))
        return groups

    def _make_groups(self, scope: str) -> Iterable[Group]:
        """The groups of a scope; `groups` remembers them."""
        if scope == "treatment":
            return (Group(placed.pointer, (placed,)) for placed in self.treatments)
        if scope == "session":
            return self.sessions
        if scope == "day":
            return self._spans(1)
        if scope == "week":
            return self._spans(DAYS_OF_A_WEEK)
        if scope == "plan":
            return (Group("", self.treatments),)
        if scope == "conditions":
            return (*self._entries("conditions"), *self._entries("medications"), *self._others("other_conditions"))
        return (*self._entries("allergies"), *self._others("other_allergies"))

    def _entries(self, patients_list: str) -> Iterable[Group]:
        """A group for each entry of a patient's list; one for the list itself where it is empty or was not sent."""
        entries = getattr(self.plan.patient, patients_list)
        pointer = f"/patient/{patients_list}"
        if not entries:
            return (Group(pointer, self.treatments, patients_list=patients_list),)
        return (
            Group(f"{pointer}/{k}", self.treatments, patients_list=patients_list, entry=entry)
            for k, entry in enumerate(entries)
        )

    def _others(self, patients_list: str) -> Iterable[Group]:
        """A group for each entry of a list such as `other_conditions`; none where it is empty or was not sent."""
        return self._entries(patients_list) if getattr(self.plan.patient, patients_list) else ()

    def _spans(self, days: int) -> Iterable[Group]:
        """For each day with a session, a group of the sessions in the span of days that ends with it.

        Example: of sessions on the 1st, 5th and 20th, the spans of 7 days are: the 1st; the 1st and 5th; the 20th. A
        session without a date is a group of its own.
        """
        dated: dict[int, list[Group]] = {}
        for group in self.sessions:
            if group.day is None:
                yield group
            else:
                dated.setdefault(group.day, []).append(group)
        for last, on_day in dated.items():
            within = [group for day, groups in sorted(dated.items()) if last - days < day <= last for group in groups]
            treatments = tuple(placed for group in within for placed in group.treatments)
            yield Group(on_day[0].pointer, treatments, tuple(i for group in within for i in group.sessions), last)

    def is_listed(self, slug: str, measure: str) -> bool:
        """True where a limit on a measure lists the slug, and applies, or may apply, to every treatment."""
        return any(
            slug in limit.values and all(limit in placed.matches.of(limit.rule).limits for placed in self.treatments)
            for limit in self.in_force.limits_on(measure)
        )

    def pointers(self, treatments: Treatments, members: Iterable[str]) -> tuple[str, ...]:
        """A pointer to each of the members of each of the treatments."""
        return tuple([f"{placed.pointer}/{member}" for placed in treatments for member in members])

    def undated(self) -> tuple[str, ...]:
        """Pointers to the dates that would settle which of several planned sessions are on one day."""
        if len(self.sessions) == 1:
            return ()
        return tuple(f"{group.pointer}/date" for group in self.sessions if group.day is None)

    def untold_before(self, group: Group, treatments: Treatments, days: int = 1) -> tuple[str, ...]:
        """Pointers to what must be told before a sum over the last days, the group's own among them, is known.

        A plan tells no amounts of previous sessions. So the sum stays open where a previous session may have been in
        these days, and may have used a sclerosant that the treatments use. Example: for a session on the 9th, and 7
        days, a previous one on the 3rd with the same product leaves it open, and one on the 2nd does not.
        """
        if self.plan.previous_sessions is None:
            return ("/previous_sessions",)
        sclerosants = {placed.matches.profile.sclerosant for placed in treatments}
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

    def untold_on_the_day(self, group: Group, treatments: Treatments) -> tuple[str, ...]:
        """Pointers to what leaves open how much was given before on the group's day.

        Where the plan says nothing of previous sessions there are none: only measures of a whole day or week miss them.
        """
        return () if self.plan.previous_sessions is None else self.untold_before(group, treatments)

    def _first_exposure(self, i: int, treatment: Treatment) -> bool | None:
        """True where a treatment is the patient's first with its sclerosant: as stated, else as other sessions show.

        None where they leave it open, or where no product is named.
        """
        if treatment.first_exposure is not None or treatment.product is None:
            return treatment.first_exposure
        sclerosant = self.book.products[treatment.product].sclerosant
        if (i, sclerosant) not in self._exposures:
            self._exposures[i, sclerosant] = self._unused_before(i, sclerosant)
        return self._exposures[i, sclerosant]

    def _unused_before(self, i: int, sclerosant: str) -> bool | None:
        """True where no session before the i-th used the sclerosant, False where one did, None where that is open."""
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
                # That the order of two sessions is open matters only where the other may use the same sclerosant.
                used += [other.product] if order else [None] if same else []
        if any(product is not None and products[product].sclerosant == sclerosant for product in used):
            return False
        return None if None in used else True

    def _comes_before(self, one: int, other: int) -> bool | None:
        """True where the one planned session comes before the other; None where dates are missing or the same."""
        first, second = self.plan.sessions[one].date, self.plan.sessions[other].date
        return None if first is None or second is None or first == second else first < second

    def vial_volumes(self, treatment: Treatment) -> tuple[int, ...]:
        """The volumes that a vial of this treatment may hold, in thousandths of a mL; none where no source says."""
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
        """The volume in nanolitres, or None with pointers to the members that would settle it."""
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
