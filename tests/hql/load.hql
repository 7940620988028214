ALTER TABLE `default`.`Hard_temp` ADD IF NOT EXISTS PARTITION (`run_id` = '2026-01-02-1234abcd') LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/runs/2026-01-02-1234abcd/out';

ALTER TABLE `default`.`Hard_temp` PARTITION (`run_id` = '2026-01-02-1234abcd') SET LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/runs/2026-01-02-1234abcd/out';

ALTER TABLE `default`.`Hard_temp` PARTITION (`run_id` = '2026-01-02-1234abcd')
SET SERDEPROPERTIES ('field.delim' = '\u0009', 'serialization.format' = '\u0009');

CREATE TEMPORARY EXTERNAL TABLE sluicebox_lines (
    `reason` STRING,
    `column_name` STRING,
    `file` STRING,
    `split_start` STRING,
    `record` STRING,
    `raw` STRING
)
ROW FORMAT DELIMITED FIELDS TERMINATED BY '\u0009' ESCAPED BY '\u005C' LINES TERMINATED BY '\u000A' NULL DEFINED AS '\u005CN'
STORED AS TEXTFILE
LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/runs/2026-01-02-1234abcd/out';

CREATE TEMPORARY TABLE sluicebox_held STORED AS ORC AS
SELECT r.`order` AS k0, r.`label` AS k1,
    MAX(CASE WHEN r.`order` <=> g.`order`
        AND r.`select` <=> g.`select`
        AND r.`amount` <=> g.`amount`
        AND r.`big` <=> g.`big`
        AND r.`day` <=> g.`day`
        AND r.`label` <=> g.`label` THEN 1 ELSE 0 END) AS same,
    MIN(g.`date`) AS held_by
FROM (
    SELECT t.`order`, t.`select`, t.`amount`, t.`big`, t.`day`, t.`label`
    FROM `default`.`Hard_temp` t
    WHERE t.`run_id` = '2026-01-02-1234abcd' AND t.status = 'ok'
) r
JOIN `default`.`Hard` g ON r.`order` = g.`order` AND r.`label` = g.`label`
WHERE g.`date` <> '2026-01-02'
GROUP BY r.`order`, r.`label`;

CREATE TEMPORARY EXTERNAL TABLE sluicebox_rows (
    `order` BIGINT,
    `select` STRING,
    `amount` DECIMAL(18,2),
    `big` DECIMAL(38,10),
    `day` DATE,
    `label` STRING
)
STORED AS ORC
LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/version/run_id=2026-01-02-1234abcd';

INSERT OVERWRITE TABLE sluicebox_rows
SELECT r.`order`, r.`select`, r.`amount`, r.`big`, r.`day`, r.`label`
FROM (
    SELECT t.`order`, t.`select`, t.`amount`, t.`big`, t.`day`, t.`label`
    FROM `default`.`Hard_temp` t
    WHERE t.`run_id` = '2026-01-02-1234abcd' AND t.status = 'ok'
) r
LEFT JOIN sluicebox_held h ON r.`order` = h.k0 AND r.`label` = h.k1
WHERE h.held_by IS NULL;

CREATE TEMPORARY EXTERNAL TABLE sluicebox_rejects (
    `reason` STRING,
    `column_name` STRING,
    `file` STRING,
    `split_start` BIGINT,
    `record` BIGINT,
    `raw` STRING,
    `duplicate_of` STRING
)
STORED AS ORC
LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/reject/run_id=2026-01-02-1234abcd';

INSERT OVERWRITE TABLE sluicebox_rejects
SELECT q.reason, q.column_name, q.file, q.split_start, q.record, q.raw, q.duplicate_of
FROM (
SELECT reason, column_name, file, CAST(split_start AS BIGINT) AS split_start,
    CAST(record AS BIGINT) AS record, raw, CAST(NULL AS STRING) AS duplicate_of
FROM sluicebox_lines
WHERE reason NOT IN ('ok', 'seal')
UNION ALL
SELECT 'duplicate' AS reason, '' AS column_name, '' AS file, CAST(NULL AS BIGINT) AS split_start,
    CAST(NULL AS BIGINT) AS record, CONCAT_WS('\u0009',
        COALESCE(CAST(r.`order` AS STRING), '\u005CN'),
        COALESCE(REPLACE(REPLACE(r.`select`, '\u005C', '\u005C\u005C'), '\u0009', '\u005C\u0009'), '\u005CN'),
        COALESCE(CAST(r.`amount` AS STRING), '\u005CN'),
        COALESCE(CAST(r.`big` AS STRING), '\u005CN'),
        COALESCE(CAST(r.`day` AS STRING), '\u005CN'),
        COALESCE(REPLACE(REPLACE(r.`label`, '\u005C', '\u005C\u005C'), '\u0009', '\u005C\u0009'), '\u005CN')) AS raw, h.held_by AS duplicate_of
FROM (
    SELECT t.`order`, t.`select`, t.`amount`, t.`big`, t.`day`, t.`label`
    FROM `default`.`Hard_temp` t
    WHERE t.`run_id` = '2026-01-02-1234abcd' AND t.status = 'ok'
) r
JOIN sluicebox_held h ON r.`order` = h.k0 AND r.`label` = h.k1
WHERE h.same = 0
) q
DISTRIBUTE BY q.file, q.split_start
SORT BY q.file, q.split_start, q.record;

CREATE TEMPORARY EXTERNAL TABLE sluicebox_further_hard_by_label (
    `label` string,
    `from` string,
    `orders` bigint,
    `amount` decimal(28,2),
    `to` string,
    `odd` string
)
STORED AS ORC
LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/hard_by_label/version/run_id=2026-01-02-1234abcd';

INSERT OVERWRITE TABLE sluicebox_further_hard_by_label
SELECT q.`label`, q.`from`, q.`orders`, q.`amount`, q.`to`, q.`odd`
FROM (
WITH totals AS (
  SELECT label, count(*) AS orders, sum(amount) AS amount FROM (SELECT v.`order`, v.`select`, v.`amount`, v.`big`, v.`day`, v.`label` FROM sluicebox_rows v) h GROUP BY label
)
SELECT t.label, d.name AS `from`, t.orders, t.amount, '2026-01-02' AS `to`, '\u003B-\u002Dx' AS odd
FROM totals t LEFT JOIN label_dim d ON d.label = t.label
) q;

ALTER TABLE `default`.`Hard_version` ADD IF NOT EXISTS PARTITION (`run_id` = '2026-01-02-1234abcd') LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/version/run_id=2026-01-02-1234abcd';

ALTER TABLE `default`.`Hard_version` PARTITION (`run_id` = '2026-01-02-1234abcd') SET LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/version/run_id=2026-01-02-1234abcd';

ALTER TABLE `default`.`hard_by_label_version` ADD IF NOT EXISTS PARTITION (`run_id` = '2026-01-02-1234abcd') LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/hard_by_label/version/run_id=2026-01-02-1234abcd';

ALTER TABLE `default`.`hard_by_label_version` PARTITION (`run_id` = '2026-01-02-1234abcd') SET LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/hard_by_label/version/run_id=2026-01-02-1234abcd';

ALTER TABLE `default`.`Hard_reject` ADD IF NOT EXISTS PARTITION (`run_id` = '2026-01-02-1234abcd') LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/reject/run_id=2026-01-02-1234abcd';

ALTER TABLE `default`.`Hard_reject` PARTITION (`run_id` = '2026-01-02-1234abcd') SET LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/reject/run_id=2026-01-02-1234abcd';

SELECT 'sluicebox:book', b.what, b.measure, b.name, b.value
FROM (
SELECT l.what, l.measure, l.name, l.value
FROM (
SELECT COUNT(1) AS m0,
    CASE WHEN COUNT(CAST(r.`amount` AS DECIMAL(38,2))) = 0 THEN CAST(0 AS DECIMAL(38,2)) ELSE SUM(CAST(r.`amount` AS DECIMAL(38,2))) END AS m1,
    CASE WHEN COUNT(CAST(r.`big` AS DECIMAL(38,10))) = 0 THEN CAST(0 AS DECIMAL(38,10)) ELSE SUM(CAST(r.`big` AS DECIMAL(38,10))) END AS m2,
    CASE WHEN COUNT(CAST(r.`order` AS DECIMAL(38,0))) = 0 THEN CAST(0 AS DECIMAL(38,0)) ELSE SUM(CAST(r.`order` AS DECIMAL(38,0))) END AS m3,
    COUNT(1) - COUNT(r.`order`) AS m4,
    COUNT(1) - COUNT(r.`amount`) AS m5,
    COUNT(1) - COUNT(r.`big`) AS m6,
    COUNT(1) - COUNT(r.`label`) AS m7,
    COUNT(CASE WHEN h.same = 0 THEN 1 END) AS m8,
    CASE WHEN COUNT(CASE WHEN h.same = 0 THEN CAST(r.`amount` AS DECIMAL(38,2)) END) = 0 THEN CAST(0 AS DECIMAL(38,2)) ELSE SUM(CASE WHEN h.same = 0 THEN CAST(r.`amount` AS DECIMAL(38,2)) END) END AS m9,
    CASE WHEN COUNT(CASE WHEN h.same = 0 THEN CAST(r.`big` AS DECIMAL(38,10)) END) = 0 THEN CAST(0 AS DECIMAL(38,10)) ELSE SUM(CASE WHEN h.same = 0 THEN CAST(r.`big` AS DECIMAL(38,10)) END) END AS m10,
    CASE WHEN COUNT(CASE WHEN h.same = 0 THEN CAST(r.`order` AS DECIMAL(38,0)) END) = 0 THEN CAST(0 AS DECIMAL(38,0)) ELSE SUM(CASE WHEN h.same = 0 THEN CAST(r.`order` AS DECIMAL(38,0)) END) END AS m11,
    COUNT(CASE WHEN h.same = 1 THEN 1 END) AS m12,
    CASE WHEN COUNT(CASE WHEN h.same = 1 THEN CAST(r.`amount` AS DECIMAL(38,2)) END) = 0 THEN CAST(0 AS DECIMAL(38,2)) ELSE SUM(CASE WHEN h.same = 1 THEN CAST(r.`amount` AS DECIMAL(38,2)) END) END AS m13,
    CASE WHEN COUNT(CASE WHEN h.same = 1 THEN CAST(r.`big` AS DECIMAL(38,10)) END) = 0 THEN CAST(0 AS DECIMAL(38,10)) ELSE SUM(CASE WHEN h.same = 1 THEN CAST(r.`big` AS DECIMAL(38,10)) END) END AS m14,
    CASE WHEN COUNT(CASE WHEN h.same = 1 THEN CAST(r.`order` AS DECIMAL(38,0)) END) = 0 THEN CAST(0 AS DECIMAL(38,0)) ELSE SUM(CASE WHEN h.same = 1 THEN CAST(r.`order` AS DECIMAL(38,0)) END) END AS m15
FROM (
    SELECT t.`order`, t.`select`, t.`amount`, t.`big`, t.`day`, t.`label`
    FROM `default`.`Hard_temp` t
    WHERE t.`run_id` = '2026-01-02-1234abcd' AND t.status = 'ok'
) r
LEFT JOIN sluicebox_held h ON r.`order` = h.k0 AND r.`label` = h.k1
) c
LATERAL VIEW STACK(16,
    'temp', 'rows', '', CAST(c.m0 AS STRING),
    'temp', 'total', 'amount', CAST(c.m1 AS STRING),
    'temp', 'total', 'big', CAST(c.m2 AS STRING),
    'temp', 'total', 'order', CAST(c.m3 AS STRING),
    'temp', 'nulls', 'order', CAST(c.m4 AS STRING),
    'temp', 'nulls', 'amount', CAST(c.m5 AS STRING),
    'temp', 'nulls', 'big', CAST(c.m6 AS STRING),
    'temp', 'nulls', 'label', CAST(c.m7 AS STRING),
    'duplicates', 'rows', '', CAST(c.m8 AS STRING),
    'duplicates', 'total', 'amount', CAST(c.m9 AS STRING),
    'duplicates', 'total', 'big', CAST(c.m10 AS STRING),
    'duplicates', 'total', 'order', CAST(c.m11 AS STRING),
    'copies', 'rows', '', CAST(c.m12 AS STRING),
    'copies', 'total', 'amount', CAST(c.m13 AS STRING),
    'copies', 'total', 'big', CAST(c.m14 AS STRING),
    'copies', 'total', 'order', CAST(c.m15 AS STRING)
) l AS what, measure, name, value
UNION ALL
SELECT l.what, l.measure, l.name, l.value
FROM (
SELECT COUNT(1) AS m0,
    CASE WHEN COUNT(CAST(r.`amount` AS DECIMAL(38,2))) = 0 THEN CAST(0 AS DECIMAL(38,2)) ELSE SUM(CAST(r.`amount` AS DECIMAL(38,2))) END AS m1,
    CASE WHEN COUNT(CAST(r.`big` AS DECIMAL(38,10))) = 0 THEN CAST(0 AS DECIMAL(38,10)) ELSE SUM(CAST(r.`big` AS DECIMAL(38,10))) END AS m2,
    CASE WHEN COUNT(CAST(r.`order` AS DECIMAL(38,0))) = 0 THEN CAST(0 AS DECIMAL(38,0)) ELSE SUM(CAST(r.`order` AS DECIMAL(38,0))) END AS m3,
    COUNT(1) - COUNT(r.`order`) AS m4,
    COUNT(1) - COUNT(r.`amount`) AS m5,
    COUNT(1) - COUNT(r.`big`) AS m6,
    COUNT(1) - COUNT(r.`label`) AS m7
FROM sluicebox_rows r
) c
LATERAL VIEW STACK(8,
    'gold', 'rows', '', CAST(c.m0 AS STRING),
    'gold', 'total', 'amount', CAST(c.m1 AS STRING),
    'gold', 'total', 'big', CAST(c.m2 AS STRING),
    'gold', 'total', 'order', CAST(c.m3 AS STRING),
    'gold', 'nulls', 'order', CAST(c.m4 AS STRING),
    'gold', 'nulls', 'amount', CAST(c.m5 AS STRING),
    'gold', 'nulls', 'big', CAST(c.m6 AS STRING),
    'gold', 'nulls', 'label', CAST(c.m7 AS STRING)
) l AS what, measure, name, value
UNION ALL
SELECT 'rejected' AS what, reason AS measure, column_name AS name, CAST(COUNT(*) AS STRING) AS value
FROM sluicebox_rejects
GROUP BY reason, column_name
UNION ALL
SELECT 'further' AS what, 'rows' AS measure, 'hard_by_label' AS name, CAST(COUNT(*) AS STRING) AS value
FROM sluicebox_further_hard_by_label
) b;

