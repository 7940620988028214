//! Sorted keyed lines in, one winner a key out: arguments and streams; the work is in `sluicebox::reduce`.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use sluicebox::environment::{self, Progress};
use sluicebox::exit::{Exit, Result, finish};
use sluicebox::input::read_blocks;
use sluicebox::output::Seal;
use sluicebox::reduce::{Aggregate, Reducer};
use sluicebox::spec::Spec;

/// Keeps one row a key: the spec's `prefer` decides, then the smallest row. Losers are quarantined as `duplicate`,
/// exact copies of the winner are counted.
///
/// Reads keyed lines, sorted whole, on standard input; writes temp lines to standard output.
#[derive(Parser)]
#[command(
    version,
    term_width = 120,
    after_help = "\
Examples:
  mapper --keyed < sales.csv | LC_ALL=C sort | reducer                  what a job does, by hand
  mapper --keyed < sales.csv | LC_ALL=C sort | reducer --aggregate region
                                               sums of the rows that won, by region; in a
                                               job with one reducer
  mapper --aggregate region < sales.csv | LC_ALL=C sort | reducer --aggregate region
                                               sums of all rows; in a job each group has one reducer

With --aggregate a line is: group, count of rows, then the spec's [audit] sums. Under the first of the two
all groups are held until the end, 4 MiB of them at most; the second holds one at a time.

Exit codes: 0 done, 2 usage or spec, 3 input or output error (unsorted input and a closed pipe included)."
)]
struct Arguments {
    /// The table spec
    #[arg(long, value_name = "FILE", default_value = "table.toml")]
    spec: PathBuf,
    /// Write sums by this column in place of rows
    #[arg(long, value_name = "COLUMN")]
    aggregate: Option<String>,
}

fn main() -> ExitCode {
    finish("reducer", run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<Exit> {
    let spec = Spec::load(&arguments.spec)?;
    let column = arguments.aggregate.as_ref().map(|name| spec.group_column(name)).transpose()?;
    let aggregate = column.map(|column| Aggregate::new(&spec, column));
    let mut reducer = Reducer::new(&spec, aggregate, environment::tier()?).with_folder(environment::folder());
    let mut out = environment::stdout()?;
    let mut progress = Progress::default();
    read_blocks(io::stdin().lock(), "standard input", |block| {
        reducer.feed(block, &mut out)?;
        progress.advance(block.len(), || format!("{} lines", reducer.lines()));
        Ok(())
    })?;
    let seal = reducer.finish(&mut out)?;
    report(&seal);
    progress.finish(|| summary(&seal));
    Ok(Exit::Done)
}

fn report(seal: &Seal) {
    let (duplicates, copies) = seal.reduced.map_or((0, 0), |reduced| (reduced.duplicates, reduced.copies));
    environment::report_counters(&[
        ("reduce_records", seal.records),
        ("reduce_ok", seal.ok),
        ("duplicates", duplicates),
        ("copies", copies),
    ]);
}

fn summary(seal: &Seal) -> String {
    let (duplicates, copies) = seal.reduced.map_or((0, 0), |reduced| (reduced.duplicates, reduced.copies));
    format!("{} rows = {} ok + {duplicates} duplicates + {copies} copies", seal.records, seal.ok)
}
