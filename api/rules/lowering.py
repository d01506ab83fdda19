"""Lowering: two plans in; out, True where the second only lowers strengths, doses and volumes of the first."""

from collections.abc import Callable
from fractions import Fraction
from itertools import combinations

from api.rules.layout import Layout, PlacedTreatment


def only_lowers(before: Layout, after: Layout) -> bool:
    """True where no strength, dose, volume or injection was raised, and no two sessions have come closer.

    The second plan has the sessions of the first, each perhaps on a later day, and perhaps some more after them. Each
    treatment of an added session must be no more than some treatment of the first plan, and the dose of an added day no
    more than that of the fullest day.
    """
    for session, changed in zip(before.sessions, after.sessions, strict=False):
        pairs = zip(session.treatments, changed.treatments, strict=True)
        if not all(_is_no_more(new, old) for old, new in pairs):
            return False
    for added in after.sessions[len(before.sessions) :]:
        if not all(any(_is_no_more(placed, old) for old in before.treatments) for placed in added.treatments):
            return False
    return _days_hold_no_more(before, after) and _no_closer(before, after)


def _is_no_more(placed: PlacedTreatment, old: PlacedTreatment) -> bool:
    """True where a treatment is with the old one's product, no stronger, no more, and in no larger injections."""
    if placed is old:
        return True
    new, was = placed.treatment, old.treatment
    if new.product != was.product or (new.concentration_percent or 0) > (was.concentration_percent or 0):
        return False
    if new.amount.unit != was.amount.unit or new.amount.value > was.amount.value:
        return False
    return _largest_injection(placed) <= _largest_injection(old)


def _largest_injection(placed: PlacedTreatment) -> Fraction:
    """The volume of a treatment's largest injection, in thousandths of the unit of its amount."""
    treatment = placed.treatment
    if treatment.injections is not None:
        return Fraction(max(injection.volume_ml for injection in treatment.injections))
    return Fraction(treatment.amount.value, treatment.injection_count or 1)


def _days_hold_no_more(before: Layout, after: Layout) -> bool:
    """True where each day has at most the dose that it had before; a day without treatments before, at most that of
    the day with most.
    """
    for size in (_volume, _amount):
        had, has = _doses(before, size), _doses(after, size)
        most = max(had.values())
        if any(dose > had.get(day, most) for day, dose in has.items()):
            return False
    return True


def _doses(layout: Layout, size: Callable[[PlacedTreatment], int]) -> dict[int | None, int]:
    """The dose of each day: its treatments' sizes times their strengths, where one that is not told counts as 1 %."""
    doses: dict[int | None, int] = {}
    for session in layout.sessions:
        dose = sum(size(placed) * (placed.treatment.concentration_percent or 1000) for placed in session.treatments)
        doses[session.day] = doses.get(session.day, 0) + dose
    return doses


def _volume(placed: PlacedTreatment) -> int:
    """The volume of a treatment, 0 where it is not known."""
    return placed.nanolitres or 0


def _amount(placed: PlacedTreatment) -> int:
    """The amount of a treatment as it is stated, in mL or vials."""
    return placed.treatment.amount.value


def _no_closer(before: Layout, after: Layout) -> bool:
    """True where no two sessions of the first plan, past or planned, are fewer days apart in the second."""
    past = [previous.date for previous in before.plan.previous_sessions or ()]
    was, now = ([*past, *(session.day for session in layout.sessions)] for layout in (before, after))
    if now[: len(was)] == was:
        return True
    return all(
        abs(now[i] - now[j]) >= abs(one - other)  # type: ignore[operator]  # a patch takes no date away
        for (i, one), (j, other) in combinations(enumerate(was), 2)
        if one is not None and other is not None
    )
