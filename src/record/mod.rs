//! Judges one record: cut into fields, converted column by column, held against the rules.

mod fields;
mod judge;
mod reason;

pub use fields::{Fields, split};
pub use judge::{Judge, Verdict};
pub use reason::Reason;
