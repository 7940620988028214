//! A spec's text is read or refused, whatever it is; and what is read is a spec that every tier follows.

use sluicebox::spec::parse;
use sluicebox::task::Mode;

use super::{Draw, Near, Stream, mapper::hold};

/// Any text.
pub fn spec(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let spec = match parse(&text) {
        Ok(spec) => spec,
        Err(errors) => {
            assert!(!errors.is_empty(), "refused without a word:\n{text}");
            let lines = text.matches('\n').count() + 1;
            for error in errors {
                let there = (1..=lines).contains(&error.line) && error.column > 0;
                assert!(there && !error.message.contains(['\n', '\r']), "{error:?}\n{text}");
            }
            return;
        }
    };
    // Rows for any columns: of as many fields as there should be, and near to what some type takes.
    let mut draw = Draw::new(bytes);
    let mut stream = Vec::new();
    for near in [Near::Text, Near::Date, Near::Money, Near::Integer, Near::Region] {
        for _ in 0..4 {
            let fields: Vec<Vec<u8>> = spec.columns.iter().map(|_| near.field(&mut draw)).collect();
            stream.extend(fields.join(&spec.input.delimiter));
            stream.push(b'\n');
        }
    }
    let cuts = vec![stream.len() / 3, stream.len() / 2];
    hold(&spec, &text, Mode::Temp, false, &Stream { text: stream, cuts });
}
