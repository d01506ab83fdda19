"""The tables: rows of fixtures, releases and partners in; the same out, or an error where a row breaks a constraint."""

from api.models.facts import (
    Area,
    Claim,
    Fact,
    Faq,
    Ingredient,
    PlanExample,
    Product,
    ResultDuration,
    Source,
    VeinType,
)
from api.models.limits import Contraindication, Rule, Ruling, SessionLimit
from api.models.partners import HouseLimits, Partner, PartnerKey
from api.models.releases import Release
from api.models.review import ReviewStep

__all__ = [
    "Area",
    "Claim",
    "Contraindication",
    "Fact",
    "Faq",
    "HouseLimits",
    "Ingredient",
    "Partner",
    "PartnerKey",
    "PlanExample",
    "Product",
    "Release",
    "ResultDuration",
    "ReviewStep",
    "Rule",
    "Ruling",
    "SessionLimit",
    "Source",
    "VeinType",
]
