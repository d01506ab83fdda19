"""Proof of the rules: content in; out, where its rules do not come to what its named plans and limits say."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from api.publishing.narrowed import row_of
from api.publishing.refused import RefusedError
from api.rules import Book, check
from api.rules.coverage import coverage
from api.rules.evaluate import UNREADABLE, compiled
from api.rules.measures import MEASURES
from api.rules.rows import Limit
from api.rules.vectors import vectors_of

Content = Mapping[str, list[dict[str, Any]]]
# Of each named plan, the `verdict` and the ids of the `findings`.
Expected = Mapping[str, Mapping[str, Any]]


def book_of(content: Content) -> Book:
    """The rules of the content.

    Raises:
        RefusedError: they cannot be compiled.
    """
    try:
        return compiled(content)
    except UNREADABLE as error:
        raise RefusedError([f"the rules cannot be compiled: {type(error).__name__} {error}"]) from error


def wrong_rules(content: Content, book: Book, expected: Expected) -> list[str]:
    """A problem for each plan or boundary on which the rules do not come to what is expected; none where all do.

    `book` has the rules of the content.
    """
    plans = [*_wrong_plans(content, expected)]
    if plans:
        plans.append(
            "plan-examples: where that is meant, change `expect` of these plans in fixtures/plan-examples.yaml"
        )
    return [*_names_of_nothing(book)] or [*plans, *_wrong_boundaries(book), *_holes_in_coverage(book)]


def _names_of_nothing(book: Book) -> Iterator[str]:
    """A problem for each value of a limit that names nothing, and for stand-ins for a vial beyond the first."""
    for limit in book.limits:
        measure = MEASURES[book.rules[limit.rule].measure]
        for value in measure.strange_values(limit, book):
            may_be = ", ".join(measure.words(book)) if measure.words else "plain numbers, or nothing"
            yield f"session-limits/{limit.slug}: lists {value!r}, which names nothing that its rule can meet ({may_be})"
    stand_ins = [limit.slug for limit in book.limits if limit.stands_in]
    if len(stand_ins) > 1:
        yield f"session-limits: {' and '.join(stand_ins)} both stand in for the volume of a vial"


def _wrong_plans(content: Content, expected: Expected) -> Iterator[str]:
    """A problem for each difference between what a named plan comes to and the verdict and findings expected of it."""
    for example in content["plan-examples"]:
        where, expect = f"plan-examples/{example['slug']}", expected[example["slug"]]
        if example["verdict"] != expect["verdict"]:
            yield f"{where}: expected {expect['verdict']}, found {example['verdict']}"
        yield from (f"{where}: expected {name}, not found" for name in _beyond(expect["findings"], example["findings"]))
        yield from (f"{where}: found {name}, not expected" for name in _beyond(example["findings"], expect["findings"]))
        same = Counter(expect["findings"]) == Counter(example["findings"])
        if same and expect["findings"] != example["findings"]:
            wanted, found = (", ".join(each["findings"]) for each in (expect, example))
            yield f"{where}: expected {wanted} in this order, found {found}"


def _beyond(names: Iterable[str], others: Iterable[str]) -> list[str]:
    """The names that come more often than among the others."""
    return sorted((Counter(names) - Counter(others)).elements())


def _wrong_boundaries(book: Book) -> Iterator[str]:
    """A problem for each boundary vector that comes out wrong, and for each limit of which none can be made."""
    for limit in book.limits:
        try:
            yield from _wrong_sides(book, limit)
        except UNREADABLE as error:
            yield f"{row_of(limit)}: no plan can be made at its boundary ({type(error).__name__} {error})"


def _wrong_sides(book: Book, limit: Limit) -> Iterator[str]:
    """A problem for each side on which the limit is not found, or is found where it should not be.

    A plan that breaks the limit is answered whole, so that no sentence or suggestion fails before a clinic.

    Raises:
        UNREADABLE: no plan can be made on a side, or none can be answered.
    """
    for vector in vectors_of(book, limit):
        expected = vector["broken"] or limit.unconfirmed
        if expected:
            check(vector["plan"], book)
        found = {slug for finding in vector["findings"] for slug in (finding["limit"], *finding["also_exceeds"])}
        if (limit.slug in found) is not expected:
            fates = ("not broken", "broken")
            yield f"{vector['slug']}: expected {fates[expected]}, found {fates[not expected]}"


def _holes_in_coverage(book: Book) -> Iterator[str]:
    """A problem where the coverage of the products cannot be worked out."""
    try:
        list(coverage(book))
    except UNREADABLE as error:
        yield f"the coverage of the products cannot be told: {type(error).__name__} {error}"
