"""The database that DATABASE_URL names in; the same with many releases, or with many times the content, out.

    DATABASE_URL=sqlite:////tmp/grown.sqlite3 python -m tests.benchmarks.grown --releases 100
    DATABASE_URL=sqlite:////tmp/grown.sqlite3 python -m tests.benchmarks.grown --content 10 [--publish]

Many times the content are as many times the products, each with its limits, and as many facts to read; what a plan may
name beside products stays as it is. Unless `--publish` is said, it is frozen without being proved.
"""

import argparse
import json
import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sclero_service.settings")
django.setup()

from django.conf import settings  # noqa: E402 - Django is set up by now
from django.core.management import call_command  # noqa: E402
from django.db import models  # noqa: E402
from django.utils import timezone  # noqa: E402

from api.models import Claim, Faq, Product, Release, ResultDuration, SessionLimit  # noqa: E402
from api.models.releases import digest_of  # noqa: E402
from api.publishing import load_content, publish, render  # noqa: E402

MOST_CLAIMS = 100  # in the content as it is
READ_ONLY: tuple[type[models.Model], ...] = (Faq, Claim, ResultDuration)


def copied(model: type[models.Model], number: int, **changes: Any) -> None:
    """Copy the rows of a table that are no copies, under new slugs."""
    rows = [*model._default_manager.exclude(slug__contains="-copy-")]
    for k, row in enumerate(rows):
        row.pk = f"{row.pk}-copy-{number}"
        if isinstance(row, Claim):
            row.number = str(MOST_CLAIMS * number + k)
        for name, text in changes.items():
            setattr(row, name, text)
    model._default_manager.bulk_create(rows)


def multiply(times: int) -> None:
    """So many times the products with their limits, and facts to read."""
    limits = [*SessionLimit.objects.exclude(product=None)]
    for number in range(2, times + 1):
        for model in READ_ONLY:
            copied(model, number)
        copied(Product, number, synonyms=[])
        for limit in limits:
            slug, product = limit.pk, limit.product_id
            limit.pk, limit.product_id = f"{slug}-copy-{number}", f"{product}-copy-{number}"
            limit.save(force_insert=True)
            limit.pk, limit.product_id = slug, product


def main() -> None:
    """Fill the database."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--releases", type=int, default=1)
    parser.add_argument("--content", type=int, default=1)
    parser.add_argument("--publish", action="store_true")
    chosen = parser.parse_args()
    call_command("migrate", verbosity=0)
    load_content(settings.FIXTURES)
    multiply(chosen.content)
    if chosen.publish:
        publish("Grown", lambda line: print(line, flush=True))
        return
    content = render()
    for number in range(1, chosen.releases + 1):
        content["faqs"][0]["question"] = f"Question {number}?"
        Release(
            number=number,
            published_at=timezone.now().replace(microsecond=0),
            note=f"Release {number}",
            digest=digest_of(content),
            payload=json.dumps(content),
        ).save()


if __name__ == "__main__":
    main()
