"""Facts: rows of the content tables in, their JSON out, when they are published."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter
from typing import Any

from django.db import models
from rest_framework import serializers

from api.models import (
    Area,
    Claim,
    Contraindication,
    Fact,
    Faq,
    Ingredient,
    PlanExample,
    Product,
    ResultDuration,
    Rule,
    Ruling,
    SessionLimit,
    Source,
    VeinType,
)
from api.models.fields import STANCES
from api.rules.book import MEMBER_OF_SELECTOR
from api.rules.measures import MEASURES
from api.rules.numbers import UNITS
from api.rules.outcomes import ESSENTIAL_MEMBERS

REVIEW = ("reviewed_on", "review_due")


class ShortestDecimalField(serializers.DecimalField):
    """A decimal as text in its shortest form: 10, 0.3, 10.2."""

    def to_representation(self, value: Any) -> str:
        text = f"{Decimal(value):f}"
        return text.rstrip("0").rstrip(".") if "." in text else text


class TextsField(serializers.ListField):
    """A list of texts."""

    child = serializers.CharField()


class CitationSerializer(serializers.Serializer[Any]):
    """Where a source says so."""

    locator = serializers.CharField(help_text="The exact place in the source.")
    stance = serializers.ChoiceField(STANCES, help_text="Whether the place supports, contradicts or qualifies.")
    note = serializers.CharField(allow_null=True, help_text="What to know about the place.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # Declared here because DRF keeps an attribute named `source` on every field.
        source = serializers.CharField(help_text="Slug of `/v1/sources`.")
        return {"source": source, **super().get_fields()}

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {name: instance.get(name) for name in ("source", "locator", "stance", "note")}


class FactSerializer(serializers.ModelSerializer[Any]):
    """A fact as it is published."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DecimalField: ShortestDecimalField,
    }

    def build_standard_field(self, field_name: str, model_field: Any) -> Any:
        """As DRF has it; but a text that may be empty in its table is null in JSON: see `null_for_empty`."""
        field_class, options = super().build_standard_field(field_name, model_field)
        if options.pop("allow_blank", False):
            options["allow_null"] = True
        return field_class, options

    def include_extra_kwargs(self, kwargs: Any, extra_kwargs: Any) -> Any:
        """The options of a field, without those of a form: every member is there."""
        kwargs.pop("required", None)
        return super().include_extra_kwargs(kwargs, extra_kwargs)


class CitedSerializer(FactSerializer):
    """A fact as it is published, with its citations."""

    citations = CitationSerializer(many=True, help_text="Who says so, and where.")


class SourceSerializer(FactSerializer):
    # Declared, because the bounds that Django guesses are those of the database at hand.
    reference_number = serializers.IntegerField(
        allow_null=True, help_text="Number in the bibliography of the clinical review."
    )

    class Meta:
        model = Source
        fields = (
            "slug", "title", "kind", "publisher", "published", "url", "extent", "reference_number", "note", *REVIEW,
        )  # fmt: skip


class AreaSerializer(CitedSerializer):
    synonyms = TextsField(help_text="Other names in use.")
    on_label_products = TextsField(help_text="Products whose label covers it.")
    vein_types = TextsField(help_text="Vein types found there.")

    class Meta:
        model = Area
        fields = (
            "slug", "name", "parent", "synonyms", "description", "on_label", "on_label_products", "confidence",
            "vein_types", "caution", "citations", *REVIEW,
        )  # fmt: skip


class VeinTypeSerializer(CitedSerializer):
    synonyms = TextsField(help_text="Other names in use.")
    ceap_classes = TextsField(help_text="Clinical classes of the CEAP classification.")
    veins = TextsField(help_text="Named veins that are of this type.")

    class Meta:
        model = VeinType
        fields = (
            "slug", "name", "synonyms", "description", "diameter_min_mm", "diameter_over_mm", "diameter_max_mm",
            "diameter_status", "veins", "ceap_classes", "note", "citations", *REVIEW,
        )  # fmt: skip


class ContainerSerializer(serializers.Serializer[Any]):
    """A container in which a strength is sold."""

    kind = serializers.CharField(help_text="Ampoule, vial or canister.")
    volume_ml = serializers.CharField(help_text="What it holds, in mL.")


class StrengthSerializer(serializers.Serializer[Any]):
    """A strength in which a product is sold."""

    concentration_percent = serializers.CharField(help_text="Concentration in percent.")
    containers = ContainerSerializer(many=True, help_text="What it comes in.")


class ProductSerializer(CitedSerializer):
    synonyms = TextsField(help_text="Names elsewhere, and abbreviations.")
    excipients = TextsField(help_text="Excipients that an allergy may concern.")
    forms = TextsField(help_text="Forms that a label covers.")
    strengths = StrengthSerializer(many=True, help_text="Concentrations, each with its containers.")
    jurisdictions = TextsField(help_text="Jurisdictions with a label that was read.")

    class Meta:
        model = Product
        fields = (
            "slug", "name", "synonyms", "sclerosant", "excipients", "forms", "strengths", "foam_mg_per_ml",
            "jurisdictions", "indication", "note", "citations", *REVIEW,
        )  # fmt: skip


class IngredientSerializer(CitedSerializer):
    synonyms = TextsField(help_text="Other exact names; a plan may state an allergy by one of them.")

    class Meta:
        model = Ingredient
        fields = ("slug", "name", "synonyms", "description", "citations", *REVIEW)


class SessionLimitSerializer(CitedSerializer):
    quantity = serializers.CharField(source="rule.quantity", help_text="The measure that is limited.")
    value = serializers.SerializerMethodField("bound")
    values = TextsField(help_text="The values that are allowed (`in`) or excluded (`not-in`); empty for a bound.")

    class Meta:
        model = SessionLimit
        fields = (
            "slug", "title", "rule", "quantity", "comparator", "value", "values", "values_from", "unit", "rule_set",
            "jurisdiction", "product", "sclerosant", "concentration_percent", "form", "vein_type", "vein", "area",
            "first_exposure", "made_in_clinic", "condition", "stands_in", "severity", "always", "status", "note",
            "citations", *REVIEW,
        )  # fmt: skip

    def bound(self, limit: SessionLimit) -> str | None:
        """The bound: a decimal, `true` or `false`; null for a list of values, and where no source gives one."""
        if limit.expected is not None:
            return str(limit.expected).lower()
        return None if limit.value is None else ShortestDecimalField(9, 3).to_representation(limit.value)


class ResultDurationSerializer(CitedSerializer):
    class Meta:
        model = ResultDuration
        fields = (
            "slug", "title", "vein_type", "product", "aspect", "low", "high", "unit", "population", "summary",
            "status", "origin", "citations", *REVIEW,
        )  # fmt: skip


class RulingSerializer(CitedSerializer):
    class Meta:
        model = Ruling
        fields = (
            "slug", "product", "sclerosant", "form", "jurisdiction", "rule_set", "severity", "summary", "citations",
        )  # fmt: skip


class ContraindicationSerializer(CitedSerializer):
    synonyms = TextsField(help_text="Other names in use.")
    named_in = TextsField(help_text="The patient's lists that may name it: `conditions`, `medications`.")
    rulings = RulingSerializer(many=True, help_text="What each label, guideline or policy says.")

    class Meta:
        model = Contraindication
        fields = ("slug", "name", "synonyms", "named_in", "description", "rulings", "citations", *REVIEW)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        row = super().to_representation(instance)
        return {**row, "rulings": sorted(row["rulings"], key=itemgetter("slug"))}


class FigureSerializer(serializers.Serializer[Any]):
    """A figure that an answer uses, with who says so."""

    key = serializers.CharField(help_text="Its name in the answer.")
    low = serializers.CharField(allow_null=True, help_text="Lower end; null where none is given.")
    high = serializers.CharField(allow_null=True, help_text="Upper end; null where none is given.")
    unit = serializers.ChoiceField(UNITS, help_text="UCUM unit.")
    label = serializers.CharField(help_text="What it counts.")  # type: ignore[assignment]  # a field, no caption
    citations = CitationSerializer(many=True, help_text="Who says so, and where.")


class FaqSerializer(CitedSerializer):
    figures = FigureSerializer(many=True, help_text="Figures of this answer.")

    class Meta:
        model = Faq
        fields = ("slug", "topic", "question", "answer", "figures", "citations", *REVIEW)


class ClaimSerializer(CitedSerializer):
    limits = TextsField(help_text="Slugs of limits that bear on it.")
    rules = TextsField(help_text="Slugs of rules that bear on it.")

    class Meta:
        model = Claim
        fields = (
            "slug", "number", "kind", "statement", "verdict", "sources_say", "service_does", "limits", "rules",
            "citations", *REVIEW,
        )  # fmt: skip


class SortedDictField(serializers.DictField):
    """An object whose members come in order; databases keep JSON in orders of their own."""

    def to_representation(self, value: Any) -> dict[str, Any]:
        return dict(sorted(value.items()))


# The column that a selector of a limit or ruling is kept in, where it has another name.
COLUMN_OF_SELECTOR = {"product": "product_id", "concentration": "concentration_percent", "vein_type": "vein_type_id"}
# The member of a treatment that a column of a limit or ruling is compared with.
MEMBER_OF_COLUMN = {
    **{COLUMN_OF_SELECTOR.get(selector, selector): member for selector, member in MEMBER_OF_SELECTOR.items()},
    "values_from": "product",
}


class RuleSerializer(FactSerializer):
    scope = serializers.SerializerMethodField()
    needs = serializers.SerializerMethodField()
    incomplete_without = serializers.SerializerMethodField()
    limits = serializers.SerializerMethodField()
    citations = serializers.SerializerMethodField()
    messages = SortedDictField(child=serializers.CharField(), help_text="What a finding says, by comparator.")

    class Meta:
        model = Rule
        fields = (
            "slug", "title", "kind", "quantity", "scope", "unit", "essential", "topic", "description", "needs",
            "incomplete_without", "limits", "messages", "citations", *REVIEW,
        )  # fmt: skip

    def to_representation(self, rule: Rule) -> Any:
        """The rule. Its limits, or the rulings, are read once, for all members that are worked out from them."""
        rulings = Ruling.objects.all() if rule.quantity == "condition" else ()
        self.rows: list[Any] = [*rule.sessionlimit_set.all(), *rulings]
        return super().to_representation(rule)

    def get_scope(self, rule: Rule) -> str:
        """What is judged at once: a treatment, a session, a day, a week, the plan, or one of the patient's lists."""
        return MEASURES[rule.quantity].scope

    def get_needs(self, rule: Rule) -> list[str]:
        """Members of a plan: first those that settle which limits apply, then those that the measure is read from."""
        needs = MEASURES[rule.quantity].needs
        settling = {
            f"sessions[].treatments[].{member}"
            for row in self.rows
            for column, member in MEMBER_OF_COLUMN.items()
            if getattr(row, column, None) is not None
        }
        return [*sorted(settling - {*needs}), *needs]

    def get_incomplete_without(self, rule: Rule) -> list[str]:
        """Those of `needs` whose absence may leave a plan `incomplete`.

        Absence of one always does so where the rule is `essential`. Where it is not, and for `first_exposure`, it does
        only if a limit would be broken that may apply.
        """
        members = {need: need.rpartition(".")[2] for need in self.get_needs(rule)}
        essential = (ESSENTIAL_MEMBERS | {"first_exposure"}) - {"amount"}
        return [need for need, member in members.items() if member in essential]

    def get_limits(self, rule: Rule) -> list[str]:
        """Slugs of the limits that the measure is held against; for contraindications, of the rulings."""
        return sorted(row.slug for row in self.rows)

    def get_citations(self, rule: Rule) -> list[dict[str, Any]]:
        """The citations of its limits, each once."""
        citations = CitationSerializer([citation for row in self.rows for citation in row.citations], many=True)
        unique = {tuple(text or "" for text in citation.values()): citation for citation in citations.data}
        return [unique[key] for key in sorted(unique)]


class PlanExampleSerializer(FactSerializer):
    """A named plan. Publishing adds the verdict and the ids of the findings that it comes to."""

    class Meta:
        model = PlanExample
        fields = ("slug", "title", "plan", *REVIEW)


@dataclass(frozen=True)
class Resource:
    """A resource: its table, its JSON, what one of its rows is called, and what it is about."""

    model: type[Fact]
    serializer: type[FactSerializer]
    one: str
    text: str
    many: str = ""

    @property
    def plural(self) -> str:
        """What several are called: `many`, or the usual plural of `one`."""
        return self.many or f"{self.one}s"


RESOURCES: Mapping[str, Resource] = {
    "sources": Resource(Source, SourceSerializer, "source", "The works that are cited."),
    "vein-types": Resource(
        VeinType, VeinTypeSerializer, "vein type", "Types of vein with diameters, CEAP classes and synonyms."
    ),
    "products": Resource(
        Product, ProductSerializer, "product", "Sclerosants as sold: strengths, forms, containers, jurisdictions."
    ),
    "ingredients": Resource(
        Ingredient,
        IngredientSerializer,
        "ingredient",
        "Sclerosants and excipients that an allergy may concern, with their other names.",
    ),
    "areas": Resource(
        Area, AreaSerializer, "treatment area", "Where treatment happens, as a tree, and what labels cover."
    ),
    "rules": Resource(Rule, RuleSerializer, "rule", "What a plan is measured by, and against which limits."),
    "session-limits": Resource(
        SessionLimit,
        SessionLimitSerializer,
        "limit",
        "Every limit, with where it applies and who says so. The row shown is the row that the plan check enforces.",
    ),
    "contraindications": Resource(
        Contraindication,
        ContraindicationSerializer,
        "contraindication",
        "Conditions of the patient, and what each label, guideline or policy rules on them.",
    ),
    "result-durations": Resource(
        ResultDuration,
        ResultDurationSerializer,
        "result duration",
        "Onset, number of sessions, clearance and how long results last.",
    ),
    "faqs": Resource(
        Faq,
        FaqSerializer,
        "question and answer",
        "Questions that patients ask, with answers and their sources.",
        many="questions and answers",
    ),
    "claims": Resource(
        Claim, ClaimSerializer, "claim", "What the article says, the verdict, and what the service does instead."
    ),
    "plan-examples": Resource(PlanExample, PlanExampleSerializer, "example", "Named plans."),
}
# Those with a list and a detail of their own; named plans are served beside the check of plans.
FACTS = {name: resource for name, resource in RESOURCES.items() if resource.model is not PlanExample}
FACT_NAMES = tuple(sorted(FACTS))
