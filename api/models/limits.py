"""Tables that plans are held against: rows of fixtures in; rules, limits and rulings of the next release out."""

from string import Formatter

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce

from api.models.facts import SCLEROSANTS, Fact, Product, VeinType
from api.models.fields import STATUSES, CitationsField, ListField, closed, decimal, jurisdictions, one_of
from api.rules.measures import MEASURES, Measure
from api.rules.measures.day import MAXIMA
from api.rules.numbers import UNITS
from api.rules.plan import FORMS, RULE_SETS, VEINS
from api.rules.rows import COMPARATORS, KINDS, LISTS, SEVERITIES

RANGE = ("<=", ">=")
LISTING = ("in", "not-in")
NAMED_IN = ("conditions", "medications")
# What the message of a finding may show.
FILLED_IN = {"observed", "limit", "value", "who"}


class Rule(Fact):
    """A measure of a plan, held against its limits."""

    title = models.CharField(max_length=200, help_text="What the rule is about.")
    kind = closed(KINDS, help_text="How the measure is compared.")
    quantity = models.CharField(max_length=60, help_text="The measure: what is computed from a plan.")
    unit = closed(UNITS, help_text="UCUM unit of the measure.")
    essential = models.BooleanField(help_text="Whether a missing essential input leaves a plan `incomplete`.")
    topic = models.CharField(  # noqa: DJ001 - null says that there is none, as in every other column
        max_length=100,
        null=True,
        blank=True,
        help_text="A question that an answer is never silent on, by the slug of the rule that stands for it: this "
        "rule, or another on the same question. Where no limit that was asked for is about it, it is told as "
        "`not_covered`. Null: none.",
    )
    description = models.TextField(help_text="What is measured, and how it is held against the limits.")
    messages = models.JSONField(help_text="What a finding says, by comparator.")

    class Meta(Fact.Meta):
        constraints = [*Fact.Meta.constraints, one_of("kind", KINDS), one_of("unit", UNITS)]

    def clean(self) -> None:
        measure = MEASURES.get(self.quantity)
        for comparator in (*KINDS[self.kind], "unknown"):
            if not _can_be_filled_in(self.messages.get(comparator, "")):
                raise ValidationError(f"has a message for {comparator!r} that cannot be filled in")
        if self.quantity == "condition" and "=" not in self.messages:
            raise ValidationError("has no message for a condition that is ruled on")
        if self.kind == "listed" and "unknown" not in self.messages and self.quantity == "container-volume":
            raise ValidationError("has no message for a size that is unknown")
        stands_for_itself = self.topic in (None, self.slug)
        if not stands_for_itself and not Rule.objects.filter(slug=self.topic, topic=self.topic).exists():
            raise ValidationError(f"has the topic {self.topic!r}, which is no rule that stands for one")
        if measure is None:
            raise ValidationError(f"measures {self.quantity!r}, which the service cannot compute")
        if measure.unit != self.unit:
            raise ValidationError(f"has the unit {self.unit!r}, but {self.quantity!r} is computed in {measure.unit!r}")


def _can_be_filled_in(message: object) -> bool:
    """True where a message is a text, and its braces hold nothing but names of what a finding may show."""
    try:
        fields = [field for _, *field in Formatter().parse(str(message)) if field[0] is not None]
    except ValueError:
        return False
    are_bare = all(name in FILLED_IN and not spec and conversion is None for name, spec, conversion in fields)
    return isinstance(message, str) and are_bare


class SessionLimit(Fact):
    """A bound with value, unit, where it applies, how serious it is, and who says so."""

    title = models.CharField(max_length=200, help_text="What is limited.")
    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, help_text="The rule that enforces it.")
    comparator = closed(COMPARATORS, help_text="How the measure must compare; bounds are inclusive.")
    value = decimal(help_text="The bound; null where no source confirms one.")
    expected = models.BooleanField(
        null=True, blank=True, help_text="What the plan must come to, where that is true or false."
    )
    values = ListField(help_text="The allowed or excluded values, where there are several.")
    values_from = closed(LISTS, null=True, help_text="The list of the product's own row that holds the values.")
    unit = closed(UNITS, help_text="UCUM unit of the bound.")
    rule_set = closed(RULE_SETS, help_text="Whose limit it is.")
    jurisdiction = closed(jurisdictions, null=True, help_text="The jurisdiction that it is for; null: any.")
    product = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.PROTECT, help_text="Null: any product."
    )
    sclerosant = closed(SCLEROSANTS, null=True, help_text="Null: any sclerosant.")
    concentration_percent = decimal(max_digits=6, help_text="In percent; null: any strength.")
    form = closed(FORMS, null=True, help_text="Null: liquid and foam.")
    vein_type = models.ForeignKey(
        VeinType, null=True, blank=True, on_delete=models.PROTECT, help_text="Null: any vein type."
    )
    vein = closed(
        VEINS,
        null=True,
        help_text="Only this vein, or a treatment that names no vein; null: any vein.",
    )
    area = models.ForeignKey(
        "api.Area",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        help_text="This area and those in it; null: anywhere.",
    )
    first_exposure = models.BooleanField(
        null=True,
        blank=True,
        help_text="True: only the patient's first treatment with the sclerosant; false: only later ones; null: both.",
    )
    made_in_clinic = models.BooleanField(
        default=False, help_text="True where foam that comes ready made in canisters is exempt."
    )
    condition = models.ForeignKey(
        # Contraindications are loaded later; the database refuses a dangling one at commit.
        "api.Contraindication",
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        help_text="Only where the patient has this condition; null: anyone.",
    )
    stands_in = models.BooleanField(
        default=False, help_text="True where its value is taken as the volume of a vial when no product is named."
    )
    severity = closed(SEVERITIES, help_text="How serious it is to break it.")
    always = models.BooleanField(
        default=False,
        help_text="True where it is in force also if its rule set is not asked for; then it counts only where it "
        "surely applies.",
    )
    status = closed(STATUSES, help_text="Whether sources confirm the value.")
    note = models.TextField(blank=True, help_text="What to know about the limit.")
    citations = CitationsField()

    class Meta(Fact.Meta):
        constraints = [
            *Fact.Meta.constraints,
            one_of("comparator", COMPARATORS),
            one_of("values_from", LISTS),
            one_of("unit", UNITS),
            one_of("rule_set", RULE_SETS),
            one_of("sclerosant", SCLEROSANTS),
            one_of("form", FORMS),
            one_of("vein", VEINS),
            one_of("severity", SEVERITIES),
            one_of("status", STATUSES),
            models.CheckConstraint(
                condition=Q(value__isnull=True) | Q(value__gte=0), name="%(class)s_value_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(
                    status="unconfirmed",
                    severity="warning",
                    comparator__in=(*RANGE, "in"),
                    value__isnull=True,
                    expected__isnull=True,
                )
                | Q(~Q(status="unconfirmed"), comparator__in=RANGE, value__isnull=False, expected__isnull=True)
                | Q(~Q(status="unconfirmed"), comparator="=", value__isnull=False, expected__isnull=True)
                | Q(~Q(status="unconfirmed"), comparator="=", value__isnull=True, expected__isnull=False)
                | Q(~Q(status="unconfirmed"), comparator__in=LISTING, value__isnull=True, expected__isnull=True),
                name="%(class)s_bound_fits_comparator",
            ),
        ]

    def clean(self) -> None:
        measure = MEASURES.get(self.rule.quantity)
        if measure is None:
            return  # the rule's own row is told
        if self.condition_id is not None and not measure.asks_condition:
            raise ValidationError(f"is on a condition, which {measure.name!r} does not ask for")
        if self.value == 0 and (self.stands_in or measure.name in MAXIMA):
            raise ValidationError("allows nothing by a bound of 0; what may not be used is excluded by a list")
        if self.rule.unit != self.unit:
            raise ValidationError(f"has the unit {self.unit!r}, but its rule is in {self.rule.unit!r}")
        if self.comparator not in KINDS[self.rule.kind]:
            raise ValidationError(f"compares by {self.comparator!r}, which a {self.rule.kind} rule does not")
        if not self._fits(measure):
            raise ValidationError(f"compares by {self.comparator!r} what its rule measures as something else")
        if self.comparator not in self.rule.messages:
            raise ValidationError(f"compares by {self.comparator!r}, for which its rule has no message")
        if self.vein is not None and (self.vein_type is None or self.vein not in self.vein_type.veins):
            raise ValidationError(f"names the vein {self.vein!r}, which is not of its vein type")
        listed = bool(self.values) or self.values_from is not None
        if self.comparator in LISTING and listed is (self.status == "unconfirmed"):
            raise ValidationError("lists values that no source confirms" if listed else "lists no values")

    def _fits(self, measure: Measure) -> bool:
        """True where a number is bounded or listed, a word listed, and a flag asked for."""
        if self.stands_in:
            return self.comparator == "=" and self.unit == "mL" and self.value is not None
        if self.comparator == "=":
            return measure.gives == "flag" and self.expected is not None
        return measure.gives in ("number", "count") or (measure.gives == "word" and self.comparator in LISTING)


class Contraindication(Fact):
    """A condition of the patient that labels, guidelines or this service rule on."""

    name = models.CharField(max_length=150, help_text="Name in plain English.")
    synonyms = ListField(help_text="Other names in use.")
    named_in = ListField(words=NAMED_IN, help_text="The patient's lists that may name it: `conditions`, `medications`.")
    description = models.TextField(help_text="What is meant.")
    citations = CitationsField(blank=True)


class Ruling(models.Model):
    """What one label, guideline or policy says of a condition."""

    contraindication = models.ForeignKey(Contraindication, related_name="rulings", on_delete=models.CASCADE)
    product = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.PROTECT, help_text="Null: any product."
    )
    sclerosant = closed(SCLEROSANTS, null=True, help_text="Null: any sclerosant.")
    form = closed(FORMS, null=True, help_text="Null: liquid and foam.")
    jurisdiction = closed(jurisdictions, null=True, help_text="The jurisdiction that it is for; null: any.")
    rule_set = closed(RULE_SETS, help_text="Who rules.")
    severity = closed(SEVERITIES, help_text="How serious it is.")
    summary = models.TextField(help_text="What a finding says where the patient has the condition.")
    citations = CitationsField()

    class Meta:
        ordering = ["contraindication", "rule_set", "jurisdiction", "product", "sclerosant", "form"]
        constraints = [
            one_of("sclerosant", SCLEROSANTS),
            one_of("form", FORMS),
            one_of("rule_set", RULE_SETS),
            one_of("severity", SEVERITIES),
            models.UniqueConstraint(
                "contraindication",
                *(Coalesce(name, Value("")) for name in ("product", "sclerosant", "form", "jurisdiction")),
                "rule_set",
                name="ruling_once_for_a_label",
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    @property
    def slug(self) -> str:
        """The name of the ruling in answers: the condition, then what it applies to and who rules."""
        parts = [
            self.contraindication_id,
            self.product_id or self.sclerosant,
            self.form,
            self.jurisdiction,
            self.rule_set,
        ]
        return "-".join(part.lower() for part in parts if part)
