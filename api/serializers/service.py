"""Shapes of problems, releases, the index and health: plain values in; JSON, and its schema, out.

They document, and tests hold real responses to them. The names that the OpenAPI document has for them stay as they are,
since the clients of partners are generated from it.
"""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from api.keys import SCOPES
from api.models.releases import KINDS

Shape = serializers.Serializer[Any]


@extend_schema_serializer(component_name="Fault")
class FaultSerializer(Shape):
    """One fault of the request."""

    pointer = serializers.CharField(required=False, allow_blank=True, help_text="JSON Pointer into the body.")
    parameter = serializers.CharField(required=False, help_text="Name of the query parameter; `path` for the path.")
    code = serializers.CharField(help_text="Stable code of the fault.")
    detail = serializers.CharField(help_text="What to do about it.")
    allowed = serializers.ListField(child=serializers.CharField(), required=False, help_text="What is allowed.")
    did_you_mean = serializers.CharField(
        required=False, help_text="What was probably meant; slugs joined by a comma where a name fits several."
    )


class ProblemSerializer(Shape):
    """A failure (RFC 9457)."""

    type = serializers.CharField(help_text="Where failures of this code are explained.")
    title = serializers.CharField(help_text="What went wrong, the same for every failure of this code.")
    status = serializers.IntegerField(help_text="HTTP status.")
    detail = serializers.CharField(help_text="What went wrong this time.")
    code = serializers.CharField(help_text="Stable code of the failure.")
    request_id = serializers.CharField(help_text="To name the request when you ask us about it.")
    errors = FaultSerializer(  # type: ignore[assignment]  # a field, not the serializer's own errors
        many=True, required=False, help_text="Every fault of the request, all at once."
    )
    last_release = serializers.IntegerField(
        required=False, help_text="Of what is withdrawn: the number of the last release that has it."
    )


@extend_schema_serializer(component_name="ProblemFault")
class ProblemFaultSerializer(Shape):
    """A fault that a problem can have."""

    code = serializers.CharField(help_text="Code of the fault.")
    meaning = serializers.CharField(help_text="What it means.")


@extend_schema_serializer(component_name="ProblemKind")
class ProblemPageSerializer(Shape):
    """What the `type` of a problem leads to."""

    code = serializers.CharField(help_text="Code of the problem.")
    status = serializers.IntegerField(help_text="HTTP status.")
    title = serializers.CharField(help_text="What went wrong.")
    text = serializers.CharField(help_text="The detail of a failure of this code that has no other.")
    meaning = serializers.CharField(help_text="What it means.")
    to_do = serializers.CharField(help_text="What to do.")
    faults = ProblemFaultSerializer(many=True, help_text="The faults that `errors` of such a problem can have.")
    sample = ProblemSerializer(help_text="Such a problem, as the service answered it.")


class ProblemListSerializer(Shape):
    """Every problem that the service answers with."""

    items = ProblemPageSerializer(many=True, help_text="The problems, by status.")


class ReleaseSerializer(Shape):
    """Content as it was published; never changed afterwards."""

    number = serializers.IntegerField(help_text="1, 2, 3 …")
    published_at = serializers.DateTimeField(help_text="When, in UTC.")
    note = serializers.CharField(help_text="Why.")
    kind = serializers.ChoiceField(KINDS, help_text="What sort of change it is; `safety` is the gravest.")
    schema = serializers.IntegerField(help_text="Number of the schema by which its rows are rendered.")
    digest = serializers.CharField(help_text="SHA-256 of the content in canonical JSON (RFC 8785).")


class ReleaseDetailSerializer(ReleaseSerializer):
    """A release with its size."""

    rows = serializers.DictField(child=serializers.IntegerField(), help_text="How many rows each resource has.")


class LicenceSerializer(Shape):
    """The licence of the content."""

    name = serializers.CharField(help_text="Its name.")
    url = serializers.CharField(help_text="Where its text is.")


class RateSerializer(Shape):
    """How many requests are taken."""

    policy = serializers.CharField(help_text="Its name, as `RateLimit` and `RateLimit-Policy` have it.")
    who = serializers.CharField(help_text="Of whom.")
    requests = serializers.IntegerField(help_text="How many requests; a batch counts its plans.")
    seconds = serializers.IntegerField(help_text="In how many seconds.")


@extend_schema_serializer(component_name="Entry")
class IndexSerializer(Shape):
    """What `GET /v1` says: what this service is, and where everything is."""

    service = serializers.CharField(help_text="What this is.")
    notice = serializers.CharField(help_text="What it is not.")
    content_status = serializers.CharField(help_text="How far the content is reviewed.")
    licence = LicenceSerializer(help_text="The licence of the content.")
    release = ReleaseDetailSerializer(help_text="The newest release.")
    rates = RateSerializer(many=True, help_text="How many requests are taken, and of whom.")
    links = serializers.DictField(child=serializers.CharField(), help_text="Where everything is.")


@extend_schema_serializer(component_name="KeptLimits")
class KeptLimitsSerializer(Shape):
    """A version of the limits of its own that are kept for a partner."""

    version = serializers.IntegerField(help_text="1, 2, 3 … of this partner.")
    sha256 = serializers.CharField(help_text="SHA-256 of `items` in canonical JSON (RFC 8785), as receipts have it.")
    items = serializers.ListField(
        child=serializers.JSONField(), help_text="The limits, each as a plan may carry it in `house_limits`."
    )


@extend_schema_serializer(component_name="Caller")
class CallerSerializer(Shape):
    """Who sends a request, by its partner key."""

    partner = serializers.CharField(allow_null=True, help_text="Slug of the partner; null without a key.")
    key = serializers.CharField(allow_null=True, help_text="Public part of the key; null without one.")
    is_test = serializers.BooleanField(help_text="Whether it is a key for tries, which starts with `scl_test_`.")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(SCOPES), help_text="What may be asked: `content` by GET, `validate` by POST."
    )
    expires_at = serializers.DateTimeField(allow_null=True, help_text="When the key ends, in UTC; null if it does not.")
    rates = RateSerializer(many=True, help_text="How many requests are taken from this partner or address.")
    house_limits = KeptLimitsSerializer(
        allow_null=True,
        help_text="Limits of its own that plans with this key are held against, and `resolve` tells; null for none.",
    )


class HealthSerializer(Shape):
    """The process is up."""

    status = serializers.CharField(help_text="`ok`.")


class ReadySerializer(HealthSerializer):
    """Content can be served and plans can be checked."""

    release = serializers.IntegerField(help_text="Number of the release that is served.")
    rules = serializers.IntegerField(help_text="Rules that are enforced.")
