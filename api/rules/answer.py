"""The answer: a document and a book in; JSON out: verdict, findings, what passed, what was not evaluated."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from api.rules.book import Book
from api.rules.documents import read_plan
from api.rules.evaluate import evaluate_plan
from api.rules.numbers import Ratio, as_text, in_words, rounded
from api.rules.outcomes import Finding, Judged, NotEvaluated, Pass, Unconfirmed, in_order_of_plan
from api.rules.plan import COUNTRIES, Plan
from api.rules.rows import SEVERITIES, Limit
from api.rules.suggest import Adviser, Suggestion

# What is said of a house limit. Its label is the clinic's own words, and what the rule would say is of published ones.
OF_A_HOUSE = {
    "<=": "{label}: {observed}; the house limit allows at most {limit}.",
    ">=": "{label}: {observed}; the house limit asks for at least {limit}.",
}
DECIDES = "The treating provider decides; this answer lists published limits only."


# Which rules that are kept an answer lists: all; of each rule, the place with the least headroom; or none.
ALL, BINDING, NONE = PASSED = ("all", "binding", "none")


def check(document: Any, book: Book) -> dict[str, Any]:
    """The answer to a plan, less the release and the receipt, which the caller knows.

    Raises:
        PlanFaults: the document is not a plan.
    """
    return check_plan(read_plan(document, book.vocabulary), book)


def check_plan(plan: Plan, book: Book, passed: str = ALL, kept: Sequence[Limit] = ()) -> dict[str, Any]:
    """The answer to a plan that was read; `passed` is one of `PASSED`, `kept` are house limits of whoever sends it.

    Raises:
        PlanFaults: its house limits do not fit the book.
    """
    evaluation = evaluate_plan(plan, book, kept)
    outcomes = evaluation.outcomes
    findings = outcomes.findings
    advice = Adviser(evaluation).advise()
    not_evaluated = sorted(map(_not_evaluated, (*outcomes.not_evaluated, *outcomes.unconfirmed)), key=_order)
    return {
        "verdict": evaluation.verdict,
        "summary": {
            **{severity: sum(finding.severity == severity for finding in findings) for severity in SEVERITIES},
            "passed": len(outcomes.passed),
            "not_evaluated": len(not_evaluated),
            "not_applicable": len(book.rules) - len(outcomes.applicable()),
        },
        "findings": [
            {**_finding(finding), "suggestions": [_suggestion(each) for each in advice.by_finding[finding.id]]}
            for finding in findings
        ],
        "passed": [_passed(each) for each in _listed(outcomes.passed, passed)],
        "not_evaluated": not_evaluated,
        "nearest_within_limits": None if advice.nearest is None else {"patch": advice.nearest},
    }


def _finding(finding: Finding) -> dict[str, Any]:
    """A finding as an answer shows it, less its suggestions."""
    return _unconfirmed(finding) if isinstance(finding, Unconfirmed) else _broken(finding)


def _broken(judged: Judged) -> dict[str, Any]:
    """The finding on a limit that is broken."""
    rule, limit = judged.rule, judged.limit
    shown = _shown(judged)
    return {
        "id": judged.id,
        "rule": rule.slug,
        "severity": limit.severity,
        "pointer": judged.pointer,
        "contributing": list(judged.contributing),
        "message": _message(judged, shown),
        "observed": _beyond(judged),
        "limit": shown,
        "also_exceeds": [other.slug for other in judged.also],
        "kept": [dict(other.as_published) for other in judged.kept],
        "headroom": _headroom(judged),
        "citations": list(limit.citations),
    }


def _unconfirmed(unconfirmed: Unconfirmed) -> dict[str, Any]:
    """The finding on a limit without a number, or on a share of maxima one of which has none."""
    limit, observed = unconfirmed.limit, unconfirmed.observed
    what = "no source that was read confirms a limit here"
    if not limit.unconfirmed:
        what = "no label or policy that was read gives a maximum for one of the products"
    return {
        "id": unconfirmed.id,
        "rule": unconfirmed.rule.slug,
        "severity": limit.severity,
        "pointer": unconfirmed.pointer,
        "contributing": list(unconfirmed.contributing),
        "message": f"{unconfirmed.rule.title}: {what}. The provider decides.",
        "observed": None if observed.missing else _observed(observed.value, limit.unit),
        "limit": dict(limit.as_published),
        "also_exceeds": [],
        "kept": [],
        "headroom": None,
        "citations": list(limit.citations),
    }


def _suggestion(suggestion: Suggestion) -> dict[str, Any]:
    """A suggestion, as a member of its finding."""
    return {
        "label": suggestion.label,
        "patch": list(suggestion.patch),
        "resolves": list(suggestion.resolves),
        "introduces": list(suggestion.introduces),
    }


def _listed(every: list[Pass], passed: str) -> list[Pass]:
    """Those of the rules that are kept which are to be listed, by place and rule."""
    if passed == NONE:
        return []
    places = sorted({each.pointer for each in every}, key=in_order_of_plan)
    rank = {pointer: k for k, pointer in enumerate(places)}
    rows = sorted(every, key=lambda each: (rank[each.pointer], each.judged.rule.slug))
    if passed == ALL:
        return rows
    closest: dict[Any, Pass] = {}
    for each in rows:
        rule, limit = each.judged.rule, each.judged.limit
        key = (rule.slug, limit if limit.is_house else None)  # a house limit takes no place of a published one
        if key not in closest or _is_closer(each.judged, closest[key].judged):
            closest[key] = each
    chosen = {id(each) for each in closest.values()}
    return [each for each in rows if id(each) in chosen]


def _is_closer(one: Judged, other: Judged) -> bool:
    """True where one is kept with less headroom than the other. Where there is no headroom, none is closer."""
    mine, others = one.headroom, other.headroom
    return mine is not None and others is not None and Fraction(*mine) < Fraction(*others)


def _passed(passed: Pass) -> dict[str, Any]:
    """A rule that is kept at one place. What is judged may be shared by places and plans, so it is put once for all."""
    judged = passed.judged
    if judged.told is None:
        judged.told = {
            "observed": _observed(judged.observed.value, judged.limit.unit),
            "limit": _shown(judged),
            "headroom": _observed(judged.headroom, judged.limit.unit),
        }
    return {"rule": judged.rule.slug, "pointer": passed.pointer, **judged.told}


def _not_evaluated(outcome: NotEvaluated) -> dict[str, Any]:
    """A rule that could not be held against its limits at one place."""
    return {
        "rule": outcome.rule.slug,
        "pointer": outcome.pointer,
        "reason": outcome.reason,
        "missing": list(outcome.missing),
        "leaves_incomplete": outcome.leaves_incomplete,
        "limits": [limit.slug for limit in outcome.limits],
    }


def _shown(judged: Judged) -> dict[str, Any]:
    """The limit as it is published, with the values that it lists for the treatment's product."""
    values = [value if isinstance(value, str) else as_text(value) for value in judged.values]
    return {**judged.limit.as_published, "values": values}


def who_says(limit: Limit) -> str:
    """Whose limit it is, as a sentence says it: `the US label`, `this service's policy`."""
    if limit.rule_set == "clinic":
        return "the clinic's own limit"
    if limit.rule_set == "policy":
        return "this service's policy"
    return f"the {COUNTRIES[limit.jurisdiction]} {limit.rule_set}" if limit.jurisdiction else f"the {limit.rule_set}"


def _message(judged: Judged, shown: Mapping[str, Any]) -> str:
    """The finding in words: its sentence, and one for each limit of a label that is kept."""
    return " ".join([_sentence(judged, shown), *(_kept(other) for other in judged.kept)])


def _sentence(judged: Judged, shown: Mapping[str, Any]) -> str:
    """The sentence of the rule for the limit's comparator, with the numbers filled in.

    A ruling has a sentence of its own. For a value that the plan leaves open, the rule has another one, `unknown`.
    """
    limit, messages = judged.limit, judged.rule.messages
    listed = limit.comparator in ("in", "not-in")
    template = OF_A_HOUSE[limit.comparator] if limit.is_house else messages[limit.comparator]
    if judged.observed.breaks and (listed or limit.always or limit.is_house):
        if "unknown" not in messages:
            return f"{judged.rule.title}: what the plan comes to stays open."
        template = messages["unknown"]
    elif limit.message:
        return limit.message
    bounds = shown["values"] if listed else [shown["value"]]
    allowed = " or ".join(in_words(bound, limit.unit) for bound in bounds) or "none"
    value = _in_short(judged)
    return template.format(
        observed=in_words(value, limit.unit), limit=allowed, value=value, who=who_says(limit), label=limit.title
    )


def _kept(limit: Limit) -> str:
    """The sentence that a limit of a label is kept."""
    who, bound = who_says(limit), in_words(limit.as_published["value"], limit.unit)
    return f"{who[0].upper()}{who[1:]} is kept: it gives {'at most' if limit.direction > 0 else 'at least'} {bound}."


def _in_short(judged: Judged) -> str:
    """The observed value as a sentence says it: two decimals at most, rounded away from the limit."""
    value = judged.observed.value
    if isinstance(value, Ratio):
        return rounded(value, 2, judged.limit.direction)
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _observed(value: Any, unit: str) -> dict[str, str] | None:
    """A value with its unit; None where there is none."""
    if value is None:
        return None
    if isinstance(value, Ratio):
        return {"value": as_text(*value), "unit": unit}
    return {"value": str(value).lower() if isinstance(value, bool) else value, "unit": unit}


def _beyond(judged: Judged) -> dict[str, str] | None:
    """The observed value of a broken limit, rounded away from the bound where it would else read as the bound."""
    limit, value = judged.limit, judged.observed.value
    shown = _observed(value, limit.unit)
    if isinstance(value, Ratio) and shown is not None and shown["value"] == limit.as_published["value"]:
        return {**shown, "value": as_text(*value, limit.direction)}
    return shown


def _headroom(judged: Judged) -> dict[str, str] | None:
    """The headroom of a broken limit, never rounded to 0."""
    room = judged.headroom
    shown = _observed(room, judged.limit.unit)
    if isinstance(room, Ratio) and shown is not None and shown["value"] == "0":
        return {**shown, "value": as_text(*room, -1)}
    return shown


def _order(row: Mapping[str, Any]) -> Any:
    """A key to sort what was not evaluated by: place, rule, reason."""
    return in_order_of_plan(row["pointer"]), row["rule"], row["reason"]
