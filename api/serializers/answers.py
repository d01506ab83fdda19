"""The shapes of answers that are computed, not published: they document, and tests hold real answers to them."""

from typing import Any

from rest_framework import serializers

from api.models.fields import STATUSES
from api.rules.coverage import KNOWLEDGE
from api.rules.numbers import UNITS
from api.rules.plan import FORMS, JURISDICTIONS, RULE_SETS
from api.rules.rows import COMPARATORS, SEVERITIES
from api.serializers.facts import CitationSerializer, TextsField

VERDICTS = ("outside_limits", "needs_review", "incomplete", "within_limits")
REASONS = ("missing_input", "provider_decision", "limit_unconfirmed", "not_covered")

UNBOUND = ("limit_unconfirmed", "not_covered")

Shape = serializers.Serializer[Any]


class QuantitySerializer(Shape):
    """A number, or a word where the unit is `1`, with its UCUM unit."""

    value = serializers.CharField(help_text="A decimal in its shortest form, `true`, `false`, or a slug.")
    unit = serializers.ChoiceField(UNITS, help_text="UCUM unit.")


class LimitShownSerializer(Shape):
    """The limit that a measure was held against."""

    slug = serializers.CharField(help_text="Slug of the limit, or of the ruling of a contraindication.")
    comparator = serializers.ChoiceField(COMPARATORS, help_text="How the measure must compare; bounds are inclusive.")
    value = serializers.CharField(allow_null=True, help_text="The bound; null where `values` list it or none is known.")
    values = TextsField(help_text="The allowed or excluded values, where there are several.")
    unit = serializers.ChoiceField(UNITS, help_text="UCUM unit.")
    rule_set = serializers.ChoiceField(RULE_SETS, help_text="Whose limit it is.")
    jurisdiction = serializers.ChoiceField(JURISDICTIONS, allow_null=True, help_text="Whose label; null anywhere.")
    status = serializers.ChoiceField(STATUSES, help_text="Whether sources confirm the value.")
    href = serializers.CharField(help_text="Where the row is served.")


class OperationSerializer(Shape):
    """One operation of a JSON Patch (RFC 6902)."""

    op = serializers.ChoiceField(("add", "remove", "replace"), help_text="What is done.")
    path = serializers.CharField(help_text="JSON Pointer into the plan as sent.")
    value = serializers.JSONField(required=False, help_text="The new value.")


class SuggestionSerializer(Shape):
    """A change of the body as sent, after which the finding is gone; it was tried before it was offered.

    It only lowers a strength, a dose, a volume or an injection, moves something to a later day, or adds care
    afterwards. Suggestions are alternatives, each for the body as sent: two of them need not go together.
    `nearest_within_limits` is the combined one.
    """

    label = serializers.CharField(help_text="The change in words.")  # type: ignore[assignment]  # a field, not a caption
    patch = OperationSerializer(many=True, help_text="The change as a JSON Patch against the body as sent.")
    resolves = TextsField(help_text="Ids of the findings that it clears.")
    introduces = TextsField(help_text="Ids of findings that it brings.")


class FindingSerializer(Shape):
    """One occurrence of a rule that is not met."""

    id = serializers.CharField(help_text="Rule and pointer: the same cause has the same id in every answer.")
    rule = serializers.CharField(help_text="Slug of the rule.")
    severity = serializers.ChoiceField(SEVERITIES, help_text="How serious it is.")
    pointer = serializers.CharField(allow_blank=True, help_text="JSON Pointer to what the finding is about.")
    contributing = TextsField(help_text="JSON Pointers to the members that made up the observed value.")
    message = serializers.CharField(help_text="The finding in words.")
    observed = QuantitySerializer(allow_null=True, help_text="What the plan comes to; null where it stays open.")
    limit = LimitShownSerializer(help_text="The limit that binds.")
    also_exceeds = TextsField(help_text="Slugs of the other limits that are broken by the same cause.")
    kept = LimitShownSerializer(
        many=True, help_text="Limits of the label on the same measure that are kept, where that of another set is not."
    )
    headroom = QuantitySerializer(allow_null=True, help_text="How much room is left; negative when exceeded.")
    citations = CitationSerializer(many=True, help_text="Who says so, and where.")
    suggestions = SuggestionSerializer(many=True, help_text="Changes that would bring it inside.")


class PassedSerializer(Shape):
    """A rule that is met at one place."""

    rule = serializers.CharField(help_text="Slug of the rule.")
    pointer = serializers.CharField(allow_blank=True, help_text="JSON Pointer to what was measured.")
    observed = QuantitySerializer(allow_null=True, help_text="What the plan comes to.")
    limit = LimitShownSerializer(help_text="The limit that leaves the least room.")
    headroom = QuantitySerializer(allow_null=True, help_text="How much room is left, where that is a number.")


class NotEvaluatedSerializer(Shape):
    """A rule that applies, or may apply, and could not be held against its limits."""

    rule = serializers.CharField(help_text="Slug of the rule.")
    pointer = serializers.CharField(allow_blank=True, help_text="JSON Pointer to what would be measured.")
    reason = serializers.ChoiceField(
        REASONS,
        help_text="Why it was not evaluated. `not_covered`: no limit that was asked for looks at this. "
        "`limit_unconfirmed`: no source gives the number, and none of another rule set stands in for it.",
    )
    missing = TextsField(help_text="JSON Pointers to the members that would settle it.")
    leaves_incomplete = serializers.BooleanField(
        help_text="Whether this alone keeps the plan from `within_limits`: the rule is essential, and so is a member "
        "that is missing, a limit that may apply is exceeded, or nothing that was asked for looks."
    )
    limits = TextsField(help_text="Slugs of limits that no source gives a number for, or for what they are a share of.")


class SummarySerializer(Shape):
    """Counts of outcomes."""

    error = serializers.IntegerField(help_text="Findings of severity error.")
    warning = serializers.IntegerField(help_text="Findings of severity warning.")
    info = serializers.IntegerField(help_text="Findings of severity info.")
    passed = serializers.IntegerField(help_text="Entries of `passed`.")
    not_evaluated = serializers.IntegerField(help_text="Entries of `not_evaluated`.")
    not_applicable = serializers.IntegerField(help_text="Rules that have nothing to say on this plan.")


class ReceiptSerializer(Shape):
    """Proof of what was checked against what. The same plan and release give the same bytes."""

    plan_sha256 = serializers.CharField(help_text="SHA-256 of the plan in canonical JSON.")
    release = serializers.IntegerField(help_text="Number of the release.")
    release_sha256 = serializers.CharField(help_text="Digest of the release.")
    canonicalization = serializers.CharField(help_text="How the plan was made canonical.")


class NearestSerializer(Shape):
    """One patch for everything."""

    patch = OperationSerializer(many=True, help_text="A JSON Patch against the body as sent.")


class AnswerSerializer(Shape):
    """What a plan comes to under a release."""

    verdict = serializers.ChoiceField(VERDICTS, help_text="The gravest outcome. Never a statement of eligibility.")
    summary = SummarySerializer(help_text="Counts of outcomes.")
    findings = FindingSerializer(many=True, help_text="Rules not met, by severity, pointer and rule.")
    passed = PassedSerializer(many=True, help_text="Rules met.")
    not_evaluated = NotEvaluatedSerializer(many=True, help_text="Rules that could not be held against their limits.")
    nearest_within_limits = NearestSerializer(
        allow_null=True, help_text="A combined patch after which the verdict is `within_limits`, where one was found."
    )
    release = serializers.IntegerField(help_text="Number of the release.")
    decides = serializers.CharField(help_text="Who decides: never this service.")
    receipt = ReceiptSerializer(help_text="What was checked against what.")


class CandidateSerializer(Shape):
    """A limit that applies, or would if what is missing were known."""

    limit = LimitShownSerializer(help_text="The limit.")
    applies = serializers.ChoiceField(("yes", "unknown"), help_text="Whether it applies to what is known.")
    bound = QuantitySerializer(allow_null=True, help_text="The bound in mL, where it can be told.")
    missing = TextsField(help_text="Query parameters that would settle it.")
    why = serializers.CharField(help_text="How the bound comes about.")


class ResolutionSerializer(Shape):
    """Which limit binds the volume of a session."""

    binding = CandidateSerializer(allow_null=True, help_text="The strictest limit that surely applies.")
    reason = serializers.ChoiceField(
        UNBOUND,
        allow_null=True,
        help_text="Why no limit binds: no source gives the label's number, or no text of the product was read here.",
    )
    candidates = CandidateSerializer(many=True, help_text="Every limit that applies or may apply, by slug.")
    cautions = CandidateSerializer(many=True, help_text="Volumes above which a label or this service warns.")
    missing = TextsField(help_text="Query parameters that would settle what may apply.")
    release = serializers.IntegerField(help_text="Number of the release.")
    content_status = serializers.CharField(help_text="How far the content is reviewed.")
    decides = serializers.CharField(help_text="Who decides: never this service.")


class KnownSerializer(Shape):
    """What is known of one question for a product."""

    status = serializers.ChoiceField(
        KNOWLEDGE,
        help_text="`confirmed`: a label or guideline gives a number for each strength. `policy`: this service's "
        "policy does, at least for one. `unconfirmed`: for at least one strength no source gives a number.",
    )
    limits = TextsField(help_text="Slugs of the limits that speak here, those without a number among them.")


class CoverageSerializer(Shape):
    """What is known, and what is not, of a product in a jurisdiction, in a form, for a vein type."""

    slug = serializers.CharField(help_text="Names the row.")
    product = serializers.CharField(help_text="Slug of the product.")
    jurisdiction = serializers.ChoiceField(
        JURISDICTIONS, allow_null=True, help_text="Where its label was read; null for a product without a label."
    )
    form = serializers.ChoiceField(FORMS, help_text="Liquid or foam.")
    vein_type = serializers.CharField(help_text="Slug of the vein type.")
    volume = KnownSerializer(help_text="The most in a session, or in a day by weight.")
    injection = KnownSerializer(help_text="The most for one injection.")
    strength = KnownSerializer(help_text="The strengths for the vein type.")
    interval = KnownSerializer(help_text="The least days between sessions.")


class ErrorSerializer(Shape):
    """One fault of the request."""

    pointer = serializers.CharField(required=False, allow_blank=True, help_text="JSON Pointer into the body.")
    parameter = serializers.CharField(required=False, help_text="Name of the query parameter.")
    code = serializers.CharField(help_text="Kind of fault.")
    detail = serializers.CharField(help_text="What to do about it.")
    allowed = serializers.ListField(child=serializers.CharField(), required=False, help_text="What is allowed.")
    did_you_mean = serializers.CharField(
        required=False, help_text="What was probably meant; slugs joined by a comma where a name fits several."
    )


class BatchEntrySerializer(Shape):
    """What became of one plan of a batch."""

    status = serializers.ChoiceField((200, 400), help_text="200 with an answer, or 400 with faults.")
    answer = AnswerSerializer(allow_null=True, help_text="The answer that the plan gets on its own.")
    errors = ErrorSerializer(  # type: ignore[assignment]  # a field, not the serializer's own errors
        many=True, help_text="Why the plan cannot be read, with pointers into the plan."
    )


class BatchAnswerSerializer(Shape):
    """The answers of a batch, in the order sent."""

    items = BatchEntrySerializer(many=True, help_text="One entry for each plan.")
    release = serializers.IntegerField(help_text="Number of the release.")


class ChangeSerializer(Shape):
    """A plan whose verdict changes."""

    index = serializers.IntegerField(help_text="Its place among the plans sent, from 0.")
    from_verdict = serializers.ChoiceField(VERDICTS, help_text="The verdict under the one release.")
    to_verdict = serializers.ChoiceField(VERDICTS, help_text="The verdict under the other.")
    came = TextsField(help_text="Ids of findings that only the other release has.")
    went = TextsField(help_text="Ids of findings that only the one release has.")


class UnreadableSerializer(Shape):
    """A plan that one of the releases cannot read."""

    index = serializers.IntegerField(help_text="Its place among the plans sent, from 0.")
    errors = ErrorSerializer(  # type: ignore[assignment]  # a field, not the serializer's own errors
        many=True, help_text="Why, with pointers into the plan."
    )


class ComparisonAnswerSerializer(Shape):
    """What changes for the plans between two releases."""

    from_release = serializers.IntegerField(help_text="Number of the one release.")
    to_release = serializers.IntegerField(help_text="Number of the other.")
    compared = serializers.IntegerField(help_text="Plans that both can read.")
    items = ChangeSerializer(many=True, help_text="The plans whose verdict changes.")
    unreadable = UnreadableSerializer(many=True, help_text="The plans that cannot be read.")


class VectorFindingSerializer(Shape):
    """What to compare of a finding."""

    id = serializers.CharField(help_text="Rule and pointer.")
    severity = serializers.ChoiceField(SEVERITIES, help_text="How serious it is.")
    limit = serializers.CharField(help_text="Slug of the limit that binds.")
    also_exceeds = TextsField(help_text="Slugs of the other limits that are broken.")


class VectorSerializer(Shape):
    """A plan on one side of a limit, and what it must come to."""

    slug = serializers.CharField(help_text="The limit and the side.")
    limit = serializers.CharField(help_text="Slug of the limit.")
    plan = serializers.JSONField(help_text="The plan.")
    broken = serializers.BooleanField(help_text="Whether it breaks the limit.")
    verdict = serializers.ChoiceField(VERDICTS, help_text="The verdict.")
    findings = VectorFindingSerializer(many=True, help_text="The findings.")


class ProblemSerializer(Shape):
    """A failure (RFC 9457)."""

    type = serializers.CharField(help_text="Where the kind of failure is explained.")
    title = serializers.CharField(help_text="The kind of failure in words.")
    status = serializers.IntegerField(help_text="HTTP status.")
    detail = serializers.CharField(help_text="This failure in words.")
    code = serializers.CharField(help_text="Stable code of the kind of failure.")
    request_id = serializers.CharField(help_text="To name the request when you ask us about it.")
    errors = ErrorSerializer(  # type: ignore[assignment]  # a field, not the serializer's own errors
        many=True, required=False, help_text="Every fault of the request, all at once."
    )


class ProblemKindSerializer(Shape):
    """A kind of failure."""

    code = serializers.CharField(help_text="Its code.")
    status = serializers.IntegerField(help_text="HTTP status.")
    title = serializers.CharField(help_text="Its name.")
    text = serializers.CharField(help_text="What it means and what to do.")


class ReleaseSerializer(Shape):
    """Content as it was published; never changed afterwards."""

    number = serializers.IntegerField(help_text="1, 2, 3 …")
    published_at = serializers.DateTimeField(help_text="When, in UTC.")
    note = serializers.CharField(help_text="Why.")
    digest = serializers.CharField(help_text="SHA-256 of the content in canonical JSON (RFC 8785).")


class ReleaseDetailSerializer(ReleaseSerializer):
    """A release with its size."""

    rows = serializers.DictField(child=serializers.IntegerField(), help_text="How many rows each resource has.")


class LicenceSerializer(Shape):
    """The licence of the content."""

    name = serializers.CharField(help_text="Its name.")
    url = serializers.CharField(help_text="Its text.")


class EntrySerializer(Shape):
    """The way in."""

    service = serializers.CharField(help_text="What this is.")
    notice = serializers.CharField(help_text="What it is not.")
    content_status = serializers.CharField(help_text="How far the content is reviewed.")
    licence = LicenceSerializer(help_text="The licence of the content.")
    release = ReleaseDetailSerializer(help_text="The current release.")
    links = serializers.DictField(child=serializers.CharField(), help_text="Where everything is.")


class ExampleSerializer(Shape):
    """A named plan with what it comes to under the release."""

    slug = serializers.CharField(help_text="Its name.")
    title = serializers.CharField(help_text="What it shows.")
    plan = serializers.JSONField(help_text="The plan, ready to be sent.")
    verdict = serializers.ChoiceField(VERDICTS, help_text="The verdict that it comes to.")
    findings = TextsField(help_text="Ids of the findings that it comes to.")
    reviewed_on = serializers.DateField(help_text="Day of the last review.")
    review_due = serializers.DateField(help_text="Day by which the next review is due.")


class HealthSerializer(Shape):
    """The process answers."""

    status = serializers.CharField(help_text="`ok`.")


class ReadySerializer(HealthSerializer):
    """Content is there."""

    release = serializers.IntegerField(help_text="Number of the release that is served.")
    rules = serializers.IntegerField(help_text="Rules that are enforced.")
