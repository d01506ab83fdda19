"""Tables of facts to show: rows of fixtures in, facts of the next release out."""

import json

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from api.models.fields import (
    SLUG,
    STATUSES,
    CitationsField,
    ListField,
    check_keys,
    closed,
    decimal,
    one_of,
)
from api.rules.numbers import UNITS, thousandths
from api.rules.plan import FORMS, JURISDICTIONS, VEINS

SOURCE_KINDS = ("label", "label-mirror", "regulator", "guideline", "secondary", "article", "policy")
EXTENTS = ("full", "part", "abstract", "unknown")
CONTAINERS = ("ampoule", "vial", "canister")
CONFIDENCES = ("label", "secondary", "unconfirmed")
SCLEROSANTS = ("polidocanol", "sodium-tetradecyl-sulfate", "glycerin", "chromated-glycerin", "hypertonic-saline")
ASPECTS = ("onset", "sessions-per-course", "clearance", "durability", "recurrence")
ORIGINS = ("article", "sources")
CLAIM_KINDS = ("eligibility", "limit", "area", "mechanism", "duration", "faq", "outcome", "other")
VERDICTS = ("supported", "partly", "disputed", "contradicted", "unsupported")


class Fact(models.Model):
    """A fact: a slug to name it, when it was reviewed, and when that is due again."""

    slug = models.CharField(
        primary_key=True, max_length=100, validators=[SLUG], help_text="Name in URLs and references."
    )
    reviewed_on = models.DateField(help_text="Day of the last review.")
    review_due = models.DateField(help_text="Day by which the next review is due.")

    class Meta:
        abstract = True
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(condition=Q(review_due__gt=F("reviewed_on")), name="%(class)s_review_follows")
        ]

    def __str__(self) -> str:
        return self.slug


class Source(Fact):
    """A work that is cited."""

    title = models.CharField(max_length=300, help_text="Title of the work.")
    kind = closed(SOURCE_KINDS, help_text="What kind of source it is.")
    publisher = models.CharField(max_length=200, blank=True, help_text="Who published the copy that was read.")
    published = models.CharField(max_length=100, blank=True, help_text="Date or revision, as far as it is known.")
    url = models.CharField(max_length=500, blank=True, help_text="Where the copy was read.")
    extent = closed(EXTENTS, help_text="How much of it could be read.")
    reference_number = models.PositiveIntegerField(
        null=True, blank=True, unique=True, help_text="Number in the bibliography of the clinical review."
    )
    note = models.TextField(blank=True, help_text="What to know about the source.")

    class Meta(Fact.Meta):
        constraints = [*Fact.Meta.constraints, one_of("kind", SOURCE_KINDS), one_of("extent", EXTENTS)]


class VeinType(Fact):
    """A type of vein, with the diameters that sources give."""

    name = models.CharField(max_length=100, help_text="Name in plain English.")
    synonyms = ListField(help_text="Other names in use.")
    description = models.TextField(help_text="What it is.")
    diameter_min_mm = decimal(max_digits=6, help_text="At least this wide, in mm (inclusive).")
    diameter_over_mm = decimal(max_digits=6, help_text="Wider than this, in mm (exclusive).")
    diameter_max_mm = decimal(max_digits=6, help_text="At most this wide, in mm (inclusive).")
    veins = ListField(words=VEINS, help_text="Named veins that are of this type.")
    diameter_status = closed(STATUSES, help_text="Whether sources agree on the diameter.")
    ceap_classes = ListField(help_text="Clinical classes of the CEAP classification.")
    note = models.TextField(blank=True, help_text="Where sources disagree, and what the service does.")
    citations = CitationsField()

    class Meta(Fact.Meta):
        constraints = [
            *Fact.Meta.constraints,
            one_of("diameter_status", STATUSES),
            models.CheckConstraint(
                condition=Q(diameter_over_mm__isnull=True) | Q(diameter_max_mm__gt=F("diameter_over_mm")),
                name="%(class)s_diameters_ordered",
            ),
        ]


class Product(Fact):
    """A sclerosant as sold under a label."""

    name = models.CharField(max_length=100, help_text="Name of the product.")
    synonyms = ListField(help_text="Names elsewhere, and abbreviations.")
    sclerosant = closed(SCLEROSANTS, help_text="The agent.")
    excipients = ListField(help_text="Excipients that an allergy may concern.")
    forms = ListField(words=FORMS, help_text="Forms that a label covers.")
    strengths = models.JSONField(help_text="Concentrations in percent, each with its containers and their mL.")
    foam_mg_per_ml = decimal(max_digits=6, help_text="Drug in a mL of factory foam, in mg.")
    jurisdictions = ListField(words=JURISDICTIONS, help_text="Jurisdictions with a label that was read.")
    indication = models.TextField(help_text="What the label covers.")
    note = models.TextField(blank=True, help_text="What to know about the product.")
    citations = CitationsField()

    class Meta(Fact.Meta):
        constraints = [*Fact.Meta.constraints, one_of("sclerosant", SCLEROSANTS)]

    def clean(self) -> None:
        if not isinstance(self.strengths, list) or not self.strengths:
            raise ValidationError("has no strengths")
        for strength in self.strengths:
            check_keys(strength, {"concentration_percent", "containers"}, set(), "strength")
            _check_positive(strength["concentration_percent"])
            for container in strength["containers"]:
                check_keys(container, {"kind", "volume_ml"}, set(), "container")
                if container["kind"] not in CONTAINERS:
                    raise ValidationError(f"has a container of the unknown kind {container['kind']!r}")
                _check_positive(container["volume_ml"])


class Ingredient(Fact):
    """A sclerosant or an excipient, with the names that an allergy may be stated by."""

    name = models.CharField(max_length=100, help_text="Name in plain English.")
    synonyms = ListField(help_text="Other exact names; a plan may state an allergy by one of them.")
    description = models.TextField(help_text="What it is, and in what it is found.")
    citations = CitationsField()


class Area(Fact):
    """Where treatment happens; areas form a tree."""

    name = models.CharField(max_length=100, help_text="Name in plain English.")
    parent = models.ForeignKey(
        # The database refuses a dangling parent at commit; in between, loading empties the whole table.
        "self",
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        help_text="The area that holds this one.",
    )
    synonyms = ListField(help_text="Other names in use.")
    description = models.TextField(help_text="What belongs to it.")
    on_label = models.BooleanField(help_text="Whether any label that was read covers it.")
    on_label_products = ListField(of="Product", help_text="Products whose label covers it.")
    confidence = closed(CONFIDENCES, help_text="What kind of source says so.")
    vein_types = ListField(of="VeinType", help_text="Vein types found there.")
    caution = models.TextField(blank=True, help_text="What sources warn of.")
    citations = CitationsField()

    class Meta(Fact.Meta):
        constraints = [
            *Fact.Meta.constraints,
            one_of("confidence", CONFIDENCES),
            models.CheckConstraint(condition=~Q(parent=F("slug")), name="%(class)s_not_in_itself"),
        ]


class ResultDuration(Fact):
    """How soon, how often, how much and how long: one figure, with the people it is about."""

    title = models.CharField(max_length=200, help_text="What the figure is.")
    vein_type = models.ForeignKey(
        VeinType,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        help_text="The vein type, where the source names one.",
    )
    product = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.PROTECT, help_text="The product, where the source names one."
    )
    aspect = closed(ASPECTS, help_text="What is measured.")
    low = decimal(help_text="Lower end.")
    high = decimal(help_text="Upper end.")
    unit = closed(UNITS, help_text="UCUM unit of both ends.")
    population = models.TextField(help_text="Whom or what the figure is about.")
    summary = models.TextField(help_text="The figure in words, with what speaks for and against it.")
    status = closed(STATUSES, help_text="Whether sources confirm it.")
    origin = closed(ORIGINS, help_text="Whether the article or other sources say so.")
    citations = CitationsField()

    class Meta(Fact.Meta):
        constraints = [
            *Fact.Meta.constraints,
            one_of("aspect", ASPECTS),
            one_of("unit", UNITS),
            one_of("status", STATUSES),
            one_of("origin", ORIGINS),
            models.CheckConstraint(
                condition=Q(low__isnull=True) | Q(high__isnull=True) | Q(high__gte=F("low")),
                name="%(class)s_ends_ordered",
            ),
            models.CheckConstraint(
                condition=Q(status="unconfirmed", low__isnull=True, high__isnull=True)
                | (~Q(status="unconfirmed") & (Q(low__isnull=False) | Q(high__isnull=False))),
                name="%(class)s_unconfirmed_has_no_number",
            ),
        ]


class Faq(Fact):
    """A question with an answer in plain language; its numbers are references."""

    topic = models.CharField(max_length=60, validators=[SLUG], help_text="What it is about.")
    question = models.CharField(max_length=200, help_text="The question.")
    answer = models.TextField(help_text="The answer. Numbers are references to facts, or to `figures`.")
    figures = models.JSONField(default=list, blank=True, help_text="Figures of this answer, each with its citations.")
    citations = CitationsField()

    def clean(self) -> None:
        for figure in self.figures:
            check_keys(figure, {"key", "low", "high", "unit", "label", "citations"}, set(), "figure")
            for end in (figure["low"], figure["high"]):
                if end is not None:
                    _check_decimal(end)
            if figure["unit"] not in UNITS:
                raise ValidationError(f"has a figure {figure['key']!r} with an unknown unit")
            CitationsField().validate(figure["citations"], None)


class Claim(Fact):
    """A statement of the article, with a verdict."""

    number = models.CharField(max_length=5, unique=True, help_text="Number of the claim.")
    kind = closed(CLAIM_KINDS, help_text="What it is about.")
    statement = models.TextField(help_text="What the article says.")
    verdict = closed(VERDICTS, help_text="How it stands against the sources.")
    sources_say = models.TextField(help_text="What the sources say.")
    service_does = models.TextField(help_text="What this service shows or enforces instead.")
    limits = ListField(of="SessionLimit", help_text="Limits that bear on it.")
    rules = ListField(of="Rule", help_text="Rules that bear on it.")
    citations = CitationsField()

    class Meta(Fact.Meta):
        constraints = [*Fact.Meta.constraints, one_of("kind", CLAIM_KINDS), one_of("verdict", VERDICTS)]


class PlanExample(Fact):
    """A named plan, and what its check must come to."""

    title = models.CharField(max_length=200, help_text="What the plan shows.")
    plan = models.TextField(help_text="The plan, as JSON text.")
    expect = models.JSONField(help_text="What the plan must come to: a verdict, and the ids of the findings in order.")

    def clean(self) -> None:
        try:
            json.loads(self.plan)
        except ValueError as error:
            raise ValidationError("has a plan that is not JSON") from error
        check_keys(self.expect, {"verdict", "findings"}, set(), "expectation")
        findings = self.expect["findings"]
        if not isinstance(findings, list) or not all(isinstance(finding, str) for finding in findings):
            raise ValidationError("expects findings that are no list of ids")


def _check_decimal(text: object) -> None:
    """Check that a text is a plain decimal.

    Raises:
        ValidationError: it is not.
    """
    if not isinstance(text, str) or thousandths(text) is None:
        raise ValidationError(f"has the number {text!r}, which is not a quoted plain decimal")


def _check_positive(text: object) -> None:
    """Check that a text is a plain decimal above 0.

    Raises:
        ValidationError: it is not.
    """
    _check_decimal(text)
    if thousandths(str(text)) == 0:
        raise ValidationError("has a strength or a container of 0")
