"""House limits drawn by chance from the published content: laxer than what is published, stricter, on it."""

from decimal import Decimal
from random import Random
from typing import Any

from api.rules.plan import FORMS, JURISDICTIONS, VEINS
from api.rules.rows import SEVERITIES
from tests.random_plans import Content

# Rules that a house limit holds, by their measures; what else is a bound lists values, or is on a condition.
HELD = (
    *("activity-pause-days", "age", "ankle-brachial-index", "compression-days", "concentration", "daily-volume"),
    *("container-shortfall", "daily-dose-per-weight", "days-since-delivery", "diameter-beyond-type", "injection-count"),
    *("injection-volume", "injection-volume-sum", "observation-minutes", "product-share", "same-area-interval"),
    *("session-interval", "session-volume", "test-dose-volume", "vein-diameter", "vial-count", "weekly-volume"),
)
MOST = 6


def random_house(random: Random, content: Content) -> list[dict[str, Any]]:
    """One to six house limits, each of which fits the content."""
    rules = [row for row in content["rules"] if row["quantity"] in HELD and {"<=", ">="} & row["messages"].keys()]
    return [
        {"slug": f"our-{k}", **_limit(random, content, random.choice(rules))} for k in range(random.randint(1, MOST))
    ]


def _limit(random: Random, content: Content, rule: Any) -> dict[str, Any]:
    """A limit on a rule, near a bound that is published for it, or anywhere; often for some treatments alone."""
    bounds = [row["value"] for row in content["session-limits"] if row["rule"] == rule["slug"] and row["value"]]
    value = Decimal(random.choice([*bounds, "0", "3"])) * random.choice((0, 1, 1, 1, 2, 100))
    value += random.choice((Decimal(0), Decimal("0.001"), Decimal(1)))
    product = random.choice(content["products"])
    some = {
        "jurisdiction": random.choice(JURISDICTIONS),
        "product": product["slug"],
        "sclerosant": product["sclerosant"],
        "concentration_percent": product["strengths"][0]["concentration_percent"],
        "form": random.choice(FORMS),
        "vein_type": random.choice(content["vein-types"])["slug"],
        "vein": random.choice(VEINS),
        "area": random.choice(content["areas"])["slug"],
        "first_exposure": random.random() < 0.5,
    }
    chosen = random.sample(sorted(some), random.choice((0, 0, 1, 1, 2)))
    return {
        "label": "Our own {limit}",
        "rule": rule["slug"],
        "comparator": random.choice([comparator for comparator in ("<=", ">=") if comparator in rule["messages"]]),
        "value": str(min(value, Decimal("999999.999"))),
        "unit": rule["unit"],
        "severity": random.choice(SEVERITIES),
        **{name: some[name] for name in chosen},
    }
