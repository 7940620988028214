//! What Hive printed about the tables, found between marks.

use std::collections::BTreeMap;

use super::ddl::Columns;
use super::{Root, Word, version};
use crate::exit::{Error, Result};

/// `DESCRIBE FORMATTED` of a table.
pub(super) const TABLE: &str = "table";
/// `DESCRIBE` of a `[[gold]]` query's view.
pub(super) const QUERY: &str = "query";
/// `SHOW TABLE EXTENDED` of a further gold table.
pub(super) const SHOWN: &str = "shown";
/// `SHOW PARTITIONS` of a gold table's partition.
pub(super) const PARTITION: &str = "partition";
/// The plan of reading that partition.
pub(super) const LOCATION: &str = "location";

/// Before each row of the quarantine.
pub const REJECT: &str = "sluicebox:reject";

/// Behind what was asked of a gold table.
pub(super) const END: &str = "end";

/// The line before an answer.
pub(super) fn mark(kind: &str, name: &str) -> String {
    format!("sluicebox:{kind}:{name}")
}

/// The marked answers of a script that beeline ran with `--outputformat=tsv2`.
#[derive(Debug)]
pub struct Described {
    sections: BTreeMap<String, Vec<String>>,
}

/// A table as it is in Hive.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub columns: Columns,
    pub partitions: Columns,
    pub input_format: String,
    /// Where its own folder is; empty where the answer does not say it.
    pub location: String,
    /// `None` where the answer does not say it.
    pub kind: Option<String>,
}

/// Where gold's partition lies.
#[derive(Debug, PartialEq, Eq)]
pub struct Published {
    /// The gold table.
    pub table: String,
    /// The run whose version it is; `-` where the folder is not a version's.
    pub run: String,
    /// The folder.
    pub location: String,
}

impl Described {
    /// Sorts what beeline printed under its marks.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut sections: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut current = None;
        for line in text.lines() {
            if line.starts_with("sluicebox:") {
                current = Some(sections.entry(line.trim_end().to_owned()).or_default());
            } else if let Some(lines) = &mut current {
                lines.push(line.to_owned());
            }
        }
        Self { sections }
    }

    fn section(&self, kind: &str, name: &str) -> Result<&[String]> {
        let mark = mark(kind, name);
        self.sections.get(&mark).map(Vec::as_slice).ok_or_else(|| {
            Error::Input(format!(
                "Hive's answer has no line \"{mark}\"; hand over what beeline printed for `sluicebox hql`, whole"
            ))
        })
    }

    /// A table that `prepare` has made where it wasn't there.
    pub(super) fn table(&self, name: &str) -> Result<Found> {
        let mut found = Found {
            columns: vec![],
            partitions: vec![],
            input_format: String::new(),
            location: String::new(),
            kind: None,
        };
        let mut part = Part::Columns;
        for line in self.section(TABLE, name)? {
            let mut fields = line.split('\t').map(str::trim);
            let (key, value) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
            match key {
                "# Partition Information" => part = Part::Partitions,
                "# Detailed Table Information" => part = Part::Details,
                "Table Type:" if part == Part::Details => found.kind = Some(value.to_owned()),
                "Location:" if part == Part::Details => value.clone_into(&mut found.location),
                "InputFormat:" if part == Part::Details => value.clone_into(&mut found.input_format),
                "" | "# col_name" => {}
                "col_name" if value == "data_type" => {}
                column if part == Part::Columns => found.columns.push((column.to_owned(), hive_type(value))),
                column if part == Part::Partitions => {
                    found.partitions.push((column.to_owned(), hive_type(value)));
                }
                _ => {}
            }
        }
        if part != Part::Details || found.input_format.is_empty() {
            return Err(Error::Input(format!(
                "Hive's description of {name} is cut short or of another form"
            )));
        }
        Ok(found)
    }

    /// The columns of a `[[gold]]` query.
    pub(super) fn query(&self, name: &str) -> Result<Columns> {
        let mut columns = Columns::new();
        for line in self.section(QUERY, name)? {
            let mut fields = line.split('\t').map(str::trim);
            let (key, value) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
            // Behind the columns come the partitions, which a view has not; before them a header, if shown.
            if key.starts_with('#') {
                break;
            }
            if !matches!((key, value), ("", _) | ("col_name", "data_type")) {
                columns.push((key.to_owned(), hive_type(value)));
            }
        }
        if columns.is_empty() {
            return Err(Error::Input(format!("Hive's description of the query of {name} has no columns")));
        }
        Ok(columns)
    }

    /// A further gold table; `None` where it is not there yet.
    pub(super) fn shown(&self, name: &str) -> Result<Option<Found>> {
        let mut lines = self.section(SHOWN, name)?.iter().map(|line| line.trim());
        // `_` in the name is a wildcard, so other tables may stand in the answer.
        let wanted = format!("tableName:{}", name.to_lowercase());
        if !lines.any(|line| line == wanted) {
            return Ok(None);
        }
        let own: Vec<&str> = lines.take_while(|line| !line.starts_with("tableName:")).collect();
        let value = |key: &str| own.iter().find_map(|line| line.strip_prefix(key));
        let columns = |key: &str| value(key).and_then(thrift_columns);
        let (Some(input_format), Some(found), Some(partitions)) =
            (value("inputformat:"), columns("columns:"), columns("partitionColumns:"))
        else {
            return Err(Error::Input(format!(
                "Hive's description of {name} is cut short or of another form"
            )));
        };
        let input_format = input_format.to_owned();
        Ok(Some(Found { columns: found, partitions, input_format, location: String::new(), kind: None }))
    }

    /// Where the gold tables that were asked about have their partition.
    ///
    /// # Errors
    /// Where the answer is cut short: that nothing is published must be said, not be missing.
    pub fn published(&self) -> Result<Vec<Published>> {
        let prefix = mark(PARTITION, "");
        let mut published = Vec::new();
        if !self.sections.keys().any(|section| section.starts_with(&prefix)) {
            return Err(Error::Input("Hive's answer does not say what is published".to_owned()));
        }
        for (section, lines) in &self.sections {
            let Some(table) = section.strip_prefix(&prefix) else { continue };
            self.section(END, table)?;
            if !lines.iter().any(|line| line.contains('=')) {
                continue;
            }
            // The plan shows the partition's values, then its properties, then the table's.
            let location = self
                .section(LOCATION, table)?
                .iter()
                .map(|line| line.trim())
                .skip_while(|line| *line != "partition values:")
                .find_map(|line| line.strip_prefix("location "))
                .ok_or_else(|| {
                    Error::Input(format!(
                        "{table} has the partition, but Hive's plan does not show where it lies"
                    ))
                })?;
            // The folder of a run, or of one of its loads.
            let mut folders = location.trim_end_matches('/').rsplit('/').take(2);
            let run = folders.find_map(|folder| folder.strip_prefix("run_id=")).unwrap_or("-");
            published.push(Published {
                table: table.to_owned(),
                run: run.to_owned(),
                location: location.to_owned(),
            });
        }
        Ok(published)
    }

    /// Holds what is published against what should be.
    ///
    /// # Errors
    /// `Failed`, naming every gold table that doesn't point to this load of the run.
    pub fn must_be_published(
        &self,
        tables: &[&str],
        root: &Root,
        run: &Word,
        load: Option<&Word>,
    ) -> Result<()> {
        let published = self.published()?;
        let wrong: Vec<String> = tables
            .iter()
            .filter_map(|table| {
                let found = published.iter().find(|found| found.table == *table);
                let location = version(root, table, run, load);
                match found {
                    Some(found) if same_place(&found.location, &location) => None,
                    Some(found) => Some(format!("{table} points to {}", found.location)),
                    None => Some(format!("{table} has no such partition")),
                }
            })
            .collect();
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(Error::Failed(format!("run {run} is not published: {}", wrong.join("; "))))
        }
    }
}

/// Whether two locations have the same path: Hive may spell the file system before it in another way.
pub(super) fn same_place(left: &str, right: &str) -> bool {
    let path = |location: &str| -> String {
        let path = match location.split_once(":/") {
            None => location,
            Some((_, rest)) => match rest.strip_prefix('/') {
                Some(host) => host.find('/').map_or("", |at| &host[at..]),
                None => rest,
            },
        };
        path.trim_matches('/').to_owned()
    };
    path(left) == path(right)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Columns,
    Partitions,
    Details,
}

/// A type in one spelling.
pub(super) fn hive_type(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase()
}

/// `struct columns { i64 a, decimal(18,2) b}`: the types' names are Thrift's, the commas may stand in a type.
fn thrift_columns(text: &str) -> Option<Columns> {
    let inside = text.split_once('{')?.1.trim_end().strip_suffix('}')?;
    let mut depth = 0_u32;
    let separated = inside.split(|c| {
        match c {
            '<' | '(' => depth += 1,
            '>' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    separated
        .map(str::trim)
        .filter(|column| !column.is_empty())
        .map(|column| column.rsplit_once(' ').map(|(thrift, name)| (name.to_owned(), from_thrift(thrift))))
        .collect()
}

/// Hive's name of a type that is spelled in Thrift's names; inside a struct it is `field:type`.
fn from_thrift(text: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for character in text.chars().chain(['\n']) {
        if character.is_ascii_alphanumeric() || character == '_' {
            word.push(character);
            continue;
        }
        // A field of a struct may be called like a type.
        out.push_str(match (word.as_str(), character) {
            (field, ':') => field,
            ("byte", _) => "tinyint",
            ("i16", _) => "smallint",
            ("i32", _) => "int",
            ("i64", _) => "bigint",
            ("bool", _) => "boolean",
            ("list", _) => "array",
            (other, _) => other,
        });
        word.clear();
        if !character.is_whitespace() {
            out.push(character);
        }
    }
    out.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_has_many_spellings() {
        for spelling in ["/a/b", "/a/b/", "file:/a/b", "file:///a/b", "hdfs://host:8020/a/b", "hdfs:///a/b"] {
            assert!(same_place(spelling, "/a/b"), "{spelling}");
            assert!(!same_place(spelling, "/b") && !same_place(spelling, "/a/b/c"), "{spelling}");
        }
    }
}
