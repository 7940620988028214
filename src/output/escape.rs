//! Hive's text escapes, as `ROW FORMAT DELIMITED … ESCAPED BY '\\'` reads them.

use memchr::memchr2;

/// How NULL stands in a text table.
pub const NULL: &[u8] = b"\\N";

/// Appends a field with its backslashes and delimiters escaped.
pub fn field(mut text: &[u8], delimiter: u8, out: &mut Vec<u8>) {
    while let Some(at) = memchr2(b'\\', delimiter, text) {
        out.extend_from_slice(&text[..at]);
        out.push(b'\\');
        out.push(text[at]);
        text = &text[at + 1..];
    }
    out.extend_from_slice(text);
}

/// Takes a field's escapes away.
#[must_use]
pub fn unescape(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        plain.push(if *byte == b'\\' { *bytes.next().unwrap_or(&b'\\') } else { *byte });
    }
    plain
}

/// The fields of a line, each still escaped.
pub fn split(line: &[u8], delimiter: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut from = 0;
        while let Some(at) = memchr2(b'\\', delimiter, &text[from.min(text.len())..]).map(|at| from + at) {
            if text[at] == delimiter {
                rest = Some(&text[at + 1..]);
                return Some(&text[..at]);
            }
            from = at + 2;
        }
        rest = None;
        Some(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn fields_come_back_as_they_went(fields in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 1..6)) {
            let mut line = Vec::new();
            for (index, text) in fields.iter().enumerate() {
                if index > 0 {
                    line.push(b'\t');
                }
                field(text, b'\t', &mut line);
            }
            let back: Vec<Vec<u8>> = split(&line, b'\t').map(unescape).collect();
            prop_assert_eq!(back, fields);
        }
    }
}
