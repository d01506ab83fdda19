"""The closed vocabulary of measures: each computes one number or word from a plan.

A measure is told the group it looks at, the treatments of the group that the limit applies to, and the limit itself.
It answers an `Observed`, or None where there is nothing to measure.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from api.rules.context import NANOLITRES, Context, Group, Spot
from api.rules.numbers import Ratio
from api.rules.plan import Treatment
from api.rules.rows import Limit


@dataclass(slots=True, eq=False)
class Observed:
    """What was measured. `missing` holds pointers without which it cannot be said to pass."""

    value: Any = None
    contributing: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    reason: str = "missing_input"


Measurement = Callable[[Context, Group, Sequence[Spot], Limit], Observed | None]


@dataclass(frozen=True, slots=True)
class Measure:
    """How to compute a measure, at what scope, in what unit, and which members it reads.

    Where it `heeds_limit`, it may come to something else for another limit on the same treatments. One `of_profile`
    reads nothing of a treatment but its profile, and so comes to the same in any plan. Where it `concerns` only some
    treatments, it is not asked for the others.
    """

    name: str
    scope: str
    unit: str
    needs: tuple[str, ...]
    observe: Measurement
    pointer: str | None = None
    heeds_limit: Callable[[Sequence[Spot]], bool] | None = None
    concerns: Callable[[Treatment], bool] | None = None
    of_profile: bool = False


MEASURES: dict[str, Measure] = {}


def measure(
    name: str,
    scope: str,
    unit: str,
    *needs: str,
    pointer: str | None = None,
    heeds_limit: Callable[[Sequence[Spot]], bool] | None = None,
    concerns: Callable[[Treatment], bool] | None = None,
    of_profile: bool = False,
) -> Callable[[Measurement], Measurement]:
    """Register a measure under its name."""

    def register(observe: Measurement) -> Measurement:
        MEASURES[name] = Measure(name, scope, unit, needs, observe, pointer, heeds_limit, concerns, of_profile)
        return observe

    return register


def always(spots: Sequence[Spot]) -> bool:
    return True


def whole(number: int) -> Ratio:
    return Ratio(number * 1000)


def unique(pointers: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(pointers))


def _member(
    name: str, scope: str, unit: str, path: str, convert: Callable[[Any], Any], of_profile: bool = False
) -> None:
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
    measure(name, scope, unit, PREFIXES[scope] + dotted, pointer=pointer, of_profile=of_profile)(observe)


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
_member("days-since-delivery", "plan", "d", "patient/days_since_delivery", whole)
_member("thermal-ablation-unsuitable", "plan", "1", "patient/thermal_ablation_unsuitable", same)
_member("emergency-equipment", "plan", "1", "provider/emergency_equipment_on_site", same)
_member("observation-minutes", "session", "min", "observation_minutes", whole)
_member("compression-days", "session", "d", "compression_days", whole)
_member("activity-pause-days", "session", "d", "activity_pause_days", whole)
_member("concentration", "treatment", "%", "concentration_percent", Ratio, of_profile=True)
_member("vein-diameter", "treatment", "mm", "vein_diameter_mm", Ratio)
_member("form", "treatment", "1", "form", same, of_profile=True)


@measure("eligibility", "plan", "1", "provider.eligibility_confirmed", pointer="/provider/eligibility_confirmed")
def eligibility(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed:
    confirmed = context.plan.provider.eligibility_confirmed
    pointer = "/provider/eligibility_confirmed"
    if confirmed is None:
        return Observed(missing=(pointer,), reason="provider_decision")
    return Observed(confirmed, (pointer,))


@measure("area", "treatment", "1", "sessions[].treatments[].area", of_profile=True)
def area(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed:
    return Observed(spots[0].treatment.area, (f"{group.pointer}/area",))


@measure("jurisdiction", "treatment", "1", "jurisdiction", "sessions[].treatments[].product", of_profile=True)
def jurisdiction(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed:
    return Observed(context.plan.jurisdiction, (f"{group.pointer}/product",))


@measure(
    "session-volume",
    "session",
    "mL",
    "sessions[].treatments[].amount",
    "sessions[].treatments[].product",
    "sessions[].treatments[].containers",
)
def session_volume(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed:
    return volume(context, spots)


def volume(context: Context, spots: Sequence[Spot]) -> Observed:
    """The volumes of treatments, added up once for all the limits that look at the same ones."""
    key = id(spots)
    if spots is not context.volumes.get(key, (None,))[0]:
        observed = Observed(
            Ratio(sum([spot.nanolitres or 0 for spot in spots]), NANOLITRES),
            tuple([f"{spot.pointer}/amount" for spot in spots]),
            unique([pointer for spot in spots for pointer in spot.volume_missing]),
        )
        context.volumes[key] = (spots, observed)
    known: Observed = context.volumes[key][1]
    return known


@measure(
    "daily-volume",
    "day",
    "mL",
    "sessions[].date",
    "sessions[].treatments[].amount",
    "sessions[].treatments[].containers",
)
def daily_volume(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed | None:
    """The volume of the treatments of a calendar day, where it has, or may have, more than one session."""
    undated = context.undated()
    if len(group.sessions) == 1 and not undated:
        return None
    observed = volume(context, spots)
    return replace(observed, missing=unique([*observed.missing, *undated]))


@measure(
    "vein-type",
    "treatment",
    "1",
    "sessions[].treatments[].vein_type",
    "sessions[].treatments[].vein_diameter_mm",
    of_profile=True,
)
def vein_type(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed:
    """The vein type as stated; a diameter settles which of the banded ones it is."""
    known = spots[0].matches.profile.vein_type
    if known is None:
        return Observed(missing=(f"{group.pointer}/vein_type",))
    return Observed(known, (f"{group.pointer}/vein_type",))


@measure("vial-count", "session", "{vial}", "sessions[].treatments[].amount")
def vial_count(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed | None:
    vials = [spot for spot in spots if spot.treatment.amount.unit == "vial"]
    if not vials:
        return None
    return Observed(
        Ratio(sum(spot.treatment.amount.value for spot in vials)), tuple(f"{spot.pointer}/amount" for spot in vials)
    )


@measure(
    "container-volume",
    "treatment",
    "mL",
    "sessions[].treatments[].product",
    "sessions[].treatments[].containers",
    heeds_limit=always,
    concerns=lambda treatment: treatment.amount.unit == "vial" or treatment.containers is not None,
)
def container_volume(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed | None:
    """The volume of a vial. None observed, though vials are counted, means that the size is open: that is a finding."""
    treatment = spots[0].treatment
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
    concerns=lambda treatment: treatment.containers is not None,
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
    concerns=lambda treatment: treatment.injections is not None,
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
    heeds_limit=lambda spots: spots[0].treatment.injections is not None,
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
    "injection-count", "session", "1", "sessions[].treatments[].injection_count", "sessions[].treatments[].injections"
)
def injection_count(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed:
    """The injections of the session's treatments that the limit applies to."""
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
    return Observed(whole(count), tuple(contributing), tuple(missing))


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
    return Observed(0 not in minutes, tuple(pointer for _, pointer in planned), missing)
