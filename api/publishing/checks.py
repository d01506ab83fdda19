"""Checks of rows: the content tables in; out, what is wrong with their rows, one by one and together."""

from collections import Counter
from collections.abc import Iterator

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F
from django.urls import resolve, reverse

from api.models import Area, Contraindication, Ingredient, PlanExample, Product, Rule, Ruling, SessionLimit, VeinType
from api.publishing.load import models_of_content
from api.rules.book import OTHER
from api.rules.plan import VEINS
from api.serializers import FACTS, RESOURCES


def row_problems() -> Iterator[str]:
    """What is wrong with each row, and rules without limits; where no row is wrong, also what is wrong together."""
    yield from _what_must_be_there()
    alone = [problem for name, model in models_of_content().items() for problem in _problems_of(name, model)]
    yield from alone
    yield from _rules_without_limits()
    if not alone:
        for check in (_areas_in_a_circle, _veins, _ingredients, _slugs_that_are_taken, _addresses_that_are_taken):
            yield from check()


def _what_must_be_there() -> Iterator[str]:
    """A problem where nothing is left that a plan could break: an empty rule book would approve of anything."""
    for model in (Rule, SessionLimit, Ruling, PlanExample):
        if not model._default_manager.exists():
            yield f"{model._meta.verbose_name_plural}: none is left"
    if not Rule.objects.filter(topic=F("slug")).exists():
        yield "rules: none is left that stands for a topic, so that answers could be silent"


def _problems_of(name: str, model: type[models.Model]) -> Iterator[str]:
    """What is wrong with each row of a table: what `full_clean` finds, or that the row cannot be read."""
    for row in model._default_manager.all():
        try:
            # Check constraints need not be checked again: the database did so when the row was written.
            row.full_clean(validate_constraints=False)
        except ValidationError as error:
            for member, messages in error.message_dict.items():
                column = "" if member == "__all__" else f"{member} "
                yield f"{name}/{row}: {column}{'; '.join(messages)}"
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            yield f"{name}/{row}: cannot be read ({type(error).__name__} {error})"


def _rules_without_limits() -> Iterator[str]:
    """A problem for each rule that nothing is held against."""
    for rule in Rule.objects.all():
        if not (Ruling.objects.exists() if rule.quantity == "condition" else rule.sessionlimit_set.exists()):
            yield f"rules/{rule.slug}: a rule without limits"


def _areas_in_a_circle() -> Iterator[str]:
    """A problem for each area that lies in itself by way of others."""
    parents = dict(Area.objects.values_list("slug", "parent_id"))
    for slug in parents:
        above: str | None = parents[slug]
        passed = {slug}
        while above is not None and above not in passed:
            passed.add(above)
            above = parents.get(above)
        if above == slug:
            yield f"areas/{slug}: lies in itself"


def _veins() -> Iterator[str]:
    """A problem for each vein that a plan may name and that is of no vein type, or of several."""
    counts = Counter(vein for row in VeinType.objects.all() for vein in row.veins)
    for vein in VEINS:
        if counts[vein] != 1:
            yield f"vein-types: the vein {vein!r} is of {counts[vein]} vein types, and must be of one"


def _ingredients() -> Iterator[str]:
    """A problem for each sclerosant or excipient that is no ingredient: no plan could state an allergy to it."""
    ingredients = set(Ingredient.objects.values_list("slug", flat=True))
    for product in Product.objects.all():
        for slug in sorted({product.sclerosant, *product.excipients} - ingredients):
            yield f"products/{product.slug}: holds {slug!r}, which is no ingredient"


def _slugs_that_are_taken() -> Iterator[str]:
    """A problem for each slug that would name two things in a plan or an answer."""
    limits = set(SessionLimit.objects.values_list("slug", flat=True))
    for ruling in Ruling.objects.all():
        if ruling.slug in limits:
            yield f"rulings/{ruling}: is called as a limit is"
    for model in (Contraindication, Ingredient):
        if model._default_manager.filter(slug=OTHER).exists():
            yield f"{model._meta.verbose_name_plural}/{OTHER}: plans say this of what is not listed"


def _addresses_that_are_taken() -> Iterator[str]:
    """A problem for each row that could not be read, since its address is another route's."""
    for name in FACTS:
        for slug in RESOURCES[name].model._default_manager.values_list("pk", flat=True):
            if resolve(reverse(f"{name}-detail", kwargs={"slug": slug})).url_name != f"{name}-detail":
                yield f"{name}/{slug}: the API has another answer at this address"
