"""The check of a session plan a second time, in SQL, so that a test can hold the shipped one against it.

It is made from published content alone and shares no code with `api.rules`. The questions are in `reference_sql` and
`reference_measures`.
"""

import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cmp_to_key
from typing import Any

from tests.reference_measures import JUDGED, MEASURED
from tests.reference_sql import MATCHED, PLANNED, PUBLISHED, UNCOVERED

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
    "ankle-brachial-index": FINER,
    "eligibility": ESSENTIAL,
    "emergency-equipment": ESSENTIAL,
    "observation-minutes": ESSENTIAL,
    "compression-days": ESSENTIAL,
    "activity-pause-days": FINER,
    "concentration": ESSENTIAL,
    "vein-diameter": ESSENTIAL,
    "form": ESSENTIAL,
    "vein": FINER,
    "thermal-ablation-unsuitable": FINER,
}

# The lists of the patient, by what their entries are.
LISTS = {
    "conditions": ("conditions", "medications", "other_conditions"),
    "allergies": ("allergies", "other_allergies"),
}


class Reference:
    """A second opinion on session plans, from one release's content."""

    def __init__(self, content: Content) -> None:
        self.sql = sqlite3.connect(":memory:", isolation_level=None)
        self.sql.row_factory = sqlite3.Row
        self.sql.create_aggregate("proportion", 3, _Proportion)  # type: ignore[arg-type]
        self.sql.create_function("exceeds", 2, _exceeds, deterministic=True)
        self.sql.executescript(PUBLISHED + PLANNED)
        self._insert(_published(content))
        needs = {rule["quantity"]: (rule["scope"], rule["needs"][-1].rpartition(".")[2]) for rule in content["rules"]}
        self.plain = {quantity: needs[quantity] for quantity in PLAIN}
        measured = JUDGED + "".join(MEASURED)
        unknown = [quantity for quantity in needs.keys() - PLAIN.keys() if f"'{quantity}'" not in measured]
        if unknown:
            raise NotImplementedError(f"A second measure is missing: {unknown}")

    def look(self, plan: Row) -> tuple[set[Finding], bool]:
        """The findings, and whether, whatever they are, something leaves the plan incomplete."""
        for table in re.findall(r"CREATE TABLE (\w+)", PLANNED):
            self.sql.execute(f"DELETE FROM {table}")  # noqa: S608
        self._insert(_stated(plan, self.plain))
        for statement in (*MATCHED, *MEASURED):
            self.sql.execute(statement)
        findings, incomplete = _judge(self.sql.execute(JUDGED))
        [[uncovered]] = self.sql.execute(UNCOVERED)
        return findings, incomplete or bool(uncovered)

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


def _exceeds(value: str, bound: int | None) -> bool:
    return Fraction(value) > (bound or 0)


class _Place:
    """What one rule comes to at one place."""

    def __init__(self) -> None:
        self.broken: list[Row] = []
        self.unconfirmed: list[Row] = []
        self.branches: dict[int, list[Row]] = defaultdict(list)  # broken if it is a first exposure, and if it is not
        self.incomplete = False

    def miss(self, row: Row) -> None:
        """Note what is not known of a part, where that leaves the plan incomplete."""
        missing = max(row["missing"], row["gap"])
        self.incomplete |= bool(row["at_risk"]) or bool(row["essential"] and missing == ESSENTIAL)

    def add(self, parts: Mapping[str, Row]) -> None:
        """Add what one limit comes to, by the parts of the treatments there."""
        if applying := parts.get("sure"):
            if applying["unconfirmed"] or applying["is_open"]:
                self.unconfirmed.append(applying)
            if not applying["unconfirmed"]:
                self.miss(applying)
                if _is_broken(applying):
                    self.broken.append(applying)
        if may_apply := parts.get("open"):
            # The product tells a maximum that is open.
            self.incomplete |= bool(may_apply["essential"] and may_apply["is_open"])
            self.miss(may_apply)
            if not may_apply["in_area"] and may_apply["severity"] != "info":
                self.add_risk(may_apply, parts.get("both"))

    def add_risk(self, may_apply: Row, both: Row | None) -> None:
        if may_apply["unconfirmed"]:
            self.incomplete = True
        elif both is not None:
            self.incomplete |= bool(both["at_risk"])
            if _is_broken(both):
                self.incomplete = True
                if may_apply["branch"] is not None:
                    self.branches[may_apply["branch"]].append(both)

    def findings(self) -> list[Row]:
        """Of the limits broken the one that binds hardest, and of those without a number the first."""
        order = cmp_to_key(_harder)
        if len(self.branches) == 2:  # broken whether it is a first exposure or not
            self.broken.append(max((min(several, key=order) for several in self.branches.values()), key=order))
        return [*sorted(self.broken, key=order)[:1], *self.unconfirmed[:1]]


def _judge(rows: Iterable[Row]) -> tuple[set[Finding], bool]:
    """The findings, and whether a rule leaves the plan incomplete."""
    limits: dict[tuple[int, str], dict[str, Row]] = defaultdict(dict)
    for row in rows:
        limits[row["n"], row["place"]][row["part"]] = row
    places: dict[tuple[str, str], _Place] = defaultdict(_Place)
    for (_, place), parts in limits.items():
        first = next(iter(parts.values()))
        places[first["rule"], place].add(parts)
    findings = {
        (row["rule"], row["place"], row["severity"], row["slug"])
        for place in places.values()
        for row in place.findings()
    }
    return findings, any(place.incomplete for place in places.values())


def _is_broken(row: Row) -> bool:
    """Whether what was measured is outside; where it is unknown, whether that is so though nothing is missing."""
    return _room(row) is not None and (row["value"] is not None or not row["gap"])


def _harder(one: Row, other: Row) -> int:
    """Negative where one binds harder: by severity, room, length of its list, rule set, slug."""
    graver = SEVERITIES.index(one["severity"]) - SEVERITIES.index(other["severity"])
    if graver:
        return graver
    rooms = _room(one), _room(other)
    if rooms[0] and rooms[1] and rooms[0] != rooms[1]:
        return -1 if rooms[0] < rooms[1] else 1
    first, second = ((row["length"], RULE_SETS.index(row["rule_set"]), row["slug"]) for row in (one, other))
    return -1 if first < second else 1


def _room(row: Row) -> Fraction | None:
    """How far outside a bound a value is, as a negative number, or 0 where that is no number; None when inside."""
    comparator, bound, value = row["comparator"], row["bound"], row["value"]
    if value is None:
        return Fraction(0)
    if comparator in ("<=", ">="):
        room = (Fraction(value) - (bound or 0)) * (1 if comparator == ">=" else -1)
        return room if room < 0 else None
    kept = value == bound if comparator == "=" else bool(row["among"]) is (comparator == "in")
    return None if kept else Fraction(0)


def _published(content: Content) -> Tables:
    """The rows of the published tables."""
    tables: Tables = defaultdict(list)
    for row in content["rules"]:
        pointer = f"/{row['needs'][-1]}".replace(".", "/") if row["scope"] == "plan" else None
        tables["rules"].append((row["slug"], row["quantity"], row["scope"], row["essential"], row["topic"], pointer))
    tables["ingredients"] = [(row["slug"],) for row in content["ingredients"]]
    lists: dict[str, list[tuple[Any, ...]]] = defaultdict(list)  # of each product what limits may list, by strength
    for row in content["products"]:
        slug = row["slug"]
        kinds = {one["kind"] for strength in row["strengths"] for one in strength["containers"]}
        tables["products"].append((slug, row["sclerosant"], "canister" in kinds))
        tables["excipients"] += [(slug, excipient) for excipient in row["excipients"]]
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
        ends = ("diameter_min_mm", "diameter_over_mm", "diameter_max_mm")
        tables["veins"] += [(vein, row["slug"]) for vein in row["veins"]]
        tables["bands"].append((row["slug"], *(_number(row[end]) for end in ends)))
    [on_conditions] = [row["slug"] for row in content["rules"] if row["quantity"] == "condition"]
    rulings = [
        {**ruling, "condition": row["slug"], "rule": on_conditions, "comparator": "=", "value": "false"}
        for row in content["contraindications"]
        for ruling in row["rulings"]
    ]
    for n, row in enumerate([*content["session-limits"], *rulings]):
        values, values_from = row.get("values", []), row.get("values_from")
        direction = {"<=": 1, ">=": -1}.get(row["comparator"], 0)
        tables["limits"].append((
            n, row["slug"], row["rule"], row["comparator"], direction, _number(row["value"]), len(values),
            row.get("unit"), row.get("status") == "unconfirmed", row["severity"], row["rule_set"], row["jurisdiction"],
            row.get("always", False), row["product"], row["sclerosant"], _number(row.get("concentration_percent")),
            row["form"], row.get("vein_type"), row.get("vein"), row.get("area"), row.get("first_exposure"),
            values_from is not None, row.get("condition"), row.get("made_in_clinic", False),
            row.get("stands_in", False),
        ))  # fmt: skip
        tables["listed"] += [(n, None, None, _number(value)) for value in values]
        tables["listed"] += [(n, *entry) for entry in lists.get(values_from or "", [])]
    return tables


def _stated(plan: Row, plain: Mapping[str, tuple[str, str]]) -> Tables:
    """The rows of what a plan states."""
    tables: Tables = defaultdict(list)
    patient, provider = plan.get("patient", {}), plan.get("provider", {})
    numbers = [_number(patient.get(name)) for name in ("weight_kg", "sex", "days_since_delivery")]
    told = [name in patient for name in ("conditions", "medications", "allergies")]
    pause, before = _number(patient.get("breastfeeding_pause_hours")), plan.get("previous_sessions")
    tables["plan"] = [(plan.get("jurisdiction", "US"), _is_bare(plan), *numbers, pause, *told, before == [])]
    tables["asked"] = [(rule_set,) for rule_set in plan.get("rule_sets", RULE_SETS)]
    for scope, lists in LISTS.items():
        for name in lists:
            tables["entries"] += [(scope, name, k, entry) for k, entry in enumerate(patient.get(name, []))]
    owners: dict[str, list[tuple[str, Row]]] = {"plan": [("/patient", patient), ("/provider", provider)]}
    _state_visits(tables, before, plan["sessions"])
    owners["session"] = [(f"/sessions/{i}", session) for i, session in enumerate(plan["sessions"])]
    owners["treatment"] = [
        (f"{place}/treatments/{j}", treatment)
        for place, session in owners["session"]
        for j, treatment in enumerate(session["treatments"])
    ]
    for quantity, (scope, member) in plain.items():
        for place, owner in owners[scope]:
            value = _number(owner.get(member))
            pointer = f"{place}/{member}" if scope == "plan" else place
            tables["given"].append((quantity, None, pointer, value, PLAIN[quantity] if value is None else 0))
    return tables


def _is_bare(plan: Row) -> bool:
    """Whether the plan tells where and how much, and nothing else."""
    return (
        "patient" not in plan
        and not plan.get("previous_sessions")
        and "emergency_equipment_on_site" not in plan.get("provider", {})
        and all(session.keys() <= {"date", "treatments"} for session in plan["sessions"])
        and all(
            treatment.keys() <= {"area", "amount", "containers"}
            for session in plan["sessions"]
            for treatment in session["treatments"]
        )
    )


def _state_visits(tables: Tables, before: Iterable[Row] | None, sessions: Iterable[Row]) -> None:
    """Add past and planned visits. What came before and is not told is a visit of which nothing is known."""
    for k, visit in enumerate([{}] if before is None else before):
        day, told = _day(visit.get("date")), ("areas" in visit, "products" in visit)
        tables["visits"].append((True, None if before is None else k, None, day, *told, None, None))
        tables["treated"] += [
            (True, k, area, side) for area in visit.get("areas", []) for side in visit.get("sides", [None])
        ]
        tables["used"] += [(True, k, day, product) for product in visit.get("products", [None])]
    for i, session in enumerate(sessions):
        place, day = f"/sessions/{i}", _day(session.get("date"))
        procedures, compression = session.get("same_day_procedures"), _number(session.get("compression_days"))
        tables["visits"].append((False, i, place, day, True, True, procedures is not None, compression))
        tables["procedures"] += [(i, entry) for entry in procedures or ()]
        for j, treatment in enumerate(session["treatments"]):
            tables["treated"].append((False, i, treatment["area"], treatment.get("side")))
            tables["used"].append((False, i, day, treatment.get("product")))
            tables["stated"].append((i, j, f"{place}/treatments/{j}", day, *_members(treatment)))
            for group in treatment.get("injections", []):
                tables["injections"].append((i, j, group["count"], _number(group["volume_ml"])))


def _members(treatment: Row) -> tuple[Any, ...]:
    """A treatment's members in the order of the table."""
    amount, containers, dose = treatment["amount"], treatment.get("containers", {}), treatment.get("test_dose", {})
    foam, vein = treatment.get("foam", {}), treatment.get("vein")
    return (
        treatment["area"], treatment.get("product"), _number(treatment.get("concentration_percent")),
        treatment.get("form"), foam.get("gas"), _number(foam.get("ratio")), treatment.get("vein_type"), vein,
        None, _number(treatment.get("vein_diameter_mm")), treatment.get("first_exposure"),
        amount["unit"], _number(amount["value"]), _number(containers.get("volume_ml")), containers.get("count"),
        treatment.get("injection_count"), _number(dose.get("volume_ml")), dose.get("observation_minutes"),
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
