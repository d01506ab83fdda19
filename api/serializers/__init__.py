"""The JSON we speak."""

from api.serializers.answers import (
    AnswerSerializer,
    BatchAnswerSerializer,
    ComparisonAnswerSerializer,
    CoverageSerializer,
    EntrySerializer,
    ExampleSerializer,
    HealthSerializer,
    ProblemKindSerializer,
    ProblemSerializer,
    ReadySerializer,
    ReleaseDetailSerializer,
    ReleaseSerializer,
    ResolutionSerializer,
    VectorSerializer,
)
from api.serializers.facts import RESOURCES, Resource

__all__ = [
    "RESOURCES",
    "AnswerSerializer",
    "BatchAnswerSerializer",
    "ComparisonAnswerSerializer",
    "CoverageSerializer",
    "EntrySerializer",
    "ExampleSerializer",
    "HealthSerializer",
    "ProblemKindSerializer",
    "ProblemSerializer",
    "ReadySerializer",
    "ReleaseDetailSerializer",
    "ReleaseSerializer",
    "ResolutionSerializer",
    "Resource",
    "VectorSerializer",
]
