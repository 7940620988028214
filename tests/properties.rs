//! What must hold for every spec and every stream: conservation, the same answer however the stream is cut, one
//! winner a key whatever the order. Conversions are held against a second, naive reading of the contract that shares
//! no code with the library: csv for fields, chrono for days, `rust_decimal` for amounts.

// Texts are small here; that they are easy to read counts for more.
#![allow(clippy::format_collect)]

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rust_decimal::{Decimal, RoundingStrategy};
use sluicebox::output::{Seal, escape};
use sluicebox::reduce::Reducer;
use sluicebox::spec::{Spec, parse};
use sluicebox::task::{Mode, Sink, Split, Task};

// ---- a table, by its options ----

#[derive(Debug, Clone)]
enum Kind {
    Text { max_length: Option<usize> },
    Date { formats: Vec<&'static str>, min: Option<&'static str> },
    Money { precision: u32, scale: u32, rounding: &'static str, group: bool },
    Integer { min: Option<i64>, max: Option<i64> },
    Region { case: &'static str, closed: bool },
}

#[derive(Debug, Clone, PartialEq)]
enum Invalid {
    Reject,
    Null,
    Replace(&'static str),
}

#[derive(Debug, Clone)]
struct Column {
    kind: Kind,
    nullable: bool,
    invalid: Invalid,
    dropped: bool,
}

#[derive(Debug, Clone)]
struct Table {
    columns: Vec<Column>,
    delimiter: char,
    out: char,
    /// An operator between two columns, where they compare.
    rule: Option<(usize, &'static str, usize)>,
    max_record_bytes: usize,
}

const ALLOWED: [&str; 3] = ["EUROPE", "NEW WORLD", "STRASSE"];

impl Table {
    fn spec(&self) -> Spec {
        let text = self.text();
        parse(&text).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"))
    }

    fn text(&self) -> String {
        let mut text = format!(
            "version = 1\n[table]\nname = \"t\"\n[input]\ndelimiter = {:?}\nnull = [\"\", \"NULL\"]\nmax_record_bytes = {}\n\
             [output]\ndelimiter = {:?}\n",
            self.delimiter, self.max_record_bytes, self.out
        )
        .replace('\'', "\"");
        let sums: Vec<String> = (self.sums().iter()).map(|index| format!("\"c{index}\"")).collect();
        let _ = writeln!(text, "[audit]\nsum = [{}]", sums.join(", "));
        for (index, column) in self.columns.iter().enumerate() {
            let _ = writeln!(text, "[[column]]\nname = \"c{index}\"\nfrom = \"Column {index}\"");
            let _ = match &column.kind {
                Kind::Text { max_length: None } => writeln!(text, "type = \"text\""),
                Kind::Text { max_length: Some(most) } => {
                    writeln!(text, "type = \"text\"\nmax_length = {most}")
                }
                Kind::Date { formats, min } => {
                    let base =
                        if formats.contains(&"%d.%m.%y") { "two_digit_year_base = 1970\n" } else { "" };
                    let min = min.map(|min| format!("min = {min:?}\n")).unwrap_or_default();
                    write!(text, "type = \"date\"\nformats = {formats:?}\n{base}{min}")
                }
                Kind::Money { precision, scale, rounding, group } => writeln!(
                    text,
                    "type = \"money\"\nprecision = {precision}\nscale = {scale}\nrounding = {rounding:?}{}",
                    if *group { "\ngroup = \"'\"" } else { "" }
                ),
                Kind::Integer { min, max } => {
                    let bound = |name: &str, bound: &Option<i64>| {
                        bound.map(|bound| format!("{name} = {bound}\n")).unwrap_or_default()
                    };
                    write!(text, "type = \"integer\"\n{}{}", bound("min", min), bound("max", max))
                }
                Kind::Region { case, closed: false } => {
                    writeln!(text, "type = \"region\"\ncase = {case:?}")
                }
                Kind::Region { case, closed: true } => writeln!(
                    text,
                    "type = \"region\"\ncase = {case:?}\nallowed = {ALLOWED:?}\naliases = {{ \"EUROPE\" = [\"EU\"] }}"
                ),
            };
            if column.dropped {
                text.push_str("drop = true\n");
                continue;
            }
            let _ = writeln!(text, "nullable = {}", column.nullable);
            let _ = match column.invalid {
                Invalid::Reject => Ok(()),
                Invalid::Null => writeln!(text, "invalid = \"null\""),
                Invalid::Replace(with) => writeln!(text, "invalid = {{ replace = {with:?} }}"),
            };
        }
        if let Some((left, operator, right)) = self.rule {
            let _ =
                writeln!(text, "[[rule]]\nname = \"r\"\ncompare = [\"c{left}\", {operator:?}, \"c{right}\"]");
        }
        text
    }

    /// The columns with a control total.
    fn sums(&self) -> Vec<usize> {
        let summed = |column: &Column| {
            matches!(column.kind, Kind::Money { .. } | Kind::Integer { .. })
                && !column.dropped
                && !matches!(column.invalid, Invalid::Replace(_))
        };
        (0..self.columns.len()).filter(|index| summed(&self.columns[*index])).collect()
    }

    fn header(&self) -> String {
        let names: Vec<String> = (0..self.columns.len()).map(|index| format!("Column {index}")).collect();
        names.join(&self.delimiter.to_string())
    }

    /// The place of a column in a row.
    fn place(&self, column: usize) -> usize {
        self.columns[..column].iter().filter(|column| !column.dropped).count()
    }
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        prop::option::of(1_usize..6).prop_map(|max_length| Kind::Text { max_length }),
        (
            prop::sample::subsequence(vec!["%m/%d/%Y", "%Y-%m-%d", "%Y%m%d", "%d.%m.%y"], 1..=4),
            prop::option::of(Just("2000-01-01"))
        )
            .prop_map(|(formats, min)| Kind::Date { formats, min }),
        (1_u32..22, 0_u32..6, select(vec!["half_up", "half_even", "down", "exact"]), any::<bool>()).prop_map(
            |(precision, scale, rounding, group)| Kind::Money {
                precision,
                scale: scale.min(precision),
                rounding,
                group
            }
        ),
        (prop::option::of(-20_i64..20), prop::option::of(20_i64..2000))
            .prop_map(|(min, max)| Kind::Integer { min, max }),
        (select(vec!["upper", "lower", "keep"]), any::<bool>())
            .prop_map(|(case, closed)| Kind::Region { case: if closed { "upper" } else { case }, closed }),
    ]
}

fn column() -> impl Strategy<Value = Column> {
    let invalid = select(vec![
        Invalid::Reject,
        Invalid::Reject,
        Invalid::Reject,
        Invalid::Null,
        Invalid::Replace("Invalid"),
        Invalid::Replace(""),
        Invalid::Replace("a,b\\N"),
    ]);
    (kind(), any::<bool>(), invalid, prop::bool::weighted(0.1)).prop_map(
        |(kind, nullable, invalid, dropped)| Column {
            kind,
            nullable: nullable || invalid == Invalid::Null,
            invalid,
            dropped,
        },
    )
}

fn table() -> impl Strategy<Value = Table> {
    (
        prop::collection::vec(column(), 1..6),
        select(vec![',', ';', '\t', '|']),
        select(vec!['\t', ',', '\u{1}', '|']),
        (any::<Index>(), any::<Index>(), select(vec!["<", "<=", "=", "!=", ">=", ">"])),
        prop_oneof![Just(1_usize << 20), 20_usize..60],
    )
        .prop_map(|(mut columns, delimiter, out, (left, right, operator), max_record_bytes)| {
            columns[0].dropped = false;
            let (left, right) = (left.index(columns.len()), right.index(columns.len()));
            let class = |index: usize| match columns[index].kind {
                _ if columns[index].dropped => 0,
                Kind::Text { .. } | Kind::Region { .. } => 1,
                Kind::Date { .. } => 2,
                Kind::Money { .. } | Kind::Integer { .. } => 3,
            };
            let compare = left != right && class(left) > 0 && class(left) == class(right);
            let rule = compare.then_some((left, operator, right));
            // U+0001 is written by `{:?}` in a way that TOML does not read.
            let out = if out == '\u{1}' { ';' } else { out };
            Table { columns, delimiter, out, rule, max_record_bytes }
        })
}

fn regex(pattern: &str) -> prop::string::RegexGeneratorStrategy<String> {
    prop::string::string_regex(pattern).unwrap()
}

fn field(kind: &Kind) -> BoxedStrategy<String> {
    let clean = match kind {
        Kind::Text { .. } => "[a-z\\\\,\"\t ]{0,4}".boxed(),
        Kind::Date { .. } => prop_oneof![
            select(vec!["1/1/2000", "1999-12-31", "20000101", "31.12.99", "2/29/2000", "1.1.00"])
                .prop_map(str::to_owned),
            (1_u32..14, 1_u32..33, 1990_u32..2030).prop_map(|(m, d, y)| format!("{m}/{d}/{y}")),
            (1_u32..13, 1_u32..29, 1_u32..9999).prop_map(|(m, d, y)| format!("{y:04}-{m:02}-{d:02}")),
            (1_u32..13, 1_u32..32, 1990_u32..2030).prop_map(|(m, d, y)| format!("{y}{m:02}{d:02}")),
            (1_u32..13, 1_u32..32, 0_u32..100).prop_map(|(m, d, y)| format!("{d}.{m:02}.{y:02}")),
        ]
        .boxed(),
        // Halves of the last digit that is kept, and the largest amounts there are.
        Kind::Money { precision, scale, .. } => prop_oneof![
            regex(&format!("-?[0-9]{{1,3}}\\.[0-9]{{{scale}}}50{{0,2}}")),
            regex(&format!("9{{{}}}\\.9{{{scale}}}[0-9]{{1,2}}", 1.max(precision - scale))),
            "[+-]?[0-9]{1,7}(\\.[0-9]{1,7})?",
            "-?[0-9]{1,3}('[0-9]{3}){0,3}(\\.[0-9]{1,3})?",
            "[+-]?[0-9]{1,3}\\.[0-9]{1,2}[05]0{0,2}",
            "[0-9]{14,22}",
        ]
        .boxed(),
        Kind::Integer { min, max } => {
            let edges: Vec<i64> = min
                .iter()
                .chain(max)
                .flat_map(|edge| edge - 1..=edge + 1)
                .chain([i64::MIN, i64::MAX])
                .collect();
            let edge = select(edges).prop_map(|edge| edge.to_string());
            prop_oneof![
                edge,
                "[+-]?0{0,2}[0-9]{1,4}",
                any::<i64>().prop_map(|n| n.to_string()),
                "[0-9]{18,21}"
            ]
            .boxed()
        }
        Kind::Region { .. } => select(vec![
            "Europe",
            "EUROPE",
            "eu",
            " new  world",
            "New\u{a0}World",
            "straße",
            "Atlantis",
            "a b",
            "ÉTÉ",
        ])
        .prop_map(str::to_owned)
        .boxed(),
    };
    let dirt = prop_oneof![
        Just(String::new()),
        Just("NULL".to_owned()),
        Just(" NULL ".to_owned()),
        "[ \t\u{a0}\u{2003}]{1,2}",
        "[0-9+./'eE, -]{1,8}",
        "[^\r\n]{0,8}",
    ];
    let spaced = (select(vec!["", " ", "\u{3000}"]), clean.clone(), select(vec!["", " ", "\t"]))
        .prop_map(|(before, text, after)| [before, &text, after].concat());
    prop_oneof![6 => clean, 1 => spaced, 1 => dirt].boxed()
}

fn rows(table: &Table) -> impl Strategy<Value = Vec<Vec<String>>> + use<> {
    let row: Vec<BoxedStrategy<String>> = table.columns.iter().map(|column| field(&column.kind)).collect();
    prop::collection::vec(row, 0..12)
}

fn tables_and_rows() -> impl Strategy<Value = (Table, Vec<Vec<String>>)> {
    table().prop_flat_map(|table| {
        let rows = rows(&table);
        (Just(table), rows)
    })
}

/// The rows as CSV lines, without line ends; those whose fields hold a line end are none.
fn lines(table: &Table, rows: &[Vec<String>]) -> Vec<Vec<u8>> {
    let line = |row: &Vec<String>| {
        let mut writer = csv::WriterBuilder::new().delimiter(table.delimiter as u8).from_writer(Vec::new());
        writer.write_record(row).unwrap();
        let mut line = writer.into_inner().unwrap();
        line.pop();
        line
    };
    rows.iter().map(line).collect()
}

// ---- the second reading of the contract ----

#[derive(Debug, Clone, PartialEq)]
enum Comparable {
    Day(chrono::NaiveDate),
    Number(Decimal),
    Text(String),
}

/// A value's text and what it compares by; a reason; or nothing, where the oracle's own range ends.
type Converted = Option<Result<(String, Comparable), &'static str>>;

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

#[allow(clippy::unnecessary_wraps)] // as the others
fn naive_date(formats: &[&str], min: Option<&str>, text: &str) -> Converted {
    let shaped = |format: &str| {
        let separator = match format {
            "%m/%d/%Y" => '/',
            "%Y-%m-%d" => '-',
            "%d.%m.%y" => '.',
            _ => return text.len() == 8 && digits(text),
        };
        let parts: Vec<&str> = text.split(separator).collect();
        let fits = |part: &str, name: &str| match name {
            "%Y" => part.len() == 4,
            "%y" => part.len() == 2,
            _ => part.len() <= 2,
        };
        let names: Vec<&str> = format.split(separator).collect();
        parts.len() == 3 && parts.iter().zip(names).all(|(part, name)| digits(part) && fits(part, name))
    };
    for format in formats {
        if let (true, Ok(day)) = (shaped(format), chrono::NaiveDate::parse_from_str(text, format)) {
            if day.to_string().starts_with("0000") {
                continue;
            }
            if min.is_some_and(|min| day < min.parse().unwrap()) {
                return Some(Err("range"));
            }
            return Some(Ok((day.to_string(), Comparable::Day(day))));
        }
    }
    Some(Err("date"))
}

fn naive_money(precision: u32, scale: u32, rounding: &str, group: bool, text: &str) -> Converted {
    let (whole, fraction) = match unsigned(text).split_once('.') {
        Some((whole, fraction)) if digits(fraction) => (whole, fraction),
        Some(_) => return Some(Err("money")),
        None => (unsigned(text), ""),
    };
    let groups: Vec<&str> = whole.split('\'').collect();
    let grouped = group
        && groups.iter().all(|part| digits(part))
        && groups[0].len() <= 3
        && groups[1..].iter().all(|part| part.len() == 3);
    if !digits(whole) && !grouped || rounding == "exact" && fraction.len() > scale as usize {
        return Some(Err("money"));
    }
    let plain = text.replace('\'', "");
    let mut number = Decimal::from_str_exact(plain.trim_start_matches('+')).ok()?;
    let strategy = match rounding {
        "half_up" => RoundingStrategy::MidpointAwayFromZero,
        "half_even" => RoundingStrategy::MidpointNearestEven,
        _ => RoundingStrategy::ToZero,
    };
    number = number.round_dp_with_strategy(scale, strategy);
    number.rescale(scale);
    if number.abs() >= Decimal::from_i128_with_scale(10_i128.pow(precision - scale), 0) {
        return Some(Err("money"));
    }
    if number.is_zero() {
        number.set_sign_positive(true);
    }
    Some(Ok((number.to_string(), Comparable::Number(number))))
}

#[allow(clippy::unnecessary_wraps)] // as the others
fn naive_integer(min: Option<i64>, max: Option<i64>, text: &str) -> Converted {
    if !digits(unsigned(text)) {
        return Some(Err("integer"));
    }
    let Ok(number) = text.parse::<i64>() else { return Some(Err("integer")) };
    if min.is_some_and(|min| number < min) || max.is_some_and(|max| number > max) {
        return Some(Err("range"));
    }
    Some(Ok((number.to_string(), Comparable::Number(number.into()))))
}

#[allow(clippy::unnecessary_wraps)] // as the others
fn naive_region(case: &str, closed: bool, text: &str) -> Converted {
    let words: Vec<&str> = text.split(char::is_whitespace).filter(|word| !word.is_empty()).collect();
    let mut label = words.join(" ");
    label = match case {
        "upper" => label.to_uppercase(),
        "lower" => label.to_lowercase(),
        _ => label,
    };
    let label = if closed && label == "EU" { ALLOWED[0].to_owned() } else { label };
    if closed && !ALLOWED.contains(&label.as_str()) {
        return Some(Err("region"));
    }
    Some(Ok((label.clone(), Comparable::Text(label))))
}

/// What becomes of a record: its temp line up to the column, without positions. `None` where the oracle can't say.
fn naive(table: &Table, line: &[u8]) -> Option<String> {
    let reject = |reason: &str, column: &str| Some(format!("{reason}{0}{column}{0}", table.out));
    if line.len() > table.max_record_bytes {
        return reject("too_long", "");
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(table.delimiter as u8)
        .flexible(true)
        .from_reader(line);
    let record = reader.records().next()?.ok()?;
    let (mut row, mut values) = (Vec::new(), Vec::new());
    for (index, (column, text)) in table.columns.iter().zip(&record).enumerate() {
        values.push(None);
        if column.dropped {
            continue;
        }
        let text = if matches!(column.kind, Kind::Text { .. }) {
            text
        } else {
            text.trim_matches(char::is_whitespace)
        };
        if ["", "NULL"].contains(&text) {
            if !column.nullable {
                return reject("required", &format!("c{index}"));
            }
            row.push("\\N".to_owned());
            continue;
        }
        let converted = match &column.kind {
            Kind::Text { max_length: Some(most) } if text.chars().count() > *most => Err("length"),
            Kind::Text { .. } => Ok((text.to_owned(), Comparable::Text(text.to_owned()))),
            Kind::Date { formats, min } => naive_date(formats, *min, text)?,
            Kind::Money { precision, scale, rounding, group } => {
                naive_money(*precision, *scale, rounding, *group, text)?
            }
            Kind::Integer { min, max } => naive_integer(*min, *max, text)?,
            Kind::Region { case, closed } => naive_region(case, *closed, text)?,
        };
        let text = match (converted, &column.invalid) {
            (Ok((text, value)), _) => {
                values[index] = Some(value);
                text
            }
            (Err(reason), Invalid::Reject) => return reject(reason, &format!("c{index}")),
            (Err(_), Invalid::Replace(text)) => (*text).to_owned(),
            (Err(_), Invalid::Null) => {
                row.push("\\N".to_owned());
                continue;
            }
        };
        row.push(text.replace('\\', "\\\\").replace(table.out, &format!("\\{}", table.out)));
    }
    if let Some((left, operator, right)) = table.rule
        && let (Some(left), Some(right)) = (&values[left], &values[right])
    {
        let ordering = match (left, right) {
            (Comparable::Day(left), Comparable::Day(right)) => left.cmp(right),
            (Comparable::Number(left), Comparable::Number(right)) => left.cmp(right),
            (Comparable::Text(left), Comparable::Text(right)) => left.as_bytes().cmp(right.as_bytes()),
            _ => return None,
        };
        let holds = match operator {
            "<" => ordering == Ordering::Less,
            "<=" => ordering != Ordering::Greater,
            "=" => ordering == Ordering::Equal,
            "!=" => ordering != Ordering::Equal,
            ">=" => ordering != Ordering::Less,
            _ => ordering == Ordering::Greater,
        };
        if !holds {
            return reject("rule", "r");
        }
    }
    Some(format!("ok{}{}", table.out, row.join(&table.out.to_string())))
}

// ---- running a task ----

/// What a task wrote: rows, rejects, the seal.
#[derive(Debug)]
struct Written {
    out: Vec<u8>,
    rows: Vec<Vec<u8>>,
    rejects: Vec<Reject>,
    seal: Seal,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Reject {
    reason: String,
    column: String,
    /// Unescaped; for `encoding` decoded.
    raw: Vec<u8>,
}

fn split_at(start: usize, length: usize) -> Split {
    Split {
        file: "hdfs://host/a.csv".to_owned(),
        start: start as u64,
        length: Some(length as u64),
        begins_file: start == 0,
    }
}

fn map(spec: &Spec, split: Split, blocks: &[&[u8]], no_header: bool) -> Written {
    let mut sink = Sink::default();
    let mut task = Task::new(spec, split, Mode::Temp, no_header);
    for block in blocks {
        task.feed(block, &mut sink).unwrap();
    }
    let seal = task.finish(&mut sink).unwrap();
    read(spec, sink.out, seal)
}

/// Takes temp lines apart and holds them against the last seal among them.
fn read(spec: &Spec, out: Vec<u8>, seal: Seal) -> Written {
    let (mut rows, mut rejects) = (Vec::new(), Vec::new());
    let mut sealed = Vec::new();
    for line in out.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").expect("a line feed ends each line");
        let fields: Vec<Vec<u8>> = escape::split(line, spec.delimiter).map(escape::unescape).collect();
        match fields[0].as_slice() {
            b"ok" => {
                assert_eq!(fields.len(), 1 + spec.kept().count());
                rows.push(line[3..].to_vec());
            }
            b"seal" => sealed.push(serde_json::from_slice::<Seal>(&fields[1]).expect("a seal is JSON")),
            reason => {
                let reason = String::from_utf8(reason.to_vec()).unwrap();
                assert_eq!(fields.len(), 6, "{reason}");
                let raw = fields[5].clone();
                let raw = if reason == "encoding" { STANDARD.decode(raw).unwrap() } else { raw };
                rejects.push(Reject { reason, column: String::from_utf8(fields[1].clone()).unwrap(), raw });
            }
        }
    }
    assert_eq!(sealed.last(), Some(&seal), "the seal is the last line");
    Written { out, rows, rejects, seal }
}

/// The books of one mapper balance, and are those of what it wrote.
fn hold_books(table: &Table, text: &[u8], written: &Written) -> Result<(), TestCaseError> {
    let seal = &written.seal;
    prop_assert_eq!(seal.records, seal.ok + seal.rejected_count());
    prop_assert_eq!(seal.lines, seal.records + seal.blank + seal.headers);
    prop_assert_eq!(seal.lines, naive_lines(text).len() as u64);
    prop_assert_eq!(seal.ok, written.rows.len() as u64);
    let mut rejected: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for reject in &written.rejects {
        *rejected.entry(reject.reason.clone()).or_default().entry(reject.column.clone()).or_default() += 1;
    }
    prop_assert_eq!(&seal.rejected, &rejected);
    prop_assert_eq!(seal.bytes, written.rows.iter().map(|row| row.len() as u64).sum::<u64>());
    prop_assert_eq!(seal.checksum, checksum(&written.rows));
    for column in table.sums() {
        let place = table.place(column);
        let mut sum = 0_i128;
        for row in &written.rows {
            let text = escape::split(row, table.out as u8).nth(place).unwrap();
            if text != b"\\N" {
                sum += std::str::from_utf8(text).unwrap().replace('.', "").parse::<i128>().unwrap();
            }
        }
        prop_assert_eq!(seal.totals[&format!("c{column}")].replace('.', "").parse::<i128>().unwrap(), sum);
    }
    Ok(())
}

fn checksum(rows: &[Vec<u8>]) -> u64 {
    rows.iter().fold(0, |sum, row| xxhash_rust::xxh3::xxh3_64(row).wrapping_add(sum))
}

/// Lines as Hadoop's reader cuts them, the naive way; those of a file's beginning.
fn naive_lines(mut text: &[u8]) -> Vec<&[u8]> {
    while let Some(rest) = text.strip_prefix(b"\xef\xbb\xbf") {
        text = rest;
    }
    let mut lines = Vec::new();
    while !text.is_empty() {
        let end = text.iter().position(|byte| b"\r\n".contains(byte)).unwrap_or(text.len());
        lines.push(&text[..end]);
        text = &text[end..];
        text = text.strip_prefix(b"\r\n").unwrap_or(text.get(1..).unwrap_or_default());
    }
    lines
}

/// The places right behind line ends, but the stream's own end.
fn line_ends(text: &[u8]) -> Vec<usize> {
    let behind = |at: &usize| match &text[..*at] {
        [.., b'\n'] => true,
        [.., b'\r'] => text[*at] != b'\n',
        _ => false,
    };
    (1..text.len()).filter(behind).collect()
}

/// The stream cut at some of these places.
fn cut<'t>(text: &'t [u8], places: &[usize], chosen: &[Index]) -> Vec<(usize, &'t [u8])> {
    let mut at: BTreeSet<usize> = BTreeSet::from([0]);
    if !places.is_empty() {
        at.extend(chosen.iter().map(|index| places[index.index(places.len())]));
    }
    let starts: Vec<usize> = at.into_iter().collect();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().copied().zip(ends).map(|(start, end)| (start, &text[start..end])).collect()
}

/// One thing that happens to a stream on its way.
#[derive(Debug, Clone)]
enum Damage {
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..4),
        select(vec![&b"\n"[..], b"\r", b"\r\n", b"\"", b",", b"\t", b"\\", b"\\N", b"\0", b"\x01", b"\xff"])
            .prop_map(<[u8]>::to_vec),
        select(vec![&b"\xef\xbb\xbf"[..], b"\nColumn 0\n", b"\n\xef\xbb\xbfColumn 0\n", b"\n\n", b"\"\""])
            .prop_map(<[u8]>::to_vec),
    ];
    prop_oneof![
        3 => (any::<Index>(), bytes).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        1 => (any::<Index>(), 1_usize..4).prop_map(|(at, length)| Damage::Remove(at, length)),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Damage::Repeat(from, to)),
    ]
}

fn spoil(text: &mut Vec<u8>, damages: &[Damage]) {
    for damage in damages {
        let at = |index: &Index| index.index(text.len() + 1);
        match damage {
            Damage::Insert(index, bytes) => {
                let at = at(index);
                text.splice(at..at, bytes.iter().copied());
            }
            Damage::Remove(index, length) => {
                let from = at(index);
                text.drain(from..(from + length).min(text.len()));
            }
            Damage::Repeat(from, to) => {
                let (from, to) = (at(from).min(at(to)), at(from).max(at(to)));
                let part = text[from..to.min(from + 200)].to_vec();
                text.splice(to..to, part);
            }
        }
    }
}

/// Failures are shown with their input; a file of past ones would not outlive a change of the generators.
fn config() -> ProptestConfig {
    ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() }
}

fn body(lines: &[Vec<u8>], end: &str) -> Vec<u8> {
    lines.iter().flat_map(|line| [line.as_slice(), end.as_bytes()].concat()).collect()
}

proptest! {
    #![proptest_config(config())]

    /// Two readings of the contract agree on every record.
    #[test]
    fn a_naive_reading_of_the_contract_agrees((table, rows) in tables_and_rows(), crlf: bool) {
        let spec = table.spec();
        let lines = lines(&table, &rows);
        let mut text = body(&lines, if crlf { "\r\n" } else { "\n" });
        text.splice(0..0, format!("{}\n", table.header()).into_bytes());
        prop_assume!(table.header().len() <= table.max_record_bytes);
        let written = map(&spec, Split::stdin(), &[&text], false);
        hold_books(&table, &text, &written)?;
        let found: Vec<&[u8]> = written.out.split(|byte| *byte == b'\n').collect();
        let records = lines.iter().filter(|line| !line.is_empty());
        for (line, found) in records.zip(found) {
            if let Some(expected) = naive(&table, line) {
                let found = String::from_utf8_lossy(found);
                let fits = if expected.starts_with("ok") { found == expected } else { found.starts_with(&expected) };
                prop_assert!(fits, "{}\nexpected {expected:?}\nfound    {found:?}", table.text());
            }
        }
    }

    /// Whatever bytes come in: no panic, nothing lost, books that are right, the same answer for any blocks, and
    /// each reject's raw line rejected again for the same reason.
    #[test]
    fn damaged_streams_conserve_every_record(
        (table, rows) in tables_and_rows(),
        damages in prop::collection::vec(damage(), 0..8),
        blocks in prop::collection::vec(any::<Index>(), 0..6),
    ) {
        let spec = table.spec();
        let mut text = body(&lines(&table, &rows), "\n");
        text.splice(0..0, format!("{}\n", table.header()).into_bytes());
        spoil(&mut text, &damages);
        let written = map(&spec, Split::stdin(), &[&text], true);
        hold_books(&table, &text, &written)?;
        let anywhere: Vec<usize> = (0..text.len()).collect();
        let blocks: Vec<&[u8]> = cut(&text, &anywhere, &blocks).into_iter().map(|(_, block)| block).collect();
        prop_assert_eq!(&map(&spec, Split::stdin(), &blocks, true).out, &written.out);
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        prop_assert_eq!(&map(&spec, Split::stdin(), &bytes, true).out, &written.out);
        for reject in written.rejects.iter().filter(|reject| reject.reason != "too_long") {
            // As a later split, so that a mark at its beginning is kept as it was.
            let again = map(&spec, split_at(1, 0), &[&reject.raw], true);
            prop_assert_eq!(&again.rejects, std::slice::from_ref(reject));
        }
        for reject in written.rejects.iter().filter(|reject| reject.reason == "too_long") {
            prop_assert_eq!(reject.raw.len(), table.max_record_bytes);
        }
    }

    /// Splits give the rows, the rejects and the sums of the whole.
    #[test]
    fn splits_add_up_to_the_whole(
        (table, rows) in tables_and_rows(),
        damages in prop::collection::vec(damage(), 0..5),
        places in prop::collection::vec(any::<Index>(), 0..5),
        bom: bool,
    ) {
        prop_assume!(table.header().len() <= table.max_record_bytes);
        let spec = table.spec();
        let mut text = body(&lines(&table, &rows), "\n");
        spoil(&mut text, &damages);
        let bom = if bom { "\u{feff}" } else { "" };
        text.splice(0..0, format!("{bom}{}\n", table.header()).into_bytes());
        let whole = map(&spec, split_at(0, text.len()), &[&text], false);
        let (mut out_rows, mut rejects) = (Vec::new(), Vec::new());
        let mut sum = Seal { lines: 0, records: 0, ok: 0, blank: 0, headers: 0, bytes: 0, checksum: 0,
            rejected: BTreeMap::new(), replaced: BTreeMap::new(), totals: BTreeMap::new(), ..whole.seal.clone() };
        let mut totals: BTreeMap<String, i128> = BTreeMap::new();
        for (start, part) in cut(&text, &line_ends(&text), &places) {
            let written = map(&spec, split_at(start, part.len()), &[part], false);
            let seal = written.seal;
            prop_assert_eq!(seal.split_start, start as u64);
            sum.lines += seal.lines;
            sum.records += seal.records;
            sum.ok += seal.ok;
            sum.blank += seal.blank;
            sum.headers += seal.headers;
            sum.bytes += seal.bytes;
            sum.checksum = sum.checksum.wrapping_add(seal.checksum);
            for (reason, columns) in seal.rejected {
                for (column, count) in columns {
                    *sum.rejected.entry(reason.clone()).or_default().entry(column).or_default() += count;
                }
            }
            for (column, count) in seal.replaced {
                *sum.replaced.entry(column).or_default() += count;
            }
            for (column, total) in seal.totals {
                *totals.entry(column).or_default() += total.replace('.', "").parse::<i128>().unwrap();
            }
            out_rows.extend(written.rows);
            rejects.extend(written.rejects);
        }
        prop_assert_eq!(&out_rows, &whole.rows);
        prop_assert_eq!(&rejects, &whole.rejects);
        for (column, total) in &whole.seal.totals {
            prop_assert_eq!(total.replace('.', "").parse::<i128>().unwrap(), totals[column]);
        }
        sum.totals.clone_from(&whole.seal.totals);
        prop_assert_eq!(sum, whole.seal);
    }
}

// ---- the reducer ----

const PREFER: [&str; 9] = ["", "n", "n desc", "m", "m desc", "day asc", "day desc", "note", "note desc"];

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
        let mut task = Task::new(spec, split_at(*start, part.len()), Mode::Keyed(None), true);
        task.feed(part, &mut sink).unwrap();
        task.finish(&mut sink).unwrap();
        keyed.extend(sink.out.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec));
    }
    keyed.sort_by(|left, right| left[..left.len() - 1].cmp(&right[..right.len() - 1]));
    let mut out = Vec::new();
    let mut reducer = Reducer::new(spec, None);
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
        let mapped = map(&spec, split_at(0, 0), &[&stream], true);
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
        let mapped = map(&spec, split_at(0, 0), &[stream.as_bytes()], true);
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
        let mut task = Task::new(&spec, Split::stdin(), Mode::Keyed(None), true);
        task.feed(stream.as_bytes(), &mut sink).unwrap();
        task.finish(&mut sink).unwrap();
        let mut lines: Vec<&[u8]> = sink.out.split_inclusive(|byte| *byte == b'\n').collect();
        lines.sort_unstable();
        let mut text = lines.concat();
        spoil(&mut text, &damages);
        let mut out = Vec::new();
        let mut reducer = Reducer::new(&spec, None);
        if reducer.feed(&text, &mut out).is_ok() {
            let _ = reducer.finish(&mut out);
        }
    }

    /// Whatever a spec's text is: errors or a spec, no panic.
    #[test]
    fn a_spec_survives_any_text(table in table(), damages in prop::collection::vec(damage(), 0..6)) {
        let mut text = table.text().into_bytes();
        spoil(&mut text, &damages);
        if let Err(errors) = parse(&String::from_utf8_lossy(&text)) {
            prop_assert!(!errors.is_empty());
        }
    }
}
