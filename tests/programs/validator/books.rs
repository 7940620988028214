//! Books that balance, and every way in which they don't.

use serde_json::json;
use sluicebox::validate::{Terms, judge};

use super::{CSV, DEDUP, Table, lines, partial, replace};

const REJECTS_CHANGED: &str = "the whole output: the rejects are not those that were sealed";

/// The text with another first digit behind the first `key`.
fn bent(text: &[u8], key: &str) -> Vec<u8> {
    let at = text.windows(key.len()).position(|part| part == key.as_bytes()).unwrap() + key.len();
    let digit = if text[at] == b'0' { b"1" } else { b"0" };
    [&text[..at], digit, &text[at + 1..]].concat()
}

#[test]
fn a_whole_output_balances() {
    let table = Table::new("", "");
    let ended = table.validate(&[], &table.map(&[], &[], CSV.as_bytes()));
    ended.passes();
    let mut verdict = ended.verdict();
    assert_eq!(verdict["checksum"].take().as_str().unwrap().len(), 16);
    assert_eq!(
        verdict,
        json!({
            "verdict": "pass", "balanced": true, "lines": 12, "records": 10, "ok": 7, "rows": 7,
            "rejected": {"field_count": {"": 1}, "integer": {"id": 1}, "money": {"amount": 1}},
            "duplicates": 0, "copies": 0, "replaced": {"day": 1}, "blank": 1, "headers": 1, "bytes": 119,
            "checksum": null, "totals": {"amount": "170.00"},
            "gates": [{"gate": "min_rows", "limit": 0, "value": 7, "pass": true}],
            "problems": [], "files": 1, "map_tasks": 1, "reduce_tasks": 0
        })
    );
    for text in ["10  = 7 ok + 3 rejected", "12  = 10 records + 1 blank + 1 headers", "integer/id", "170.00"]
    {
        assert!(ended.err.contains(text), "{text:?} is not in\n{}", ended.err);
    }
    // Many mappers at many pipes are fine.
    table.validate(&[], &table.map(&[], &[], CSV.as_bytes()).repeat(3)).passes();
}

#[test]
fn every_change_of_the_output_is_found() {
    let table = Table::new("", "");
    let whole = table.map(&[], &[], CSV.as_bytes());
    let all = lines(&whole);
    let find = |start: &str| all.iter().position(|line| line.starts_with(start.as_bytes())).unwrap();
    let without = |at: usize| [&all[..at], &all[at + 1..]].concat().concat();
    let doubled = |at: usize| [&all[..=at], &all[at..]].concat().concat();
    let (row, reject, seal) = (find("ok\t2"), find("money"), find("seal"));
    let check = |lines: &[u8], expected: &str| table.validate(&[], lines).fails_with(expected);

    check(&without(row), "standard input: the seals say 7 ok rows, the lines show 6: the file was cut short");
    check(&without(row), "amount adds up to 170.00, the lines show 149.50");
    check(&doubled(row), "the seals say 7 ok rows, the lines show 8");
    check(&without(reject), "the seals say 1 rejects of money/amount, the lines show 0");
    check(&doubled(reject), "the seals say 1 rejects of money/amount, the lines show 2");
    check(&without(seal), "no seal: nothing shows that a task ran");
    check(&doubled(seal), "the seals say 14 ok rows, the lines show 7");
    check(&replace(&whole, "20.50", "25.00"), "amount adds up to 170.00, the lines show 174.50");
    // A digit changes places between rows: same counts, same bytes, same total.
    let swapped = replace(&replace(&whole, "20.50", "10.50"), "10.00", "20.00");
    check(&swapped, "the rows are not those that were sealed");
    assert!(!table.validate(&[], &swapped).problems().contains("adds up"));
    check(&replace(&whole, "2024-01-02", "2024-02-01"), "the rows are not those that were sealed");
    check(&replace(&whole, "\\N", "\\M"), "the rows are not those that were sealed");
    check(&replace(&whole, "money\tamount", "money\tid"), "say 0 rejects of money/id, the lines show 1");
    check(&replace(&whole, "\t20.50", "20.50"), "standard input line 2: it has 2 columns; the spec writes 3");
    check(&replace(&whole, "\"ok\":7", "\"ok\":8"), "records = ok + rejected, but 10 is not 11");
    check(&replace(&whole, "\"lines\":12", "\"lines\":13"), "blank + headers, but 13 is not 12");
    check(&replace(&whole, "\"ok\":7", "\"ok\":-7"), "can't be read");
    check(&replace(&whole, "\"ok\":7", "\"ok\":18446744073709551615"), "18,446,744,073,709,551,615 ok rows");
    check(&whole[..whole.len() - 1], "its last line has no line feed");
    check(&[&whole[..], b"\n"].concat(), "line 12: it does not begin with ok");
    check(&replace(&whole, "10.00\n", "10.00\r\n"), "standard input line 1: it has no number");
    check(b"", "no seal: nothing shows that a task ran");
    check(b"\0\0\0\n\xff", "line 1: it does not begin with ok");
    for cut in (1..whole.len()).step_by(13) {
        let ended = table.validate(&[], &whole[..cut]);
        assert_eq!((ended.code, &ended.verdict()["balanced"]), (1, &json!(false)), "cut at {cut}");
    }
}

#[test]
fn a_reject_that_is_not_the_one_that_was_sealed_is_found() {
    let table = Table::new("", "");
    // Two rejects of one reason and column.
    let whole = table.map(&[], &[], CSV.replace("1,2024-01-01,10.00", "1,2024-01-01,dear").as_bytes());
    let all = lines(&whole);
    let [one, two]: [usize; 2] = (0..all.len())
        .filter(|at| all[*at].starts_with(b"money\tamount"))
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    let copied = |from: usize, to: usize| {
        let mut all = all.clone();
        all[to] = all[from].clone();
        all.concat()
    };
    let says = "standard input: the rejects are not those that were sealed: the seals say checksum ";
    for changed in [
        copied(one, two),
        copied(two, one),
        replace(&whole, "dear", "deer"),
        replace(&whole, "\t-\t0\t1\t1,2024-01-01,dear", "\t-\t0\t2\t1,2024-01-01,dear"),
        replace(&whole, "\t-\t0\t1\t1,2024-01-01,dear", "\t+\t0\t1\t1,2024-01-01,dear"),
        replace(&whole, "7,2024-01-07\n", "7,2024-01-08\n"),
        bent(&whole, "\"reject_checksum\":\""),
    ] {
        let ended = table.validate(&[], &changed);
        ended.fails_with(says);
        assert_eq!(ended.problems().lines().count(), 1, "{}", ended.problems());
        assert!(ended.err.contains(&format!("problem: {says}")), "{}", ended.err);
    }
    // The lines may come in any order.
    let mut other = all.clone();
    other.swap(one, two);
    table.validate(&[], &other.concat()).passes();
    // A reject that is gone is one fault, not two.
    let gone = [&all[..one], &all[one + 1..]].concat().concat();
    assert_eq!(table.validate(&[], &gone).problems().lines().count(), 1);
}

#[test]
fn every_change_after_the_shuffle_is_found() {
    let table = Table::new("", DEDUP);
    // One exact copy, and three rows whose key another row wins.
    let csv = format!("{CSV}1,2024-01-01,10.00\n2,2024-01-02,20.49\n3,,1.00\n3,,2.00\n");
    let mapped = lines(&table.map(&["--keyed"], &[], csv.as_bytes()));
    // Two reducers, by the last byte of the key.
    let parts = [0, 1].map(|reducer| {
        let key = |line: &[u8]| line.split(|byte| *byte == b'\t').next().unwrap().last().copied().unwrap();
        let mut mine: Vec<Vec<u8>> = mapped.iter().filter(|line| key(line) % 2 == reducer).cloned().collect();
        mine.sort();
        let ended = table.run("reducer", &[], &[], &mine.concat());
        assert_eq!(ended.code, 0, "{}", ended.err);
        ended.out
    });
    let whole = parts.concat();
    let ended = table.validate(&[], &whole);
    ended.passes();
    let verdict = ended.verdict();
    let counts = ["records", "ok", "rows", "duplicates", "copies", "map_tasks", "reduce_tasks"];
    assert_eq!(counts.map(|key| verdict[key].as_u64().unwrap()), [14, 11, 7, 3, 1, 1, 2]);
    let rejected = json!({"field_count": {"": 1}, "integer": {"id": 1}, "money": {"amount": 1}});
    assert_eq!(verdict["rejected"], rejected);
    let line = "11  = 7 rows + 3 duplicates + 1 copies   2 reduce tasks";
    assert!(ended.err.contains(line), "{}", ended.err);

    let all = lines(&whole);
    for at in 0..all.len() {
        for changed in [[&all[..at], &all[at + 1..]].concat(), [&all[..=at], &all[at..]].concat()] {
            let ended = table.validate(&[], &changed.concat());
            assert_eq!((ended.code, &ended.verdict()["balanced"]), (1, &json!(false)), "line {at}");
        }
    }
    let check = |lines: &[u8], expected: &str| table.validate(&[], lines).fails_with(expected);
    check(&parts[0], "the shuffle: the mappers wrote");
    check(&[&whole[..], &parts[0]].concat(), "the shuffle: the mappers wrote");
    check(&replace(&whole, "\"copies\":1", "\"copies\":0"), "records = ok + duplicates + copies");
    check(
        &replace(&whole, "duplicate\t\t-", "money\tamount\t-"),
        "say 1 rejects of money/amount, the lines show 2",
    );
    check(
        &bent(&whole, "\"received_checksum\":\""),
        "the shuffle: the reducers did not receive the rows that the mappers wrote",
    );
    // A reject for another one of its kind, by whoever made it.
    let duplicates: Vec<usize> = (0..all.len()).filter(|at| all[*at].starts_with(b"duplicate\t")).collect();
    for (to, from) in [(0, 1), (1, 2), (2, 0)] {
        let mut changed = all.clone();
        changed[duplicates[to]] = all[duplicates[from]].clone();
        check(&changed.concat(), "duplicates are not those that were sealed");
    }
    check(&replace(&whole, "5,2024-01-05,much", "5,2024-01-05,such"), REJECTS_CHANGED);
    check(&replace(&whole, "\t20.50\n", "\t20.05\n"), "duplicates are not those that were sealed");
    check(&replace(&whole, "\t-\t0\t14\t", "\t-\t0\t15\t"), "duplicates are not those that were sealed");

    // A reducer's part without its seal is told by its name.
    let end = parts[1].len() - lines(&parts[1]).last().unwrap().len();
    let spec = table.spec();
    let partials = [("part-00000", &parts[0][..]), ("part-00001", &parts[1][..end])];
    let partials = partials.map(|(name, text)| partial(&spec, name, 0, text)).into();
    let problems = judge(&spec, partials, &Terms::default()).unwrap().problems;
    let starting = |start: &str| problems.iter().filter(|text| text.starts_with(start)).count();
    assert_eq!(
        (starting("part-00001: no reducer's seal closes its"), starting("part-00000")),
        (1, 0),
        "{problems:?}"
    );
}

#[test]
fn a_reducer_that_writes_one_row_for_another_is_found() {
    let table = Table::new("", DEDUP);
    let mut mapped = lines(&table.map(&["--keyed"], &[], b"id,day,amount\n1,,1.00\n2,,2.00\n"));
    mapped.sort();
    let reduced = table.run("reducer", &[], &[], &mapped.concat()).out;
    table.validate(&[], &reduced).passes();
    // One seal is edited: nothing in the lines shows it.
    let check = |kind: &str, from: &str, to: &str, expected: &str| {
        let edited: Vec<Vec<u8>> = lines(&reduced)
            .into_iter()
            .map(|line| if line.starts_with(kind.as_bytes()) { replace(&line, from, to) } else { line })
            .collect();
        table.validate(&[], &edited.concat()).fails_with(expected);
    };
    let (map, reduce) = ("seal\t{\"kind\":\"map", "seal\t{\"kind\":\"reduce");
    check(map, "\"amount\":\"3.00\"", "\"amount\":\"3.40\"", "have other bytes or control totals");
    check(reduce, "\"lines\":3", "\"lines\":2", "lines = records + rejects and seals");
    check(reduce, "\"rejected\":{}", "\"rejected\":{\"duplicate\":{\"\":1}}", "rejected = duplicates");
    // The same defect in rows and seal: everything adds up but what came in.
    let twice = lines(
        &table
            .run(
                "reducer",
                &[],
                &[],
                &replace(&mapped.concat(), "k:2\t\t2\t\\N\t2.00", "k:2\t\t1\t\\N\t1.00"),
            )
            .out,
    );
    let received = |text: &[u8]| {
        let text = String::from_utf8_lossy(text).into_owned();
        let at = text.find("received_checksum").unwrap();
        text[at..at + 40].to_owned()
    };
    let forged = replace(&twice.concat(), &received(&twice.concat()), &received(&reduced));
    table
        .validate(&[], &forged)
        .fails_with("the reducer dropped no row, but what it wrote is not what it received");
}

#[test]
fn a_row_that_changes_its_part_is_found() {
    let table = Table::new("", "");
    let one = table.map(&[], &[], CSV.as_bytes());
    let two = table.map(&[], &[], CSV.replace("2024", "2023").as_bytes());
    let spec = table.spec();
    let verdict = |one: &[u8], two: &[u8]| {
        judge(&spec, vec![partial(&spec, "b", 0, two), partial(&spec, "a", 0, one)], &Terms::default())
            .unwrap()
    };
    assert!(verdict(&one, &two).passes());
    let (first, rest) = one.split_at(lines(&one)[0].len());
    let problems = verdict(rest, &[first, &two].concat()).problems;
    let starts: Vec<&str> = problems.iter().map(|text| &text[..20]).collect();
    assert_eq!(
        starts,
        ["a: the seals say 7 o", "a: the seals say amo", "b: the seals say 7 o", "b: the seals say amo"]
    );
    assert!(verdict(&one, b"").passes(), "a part without a line needs no seal");
    assert!(verdict(&one, first).problems[0].starts_with("b: no seal closes its 1 lines"));
}
