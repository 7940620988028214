//! The validator against what can happen to a job's output, with the real mapper and reducer before it.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use proptest::prelude::*;
use serde_json::{Value, json};
use sluicebox::spec::{self, Spec};
use sluicebox::validate::{Landed, Manifest, Partial, Tally, Terms, Verdict, judge, read_partials};
use tempfile::TempDir;

const SPEC: &str = r#"
version = 1
[table]
name = "sales"
[input]
format = "csv"
null = [""]
[limits]
min_rows = 0
LIMITS
[audit]
sum = ["amount"]
[[column]]
name = "id"
type = "integer"
[[column]]
name = "day"
type = "date"
format = "%Y-%m-%d"
invalid = "null"
nullable = true
[[column]]
name = "amount"
type = "money"
precision = 12
scale = 2
"#;

const DEDUP: &str = "\n[dedup]\nkey = [\"id\"]\n";

/// Ten records: seven ok (one of them with a day that is replaced), three rejected.
const CSV: &str = "\
id,day,amount
1,2024-01-01,10.00
2,2024-01-02,20.50
x,2024-01-03,1.00

3,2024-01-03,30.25
4,never,40.00
5,2024-01-05,much
6,2024-01-06,60.00
7,2024-01-07,-70.75
7,2024-01-07
8,2024-01-08,80.00
";

/// A table's folder and the programs run in it.
struct Table {
    folder: TempDir,
}

/// How a program ended.
struct Ended {
    code: i32,
    out: Vec<u8>,
    err: String,
}

impl Ended {
    fn verdict(&self) -> Value {
        assert_eq!(lines(&self.out).len(), 1, "one line: {}", self.err);
        serde_json::from_slice(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.err))
    }

    /// The verdict's problems, one a line.
    fn problems(&self) -> String {
        let verdict = self.verdict();
        let problems: Vec<&str> =
            verdict["problems"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
        problems.join("\n")
    }

    fn passes(&self) {
        let verdict = self.verdict();
        let found = (self.code, &verdict["verdict"], &verdict["balanced"]);
        assert_eq!(found, (0, &json!("pass"), &json!(true)), "{verdict:#}");
        assert_eq!(self.err.lines().last(), Some("books balance, verdict: pass"));
    }

    /// The books do not balance, for a reason that is told on stdout and stderr.
    fn fails_with(&self, expected: &str) {
        let verdict = self.verdict();
        assert_eq!(
            (&verdict["verdict"], &verdict["balanced"]),
            (&json!("fail"), &json!(false)),
            "{verdict:#}"
        );
        assert!(self.problems().contains(expected), "{expected:?} is not in\n{}", self.problems());
        assert!(self.err.contains(expected), "{}", self.err);
        assert_eq!((self.code, self.err.lines().last()), (1, Some("books DO NOT balance, verdict: fail")));
    }
}

impl Table {
    fn new(limits: &str, more: &str) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("table.toml"), SPEC.replace("LIMITS", limits) + more).unwrap();
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn spec(&self) -> Spec {
        Spec::load(&self.path().join("table.toml")).unwrap()
    }

    fn run(&self, program: &str, arguments: &[&str], environment: &[(&str, &str)], stdin: &[u8]) -> Ended {
        let path = match program {
            "mapper" => env!("CARGO_BIN_EXE_mapper"),
            "reducer" => env!("CARGO_BIN_EXE_reducer"),
            _ => env!("CARGO_BIN_EXE_validator"),
        };
        let mut command = Command::new(path);
        command.current_dir(self.path()).args(arguments).envs(environment.iter().copied()).write_stdin(stdin);
        let output = command.output().unwrap();
        Ended {
            code: output.status.code().unwrap(),
            out: output.stdout,
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn map(&self, arguments: &[&str], environment: &[(&str, &str)], csv: &[u8]) -> Vec<u8> {
        let ended = self.run("mapper", arguments, environment, csv);
        assert_eq!(ended.code, 0, "{}", ended.err);
        ended.out
    }

    /// A map task's lines over one split.
    fn split(&self, file: &str, start: usize, csv: &[u8]) -> Vec<u8> {
        let (start, length) = (start.to_string(), csv.len().to_string());
        let environment = [
            ("mapreduce_map_input_file", file),
            ("mapreduce_map_input_start", &start),
            ("mapreduce_map_input_length", &length),
        ];
        self.map(&[], &environment, csv)
    }

    fn validate(&self, arguments: &[&str], lines: &[u8]) -> Ended {
        self.run("validator", arguments, &[], lines)
    }
}

fn lines(text: &[u8]) -> Vec<Vec<u8>> {
    text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

fn replace(text: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(text.to_vec()).unwrap();
    assert!(text.contains(from), "{from:?} is not in\n{text}");
    text.replacen(from, to, 1).into_bytes()
}

/// What the library makes of a part file's piece, fed in small blocks so that lines go across them.
fn partial(spec: &Spec, part: &str, start: u64, lines: &[u8]) -> Partial {
    let mut tally = Tally::new(spec);
    lines.chunks(7).for_each(|block| tally.feed(block));
    tally.finish(part.to_owned(), start)
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
    let key = "received_checksum\":\"";
    let at = whole.windows(key.len()).position(|text| text == key.as_bytes()).unwrap() + key.len();
    let digit = if whole[at] == b'0' { b"1" } else { b"0" };
    let bent = [&whole[..at], digit, &whole[at + 1..]].concat();
    check(&bent, "the shuffle: the reducers did not receive the rows that the mappers wrote");

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

#[test]
fn gates_pass_at_their_limit_and_fail_past_it() {
    let at = Table::new("max_reject_ratio = 0.3\nmax_drop_ratio = 0.3\nmax_replaced_ratio = 0.1", "");
    let lines = at.map(&[], &[], CSV.as_bytes());
    let ended = at.validate(&["--previous-rows", "10"], &lines);
    ended.passes();
    assert_eq!(ended.verdict()["gates"].as_array().unwrap().len(), 4);
    assert_eq!(at.validate(&[], &lines).verdict()["gates"].as_array().unwrap().len(), 3);

    let past = Table::new("max_reject_ratio = 0.29\nmax_drop_ratio = 0.29\nmax_replaced_ratio = 0.09", "");
    let ended = past.validate(&["--previous-rows", "10"], &lines);
    let verdict = ended.verdict();
    assert_eq!((ended.code, &verdict["verdict"], &verdict["balanced"]), (1, &json!("fail"), &json!(true)));
    assert_eq!(
        verdict["gates"],
        json!([
            {"gate": "min_rows", "limit": 0, "value": 7, "pass": true},
            {"gate": "max_reject_ratio", "limit": 0.29, "value": 0.3, "pass": false},
            {"gate": "max_drop_ratio", "limit": 0.29, "value": 0.3, "pass": false},
            {"gate": "max_replaced_ratio", "column": "day", "limit": 0.09, "value": 0.1, "pass": false},
        ])
    );
    assert!(ended.err.ends_with("books balance, verdict: fail\n"), "{}", ended.err);
    assert!(ended.err.contains("at most 0.09 in day: FAILS"), "{}", ended.err);

    let path = at.path().join("table.toml");
    let spec = fs::read_to_string(&path).unwrap();
    for (rows, code) in [(7, 0), (8, 1)] {
        fs::write(&path, spec.replace("min_rows = 0", &format!("min_rows = {rows}"))).unwrap();
        assert_eq!(at.validate(&[], &lines).code, code);
    }
}

#[test]
fn a_gate_is_accepted_with_a_reason_and_the_books_never() {
    let table = Table::new("max_reject_ratio = 0\nmax_replaced_ratio = 0", "");
    let lines = table.map(&[], &[], CSV.as_bytes());
    let one = ["--accept", "max_reject_ratio", "--reason", "known"];
    let both = [&one[..], &["--accept", "max_replaced_ratio", "--reason", "days, too"]].concat();
    let ended = table.validate(&one, &lines);
    assert_eq!((ended.code, &ended.verdict()["gates"][1]["accepted"]), (1, &json!("known")));
    let ended = table.validate(&both, &lines);
    ended.passes();
    assert!(ended.err.contains("fails, accepted: days, too"), "{}", ended.err);
    // A verdict that is out can be judged once more, to the same end.
    let out = table.validate(&[], &lines).out;
    let judging = [&["--judge"], &both[..]].concat();
    let judged = table.validate(&judging, &[&out[..out.len() - 1], b"\t\n"].concat());
    judged.passes();
    assert_eq!(judged.out, ended.out);
    assert_eq!(table.validate(&["--judge"], &out).code, 1);
    let unbalanced = table.validate(&both, &lines[..lines.len() - 1]);
    unbalanced.fails_with("cut short");
    table.validate(&judging, &unbalanced.out).fails_with("cut short");
    assert_eq!(table.validate(&["--judge"], b"").code, 3);

    for wrong in [
        &["--accept", "max_reject_ratio"][..],
        &["--reason", "known"],
        &["--accept", "books", "--reason", "known"],
        &["--accept", "min_rows", "--reason", " "],
        &["--accept", "min_rows", "--accept", "min_rows", "--reason", "a", "--reason", "b"],
        &["--accept", "min_rows", "--accept", "max_drop_ratio", "--reason", "a"],
        &["--partial", "--merge"],
        &["--partial", "--manifest", "m"],
        &["--judge", "--merge"],
        &["--spec", "absent.toml"],
    ] {
        assert_eq!(table.validate(wrong, &lines).code, 2, "{wrong:?}");
    }
}

#[test]
fn splits_must_tile_what_was_landed() {
    let table = Table::new("", "");
    // One file in splits that are alike in every count.
    let csv = "id,day,amount\n1,2024-01-01,1.00\n2,2024-01-02,1.00\n3,2024-01-03,1.00\n".as_bytes();
    assert_eq!(csv.len(), 68);
    let parts = [(0, 32), (32, 50), (50, 68)]
        .map(|(start, end)| table.split("hdfs://h/run/landed/00000.csv", start, &csv[start..end]));
    let [one, two, three] = parts.each_ref().map(Vec::as_slice);
    let manifest = |text: &str| fs::write(table.path().join("manifest.json"), text).unwrap();
    let file = r#"{"source":"x","landed":"00000.csv","size":68,"sha256":"x","lines":4}"#;
    let check = |parts: &[&[u8]]| table.validate(&["--manifest", "manifest.json"], &parts.concat());

    manifest(&format!(r#"{{"table":"sales","files":[{file}]}}"#));
    check(&[three, one, two]).passes();
    check(&[one, two, two]).fails_with("00000.csv: two seals are of the split at byte 32: it was read twice");
    check(&[one, two, two]).fails_with("it is 68 bytes long, its seals reach to 50: the rest was not read");
    check(&[one, three]).fails_with("00000.csv: no seal is of bytes 32 to 50: that split is lost");
    check(&[one, three]).fails_with("4 lines were landed, its tasks read 3");
    check(&[]).fails_with("00000.csv: the manifest has it, but no seal does");
    // Without a manifest, twice is still once too often; a lost split can't be known.
    table.validate(&[], &[one, two, two].concat()).fails_with("two seals are of the split at byte 32");
    table.validate(&[], &[one, three].concat()).passes();

    let other = file.replace("00000", "00001");
    manifest(&format!(r#"{{"files":[{file},{other}]}}"#));
    check(&[one, two, three]).fails_with("00001.csv: the manifest has it, but no seal does");
    manifest(&format!(r#"{{"files":[{other}]}}"#));
    check(&[one, two, three])
        .fails_with("00000.csv: 3 of its seals are here, but the manifest does not have it");
    manifest(r#"{"files":[]}"#);
    check(&[]).passes();
    check(&[&lines(one)[0]]).fails_with("no seal");
    for garbage in
        ["", "{}", "[]", r#"{"files":[{"landed":"a"}]}"#, &format!(r#"{{"files":[{file},{file}]}}"#)]
    {
        manifest(garbage);
        let ended = check(&[one, two, three]);
        assert_eq!(ended.code, 3, "{garbage}");
        assert!(ended.err.contains("manifest.json") && ended.out.is_empty(), "{}", ended.err);
    }
    assert_eq!(table.validate(&["--manifest", "absent.json"], one).code, 3);
}

#[test]
fn map_and_reduce_say_what_one_process_says() {
    let table = Table::new("max_reject_ratio = 0.1", "");
    let text = table.map(&[], &[], CSV.as_bytes());
    let whole = table.validate(&["--previous-rows", "70"], &text);
    let cut = lines(&text)[..4].concat().len();
    let task = |start: &str, lines: &[u8]| {
        let environment = [
            ("mapreduce_task_attempt_id", "attempt_1"),
            ("mapreduce_map_input_file", "hdfs://h/run/out/part-00007"),
            ("mapreduce_map_input_start", start),
        ];
        let ended = table.run("validator", &["--partial"], &environment, lines);
        assert_eq!((ended.code, ended.err.as_str()), (0, ""));
        String::from_utf8(ended.out).unwrap()
    };
    let (one, two) = (task("0", &text[..cut]), task("99", &text[cut..]));
    assert!(one.starts_with("audit\t{\"part\":\"part-00007\",\"start\":0,"), "{one}");
    // As Hadoop hands them on: in any order, perhaps a TAB behind each.
    let shuffled = format!("{}\t\n{one}", two.trim_end());
    let merged = table.validate(&["--merge", "--previous-rows", "70"], shuffled.as_bytes());
    assert_eq!((merged.code, merged.out), (0, whole.out));
    assert_eq!((merged.err, whole.code), (whole.err, 1));
    // A part that is gone is missed; nothing at all is no verdict to publish by.
    let lost = table.validate(&["--merge"], one.as_bytes());
    assert_eq!((lost.code, &lost.verdict()["balanced"]), (0, &json!(false)));
    let none = table.validate(&["--merge"], b"");
    assert_eq!((none.code, &none.verdict()["balanced"]), (0, &json!(false)));
    assert_eq!(none.verdict(), table.validate(&[], b"").verdict());
    assert_eq!(table.validate(&["--merge"], b"nonsense\n").code, 3);
    // Of many lines that are none, the first are told by their place in the whole part.
    let bad = "bad\n".repeat(4);
    let merged =
        table.validate(&["--merge"], (task("16", bad.as_bytes()) + &task("0", bad.as_bytes())).as_bytes());
    let problems = merged.problems();
    assert!(problems.contains("part-00007 line 5: ") && !problems.contains("line 6: "), "{problems}");
    assert!(problems.contains("part-00007: 3 more lines are no temp lines"), "{problems}");
    // Under Hadoop stderr is for counters.
    let silent = table.run("validator", &["--merge"], &[("mapreduce_task_attempt_id", "a")], one.as_bytes());
    assert_eq!(silent.err, "");
}

#[test]
fn a_partial_of_another_spec_is_refused() {
    let table = Table::new("", "");
    let one = table.validate(&["--partial"], &table.map(&[], &[], CSV.as_bytes())).out;
    let ended = table.validate(&["--merge"], &replace(&one, "170.00", "170.000"));
    assert_eq!(ended.code, 3);
    assert!(ended.err.contains("another spec"), "{}", ended.err);
}

#[test]
#[cfg(target_os = "linux")]
fn streams_that_fail_are_errors() {
    use std::process::{Command, Stdio};
    let table = Table::new("", "");
    let code = |stdin: Stdio, stdout: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_validator"));
        command.current_dir(table.path()).stdin(stdin).stdout(stdout).stderr(Stdio::null());
        command.status().unwrap().code()
    };
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    assert_eq!(code(Stdio::null(), full.into()), Some(3));
    assert_eq!(code(fs::File::open("/").unwrap().into(), Stdio::null()), Some(3));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert_eq!(code(Stdio::null(), writer.into()), Some(3));
}

/// Something that may have happened to an output.
#[derive(Debug, Clone)]
enum Fault {
    None,
    Drop(prop::sample::Index),
    Double(prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
    Byte(prop::sample::Index, u8),
    CutShort(prop::sample::Index),
}

impl Fault {
    fn strike(&self, text: &[u8]) -> Vec<u8> {
        let mut all = lines(text);
        let mut bytes = text.to_vec();
        match self {
            Self::None => return bytes,
            Self::Drop(at) => drop(all.remove(at.index(all.len()))),
            Self::Double(at) => {
                let at = at.index(all.len());
                all.insert(at, all[at].clone());
            }
            Self::Swap(one, two) => {
                let (one, two) = (one.index(all.len()), two.index(all.len()));
                all.swap(one, two);
            }
            Self::Byte(at, byte) => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
                return bytes;
            }
            Self::CutShort(at) => {
                bytes.truncate(at.index(bytes.len()));
                return bytes;
            }
        }
        all.concat()
    }
}

fn faults() -> impl Strategy<Value = Fault> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        Just(Fault::None),
        index().prop_map(Fault::Drop),
        index().prop_map(Fault::Double),
        (index(), index()).prop_map(|(one, two)| Fault::Swap(one, two)),
        (index(), any::<u8>()).prop_map(|(at, byte)| Fault::Byte(at, byte)),
        index().prop_map(Fault::CutShort),
    ]
}

/// Temp lines of a few tasks over records good and bad.
fn output(spec: &Spec, files: &[Vec<(u8, u8)>]) -> Vec<u8> {
    use sluicebox::task::{Mode, Sink, Split, Task};
    let mut sink = Sink::default();
    for (number, records) in files.iter().enumerate() {
        let split = Split { file: format!("f{number}"), ..Split::stdin() };
        let mut task = Task::new(spec, split, Mode::Temp, true);
        for (id, kind) in records {
            let record = match kind {
                0 => format!("{id},2024-01-01,x\n"),
                1 => format!("{id}\n"),
                2 => "\n".to_owned(),
                3 => format!("{id},day,{id}.50\n"),
                _ => format!("{id},2024-01-01,{id}.{kind:02}\n"),
            };
            task.feed(record.as_bytes(), &mut sink).unwrap();
        }
        task.finish(&mut sink).unwrap();
    }
    sink.out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_verdict_is_the_same_however_the_lines_are_cut(
        files in prop::collection::vec(prop::collection::vec((0_u8..9, 0_u8..10), 0..8), 1..4),
        faults in prop::collection::vec(faults(), 0..4),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
        turn in any::<prop::sample::Index>(),
    ) {
        let spec = spec::parse(&SPEC.replace("LIMITS", "max_reject_ratio = 0.2")).unwrap();
        let clean = output(&spec, &files);
        let strike = |text: Vec<u8>, fault: &Fault| if text.is_empty() { text } else { fault.strike(&text) };
        let text = faults.iter().fold(clean.clone(), strike);
        let manifest = Some(Manifest { files: Vec::new() }).filter(|_| files.len() == 3);
        let terms = Terms { manifest, previous_rows: 20, ..Terms::default() };
        let whole = judge(&spec, vec![partial(&spec, "-", 0, &text)], &terms).unwrap();
        prop_assert!(text != clean || terms.manifest.is_some() || whole.balanced, "{whole:?}");

        let all = lines(&text);
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(all.len() + 1)).chain([0, all.len()]).collect();
        ends.sort_unstable();
        let mut start = 0;
        let mut partials: Vec<Vec<u8>> = Vec::new();
        for range in ends.windows(2) {
            let piece = all[range[0]..range[1]].concat();
            let mut line = Vec::new();
            partial(&spec, "-", start, &piece).write(&mut line);
            partials.push(line);
            start += piece.len() as u64;
        }
        let turn = turn.index(partials.len());
        partials.rotate_left(turn);
        let merged = judge(&spec, read_partials(&partials.concat()).unwrap(), &terms).unwrap();
        let json = |verdict: &Verdict| {
            let mut out = Vec::new();
            verdict.write(&mut out);
            String::from_utf8(out).unwrap()
        };
        prop_assert_eq!(json(&merged), json(&whole));
        prop_assert_eq!(Verdict::read(json(&whole).as_bytes()).unwrap(), whole);
    }

    #[test]
    fn one_fault_is_always_found(
        files in prop::collection::vec(prop::collection::vec((0_u8..9, 0_u8..10), 1..8), 1..3),
        fault in faults(),
    ) {
        let spec = spec::parse(&SPEC.replace("LIMITS", "")).unwrap();
        let clean = output(&spec, &files);
        let text = fault.strike(&clean);
        // Without a manifest nobody could miss the seal of a task that wrote nothing else.
        let landed = |(number, records): (usize, &Vec<_>)| {
            Landed { landed: format!("f{number}"), size: 0, lines: records.len() as u64 }
        };
        let manifest = Manifest { files: files.iter().enumerate().map(landed).collect() };
        let terms = Terms { manifest: Some(manifest), ..Terms::default() };
        let verdict = judge(&spec, vec![partial(&spec, "-", 0, &text)], &terms).unwrap();
        // The order of lines is nobody's business.
        let sorted = |text: &[u8]| {
            let mut lines = lines(text);
            lines.sort();
            lines
        };
        let same = sorted(&text) == sorted(&clean);
        // A byte in a reject's raw line is covered by no checksum.
        let uncovered = matches!(fault, Fault::Byte(..)) && rows(&text) == rows(&clean);
        prop_assert!(verdict.balanced == same || uncovered, "{verdict:?}");
    }
}

fn rows(text: &[u8]) -> Vec<Vec<u8>> {
    lines(text).into_iter().filter(|line| line.starts_with(b"ok\t")).collect()
}
