"""How a fact is rendered when it is published."""

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
    Content,
    Contraindication,
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
from api.rules.book import TELLS
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
    note = serializers.CharField(allow_blank=True, default="", help_text="What to know about the place.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # Declared here because DRF keeps an attribute named `source` on every field.
        source = serializers.CharField(help_text="Slug of `/v1/sources`.")
        return {"source": source, **super().get_fields()}

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {name: instance.get(name, "") for name in ("source", "locator", "stance", "note")}


class FactSerializer(serializers.ModelSerializer[Any]):
    """A row of content, with its citations."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DecimalField: ShortestDecimalField,
    }


class CitedSerializer(FactSerializer):
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

    class Meta:
        model = VeinType
        fields = (
            "slug", "name", "synonyms", "description", "diameter_min_mm", "diameter_over_mm", "diameter_max_mm",
            "diameter_status", "ceap_classes", "note", "citations", *REVIEW,
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
    values = TextsField(help_text="The allowed or excluded values, where there are several.")

    class Meta:
        model = SessionLimit
        fields = (
            "slug", "title", "rule", "quantity", "comparator", "value", "values", "values_from", "unit", "rule_set",
            "jurisdiction", "product", "sclerosant", "concentration_percent", "form", "vein_type", "vein", "area",
            "first_exposure", "severity", "always", "status", "note", "citations", *REVIEW,
        )  # fmt: skip

    def bound(self, limit: SessionLimit) -> str | None:
        """The bound as text: a decimal, `true` or `false`; null where `values` list it or no source confirms one."""
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
    low = serializers.CharField(allow_null=True, help_text="Lower end; null below which none is given.")
    high = serializers.CharField(allow_null=True, help_text="Upper end; null above which none is given.")
    unit = serializers.ChoiceField(UNITS, help_text="UCUM unit.")
    label = serializers.CharField(help_text="What it counts.")  # type: ignore[assignment]  # a field, not a caption
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


# The column of a limit or ruling, where it is not named as the selector.
COLUMNS = {"product": "product_id", "concentration": "concentration_percent", "vein_type": "vein_type_id"}
TELLING = {**{COLUMNS.get(selector, selector): member for selector, member in TELLS.items()}, "values_from": "product"}


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
        """The rule with what is read off its limits, or off the rulings, which are read once."""
        rulings = Ruling.objects.all() if rule.quantity == "condition" else ()
        self.rows: list[Any] = [*rule.sessionlimit_set.all(), *rulings]
        return super().to_representation(rule)

    def get_scope(self, rule: Rule) -> str:
        """What the measure is taken of."""
        return MEASURES[rule.quantity].scope

    def get_needs(self, rule: Rule) -> list[str]:
        """Members of the plan that tell which limits apply to a treatment, and then those that the measure reads."""
        needs = MEASURES[rule.quantity].needs
        told = {
            f"sessions[].treatments[].{member}"
            for row in self.rows
            for selector, member in TELLING.items()
            if getattr(row, selector, None) is not None
        }
        return [*sorted(told - {*needs}), *needs]

    def get_incomplete_without(self, rule: Rule) -> list[str]:
        """Of these, the members whose absence leaves a plan `incomplete` where the rule needs them.

        Where the rule is not essential, and for `first_exposure`, only if a limit that may apply would be broken.
        """
        members = {need: need.rpartition(".")[2] for need in self.get_needs(rule)}
        telling = (ESSENTIAL_MEMBERS | {"first_exposure"}) - {"amount"}
        return [need for need, member in members.items() if member in telling]

    def get_limits(self, rule: Rule) -> list[str]:
        """Slugs of the limits that the measure is held against; of the rulings, for contraindications."""
        return sorted(row.slug for row in self.rows)

    def get_citations(self, rule: Rule) -> list[dict[str, Any]]:
        """The citations of its limits, each once."""
        citations = CitationSerializer([citation for row in self.rows for citation in row.citations], many=True)
        unique = {tuple(citation.items()): citation for citation in citations.data}
        return [unique[key] for key in sorted(unique)]


class PlanExampleSerializer(FactSerializer):
    """A named plan. Publishing adds the verdict and the ids of the findings that it comes to."""

    class Meta:
        model = PlanExample
        fields = ("slug", "title", "plan", *REVIEW)


@dataclass(frozen=True)
class Resource:
    """A kind of content: its table, its JSON, and how people call it."""

    model: type[Content]
    serializer: type[FactSerializer]
    one: str
    text: str


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
    "faqs": Resource(Faq, FaqSerializer, "FAQ entry", "Questions that patients ask, with answers and their sources."),
    "claims": Resource(
        Claim, ClaimSerializer, "claim", "What the article says, the verdict, and what the service does instead."
    ),
    "plan-examples": Resource(PlanExample, PlanExampleSerializer, "example", "Named plans."),
}
