"""The full proof of a suggestion: its patch applied to the document, which is read and judged anew, with nothing known.

The service proves on the typed plan, judges again only what a change can touch, and remembers what treatments that are
alike came to. Here is what that is held to.
"""

import copy
import json
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import jsonpatch

from api.parsers import parse
from api.rules import Book
from api.rules.book import Known
from api.rules.evaluate import Evaluation, evaluate
from api.rules.outcomes import Finding, Unconfirmed
from api.rules.patching import Operation
from api.rules.reading import PlanFaults
from api.rules.rows import Limit
from api.rules.suggest import proposals, tried

MOST_PROPOSALS = 5


class Forgetful(Known):
    """Keeps nothing."""

    def __setitem__(self, key: Any, value: Any) -> None:
        pass


def without_memory(book: Book) -> Book:
    """The same book, which remembers nothing of treatments."""
    other = copy.copy(book)
    other.known = Forgetful()
    return other


def judged_in_full(document: dict[str, Any], book: Book) -> Evaluation | None:
    """What a document comes to; None where it is no plan."""
    try:
        return evaluate(parse(json.dumps(document).encode()), without_memory(book))
    except PlanFaults:
        return None


def everything(seen: Evaluation | None) -> Any:
    """All that an evaluation tells, as values that can be compared."""
    if seen is None:
        return None
    outcomes = seen.outcomes
    passed = [(each.pointer, each.judged.id, each.judged.limit.slug, each.judged.headroom) for each in outcomes.passed]
    not_evaluated = [
        (each.rule.slug, each.pointer, each.reason, each.missing, _slugs(each.limits), each.leaves_incomplete)
        for each in outcomes.not_evaluated
    ]
    return [
        seen.verdict,
        [_of(finding) for finding in outcomes.findings],
        sorted(passed, key=lambda each: each[:2]),
        sorted(not_evaluated, key=lambda each: each[:3]),
        outcomes.open_places,
        outcomes.applicable(),
    ]


def _of(finding: Finding) -> Any:
    """All that a finding tells."""
    told = finding.id, finding.pointer, finding.limit.slug, _slugs(finding.also), finding.contributing
    if isinstance(finding, Unconfirmed):
        return *told, _slugs(finding.limits)
    return *told, finding.observed.value, finding.headroom, finding.values, _slugs(finding.kept), finding.blocked


def _slugs(limits: Sequence[Limit]) -> list[str]:
    """What limits are told by: house limits of a document that is read again are other objects."""
    return [limit.slug for limit in limits]


def differences(plan: dict[str, Any], random: Random, book: Book) -> Iterator[str]:
    """Where the plan, or what a proposal makes of it, comes to something else than in full.

    Some proposals are tried, whether or not they prove good, and from what one of them makes of the plan, some more.
    """
    seen, document, applied = evaluate(parse(json.dumps(plan).encode()), book), plan, ""
    if everything(seen) != everything(judged_in_full(plan, book)):
        yield f"what is remembered differs: {json.dumps(plan)}"
    for _ in range(2):
        patches: list[Sequence[Operation]] = [
            patch for finding in seen.outcomes.findings for ways in proposals(seen, finding) for _, patch in ways
        ]
        went_on = None
        for patch in random.sample(patches, min(MOST_PROPOSALS, len(patches))):
            changed = jsonpatch.apply_patch(document, patch)
            short = tried(seen, patch)
            if everything(short) != everything(judged_in_full(changed, book)):
                yield f"the short proof differs: {json.dumps(patch)} after {applied or 'nothing'}: {json.dumps(plan)}"
            if short is not None:
                went_on = short, changed, json.dumps(patch)
        if went_on is None:
            return
        seen, document, applied = went_on
