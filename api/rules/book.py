"""A release compiled once for checking plans: which of its limits look at which treatments."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from api.rules.plan import VEINS, Plan, Treatment
from api.rules.reading import Words
from api.rules.rows import Limit, Product, Row, limit_of, number_of, product_of, rule_of, ruling_of

# What stands for a condition, an allergy or a drug that no resource lists.
OTHER = "other"


class Profile(NamedTuple):
    """What a limit's selectors look at in a treatment."""

    product: str | None
    sclerosant: str | None
    concentration: int | None
    form: str | None
    vein_type: str | None
    vein: str | None
    area: str
    first_exposure: bool | None


class Match(NamedTuple):
    """Of one rule, for one profile: the limits that apply, and those that might, with the members that would tell."""

    sure: tuple[Limit, ...]
    unsure: tuple[tuple[Limit, tuple[str, ...]], ...]

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Those that apply and those that may."""
        return (*self.sure, *(limit for limit, _ in self.unsure))


NOTHING = Match((), ())


class Matches(dict[str, Match]):
    """What the limits in force say of one profile, by rule; and by `rule:condition`, empty for limits on none."""

    def __init__(self, profile: Profile) -> None:
        super().__init__()
        self.profile = profile


# Which member of a treatment tells a selector.
TELLS = {
    "product": "product",
    "sclerosant": "product",
    "concentration": "concentration_percent",
    "form": "form",
    "vein_type": "vein_type",
    "first_exposure": "first_exposure",
}


class Lens:
    """The limits in force for a jurisdiction and a choice of rule sets, by rule."""

    def __init__(self, book: "Book", jurisdiction: str, rule_sets: frozenset[str]) -> None:
        self.book = book
        self.rule_sets = rule_sets
        self.limits: dict[str, list[Limit]] = {}
        # Limits with a number that name a product, of any rule set: where one speaks, the number is not unconfirmed.
        self.numbered: dict[str, list[Limit]] = {}
        for limit in book.limits:
            if limit.jurisdiction not in (None, jurisdiction):
                continue
            if limit.rule_set in rule_sets or limit.always:
                self.limits.setdefault(limit.rule, []).append(limit)
            if limit.names_product and not limit.unconfirmed and limit.rule_set in ("label", "policy"):
                self.numbered.setdefault(limit.rule, []).append(limit)
        self.match = lru_cache(maxsize=1024)(self._match)

    def limits_on(self, measure: str) -> list[Limit]:
        """The limits in force on a measure, by whichever rule."""
        return [limit for rule in self.book.rules_of(measure) for limit in self.limits.get(rule, ())]

    def has_ruling(self, condition: str, profile: Profile) -> bool:
        """Whether a ruling in force is, or may be, about the condition and such a treatment."""
        return any(
            limit.condition == condition and self.book.unknown(limit, profile) is not None
            for limit in self.limits_on("condition")
        )

    def _match(self, profile: Profile) -> Matches:
        """The rules that have something to say on such treatments."""
        matches = Matches(profile)
        for rule, limits in self.limits.items():
            sure: dict[str, list[Limit]] = defaultdict(list)
            unsure: dict[str, list[tuple[Limit, tuple[str, ...]]]] = defaultdict(list)
            for limit in limits:
                unknown = self.book.unknown(limit, profile)
                if unknown is None or (unknown and limit.rule_set not in self.rule_sets):
                    continue
                if limit.unconfirmed and self._is_numbered(limit, profile):
                    continue
                for key in (rule, f"{rule}:{limit.condition or ''}"):
                    if unknown:
                        unsure[key].append((limit, unknown))
                    else:
                        sure[key].append(limit)
            for key in dict.fromkeys(chain(sure, unsure)):
                applying = sorted(sure[key], key=lambda limit: limit.precedence)
                matches[key] = Match(tuple(applying), tuple(unsure[key]))
        return matches

    def _is_numbered(self, limit: Limit, profile: Profile) -> bool:
        """Whether a row with a number speaks, or may speak, of what an unconfirmed row has no number for."""
        return any(
            other.direction == limit.direction and self.book.unknown(other, profile) is not None
            for other in self.numbered.get(limit.rule, ())
        )


class Book:
    """Everything a plan is held against, from one release."""

    def __init__(self, content: Mapping[str, Iterable[Row]]) -> None:
        self.products: dict[str, Product] = {row["slug"]: product_of(row) for row in content["products"]}
        self.rules = {row["slug"]: rule_of(row) for row in content["rules"]}
        self.limits = [limit_of(row) for row in content["session-limits"]]
        for rule in self.rules_of("condition"):
            rulings = ((row, ruling) for row in content["contraindications"] for ruling in row["rulings"])
            self.limits += [ruling_of(row, ruling, rule) for row, ruling in rulings]
        self.limits_by_slug = {limit.slug: limit for limit in self.limits}
        # The volume that stands in for a vial of no named product: the one container limit that asks for a number.
        self.stand_in_vial = next(
            (limit for limit in self.limits if limit.unit == "mL" and limit.comparator == "="), None
        )
        # The rules of each topic, by the rule that stands for it.
        self.topics = {
            rule.slug: tuple(other for other in self.rules.values() if other.topic == rule.slug)
            for rule in self.rules.values()
            if rule.topic == rule.slug
        }
        self.areas = _lineages(content["areas"])
        # Each area with those that hold it and those that it holds.
        self.near = {
            area: frozenset({*holding, *(other for other, lineage in self.areas.items() if area in lineage)})
            for area, holding in self.areas.items()
        }
        self.bands = {row["slug"]: Band.of(row) for row in content["vein-types"]}
        self.words = _words(content)
        self.lens = lru_cache(maxsize=64)(self._lens)

    def rules_of(self, measure: str) -> tuple[str, ...]:
        """The slugs of the rules that hold a measure against their limits."""
        return tuple(rule.slug for rule in self.rules.values() if rule.measure == measure)

    def _lens(self, jurisdiction: str, rule_sets: frozenset[str]) -> Lens:
        return Lens(self, jurisdiction, rule_sets)

    def lens_of(self, plan: Plan) -> Lens:
        return self.lens(plan.jurisdiction, frozenset(plan.rule_sets))

    def in_canisters(self, product: str | None) -> bool:
        """Whether the product comes as foam in canisters, whose count says nothing of a volume."""
        return product is not None and self.products[product].in_canisters

    def vein_type(self, treatment: Treatment) -> str | None:
        """The vein type as stated; else what the named vein is; else the one whose band holds the diameter."""
        if treatment.vein_type is not None:
            return treatment.vein_type
        if treatment.vein is not None:
            return VEINS[treatment.vein]
        if treatment.vein_diameter_mm is None:
            return None
        return next((slug for slug, band in self.bands.items() if band.settles(treatment.vein_diameter_mm)), None)

    def unknown(self, limit: Limit, profile: Profile) -> tuple[str, ...] | None:
        """() when the limit applies, None when it does not, else the members that would tell."""
        unknown = []
        if limit.area is not None and limit.area not in self.areas.get(profile.area, ()):
            if profile.area not in self.areas[limit.area]:
                return None
            unknown.append("area")  # a leg may mean its ankle
        for selector, member in TELLS.items():
            wanted = getattr(limit, selector)
            if wanted is not None:
                given = getattr(profile, selector)
                if given is None:
                    unknown.append(member)
                elif given != wanted:
                    return None
        if limit.vein is not None and profile.vein not in (None, limit.vein):
            return None  # a vein that is not named is held to what holds for each
        if limit.listed is not None and profile.product is None:
            unknown.append("product")
        if _is_of_clinic_made_foam(limit) and self.in_canisters(profile.product):
            return None
        return tuple(dict.fromkeys(unknown))


class Band(NamedTuple):
    """The diameters of a vein type, in thousandths of a mm; `most` of None has no upper end, `over` is exclusive."""

    least: int | None
    over: int | None
    most: int | None

    @classmethod
    def of(cls, row: Row) -> "Band":
        names = ("diameter_min_mm", "diameter_over_mm", "diameter_max_mm")
        return cls(*(number_of(row[name]) for name in names))

    def settles(self, diameter: int) -> bool:
        """Whether a diameter alone makes a vein this type. Without an upper end it might be a trunk as well."""
        return self.most is not None and self.distance(diameter) == 0 and diameter > (self.over or 0)

    def distance(self, diameter: int) -> int | None:
        """How far outside the band a diameter lies, 0 on its ends and within; None where the type has no band."""
        lower = self.least if self.least is not None else self.over
        if lower is None and self.most is None:
            return None
        below = (lower or 0) - diameter
        above = diameter - self.most if self.most is not None else 0
        return max(0, below, above)


def _is_of_clinic_made_foam(limit: Limit) -> bool:
    """Whether it bounds a volume of foam of no named product; foam that comes ready made is exempt."""
    return limit.form == "foam" and limit.unit == "mL" and not limit.names_product


def _lineages(areas: Iterable[Row]) -> dict[str, tuple[str, ...]]:
    """Each area with the areas that hold it, itself first."""
    parents = {row["slug"]: row["parent"] for row in areas}
    lineages = {}
    for slug in parents:
        lineage = [slug]
        while parents[lineage[-1]] is not None:
            lineage.append(parents[lineage[-1]])
        lineages[slug] = tuple(lineage)
    return lineages


def _words(content: Mapping[str, Iterable[Row]]) -> Words:
    """What the members of a plan may say, and what else each word is called."""
    named = {
        "areas": content["areas"],
        "vein-types": content["vein-types"],
        "products": content["products"],
        "conditions": _named_in(content, "conditions"),
        "medications": _named_in(content, "medications"),
        "allergies": content["ingredients"],
    }
    open_ended = ("conditions", "medications", "allergies")
    slugs: dict[str, list[str]] = {kind: [row["slug"] for row in rows] for kind, rows in named.items()}
    for kind in open_ended:
        slugs[kind].append(OTHER)
    synonyms: dict[str, dict[str, Any]] = {
        kind: {row["slug"]: (row["name"], *row["synonyms"]) for row in rows} for kind, rows in named.items()
    }
    return Words(slugs, synonyms)


def _named_in(content: Mapping[str, Iterable[Row]], members: str) -> list[Row]:
    return [row for row in content["contraindications"] if members in row["named_in"]]
