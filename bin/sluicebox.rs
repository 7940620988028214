//! The companion off the hot path: each sub-command is a file in `sluicebox::command`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use sluicebox::command::{check, event, get, history, hql, lock, rejects, stage, tell};
use sluicebox::exit::finish;

/// Checks table specs, writes their HQL, and does for the pipeline's scripts what needs data structures.
#[derive(Parser)]
#[command(
    version,
    term_width = 120,
    arg_required_else_help = true,
    after_help = "\
Examples:
  sluicebox check sales.toml                      all that is wrong with a spec, each with its line
  sluicebox hql publish --spec sales.toml --root /data --run 2026-11-21-3fa9c1d2 --date 2026-11-21
  sluicebox get table sales.toml                  one value of a spec or of a run's JSON file

Exit codes: 0 done, 1 the books differ, 2 usage or spec, 3 input or output error, 4 a header drifted."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Check(check::Arguments),
    Hql(hql::Arguments),
    Get(get::Arguments),
    Lock(lock::Arguments),
    Stage(stage::Stage),
    Verify(stage::Verify),
    Supersedes(stage::Supersedes),
    Summary(tell::Summary),
    Ledger(tell::Ledger),
    Advise(tell::Advise),
    Size(tell::Size),
    Event(event::Event),
    Metrics(event::Show),
    Status(history::Status),
    Retention(history::Retention),
    Rejects(rejects::Arguments),
}

fn main() -> ExitCode {
    let result = match &Arguments::parse().command {
        Command::Check(arguments) => check::run(arguments),
        Command::Hql(arguments) => hql::run(arguments),
        Command::Get(arguments) => get::run(arguments),
        Command::Lock(arguments) => lock::run(arguments),
        Command::Stage(arguments) => stage::stage(arguments),
        Command::Verify(arguments) => stage::verify(arguments),
        Command::Supersedes(arguments) => stage::supersedes(arguments),
        Command::Summary(arguments) => tell::summary(arguments),
        Command::Ledger(arguments) => tell::ledger(arguments),
        Command::Advise(arguments) => tell::advise(arguments),
        Command::Size(arguments) => tell::size(arguments),
        Command::Event(arguments) => event::event(arguments),
        Command::Metrics(arguments) => event::show(arguments),
        Command::Status(arguments) => history::status(arguments),
        Command::Retention(arguments) => history::retention(arguments),
        Command::Rejects(arguments) => rejects::run(arguments),
    };
    finish("sluicebox", result)
}
