//! Holds what was written against what was read.
//!
//! [`Tally`] re-counts the temp lines of one stream and collects the seals in them; what it found is a
//! [`Partial`], small however many rows there were. [`judge`] puts any number of partials together, part file by
//! part file, looks for anything that does not add up, judges the gates and speaks the [`Verdict`]. One process
//! does both; under Hadoop the first is the map and the second the reduce, and the verdict is the same.
//!
//! Nothing here reads a stream or the environment; the manifest's file is the one exception.

mod balance;
mod gates;
mod lines;
mod manifest;
mod partial;
mod problems;
mod rows;
mod splits;
mod sum;
mod table;
mod tally;
mod verdict;

pub use gates::{Gate, NAMES as GATES, accept};
pub use manifest::{Landed, Manifest};
pub use partial::{Partial, read_partials};
pub use table::{failing, table};
pub use tally::Tally;
pub use verdict::{Before, Terms, Verdict, Word, judge};
