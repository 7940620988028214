//! Validator and reducer by tier, in memory: `cargo bench --bench shuffle`, or `… -- reducer/keyed`.
//!
//! Each asserts its answer first. For figures against other programs see scripts/bench.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sluicebox::input::BLOCK;
use sluicebox::reduce::Reducer;
use sluicebox::scan::Tier;
use sluicebox::spec::Spec;
use sluicebox::task::{Mode, Sink, Split, Task};
use sluicebox::validate::{Partial, Tally};

/// The sample's rows as the mapper writes them, some megabytes of them; no key comes twice.
fn input(mode: Mode) -> (Spec, Vec<u8>) {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let spec = Spec::load(&testdata.join("specs/sales.toml")).unwrap();
    let text = std::fs::read_to_string(testdata.join("samples/sales-east.csv")).unwrap();
    let place = spec.columns.iter().position(|column| column.name == "order_id").unwrap();
    let mut task = Task::new(&spec, Split::stdin(), mode, true, Tier::best());
    let mut sink = Sink::default();
    for round in 0..50 {
        for (number, line) in text.lines().enumerate().skip(1) {
            let mut fields: Vec<&str> = line.split(',').collect();
            let key = (100_000 * (round + 1) + number).to_string();
            if let Some(field) = fields.get_mut(place) {
                *field = &key;
            }
            task.feed((fields.join(",") + "\n").as_bytes(), &mut sink).unwrap();
        }
    }
    let rows: &[&[u8]] = &[b"ok\t", b"k:"];
    let mut lines: Vec<&[u8]> = sink.out.split_inclusive(|byte| *byte == b'\n').collect();
    lines.retain(|line| rows.iter().any(|row| line.starts_with(row)));
    lines.sort_unstable();
    (Spec::load(&testdata.join("specs/sales.toml")).unwrap(), lines.concat())
}

fn validate(spec: &Spec, tier: Tier, text: &[u8]) -> Partial {
    let mut tally = Tally::new(spec, tier);
    text.chunks(BLOCK).for_each(|block| tally.feed(block));
    tally.finish(String::new(), 0)
}

fn validator(c: &mut Criterion) {
    let (spec, text) = input(Mode::Temp);
    let expected = validate(&spec, Tier::PLAIN, &text);
    let mut group = c.benchmark_group("validator/temp");
    group.throughput(Throughput::Bytes(text.len() as u64));
    for (name, tier) in Tier::available() {
        assert_eq!(validate(&spec, tier, &text), expected, "{name}");
        group.bench_function(name, |bencher| bencher.iter(|| validate(&spec, tier, black_box(&text))));
    }
}

fn reduce(spec: &Spec, tier: Tier, text: &[u8], out: &mut Vec<u8>) {
    let mut reducer = Reducer::new(spec, None, tier);
    for block in text.chunks(BLOCK) {
        reducer.feed(block, out).unwrap();
    }
    reducer.finish(out).unwrap();
}

fn reducer(c: &mut Criterion) {
    let (spec, text) = input(Mode::Keyed(None));
    let mut expected = Vec::new();
    reduce(&spec, Tier::PLAIN, &text, &mut expected);
    let mut group = c.benchmark_group("reducer/keyed");
    group.throughput(Throughput::Bytes(text.len() as u64));
    for (name, tier) in Tier::available() {
        let mut out = Vec::new();
        reduce(&spec, tier, &text, &mut out);
        assert!(out == expected, "{name}");
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                out.clear();
                reduce(&spec, tier, black_box(&text), &mut out);
            });
        });
    }
}

criterion_group!(benches, validator, reducer);
criterion_main!(benches);
