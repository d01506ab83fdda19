"""A release compiled once for checking plans: which of its limits look at which treatments."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from api.rules.plan import Plan
from api.rules.reading import Words
from api.rules.rows import Limit, Product, Row, limit_of, number_of, product_of, rule_of, ruling_of


class Profile(NamedTuple):
    """What a limit's selectors look at in a treatment."""

    product: str | None
    sclerosant: str | None
    concentration: int | None
    form: str | None
    vein_type: str | None
    area: str
    first_exposure: bool | None


class Match(NamedTuple):
    """Of one rule, for one profile: the limits that apply, and those that might, with the members that would tell.

    `unknown` are these members together. A match is `plain` where all its limits have a number and the first exposure
    is not all that is open.
    """

    sure: tuple[Limit, ...]
    unsure: tuple[tuple[Limit, tuple[str, ...]], ...]
    unknown: tuple[str, ...] = ()
    plain: bool = True


MIXED = Match((), ())  # stands for matches that differ


class Matches(dict[str, Match]):
    """What the limits in force say of one profile, by rule; and what the evaluator keeps for the profile beside it."""

    def __init__(self, profile: Profile, found: Iterable[tuple[str, Match]]) -> None:
        super().__init__(found)
        self.profile = profile
        self.checks: Any = None  # filled by the evaluator, which knows the measures


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
        self.limits: dict[str, list[Limit]] = defaultdict(list)
        for limit in book.limits:
            if limit.rule_set in rule_sets and limit.jurisdiction in (None, jurisdiction):
                self.limits[limit.rule].append(limit)
        self.by_scope: Mapping[str, Any] = {}  # filled by the evaluator, which knows the measures
        self.match = lru_cache(maxsize=256)(self._match)
        self.together = lru_cache(maxsize=256)(_together)
        self._known: dict[Match, Match] = {}  # a few hundred: as many as the content can tell apart

    def _match(
        self,
        product: str | None,
        concentration: int | None,
        form: str | None,
        vein_type: str | None,
        area: str,
        first_exposure: bool | None,
    ) -> Matches:
        """The rules that have something to say on such treatments. Equal matches are one object."""
        sclerosant = self.book.products[product].sclerosant if product else None
        profile = Profile(product, sclerosant, concentration, form, vein_type, area, first_exposure)
        found: dict[str, tuple[list[Limit], list[tuple[Limit, tuple[str, ...]]]]] = defaultdict(lambda: ([], []))
        for rule, limits in self.limits.items():
            for limit in limits:
                unknown = self._unknown(limit, profile)
                # A condition's rulings are also kept under its own key, so that each is looked at alone.
                for key in (rule, f"{rule}:{limit.condition}") if limit.condition else (rule,):
                    if unknown == ():
                        found[key][0].append(limit)
                    elif unknown is not None:
                        found[key][1].append((limit, unknown))
        matches = {key: _as_match(sure, unsure) for key, (sure, unsure) in found.items()}
        return Matches(profile, ((key, self._known.setdefault(match, match)) for key, match in matches.items()))

    def _unknown(self, limit: Limit, profile: Profile) -> tuple[str, ...] | None:
        """() when the limit applies, None when it does not, else the members that would tell."""
        unknown = []
        if limit.area is not None and limit.area not in self.book.areas.get(profile.area, ()):
            if profile.area not in self.book.areas[limit.area]:
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
        if limit.listed is not None and profile.product is None:
            unknown.append("product")
        if _is_of_clinic_made_foam(limit) and self.book.in_canisters(profile.product):
            return None
        return tuple(dict.fromkeys(unknown))


def _is_of_clinic_made_foam(limit: Limit) -> bool:
    """Whether it bounds a volume of foam of no named product; foam that comes ready made is exempt."""
    return limit.form == "foam" and limit.unit == "mL" and limit.product is None and limit.sclerosant is None


def _as_match(sure: list[Limit], unsure: list[tuple[Limit, tuple[str, ...]]]) -> Match:
    """A match, with what follows from its limits."""
    sure.sort(key=lambda limit: limit.precedence)
    unknown = tuple(dict.fromkeys(member for _, members in unsure for member in members))
    exposure_open = any(members == ("first_exposure",) for _, members in unsure)
    plain = not exposure_open and not any(limit.unconfirmed for limit in sure)
    return Match(tuple(sure), tuple(unsure), unknown, plain)


def _together(found: tuple[Match | None, ...]) -> Match:
    """A match with the limits that apply to any of several treatments; MIXED where one does not tell whether."""
    known = [match for match in found if match is not None]
    if any(match.unsure for match in known):
        return MIXED
    return _as_match(list(dict.fromkeys(limit for match in known for limit in match.sure)), [])


class Book:
    """Everything a plan is held against, from one release."""

    def __init__(self, content: Mapping[str, Iterable[Row]]) -> None:
        self.products: dict[str, Product] = {row["slug"]: product_of(row) for row in content["products"]}
        self.rules = {row["slug"]: rule_of(row) for row in content["rules"]}
        self.limits = [limit_of(row) for row in content["session-limits"]]
        self.limits += [ruling_of(row, ruling) for row in content["contraindications"] for ruling in row["rulings"]]
        self.limits_by_slug = {limit.slug: limit for limit in self.limits}
        # The volume that stands in for a vial of no named product: the one container limit that asks for a number.
        self.stand_in_vial = next(
            (limit for limit in self.limits if limit.unit == "mL" and limit.comparator == "="), None
        )
        self.areas = _lineages(content["areas"])
        # Each area with those that hold it and those that it holds.
        self.near = {
            area: frozenset({*holding, *(other for other, lineage in self.areas.items() if area in lineage)})
            for area, holding in self.areas.items()
        }
        self.bands = _bands(content["vein-types"])
        self.words = _words(content)
        self.lens = lru_cache(maxsize=32)(self._lens)

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

    def vein_type(self, stated: str | None, diameter: int | None) -> str | None:
        """The vein type as stated; a diameter settles which of the banded ones it is."""
        if diameter is not None and (stated is None or stated in self.bands):
            for slug, (over, most) in self.bands.items():
                if over < diameter <= most:
                    return slug
        return stated


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


def _bands(vein_types: Iterable[Row]) -> dict[str, tuple[int, int]]:
    """The diameter bands, in thousandths of a millimetre: over the first number, at most the second."""
    return {
        row["slug"]: (number_of(row["diameter_over_mm"]) or 0, most)
        for row in vein_types
        if (most := number_of(row["diameter_max_mm"])) is not None
    }


def _words(content: Mapping[str, Iterable[Row]]) -> Words:
    slugs = {
        "areas": [row["slug"] for row in content["areas"]],
        "vein-types": [row["slug"] for row in content["vein-types"]],
        "products": [row["slug"] for row in content["products"]],
        "conditions": [row["slug"] for row in content["contraindications"]],
        "allergies": {name for row in content["products"] for name in (row["sclerosant"], *row["excipients"])},
    }
    synonyms = {
        kind: {
            synonym.lower().replace(" ", "-"): row["slug"] for row in content[resource] for synonym in row["synonyms"]
        }
        for kind, resource in {"areas": "areas", "vein-types": "vein-types", "conditions": "contraindications"}.items()
    }
    return Words(slugs, synonyms)
