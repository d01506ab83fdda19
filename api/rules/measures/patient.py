"""Measures of the patient: a plan in; age, conditions, drugs, allergies and eligibility, as they are stated, out."""

from api.rules.book import OTHER
from api.rules.layout import Group, Layout, Treatments
from api.rules.measures.registry import Observed, broken_by, measure, member_measure, whole
from api.rules.numbers import Ratio
from api.rules.rows import Limit

member_measure("age", "plan", "a", "patient/age_years", whole, gives="count")
member_measure("ankle-brachial-index", "plan", "1", "patient/ankle_brachial_index", Ratio)
member_measure("thermal-ablation-unsuitable", "plan", "1", "patient/thermal_ablation_unsuitable", gives="flag")
member_measure("emergency-equipment", "plan", "1", "provider/emergency_equipment_on_site", gives="flag")


@measure(
    "eligibility",
    "plan",
    "1",
    "provider.eligibility_confirmed",
    gives="flag",
    pointer="/provider/eligibility_confirmed",
)
def eligibility(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed:
    """True where the provider states that eligibility was determined at a consultation."""
    confirmed = layout.plan.provider.eligibility_confirmed
    pointer = "/provider/eligibility_confirmed"
    if confirmed is None:
        return Observed(missing=(pointer,), reason="provider_decision")
    return Observed(confirmed, (pointer,))


@measure(
    "condition",
    "conditions",
    "1",
    "patient.conditions",
    "patient.medications",
    "patient.other_conditions",
    gives="flag",
    asks_condition=True,
)
def condition(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed | None:
    """True where the patient has the condition, or takes the drug, that is the group's entry.

    A limit on no condition is broken by an entry on which no ruling is in force.
    """
    sent = getattr(layout.plan.patient, group.pointer.split("/")[2])
    if limit.condition is None:
        return None if group.entry is None or _is_ruled_on(layout, group.entry) else broken_by(group.pointer)
    if sent is None:
        return Observed(missing=(group.pointer,))
    if group.entry is None:
        return Observed(False, (group.pointer,))
    products = (f"{placed.pointer}/product" for placed in treatments if placed.treatment.product)
    return Observed(True, (group.pointer, *products))


def _is_ruled_on(layout: Layout, entry: str) -> bool:
    """True where, for every treatment, a ruling on the condition or drug is in force and applies, or may apply."""
    return all(layout.in_force.has_ruling(entry, placed.matches.profile) for placed in layout.treatments)


@measure(
    "allergen",
    "allergies",
    "1",
    "patient.allergies",
    "patient.other_allergies",
    "sessions[].treatments[].product",
    gives="count",
)
def allergen(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed | None:
    """How many treatments are with a product that has the group's entry, an allergen, in it.

    A limit that is `always` in force is broken by an allergen for which that cannot be told.
    """
    sent = getattr(layout.plan.patient, group.pointer.split("/")[2])
    if limit.always:
        can_be_told = group.entry is None or _allergy_is_ruled_on(layout, group.entry)
        return None if can_be_told else broken_by(group.pointer)
    if sent is None:
        return Observed(missing=(group.pointer,)) if group.pointer == "/patient/allergies" else None
    if group.entry is None:
        return Observed(whole(0), (group.pointer,))
    products = [
        (placed, layout.book.products[placed.treatment.product]) for placed in treatments if placed.treatment.product
    ]
    holding = [placed for placed, product in products if group.entry in product.ingredients]
    return Observed(whole(len(holding)), (group.pointer, *(f"{placed.pointer}/product" for placed in holding)))


def _allergy_is_ruled_on(layout: Layout, entry: str) -> bool:
    """True where a limit in force lists the allergy, or compares it with products whose ingredients are known."""
    if layout.is_listed(entry, "compression-against-condition"):
        return True
    compared = any(not limit.always for limit in layout.in_force.limits_on("allergen"))
    if not compared or entry == OTHER or not layout.book.vocabulary.knows("allergies", entry):
        return False
    products = [
        layout.book.products[placed.treatment.product] for placed in layout.treatments if placed.treatment.product
    ]
    sclerosants = {product.sclerosant for product in layout.book.products.values()}
    return entry in sclerosants or all(product.excipients_known for product in products)


@measure(
    "clot-risk-count",
    "plan",
    "1",
    "patient.medications",
    "patient.conditions",
    gives="count",
    words=lambda book: (*book.vocabulary["conditions"], *book.vocabulary["medications"]),
    pointer="/patient/conditions",
)
def clot_risk_count(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed:
    """How many of the risk factors that the limit lists the patient has, as a condition or as a drug."""
    patient = layout.plan.patient
    if patient.conditions is None:
        return Observed(missing=("/patient/conditions",))
    counted: dict[str, str] = {}
    for patients_list in ("conditions", "medications"):
        for k, slug in enumerate(getattr(patient, patients_list) or ()):
            if slug in limit.values:
                counted.setdefault(slug, f"/patient/{patients_list}/{k}")
    return Observed(whole(len(counted)), tuple(counted.values()))


@measure(
    "breastfeeding-pause",
    "plan",
    "h",
    "patient.conditions",
    "patient.breastfeeding_pause_hours",
    pointer="/patient/breastfeeding_pause_hours",
    asks_condition=True,
)
def breastfeeding_pause(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed | None:
    """The hours for which breastfeeding is to pause, where the patient has the limit's condition: breastfeeding."""
    patient = layout.plan.patient
    if patient.conditions is None:
        return Observed(missing=("/patient/conditions",))
    if limit.condition not in patient.conditions:
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
    gives="count",
    pointer="/patient/days_since_delivery",
)
def days_since_delivery(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed | None:
    """Days since the last delivery; they are not missing where the patient is male."""
    patient = layout.plan.patient
    pointers = ("/patient/days_since_delivery",)
    if patient.days_since_delivery is not None:
        return Observed(whole(patient.days_since_delivery), pointers)
    return None if patient.sex == "male" else Observed(missing=pointers)
