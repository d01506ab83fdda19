"""Filters: the rows of a list and a query in; the rows that every parameter of the query keeps out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from api.parsers import Parameter
from api.releases import FrozenRelease, Row
from api.rules.measures import NAMES
from api.rules.plan import AREA, FORM, JURISDICTION, PRODUCT, RULE_SET, VEIN_TYPE
from api.rules.value_types import Choice, Slug


@dataclass(frozen=True)
class Filter(Parameter):
    """A parameter that keeps some rows: those that `keeps` says, else those with the wanted value in its column."""

    keeps: Callable[[str, FrozenRelease], Callable[[Row], bool]] | None = None

    def keeper(self, wanted: str, release: FrozenRelease) -> Callable[[Row], bool]:
        """What is True for the rows that are kept."""
        return self.keeps(wanted, release) if self.keeps else lambda row: bool(row[self.name] == wanted)


@dataclass(frozen=True)
class AppliesTo(Parameter):
    """A parameter that keeps what applies to something, or may: rows that name it, and rows that name nothing.

    `member` is what it tells of a treatment. Several are answered together, by the rules themselves: a row is kept if
    some plan with all of these members is held against it.
    """

    member: str = ""


def about_product(wanted: str, release: FrozenRelease) -> Callable[[Row], bool]:
    """What is True for a row that names the product, or the sclerosant of the product."""
    product = release.item("products", wanted)
    sclerosant = product and product["sclerosant"]
    return lambda row: row["product"] == wanted or (sclerosant is not None and row["sclerosant"] == sclerosant)


def with_every_word(wanted: str, release: FrozenRelease) -> Callable[[Row], bool]:
    """What is True for a question that has every word, as `GET /v1/search` finds words."""
    slugs = release.index.having(wanted, "faqs")
    return lambda row: row["slug"] in slugs


WITH_OTHERS = "Rows that name none are left out: `applies_to_{}` keeps them."
APPLIES_TO_PRODUCT = AppliesTo(
    "applies_to_product",
    "What applies to this product, or may: rows that name it, its sclerosant, or neither.",
    example="asclera",
    value_type=PRODUCT,
    member="product",
)
APPLIES_TO_JURISDICTION = AppliesTo(
    "applies_to_jurisdiction",
    "What applies in this jurisdiction: rows that name it, or none. With `applies_to_product`, everything that a plan "
    "of that product there may be held against. `GET /v1/session-limits/resolve` tells which limit binds.",
    example="US",
    value_type=JURISDICTION,
    member="jurisdiction",
)
APPLIES_TO_FORM = AppliesTo(
    "applies_to_form",
    "What applies to this form: rows that name it, or none.",
    example="liquid",
    value_type=FORM,
    member="form",
)

FILTERS: Mapping[str, Sequence[Filter | AppliesTo]] = {
    "session-limits": (
        APPLIES_TO_PRODUCT,
        APPLIES_TO_JURISDICTION,
        APPLIES_TO_FORM,
        AppliesTo(
            "applies_to_vein_type",
            "What applies to this vein type: rows that name it, or none.",
            example="telangiectasia",
            value_type=VEIN_TYPE,
            member="vein_type",
        ),
        AppliesTo(
            "applies_to_area",
            "What applies to this area, or may: rows that name it, an area that holds it or that it holds, or none.",
            example="calf",
            value_type=AREA,
            member="area",
        ),
        Filter(
            "product",
            f"Limits that name this product or its sclerosant. {WITH_OTHERS.format('product')}",
            example="asclera",
            value_type=PRODUCT,
            keeps=about_product,
        ),
        Filter(
            "jurisdiction",
            f"Limits that name this jurisdiction. {WITH_OTHERS.format('jurisdiction')}",
            example="US",
            value_type=JURISDICTION,
        ),
        Filter("rule_set", "Whose limits.", example="label", value_type=RULE_SET),
        Filter(
            "quantity",
            "The measure that is limited.",
            example="session-volume",
            value_type=Choice(NAMES),
        ),
        Filter("form", f"Limits that name this form. {WITH_OTHERS.format('form')}", example="liquid", value_type=FORM),
        Filter(
            "vein_type",
            f"Limits that name this vein type. {WITH_OTHERS.format('vein_type')}",
            example="telangiectasia",
            value_type=VEIN_TYPE,
        ),
        Filter(
            "area",
            f"Limits that name this area. {WITH_OTHERS.format('area')}",
            example="ankle",
            value_type=AREA,
        ),
    ),
    "contraindications": (APPLIES_TO_PRODUCT, APPLIES_TO_JURISDICTION, APPLIES_TO_FORM),
    "faqs": (
        Filter(
            "topic", "Questions on this topic.", example="cost", value_type=Slug("topics", "the topics of /v1/faqs")
        ),
        Filter(
            "q",
            "Questions that have every one of these words, as `GET /v1/search` finds words: in any order, also where a "
            "longer word begins so, or by another name of what is meant.",
            example="stockings walk",
            keeps=with_every_word,
        ),
    ),
    "coverage": (
        Filter("product", "Rows of this product.", example="asclera", value_type=PRODUCT),
        Filter(
            "jurisdiction",
            "Rows of this jurisdiction. A product without a label has rows that name none: "
            "`applies_to_jurisdiction` keeps them.",
            example="US",
            value_type=JURISDICTION,
        ),
        Filter("form", "Rows of this form.", example="liquid", value_type=FORM),
        Filter("vein_type", "Rows of this vein type.", example="telangiectasia", value_type=VEIN_TYPE),
        replace(APPLIES_TO_JURISDICTION, text="Rows of this jurisdiction, and rows that name none."),
    ),
}

About = Mapping[str, str]


def limit_applies(limit: Row, about: About, release: FrozenRelease) -> bool:
    """True where a limit, or a ruling, is held against some plan with these members."""
    return release.book.may_concern(limit["slug"], **about)


def some_ruling_applies(contraindication: Row, about: About, release: FrozenRelease) -> bool:
    """True where one of its rulings is held against some plan with these members."""
    return any(limit_applies(ruling, about, release) for ruling in contraindication["rulings"])


def names_it_or_nothing(row: Row, about: About, release: FrozenRelease) -> bool:
    """True where each member is as the row has it, or the row has null."""
    return all(row[member] in (None, wanted) for member, wanted in about.items())


APPLIES: Mapping[str, Callable[[Row, About, FrozenRelease], bool]] = {
    "session-limits": limit_applies,
    "contraindications": some_ruling_applies,
}


def kept(rows: Sequence[Row], resource: str, query: Mapping[str, str], release: FrozenRelease) -> Sequence[Row]:
    """The rows of a resource that every parameter of the query keeps."""
    asked = [(each, query[each.name]) for each in FILTERS.get(resource, ()) if each.name in query]
    about = {each.member: wanted for each, wanted in asked if isinstance(each, AppliesTo)}
    keepers = [each.keeper(wanted, release) for each, wanted in asked if isinstance(each, Filter)]
    applies = APPLIES.get(resource, names_it_or_nothing)
    return [row for row in rows if all(keeps(row) for keeps in keepers) and (not about or applies(row, about, release))]
