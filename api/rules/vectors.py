"""Boundary vectors: for every limit, plans on, just inside and just outside it, and what they come to.

They are made from the limits' rows alone, so none is forgotten. A partner that keeps a copy of the rules can prove it.
"""

from collections.abc import Callable, Iterator
from datetime import date
from fractions import Fraction
from itertools import product as product_of_all
from math import ceil, floor
from typing import Any

from api.rules.answer import look
from api.rules.book import NOTHING, OTHER, Book, Profile
from api.rules.measures import MEASURES
from api.rules.numbers import as_text, thousandths
from api.rules.plan import FORMS, GASES, VEINS
from api.rules.reading import as_read
from api.rules.rows import Limit

Document = dict[str, Any]

DAY = "2026-11-22"
# A treatment whose volume is out of the way of every limit that a vector is not about.
SMALL = "0.2"
# The least that a plan can say of a measure, in thousandths, where that is not zero.
LEAST = {"injection-count": 1000}


def vectors(book: Book) -> Iterator[dict[str, Any]]:
    """A vector for each side of each limit: name, plan, and whether the limit is broken."""
    for limit in book.limits:
        if limit.unconfirmed:
            yield _vector(book, limit, "unconfirmed", _plan(book, limit, None), False)
            continue
        for side, value, broken in _sides(book, limit):
            yield _vector(book, limit, side, _plan(book, limit, value), broken)


def _vector(book: Book, limit: Limit, side: str, plan: Document, broken: bool) -> dict[str, Any]:
    seen = look(as_read(plan), book)
    findings = seen.findings
    return {
        "slug": f"{limit.slug}:{side}",
        "limit": limit.slug,
        "plan": plan,
        "broken": broken,
        "verdict": seen.verdict,
        "findings": [
            {
                "id": finding["id"],
                "severity": finding["severity"],
                "limit": finding["limit"]["slug"],
                "also_exceeds": finding["also_exceeds"],
            }
            for finding in findings
        ],
    }


def _sides(book: Book, limit: Limit) -> Iterator[tuple[str, Any, bool]]:
    """Values on, just inside and just outside the limit, in thousandths, and whether they break it."""
    if limit.comparator in ("<=", ">="):
        bound = int(limit.value or 0)
        measure = book.rules[limit.rule].measure
        outward = smallest_step(measure) * (1 if limit.comparator == "<=" else -1)
        for side, value in (("on", bound), ("inside", bound - outward), ("outside", bound + outward)):
            if value >= LEAST.get(measure, 0):
                yield side, value, side == "outside"
    elif limit.comparator == "=":
        if isinstance(limit.value, bool):
            yield "met", limit.value, False
            yield "not-met", not limit.value, True
        else:
            yield "assumed", None, True
    else:
        listed, others = _words(book, limit)
        for word in listed:
            yield f"listed-{_name(word)}", word, limit.comparator == "not-in"
        for word in others:
            yield f"other-{_name(word)}", word, limit.comparator == "in"


def _name(word: Any) -> str:
    return as_text(word).replace(".", "-") if isinstance(word, int) else str(word).lower()


def smallest_step(measure: str) -> int:
    """The smallest step that a plan can take in a measure, in thousandths."""
    counts = ("injection-count", "allergen", "clot-risk-count", "same-day-procedures")
    counted = MEASURES[measure].unit in ("d", "min", "a") or measure in counts
    return 1000 if counted else 1


def _words(book: Book, limit: Limit) -> tuple[list[Any], list[Any]]:
    """The words that the limit lists, and some that it does not."""
    measure = book.rules[limit.rule].measure
    product = _product(book, limit)
    listed = list(book.products[product].listed(limit.listed, None)) if limit.listed else list(limit.values)
    words: dict[str, list[Any]] = {
        "form": ["liquid", "foam"],
        "area": sorted(book.areas),
        "vein-type": list(book.words["vein-types"]),
        "jurisdiction": ["US", "DE"],
        "concentration": sorted({*book.products[product].strengths, 777}),
        "container-volume": [2000, 5000, 7777],
        "vein": list(VEINS),
        "foam-gas": list(GASES),
    }
    known = words[measure]
    if measure == "area":
        within = [area for area in known if set(book.areas[area]) & set(listed)]
        return within, [area for area in known if area not in within]
    return listed, [word for word in known if word not in listed]


def _product(book: Book, limit: Limit) -> str:
    """The product that a limit is about, or the first that its selectors admit, of its jurisdiction if there is one."""
    if limit.product is not None:
        return limit.product
    admitted = [slug for slug, known in book.products.items() if limit.sclerosant in (None, known.sclerosant)]
    sold = [slug for slug in admitted if (limit.jurisdiction or "US") in book.products[slug].jurisdictions]
    return (sold or admitted)[0]


def _plan(book: Book, limit: Limit, value: Any) -> Document:
    """A plan on which the limit's measure comes to the value, and which asks for the limit's rule set alone."""
    jurisdiction, profile = _where_it_speaks(book, limit)
    treatment: Document = {
        "area": profile.area,
        "product": profile.product,
        "concentration_percent": as_text(profile.concentration or 0),
        "form": profile.form,
        "amount": {"value": SMALL, "unit": "mL"},
        "injection_count": 1,
    }
    told = {"vein_type": profile.vein_type, "vein": limit.vein, "first_exposure": limit.first_exposure}
    treatment |= {name: word for name, word in told.items() if word is not None}
    plan: Document = {
        "jurisdiction": jurisdiction,
        "rule_sets": [limit.rule_set],
        "patient": {"conditions": [], "allergies": []},
        "provider": {},
        "previous_sessions": [],
        "sessions": [{"date": DAY, "treatments": [treatment]}],
    }
    MAKERS[book.rules[limit.rule].measure](book, plan, treatment, limit, value)
    return plan


def _where_it_speaks(book: Book, limit: Limit) -> tuple[str, Profile]:
    """A jurisdiction and a treatment on which the limit speaks, with as few others of its rule as can be.

    A limit without a number speaks only where none with a number does.
    """
    product = book.products[_product(book, limit)]
    jurisdictions = (limit.jurisdiction,) if limit.jurisdiction else product.jurisdictions or ("US",)
    forms = (limit.form,) if limit.form else FORMS
    vein_types = (limit.vein_type,) if limit.vein_type else (None, *book.bands)
    strengths = (limit.concentration,) if limit.concentration else product.strengths
    area, exposure = limit.area or "calf", limit.first_exposure
    places = [
        (
            jurisdiction,
            Profile(product.slug, product.sclerosant, strength, form, vein_type, limit.vein, area, exposure),
        )
        for jurisdiction, vein_type, form, strength in product_of_all(jurisdictions, vein_types, forms, strengths)
    ]

    def company(place: tuple[str, Profile]) -> tuple[bool, int]:
        """Whether the limit does not speak there, and how many limits of its rule do."""
        lens = book.lens(place[0], frozenset((limit.rule_set,)))
        match = lens.match(place[1]).get(limit.rule, NOTHING)
        return limit not in match.sure, len(match.sure)

    return min(places, key=company)


Maker = Callable[[Book, Document, Document, Limit, Any], None]


def _amount(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
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
    if value is None:
        return
    treatment["amount"] = {"value": as_text(2 * value), "unit": "mL"}
    treatment["injection_count"] = 2


def _vials(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    treatment["amount"] = {"value": as_text(value), "unit": "vial"}
    treatment["containers"] = {"volume_ml": "0.001"}


def _container(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    treatment["amount"] = {"value": "1", "unit": "vial"}
    if value is None:
        del treatment["product"]
    else:
        treatment["containers"] = {"volume_ml": as_text(value)}


def _shortfall(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    treatment["amount"] = {"value": as_text(2000 + value), "unit": "mL"}
    treatment["containers"] = {"volume_ml": "2", "count": 1}


def _sum(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
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
    """Two products of one jurisdiction: three fifths of the one's maximum, and of the other's what is left."""
    plan["rule_sets"] = ["label", limit.rule_set]
    plan["jurisdiction"] = "US"
    (first, most), (second, other_most) = _maxima(book)[:2]
    amount = most * 3 // 5
    rest = (value - Fraction(amount * 1000, most)) * other_most / 1000
    other = ceil(rest) if value > int(limit.value or 0) else floor(rest)
    treatment |= {"product": first, "amount": {"value": as_text(amount), "unit": "mL"}}
    twin = {**treatment, "product": second, "amount": {"value": as_text(other), "unit": "mL"}}
    plan["sessions"][0]["treatments"].append(twin)


def _maxima(book: Book) -> list[tuple[str, int]]:
    """The products whose label in the default jurisdiction gives one session maximum for everything, by slug."""
    rules = book.rules_of("session-volume")
    return sorted(
        (limit.product, int(limit.value))
        for limit in book.limits
        if limit.rule in rules
        and limit.product
        and limit.value
        and (limit.rule_set, limit.severity, limit.jurisdiction) == ("label", "error", "US")
        and limit.form is None
    )


def _allergy(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    treatments = plan["sessions"][0]["treatments"]
    treatments += [dict(treatment)] * (value // 1000 - 1)
    if limit.always:
        plan["patient"]["allergies"] = [OTHER] if value else []
        return
    plan["patient"]["allergies"] = [book.products[treatment["product"]].sclerosant] if value else []


def _risks(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    plan["patient"]["conditions"] = list(limit.values)[: value // 1000]


def _condition(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    members = (
        "conditions" if limit.condition is None or book.words.knows("conditions", limit.condition) else "medications"
    )
    plan["patient"][members] = [limit.condition or OTHER] if value else []


def _against(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    plan["patient"]["conditions"] = [limit.values[0]]
    plan["sessions"][0]["compression_days"] = value // 1000


def _procedures(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    plan["sessions"][0]["same_day_procedures"] = [*(limit.values or ["other"])][: value // 1000]


def _gas(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    treatment |= {"form": "foam", "foam": {"gas": value}}


def _beyond_type(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    """A vein of the first type that has an upper end, and wider by the value."""
    vein_type, most = next((slug, band.most) for slug, band in book.bands.items() if band.most is not None)
    treatment |= {"vein_type": vein_type, "vein_diameter_mm": as_text(most + value)}


def _feeding(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    plan["patient"] |= {"conditions": ["breastfeeding"], "breastfeeding_pause_hours": as_text(value)}


def _interval(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    value = value or 0
    earlier = date.fromordinal(date.fromisoformat(DAY).toordinal() - value // 1000).isoformat()
    plan["previous_sessions"] = [{"date": earlier, "areas": [treatment["area"]], "products": [treatment["product"]]}]


def _test_dose(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    treatment["test_dose"] = {"volume_ml": as_text(value)}


def _test_dose_observed(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    treatment["test_dose"] = {"volume_ml": "0.5", "observation_minutes": 180 if value else 0}


def _jurisdiction(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
    plan["jurisdiction"] = value


def _decimal(name: str) -> Maker:
    """Set a decimal member of the treatment."""

    def maker(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
        if value is not None:
            treatment[name] = as_text(value)

    return maker


def _of_patient(name: str) -> Maker:
    """Set a decimal member of the patient."""

    def maker(book: Book, plan: Document, treatment: Document, limit: Limit, value: Any) -> None:
        plan["patient"][name] = as_text(value)

    return maker


def _plain(owner: str, name: str) -> Maker:
    """Set a member of the patient, the provider, the session or the treatment: a word, a flag or a whole number."""

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
