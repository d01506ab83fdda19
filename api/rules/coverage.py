"""Coverage: a book in; out, what is known of the limits of each product where its label was read, and what is not."""

from collections.abc import Iterable, Iterator
from typing import Any

from api.rules.book import Book, Matches, Profile
from api.rules.plan import RULE_SETS
from api.rules.rows import Limit, Product

# From the best known to the least. What is known of a question is what is known for its least known strength.
KNOWLEDGE = ("confirmed", "policy", "unconfirmed")
# The questions, each with the measures that it is about, and the direction of the limits that settle it.
QUESTIONS = {
    "volume": (("session-volume", "daily-dose-per-weight", "daily-volume", "weekly-volume"), 1),
    "injection": (("injection-volume",), 1),
    "strength": (("concentration",), 0),
    "interval": (("session-interval",), -1),
}


def coverage(book: Book) -> Iterator[dict[str, Any]]:
    """A row for each product, jurisdiction, form and vein type, with what is known of each question."""
    for product in book.products.values():
        for jurisdiction in product.jurisdictions or (None,):
            for form in product.forms:
                for vein_type in book.bands:
                    yield _row(book, product, jurisdiction, form, vein_type)


def _row(book: Book, product: Product, jurisdiction: str | None, form: str, vein_type: str) -> dict[str, Any]:
    """What is known of a product in one jurisdiction, form and vein type."""
    in_force = book.in_force(jurisdiction or "", frozenset(RULE_SETS))
    strengths = [
        in_force.match(Profile(product.slug, product.sclerosant, strength, form, vein_type, None, "", None))
        for strength in product.strengths
    ]
    parts = (product.slug, jurisdiction and jurisdiction.lower(), form, vein_type)
    return {
        "slug": "-".join(part for part in parts if part),
        "product": product.slug,
        "jurisdiction": jurisdiction,
        "form": form,
        "vein_type": vein_type,
        **{question: _known(book, strengths, *asked) for question, asked in QUESTIONS.items()},
    }


def _known(book: Book, strengths: Iterable[Matches], measures: tuple[str, ...], direction: int) -> dict[str, Any]:
    """What is known of a question for the least known strength, and the limits on it for all of them."""
    rules = [slug for slug, rule in book.rules.items() if rule.measure in measures and rule.topic]
    by_strength = [[limit for slug in rules for limit in _own(matches, slug, direction)] for matches in strengths]
    status = max((_status(limits) for limits in by_strength), key=KNOWLEDGE.index)
    return {"status": status, "limits": sorted({limit.slug for limits in by_strength for limit in limits})}


def _own(matches: Matches, rule: str, direction: int) -> list[Limit]:
    """The limits of a rule, in one direction, that name the product or its sclerosant."""
    limits = matches.of(rule).limits
    return [limit for limit in limits if limit.names_product and limit.direction == direction]


def _status(limits: list[Limit]) -> str:
    """`unconfirmed` for no limits or one without a number, `policy` where all are of policy, else `confirmed`."""
    if not limits or any(limit.unconfirmed for limit in limits):
        return "unconfirmed"
    return "policy" if all(limit.rule_set == "policy" for limit in limits) else "confirmed"
