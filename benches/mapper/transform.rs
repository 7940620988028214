//! One type at a time. `convert` is the conversion alone, as the plain path calls it; a tier's figure is a whole mapper
//! over a table of this one column, so that what the tiers differ by is the conversion against its kernel.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use sluicebox::spec::parse;
use sluicebox::task::Mode;

/// Fields of each column.
const FIELDS: usize = 20_000;

/// A type with its options, and its usual fields, hardly two of them alike but for labels.
struct Input {
    name: &'static str,
    options: &'static str,
    field: fn(usize) -> String,
}

const INPUTS: [Input; 5] = [
    Input {
        name: "date",
        options: "type = \"date\"\nformat = \"%m/%d/%Y\"",
        field: |n| format!("{}/{}/{}", 1 + n % 12, 1 + n % 28, 1990 + n % 40),
    },
    Input {
        name: "money",
        options: "type = \"money\"\nprecision = 18\nscale = 2\nrounding = \"half_up\"",
        field: |n| format!("{}.{:02}", n * 7919 % 1_000_000, n % 100),
    },
    Input { name: "integer", options: "type = \"integer\"", field: |n| (n * 7919 % 1_000_000).to_string() },
    Input {
        name: "region",
        options: "type = \"region\"\ncase = \"upper\"\naliases = { \"SUB-SAHARAN AFRICA\" = [\"SSA\"] }",
        field: |n| {
            ["Europe", "Asia", "  new   world", "SSA", "Central America and the Caribbean"][n % 5].to_owned()
        },
    },
    Input { name: "text", options: "type = \"text\"", field: |n| format!("some words, and the number {n}") },
];

pub fn each(c: &mut Criterion) {
    for Input { name, options, field } in INPUTS {
        let text = format!(
            "version = 1\n[table]\nname = \"t\"\n[input]\nheader = false\ndelimiter = \"|\"\n[[column]]\nname = \"c\"\n{options}\n"
        );
        let spec = parse(&text).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"));
        let fields: Vec<String> = (0..FIELDS).map(field).collect();
        let lines = fields.join("\n") + "\n";
        let mut group = c.benchmark_group(format!("transform/{name}"));

        let transform = spec.columns[0].transform.as_ref().unwrap();
        let convert = |out: &mut Vec<u8>| {
            for text in black_box(&fields) {
                transform.convert(if transform.trims() { text.trim() } else { text }, out).unwrap();
                out.push(b'\n');
            }
        };
        let (mut out, mut rows) = (Vec::new(), crate::Sink::default());
        convert(&mut out);
        crate::map(&spec, crate::Tier::PLAIN, Mode::Plain, lines.as_bytes(), &mut rows);
        assert!(rows.rejects.is_empty());
        assert_eq!(out, rows.out, "{name}");
        group.throughput(Throughput::Bytes(lines.len() as u64));
        group.bench_function("convert", |bencher| {
            bencher.iter(|| {
                out.clear();
                convert(&mut out);
            });
        });
        crate::tiers(&mut group, &spec, Mode::Plain, lines.as_bytes());
    }
}
