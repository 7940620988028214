ALTER TABLE `default`.`Hard_temp` ADD IF NOT EXISTS PARTITION (`run_id` = '2026-01-02-1234abcd') LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/runs/2026-01-02-1234abcd/out';

ALTER TABLE `default`.`Hard_temp` PARTITION (`run_id` = '2026-01-02-1234abcd') SET LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/runs/2026-01-02-1234abcd/out';

ALTER TABLE `default`.`Hard_temp` PARTITION (`run_id` = '2026-01-02-1234abcd')
SET SERDEPROPERTIES ('field.delim' = '\u0009', 'serialization.format' = '\u0009');

ALTER TABLE `default`.`Hard_temp_reject` ADD IF NOT EXISTS PARTITION (`run_id` = '2026-01-02-1234abcd') LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/runs/2026-01-02-1234abcd/out';

ALTER TABLE `default`.`Hard_temp_reject` PARTITION (`run_id` = '2026-01-02-1234abcd') SET LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/runs/2026-01-02-1234abcd/out';

ALTER TABLE `default`.`Hard_temp_reject` PARTITION (`run_id` = '2026-01-02-1234abcd')
SET SERDEPROPERTIES ('field.delim' = '\u0009', 'serialization.format' = '\u0009');

ALTER TABLE `default`.`Hard_reject` ADD IF NOT EXISTS PARTITION (`run_id` = '2026-01-02-1234abcd') LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/reject/run_id=2026-01-02-1234abcd';

ALTER TABLE `default`.`Hard_reject` PARTITION (`run_id` = '2026-01-02-1234abcd') SET LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/reject/run_id=2026-01-02-1234abcd';

INSERT OVERWRITE TABLE `default`.`Hard_reject` PARTITION (`run_id` = '2026-01-02-1234abcd')
SELECT reason, column_name, file, CAST(split_start AS BIGINT) AS split_start,
    CAST(record AS BIGINT) AS record, raw, CAST(NULL AS STRING) AS duplicate_of
FROM `default`.`Hard_temp_reject`
WHERE `run_id` = '2026-01-02-1234abcd' AND reason NOT IN ('ok', 'seal');

SELECT 'sluicebox:partition:Hard';

SHOW PARTITIONS `default`.`Hard` PARTITION (`date` = '2026-01-02');

SELECT 'sluicebox:location:Hard';

EXPLAIN EXTENDED SELECT * FROM `default`.`Hard` WHERE `date` = '2026-01-02';

SELECT 'sluicebox:end:Hard';

