"""The rows of a release that plans are held against, as typed records: limits, rules and products."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from api.rules.numbers import thousandths

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
    always: bool
    product: str | None
    sclerosant: str | None
    concentration: int | None
    form: str | None
    vein_type: str | None
    vein: str | None
    area: str | None
    first_exposure: bool | None
    condition: str | None
    unconfirmed: bool
    message: str
    shown: Row
    citations: tuple[Row, ...]
    direction: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "direction", DIRECTIONS[self.comparator])  # kept: each comparison asks for it

    @property
    def names_product(self) -> bool:
        """Whether it is about one product or sclerosant, and not about any."""
        return self.product is not None or self.sclerosant is not None

    @property
    def precedence(self) -> tuple[int, str]:
        """Orders limits that bind equally hard: by rule set, then by slug."""
        return PRECEDENCE[self.rule_set], self.slug


@dataclass(frozen=True, slots=True)
class Rule:
    """What is measured, how it is held against its limits, and what is said when one is broken.

    `topic` is the slug of the rule that stands for a question that a plan must not be silent on: its own, or that of
    another rule that answers the same question.
    """

    slug: str
    title: str
    kind: str
    measure: str
    unit: str
    essential: bool
    topic: str | None
    messages: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Product:
    """What the rules need to know of a product. Of one `in_canisters`, a count says nothing of the volume of foam."""

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
        """The container volumes in which this strength comes, or any strength when it is not told."""
        strengths = self.containers if concentration is None else {concentration}
        return tuple(sorted({volume for strength in strengths for volume in self.containers.get(strength, ())}))

    def listed(self, what: str, concentration: int | None) -> tuple[Any, ...]:
        """The values that a `listed` limit allows for this product."""
        return self.container_volumes(concentration) if what == "containers" else getattr(self, what)


def number_of(text: str | None) -> int | None:
    return None if text is None else thousandths(text)


def _value(text: str | None) -> int | bool | None:
    return text == "true" if text in ("true", "false") else number_of(text)


def product_of(row: Row) -> Product:
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
    return Rule(
        slug=row["slug"],
        title=row["title"],
        kind=row["kind"],
        measure=row["quantity"],
        unit=row["unit"],
        essential=row["essential"],
        topic=row["topic"],
        messages=row["messages"],
    )


def limit_of(row: Row) -> Limit:
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
        always=row["always"],
        product=row["product"],
        sclerosant=row["sclerosant"],
        concentration=number_of(row["concentration_percent"]),
        form=row["form"],
        vein_type=row["vein_type"],
        vein=row["vein"],
        area=row["area"],
        first_exposure=row["first_exposure"],
        condition=None,
        unconfirmed=row["status"] == "unconfirmed",
        message="",
        shown=_shown(row, f"/v1/session-limits/{row['slug']}"),
        citations=tuple(row["citations"]),
    )


def ruling_of(condition: Row, row: Row, rule: str) -> Limit:
    """A contraindication's ruling as a limit of the rule on conditions: the condition must not be present."""
    bound = {"comparator": "=", "value": "false", "values": [], "unit": "1", "status": "confirmed"}
    return Limit(
        slug=row["slug"],
        title=condition["name"],
        rule=rule,
        comparator="=",
        value=False,
        values=(),
        listed=None,
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
        condition=condition["slug"],
        unconfirmed=False,
        message=row["summary"],
        shown=_shown({**bound, **row}, f"/v1/contraindications/{condition['slug']}"),
        citations=tuple(row["citations"]),
    )


def _shown(row: Row, href: str) -> Row:
    """The limit as an answer shows it; `href` is where the row itself is served."""
    members = ("slug", "comparator", "value", "values", "unit", "rule_set", "jurisdiction", "status")
    return {**{name: row[name] for name in members}, "href": href}
