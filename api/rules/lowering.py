"""Whether a changed plan only lowers: no strength, dose or volume of the first plan is higher in the second."""

from collections.abc import Callable
from fractions import Fraction
from itertools import combinations

from api.rules.context import Context, Spot


def only_lowers(before: Context, after: Context) -> bool:
    """Whether no strength, volume or injection was raised, and no two visits have come closer.

    The second plan has the sessions of the first in their places, each perhaps on a later day, and perhaps some more:
    those may hold no more than a session, and no stronger or larger injection than a treatment, of the first.
    """
    for session, changed in zip(before.sessions, after.sessions, strict=False):
        pairs = zip(session.spots, changed.spots, strict=True)
        if not all(_is_no_more(new, old) for old, new in pairs):
            return False
    for added in after.sessions[len(before.sessions) :]:
        if not all(any(_is_no_more(spot, old) for old in before.spots) for spot in added.spots):
            return False
    return _days_hold_no_more(before, after) and _no_closer(before, after)


def _is_no_more(spot: Spot, old: Spot) -> bool:
    """Whether a treatment is of the same product and no stronger, no more, and in no larger injections than another."""
    new, was = spot.treatment, old.treatment
    if new.product != was.product or (new.concentration_percent or 0) > (was.concentration_percent or 0):
        return False
    if new.amount.unit != was.amount.unit or new.amount.value > was.amount.value:
        return False
    return _largest_injection(spot) <= _largest_injection(old)


def _largest_injection(spot: Spot) -> Fraction:
    """The volume of a treatment's largest injection, in thousandths of the unit of its amount."""
    treatment = spot.treatment
    if treatment.injections is not None:
        return Fraction(max(injection.volume_ml for injection in treatment.injections))
    return Fraction(treatment.amount.value, treatment.injection_count or 1)


def _days_hold_no_more(before: Context, after: Context) -> bool:
    """Whether no day holds more than it did, or, where it held nothing, than the fullest day did."""
    for size in (_volume, _amount):
        had, has = _doses(before, size), _doses(after, size)
        most = max(had.values())
        if any(dose > had.get(day, most) for day, dose in has.items()):
            return False
    return True


def _doses(context: Context, size: Callable[[Spot], int]) -> dict[int | None, int]:
    """The size of what is given on each day, times its strength; a strength that is not told counts as 1 %."""
    doses: dict[int | None, int] = {}
    for session in context.sessions:
        dose = sum(size(spot) * (spot.treatment.concentration_percent or 1000) for spot in session.spots)
        doses[session.day] = doses.get(session.day, 0) + dose
    return doses


def _volume(spot: Spot) -> int:
    """The volume of a treatment, 0 where it is not known."""
    return spot.nanolitres or 0


def _amount(spot: Spot) -> int:
    """The amount of a treatment as it is stated, in mL or vials."""
    return spot.treatment.amount.value


def _no_closer(before: Context, after: Context) -> bool:
    """Whether no two visits that were there already are fewer days apart."""
    past = [previous.date for previous in before.plan.previous_sessions or ()]
    was, now = ([*past, *(session.day for session in context.sessions)] for context in (before, after))
    if now[: len(was)] == was:
        return True
    return all(
        abs(now[i] - now[j]) >= abs(one - other)  # type: ignore[operator]  # a patch takes no date away
        for (i, one), (j, other) in combinations(enumerate(was), 2)
        if one is not None and other is not None
    )
