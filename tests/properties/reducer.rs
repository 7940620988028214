//! Map, shuffle and reduce over any rows.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::{Index, select};
use rust_decimal::Decimal;
use sluicebox::output::{Kind, escape};
use sluicebox::reduce::Reducer;
use sluicebox::scan::Tier;
use sluicebox::spec::{Spec, parse};
use sluicebox::task::{Mode, Sink, Split, Task};

use crate::books::{Written, checksum, map, read, split_at};
use crate::config;
use crate::stream::{cut, damage, line_ends, spoil};

const PREFER: [&str; 11] =
    ["", "id", "code desc", "n", "n desc", "m", "m desc", "day asc", "day desc", "note", "note desc"];

fn dedup_spec(prefer: &[&str], unique: bool) -> Spec {
    let prefer: Vec<&&str> = prefer.iter().filter(|text| !text.is_empty()).collect();
    let key = if unique { "\"id\"" } else { "\"id\", \"code\"" };
    let columns = [
        ("id", "type = \"integer\""),
        ("code", "type = \"text\""),
        ("n", "type = \"integer\"\nnullable = true"),
        ("m", "type = \"money\"\nnullable = true\nrounding = \"half_up\""),
        ("day", "type = \"date\"\nformat = \"%Y-%m-%d\"\nnullable = true"),
        ("note", "type = \"text\"\nnullable = true"),
    ];
    let columns: String =
        columns.iter().map(|(name, options)| format!("[[column]]\nname = \"{name}\"\n{options}\n")).collect();
    let text = format!(
        "version = 1\n[table]\nname = \"t\"\n[input]\nnull = [\"\"]\n[dedup]\nkey = [{key}]\nprefer = {prefer:?}\n\
         [audit]\nsum = [\"n\", \"m\"]\n{columns}"
    );
    parse(&text).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"))
}

/// A few wishes, each for another column.
fn prefer() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(select(PREFER.to_vec()), 0..3).prop_map(|mut wishes| {
        let mut named = BTreeSet::new();
        wishes.retain(|wish| named.insert(wish.split(' ').next()));
        wishes
    })
}

fn dedup_row() -> impl Strategy<Value = String> {
    (
        1_u32..4,
        select(vec!["a", "a ", "A", "\"a,b\"", "%2C", "\"a\tb\"", "a\u{1}", "a\0", "é"]),
        select(vec!["", "-12", "-2", "0", "3", "10", "x"]),
        select(vec!["", "-1.5", "-10", "0.001", "2", "9.99", "10.00"]),
        select(vec!["", "2024-01-02", "2023-12-31", "0001-01-01", "9999-12-31"]),
        select(vec!["", "b", "bb", "b\0", "b\u{1}", "\\N", "\u{7f}é", "~"]),
    )
        .prop_map(|(id, code, n, m, day, note)| format!("{id},{code},{n},{m},{day},{note}"))
}

/// Every split mapped with `--keyed`, all lines in one order, reduced.
fn map_and_reduce(spec: &Spec, splits: &[(usize, &[u8])], blocks: usize) -> Written {
    let mut keyed = Vec::new();
    for (start, part) in splits {
        let mut sink = Sink::default();
        let mut task = Task::new(spec, split_at(*start, part.len()), Mode::Keyed(None), true, Tier::best());
        task.feed(part, &mut sink).unwrap();
        task.finish(&mut sink).unwrap();
        keyed.extend(sink.out.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec));
    }
    keyed.sort_by(|left, right| left[..left.len() - 1].cmp(&right[..right.len() - 1]));
    let mut out = Vec::new();
    let mut reducer = Reducer::new(spec, None, Tier::best());
    for block in keyed.concat().chunks(blocks) {
        reducer.feed(block, &mut out).unwrap();
    }
    let seal = reducer.finish(&mut out).unwrap();
    read(spec, out, seal)
}

/// The order of two rows of one key, by `prefer` and then by their bytes.
fn better(prefer: &[&str], left: &[u8], right: &[u8]) -> Ordering {
    let fields = |row: &[u8]| escape::split(row, b'\t').map(<[u8]>::to_vec).collect::<Vec<_>>();
    let (a, b) = (fields(left), fields(right));
    for wish in prefer.iter().filter(|wish| !wish.is_empty()) {
        let place = ["id", "code", "n", "m", "day", "note"]
            .iter()
            .position(|name| *name == wish.split(' ').next().unwrap())
            .unwrap();
        let (a, b) = (&a[place], &b[place]);
        let ordering = match (a == b"\\N", b == b"\\N") {
            (true, true) => Ordering::Equal,
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            (false, false) if place == 2 || place == 3 => {
                let number = |text: &[u8]| std::str::from_utf8(text).unwrap().parse::<Decimal>().unwrap();
                number(a).cmp(&number(b))
            }
            (false, false) => escape::unescape(a).cmp(&escape::unescape(b)),
        };
        let ordering = if wish.ends_with("desc") { ordering.reverse() } else { ordering };
        if ordering.is_ne() {
            return ordering;
        }
    }
    left.cmp(right)
}

proptest! {
    #![proptest_config(config())]

    /// The winners, the duplicates and the number of copies depend on the rows alone, and are the right ones.
    #[test]
    fn winners_do_not_depend_on_order_or_splits(
        rows in prop::collection::vec(dedup_row(), 0..40).prop_shuffle(),
        prefer in prefer(),
        places in prop::collection::vec(any::<Index>(), 0..5),
        blocks in 1_usize..200,
        rotate in any::<Index>(),
    ) {
        let spec = dedup_spec(&prefer, false);
        let text = |rows: &[String]| rows.iter().map(|row| format!("{row}\n")).collect::<String>().into_bytes();
        let stream = text(&rows);
        let mapped = map(&spec, split_at(0, 0), &[&stream], true, Tier::best());
        let splits = cut(&stream, &line_ends(&stream), &places);
        let reduced = map_and_reduce(&spec, &splits, blocks);

        let mut keys: BTreeMap<Vec<Vec<u8>>, Vec<&Vec<u8>>> = BTreeMap::new();
        for row in &mapped.rows {
            let key = escape::split(row, b'\t').take(2).map(<[u8]>::to_vec).collect();
            keys.entry(key).or_default().push(row);
        }
        let (mut winners, mut duplicates, mut copies) = (Vec::new(), Vec::new(), 0);
        for rows in keys.values_mut() {
            rows.sort_by(|left, right| better(&prefer, left, right));
            winners.push(rows[0].clone());
            copies += rows[1..].iter().filter(|row| **row == rows[0]).count() as u64;
            duplicates.extend(rows[1..].iter().filter(|row| **row != rows[0]).map(|row| (*row).clone()));
        }
        let sorted = |mut rows: Vec<Vec<u8>>| { rows.sort(); rows };
        prop_assert_eq!(sorted(reduced.rows.clone()), sorted(winners.clone()));
        let raws = |written: &Written, duplicate: bool| {
            let rejects = written.rejects.iter().filter(|reject| (reject.reason == "duplicate") == duplicate);
            sorted(rejects.map(|reject| reject.raw.clone()).collect())
        };
        prop_assert_eq!(raws(&reduced, true), sorted(duplicates));
        prop_assert_eq!(raws(&reduced, false), raws(&mapped, false));

        let seal = &reduced.seal;
        let counts = seal.reduced.unwrap();
        prop_assert_eq!(counts.copies, copies);
        prop_assert_eq!(counts.duplicates, raws(&reduced, true).len() as u64);
        prop_assert_eq!(seal.records, mapped.seal.ok);
        prop_assert_eq!(seal.records, seal.ok + counts.duplicates + counts.copies);
        prop_assert_eq!(counts.received_checksum, mapped.seal.checksum);
        prop_assert_eq!(counts.passed.rejects, mapped.rejects.len() as u64);
        prop_assert_eq!(counts.passed.seals, splits.len() as u64);
        prop_assert_eq!(seal.checksum, checksum(&winners));
        // What reducers reject is under their seals, all other rejects under the mappers' that came with them.
        let (own, passed): (Vec<_>, Vec<_>) =
            reduced.reject_lines.iter().cloned().partition(|line| line.starts_with(b"duplicate\t"));
        prop_assert_eq!(seal.reject_checksum, checksum(&own));
        let mappers = reduced.seals.iter().filter(|seal| seal.kind == Kind::Map);
        prop_assert_eq!(mappers.fold(0_u64, |sum, seal| sum.wrapping_add(seal.reject_checksum)), checksum(&passed));
        for (place, name) in [(2, "n"), (3, "m")] {
            let sum = winners.iter().filter_map(|row| {
                let text = escape::split(row, b'\t').nth(place).unwrap();
                (text != b"\\N").then(|| std::str::from_utf8(text).unwrap().parse::<Decimal>().unwrap())
            }).sum::<Decimal>();
            prop_assert_eq!(seal.totals[name].parse::<Decimal>().unwrap(), sum);
        }

        let mut other = rows.clone();
        other.rotate_left(if rows.is_empty() { 0 } else { rotate.index(rows.len()) });
        other.reverse();
        let other = text(&other);
        let again = map_and_reduce(&spec, &[(0, &other)], 4096);
        prop_assert_eq!(&again.rows, &reduced.rows);
        prop_assert_eq!(raws(&again, true), raws(&reduced, true));
        prop_assert_eq!(again.seal.reduced.unwrap().copies, copies);
    }

    /// Without duplicate keys, map and reduce give the rows of map alone.
    #[test]
    fn unique_keys_all_win(
        rows in prop::collection::vec(dedup_row(), 0..30),
        places in prop::collection::vec(any::<Index>(), 0..5),
    ) {
        let spec = dedup_spec(&["m desc"], true);
        let stream: String = rows.iter().enumerate().map(|(id, row)| format!("{}{row}\n", 10 * id)).collect();
        let mapped = map(&spec, split_at(0, 0), &[stream.as_bytes()], true, Tier::best());
        let splits = cut(stream.as_bytes(), &line_ends(stream.as_bytes()), &places);
        let reduced = map_and_reduce(&spec, &splits, 100);
        let sorted = |rows: &[Vec<u8>]| { let mut rows = rows.to_vec(); rows.sort(); rows };
        prop_assert_eq!(sorted(&reduced.rows), sorted(&mapped.rows));
        let mut rejects = (mapped.rejects, reduced.rejects);
        rejects.0.sort();
        rejects.1.sort();
        prop_assert_eq!(rejects.0, rejects.1);
        prop_assert_eq!(reduced.seal.checksum, mapped.seal.checksum);
        prop_assert_eq!(reduced.seal.totals, mapped.seal.totals);
    }

    /// Whatever a reducer is fed: an error or an answer, no panic.
    #[test]
    fn a_reducer_survives_any_bytes(
        rows in prop::collection::vec(dedup_row(), 0..10),
        damages in prop::collection::vec(damage(), 0..5),
    ) {
        let spec = dedup_spec(&[], true);
        let stream: String = rows.iter().map(|row| format!("{row}\n")).collect();
        let mut sink = Sink::default();
        let mut task = Task::new(&spec, Split::stdin(), Mode::Keyed(None), true, Tier::best());
        task.feed(stream.as_bytes(), &mut sink).unwrap();
        task.finish(&mut sink).unwrap();
        let mut lines: Vec<&[u8]> = sink.out.split_inclusive(|byte| *byte == b'\n').collect();
        lines.sort_unstable();
        let mut text = lines.concat();
        spoil(&mut text, &damages);
        let mut out = Vec::new();
        let mut reducer = Reducer::new(&spec, None, Tier::best());
        if reducer.feed(&text, &mut out).is_ok() {
            let _ = reducer.finish(&mut out);
        }
    }
}

/// Columns with a long label that a short alias stands for, or a long text in a bad value's place.
fn long_spec(columns: usize, invalid: &str, limit: usize) -> Spec {
    let column = format!("[[column]]\nname = \"NAME\"\ntype = \"label\"\n{invalid}\n");
    let columns: String = (0..columns).map(|index| column.replace("NAME", &format!("c{index}"))).collect();
    let text = format!(
        "version = 1\n[table]\nname = \"t\"\n[input]\nmax_record_bytes = {limit}\n[dedup]\nkey = [\"id\"]\n\
         [type.label]\ntype = \"region\"\nallowed = [\"{label}\"]\naliases = {{ \"{label}\" = [\"a\"] }}\n\
         [[column]]\nname = \"id\"\ntype = \"integer\"\n{columns}",
        label = "%".repeat(1000)
    );
    parse(&text).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"))
}

/// The longest of what a column may become counts, whatever else its spec says.
#[test]
fn rows_much_longer_than_their_lines_pass_the_reducer() {
    for invalid in ["", "invalid = { replace = \"\" }", "nullable = true\ninvalid = \"null\""] {
        let spec = long_spec(100, invalid, 300);
        let line = format!("1{}\n", ",a".repeat(100));
        let reduced = map_and_reduce(&spec, &[(0, line.as_bytes())], 1000);
        assert_eq!((reduced.seal.ok, reduced.seal.rejected_count()), (1, 0), "{invalid}");
    }
    let replaced = format!("invalid = {{ replace = \"{}\" }}", "\\\\".repeat(1000));
    let spec = long_spec(100, &replaced, 300);
    let line = format!("1{}\n", ",x".repeat(100));
    assert_eq!(map_and_reduce(&spec, &[(0, line.as_bytes())], 1000).seal.ok, 1);
}

#[test]
fn a_line_that_is_too_long_is_not_called_something_else() {
    let spec = long_spec(1, "", 10);
    let mut reducer = Reducer::new(&spec, None, Tier::best());
    let line = format!("k:1\t\t1\t{}\0-\t0\t1\tSAME\n", "a".repeat(1 << 20));
    let message = reducer.feed(line.as_bytes(), &mut Vec::new()).unwrap_err().to_string();
    assert!(message.starts_with("line 1 is longer than any that mapper --keyed writes"), "{message}");
}
