//! Every tier writes the same bytes as the plain path: for rows of every type and what mutations make of them, for
//! arbitrary specs, and however the stream is cut into blocks.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use sluicebox::scan::Tier;
use sluicebox::spec::{Spec, parse};
use sluicebox::task::{Mode, Sink, Split, Task};

// ---- specs ----

/// One option of each list, each line of it as it stands in a spec.
fn any_of(lines: &[&'static str]) -> impl Strategy<Value = &'static str> + use<> {
    select(lines.to_vec())
}

/// The options of a column's type, with texts that are near to what it takes.
#[allow(clippy::too_many_lines)] // a list
fn kind() -> impl Strategy<Value = (String, &'static [&'static str])> {
    const TEXTS: &[&str] =
        &["", "a", "Congo", "naïve", "a\\b", "tab\there", "5\" pipe", "a longer text than any piece of it"];
    const DATES: &[&str] = &[
        "1/2/2024",
        "01/02/2024",
        "2/29/2024",
        "2/29/2023",
        "12/31/9999",
        "2024-01-02",
        "20240102",
        "1.2.69",
        "24/1/2",
    ];
    const MONEY: &[&str] = &[
        "9.33",
        "26646.48",
        "-0.50",
        "-0",
        "0",
        "00.10",
        "+5",
        "-7.1",
        "1234567890123.45",
        "1,234.50",
        "9.335",
        "1.",
        ".5",
        "12345678901234567",
    ];
    const INTEGERS: &[&str] = &[
        "0",
        "-0",
        "7",
        "-42",
        "007",
        "1234567890123456",
        "12345678901234567",
        "9223372036854775807",
        "9223372036854775808",
        "+1",
    ];
    const REGIONS: &[&str] = &[
        "Europe",
        "EUROPE",
        "europe",
        "  new   world ",
        "EU",
        "Atlantis",
        "straße",
        "Central America and the Caribbean, and more of it",
    ];
    let text = any_of(&["", "max_length = 3\n", "max_length = 40\n"])
        .prop_map(|more| format!("type = \"text\"\n{more}"));
    let date = (
        any_of(&[
            "%m/%d/%Y",
            "%d/%m/%Y",
            "%Y-%m-%d",
            "%Y%m%d",
            "%m.%d.%y",
            "%y/%m/%d",
            "%d %m %Y",
            "on %m/%d/%Y",
            "%Y年%m月%d日",
        ]),
        any_of(&["", "min = \"2000-01-01\"\n", "max = \"2024-01-02\"\n"]),
        any::<bool>(),
    )
        .prop_map(|(format, bound, several)| {
            let base = if format.contains("%y") { "two_digit_year_base = 1970\n" } else { "" };
            let formats = if several {
                format!("formats = [{format:?}, \"%Y-%m-%d\"]\n")
            } else {
                format!("format = {format:?}\n")
            };
            format!("type = \"date\"\n{formats}{base}{bound}")
        });
    let money = (
        any_of(&[
            "precision = 18\nscale = 2\n",
            "precision = 38\nscale = 20\n",
            "precision = 5\nscale = 5\n",
            "precision = 9\nscale = 0\n",
            "precision = 4\nscale = 1\n",
            "precision = 30\nscale = 16\n",
        ]),
        any_of(&["", "rounding = \"half_up\"\n", "rounding = \"half_even\"\n", "rounding = \"down\"\n"]),
        any_of(&["", "", "decimal = \",\"\n", "group = \",\"\n", "decimal = \"·\"\n"]),
        any_of(&["", "", "min = 0\n", "min = \"-0.5\"\nmax = 100\n", "max = \"9.335\"\n"]),
    )
        .prop_map(|(size, rounding, signs, bounds)| {
            format!("type = \"money\"\n{size}{rounding}{signs}{bounds}")
        });
    let integer = any_of(&["", "min = 0\n", "min = -5\nmax = 5000\n"])
        .prop_map(|more| format!("type = \"integer\"\n{more}"));
    let region = any_of(&[
        "",
        "case = \"upper\"\n",
        "case = \"upper\"\nallowed = [\"EUROPE\", \"NEW WORLD\"]\naliases = { \"EUROPE\" = [\"EU\"] }\n",
        "case = \"lower\"\nmax_length = 6\n",
        "aliases = { \"a\\\\b\" = [\"EU\"] }\n",
    ])
    .prop_map(|more| format!("type = \"region\"\n{more}"));
    prop_oneof![
        text.prop_map(|options| (options, TEXTS)),
        date.prop_map(|options| (options, DATES)),
        money.prop_map(|options| (options, MONEY)),
        integer.prop_map(|options| (options, INTEGERS)),
        region.prop_map(|options| (options, REGIONS)),
    ]
}

#[derive(Debug, Clone)]
struct Table {
    text: String,
    delimiter: &'static str,
    keyed: bool,
    /// Per column, what its fields look like.
    near: Vec<&'static [&'static str]>,
}

impl Table {
    fn spec(&self) -> Spec {
        parse(&self.text).unwrap_or_else(|errors| panic!("{errors:?}\n{}", self.text))
    }

    fn modes(&self) -> Vec<Mode> {
        let group = self.spec().columns.iter().position(|column| column.transform.is_some());
        let mut modes = vec![Mode::Temp, Mode::Plain, Mode::Fail, Mode::Keyed(group)];
        modes.extend(self.keyed.then_some(Mode::Keyed(None)));
        modes
    }
}

fn table() -> impl Strategy<Value = Table> {
    let column = (
        kind(),
        any_of(&["", "", "nullable = true\n"]),
        any_of(&[
            "",
            "",
            "",
            "invalid = { replace = \"bad\\\\\" }\n",
            "nullable = true\ninvalid = \"null\"\n",
            "drop = true\n",
        ]),
    );
    let input = (
        any_of(&[",", ",", ";", "\t", "|", " ", "\\", "1", "\0"]),
        any_of(&["quote = '\"'\n", "quote = \"\"\n", "quote = \"'\"\n"]),
        any_of(&["", "header = false\n"]),
        any_of(&["", "null = [\"\", \"NULL\", \"0\"]\n", "null = []\n"]),
        any_of(&["", "max_record_bytes = 24\n"]),
        any_of(&["\t", "\t", ",", "|", "\u{1}"]),
    );
    (prop::collection::vec(column, 1..6), input, any::<(Index, Index)>(), select(vec!["<", "<=", "=", "!=", ">=", ">"]), any::<bool>())
        .prop_map(|(columns, (delimiter, quote, header, null, most, out), (left, right), operator, keyed)| {
            let toml = |text: &str| serde_json::to_string(text).unwrap();
            let mut text = format!(
                "version = 1\n[table]\nname = \"t\"\n[input]\ndelimiter = {}\n{quote}{header}{null}{most}[output]\ndelimiter = {}\n",
                toml(delimiter),
                toml(out)
            );
            let mut described = String::new();
            for (index, ((kind, _), nullable, more)) in columns.iter().enumerate() {
                let dropped = more.starts_with("drop") && index > 0;
                let more = if more.starts_with("drop") && !dropped { "" } else { more };
                let nullable = if more.contains("null") || dropped { "" } else { *nullable };
                let _ = write!(described, "[[column]]\nname = \"c{index}\"\nfrom = \"Column {index}\"\n{kind}{nullable}{more}");
            }
            // What a rule, a total or a key may not name depends on the columns; where the spec is refused it goes.
            let (left, right) = (left.index(columns.len()), right.index(columns.len()));
            let rule = format!("[[rule]]\nname = \"r\"\ncompare = [\"c{left}\", {operator:?}, \"c{right}\"]\n");
            let sums = format!("[audit]\nsum = [\"c{left}\"]\n");
            let dedup = format!("[dedup]\nkey = [\"c{right}\"]\nprefer = [\"c{left} desc\"]\n");
            let mut has_key = false;
            for (part, key) in [(rule, false), (sums, false), (dedup, true)] {
                let longer = text.clone() + &part;
                if parse(&(longer.clone() + &described)).is_ok() && (!key || keyed) {
                    text = longer;
                    has_key |= key;
                }
            }
            let near = columns.iter().map(|((_, near), _, _)| *near).collect();
            Table { text: text + &described, delimiter, keyed: has_key, near }
        })
        .prop_filter("the parts of the spec must agree", |table| parse(&table.text).is_ok())
}

// ---- streams ----

/// A line: a field a column, near to what it takes; now and then something else.
fn line(table: &Table) -> BoxedStrategy<Vec<u8>> {
    let field = |near: &'static [&'static str]| {
        prop_oneof![
            8 => select(near.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
            1 => select(near.to_vec()).prop_map(|text| format!("\"{}\"", text.replace('"', "\"\"")).into_bytes()),
            1 => select(vec![&b"NULL"[..], b" 7 ", b"0", b"\xff", b"\xc3\xa9", b"\"a,b\"", b"\"a\"b", b"'x'", b"\\N", b"\0"]).prop_map(<[u8]>::to_vec),
            1 => "[0-9./-]{1,20}".prop_map(String::into_bytes),
        ]
    };
    let fields: Vec<_> = table.near.iter().map(|near| field(near)).collect();
    let delimiter = table.delimiter.as_bytes();
    let header: Vec<String> = (0..table.near.len()).map(|index| format!("Column {index}")).collect();
    let header = header.join(table.delimiter).into_bytes();
    let end = select(vec![&b"\n"[..], b"\n", b"\n", b"\n", b"\r\n", b"\r", b"\n\n"]);
    let (one, bom) = (header.clone(), [b"\xef\xbb\xbf", &header[..]].concat());
    (
        prop_oneof![
            20 => fields.prop_map(move |fields| fields.join(delimiter)),
            1 => Just(one),
            1 => Just(bom),
            1 => prop::collection::vec(any::<u8>(), 0..30),
            1 => (0_usize..70_000).prop_map(|length| vec![b'x'; length]),
        ],
        end,
    )
        .prop_map(|(line, end)| [line.as_slice(), end].concat())
        .boxed()
}

/// A table, a stream for it and places to cut it at.
fn case() -> impl Strategy<Value = (Table, Vec<u8>, Vec<Index>)> {
    table().prop_flat_map(|table| {
        let lines = prop::collection::vec(line(&table), 0..20);
        let flips = prop::collection::vec((any::<Index>(), any::<u8>()), 0..3);
        let cuts = prop::collection::vec(any::<Index>(), 0..6);
        (Just(table), lines, flips, any::<bool>(), cuts).prop_map(|(table, lines, flips, headed, cuts)| {
            let header: Vec<String> = (0..table.near.len()).map(|index| format!("Column {index}")).collect();
            let mut text =
                if headed { (header.join(table.delimiter) + "\n").into_bytes() } else { Vec::new() };
            text.extend(lines.concat());
            if !text.is_empty() {
                for (at, byte) in flips {
                    let at = at.index(text.len());
                    text[at] = byte;
                }
            }
            (table, text, cuts)
        })
    })
}

// ---- runs ----

/// All that a task writes, or the message it ends with.
fn run(
    spec: &Spec,
    tier: Tier,
    mode: Mode,
    begins_file: bool,
    blocks: &[&[u8]],
) -> (Vec<u8>, Vec<u8>, String) {
    let split = Split { begins_file, ..Split::stdin() };
    let mut task = Task::new(spec, split, mode, !begins_file, tier);
    let mut sink = Sink::default();
    let fed = blocks.iter().try_for_each(|block| task.feed(block, &mut sink));
    let end = match fed.and_then(|()| task.finish(&mut sink)) {
        Ok(seal) => serde_json::to_string(&seal).unwrap(),
        Err(error) => error.to_string(),
    };
    (sink.out, sink.rejects, end)
}

/// Holds every tier against the plain path, fed whole and in blocks.
fn hold(table: &Table, text: &[u8], cuts: &[Index]) -> Result<(), TestCaseError> {
    let spec = table.spec();
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
    places.extend([0, text.len()]);
    places.sort_unstable();
    let blocks: Vec<&[u8]> = places.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
    for mode in table.modes() {
        for begins_file in [false, true] {
            let expected = run(&spec, Tier::PLAIN, mode, begins_file, &[text]);
            for (name, tier) in Tier::available() {
                let whole = run(&spec, tier, mode, begins_file, &[text]);
                same(name, &expected, &whole)?;
                same(name, &expected, &run(&spec, tier, mode, begins_file, &blocks))?;
            }
        }
    }
    Ok(())
}

fn same(
    tier: &str,
    expected: &(Vec<u8>, Vec<u8>, String),
    found: &(Vec<u8>, Vec<u8>, String),
) -> Result<(), TestCaseError> {
    let show = |text: &[u8]| text.escape_ascii().to_string().replace("\\n", "\n");
    prop_assert_eq!(show(&expected.0), show(&found.0), "{}: standard output", tier);
    prop_assert_eq!(show(&expected.1), show(&found.1), "{}: rejects", tier);
    prop_assert_eq!(&expected.2, &found.2, "{}: the end", tier);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_tier_writes_what_the_plain_path_writes((table, text, cuts) in case()) {
        hold(&table, &text, &cuts)?;
    }
}

/// Neighbouring columns of numbers, which a tier may take as one piece: fields that are usual, and those that are not
/// only where one looks at a field by itself.
fn numbers() -> impl Strategy<Value = String> {
    let integer = || prop_oneof![4 => (0..100_000_u32).prop_map(|n| n.to_string()), 1 => any_text(&["0", "07", "-3", "", "1.50", "5001"])];
    let amount = || {
        prop_oneof![
            6 => (0..10_000_000_u32).prop_map(|cents| format!("{}.{:02}", cents / 100, cents % 100)),
            1 => any_text(&["7", "1.", ".50", "0.5", "00.50", "1.505", "-7.10", "1..50", "1.5.", "1:50", "x.50", "12345678901234.56", ""]),
        ]
    };
    let fields = (
        any_text(&["a", "", "1.", "5,"]),
        integer(),
        amount(),
        amount(),
        integer(),
        amount(),
        any_text(&["\n", "\r\n"]),
    );
    fields.prop_map(|(text, a, b, c, d, e, end)| format!("{text},{a},{b},{c},{d},{e}{end}"))
}

fn any_text(texts: &[&'static str]) -> impl Strategy<Value = String> + use<> {
    select(texts.to_vec()).prop_map(str::to_owned)
}

proptest! {
    #[test]
    fn neighbouring_numbers(lines in prop::collection::vec(numbers(), 0..40), cuts in prop::collection::vec(any::<Index>(), 0..3)) {
        let column = |name: &str, kind: &str| format!("[[column]]\nname = \"{name}\"\ntype = {kind}\n");
        let money = "\"money\"\nprecision = 9\nscale = 2\nrounding = \"half_up\"";
        let columns = [("x", "\"text\""), ("a", "\"integer\""), ("b", money), ("c", money), ("d", "\"integer\"\nmax = 5000"), ("e", money)];
        let columns: String = columns.iter().map(|(name, kind)| column(name, kind)).collect();
        let text = "version = 1\n[table]\nname = \"t\"\n[input]\nheader = false\n[audit]\nsum = [\"c\", \"a\"]\n\
                    [[rule]]\nname = \"r\"\ncompare = [\"b\", \"<=\", \"e\"]\n";
        let table = Table { text: text.to_owned() + &columns, delimiter: ",", keyed: false, near: Vec::new() };
        hold(&table, lines.concat().as_bytes(), &cuts)?;
    }
}

/// More labels than a column remembers, some of which share their beginnings and so their places.
#[test]
fn labels_that_drive_each_other_out() {
    let table = Table {
        text: "version = 1\n[table]\nname = \"t\"\n[input]\nheader = false\n[[column]]\nname = \"a\"\n\
               type = \"region\"\ncase = \"upper\"\naliases = { \"SEVEN\" = [\"label 7\", \"label 307\"] }\n\
               [[column]]\nname = \"b\"\ntype = \"region\"\n"
            .to_owned(),
        delimiter: ",",
        keyed: false,
        near: Vec::new(),
    };
    let mut text = String::new();
    for round in 0..3 {
        for number in 0..700 {
            // Each label comes again at once, soon, and after all others.
            for label in [number, number, number / 2] {
                let _ = writeln!(text, "label {label},a beginning that all share {:02}", (label + round) % 5);
            }
        }
    }
    hold(&table, text.as_bytes(), &[]).unwrap();
}

/// Runs the same for `SLUICEBOX_FUZZ_SECONDS`, with other cases every time.
#[test]
#[ignore = "takes as long as SLUICEBOX_FUZZ_SECONDS says"]
fn every_tier_for_a_long_time() {
    let seconds =
        std::env::var("SLUICEBOX_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(seconds);
    let mut cases = 0;
    while std::time::Instant::now() < end {
        let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) };
        let mut runner = proptest::test_runner::TestRunner::new(config);
        runner.run(&case(), |(table, text, cuts)| hold(&table, &text, &cuts)).unwrap();
        cases += 200;
    }
    println!("{cases} cases");
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
