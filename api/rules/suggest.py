"""Suggestions: JSON Patches (RFC 6902) against the body as sent, each proved by checking the patched body.

An operator proposes; `suggest` proves. Contraindications and eligibility have no operator: no patch answers them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from api.rules.book import Book
from api.rules.numbers import as_text, thousandths
from api.rules.plan import Plan, Treatment
from api.rules.reading import JsonNumber, PlanFaults

Operation = Mapping[str, Any]
Proposal = tuple[str, list[Operation]]

MOST_FOR_A_FINDING = 4
# Checks of patched bodies for one answer, counted in treatments checked, so that a large plan stays quick.
MOST_TREATMENTS_CHECKED = 1500


@dataclass(frozen=True, slots=True)
class Case:
    """A finding with the plan it is about."""

    finding: Mapping[str, Any]
    plan: Plan
    book: Book

    @property
    def bound(self) -> int:
        """The strictest of the finding's upper bounds, or of its lower ones, in thousandths."""
        slugs = [self.finding["limit"]["slug"], *self.finding["also_exceeds"]]
        limits = [self.book.limits_by_slug[slug] for slug in slugs]
        bounds = [int(limit.value or 0) for limit in limits if limit.comparator == self.finding["limit"]["comparator"]]
        return max(bounds) if self.finding["limit"]["comparator"] == ">=" else min(bounds)

    def treatments(self) -> list[tuple[str, Treatment]]:
        """The treatments whose amounts contributed, the largest first."""
        found = []
        for pointer in self.finding["contributing"]:
            parts = pointer.split("/")
            if parts[-1] == "amount":
                treatment = self.plan.sessions[int(parts[2])].treatments[int(parts[4])]
                found.append((pointer, treatment))
        return sorted(found, key=lambda entry: -entry[1].amount.value)


def replace(path: str, value: Any) -> Operation:
    return {"op": "replace", "path": path, "value": value}


def less_in_all(case: Case) -> Iterator[Proposal]:
    """Reduce the one treatment to its share; of several, each alone by the excess, and all by the same share."""
    observed = thousandths_of(case.finding["observed"]["value"])
    treatments = case.treatments()
    shares = [treatment.amount.value * case.bound // observed for _, treatment in treatments]
    if len(treatments) == 1:
        yield _reduce(*treatments[0], shares[0], "this treatment")
        return
    for pointer, treatment in treatments:
        kept = treatment.amount.value - (observed - case.bound)
        if kept > 0 and UNIT_OF_LIMIT.get(case.finding["limit"]["unit"]) == treatment.amount.unit:
            yield _reduce(pointer, treatment, kept, f"the treatment at {pointer.removesuffix('/amount')}")
    patch = [replace(f"{treatments[k][0]}/value", as_text(share)) for k, share in enumerate(shares)]
    yield f"Reduce all {len(shares)} treatments by the same share", patch


# The unit of an amount in which the excess over a limit can be taken off as it is.
UNIT_OF_LIMIT = {"mL": "mL", "{vial}": "vial"}


def _reduce(pointer: str, treatment: Treatment, kept: int, what: str) -> Proposal:
    value = as_text(kept)
    unit = "vials" if treatment.amount.unit == "vial" else "mL"
    return f"Reduce {what} to {value} {unit}", [replace(f"{pointer}/value", value)]


def other_count_or_less(case: Case) -> Iterator[Proposal]:
    """For the volume of an injection: more injections (or fewer, for a lower bound), or a smaller amount."""
    place = case.finding["pointer"].split("/")
    treatment = case.plan.sessions[int(place[2])].treatments[int(place[4])]
    if treatment.injection_count is None or treatment.amount.unit != "mL":
        return
    amount, pointer = treatment.amount.value, case.finding["pointer"]
    if case.finding["limit"]["comparator"] == "<=":
        yield _count(pointer, -(-amount // case.bound))
        yield _reduce(f"{pointer}/amount", treatment, case.bound * treatment.injection_count, "this treatment")
    elif amount >= case.bound:
        yield _count(pointer, amount // case.bound)


def _count(pointer: str, count: int) -> Proposal:
    return f"Share the amount among {count} injections", [replace(f"{pointer}/injection_count", count)]


def later_date(case: Case) -> Iterator[Proposal]:
    """Move the session to the first date that keeps the interval."""
    *_, other = case.finding["contributing"]
    parts = other.split("/")
    sessions: Any = case.plan.previous_sessions if parts[1] == "previous_sessions" else case.plan.sessions
    day = date.fromordinal(sessions[int(parts[2])].date + case.bound // 1000).isoformat()
    yield f"Move this session to {day}", [replace(f"{case.finding['pointer']}/date", day)]


def listed_value(case: Case) -> Iterator[Proposal]:
    """Use a strength that the limit lists."""
    for value in case.finding["limit"]["values"]:
        patch = [replace(f"{case.finding['pointer']}/concentration_percent", value)]
        yield f"Use the {value} % strength", patch


def meet(member: str, words: str) -> Callable[[Case], Iterator[Proposal]]:
    """An operator that sets a session's member to the bound."""

    def operator(case: Case) -> Iterator[Proposal]:
        value = case.bound // 1000
        yield words.format(value), [replace(f"{case.finding['pointer']}/{member}", value)]

    return operator


OPERATORS: dict[str, Callable[[Case], Iterator[Proposal]]] = {
    "session-volume": less_in_all,
    "vial-count": less_in_all,
    "daily-dose-per-weight": less_in_all,
    "product-share": less_in_all,
    "injection-volume": other_count_or_less,
    "session-interval": later_date,
    "concentration": listed_value,
    "observation-minutes": meet("observation_minutes", "Observe for {} minutes"),
    "compression-days": meet("compression_days", "Plan {} days of compression"),
    "activity-pause-days": meet("activity_pause_days", "Plan a pause of {} days"),
}


def suggest(
    document: Any,
    plan: Plan,
    findings: list[dict[str, Any]],
    book: Book,
    rerun: Callable[[Any, Book], set[str]],
) -> None:
    """Give each finding the suggestions that hold: patches after which it is gone and no new error has come."""
    before = {finding["id"]: finding for finding in findings}
    size = sum(len(session.treatments) for session in plan.sessions)
    left = MOST_TREATMENTS_CHECKED
    for finding in findings:
        operator = OPERATORS.get(book.rules[finding["rule"]].measure)
        if (
            operator is None
            or finding["observed"] is None
            or (finding["limit"]["value"] is None and not finding["limit"]["values"])
        ):
            continue
        for label, patch in operator(Case(finding, plan, book)):
            if left < size or len(finding["suggestions"]) == MOST_FOR_A_FINDING:
                break
            left -= size
            try:
                after = rerun(apply(document, patch), book)
            except PlanFaults:
                continue  # what it proposes is no plan: nothing is left of an amount, or a count is out of range
            if finding["id"] not in after:
                finding["suggestions"].append(
                    {
                        "label": label,
                        "patch": patch,
                        "resolves": [known for known in before if known not in after],
                        "introduces": sorted(after - before.keys()),
                    }
                )


def apply(document: Any, patch: list[Operation]) -> Any:
    """The document with the operations applied; what they do not touch is shared with the original."""
    for operation in patch:
        value = operation["value"]
        # A number in a patch is read as the number of a body would be.
        value = JsonNumber(value) if type(value) is int else value
        document = _with(document, operation["path"].split("/")[1:], value)
    return document


def _with(node: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    key: Any = int(path[0]) if isinstance(node, list) else path[0]
    copy = node.copy()
    copy[key] = _with(node[key], path[1:], value)
    return copy


def thousandths_of(text: str) -> int:
    """The thousandths of an observed value, rounded up: observed values may have six decimals."""
    known = thousandths(text)
    if known is not None:
        return known
    whole, _, fraction = text.partition(".")
    return int(whole) * 1000 + int(fraction.ljust(6, "0")[:3]) + 1
