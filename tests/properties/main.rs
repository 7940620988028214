//! What must hold for every spec and every stream: conservation, the same answer however the stream is cut, one
//! winner a key whatever the order.

// Texts are small here; that they are easy to read counts for more.
#![allow(clippy::format_collect)]

mod books;
mod mapper;
mod naive;
mod reducer;
mod stream;
mod table;

use proptest::prelude::*;
use sluicebox::spec::parse;

use stream::{damage, spoil};
use table::table;

/// Failures are shown with their input; a file of past ones would not outlive a change of the generators.
fn config() -> ProptestConfig {
    ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    /// Whatever a spec's text is: errors or a spec, no panic.
    #[test]
    fn a_spec_survives_any_text(table in table(), damages in prop::collection::vec(damage(), 0..6)) {
        let mut text = table.text().into_bytes();
        spoil(&mut text, &damages);
        if let Err(errors) = parse(&String::from_utf8_lossy(&text)) {
            prop_assert!(!errors.is_empty());
        }
    }
}
