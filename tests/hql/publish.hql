ALTER TABLE `default`.`Hard_reject` ADD IF NOT EXISTS PARTITION (`run_id` = '2026-01-02-1234abcd') LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/reject/run_id=2026-01-02-1234abcd';

ALTER TABLE `default`.`Hard_reject` PARTITION (`run_id` = '2026-01-02-1234abcd') SET LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/reject/run_id=2026-01-02-1234abcd';

ALTER TABLE `default`.`Hard` ADD IF NOT EXISTS PARTITION (`date` = '2026-01-02') LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/version/run_id=2026-01-02-1234abcd';

ALTER TABLE `default`.`Hard` PARTITION (`date` = '2026-01-02') SET LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/version/run_id=2026-01-02-1234abcd';

ALTER TABLE `default`.`hard_by_label` ADD IF NOT EXISTS PARTITION (`date` = '2026-01-02') LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/hard_by_label/version/run_id=2026-01-02-1234abcd';

ALTER TABLE `default`.`hard_by_label` PARTITION (`date` = '2026-01-02') SET LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/hard_by_label/version/run_id=2026-01-02-1234abcd';

SELECT 'sluicebox:partition:Hard';

SHOW PARTITIONS `default`.`Hard` PARTITION (`date` = '2026-01-02');

SELECT 'sluicebox:location:Hard';

EXPLAIN EXTENDED SELECT * FROM `default`.`Hard` WHERE `date` = '2026-01-02';

SELECT 'sluicebox:end:Hard';

SELECT 'sluicebox:partition:hard_by_label';

SHOW PARTITIONS `default`.`hard_by_label` PARTITION (`date` = '2026-01-02');

SELECT 'sluicebox:location:hard_by_label';

EXPLAIN EXTENDED SELECT * FROM `default`.`hard_by_label` WHERE `date` = '2026-01-02';

SELECT 'sluicebox:end:hard_by_label';

