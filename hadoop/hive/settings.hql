-- Stands before every script of `sluicebox hql`. A site's defaults are made for people who explore;
-- none of them may bend what is loaded or counted here.

-- Names and literals are read as they are written.
SET hive.support.quoted.identifiers=column;
-- Partition columns are described apart from the others.
SET hive.display.partition.cols.separately=true;

-- Results are computed from the rows: not from statistics, an earlier result or a materialized view.
SET hive.compute.query.using.stats=false;
SET hive.query.results.cache.enabled=false;
SET hive.materializedview.rewriting=false;
SET hive.limit.optimize.enable=false;

-- A version's statistics serve nobody: gold's own partition is what readers plan with.
SET hive.stats.autogather=false;
SET hive.stats.column.autogather=false;

-- Strict modes refuse statements that are meant as they stand.
SET hive.strict.checks.no.partition.filter=false;
SET hive.strict.checks.orderby.no.limit=false;

-- The vectorized reader of text goes by the table's delimiter where the partition has another.
SET hive.vectorized.use.vector.serde.deserialize=false;

-- ORC files that are older than a column read it as NULL.
SET hive.exec.schema.evolution=true;

-- In the calendar of ORC's default the 10th of October 1582 comes back as the 20th.
SET orc.proleptic.gregorian=true;

-- Where a partition lies is read from the plan of a fetch, whatever the partition's size; and who asks for the lock
-- starts no job.
SET hive.fetch.task.conversion=more;
SET hive.fetch.task.conversion.threshold=-1;
