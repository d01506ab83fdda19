"""The book: the rows of a release in, compiled once; out, which limits apply to which treatment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

from api.rules.plan import Plan, Treatment
from api.rules.reading import Vocabulary
from api.rules.rows import Limit, Product, Row, limit_of, number_of, product_of, rule_of, ruling_of

# What a plan says of a condition, an allergy or a drug that no resource has.
OTHER = "other"
# What is remembered, so that a process stays small whatever it is sent.
MOST_KNOWN = 10_000
MOST_PROFILES = 256  # for each jurisdiction and choice of rule sets
MOST_SHARED = 4096


class Profile(NamedTuple):
    """What decides which limits apply to a treatment. Treatments of one profile have the same limits."""

    product: str | None
    sclerosant: str | None
    concentration: int | None
    form: str | None
    vein_type: str | None
    vein: str | None
    area: str | None
    first_exposure: bool | None


NOTHING_KNOWN = Profile(None, None, None, None, None, None, None, None)


class Match(NamedTuple):
    """The limits of one rule for treatments of one profile: those that apply, and those that may.

    A limit may apply where the treatment lacks members that would settle it; these stand beside the limit. Example: for
    Fibrovein 3 % in no stated form, the limits on the liquid and on foam may apply, each beside `("form",)`.
    """

    applying: tuple[Limit, ...]
    may_apply: tuple[tuple[Limit, tuple[str, ...]], ...]

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The limits that apply, then those that may."""
        return (*self.applying, *(limit for limit, _ in self.may_apply))


NOTHING = Match((), ())
# Limits of one rule that apply, beside (), or may apply, beside the members that would settle it.
Matching = tuple[tuple[Limit, tuple[str, ...]], ...]


class RuleMatch(NamedTuple):
    """The match of one rule, whole and in parts.

    `by_condition` has the limits on each condition apart, and under None those that are on no condition.
    `without_entry` is for a patient's list that has no entry, or was not sent. It keeps every ruling alike, or leaves
    every one open, so of the rulings that apply, the first speaks for all.
    """

    whole: Match
    by_condition: Mapping[str | None, Match]
    without_entry: Match

    @classmethod
    def of(cls, matching: Matching) -> "RuleMatch":
        """The match that the limits make."""
        whole = _match_of(matching)
        conditions = dict.fromkeys(limit.condition for limit, _ in matching)
        rulings = [limit for limit in whole.applying if limit.condition is not None]
        return cls(
            whole,
            {each: _match_of(pair for pair in matching if pair[0].condition == each) for each in conditions},
            _match_of(pair for pair in matching if pair[0] not in rulings[1:]),
        )


NO_MATCH = RuleMatch(NOTHING, {}, NOTHING)


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Every rule's match for treatments of one profile. Those of one profile are the same object, told by identity.

    `topics` are those on which a limit that was asked for applies, or may apply.
    """

    profile: Profile
    by_rule: Mapping[str, RuleMatch]
    topics: frozenset[str | None]

    def of(self, rule: str) -> Match:
        """The match of a rule."""
        return self.by_rule.get(rule, NO_MATCH).whole

    def of_entry(self, rule: str, entry: str) -> tuple[Match, Match]:
        """Two matches of a rule: of its limits on an entry of a patient's list, and of its limits on no condition."""
        by_condition = self.by_rule.get(rule, NO_MATCH).by_condition
        return by_condition.get(entry, NOTHING), by_condition.get(None, NOTHING)

    def of_no_entry(self, rule: str) -> tuple[Match]:
        """The match of a rule for a patient's list that has no entry, or was not sent."""
        return (self.by_rule.get(rule, NO_MATCH).without_entry,)


# The member of a treatment that a selector of a limit is compared with.
MEMBER_OF_SELECTOR = {
    "product": "product",
    "sclerosant": "product",
    "concentration": "concentration_percent",
    "form": "form",
    "vein_type": "vein_type",
    "first_exposure": "first_exposure",
}


class LimitsInForce:
    """The limits that a plan is held against, by rule: those of its jurisdiction and of the rule sets it asks for.

    Limits that are `always` in force are there, too. Example: of a plan that asks for `label` in `GB`, the clinic's own
    volume is not in force, and neither is a German label's maximum.
    """

    def __init__(self, book: "Book", jurisdiction: str, rule_sets: frozenset[str]) -> None:
        self.book = book
        self.rule_sets = rule_sets
        self.limits: dict[str, list[Limit]] = {}
        # Limits of labels and policy that name a product and have a number, asked for or not, by rule. Where one of
        # them is about a treatment, it is not true that no source gives a number, so unconfirmed limits do not apply.
        self.numbered: dict[str, list[Limit]] = {}
        for limit in book.limits:
            if limit.jurisdiction not in (None, jurisdiction):
                continue
            if limit.rule_set in rule_sets or limit.always:
                self.limits.setdefault(limit.rule, []).append(limit)
            if limit.names_product and not limit.unconfirmed and limit.rule_set in ("label", "policy"):
                self.numbered.setdefault(limit.rule, []).append(limit)
        self.match = lru_cache(maxsize=MOST_PROFILES)(self._match)
        # Of many products, a treatment meets the limits of one: what a plan takes must not grow with the others.
        self.limits_of = lru_cache(maxsize=64)(partial(_not_of_others, self.limits))
        self.numbered_of = lru_cache(maxsize=64)(partial(_not_of_others, self.numbered))

    def limits_on(self, measure: str) -> list[Limit]:
        """The limits in force on a measure, of every rule that takes it."""
        return [limit for rule in self.book.rules_of(measure) for limit in self.limits.get(rule, ())]

    def has_ruling(self, condition: str, profile: Profile) -> bool:
        """True where a ruling on the condition is in force that applies, or may apply, to treatments of the profile."""
        return any(
            limit.condition == condition and self.book.unknown(limit, profile) is not None
            for limit in self.limits_on("condition")
        )

    def _match(self, profile: Profile) -> Matches:
        """Every rule's match for treatments of the profile; `match` is the same, remembered."""
        found = {rule: self._matching(limits, profile) for rule, limits in self.limits_of(profile.product).items()}
        by_rule = {rule: self.book.rule_match(matching) for rule, matching in found.items() if matching}
        asked = {
            rule
            for rule, match in by_rule.items()
            if any(each.rule_set in self.rule_sets for each in match.whole.limits)
        }
        return Matches(profile, by_rule, frozenset(self.book.rules[rule].topic for rule in asked))

    def _matching(self, limits: Iterable[Limit], profile: Profile) -> Matching:
        """Those of the limits that apply to the profile, with (), or may apply, with the members that would settle it.

        Left out are limits that may apply and were not asked for, and limits without a number where another limit on
        the same rule has one.
        """
        pairs = ((limit, self.book.unknown(limit, profile)) for limit in limits)
        return tuple(
            (limit, unknown)
            for limit, unknown in pairs
            if unknown is not None
            and not (unknown and limit.rule_set not in self.rule_sets)
            and not (limit.unconfirmed and self._is_numbered(limit, profile))
        )

    def _is_numbered(self, limit: Limit, profile: Profile) -> bool:
        """True where a limit with a number applies, or may apply, instead of one that has none.

        Example: the French row on foam of Aetoxisclerol has no number, and that on its 1 % foam has one. So for 1 %
        foam, the first does not apply.
        """
        return any(
            other.direction == limit.direction and self.book.unknown(other, profile) is not None
            for other in self.numbered_of(profile.product).get(limit.rule, ())
        )


def _not_of_others(limits: Mapping[str, list[Limit]], product: str | None) -> Mapping[str, list[Limit]]:
    """The limits by rule, without those that name another product than this; all of them where none is told."""
    if product is None:
        return limits
    return {rule: [limit for limit in rows if limit.product in (None, product)] for rule, rows in limits.items()}


def _match_of(pairs: Iterable[tuple[Limit, tuple[str, ...]]]) -> Match:
    """The match of limits, each with the members that would settle it: those without any apply, the others may."""
    pairs = tuple(pairs)
    applying = sorted((limit for limit, unknown in pairs if not unknown), key=lambda limit: limit.precedence)
    return Match(tuple(applying), tuple(pair for pair in pairs if pair[1]))


class Known(dict[Any, Any]):
    """What was worked out once, by what it hangs on; all is forgotten where it becomes too much."""

    def __init__(self, most: int = MOST_KNOWN) -> None:
        super().__init__()
        self.most = most

    def __setitem__(self, key: Any, value: Any) -> None:
        if len(self) >= self.most:
            self.clear()
        super().__setitem__(key, value)


class Book:
    """Everything that a plan is held against, from one release."""

    def __init__(self, content: Mapping[str, Iterable[Row]]) -> None:
        self.products: dict[str, Product] = {row["slug"]: product_of(row) for row in content["products"]}
        self.rules = {row["slug"]: rule_of(row) for row in content["rules"]}
        self._by_measure: dict[str, tuple[str, ...]] = {}
        for rule in self.rules.values():
            self._by_measure[rule.measure] = (*self._by_measure.get(rule.measure, ()), rule.slug)
        limits = [limit_of(row) for row in content["session-limits"]]
        self.limits = [limit for limit in limits if limit.rule in self.rules]  # without its rule nothing is held
        for slug in self.rules_of("condition"):
            rulings = ((row, ruling) for row in content["contraindications"] for ruling in row["rulings"])
            self.limits += [ruling_of(row, ruling, slug) for row, ruling in rulings]
        # The limit whose volume stands in for a vial of no named product.
        self.stand_in_vial = next((limit for limit in self.limits if limit.stands_in), None)
        # The rules of each topic, by the slug of the rule that stands for it.
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
        self.type_of_vein: dict[str, str] = {
            vein: row["slug"] for row in content["vein-types"] for vein in row["veins"]
        }
        self.bands = {row["slug"]: Band.of(row) for row in content["vein-types"]}
        self.vocabulary = vocabulary(content)
        self.by_slug = {limit.slug: limit for limit in self.limits}
        self.in_force = lru_cache(maxsize=64)(self._in_force)
        # Profiles are many, and hardly any two of them differ in more than a few rules: they share what is alike.
        self.rule_match = lru_cache(maxsize=MOST_SHARED)(RuleMatch.of)
        self.known = Known()  # what `judge` and `evaluate` worked out, by the limits and members that it hangs on

    def rules_of(self, measure: str) -> tuple[str, ...]:
        """The slugs of the rules that take a measure."""
        return self._by_measure.get(measure, ())

    def _in_force(self, jurisdiction: str, rule_sets: frozenset[str]) -> LimitsInForce:
        return LimitsInForce(self, jurisdiction, rule_sets)

    def in_force_for(self, plan: Plan) -> LimitsInForce:
        """The limits in force for what a plan asks for."""
        return self.in_force(plan.jurisdiction, frozenset(plan.rule_sets))

    def in_canisters(self, product: str | None) -> bool:
        """True where a product is named that comes as foam in canisters."""
        return product is not None and self.products[product].in_canisters

    def vein_type(self, treatment: Treatment) -> str | None:
        """The vein type of a treatment: as stated, else of the named vein, else the one that the diameter settles."""
        if treatment.vein_type is not None:
            return treatment.vein_type
        if treatment.vein is not None:
            return self.type_of_vein[treatment.vein]
        if treatment.vein_diameter_mm is None:
            return None
        return next((slug for slug, band in self.bands.items() if band.settles(treatment.vein_diameter_mm)), None)

    def may_concern(self, slug: str, jurisdiction: str | None = None, **known: str) -> bool:
        """True where a limit or ruling applies, or may apply, to a treatment of which only this is known.

        What is `known` are members of a profile; where the product is, so is its sclerosant.
        """
        limit = self.by_slug[slug]
        if jurisdiction is not None and limit.jurisdiction not in (None, jurisdiction):
            return False
        profile = NOTHING_KNOWN._replace(**known)  # type: ignore[arg-type]  # members whose values are texts
        if profile.product is not None:
            profile = profile._replace(sclerosant=self.products[profile.product].sclerosant)
        return self.unknown(limit, profile) is not None

    def unknown(self, limit: Limit, profile: Profile) -> tuple[str, ...] | None:
        """The members of a treatment that would settle whether a limit applies to its profile.

        () where the limit applies, None where it does not. Example: for a limit on foam of Fibrovein it is () where the
        treatment is with foam, None where it is with the liquid, and `("form",)` where its form is not told.
        """
        unknown = []
        if limit.area is not None and limit.area not in self.areas.get(profile.area or "", ()):
            if profile.area is not None and profile.area not in self.areas[limit.area]:
                return None
            unknown.append("area")  # a leg may mean its ankle
        for selector, member in MEMBER_OF_SELECTOR.items():
            wanted = getattr(limit, selector)
            if wanted is not None:
                given = getattr(profile, selector)
                if given is None:
                    unknown.append(member)
                elif given != wanted:
                    return None
        if limit.vein is not None and profile.vein not in (None, limit.vein):
            return None  # where no vein is named, the limits on each named vein apply
        if limit.values_from is not None and profile.product is None:
            unknown.append("product")
        if limit.made_in_clinic and self.in_canisters(profile.product):
            return None
        return tuple(dict.fromkeys(unknown))


class Band(NamedTuple):
    """The diameters of a vein type, in thousandths of a mm: from `least`, or above `over`, to `most`, if it has any."""

    least: int | None
    over: int | None
    most: int | None

    @classmethod
    def of(cls, row: Row) -> "Band":
        """The band of a vein type's row."""
        names = ("diameter_min_mm", "diameter_over_mm", "diameter_max_mm")
        return cls(*(number_of(row[name]) for name in names))

    def settles(self, diameter: int) -> bool:
        """True where a diameter alone makes a vein this type; never in a band without upper end, where trunks lie."""
        return self.most is not None and self.distance(diameter) == 0 and diameter > (self.over or 0)

    def distance(self, diameter: int) -> int | None:
        """How far outside the band a diameter lies: 0 within and on the ends, None where the type has no diameters."""
        lower = self.least if self.least is not None else self.over
        if lower is None and self.most is None:
            return None
        below = (lower or 0) - diameter
        above = diameter - self.most if self.most is not None else 0
        return max(0, below, above)


def _lineages(areas: Iterable[Row]) -> dict[str, tuple[str, ...]]:
    """Each area with itself and the areas that hold it, from the smallest: `ankle` with `ankle`, `leg`."""
    parents = {row["slug"]: row["parent"] for row in areas}
    lineages = {}
    for slug in parents:
        lineage = [slug]
        while parents[lineage[-1]] is not None:
            lineage.append(parents[lineage[-1]])
        lineages[slug] = tuple(lineage)
    return lineages


def vocabulary(content: Mapping[str, Iterable[Row]]) -> Vocabulary:
    """The slugs that plans and queries may use, by domain, and the synonyms of each."""
    named = {
        "areas": content["areas"],
        "vein-types": content["vein-types"],
        "products": content["products"],
        "conditions": _named_in(content, "conditions"),
        "medications": _named_in(content, "medications"),
        "allergies": content["ingredients"],
    }
    open_ended = ("conditions", "medications", "allergies")
    slugs: dict[str, list[str]] = {domain: [row["slug"] for row in rows] for domain, rows in named.items()}
    for domain in open_ended:
        slugs[domain].append(OTHER)
    slugs["rules"] = [row["slug"] for row in content["rules"]]
    slugs["sclerosants"] = sorted({row["sclerosant"] for row in content["products"]})
    slugs["topics"] = sorted({row["topic"] for row in content["faqs"]})
    synonyms: dict[str, dict[str, Any]] = {
        domain: {row["slug"]: (row["name"], *row["synonyms"]) for row in rows} for domain, rows in named.items()
    }
    return Vocabulary(slugs, synonyms)


def _named_in(content: Mapping[str, Iterable[Row]], patients_list: str) -> list[Row]:
    """The contraindications that a list of the patient may name."""
    return [row for row in content["contraindications"] if patients_list in row["named_in"]]
