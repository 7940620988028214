//! `sluicebox lock`: what a listing of claims says; the scripts write and rename the files.

use std::io::Read;

use clap::{Args, Subcommand};

use crate::exit::{Error, Exit, Result};
use crate::lock::{Answer, Claims};

/// Judge the claims on a table's date, listed on standard input by `hadoop fs -stat '%Y %n'`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hadoop fs -stat '%Y %n' 'LOCKS/*' | sluicebox lock next
  hadoop fs -stat '%Y %n' 'LOCKS/*' | sluicebox lock ask --lease 600 _4.ab12
  hadoop fs -stat '%Y %n' 'LOCKS/*' | sluicebox lock lost 4.ab12

`ask` prints `take` and then the names that are of no use any more, or `give way`, or `held NAME SECONDS`
with the seconds since its last sign of life. `lost` and `alive` print true or false.")]
pub struct Arguments {
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, Subcommand)]
enum Question {
    /// The generation to ask for
    Next,
    /// What becomes of a claim that was written before the listing was made
    Ask {
        /// Who shows no sign of life for so many seconds is dead
        #[arg(long, value_name = "SECONDS")]
        lease: u64,
        /// The claim's file name
        claim: String,
    },
    /// Whether who was at work at a time is at work still
    Alive {
        /// That time by the file system's clock, as `-stat %Y` prints it
        #[arg(long, value_name = "MILLISECONDS")]
        then: u64,
        /// Who shows no sign of life for so many seconds is dead
        #[arg(long, value_name = "SECONDS")]
        lease: u64,
        /// The time now, by the same clock
        #[arg(long, value_name = "MILLISECONDS")]
        now: u64,
    },
    /// Whether a claim that was held is not any more
    Lost {
        /// The claim's file name
        claim: String,
    },
}

/// Answers.
///
/// # Errors
/// Where the listing is none.
pub fn run(arguments: &Arguments) -> Result<Exit> {
    let mut listing = String::new();
    std::io::stdin().read_to_string(&mut listing).map_err(Error::io("cannot read standard input"))?;
    let claims: Claims = listing.parse()?;
    let answer = match &arguments.question {
        Question::Next => claims.next().to_string(),
        Question::Lost { claim } => claims.lost(claim).to_string(),
        Question::Alive { then, now, lease } => {
            claims.alive(*then, *now, lease.saturating_mul(1000)).to_string()
        }
        Question::Ask { lease, claim } => match claims.ask(claim, lease.saturating_mul(1000)) {
            Answer::Take(useless) => {
                ["take".to_owned()].into_iter().chain(useless).collect::<Vec<_>>().join("\n")
            }
            Answer::GiveWay => "give way".to_owned(),
            Answer::Held(name, silent) => format!("held {name} {}", silent / 1000),
        },
    };
    super::print(&(answer + "\n"))
}
