//! What readers see: gold's partition is moved from one version to the next.

use super::quote::literal;
use super::{Run, Script, described};

/// Points a table's partition to this run's version. Where it is there, `SET LOCATION` alone changes what
/// readers see, in one operation of the metastore; where it isn't, `ADD` does.
pub(super) fn point(run: &Run, table: &str, script: &mut Script) {
    let (name, partition) = (run.table(table), run.gold_partition());
    let location = literal(&run.version(table));
    script.push(&format!("ALTER TABLE {name} ADD IF NOT EXISTS PARTITION ({partition}) LOCATION {location}"));
    script.push(&format!("ALTER TABLE {name} PARTITION ({partition}) SET LOCATION {location}"));
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
}
