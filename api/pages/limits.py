"""Limits and coverage in; out, tables of them: each bound in words, where it applies, who says it, how sure that is."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from api.pages.facts import Citation, Facts, Link, Row, country, country_rank, words
from api.rules.coverage import QUESTIONS
from api.rules.numbers import in_words

COMPARED = {"<=": "at most", ">=": "at least", "=": "exactly", "in": "only", "not-in": "not"}
FLAGS = {"true": "required", "false": "excluded"}
NO_NUMBER = "no source that was read gives a number"


class LimitLine(NamedTuple):
    """A limit in a table."""

    row: Row
    path: str
    href: str
    rule: Link
    bound: str
    where: Sequence[Link]
    citations: Sequence[Citation]


class Group(NamedTuple):
    """What stands under one heading."""

    title: str
    lines: Sequence[LimitLine]


class Cell(NamedTuple):
    """What is known of a question, and the limits on it, each by its bound."""

    status: str
    limits: Sequence[Link]


class CoverageLine(NamedTuple):
    """What is known of a product in one country, form and vein type."""

    row: Row
    country: str
    vein_type: Link
    cells: Sequence[Cell]


def bound(limit: Row) -> str:
    """What a limit asks for: `at most 10 mL`, `only liquid or foam`, `at most 1: obesity or smoking`, `required`.

    A limit of an answer has the values of the product's row, and not the name of the member that has them.
    """
    how, values_from = COMPARED[limit["comparator"]], limit.get("values_from")
    if values_from or limit["values"]:
        named = either(limit) if limit["values"] else f"what the row of the product has as {values_from}"
        return f"{how} {in_words(limit['value'], limit['unit'])}: {named}" if limit["value"] else f"{how} {named}"
    if limit["value"] is None:
        return NO_NUMBER
    return FLAGS.get(limit["value"]) or f"{how} {in_words(limit['value'], limit['unit'])}"


def either(limit: Row) -> str:
    """The values of a limit: `liquid or foam`, `0.5 or 1 %`."""
    is_words = limit["value"] is not None or limit["unit"] == "1"
    shown = [words(text) if is_words else text for text in limit["values"]]
    joined = f"{', '.join(shown[:-1])}{' or ' if len(shown) > 1 else ''}{shown[-1]}"
    return joined if is_words else f"{joined} {limit['unit']}"


def line(facts: Facts, limit: Row) -> LimitLine:
    """A limit in a table."""
    return LimitLine(
        row=limit,
        path=f"/v1/session-limits/{limit['slug']}",
        href=facts.href("session-limits", limit),
        rule=facts.link("rules", limit["rule"]),
        bound=bound(limit),
        where=where(facts, limit),
        citations=facts.citations(limit["citations"]),
    )


def where(facts: Facts, limit: Row) -> list[Link]:
    """What a limit applies to, beside its product and country."""
    first = {True: "first treatment with the sclerosant", False: "later treatments with the sclerosant", None: ""}
    plain = (
        f"{limit['concentration_percent']} %" if limit["concentration_percent"] else "",
        limit["form"] or "",
        words(limit["vein"] or ""),
        first[limit["first_exposure"]],
        "not foam that comes ready made in canisters" if limit["made_in_clinic"] else "",
        "stands for a vial of no named product" if limit["stands_in"] else "",
        "also where its rule set is not asked for" if limit["always"] else "",
    )
    linked = (("vein_type", "vein-types"), ("area", "areas"), ("condition", "contraindications"))
    return [
        *(Link(text) for text in plain if text),
        *(facts.link(resource, limit[name]) for name, resource in linked if limit[name]),
    ]


def of_product(facts: Facts, product: Row) -> list[Row]:
    """The limits that name a product, or its sclerosant where it is sold."""
    return [
        limit
        for limit in facts.content["session-limits"]
        if limit["product"] == product["slug"] or _is_of_sclerosant(limit, product)
    ]


def _is_of_sclerosant(limit: Row, product: Row) -> bool:
    """Whether a limit is on the sclerosant of a product, in a country where that is sold or in any."""
    names_it = limit["product"] is None and limit["sclerosant"] == product["sclerosant"]
    return names_it and (limit["jurisdiction"] is None or limit["jurisdiction"] in product["jurisdictions"])


def by_country(facts: Facts, limits: Iterable[Row]) -> list[Group]:
    """Limits under their countries, those on one measure together."""
    found: dict[str | None, list[Row]] = {}
    for limit in sorted(limits, key=lambda limit: (country_rank(limit["jurisdiction"]), limit["quantity"])):
        found.setdefault(limit["jurisdiction"], []).append(limit)
    return [Group(country(code), [line(facts, limit) for limit in limits]) for code, limits in found.items()]


def of_no_product(facts: Facts) -> list[tuple[str, list[Group]]]:
    """The limits that name no product: on treatment with whatever, and on each sclerosant."""
    found: dict[str, list[Row]] = {"": []}
    for limit in facts.content["session-limits"]:
        if limit["product"] is None:
            found.setdefault(limit["sclerosant"] or "", []).append(limit)
    return [
        (f"Any {words(sclerosant)}" if sclerosant else "Any product", by_country(facts, limits))
        for sclerosant, limits in found.items()
        if limits
    ]


def by_product(facts: Facts) -> list[tuple[Link, list[CoverageLine]]]:
    """What is known of each product, and what is not."""
    found: dict[str, list[CoverageLine]] = {}
    for row in sorted(facts.coverage(), key=lambda row: (row["product"], country_rank(row["jurisdiction"]))):
        cells = [_cell(facts, row[question]) for question in QUESTIONS]
        shown = CoverageLine(row, country(row["jurisdiction"]), facts.link("vein-types", row["vein_type"]), cells)
        found.setdefault(row["product"], []).append(shown)
    return [(facts.link("products", product), lines) for product, lines in found.items()]


def _cell(facts: Facts, known: Row) -> Cell:
    """What is known of a question."""
    limits = [facts.by_slug["session-limits"][slug] for slug in known["limits"]]
    return Cell(known["status"], [Link(bound(limit), facts.href("session-limits", limit)) for limit in limits])
