"""Measures of a session: it and its treatments in; days since other sessions, test doses, care and procedures out."""

from collections.abc import Sequence

from api.rules.layout import Group, Layout, PlacedTreatment, Spots, Treatments
from api.rules.measures.registry import Observed, broken_by, measure, member_measure, unique, whole
from api.rules.numbers import Ratio
from api.rules.plan import OTHER_ALLERGIES, PROCEDURES
from api.rules.rows import Limit

member_measure("observation-minutes", "session", "min", "observation_minutes", whole, gives="count")
member_measure("compression-days", "session", "d", "compression_days", whole, gives="count")
member_measure("activity-pause-days", "session", "d", "activity_pause_days", whole, gives="count")


@measure(
    "session-interval",
    "session",
    "d",
    "sessions[].date",
    "previous_sessions",
    "previous_sessions[].date",
    gives="count",
)
def session_interval(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed | None:
    """Days since the nearest earlier session, planned or past."""
    previous = layout.plan.previous_sessions or ()
    past = [(session.date, f"/previous_sessions/{k}/date") for k, session in enumerate(previous)]
    planned = [(other.day, f"{other.pointer}/date") for other in layout.sessions if other is not group]
    return _shortest_interval(layout, group, past, planned, [])


@measure(
    "same-area-interval",
    "session",
    "d",
    "sessions[].date",
    "sessions[].treatments[].side",
    "previous_sessions",
    "previous_sessions[].date",
    "previous_sessions[].areas",
    "previous_sessions[].sides",
    gives="count",
)
def same_area_interval(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed | None:
    """Days since the nearest earlier session that treated one of this session's areas, on a side that this one treats.

    A side that is not told may be either. Example: the left calf, 20 days after "calf", is 20 days.
    """
    past, untold = [], []
    for k, previous in enumerate(layout.plan.previous_sessions or ()):
        if previous.areas is None:
            untold.append(f"/previous_sessions/{k}/areas")
        elif any(
            _touches(layout, placed, area, previous.sides) for placed in group.treatments for area in previous.areas
        ):
            past.append((previous.date, f"/previous_sessions/{k}/date"))
    meeting = {
        spots
        for spots in dict.fromkeys(layout.spots)
        if any(_meets(layout, placed, spots) for placed in group.treatments)
    }
    planned = [
        (other.day, f"{other.pointer}/date")
        for other, spots in zip(layout.sessions, layout.spots, strict=True)
        if other is not group and spots in meeting
    ]
    return _shortest_interval(layout, group, past, planned, untold)


def _touches(layout: Layout, placed: PlacedTreatment, area: str, sides: tuple[str, ...] | None) -> bool:
    """True where a treatment is on the area, or one around or within it, and may be on one of the sides."""
    side = placed.treatment.side
    return area in layout.book.near[placed.treatment.area] and (side is None or sides is None or side in sides)


def _meets(layout: Layout, placed: PlacedTreatment, spots: Spots) -> bool:
    """True where a session with these spots touches what the placed treatment treats."""
    return any(_touches(layout, placed, area, None if side is None else (side,)) for area, side in spots)


# Other sessions: the day of each, None where it is not told, and the pointer to its date.
Visits = Sequence[tuple[int | None, str]]


def _shortest_interval(
    layout: Layout, group: Group, past: Visits, planned: Visits, untold: list[str]
) -> Observed | None:
    """Days since the nearest of the past and planned sessions that is not after the group's; None where there is none.

    `untold` are pointers to members that would settle whether more sessions count. Two planned sessions on one date are
    0 days from each other, whichever is sent first.
    """
    own = f"{group.pointer}/date"
    missing = ["/previous_sessions"] if layout.plan.previous_sessions is None else []
    missing += untold
    if group.day is None:
        return Observed(missing=(own, *missing)) if past or planned or missing else None
    missing += [pointer for day, pointer in (*past, *planned) if day is None]
    intervals = [(abs(group.day - day), pointer) for day, pointer in past if day is not None]
    intervals += [(group.day - day, pointer) for day, pointer in planned if day is not None and day <= group.day]
    if not intervals:
        return Observed(missing=unique(missing)) if missing else None
    days, pointer = min(intervals)
    return Observed(whole(days), (own, pointer), unique(missing))


@measure(
    "test-dose-volume", "session", "mL", "sessions[].treatments[].first_exposure", "sessions[].treatments[].test_dose"
)
def test_dose_volume(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed:
    """The largest test dose that is planned in the session."""
    doses = [
        (placed.treatment.test_dose.volume_ml, placed.pointer) for placed in treatments if placed.treatment.test_dose
    ]
    if not doses:
        return Observed(missing=layout.pointers(tuple(treatments), ("test_dose",)))
    volume, pointer = max(doses)
    return Observed(Ratio(volume), (f"{pointer}/test_dose/volume_ml",))


@measure("test-dose-observed", "session", "1", "sessions[].treatments[].test_dose.observation_minutes", gives="flag")
def test_dose_observed(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed | None:
    """True where every test dose that is planned is followed by some minutes of observation."""
    doses = [(placed.treatment.test_dose, f"{placed.pointer}/test_dose/observation_minutes") for placed in treatments]
    planned = [(dose, pointer) for dose, pointer in doses if dose is not None and dose.volume_ml]
    if not planned:
        return None
    minutes = [dose.observation_minutes for dose, _ in planned]
    missing = tuple(pointer for dose, pointer in planned if dose.observation_minutes is None)
    told = tuple(pointer for dose, pointer in planned if dose.observation_minutes is not None)
    return Observed(0 not in minutes, told, missing)


@measure(
    "compression-against-condition",
    "session",
    "d",
    "patient.conditions",
    "patient.other_allergies",
    "patient.ankle_brachial_index",
    "sessions[].compression_days",
    gives="count",
    words=lambda book: (*book.vocabulary["conditions"], *OTHER_ALLERGIES),
)
def compression_against_condition(
    layout: Layout, group: Group, treatments: Treatments, limit: Limit
) -> Observed | None:
    """Days of compression, where the patient has a condition or allergy that the limit lists as speaking against it."""
    patient, days = layout.plan.patient, layout.plan.sessions[group.sessions[0]].compression_days
    pointer = f"{group.pointer}/compression_days"
    against = [
        f"/patient/{patients_list}/{k}"
        for patients_list in ("conditions", "other_allergies")
        for k, slug in enumerate(getattr(patient, patients_list) or ())
        if slug in limit.values
    ]
    if _ankle_pressure_is_low(layout):
        against.append("/patient/ankle_brachial_index")
    if against:
        return Observed(missing=(pointer,)) if days is None else Observed(whole(days), (pointer, *against))
    untold = patient.conditions is None and days != 0 and limit.rule_set in layout.plan.rule_sets
    return Observed(missing=("/patient/conditions",)) if untold else None


def _ankle_pressure_is_low(layout: Layout) -> bool:
    """True where the stated ankle-brachial index is below the least that a limit in force gives."""
    index = layout.plan.patient.ankle_brachial_index
    limits = layout.in_force.limits_on("ankle-brachial-index")
    return index is not None and any(index < int(limit.value or 0) for limit in limits)


@measure(
    "same-day-procedures", "session", "1", "sessions[].same_day_procedures", gives="count", words=lambda _: PROCEDURES
)
def same_day_procedures(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed | None:
    """How many of the procedures that the limit lists are done on the day.

    A limit that is `always` in force is broken by those that no other limit lists.
    """
    procedures = layout.plan.sessions[group.sessions[0]].same_day_procedures
    pointer = f"{group.pointer}/same_day_procedures"
    if limit.always:
        unlisted = [k for k, slug in enumerate(procedures or ()) if not layout.is_listed(slug, "same-day-procedures")]
        return broken_by(*(f"{pointer}/{k}" for k in unlisted)) if unlisted else None
    if procedures is None:
        return Observed(missing=(pointer,))
    counted = [k for k, slug in enumerate(procedures) if slug in limit.values]
    return Observed(whole(len(counted)), tuple(f"{pointer}/{k}" for k in counted) or (pointer,))
