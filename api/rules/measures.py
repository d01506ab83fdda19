"""The closed vocabulary of measures: each computes one number or word from a plan.

A measure is told the group it looks at, the treatments of the group that the limit applies to, and the limit itself.
It answers an `Observed`, or None where there is nothing to measure.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from api.rules.context import DAYS_OF_A_WEEK, NANOLITRES, Context, Group, Spot
from api.rules.numbers import Ratio
from api.rules.plan import VEINS
from api.rules.rows import Limit


@dataclass(slots=True, eq=False)
class Observed:
    """What was measured. `missing` holds pointers without which it cannot be said to pass.

    A value of None that misses nothing is one that stays open, which is a finding. `at_risk` says of a value that is
    not known that it may well break the limit.
    """

    value: Any = None
    contributing: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    reason: str = "missing_input"
    at_risk: bool = False


Measurement = Callable[[Context, Group, Sequence[Spot], Limit], Observed | None]


@dataclass(frozen=True, slots=True)
class Measure:
    """How to compute a measure, at what scope, in what unit, and which members it reads."""

    name: str
    scope: str
    unit: str
    needs: tuple[str, ...]
    observe: Measurement
    pointer: str | None = None


MEASURES: dict[str, Measure] = {}


def measure(
    name: str, scope: str, unit: str, *needs: str, pointer: str | None = None
) -> Callable[[Measurement], Measurement]:
    """Register a measure under its name."""

    def register(observe: Measurement) -> Measurement:
        MEASURES[name] = Measure(name, scope, unit, needs, observe, pointer)
        return observe

    return register


def whole(number: int) -> Ratio:
    return Ratio(number * 1000)


def unique(pointers: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(pointers))


def _member(name: str, scope: str, unit: str, path: str, convert: Callable[[Any], Any]) -> None:
    """Register a measure that is one member of the plan as it stands, or is missing."""
    dotted = path.replace("/", ".")
    get, owner_of = attrgetter(dotted), OWNERS[scope]

    def observe(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed:
        pointers = (f"{group.pointer}/{path}",)
        value = get(owner_of(context, group))
        if value is None:
            return Observed(missing=pointers)
        return Observed(convert(value), pointers)

    pointer = f"/{path}" if scope == "plan" else None
    measure(name, scope, unit, PREFIXES[scope] + dotted, pointer=pointer)(observe)


# What holds the members that a measure of a scope reads, and how they are written in `needs`.
OWNERS: dict[str, Callable[[Context, Group], Any]] = {
    "treatment": lambda context, group: group.spots[0].treatment,
    "session": lambda context, group: context.plan.sessions[group.sessions[0]],
    "plan": lambda context, group: context.plan,
}
PREFIXES = {"treatment": "sessions[].treatments[].", "session": "sessions[].", "plan": ""}


def same(value: Any) -> Any:
    return value


_member("age", "plan", "a", "patient/age_years", whole)

_member("thermal-ablation-unsuitable", "plan", "1", "patient/thermal_ablation_unsuitable", same)
_member("emergency-equipment", "plan", "1", "provider/emergency_equipment_on_site", same)
_member("observation-minutes", "session", "min", "observation_minutes", whole)
_member("compression-days", "session", "d", "compression_days", whole)
_member("activity-pause-days", "session", "d", "activity_pause_days", whole)
_member("concentration", "treatment", "%", "concentration_percent", Ratio)
_member("vein-diameter", "treatment", "mm", "vein_diameter_mm", Ratio)
_member("form", "treatment", "1", "form", same)
_member("vein", "treatment", "1", "vein", same)
_member("ankle-brachial-index", "plan", "1", "patient/ankle_brachial_index", Ratio)


@measure("eligibility", "plan", "1", "provider.eligibility_confirmed", pointer="/provider/eligibility_confirmed")
def eligibility(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed:
    confirmed = context.plan.provider.eligibility_confirmed
    pointer = "/provider/eligibility_confirmed"
    if confirmed is None:
        return Observed(missing=(pointer,), reason="provider_decision")
    return Observed(confirmed, (pointer,))


@measure("area", "treatment", "1", "sessions[].treatments[].area")
def area(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed:
    return Observed(spots[0].treatment.area, (f"{group.pointer}/area",))


@measure("jurisdiction", "treatment", "1", "jurisdiction", "sessions[].treatments[].product")
def jurisdiction(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed:
    return Observed(context.plan.jurisdiction, (f"{group.pointer}/product",))


@measure(
    "session-volume",
    "day",
    "mL",
    "sessions[].treatments[].amount",
    "sessions[].treatments[].product",
    "sessions[].treatments[].containers",
    "previous_sessions",
    "previous_sessions[].date",
    "previous_sessions[].products",
    "sessions[].date",
)
def session_volume(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed:
    """The volume of a session. Sessions of one date are one: who splits a visit in two has not halved it."""
    observed = volume(spots)
    missing = (*context.undated(), *context.untold_on_the_day(group, spots))
    return replace(observed, missing=unique([*observed.missing, *missing]))


def volume(spots: Sequence[Spot]) -> Observed:
    """The volumes of treatments, added up."""
    return Observed(
        Ratio(sum([spot.nanolitres or 0 for spot in spots]), NANOLITRES),
        tuple([f"{spot.pointer}/amount" for spot in spots]),
        unique([pointer for spot in spots for pointer in spot.volume_missing]),
    )


# What tells the volume of a day, or of a week.
TELLING_A_SPAN = (
    "sessions[].date",
    "previous_sessions",
    "previous_sessions[].date",
    "previous_sessions[].products",
    "sessions[].treatments[].amount",
    "sessions[].treatments[].containers",
)


@measure("daily-volume", "day", "mL", *TELLING_A_SPAN)
def daily_volume(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed | None:
    """The volume of the treatments of a calendar day, where it has, or may have, more than one session."""
    missing = (*context.undated(), *context.untold_before(group, spots))
    if len(group.sessions) == 1 and not missing:
        return None
    observed = volume(spots)
    return replace(observed, missing=unique([*observed.missing, *missing]))


@measure("weekly-volume", "week", "mL", *TELLING_A_SPAN)
def weekly_volume(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed:
    """The volume of the treatments of the seven days that end with a session's day."""
    observed = volume(spots)
    missing = (*context.undated(), *context.untold_before(group, spots, DAYS_OF_A_WEEK))
    return replace(observed, missing=unique([*observed.missing, *missing]))


@measure(
    "vein-type",
    "treatment",
    "1",
    "sessions[].treatments[].vein_type",
    "sessions[].treatments[].vein",
    "sessions[].treatments[].vein_diameter_mm",
)
def vein_type(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed:
    """The vein type as stated; else as the named vein, or a diameter within a band, tells."""
    known = spots[0].matches.profile.vein_type
    if known is None:
        return Observed(missing=(f"{group.pointer}/vein_type",))
    treatment = spots[0].treatment
    told_by = "vein_type" if treatment.vein_type else "vein" if treatment.vein else "vein_diameter_mm"
    return Observed(known, (f"{group.pointer}/{told_by}",))


@measure(
    "diameter-beyond-type",
    "treatment",
    "mm",
    "sessions[].treatments[].vein",
    "sessions[].treatments[].vein_type",
    "sessions[].treatments[].vein_diameter_mm",
)
def diameter_beyond_type(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed | None:
    """How far the diameter lies outside the band of the vein type, on either side; on its ends it is within.

    None observed means that the named vein is of another type than the stated one.
    """
    if context.is_bare:
        return None
    treatment, known = spots[0].treatment, spots[0].matches.profile.vein_type
    if treatment.vein is not None and treatment.vein_type is None:
        return Observed(missing=(f"{group.pointer}/vein_type",))
    if treatment.vein is not None and treatment.vein_type != VEINS[treatment.vein]:
        return Observed(None, (f"{group.pointer}/vein_type", f"{group.pointer}/vein"))
    if known is not None and context.book.bands[known].distance(0) is None:
        return None  # a trunk is named by which vein it is
    pointers = (f"{group.pointer}/vein_type", f"{group.pointer}/vein_diameter_mm")
    stated = (treatment.vein_type, treatment.vein_diameter_mm)
    missing = tuple(pointer for pointer, value in zip(pointers, stated, strict=True) if value is None)
    if missing or treatment.vein_type is None or treatment.vein_diameter_mm is None:
        return Observed(missing=missing)
    return Observed(Ratio(context.book.bands[treatment.vein_type].distance(treatment.vein_diameter_mm) or 0), pointers)


@measure("foam-gas", "treatment", "1", "sessions[].treatments[].form", "sessions[].treatments[].foam.gas")
def foam_gas(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed | None:
    """The gas of foam made in the clinic. None observed, though foam is planned, means that it is open: a finding."""
    treatment = spots[0].treatment
    if treatment.form == "liquid" or context.book.in_canisters(treatment.product):
        return None
    if treatment.foam is not None and treatment.foam.gas is not None:
        return Observed(treatment.foam.gas, (f"{group.pointer}/foam/gas",))
    if treatment.form is None:
        return Observed(missing=(f"{group.pointer}/form",))
    return Observed(None, (f"{group.pointer}/form",))


@measure("vial-count", "day", "{vial}", "sessions[].treatments[].amount", "previous_sessions", "sessions[].date")
def vial_count(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed | None:
    vials = [spot for spot in spots if spot.treatment.amount.unit == "vial"]
    if not vials:
        return None
    count = Ratio(sum(spot.treatment.amount.value for spot in vials))
    missing = (*context.undated(), *context.untold_on_the_day(group, spots))
    return Observed(count, context.pointers(vials, ("amount",)), missing)


@measure(
    "container-volume",
    "treatment",
    "mL",
    "sessions[].treatments[].product",
    "sessions[].treatments[].containers",
)
def container_volume(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed | None:
    """The volume of a vial. None observed, though vials are counted, means that the size is open: that is a finding."""
    treatment = spots[0].treatment
    if treatment.amount.unit != "vial" and treatment.containers is None:
        return None
    if limit.comparator == "=":  # the article's equation stands in only where nothing else tells
        stands_in = treatment.product is None and treatment.containers is None
        return Observed(None, (f"{group.pointer}/amount",)) if stands_in else None
    if context.book.in_canisters(treatment.product):
        return Observed(None, (f"{group.pointer}/amount",)) if treatment.amount.unit == "vial" else None
    if treatment.containers is not None:
        product = context.book.products[treatment.product] if treatment.product else None
        if product is not None and not product.container_volumes(None):
            return None  # no source tells in what the product comes
        return Observed(Ratio(treatment.containers.volume_ml), (f"{group.pointer}/containers/volume_ml",))
    volumes = context.vial_volumes(treatment)
    return Observed(Ratio(volumes[0]) if len(volumes) == 1 else None, (f"{group.pointer}/amount",))


@measure(
    "container-shortfall",
    "treatment",
    "mL",
    "sessions[].treatments[].containers",
)
def container_shortfall(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed | None:
    """By how much the amount exceeds what the containers hold."""
    containers = spots[0].treatment.containers
    if containers is None or containers.count is None or spots[0].nanolitres is None:
        return None
    if context.book.in_canisters(spots[0].treatment.product):
        return None
    shortfall = spots[0].nanolitres - containers.count * containers.volume_ml * NANOLITRES
    pointers = (f"{group.pointer}/amount", f"{group.pointer}/containers/count")
    return Observed(Ratio(max(0, shortfall), NANOLITRES), pointers)


@measure(
    "injection-volume-sum",
    "treatment",
    "mL",
    "sessions[].treatments[].injections",
)
def injection_volume_sum(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed | None:
    """By how much the injections' volumes differ from the amount, either way."""
    injections = spots[0].treatment.injections
    if injections is None or spots[0].nanolitres is None:
        return None
    total = sum(injection.count * injection.volume_ml for injection in injections) * NANOLITRES
    pointers = (f"{group.pointer}/amount", f"{group.pointer}/injections")
    return Observed(Ratio(abs(total - spots[0].nanolitres), NANOLITRES), pointers)


@measure(
    "injection-volume",
    "treatment",
    "mL",
    "sessions[].treatments[].amount",
    "sessions[].treatments[].containers",
    "sessions[].treatments[].injections",
    "sessions[].treatments[].injection_count",
)
def injection_volume(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed:
    """The largest injection for an upper bound, the smallest for a lower one."""
    spot = spots[0]
    treatment = spot.treatment
    if treatment.injections is not None:
        extreme = min if limit.comparator == ">=" else max
        volumes = [injection.volume_ml for injection in treatment.injections]
        worst = extreme(volumes)
        return Observed(Ratio(worst), (f"{group.pointer}/injections/{volumes.index(worst)}/volume_ml",))
    counted = f"{group.pointer}/injection_count"
    if treatment.injection_count is None:
        return Observed(missing=(*spot.volume_missing, counted))
    if spot.nanolitres is None:
        return Observed(missing=spot.volume_missing)
    volume = Ratio(spot.nanolitres, NANOLITRES * treatment.injection_count)
    return Observed(volume, (f"{group.pointer}/amount", counted))


@measure(
    "injection-count",
    "day",
    "1",
    "sessions[].treatments[].injection_count",
    "sessions[].treatments[].injections",
    "sessions[].date",
)
def injection_count(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed:
    """The injections of the treatments of a session, or of the sessions of one date, that the limit applies to."""
    count, contributing, missing = 0, [], []
    for spot in spots:
        treatment = spot.treatment
        if treatment.injections is not None:
            count += sum(injection.count for injection in treatment.injections)
            contributing.append(f"{spot.pointer}/injections")
        elif treatment.injection_count is not None:
            count += treatment.injection_count
            contributing.append(f"{spot.pointer}/injection_count")
        else:
            missing.append(f"{spot.pointer}/injection_count")
    return Observed(whole(count), tuple(contributing), unique([*missing, *context.undated()]))


@measure(
    "test-dose-volume", "session", "mL", "sessions[].treatments[].first_exposure", "sessions[].treatments[].test_dose"
)
def test_dose_volume(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed:
    """The largest test dose that is planned in the session."""
    doses = [(spot.treatment.test_dose.volume_ml, spot.pointer) for spot in spots if spot.treatment.test_dose]
    if not doses:
        return Observed(missing=context.pointers(tuple(spots), ("test_dose",)))
    volume, pointer = max(doses)
    return Observed(Ratio(volume), (f"{pointer}/test_dose/volume_ml",))


@measure("test-dose-observed", "session", "1", "sessions[].treatments[].test_dose.observation_minutes")
def test_dose_observed(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed | None:
    """Whether every test dose that is planned is observed for some time."""
    doses = [(spot.treatment.test_dose, f"{spot.pointer}/test_dose/observation_minutes") for spot in spots]
    planned = [(dose, pointer) for dose, pointer in doses if dose is not None and dose.volume_ml]
    if not planned:
        return None
    minutes = [dose.observation_minutes for dose, _ in planned]
    missing = tuple(pointer for dose, pointer in planned if dose.observation_minutes is None)
    told = tuple(pointer for dose, pointer in planned if dose.observation_minutes is not None)
    return Observed(0 not in minutes, told, missing)
