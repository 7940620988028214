//! From a record's place in a task's books to its line in the file that people know: a split counts its own records.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use memchr::memchr2;

use crate::exit::Result;
use crate::input::{self, Boms, Cutter, Line};
use crate::record::Judge;
use crate::spec::Spec;

/// Where a task says that a record stands: the start of its split in bytes, and the number of the record in it.
pub type Position = (u64, u64);

/// A record's line in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The line's number, from 1.
    pub line: u64,
    /// Its bytes, up to `max_record_bytes` of them.
    pub bytes: Vec<u8>,
    /// Whether it has more.
    pub cut: bool,
}

/// What a file shows of the records that were looked for.
#[derive(Debug, Default)]
pub struct Places {
    /// Each record that is there.
    pub records: BTreeMap<Position, Located>,
    /// The file's first line, where the spec says that it is the header.
    pub header: Option<Vec<u8>>,
}

/// Looks for records in a landed file, called `name` in messages.
///
/// As Hadoop's reader has it, a split has the lines that begin behind its start; the first one also that which begins
/// there.
///
/// # Errors
/// Where the file can't be read.
pub fn locate(spec: &Spec, name: &str, file: impl Read, wanted: &BTreeSet<Position>) -> Result<Places> {
    let mut stream =
        input::open(file, true).map_err(crate::exit::Error::io(format!("cannot read {name}")))?;
    let mut judge = Judge::new(spec);
    let mut cutter = Cutter::new(spec.input.max_record_bytes, Boms::All);
    let mut places = Places::default();
    let mut waiting: BTreeSet<Position> = wanted.clone();
    // Of the splits that have begun: by the record's number in the file, where it was looked for.
    let mut due: BTreeMap<u64, Vec<Position>> = BTreeMap::new();
    let (mut lines, mut records) = (0_u64, 0_u64);
    // Where the line begins that comes next, and whether the byte before was a CR.
    let (mut offset, mut begins, mut after_cr) = (0_u64, 0_u64, false);

    let mut take = |line: Line, begins: u64| {
        lines += 1;
        while let Some(position) =
            waiting.first().filter(|(start, _)| *start == 0 || begins > *start).copied()
        {
            waiting.remove(&position);
            due.entry(records.saturating_add(position.1)).or_default().push(position);
        }
        let header = spec.input.header && !line.too_long && judge.is_header_line(line.bytes);
        if lines == 1 && header {
            places.header = Some(line.bytes.to_vec());
        }
        if header || (line.bytes.is_empty() && !line.too_long) {
            return;
        }
        records += 1;
        if let Some(entry) = due.first_entry().filter(|entry| *entry.key() == records) {
            let located = Located { line: lines, bytes: line.bytes.to_vec(), cut: line.too_long };
            places.records.extend(entry.remove().into_iter().map(|position| (position, located.clone())));
        }
    };
    input::read_blocks(&mut stream, name, |block| {
        let mut rest = block;
        while !rest.is_empty() {
            let length = memchr2(b'\n', b'\r', rest).map_or(rest.len(), |at| at + 1);
            let (piece, behind) = rest.split_at(length);
            if std::mem::take(&mut after_cr) && piece == b"\n" {
                // The second half of a line's end.
                begins += 1;
            }
            cutter.feed(piece, |line| {
                take(line, begins);
                Ok::<(), crate::exit::Error>(())
            })?;
            offset += length as u64;
            if let Some(b'\n' | b'\r') = piece.last() {
                begins = offset;
                after_cr = piece.ends_with(b"\r");
            }
            rest = behind;
        }
        Ok(())
    })?;
    cutter.finish(|line| {
        take(line, begins);
        Ok::<(), crate::exit::Error>(())
    })?;
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Reason;
    use crate::scan::Tier;
    use crate::task::{Mode, Sink, Split, Task};
    use proptest::prelude::*;

    fn spec() -> Spec {
        let text = "version = 1\n[table]\nname = \"t\"\n[[column]]\nname = \"a\"\ntype = \"integer\"\n[[column]]\nname = \"b\"\n\
                    type = \"text\"\nnullable = true\n";
        crate::spec::parse(text).unwrap()
    }

    /// The lines of a text with the place where each begins, by the simplest rule.
    fn lines(text: &[u8]) -> Vec<(u64, Vec<u8>)> {
        let mut lines = Vec::new();
        let (mut begins, mut at) = (0, 0);
        while at < text.len() {
            if matches!(text[at], b'\n' | b'\r') {
                lines.push((begins as u64, text[begins..at].to_vec()));
                at += if text[at..].starts_with(b"\r\n") { 2 } else { 1 };
                begins = at;
            } else {
                at += 1;
            }
        }
        if begins < text.len() {
            lines.push((begins as u64, text[begins..].to_vec()));
        }
        lines
    }

    proptest! {
        /// What the tasks of any two splits reject is found in the file, at the line that holds it.
        #[test]
        fn every_reject_of_every_split_is_found(
            parts in prop::collection::vec(prop::sample::select(vec!["1,x", "a,b", "x", "\n", "\r", "\r\n", "\n\n", "a,b\n", "é,1\r\n", "7,\n"]), 0..40),
            share in 0.0..1.0_f64,
        ) {
            let spec = spec();
            let text = format!("a,b\n{}", parts.concat()).into_bytes();
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
            let at = (share * text.len() as f64) as u64;
            let all = lines(&text);
            let mut expected = Vec::new();
            for start in BTreeSet::from([0, at]) {
                // Hadoop hands each split its lines; the first one reads to the line that begins at the next one's start.
                let mine: Vec<&(u64, Vec<u8>)> = all
                    .iter()
                    .filter(|(begins, _)| if start == 0 { *begins <= at || at == 0 } else { *begins > start })
                    .collect();
                let split = Split { file: "f".to_owned(), start, begins_file: start == 0, ..Split::default() };
                let mut task = Task::new(&spec, split, Mode::Temp, false, Tier::PLAIN);
                let mut sink = Sink::default();
                for (_, line) in &mine {
                    task.feed(&[line, &b"\n"[..]].concat(), &mut sink).unwrap();
                }
                task.finish(&mut sink).unwrap();
                for line in String::from_utf8(sink.out).unwrap().lines() {
                    let fields: Vec<&str> = line.split('\t').collect();
                    if fields[0] != "ok" && fields[0] != "seal" {
                        prop_assert_ne!(fields[0], Reason::Encoding.name());
                        expected.push(((start, fields[4].parse::<u64>().unwrap()), fields[5].to_owned()));
                    }
                }
            }
            let wanted = expected.iter().map(|(position, _)| *position).collect();
            let places = locate(&spec, "f", &text[..], &wanted).unwrap();
            prop_assert_eq!(places.header.as_deref(), Some(&b"a,b"[..]));
            for (position, raw) in expected {
                let found = &places.records[&position];
                prop_assert_eq!(&all[usize::try_from(found.line).unwrap() - 1].1, &found.bytes);
                prop_assert_eq!(String::from_utf8_lossy(&found.bytes), raw);
            }
        }
    }
}
