"""Plans drawn by chance from the published content, dense where limits are: on them, just inside and just outside."""

from collections.abc import Mapping
from copy import deepcopy
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

Content = Mapping[str, list[dict[str, Any]]]
FIRST_DAY = date(2026, 11, 22)


def random_plan(random: Random, content: Content) -> dict[str, Any]:
    """A plan that can be read: every slug is published and every value is in its bounds."""
    return _Draw(random, content).plan()


class _Draw:
    """One plan being drawn. `fullness` is the chance that an optional member is there, `care` that a value is tame."""

    def __init__(self, random: Random, content: Content) -> None:
        self.random = random
        self.content = content
        self.fullness = random.choice((0.3, 0.7, 0.93, 1.0))
        self.care = random.choice((0.0, 0.5, 0.9, 1.0))
        limits = content["session-limits"]
        products = content["products"]
        self.jurisdiction = random.choice(sorted({code for product in products for code in product["jurisdictions"]}))
        self.rule_sets = sorted({limit["rule_set"] for limit in limits})
        self.bounds: dict[str, set[Decimal]] = {}
        for limit in limits:
            if limit["value"] not in (None, "true", "false"):
                self.bounds.setdefault(limit["quantity"], set()).add(Decimal(limit["value"]))
        self.sold = [product for product in products if self.jurisdiction in product["jurisdictions"]]
        self.same = random.choice((*products, None))  # the product of most treatments, when the plan keeps to one
        if self.tame() and self.sold:
            self.same = random.choice(self.sold)

    def plan(self) -> dict[str, Any]:
        sessions = [self.session() for _ in range(self.random.choice((1, 1, 1, 1, 2, 2, 3, 4)))]
        if self.chance(0.3):  # equal treatments, in one session or in two
            again = self.random.choice(self.random.choice(sessions)["treatments"])
            self.random.choice(sessions)["treatments"].append(deepcopy(again))
        drawn: dict[str, Any] = {"sessions": sessions}
        if self.jurisdiction != "US" or self.chance(0.5):
            drawn["jurisdiction"] = self.jurisdiction
        if self.chance(0.4):
            drawn["rule_sets"] = self.some(self.rule_sets, 1, len(self.rule_sets))
        for name, draw in (("patient", self.patient), ("provider", self.provider), ("previous_sessions", self.earlier)):
            if self.there():
                drawn[name] = draw()
        return drawn

    # Chances.

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def there(self) -> bool:
        """Whether an optional member is sent."""
        return self.chance(self.fullness)

    def tame(self) -> bool:
        """Whether a value is drawn to keep inside the limits."""
        return self.chance(self.care)

    def some(self, values: list[str], least: int, most: int) -> list[str]:
        return self.random.sample(values, self.random.randint(least, min(most, len(values))))

    def members(self, **draws: Any) -> dict[str, Any]:
        """An object with those of the members that are there and whose draw came to something."""
        drawn = {name: draw() for name, draw in draws.items() if self.there()}
        return {name: value for name, value in drawn.items() if value is not None}

    def near(self, quantity: str, step: str) -> Decimal:
        """A bound published for a quantity, or a step beside it; never below nothing."""
        bound = self.random.choice(sorted(self.bounds[quantity]))
        return max(Decimal(0), bound + Decimal(step) * self.random.choice((-1, 0, 0, 1)))

    def whole(self, quantity: str, tame: int) -> int:
        return tame if self.tame() else int(self.near(quantity, "1"))

    def slug(self, resource: str) -> str:
        return str(self.random.choice(self.content[resource])["slug"])

    # Who is treated, by whom, and what came before.

    def patient(self) -> dict[str, Any]:
        allergens = {name for row in self.content["products"] for name in (row["sclerosant"], *row["excipients"])}
        pause = self.random.choice(("0", "7.5", "8", "24", "47.999", "48", "72"))
        return self.members(
            age_years=lambda: self.whole("age", self.random.randint(18, 70)),
            weight_kg=lambda: self.random.choice(("66", "45", "80.5", "60", "3.2", "120")),
            conditions=lambda: self.listed([row["slug"] for row in self.content["contraindications"]]),
            allergies=lambda: self.listed(sorted(allergens)),
            days_since_delivery=lambda: self.whole("days-since-delivery", 400) if self.chance(0.6) else None,
            breastfeeding_pause_hours=lambda: pause,
            thermal_ablation_unsuitable=lambda: self.chance(0.6),
        )

    def listed(self, values: list[str]) -> list[str]:
        """None or up to four; clot-risk factors and breastfeeding come up more often than by chance."""
        if self.tame() or self.chance(0.3):
            return []
        telling = {value for row in self.content["session-limits"] for value in row["values"]} | {"breastfeeding"}
        drawn = self.some(values + [value for value in values if value in telling] * 3, 1, 4)
        return list(dict.fromkeys(drawn))

    def provider(self) -> dict[str, Any]:
        def stated() -> bool:
            return self.tame() or self.chance(0.8)

        return self.members(eligibility_confirmed=stated, emergency_equipment_on_site=stated)

    def earlier(self) -> list[dict[str, Any]]:
        """Earlier sessions: none, or a few that lie a published interval before the first day, or long before it."""

        def day() -> str:
            interval = 300 if self.tame() else int(self.near(self.interval(), "1")) + self.random.choice((0, 0, 7))
            return (FIRST_DAY - timedelta(days=interval)).isoformat()

        def products() -> list[str]:
            return self.some([product["slug"] for product in self.content["products"]], 0, 2)

        def areas() -> list[str]:
            return self.some([area["slug"] for area in self.content["areas"]], 0, 2)

        count = self.random.choice((0, 0, 1, 1, 2, 3))
        return [self.members(date=day, areas=areas, products=products) for _ in range(count)]

    def interval(self) -> str:
        return self.random.choice(("session-interval", "same-area-interval"))

    # What is planned.

    def session(self) -> dict[str, Any]:
        def day() -> str:
            days = self.random.choice((0, 40, 80)) if self.tame() else int(self.near(self.interval(), "1"))
            return (FIRST_DAY + timedelta(days=days)).isoformat()

        return {
            "treatments": [self.treatment() for _ in range(self.random.choice((1, 1, 1, 2, 2, 3, 4)))],
            **self.members(
                date=lambda: FIRST_DAY.isoformat() if self.chance(0.3) else day(),
                observation_minutes=lambda: self.whole("observation-minutes", 30),
                compression_days=lambda: self.whole("compression-days", self.random.choice((5, 7, 14, 21))),
                activity_pause_days=lambda: self.whole("activity-pause-days", 3),
            ),
        }

    def treatment(self) -> dict[str, Any]:
        product = self.same if self.tame() or self.chance(0.5) else self.random.choice(self.content["products"])
        strengths = [row["concentration_percent"] for row in (product or self.content["products"][0])["strengths"]]
        every = [row["concentration_percent"] for other in self.content["products"] for row in other["strengths"]]
        forms = product["forms"] if product and self.tame() else ["liquid", "foam"]
        drawn = {
            "area": self.random.choice(("leg", "thigh", "calf")) if self.tame() else self.slug("areas"),
            **self.members(
                vein_type=lambda: self.slug("vein-types"),
                vein_diameter_mm=self.diameter,
                product=lambda: product["slug"] if product else None,
                concentration_percent=lambda: self.random.choice(strengths if self.chance(0.85) else every),
                form=lambda: self.random.choice(forms),
                first_exposure=lambda: self.random.choice((None, True, False)),
                test_dose=self.test_dose,
            ),
        }
        return drawn | self.amount()

    def diameter(self) -> str:
        edges = [row["diameter_max_mm"] for row in self.content["vein-types"] if row["diameter_max_mm"]]
        edge = Decimal(self.random.choice(edges)) + self.random.choice((-1, 0, 1)) * Decimal("0.01")
        return _text(edge if self.chance(0.7) else Decimal(self.random.randint(1, 1200)) / 100)

    def test_dose(self) -> dict[str, Any] | None:
        if self.chance(0.4):
            return None
        volume = self.near("test-dose-volume", "0.01") * self.random.choice((0, 1, 1, 1))
        return {
            "volume_ml": _text(volume),
            **self.members(observation_minutes=lambda: self.random.choice((0, 1, 120))),
        }

    def amount(self) -> dict[str, Any]:
        """How much, in how many injections, from what: a published volume for one injection, or for the session."""
        unit = self.random.choice(("mL", "mL", "mL", "cc", "vial"))
        step = self.random.choice(("0.001", "0.01", "0.1"))
        each = max(self.near("injection-volume", step), Decimal("0.001"))
        count = self.random.choice((1, 1, 2, 3, 5, 10, 20, 50))
        value = each * count
        if unit == "vial":
            value = self.near("vial-count", "0.5") / self.random.choice((1, 2, 5))
        elif self.chance(0.4):
            value = self.near("session-volume", step) / self.random.choice((1, 1, 2, 4))
        elif self.tame():
            value = min(value, Decimal(3))
        value = max(value.quantize(Decimal("0.001")), Decimal("0.001"))
        drawn: dict[str, Any] = {"amount": {"value": _text(value), "unit": unit}}
        if self.there():
            drawn |= {"injection_count": count} if self.chance(0.65) else {"injections": self.injections(value, each)}
        if self.chance(0.2):
            drawn["containers"] = self.containers(value)
        return drawn

    def injections(self, value: Decimal, each: Decimal) -> list[dict[str, Any]]:
        """Groups of injections: of one volume, with the rest of the amount give or take the tolerance, or at odds."""
        count = self.random.randint(1, 20)
        groups = [{"count": count, "volume_ml": _text(each)}]
        slip = self.near("injection-volume-sum", "0.001") * self.random.choice((-1, 0, 1))
        rest = value - count * each + slip
        if rest > 0:
            groups.append({"count": 1, "volume_ml": _text(rest)})
        if self.chance(0.2):
            odd = self.random.choice(("0.1", "0.35", "2"))
            groups.insert(0, {"count": self.random.randint(1, 3), "volume_ml": odd})
        return groups

    def containers(self, value: Decimal) -> dict[str, Any]:
        volume = Decimal(self.random.choice(("2", "2", "5", "5", "10", "1.5")))
        enough = int(value / volume) + self.random.choice((0, 1))
        return {"volume_ml": _text(volume), **self.members(count=lambda: max(1, min(enough, 1000)))}


def _text(number: Decimal) -> str:
    """A decimal as a plan writes it: plain, and no longer than needed."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
