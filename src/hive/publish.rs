//! What readers see: gold's partition is moved from one version to the next.

use super::{Run, Script, described};

/// Points a table's partition to this run's version. Where it is there, `SET LOCATION` alone changes what
/// readers see, in one operation of the metastore; where it isn't, `ADD` does.
pub(super) fn point(run: &Run, table: &str, script: &mut Script) {
    let (name, partition) = (run.table(table), run.gold_partition());
    script.partition(&name, &partition, &run.version(table));
}

/// Asks whether a table's partition is there, and where it lies. `DESCRIBE` would fail where it isn't; a plan
/// shows both, an empty partition's place too.
pub(super) fn show(run: &Run, table: &str, script: &mut Script) {
    let (name, partition) = (run.table(table), run.gold_partition());
    script.marked(described::PARTITION, table, &format!("SHOW PARTITIONS {name} PARTITION ({partition})"));
    script.marked(
        described::LOCATION,
        table,
        &format!("EXPLAIN EXTENDED SELECT * FROM {name} WHERE {partition}"),
    );
    script.mark(described::END, table);
}
