"""The check of a session plan a second time, in SQL, so that a test can hold the shipped one against it.

It is made from published content alone and shares no code with `api.rules`. SQL answers a comparison with a member
that a plan leaves out by NULL, neither true nor false, and that is the question of this check: does a limit apply, or
not, or can the plan not tell? Numbers are integers: thousandths of their unit, and nanolitres for volumes. A quotient
stays one, as the text "numerator/denominator", until `Fraction` compares it.
"""

import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

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

PUBLISHED = """
-- A selector of NULL applies everywhere. A ruling on a condition is a limit, too.
CREATE TABLE rules (rule PRIMARY KEY, quantity, scope, essential, pointer);
CREATE TABLE limits (
    n INTEGER PRIMARY KEY, slug, rule, comparator, bound, length, unconfirmed, severity, rule_set, jurisdiction,
    product, sclerosant, concentration, form, vein_type, area, first_exposure, per_product, condition);
CREATE TABLE listed (n, product, concentration, value);  -- what a limit lists, if need be by product and strength
CREATE INDEX listed_by_limit ON listed (n);
CREATE TABLE products (product PRIMARY KEY, sclerosant, in_canisters);  -- these say nothing of the volume of foam
CREATE TABLE ingredients (product, ingredient);
CREATE TABLE containers (product, concentration, volume);
CREATE TABLE lineage (area, holder, PRIMARY KEY (area, holder));  -- an area holds itself
CREATE TABLE bands (vein_type, over, most);

"""

PLANNED = """
-- Stated by the plan; "told" says whether a list was sent. A visit is a session, past or planned.
CREATE TABLE plan (jurisdiction, weight, conditions_told, allergies_told, pause);
CREATE TABLE asked (rule_set);
CREATE TABLE entries (scope, k, entry);  -- of the patient's conditions and allergies
CREATE TABLE visits (past, n, place, day, areas_told);
CREATE TABLE treated (past, n, area);
CREATE TABLE used (past, n, day, product);  -- a product of NULL stands for those that were not told
CREATE TABLE stated (
    i, j, place, day, area, product, concentration, form, vein_type, diameter, first_exposure, unit, amount,
    container, container_count, injection_count, dose, dose_minutes);
CREATE TABLE injections (i, j, number, volume);

-- Worked out. A place is what a rule judges at once: a treatment, a session, a day, the plan, an entry.
-- In each table `missing` is 0, FINER (1) or ESSENTIAL (2).
CREATE TABLE treatments (
    i, j, place, day, product, sclerosant, concentration, form, vein_type, area, first_exposure, unit, amount,
    injections, nanolitres, vial, dose, dose_minutes);
CREATE TABLE places (scope, place, entry, i, j);
-- A branch is the first exposure (or not) that a limit asks for, where the plan leaves only that open.
CREATE TABLE matches (n, rule, i, j, applies, branch, missing);
CREATE TABLE held (n, quantity, comparator, place, entry, i, j, certain, branch, missing);
CREATE TABLE given (quantity, comparator, place, value, missing);

CREATE VIEW in_force AS
    SELECT limits.* FROM limits, plan
    WHERE rule_set IN (SELECT rule_set FROM asked)
        AND (limits.jurisdiction IS NULL OR limits.jurisdiction = plan.jurisdiction);

-- Each session with each other visit, and whether both treat one area, or one treats an area that holds the other's.
CREATE VIEW pairs AS
    SELECT s.n AS i, s.place, s.day AS own, v.past, v.n, v.day, CASE WHEN v.areas_told THEN EXISTS (
        SELECT 1 FROM treated AS a, treated AS b, lineage AS l
        WHERE NOT a.past AND a.n = s.n AND b.past = v.past AND b.n = v.n
            AND (l.area = a.area AND l.holder = b.area OR l.area = b.area AND l.holder = a.area)) END AS touches
    FROM visits AS s JOIN visits AS v ON NOT s.past AND (v.past OR v.n <> s.n);

-- The maximum that is published for a treatment's product: `over / times` thousandths of a mL. Where there is only a
-- dose by weight, that makes it, since a mL of a 1 % solution holds 10 mg.
CREATE VIEW maxima AS
    SELECT t.i, t.j, iif(volume, 1, 10 * t.concentration) AS times, coalesce(volume, mg_per_kg * weight) AS over,
        doubtful = 2 OR volume IS NULL AND mg_per_kg AND (weight IS NULL OR t.concentration IS NULL) AS missing
    FROM plan, treatments AS t JOIN (
        SELECT i, j, max(missing) AS doubtful,
            min(bound) FILTER (WHERE applies AND rule = 'session-volume') AS volume,
            min(bound) FILTER (WHERE applies AND rule = 'daily-dose-per-weight') AS mg_per_kg
        FROM matches JOIN limits USING (n, rule)
        WHERE rule IN ('session-volume', 'daily-dose-per-weight') AND coalesce(product, sclerosant) IS NOT NULL
        GROUP BY i, j) AS own ON own.i = t.i AND own.j = t.j;
"""

# From what a plan states to what its rules are given to judge.
WORK_OUT = (
    # A diameter settles between the vein types that have a band. A vial holds what the plan says, or the one size in
    # which the product comes, or, where no product is named, what the article says.
    """
INSERT INTO treatments
SELECT i, j, place, day, product, sclerosant, concentration, form, vein_type, area, first_exposure, unit, amount,
    coalesce(injection_count, (SELECT sum(number) FROM injections AS x WHERE x.i = s.i AND x.j = s.j)),
    amount * iif(unit = 'vial', vial, 1000), vial, dose, dose_minutes
FROM (
    SELECT i, j, place, day, area, product, concentration, form, first_exposure, unit, amount, injection_count, dose,
        dose_minutes, (SELECT sclerosant FROM products AS p WHERE p.product = stated.product) AS sclerosant,
        coalesce((SELECT b.vein_type FROM bands AS b WHERE diameter > over AND diameter <= most AND (
            stated.vein_type IS NULL OR stated.vein_type IN (SELECT vein_type FROM bands))), vein_type) AS vein_type,
        CASE WHEN product IN (SELECT product FROM products WHERE in_canisters) THEN NULL
            WHEN container IS NOT NULL THEN container
            WHEN product IS NULL THEN (SELECT bound FROM in_force WHERE rule = 'container-volume' AND comparator = '=')
            ELSE (SELECT iif(min(volume) = max(volume), min(volume), NULL) FROM containers AS c
                WHERE c.product = stated.product AND c.concentration = coalesce(stated.concentration, c.concentration))
            END AS vial
    FROM stated) AS s""",
    # Unless the plan says so: a first exposure is one before which no visit used the sclerosant. Which of two planned
    # visits comes first is open where they share their day or one has none.
    """
UPDATE treatments AS t SET first_exposure = sclerosant NOT IN (
    SELECT iif(earlier, other.sclerosant, NULL) FROM (
        SELECT iif(past, coalesce(u.day <= t.day, true), iif(u.day <> t.day, u.day < t.day, NULL)) AS earlier,
            p.sclerosant
        FROM used AS u LEFT JOIN products AS p USING (product) WHERE past OR u.n <> t.i) AS other
    WHERE earlier IS NOT false AND (earlier OR other.sclerosant IS NULL OR other.sclerosant = t.sclerosant))
WHERE first_exposure IS NULL AND product IS NOT NULL""",
    # An empty list of conditions or allergies has no place: the patient was asked and has none.
    """
INSERT INTO places
SELECT 'treatment', place, NULL, i, j FROM treatments
UNION ALL SELECT 'session', '/sessions/' || i, NULL, i, j FROM treatments
UNION ALL SELECT 'day', '/sessions/' || coalesce((SELECT min(o.i) FROM treatments AS o WHERE o.day = t.day), i), NULL,
    i, j FROM treatments AS t
UNION ALL SELECT 'plan', NULL, NULL, i, j FROM treatments
UNION ALL SELECT scope, '/patient/' || scope || '/' || k, entry, i, j FROM entries, treatments
UNION ALL SELECT 'conditions', '/patient/conditions', NULL, i, j FROM plan, treatments WHERE NOT conditions_told
UNION ALL SELECT 'allergies', '/patient/allergies', NULL, i, j FROM plan, treatments WHERE NOT allergies_told""",
    # A treatment of an area may lie in each area that it holds: a leg may mean its ankle.
    """
INSERT INTO matches
SELECT n, rule, i, j, applies AND exposed, iif(applies AND exposed IS NULL, first_exposure, NULL),
    iif(essential, 2, (applies AND exposed) IS NULL)
FROM (
    SELECT l.n, l.rule, t.i, t.j, l.first_exposure,
        l.first_exposure IS NULL OR l.first_exposure = t.first_exposure AS exposed,
        (l.product IS NULL OR l.product = t.product)
        AND (l.sclerosant IS NULL OR l.sclerosant = t.sclerosant)
        AND (l.concentration IS NULL OR l.concentration = t.concentration)
        AND (l.form IS NULL OR l.form = t.form)
        AND (l.vein_type IS NULL OR l.vein_type = t.vein_type)
        AND (l.area IS NULL OR l.area IN (SELECT holder FROM lineage WHERE area = t.area)
            OR iif(t.area IN (SELECT holder FROM lineage WHERE area = l.area), NULL, false))
        AND (NOT l.per_product OR t.product = t.product)
        -- A volume of foam of no named product is one of foam made in the clinic.
        AND NOT (l.rule = 'session-volume' AND l.form IS 'foam' AND coalesce(l.product, l.sclerosant) IS NULL
            AND coalesce(t.product IN (SELECT product FROM products WHERE in_canisters), false)) AS applies,
        t.product IS NULL AND (l.per_product OR l.product IS NOT NULL OR l.sclerosant IS NOT NULL)
        OR t.concentration IS NULL AND l.concentration IS NOT NULL
        OR t.form IS NULL AND l.form IS NOT NULL
        OR t.vein_type IS NULL AND l.vein_type IS NOT NULL AS essential
    FROM in_force AS l, treatments AS t)
WHERE (applies AND exposed) IS NOT 0""",
    """
INSERT INTO held
SELECT m.n, r.quantity, l.comparator, coalesce(p.place, r.pointer), p.entry, m.i, m.j, m.applies IS NOT NULL, m.branch,
    m.missing
FROM matches AS m JOIN rules AS r USING (rule) JOIN limits AS l USING (n)
JOIN places AS p ON p.scope = r.scope AND p.i = m.i AND p.j = m.j
WHERE l.condition IS NULL OR p.entry IS NULL OR l.condition = p.entry""",
    # What is open may come together with what surely applies.
    """
INSERT INTO held
SELECT h.n, quantity, comparator, h.place, entry, i, j, false, open.branch, 0 FROM held AS h
JOIN (SELECT DISTINCT n, place, branch FROM held WHERE NOT certain AND branch IS NOT NULL) AS open USING (n, place)
WHERE h.certain""",
    # What a place is given to judge whatever the limit. Nothing is measured where there is no row; a value of NULL
    # that misses nothing is a vial whose size is open, which is a finding.
    """
INSERT INTO given
SELECT 'area', NULL, place, area, 0 FROM treatments
UNION ALL SELECT 'vein-type', NULL, place, vein_type, 2 * (vein_type IS NULL) FROM treatments
UNION ALL SELECT 'jurisdiction', NULL, place, jurisdiction, 0 FROM plan, treatments
UNION ALL SELECT 'container-volume', '=', place, NULL, 0 FROM stated
    WHERE unit = 'vial' AND product IS NULL AND container IS NULL
UNION ALL SELECT 'container-volume', 'in', place, vial, 0 FROM stated AS s JOIN treatments AS t USING (place)
    WHERE iif(container AND coalesce(t.product NOT IN (SELECT product FROM products WHERE in_canisters), true),
        t.product IS NULL OR t.product IN (SELECT product FROM containers), t.unit = 'vial')
UNION ALL SELECT 'container-shortfall', NULL, place,
    max(0, nanolitres - 1000 * container_count * container) || '/1000', 0 FROM stated JOIN treatments USING (place)
    WHERE container_count IS NOT NULL AND nanolitres IS NOT NULL AND vial
UNION ALL SELECT 'injection-volume-sum', NULL, place, abs(1000 * sum(number * volume) - nanolitres) || '/1000', 0
    FROM treatments JOIN injections USING (i, j) WHERE nanolitres IS NOT NULL GROUP BY place
UNION ALL SELECT 'injection-volume', '<=', place, max(volume), 0
    FROM treatments JOIN injections USING (i, j) GROUP BY place
UNION ALL SELECT 'injection-volume', '>=', place, min(volume), 0
    FROM treatments JOIN injections USING (i, j) GROUP BY place
UNION ALL SELECT 'injection-volume', NULL, place, nanolitres || '/' || (1000 * injections),
    2 * (nanolitres IS NULL OR injections IS NULL)
    FROM treatments WHERE (i, j) NOT IN (SELECT i, j FROM injections)
UNION ALL SELECT 'condition', NULL, '/patient/conditions/' || k, 1000, 0 FROM entries WHERE scope = 'conditions'
UNION ALL SELECT 'condition', NULL, '/patient/conditions', NULL, 2 FROM plan WHERE NOT conditions_told
UNION ALL SELECT 'breastfeeding-pause', NULL, '/patient/breastfeeding_pause_hours', pause, pause IS NULL
    FROM plan WHERE 'breastfeeding' IN (SELECT entry FROM entries)
UNION ALL SELECT 'breastfeeding-pause', NULL, '/patient/breastfeeding_pause_hours', NULL, 2
    FROM plan WHERE NOT conditions_told""",
    # Days from the nearest earlier visit. Two planned on one day are no days apart, whichever is listed first.
    """
INSERT INTO given
SELECT quantity, NULL, place, 1000 * min(CASE WHEN touches AND (past OR day <= own) THEN abs(own - day) END) AS days,
    max(CASE WHEN own IS NULL THEN 2 WHEN touches IS NULL AND n IS NOT NULL THEN 1 ELSE 2 * (day IS NULL) END) AS gap
FROM (
    SELECT 'session-interval' AS quantity, i, place, own, past, n, day, true AS touches FROM pairs
    UNION ALL SELECT 'same-area-interval', i, place, own, past, n, day, touches FROM pairs WHERE touches IS NOT 0)
GROUP BY quantity, i HAVING days IS NOT NULL OR gap""",
)

# Each limit at each place that it applies to (certain) or may apply to, by slug, with what was measured of the
# treatments that it applies to there.
JUDGED = """
WITH measured AS (
    SELECT h.n, h.place, certain, iif(count(branch) = count(*), max(branch), NULL) AS branch,
        max(h.missing) AS missing, value, given.missing AS gap, false AS open
    FROM held AS h JOIN given USING (quantity, place)
    WHERE given.comparator IS NULL OR given.comparator = h.comparator GROUP BY h.n, h.place, certain
    UNION ALL
    SELECT h.n, h.place, certain, iif(count(branch) = count(*), max(branch), NULL), max(h.missing),
        CASE quantity
            WHEN 'session-volume' THEN coalesce(sum(nanolitres), 0) || '/1000'
            WHEN 'daily-volume' THEN coalesce(sum(nanolitres), 0) || '/1000'
            WHEN 'vial-count' THEN sum(amount) FILTER (WHERE unit = 'vial')
            WHEN 'injection-count' THEN 1000 * coalesce(sum(injections), 0)
            WHEN 'daily-dose-per-weight' THEN iif(weight, proportion(nanolitres, concentration, 100 * weight), NULL)
            WHEN 'product-share' THEN proportion(nanolitres, times, over)
            WHEN 'test-dose-volume' THEN max(dose)
            WHEN 'test-dose-observed' THEN 1000 * min(dose_minutes > 0) FILTER (WHERE dose > 0)
            WHEN 'allergen' THEN iif(allergies_told, 1000 * sum(holds), NULL)
            WHEN 'clot-risk-count' THEN iif(conditions_told, 1000 * (SELECT count(*) FROM entries
                WHERE scope = 'conditions' AND entry IN (SELECT value FROM listed WHERE listed.n = h.n)), NULL)
        END AS value,
        CASE quantity
            WHEN 'session-volume' THEN 2 * max(nanolitres IS NULL)
            WHEN 'daily-volume' THEN 2 * max(nanolitres IS NULL OR undated)
            WHEN 'injection-count' THEN 2 * max(injections IS NULL)
            WHEN 'daily-dose-per-weight' THEN 2 * max(
                weight IS NULL OR nanolitres IS NULL OR concentration IS NULL OR undated AND peers)
            WHEN 'product-share' THEN 2 * max(nanolitres IS NULL OR coalesce(doubtful, 0))
            WHEN 'test-dose-volume' THEN max(dose) IS NULL
            WHEN 'test-dose-observed' THEN max(dose_minutes IS NULL) FILTER (WHERE dose > 0)
            WHEN 'allergen' THEN 2 * (NOT allergies_told)
            WHEN 'clot-risk-count' THEN 2 * (NOT conditions_told)
            ELSE 0
        END AS gap,
        quantity = 'product-share' AND max(over IS NULL)
    FROM plan, (
        SELECT h.n, quantity, h.place, certain, branch, h.missing, i, j, product, concentration, unit, amount,
            injections, nanolitres, dose, dose_minutes, times, over, m.missing AS doubtful,
            EXISTS (SELECT 1 FROM ingredients AS x WHERE x.product = t.product AND ingredient = entry) AS holds,
            (SELECT count(*) FROM visits WHERE NOT past AND day IS NULL) AS undated,
            (SELECT count(*) FROM visits AS v  -- others that are, or may be, on the same day
                WHERE NOT past AND v.n <> t.i AND coalesce(v.day = t.day, true)) AS peers
        FROM held AS h JOIN treatments AS t USING (i, j) LEFT JOIN maxima AS m USING (i, j)
        WHERE quantity IN ('session-volume', 'daily-volume', 'vial-count', 'injection-count', 'daily-dose-per-weight',
            'product-share', 'test-dose-volume', 'test-dose-observed', 'allergen', 'clot-risk-count')) AS h
    GROUP BY h.n, h.place, certain
    HAVING CASE quantity WHEN 'vial-count' THEN value IS NOT NULL WHEN 'test-dose-observed' THEN max(dose) > 0
        WHEN 'product-share' THEN count(DISTINCT product) > 1 WHEN 'daily-volume' THEN max(peers) ELSE true END)
SELECT r.rule, m.place, slug, severity, rule_set, length, unconfirmed OR open AND NOT gap, unconfirmed, essential,
    certain, branch, m.missing, gap, l.comparator, bound, value, EXISTS (
        SELECT 1 FROM listed AS x WHERE x.n = l.n AND (x.product IS NULL OR x.product = t.product)
        AND (x.concentration IS NULL OR t.concentration IS NULL OR x.concentration = t.concentration)
        AND (x.value = m.value OR (m.value, x.value) IN (SELECT area, holder FROM lineage))) AS among
FROM measured AS m JOIN limits AS l USING (n) JOIN rules AS r USING (rule)
LEFT JOIN treatments AS t ON t.place = m.place
ORDER BY slug
"""


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
