//! The tables of a spec: what they are called, what they hold, where they lie.

use super::quote::{Root, literal, name, table};
use crate::spec::Spec;

/// A column's name and its type in Hive.
pub(super) type Columns = Vec<(String, String)>;

/// How a table's files are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Temp lines with this delimiter.
    Temp(u8),
    /// ORC.
    Orc,
}

impl Format {
    /// The class that tells the formats apart in Hive's description of a table.
    pub fn input_format(self) -> &'static str {
        match self {
            Self::Temp(_) => "org.apache.hadoop.mapred.TextInputFormat",
            Self::Orc => "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat",
        }
    }

    /// As `CREATE TABLE` says it.
    fn clause(self) -> String {
        match self {
            Self::Orc => "STORED AS ORC".to_owned(),
            Self::Temp(delimiter) => format!(
                "ROW FORMAT DELIMITED FIELDS TERMINATED BY {} ESCAPED BY {} LINES TERMINATED BY {} NULL DEFINED AS {}\n\
                 STORED AS TEXTFILE",
                literal(&char::from(delimiter).to_string()),
                literal("\\"),
                literal("\n"),
                literal("\\N")
            ),
        }
    }
}

/// One table. All are external: Hive never deletes what lies under them.
#[derive(Debug)]
pub(super) struct Table<'s> {
    pub database: &'s str,
    pub name: String,
    pub columns: Columns,
    /// The one partition column; its type is STRING.
    pub partition: &'s str,
    pub format: Format,
    pub location: String,
}

impl Table<'_> {
    pub fn quoted(&self) -> String {
        table(self.database, &self.name)
    }

    pub fn create(&self) -> String {
        // Discovery would attach folders of other runs by itself, and detach ours.
        format!(
            "CREATE EXTERNAL TABLE IF NOT EXISTS {} (\n{}\n)\nPARTITIONED BY ({} STRING)\n{}\nLOCATION {}\n\
             TBLPROPERTIES ('discover.partitions' = 'false')",
            self.quoted(),
            definitions(&self.columns),
            name(self.partition),
            self.format.clause(),
            literal(&self.location)
        )
    }
}

/// A table of the session alone, over a folder that outlives it.
pub(super) fn create_own(own: &str, columns: &[(String, String)], format: Format, location: &str) -> String {
    format!(
        "CREATE TEMPORARY EXTERNAL TABLE {own} (\n{}\n)\n{}\nLOCATION {}",
        definitions(columns),
        format.clause(),
        literal(location)
    )
}

/// Gives a text table, or a partition of one, its delimiter.
pub(super) fn delimit(table: &str, delimiter: u8) -> String {
    let delimiter = literal(&char::from(delimiter).to_string());
    format!(
        "ALTER TABLE {table}\nSET SERDEPROPERTIES ('field.delim' = {delimiter}, 'serialization.format' = {delimiter})"
    )
}

/// Columns as `CREATE TABLE` and `ADD COLUMNS` take them.
pub(super) fn definitions(columns: &[(String, String)]) -> String {
    let lines: Vec<String> =
        columns.iter().map(|(column, hive_type)| format!("    {} {hive_type}", name(column))).collect();
    lines.join(",\n")
}

/// The columns that are written, typed.
pub(super) fn kept(spec: &Spec) -> Columns {
    spec.kept().filter_map(|column| Some((column.name.clone(), column.hive_type()?))).collect()
}

fn strings(names: &[&str]) -> Columns {
    names.iter().map(|name| ((*name).to_owned(), "STRING".to_owned())).collect()
}

/// The fields of a reject line.
pub(super) fn reject_lines() -> Columns {
    strings(&["reason", "column_name", "file", "split_start", "record", "raw"])
}

/// The quarantine's columns.
pub(super) fn rejects() -> Columns {
    let mut rejects = reject_lines();
    for number in &mut rejects[3..5] {
        "BIGINT".clone_into(&mut number.1);
    }
    // The other gold partition that holds the key, for a duplicate that was found there.
    rejects.extend(strings(&["duplicate_of"]));
    rejects
}

/// The spec's tables, without those of its `[[gold]]`: their columns are known to Hive alone.
pub(super) fn tables<'s>(spec: &'s Spec, root: &Root) -> [Table<'s>; 4] {
    let mut temp = strings(&["status"]);
    temp.extend(kept(spec));
    let lines = Format::Temp(spec.delimiter);
    [
        ("_temp", temp, "run_id", lines, "runs"),
        ("_reject", rejects(), "run_id", Format::Orc, "reject"),
        ("_version", kept(spec), "run_id", Format::Orc, "version"),
        ("", kept(spec), spec.partition.as_str(), Format::Orc, "gold"),
    ]
    .map(|(suffix, columns, partition, format, folder)| Table {
        database: &spec.database,
        name: format!("{}{suffix}", spec.name),
        columns,
        partition,
        format,
        location: root.join(&format!("{}/{folder}", spec.name)),
    })
}

/// The two tables of a further gold table: its versions, and what readers see.
pub(super) fn gold_tables<'s>(spec: &'s Spec, root: &Root, gold: &str, columns: &Columns) -> [Table<'s>; 2] {
    [("_version", "run_id", "version"), ("", spec.partition.as_str(), "gold")].map(
        |(suffix, partition, folder)| Table {
            database: &spec.database,
            name: format!("{gold}{suffix}"),
            columns: columns.clone(),
            partition,
            format: Format::Orc,
            location: root.join(&format!("{gold}/{folder}")),
        },
    )
}
