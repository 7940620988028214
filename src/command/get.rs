//! `sluicebox get`: one value for a script.

use std::path::PathBuf;

use serde_json::Value;

use crate::exit::{Error, Exit, Result};
use crate::hive::gold_tables;
use crate::ledger;
use crate::spec::Spec;

/// Print one value: of a spec (table, database, partition, scope, `gold_tables`) or of a run's JSON file (its keys, joined by dots)
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sluicebox get table sales.toml          sales
  sluicebox get balanced verdict.json     true
  sluicebox get before.run load.json      2026-11-21-3fa9c1d2; an empty line for null")]
pub struct Arguments {
    /// The key, or keys joined by dots
    key: String,
    /// A spec, if its name ends in .toml; else a JSON file
    file: PathBuf,
}

/// Prints it.
///
/// # Errors
/// Where the file can't be read or has no such key.
pub fn run(arguments: &Arguments) -> Result<Exit> {
    let Arguments { key, file } = arguments;
    let value = if file.extension().is_some_and(|end| end == "toml") {
        let spec = Spec::load(file)?;
        match key.as_str() {
            "table" => spec.name,
            "database" => spec.database,
            "partition" => spec.partition,
            "scope" => match spec.dedup {
                Some(dedup) if dedup.across_partitions => "table",
                Some(_) => "run",
                None => "none",
            }
            .to_owned(),
            "gold_tables" => gold_tables(&spec).collect::<Vec<_>>().join("\n"),
            _ => {
                return Err(Error::Usage(format!(
                    "a spec has no {key}; ask for table, database, partition, scope or gold_tables"
                )));
            }
        }
    } else {
        match ledger::read(file)?.pointer(&format!("/{}", key.replace('.', "/"))) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Null) => String::new(),
            Some(value) => value.to_string(),
            None => return Err(Error::Input(format!("{} has no {key}", file.display()))),
        }
    };
    super::print(&format!("{value}\n"))
}
