"""Content edited by chance, published where that is allowed, and every route walked: none may answer 500.

Run: python -m tests.try_edits --edits 200
"""

import argparse
import json
import multiprocessing
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

from tests import alone  # noqa: F401 - sets Django up, so it comes first

# isort: split
from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.test import Client

from api.models import PlanExample
from api.pages.told import PAGES
from api.publishing import RefusedError, load_content, publish, render
from api.publishing.checks import row_problems
from api.releases import current
from api.rules.plan import FORMS, JURISDICTIONS
from api.serializers import FACTS, RESOURCES
from tests.edits import EDITS, Fixtures, Row
from tests.random_plans import random_plan
from tests.specimen import cut

DATES = {"reviewed_on": "2026-11-22", "review_due": "2027-05-22"}


def small_fixtures() -> Fixtures:
    """The fixtures of the specimen: the packaged content, cut to what a few products and countries need."""
    load_content(settings.FIXTURES)
    cut()
    return {
        name: [_as_written(row) for row in resource.model._default_manager.all()]
        for name, resource in RESOURCES.items()
    }


def _as_written(row: Any) -> Row:
    """A row of a table as its fixture writes it."""
    written = {}
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        written[field.name] = value if value is None or isinstance(value, bool | int | list | dict) else str(value)
    if "plan" in written:
        written["plan"] = json.loads(str(written["plan"]))
    if hasattr(row, "rulings"):
        written["rulings"] = [_less_its_keys(_as_written(ruling)) for ruling in row.rulings.all()]
    return written


def _less_its_keys(ruling: Row) -> Row:
    return {member: value for member, value in ruling.items() if member not in ("id", "contraindication")}


def edited(fixtures: Fixtures, seed: int) -> tuple[Fixtures, list[str]]:
    """The fixtures after one edit, or a few, and these in words."""
    random, changed = Random(seed), json.loads(json.dumps(fixtures))  # noqa: S311
    return changed, [random.choice(EDITS)(changed, random) for _ in range(random.choice((1, 1, 2, 3)))]


def walk(fixtures: Fixtures, seed: int) -> tuple[list[str], bool]:
    """What fails, and whether the fixtures were published. Nothing of it stays in the database.

    Every second time the named plans are made to expect what they come to, as an editor who means the change would do.
    """
    with transaction.atomic():
        problems, published = _walk(fixtures, seed)
        transaction.set_rollback(True)
    return problems, published


def _walk(fixtures: Fixtures, seed: int) -> tuple[list[str], bool]:
    with tempfile.TemporaryDirectory() as folder:
        for name, rows in fixtures.items():
            (Path(folder) / f"{name}.yaml").write_text(json.dumps({**DATES, "items": rows}), "utf-8")
        try:
            with transaction.atomic():
                load_content(Path(folder))
                if seed % 2 and not any(row_problems()):
                    expect_what_comes()
                publish("An edit")
        except RefusedError:
            return [], False
        except Exception as error:
            return [f"publishing raises {type(error).__name__}: {error}"], False
    return [*failures(Client(SERVER_NAME="localhost", raise_request_exception=False), Random(seed))], True  # noqa: S311


def expect_what_comes() -> None:
    """Let each named plan expect the verdict and the findings that it comes to."""
    for row in render()["plan-examples"]:
        expect = {"verdict": row["verdict"], "findings": row["findings"]}
        PlanExample.objects.filter(slug=row["slug"]).update(expect=expect)


def failures(client: Client, random: Random) -> Iterator[str]:
    """The requests that fail, of a walk over every route: lists, details, and plans drawn from the content."""
    content: Any = current().content
    number = current().number
    paths = ["/", "/v1", "/docs", "/readyz", "/v1/coverage", "/v1/session-plans/examples", "/v1/releases"]
    paths += [f"/v1/releases/{number}", f"/v1/releases/{number}/vectors", "/v1/openapi.yaml", "/v1/problems/not_found"]
    paths += [f"/v1/{name}" for name in FACTS]
    paths += ["/try", "/facts", *(f"/facts/{name}" for name in PAGES)]
    paths += [f"/facts/products/{row['slug']}" for row in content["products"]]
    paths += [
        f"/v1/{name}/{row['slug']}"
        for name in FACTS
        for row in random.sample(content[name], min(3, len(content[name])))
    ]
    for product in content["products"]:
        for jurisdiction in JURISDICTIONS:
            query = f"product={product['slug']}&jurisdiction={jurisdiction}&form={random.choice(FORMS)}&weight_kg=60"
            strength = random.choice(product["strengths"])["concentration_percent"]
            paths.append(f"/v1/session-limits/resolve?{query}&concentration_percent={strength}")
    for path in paths:
        response = client.get(path)
        if response.status_code >= 400:
            yield f"GET {path}: {response.status_code}"
    plans = [random_plan(random, content) for _ in range(40)]
    for plan in plans:
        response = client.post("/v1/session-plans/validate", json.dumps(plan), "application/json")
        if response.status_code >= 500:
            yield f"validate: {response.status_code} for {json.dumps(plan)}"
    for path, body in (("validate-batch", {"plans": plans}), ("compare", {"plans": plans, "from_release": number})):
        response = client.post(f"/v1/session-plans/{path}", json.dumps(body), "application/json")
        if response.status_code >= 500:
            yield f"{path}: {response.status_code}"


_fixtures: Fixtures = {}


def prepare() -> None:
    """Give this process its own database, and the small fixtures."""
    call_command("migrate", verbosity=0)
    with transaction.atomic():
        _fixtures.update(small_fixtures())
        transaction.set_rollback(True)


def try_one(seed: int) -> tuple[int, list[str], bool, list[str]]:
    """The seed, its edits in words, whether they were published, and what answers 500 then."""
    changed, words = edited(_fixtures, seed)
    problems, published = walk(changed, seed)
    return seed, words, published, problems


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--edits", type=int, default=200)
    arguments.add_argument("--start", type=int, default=0)
    asked = arguments.parse_args()
    broken, outcomes = 0, Counter[bool]()
    seeds = range(asked.start, asked.start + asked.edits)
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn"), initializer=prepare) as pool:
        for seed, words, published, problems in pool.map(try_one, seeds):
            outcomes[published] += 1
            broken += bool(problems)
            for problem in problems[:3]:
                print(f"seed {seed} ({'; '.join(words)}): {problem}")
    print(f"{outcomes[False]} edits refused, {outcomes[True]} published, {broken} with an answer that fails")
    return 1 if broken or not outcomes[True] else 0


if __name__ == "__main__":
    sys.exit(main())
