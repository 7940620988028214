ALTER TABLE `default`.`Hard_version` ADD IF NOT EXISTS PARTITION (`run_id` = '2026-01-02-1234abcd') LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/version/run_id=2026-01-02-1234abcd';

ALTER TABLE `default`.`Hard_version` PARTITION (`run_id` = '2026-01-02-1234abcd') SET LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/version/run_id=2026-01-02-1234abcd';

SELECT CONCAT('sluicebox:elsewhere:', CAST(COUNT(*) AS STRING))
FROM `default`.`Hard_version` r
JOIN (
    SELECT g.`order`, g.`label`
    FROM `default`.`Hard` g
    WHERE g.`date` <> '2026-01-02'
    GROUP BY g.`order`, g.`label`
) g ON r.`order` = g.`order` AND r.`label` = g.`label`
WHERE r.`run_id` = '2026-01-02-1234abcd';

