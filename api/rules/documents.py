"""Documents: a parsed document in; a typed plan, or an envelope of plans, or every fault with its pointer, out."""

from typing import Any, TypeVar

from api.rules.plan import MOST_TREATMENTS, MOST_TREATMENTS_OF_PLANS, Batch, Comparison, Plan
from api.rules.reading import MOST_FAULTS, PlanFaults, Reader, Vocabulary
from api.rules.value_types import Record

Envelope = TypeVar("Envelope", Batch, Comparison)


def read_plan(document: Any, vocabulary: Vocabulary, most_faults: int = MOST_FAULTS) -> Plan:
    """The plan that a parsed JSON document holds.

    Raises:
        PlanFaults: the document is not a plan; every fault has its pointer, up to the most that are asked for.
    """
    reader = Reader(vocabulary, most_faults)
    plan: Plan | None = Record(Plan).read(document, "", reader)
    if plan is not None:
        refuse_contradictions(plan, reader)
    else:
        _refuse_too_many(_treatments(document), reader)
    if reader.faults or plan is None:
        raise PlanFaults(reader.faults)
    return plan


def read_envelope(envelope: type[Envelope], document: Any) -> Envelope:
    """A batch or a comparison, its plans left as documents that are read later, one by one.

    Raises:
        PlanFaults: the document is not such an envelope; every fault has its pointer.
    """
    reader = Reader(Vocabulary({}, {}))
    read: Envelope | None = Record(envelope).read(document, "", reader)
    if read is not None and sum(_treatments(plan) for plan in read.plans) > MOST_TREATMENTS_OF_PLANS:
        detail = f"Send at most {MOST_TREATMENTS_OF_PLANS} treatments in all plans together."
        reader.fault("/plans", "too_many_treatments", detail)
    if reader.faults or read is None:
        raise PlanFaults(reader.faults)
    return read


def refuse_contradictions(plan: Plan, reader: Reader) -> None:
    """Note a fault for each thing that is wrong with the plan as a whole, though each of its members can be read."""
    _refuse_too_many(sum([len(session.treatments) for session in plan.sessions]), reader)
    _refuse_two_counts(plan, reader)
    _refuse_foam_of_a_liquid(plan, reader)
    _refuse_later_past(plan, reader)


def _refuse_too_many(treatments: int, reader: Reader) -> None:
    """Note a fault where all sessions together have too many treatments."""
    if treatments > MOST_TREATMENTS:
        reader.fault("/sessions", "too_many_treatments", f"Send at most {MOST_TREATMENTS} treatments in all.")


def _treatments(document: Any) -> int:
    """How many treatments a document has, 0 where it has not the shape of a plan."""
    sessions = document.get("sessions") if isinstance(document, dict) else None
    if not isinstance(sessions, list):
        return 0
    lists = [session.get("treatments") for session in sessions if isinstance(session, dict)]
    return sum(len(treatments) for treatments in lists if isinstance(treatments, list))


def _refuse_later_past(plan: Plan, reader: Reader) -> None:
    """Note a fault for each previous session that is later than every planned one, where all of these are dated."""
    days = [session.date for session in plan.sessions]
    dated = [day for day in days if day is not None]
    for k, previous in enumerate(plan.previous_sessions or ()):
        if previous.date is not None and len(dated) == len(days) and previous.date > max(dated):
            reader.fault(
                f"/previous_sessions/{k}/date", "conflict", "A previous session is not after every planned one."
            )


def _refuse_two_counts(plan: Plan, reader: Reader) -> None:
    """Note a fault for each treatment that tells its injections in both ways."""
    for i, session in enumerate(plan.sessions):
        for j, treatment in enumerate(session.treatments):
            if treatment.injection_count is not None and treatment.injections is not None:
                pointer = f"/sessions/{i}/treatments/{j}/injections"
                reader.fault(pointer, "conflict", "Send either `injection_count` or `injections`.")


def _refuse_foam_of_a_liquid(plan: Plan, reader: Reader) -> None:
    """Note a fault for each treatment with a liquid that tells how its foam is made."""
    for i, session in enumerate(plan.sessions):
        for j, treatment in enumerate(session.treatments):
            if treatment.form == "liquid" and treatment.foam is not None:
                pointer = f"/sessions/{i}/treatments/{j}/foam"
                reader.fault(pointer, "conflict", "Leave `foam` out where the form is liquid.")
