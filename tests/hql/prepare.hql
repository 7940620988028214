CREATE EXTERNAL TABLE IF NOT EXISTS `default`.`Hard_temp` (
    `status` STRING,
    `order` BIGINT,
    `select` STRING,
    `amount` DECIMAL(18,2),
    `big` DECIMAL(38,10),
    `day` DATE,
    `label` STRING
)
PARTITIONED BY (`run_id` STRING)
ROW FORMAT DELIMITED FIELDS TERMINATED BY '\u0009' ESCAPED BY '\u005C' LINES TERMINATED BY '\u000A' NULL DEFINED AS '\u005CN'
STORED AS TEXTFILE
LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/runs'
TBLPROPERTIES ('discover.partitions' = 'false');

ALTER TABLE `default`.`Hard_temp`
SET SERDEPROPERTIES ('field.delim' = '\u0009', 'serialization.format' = '\u0009');

SELECT 'sluicebox:table:Hard_temp';

DESCRIBE FORMATTED `default`.`Hard_temp`;

CREATE EXTERNAL TABLE IF NOT EXISTS `default`.`Hard_reject` (
    `reason` STRING,
    `column_name` STRING,
    `file` STRING,
    `split_start` BIGINT,
    `record` BIGINT,
    `raw` STRING,
    `duplicate_of` STRING
)
PARTITIONED BY (`run_id` STRING)
STORED AS ORC
LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/reject'
TBLPROPERTIES ('discover.partitions' = 'false');

SELECT 'sluicebox:table:Hard_reject';

DESCRIBE FORMATTED `default`.`Hard_reject`;

CREATE EXTERNAL TABLE IF NOT EXISTS `default`.`Hard_version` (
    `order` BIGINT,
    `select` STRING,
    `amount` DECIMAL(18,2),
    `big` DECIMAL(38,10),
    `day` DATE,
    `label` STRING
)
PARTITIONED BY (`run_id` STRING)
STORED AS ORC
LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/version'
TBLPROPERTIES ('discover.partitions' = 'false');

SELECT 'sluicebox:table:Hard_version';

DESCRIBE FORMATTED `default`.`Hard_version`;

CREATE EXTERNAL TABLE IF NOT EXISTS `default`.`Hard` (
    `order` BIGINT,
    `select` STRING,
    `amount` DECIMAL(18,2),
    `big` DECIMAL(38,10),
    `day` DATE,
    `label` STRING
)
PARTITIONED BY (`date` STRING)
STORED AS ORC
LOCATION 'file:///srv/o\u0027r\u002520t\u00E9/Hard/gold'
TBLPROPERTIES ('discover.partitions' = 'false');

SELECT 'sluicebox:table:Hard';

DESCRIBE FORMATTED `default`.`Hard`;

CREATE OR REPLACE VIEW `default`.`hard_by_label_query_2026_01_02_1234abcd` AS
WITH totals AS (
  SELECT label, count(*) AS orders, sum(amount) AS amount FROM (SELECT CAST(NULL AS BIGINT) AS `order`, CAST(NULL AS STRING) AS `select`, CAST(NULL AS DECIMAL(18,2)) AS `amount`, CAST(NULL AS DECIMAL(38,10)) AS `big`, CAST(NULL AS DATE) AS `day`, CAST(NULL AS STRING) AS `label`) h GROUP BY label
)
SELECT t.label, d.name AS `from`, t.orders, t.amount, '2026-01-02' AS `to`, '\u003B-\u002Dx' AS odd
FROM totals t LEFT JOIN label_dim d ON d.label = t.label;

SELECT 'sluicebox:query:hard_by_label';

DESCRIBE `default`.`hard_by_label_query_2026_01_02_1234abcd`;

DROP VIEW IF EXISTS `default`.`hard_by_label_query_2026_01_02_1234abcd`;

SELECT 'sluicebox:shown:hard_by_label';

SHOW TABLE EXTENDED IN `default` LIKE 'hard_by_label';

SELECT 'sluicebox:shown:hard_by_label_version';

SHOW TABLE EXTENDED IN `default` LIKE 'hard_by_label_version';

SELECT 'sluicebox:partition:Hard';

SHOW PARTITIONS `default`.`Hard` PARTITION (`date` = '2026-01-02');

SELECT 'sluicebox:location:Hard';

EXPLAIN EXTENDED SELECT * FROM `default`.`Hard` WHERE `date` = '2026-01-02';

SELECT 'sluicebox:end:Hard';

