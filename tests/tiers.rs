//! Every tier writes the same bytes as the plain path: for rows of every type and what happens to them on the way, for
//! arbitrary specs, and however the stream is cut into blocks. What fuzzing kept is replayed here, for every target.

mod cases;
mod free;
mod shuffle;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestCaseResult, TestRng, TestRunner};
use sluicebox::scan::{Tier, WINDOW};
use sluicebox::spec::Spec;
use sluicebox::task::{Mode, Sink, Split, Task};

use cases::{Draw, Near, Stream, TARGETS, Table, hold};

// ---- any cases ----

/// Which cases a run takes.
#[derive(Clone, Copy)]
enum Seed {
    /// The same ones every time, so that what fails fails again, and what passes is the same run everywhere.
    Fixed,
    /// Others every time.
    Random,
}

/// Runs a target on so many strings of bytes.
fn run(target: fn(&[u8]), cases: u32, seed: Seed) {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
    let holds = |bytes: Vec<u8>| -> TestCaseResult {
        target(&bytes);
        Ok(())
    };
    let mut runner = match seed {
        Seed::Fixed => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::default())),
        Seed::Random => TestRunner::new(config),
    };
    runner.run(&prop::collection::vec(any::<u8>(), 0..2000), holds).unwrap();
}

#[test]
fn every_target_holds_for_any_bytes() {
    for (name, target) in TARGETS {
        run(target, if name == "mapper" { 300 } else { 100 }, Seed::Fixed);
    }
}

#[test]
fn every_target_holds_for_other_bytes_every_time() {
    for (name, target) in TARGETS {
        run(target, if name == "mapper" { 60 } else { 20 }, Seed::Random);
    }
}

/// Runs the same for `SLUICEBOX_FUZZ_SECONDS`, with other cases every time.
#[test]
#[ignore = "takes as long as SLUICEBOX_FUZZ_SECONDS says"]
fn every_target_for_a_long_time() {
    let seconds =
        std::env::var("SLUICEBOX_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(seconds);
    let mut cases = 0;
    while std::time::Instant::now() < end {
        for (_, target) in TARGETS {
            run(target, 100, Seed::Random);
        }
        shuffle::run(100);
        run_free(100);
        cases += 100;
    }
    println!("{cases} cases a target");
}

/// What fuzzing found, and a few cases of each target that together go everywhere it went.
#[test]
fn what_fuzzing_kept() {
    for (name, target) in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/kept").join(name);
        let mut files: Vec<PathBuf> =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(files.len() > 10, "{}", folder.display());
        for file in files {
            // The harness shows what was printed last where a case does not hold.
            println!("{}", file.display());
            target(&fs::read(&file).unwrap());
        }
    }
}

/// Every tier does as the plain path for so many specs with any options.
fn run_free(cases: u32) {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
    let holds = |case: free::Case| -> TestCaseResult {
        // Some specs are refused: their parts contradict each other.
        let Some(spec) = case.spec() else { return Err(TestCaseError::reject("the spec is refused")) };
        hold(&spec, &case.text, case.mode(&spec), case.begins_file, &case.stream);
        Ok(())
    };
    TestRunner::new(config).run(&free::case(), holds).unwrap();
}

/// Every option of a column within all that it may be, and values around what it says.
#[test]
fn columns_with_any_options() {
    run_free(200);
}

// ---- cases by hand ----

/// Holds a stream in every mode.
fn hold_all(table: &Table, stream: &Stream) {
    for mode in table.modes() {
        for begins_file in [false, true] {
            hold(&table.spec, &table.text, mode, begins_file, stream);
        }
    }
}

/// Neighbouring columns of numbers, which a tier may take as one piece: arbitrary specs hardly ever have so many.
fn numbers() -> Table {
    let money = "\"money\"\nprecision = 9\nscale = 2\nrounding = \"half_up\"";
    let integer = "\"integer\"";
    let columns = [
        ("x", "\"text\""),
        ("a", integer),
        ("b", money),
        ("c", money),
        ("d", "\"integer\"\nmax = 5000"),
        ("e", money),
    ];
    let mut described = String::new();
    for (name, kind) in columns {
        let _ = writeln!(described, "[[column]]\nname = \"{name}\"\ntype = {kind}");
    }
    let text = "version = 1\n[table]\nname = \"t\"\n[input]\nheader = false\n[audit]\nsum = [\"c\", \"a\"]\n\
                [[rule]]\nname = \"r\"\ncompare = [\"b\", \"<=\", \"e\"]\n";
    let near = [Near::Text, Near::Integer, Near::Money, Near::Money, Near::Integer, Near::Money];
    Table::new(&(text.to_owned() + &described), &near)
}

proptest! {
    #[test]
    fn neighbouring_numbers(bytes in prop::collection::vec(any::<u8>(), 0..1500)) {
        let table = numbers();
        hold_all(&table, &Stream::draw(&mut Draw::new(&bytes), &table));
    }
}

/// The fast path reads pieces that reach beyond a field, a line and what it was given. What stands there decides
/// nothing, be it what a field could go on with, or end with.
#[test]
fn what_stands_behind_a_line_decides_nothing() {
    let table = Table::new(
        &numbers().text.replace(
            "[[column]]\nname = \"a\"",
            "[[column]]\nname = \"day\"\ntype = \"date\"\nformat = \"%m/%d/%Y\"\n\
             [[column]]\nname = \"label\"\ntype = \"region\"\ncase = \"upper\"\n[[column]]\nname = \"a\"",
        ),
        &[],
    );
    let lines = [
        "x,1/2/2024,Europe,7,9.33,26646.48,42,99.99",
        "x,1/2/2024,Europe,7,9.33,26646.48,42,99.9",
        "x,1/2/2024,Europe,7,9.33,26646.48,42,9",
        "\"x \"\"y\"\"\",12/31/9999,\"New \"\"World\"\"\",7,9.33,1.00,42,99.99",
        "x,1/2/2024,Europe,7,9.33,26646.48,42,\"99.99\"",
        "x,1/2/2024,Europe,7,9.33,26646.48,42,",
        "x,1/2/2024,Europe,7,9.33,26646.48,42",
        "x,1/2/2024,Europe,7,9.33,26646.48,42,99.99,",
        "x,1/2/2024,Europe,7,9.33,26646.48,42,\"",
    ];
    for behind in [
        &b","[..],
        b"\n",
        b"\r",
        b"\"",
        b"9",
        b"0",
        b".",
        b"-",
        b"\t",
        b"\\",
        b" ",
        b"\0",
        b"\xff",
        b"\xc3\xa9",
        b"x",
        b",\"\n",
        b"9,",
        b"9\n",
        b".9",
        b"\"\"\n",
        b"\r\n",
    ] {
        let behind = behind.repeat(2 * WINDOW);
        for line in lines {
            for end in ["\n", "\r\n", ""] {
                // All of the line is in the block, and so is what stands behind it, or some of it, or nothing.
                let line = [line, end].concat();
                let text = [line.as_bytes(), &behind].concat();
                let ends = [0, 1, WINDOW - 1, WINDOW, WINDOW + 1].map(|more| line.len() + more);
                for cuts in ends.map(|end| vec![end]).into_iter().chain([Vec::new()]) {
                    let stream = Stream { text: text.clone(), cuts };
                    hold(&table.spec, &table.text, Mode::Temp, false, &stream);
                }
            }
        }
    }
}

/// A delimiter in quotes, or a backslash that is one, is escaped in a row as any other byte of its kind.
#[test]
fn delimiters_in_quotes_are_escaped() {
    for (read, written) in
        [("\\t", "\\t"), ("\\\\", "\\t"), (",", ","), (",", "\\t"), ("|", ","), ("\\\\", "|")]
    {
        let described = format!(
            "version = 1\n[table]\nname = \"t\"\n[input]\nheader = false\ndelimiter = \"{read}\"\n\
             [output]\ndelimiter = \"{written}\"\n\
             [[column]]\nname = \"a\"\ntype = \"text\"\n[[column]]\nname = \"b\"\ntype = \"text\"\n"
        );
        let table = Table::new(&described, &[]);
        let delimiter = char::from(table.spec.input.delimiter);
        let mut text = String::new();
        for inner in ["\t", "\\", ",", "|", "\"\"", "\t\"\"", "x"] {
            text += &format!(
                "\"a{inner}b\"{delimiter}c\n\"\"{delimiter}\"{inner}\"\nx{delimiter}\"{inner}b\"\r\n"
            );
        }
        hold_all(&table, &Stream { text: text.into_bytes(), cuts: Vec::new() });
    }
}

/// More labels than a column remembers, some of which share their beginnings and so their places.
#[test]
fn labels_that_drive_each_other_out() {
    let table = Table::new(
        "version = 1\n[table]\nname = \"t\"\n[input]\nheader = false\n[[column]]\nname = \"a\"\n\
               type = \"region\"\ncase = \"upper\"\naliases = { \"SEVEN\" = [\"label 7\", \"label 307\"] }\n\
               [[column]]\nname = \"b\"\ntype = \"region\"\n",
        &[],
    );
    let mut text = String::new();
    for round in 0..3 {
        for number in 0..700 {
            // Each label comes again at once, soon, and after all others.
            for label in [number, number, number / 2] {
                let _ = writeln!(text, "label {label},a beginning that all share {:02}", (label + round) % 5);
            }
        }
    }
    hold_all(&table, &Stream { text: text.into_bytes(), cuts: Vec::new() });
}

/// A day that is out of bounds is none of a later format, and an amount that is rounded up may have a digit too many.
#[test]
fn days_and_amounts_at_their_bounds() {
    let described = "version = 1\n[table]\nname = \"t\"\n[input]\nheader = false\n[audit]\nsum = [\"amount\"]\n\
        [[column]]\nname = \"day\"\ntype = \"date\"\nformats = [\"%m/%d/%Y\", \"%d/%m/%Y\", \"%Y%m%d\"]\n\
        min = \"2024-01-15\"\n\
        [[column]]\nname = \"amount\"\ntype = \"money\"\nprecision = 5\nscale = 2\nrounding = \"half_up\"\n";
    let table = Table::new(described, &[]);
    let mut text = String::new();
    for day in ["01/02/2024", "1/14/2024", "1/15/2024", "13/02/2024", "14/01/2024", "20240115", "20240114"] {
        for amount in ["1.00", "999.994", "999.995", "-999.995", "999.99", "0.004", "-0.004", "1000"] {
            let _ = writeln!(text, "{day},{amount}");
        }
    }
    let stream = Stream { text: text.into_bytes(), cuts: Vec::new() };
    hold_all(&table, &stream);
    let mut task = Task::new(&table.spec, Split::stdin(), Mode::Temp, false, Tier::best());
    task.feed(&stream.text, &mut Sink::default()).unwrap();
    // Three days, with the five amounts that fit.
    assert_eq!(task.finish(&mut Sink::default()).unwrap().ok, 3 * 5);
}

/// Holds lines that all are ok and of which no field goes to the conversion.
fn hold_without_conversion(described: &str, lines: &str) {
    let table = Table::new(described, &[]);
    hold_all(&table, &Stream { text: lines.as_bytes().to_vec(), cuts: Vec::new() });
    for (name, tier) in Tier::available() {
        if tier == Tier::PLAIN {
            continue;
        }
        let mut task = Task::new(&table.spec, Split::stdin(), Mode::Temp, true, tier);
        let (mut sink, count) = (Sink::default(), lines.lines().count() as u64);
        task.feed(lines.as_bytes(), &mut sink).unwrap();
        assert_eq!((task.declined(), task.converted(), task.books().ok), (Some(0), Some(0), count), "{name}");
    }
}

/// Amounts, ids and days that are not there are as usual as those that are; so are texts that are only as long as what
/// means NULL.
#[test]
fn nulls_take_no_conversion() {
    let column =
        |name: &str, kind: &str| format!("[[column]]\nname = \"{name}\"\ntype = {kind}\nnullable = true\n");
    let money = "\"money\"\nprecision = 9\nscale = 2";
    let day = "\"date\"\nformat = \"%Y-%m-%d\"";
    let columns = [
        ("text", "\"text\""),
        ("first", day),
        ("last", day),
        ("id", "\"integer\""),
        ("summed", money),
        ("ruled", money),
        ("other", money),
    ];
    let described = "version = 1\n[table]\nname = \"t\"\n[input]\nheader = false\nnull = [\"\", \"NULL\", \"n/a\", \"0\", \"LONG\"]\n\
        [audit]\nsum = [\"summed\", \"id\"]\n\
        [[rule]]\nname = \"order\"\ncompare = [\"first\", \"<=\", \"last\"]\n\
        [[rule]]\nname = \"amount\"\ncompare = [\"ruled\", \">\", \"other\"]\n"
        .replace("LONG", &"x".repeat(67))
        + &columns.map(|(name, kind)| column(name, kind)).concat();
    let long = "x".repeat(67);
    let usual = ["NULA", "2024-01-02", "2024-01-03", "7", "1.50", "2.50", "1.00"];
    let mut lines = String::new();
    for null in ["", "NULL", "n/a", "0", &long] {
        // Each column alone, then all of them.
        for missing in 0..=usual.len() {
            let fields = (0..usual.len())
                .map(|column| if column == missing || missing == usual.len() { null } else { usual[column] });
            lines += &(fields.collect::<Vec<_>>().join(",") + "\n");
        }
        // As long as it, but something else.
        lines += "USA,2024-01-02,2024-01-03,1234,100.25,8.75,8.50\n";
        for length in [64, 67, 68, 131] {
            lines += &format!("{},2024-01-02,2024-01-03,123,100.25,8.75,8.50\n", "y".repeat(length));
        }
        // White space around it is part of a text, and of nothing else.
        lines += " n/a,2024-01-02,2024-01-03, n/a,n/a ,8.75,8.50\n";
        lines += "\"USA\",2024-01-02,2024-01-02,1,-0.25,8.75,-8.50\n";
        lines += &format!("\"{null}\",\"{null}\",2024-01-02,\"{null}\",-0.25,8.75,-8.50\n");
    }
    hold_without_conversion(&described, &lines);
    // Beside what is converted, its sum is counted another way.
    let lines = "a,2024-01-02,2024-01-03, 7 ,1.50,2.50,1.00\na,2024-01-02,2024-01-03, 8,,2.50,1.00\n";
    hold_all(&Table::new(&described, &[]), &Stream { text: lines.as_bytes().to_vec(), cuts: Vec::new() });
}

/// Ids and amounts that one piece of 16 bytes does not hold.
#[test]
fn long_numbers_take_no_conversion() {
    let described = "version = 1\n[table]\nname = \"t\"\n[input]\nheader = false\n[audit]\nsum = [\"id\", \"amount\"]\n\
        [[column]]\nname = \"id\"\ntype = \"integer\"\n\
        [[column]]\nname = \"amount\"\ntype = \"money\"\nprecision = 20\nscale = 2\nrounding = \"half_even\"\n\
        [[column]]\nname = \"whole\"\ntype = \"money\"\nprecision = 19\nscale = 0\nrounding = \"half_up\"\n";
    let most = i64::MAX.to_string();
    let mut lines = String::new();
    for digits in 15..=19 {
        for sign in ["", "-"] {
            let id = sign.to_owned() + &most[..digits];
            let (before, behind) = id.split_at(id.len() - 2);
            for amount in [before.to_owned(), [before, ".", behind].concat()] {
                lines += &format!("{id},{amount},{id}\n");
            }
        }
    }
    lines += "1000000000000000000,99999999999999.9950,999999999999999999.5\n";
    lines += "-9223372036854775807,-92233720368547758.07,-8.5\n";
    hold_without_conversion(described, &lines);
}

/// Numbers near to what the kernels read and to what a column holds.
#[test]
fn long_numbers_near_their_limits() {
    let money = |name: &str, precision, scale| {
        format!(
            "[[column]]\nname = \"{name}\"\ntype = \"money\"\nprecision = {precision}\nscale = {scale}\n\
             rounding = \"half_up\"\n"
        )
    };
    let described =
        "version = 1\n[table]\nname = \"t\"\n[input]\nheader = false\n[audit]\nsum = [\"id\", \"a\"]\n\
        [[column]]\nname = \"id\"\ntype = \"integer\"\n"
            .to_owned()
            + &[
                money("a", 20, 2),
                money("b", 19, 0),
                money("c", 18, 2),
                money("d", 17, 2),
                money("e", 38, 9),
            ]
            .concat();
    let table = Table::new(&described, &[]);
    let mut lines = String::new();
    for number in [
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "9999999999999999999",
        "10000000000000000000",
        "18446744073709551616",
        "00000000000000001",
        "0000000000000000001",
        "00000000000000000001",
        "-0000000000000000000",
        "0000000000000001.50",
        "12345678901234567.890",
        "123456789012345678.90",
        "1234567890123456789.0",
        "92233720368547758.08",
        // They have a digit too many when they are rounded up.
        "999999999999999.994",
        "999999999999999.995",
        "-9999999999999999.994",
        "9999999999999999.995",
        "999999999999999999.995",
        "9999999999999999999.5",
        "1234567890123456,89",
        "12345678901234567-",
        "1-2345678901234567",
        "1.2345678901234.567",
        "-.12345678901234567",
    ] {
        for column in 0..6 {
            let fields: Vec<&str> = (0..6).map(|index| if index == column { number } else { "1" }).collect();
            lines += &(fields.join(",") + "\n");
        }
    }
    hold_all(&table, &Stream { text: lines.into_bytes(), cuts: Vec::new() });
}

// ---- the samples ----

fn testdata(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(path)
}

#[test]
fn the_clean_lines_of_a_sample_take_the_fast_path() {
    let spec = Spec::load(&testdata("specs/sales.toml")).unwrap();
    let text = fs::read(testdata("samples/sales-east.csv")).unwrap();
    let mut plain = Task::new(&spec, Split::stdin(), Mode::Temp, false, Tier::PLAIN);
    let mut sink = Sink::default();
    plain.feed(&text, &mut sink).unwrap();
    // What has no ok row is dirt.
    let ok = plain.books().ok;
    let dirty = plain.books().records - ok + plain.books().blank;
    for (name, tier) in Tier::available() {
        if tier == Tier::PLAIN {
            continue;
        }
        for block in [1, 7, 1000, text.len()] {
            let mut task = Task::new(&spec, Split::stdin(), Mode::Temp, false, tier);
            for part in text.chunks(block) {
                task.feed(part, &mut sink).unwrap();
            }
            assert_eq!(task.declined(), Some(dirty), "{name}, blocks of {block}");
            assert!(ok > 300);
        }
    }
}

/// That a line takes the fast path says little where its fields go to the conversion one by one: each text of a label
/// does so once, no other field ever, in quotes or not.
#[test]
fn the_clean_lines_of_a_sample_take_no_conversion() {
    let spec = Spec::load(&testdata("specs/sales.toml")).unwrap();
    let sample = fs::read_to_string(testdata("samples/sales-east.csv")).unwrap();
    let is_ok = |line: &str| {
        let mut task = Task::new(&spec, Split::stdin(), Mode::Temp, true, Tier::PLAIN);
        task.feed(line.as_bytes(), &mut Sink::default()).unwrap();
        task.books().ok == 1
    };
    let (header, lines) = sample.split_at(sample.find('\n').unwrap() + 1);
    let clean: Vec<&str> = lines.split_inclusive('\n').filter(|line| is_ok(line)).collect();
    assert!(clean.len() > 300 && clean.iter().any(|line| line.contains('"')));
    let clean = clean.concat();
    for (name, tier) in Tier::available() {
        if tier == Tier::PLAIN {
            continue;
        }
        for block in [7, 1000, clean.len()] {
            let mut task = Task::new(&spec, Split::stdin(), Mode::Temp, false, tier);
            let mut feed = |text: &str| {
                for part in text.as_bytes().chunks(block) {
                    task.feed(part, &mut Sink::default()).unwrap();
                }
                (task.declined(), task.converted(), task.books().ok)
            };
            let (_, labels, once) = feed(&(header.to_owned() + &clean));
            // Regions, channels and priorities have no kernel: each label is converted once, and then it is known.
            assert!(labels.is_some_and(|labels| (1..30).contains(&labels)), "{name}: {labels:?}");
            assert_eq!(feed(&clean), (Some(0), labels, 2 * once), "{name}, blocks of {block}");
        }
    }
}

/// What is counted in machine words goes on where these end.
#[test]
fn sums_beyond_64_bits_are_exact() {
    const ROWS: i128 = 2000;
    // As many digits as a piece of 16 bytes has, and as many as the column takes.
    for (digits, scale) in [(16, 0), (16, 2), (18, 0), (18, 2)] {
        let number = 10_i128.pow(digits) - 1;
        let point = if scale > 0 { "." } else { "" };
        let (whole, cents) = ("9".repeat(digits as usize - scale), "9".repeat(scale));
        for sign in ["", "-"] {
            let amount = [sign, &whole, point, &cents].concat();
            let total = sign.to_owned() + &(ROWS * number).to_string();
            let (before, behind) = total.split_at(total.len() - scale);
            let total = [before, point, behind].concat();
            // Alone, and beside others that are taken with it as one piece.
            for columns in [1, 5] {
                let mut text = "version = 1\n[table]\nname = \"t\"\n[input]\nheader = false\n\
                                [audit]\nsum = [\"c0\", \"last\"]\n"
                    .to_owned();
                let names = (0..columns).map(|index| format!("c{index}")).chain(["last".to_owned()]);
                for name in names {
                    let _ = writeln!(
                        text,
                        "[[column]]\nname = \"{name}\"\ntype = \"money\"\nprecision = 18\nscale = {scale}"
                    );
                }
                let spec = sluicebox::spec::parse(&text).unwrap();
                let line = vec![amount.as_str(); columns + 1].join(",") + "\n";
                let stream = line.repeat(usize::try_from(ROWS).unwrap());
                for (name, tier) in Tier::available() {
                    let mut task = Task::new(&spec, Split::stdin(), Mode::Temp, false, tier);
                    let mut sink = Sink::default();
                    for block in stream.as_bytes().chunks(50_000) {
                        task.feed(block, &mut sink).unwrap();
                    }
                    assert!(task.declined().is_none_or(|declined| declined == 0), "{name}: {amount}");
                    let seal = task.finish(&mut sink).unwrap();
                    for column in ["c0", "last"] {
                        assert_eq!(seal.totals[column], total, "{name}: {amount} in {columns} columns");
                    }
                }
            }
        }
    }
}

#[test]
fn a_tier_that_is_not_there_is_an_error() {
    let output = Command::new(env!("CARGO_BIN_EXE_mapper"))
        .arg("--spec")
        .arg(testdata("specs/sales.toml"))
        .env("SLUICEBOX_TIER", "quantum")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.contains("SLUICEBOX_TIER=quantum: this machine has no such tier; there are: plain"),
        "{message}"
    );
}
