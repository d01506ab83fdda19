"""The check of a session plan a second time, in SQL, so that a test can hold the shipped one against it.

It is made from published content alone and shares no code with `api.rules`. The questions are in `second_sql`.
"""

import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.second_sql import JUDGED, PLANNED, PUBLISHED, WORK_OUT

Row = Mapping[str, Any]
Content = Mapping[str, Iterable[Row]]
Tables = dict[str, list[tuple[Any, ...]]]
Finding = tuple[str, str, str, str]

SEVERITIES = ("error", "warning", "info")
RULE_SETS = ("label", "guideline", "policy", "clinic")  # of limits that bind equally hard, the first is told

# How much a member that is left out is missed: an essential one leaves the plan incomplete.
FINER, ESSENTIAL = 1, 2

# Quantities that are one member of the plan as it stands, and how much that member is missed. The rules name it.
PLAIN = {
    "age": ESSENTIAL,
    "days-since-delivery": FINER,
    "eligibility": ESSENTIAL,
    "emergency-equipment": ESSENTIAL,
    "observation-minutes": ESSENTIAL,
    "compression-days": ESSENTIAL,
    "activity-pause-days": FINER,
    "concentration": ESSENTIAL,
    "vein-diameter": ESSENTIAL,
    "form": ESSENTIAL,
    "thermal-ablation-unsuitable": FINER,
}


class Second:
    """A second opinion on session plans, from one release's content."""

    def __init__(self, content: Content) -> None:
        self.sql = sqlite3.connect(":memory:", isolation_level=None)
        self.sql.create_aggregate("proportion", 3, _Proportion)  # type: ignore[arg-type]
        self.sql.executescript(PUBLISHED + PLANNED)
        self._insert(_published(content))
        needs = {rule["quantity"]: (rule["scope"], rule["needs"][-1].rpartition(".")[2]) for rule in content["rules"]}
        self.plain = {quantity: needs[quantity] for quantity in PLAIN}
        measured = JUDGED + "".join(WORK_OUT)
        unknown = [quantity for quantity in needs.keys() - PLAIN.keys() if f"'{quantity}'" not in measured]
        if unknown:
            raise NotImplementedError(f"A second measure is missing: {unknown}")

    def check(self, plan: Row) -> tuple[str, set[Finding]]:
        """The verdict, and of each finding the rule, pointer, severity and the slug of the limit that binds."""
        for table in re.findall(r"CREATE TABLE (\w+)", PLANNED):
            self.sql.execute(f"DELETE FROM {table}")  # noqa: S608
        self._insert(_stated(plan, self.plain))
        for statement in WORK_OUT:
            self.sql.execute(statement)
        findings, incomplete = _judge(self.sql.execute(JUDGED))
        severities = {severity for _, _, severity, _ in findings}
        if "error" in severities:
            return "outside_limits", findings
        if "warning" in severities:
            return "needs_review", findings
        return "incomplete" if incomplete else "within_limits", findings

    def _insert(self, tables: Tables) -> None:
        for table, rows in tables.items():
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                self.sql.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608


class _Proportion:
    """Adds up `number * times / over` exactly, also where products outgrow SQL's integers; leaves out what is NULL."""

    def __init__(self) -> None:
        self.sum = Fraction(0)

    def step(self, number: int | None, times: int | None, over: int | None) -> None:
        if number is not None and times is not None and over is not None:
            self.sum += Fraction(number * times, over)

    def finalize(self) -> str:
        return str(self.sum)


def _judge(rows: Iterable[tuple[Any, ...]]) -> tuple[set[Finding], bool]:
    """The findings, and whether an essential rule misses an essential member.

    Of the limits broken at one place the one that binds hardest is told, and of those unconfirmed there the first.
    """
    broken = defaultdict(list)
    risks: dict[tuple[str, str], dict[int, list[Any]]] = defaultdict(lambda: defaultdict(list))
    unconfirmed: dict[tuple[str, str], Finding] = {}
    incomplete = False
    for row in rows:
        rule, place, slug, severity, rule_set, length, is_open, nothing, essential, certain, branch, missing, gap = row[
            :13
        ]
        if certain and is_open:
            unconfirmed.setdefault((rule, place), (rule, place, "warning", slug))
        if certain and nothing:
            continue
        incomplete |= bool(essential) and max(missing, gap) == ESSENTIAL
        room = _room(*row[13:])
        order = (SEVERITIES.index(severity), room, length, RULE_SETS.index(rule_set), slug)
        found = (order, (rule, place, severity, slug))
        if certain and room is not None and (row[15] is not None or not gap):
            broken[rule, place].append(found)
        if branch is not None and room is not None and row[15] is not None:
            risks[rule, place][branch].append(found)
            incomplete = True
    for key, branches in risks.items():
        if len(branches) == 2:  # broken whether it is a first exposure or not
            broken[key].append(max(min(several) for several in branches.values()))
    return {min(several)[1] for several in broken.values()} | set(unconfirmed.values()), incomplete


def _room(comparator: str, bound: int | None, value: Any, listed: int) -> Fraction | None:
    """How far outside a bound a value is, as a negative number, or 0 where that is no number; None when inside."""
    if value is None:
        return Fraction(0)
    if comparator in ("<=", ">="):
        room = (Fraction(value) - (bound or 0)) * (1 if comparator == ">=" else -1)
        return room if room < 0 else None
    kept = value == bound if comparator == "=" else bool(listed) is (comparator == "in")
    return None if kept else Fraction(0)


def _published(content: Content) -> Tables:
    """The rows of the published tables."""
    tables: Tables = defaultdict(list)
    for row in content["rules"]:
        pointer = f"/{row['needs'][-1]}".replace(".", "/") if row["scope"] == "plan" else None
        tables["rules"].append((row["slug"], row["quantity"], row["scope"], row["essential"], pointer))
    lists: dict[str, list[tuple[Any, ...]]] = defaultdict(list)  # of each product what limits may list, by strength
    for row in content["products"]:
        slug = row["slug"]
        kinds = {one["kind"] for strength in row["strengths"] for one in strength["containers"]}
        tables["products"].append((slug, row["sclerosant"], "canister" in kinds))
        tables["ingredients"] += [(slug, ingredient) for ingredient in (row["sclerosant"], *row["excipients"])]
        lists["jurisdictions"] += [(slug, None, jurisdiction) for jurisdiction in row["jurisdictions"]]
        for strength in row["strengths"]:
            concentration = _number(strength["concentration_percent"])
            volumes = [_number(one["volume_ml"]) for one in strength["containers"] if one["kind"] != "canister"]
            lists["strengths"].append((slug, None, concentration))
            lists["containers"] += [(slug, concentration, volume) for volume in volumes]
    tables["containers"] = lists["containers"]
    parents = {row["slug"]: row["parent"] for row in content["areas"]}
    for area in parents:
        holder = area
        while holder:
            tables["lineage"].append((area, holder))
            holder = parents[holder]
    for row in content["vein-types"]:
        if row["diameter_max_mm"]:
            over = _number(row["diameter_over_mm"]) or 0
            tables["bands"].append((row["slug"], over, _number(row["diameter_max_mm"])))
    rulings = [
        {**ruling, "condition": row["slug"], "rule": "contraindication", "comparator": "=", "value": "false"}
        for row in content["contraindications"]
        for ruling in row["rulings"]
    ]
    for n, row in enumerate([*content["session-limits"], *rulings]):
        values, values_from = row.get("values", []), row.get("values_from")
        tables["limits"].append((
            n, row["slug"], row["rule"], row["comparator"], _number(row["value"]), len(values),
            row.get("status") == "unconfirmed", row["severity"], row["rule_set"], row["jurisdiction"], row["product"],
            row["sclerosant"], _number(row.get("concentration_percent")), row["form"], row.get("vein_type"),
            row.get("area"), row.get("first_exposure"), values_from is not None, row.get("condition"),
        ))  # fmt: skip
        tables["listed"] += [(n, None, None, _number(value)) for value in values]
        tables["listed"] += [(n, *entry) for entry in lists.get(values_from or "", [])]
    return tables


def _stated(plan: Row, plain: Mapping[str, tuple[str, str]]) -> Tables:
    """The rows of what a plan states."""
    tables: Tables = defaultdict(list)
    patient, provider = plan.get("patient", {}), plan.get("provider", {})
    earlier = plan.get("previous_sessions")
    told = ("conditions" in patient, "allergies" in patient)
    weight, pause = _number(patient.get("weight_kg")), _number(patient.get("breastfeeding_pause_hours"))
    tables["plan"] = [(plan.get("jurisdiction", "US"), weight, *told, pause)]
    tables["asked"] = [(rule_set,) for rule_set in plan.get("rule_sets", RULE_SETS)]
    for scope in ("conditions", "allergies"):
        tables["entries"] += [(scope, k, entry) for k, entry in enumerate(patient.get(scope, []))]
    owners: dict[str, list[tuple[str, Row]]] = {"plan": [("/patient", patient), ("/provider", provider)]}
    # What came before and is not told is a visit of which nothing is known.
    for k, visit in enumerate([{}] if earlier is None else earlier):
        day = _day(visit.get("date"))
        tables["visits"].append((True, None if earlier is None else k, None, day, "areas" in visit))
        tables["treated"] += [(True, k, area) for area in visit.get("areas", [])]
        tables["used"] += [(True, k, day, product) for product in visit.get("products", [None])]
    for i, session in enumerate(plan["sessions"]):
        place, day = f"/sessions/{i}", _day(session.get("date"))
        tables["visits"].append((False, i, place, day, True))
        owners.setdefault("session", []).append((place, session))
        for j, treatment in enumerate(session["treatments"]):
            owners.setdefault("treatment", []).append((f"{place}/treatments/{j}", treatment))
            tables["treated"].append((False, i, treatment["area"]))
            tables["used"].append((False, i, day, treatment.get("product")))
            tables["stated"].append((i, j, f"{place}/treatments/{j}", day, *_members(treatment)))
            for group in treatment.get("injections", []):
                tables["injections"].append((i, j, group["count"], _number(group["volume_ml"])))
    for quantity, (scope, member) in plain.items():
        for place, owner in owners[scope]:
            value = _number(owner.get(member))
            pointer = f"{place}/{member}" if scope == "plan" else place
            tables["given"].append((quantity, None, pointer, value, PLAIN[quantity] if value is None else 0))
    return tables


def _members(treatment: Row) -> tuple[Any, ...]:
    """A treatment's members in the order of the table."""
    amount, containers, dose = treatment["amount"], treatment.get("containers", {}), treatment.get("test_dose", {})
    return (
        treatment["area"], treatment.get("product"), _number(treatment.get("concentration_percent")),
        treatment.get("form"), treatment.get("vein_type"), _number(treatment.get("vein_diameter_mm")),
        treatment.get("first_exposure"), amount["unit"], _number(amount["value"]),
        _number(containers.get("volume_ml")), containers.get("count"), treatment.get("injection_count"),
        _number(dose.get("volume_ml")), dose.get("observation_minutes"),
    )  # fmt: skip


def _number(value: Any) -> Any:
    """Thousandths of a number, and of 1 for true; a word as it is."""
    if value in ("true", "false"):
        return 1000 * (value == "true")
    if value is None or (isinstance(value, str) and not value.replace(".", "").isdigit()):
        return value
    return int(1000 * Decimal(str(int(value) if isinstance(value, bool) else value)))


def _day(text: str | None) -> int | None:
    return date.fromisoformat(text).toordinal() if text else None
