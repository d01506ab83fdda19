"""Loosening: the rules of the newest release and the new ones in; out, what the old tell of a plan and the new do not.

Named plans and boundaries are made from the edited rows, so a bound that is moved, or a rule that is dropped, agrees
with itself. The plans of the newest release do not move with the edit: held against both, they show what is let go.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import product as product_of_all
from typing import Any

from api.rules import Book, PlanFaults
from api.rules.book import MEMBER_OF_SELECTOR
from api.rules.evaluate import evaluate
from api.rules.plan import JURISDICTIONS
from api.rules.reading import as_read
from api.rules.rows import SEVERITIES, Limit
from api.rules.vectors import boundaries_of

# What a limit applies to: a limit that gains one of these, or has another, leaves out what it applied to before.
SELECTORS = (*MEMBER_OF_SELECTOR, "jurisdiction", "vein", "area", "condition")
# What makes a limit be held in another way: of another question, for whoever asks for another rule set, ...
HELD_AS = ("rule", "rule_set", "comparator", "values_from", "stands_in")
# How grave what is told of a plan is, the gravest first.
GRAVITIES = (*SEVERITIES, "incomplete")
# By the row of a limit or rule, how grave it is that a plan breaks it, or leaves it open.
Told = dict[str, str]


def loosened(before: Book, examples: Iterable[Mapping[str, Any]], after: Book, accepted: Collection[str]) -> list[str]:
    """A problem for each limit or rule that tells less of a plan of the newest release than it did there.

    `before` are that release's rules, `examples` its named plans, `after` the new rules. None for a row that `accepted`
    names; one for each name in it that nothing is loosened by.
    """
    less = dict([*narrowed(before, after), *relaxed(before, after)])
    for name, plan in _plans(before, examples):
        old, new = told(plan, before), told(plan, after)
        for row, gravity in old.items():
            if row not in new or GRAVITIES.index(new[row]) > GRAVITIES.index(gravity):
                less.setdefault(row, f"{row}: told of {name} as {gravity}, and now {new.get(row, 'not at all')}")
    problems = [problem for row, problem in less.items() if row not in accepted]
    if problems:
        problems.append("where that is meant: publish with --loosens and the name of each of these rows")
    return problems + [f"{row}: said to be loosened, and is not" for row in accepted if row not in less]


def narrowed(before: Book, after: Book) -> Iterator[tuple[str, str]]:
    """The row of each limit that no longer applies to all that it applied to, with a problem that says by what.

    Its boundaries are one plan for each side, and cannot show what else it applied to.
    """
    for old in before.limits:
        new, row = after.by_slug.get(old.slug, old), row_of(old)
        changed = [name for name in SELECTORS if getattr(new, name) not in (None, getattr(old, name))]
        changed += [name for name in HELD_AS if getattr(new, name) != getattr(old, name)]
        if new.made_in_clinic and not old.made_in_clinic:
            changed.append("made_in_clinic")
        if old.always and not new.always:
            changed.append("always")
        if changed:
            yield row, f"{row}: applies to less than before, by {' and '.join(changed)}"


def relaxed(before: Book, after: Book) -> Iterator[tuple[str, str]]:
    """The row of each product of which more is allowed, and of each rule that holds less, with a problem that says why.

    Limits take a product's strengths, containers and jurisdictions, and allergies its ingredients, from its own row.
    """
    for slug, old in before.products.items():
        new = after.products.get(slug, old)
        lists = {
            "ingredients": not {*old.ingredients} <= {*new.ingredients} or old.sclerosant != new.sclerosant,
            "strengths and containers": old.containers != new.containers or old.in_canisters != new.in_canisters,
            "forms": not {*new.forms} <= {*old.forms},
            "jurisdictions": not {*new.jurisdictions} <= {*old.jurisdictions},
        }
        changed = [name for name, is_changed in lists.items() if is_changed]
        if changed:
            yield f"products/{slug}", f"products/{slug}: is held to less than before, by its {' and '.join(changed)}"
    for slug, rule in before.rules.items():
        now = after.rules.get(slug, rule)
        if now.measure != rule.measure or now.essential < rule.essential:
            yield f"rules/{slug}", f"rules/{slug}: holds less than before, by its measure or essential"


def _plans(before: Book, examples: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The plans of a release, each with its name: those with a name, those on the sides of limits, and sparse ones."""
    yield from ((f"plan-examples/{example['slug']}", example["plan"]) for example in examples)
    for limit in before.limits:
        yield from ((boundary.slug, boundary.plan) for boundary in boundaries_of(before, limit))
    yield from sparse_plans(before)


def sparse_plans(book: Book) -> Iterator[tuple[str, Any]]:
    """For each product in each jurisdiction, a plan that tells of nothing else, so that rules say what they miss."""
    for jurisdiction, product in product_of_all(JURISDICTIONS, book.products):
        treatment = {"area": next(iter(book.areas)), "product": product, "amount": {"value": "0.2", "unit": "mL"}}
        plan = {"jurisdiction": jurisdiction, "sessions": [{"treatments": [treatment]}]}
        yield f"a plan of {product} in {jurisdiction} that tells nothing else", plan


def told(plan: Any, book: Book) -> Told:
    """What a book tells of a plan; nothing where the book does not know a word of the plan, and so refuses it."""
    try:
        outcomes = evaluate(as_read(plan), book).outcomes
    except PlanFaults:
        return {}
    said: Told = {f"rules/{each.rule.slug}": "incomplete" for each in outcomes.not_evaluated if each.leaves_incomplete}
    for finding in outcomes.findings():
        said |= {row_of(limit): limit.severity for limit in (finding.limit, *finding.also)}
    return said


def row_of(limit: Limit) -> str:
    """The resource and slug of a limit's row, or of a ruling's."""
    return f"{'rulings' if limit.message else 'session-limits'}/{limit.slug}"
