//! `sluicebox summary`, `ledger`, `advise` and `size`: what the scripts tell of a run.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::advice;
use crate::environment;
use crate::exit::{Exit, Result};
use crate::landing::Manifest;
use crate::ledger::{self, Run};

/// What a summary is about.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Topic {
    Audit,
    Load,
    Quarantine,
}

/// Tell people what a step of a run came to
#[derive(Debug, clap::Args)]
pub struct Summary {
    /// What to tell
    topic: Topic,
    /// The validator's verdict
    #[arg(long, value_name = "FILE")]
    verdict: PathBuf,
    /// Hive's reconciled counts
    #[arg(long, value_name = "FILE")]
    load: Option<PathBuf>,
    /// The run's manifest
    #[arg(long, value_name = "FILE", required_if_eq("topic", "quarantine"))]
    manifest: Option<PathBuf>,
}

/// Print the ledger's entry of a published run
#[derive(Debug, clap::Args)]
pub struct Ledger {
    /// The validator's verdict
    #[arg(long, value_name = "FILE")]
    verdict: PathBuf,
    /// Hive's reconciled counts
    #[arg(long, value_name = "FILE")]
    load: PathBuf,
    /// The run
    #[arg(long)]
    run: String,
    /// When, as the driver's clock has it
    #[arg(long, value_name = "TIME")]
    at: String,
    /// The run that gold pointed to, where it is pointed back
    #[arg(long, value_name = "RUN")]
    rolled_back_from: Option<String>,
}

/// Say why a streaming job failed, and what to do
#[derive(Debug, clap::Args)]
pub struct Advise {
    /// What the job's client wrote to stderr
    #[arg(long, value_name = "FILE")]
    client: PathBuf,
    /// What `yarn logs` printed
    #[arg(long, value_name = "FILE")]
    logs: PathBuf,
    /// The run's manifest: landed files are told with the names that people know
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
}

/// Print a number of bytes for people
#[derive(Debug, clap::Args)]
pub struct Size {
    /// Bytes
    bytes: u64,
}

/// Tells.
///
/// # Errors
/// Where a file of the run can't be read.
pub fn summary(arguments: &Summary) -> Result<Exit> {
    let run = load_run(&arguments.verdict, arguments.load.as_deref())?;
    let text = match (arguments.topic, &arguments.manifest) {
        (Topic::Audit, _) => run.audit_line(),
        (Topic::Quarantine, Some(manifest)) => {
            let manifest = Manifest::load(manifest)?;
            run.quarantine_lines(&manifest.table, &manifest.run)
        }
        (Topic::Load | Topic::Quarantine, _) => run.load_line(),
    };
    super::print(&(text + "\n"))
}

/// Prints the entry.
///
/// # Errors
/// Where a file of the run can't be read.
pub fn ledger(arguments: &Ledger) -> Result<Exit> {
    let run = load_run(&arguments.verdict, Some(&arguments.load))?;
    let mut entry = run.entry(&arguments.run, &arguments.at);
    if let Some(from) = &arguments.rolled_back_from {
        entry["rolled_back_from"] = from.as_str().into();
    }
    super::print(&format!("{entry:#}\n"))
}

/// Prints the advice.
///
/// # Errors
/// Where a log or the manifest can't be read.
pub fn advise(arguments: &Advise) -> Result<Exit> {
    let (client, logs) = (super::read(&arguments.client)?, super::read(&arguments.logs)?);
    let manifest = arguments.manifest.as_deref().map(Manifest::load).transpose()?;
    let sources = manifest.map(|manifest| manifest.files).unwrap_or_default();
    super::print(&(advice::advise(&client, &logs, &sources) + "\n"))
}

/// Prints the size.
///
/// # Errors
/// Where standard output is closed.
pub fn size(arguments: &Size) -> Result<Exit> {
    super::print(&format!("{}\n", environment::size(arguments.bytes)))
}

fn load_run(verdict: &Path, load: Option<&Path>) -> Result<Run> {
    Ok(Run { verdict: ledger::read(verdict)?, load: load.map(ledger::read).transpose()? })
}
