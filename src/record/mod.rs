//! Judges one record: cut into fields, converted column by column, held against the rules.
//!
//! [`Judge`] is the plain path and the specification. [`Fast`] makes the rows that it is sure of.

mod column;
mod fast;
mod fields;
mod judge;
mod kernel;
mod lines;
mod reason;
mod row;

pub use fast::Fast;
pub use fields::{Fields, split};
pub use judge::{Judge, Verdict};
pub use lines::{Lines, STRETCH};
pub use reason::Reason;
pub use row::Row;
