SELECT 'sluicebox:reject', reason, column_name, COALESCE(file, ''), COALESCE(CAST(split_start AS STRING), '') AS s, COALESCE(CAST(record AS STRING), '') AS n, BASE64(CAST(raw AS BINARY)), COALESCE(duplicate_of, '')
FROM (SELECT * FROM `default`.`Hard_reject` WHERE `run_id` = '2026-01-02-1234abcd'
ORDER BY file, split_start, record) q;

