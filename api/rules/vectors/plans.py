"""Plans of vectors: a limit and a value in; out, a plan on which the limit's measure comes to the value."""

from functools import lru_cache
from itertools import product as product_of_all
from typing import Any

from api.rules.book import Book, Profile
from api.rules.numbers import as_text
from api.rules.plan import FORMS
from api.rules.rows import Limit
from api.rules.vectors.makers import DAY, MAKERS, Document

# A volume that keeps every limit on a volume that a vector is not about.
SMALL = "0.2"


def plan_for(book: Book, limit: Limit, value: Any) -> Document:
    """A plan on which the limit's measure comes to the value, and which asks for the limit's rule set alone."""
    jurisdiction, profile = _where_it_applies(book, limit)
    treatment: Document = {
        "area": profile.area,
        "product": profile.product,
        "concentration_percent": as_text(profile.concentration or 0),
        "form": profile.form,
        "amount": {"value": SMALL, "unit": "mL"},
        "injection_count": 1,
    }
    finer = {"vein_type": profile.vein_type, "vein": limit.vein, "first_exposure": limit.first_exposure}
    treatment |= {name: value for name, value in finer.items() if value is not None}
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


def product_for(book: Book, limit: Limit) -> str:
    """The product that a limit names, else one that it applies to: the first that is sold in its jurisdiction."""
    if limit.product is not None:
        return limit.product
    admitted = [slug for slug, product in book.products.items() if limit.sclerosant in (None, product.sclerosant)]
    sold = [slug for slug in admitted if (limit.jurisdiction or "US") in book.products[slug].jurisdictions]
    return (sold or admitted)[0]


@lru_cache(maxsize=8)
def _ordinary_area(book: Book) -> str:
    """The area that fewest limits are about, or exclude; of several, the smallest."""

    def key(area: str) -> tuple[int, int, str]:
        near = book.near[area]
        excluded = [limit for limit in book.limits if limit.comparator == "not-in" and near & {*limit.values}]
        about = [limit for limit in book.limits if limit.area in near]
        return len(excluded) + len(about), -len(book.areas[area]), area

    return min(book.areas, key=key)


def _where_it_applies(book: Book, limit: Limit) -> tuple[str, Profile]:
    """A jurisdiction and a profile to which the limit applies, with as few other limits of its rule as can be.

    Whatever the limit leaves open is tried in every combination, since a limit without a number does not apply where
    another one has a number.
    """
    product = book.products[product_for(book, limit)]
    jurisdictions = (limit.jurisdiction,) if limit.jurisdiction else product.jurisdictions or ("US",)
    forms = (limit.form,) if limit.form else FORMS
    vein_types = (limit.vein_type,) if limit.vein_type else (None, *book.bands)
    strengths = (limit.concentration,) if limit.concentration else product.strengths
    area, exposure = limit.area or _ordinary_area(book), limit.first_exposure
    candidates = [
        (
            jurisdiction,
            Profile(product.slug, product.sclerosant, strength, form, vein_type, limit.vein, area, exposure),
        )
        for jurisdiction, vein_type, form, strength in product_of_all(jurisdictions, vein_types, forms, strengths)
    ]

    def others(candidate: tuple[str, Profile]) -> tuple[bool, int]:
        """A key to sort candidates by: first where the limit applies, then with fewest other limits of its rule."""
        jurisdiction, profile = candidate
        in_force = book.in_force(jurisdiction, frozenset((limit.rule_set,)))
        match = in_force.match(profile).of(limit.rule)
        return limit not in match.applying, len(match.applying)

    return min(candidates, key=others)
