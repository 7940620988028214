//! `sluicebox status` and `retention`: the runs of a table, by listings of its folders.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use crate::exit::{Exit, Result};
use crate::history::{History, entries};
use crate::retention::removals;

/// Print a table of a table's runs
#[derive(Debug, clap::Args)]
pub struct Status {
    /// What `hadoop fs -ls 'runs/*'` printed
    #[arg(long, value_name = "FILE")]
    listing: PathBuf,
    /// What `hadoop fs -cat 'runs/*/{_verdict,load,manifest,verdict}.json'` printed
    #[arg(long, value_name = "FILE")]
    files: PathBuf,
    /// What `hadoop fs -stat '%Y %n' 'ledger/*'` printed
    #[arg(long, value_name = "FILE")]
    ledger: PathBuf,
    /// This date alone
    #[arg(long, value_name = "DATE")]
    date: Option<String>,
}

/// Print what may be removed: date, name in `runs` and why, TABs between
#[derive(Debug, clap::Args)]
pub struct Retention {
    /// What `hadoop fs -stat '%Y %n' 'runs/*'` printed
    #[arg(long, value_name = "FILE")]
    runs: PathBuf,
    /// What `hadoop fs -stat '%Y %n' 'ledger/*'` printed
    #[arg(long, value_name = "FILE")]
    ledger: PathBuf,
    /// How many seconds a version stays after it was superseded
    #[arg(long, value_name = "SECONDS")]
    keep: u64,
    /// The entry of `runs` whose time is now
    #[arg(long, value_name = "NAME")]
    clock: String,
    /// A run that gold points to
    #[arg(long, value_name = "RUN")]
    published: Vec<String>,
    /// This date alone
    #[arg(long, value_name = "DATE")]
    date: Option<String>,
}

/// Shows the runs.
///
/// # Errors
/// Where the listings don't fit together.
pub fn status(arguments: &Status) -> Result<Exit> {
    let history = History::read(&super::read(&arguments.listing)?, &super::read(&arguments.files)?)?;
    let ledger = entries(&super::read(&arguments.ledger)?)?;
    super::print(&history.table(&ledger, arguments.date.as_deref()))
}

/// Names what may go.
///
/// # Errors
/// Where a listing is none.
pub fn retention(arguments: &Retention) -> Result<Exit> {
    let runs = entries(&super::read(&arguments.runs)?)?;
    let ledger = entries(&super::read(&arguments.ledger)?)?;
    // Without its clock nothing is old.
    let now = runs.iter().find(|entry| entry.name == arguments.clock).map_or(0, |entry| entry.at);
    let published: BTreeSet<String> = arguments.published.iter().cloned().collect();
    let mut lines = String::new();
    for removal in removals(&runs, &ledger, &published, now, arguments.keep.saturating_mul(1000))
        .iter()
        .filter(|removal| arguments.date.as_ref().is_none_or(|date| *date == removal.date))
    {
        let _ = writeln!(lines, "{}\t{}\t{}", removal.date, removal.name, removal.why);
    }
    super::print(&lines)
}
