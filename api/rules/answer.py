"""From a JSON document to the answer of the validate endpoint."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.rules.book import Book
from api.rules.context import Context
from api.rules.evaluate import evaluate
from api.rules.numbers import Ratio, as_text, in_words, rounded
from api.rules.outcomes import Judged, Outcomes, Unjudged, contributing
from api.rules.plan import read_plan
from api.rules.rows import SEVERITIES, Limit
from api.rules.suggest import Adviser, Suggestion

DECIDES = "The treating provider decides; this answer lists published limits only."
COUNTRIES = {
    "US": "US",
    "GB": "British",
    "DE": "German",
    "AT": "Austrian",
    "CH": "Swiss",
    "FR": "French",
    "ES": "Spanish",
    "IT": "Italian",
    "JP": "Japanese",
    "BR": "Brazilian",
}


@dataclass(frozen=True, slots=True)
class Look:
    """A document read and held against a book, without suggestions."""

    context: Context
    outcomes: Outcomes

    @property
    def findings(self) -> list[dict[str, Any]]:
        """The findings in their order, without suggestions."""
        return [finding for finding, _ in findings_of(self.outcomes)]

    @property
    def verdict(self) -> str:
        """`outside_limits` for any error, else `needs_review` for any warning, else `incomplete`, else inside."""
        severities = self.outcomes.severities()
        if "error" in severities:
            return "outside_limits"
        if "warning" in severities:
            return "needs_review"
        return "incomplete" if self.outcomes.leave_incomplete() else "within_limits"


def look(document: Any, book: Book) -> Look:
    """Read a document and hold it against a book.

    Raises:
        PlanFaults: the document is not a plan.
    """
    context = Context(read_plan(document, book.words), book)
    return Look(context, evaluate(context))


def check(document: Any, book: Book) -> dict[str, Any]:
    """The answer to a plan, less the release and the receipt, which the caller knows.

    Raises:
        PlanFaults: the document is not a plan.
    """
    seen = look(document, book)
    outcomes = seen.outcomes
    findings = findings_of(outcomes)
    advice = Adviser(document, book, look).advise(seen, [judged for _, judged in findings])
    passed = sorted((_passed(judged) for judged in outcomes.passed), key=_order)
    not_evaluated = sorted(map(_not_evaluated, (*outcomes.unjudged, *outcomes.unconfirmed)), key=_order)
    return {
        "verdict": seen.verdict,
        "summary": {
            **{severity: sum(row["severity"] == severity for row, _ in findings) for severity in SEVERITIES},
            "passed": len(passed),
            "not_evaluated": len(not_evaluated),
            "not_applicable": len(book.rules) - len(outcomes.told()),
        },
        "findings": [
            {**row, "suggestions": [_suggestion(each) for each in advice.by_finding.get(row["id"], ())]}
            for row, _ in findings
        ],
        "passed": passed,
        "not_evaluated": not_evaluated,
        "nearest_within_limits": None if advice.nearest is None else {"patch": advice.nearest},
    }


def findings_of(outcomes: Outcomes) -> list[tuple[dict[str, Any], Judged | Unjudged]]:
    """The findings as an answer shows them, in their order, each with what it was made from."""
    found: list[tuple[dict[str, Any], Judged | Unjudged]] = [(_finding(judged), judged) for judged in outcomes.broken]
    found += [(_unconfirmed(unjudged), unjudged) for unjudged in outcomes.unconfirmed]
    return sorted(found, key=lambda each: _finding_order(each[0]))


def _finding(judged: Judged) -> dict[str, Any]:
    rule, limit = judged.rule, judged.limit
    shown = _shown(judged)
    return {
        "id": judged.id,
        "rule": rule.slug,
        "severity": limit.severity,
        "pointer": judged.pointer,
        "contributing": list(contributing(judged)),
        "message": _message(judged, shown),
        "observed": _beyond(judged),
        "limit": shown,
        "also_exceeds": [other.slug for other in judged.also],
        "kept": [dict(other.shown) for other in judged.kept],
        "headroom": _headroom(judged),
        "citations": list(limit.citations),
        "suggestions": [],
    }


def _unconfirmed(unjudged: Unjudged) -> dict[str, Any]:
    """The finding that goes with a limit whose value no source confirms; such a limit is a warning."""
    limit = unjudged.limits[0]
    what = "no source that was read confirms a limit here"
    if not limit.unconfirmed:
        what = "no label or policy that was read gives a maximum for one of the products"
    known = unjudged.observed is not None and not unjudged.observed.missing
    observed = unjudged.observed.value if unjudged.observed and known else None
    return {
        "id": unjudged.id,
        "rule": unjudged.rule.slug,
        "severity": limit.severity,
        "pointer": unjudged.pointer,
        "contributing": list(contributing(unjudged)),
        "message": f"{unjudged.rule.title}: {what}. The provider decides.",
        "observed": _observed(observed, limit.unit),
        "limit": dict(limit.shown),
        "also_exceeds": [],
        "kept": [],
        "headroom": None,
        "citations": list(limit.citations),
        "suggestions": [],
    }


def _suggestion(suggestion: Suggestion) -> dict[str, Any]:
    return {
        "label": suggestion.label,
        "patch": list(suggestion.patch),
        "resolves": list(suggestion.resolves),
        "introduces": list(suggestion.introduces),
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
        "leaves_incomplete": unjudged.leaves_incomplete,
        "limits": [limit.slug for limit in unjudged.limits],
    }


def _shown(judged: Judged) -> dict[str, Any]:
    """The limit as served, with the values that it lists for the product at hand."""
    values = [value if isinstance(value, str) else as_text(value) for value in judged.values]
    return {**judged.limit.shown, "values": values}


def who_says(limit: Limit) -> str:
    """Whose limit it is, as a sentence says it."""
    if limit.rule_set == "clinic":
        return "the clinic's own limit"
    if limit.rule_set == "policy":
        return "this service's policy"
    country = COUNTRIES.get(limit.jurisdiction or "", "")
    return f"the {country} {limit.rule_set}".replace("  ", " ")


def _message(judged: Judged, shown: Mapping[str, Any]) -> str:
    """The rule's sentence for the comparator, or the ruling's own; with the label's number where it is kept."""
    limit, messages = judged.limit, judged.rule.messages
    listed = limit.comparator in ("in", "not-in")
    open_value = judged.observed.value is None and (listed or limit.always)
    template = limit.message or messages[limit.comparator]
    if open_value:
        template = messages.get("unknown", f"{judged.rule.title}: what the plan comes to stays open.")
    bounds = shown["values"] if listed else [shown["value"]]
    words = " or ".join(in_words(bound, limit.unit) for bound in bounds) or "none"
    value = _in_short(judged)
    who = who_says(limit)
    sentence = template.format(
        observed=in_words(value, limit.unit), limit=words, value=value, who=who, Who=who[0].upper() + who[1:]
    )
    return " ".join([sentence, *(_kept(other) for other in judged.kept)])


def _kept(limit: Limit) -> str:
    """That a label's own number is kept."""
    who, bound = who_says(limit), in_words(limit.shown["value"] or "", limit.unit)
    return f"{who[0].upper()}{who[1:]} is kept: it gives {'at most' if limit.direction > 0 else 'at least'} {bound}."


def _in_short(judged: Judged) -> str:
    """What was observed as a sentence says it: two decimals at most, rounded away from the limit."""
    value = judged.observed.value
    if isinstance(value, Ratio):
        return rounded(value, 2, judged.limit.direction)
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


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
