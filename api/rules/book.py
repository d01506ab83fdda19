"""A release's rules, limits and products, compiled once into typed rows that the evaluator walks."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from api.rules.numbers import thousandths
from api.rules.plan import Plan
from api.rules.reading import Words

Row = Mapping[str, Any]

COMPARATORS = ("<=", ">=", "=", "in", "not-in")
# Which way a bound leaves room: below an upper one, above a lower one, 0 for what is no bound.
DIRECTIONS = {"<=": 1, ">=": -1, "=": 0, "in": 0, "not-in": 0}
KINDS = {
    "range": ("<=", ">="),
    "one-of": ("in", "not-in"),
    "equals": ("=",),
    "size": ("<=", ">="),
    "listed": ("in", "="),
}
SEVERITIES = ("error", "warning", "info")
# Among limits that bind equally hard, the one that is told: the label first.
PRECEDENCE = {"label": 0, "guideline": 1, "policy": 2, "clinic": 3}
# What a `listed` limit looks up on the product.
LISTS = ("strengths", "containers", "jurisdictions", "ingredients")


@dataclass(frozen=True, slots=True, eq=False)
class Limit:
    """A published bound and where it applies. A selector of None applies everywhere. Two limits are never equal."""

    slug: str
    title: str
    rule: str
    comparator: str
    value: int | bool | None
    values: tuple[Any, ...]
    listed: str | None
    unit: str
    rule_set: str
    jurisdiction: str | None
    severity: str
    product: str | None
    sclerosant: str | None
    concentration: int | None
    form: str | None
    vein_type: str | None
    area: str | None
    first_exposure: bool | None
    condition: str | None
    unconfirmed: bool
    message: str
    shown: Row
    citations: tuple[Row, ...]
    direction: int


@dataclass(frozen=True, slots=True)
class Rule:
    """What is measured, how it is held against its limits, and what is said when one is broken."""

    slug: str
    title: str
    kind: str
    measure: str
    unit: str
    essential: bool
    messages: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Product:
    """What the rules need to know of a product. Of one `in_canisters`, a count says nothing of the volume of foam."""

    slug: str
    sclerosant: str
    ingredients: tuple[str, ...]
    strengths: tuple[int, ...]
    containers: Mapping[int, tuple[int, ...]]
    in_canisters: bool
    jurisdictions: tuple[str, ...]

    def container_volumes(self, concentration: int | None) -> tuple[int, ...]:
        """The container volumes in which this strength comes, or any strength when it is not told."""
        strengths = self.containers if concentration is None else {concentration}
        return tuple(sorted({volume for strength in strengths for volume in self.containers.get(strength, ())}))

    def listed(self, what: str, concentration: int | None) -> tuple[Any, ...]:
        """The values that a `listed` limit allows for this product."""
        return self.container_volumes(concentration) if what == "containers" else getattr(self, what)


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
    """Of one rule, for one profile: the limits that apply, and those that might, with the members that would tell."""

    sure: tuple[Limit, ...]
    unsure: tuple[tuple[Limit, tuple[str, ...]], ...]


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
        self.match = lru_cache(maxsize=2048)(self._match)
        self._known: dict[Match, Match] = {}

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
        matches = {
            key: Match(tuple(sorted(sure, key=lambda limit: (PRECEDENCE[limit.rule_set], limit.slug))), tuple(unsure))
            for key, (sure, unsure) in found.items()
        }
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
        return tuple(dict.fromkeys(unknown))


class Book:
    """Everything a plan is held against, from one release."""

    def __init__(self, content: Mapping[str, Iterable[Row]]) -> None:
        self.products: dict[str, Product] = {row["slug"]: _product(row) for row in content["products"]}
        self.rules = {row["slug"]: _rule(row) for row in content["rules"]}
        self.limits = [_limit(row) for row in content["session-limits"]]
        self.limits += [_ruling(row, ruling) for row in content["contraindications"] for ruling in row["rulings"]]
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
        self.lens = lru_cache(maxsize=64)(self._lens)

    def rules_of(self, measure: str) -> tuple[str, ...]:
        """The slugs of the rules that hold a measure against their limits."""
        return tuple(rule.slug for rule in self.rules.values() if rule.measure == measure)

    def _lens(self, jurisdiction: str, rule_sets: frozenset[str]) -> Lens:
        return Lens(self, jurisdiction, rule_sets)

    def lens_of(self, plan: Plan) -> Lens:
        return self.lens(plan.jurisdiction, frozenset(plan.rule_sets))

    def vein_type(self, stated: str | None, diameter: int | None) -> str | None:
        """The vein type as stated; a diameter settles which of the banded ones it is."""
        if diameter is not None and (stated is None or stated in self.bands):
            for slug, (over, most) in self.bands.items():
                if over < diameter <= most:
                    return slug
        return stated


def _number(text: str | None) -> int | None:
    return None if text is None else thousandths(text)


def _value(text: str | None) -> int | bool | None:
    return text == "true" if text in ("true", "false") else _number(text)


def _product(row: Row) -> Product:
    containers = {
        _number(strength["concentration_percent"]): tuple(
            _number(container["volume_ml"]) for container in strength["containers"] if container["kind"] != "canister"
        )
        for strength in row["strengths"]
    }
    return Product(
        slug=row["slug"],
        sclerosant=row["sclerosant"],
        ingredients=(row["sclerosant"], *row["excipients"]),
        strengths=tuple(containers),  # type: ignore[arg-type]
        containers=containers,  # type: ignore[arg-type]
        in_canisters=any(
            container["kind"] == "canister" for strength in row["strengths"] for container in strength["containers"]
        ),
        jurisdictions=tuple(row["jurisdictions"]),
    )


def _rule(row: Row) -> Rule:
    return Rule(
        slug=row["slug"],
        title=row["title"],
        kind=row["kind"],
        measure=row["quantity"],
        unit=row["unit"],
        essential=row["essential"],
        messages=row["messages"],
    )


def _limit(row: Row) -> Limit:
    values = tuple(value if (number := thousandths(value)) is None else number for value in row["values"])
    return Limit(
        slug=row["slug"],
        title=row["title"],
        rule=row["rule"],
        comparator=row["comparator"],
        value=_value(row["value"]),
        values=values,
        listed=row["values_from"],
        unit=row["unit"],
        rule_set=row["rule_set"],
        jurisdiction=row["jurisdiction"],
        severity=row["severity"],
        product=row["product"],
        sclerosant=row["sclerosant"],
        concentration=_number(row["concentration_percent"]),
        form=row["form"],
        vein_type=row["vein_type"],
        area=row["area"],
        first_exposure=row["first_exposure"],
        condition=None,
        unconfirmed=row["status"] == "unconfirmed",
        message="",
        shown=_shown(row, f"/v1/session-limits/{row['slug']}"),
        citations=tuple(row["citations"]),
        direction=DIRECTIONS[row["comparator"]],
    )


def _ruling(condition: Row, row: Row) -> Limit:
    """A contraindication's ruling as a limit: the condition must not be present."""
    bound = {"comparator": "=", "value": "false", "values": [], "unit": "1"}
    return Limit(
        slug=row["slug"],
        title=condition["name"],
        rule="contraindication",
        comparator="=",
        value=False,
        values=(),
        listed=None,
        unit="1",
        rule_set=row["rule_set"],
        jurisdiction=row["jurisdiction"],
        severity=row["severity"],
        product=row["product"],
        sclerosant=row["sclerosant"],
        concentration=None,
        form=row["form"],
        vein_type=None,
        area=None,
        first_exposure=None,
        condition=condition["slug"],
        unconfirmed=False,
        message=row["summary"],
        shown=_shown({**bound, **row}, f"/v1/contraindications/{condition['slug']}"),
        citations=tuple(row["citations"]),
        direction=0,
    )


def _shown(row: Row, href: str) -> Row:
    """The limit as an answer shows it; `href` is where the row itself is served."""
    members = ("slug", "comparator", "value", "values", "unit", "rule_set", "jurisdiction")
    return {**{name: row[name] for name in members}, "href": href}


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
        row["slug"]: (_number(row["diameter_over_mm"]) or 0, most)
        for row in vein_types
        if (most := _number(row["diameter_max_mm"])) is not None
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
