//! Validator and reducer answer the same on every tier as the plain path does: for lines as tasks write them and what
//! mutations make of them, for arbitrary specs, and however the stream is cut into blocks.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{TestCaseResult, TestRunner};
use sluicebox::output::{Books, Kind, escape, seal_line};
use sluicebox::reduce::Reducer;
use sluicebox::scan::Tier;
use sluicebox::spec::{Spec, parse};
use sluicebox::task::{Mode, Sink, Split, Task};
use sluicebox::validate::Tally;

use crate::cases::{Stream, cut, verdict};

// ---- specs ----

/// What a column holds, by what its values look like.
#[derive(Debug, Clone, Copy)]
enum Column {
    Text,
    Integer,
    /// Money of a scale.
    Money(u8),
}

#[derive(Debug, Clone)]
struct Table {
    columns: Vec<Column>,
    delimiter: char,
    /// Columns with a control total.
    sums: Vec<usize>,
}

impl Table {
    fn spec(&self) -> Spec {
        let names = |columns: &[usize]| {
            columns.iter().map(|column| format!("\"c{column}\"")).collect::<Vec<_>>().join(", ")
        };
        let delimiter = serde_json::to_string(&self.delimiter).unwrap();
        let mut text = format!(
            "version = 1\n[table]\nname = \"t\"\n[input]\nmax_record_bytes = 2000\n[output]\ndelimiter = {delimiter}\n\
             [dedup]\nkey = [\"c0\"]\n[audit]\nsum = [{}]\n",
            names(&self.sums)
        );
        for (index, column) in self.columns.iter().enumerate() {
            let kind = match column {
                Column::Text => "type = \"text\"".to_owned(),
                Column::Integer => "type = \"integer\"".to_owned(),
                Column::Money(scale) => {
                    format!("type = \"money\"\nprecision = 30\nscale = {scale}\nrounding = \"down\"")
                }
            };
            let nullable = index > 0;
            let _ = write!(text, "[[column]]\nname = \"c{index}\"\nnullable = {nullable}\n{kind}\n");
        }
        parse(&text).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"))
    }
}

fn table() -> impl Strategy<Value = Table> {
    let column = prop_oneof![
        2 => Just(Column::Text),
        1 => Just(Column::Integer),
        2 => select(vec![0, 1, 2, 2, 2, 14, 15, 20]).prop_map(Column::Money),
    ];
    let delimiter = select(vec!['\t', '\t', '\t', ',', '|', '%', ':', ' ', '\u{1}', '\0']);
    (prop::collection::vec(column, 1..6), delimiter, prop::collection::vec(any::<bool>(), 6)).prop_map(
        |(columns, delimiter, summed)| {
            let sums = (0..columns.len())
                .filter(|index| summed[*index] && !matches!(columns[*index], Column::Text))
                .collect();
            Table { columns, delimiter, sums }
        },
    )
}

// ---- lines ----

fn bytes(texts: &[&'static [u8]]) -> impl Strategy<Value = Vec<u8>> + use<> {
    select(texts.to_vec()).prop_map(<[u8]>::to_vec)
}

/// A field as it stands in a row: nearly always what the column holds, and its escapes are right.
fn field(column: Column, delimiter: u8) -> BoxedStrategy<Vec<u8>> {
    let odd = bytes(&[
        b"", b"-", b"+1", b"1.", b".5", b"-.50", b"1..5", b"1:50", b"\\", b"x", b"\xff", b"0\\N", b"--1.00",
    ]);
    let usual = match column {
        Column::Text => prop_oneof![
            8 => "[a-zA-Z é]{0,30}".prop_map(String::into_bytes),
            1 => prop::collection::vec(any::<u8>(), 0..90),
            1 => bytes(&[b"\\", b"\\\\", b"a\\b", b"\0", b"\x01", b"a\x01\x01", b"\t", b"\r", b"\xc3"]),
        ]
        .prop_map(move |text| {
            let mut field = Vec::new();
            escape::field(&text, delimiter, &mut field);
            field.retain(|byte| *byte != b'\n');
            field
        })
        .boxed(),
        Column::Integer => any::<(i64, u32)>()
            .prop_map(|(number, shift)| (number >> (shift % 64)).to_string().into_bytes())
            .boxed(),
        Column::Money(scale) => any::<(i64, u32)>()
            .prop_map(move |(number, shift)| {
                let number = number >> (shift % 64);
                let scale = usize::from(scale);
                let digits = format!("{:0width$}", number.unsigned_abs(), width = scale + 1);
                let (whole, fraction) = digits.split_at(digits.len() - scale);
                let (sign, point) = (if number < 0 { "-" } else { "" }, if scale > 0 { "." } else { "" });
                format!("{sign}{whole}{point}{fraction}").into_bytes()
            })
            .boxed(),
    };
    prop_oneof![20 => usual, 1 => bytes(&[b"\\N"]), 1 => odd].boxed()
}

/// A row; now and then with another number of fields.
fn row(table: &Table) -> BoxedStrategy<Vec<u8>> {
    let delimiter = table.delimiter as u8;
    let fields: Vec<_> = table.columns.iter().map(|column| field(*column, delimiter)).collect();
    (fields, 0..40)
        .prop_map(move |(mut fields, other)| {
            match other {
                0 => fields.push(b"1.00".to_vec()),
                1 => drop(fields.pop()),
                2 => fields[0].resize(20_000, b'x'),
                _ => {}
            }
            fields.join(&delimiter)
        })
        .boxed()
}

/// A reject, a seal or nothing of the kind.
fn other_line(table: &Table) -> BoxedStrategy<Vec<u8>> {
    let delimiter = table.delimiter as u8;
    let mut seal = Vec::new();
    seal_line(&mut seal, delimiter, &Books::new(&table.spec()).seal(Kind::Map, String::new(), 0, None));
    seal.pop();
    let reject = bytes(&[b"date", b"duplicate", b"money", b"ok", b"seal"])
        .prop_map(move |reason| [&reason[..], b"c0", b"f", b"0", b"1", b"a raw line"].join(&delimiter));
    prop_oneof![2 => reject, 1 => Just(seal), 1 => prop::collection::vec(any::<u8>(), 0..30)].boxed()
}

fn temp_line(table: &Table) -> BoxedStrategy<Vec<u8>> {
    let status = [b'o', b'k', table.delimiter as u8];
    prop_oneof![
        12 => row(table).prop_map(move |row| [&status[..], &row].concat()),
        1 => other_line(table),
    ]
    .prop_map(|line| [&line[..], b"\n"].concat())
    .boxed()
}

/// A line for the shuffle. Few keys, so that some come twice; some are long and have their beginnings in common.
fn keyed_line(table: &Table) -> BoxedStrategy<Vec<u8>> {
    let key = prop_oneof![
        6 => "[0-9]{1,6}",
        1 => "[ab\\\\]{0,2}",
        1 => "[c]{60,70}[ab]?",
        1 => "d{61}[\t\0\u{1}]{0,2}",
    ];
    let mark = prop_oneof![30 => Just("k:"), 1 => select(vec!["r:", "s:", "g:", "x", ""])];
    let order =
        select(vec!["", "", ".0123,", ".012345678901234567890123456789012345678,", "~,", "\\,", "a\0"]);
    let payload = prop_oneof![20 => row(table), 1 => other_line(table)];
    let provenance = prop_oneof![
        20 => (0..3).prop_map(|record| format!("a\t0\t{record}\tSAME")),
        1 => "[\ta0\0\u{1}\r]{0,6}",
    ];
    let encode = prop::bool::weighted(0.9);
    (mark, key, order, payload, provenance, encode)
        .prop_map(|(mark, key, order, payload, provenance, encode)| {
            let encoded = |byte: &u8| match byte {
                0 | 1 if encode => vec![1, byte + 1],
                byte => vec![*byte],
            };
            let payload: Vec<u8> = payload.iter().flat_map(encoded).collect();
            let line = [
                mark.as_bytes(),
                key.as_bytes(),
                b"\t",
                order.as_bytes(),
                b"\t",
                &payload,
                b"\0",
                provenance.as_bytes(),
            ];
            line.concat().into_iter().filter(|byte| *byte != b'\n').collect()
        })
        .boxed()
}

/// Bytes that are set to others, and places that a stream is cut at.
type Damage = (Vec<(Index, u8)>, Vec<Index>);

fn damage() -> impl Strategy<Value = Damage> {
    let byte = prop_oneof![any::<u8>(), select(&b"\t\n\r\\\0\x01.0,"[..])];
    (prop::collection::vec((any::<Index>(), byte), 0..3), prop::collection::vec(any::<Index>(), 0..6))
}

fn spoil(text: &mut [u8], places: &[(Index, u8)]) {
    if text.is_empty() {
        return;
    }
    for (at, byte) in places {
        text[at.index(text.len())] = *byte;
    }
}

type Case = (Table, Stream);

fn stream(text: Vec<u8>, cuts: &[Index]) -> Stream {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
    cuts.sort_unstable();
    Stream { text, cuts }
}

fn temp_lines() -> impl Strategy<Value = Case> {
    table().prop_flat_map(|table| {
        let lines = prop::collection::vec(temp_line(&table), 0..30);
        (Just(table), lines, any::<bool>(), damage()).prop_map(|(table, lines, open, (places, cuts))| {
            let mut text = lines.concat();
            if open {
                text.pop();
            }
            spoil(&mut text, &places);
            (table, stream(text, &cuts))
        })
    })
}

fn keyed_lines() -> impl Strategy<Value = Case> {
    table().prop_flat_map(|table| {
        let lines = prop::collection::vec((keyed_line(&table), 1..3_usize), 0..30);
        let end = select(vec![&b"\n"[..], b"\n", b"\n", b"\t\n", b"\r\n", b"\r"]);
        let sorted = prop::bool::weighted(0.95);
        let damaged = prop::bool::weighted(0.3);
        (Just(table), lines, end, sorted, damaged, damage()).prop_map(
            |(table, lines, end, sorted, damaged, (places, cuts))| {
                let twice = |(line, times): (Vec<u8>, usize)| vec![line; times];
                let mut lines: Vec<Vec<u8>> = lines.into_iter().flat_map(twice).collect();
                if sorted {
                    lines.sort();
                }
                let mut text: Vec<u8> = lines.iter().flat_map(|line| [&line[..], end].concat()).collect();
                if damaged {
                    spoil(&mut text, &places);
                }
                (table, stream(text, &cuts))
            },
        )
    })
}

// ---- runs ----

/// Runs so many cases of each.
pub fn run(cases: u32) {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
    let validated = |(table, stream): Case| -> TestCaseResult {
        verdict(&table.spec(), &stream);
        Ok(())
    };
    // Refused or not, the same on every tier.
    let reduced = |(table, stream): Case| -> TestCaseResult {
        let _ = cut(&table.spec(), None, &stream);
        Ok(())
    };
    TestRunner::new(config.clone()).run(&temp_lines(), validated).unwrap();
    TestRunner::new(config).run(&keyed_lines(), reduced).unwrap();
}

#[test]
fn lines_of_any_kind_are_judged_and_reduced_alike_on_every_tier() {
    run(400);
}

// ---- the sample ----

/// The sample as the mapper writes it; how many lines of it are rows.
fn sample(mode: Mode) -> (Spec, Vec<u8>, u64) {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let spec = Spec::load(&testdata.join("specs/sales.toml")).unwrap();
    let text = fs::read(testdata.join("samples/sales-east.csv")).unwrap();
    let mut sink = Sink::default();
    let mut task = Task::new(&spec, Split::stdin(), mode, false, Tier::best());
    task.feed(&text, &mut sink).unwrap();
    let seal = task.finish(&mut sink).unwrap();
    let mut lines: Vec<&[u8]> = sink.out.split_inclusive(|byte| *byte == b'\n').collect();
    lines.sort_unstable();
    assert!(seal.ok > 300);
    let text = lines.concat();
    (Spec::load(&testdata.join("specs/sales.toml")).unwrap(), text, seal.ok)
}

/// How many lines near the end of a block are not looked at together with what stands behind them.
const AT_THE_END: u64 = 3;

#[test]
fn the_rows_of_a_sample_take_the_validators_fast_lane() {
    let (spec, text, ok) = sample(Mode::Temp);
    for (name, tier) in Tier::available() {
        let mut tally = Tally::new(&spec, tier);
        tally.feed(&text);
        let others = tally.lines() - ok;
        let declined = tally.declined();
        assert_eq!(declined.is_none(), tier == Tier::PLAIN, "{name}");
        assert!(declined.is_none_or(|declined| declined <= others + AT_THE_END), "{name}: {declined:?}");
    }
}

#[test]
fn the_rows_of_a_sample_take_the_reducers_fast_lane() {
    let (spec, text, _) = sample(Mode::Keyed(None));
    for (name, tier) in Tier::available() {
        let mut reducer = Reducer::new(&spec, None, tier);
        reducer.feed(&text, &mut Vec::new()).unwrap();
        let (lines, declined) = (reducer.lines(), reducer.declined());
        assert_eq!(declined.is_none(), tier == Tier::PLAIN, "{name}");
        // The first line has none before it.
        let others = lines - reducer.finish(&mut Vec::new()).unwrap().ok;
        assert!(declined.is_none_or(|declined| declined <= others + AT_THE_END + 1), "{name}: {declined:?}");
    }
}
