"""Loosening: the rules of the newest release and the new ones in; out, what the old tell of a plan and the new do not.

Named plans and boundaries are made from the edited rows, so a bound that is moved, or a rule that is dropped, agrees
with itself. The plans of the newest release do not move with the edit: held against both, they show what is let go.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import product as product_of_all
from typing import Any

from api.publishing.narrowed import narrowed, row_of
from api.rules import Book, PlanFaults
from api.rules.evaluate import evaluate
from api.rules.plan import JURISDICTIONS, PROCEDURES
from api.rules.rows import SEVERITIES
from api.rules.vectors import boundaries_of

# The place of what is told of a plan among all that can be told, the gravest first.
grave = (*SEVERITIES, "incomplete").index
# By the rule and the place in the plan: how grave what is told there is, by the row that it is told of.
Told = dict[tuple[str, str], dict[str, str]]


def loosened(before: Book, examples: Iterable[Mapping[str, Any]], after: Book) -> dict[str, str]:
    """By row, how each limit or rule tells less of a plan of the newest release than it did there.

    `before` are that release's rules, `examples` its named plans, `after` the new rules.
    """
    less = dict(narrowed(before, after))
    # Rows that speak where no other does, such as of a condition on which nothing rules: another may take their place.
    gives_way = {row_of(limit) for limit in before.limits if limit.always}
    for name, plan in _plans(before, examples):
        old, new = told(plan, before), told(plan, after)
        for place, rows in old.items():
            now = new.get(place, {})
            for row, gravity in rows.items():
                left = min(now.values(), key=grave, default=None) if row in gives_way else now.get(row)
                if left is None or grave(left) > grave(gravity):
                    less.setdefault(row, f"{row}: told of {name} as {gravity}, and now {left or 'not at all'}")
    return less


def unnamed(less: Mapping[str, str], accepted: Collection[str]) -> list[str]:
    """A problem for each row that tells less and that `accepted` does not name, and for each name of none of them."""
    problems = [problem for row, problem in less.items() if row not in accepted]
    if problems:
        problems.append("where that is meant: publish with --loosens and the name of each of these rows")
    return problems + [f"{row}: said to be loosened, and is not" for row in accepted if row not in less]


def _plans(before: Book, examples: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The plans of a release, each with its name: those with a name, those on the sides of limits, and sparse ones."""
    yield from ((f"plan-examples/{example['slug']}", example["plan"]) for example in examples)
    for limit in before.limits:
        yield from ((boundary.slug, boundary.plan) for boundary in boundaries_of(before, limit))
    yield from sparse_plans(before)


def sparse_plans(book: Book) -> Iterator[tuple[str, Any]]:
    """Two plans for each product in each jurisdiction, so that rules say what they miss, and what nothing rules on.

    One tells of nothing else; one tells of every condition, drug, allergy and procedure that has a word.
    """
    words: dict[str, Any] = {name: [*book.vocabulary[name]] for name in ("conditions", "medications", "allergies")}
    for jurisdiction, product in product_of_all(JURISDICTIONS, book.products):
        treatment = {"area": next(iter(book.areas)), "product": product, "amount": {"value": "0.2", "unit": "mL"}}
        session = {"treatments": [treatment]}
        yield f"a plan of {product} in {jurisdiction} that tells nothing else", _plan(jurisdiction, session)
        everything = _plan(jurisdiction, {**session, "same_day_procedures": [*PROCEDURES]}, patient=words)
        yield f"a plan of {product} in {jurisdiction} with every condition, allergy and procedure", everything


def _plan(jurisdiction: str, session: Any, **members: Any) -> dict[str, Any]:
    """A plan of one session."""
    return {"jurisdiction": jurisdiction, "sessions": [session], **members}


def told(plan: Any, book: Book) -> Told:
    """What a book tells of a plan; nothing where the book does not know a word of the plan, and so refuses it."""
    try:
        outcomes = evaluate(plan, book).outcomes
    except PlanFaults:
        return {}
    said: Told = {}
    for each in outcomes.not_evaluated:
        if each.leaves_incomplete:
            said.setdefault((each.rule.slug, each.pointer), {})[f"rules/{each.rule.slug}"] = "incomplete"
    for finding in outcomes.findings:
        for limit in (finding.limit, *finding.also):
            said.setdefault((finding.rule.slug, finding.pointer), {})[row_of(limit)] = limit.severity
    return said
