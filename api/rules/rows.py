"""Typed rows: rows of a release in, as they are published; limits, rules and products out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from api.rules.numbers import thousandths

Row = Mapping[str, Any]

COMPARATORS = ("<=", ">=", "=", "in", "not-in")
# 1 for an upper bound, -1 for a lower one, 0 for what is no bound. The room that a value leaves is the direction times
# (bound - value): 8 of at most 10 leaves 2, 8 of at least 7 leaves 1.
DIRECTIONS = {"<=": 1, ">=": -1, "=": 0, "in": 0, "not-in": 0}
# The kinds of rules, each with the comparators that its limits may have.
KINDS = {
    "range": ("<=", ">="),
    "one-of": ("in", "not-in"),
    "equals": ("=",),
    "size": ("<=", ">="),
    "listed": ("in", "="),
}
SEVERITIES = ("error", "warning", "info")
HOUSE = "house"  # the rule set of limits that a clinic sends, in force beside those that are asked for
# Of limits that bind equally hard, the one whose rule set comes first here is shown.
PRECEDENCE = {"label": 0, "guideline": 1, "policy": 2, "clinic": 3, HOUSE: 4}
# The lists of a product's row that `values_from` of a limit may name.
LISTS = ("strengths", "containers", "jurisdictions", "ingredients")


@dataclass(frozen=True, slots=True, eq=False)
class Limit:
    """A published bound, and its selectors: what it applies to.

    A selector of None (`product`, `form`, `area`, ...) narrows nothing. `unconfirmed`: no source gives the number.
    `always`: in force whatever rule sets are asked for. `is_house`: a clinic's own, and not published. Limits are told
    apart by identity, so they can be keys.
    """

    slug: str
    title: str
    rule: str
    comparator: str
    value: int | bool | None
    values: tuple[Any, ...]
    values_from: str | None
    unit: str
    rule_set: str
    jurisdiction: str | None
    severity: str
    always: bool
    product: str | None
    sclerosant: str | None
    concentration: int | None
    form: str | None
    vein_type: str | None
    vein: str | None
    area: str | None
    first_exposure: bool | None
    made_in_clinic: bool
    condition: str | None
    stands_in: bool
    unconfirmed: bool
    message: str
    as_published: Row
    citations: tuple[Row, ...]
    direction: int = field(init=False)
    is_house: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "direction", DIRECTIONS[self.comparator])  # kept: each comparison asks for it
        object.__setattr__(self, "is_house", self.rule_set == HOUSE)  # and each finding for this

    @property
    def names_product(self) -> bool:
        """True where it is about one product or sclerosant, False where it is about any."""
        return self.product is not None or self.sclerosant is not None

    @property
    def precedence(self) -> tuple[int, str]:
        """A key to sort limits that bind equally hard: by rule set, then by slug."""
        return PRECEDENCE[self.rule_set], self.slug


@dataclass(frozen=True, slots=True)
class Rule:
    """What is measured, how it is held against its limits, and what is said when one is broken.

    `topic` is a question on which an answer is never silent, by the slug of the rule that stands for it: this rule, or
    another on the same question. Example: `session-volume` is the topic of `session-volume` and of `weekly-volume`.
    Where neither has a limit that was asked for and applies, or may apply, the answer says `not_covered`.
    """

    slug: str
    title: str
    measure: str
    unit: str
    essential: bool
    topic: str | None
    messages: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Product:
    """What the rules need to know of a product.

    `in_canisters`: it comes as foam in canisters, so a number of these says nothing of the volume.
    """

    slug: str
    sclerosant: str
    ingredients: tuple[str, ...]
    excipients_known: bool
    forms: tuple[str, ...]
    strengths: tuple[int, ...]
    containers: Mapping[int, tuple[int, ...]]
    in_canisters: bool
    jurisdictions: tuple[str, ...]

    def container_volumes(self, concentration: int | None) -> tuple[int, ...]:
        """The volumes of the containers in which this strength comes, or in which any comes, where none is given."""
        strengths = self.containers if concentration is None else {concentration}
        return tuple(sorted({volume for strength in strengths for volume in self.containers.get(strength, ())}))

    def values_for(self, what: str, concentration: int | None) -> tuple[Any, ...]:
        """The values that the product's own row has in a list: what a limit allows whose `values_from` names it."""
        return self.container_volumes(concentration) if what == "containers" else getattr(self, what)


def number_of(text: str | None) -> int | None:
    """The thousandths of a published decimal; None for null."""
    return None if text is None else thousandths(text)


def _value(text: str | None) -> int | bool | None:
    """The value of a published limit: true or false, or thousandths; None for null."""
    return text == "true" if text in ("true", "false") else number_of(text)


def product_of(row: Row) -> Product:
    """A product from its row."""
    containers = {
        number_of(strength["concentration_percent"]): tuple(
            number_of(container["volume_ml"]) for container in strength["containers"] if container["kind"] != "canister"
        )
        for strength in row["strengths"]
    }
    return Product(
        slug=row["slug"],
        sclerosant=row["sclerosant"],
        ingredients=(row["sclerosant"], *row["excipients"]),
        excipients_known=bool(row["excipients"]),
        forms=tuple(row["forms"]),
        strengths=tuple(containers),  # type: ignore[arg-type]
        containers=containers,  # type: ignore[arg-type]
        in_canisters=any(
            container["kind"] == "canister" for strength in row["strengths"] for container in strength["containers"]
        ),
        jurisdictions=tuple(row["jurisdictions"]),
    )


def rule_of(row: Row) -> Rule:
    """A rule from its row."""
    return Rule(
        slug=row["slug"],
        title=row["title"],
        measure=row["quantity"],
        unit=row["unit"],
        essential=row["essential"],
        topic=row["topic"],
        messages=row["messages"],
    )


def limit_of(row: Row) -> Limit:
    """A limit from its row."""
    values = tuple(value if (number := thousandths(value)) is None else number for value in row["values"])
    return Limit(
        slug=row["slug"],
        title=row["title"],
        rule=row["rule"],
        comparator=row["comparator"],
        value=_value(row["value"]),
        values=values,
        values_from=row["values_from"],
        unit=row["unit"],
        rule_set=row["rule_set"],
        jurisdiction=row["jurisdiction"],
        severity=row["severity"],
        always=row["always"],
        product=row["product"],
        sclerosant=row["sclerosant"],
        concentration=number_of(row["concentration_percent"]),
        form=row["form"],
        vein_type=row["vein_type"],
        vein=row["vein"],
        area=row["area"],
        first_exposure=row["first_exposure"],
        made_in_clinic=row["made_in_clinic"],
        condition=row["condition"],
        stands_in=row["stands_in"],
        unconfirmed=row["status"] == "unconfirmed",
        message="",
        as_published=_as_published(row, f"/v1/session-limits/{row['slug']}"),
        citations=tuple(row["citations"]),
    )


def ruling_of(condition: Row, row: Row, rule: str) -> Limit:
    """A ruling of a contraindication as a limit of the rule on conditions: that the patient has it must be `false`."""
    bound = {"comparator": "=", "value": "false", "values": [], "unit": "1", "status": "confirmed"}
    return Limit(
        slug=row["slug"],
        title=condition["name"],
        rule=rule,
        comparator="=",
        value=False,
        values=(),
        values_from=None,
        unit="1",
        rule_set=row["rule_set"],
        jurisdiction=row["jurisdiction"],
        severity=row["severity"],
        always=False,
        product=row["product"],
        sclerosant=row["sclerosant"],
        concentration=None,
        form=row["form"],
        vein_type=None,
        vein=None,
        area=None,
        first_exposure=None,
        made_in_clinic=False,
        condition=condition["slug"],
        stands_in=False,
        unconfirmed=False,
        message=row["summary"],
        as_published=_as_published({**bound, **row}, f"/v1/contraindications/{condition['slug']}"),
        citations=tuple(row["citations"]),
    )


def _as_published(row: Row, href: str) -> Row:
    """The members of a row that answers show of a limit; `href` is where the row itself is served."""
    members = ("slug", "comparator", "value", "values", "unit", "rule_set", "jurisdiction", "status")
    return {**{name: row[name] for name in members}, "href": href}
