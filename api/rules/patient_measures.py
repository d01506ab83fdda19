"""Measures that look across treatments and time: dose by weight, days between sessions, what the patient has."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from api.rules.book import NOTHING, OTHER
from api.rules.context import NANOLITRES, Context, Group, Spot
from api.rules.measures import Observed, measure, unique, volume, whole
from api.rules.numbers import Ratio
from api.rules.plan import Session
from api.rules.rows import Limit

# Where the weight is not told, a dose that no adult of this weight would exceed is not missed; in thousandths of a kg.
LIGHTEST_ADULT = 30_000
# What bounds the volume of a session, as it is or by the dose.
MAXIMA = ("session-volume", "daily-dose-per-weight")


@measure(
    "daily-dose-per-weight",
    "day",
    "mg/kg",
    "patient.weight_kg",
    "sessions[].date",
    "previous_sessions",
    "previous_sessions[].date",
    "previous_sessions[].products",
    "sessions[].treatments[].amount",
    "sessions[].treatments[].containers",
    "sessions[].treatments[].concentration_percent",
    "sessions[].treatments[].foam.ratio",
)
def daily_dose_per_weight(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed:
    """Milligrams of sclerosant in a calendar day, over all products that hold it, for each kilogram of body weight.

    Foam counts with its liquid share; where the ratio is not told, as if it were all liquid, unless that is too much.
    """
    weight = context.plan.patient.weight_kg
    amounts = volume(spots)
    missing = list(amounts.missing)
    missing += [
        f"{spot.pointer}/concentration_percent" for spot in spots if spot.treatment.concentration_percent is None
    ]
    missing += [*context.undated(), *context.untold_before(group, spots)]
    ratio_open = [spot for spot in spots if spot.treatment.form == "foam" and _ratio(spot) is None]
    dose = sum((_milligrams(spot) for spot in spots), Fraction(0))
    bound = Fraction(int(limit.value or 0), 1000)
    if weight is None:
        at_risk = dose > bound * Fraction(LIGHTEST_ADULT, 1000)
        return Observed(None, amounts.contributing, unique(["/patient/weight_kg", *missing]), at_risk=at_risk)
    kilograms = Fraction(weight, 1000)
    if ratio_open and dose > bound * kilograms:
        missing += [f"{spot.pointer}/foam/ratio" for spot in ratio_open]
        dose = sum((_milligrams(spot) for spot in spots if spot not in ratio_open), Fraction(0))
    by_weight = dose * 1000 / kilograms
    contributing = (*amounts.contributing, "/patient/weight_kg")
    return Observed(Ratio(by_weight.numerator, by_weight.denominator), contributing, unique(missing))


def _ratio(spot: Spot) -> int | None:
    return spot.treatment.foam.ratio if spot.treatment.foam else None


def _milligrams(spot: Spot) -> Fraction:
    """Of a treatment: a mL of a 1 % solution holds 10 mg; of foam, its liquid share does."""
    drug = Fraction((spot.nanolitres or 0) * (spot.treatment.concentration_percent or 0), 100_000 * NANOLITRES)
    return drug * Fraction(1000, 1000 + (_ratio(spot) or 0))


@measure("session-interval", "session", "d", "sessions[].date", "previous_sessions", "previous_sessions[].date")
def session_interval(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed | None:
    """Days from the nearest earlier session, planned or past."""
    previous = context.plan.previous_sessions or ()
    past = [(session.date, f"/previous_sessions/{k}/date") for k, session in enumerate(previous)]
    planned = [(other.day, f"{other.pointer}/date") for other in context.sessions if other is not group]
    return _shortest_interval(context, group, past, planned, [])


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
)
def same_area_interval(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed | None:
    """Days from the nearest earlier session in which one of this session's areas was treated, on a side that it treats.

    A side that is not told may be either.
    """
    past, untold = [], []
    for k, previous in enumerate(context.plan.previous_sessions or ()):
        if previous.areas is None:
            untold.append(f"/previous_sessions/{k}/areas")
        elif any(_touches(context, spot, area, previous.sides) for spot in group.spots for area in previous.areas):
            past.append((previous.date, f"/previous_sessions/{k}/date"))
    planned = [
        (other.day, f"{other.pointer}/date")
        for other, session in zip(context.sessions, context.plan.sessions, strict=True)
        if other is not group and any(_meets(context, spot, session) for spot in group.spots)
    ]
    return _shortest_interval(context, group, past, planned, untold)


def _touches(context: Context, spot: Spot, area: str, sides: tuple[str, ...] | None) -> bool:
    """Whether a treatment is on the area, on one that holds it or lies within it, and may be on one of the sides."""
    side = spot.treatment.side
    return area in context.book.near[spot.treatment.area] and (side is None or sides is None or side in sides)


def _meets(context: Context, spot: Spot, session: Session) -> bool:
    """Whether a session treats what the treatment does."""
    return any(
        _touches(context, spot, other.area, None if other.side is None else (other.side,))
        for other in session.treatments
    )


Visits = Sequence[tuple[int | None, str]]


def _shortest_interval(
    context: Context, group: Group, past: Visits, planned: Visits, untold: list[str]
) -> Observed | None:
    """From the days and pointers of other sessions; `untold` are pointers to what would tell whether more count.

    Two planned sessions on one date are each 0 days from the other, in either order.
    """
    own = f"{group.pointer}/date"
    missing = ["/previous_sessions"] if context.plan.previous_sessions is None else []
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


@measure("condition", "conditions", "1", "patient.conditions", "patient.medications", "patient.other_conditions")
def condition(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed | None:
    """Whether the patient has the condition, or takes the drug, that the group stands for.

    A limit on no condition of its own asks whether any ruling in force is about it. None observed means: none is.
    """
    told = getattr(context.plan.patient, group.pointer.split("/")[2])
    if limit.condition is None:
        return None if group.entry is None or is_ruled_on(context, group.entry) else Observed(None, (group.pointer,))
    if told is None:
        return Observed(missing=(group.pointer,))
    if group.entry is None:
        return Observed(False, (group.pointer,))
    products = (f"{spot.pointer}/product" for spot in spots if spot.treatment.product)
    return Observed(True, (group.pointer, *products))


def is_ruled_on(context: Context, entry: str) -> bool:
    """Whether for every treatment a ruling in force is, or may be, about the condition or drug."""
    return all(context.lens.has_ruling(entry, spot.matches.profile) for spot in context.spots)


@measure(
    "allergen", "allergies", "1", "patient.allergies", "patient.other_allergies", "sessions[].treatments[].product"
)
def allergen(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed | None:
    """How many of the treatments' products hold the allergen of the group.

    A limit that is in force whatever is asked for asks whether that can be told. None observed means: it cannot.
    """
    told = getattr(context.plan.patient, group.pointer.split("/")[2])
    if limit.always:
        known = group.entry is None or _allergy_is_ruled_on(context, group.entry)
        return None if known else Observed(None, (group.pointer,))
    if told is None:
        return Observed(missing=(group.pointer,)) if group.pointer == "/patient/allergies" else None
    if group.entry is None:
        return Observed(whole(0), (group.pointer,))
    products = [(spot, context.book.products[spot.treatment.product]) for spot in spots if spot.treatment.product]
    holding = [spot for spot, product in products if group.entry in product.ingredients]
    return Observed(whole(len(holding)), (group.pointer, *(f"{spot.pointer}/product" for spot in holding)))


def _allergy_is_ruled_on(context: Context, entry: str) -> bool:
    """Whether a limit in force counts the allergy, or looks for it in products whose ingredients are known."""
    if _is_counted(context, entry, "compression-against-condition"):
        return True
    asked = any(not limit.always for limit in context.lens.limits_on("allergen"))
    if not asked or entry == OTHER or not context.book.words.knows("allergies", entry):
        return False
    products = [context.book.products[spot.treatment.product] for spot in context.spots if spot.treatment.product]
    sclerosants = {product.sclerosant for product in context.book.products.values()}
    return entry in sclerosants or all(product.excipients_known for product in products)


def _is_counted(context: Context, entry: str, measured: str) -> bool:
    """Whether a limit on a measure lists the entry, and applies, or may apply, to every treatment."""
    return any(
        entry in limit.values and all(limit in spot.matches.get(limit.rule, NOTHING).limits for spot in context.spots)
        for limit in context.lens.limits_on(measured)
    )


@measure("clot-risk-count", "plan", "1", "patient.medications", "patient.conditions", pointer="/patient/conditions")
def clot_risk_count(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed:
    """How many of the limit's listed risk factors the patient has, as a condition or as a drug."""
    patient = context.plan.patient
    if patient.conditions is None:
        return Observed(missing=("/patient/conditions",))
    counted: dict[str, str] = {}
    for members in ("conditions", "medications"):
        for k, slug in enumerate(getattr(patient, members) or ()):
            if slug in limit.values:
                counted.setdefault(slug, f"/patient/{members}/{k}")
    return Observed(whole(len(counted)), tuple(counted.values()))


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
    "days-since-delivery",
    "plan",
    "d",
    "patient.sex",
    "patient.days_since_delivery",
    pointer="/patient/days_since_delivery",
)
def days_since_delivery(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed | None:
    """Days since the last delivery, which is not asked of a man."""
    patient = context.plan.patient
    pointers = ("/patient/days_since_delivery",)
    if patient.days_since_delivery is not None:
        return Observed(whole(patient.days_since_delivery), pointers)
    return None if patient.sex == "male" else Observed(missing=pointers)


@measure(
    "compression-against-condition",
    "session",
    "d",
    "patient.conditions",
    "patient.other_allergies",
    "patient.ankle_brachial_index",
    "sessions[].compression_days",
)
def compression_against_condition(
    context: Context, group: Group, spots: Sequence[Spot], limit: Limit
) -> Observed | None:
    """Days of compression, where the patient has something that the limit lists as speaking against it."""
    patient, days = context.plan.patient, context.plan.sessions[group.sessions[0]].compression_days
    pointer = f"{group.pointer}/compression_days"
    against = [
        f"/patient/{members}/{k}"
        for members in ("conditions", "other_allergies")
        for k, slug in enumerate(getattr(patient, members) or ())
        if slug in limit.values
    ]
    if _ankle_pressure_is_low(context):
        against.append("/patient/ankle_brachial_index")
    if against:
        return Observed(missing=(pointer,)) if days is None else Observed(whole(days), (pointer, *against))
    untold = patient.conditions is None and days != 0 and limit.rule_set in context.plan.rule_sets
    return Observed(missing=("/patient/conditions",)) if untold else None


def _ankle_pressure_is_low(context: Context) -> bool:
    """Whether the stated ankle-brachial index is below the least that a limit gives."""
    index = context.plan.patient.ankle_brachial_index
    limits = context.lens.limits_on("ankle-brachial-index")
    return index is not None and any(index < int(limit.value or 0) for limit in limits)


@measure("same-day-procedures", "session", "1", "sessions[].same_day_procedures")
def same_day_procedures(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed | None:
    """How many of the procedures that the limit lists are done on the day.

    A limit that is in force whatever is asked for asks whether each is listed by another. None observed: one is not.
    """
    procedures = context.plan.sessions[group.sessions[0]].same_day_procedures
    pointer = f"{group.pointer}/same_day_procedures"
    if limit.always:
        open_ones = [
            k for k, entry in enumerate(procedures or ()) if not _is_counted(context, entry, "same-day-procedures")
        ]
        return Observed(None, tuple(f"{pointer}/{k}" for k in open_ones)) if open_ones else None
    if procedures is None:
        return Observed(missing=(pointer,))
    counted = [k for k, entry in enumerate(procedures) if entry in limit.values]
    return Observed(whole(len(counted)), tuple(f"{pointer}/{k}" for k in counted) or (pointer,))


@measure(
    "product-share",
    "day",
    "1",
    "patient.weight_kg",
    "previous_sessions",
    "previous_sessions[].date",
    "previous_sessions[].products",
    "sessions[].date",
    "sessions[].treatments[].amount",
    "sessions[].treatments[].containers",
    "sessions[].treatments[].concentration_percent",
    "sessions[].treatments[].form",
    "sessions[].treatments[].vein_type",
    "sessions[].treatments[].product",
)
def product_share(context: Context, group: Group, spots: Sequence[Spot], limit: Limit) -> Observed | None:
    """Where a session mixes products, or strengths or forms of other maxima: the volumes as shares of these, summed."""
    named = [spot for spot in spots if spot.treatment.product]
    if len({spot.treatment.product for spot in named}) < 2 and len({_maxima(context, spot) for spot in named}) < 2:
        return None
    total = Fraction(0)
    missing = [pointer for spot in spots for pointer in spot.volume_missing]
    missing += [*context.undated(), *context.untold_on_the_day(group, spots)]
    open_limits: list[str] = []
    for spot in spots:
        known = len(missing)
        most = _session_maximum(context, spot, missing)
        if most is not None:
            total += Fraction(spot.nanolitres or 0) / most
        elif len(missing) == known:
            open_limits.append(f"{spot.pointer}/product")
    pointers = tuple([f"{spot.pointer}/amount" for spot in spots])
    reason = "limit_unconfirmed" if open_limits and not missing else "missing_input"
    return Observed(Ratio(total.numerator, total.denominator), pointers, unique(missing or open_limits), reason)


def _maxima(context: Context, spot: Spot) -> tuple[int, ...]:
    """The maxima of a treatment's product, as what they are worth for telling treatments apart."""
    return tuple(sorted({id(limit) for measured in MAXIMA for limit, _ in _numbered(context, spot, measured)}))


def _session_maximum(context: Context, spot: Spot, missing: list[str]) -> Fraction | None:
    """The strictest maximum for the treatment's product, in thousandths of a mL, if need be from its dose."""
    own, doses = (list(_bounds(context, spot, measured, missing)) for measured in MAXIMA)
    if own:
        return Fraction(min(own))
    if not doses:
        return None
    weight, concentration = context.plan.patient.weight_kg, spot.treatment.concentration_percent
    if weight is None or concentration is None:
        missing.append("/patient/weight_kg" if weight is None else f"{spot.pointer}/concentration_percent")
        return None
    return Fraction(min(doses) * weight, 10 * concentration)  # a mL of a 1 % solution holds 10 mg


def _bounds(context: Context, spot: Spot, measured: str, missing: list[str]) -> Iterator[int]:
    """The maxima of a measure for the treatment's product; `missing` gets what would tell more of them."""
    for limit, unknown in _numbered(context, spot, measured):
        if unknown:
            missing += [f"{spot.pointer}/{member}" for member in unknown if member != "area"]
        else:
            yield int(limit.value or 0)


def _numbered(context: Context, spot: Spot, measured: str) -> Iterator[tuple[Limit, tuple[str, ...]]]:
    """The maxima that apply, or may apply, to a treatment's product, whoever was asked, with what would tell.

    That a label's number was not asked for does not make it unknown.
    """
    for slug in context.book.rules_of(measured):
        if context.book.rules[slug].topic is None:
            continue
        for limit in context.lens.numbered.get(slug, ()):
            unknown = context.book.unknown(limit, spot.matches.profile)
            if unknown is not None:
                yield limit, unknown
