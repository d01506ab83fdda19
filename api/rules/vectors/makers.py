"""Makers: a plan and a value in; the plan is changed so that a measure comes to the value. One for each measure."""

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from math import ceil, floor
from typing import Any

from api.rules.book import OTHER, Book
from api.rules.numbers import as_text, thousandths
from api.rules.plan import JURISDICTIONS
from api.rules.rows import Limit

Document = dict[str, Any]

DAY = "2026-11-22"
# Changes a plan, or its one treatment, so that the measure of the limit comes to the value.
Maker = Callable[[Book, Document, Document, Limit, Any], None]


def _amount(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    """The value as the amount; where a limit has no number, any amount will do."""
    if value is not None:
        treatment["amount"] = {"value": as_text(value), "unit": "mL"}


def _daily(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    """Two sessions on one day, the second with the smallest amount."""
    treatment["amount"] = {"value": as_text(value - 1), "unit": "mL"}
    other = {**treatment, "amount": {"value": "0.001", "unit": "mL"}}
    plan["sessions"].append({"date": DAY, "treatments": [other]})


def _weekly(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    """Two sessions six days apart, the second with the smallest amount."""
    _daily(book, plan, treatment, limit, value)
    plan["sessions"][1]["date"] = date.fromordinal(date.fromisoformat(DAY).toordinal() + 6).isoformat()


def _injection(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    """Two injections of the value."""
    if value is None:
        return
    treatment["amount"] = {"value": as_text(2 * value), "unit": "mL"}
    treatment["injection_count"] = 2


def _vials(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    """As many vials as the value, of next to no volume."""
    treatment["amount"] = {"value": as_text(value), "unit": "vial"}
    treatment["containers"] = {"volume_ml": "0.001"}


def _container(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    """A vial of the value; without one, a vial of no named product."""
    treatment["amount"] = {"value": "1", "unit": "vial"}
    if value is None:
        del treatment["product"]
    else:
        treatment["containers"] = {"volume_ml": as_text(value)}


def _shortfall(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    """The value more than one container of 2 mL."""
    treatment["amount"] = {"value": as_text(2000 + value), "unit": "mL"}
    treatment["containers"] = {"volume_ml": "2", "count": 1}


def _sum(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    """One injection of the value more than the amount, which is 0.2 mL."""
    del treatment["injection_count"]
    treatment["injections"] = [{"count": 1, "volume_ml": as_text(200 + value)}]


def _dose(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    """At 100 kg, the amount of a 1 % solution in mL is ten times the dose in mg/kg; foam counts as liquid here."""
    plan["patient"]["weight_kg"] = "100"
    if value is not None:
        strength = thousandths(treatment["concentration_percent"]) or 0
        # Rounded to what a plan can say, away from the bound where the value is beyond it.
        volume = Fraction(10 * value * 1000, strength)
        treatment["amount"] = {
            "value": as_text(ceil(volume) if value > int(limit.value or 0) else floor(volume)),
            "unit": "mL",
        }


def _share(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    """Two products of one country: 0.6 of the maximum of the first, and of the second what is left of the value."""
    jurisdiction, [(first, most), (second, other_most)] = _two_maxima(book)
    plan["rule_sets"] = ["label", limit.rule_set]
    plan["jurisdiction"] = jurisdiction
    amount = most * 3 // 5
    rest = (value - Fraction(amount * 1000, most)) * other_most / 1000
    other = ceil(rest) if value > int(limit.value or 0) else floor(rest)
    treatment |= {"product": first, "amount": {"value": as_text(amount), "unit": "mL"}}
    added = {**treatment, "product": second, "amount": {"value": as_text(other), "unit": "mL"}}
    plan["sessions"][0]["treatments"].append(added)


def _two_maxima(book: Book) -> tuple[str, list[tuple[str, int]]]:
    """The first country where the labels of two products give a maximum for a session, and the maximum of each.

    Raises:
        LookupError: there is no such country.
    """
    rules = book.rules_of("session-volume")
    for jurisdiction in JURISDICTIONS:
        maxima = sorted(
            (limit.product, int(limit.value))
            for limit in book.limits
            if limit.rule in rules
            and limit.product
            and limit.value
            and (limit.rule_set, limit.severity, limit.jurisdiction) == ("label", "error", jurisdiction)
            and limit.form is None
        )
        if len({product for product, _ in maxima}) > 1:
            return jurisdiction, maxima[:2]
    raise LookupError("no two labels of one country give a session maximum")


def _allergy(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    """As many treatments as the value, with a product that the patient is allergic to."""
    treatments = plan["sessions"][0]["treatments"]
    treatments += [dict(treatment)] * (value // 1000 - 1)
    if limit.always:
        plan["patient"]["allergies"] = [OTHER] if value else []
        return
    plan["patient"]["allergies"] = [book.products[treatment["product"]].sclerosant] if value else []


def _risks(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    """As many of the risk factors that the limit lists as the value."""
    plan["patient"]["conditions"] = list(limit.values)[: value // 1000]


def _condition(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    """The condition, or the drug, that the ruling is on."""
    patients_list = (
        "conditions"
        if limit.condition is None or book.vocabulary.knows("conditions", limit.condition)
        else "medications"
    )
    plan["patient"][patients_list] = [limit.condition or OTHER] if value else []


def _against(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    """As many days of compression as the value, with a condition that speaks against it."""
    plan["patient"]["conditions"] = [limit.values[0]]
    plan["sessions"][0]["compression_days"] = value // 1000


def _procedures(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    """As many of the procedures that the limit lists as the value."""
    plan["sessions"][0]["same_day_procedures"] = [*(limit.values or ["other"])][: value // 1000]


def _gas(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    """Foam of the gas."""
    treatment |= {"form": "foam", "foam": {"gas": value}}


def _beyond_type(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    """A vein of the first type that has an upper end, wider than that by the value."""
    upper_ends = [(slug, band.most) for slug, band in book.bands.items() if band.most is not None]
    vein_type, most = upper_ends[0]
    treatment |= {"vein_type": vein_type, "vein_diameter_mm": as_text(most + value)}


def _feeding(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    """Breastfeeding that is to pause for the value."""
    plan["patient"] |= {"conditions": [limit.condition], "breastfeeding_pause_hours": as_text(value)}


def _interval(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    """A previous session as many days ago as the value."""
    value = value or 0
    earlier = date.fromordinal(date.fromisoformat(DAY).toordinal() - value // 1000).isoformat()
    plan["previous_sessions"] = [{"date": earlier, "areas": [treatment["area"]], "products": [treatment["product"]]}]


def _test_dose(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    """A test dose of the value."""
    treatment["test_dose"] = {"volume_ml": as_text(value)}


def _test_dose_observed(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    """A test dose that is observed, or is not."""
    treatment["test_dose"] = {"volume_ml": "0.5", "observation_minutes": 180 if value else 0}


def _jurisdiction(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    """The jurisdiction as the plan's."""
    plan["jurisdiction"] = value


def _decimal(name: str) -> Maker:
    """A maker that sets a decimal member of the treatment."""

    def maker(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
        if value is not None:
            treatment[name] = as_text(value)

    return maker


def _of_patient(name: str) -> Maker:
    """A maker that sets a decimal member of the patient."""

    def maker(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
        plan["patient"][name] = as_text(value)

    return maker


def _plain(owner: str, name: str) -> Maker:
    """A maker that sets a word, a flag or a whole number in the patient, the provider, the session or the treatment."""

    def maker(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
        target = plan["sessions"][0] if owner == "session" else treatment if owner == "treatment" else plan[owner]
        target[name] = value // 1000 if type(value) is int else value

    return maker


MAKERS: dict[str, Maker] = {
    "activity-pause-days": _plain("session", "activity_pause_days"),
    "age": _plain("patient", "age_years"),
    "allergen": _allergy,
    "area": _plain("treatment", "area"),
    "breastfeeding-pause": _feeding,
    "clot-risk-count": _risks,
    "compression-days": _plain("session", "compression_days"),
    "concentration": _decimal("concentration_percent"),
    "condition": _condition,
    "container-shortfall": _shortfall,
    "container-volume": _container,
    "daily-dose-per-weight": _dose,
    "days-since-delivery": _plain("patient", "days_since_delivery"),
    "eligibility": _plain("provider", "eligibility_confirmed"),
    "emergency-equipment": _plain("provider", "emergency_equipment_on_site"),
    "form": _plain("treatment", "form"),
    "injection-count": _plain("treatment", "injection_count"),
    "injection-volume": _injection,
    "injection-volume-sum": _sum,
    "jurisdiction": _jurisdiction,
    "observation-minutes": _plain("session", "observation_minutes"),
    "product-share": _share,
    "same-area-interval": _interval,
    "session-interval": _interval,
    "session-volume": _amount,
    "test-dose-observed": _test_dose_observed,
    "test-dose-volume": _test_dose,
    "thermal-ablation-unsuitable": _plain("patient", "thermal_ablation_unsuitable"),
    "daily-volume": _daily,
    "ankle-brachial-index": _of_patient("ankle_brachial_index"),
    "compression-against-condition": _against,
    "diameter-beyond-type": _beyond_type,
    "foam-gas": _gas,
    "same-day-procedures": _procedures,
    "vein": _plain("treatment", "vein"),
    "vein-type": _plain("treatment", "vein_type"),
    "weekly-volume": _weekly,
    "vein-diameter": _decimal("vein_diameter_mm"),
    "vial-count": _vials,
}
