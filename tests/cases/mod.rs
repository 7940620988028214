//! Cases made of bytes, and what must hold for them.
//!
//! A case is drawn from a string of bytes: cargo-fuzz looks for bytes that lead somewhere new (`tests/fuzz`), proptest
//! takes any, and `kept` has those that fuzzing found. Each target has one function, which panics where something does
//! not hold; `tests/tiers.rs` runs them all.

mod draw;
mod mapper;
mod reducer;
mod spec;
mod stream;
mod table;
mod validator;

pub use draw::Draw;
pub use mapper::{hold, mapper};
pub use reducer::{cut, reducer};
pub use spec::spec;
pub use stream::Stream;
pub use table::{Near, Table};
pub use validator::{validator, verdict};

/// A target's name and what it holds.
pub type Target = (&'static str, fn(&[u8]));

/// Every target of cargo-fuzz.
pub const TARGETS: [Target; 4] =
    [("mapper", mapper), ("spec", spec), ("reducer", reducer), ("validator", validator)];
