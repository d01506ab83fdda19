"""Shapes of changes, differences and bundles: plain values in; JSON, and its schema, out. They document."""

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from api.history import RESHAPED
from api.models.releases import KINDS
from api.serializers.answers import VERDICTS
from api.serializers.facts import TextsField
from api.serializers.service import LicenceSerializer, ReleaseSerializer, Shape

OF_ROWS = ("created", "updated", "withdrawn", RESHAPED)
ACTIONS = (*OF_ROWS, "review_overdue")


@extend_schema_serializer(component_name="HistoryChange")
class HistoryChangeSerializer(Shape):
    """What became of a row."""

    position = serializers.CharField(help_text="Its place in the sequence: send it as `after` to go on from here.")
    action = serializers.ChoiceField(ACTIONS, help_text="What happened.")
    resource = serializers.CharField(help_text="The resource, by its name in the path.")
    slug = serializers.CharField(help_text="Slug of the row.")
    release = serializers.IntegerField(help_text="The release that did it, or that was the newest as it happened.")
    at = serializers.DateTimeField(help_text="When, in UTC.")
    changed = TextsField(help_text="Of a row that is updated, the members that say something else, by name.")
    reason = serializers.CharField(help_text="Why: the note of the release, or the review date.")
    kind = serializers.ChoiceField(KINDS, help_text="What sort of change it is, as the release says.")
    row = serializers.DictField(
        allow_null=True, help_text="The whole row as it is from now on; null where it is withdrawn or only overdue."
    )


@extend_schema_serializer(component_name="ChangePage")
class ChangePageSerializer(Shape):
    """Changes, in the order in which they happened."""

    items = HistoryChangeSerializer(many=True, help_text="The changes.")
    next = serializers.CharField(help_text="Where to go on; always there.")
    more = serializers.BooleanField(help_text="Whether there are more already.")
    release = serializers.IntegerField(help_text="Number of the newest release.")
    digest = serializers.CharField(help_text="Its digest: what all rows have that were followed to the end.")
    resources = TextsField(help_text="The resources that it has, by name.")


@extend_schema_serializer(component_name="MemberDifference")
class MemberDifferenceSerializer(Shape):
    """A member of a row that differs."""

    member = serializers.CharField(help_text="Its name.")
    old = serializers.JSONField(
        required=False, help_text="What it was; not there where the first release has no such member."
    )
    new = serializers.JSONField(
        required=False, help_text="What it is; not there where the second release has no such member."
    )


@extend_schema_serializer(component_name="RowDifference")
class RowDifferenceSerializer(Shape):
    """A row that differs."""

    action = serializers.ChoiceField(OF_ROWS, help_text="What happened.")
    resource = serializers.CharField(help_text="The resource, by its name in the path.")
    slug = serializers.CharField(help_text="Slug of the row.")
    members = MemberDifferenceSerializer(many=True, help_text="Of a row that both have, the members that differ.")
    row = serializers.DictField(allow_null=True, help_text="Of a row that is created, the whole row; else null.")


@extend_schema_serializer(component_name="Flip")
class FlipSerializer(Shape):
    """A named plan whose verdict changes."""

    slug = serializers.CharField(help_text="Slug of the named plan.")
    from_verdict = serializers.ChoiceField(
        VERDICTS, allow_null=True, help_text="The verdict by the first release; null where it cannot read the plan."
    )
    to_verdict = serializers.ChoiceField(
        VERDICTS, allow_null=True, help_text="The verdict by the second release; null where it cannot read the plan."
    )
    came = TextsField(help_text="Ids of the findings that came.")
    went = TextsField(help_text="Ids of the findings that went.")


@extend_schema_serializer(component_name="Diff")
class DiffSerializer(Shape):
    """What differs between two releases."""

    from_release = serializers.IntegerField(help_text="Number of the first release.")
    to_release = serializers.IntegerField(help_text="Number of the second release.")
    from_digest = serializers.CharField(help_text="Digest of the first release.")
    to_digest = serializers.CharField(help_text="Digest of the second release.")
    items = RowDifferenceSerializer(many=True, help_text="The rows that differ, by resource and slug.")
    plans = FlipSerializer(
        many=True,
        allow_null=True,
        help_text="The named plans whose verdict changes; null where this version cannot read the rules of a release.",
    )
    resources = TextsField(help_text="The resources that the second release has, by name.")


@extend_schema_serializer(component_name="Bundle")
class BundleSerializer(ReleaseSerializer):
    """A release in one document."""

    canonicalization = serializers.CharField(help_text="How `resources` is written to be digested.")
    content_status = serializers.CharField(help_text="How far the content is reviewed.")
    licence = LicenceSerializer(help_text="The licence of the content.")
    changes = serializers.CharField(help_text="Where to follow on from it.")
    resources = serializers.DictField(
        child=serializers.ListField(child=serializers.DictField()),
        help_text="Every row as it was frozen, by resource.",
    )
