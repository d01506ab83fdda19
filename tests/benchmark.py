"""How long the rules take, as a ratio to plain Python that does the same sums. Run: python -m tests.benchmark"""

import json
import sys
from time import perf_counter
from typing import Any

from tests import alone  # noqa: F401 - sets Django up, so it comes first

# isort: split
from django.conf import settings
from django.core.management import call_command

from api.parsers import parse
from api.publishing import load_content, render
from api.rules import Book
from api.rules.documents import read_plan
from api.rules.evaluate import evaluate_plan
from api.rules.numbers import as_text
from api.rules.plan import Plan
from tests.plans import plan, session, treatment

SIZES = (12, 25, 50, 100, 200)


def rules_alone(typed: Plan, book: Book) -> None:
    """The plan laid out and every rule held, without reading or answering."""
    evaluate_plan(typed, book)


def alike(k: int) -> dict[str, Any]:
    return treatment(amount={"value": "0.2", "unit": "mL"}, injection_count=1)


def own_amount(k: int) -> dict[str, Any]:
    return treatment(amount={"value": as_text(100 + k), "unit": "mL"}, injection_count=1)


def own_everything(k: int) -> dict[str, Any]:
    """A treatment whose amount and vein no other has, and whose neighbours are of other strengths, types and areas."""
    return {
        **own_amount(k),
        "area": ("calf", "thigh", "foot")[k % 3],
        "vein_type": ("telangiectasia", "reticular-vein")[k % 2],
        "vein_diameter_mm": as_text(700 + k + k % 2 * 1000),
        "concentration_percent": ("0.5", "1")[k % 2],
    }


def bare(k: int) -> dict[str, Any]:
    """A treatment of which only what is required is told, as in the README's first plan."""
    own = own_amount(k)
    return {"area": "leg", "amount": own["amount"]}


def of_two_products(k: int) -> dict[str, Any]:
    """Treatments by turns with one product and another, each for its own veins."""
    if k % 2:
        return own_amount(k)
    return {
        **own_amount(400 + k),
        "product": "sotradecol",
        "concentration_percent": "1",
        "vein_type": "varicose-vein",
        "vein_diameter_mm": "5",
    }


# What the 12 to 200 treatments of the session are.
KINDS = {
    "alike": alike,
    "each of its own amount": own_amount,
    "each different in amount, vein, strength and area": own_everything,
    "of which nothing but area and amount is told": bare,
    "of two products by turns": of_two_products,
}


def plain(typed: Plan) -> int:
    """The sums of the rules and no more: volumes, shares of injections, doses, days, each against a number."""
    broken = 0
    patient = typed.patient
    for visit in typed.sessions:
        total = sum(treated.amount.value for treated in visit.treatments)
        dose = sum(treated.amount.value * (treated.concentration_percent or 0) for treated in visit.treatments)
        broken += total > 10_000
        broken += total > 3_000
        broken += dose > 200 * (patient.weight_kg or 0)
        broken += (visit.observation_minutes or 0) < 15
        broken += (visit.compression_days or 0) < 2
        for previous in typed.previous_sessions or ():
            broken += (visit.date or 0) - (previous.date or 0) < 7
        for treated in visit.treatments:
            count = treated.injection_count or 1
            broken += treated.amount.value > 300 * count
            broken += treated.amount.value < 100 * count
            broken += (treated.vein_diameter_mm or 0) > 3_000
            broken += treated.concentration_percent not in (500, 1000)
            broken += treated.concentration_percent != 500
            broken += treated.form != "liquid"
            broken += treated.area not in ("leg", "thigh", "calf", "ankle", "foot")
            broken += treated.area == "face"
            broken += treated.vein_type not in ("telangiectasia", "reticular-vein")
    broken += (patient.age_years or 0) < 18
    broken += "polidocanol" in (patient.allergies or ())
    return broken


def microseconds(work: Any, *arguments: Any) -> float:
    """The quickest of many runs: what others do on the machine can only add to it."""
    times = []
    for _ in range(300):
        start = perf_counter()
        work(*arguments)
        times.append(perf_counter() - start)
    return min(times) * 1e6


def main() -> int:
    call_command("migrate", verbosity=0)
    load_content(settings.FIXTURES)
    book = Book(render())
    for name, kind in KINDS.items():
        print(f"\ntreatments {name}\n  count   rules µs   plain sums µs   ratio   µs per treatment   reading µs")
        for size in SIZES:
            visit = session(*(kind(k) for k in range(size)), compression_days=14)
            body = json.dumps(plan(visit)).encode()
            typed = read_plan(parse(body), book.vocabulary)
            rules, sums = microseconds(rules_alone, typed, book), microseconds(plain, typed)
            reading = microseconds(lambda: read_plan(parse(body), book.vocabulary))  # noqa: B023 - called at once
            print(f"{size:7} {rules:10.0f} {sums:15.1f} {rules / sums:7.1f} {rules / size:18.2f} {reading:12.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
