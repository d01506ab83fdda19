"""Measures of a day or a week: its treatments in; their volume, vials, injections, dose or share out."""

from collections.abc import Iterator
from fractions import Fraction

from api.rules.book import Profile
from api.rules.layout import DAYS_OF_A_WEEK, NANOLITRES, Group, Layout, PlacedTreatment, Treatments
from api.rules.measures.registry import Observed, measure, unique, whole
from api.rules.numbers import Ratio
from api.rules.rows import Limit

# In thousandths of a kg. Where the weight is not told, a dose that is not too much at this weight puts no one at risk.
LIGHTEST_ADULT = 30_000

# The measures that bound the volume of a session: as it is, or by the dose.
MAXIMA = ("session-volume", "daily-dose-per-weight")

# The members that the volume of a day, or of a week, is read from.
NEEDS_OF_A_SPAN = (
    "sessions[].date",
    "previous_sessions",
    "previous_sessions[].date",
    "previous_sessions[].products",
    "sessions[].treatments[].amount",
    "sessions[].treatments[].containers",
)


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
def session_volume(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed:
    """The volume of a session. Sessions of one date are added up: a visit that is split in two uses no less."""
    return volume(treatments, (*layout.undated(), *layout.untold_on_the_day(group, treatments)))


def volume(treatments: Treatments, missing: tuple[str, ...] = ()) -> Observed:
    """The sum of the treatments' volumes. What would settle those that are not known is missing, and what else is."""
    return Observed(
        Ratio(sum([placed.nanolitres or 0 for placed in treatments]), NANOLITRES),
        tuple([f"{placed.pointer}/amount" for placed in treatments]),
        unique([*[pointer for placed in treatments for pointer in placed.volume_missing], *missing]),
    )


@measure("daily-volume", "day", "mL", *NEEDS_OF_A_SPAN)
def daily_volume(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed | None:
    """The volume of a calendar day that has, or may have, more than one session."""
    missing = (*layout.undated(), *layout.untold_before(group, treatments))
    if len(group.sessions) == 1 and not missing:
        return None
    return volume(treatments, missing)


@measure("weekly-volume", "week", "mL", *NEEDS_OF_A_SPAN)
def weekly_volume(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed:
    """The volume of the seven days that end with a session's day."""
    return volume(treatments, (*layout.undated(), *layout.untold_before(group, treatments, DAYS_OF_A_WEEK)))


@measure("vial-count", "day", "{vial}", "sessions[].treatments[].amount", "previous_sessions", "sessions[].date")
def vial_count(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed | None:
    """The vials of a day, where amounts are given in vials."""
    vials = [placed for placed in treatments if placed.treatment.amount.unit == "vial"]
    if not vials:
        return None
    count = Ratio(sum(placed.treatment.amount.value for placed in vials))
    missing = (*layout.undated(), *layout.untold_on_the_day(group, treatments))
    return Observed(count, layout.pointers(vials, ("amount",)), missing)


@measure(
    "injection-count",
    "day",
    "1",
    "sessions[].treatments[].injection_count",
    "sessions[].treatments[].injections",
    "previous_sessions",
    "previous_sessions[].date",
    "previous_sessions[].products",
    "sessions[].date",
    gives="count",
    least=1000,
)
def injection_count(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed:
    """The injections of a day that the limit applies to."""
    count, contributing, missing = 0, [], []
    for placed in treatments:
        treatment = placed.treatment
        if treatment.injections is not None:
            count += sum(injection.count for injection in treatment.injections)
            contributing.append(f"{placed.pointer}/injections")
        elif treatment.injection_count is not None:
            count += treatment.injection_count
            contributing.append(f"{placed.pointer}/injection_count")
        else:
            missing.append(f"{placed.pointer}/injection_count")
    missing += [*layout.undated(), *layout.untold_on_the_day(group, treatments)]
    return Observed(whole(count), tuple(contributing), unique(missing))


@measure(
    "daily-dose-per-weight",
    "day",
    "mg/kg",
    "patient.weight_kg",
    *NEEDS_OF_A_SPAN,
    "sessions[].treatments[].concentration_percent",
    "sessions[].treatments[].foam.ratio",
)
def daily_dose_per_weight(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed:
    """Milligrams of sclerosant in a calendar day, over all products that have it, for each kilogram of body weight.

    Of foam, its liquid counts. Where its ratio is not told, foam counts as if it were all liquid; if that is over the
    limit, the ratio is missing, and such foam counts as nothing.
    """
    weight = layout.plan.patient.weight_kg
    amounts = volume(treatments)
    missing = list(amounts.missing)
    missing += [
        f"{placed.pointer}/concentration_percent"
        for placed in treatments
        if placed.treatment.concentration_percent is None
    ]
    missing += [*layout.undated(), *layout.untold_before(group, treatments)]
    ratio_open = [placed for placed in treatments if placed.treatment.form == "foam" and _ratio(placed) is None]
    dose = _milligrams(treatments)
    bound = Fraction(int(limit.value or 0), 1000)
    if weight is None:
        at_risk = dose > bound * Fraction(LIGHTEST_ADULT, 1000)
        return Observed(None, amounts.contributing, unique(["/patient/weight_kg", *missing]), at_risk=at_risk)
    kilograms = Fraction(weight, 1000)
    if ratio_open and dose > bound * kilograms:
        missing += [f"{placed.pointer}/foam/ratio" for placed in ratio_open]
        dose = _milligrams([placed for placed in treatments if placed not in ratio_open])
    by_weight = dose * 1000 / kilograms
    contributing = (*amounts.contributing, "/patient/weight_kg")
    return Observed(Ratio(by_weight.numerator, by_weight.denominator), contributing, unique(missing))


def _ratio(placed: PlacedTreatment) -> int | None:
    """The parts of gas for one part of liquid, in thousandths; None where they are not told."""
    return placed.treatment.foam.ratio if placed.treatment.foam else None


def _milligrams(treatments: Treatments) -> Fraction:
    """The milligrams of sclerosant in treatments: 10 in each mL of 1 % liquid; of foam, in each mL of its liquid."""
    drug: dict[int, int] = {}  # volume times strength, by the parts of gas
    for placed in treatments:
        gas = _ratio(placed) or 0
        of_this = (placed.nanolitres or 0) * (placed.treatment.concentration_percent or 0)
        drug[gas] = drug.get(gas, 0) + of_this
    each = [Fraction(of_all * 1000, 100_000 * NANOLITRES * (1000 + gas)) for gas, of_all in drug.items()]
    return sum(each, Fraction(0))


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
def product_share(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed | None:
    """The sum of shares of maxima, where a day mixes products, or strengths or forms that have maxima of their own.

    Example: 6 mL of a product of which 12 mL is the most, and 3 mL of one of which 4 mL is: 0.5 and 0.75 is 1.25.
    """
    named = [placed for placed in treatments if placed.treatment.product]
    if (
        len({placed.treatment.product for placed in named}) < 2
        and len({_maxima(layout, profile) for profile in {placed.matches.profile for placed in named}}) < 2
    ):
        return None
    total = Fraction(0)
    missing = [pointer for placed in treatments for pointer in placed.volume_missing]
    missing += [*layout.undated(), *layout.untold_on_the_day(group, treatments)]
    without_maximum: list[str] = []
    for placed in treatments:
        most, unsettled = _session_maximum(layout, placed)
        missing += unsettled
        if most is not None:
            total += Fraction(placed.nanolitres or 0) / most
        elif not unsettled:
            without_maximum.append(f"{placed.pointer}/product")
    pointers = tuple([f"{placed.pointer}/amount" for placed in treatments])
    reason = "limit_unconfirmed" if without_maximum and not missing else "missing_input"
    return Observed(Ratio(total.numerator, total.denominator), pointers, unique(missing or without_maximum), reason)


def _maxima(layout: Layout, profile: Profile) -> tuple[str, ...]:
    """The slugs of the maxima of a treatment: where two treatments have other maxima, these slugs differ."""
    return tuple(sorted({limit.slug for measured in MAXIMA for limit, _ in _numbered(layout, profile, measured)}))


def _session_maximum(layout: Layout, placed: PlacedTreatment) -> tuple[Fraction | None, list[str]]:
    """The strictest maximum of a treatment, in thousandths of a mL; and pointers to members that would settle more.

    Where no maximum is a volume, it is worked out from the dose by weight.
    """
    (volumes, of_volume), (doses, of_dose) = (_bounds(layout, placed, measured) for measured in MAXIMA)
    missing = [*of_volume, *of_dose]
    if volumes:
        return Fraction(min(volumes)), missing
    if not doses:
        return None, missing
    weight, concentration = layout.plan.patient.weight_kg, placed.treatment.concentration_percent
    if weight is None or concentration is None:
        own = "/patient/weight_kg" if weight is None else f"{placed.pointer}/concentration_percent"
        return None, [*missing, own]
    return volume_of_dose(min(doses), weight, concentration), missing


def volume_of_dose(dose: int, weight: int, concentration: int) -> Fraction:
    """The volume of a dose in thousandths of a mL, from thousandths of mg/kg, kg and %; 1 mL of 1 % holds 10 mg."""
    return Fraction(dose * weight, 10 * concentration)


def _bounds(layout: Layout, placed: PlacedTreatment, measured: str) -> tuple[list[int], list[str]]:
    """The maxima of a measure that apply to a treatment; and pointers to members that would settle whether more do."""
    numbered = list(_numbered(layout, placed.matches.profile, measured))
    bounds = [int(limit.value or 0) for limit, unknown in numbered if not unknown]
    missing = [f"{placed.pointer}/{name}" for _, unknown in numbered for name in unknown if name != "area"]
    return bounds, missing


def _numbered(layout: Layout, profile: Profile, measured: str) -> Iterator[tuple[Limit, tuple[str, ...]]]:
    """The maxima with a number that apply, or may apply, to a profile, each with the members that would settle it.

    Also those that were not asked for: a share of a label's maximum can be told without being held against it.
    """
    for slug in layout.book.rules_of(measured):
        if layout.book.rules[slug].topic is None:
            continue
        for limit in layout.in_force.numbered.get(slug, ()):
            unknown = layout.book.unknown(limit, profile)
            if unknown is not None:
                yield limit, unknown
