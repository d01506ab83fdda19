"""Suggestions: JSON Patches (RFC 6902) against the body as sent, each proved by checking the patched body.

An operator proposes; the `Adviser` proves. Contraindications and eligibility have no operator: no patch answers them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Protocol

from api.rules.book import Book
from api.rules.numbers import as_text, in_words, thousandths
from api.rules.outcomes import Outcomes
from api.rules.plan import Plan, Treatment
from api.rules.reading import JsonNumber, PlanFaults, as_read
from api.rules.rows import SEVERITIES

Operation = Mapping[str, Any]
Proposal = tuple[str, list[Operation]]

MOST_FOR_A_FINDING = 4
# Checks of patched bodies for one answer, counted in treatments, so that a large plan stays quick.
MOST_TREATMENTS_CHECKED = 600
MOST_STEPS = 8


@dataclass(frozen=True, slots=True)
class Case:
    """A finding with the plan it is about, as read and as sent."""

    finding: Mapping[str, Any]
    plan: Plan
    document: Any
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


class Look(Protocol):
    """What checking a document without suggestions comes to."""

    @property
    def plan(self) -> Plan: ...

    @property
    def verdict(self) -> str: ...

    @property
    def findings(self) -> list[dict[str, Any]]: ...

    @property
    def outcomes(self) -> Outcomes: ...


def replace(path: str, value: Any) -> Operation:
    return {"op": "replace", "path": path, "value": value}


def less_in_all(case: Case) -> Iterator[Proposal]:
    """Reduce the one treatment to its share; of several, each alone by the excess, and all by the same share."""
    observed = thousandths_of(case.finding["observed"]["value"])
    treatments = case.treatments()
    share = Fraction(case.bound, 1000) / Fraction(case.finding["observed"]["value"])
    shares = [int(treatment.amount.value * share) for _, treatment in treatments]
    if len(treatments) == 1:
        yield _reduce(*treatments[0], shares[0], "this treatment")
        return
    for pointer, treatment in treatments:
        kept = treatment.amount.value - (observed - case.bound)
        if kept > 0 and UNIT_OF_LIMIT.get(case.finding["limit"]["unit"]) == treatment.amount.unit:
            yield _reduce(pointer, treatment, kept, f"the treatment at {pointer.removesuffix('/amount')}")
    patch = [operation for k, share in enumerate(shares) for operation in _reduce(*treatments[k], share, "")[1]]
    yield f"Reduce all {len(shares)} treatments by the same share", patch


# The unit of an amount in which the excess over a limit can be taken off as it is.
UNIT_OF_LIMIT = {"mL": "mL", "{vial}": "vial"}


def _reduce(pointer: str, treatment: Treatment, kept: int, what: str) -> Proposal:
    vials = treatment.amount.unit == "vial"
    value = as_text(kept - kept % 1000 if vials else kept)  # no one draws up 2.857 vials
    return f"Reduce {what} to {in_words(value, '{vial}' if vials else 'mL')}", [replace(f"{pointer}/value", value)]


def other_count_or_less(case: Case) -> Iterator[Proposal]:
    """For the volume of an injection: more injections (or fewer, for a lower bound), or a smaller amount."""
    place = case.finding["pointer"].split("/")
    treatment = case.plan.sessions[int(place[2])].treatments[int(place[4])]
    if treatment.injection_count is None or treatment.amount.unit != "mL" or not case.bound:
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
    """Use a strength that the limit lists, the nearest first."""
    observed = Fraction(case.finding["observed"]["value"])
    for value in sorted(case.finding["limit"]["values"], key=lambda value: abs(Fraction(value) - observed)):
        patch = [replace(f"{case.finding['pointer']}/concentration_percent", value)]
        yield f"Use the {value} % strength", patch


def meet(member: str, words: str) -> Callable[[Case], Iterator[Proposal]]:
    """An operator that sets a session's member to the bound."""

    def operator(case: Case) -> Iterator[Proposal]:
        value = case.bound // 1000
        yield words.format(value), [replace(f"{case.finding['pointer']}/{member}", value)]

    return operator


def less_or_later(case: Case) -> Iterator[Proposal]:
    """Reduce, or move the excess of the largest treatment to a session of its own."""
    yield from less_in_all(case)
    pointer, treatment = case.treatments()[0]
    excess = thousandths_of(case.finding["observed"]["value"]) - case.bound
    kept = treatment.amount.value - excess
    if kept > 0 and treatment.amount.unit == "mL":
        place = pointer.split("/")
        i, j = int(place[2]), int(place[4])
        sent = _plain(case.document["sessions"][i])
        moved = _part(sent["treatments"][j], treatment, excess)
        stays = _part(sent["treatments"][j], treatment, kept)
        moved.pop("test_dose", None)
        if treatment.product is not None:
            moved["first_exposure"] = False
        later = {**sent, "treatments": [moved]}
        later.pop("date", None)
        day = _later_day(case, treatment)
        when = f" on {day}" if day else ""
        if day:
            later["date"] = day
        patch = [
            replace(pointer.removesuffix("/amount"), stays),
            {"op": "add", "path": "/sessions/-", "value": later},
        ]
        yield f"Move {as_text(excess)} mL to a later session{when}", patch


def _plain(node: Any) -> Any:
    """What was sent, fit to be sent back: whole numbers as numbers, others as the text that is as good."""
    if isinstance(node, dict):
        return {name: _plain(entry) for name, entry in node.items()}
    if isinstance(node, list):
        return [_plain(entry) for entry in node]
    if isinstance(node, JsonNumber):
        return str(node) if "." in node else int(node)
    return node


def _part(sent: Mapping[str, Any], treatment: Treatment, amount: int) -> dict[str, Any]:
    """The treatment with a part of its amount, and as many injections as that takes."""
    part: dict[str, Any] = {**sent, "amount": {**sent["amount"], "value": as_text(amount)}}
    if treatment.injection_count is not None:
        part["injection_count"] = -(-treatment.injection_count * amount // treatment.amount.value)
    return part


def _later_day(case: Case, treatment: Treatment) -> str | None:
    """The first day after every dated session that keeps the interval published for the product, or else for any."""
    past = [previous.date for previous in case.plan.previous_sessions or ()]
    days = [day for day in (*past, *(session.date for session in case.plan.sessions)) if day is not None]
    in_force = case.book.lens_of(case.plan).limits
    limits = [
        limit
        for measure in ("session-interval", "same-area-interval")
        for rule in case.book.rules_of(measure)
        for limit in in_force.get(rule, ())
    ]
    own, anyone = (
        [int(limit.value) // 1000 for limit in limits if limit.product == product and limit.value]
        for product in (treatment.product, None)
    )
    intervals = own or anyone
    return date.fromordinal(max(days) + max(intervals)).isoformat() if days and intervals else None


# A proposal, and what the patched document comes to.
Proof = tuple[str, list[Operation], Look]

OPERATORS: dict[str, Callable[[Case], Iterator[Proposal]]] = {
    "session-volume": less_or_later,
    "vial-count": less_in_all,
    "daily-dose-per-weight": less_in_all,
    "daily-volume": less_in_all,
    "product-share": less_in_all,
    "injection-volume": other_count_or_less,
    "session-interval": later_date,
    "concentration": listed_value,
    "observation-minutes": meet("observation_minutes", "Observe for {} minutes"),
    "compression-days": meet("compression_days", "Plan {} days of compression"),
    "activity-pause-days": meet("activity_pause_days", "Plan a pause of {} days"),
}


class Adviser:
    """Proposes changes to one document and proves each by a second look at the patched document."""

    def __init__(self, document: Any, book: Book, look: Callable[[Any, Book], Look]) -> None:
        self.document = document
        self.book = book
        self._look = look
        self._left = MOST_TREATMENTS_CHECKED

    def advise(self, seen: Look) -> dict[str, Any] | None:
        """Fill in the suggestions of each finding; the combined patch to `within_limits`, or None."""
        before = [finding["id"] for finding in seen.findings]
        for finding in seen.findings:
            held = []
            for label, patch, after in self._proved(self.document, seen, finding):
                ids = [known["id"] for known in after.findings]
                resolves = [known for known in before if known not in ids]
                introduces = [known for known in ids if known not in before]
                held.append({"label": label, "patch": patch, "resolves": resolves, "introduces": introduces})
                if len(held) == MOST_FOR_A_FINDING:
                    break
            finding["suggestions"] = sorted(held, key=lambda suggestion: len(suggestion["patch"]))
        return self._nearest(seen)

    def _proved(self, document: Any, seen: Look, finding: dict[str, Any]) -> Iterator[Proof]:
        """The proposals after which the finding is gone, and nothing has come or may have come instead."""
        operator = OPERATORS.get(self.book.rules[finding["rule"]].measure)
        if operator is None or finding["observed"] is None or not _has_bound(finding["limit"]):
            return
        before, at_risk = {known["id"]: known for known in seen.findings}, seen.outcomes.at_risk()
        size = sum(len(session.treatments) for session in seen.plan.sessions)
        for label, patch in operator(Case(finding, seen.plan, document, self.book)):
            if self._left < size:
                return
            self._left -= size
            try:
                after = self._look(apply(document, patch), self.book)
            except PlanFaults:
                continue  # what it proposes is no plan: nothing is left of an amount, or a count is out of range
            ids = {known["id"] for known in after.findings}
            worse = any(_is_worse(known, before) for known in after.findings) or after.outcomes.at_risk() - at_risk
            if finding["id"] not in ids and not worse:
                yield label, patch, after

    def _nearest(self, seen: Look) -> dict[str, Any] | None:
        """A patch that leads to `within_limits`: the first change that holds for the gravest finding, and again."""
        document, patch = self.document, []
        for _ in range(MOST_STEPS):
            serious = [finding for finding in seen.findings if finding["severity"] != "info"]
            if not serious:
                break
            step = next(self._proved(document, seen, serious[0]), None)
            if step is None:
                return None
            _, operations, seen = step
            document = apply(document, operations)
            patch += operations
        return {"patch": _shortened(patch)} if patch and seen.verdict == "within_limits" else None


def _is_worse(finding: Mapping[str, Any], before: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a finding is a new error, or graver than before, or exceeds the same limit by more."""
    known = before.get(finding["id"])
    if known is None:
        return bool(finding["severity"] == "error")
    if finding["severity"] != known["severity"]:
        return SEVERITIES.index(finding["severity"]) < SEVERITIES.index(known["severity"])
    if finding["headroom"] is None or known["headroom"] is None or finding["limit"] != known["limit"]:
        return False
    return Fraction(finding["headroom"]["value"]) < Fraction(known["headroom"]["value"])


def _has_bound(limit: Mapping[str, Any]) -> bool:
    return limit["value"] is not None or bool(limit["values"])


def _shortened(patch: list[Operation]) -> list[Operation]:
    """The patch without a replacement that a later one on the same path makes void."""
    kept: dict[Any, Operation] = {}
    for k, operation in enumerate(reversed(patch)):
        kept.setdefault(operation["path"] if operation["op"] == "replace" else k, operation)
    return list(kept.values())[::-1]


def apply(document: Any, patch: list[Operation]) -> Any:
    """The document with the operations applied; what they do not touch is shared with the original."""
    for operation in patch:
        document = _with(document, operation["path"].split("/")[1:], as_read(operation["value"]))
    return document


def _with(node: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    copy = node.copy()
    if path == ["-"]:
        copy.append(value)
    else:
        key: Any = int(path[0]) if isinstance(node, list) else path[0]
        copy[key] = _with(node[key], path[1:], value)
    return copy


def thousandths_of(text: str) -> int:
    """The thousandths of an observed value, rounded up: observed values may have six decimals."""
    known = thousandths(text)
    if known is not None:
        return known
    whole, _, fraction = text.partition(".")
    return int(whole) * 1000 + int(fraction.ljust(6, "0")[:3]) + 1
