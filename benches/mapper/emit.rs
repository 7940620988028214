//! What goes out: escaped rows and their checksum, reject lines, the seal.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use sluicebox::output::{Provenance, escape, line_hash, reject_line, seal_line};
use sluicebox::record::Reason;
use sluicebox::scan::Tier;
use sluicebox::spec::Raw;
use sluicebox::task::{Mode, Split, Task};
use xxhash_rust::xxh3::Xxh3;

use crate::{Sink, inputs};

/// The lines of a text, without their ends.
fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split(|byte| *byte == b'\n').collect()
}

/// A field's escapes, byte by byte.
fn naive(text: &[u8], delimiter: u8, out: &mut Vec<u8>) {
    for byte in text {
        if *byte == b'\\' || *byte == delimiter {
            out.push(b'\\');
        }
        out.push(*byte);
    }
}

pub fn rows(c: &mut Criterion) {
    let (_, clean, _) = inputs();
    let odd = clean.iter().enumerate().map(|(at, byte)| if at % 20 == 0 { b'\t' } else { *byte }).collect();
    for (name, text) in [("clean", &clean), ("escaped", &odd)] {
        let fields: Vec<&[u8]> = text.split(|byte| matches!(byte, b',' | b'\n')).collect();
        let all = |escape: fn(&[u8], u8, &mut Vec<u8>), out: &mut Vec<u8>| {
            out.clear();
            for field in black_box(&fields) {
                escape(field, b'\t', out);
            }
        };
        let mut expected = Vec::new();
        all(naive, &mut expected);
        let mut group = c.benchmark_group(format!("emit/{name}"));
        group.throughput(Throughput::Bytes(text.len() as u64));
        for (by, escape) in [("naive", naive as fn(&[u8], u8, &mut Vec<u8>)), ("escape", escape::field)] {
            let mut out = Vec::new();
            all(escape, &mut out);
            assert_eq!(out, expected, "{by}");
            group.bench_function(by, |bencher| bencher.iter(|| all(escape, &mut out)));
        }
    }
    let rows = lines(&clean);
    let checksum = || black_box(&rows).iter().fold(0, |sum: u64, row| sum.wrapping_add(line_hash(row)));
    // What XXH3 is published to make of nothing; and rows in any order, each in two pieces, as a stream is hashed.
    assert_eq!(line_hash(b""), 0x2d06_8005_38d3_94c2);
    let streamed = |row: &[u8]| {
        let (begin, end) = row.split_at(row.len() / 2);
        let mut hash = Xxh3::new();
        hash.update(begin);
        hash.update(end);
        hash.digest()
    };
    assert_eq!(checksum(), rows.iter().rev().fold(0, |sum: u64, row| sum.wrapping_add(streamed(row))));
    let mut group = c.benchmark_group("emit/clean");
    group.throughput(Throughput::Bytes(clean.len() as u64));
    group.bench_function("checksum", |bencher| bencher.iter(checksum));
}

pub fn rejects(c: &mut Criterion) {
    let (_, _, dirty) = inputs();
    let raws = lines(&dirty);
    let mut group = c.benchmark_group("emit/rejects");
    group.throughput(Throughput::Bytes(dirty.len() as u64));
    for (by, keep) in [("keep", Raw::Keep), ("redact", Raw::Redact), ("none", Raw::None)] {
        let reject = |out: &mut Vec<u8>| {
            for (raw, record) in black_box(&raws).iter().zip(1..) {
                let from = Provenance { file: b"hdfs://nn/sales/part-0001.csv", split_start: 0, record };
                reject_line(out, b'\t', (Reason::Date, "order_date"), from, raw, keep);
            }
        };
        let mut out = Vec::new();
        reject(&mut out);
        for (line, raw) in lines(&out).into_iter().zip(&raws) {
            let fields: Vec<&[u8]> = escape::split(line, b'\t').collect();
            assert_eq!((fields.len(), fields[0]), (6, &b"date"[..]));
            let kept = escape::unescape(fields[5]);
            match keep {
                Raw::Keep => assert_eq!(&kept, raw),
                Raw::Redact => assert_eq!(kept.is_empty(), raw.is_empty()),
                Raw::None => assert!(kept.is_empty()),
            }
        }
        group.bench_function(by, |bencher| {
            bencher.iter(|| {
                out.clear();
                reject(&mut out);
            });
        });
    }
}

pub fn seals(c: &mut Criterion) {
    let (spec, _, dirty) = inputs();
    let mut task = Task::new(&spec, Split::stdin(), Mode::Temp, false, Tier::best());
    let mut sink = Sink::default();
    task.feed(&dirty, &mut sink).unwrap();
    let seal = task.finish(&mut sink).unwrap();
    let mut out = Vec::new();
    seal_line(&mut out, b'\t', &seal);
    assert!(sink.out.ends_with(&out));
    c.benchmark_group("emit/seal").bench_function("seal_line", |bencher| {
        bencher.iter(|| {
            out.clear();
            seal_line(&mut out, b'\t', black_box(&seal));
        });
    });
}
