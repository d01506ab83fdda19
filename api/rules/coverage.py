"""What is known of each product where it is sold, and what is not: the grid that a test holds to have no hole."""

from collections.abc import Iterable, Iterator
from typing import Any

from api.rules.book import NOTHING, Book, Matches, Profile
from api.rules.plan import RULE_SETS
from api.rules.rows import Limit, Product

# From the best known to the least; a question is as well known as its least known strength.
KNOWLEDGE = ("confirmed", "policy", "unconfirmed")
# The questions, each by the measures that answer it, and which way its limits bound them.
QUESTIONS = {
    "volume": (("session-volume", "daily-dose-per-weight", "daily-volume", "weekly-volume"), 1),
    "injection": (("injection-volume",), 1),
    "strength": (("concentration",), 0),
    "interval": (("session-interval",), -1),
}


def coverage(book: Book) -> Iterator[dict[str, Any]]:
    """A row for each product, where it is sold, form and vein type, with what is known of each question."""
    for product in book.products.values():
        for jurisdiction in product.jurisdictions or (None,):
            for form in product.forms:
                for vein_type in book.bands:
                    yield _row(book, product, jurisdiction, form, vein_type)


def _row(book: Book, product: Product, jurisdiction: str | None, form: str, vein_type: str) -> dict[str, Any]:
    lens = book.lens(jurisdiction or "", frozenset(RULE_SETS))
    strengths = [
        lens.match(Profile(product.slug, product.sclerosant, strength, form, vein_type, None, "", None))
        for strength in product.strengths
    ]
    place = (product.slug, jurisdiction and jurisdiction.lower(), form, vein_type)
    return {
        "slug": "-".join(part for part in place if part),
        "product": product.slug,
        "jurisdiction": jurisdiction,
        "form": form,
        "vein_type": vein_type,
        **{question: _known(book, strengths, *asked) for question, asked in QUESTIONS.items()},
    }


def _known(book: Book, strengths: Iterable[Matches], measures: tuple[str, ...], direction: int) -> dict[str, Any]:
    """The worst that is known over all strengths, and the limits that speak."""
    rules = [slug for slug, rule in book.rules.items() if rule.measure in measures and rule.topic]
    speaking = [[limit for slug in rules for limit in _own(matches, slug, direction)] for matches in strengths]
    status = max((_status(limits) for limits in speaking), key=KNOWLEDGE.index)
    return {"status": status, "limits": sorted({limit.slug for limits in speaking for limit in limits})}


def _own(matches: Matches, rule: str, direction: int) -> list[Limit]:
    """The limits of a rule that are about the product itself and bound it one way."""
    limits = matches.get(rule, NOTHING).limits
    return [limit for limit in limits if limit.names_product and limit.direction == direction]


def _status(limits: list[Limit]) -> str:
    if not limits or any(limit.unconfirmed for limit in limits):
        return "unconfirmed"
    return "policy" if all(limit.rule_set == "policy" for limit in limits) else "confirmed"
