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
SELECT reason, column_name, file, CAST(split_start AS BIGINT) AS split_start,
    CAST(record AS BIGINT) AS record, raw, CAST(NULL AS STRING) AS duplicate_of
FROM sluicebox_lines
WHERE reason NOT IN ('ok', 'seal');

ALTER TABLE `default`.`Hard_reject` ADD IF NOT EXISTS PARTITION (`run_id` = '2026-01-02-1234abcd') LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/reject/run_id=2026-01-02-1234abcd';

ALTER TABLE `default`.`Hard_reject` PARTITION (`run_id` = '2026-01-02-1234abcd') SET LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/reject/run_id=2026-01-02-1234abcd';

SELECT 'sluicebox:partition:Hard';

SHOW PARTITIONS `default`.`Hard` PARTITION (`date` = '2026-01-02');

SELECT 'sluicebox:location:Hard';

EXPLAIN EXTENDED SELECT * FROM `default`.`Hard` WHERE `date` = '2026-01-02';

SELECT 'sluicebox:end:Hard';

