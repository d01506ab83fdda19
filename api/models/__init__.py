"""Facts being edited, and releases. Constraints live here."""

from api.models.facts import (
    Area,
    Claim,
    Content,
    Faq,
    Ingredient,
    PlanExample,
    Product,
    ResultDuration,
    Source,
    VeinType,
)
from api.models.limits import Contraindication, Rule, Ruling, SessionLimit
from api.models.releases import Release

__all__ = [
    "Area",
    "Claim",
    "Content",
    "Contraindication",
    "Faq",
    "Ingredient",
    "PlanExample",
    "Product",
    "Release",
    "ResultDuration",
    "Rule",
    "Ruling",
    "SessionLimit",
    "Source",
    "VeinType",
]
