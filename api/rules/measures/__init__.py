"""The closed list of measures: a plan laid out in; one number, count, word or flag out."""

from api.rules.measures import day, patient, session, treatment
from api.rules.measures.registry import MEASURES, OF_TREATMENT, Measure, Observed, behind, unique

NAMES = tuple(sorted(MEASURES))

__all__ = [
    "MEASURES",
    "NAMES",
    "OF_TREATMENT",
    "Measure",
    "Observed",
    "behind",
    "day",
    "patient",
    "session",
    "treatment",
    "unique",
]
