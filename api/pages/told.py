"""The rows of a release in; out, what each page of facts says: its template, its title, and what that shows."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from api.pages import limits
from api.pages.facts import Card, Facts, Link, Row, words
from api.pages.plots import plots
from api.rules.coverage import QUESTIONS
from api.serializers import FACTS

COVERAGE = "What is known of the limits of each product where it is sold, and what is not."
HOME = Link("Facts", "/facts")


class Told(NamedTuple):
    """What a page is made of; `path` is its JSON, `above` leads to the pages that it is under."""

    template: str
    title: str
    text: str
    path: str
    shown: Mapping[str, Any]
    above: Sequence[Link] = (HOME,)


class Page(NamedTuple):
    """A page under `/facts`: its title, the resource that it is about, its template, and what that shows."""

    title: str
    resource: str
    template: str
    shown: Callable[[Facts], Mapping[str, Any]]

    @property
    def text(self) -> str:
        """What the resource is about."""
        return FACTS[self.resource].text if self.resource in FACTS else COVERAGE


def cards_of(resource: str) -> Callable[[Facts], list[Card]]:
    """What makes the cards of a resource."""
    return lambda facts: facts.cards(resource)


def in_order(resource: str) -> Callable[[Facts], Mapping[str, Any]]:
    """The rows of a resource as they are in the release."""
    return lambda facts: {"groups": [("", facts.cards(resource))]}


def grouped(cards: Callable[[Facts], list[Card]], member: str) -> Callable[[Facts], Mapping[str, Any]]:
    """Cards, those together whose rows are alike in a member."""

    def shown(facts: Facts) -> Mapping[str, Any]:
        ordered = sorted(cards(facts), key=natural)
        names = dict.fromkeys(card.row[member] for card in ordered)
        return {
            "groups": [
                (words(name).capitalize(), [card for card in ordered if card.row[member] == name]) for name in names
            ]
        }

    return shown


def natural(card: Card) -> list[str | int]:
    """What claims are sorted by, whose numbers go S8a, S9, S10; other rows stay as they are."""
    return [int(part) if part.isdigit() else part for part in re.split("([0-9]+)", card.row.get("number", ""))]


def areas(facts: Facts) -> Mapping[str, Any]:
    """The areas, each after the one that holds it."""
    return {"groups": [("", sorted(facts.cards("areas"), key=_in_the_tree))]}


def _in_the_tree(card: Card) -> tuple[str, bool, str]:
    """Where an area stands: after the one that holds it."""
    return card.row["parent"] or card.row["slug"], card.row["parent"] is not None, card.title


def limit_tables(facts: Facts) -> Mapping[str, Any]:
    """The limits that name no product, and where those of each product are."""
    of_each = [(card, limits.of_product(facts, card.row)) for card in facts.cards("products")]
    return {
        "products": [(card.title, f"/facts/limits/{card.row['slug']}", len(rows)) for card, rows in of_each],
        "sections": limits.of_no_product(facts),
    }


def coverage(facts: Facts) -> Mapping[str, Any]:
    """What is known of each product."""
    return {"products": limits.by_product(facts), "questions": [*QUESTIONS]}


PAGES = {
    "products": Page("Products", "products", "products", lambda facts: {"products": facts.cards("products")}),
    "limits": Page("Limits", "session-limits", "limits", limit_tables),
    "coverage": Page("What is known, and what is not", "coverage", "coverage", coverage),
    "contraindications": Page(
        "Contraindications",
        "contraindications",
        "contraindications",
        lambda facts: {"cards": facts.cards("contraindications")},
    ),
    "areas": Page("Treatment areas", "areas", "cards", areas),
    "vein-types": Page("Vein types", "vein-types", "cards", in_order("vein-types")),
    "result-durations": Page(
        "How long results take and last",
        "result-durations",
        "cards",
        grouped(cards_of("result-durations"), "aspect"),
    ),
    "questions": Page("Questions and answers", "faqs", "cards", grouped(Facts.questions, "topic")),
    "claims": Page(
        "Claims of the article, with their verdicts",
        "claims",
        "cards",
        grouped(cards_of("claims"), "kind"),
    ),
    "ingredients": Page("Ingredients", "ingredients", "cards", in_order("ingredients")),
    "rules": Page("What a plan is measured by", "rules", "cards", in_order("rules")),
    "sources": Page("Sources", "sources", "cards", grouped(cards_of("sources"), "kind")),
}


def home(facts: Facts) -> Told:
    """What there is, and which rows wait for a review."""
    pages = [
        {"href": f"/facts/{name}", "title": page.title, "text": page.text, "rows": facts.content.get(page.resource, ())}
        for name, page in PAGES.items()
    ]
    overdue = [
        facts.link(resource, row["slug"]) for resource, rows in facts.content.items() for row in rows if row["overdue"]
    ]
    text = "What this service holds, to read before any code is written: each fact with who says it and where."
    return Told("home", "Facts", text, "/v1", {"pages": pages, "overdue": overdue}, ())


def page(facts: Facts, name: str) -> Told:
    """The page of a name."""
    found = PAGES[name]
    return Told(found.template, found.title, found.text, f"/v1/{found.resource}", found.shown(facts))


def product(facts: Facts, row: Row) -> Told:
    """A product: what it is, and plots of what is published on how much of it is the most."""
    rows = limits.of_product(facts, row)
    of_its_forms = [limit for limit in rows if limit["form"] in (None, *row["forms"])]
    shown = {"card": facts.card("products", row), "measured": plots(facts, of_its_forms), "limits": len(rows)}
    text = f"What is published on {row['name']}: where a label was read, and how much is the most, by country."
    return Told("product", row["name"], text, f"/v1/products/{row['slug']}", shown, under("products"))


def limits_of_product(facts: Facts, row: Row) -> Told:
    """The limits that name a product or its sclerosant, by country."""
    rows = limits.of_product(facts, row)
    shown = {"card": facts.card("products", row), "groups": limits.by_country(facts, rows)}
    text = f"Every limit that names {row['name']} or its sclerosant. The row shown is the row that the check enforces."
    path = f"/v1/session-limits?product={row['slug']}"
    return Told("product_limits", f"Limits of {row['name']}", text, path, shown, under("limits"))


def contraindication(facts: Facts, row: Row) -> Told:
    """A contraindication, and what each label, guideline or policy rules on it."""
    shown = {"card": facts.contraindication(row)}
    path = f"/v1/contraindications/{row['slug']}"
    text = "What each label, guideline or policy rules on it. The provider decides."
    return Told("contraindication", row["name"], text, path, shown, under("contraindications"))


# The pages of one row each, by what they are under: the resource of the row, and what the page says of it.
OF_ONE: Mapping[str, tuple[str, Callable[[Facts, Row], Told]]] = {
    "products": ("products", product),
    "limits": ("products", limits_of_product),
    "contraindications": ("contraindications", contraindication),
}


def under(name: str) -> tuple[Link, ...]:
    """The pages that lead to one that is under the page of a name."""
    return HOME, Link(PAGES[name].title, f"/facts/{name}")
