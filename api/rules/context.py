"""A plan laid out for measuring: each treatment in its place, with its volume and the limits that look at it."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from api.rules.book import Book, Lens, Match, Profile
from api.rules.plan import Plan, Session, Treatment

# The clinic's row that says how much a vial holds when no product is named.
ARTICLE_VIAL = "clinic-vial-volume"
NANOLITRES = 1000  # in a thousandth of a millilitre: volumes are kept so fine because vials multiply two decimals


@dataclass(frozen=True, slots=True)
class Spot:
    """A treatment in its place."""

    pointer: str
    treatment: Treatment
    profile: Profile
    matches: Mapping[str, Match]
    nanolitres: int | None
    volume_missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """What a rule judges at once: a treatment, a session, a day, the plan, or one entry of the patient's lists."""

    pointer: str
    spots: tuple[Spot, ...]
    sessions: tuple[int, ...] = ()
    entry: str | None = None


class Context:
    """The plan with its book, its lens and its groups."""

    def __init__(self, plan: Plan, book: Book) -> None:
        self.plan = plan
        self.book = book
        self.lens: Lens = book.lens_of(plan)
        self.sessions = tuple(self._session(i, session) for i, session in enumerate(plan.sessions))
        self.spots = tuple(spot for group in self.sessions for spot in group.spots)

    def _session(self, i: int, session: Session) -> Group:
        pointer = f"/sessions/{i}"
        spots = []
        for j, treatment in enumerate(session.treatments):
            profile = self.book.profile(treatment, self._first_exposure(session, treatment))
            place = f"{pointer}/treatments/{j}"
            nanolitres, missing = self._volume(treatment, place)
            spots.append(Spot(place, treatment, profile, self.lens.match(profile), nanolitres, missing))
        return Group(pointer, tuple(spots), (i,))

    def groups(self, scope: str) -> tuple[Group, ...]:
        """The groups of a scope; see `api.rules.measures.SCOPES`."""
        if scope == "session":
            return self.sessions
        if scope == "treatment":
            return tuple(
                Group(spot.pointer, (spot,), group.sessions) for group in self.sessions for spot in group.spots
            )
        if scope == "day":
            return self._days()
        if scope == "plan":
            return (Group("", self.spots),)
        entries = getattr(self.plan.patient, scope)
        pointer = f"/patient/{scope}"
        if not entries:
            return (Group(pointer, self.spots),)
        return tuple(Group(f"{pointer}/{k}", self.spots, (), entry) for k, entry in enumerate(entries))

    def _days(self) -> tuple[Group, ...]:
        """Sessions of one civil date together; an undated session is a day of its own."""
        days = []
        order = sorted(self.sessions, key=lambda group: self.day(group) or 0)
        for day, members in groupby(order, key=self.day):
            groups = list(members)
            if day is None:
                days += groups
            else:
                spots = tuple(spot for group in groups for spot in group.spots)
                days.append(Group(groups[0].pointer, spots, tuple(i for group in groups for i in group.sessions)))
        return tuple(days)

    def day(self, group: Group) -> int | None:
        return self.plan.sessions[group.sessions[0]].date

    def _first_exposure(self, session: Session, treatment: Treatment) -> bool | None:
        """As stated; else no when an earlier session used the sclerosant, yes when all are known and none did."""
        if treatment.first_exposure is not None or treatment.product is None:
            return treatment.first_exposure
        sclerosant = self.book.products[treatment.product].sclerosant
        if self.plan.previous_sessions is None:
            return None
        used: list[str | None] = []
        for previous in self.plan.previous_sessions:
            used += previous.products if previous.products is not None else [None]
        for other in self.plan.sessions:
            if (
                other is not session
                and other.date is not None
                and session.date is not None
                and other.date < session.date
            ):
                used += [spot.product for spot in other.treatments]
        if any(product is not None and self.book.products[product].sclerosant == sclerosant for product in used):
            return False
        return None if None in used else True

    def vial_volumes(self, treatment: Treatment) -> tuple[int, ...]:
        """The volumes that one vial of this treatment may hold, in thousandths of a millilitre."""
        if treatment.containers is not None:
            return (treatment.containers.volume_ml,)
        if treatment.product is not None:
            return self.book.products[treatment.product].container_volumes(treatment.concentration_percent)
        article = self.book.limits_by_slug.get(ARTICLE_VIAL)
        if article is None or article.value is None or "clinic" not in self.plan.rule_sets:
            return ()
        return (article.value,)

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
        return None, (f"{pointer}/containers",)
