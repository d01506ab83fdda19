"""The SQL of the reference implementation: what is published, what a plan states, which limits look at which treatment.

SQL answers a comparison with a member that a plan leaves out by NULL, neither true nor false, and that is the question
of this check: does a limit apply, or not, or can the plan not tell? Numbers are integers: thousandths of their unit,
and nanolitres for volumes. What is measured is in `reference_measures`.
"""

PUBLISHED = """
-- A selector of NULL applies everywhere. A ruling on a condition is a limit, too. A topic is a question, by the slug of
-- the rule that stands for it. A direction is 1 for an upper bound, -1 for a lower one, and 0 for what is no bound.
CREATE TABLE rules (rule PRIMARY KEY, quantity, scope, essential, topic, pointer);
CREATE TABLE limits (
    n INTEGER PRIMARY KEY, slug, rule, comparator, direction, bound, length, unit, unconfirmed, severity, rule_set,
    jurisdiction, always, product, sclerosant, concentration, form, vein_type, vein, area, first_exposure, per_product,
    condition, made_in_clinic, stands_in);
CREATE TABLE listed (n, product, concentration, value);  -- what a limit lists, if need be by product and strength
CREATE INDEX listed_by_limit ON listed (n);
CREATE INDEX listed_by_value ON listed (value);
CREATE TABLE products (product PRIMARY KEY, sclerosant, in_canisters);  -- these say nothing of the volume of foam
CREATE TABLE excipients (product, excipient);  -- none recorded: not known
CREATE TABLE containers (product, concentration, volume);
CREATE TABLE lineage (area, holder, PRIMARY KEY (area, holder));  -- an area holds itself
CREATE TABLE veins (vein PRIMARY KEY, vein_type);  -- what a named vein is
CREATE TABLE bands (vein_type, least, over, most);
CREATE TABLE ingredients (ingredient PRIMARY KEY);  -- what an allergy can be to
"""

PLANNED = """
-- Stated by the plan; "told" says whether a list was sent. A visit is a session, past or planned.
CREATE TABLE plan (
    jurisdiction, bare, weight, sex, delivery, pause, conditions_told, medications_told, allergies_told,
    nothing_before);
CREATE TABLE asked (rule_set);
CREATE TABLE entries (scope, list, k, entry);  -- of the patient's lists
CREATE TABLE visits (past, n, place, day, areas_told, products_told, procedures_told, compression);
CREATE TABLE procedures (n, entry);
CREATE TABLE treated (past, n, area, side);
CREATE TABLE used (past, n, day, product);  -- a product of NULL stands for those that were not told
CREATE TABLE stated (
    i, j, place, day, area, product, concentration, form, gas, ratio, vein_type, vein, vein_is, diameter,
    first_exposure, unit, amount, container, container_count, injection_count, dose, dose_minutes);
CREATE TABLE injections (i, j, number, volume);

-- Worked out. In each table `missing` is 0, FINER (1) or ESSENTIAL (2).
CREATE TABLE treatments (
    i, j, place, day, product, sclerosant, in_canisters, concentration, form, ratio, vein_type, vein, area,
    first_exposure, unit, amount, injections, nanolitres, vial, dose, dose_minutes, PRIMARY KEY (i, j));
-- A place is what a rule judges at once: a treatment, a session, a day, a week, the plan, an entry.
CREATE TABLE places (scope, place, day, span, entry, i, j);
CREATE INDEX places_by_treatment ON places (scope, i, j);
-- What applies to a treatment, or may. A branch is the first exposure (or not) that a limit asks for, where the plan
-- leaves only that open.
CREATE TABLE matches (n, rule, direction, i, j, applies, branch, missing, in_area);
CREATE INDEX matches_by_treatment ON matches (i, j, rule);
CREATE TABLE speaking (n, rule, i, j, asked, applies, branch, missing, in_area);  -- of limits in force
CREATE TABLE unruled (place);  -- what nothing that is in force has a word for
-- A part of the treatments at a place: those that a limit surely applies to, those that it may apply to, or both.
CREATE TABLE held (n, quantity, comparator, place, day, span, entry, i, j, part, branch, missing, in_area);
CREATE INDEX held_by_place ON held (quantity, place);
CREATE TABLE given (quantity, comparator, place, value, missing);
CREATE INDEX given_by_place ON given (quantity, place);

CREATE VIEW in_force AS
    SELECT limits.*, rule_set IN (SELECT rule_set FROM asked) AS asked FROM limits, plan
    WHERE (asked OR always) AND (limits.jurisdiction IS NULL OR limits.jurisdiction = plan.jurisdiction);

-- Entries and procedures that a limit in force lists for every treatment.
CREATE VIEW counted AS
    SELECT value AS entry FROM speaking JOIN listed USING (n) WHERE product IS NULL
    GROUP BY n, value HAVING count(*) = (SELECT count(*) FROM treatments);

-- Each session with each other visit, and whether both treat one area, or one treats an area that holds the other's.
-- A side that is not told may be either.
CREATE VIEW pairs AS
    SELECT s.n AS i, s.place, s.day AS own, v.past, v.n, v.day, CASE WHEN v.areas_told THEN EXISTS (
        SELECT 1 FROM treated AS a, treated AS b, lineage AS l
        WHERE NOT a.past AND a.n = s.n AND b.past = v.past AND b.n = v.n AND coalesce(a.side = b.side, true)
            AND (l.area = a.area AND l.holder = b.area OR l.area = b.area AND l.holder = a.area)) END AS touches
    FROM visits AS s JOIN visits AS v ON NOT s.past AND (v.past OR v.n <> s.n);

-- The maximum that is published for a treatment's product, whoever was asked: `over / times` thousandths of a mL. Where
-- there is only a dose by weight, that makes it, since a mL of a 1 % solution holds 10 mg. The fingerprint tells apart
-- treatments that have other maxima.
CREATE VIEW maxima AS
    SELECT i, j, iif(volume, 1, 10 * concentration) AS times, coalesce(volume, mg_per_kg * weight) AS over,
        fingerprint,
        max(doubtful, iif(volume IS NULL AND mg_per_kg AND (weight IS NULL OR concentration IS NULL), 2, 0)) AS missing
    FROM plan, (
        SELECT m.i, m.j, t.concentration, max(m.missing) AS doubtful, sum(DISTINCT n * n * n) AS fingerprint,
            min(bound) FILTER (WHERE applies AND bound AND quantity = 'session-volume') AS volume,
            min(bound) FILTER (WHERE applies AND bound AND quantity = 'daily-dose-per-weight') AS mg_per_kg
        FROM matches AS m JOIN limits USING (n) JOIN rules AS r ON r.rule = m.rule JOIN treatments AS t USING (i, j)
        WHERE quantity IN ('session-volume', 'daily-dose-per-weight') AND topic IS NOT NULL AND NOT unconfirmed
            AND rule_set IN ('label', 'policy') AND coalesce(limits.product, limits.sclerosant) IS NOT NULL
        GROUP BY m.i, m.j);
"""

# From what a plan states to which limits look at which treatments.
MATCHED = (
    "UPDATE stated SET vein_is = (SELECT vein_type FROM veins WHERE veins.vein = stated.vein)",
    # The vein type is as stated, else what the named vein is, else that whose band holds the diameter. A vial holds
    # what the plan says, or the one size in which the product comes, or, where no product is named, what the article
    # says.
    """
INSERT INTO treatments
SELECT i, j, place, day, product, sclerosant, coalesce(in_canisters, false), concentration, form, ratio, vein_type,
    vein, area, first_exposure, unit, amount,
    coalesce(injection_count, (SELECT sum(number) FROM injections AS x WHERE x.i = s.i AND x.j = s.j)),
    amount * iif(unit = 'vial', vial, 1000), vial, dose, dose_minutes
FROM (
    SELECT i, j, place, day, area, stated.product, concentration, form, ratio, vein, first_exposure, unit, amount,
        injection_count, dose, dose_minutes, sclerosant, in_canisters,
        coalesce(stated.vein_type, vein_is, (SELECT b.vein_type FROM bands AS b
            WHERE diameter > coalesce(over, 0) AND diameter <= most)) AS vein_type,
        CASE WHEN in_canisters THEN NULL
            WHEN container IS NOT NULL THEN container
            WHEN stated.product IS NULL THEN (
                SELECT bound FROM in_force JOIN rules USING (rule)
                WHERE quantity = 'container-volume' AND stands_in AND asked)
            ELSE (SELECT iif(min(volume) = max(volume), min(volume), NULL) FROM containers AS c
                WHERE c.product = stated.product AND c.concentration = coalesce(stated.concentration, c.concentration))
            END AS vial
    FROM stated LEFT JOIN products USING (product)) AS s""",
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
    # Sessions of one date are one day, and those of seven dates a week, told at the first session of the last date. An
    # undated session is alone. An empty list has no place: the patient was asked and has none.
    """
INSERT INTO places
WITH days AS (SELECT day, '/sessions/' || min(i) AS place FROM treatments WHERE day IS NOT NULL GROUP BY day)
SELECT 'treatment', place, day, 0, NULL, i, j FROM treatments
UNION ALL SELECT 'session', '/sessions/' || i, day, 0, NULL, i, j FROM treatments
UNION ALL SELECT scope, coalesce(days.place, '/sessions/' || i), days.day, span, NULL, i, j
    FROM treatments AS t, (SELECT 'day' AS scope, 1 AS span UNION ALL SELECT 'week', 7)
    LEFT JOIN days ON days.day BETWEEN t.day AND t.day + span - 1
UNION ALL SELECT 'plan', NULL, NULL, 0, NULL, i, j FROM treatments
UNION ALL SELECT scope, '/patient/' || list || '/' || k, NULL, 0, entry, i, j FROM entries, treatments
UNION ALL SELECT 'conditions', '/patient/conditions', NULL, 0, NULL, i, j FROM plan, treatments
    WHERE NOT conditions_told
UNION ALL SELECT 'conditions', '/patient/medications', NULL, 0, NULL, i, j FROM plan, treatments
    WHERE NOT medications_told
UNION ALL SELECT 'allergies', '/patient/allergies', NULL, 0, NULL, i, j FROM plan, treatments
    WHERE NOT allergies_told""",
    # A treatment of an area may lie in each area that it holds: a leg may mean its ankle.
    """
INSERT INTO matches
SELECT n, rule, direction, i, j, applies AND exposed, iif(applies AND exposed IS NULL, first_exposure, NULL),
    iif(essential, 2, (applies AND exposed) IS NULL), inside IS NULL
FROM (
    SELECT l.n, l.rule, l.direction, t.i, t.j, l.first_exposure,
        l.first_exposure IS NULL OR l.first_exposure = t.first_exposure AS exposed,
        (l.product IS NULL OR l.product = t.product)
        AND (l.sclerosant IS NULL OR l.sclerosant = t.sclerosant)
        AND (l.concentration IS NULL OR l.concentration = t.concentration)
        AND (l.form IS NULL OR l.form = t.form)
        AND (l.vein_type IS NULL OR l.vein_type = t.vein_type)
        AND coalesce(l.vein = t.vein, true)  -- a vein that is not named is held to what holds for each
        AND (NOT l.per_product OR t.product = t.product)
        -- A volume of foam of no named product is one of foam made in the clinic.
        AND NOT (l.unit IS 'mL' AND l.form IS 'foam' AND coalesce(l.product, l.sclerosant) IS NULL AND t.in_canisters)
        AND inside AS applies,
        t.product IS NULL AND (l.per_product OR l.product IS NOT NULL OR l.sclerosant IS NOT NULL)
        OR t.concentration IS NULL AND l.concentration IS NOT NULL
        OR t.form IS NULL AND l.form IS NOT NULL
        OR t.vein_type IS NULL AND l.vein_type IS NOT NULL AS essential,
        inside
    FROM (
        SELECT *, area IS NULL OR area IN (SELECT holder FROM lineage WHERE area = a)
            OR iif(a IN (SELECT holder FROM lineage WHERE area = limits.area), NULL, false) AS inside
        FROM limits, (SELECT DISTINCT area AS a FROM treatments)) AS l
    JOIN plan AS p ON l.jurisdiction IS NULL OR l.jurisdiction = p.jurisdiction
    JOIN treatments AS t ON t.area = l.a)
WHERE (applies AND exposed) IS NOT 0""",
    # A limit that is in force whatever is asked must surely apply, unless it was asked for. One without a number does
    # not speak where one with a number does, or may, asked for or not.
    """
INSERT INTO speaking
SELECT m.n, m.rule, m.i, m.j, asked, applies, branch, missing, in_area FROM matches AS m JOIN in_force USING (n)
WHERE (asked OR applies) AND NOT (unconfirmed AND EXISTS (
    SELECT 1 FROM matches AS o JOIN limits AS l USING (n)
    WHERE o.i = m.i AND o.j = m.j AND o.rule = m.rule AND o.direction = m.direction AND NOT l.unconfirmed
        AND l.rule_set IN ('label', 'policy') AND coalesce(l.product, l.sclerosant) IS NOT NULL))""",
    # A condition is ruled on where for every treatment a ruling is, or may be, about it. An allergy is where it is
    # counted, or is looked for in products of which it is known what they hold. A procedure, where counted.
    """
INSERT INTO unruled
SELECT '/patient/' || list || '/' || k FROM entries AS e WHERE scope = 'conditions' AND EXISTS (
    SELECT 1 FROM treatments AS t WHERE NOT EXISTS (
        SELECT 1 FROM in_force AS l JOIN rules USING (rule) WHERE quantity = 'condition' AND l.condition = e.entry
            AND coalesce(l.product = t.product, true) AND coalesce(l.sclerosant = t.sclerosant, true)
            AND coalesce(l.form = t.form, true)))
UNION ALL
SELECT '/patient/' || list || '/' || k FROM entries WHERE scope = 'allergies'
    AND entry NOT IN (SELECT entry FROM counted)
    AND NOT (entry IN (SELECT ingredient FROM ingredients)
        AND EXISTS (SELECT 1 FROM in_force JOIN rules USING (rule) WHERE quantity = 'allergen' AND NOT always)
        AND (entry IN (SELECT sclerosant FROM products) OR NOT EXISTS (
            SELECT 1 FROM treatments WHERE product NOT IN (SELECT product FROM excipients))))
UNION ALL
SELECT DISTINCT '/sessions/' || n FROM procedures WHERE entry NOT IN (SELECT entry FROM counted)""",
    # Of a condition, the rulings on it; the one limit on none asks whether there are any.
    """
INSERT INTO held
SELECT s.n, iif(always AND quantity IN ('condition', 'allergen', 'same-day-procedures'), 'unruled', quantity),
    comparator, coalesce(place, pointer), day, span, entry, i, j, iif(applies, 'sure', 'open'), branch, missing, in_area
FROM speaking AS s JOIN rules AS r USING (rule) JOIN limits AS l USING (n) JOIN places AS p USING (scope, i, j)
WHERE l.condition IS NULL OR entry IS NULL OR l.condition = entry""",
    # If a limit applies to what is open, it applies to that together with what it surely applies to.
    """
INSERT INTO held
SELECT n, quantity, comparator, place, day, span, entry, i, j, 'both', NULL, 0, 0 FROM held
WHERE (n, place) IN (SELECT n, place FROM held WHERE part = 'open')""",
)

# Whether there is a question on which nothing that was asked for looks at a treatment. Of a list, only where it has no
# entry; of the interval, only where there is more than one visit; of a plan that tells amounts alone, only the volume.
UNCOVERED = """
SELECT EXISTS (
    SELECT 1 FROM rules AS q, treatments AS t, plan
    WHERE q.topic = q.rule
        AND NOT (bare AND quantity <> 'session-volume')
        AND NOT (quantity = 'session-interval' AND nothing_before AND (SELECT count(*) FROM visits) = 1)
        AND q.scope NOT IN (SELECT list FROM entries)
        AND NOT EXISTS (
            SELECT 1 FROM speaking AS s JOIN rules AS r USING (rule)
            WHERE s.i = t.i AND s.j = t.j AND s.asked AND r.topic = q.rule))
"""
