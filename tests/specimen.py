"""A small frozen release for the examples of `api/examples`, cut from the packaged content.

Examples are answers to it, so that a correction of the content changes none of them. Run it only where the code can no
longer read `tests/specimen.json`, and `pytest --approve` after it: python -m tests.specimen
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests import alone  # noqa: F401 - sets Django up, so it comes first

# isort: split
from django.conf import settings
from django.core.management import call_command
from django.db.models import Q

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
    VeinType,
)
from api.publishing import load_content, render

FILE = Path(__file__).with_suffix(".json")
JURISDICTIONS = ("US", "DE")
MOST_CITATIONS = 2
# What is kept of each resource. Limits, rules and sources follow from it; all vein types stay.
KEPT: dict[type[Fact], tuple[str, ...]] = {
    Product: ("asclera", "aethoxysklerol", "varithena"),
    Ingredient: ("polidocanol", "ethanol"),
    Area: ("leg", "thigh", "calf", "ankle", "face"),
    Contraindication: (
        "acute-deep-vein-thrombosis",
        "anticoagulant",
        "arterial-disease-severe",
        "breastfeeding",
        "obesity",
        "pregnancy",
        "smoking",
    ),
    ResultDuration: ("article-result-duration", "reticular-vein-onset", "telangiectasia-onset"),
    Faq: ("age", "cost"),
    Claim: ("s1", "s10", "s22"),
    PlanExample: ("asclera-volume-over", "asclera-within"),
}


def cut() -> None:
    """Delete from the tables what is not kept, and whatever rests on it."""
    dropped = {
        slug
        for model in (Area, Contraindication)
        for slug in model._default_manager.exclude(slug__in=KEPT[model]).values_list("slug", flat=True)
    }
    _cut_limits(dropped)
    for model in (Faq, Claim, ResultDuration, PlanExample, Area, Contraindication, Ingredient, Product):
        model._default_manager.exclude(slug__in=KEPT[model]).delete()
    Rule.objects.filter(sessionlimit=None).exclude(quantity="condition").delete()
    _cut_lists()


def _cut_limits(dropped: set[str]) -> None:
    """Limits and rulings of what is kept alone; of lists, what is kept of them."""
    somewhere = Q(jurisdiction=None) | Q(jurisdiction__in=JURISDICTIONS)
    of_a_product = Q(product=None) | Q(product__in=KEPT[Product])
    of_a_drug = Q(sclerosant=None) | Q(sclerosant="polidocanol")
    kept = somewhere & of_a_product & of_a_drug
    Ruling.objects.exclude(kept & Q(contraindication__in=KEPT[Contraindication])).delete()
    in_an_area = Q(area=None) | Q(area__in=KEPT[Area])
    of_a_condition = Q(condition=None) | Q(condition__in=KEPT[Contraindication])
    SessionLimit.objects.exclude(kept & in_an_area & of_a_condition).delete()
    # Its vectors need two products of one country with a maximum for every form.
    SessionLimit.objects.filter(rule__quantity="product-share").delete()
    for limit in SessionLimit.objects.all():
        values = [value for value in limit.values if value not in dropped]
        if limit.values and not values:
            limit.delete()
        elif values != limit.values:
            SessionLimit.objects.filter(pk=limit.pk).update(values=values)


def _cut_lists() -> None:
    """Lists of slugs name only what is still there, and the first citations of a row are enough."""
    for area in Area.objects.all():
        products = [slug for slug in area.on_label_products if slug in KEPT[Product]]
        Area.objects.filter(pk=area.pk).update(on_label_products=products)
    for product in Product.objects.all():
        jurisdictions = [name for name in product.jurisdictions if name in JURISDICTIONS]
        Product.objects.filter(pk=product.pk).update(jurisdictions=jurisdictions)
    limits, rules = ({row.pk for row in model._default_manager.all()} for model in (SessionLimit, Rule))
    for claim in Claim.objects.all():
        Claim.objects.filter(pk=claim.pk).update(
            limits=[slug for slug in claim.limits if slug in limits],
            rules=[slug for slug in claim.rules if slug in rules],
        )
    cited: list[type[Any]] = [*(model for model in KEPT if model is not PlanExample), VeinType, SessionLimit, Ruling]
    for model in cited:
        for row in model._default_manager.all():
            model._default_manager.filter(pk=row.pk).update(citations=row.citations[:MOST_CITATIONS])


def sources_in(node: Any) -> Iterator[str]:
    """The sources that a part of the content names in its citations."""
    if isinstance(node, dict):
        yield from (citation["source"] for citation in node.get("citations", ()))
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from sources_in(part)


def main() -> int:
    call_command("migrate", verbosity=0)
    load_content(settings.FIXTURES)
    cut()
    content = render()
    named = set(sources_in(list(content.values())))
    content["sources"] = [row for row in content["sources"] if row["slug"] in named]
    FILE.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(f"{FILE.name}: {', '.join(f'{len(rows)} {name}' for name, rows in content.items())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
