"""Plans drawn by chance from the published content, dense where limits are: on them, just inside and just outside."""

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations
from random import Random
from typing import Any

from api.rules.plan import (
    FORMS,
    GASES,
    JURISDICTIONS,
    OTHER_ALLERGIES,
    OTHER_CONDITIONS,
    PROCEDURES,
    RULE_SETS,
    SIDES,
    VEINS,
)

Content = Mapping[str, Sequence[Mapping[str, Any]]]
FIRST_DAY = date(2026, 11, 22)
OTHER = "other"
CHOICES_OF_RULE_SETS = [list(some) for size in range(1, 5) for some in combinations(RULE_SETS, size)]


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
        self.jurisdiction = random.choice(JURISDICTIONS)
        self.limits = [limit for limit in limits if limit["jurisdiction"] in (None, self.jurisdiction)]
        self.bounds = _bounds(limits)
        self.sold = [product for product in products if self.jurisdiction in product["jurisdictions"]]
        self.same = random.choice((*products, None))  # the product of most treatments, when the plan keeps to one
        if self.tame() and self.sold:
            self.same = random.choice(self.sold)
        self.own: dict[str, set[Decimal]] = {}  # the bounds that are published for it here
        if self.same:
            names = (self.same["slug"], self.same["sclerosant"])
            self.own = _bounds([row for row in self.limits if row["product"] in names or row["sclerosant"] in names])
        self.weight = random.choice(("30", "30", "30.1", "45", "60", "66", "80.5", "120"))

    def plan(self) -> dict[str, Any]:
        sessions = [self.session() for _ in range(self.random.choice((1, 1, 1, 1, 2, 2, 3, 4)))]
        if self.chance(0.3):  # equal treatments, in one session or in two
            again = self.random.choice(self.random.choice(sessions)["treatments"])
            self.random.choice(sessions)["treatments"].append(deepcopy(again))
        drawn: dict[str, Any] = {"sessions": sessions}
        if self.jurisdiction != "US" or self.chance(0.5):
            drawn["jurisdiction"] = self.jurisdiction
        if self.chance(0.5):
            drawn["rule_sets"] = self.random.choice(CHOICES_OF_RULE_SETS)
        if self.there():
            drawn["patient"] = self.patient()
        if self.there():
            drawn["provider"] = self.provider()
        if self.there():
            drawn["previous_sessions"] = self.earlier([day for each in sessions if (day := each.get("date"))])
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

    def bound(self, quantity: str) -> Decimal:
        """A bound published for a quantity, more often one of the product that the plan keeps to."""
        own = self.own.get(quantity) if self.chance(0.6) else None
        return self.random.choice(sorted(own or self.bounds.get(quantity) or [Decimal(1)]))

    def near(self, quantity: str, step: str) -> Decimal:
        """A published bound, or a step beside it; never below nothing."""
        return max(Decimal(0), self.bound(quantity) + Decimal(step) * self.random.choice((-1, 0, 0, 1)))

    def whole(self, quantity: str, tame: int) -> int:
        return tame if self.tame() else int(self.near(quantity, "1"))

    def slug(self, resource: str) -> str:
        return str(self.random.choice(self.content[resource])["slug"])

    # Who is treated, by whom, and what came before.

    def patient(self) -> dict[str, Any]:
        pause = self.random.choice(("0", "7.5", "8", "24", "47.999", "48", "72"))
        names = {members: self.named_in(members) for members in ("conditions", "medications")}
        return self.members(
            age_years=lambda: self.whole("age", self.random.randint(18, 70)),
            weight_kg=lambda: self.weight,
            conditions=lambda: self.listed(names["conditions"]),
            medications=lambda: self.listed(names["medications"]),
            other_conditions=lambda: self.seldom(list(OTHER_CONDITIONS)),
            allergies=lambda: self.listed([row["slug"] for row in self.content["ingredients"]]),
            other_allergies=lambda: self.seldom(list(OTHER_ALLERGIES)),
            sex=lambda: self.random.choice((None, "female", "male", "other")),
            ankle_brachial_index=lambda: "1" if self.tame() else _text(self.near("ankle-brachial-index", "0.001")),
            days_since_delivery=lambda: self.whole("days-since-delivery", 400) if self.chance(0.6) else None,
            breastfeeding_pause_hours=lambda: pause,
            thermal_ablation_unsuitable=lambda: self.chance(0.6),
        )

    def named_in(self, members: str) -> list[str]:
        return [row["slug"] for row in self.content["contraindications"] if members in row["named_in"]]

    def listed(self, values: list[str]) -> list[str]:
        """None or up to four; what limits list and breastfeeding come up more often than by chance."""
        if self.tame() or self.chance(0.3):
            return []
        telling = {value for row in self.content["session-limits"] for value in row["values"]} | {"breastfeeding"}
        drawn = self.some([*values, OTHER, *([value for value in values if value in telling] * 3)], 1, 4)
        return list(dict.fromkeys(drawn))

    def seldom(self, values: list[str]) -> list[str] | None:
        """Entries of a list that is not sent often; sometimes none."""
        return None if self.tame() or self.chance(0.6) else self.some(values, 0, 2)

    def provider(self) -> dict[str, Any]:
        def stated() -> bool:
            return self.tame() or self.chance(0.8)

        return self.members(eligibility_confirmed=stated, emergency_equipment_on_site=stated)

    def earlier(self, planned: list[str]) -> list[dict[str, Any]]:
        """Earlier sessions: none, or a few, a published interval or a week before, or on a planned day."""

        def day() -> str:
            if planned and not self.tame() and self.chance(0.25):
                return self.random.choice(planned)
            interval = 300 if self.tame() else int(self.near(self.interval(), "1")) + self.random.choice((0, 0, 7))
            if not self.tame() and self.chance(0.2):
                interval = self.random.choice((0, 1, 6, 7))
            return (FIRST_DAY - timedelta(days=interval)).isoformat()

        def products() -> list[str]:
            used = self.some([product["slug"] for product in self.content["products"]], 0, 2)
            return list(dict.fromkeys([*used, self.same["slug"]])) if self.same and self.chance(0.4) else used

        def areas() -> list[str]:
            return self.some([area["slug"] for area in self.content["areas"]], 0, 2)

        def sides() -> list[str]:
            return self.some(list(SIDES), 1, 2)

        count = self.random.choice((0, 0, 1, 1, 2, 3))
        return [self.members(date=day, areas=areas, products=products, sides=sides) for _ in range(count)]

    def interval(self) -> str:
        return self.random.choice(("session-interval", "same-area-interval"))

    # What is planned.

    def session(self) -> dict[str, Any]:
        def day() -> str:
            days = self.random.choice((0, 40, 80)) if self.tame() else int(self.near(self.interval(), "1"))
            return (FIRST_DAY + timedelta(days=days)).isoformat()

        def compression() -> int:
            own = [int(days) for days in sorted(self.own.get("compression-days", {Decimal(7)}))]
            return self.whole("compression-days", self.random.choice([*own, own[-1], 21]))

        def procedures() -> list[str]:
            return [] if self.tame() else self.some(list(PROCEDURES), 0, 2)

        return {
            "treatments": [self.treatment() for _ in range(self.random.choice((1, 1, 1, 2, 2, 3, 4)))],
            **self.members(
                date=lambda: FIRST_DAY.isoformat() if self.chance(0.4) else day(),
                observation_minutes=lambda: self.whole("observation-minutes", 30),
                compression_days=compression,
                activity_pause_days=lambda: self.whole("activity-pause-days", 3),
                same_day_procedures=procedures,
            ),
        }

    def treatment(self) -> dict[str, Any]:
        product = self.same if self.tame() or self.chance(0.5) else self.random.choice(self.content["products"])
        strengths = [row["concentration_percent"] for row in (product or self.content["products"][0])["strengths"]]
        every = [row["concentration_percent"] for other in self.content["products"] for row in other["strengths"]]
        forms = product["forms"] if product and self.tame() else ["liquid", "foam"]
        told = {
            "vein_type": self.slug("vein-types"),
            "vein": self.random.choice((None, None, *VEINS)),
            "vein_diameter_mm": self.diameter(),
            "product": product["slug"] if product else None,
            "concentration_percent": self.random.choice(strengths if self.chance(0.85) else every),
            "form": self.random.choice(forms or FORMS),
        }
        if product and self.tame():
            told |= self.as_published(product)
        drawn = {
            "area": self.random.choice(("leg", "thigh", "calf")) if self.tame() else self.slug("areas"),
            **{name: value for name, value in told.items() if value is not None and self.there()},
            **self.members(
                side=lambda: self.random.choice(SIDES),
                first_exposure=lambda: self.random.choice((None, True, False)),
                test_dose=self.test_dose,
            ),
        }
        if drawn.get("form") != "liquid":
            ratio = self.random.choice(("3", "4", "4", "0.1", "1.5", "20"))
            foam = self.members(gas=lambda: self.random.choice(GASES), ratio=lambda: ratio)
            drawn |= {"foam": foam} if self.chance(0.6) else {}
        return drawn | self.amount(drawn)

    def as_published(self, product: Mapping[str, Any]) -> dict[str, Any]:
        """A strength that is published for the product here, and the vein that it is published for."""
        rows = [
            row
            for row in self.limits
            if row["quantity"] == "concentration" and row["values"] and row["product"] == product["slug"]
        ]
        if not rows:
            return {}
        row = self.random.choice(rows)
        told = {name: row[name] for name in ("vein_type", "vein", "form") if row[name]}
        told["concentration_percent"] = self.random.choice(row["values"])
        bands = {band["slug"]: band for band in self.content["vein-types"]}
        band = bands.get(row["vein_type"])
        ends = [band[end] for end in ("diameter_max_mm", "diameter_min_mm") if band[end]] if band else []
        return {"vein": None, **told, "vein_diameter_mm": ends[0] if ends else "4"}

    def diameter(self) -> str:
        ends = ("diameter_min_mm", "diameter_over_mm", "diameter_max_mm")
        edges = [Decimal(row[end]) for row in self.content["vein-types"] for end in ends if row[end]]
        edge = self.random.choice(edges) if self.chance(0.7) else self.bound("vein-diameter")
        edge = max(edge + self.random.choice((-1, 0, 1)) * Decimal("0.01"), Decimal("0.01"))
        return _text(edge if self.chance(0.7) else Decimal(self.random.randint(1, 1200)) / 100)

    def test_dose(self) -> dict[str, Any] | None:
        if self.chance(0.4):
            return None
        volume = self.near("test-dose-volume", "0.01") * self.random.choice((0, 1, 1, 1))
        return {
            "volume_ml": _text(volume),
            **self.members(observation_minutes=lambda: self.random.choice((0, 1, 120))),
        }

    def amount(self, treatment: dict[str, Any]) -> dict[str, Any]:
        """How much, in how many injections, from what: a published volume for one injection, a session or a week."""
        unit = self.random.choice(("mL", "mL", "mL", "cc", "vial"))
        step = self.random.choice(("0.001", "0.01", "0.1"))
        each = max(self.near("injection-volume", step), Decimal("0.001"))
        count = self.random.choice((1, 1, 2, 3, 5, 10, 20, 50))
        value = each * count
        if unit == "vial":
            value = self.near("vial-count", "0.5") / self.random.choice((1, 2, 5))
        elif self.chance(0.4):
            quantity = self.random.choice(("session-volume", "session-volume", "daily-volume", "weekly-volume"))
            value = self.near(quantity, step) / self.random.choice((1, 1, 2, 4))
        elif self.chance(0.2):
            value = self.dose(treatment)
        elif self.tame():
            value = min(value, Decimal(3))
        value = max(value.quantize(Decimal("0.001")), Decimal("0.001"))
        drawn: dict[str, Any] = {"amount": {"value": _text(value), "unit": unit}}
        if self.there():
            drawn |= {"injection_count": count} if self.chance(0.65) else {"injections": self.injections(value, each)}
        if self.chance(0.2):
            drawn["containers"] = self.containers(value)
        return drawn

    def dose(self, treatment: dict[str, Any]) -> Decimal:
        """The volume, give or take a little, of a published dose at the patient's weight, or that of a light one."""
        kilograms = Decimal(self.weight if self.chance(0.8) else "30")
        ratio = Decimal(treatment.get("foam", {}).get("ratio", "0")) if self.chance(0.7) else Decimal(0)
        strength = Decimal(treatment.get("concentration_percent", "1"))
        value = self.bound("daily-dose-per-weight") * kilograms * (1 + ratio) / (10 * strength)
        return value / self.random.choice((1, 1, 1, 2)) + Decimal("0.001") * self.random.choice((-1, 0, 0, 1))

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


def _bounds(limits: Iterable[Mapping[str, Any]]) -> dict[str, set[Decimal]]:
    """The numbers of limits, by quantity."""
    bounds: dict[str, set[Decimal]] = {}
    for limit in limits:
        if limit["value"] not in (None, "true", "false"):
            bounds.setdefault(limit["quantity"], set()).add(Decimal(limit["value"]))
    return bounds


def _text(number: Decimal) -> str:
    """A decimal as a plan writes it: plain, and no longer than needed."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
