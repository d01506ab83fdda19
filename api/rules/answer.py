"""From a JSON document to the answer of the validate endpoint."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.rules.book import Book
from api.rules.evaluate import evaluate
from api.rules.numbers import Ratio, as_text, in_words
from api.rules.outcomes import Judged, Outcomes, Unjudged, contributing
from api.rules.plan import Plan, read_plan
from api.rules.rows import SEVERITIES
from api.rules.suggest import Adviser

DECIDES = "The treating provider decides; this answer lists published limits only."


@dataclass(frozen=True, slots=True)
class Look:
    """A document read and held against a book, without suggestions."""

    plan: Plan
    outcomes: Outcomes
    findings: list[dict[str, Any]]
    verdict: str


def look(document: Any, book: Book) -> Look:
    """Read a document and hold it against a book.

    Raises:
        PlanFaults: the document is not a plan.
    """
    plan = read_plan(document, book.words)
    outcomes = evaluate(plan, book)
    findings = sorted(_findings(outcomes), key=_finding_order)
    return Look(plan, outcomes, findings, verdict(findings, outcomes))


def check(document: Any, book: Book) -> dict[str, Any]:
    """The answer to a plan, less the release and the receipt, which the caller knows.

    Raises:
        PlanFaults: the document is not a plan.
    """
    seen = look(document, book)
    findings, outcomes = seen.findings, seen.outcomes
    nearest = Adviser(document, book, look).advise(seen)
    passed = sorted((_passed(judged, pointer) for pointer, judged in outcomes.all_passed()), key=_order)
    not_evaluated = sorted((_not_evaluated(unjudged) for unjudged in outcomes.all_unjudged()), key=_order)
    return {
        "verdict": seen.verdict,
        "summary": {
            **{severity: sum(finding["severity"] == severity for finding in findings) for severity in SEVERITIES},
            "passed": len(passed),
            "not_evaluated": len(not_evaluated),
            "not_applicable": len(book.rules) - len(outcomes.told()),
        },
        "findings": findings,
        "passed": passed,
        "not_evaluated": not_evaluated,
        "nearest_within_limits": nearest,
    }


def verdict(findings: list[dict[str, Any]], outcomes: Outcomes) -> str:
    """`outside_limits` for any error, else `needs_review` for any warning, else `incomplete`, else `within_limits`."""
    severities = {finding["severity"] for finding in findings}
    if "error" in severities:
        return "outside_limits"
    if "warning" in severities:
        return "needs_review"
    if outcomes.leave_incomplete():
        return "incomplete"
    return "within_limits"


def _findings(outcomes: Outcomes) -> list[dict[str, Any]]:
    findings = [_finding(judged) for judged in outcomes.broken]
    findings += [_unconfirmed(unjudged) for unjudged in outcomes.unconfirmed]
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
        "observed": _beyond(judged),
        "limit": shown,
        "also_exceeds": [other.slug for other in judged.also],
        "headroom": _headroom(judged),
        "citations": list(limit.citations),
        "suggestions": [],
    }


def _unconfirmed(unjudged: Unjudged) -> dict[str, Any]:
    """The finding that goes with a limit whose value no source confirms; such a limit is a warning."""
    limit = unjudged.limits[0]
    what = "a limit here" if limit.unconfirmed else "a maximum for one of the products"
    known = unjudged.observed is not None and not unjudged.observed.missing
    observed = unjudged.observed.value if unjudged.observed and known else None
    return {
        "id": f"{unjudged.rule.slug}:{unjudged.pointer}:limit-unconfirmed",
        "rule": unjudged.rule.slug,
        "severity": limit.severity,
        "pointer": unjudged.pointer,
        "contributing": list(contributing(unjudged)),
        "message": f"{unjudged.rule.title}: no source that was read confirms {what}. The provider decides.",
        "observed": _observed(observed, limit.unit),
        "limit": dict(limit.shown),
        "also_exceeds": [],
        "headroom": None,
        "citations": list(limit.citations),
        "suggestions": [],
    }


def _passed(judged: Judged, pointer: str) -> dict[str, Any]:
    return {
        "rule": judged.rule.slug,
        "pointer": pointer,
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
        "leaves_incomplete": unjudged.leaves_incomplete,
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
    observed = _beyond(judged)
    if observed is None and limit.comparator == "in":
        return judged.rule.messages["unknown"]
    bounds = shown["values"] if limit.comparator in ("in", "not-in") else [shown["value"]]
    words = " or ".join(in_words(bound, limit.unit) for bound in bounds) or "none"
    value = observed["value"] if observed else ""
    return judged.rule.messages[limit.comparator].format(observed=in_words(value, limit.unit), limit=words, value=value)


def _observed(value: Any, unit: str, rounding: int = 0) -> dict[str, str] | None:
    if value is None:
        return None
    if isinstance(value, Ratio):
        return {"value": as_text(*value, rounding), "unit": unit}
    return {"value": str(value).lower() if isinstance(value, bool) else value, "unit": unit}


def _beyond(judged: Judged) -> dict[str, str] | None:
    """What was observed, rounded away from the bound where rounding to the nearest would make it read as the bound."""
    limit, value = judged.limit, judged.observed.value
    shown = _observed(value, limit.unit)
    if isinstance(value, Ratio) and shown is not None and shown["value"] == limit.shown["value"]:
        return _observed(value, limit.unit, limit.direction)
    return shown


def _headroom(judged: Judged) -> dict[str, str] | None:
    """How far the limit is exceeded, never rounded to nothing."""
    shown = _observed(judged.headroom, judged.limit.unit)
    if shown is not None and shown["value"] == "0":
        return _observed(judged.headroom, judged.limit.unit, -1)
    return shown


def _natural(pointer: str) -> list[tuple[int, str]]:
    """Sorts `/sessions/2` before `/sessions/10`."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in pointer.split("/")]


def _order(row: Mapping[str, Any]) -> Any:
    return _natural(row["pointer"]), row["rule"], row.get("reason", "")


def _finding_order(finding: Mapping[str, Any]) -> Any:
    return SEVERITIES.index(finding["severity"]), _natural(finding["pointer"]), finding["rule"], finding["id"]
