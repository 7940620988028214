//! `sluicebox event` and `metrics`: what a run did, for logs, for people's commands and for Prometheus.

use std::ffi::OsString;
use std::path::PathBuf;

use chrono::{SecondsFormat, Utc};
use clap::ValueEnum;
use serde_json::{Map, Value};

use crate::exit::{Error, Exit, Result};
use crate::ledger;
use crate::metrics::{self, Metrics};

/// Print one line of JSON: when, which event, and its fields
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  sluicebox event finished step=land seconds=1.5    {\"at\":\"2026-11-21T03:00:00.123Z\",\"event\":\"finished\",\"step\":\"land\",…}

A field without a value is left out; one that is a plain number is a number.")]
pub struct Event {
    /// What happened
    name: String,
    /// What is to be said of it
    #[arg(value_name = "KEY=VALUE")]
    fields: Vec<OsString>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Outcome {
    Success,
    Failure,
}

/// Print a table's metrics in Prometheus' text format
#[derive(Debug, clap::Args)]
pub struct Show {
    /// The table
    #[arg(long)]
    table: String,
    /// How the run ended
    #[arg(long)]
    outcome: Outcome,
    /// The run's events, as `event` writes them
    #[arg(long, value_name = "FILE")]
    events: PathBuf,
    /// The metrics before: what this run says nothing of stays
    #[arg(long, value_name = "FILE")]
    former: Option<PathBuf>,
    /// The validator's verdict
    #[arg(long, value_name = "FILE")]
    verdict: Option<PathBuf>,
    /// Hive's reconciled counts
    #[arg(long, value_name = "FILE")]
    load: Option<PathBuf>,
}

/// Prints the event.
///
/// # Errors
/// A field without `=`.
pub fn event(arguments: &Event) -> Result<Exit> {
    let mut line = Map::new();
    line.insert("at".to_owned(), Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true).into());
    line.insert("event".to_owned(), arguments.name.clone().into());
    // A message may quote a file's name, or its bytes: what is no UTF-8 in it shows as U+FFFD.
    for field in arguments.fields.iter().map(|field| field.to_string_lossy()) {
        let (key, text) = field
            .split_once('=')
            .ok_or_else(|| Error::Usage(format!("{field} is no field; write it as KEY=VALUE")))?;
        if !text.is_empty() {
            line.insert(key.to_owned(), value(text));
        }
    }
    super::print(&format!("{}\n", Value::Object(line)))
}

/// A number where the text is one in its plain form, so that nothing of it is lost.
fn value(text: &str) -> Value {
    match text.parse::<serde_json::Number>() {
        Ok(number) if number.to_string() == text => Value::Number(number),
        _ => Value::String(text.to_owned()),
    }
}

/// Prints the metrics.
///
/// # Errors
/// Where a file can't be read.
pub fn show(arguments: &Show) -> Result<Exit> {
    let former = arguments.former.as_deref().map(super::read).transpose()?.unwrap_or_default();
    let mut metrics = Metrics::new(&arguments.table, &former);
    let events = super::read(&arguments.events)?;
    metrics.run(&metrics::events(&events), arguments.outcome == Outcome::Success);
    let verdict = arguments.verdict.as_deref().map(ledger::read).transpose()?;
    let load = arguments.load.as_deref().map(ledger::read).transpose()?;
    metrics.books(verdict.as_ref(), load.as_ref());
    super::print(&metrics.text())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_numbers_alone_are_numbers() {
        for number in ["0", "12", "-3", "1.5"] {
            assert!(value(number).is_number(), "{number}");
        }
        for text in ["", "007", "1.50", "1e3", "2026-11-21", "0x1", "NaN", "\"", "9".repeat(40).as_str()] {
            assert!(value(text).is_string(), "{text}");
        }
    }
}
