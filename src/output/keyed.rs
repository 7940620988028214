//! Lines for the shuffle: KEY TAB ORDER TAB PAYLOAD NUL PROVENANCE TAB BUCKET.
//!
//! They are made so that sorting whole lines by their bytes puts the winner of a key first and its exact
//! copies right behind it, whatever order they arrive in. The key alone decides the reducer.
//!
//! - KEY is `k:` and the key's columns for a row, `r:` for a reject, `s:` for a seal (those two have file, split
//!   start and record behind it, so that they spread over the reducers).
//! - ORDER is what `prefer` asks for, in a form whose bytes sort as it wants.
//! - PAYLOAD is the row (or the whole temp line of a reject or a seal) with NUL as `01 01` and `01` as `01 02`, so
//!   that the NUL behind it sorts below any byte of a longer row.
//! - PROVENANCE is file, split start and record of a row, joined by TABs; empty for the others. Of a file in the folder
//!   that the job names (`sluicebox.folder`) it has `%/` and the rest of its name: the folder was a third of each line.
//! - BUCKET is four bytes of a hash of KEY. As they stand in the same place of every line, from its end, Hadoop's
//!   `BinaryPartitioner` finds the reducer by them for next to nothing. Its `KeyFieldBasedPartitioner`, which makes a
//!   text of each line to find the first field, was a fifth of a job's whole cost. The order does not depend on them.

use std::io::Write;

use memchr::memchr2;
use xxhash_rust::xxh3::xxh3_64;

use super::escape;
use super::reject::Provenance;
use crate::record::Row;
use crate::spec::{Invalid, Spec};
use crate::transform::{Class, Value};

/// What a keyed line carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Carried {
    /// A row under its dedup key.
    Row,
    /// A row under the column it is summed by.
    Group,
    /// A rejected record.
    Reject,
    /// A seal.
    Seal,
}

impl Carried {
    fn mark(self) -> &'static [u8] {
        match self {
            Self::Row => b"k:",
            Self::Group => b"g:",
            Self::Reject => b"r:",
            Self::Seal => b"s:",
        }
    }
}

/// Appends a row under the values of `key`. Where it comes from is a file as [`file_name`] has it.
pub fn row(out: &mut Vec<u8>, spec: &Spec, row: Row, carried: Carried, key: &[usize], from: Provenance) {
    let start = out.len();
    out.extend_from_slice(carried.mark());
    for (index, column) in key.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        key_part(row.text(*column), out);
        let replaced =
            matches!(spec.columns[*column].invalid, Invalid::Replace(_)) && row.replaced.contains(column);
        if row.value(*column) == Value::Null && !replaced {
            // NULL is not the empty text; a lone percent sign can't come from any.
            out.push(b'%');
        }
    }
    let bucket = bucket(&out[start..]);
    out.push(b'\t');
    let prefer = spec.dedup.as_ref().filter(|_| carried == Carried::Row);
    for (column, descending) in prefer.map_or(&[][..], |dedup| &dedup.prefer) {
        let class = spec.columns[*column].class();
        order(row.value(*column), row.text(*column), class, *descending, out);
        out.push(b',');
    }
    out.push(b'\t');
    payload(row.bytes, out);
    out.push(0);
    out.extend_from_slice(from.file);
    let _ = write!(out, "\t{}\t{}", from.split_start, from.record);
    end(out, bucket);
}

/// What stands before a name that is the rest of a file's below the job's folder. No name that is whole has it.
const BELOW: &[u8] = b"%/";

/// A file as PROVENANCE names it. `folder` is the job's, empty where it has none.
#[must_use]
pub fn file_name(file: &str, folder: &str) -> Vec<u8> {
    let mut name = Vec::new();
    match file.strip_prefix(folder).filter(|_| !folder.is_empty()) {
        Some(rest) => {
            name.extend_from_slice(BELOW);
            key_part(rest.as_bytes(), &mut name);
        }
        None => key_part(file.as_bytes(), &mut name),
    }
    name
}

/// Appends a temp line (without its line feed) that no key is for: a reject or a seal.
pub fn line(out: &mut Vec<u8>, carried: Carried, from: Provenance, temp_line: &[u8]) {
    let start = out.len();
    out.extend_from_slice(carried.mark());
    key_part(from.file, out);
    let _ = write!(out, ":{}:{}", from.split_start, from.record);
    let bucket = bucket(&out[start..]);
    out.extend_from_slice(b"\t\t");
    payload(temp_line, out);
    out.push(0);
    end(out, bucket);
}

/// What BUCKET has: four characters, of sixty-four each.
fn bucket(key: &[u8]) -> [u8; BUCKET] {
    let hash = xxh3_64(key).to_le_bytes();
    [hash[0], hash[1], hash[2], hash[3]].map(|byte| b'0' + byte % 64)
}

/// How long BUCKET is: `scripts/lib/job.sh` says it to the partitioner.
const BUCKET: usize = 4;

fn end(out: &mut Vec<u8>, bucket: [u8; BUCKET]) {
    out.push(b'\t');
    out.extend_from_slice(&bucket);
    out.push(b'\n');
}

/// Whether a group's key is the one that a row with this field is put under.
#[must_use]
pub fn is_group_key(key: &[u8], field: &[u8]) -> bool {
    let Some(mut key) = key.strip_prefix(Carried::Group.mark()) else { return false };
    if field == escape::NULL {
        return key == b"%";
    }
    // Byte by byte: a long group is not to be there once more.
    let mut bytes = field.iter();
    while let Some(byte) = bytes.next() {
        let byte = if *byte == b'\\' { bytes.next().unwrap_or(byte) } else { byte };
        let Some(rest) = key.strip_prefix(key_byte(byte, &mut [0; 3])) else { return false };
        key = rest;
    }
    key.is_empty()
}

/// Appends bytes with controls, `%` and `,` as `%XX`: one field, one line, and no two texts alike.
fn key_part(text: &[u8], out: &mut Vec<u8>) {
    for byte in text {
        out.extend_from_slice(key_byte(byte, &mut [0; 3]));
    }
}

fn key_byte<'b>(byte: &'b u8, code: &'b mut [u8; 3]) -> &'b [u8] {
    if matches!(byte, 0..0x20 | b'%' | b',' | 0x7f) {
        let hex = |half: u8| b"0123456789ABCDEF"[usize::from(half)];
        *code = [b'%', hex(byte >> 4), hex(byte & 15)];
        code
    } else {
        std::slice::from_ref(byte)
    }
}

/// Appends a value in a form whose bytes sort as `prefer` wants; NULL comes last either way.
fn order(value: Value, text: &[u8], class: Option<Class>, descending: bool, out: &mut Vec<u8>) {
    let turn = |digit: u8, largest: u8| if descending { largest - digit } else { digit };
    match (value, class) {
        (Value::Date(day), _) => {
            let day = if descending { 99_999_999 - day } else { day };
            let _ = write!(out, ".{day:08}");
        }
        (Value::Number(number), _) => {
            let negative = number.unscaled < 0;
            out.push(b'.');
            // A negative number sorts before any other, and the larger its digits the earlier.
            out.push(if negative == descending { b'1' } else { b'0' });
            let from = out.len();
            let _ = write!(out, "{:038}", number.unscaled.unsigned_abs());
            if negative != descending {
                out[from..].iter_mut().for_each(|digit| *digit = b'9' - (*digit - b'0'));
            }
        }
        (Value::Text, _) => {
            out.push(b'.');
            for byte in text {
                out.push(b'0' + turn(byte >> 4, 15));
                out.push(b'0' + turn(byte & 15, 15));
            }
            if descending {
                // A text comes before its own beginning.
                out.push(b'~');
            }
        }
        (Value::Null, _) => out.push(b'~'),
    }
}

fn payload(mut text: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = memchr2(0, 1, text) {
        out.extend_from_slice(&text[..at]);
        out.extend_from_slice(&[1, text[at] + 1]);
        text = &text[at + 1..];
    }
    out.extend_from_slice(text);
}

/// A keyed line, taken apart. The payload is still encoded: equal rows are equal so, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keyed<'l> {
    /// What it carries.
    pub carried: Carried,
    /// What the shuffle went by, with its mark.
    pub key: &'l [u8],
    /// The encoded row or temp line.
    pub payload: &'l [u8],
    /// Whether any byte of the payload is in another form there.
    pub encoded: bool,
    /// File, split start and record of a row.
    pub provenance: &'l [u8],
}

/// Takes a keyed line apart. `None` where it is none.
#[must_use]
pub fn parse(line: &[u8]) -> Option<Keyed<'_>> {
    let carried = match line {
        [b'k', b':', ..] => Carried::Row,
        [b'g', b':', ..] => Carried::Group,
        [b'r', b':', ..] => Carried::Reject,
        [b's', b':', ..] => Carried::Seal,
        _ => return None,
    };
    let (key, rest) = cut(line, b'\t')?;
    let (_, rest) = cut(rest, b'\t')?;
    // One search for both: few payloads have encoded bytes.
    let first = memchr2(0, 1, rest)?;
    let encoded = rest[first] == 1;
    let end = if encoded { first + memchr::memchr(0, &rest[first..])? } else { first };
    let provenance = without_bucket(&rest[end + 1..])?;
    Some(Keyed { carried, key, payload: &rest[..end], encoded, provenance })
}

/// The provenance in what stands behind a keyed line's payload. `None` where that does not end in a TAB and a BUCKET.
#[inline(always)]
#[allow(clippy::inline_always)] // it is part of the reducer's innermost loop, which is compiled for each tier
#[must_use]
pub fn without_bucket(behind: &[u8]) -> Option<&[u8]> {
    let (provenance, _) = behind.split_last_chunk::<BUCKET>()?;
    provenance.strip_suffix(b"\t")
}

fn cut(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let place = memchr::memchr(at, text)?;
    Some((&text[..place], &text[place + 1..]))
}

/// Decodes a payload: as it stands, or where a byte of it was encoded, in `scratch`. `None` where it was no payload.
#[must_use]
pub fn decode<'p>(keyed: &Keyed<'p>, scratch: &'p mut Vec<u8>) -> Option<&'p [u8]> {
    if !keyed.encoded {
        return Some(keyed.payload);
    }
    scratch.clear();
    let mut rest = keyed.payload;
    while let Some(at) = memchr::memchr(1, rest) {
        scratch.extend_from_slice(&rest[..at]);
        match rest.get(at + 1) {
            Some(code @ 1..=2) => scratch.push(code - 1),
            _ => return None,
        }
        rest = &rest[at + 2..];
    }
    scratch.extend_from_slice(rest);
    Some(scratch)
}

/// A row's provenance: file, split start and record, for a job whose files lie in `folder`. `None` where it is none, or
/// where the folder is needed and is empty.
#[must_use]
pub fn provenance(text: &[u8], folder: &str) -> Option<(Vec<u8>, u64, u64)> {
    let mut parts = text.split(|byte| *byte == b'\t');
    let name = parts.next()?;
    let file = match name.strip_prefix(BELOW) {
        Some(_) if folder.is_empty() => return None,
        Some(rest) => percent_decode(rest, folder.as_bytes())?,
        None => percent_decode(name, b"")?,
    };
    let mut number = || std::str::from_utf8(parts.next()?).ok()?.parse().ok();
    let (start, record) = (number()?, number()?);
    parts.next().is_none().then_some((file, start, record))
}

/// Whether a provenance has a name that is the rest of a file's below the job's folder.
#[must_use]
pub fn is_below_folder(provenance: &[u8]) -> bool {
    provenance.starts_with(BELOW)
}

/// Decodes a text; it comes behind `before`.
fn percent_decode(text: &[u8], before: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(before.len() + text.len());
    plain.extend_from_slice(before);
    let mut at = 0;
    while at < text.len() {
        if text[at] == b'%' {
            let code = std::str::from_utf8(text.get(at + 1..at + 3)?).ok()?;
            plain.push(u8::from_str_radix(code, 16).ok()?);
            at += 3;
        } else {
            plain.push(text[at]);
            at += 1;
        }
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transform::Decimal;
    use proptest::prelude::*;

    fn ordered(value: Value, text: &[u8], descending: bool) -> Vec<u8> {
        let mut out = Vec::new();
        order(value, text, None, descending, &mut out);
        out.push(b',');
        out
    }

    fn number(unscaled: i128) -> Value {
        Value::Number(Decimal { unscaled, scale: 2 })
    }

    proptest! {
        #[test]
        fn numbers_sort_as_their_bytes(left in any::<i64>(), right in any::<i64>(), descending: bool) {
            let (a, b) = (ordered(number(left.into()), b"", descending), ordered(number(right.into()), b"", descending));
            let expected = if descending { right.cmp(&left) } else { left.cmp(&right) };
            prop_assert_eq!(a.cmp(&b), expected);
            prop_assert!(a < ordered(Value::Null, b"", descending));
        }

        #[test]
        fn texts_sort_as_their_bytes(left in prop::collection::vec(any::<u8>(), 0..6), right in prop::collection::vec(any::<u8>(), 0..6), descending: bool) {
            let (a, b) = (ordered(Value::Text, &left, descending), ordered(Value::Text, &right, descending));
            let expected = if descending { right.cmp(&left) } else { left.cmp(&right) };
            prop_assert_eq!(a.cmp(&b), expected);
            prop_assert!(a < ordered(Value::Null, b"", descending));
        }

        #[test]
        fn payloads_sort_as_their_rows_and_come_back(left in prop::collection::vec(0_u8..4, 0..8), right in prop::collection::vec(0_u8..4, 0..8)) {
            let encode = |row: &[u8]| {
                let mut out = Vec::new();
                payload(row, &mut out);
                out
            };
            let (a, b) = (encode(&left), encode(&right));
            let behind = |encoded: &[u8]| [encoded, b"\0p"].concat();
            prop_assert_eq!(behind(&a).cmp(&behind(&b)), left.cmp(&right));
            let line = [b"k:1\t\t", &a[..], b"\0-\t0\t1\tSAME"].concat();
            let (keyed, mut scratch) = (parse(&line).unwrap(), Vec::new());
            prop_assert_eq!((keyed.payload, keyed.provenance), (&a[..], &b"-\t0\t1"[..]));
            prop_assert_eq!(decode(&keyed, &mut scratch), Some(&left[..]));
        }
    }

    #[test]
    fn a_files_name_comes_back() {
        let files = ["-", "hdfs://n/in/1.csv", "hdfs://n/in/a,%\tb", "hdfs://n/in/", "%/x", "/x"];
        for (file, folder) in
            files.iter().flat_map(|file| ["", "hdfs://n/in/", "/"].map(|folder| (*file, folder)))
        {
            let name = file_name(file, folder);
            let line = [&name[..], b"\t7\t9"].concat();
            assert_eq!(
                provenance(&line, folder),
                Some((file.as_bytes().to_vec(), 7, 9)),
                "{file} in {folder}"
            );
            let short = !folder.is_empty() && file.starts_with(folder);
            assert_eq!(provenance(&line, "").is_none(), short, "{file} in {folder}");
        }
    }

    #[test]
    fn a_group_is_known_by_its_key() {
        let key = |field: &[u8]| {
            let mut key = b"g:".to_vec();
            if field == escape::NULL {
                key.push(b'%');
            } else {
                key_part(&escape::unescape(field), &mut key);
            }
            key
        };
        let fields: [&[u8]; 9] = [b"", b"\\N", b"\\\\N", b"a", b"ab", b"a,b", b"%", b"%2C", b"\\\t\\"];
        for one in fields {
            for other in fields {
                assert_eq!(is_group_key(&key(one), other), one == other, "{one:?} {other:?}");
            }
        }
        assert!(!is_group_key(b"k:a", b"a"));
    }

    #[test]
    fn days_sort_as_the_calendar() {
        let (early, late) = (Value::Date(1_01_01), Value::Date(9999_12_31));
        assert!(ordered(early, b"", false) < ordered(late, b"", false));
        assert!(ordered(early, b"", true) > ordered(late, b"", true));
    }
}
