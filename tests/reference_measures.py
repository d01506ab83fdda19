"""The SQL of the reference implementation: what is measured, and what each limit is held against.

A quotient stays one, as the text "numerator/denominator", until `Fraction` compares it. In each table `missing`, or
`gap`, is 0, FINER (1) or ESSENTIAL (2).
"""

MEASURED = (
    # What a place is given to judge whatever the limit. Nothing is measured where there is no row; a value of NULL
    # that misses nothing is one that stays open, which is a finding.
    """
INSERT INTO given
SELECT 'unruled', NULL, place, NULL, 0 FROM unruled
UNION ALL SELECT 'area', NULL, place, area, 0 FROM treatments
UNION ALL SELECT 'vein-type', NULL, place, vein_type, 2 * (vein_type IS NULL) FROM treatments
UNION ALL SELECT 'jurisdiction', NULL, place, jurisdiction, 0 FROM plan, treatments
UNION ALL SELECT 'foam-gas', NULL, s.place, gas, 2 * (gas IS NULL AND s.form IS NULL)
    FROM stated AS s JOIN treatments AS t USING (i, j) WHERE s.form IS NOT 'liquid' AND NOT in_canisters
UNION ALL SELECT 'diameter-beyond-type', NULL, s.place,
    iif(s.vein_type <> vein_is, NULL, max(0, coalesce(least, over, 0) - diameter, coalesce(diameter - most, 0))),
    iif(s.vein_type <> vein_is, 0, 2 * (s.vein_type IS NULL OR diameter IS NULL))
    FROM plan, stated AS s JOIN treatments AS t USING (i, j) LEFT JOIN bands AS b ON b.vein_type = t.vein_type
    WHERE NOT bare AND (t.vein_type IS NULL OR coalesce(least, over, most) IS NOT NULL
        OR vein_is IS NOT NULL AND s.vein_type IS NOT vein_is)
UNION ALL SELECT 'container-volume', '=', place, NULL, 0 FROM stated
    WHERE unit = 'vial' AND product IS NULL AND container IS NULL
UNION ALL SELECT 'container-volume', 'in', place, vial, 0 FROM stated AS s JOIN treatments AS t USING (place)
    WHERE iif(container AND NOT in_canisters,
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
UNION ALL SELECT 'condition', NULL, '/patient/' || list || '/' || k, 1000, 0 FROM entries WHERE scope = 'conditions'
UNION ALL SELECT 'condition', NULL, '/patient/conditions', NULL, 2 FROM plan WHERE NOT conditions_told
UNION ALL SELECT 'condition', NULL, '/patient/medications', NULL, 1 FROM plan WHERE NOT medications_told
UNION ALL SELECT 'days-since-delivery', NULL, '/patient/days_since_delivery', delivery, delivery IS NULL
    FROM plan WHERE delivery IS NOT NULL OR sex IS NOT 'male'
UNION ALL SELECT 'breastfeeding-pause', NULL, '/patient/breastfeeding_pause_hours', pause, 2 * (pause IS NULL)
    FROM plan WHERE EXISTS (SELECT 1 FROM entries JOIN limits ON entry = condition JOIN rules USING (rule)
        WHERE list = 'conditions' AND quantity = 'breastfeeding-pause')
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

# Each limit at each place and part, by slug, with what was measured of the treatments that it applies to there.
JUDGED = """
WITH part_treatments AS (
    SELECT h.n, quantity, h.place, h.day, h.span, entry, part, branch, h.missing, in_area, bound, i, j, t.product,
        t.sclerosant, t.concentration, unit, amount, injections, nanolitres, dose, dose_minutes,
        1000 + coalesce(ratio, 0) AS parts, t.form IS 'foam' AND ratio IS NULL AS ratio_open
    FROM (SELECT h.*, bound FROM held AS h JOIN limits USING (n)
        WHERE quantity IN ('session-volume', 'daily-volume', 'weekly-volume', 'vial-count', 'injection-count',
            'daily-dose-per-weight', 'product-share', 'test-dose-volume', 'test-dose-observed', 'allergen',
            'clot-risk-count', 'compression-against-condition', 'same-day-procedures')) AS h
    JOIN treatments AS t USING (i, j)),
sums AS (
    SELECT n, quantity, place, entry, part, bound,
        iif(count(branch) = count(*), max(branch), NULL) AS branch, max(p.missing) AS missing, max(in_area) AS in_area,
        proportion(nanolitres, 1, 1000) AS volume,
        max(nanolitres IS NULL) AS volume_open,
        1000 * coalesce(sum(injections), 0) AS injections,
        max(injections IS NULL) AS injections_open,
        sum(amount) FILTER (WHERE unit = 'vial') AS vials,
        iif(quantity = 'product-share', proportion(nanolitres, times, over), 0) AS share,
        iif(quantity = 'product-share', max(over IS NULL), 0) AS maximum_open,
        iif(quantity = 'product-share', max(coalesce(m.missing, 0)), 0) AS maximum_missing,
        max(count(DISTINCT product),
            count(DISTINCT coalesce(fingerprint, 0)) FILTER (WHERE product IS NOT NULL)) AS several,
        max(concentration IS NULL) AS concentration_open,
        proportion(nanolitres, 10 * concentration, parts * coalesce(weight, 30000)) AS per_weight,
        proportion(nanolitres, iif(ratio_open, 0, 10 * concentration), parts * coalesce(weight, 30000)) AS without_open,
        max(ratio_open) AS ratio_open,
        max(dose) AS dose, max(dose > 0) AS dose_planned,
        1000 * min(dose_minutes > 0) FILTER (WHERE dose > 0) AS dose_observed,
        max(dose_minutes IS NULL) FILTER (WHERE dose > 0) AS minutes_open,
        1000 * sum(p.entry IN (SELECT excipient FROM excipients AS x WHERE x.product = p.product)
            OR p.entry = sclerosant) AS holding,
        iif((SELECT count(*) FROM visits WHERE NOT past) > 1
            AND EXISTS (SELECT 1 FROM visits WHERE NOT past AND day IS NULL), 2, 0) AS undated,
        (SELECT count(*) > 1 FROM visits AS v WHERE NOT past AND v.day = p.day) AS shared,
        -- A visit before of which it is open how much of the sclerosant it gave, in the day or week. A session's own
        -- volume asks that only of visits that are told of.
        iif(span = 0, 0, max(coalesce((SELECT 2 * max(
                v.day IS NULL OR p.day IS NULL OR p.day - v.day BETWEEN 0 AND p.span - 1)
            FROM visits AS v WHERE past AND (v.n IS NOT NULL OR quantity NOT IN (
                'session-volume', 'vial-count', 'injection-count', 'product-share'))
                AND coalesce(NOT products_told OR p.sclerosant IN (
                SELECT x.sclerosant FROM used JOIN products AS x USING (product) WHERE past AND used.n = v.n)
                OR p.sclerosant IS NULL, true)), 0))) AS untold_before,
        (SELECT compression FROM visits AS v WHERE NOT past AND v.place = p.place) AS compression,
        (SELECT procedures_told FROM visits AS v WHERE NOT past AND v.place = p.place) AS procedures_told,
        -- What speaks against compression: something that the limit lists, or too low a pressure at the ankle.
        EXISTS (SELECT 1 FROM entries JOIN listed AS l ON l.value = entries.entry
            WHERE l.n = p.n AND list IN ('conditions', 'other_allergies'))
        OR EXISTS (SELECT 1 FROM in_force AS f JOIN rules AS r USING (rule) JOIN given AS g USING (quantity)
            WHERE quantity = 'ankle-brachial-index' AND g.value < f.bound) AS against
    FROM plan, part_treatments AS p LEFT JOIN maxima AS m USING (i, j)
    GROUP BY n, place, part),
measured AS (
    SELECT h.n, h.place, part, iif(count(branch) = count(*), max(branch), NULL) AS branch,
        max(h.missing) AS missing, max(in_area) AS in_area, value, given.missing AS gap, false AS at_risk, false AS open
    FROM held AS h JOIN given USING (quantity, place)
    WHERE given.comparator IS NULL OR given.comparator = h.comparator GROUP BY h.n, h.place, part
    UNION ALL
    SELECT n, place, part, branch, missing, in_area,
        CASE quantity
            WHEN 'session-volume' THEN volume
            WHEN 'daily-volume' THEN volume
            WHEN 'weekly-volume' THEN volume
            WHEN 'vial-count' THEN vials
            WHEN 'injection-count' THEN injections
            WHEN 'daily-dose-per-weight' THEN CASE WHEN weight IS NULL THEN NULL
                WHEN ratio_open AND exceeds(per_weight, bound) THEN without_open ELSE per_weight END
            WHEN 'product-share' THEN share
            WHEN 'test-dose-volume' THEN dose
            WHEN 'test-dose-observed' THEN dose_observed
            WHEN 'allergen' THEN iif(place = '/patient/allergies', NULL, coalesce(holding, 0))
            WHEN 'clot-risk-count' THEN iif(conditions_told, 1000 * (SELECT count(DISTINCT entry) FROM entries
                WHERE list IN ('conditions', 'medications')
                    AND entry IN (SELECT value FROM listed AS l WHERE l.n = sums.n)), NULL)
            WHEN 'compression-against-condition' THEN iif(against, compression, NULL)
            WHEN 'same-day-procedures' THEN iif(procedures_told, 1000 * (SELECT count(*) FROM procedures AS x
                WHERE place = '/sessions/' || x.n AND entry IN (SELECT value FROM listed AS l WHERE l.n = sums.n)),
                NULL)
        END AS value,
        CASE quantity
            WHEN 'session-volume' THEN max(2 * volume_open, undated, untold_before)
            WHEN 'daily-volume' THEN max(2 * volume_open, undated, untold_before)
            WHEN 'weekly-volume' THEN max(2 * volume_open, undated, untold_before)
            WHEN 'vial-count' THEN max(undated, untold_before)
            WHEN 'injection-count' THEN max(2 * injections_open, undated, untold_before)
            WHEN 'daily-dose-per-weight' THEN max(2 * volume_open, 2 * concentration_open, undated, untold_before,
                iif(weight IS NULL OR ratio_open AND exceeds(per_weight, bound), 2, 0))
            WHEN 'product-share' THEN max(2 * volume_open, undated, untold_before, maximum_missing)
            WHEN 'test-dose-volume' THEN 2 * (dose IS NULL)
            WHEN 'test-dose-observed' THEN 2 * minutes_open
            WHEN 'allergen' THEN 2 * (place = '/patient/allergies')
            WHEN 'clot-risk-count' THEN 2 * (NOT conditions_told)
            WHEN 'compression-against-condition' THEN 2 * (NOT against OR compression IS NULL)
            WHEN 'same-day-procedures' THEN NOT procedures_told
        END AS gap,
        quantity = 'daily-dose-per-weight' AND weight IS NULL AND exceeds(per_weight, bound) AS at_risk,
        quantity = 'product-share' AND maximum_open AS open
    FROM plan, sums
    WHERE CASE quantity
        WHEN 'vial-count' THEN vials IS NOT NULL
        WHEN 'test-dose-observed' THEN dose_planned
        WHEN 'product-share' THEN several > 1
        WHEN 'daily-volume' THEN shared OR undated OR untold_before
        WHEN 'compression-against-condition' THEN against OR NOT conditions_told AND compression IS NOT 0
            AND n IN (SELECT n FROM in_force WHERE asked)
        ELSE true END)
SELECT l.n, r.rule, m.place, part, slug, severity, rule_set, length, unconfirmed, essential, branch, m.missing, in_area,
    gap, at_risk, m.open AND NOT gap AS is_open, l.comparator, bound, value, EXISTS (
        SELECT 1 FROM listed AS x WHERE x.n = l.n AND (x.product IS NULL OR x.product = t.product)
        AND (x.concentration IS NULL OR t.concentration IS NULL OR x.concentration = t.concentration)
        AND (x.value = m.value OR (m.value, x.value) IN (SELECT area, holder FROM lineage))) AS among
FROM measured AS m JOIN limits AS l USING (n) JOIN rules AS r USING (rule)
LEFT JOIN treatments AS t ON t.place = m.place
ORDER BY slug
"""
