"""Measures that look across treatments and time: dose by weight, days between sessions, what the patient has."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from api.rules.book import Matches
from api.rules.context import Context, Group, Spot, kinds_of
from api.rules.measures import Observed, always, measure, unique, volume, whole
from api.rules.numbers import Ratio
from api.rules.rows import Limit


@measure(
    "daily-dose-per-weight",
    "day",
    "mg/kg",
    "patient.weight_kg",
    "sessions[].date",
    "sessions[].treatments[].amount",
    "sessions[].treatments[].containers",
    "sessions[].treatments[].concentration_percent",
)
def daily_dose_per_weight(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed:
    """Milligrams of sclerosant in a calendar day, over all products that hold it, for each kilogram of body weight."""
    weight = context.plan.patient.weight_kg
    amounts = volume(context, spots)
    contributing, missing = amounts.contributing, list(amounts.missing)
    missing += [
        f"{spot.pointer}/concentration_percent" for spot in spots if spot.treatment.concentration_percent is None
    ]
    missing += context.undated()
    if weight is None:
        return Observed(None, contributing, unique(["/patient/weight_kg", *missing]))
    # A nanolitre of a 1 % solution holds 0.01 micrograms; the concentration is in thousandths of a percent.
    dose = sum([(spot.nanolitres or 0) * (spot.treatment.concentration_percent or 0) for spot in spots])
    return Observed(Ratio(dose * 1000, 100_000 * weight), (*contributing, "/patient/weight_kg"), unique(missing))


@measure("session-interval", "session", "d", "sessions[].date", "previous_sessions", "previous_sessions[].date")
def session_interval(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed | None:
    """Days from the nearest earlier session, planned or past."""
    return _interval(context, group, None)


@measure(
    "same-area-interval",
    "session",
    "d",
    "sessions[].date",
    "previous_sessions",
    "previous_sessions[].date",
    "previous_sessions[].areas",
)
def same_area_interval(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed | None:
    """Days from the nearest earlier session in which one of this session's areas was treated."""
    near = context.book.near
    return _interval(context, group, frozenset().union(*{near[spot.treatment.area] for spot in group.spots}))


def _interval(context: Context, group: Group, areas: frozenset[str] | None) -> Observed | None:
    """The shortest interval; two planned sessions on one date are each 0 days from the other, in either order."""
    own = group.sessions[0]
    key = (own, areas is None)
    if key not in context.intervals:
        context.intervals[key] = _shortest_interval(context, own, areas)
    interval: Observed | None = context.intervals[key]
    return interval


def _shortest_interval(context: Context, own: int, areas: frozenset[str] | None) -> Observed | None:
    day = context.plan.sessions[own].date
    missing = ["/previous_sessions"] if context.plan.previous_sessions is None else []
    past, planned = list(_past(context, areas, missing)), list(_planned(context, own, areas))
    if day is None:
        return Observed(missing=(f"/sessions/{own}/date", *missing)) if past or planned or missing else None
    intervals = []
    for other, pointer in past:
        if other is None:
            missing.append(pointer)
        else:
            intervals.append((abs(day - other), pointer))
    for other, pointer in planned:
        if other is None:
            missing.append(pointer)
        elif other <= day:
            intervals.append((day - other, pointer))
    if not intervals:
        return Observed(missing=unique(missing)) if missing else None
    days, pointer = min(intervals)
    return Observed(whole(days), (f"/sessions/{own}/date", pointer), unique(missing))


def _past(context: Context, areas: frozenset[str] | None, missing: list[str]) -> Iterator[tuple[int | None, str]]:
    """Day and pointer of each previous session that counts; `missing` gets those whose areas would tell."""
    for k, previous in enumerate(context.plan.previous_sessions or ()):
        if areas is not None and previous.areas is None:
            missing.append(f"/previous_sessions/{k}/areas")
        elif areas is None or not areas.isdisjoint(previous.areas or ()):
            yield previous.date, f"/previous_sessions/{k}/date"


def _planned(context: Context, own: int, areas: frozenset[str] | None) -> Iterator[tuple[int | None, str]]:
    """Day and pointer of each other planned session that counts."""
    for i, session in enumerate(context.plan.sessions):
        if i != own and (areas is None or any(treatment.area in areas for treatment in session.treatments)):
            yield session.date, f"/sessions/{i}/date"


@measure("condition", "conditions", "1", "patient.conditions")
def condition(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed:
    """Whether the patient has the condition. A group holds one, with its own rulings; an empty list holds none."""
    if context.plan.patient.conditions is None:
        return Observed(missing=(group.pointer,))
    if group.entry is None:
        return Observed(False, (group.pointer,))
    return Observed(True, (group.pointer, *(f"{spot.pointer}/product" for spot in spots)))


@measure("allergen", "allergies", "1", "patient.allergies", "sessions[].treatments[].product")
def allergen(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed:
    """How many of the treatments' products hold the allergen of the group."""
    if context.plan.patient.allergies is None:
        return Observed(missing=(group.pointer,))
    if group.entry is None:
        return Observed(whole(0), (group.pointer,))
    holding = [
        spot
        for spot in spots
        if spot.treatment.product and group.entry in context.book.products[spot.treatment.product].ingredients
    ]
    return Observed(whole(len(holding)), (group.pointer, *(f"{spot.pointer}/product" for spot in holding)))


@measure("clot-risk-count", "plan", "1", "patient.conditions", pointer="/patient/conditions", heeds_limit=always)
def clot_risk_count(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed:
    """How many of the limit's listed risk factors the patient has."""
    conditions = context.plan.patient.conditions
    if conditions is None:
        return Observed(missing=("/patient/conditions",))
    counted = [k for k, slug in enumerate(conditions) if slug in limit.values]
    return Observed(whole(len(counted)), tuple(f"/patient/conditions/{k}" for k in counted))


@measure(
    "breastfeeding-pause",
    "plan",
    "h",
    "patient.conditions",
    "patient.breastfeeding_pause_hours",
    pointer="/patient/breastfeeding_pause_hours",
)
def breastfeeding_pause(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed | None:
    """The planned pause in hours, when the patient breastfeeds."""
    patient = context.plan.patient
    if patient.conditions is None:
        return Observed(missing=("/patient/conditions",))
    if "breastfeeding" not in patient.conditions:
        return None
    if patient.breastfeeding_pause_hours is None:
        return Observed(missing=("/patient/breastfeeding_pause_hours",))
    return Observed(Ratio(patient.breastfeeding_pause_hours), ("/patient/breastfeeding_pause_hours",))


@measure(
    "product-share",
    "session",
    "1",
    "patient.weight_kg",
    "sessions[].treatments[].amount",
    "sessions[].treatments[].containers",
    "sessions[].treatments[].concentration_percent",
    "sessions[].treatments[].form",
    "sessions[].treatments[].vein_type",
    "sessions[].treatments[].product",
)
def product_share(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed | None:
    """Where a session mixes products: the volumes as shares of each product's maximum, added up."""
    if len({spot.treatment.product for spot in spots} - {None}) < 2:
        return None
    total = Fraction(0)
    missing = [pointer for spot in spots for pointer in spot.volume_missing]
    open_limits: list[str] = []
    for matches, alike in kinds_of(spots):
        known = len(missing)
        most = _session_maximum(context, matches, alike, missing)
        if most is None and len(missing) > known:
            continue
        if most is None:
            open_limits += context.pointers(alike, ("product",))
        else:
            total += Fraction(sum([spot.nanolitres or 0 for spot in alike])) / most
    pointers = tuple([f"{spot.pointer}/amount" for spot in spots])
    reason = "limit_unconfirmed" if open_limits and not missing else "missing_input"
    return Observed(Ratio(total.numerator, total.denominator), pointers, unique(missing or open_limits), reason)


def _session_maximum(
    context: Context, matches: Matches, alike: tuple[Spot, ...], missing: list[str]
) -> Fraction | None:
    """The strictest maximum for the treatments' product, in thousandths of a mL, if need be from its dose."""
    own = _bounds(context, matches, alike, "session-volume", missing)
    doses = _bounds(context, matches, alike, "daily-dose-per-weight", missing)
    if own:
        return Fraction(min(own))
    if not doses:
        return None
    weight, concentration = context.plan.patient.weight_kg, matches.profile.concentration
    if weight is None or concentration is None:
        missing += ["/patient/weight_kg"] if weight is None else context.pointers(alike, ("concentration_percent",))
        return None
    return Fraction(min(doses) * weight, 10 * concentration)  # a mL of a 1 % solution holds 10 mg


def _bounds(context: Context, matches: Matches, alike: tuple[Spot, ...], rule: str, missing: list[str]) -> list[int]:
    """The confirmed maxima of a rule for the treatments' product or sclerosant; `missing` gets what would tell more."""
    match = matches.get(rule)
    if match is None:
        return []
    unknown = {name for limit, names in match.unsure if limit.product or limit.sclerosant for name in names}
    missing += context.pointers(alike, tuple(sorted(unknown - {"area"})))
    return [limit.value for limit in match.sure if (limit.product or limit.sclerosant) and limit.value]
