//! What a task wrote, read back and held against its seal.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use sluicebox::output::{Seal, escape};
use sluicebox::scan::Tier;
use sluicebox::spec::Spec;
use sluicebox::task::{Mode, Sink, Split, Task};

use crate::naive::naive_lines;
use crate::table::Table;

/// What a task wrote: rows, rejects, the seal.
#[derive(Debug)]
pub struct Written {
    pub out: Vec<u8>,
    pub rows: Vec<Vec<u8>>,
    pub rejects: Vec<Reject>,
    /// The lines of the rejects, whole but for the line feed.
    pub reject_lines: Vec<Vec<u8>>,
    /// All seals, in their order; the last one is the task's own.
    pub seals: Vec<Seal>,
    pub seal: Seal,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reject {
    pub reason: String,
    pub column: String,
    /// Unescaped; for `encoding` decoded.
    pub raw: Vec<u8>,
}

pub fn split_at(start: usize, length: usize) -> Split {
    Split {
        file: "hdfs://host/a.csv".to_owned(),
        start: start as u64,
        length: Some(length as u64),
        begins_file: start == 0,
        ..Split::default()
    }
}

pub fn map(spec: &Spec, split: Split, blocks: &[&[u8]], no_header: bool, tier: Tier) -> Written {
    let mut sink = Sink::default();
    let mut task = Task::new(spec, split, Mode::Temp, no_header, tier);
    for block in blocks {
        task.feed(block, &mut sink).unwrap();
    }
    let seal = task.finish(&mut sink).unwrap();
    read(spec, sink.out, seal)
}

/// The rejects and the seal of a mapper whose rejects go apart; its first line may be a record.
pub fn map_apart(spec: &Spec, split: Split, text: &[u8], tier: Tier) -> (Vec<u8>, Seal) {
    let mut sink = Sink::default();
    let mut task = Task::new(spec, split, Mode::Plain, true, tier);
    task.feed(text, &mut sink).unwrap();
    let seal = task.finish(&mut sink).unwrap();
    (sink.rejects, seal)
}

/// Takes temp lines apart and holds them against the last seal among them.
pub fn read(spec: &Spec, out: Vec<u8>, seal: Seal) -> Written {
    let (mut rows, mut rejects, mut reject_lines) = (Vec::new(), Vec::new(), Vec::new());
    let mut seals = Vec::new();
    for line in out.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").expect("a line feed ends each line");
        let fields: Vec<Vec<u8>> = escape::split(line, spec.delimiter).map(escape::unescape).collect();
        match fields[0].as_slice() {
            b"ok" => {
                assert_eq!(fields.len(), 1 + spec.kept().count());
                rows.push(line[3..].to_vec());
            }
            b"seal" => seals.push(serde_json::from_slice::<Seal>(&fields[1]).expect("a seal is JSON")),
            reason => {
                let reason = String::from_utf8(reason.to_vec()).unwrap();
                assert_eq!(fields.len(), 6, "{reason}");
                let raw = fields[5].clone();
                let raw = if reason == "encoding" { STANDARD.decode(raw).unwrap() } else { raw };
                reject_lines.push(line.to_vec());
                rejects.push(Reject { reason, column: String::from_utf8(fields[1].clone()).unwrap(), raw });
            }
        }
    }
    assert_eq!(seals.last(), Some(&seal), "the seal is the last line");
    Written { out, rows, rejects, reject_lines, seals, seal }
}

/// The books of one mapper balance, and are those of what it wrote.
pub fn hold_books(table: &Table, text: &[u8], written: &Written) -> Result<(), TestCaseError> {
    let seal = &written.seal;
    prop_assert_eq!(seal.records, seal.ok + seal.rejected_count());
    prop_assert_eq!(seal.lines, seal.records + seal.blank + seal.headers);
    prop_assert_eq!(seal.lines, naive_lines(text).len() as u64);
    prop_assert_eq!(seal.ok, written.rows.len() as u64);
    let mut rejected: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for reject in &written.rejects {
        *rejected.entry(reject.reason.clone()).or_default().entry(reject.column.clone()).or_default() += 1;
    }
    prop_assert_eq!(&seal.rejected, &rejected);
    prop_assert_eq!(seal.bytes, written.rows.iter().map(|row| row.len() as u64).sum::<u64>());
    prop_assert_eq!(seal.checksum, checksum(&written.rows));
    prop_assert_eq!(seal.reject_checksum, checksum(&written.reject_lines));
    for column in table.sums() {
        let place = table.place(column);
        let mut sum = 0_i128;
        for row in &written.rows {
            let text = escape::split(row, table.out as u8).nth(place).unwrap();
            if text != b"\\N" {
                sum += std::str::from_utf8(text).unwrap().replace('.', "").parse::<i128>().unwrap();
            }
        }
        prop_assert_eq!(seal.totals[&format!("c{column}")].replace('.', "").parse::<i128>().unwrap(), sum);
    }
    Ok(())
}

pub fn checksum(lines: &[Vec<u8>]) -> u64 {
    lines.iter().fold(0, |sum, line| xxhash_rust::xxh3::xxh3_64(line).wrapping_add(sum))
}
