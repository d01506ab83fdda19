"""The JSON we speak."""

from api.serializers.answers import (
    AnswerSerializer,
    EntrySerializer,
    ExampleSerializer,
    HealthSerializer,
    ProblemKindSerializer,
    ProblemSerializer,
    ReadySerializer,
    ReleaseDetailSerializer,
    ReleaseSerializer,
)
from api.serializers.facts import RESOURCES, Resource

__all__ = [
    "RESOURCES",
    "AnswerSerializer",
    "EntrySerializer",
    "ExampleSerializer",
    "HealthSerializer",
    "ProblemKindSerializer",
    "ProblemSerializer",
    "ReadySerializer",
    "ReleaseDetailSerializer",
    "ReleaseSerializer",
    "Resource",
]
