"""The JSON that we speak: rows and computed objects in, JSON and its schemas out."""

from api.serializers.answers import (
    AnswerSerializer,
    BatchAnswerSerializer,
    ComparisonAnswerSerializer,
    CoverageSerializer,
    ExampleSerializer,
    ResolutionSerializer,
    VectorSerializer,
)
from api.serializers.facts import FACTS, RESOURCES, Resource
from api.serializers.history import BundleSerializer, ChangePageSerializer, DiffSerializer
from api.serializers.service import (
    CallerSerializer,
    HealthSerializer,
    IndexSerializer,
    ProblemListSerializer,
    ProblemPageSerializer,
    ProblemSerializer,
    ReadySerializer,
    ReleaseDetailSerializer,
    ReleaseSerializer,
)

__all__ = [
    "FACTS",
    "RESOURCES",
    "AnswerSerializer",
    "BatchAnswerSerializer",
    "BundleSerializer",
    "CallerSerializer",
    "ChangePageSerializer",
    "ComparisonAnswerSerializer",
    "CoverageSerializer",
    "DiffSerializer",
    "ExampleSerializer",
    "HealthSerializer",
    "IndexSerializer",
    "ProblemListSerializer",
    "ProblemPageSerializer",
    "ProblemSerializer",
    "ReadySerializer",
    "ReleaseDetailSerializer",
    "ReleaseSerializer",
    "ResolutionSerializer",
    "Resource",
    "VectorSerializer",
]
