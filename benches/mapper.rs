//! The mapper's stages by tier, in memory: `cargo bench`, or `cargo bench -- mapper/clean`.
//!
//! Each asserts its answer first. For figures against other programs see scripts/bench.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
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

fn map(spec: &Spec, tier: Tier, text: &[u8], sink: &mut Sink) {
    let mut task = Task::new(spec, Split::stdin(), Mode::Temp, false, tier);
    // As much at once as the mapper takes.
    for block in text.chunks(16 * 1024) {
        task.feed(block, sink).unwrap();
    }
    task.finish(sink).unwrap();
}

fn mapper(c: &mut Criterion) {
    let (spec, clean, dirty) = inputs();
    for (name, text) in [("clean", &clean), ("dirty", &dirty)] {
        let mut expected = Sink::default();
        map(&spec, Tier::PLAIN, text, &mut expected);
        let mut group = c.benchmark_group(format!("mapper/{name}"));
        group.throughput(Throughput::Bytes(text.len() as u64));
        for (tier, by) in Tier::available() {
            let mut sink = Sink::default();
            map(&spec, by, text, &mut sink);
            assert_eq!(sink.out, expected.out, "{tier}");
            group.bench_function(tier, |bencher| {
                bencher.iter(|| {
                    sink.out.clear();
                    map(&spec, by, black_box(text), &mut sink);
                });
            });
        }
    }
}

fn scan(c: &mut Criterion) {
    let (_, clean, _) = inputs();
    let stretch = &clean[..16 * 1024];
    let wanted = Wanted { delimiter: b',', odd: *b"\\\"\t" };
    let mut group = c.benchmark_group("scan/clean");
    group.throughput(Throughput::Bytes(stretch.len() as u64));
    for (tier, by) in Tier::available() {
        let mut index = Index::default();
        index.fill(by, wanted, stretch);
        assert_eq!(index.lines().len(), stretch.split(|byte| *byte == b'\n').count() - 1);
        group.bench_function(tier, |bencher| bencher.iter(|| index.fill(by, wanted, black_box(stretch))));
    }
}

criterion_group!(benches, scan, mapper);
criterion_main!(benches);
