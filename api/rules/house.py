"""A clinic's own limits: as they were sent, or are kept for a partner, in; out, what they come to beside a book's.

They are no rows of the book, and the book learns nothing of them: each is held by itself, on the plan as it is laid out
for the published limits. So none of these is displaced, covered or made known by one of a clinic's own, and whatever
they come to is added to what the published ones do.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from api.rules.book import Book, Profile
from api.rules.judge import HeldLimit, hold
from api.rules.layout import Group, Layout, PlacedTreatment
from api.rules.measures import MEASURES, OF_TREATMENT, Measure
from api.rules.numbers import as_text
from api.rules.outcomes import Part
from api.rules.plan import BOUND, HouseLimit, Plan
from api.rules.reading import PlanFaults, Reader
from api.rules.rows import HOUSE, Limit, Rule

NOTHING_BEFORE: Mapping[Limit, Part] = {}
IN_A_PLAN = "#/house_limits"  # where such a limit stands in the body that was sent


def bounds_of(rule: Rule) -> tuple[str, ...]:
    """The comparators by which a house limit may hold a rule; none where it measures no number, or asks for more.

    More is what a house limit does not have: a list of values, a condition, the ingredients of a product.
    They are those for which the rule has something to say: a sum told in part may be too much, never too little.
    """
    measure = MEASURES[rule.measure]
    asks_for_more = measure.words is not None or measure.asks_condition or measure.scope == "allergies"
    if measure.gives not in ("number", "count") or asks_for_more:
        return ()
    return tuple(comparator for comparator in BOUND.values if comparator in rule.messages)


def fitted(
    sent: Sequence[HouseLimit], book: Book, href: str, taken: Collection[str] = (), *, are_new: bool = True
) -> tuple[Limit, ...]:
    """House limits as the book's rules hold them; `href` is where they stand, `taken` slugs that they may not have.

    New ones may not have the slug of a published limit; one that is kept may, where that was published since.

    Raises:
        PlanFaults: some of them do not fit the book; every fault has its pointer.
    """
    reader = Reader(book.vocabulary)
    slugs = [limit.slug for limit in sent]
    for k, limit in enumerate(sent):
        pointer = f"/house_limits/{k}"
        if limit.slug in slugs[:k]:
            reader.fault(f"{pointer}/slug", "conflict", "Another house limit has this slug already.")
        if limit.slug in taken:
            reader.fault(f"{pointer}/slug", "conflict", "A limit that is kept for you has this slug.")
        if are_new and limit.slug in book.by_slug:
            reader.fault(f"{pointer}/slug", "conflict", "A published limit has this slug.")
        _refuse_what_does_not_fit(limit, book, pointer, reader)
    if reader.faults:
        raise PlanFaults(reader.faults)
    return tuple([_as_limit(limit, f"{href}/{k}") for k, limit in enumerate(sent)])


def _refuse_what_does_not_fit(limit: HouseLimit, book: Book, pointer: str, reader: Reader) -> None:
    """Note a fault where the rule is held by no bound, by no such one, or in another unit."""
    rule = book.rules[limit.rule]
    comparators = bounds_of(rule)
    if not comparators:
        bounded = tuple(sorted(slug for slug, each in book.rules.items() if bounds_of(each)))
        reader.fault(f"{pointer}/rule", "conflict", "No single number bounds what this rule measures.", bounded)
        return
    if limit.comparator not in comparators:
        detail = "The rule is not held by such a bound."
        reader.fault(f"{pointer}/comparator", "conflict", detail, comparators)
    if limit.unit != rule.unit:
        reader.fault(f"{pointer}/unit", "conflict", "The rule measures in another unit.", (rule.unit,))


def _as_limit(sent: HouseLimit, href: str) -> Limit:
    """A house limit as a limit."""
    shown: dict[str, Any] = {
        "slug": sent.slug,
        "comparator": sent.comparator,
        "value": as_text(sent.value),
        "values": [],
        "unit": sent.unit,
        "rule_set": HOUSE,
        "jurisdiction": sent.jurisdiction,
        "status": "confirmed",
        "href": href,
    }
    return Limit(
        slug=sent.slug,
        title=sent.label,
        rule=sent.rule,
        comparator=sent.comparator,
        value=sent.value,
        values=(),
        values_from=None,
        unit=sent.unit,
        rule_set=HOUSE,
        jurisdiction=sent.jurisdiction,
        severity=sent.severity,
        always=False,
        product=sent.product,
        sclerosant=sent.sclerosant,
        concentration=sent.concentration_percent,
        form=sent.form,
        vein_type=sent.vein_type,
        vein=sent.vein,
        area=sent.area,
        first_exposure=sent.first_exposure,
        made_in_clinic=False,
        condition=None,
        stands_in=False,
        unconfirmed=False,
        message="",
        as_published=shown,
        citations=(),
    )


def house_of(plan: Plan, book: Book, kept: Sequence[Limit] = ()) -> tuple[Limit, ...]:
    """The house limits that a plan is held against: those kept for whoever sends it, then its own.

    Raises:
        PlanFaults: some of its own do not fit the book, or beside those that are kept.
    """
    if not plan.house_limits and not kept:
        return ()
    own = fitted(plan.house_limits, book, IN_A_PLAN, {limit.slug for limit in kept})
    return tuple([limit for limit in (*kept, *own) if limit.jurisdiction in (None, plan.jurisdiction)])


def _hangs_on(measure: Measure, changed: Collection[str]) -> bool:
    """Whether what a measure comes to may hang on members that changed. One of a treatment may read all of it."""
    if measure.scope == "treatment":
        return any(name.startswith(OF_TREATMENT) for name in changed)
    return any(name in changed for name in measure.needs)


class House:
    """The house limits of one plan, and to which profiles of treatments each applies; forgotten with the plan."""

    def __init__(self, limits: Iterable[Limit], book: Book) -> None:
        self.limits = tuple(limits)
        self.book = book
        self._unknown: dict[tuple[Limit, Profile], tuple[str, ...] | None] = {}

    def judged(
        self, layout: Layout, before: Mapping[Limit, Part] = NOTHING_BEFORE, changed: Collection[str] = ()
    ) -> dict[Limit, Part]:
        """What each limit comes to on a plan laid out; as `before` where no member that it hangs on `changed`."""
        return {
            limit: before[limit]
            if limit in before and not _hangs_on(MEASURES[self._rule(limit).measure], changed)
            else self._judged(layout, limit)
            for limit in self.limits
        }

    def _rule(self, limit: Limit) -> Rule:
        return self.book.rules[limit.rule]

    def _judged(self, layout: Layout, limit: Limit) -> Part:
        """What a limit comes to on all groups of its rule's scope. What stays open names the limit."""
        rule, part = self._rule(limit), Part()
        measure = MEASURES[rule.measure]
        for group in layout.groups(measure.scope):
            hold(layout, rule, measure, group, [self._held(limit, group)], part)
        part.not_evaluated = [replace(each, limits=(limit,)) for each in part.not_evaluated]
        return part

    def _held(self, limit: Limit, group: Group) -> HeldLimit:
        """A limit with the treatments of a group that it applies to, and those that it may apply to."""
        applying: list[PlacedTreatment] = []
        may_apply: list[tuple[PlacedTreatment, tuple[str, ...]]] = []
        for placed in group.treatments:
            unknown = self.unknown(limit, placed.matches.profile)
            if unknown:
                may_apply.append((placed, unknown))
            elif unknown is not None:
                applying.append(placed)
        return limit, applying, may_apply

    def unknown(self, limit: Limit, profile: Profile) -> tuple[str, ...] | None:
        """The members that would settle whether a limit applies to a profile, as `Book.unknown` says it."""
        key = limit, profile
        if key not in self._unknown:
            self._unknown[key] = self.book.unknown(limit, profile)
        return self._unknown[key]
