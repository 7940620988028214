//! From temp lines to the version table and the quarantine, and the books that Hive keeps of it.

use super::quote::{literal, name};
use super::{Run, Script, ddl, gold_tables};
use crate::record::Reason;
use crate::spec::{Column, Dedup, Raw};

// Tables of the session. What is written goes through them, into folders of this load alone: a statement that outlives its
// driver, whose lock somebody took over since, finds none of the other's folders.

/// Keys of this run that other gold partitions hold.
const HELD: &str = "sluicebox_held";
/// The run's output, as reject lines.
const LINES: &str = "sluicebox_lines";
/// The version that is loaded.
pub(super) const ROWS: &str = "sluicebox_rows";
/// The quarantine that is loaded.
const REJECTS: &str = "sluicebox_rejects";

/// What stands before each line of Hive's books.
pub(super) const BOOK: &str = "sluicebox:book";

/// The run's output as a partition of the temp table. It carries its own delimiter: another spec of the table may have
/// another.
pub(super) fn temp_lines(run: &Run, script: &mut Script) {
    let partition = run.run_partition();
    script.partition(&temp(run), &partition, &out(run));
    script.push(&ddl::delimit(&format!("{} PARTITION ({partition})", temp(run)), run.spec.delimiter));
}

/// The rejects that the tasks wrote.
pub(super) fn quarantine(run: &Run, script: &mut Script) {
    reject_lines(run, script);
    load(REJECTS, &ddl::rejects(), &rejects(run), &task_rejects(), script);
}

fn reject_lines(run: &Run, script: &mut Script) {
    let lines = ddl::Format::Temp(run.spec.delimiter);
    script.push(&ddl::create_own(LINES, &ddl::reject_lines(), lines, &out(run)));
}

/// Makes the rejects of this load visible.
pub(super) fn show_quarantine(run: &Run, script: &mut Script) {
    script.partition(&reject(run), &run.run_partition(), &rejects(run));
}

/// Where the rejects of this load lie.
fn rejects(run: &Run) -> String {
    run.loaded(&format!("{}/reject", run.spec.name))
}

/// The version and the quarantine, less what other gold partitions hold where the spec asks for it.
pub(super) fn rows(run: &Run, script: &mut Script) {
    let columns = kept_list(run, "r");
    let rows = rows_of(run, "r");
    let version = |script: &mut Script, select: &str| {
        load(ROWS, &ddl::kept(run.spec), &run.version(&run.spec.name), select, script);
    };
    reject_lines(run, script);
    let Some(dedup) = across(run) else {
        version(script, &format!("SELECT {columns}\nFROM {rows}"));
        load(REJECTS, &ddl::rejects(), &rejects(run), &task_rejects(), script);
        return;
    };
    // Gold is read once; version, quarantine and books then agree on what it held at that moment.
    script.push(&held(run, dedup));
    let on = on_held(run, dedup);
    version(
        script,
        &format!("SELECT {columns}\nFROM {rows}\nLEFT JOIN {HELD} h ON {on}\nWHERE h.held_by IS NULL"),
    );
    // Sorted by place. A bare UNION ALL would write folders below the table's, which not every reader sees.
    let select = format!(
        "SELECT q.reason, q.column_name, q.file, q.split_start, q.record, q.raw, q.duplicate_of\nFROM (\n\
         {}\nUNION ALL\n\
         SELECT {} AS reason, '' AS column_name, '' AS file, CAST(NULL AS BIGINT) AS split_start,\n    \
         CAST(NULL AS BIGINT) AS record, {} AS raw, h.held_by AS duplicate_of\n\
         FROM {rows}\nJOIN {HELD} h ON {on}\nWHERE h.same = 0\n\
         ) q\nDISTRIBUTE BY q.file, q.split_start\nSORT BY q.file, q.split_start, q.record",
        task_rejects(),
        literal(Reason::Duplicate.name()),
        raw(run)
    );
    load(REJECTS, &ddl::rejects(), &rejects(run), &select, script);
}

/// Makes what was loaded partitions: the versions, and the quarantine.
pub(super) fn show(run: &Run, script: &mut Script) {
    for table in gold_tables(run.spec) {
        let versions = run.table(&format!("{table}_version"));
        script.partition(&versions, &run.run_partition(), &run.version(table));
    }
    show_quarantine(run, script);
}

/// Writes rows into a folder of this load.
pub(super) fn load(own: &str, columns: &ddl::Columns, place: &str, select: &str, script: &mut Script) {
    script.push(&ddl::create_own(own, columns, ddl::Format::Orc, place));
    script.push(&format!("INSERT OVERWRITE TABLE {own}\n{select}"));
}

/// Counts the keys of this run's version that gold holds under other dates by now; the answer is `mark` and the number.
pub(super) fn elsewhere(run: &Run, dedup: &Dedup, mark: &str, script: &mut Script) {
    script.partition(&version(run), &run.run_partition(), &run.version(&run.spec.name));
    let keys = || dedup.key.iter().map(|index| name(&run.spec.columns[*index].name));
    let of_gold: Vec<String> = keys().map(|key| format!("g.{key}")).collect();
    let on: Vec<String> = keys().map(|key| format!("r.{key} = g.{key}")).collect();
    script.push(&format!(
        "SELECT CONCAT({}, CAST(COUNT(*) AS STRING))\nFROM {} r\nJOIN (\n    SELECT {keys}\n    FROM {} g\n    \
         WHERE g.{} <> {}\n    GROUP BY {keys}\n) g ON {}\nWHERE r.{}",
        literal(mark),
        version(run),
        run.table(&run.spec.name),
        name(&run.spec.partition),
        run.date.literal(),
        on.join(" AND "),
        run.run_partition(),
        keys = of_gold.join(", "),
    ));
}

/// The session's table of a further gold table's version.
pub(super) fn further(gold: &str) -> String {
    format!("sluicebox_further_{gold}")
}

/// What Hive counts in the folders that were written, one `what, measure, name, value` a line behind a mark, for [`super::reconcile`].
pub(super) fn books(run: &Run, script: &mut Script) {
    let rows = rows_of(run, "r");
    let everything = Count { what: "temp", of: None, nulls: true };
    let mut counts = vec![everything];
    let mut from = format!("FROM {rows}");
    if let Some(dedup) = across(run) {
        from = format!("{from}\nLEFT JOIN {HELD} h ON {}", on_held(run, dedup));
        counts.push(Count { what: "duplicates", of: Some("h.same = 0"), nulls: false });
        counts.push(Count { what: "copies", of: Some("h.same = 1"), nulls: false });
    }
    let mut parts = vec![
        measures(run, &counts, &from),
        measures(run, &[Count { what: "gold", of: None, nulls: true }], &format!("FROM {ROWS} r")),
        format!(
            "SELECT 'rejected' AS what, reason AS measure, column_name AS name, CAST(COUNT(*) AS STRING) AS value\n\
             FROM {REJECTS}\nGROUP BY reason, column_name"
        ),
    ];
    for gold in &run.spec.gold {
        parts.push(format!(
            "SELECT 'further' AS what, 'rows' AS measure, {} AS name, CAST(COUNT(*) AS STRING) AS value\n\
             FROM {}",
            literal(&gold.name),
            further(&gold.name)
        ));
    }
    script.push(&format!(
        "SELECT {}, b.what, b.measure, b.name, b.value\nFROM (\n{}\n) b",
        literal(BOOK),
        parts.join("\nUNION ALL\n")
    ));
}

/// What is counted under one name: of which rows, and whether NULLs are counted too.
struct Count {
    what: &'static str,
    of: Option<&'static str>,
    nulls: bool,
}

/// Rows, exact sums and, where it is asked for, NULLs in columns that may not have any: text that Hive can't
/// read as its type becomes NULL without a word. All in one pass, then each value on a line of its own.
fn measures(run: &Run, counts: &[Count], from: &str) -> String {
    let mut values = Vec::new();
    let mut lines = Vec::new();
    let mut measure = |what: &str, measure: &str, column: &str, value: String| {
        let place = values.len();
        values.push(format!("{value} AS m{place}"));
        let [what, measure, column] = [what, measure, column].map(literal);
        lines.push(format!("    {what}, {measure}, {column}, CAST(c.m{place} AS STRING)"));
    };
    for Count { what, of, nulls } in counts {
        let only = |value: &str| match of {
            Some(condition) => format!("CASE WHEN {condition} THEN {value} END"),
            None => value.to_owned(),
        };
        measure(what, "rows", "", format!("COUNT({})", only("1")));
        for index in &run.spec.sums {
            let column = &run.spec.columns[*index].name;
            let decimal = format!("DECIMAL(38,{})", run.spec.sum_scale(*index));
            let value = only(&format!("CAST(r.{} AS {decimal})", name(column)));
            // No rows sum to nothing; NULL then means an overflow, and equals no total. A BIGINT sum would wrap.
            let sum = format!("CASE WHEN COUNT({value}) = 0 THEN CAST(0 AS {decimal}) ELSE SUM({value}) END");
            measure(what, "total", column, sum);
        }
        for column in run.spec.kept().filter(|column| *nulls && !column.nullable) {
            measure(what, "nulls", &column.name, format!("COUNT(1) - COUNT(r.{})", name(&column.name)));
        }
    }
    format!(
        "SELECT l.what, l.measure, l.name, l.value\nFROM (\nSELECT {}\n{from}\n) c\nLATERAL VIEW STACK({},\n{}\n) l AS \
         what, measure, name, value",
        values.join(",\n    "),
        lines.len(),
        lines.join(",\n")
    )
}

/// Per key of this run that another gold partition holds: whether one of the rows there is equal, and the
/// first of the partitions. One row a key, however many partitions hold it.
fn held(run: &Run, dedup: &Dedup) -> String {
    let key_column = |index: &usize| name(&run.spec.columns[*index].name);
    let keys: Vec<String> = dedup.key.iter().map(|index| format!("r.{}", key_column(index))).collect();
    let named: Vec<String> =
        keys.iter().enumerate().map(|(place, key)| format!("{key} AS k{place}")).collect();
    let on: Vec<String> = dedup.key.iter().map(|index| format!("r.{0} = g.{0}", key_column(index))).collect();
    let equal: Vec<String> =
        run.spec.kept().map(|column| format!("r.{0} <=> g.{0}", name(&column.name))).collect();
    let partition = name(&run.spec.partition);
    format!(
        "CREATE TEMPORARY TABLE {HELD} STORED AS ORC AS\n\
         SELECT {},\n    MAX(CASE WHEN {} THEN 1 ELSE 0 END) AS same,\n    MIN(g.{partition}) AS held_by\n\
         FROM {}\nJOIN {} g ON {}\nWHERE g.{partition} <> {}\nGROUP BY {}",
        named.join(", "),
        equal.join("\n        AND "),
        rows_of(run, "r"),
        run.table(&run.spec.name),
        on.join(" AND "),
        run.date.literal(),
        keys.join(", ")
    )
}

fn on_held(run: &Run, dedup: &Dedup) -> String {
    let keys: Vec<String> = dedup
        .key
        .iter()
        .enumerate()
        .map(|(place, index)| format!("r.{} = h.k{place}", name(&run.spec.columns[*index].name)))
        .collect();
    keys.join(" AND ")
}

/// A row as its temp line has it: escaped columns, joined by the delimiter; or what may be kept of it.
fn raw(run: &Run) -> String {
    let delimiter = char::from(run.spec.delimiter).to_string();
    if run.spec.raw == Raw::None {
        return "''".to_owned();
    }
    let fields: Vec<String> = run.spec.kept().map(|column| field(column, &delimiter)).collect();
    let row = format!("CONCAT_WS({},\n        {})", literal(&delimiter), fields.join(",\n        "));
    if run.spec.raw == Raw::Keep {
        return row;
    }
    // As the reject lines have it, byte by byte: a letter beyond ASCII is as many `x` as it has bytes.
    [
        ("[0-9]", "9"),
        ("[a-zA-Z]", "x"),
        ("[\\x{80}-\\x{7FF}]", "xx"),
        ("[\\x{800}-\\x{FFFF}]", "xxx"),
        ("[\\x{10000}-\\x{10FFFF}]", "xxxx"),
    ]
    .iter()
    .fold(row, |text, (pattern, structure)| {
        format!("REGEXP_REPLACE({text}, {}, {})", literal(pattern), literal(structure))
    })
}

/// A column as a field of a temp line.
fn field(column: &Column, delimiter: &str) -> String {
    let value = format!("r.{}", name(&column.name));
    let text = if column.hive_type().as_deref() == Some("STRING") {
        let slashes = format!("REPLACE({value}, {}, {})", literal("\\"), literal("\\\\"));
        format!("REPLACE({slashes}, {}, {})", literal(delimiter), literal(&format!("\\{delimiter}")))
    } else {
        // Days and numbers hold neither; a decimal keeps its scale.
        format!("CAST({value} AS STRING)")
    };
    format!("COALESCE({text}, {})", literal("\\N"))
}

/// The rows that the run's tasks let pass.
fn rows_of(run: &Run, alias: &str) -> String {
    let columns = kept_list(run, "t");
    format!(
        "(\n    SELECT {columns}\n    FROM {} t\n    WHERE t.{} AND t.status = 'ok'\n) {alias}",
        temp(run),
        run.run_partition()
    )
}

fn task_rejects() -> String {
    format!(
        "SELECT reason, column_name, file, CAST(split_start AS BIGINT) AS split_start,\n    \
         CAST(record AS BIGINT) AS record, raw, CAST(NULL AS STRING) AS duplicate_of\n\
         FROM {LINES}\nWHERE reason NOT IN ('ok', 'seal')"
    )
}

/// The columns that are written, of a table's alias.
pub(super) fn kept_list(run: &Run, alias: &str) -> String {
    let columns: Vec<String> =
        ddl::kept(run.spec).iter().map(|(column, _)| format!("{alias}.{}", name(column))).collect();
    columns.join(", ")
}

/// The key that no other partition of gold may hold, where the spec asks for that.
pub(super) fn across<'r>(run: &'r Run) -> Option<&'r Dedup> {
    run.spec.dedup.as_ref().filter(|dedup| dedup.across_partitions)
}

fn temp(run: &Run) -> String {
    run.table(&format!("{}_temp", run.spec.name))
}

/// Where the run's temp lines lie.
fn out(run: &Run) -> String {
    run.root.join(&format!("{}/runs/{}/out", run.spec.name, run.id))
}

fn reject(run: &Run) -> String {
    run.table(&format!("{}_reject", run.spec.name))
}

pub(super) fn version(run: &Run) -> String {
    run.table(&format!("{}_version", run.spec.name))
}
