"""Rows of a release in; out, what a page says of each: names for slugs, links, numbers with their units, sources.

`LAYOUTS` says of each resource which members are its texts and which its details; none is left out unseen.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from api.rules.numbers import in_words

Row = Mapping[str, Any]

# What a country is called where its texts are grouped, by its code.
COUNTRIES = {
    "US": "United States",
    "GB": "United Kingdom",
    "DE": "Germany",
    "AT": "Austria",
    "CH": "Switzerland",
    "FR": "France",
    "ES": "Spain",
    "IT": "Italy",
    "JP": "Japan",
    "BR": "Brazil",
}
# Members that name rows, by the resource of these.
REFERENCES = {
    "parent": "areas",
    "area": "areas",
    "vein_type": "vein-types",
    "vein_types": "vein-types",
    "product": "products",
    "on_label_products": "products",
    "sclerosant": "ingredients",
    "excipients": "ingredients",
    "condition": "contraindications",
    "limits": "session-limits",
    "rule": "rules",
    "rules": "rules",
}
# Members whose texts are words of a closed list, or paths of a plan, and no prose.
WORDS = (
    *("aspect", "confidence", "diameter_status", "extent", "forms", "kind", "named_in", "origin", "quantity", "scope"),
    *("status", "topic", "vein", "veins", "verdict"),
)
# How an end of a range reads, by its member.
ENDS = {"diameter_min_mm": "at least", "diameter_over_mm": "over", "diameter_max_mm": "at most"}


class Link(NamedTuple):
    """A text, and where it leads, if anywhere."""

    text: str
    href: str = ""


class Detail(NamedTuple):
    """What a member of a row says, under its label."""

    label: str
    parts: Sequence[Link]


class Citation(NamedTuple):
    """Who says so, and where."""

    source: Link
    locator: str
    stance: str
    note: str | None


@dataclass(frozen=True)
class Layout:
    """Of a resource: the member that is its title, those that are texts, and labels of those that are details."""

    title: str
    texts: tuple[str, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Card:
    """What a page says of a row; `parts` are rows within it; `path` is its JSON, and `row` the row itself."""

    row: Row
    title: str
    path: str
    href: str
    texts: Sequence[str]
    details: Sequence[Detail]
    citations: Sequence[Citation]
    parts: Sequence["Card"] = ()


NAMES = {"synonyms": "Also called"}
LAYOUTS = {
    "areas": Layout(
        "name",
        ("description", "caution"),
        {
            "parent": "Part of",
            **NAMES,
            "on_label": "On a label that was read",
            "on_label_products": "Products whose label covers it",
            "confidence": "What kind of source says so",
            "vein_types": "Vein types found there",
        },
    ),
    "vein-types": Layout(
        "name",
        ("description", "note"),
        {
            **NAMES,
            "diameter": "Diameter",
            "diameter_status": "Whether sources agree on it",
            "veins": "Named veins",
            "ceap_classes": "CEAP classes",
        },
    ),
    "products": Layout(
        "name",
        ("indication", "note"),
        {
            **NAMES,
            "sclerosant": "Sclerosant",
            "excipients": "Excipients that an allergy may concern",
            "forms": "Forms",
            "strengths": "Strengths, and what they come in",
            "foam_mg_per_ml": "Drug in a mL of factory foam",
            "jurisdictions": "Where a label was read",
        },
    ),
    "ingredients": Layout("name", ("description",), NAMES),
    "result-durations": Layout(
        "title",
        ("summary",),
        {
            "span": "Figure",
            "population": "Of whom or what",
            "vein_type": "Vein type",
            "product": "Product",
            "aspect": "What is measured",
            "status": "Status",
            "origin": "Who says so",
        },
    ),
    "contraindications": Layout(
        "name", ("description",), {**NAMES, "named_in": "The patient's lists that may name it"}
    ),
    "faqs": Layout("question", ("answer",), {"topic": "Topic"}),
    "claims": Layout(
        "statement",
        (),
        {
            "verdict": "Verdict",
            "sources_say": "What the sources say",
            "service_does": "What this service does",
            "number": "Number of the claim",
            "kind": "What it is about",
            "limits": "Limits that bear on it",
            "rules": "Rules that bear on it",
        },
    ),
    "rules": Layout(
        "title",
        ("description",),
        {
            "quantity": "Measure",
            "scope": "Judged for each",
            "unit": "Unit",
            "kind": "How it is compared",
            "essential": "Essential",
            "topic": "Question",
            "needs": "Members of a plan that it reads",
            "incomplete_without": "Members whose absence may leave a plan incomplete",
            "messages": "What a finding says",
        },
    ),
    "sources": Layout(
        "title",
        ("note",),
        {
            "url": "Where it was read",
            "kind": "Kind",
            "publisher": "Publisher",
            "published": "Published",
            "extent": "How much could be read",
            "reference_number": "Number in the bibliography",
        },
    ),
}
# Where the rows of a resource are, with the slug of the row; limits are at `Facts.href`.
PLACES = {
    "products": "/facts/products/{}",
    "contraindications": "/facts/contraindications/{}",
    "faqs": "/facts/questions#{}",
    **{
        name: f"/facts/{name}#{{}}"
        for name in ("areas", "vein-types", "ingredients", "result-durations", "claims", "rules", "sources")
    },
}


class Facts:
    """The rows of a release, as pages show them."""

    def __init__(self, content: Mapping[str, Sequence[Row]], coverage: Callable[[], Sequence[Row]]) -> None:
        self.content = content
        self.coverage = coverage  # it needs rules, which all else goes on without

    @cached_property
    def by_slug(self) -> dict[str, dict[str, Row]]:
        """The rows of each resource, by slug."""
        return {name: {row["slug"]: row for row in rows} for name, rows in self.content.items()}

    def href(self, resource: str, row: Row) -> str:
        """Where a page shows the row. A limit is with its product, or where it names none, among those for all."""
        if resource == "session-limits":
            product = row["product"]
            return f"/facts/limits/{product}#{row['slug']}" if product else f"/facts/limits#{row['slug']}"
        return PLACES[resource].format(row["slug"])

    def link(self, resource: str, slug: str) -> Link:
        """A slug as the name of its row, with where that is; as words, where there is no such row."""
        row = self.by_slug.get(resource, {}).get(slug)
        if row is None:
            return Link(words(slug))
        title = row["title"] if resource == "session-limits" else row[LAYOUTS[resource].title]
        return Link(title, self.href(resource, row))

    def cards(self, resource: str) -> list[Card]:
        """Every row of a resource."""
        return [self.card(resource, row) for row in self.content.get(resource, ())]

    def card(self, resource: str, row: Row, parts: Sequence[Card] = ()) -> Card:
        """What a page says of a row."""
        layout = LAYOUTS[resource]
        return Card(
            row=row,
            title=row[layout.title],
            path=f"/v1/{resource}/{row['slug']}",
            href=self.href(resource, row),
            texts=[row[name] for name in layout.texts if row[name]],
            details=self.details(row, layout.details),
            # Those of a rule are those of its limits, which are shown with these.
            citations=() if resource == "rules" else self.citations(row.get("citations", ())),
            parts=parts,
        )

    def details(self, row: Row, labels: Mapping[str, str]) -> list[Detail]:
        """The details that the row has something in."""
        told = ((label, self.parts(row, name)) for name, label in labels.items())
        return [Detail(label, parts) for label, parts in told if parts]

    def parts(self, row: Row, name: str) -> list[Link]:
        """What a member says, each text with where it leads; nothing, where the row has nothing in it."""
        if name in COMPUTED:
            return [Link(text) for text in COMPUTED[name](row)]
        value = row[name]
        if value is None:
            return []
        if isinstance(value, bool):
            return [Link("yes" if value else "no")]
        if isinstance(value, Mapping):
            return [Link(f"{key}: {text}") for key, text in value.items()]
        texts = value if isinstance(value, list) else [str(value)]
        if name == "url":
            return [Link(text, text) for text in texts]
        if name in REFERENCES:
            return [self.link(REFERENCES[name], text) for text in texts]
        return [Link(words(text) if name in WORDS else text) for text in texts]

    def citations(self, citations: Iterable[Row]) -> list[Citation]:
        """Citations, each with the title of its source and where that is."""
        return [
            Citation(self.link("sources", each["source"]), each["locator"], each["stance"], each["note"])
            for each in citations
        ]

    def contraindication(self, row: Row) -> Card:
        """A contraindication with its rulings."""
        path = f"/v1/contraindications/{row['slug']}"
        labels = {"sclerosant": "Sclerosant", "product": "Product", "form": "Form"}
        rulings = [
            Card(
                row=each,
                title=f"{country(each['jurisdiction'])}: {each['rule_set']}",
                path=path,
                href=f"#{each['slug']}",
                texts=[each["summary"]],
                details=self.details(each, labels),
                citations=self.citations(each["citations"]),
            )
            for each in sorted(row["rulings"], key=lambda each: country_rank(each["jurisdiction"]))
        ]
        return self.card("contraindications", row, rulings)

    def questions(self) -> list[Card]:
        """Every question."""
        return [self.question(row) for row in self.content["faqs"]]

    def question(self, row: Row) -> Card:
        """A question with its answer and the figures of that."""
        figures = [
            Card(
                row={"slug": f"{row['slug']}-{each['key']}"},
                title=each["label"],
                path="",
                href="",
                texts=[span(each["low"], each["high"], each["unit"])],
                details=(),
                citations=self.citations(each["citations"]),
            )
            for each in row["figures"]
        ]
        return self.card("faqs", row, figures)


def words(slug: str) -> str:
    """A slug as words."""
    return slug.replace("-", " ").replace("_", " ")


def country(code: str | None) -> str:
    """The name of a country, with its code as the API has it."""
    return f"{COUNTRIES.get(code, code)} ({code})" if code else "Any country"


def country_rank(code: str | None) -> int:
    """Where a country stands in a list; what is for any comes first."""
    return [None, *COUNTRIES, code].index(code)


def span(low: str | None, high: str | None, unit: str) -> str:
    """A range in words: `26 weeks`, `4 to 6 weeks`, `at least 4 weeks`."""
    if low is not None and high is not None:
        return in_words(high, unit) if low == high else f"{low} to {in_words(high, unit)}"
    ends = (("at least", low), ("at most", high))
    return ", ".join(f"{how} {in_words(end, unit)}" for how, end in ends if end is not None) or "no number"


def diameters(row: Row) -> list[str]:
    """The ends of a vein type's diameter."""
    return [f"{how} {row[name]} mm" for name, how in ENDS.items() if row[name] is not None]


def strengths(row: Row) -> list[str]:
    """The strengths of a product, each with its containers."""
    return [
        f"{each['concentration_percent']} %: "
        + (", ".join(f"{held['kind']} of {held['volume_ml']} mL" for held in each["containers"]) or "no container read")
        for each in row["strengths"]
    ]


# Details that are made of several members, or of one with its unit.
COMPUTED: dict[str, Callable[[Row], Iterable[str]]] = {
    "diameter": diameters,
    "strengths": strengths,
    "span": lambda row: [span(row["low"], row["high"], row["unit"])],
    "foam_mg_per_ml": lambda row: [f"{row['foam_mg_per_ml']} mg/mL"] if row["foam_mg_per_ml"] else [],
    "jurisdictions": lambda row: [country(code) for code in row["jurisdictions"]],
}
