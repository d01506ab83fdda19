"""The JSON that we speak: rows and computed objects in, JSON and its schemas out."""

from api.serializers.answers import (
    AnswerSerializer,
    BatchAnswerSerializer,
    ComparisonAnswerSerializer,
    CoverageSerializer,
    ExampleSerializer,
    HitSerializer,
    ResolutionSerializer,
    VectorSerializer,
)
from api.serializers.facts import FACT_NAMES, FACTS, RESOURCES, Resource
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
    "FACT_NAMES",
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
    "HitSerializer",
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
