//! The mapper's stages by tier, in memory: `cargo bench`, or `cargo bench -- mapper/clean`.
//!
//! A figure is named stage/input/implementation, and each asserts its answer first. For figures against other programs
//! see scripts/bench.

mod emit;
mod transform;

use std::hint::black_box;
use std::path::Path;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use sluicebox::scan::{Index, Tier, Wanted};
use sluicebox::spec::Spec;
use sluicebox::task::{Mode, Sink, Split, Task};

/// The sample without its dirt, some megabytes of it; and with it.
fn inputs() -> (Spec, Vec<u8>, Vec<u8>) {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let spec = Spec::load(&testdata.join("specs/sales.toml")).unwrap();
    let text = std::fs::read_to_string(testdata.join("samples/sales-east.csv")).unwrap();
    let header = text.lines().next().unwrap();
    let clean = |line: &&str| {
        let mut task = Task::new(&spec, Split::stdin(), Mode::Temp, true, Tier::best());
        task.feed(line.as_bytes(), &mut Sink::default()).unwrap();
        task.finish(&mut Sink::default()).unwrap().ok == 1
    };
    let repeat =
        |lines: Vec<&str>| format!("{header}\n{}", (lines.join("\n") + "\n").repeat(50)).into_bytes();
    (
        Spec::load(&testdata.join("specs/sales.toml")).unwrap(),
        repeat(text.lines().skip(1).filter(clean).collect()),
        repeat(text.lines().skip(1).collect()),
    )
}

/// Maps a text whose first line is the header where the spec has one.
fn map(spec: &Spec, tier: Tier, mode: Mode, text: &[u8], sink: &mut Sink) {
    let mut task = Task::new(spec, Split::stdin(), mode, false, tier);
    // As much at once as the mapper takes.
    for block in text.chunks(16 * 1024) {
        task.feed(block, sink).unwrap();
    }
    task.finish(sink).unwrap();
}

/// Every tier on one input, each held against the plain path first.
fn tiers(group: &mut BenchmarkGroup<WallTime>, spec: &Spec, mode: Mode, text: &[u8]) {
    let mut expected = Sink::default();
    map(spec, Tier::PLAIN, mode, text, &mut expected);
    group.throughput(Throughput::Bytes(text.len() as u64));
    for (tier, by) in Tier::available() {
        let mut sink = Sink::default();
        map(spec, by, mode, text, &mut sink);
        assert_eq!(sink.out, expected.out, "{tier}");
        group.bench_function(tier, |bencher| {
            bencher.iter(|| {
                sink.out.clear();
                map(spec, by, mode, black_box(text), &mut sink);
            });
        });
    }
}

fn mapper(c: &mut Criterion) {
    let (spec, clean, dirty) = inputs();
    for (name, text, mode) in
        [("clean", &clean, Mode::Temp), ("dirty", &dirty, Mode::Temp), ("keyed", &clean, Mode::Keyed(None))]
    {
        tiers(&mut c.benchmark_group(format!("mapper/{name}")), &spec, mode, text);
    }
}

/// What an index holds, byte by byte: where fields end, which of the ends are line feeds, where the odd bytes are.
fn naive(wanted: Wanted, stretch: &[u8]) -> [Vec<u32>; 3] {
    let mut found: [Vec<u32>; 3] = Default::default();
    for (place, byte) in (0..).zip(stretch) {
        if *byte == b'\n' {
            found[1].push(u32::try_from(found[0].len()).unwrap());
        }
        if [wanted.delimiter, b'\n'].contains(byte) {
            found[0].push(place);
        }
        let lone = *byte == b'\r' && stretch.get(place as usize + 1) != Some(&b'\n');
        if wanted.odd.contains(byte) || lone {
            found[2].push(place);
        }
    }
    found
}

fn scan(c: &mut Criterion) {
    let (_, clean, _) = inputs();
    let stretch = &clean[..16 * 1024];
    let wanted = Wanted { delimiter: b',', odd: *b"\\\"\t" };
    let mut group = c.benchmark_group("scan/clean");
    group.throughput(Throughput::Bytes(stretch.len() as u64));
    let expected = naive(wanted, stretch);
    assert!(expected.iter().all(|places| !places.is_empty()));
    for (tier, by) in Tier::available() {
        let mut index = Index::default();
        index.fill(by, wanted, stretch);
        assert_eq!([index.ends(), index.lines(), index.odd()], expected, "{tier}");
        group.bench_function(tier, |bencher| bencher.iter(|| index.fill(by, wanted, black_box(stretch))));
    }
}

criterion_group!(benches, scan, transform::each, emit::rows, emit::rejects, emit::seals, mapper);
criterion_main!(benches);
