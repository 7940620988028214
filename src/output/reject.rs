//! The line that a rejected record becomes: reason, column, file, split start, record, raw line.

use std::borrow::Cow;
use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use xxhash_rust::xxh3::Xxh3;

use super::{escape, line_hash};
use crate::record::Reason;
use crate::spec::{Raw, Spec};

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
    head(out, delimiter, (reason, column), from);
    if reason == Reason::Encoding {
        // Its `/` and `=` can be the delimiter.
        escape::field(STANDARD.encode(kept(raw, keep)).as_bytes(), delimiter, out);
    } else {
        escape::field(&kept(raw, keep), delimiter, out);
    }
    let end = out.len();
    out.push(b'\n');
    &out[start..end]
}

/// How much of a raw line `reject_in_pieces` escapes at once.
const PIECE: usize = 64 * 1024;

/// Appends a duplicate's reject line as `reject_line` does, for a row that may be so long that there should not be a
/// second one: `each` may write and empty the buffer after each piece. Returns the line's hash.
///
/// # Errors
/// What `each` returns.
pub fn reject_in_pieces<E>(
    out: &mut Vec<u8>,
    spec: &Spec,
    why: (Reason, &str),
    from: Provenance,
    raw: &[u8],
    mut each: impl FnMut(&mut Vec<u8>) -> Result<(), E>,
) -> Result<u64, E> {
    if raw.len() <= PIECE {
        return Ok(line_hash(reject_line(out, spec.delimiter, why, from, raw, spec.raw)));
    }
    let mut hash = Xxh3::new();
    let mut start = out.len();
    head(out, spec.delimiter, why, from);
    for piece in raw.chunks(PIECE) {
        escape::field(&kept(piece, spec.raw), spec.delimiter, out);
        hash.update(&out[start..]);
        each(out)?;
        start = out.len();
    }
    out.push(b'\n');
    Ok(hash.digest())
}

/// All of a reject line before the raw line.
fn head(out: &mut Vec<u8>, delimiter: u8, (reason, column): (Reason, &str), from: Provenance) {
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
}

/// What is kept of a raw line.
fn kept(raw: &[u8], keep: Raw) -> Cow<'_, [u8]> {
    match keep {
        Raw::Keep => raw.into(),
        Raw::Redact => redact(raw).into(),
        Raw::None => b"".into(),
    }
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

    #[test]
    fn a_line_in_pieces_is_the_line() {
        let spec = |raw: &str| {
            let text = format!(
                "version = 1\n[table]\nname = \"t\"\n[quarantine]\nraw = \"{raw}\"\n[[column]]\nname = \"a\"\ntype = \"text\"\n"
            );
            crate::spec::parse(&text).unwrap()
        };
        let (why, from) = ((Reason::Duplicate, ""), Provenance { file: b"-", split_start: 0, record: 1 });
        let raw: Vec<u8> = (0_u8..251).cycle().take(3 * PIECE + 5).collect();
        for spec in ["keep", "redact", "none"].map(spec) {
            for length in [0, PIECE, PIECE + 1, raw.len()] {
                let (mut whole, mut page, mut pieces) = (Vec::new(), Vec::new(), Vec::new());
                let line = reject_line(&mut whole, spec.delimiter, why, from, &raw[..length], spec.raw);
                let hash = line_hash(line);
                let found = reject_in_pieces(&mut page, &spec, why, from, &raw[..length], |page| {
                    pieces.append(page);
                    Ok::<_, ()>(())
                });
                pieces.append(&mut page);
                assert_eq!((found, pieces == whole), (Ok(hash), true), "{length} {:?}", spec.raw);
            }
        }
    }
}
