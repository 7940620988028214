//! `sluicebox check`: is the spec good?

use std::path::PathBuf;

use crate::exit::{Exit, Result};
use crate::hive::Query;
use crate::spec::Spec;

/// Check a table spec and the queries that it names
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Prints one line on what the spec makes. Where it is wrong, all its errors are shown on stderr, each with
its line and the fix, and the exit code is 2.")]
pub struct Arguments {
    /// The table spec
    #[arg(value_name = "SPEC", default_value = "table.toml")]
    spec: PathBuf,
}

/// Checks.
///
/// # Errors
/// All that is wrong with the spec.
pub fn run(arguments: &Arguments) -> Result<Exit> {
    let spec = Spec::load_with_queries(&arguments.spec)?;
    let queries = Query::load_all(&spec, &arguments.spec)?;
    super::print(&format!("{}\n", summary(&spec, &queries)))
}

fn summary(spec: &Spec, queries: &[Query]) -> String {
    let kept = spec.kept().count();
    let mut parts = vec![counted(kept, "column")];
    if kept < spec.columns.len() {
        parts.push(format!("{} dropped", spec.columns.len() - kept));
    }
    if let Some(dedup) = &spec.dedup {
        let key: Vec<&str> = dedup.key.iter().map(|index| spec.columns[*index].name.as_str()).collect();
        let scope = if dedup.across_partitions { "table" } else { "run" };
        parts.push(format!("key {} ({scope})", key.join(", ")));
    }
    if !spec.rules.is_empty() {
        parts.push(counted(spec.rules.len(), "rule"));
    }
    if !queries.is_empty() {
        let names: Vec<&str> = queries.iter().map(|query| query.name.as_str()).collect();
        parts.push(format!("makes {}", names.join(", ")));
    }
    format!("{}.{} by {}: {}", spec.database, spec.name, spec.partition, parts.join(", "))
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
