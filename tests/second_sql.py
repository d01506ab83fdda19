"""The SQL of the second implementation: what is published, what a plan states, and from these to what is judged.

SQL answers a comparison with a member that a plan leaves out by NULL, neither true nor false, and that is the question
of this check: does a limit apply, or not, or can the plan not tell? Numbers are integers: thousandths of their unit,
and nanolitres for volumes. A quotient stays one, as the text "numerator/denominator", until `Fraction` compares it.
"""

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
