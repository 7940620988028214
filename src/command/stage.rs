//! `sluicebox stage`, `verify` and `supersedes`: what `scripts/land` needs to know of its files.

use std::io::{self, Write};
use std::path::PathBuf;

use crate::environment;
use crate::exit::{Error, Exit, Result};
use crate::landing::{self, Manifest, Refusal};
use crate::ledger::grouped;
use crate::spec::Spec;

/// Read the sources and lay a run out in a local folder; prints table, run and a line for people
#[derive(Debug, clap::Args)]
pub struct Stage {
    /// The table spec
    #[arg(long, value_name = "FILE")]
    spec: PathBuf,
    /// The partition's value
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: String,
    /// The folder to lay the run out in
    #[arg(long, value_name = "FOLDER")]
    into: PathBuf,
    /// The manifest whose files are part of this run, too
    #[arg(long, value_name = "FILE")]
    base: Option<PathBuf>,
    /// The files are waited for: exit 1, not 3, where one may still be on its way
    #[arg(long)]
    awaited: bool,
    /// The source files
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// Hold the landed files, one behind the other on standard input, against the manifest
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// The run's manifest
    #[arg(long, value_name = "FILE")]
    manifest: PathBuf,
}

/// Refuse (2) a run that leaves out a file of the published version
#[derive(Debug, clap::Args)]
pub struct Supersedes {
    /// The published version's manifest
    #[arg(long, value_name = "FILE")]
    published: PathBuf,
    /// Let it
    #[arg(long)]
    replace: bool,
    /// The run's manifest
    manifest: PathBuf,
}

/// Lays a run out.
///
/// # Errors
/// A source that can't be read or drifted, a wrong date or spec.
pub fn stage(arguments: &Stage) -> Result<Exit> {
    let spec = Spec::load_with_queries(&arguments.spec)?;
    let base = arguments.base.as_deref().map(Manifest::load).transpose()?;
    let (manifest, paths) =
        landing::manifest(&spec, &arguments.spec, &arguments.date, &arguments.files, base.as_ref()).map_err(
            |refusal| match refusal {
                Refusal::Early(error) if arguments.awaited => Error::Failed(error.to_string()),
                refusal => refusal.into(),
            },
        )?;
    landing::stage(&spec, &arguments.spec, &manifest, &paths, &arguments.into)?;
    for names in landing::alike(&manifest) {
        let _ = writeln!(
            io::stderr(),
            "sluicebox: {} hold the same bytes: all their rows are landed; if one export was given twice, leave one \
             out",
            names.join(" and ")
        );
    }
    for name in landing::changed(&manifest, &paths) {
        let _ = writeln!(
            io::stderr(),
            "sluicebox: {name} was published with other bytes: the rows of both are landed; if it was corrected, name \
             all files with --replace, without --add"
        );
    }
    let (size, lines) = manifest.files.iter().fold((0, 0), |(s, l), file| (s + file.size, l + file.lines));
    let files = match manifest.files.len() {
        1 => "1 file".to_owned(),
        more => format!("{} files", grouped(more as u64)),
    };
    let (size, lines) = (environment::size(size), grouped(lines));
    super::print(&format!("{}\t{}\t{files}   {size}   {lines} lines\n", manifest.table, manifest.run))
}

/// Verifies.
///
/// # Errors
/// Where a file is not what was staged.
pub fn verify(arguments: &Verify) -> Result<Exit> {
    landing::verify(&Manifest::load(&arguments.manifest)?, io::stdin().lock())?;
    Ok(Exit::Done)
}

/// Compares the names of two runs' files.
///
/// # Errors
/// Where one is left out.
pub fn supersedes(arguments: &Supersedes) -> Result<Exit> {
    let (published, manifest) = (Manifest::load(&arguments.published)?, Manifest::load(&arguments.manifest)?);
    let left_out = landing::left_out(&published, &manifest);
    if left_out.is_empty() || arguments.replace {
        return Ok(Exit::Done);
    }
    Err(Error::Usage(format!(
        "the published version of {} (run {}) also has {}; name all of its files, or use --add to go on from it, \
         or --replace to leave them out",
        published.date,
        published.run,
        left_out.join(", ")
    )))
}
