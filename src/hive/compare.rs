//! Holds the tables in Hive against the spec: columns added at the end are followed, all else is refused.

use super::described::{Found, hive_type, same_place};
use super::{Described, Query, Root, SETTINGS, ddl, quote};
use crate::exit::{Error, Result};
use crate::spec::Spec;

/// The statements that make the tables follow the spec; empty where they do already.
///
/// # Errors
/// `Usage` with a line for each difference that a table can't follow; `Input` where the answer is cut short.
pub fn compare(spec: &Spec, queries: &[Query], root: &Root, described: &Described) -> Result<String> {
    let mut differences = Vec::new();
    let mut statements = Vec::new();
    for table in ddl::tables(spec, root) {
        let found = described.table(&table.name)?;
        // Gold itself may lie anywhere. The others are this pipeline's: two roots would each have a ledger of
        // their own, and neither would know what the other publishes.
        if table.name != spec.name && !same_place(&found.location, &table.location) {
            differences.push(format!(
                "{}: it lies in {}, not in {}; use the root that it was made with, or move the table by ALTER TABLE ... SET LOCATION",
                table.name, found.location, table.location
            ));
        }
        statements.extend(follow(&table, &found, "spec", &mut differences));
    }
    for query in queries {
        let columns = described.query(&query.name)?;
        for table in ddl::gold_tables(spec, root, &query.name, &columns) {
            refuse_columns(&table, &mut differences);
            match described.shown(&table.name)? {
                Some(found) => statements.extend(follow(&table, &found, "query", &mut differences)),
                None => statements.push(table.create()),
            }
        }
    }
    if !differences.is_empty() {
        let count = match differences.len() {
            1 => "1 difference".to_owned(),
            count => format!("{count} differences"),
        };
        return Err(Error::Usage(format!(
            "{count} between Hive's tables and the spec that no ALTER TABLE can follow\n{}",
            differences.join("\n")
        )));
    }
    if statements.is_empty() {
        return Ok(String::new());
    }
    let database = quote::name(&spec.database);
    Ok(format!("{SETTINGS}\nUSE {database};\n\n{};\n", statements.join(";\n\n")))
}

/// What a query must not return.
fn refuse_columns(table: &ddl::Table, differences: &mut Vec<String>) {
    for (column, hive_type) in &table.columns {
        let why = if column.eq_ignore_ascii_case(table.partition) {
            "is its partition's name; leave it out of the query"
        } else if hive_type == "void" {
            "is NULL without a type; write CAST(NULL AS ...)"
        } else if column.strip_prefix("_c").is_some_and(|number| number.parse::<u32>().is_ok()) {
            "has no name; give it one with AS"
        } else {
            continue;
        };
        differences.push(format!("{}: column `{column}` of the query {why}", table.name));
    }
}

/// The statement that adds what is missing at the end; every other difference is noted.
fn follow(table: &ddl::Table, found: &Found, wish: &str, differences: &mut Vec<String>) -> Option<String> {
    let mut differ = |what: String| differences.push(format!("{}: {what}", table.name));
    if found.kind.as_deref().is_some_and(|kind| kind != "EXTERNAL_TABLE") {
        differ(format!(
            "it is a {}, not an external table, so Hive would delete versions with it; make it external",
            found.kind.as_deref().unwrap_or_default()
        ));
    }
    if found.input_format != table.format.input_format() {
        differ(format!(
            "it is read by {}, not by {}; make it anew under another name",
            found.input_format,
            table.format.input_format()
        ));
    }
    let partitions = [(table.partition.to_lowercase(), "string".to_owned())];
    if found.partitions != partitions {
        let list: Vec<String> =
            found.partitions.iter().map(|(name, hive_type)| format!("{name} {hive_type}")).collect();
        let list = if list.is_empty() { "nothing".to_owned() } else { list.join(", ") };
        differ(format!("it is partitioned by {list}, not by {} string", partitions[0].0));
    }
    let wanted: Vec<(String, String)> =
        table.columns.iter().map(|(name, text)| (name.to_lowercase(), hive_type(text))).collect();
    let before = differences.len();
    columns(&table.name, &wanted, &found.columns, wish, differences);
    let added = table.columns.get(found.columns.len()..).filter(|added| !added.is_empty())?;
    (differences.len() == before).then(|| {
        let definitions = ddl::definitions(added);
        // Partitions have columns of their own: without CASCADE the old ones would hide the new column.
        format!("ALTER TABLE {} ADD COLUMNS (\n{definitions}\n) CASCADE", table.quoted())
    })
}

/// One line for each column that is not where, or what, it should be.
fn columns(
    table: &str,
    wanted: &[(String, String)],
    found: &[(String, String)],
    wish: &str,
    differences: &mut Vec<String>,
) {
    let mut differ = |what: String| differences.push(format!("{table}: {what}"));
    let place = |list: &[(String, String)], name: &str| list.iter().position(|(other, _)| other == name);
    for (at, (name, hive_type)) in wanted.iter().enumerate() {
        match place(found, name) {
            Some(there) if there != at => differ(format!(
                "column `{name}` is number {} in the table and {} in the {wish}; columns can't move",
                there + 1,
                at + 1
            )),
            Some(there) if found[there].1 != *hive_type => differ(format!(
                "column `{name}` is {} in the table and {hive_type} in the {wish}; a type can't change, add a \
                 column of another name at the end",
                found[there].1
            )),
            None if at < found.len() => {
                differ(format!("column `{name}` is new and not at the end; put it behind all others"));
            }
            _ => {}
        }
    }
    for (name, _) in found {
        if place(wanted, name).is_none() {
            differ(format!(
                "column `{name}` is in the table and not in the {wish}; a column can't be removed or renamed"
            ));
        }
    }
}
