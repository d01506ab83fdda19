"""Shapes of answers, the binding limit, coverage, vectors and examples: computed values in; JSON, and its schema, out.

They document, and tests hold real answers to them. The names that the OpenAPI document has for them stay as they are.
"""

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from api.models.fields import STATUSES
from api.rules.coverage import KNOWLEDGE
from api.rules.numbers import UNITS
from api.rules.plan import FORMS, JURISDICTIONS, RULE_SETS
from api.rules.rows import COMPARATORS, HOUSE, SEVERITIES
from api.serializers.facts import FACT_NAMES, CitationSerializer, TextsField
from api.serializers.service import FaultSerializer, Shape

VERDICTS = ("outside_limits", "needs_review", "incomplete", "within_limits")
REASONS = ("missing_input", "provider_decision", "limit_unconfirmed", "not_covered")
WHOSE = (*RULE_SETS, HOUSE)
PATCH_OPERATIONS = ("add", "replace")
APPLICABILITY = ("yes", "unknown")
ENTRY_STATUSES = ((200, 200), (400, 400))  # each beside what it is called, as drf-spectacular takes numbers
# Why no limit binds.
UNBOUND = ("limit_unconfirmed", "not_covered")


class QuantitySerializer(Shape):
    """A number, or a word where the unit is `1`, with its UCUM unit."""

    value = serializers.CharField(help_text="A decimal in its shortest form, `true`, `false`, or a slug.")
    unit = serializers.ChoiceField(UNITS, help_text="UCUM unit.")


class LimitShownSerializer(Shape):
    """A limit that a measure was held against."""

    slug = serializers.CharField(help_text="Slug of the limit, or of the ruling of a contraindication.")
    comparator = serializers.ChoiceField(COMPARATORS, help_text="How the measure must compare; bounds are inclusive.")
    value = serializers.CharField(
        allow_null=True,
        help_text="The bound: a decimal, `true` or `false`; null for a list of values, and where no source gives one.",
    )
    values = TextsField(help_text="The values that are allowed (`in`) or excluded (`not-in`); empty for a bound.")
    unit = serializers.ChoiceField(UNITS, help_text="UCUM unit.")
    rule_set = serializers.ChoiceField(
        WHOSE,
        help_text="Whose limit it is. `house`: one that came with the plan, or that is kept for the partner.",
    )
    jurisdiction = serializers.ChoiceField(
        JURISDICTIONS, allow_null=True, help_text="The jurisdiction that it is for; null: any."
    )
    status = serializers.ChoiceField(STATUSES, help_text="Whether sources confirm the value.")
    href = serializers.CharField(
        help_text="Where the row is served; of a house limit, where it stands in the plan that was sent, or in what is "
        "kept for the partner."
    )


class OperationSerializer(Shape):
    """One operation of a JSON Patch (RFC 6902)."""

    op = serializers.ChoiceField(PATCH_OPERATIONS, help_text="What is done.")
    path = serializers.CharField(help_text="JSON Pointer into the plan as sent.")
    value = serializers.JSONField(help_text="The new value.")


class SuggestionSerializer(Shape):
    """A change of the body as sent, after which the finding is gone; it was tried before it was offered.

    It only lowers a strength, a dose, a volume or an injection, moves something to a later day, or adds care
    afterwards. Suggestions are alternatives, each for the body as sent: two of them need not go together.
    `nearest_within_limits` is the combined one.
    """

    label = serializers.CharField(help_text="The change in words.")  # type: ignore[assignment]  # a field, no caption
    patch = OperationSerializer(many=True, help_text="The change as a JSON Patch against the body as sent.")
    resolves = TextsField(help_text="Ids of the findings that it clears.")
    introduces = TextsField(help_text="Ids of findings that it brings.")


class FindingSerializer(Shape):
    """One occurrence of a rule that is not met."""

    id = serializers.CharField(
        help_text="Rule and pointer, and of a house limit its slug: the same cause has the same id in every answer."
    )
    rule = serializers.CharField(help_text="Slug of the rule.")
    severity = serializers.ChoiceField(SEVERITIES, help_text="How serious it is.")
    pointer = serializers.CharField(allow_blank=True, help_text="JSON Pointer to what the finding is about.")
    contributing = TextsField(help_text="JSON Pointers to the members that made up the observed value.")
    message = serializers.CharField(help_text="The finding in words.")
    observed = QuantitySerializer(allow_null=True, help_text="What the plan comes to; null where it leaves that open.")
    limit = LimitShownSerializer(help_text="The limit that is not met; of several, the one that binds.")
    also_exceeds = TextsField(help_text="Slugs of the other limits that are broken by the same cause.")
    kept = LimitShownSerializer(
        many=True,
        help_text="Limits of the label on the same measure that are kept, where the broken limit is of another rule "
        "set.",
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
    headroom = QuantitySerializer(allow_null=True, help_text="How much room is left; null where the limit is no bound.")


class NotEvaluatedSerializer(Shape):
    """A rule that applies, or may apply, and could not be held against its limits."""

    rule = serializers.CharField(help_text="Slug of the rule.")
    pointer = serializers.CharField(allow_blank=True, help_text="JSON Pointer to what would be measured.")
    reason = serializers.ChoiceField(
        REASONS,
        help_text="Why it was not evaluated. `missing_input`: members are missing. `provider_decision`: the provider "
        "has not stated it. `limit_unconfirmed`: no source gives the number, and none of another rule set stands in "
        "for it. `not_covered`: no limit that was asked for is about this.",
    )
    missing = TextsField(help_text="JSON Pointers to the members that would settle it.")
    leaves_incomplete = serializers.BooleanField(
        help_text="True where this alone keeps the plan from `within_limits`: an essential rule lacks an essential "
        "member, a limit that may apply would be broken, or no limit that was asked for is about this."
    )
    limits = TextsField(
        help_text="With the reason `limit_unconfirmed`: slugs of the limits that have no number; also of a limit on "
        "the shares of several products' maxima, where one of these maxima has no number. Of a house limit its slug, "
        "whatever the reason."
    )


class SummarySerializer(Shape):
    """Counts of outcomes."""

    error = serializers.IntegerField(help_text="Findings of severity error.")
    warning = serializers.IntegerField(help_text="Findings of severity warning.")
    info = serializers.IntegerField(help_text="Findings of severity info.")
    passed = serializers.IntegerField(help_text="Length of `passed`.")
    not_evaluated = serializers.IntegerField(help_text="Length of `not_evaluated`.")
    not_applicable = serializers.IntegerField(help_text="Rules that nothing in this plan is held against.")


class OwnLimitsSerializer(Shape):
    """The clinic's own limits, by their digests: SHA-256 of the list in canonical JSON (RFC 8785)."""

    sent_sha256 = serializers.CharField(allow_null=True, help_text="Of `house_limits` of the plan; null for none.")
    kept_sha256 = serializers.CharField(
        allow_null=True, help_text="Of the list that is kept for the partner, as `GET /v1/whoami` shows it."
    )
    kept_version = serializers.IntegerField(allow_null=True, help_text="The version of that list.")


class ReceiptSerializer(Shape):
    """Proof of what was checked against what. The same plan and release give the same bytes."""

    plan_sha256 = serializers.CharField(help_text="SHA-256 of the plan in canonical JSON.")
    release = serializers.IntegerField(help_text="Number of the release.")
    release_sha256 = serializers.CharField(help_text="Digest of the release.")
    canonicalization = serializers.CharField(help_text="How the plan was made canonical.")
    house_limits = OwnLimitsSerializer(
        allow_null=True, help_text="The clinic's own limits that it was checked against, too; null for none."
    )


class NearestSerializer(Shape):
    """One patch for all findings."""

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
    """A limit that applies, or may apply."""

    limit = LimitShownSerializer(help_text="The limit.")
    applies = serializers.ChoiceField(
        APPLICABILITY, help_text="`yes`, or `unknown` where that depends on a parameter that is `missing`."
    )
    bound = QuantitySerializer(allow_null=True, help_text="The bound in mL; null where it cannot be worked out.")
    missing = TextsField(help_text="Query parameters that would settle whether it applies, and its bound.")
    why = serializers.CharField(help_text="How the bound comes about.")


class ResolutionSerializer(Shape):
    """Which limit binds the volume of a session."""

    binding = CandidateSerializer(allow_null=True, help_text="The strictest limit that surely applies; null for none.")
    reason = serializers.ChoiceField(
        UNBOUND,
        allow_null=True,
        help_text="Why no limit binds; null where one does. `limit_unconfirmed`: no source gives the label's number. "
        "`not_covered`: no limit on the product was read for the jurisdiction, or none has a bound for what is known.",
    )
    candidates = CandidateSerializer(many=True, help_text="Every limit that applies or may apply, by slug.")
    cautions = CandidateSerializer(many=True, help_text="Volumes above which a label or this service warns.")
    house_binding = CandidateSerializer(
        allow_null=True,
        help_text="The strictest house limit kept for the partner that surely applies; null for none. `binding` stays "
        "that of the published ones, and is to be kept, too.",
    )
    house_candidates = CandidateSerializer(
        many=True, help_text="Every house limit on the volume, kept for the partner, that applies or may apply."
    )
    missing = TextsField(help_text="Query parameters that would settle which candidates apply, and their bounds.")
    release = serializers.IntegerField(help_text="Number of the release.")
    content_status = serializers.CharField(help_text="How far the content is reviewed.")
    decides = serializers.CharField(help_text="Who decides: never this service.")


class KnownSerializer(Shape):
    """What is known of one question on a product."""

    status = serializers.ChoiceField(
        KNOWLEDGE,
        help_text="`confirmed`: a label or guideline gives a number for each strength. `policy`: each strength has a "
        "number, and at least one of these is this service's policy. `unconfirmed`: at least one strength has none.",
    )
    limits = TextsField(help_text="Slugs of the limits on the question, also of those that have no number.")


class CoverageSerializer(Shape):
    """What is known, and what is not, of a product in a jurisdiction, in a form, for a vein type."""

    slug = serializers.CharField(help_text="Names the row.")
    product = serializers.CharField(help_text="Slug of the product.")
    jurisdiction = serializers.ChoiceField(
        JURISDICTIONS, allow_null=True, help_text="Where its label was read; null for a product without a label."
    )
    form = serializers.ChoiceField(FORMS, help_text="Liquid or foam.")
    vein_type = serializers.CharField(help_text="Slug of the vein type.")
    volume = KnownSerializer(help_text="The most volume in a session, a day or a week, or the most by body weight.")
    injection = KnownSerializer(help_text="The most volume of one injection.")
    strength = KnownSerializer(help_text="The strengths for the vein type.")
    interval = KnownSerializer(help_text="The least number of days between sessions.")


@extend_schema_serializer(component_name="BatchEntry")
class BatchItemSerializer(Shape):
    """What became of one plan of a batch."""

    status = serializers.ChoiceField(ENTRY_STATUSES, help_text="200 with an answer, or 400 with faults.")
    answer = AnswerSerializer(allow_null=True, help_text="The answer that the plan gets on its own.")
    errors = FaultSerializer(  # type: ignore[assignment]  # a field, not the serializer's own errors
        many=True, help_text="Why the plan cannot be read, with pointers into the plan."
    )


class BatchAnswerSerializer(Shape):
    """The answers of a batch, in the order sent."""

    items = BatchItemSerializer(many=True, help_text="One item for each plan.")
    release = serializers.IntegerField(help_text="Number of the release.")


class ChangeSerializer(Shape):
    """A plan whose verdict changes."""

    index = serializers.IntegerField(help_text="Its position among the plans sent, from 0.")
    from_verdict = serializers.ChoiceField(VERDICTS, help_text="The verdict under `from_release`.")
    to_verdict = serializers.ChoiceField(VERDICTS, help_text="The verdict under `to_release`.")
    came = TextsField(help_text="Ids of findings that are there under `to_release` only.")
    went = TextsField(help_text="Ids of findings that are there under `from_release` only.")


class UnreadableSerializer(Shape):
    """A plan that one of the releases cannot read."""

    index = serializers.IntegerField(help_text="Its position among the plans sent, from 0.")
    errors = FaultSerializer(  # type: ignore[assignment]  # a field, not the serializer's own errors
        many=True, help_text="Why, with pointers into the plan."
    )


class ComparisonAnswerSerializer(Shape):
    """What changes for the plans from one release to another."""

    from_release = serializers.IntegerField(help_text="Number of the first release.")
    to_release = serializers.IntegerField(help_text="Number of the second release.")
    compared = serializers.IntegerField(help_text="Plans that both can read.")
    items = ChangeSerializer(many=True, help_text="The plans whose verdict changes.")
    unreadable = UnreadableSerializer(many=True, help_text="The plans that cannot be read.")


class VectorFindingSerializer(Shape):
    """The members of a finding that a copy of the rules must come to."""

    id = serializers.CharField(help_text="Rule and pointer.")
    severity = serializers.ChoiceField(SEVERITIES, help_text="How serious it is.")
    limit = serializers.CharField(help_text="Slug of the limit that binds.")
    also_exceeds = TextsField(help_text="Slugs of the other limits that are broken.")


class VectorSerializer(Shape):
    """A plan on one side of a limit, and what it must come to."""

    slug = serializers.CharField(help_text="The slug of the limit and the side, such as `on` or `outside`.")
    limit = serializers.CharField(help_text="Slug of the limit.")
    plan = serializers.JSONField(help_text="The plan.")
    broken = serializers.BooleanField(help_text="True where the plan breaks the limit.")
    verdict = serializers.ChoiceField(VERDICTS, help_text="The verdict.")
    findings = VectorFindingSerializer(many=True, help_text="The findings.")


class HitSerializer(Shape):
    """A row that was found."""

    resource = serializers.ChoiceField(FACT_NAMES, help_text="The resource that it is a row of.")
    slug = serializers.CharField(help_text="Its slug.")
    href = serializers.CharField(help_text="Its address.")
    title = serializers.CharField(help_text="What it is called.")
    member = serializers.CharField(
        help_text="The member that has them, the weightiest first; `resource` where the resource is called so."
    )
    excerpt = serializers.CharField(help_text="What the member says there.")


class ExampleSerializer(Shape):
    """A named plan with what it comes to under the release."""

    slug = serializers.CharField(help_text="Its name.")
    title = serializers.CharField(help_text="What it shows.")
    plan = serializers.JSONField(help_text="The plan, ready to be sent.")
    verdict = serializers.ChoiceField(VERDICTS, help_text="The verdict that it comes to.")
    findings = TextsField(help_text="Ids of the findings that it comes to.")
    reviewed_on = serializers.DateField(help_text="Day of the last review.")
    review_due = serializers.DateField(help_text="Day by which the next review is due.")
