ALTER TABLE `default`.`Hard_temp` DROP IF EXISTS PARTITION (`run_id` = '2026-01-02-1234abcd');

ALTER TABLE `default`.`Hard_reject` DROP IF EXISTS PARTITION (`run_id` = '2026-01-02-1234abcd');

ALTER TABLE `default`.`Hard_version` DROP IF EXISTS PARTITION (`run_id` = '2026-01-02-1234abcd');

ALTER TABLE `default`.`hard_by_label_version` DROP IF EXISTS PARTITION (`run_id` = '2026-01-02-1234abcd');

