"""From a JSON document to the answer of the validate endpoint."""

from collections.abc import Mapping
from typing import Any

from api.rules.book import SEVERITIES, Book
from api.rules.evaluate import Judged, Outcomes, Unjudged, contributing, evaluate
from api.rules.numbers import Ratio, as_text, in_words
from api.rules.plan import read_plan
from api.rules.suggest import suggest

DECIDES = "The treating provider decides; this answer lists published limits only."


def check(document: Any, book: Book) -> dict[str, Any]:
    """The answer to a plan, less the release and the receipt, which the caller knows.

    Raises:
        PlanFaults: the document is not a plan.
    """
    plan = read_plan(document, book.words)
    outcomes = evaluate(plan, book)
    findings = sorted(_findings(outcomes), key=_finding_order)
    suggest(document, plan, findings, book, rerun)
    passed = sorted((_passed(judged) for judged in outcomes.passed), key=_order)
    not_evaluated = sorted((_not_evaluated(unjudged) for unjudged in outcomes.unjudged), key=_order)
    return {
        "verdict": verdict(findings, outcomes),
        "summary": {
            **{severity: sum(finding["severity"] == severity for finding in findings) for severity in SEVERITIES},
            "passed": len(passed),
            "not_evaluated": len(not_evaluated),
            "not_applicable": outcomes.not_applicable,
        },
        "findings": findings,
        "passed": passed,
        "not_evaluated": not_evaluated,
    }


def rerun(document: Any, book: Book) -> set[str]:
    """The ids of a changed document's findings, without suggestions: how a suggestion is proved."""
    plan = read_plan(document, book.words)
    return {finding["id"] for finding in _findings(evaluate(plan, book))}


def verdict(findings: list[dict[str, Any]], outcomes: Outcomes) -> str:
    """`outside_limits` for any error, else `needs_review` for any warning, else `incomplete`, else `within_limits`."""
    severities = {finding["severity"] for finding in findings}
    if "error" in severities:
        return "outside_limits"
    if "warning" in severities:
        return "needs_review"
    if any(unjudged.leaves_incomplete for unjudged in outcomes.unjudged):
        return "incomplete"
    return "within_limits"


def _findings(outcomes: Outcomes) -> list[dict[str, Any]]:
    findings = [_finding(judged) for judged in outcomes.broken]
    findings += [_unconfirmed(unjudged) for unjudged in outcomes.unjudged if unjudged.limits]
    return findings


def _finding(judged: Judged) -> dict[str, Any]:
    rule, limit = judged.rule, judged.limit
    shown = _shown(judged)
    return {
        "id": f"{rule.slug}:{judged.pointer}",
        "rule": rule.slug,
        "severity": limit.severity,
        "pointer": judged.pointer,
        "contributing": list(contributing(judged)),
        "message": _message(judged, shown),
        "observed": _observed(judged.observed.value, limit.unit),
        "limit": shown,
        "also_exceeds": [other.slug for other in judged.also],
        "headroom": _observed(judged.headroom, limit.unit),
        "citations": list(limit.citations),
        "suggestions": [],
    }


def _unconfirmed(unjudged: Unjudged) -> dict[str, Any]:
    """The warning that goes with a limit whose value no source confirms."""
    limit = unjudged.limits[0]
    known = unjudged.observed is not None and not unjudged.observed.missing
    observed = unjudged.observed.value if unjudged.observed and known else None
    return {
        "id": f"{unjudged.rule.slug}:{unjudged.pointer}:limit-unconfirmed",
        "rule": unjudged.rule.slug,
        "severity": "warning",
        "pointer": unjudged.pointer,
        "contributing": list(contributing(unjudged)),
        "message": f"{unjudged.rule.title}: no source that was read confirms a limit here. The provider decides.",
        "observed": _observed(observed, limit.unit),
        "limit": dict(limit.shown),
        "also_exceeds": [],
        "headroom": None,
        "citations": list(limit.citations),
        "suggestions": [],
    }


def _passed(judged: Judged) -> dict[str, Any]:
    return {
        "rule": judged.rule.slug,
        "pointer": judged.pointer,
        "observed": _observed(judged.observed.value, judged.limit.unit),
        "limit": _shown(judged),
        "headroom": _observed(judged.headroom, judged.limit.unit),
    }


def _not_evaluated(unjudged: Unjudged) -> dict[str, Any]:
    return {
        "rule": unjudged.rule.slug,
        "pointer": unjudged.pointer,
        "reason": unjudged.reason,
        "missing": list(unjudged.missing),
        "limits": [limit.slug for limit in unjudged.limits],
    }


def _shown(judged: Judged) -> dict[str, Any]:
    """The limit as served, with the values that it lists for the product at hand."""
    values = [value if isinstance(value, str) else as_text(value) for value in judged.values]
    return {**judged.limit.shown, "values": values}


def _message(judged: Judged, shown: Mapping[str, Any]) -> str:
    """The rule's sentence for the comparator, or the ruling's own sentence."""
    limit = judged.limit
    if limit.message:
        return limit.message
    observed = _observed(judged.observed.value, limit.unit)
    if observed is None and limit.comparator == "in":
        return judged.rule.messages["unknown"]
    bounds = shown["values"] if limit.comparator in ("in", "not-in") else [shown["value"]]
    words = " or ".join(in_words(bound, limit.unit) for bound in bounds) or "none"
    value = observed["value"] if observed else ""
    return judged.rule.messages[limit.comparator].format(observed=in_words(value, limit.unit), limit=words, value=value)


def _observed(value: Any, unit: str) -> dict[str, str] | None:
    if value is None:
        return None
    if isinstance(value, Ratio):
        return {"value": as_text(*value), "unit": unit}
    return {"value": str(value).lower() if isinstance(value, bool) else value, "unit": unit}


def _natural(pointer: str) -> list[tuple[int, str]]:
    """Sorts `/sessions/2` before `/sessions/10`."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in pointer.split("/")]


def _order(row: Mapping[str, Any]) -> Any:
    return _natural(row["pointer"]), row["rule"], row.get("reason", "")


def _finding_order(finding: Mapping[str, Any]) -> Any:
    return SEVERITIES.index(finding["severity"]), _natural(finding["pointer"]), finding["rule"], finding["id"]
