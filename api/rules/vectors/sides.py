"""Sides: a limit in; out, a vector for each of its sides: on the bound, just inside it and just outside it."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from api.rules.book import Book
from api.rules.evaluate import evaluate
from api.rules.measures import MEASURES
from api.rules.numbers import as_text
from api.rules.rows import Limit
from api.rules.vectors.makers import Document
from api.rules.vectors.plans import plan_for, product_for


def vectors(book: Book) -> Iterator[dict[str, Any]]:
    """The vectors of every limit."""
    for limit in book.limits:
        yield from vectors_of(book, limit)


def vectors_of(book: Book, limit: Limit) -> Iterator[dict[str, Any]]:
    """A vector for each side of a limit: its slug, a plan, whether that breaks the limit, and what it comes to.

    Raises:
        PlanFaults, LookupError, ArithmeticError: no plan can be made that is on that side.
    """
    for boundary in boundaries_of(book, limit):
        yield _vector(book, limit, boundary)


class Boundary(NamedTuple):
    """A plan on one side of a limit: `slug` names limit and side; `broken` is true where it breaks the limit."""

    slug: str
    plan: Document
    broken: bool


def boundaries_of(book: Book, limit: Limit) -> Iterator[Boundary]:
    """A plan for each side of a limit.

    Raises:
        LookupError, ArithmeticError: no plan can be made that is on that side.
    """
    sides = [("unconfirmed", None, False)] if limit.unconfirmed else _sides(book, limit)
    for side, value, broken in sides:
        yield Boundary(f"{limit.slug}:{side}", plan_for(book, limit, value), broken)


def _vector(book: Book, limit: Limit, boundary: Boundary) -> dict[str, Any]:
    """The vector of one side, with the verdict and the findings of its plan."""
    evaluation = evaluate(boundary.plan, book)
    return {
        "slug": boundary.slug,
        "limit": limit.slug,
        "plan": boundary.plan,
        "broken": boundary.broken,
        "verdict": evaluation.verdict,
        "findings": [
            {
                "id": finding.id,
                "severity": finding.severity,
                "limit": finding.limit.slug,
                "also_exceeds": [other.slug for other in finding.also],
            }
            for finding in evaluation.outcomes.findings
        ],
    }


def _sides(book: Book, limit: Limit) -> Iterator[tuple[str, Any, bool]]:
    """The sides of a limit: the name, a value of the measure, and True where that breaks the limit.

    Example: at most 7 mL has `on` 7 mL, `inside` 6.999 mL, and `outside` 7.001 mL, which breaks it.
    """
    if limit.comparator in ("<=", ">="):
        bound = int(limit.value or 0)
        measure = book.rules[limit.rule].measure
        outward = smallest_step(measure) * (1 if limit.comparator == "<=" else -1)
        for side, value in (("on", bound), ("inside", bound - outward), ("outside", bound + outward)):
            if value >= MEASURES[measure].least:
                yield side, value, side == "outside"
    elif limit.comparator == "=":
        if isinstance(limit.value, bool):
            yield "met", limit.value, False
            yield "not-met", not limit.value, True
        else:
            yield "assumed", None, True
    else:
        listed, others = _listed_and_others(book, limit)
        for value in listed:
            yield f"listed-{_name(value)}", value, limit.comparator == "not-in"
        for value in others:
            yield f"other-{_name(value)}", value, limit.comparator == "in"


def _name(value: Any) -> str:
    """A value as a part of a slug: `0-5` for 0.5 %, `de` for `DE`."""
    return as_text(value).replace(".", "-") if isinstance(value, int) else str(value).lower()


def smallest_step(measure: str) -> int:
    """The smallest step that a plan can take in a measure, in thousandths."""
    return 1000 if MEASURES[measure].gives == "count" else 1


def _listed_and_others(book: Book, limit: Limit) -> tuple[list[Any], list[Any]]:
    """The values that a limit lists, and some that it does not."""
    measure = MEASURES[book.rules[limit.rule].measure]
    product = book.products[product_for(book, limit)]
    listed = list(product.values_for(limit.values_from, None)) if limit.values_from else list(limit.values)
    # Of numbers, and of countries, a few are enough.
    samples: dict[str, Iterable[Any]] = {
        "jurisdiction": ("US", "DE"),
        "concentration": sorted({*product.strengths, 777}),
        "container-volume": (2000, 5000, 7777),
    }
    values = samples.get(measure.name) or (measure.words or (lambda _: ()))(book)
    if measure.name == "area":
        within = [area for area in values if set(book.areas[area]) & set(listed)]
        return within, [area for area in values if area not in within]
    return listed, [value for value in values if value not in listed]
