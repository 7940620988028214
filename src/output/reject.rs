//! The line that a rejected record becomes: reason, column, file, split start, record, raw line.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::escape;
use crate::record::Reason;
use crate::spec::Raw;

/// Where a record comes from.
#[derive(Debug, Clone, Copy)]
pub struct Provenance<'a> {
    /// The file, as the environment names it; `-` at a pipe.
    pub file: &'a [u8],
    /// Where its split starts, in bytes.
    pub split_start: u64,
    /// The record's number in the split, from 1; headers and blank lines are not counted.
    pub record: u64,
}

/// Appends a reject line with its line feed; returns it without, as the books want it.
pub fn reject_line<'o>(
    out: &'o mut Vec<u8>,
    delimiter: u8,
    (reason, column): (Reason, &str),
    from: Provenance,
    raw: &[u8],
    keep: Raw,
) -> &'o [u8] {
    let start = out.len();
    out.extend_from_slice(reason.name().as_bytes());
    out.push(delimiter);
    out.extend_from_slice(column.as_bytes());
    out.push(delimiter);
    escape::field(from.file, delimiter, out);
    out.push(delimiter);
    // Writing to memory can't fail.
    let _ = write!(out, "{}", from.split_start);
    out.push(delimiter);
    let _ = write!(out, "{}", from.record);
    out.push(delimiter);
    let redacted: Vec<u8>;
    let raw = match keep {
        Raw::Keep => raw,
        Raw::Redact => {
            redacted = redact(raw);
            &redacted
        }
        Raw::None => b"",
    };
    if reason == Reason::Encoding {
        // Its `/` and `=` can be the delimiter.
        escape::field(STANDARD.encode(raw).as_bytes(), delimiter, out);
    } else {
        escape::field(raw, delimiter, out);
    }
    let end = out.len();
    out.push(b'\n');
    &out[start..end]
}

/// The structure of a line without its values: digits as `9`, letters and all beyond ASCII as `x`.
fn redact(raw: &[u8]) -> Vec<u8> {
    raw.iter()
        .map(|byte| match byte {
            b'0'..=b'9' => b'9',
            b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => b'x',
            other => *other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(reason: Reason, raw: &[u8], keep: Raw) -> String {
        let mut out = Vec::new();
        let from = Provenance { file: b"a\tb.csv", split_start: 7, record: 3 };
        reject_line(&mut out, b'\t', (reason, "c"), from, raw, keep);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_raw_line_is_kept_redacted_or_left_out() {
        assert_eq!(line(Reason::Date, b"1\t\\N", Raw::Keep), "date\tc\ta\\\tb.csv\t7\t3\t1\\\t\\\\N\n");
        assert_eq!(
            line(Reason::Date, "Né,\"12.5\"".as_bytes(), Raw::Redact),
            "date\tc\ta\\\tb.csv\t7\t3\txxx,\"99.9\"\n"
        );
        assert_eq!(line(Reason::Date, b"secret", Raw::None), "date\tc\ta\\\tb.csv\t7\t3\t\n");
        assert_eq!(line(Reason::Encoding, b"\xff", Raw::Keep), "encoding\tc\ta\\\tb.csv\t7\t3\t/w==\n");
    }
}
