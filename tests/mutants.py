"""Mutation run on the content: drop each rule, move each limit by one smallest unit, flip each severity.

Every mutant must be caught by a boundary vector or a named plan of the unchanged content. Run: python -m tests.mutants
"""

import copy
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tests import alone  # noqa: F401 - sets Django up, so it comes first

# isort: split
from django.conf import settings
from django.core.management import call_command

from api.parsers import parse
from api.publishing import load_content, render
from api.rules import Book
from api.rules.evaluate import evaluate
from api.rules.measures import MEASURES
from api.rules.numbers import as_text, thousandths
from api.rules.vectors import smallest_step, vectors

FLIPPED = {"error": "warning", "warning": "info", "info": "error"}
# Every form that can be sent, and every area that there is, is one that these limits list: their severity never shows.
UNBREAKABLE = ("stated-form", "chromated-glycerin-br-area")
Content = dict[str, Any]
Mutant = tuple[str, str, Content]


def mutants(content: Content) -> Iterator[Mutant]:
    """Name, the limit or rule that is changed, and the changed content."""
    for k, rule in enumerate(content["rules"]):
        yield f"drop rule {rule['slug']}", rule["slug"], _with(content, "rules", k, None)
    quantities = {rule["slug"]: rule["quantity"] for rule in content["rules"]}
    for k, limit in enumerate(content["session-limits"]):
        slug = limit["slug"]
        if slug not in UNBREAKABLE:
            yield f"flip {slug}", slug, _with(content, "session-limits", k, {"severity": FLIPPED[limit["severity"]]})
        yield f"drop {slug}", slug, _with(content, "session-limits", k, None)
        for change in _moves(limit, smallest_step(quantities[limit["rule"]])):
            yield f"move {slug} to {change}", slug, _with(content, "session-limits", k, change)
    for k, condition in enumerate(content["contraindications"]):
        for n, ruling in enumerate(condition["rulings"]):
            slug, rulings = ruling["slug"], condition["rulings"]
            flipped = [*rulings[:n], {**ruling, "severity": FLIPPED[ruling["severity"]]}, *rulings[n + 1 :]]
            yield f"flip {slug}", slug, _with(content, "contraindications", k, {"rulings": flipped})
            fewer = [*rulings[:n], *rulings[n + 1 :]]
            yield f"drop {slug}", slug, _with(content, "contraindications", k, {"rulings": fewer})


def _moves(limit: dict[str, Any], step: int) -> Iterator[dict[str, Any]]:
    number = None if limit["value"] is None else thousandths(limit["value"])
    if limit["value"] in ("true", "false"):
        yield {"value": "false" if limit["value"] == "true" else "true"}
    elif number is not None:
        yield from ({"value": as_text(moved)} for moved in (number - step, number + step) if moved >= 0)
    elif len(limit["values"]) > 1:
        yield from ({"values": limit["values"][:k] + limit["values"][k + 1 :]} for k in range(len(limit["values"])))


def _with(content: Content, resource: str, k: int, change: dict[str, Any] | None) -> Content:
    rows = list(content[resource])
    if change is None:
        del rows[k]
    else:
        rows[k] = {**rows[k], **change}
    return {**content, resource: rows}


def outcome(plan: Any, book: Book) -> Any:
    """What a plan comes to, as far as an answer shows it."""
    evaluation = evaluate(plan, book)
    outcomes = evaluation.outcomes
    findings = [
        (
            finding.id,
            finding.severity,
            finding.limit.slug,
            finding.limit.value,
            finding.limit.values,
            [other.slug for other in finding.also],
        )
        for finding in outcomes.findings
    ]
    passed = [(each.judged.rule.slug, each.pointer, each.judged.limit.slug) for each in outcomes.passed]
    missing = [(each.rule.slug, each.pointer, each.reason) for each in (*outcomes.not_evaluated, *outcomes.unconfirmed)]
    return evaluation.verdict, findings, passed, missing


def packaged_content() -> Content:
    """The packaged content as it is published, through a database in memory."""
    call_command("migrate", verbosity=0)
    load_content(settings.FIXTURES)
    return render()


def main() -> int:
    content = packaged_content()
    book = Book(content)
    rules = {limit.slug: limit.rule for limit in book.limits}
    plans: dict[str, list[Any]] = defaultdict(list)
    for vector in vectors(book):
        document = parse(json.dumps(vector["plan"]).encode())
        plans[vector["limit"]].append(document)
        plans[rules[vector["limit"]]].append(document)
    examples = [parse(json.dumps(example["plan"]).encode()) for example in content["plan-examples"]]
    expected = {id(plan): outcome(plan, book) for row in plans.values() for plan in row}
    expected |= {id(plan): outcome(plan, book) for plan in examples}
    survivors, count = [], 0
    for name, target, changed in mutants(content):
        count += 1
        mutated = Book(copy.copy(changed))
        if all(expected[id(plan)] == outcome(plan, mutated) for plan in [*plans[target], *examples]):
            survivors.append(name)
    for name in survivors:
        print(f"survived: {name}")
    print(f"{count - len(survivors)} of {count} mutants caught; {len(MEASURES)} measures in use")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
