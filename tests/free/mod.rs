//! Specs whose options are drawn freely, each within all that it may be, and rows whose values lie around what the
//! columns' options say: where a number no longer fits, is rounded, or is read another way.
//!
//! `cases` draws its options from short lists and keeps to them, since what fuzzing kept is read by them.

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use sluicebox::spec::{Spec, parse};
use sluicebox::task::Mode;

use crate::cases::Stream;

#[derive(Debug, Clone)]
enum Kind {
    Text {
        max_length: Option<usize>,
    },
    Money {
        precision: usize,
        scale: usize,
        rounding: &'static str,
        decimal: char,
        group: Option<char>,
        bound: usize,
    },
    Integer {
        min: Option<i64>,
        max: Option<i64>,
    },
    Date {
        formats: Vec<Format>,
        bound: &'static str,
    },
    Region {
        case: &'static str,
        closed: bool,
    },
}

/// The parts of a date in their order, and what stands between them.
#[derive(Debug, Clone)]
struct Format {
    parts: [&'static str; 3],
    between: [&'static str; 2],
}

#[derive(Debug, Clone)]
struct Column {
    kind: Kind,
    /// Whether it may be NULL, is replaced or is dropped.
    options: &'static str,
}

/// A spec's text with its columns.
#[derive(Debug, Clone)]
struct Drawn {
    columns: Vec<Column>,
    delimiter: &'static str,
    quote: &'static str,
    header: bool,
    text: String,
}

/// A spec, a stream for it and how a task is to take it.
#[derive(Debug, Clone)]
pub struct Case {
    pub text: String,
    pub stream: Stream,
    pub begins_file: bool,
    mode: Index,
}

impl Case {
    /// The spec; `None` where it is refused, as some are whose parts contradict each other.
    pub fn spec(&self) -> Option<Spec> {
        parse(&self.text).ok()
    }

    /// One of the modes that a mapper may have by the spec.
    pub fn mode(&self, spec: &Spec) -> Mode {
        let mut modes =
            vec![Mode::Temp, Mode::Temp, Mode::Plain, Mode::Keyed(Some(spec.first_kept)), Mode::Fail];
        modes.extend(spec.dedup.as_ref().map(|_| Mode::Keyed(None)));
        *self.mode.get(&modes)
    }
}

// ---- specs ----

impl Format {
    fn text(&self) -> String {
        let ([first, second, third], [one, two]) = (self.parts, self.between);
        [first, one, second, two, third].concat()
    }

    /// A day by this format, the month and the date at least so wide, perhaps with another second separator.
    fn day(&self, [year, month, date]: [usize; 3], [wide, wider]: [usize; 2], other: Option<&str>) -> String {
        let part = |name: &str| match name {
            "%Y" => format!("{year:04}"),
            "%y" => format!("{:02}", year % 100),
            "%m" => format!("{month:0wide$}"),
            _ => format!("{date:0wider$}"),
        };
        let ([first, second, third], [one, two]) = (self.parts.map(part), self.between);
        [&first, one, &second, other.unwrap_or(two), &third].concat()
    }
}

impl Column {
    fn text(&self, index: usize) -> String {
        let mut text = format!("[[column]]\nname = \"c{index}\"\nfrom = \"Column {index}\"\n");
        let _ = match &self.kind {
            Kind::Text { max_length } => {
                let most = max_length.map(|most| format!("max_length = {most}\n")).unwrap_or_default();
                write!(text, "type = \"text\"\n{most}")
            }
            Kind::Money { precision, scale, rounding, decimal, group, bound } => {
                let group = group.map(|group| format!("group = \"{group}\"\n")).unwrap_or_default();
                // A bound must be a number that the column can hold.
                let bound = match bound {
                    0 => "min = 0\n".to_owned(),
                    1 if *scale > 0 => "min = \"-0.5\"\n".to_owned(),
                    2 if precision > scale => {
                        format!("max = \"{}\"\n", "9".repeat((precision - scale).min(15)))
                    }
                    3 if precision > scale => {
                        format!("min = \"-{}\"\n", "9".repeat((precision - scale).min(20)))
                    }
                    _ => String::new(),
                };
                write!(
                    text,
                    "type = \"money\"\nprecision = {precision}\nscale = {scale}\nrounding = \"{rounding}\"\n\
                     decimal = \"{decimal}\"\n{group}{bound}"
                )
            }
            Kind::Integer { min, max } => {
                let line = |name: &str, bound: &Option<i64>| {
                    bound.map(|bound| format!("{name} = {bound}\n")).unwrap_or_default()
                };
                write!(text, "type = \"integer\"\n{}{}", line("min", min), line("max", max))
            }
            Kind::Date { formats, bound } => {
                let formats: Vec<String> = formats.iter().map(Format::text).collect();
                let short = formats.iter().any(|format| format.contains("%y"));
                // Not only the first year of a hundred.
                let first = [1970, 1999, 1, 9900][formats.len() % 4];
                let base = if short { format!("two_digit_year_base = {first}\n") } else { String::new() };
                match formats.as_slice() {
                    [one] => write!(text, "type = \"date\"\nformat = {one:?}\n{base}{bound}"),
                    several => write!(text, "type = \"date\"\nformats = {several:?}\n{base}{bound}"),
                }
            }
            Kind::Region { case, closed } => {
                let list = "allowed = [\"EUROPE\", \"NEW WORLD\"]\naliases = { \"EUROPE\" = [\"EU\"] }\n";
                write!(text, "type = \"region\"\ncase = \"{case}\"\n{}", if *closed { list } else { "" })
            }
        };
        text + self.options
    }

    fn may_be_key(&self) -> bool {
        self.options.is_empty()
    }

    fn is_written(&self) -> bool {
        !self.options.contains("drop")
    }

    fn is_summed(&self) -> bool {
        matches!(self.kind, Kind::Money { .. } | Kind::Integer { .. })
            && self.is_written()
            && !self.options.contains("replace")
    }

    /// Columns of one class compare.
    fn class(&self) -> usize {
        match self.kind {
            Kind::Text { .. } | Kind::Region { .. } => 0,
            Kind::Money { .. } | Kind::Integer { .. } => 1,
            Kind::Date { .. } => 2,
        }
    }
}

fn format() -> impl Strategy<Value = Format> {
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    // Those of more than one byte have no kernel.
    let separator = select(vec!["/", "/", "-", "-", ".", " ", ":", "", "年", "--"]);
    (
        select(orders.to_vec()),
        select(vec!["%Y", "%Y", "%y"]),
        separator.clone(),
        prop::option::weighted(0.2, separator),
    )
        .prop_map(|(order, year, separator, other)| {
            let parts = [year, "%m", "%d"];
            Format {
                parts: order.map(|place| parts[place]),
                between: [separator, other.unwrap_or(separator)],
            }
        })
}

fn kind() -> impl Strategy<Value = Kind> {
    let text = prop::option::of(prop_oneof![1_usize..8, 60_usize..70]);
    // What machine words hold is the most interesting.
    let digits = prop_oneof![1_usize..=38, 13_usize..=19];
    let money = (digits, any::<Index>(), 0_usize..4).prop_flat_map(|(precision, scale, near)| {
        let scale = if near == 0 { scale.index(precision + 1) } else { near.min(precision) };
        (
            select(vec!["half_up", "half_even", "down", "exact"]),
            select(vec!['.', '.', '.', ',', '·']),
            select(vec![None, None, None, Some('\''), Some(','), Some('.'), Some(' ')]),
            0_usize..12,
        )
            .prop_map(move |(rounding, decimal, group, bound)| {
                let group = group.filter(|group| *group != decimal);
                Kind::Money { precision, scale, rounding, decimal, group, bound }
            })
    });
    let bound = |most: i64| prop_oneof![2 => Just(None), 1 => (0..=most).prop_map(Some)];
    let integer = (bound(200), bound(i64::MAX)).prop_map(|(min, max)| Kind::Integer {
        min: min.map(|min| min - 100),
        max: max.map(|max| max.max(100)),
    });
    let date = (
        prop_oneof![2 => prop::collection::vec(format(), 1), 1 => prop::collection::vec(format(), 2..5)],
        select(vec!["", "", "min = \"2000-01-01\"\n", "max = \"2024-02-29\"\n"]),
    )
        .prop_map(|(formats, bound)| Kind::Date { formats, bound });
    let region = (select(vec!["upper", "lower", "keep"]), any::<bool>())
        .prop_map(|(case, closed)| Kind::Region { case: if closed { "upper" } else { case }, closed });
    prop_oneof![
        1 => text.prop_map(|max_length| Kind::Text { max_length }),
        4 => money,
        2 => integer,
        3 => date,
        1 => region,
    ]
}

/// Columns, some of which come several times in a row: a tier may take such as one piece.
fn columns() -> impl Strategy<Value = Vec<Column>> {
    let options = select(vec![
        "",
        "",
        "",
        "",
        "",
        "nullable = true\n",
        "nullable = true\n",
        "nullable = true\ninvalid = \"null\"\n",
        "invalid = { replace = \"bad\\\\\" }\n",
        "drop = true\n",
    ]);
    let times = select(vec![1_usize, 1, 1, 2, 4]);
    let column =
        (kind(), options, times).prop_map(|(kind, options, times)| vec![Column { kind, options }; times]);
    prop::collection::vec(column, 1..5).prop_map(|columns| {
        let mut columns = columns.concat();
        // A table of which nothing is written is refused.
        if !columns.iter().any(Column::is_written) {
            columns[0].options = "";
        }
        columns
    })
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let nulls = vec![
        // One that is longer than a piece that is taken at once.
        "[\"\", \"111111111111111111111111111111111111111111111111111111111111111111\"]",
        "[\"\"]",
        "[\"\", \"NULL\"]",
        "[]",
        "[\"0\", \"-1\"]",
        "[\"99.99\", \"1/1/1900\"]",
        "[\"00000000\", \"9999999999999999\"]",
    ];
    let input = (
        select(vec![",", ",", ",", ";", "|", "\t", ".", ":", "/", " ", "-"]),
        select(vec!["\"", "\"", "\"", "'", ""]),
        prop::bool::weighted(0.2),
        select(nulls),
        select(vec!["", "", "", "", "", "", "", "max_record_bytes = 60\n"]),
    );
    let across = (
        select(vec!["\t", "\t", ",", "|", "\u{1}", "/", ":"]),
        any::<[Index; 4]>(),
        select(vec!["<", "<=", "=", "!=", ">=", ">"]),
        any::<[bool; 3]>(),
    );
    (columns(), input, across).prop_map(|(columns, input, (out, indexes, operator, [sum, rule, dedup]))| {
        let (delimiter, quote, header, null, most) = input;
        let toml = |text: &str| serde_json::to_string(text).unwrap();
        let mut text = format!(
            "version = 1\n[table]\nname = \"t\"\n[input]\ndelimiter = {}\nquote = {}\nheader = {header}\n\
             null = {null}\n{most}[output]\ndelimiter = {}\n",
            toml(delimiter),
            toml(quote),
            toml(out)
        );
        let places = |is: &dyn Fn(&Column) -> bool| -> Vec<usize> {
            (0..columns.len()).filter(|place| is(&columns[*place])).collect()
        };
        let pick = |places: &[usize], index: usize| {
            (!places.is_empty()).then(|| places[indexes[index].index(places.len())])
        };
        if let Some(place) = pick(&places(&Column::is_summed), 0).filter(|_| sum) {
            let _ = writeln!(text, "[audit]\nsum = [\"c{place}\"]");
        }
        let left = pick(&places(&Column::is_written), 1).unwrap_or(0);
        let alike = places(&|column| column.is_written() && column.class() == columns[left].class());
        if let Some(right) = pick(&alike, 2).filter(|right| rule && *right != left) {
            let _ =
                writeln!(text, "[[rule]]\nname = \"r\"\ncompare = [\"c{left}\", {operator:?}, \"c{right}\"]");
        }
        if let Some(key) = pick(&places(&Column::may_be_key), 3).filter(|_| dedup) {
            let _ = writeln!(text, "[dedup]\nkey = [\"c{key}\"]\nprefer = [\"c{left} desc\"]");
        }
        for (index, column) in columns.iter().enumerate() {
            text.push_str(&column.text(index));
        }
        Drawn { columns, delimiter, quote, header, text }
    })
}

// ---- fields ----

/// A number of about so many digits in all, some of them behind the point; where there are more of these than the
/// scale, what rounding makes of them is often close.
fn number(precision: usize, scale: usize, decimal: char, group: Option<char>) -> BoxedStrategy<String> {
    let around = |count: usize| count.saturating_sub(1)..=count + 1;
    let total = prop_oneof![2 => around(precision), 2 => 13_usize..=19, 3 => 1_usize..=6];
    let behind = prop_oneof![
        4 => Just(scale),
        2 => around(scale),
        1 => 0_usize..=3,
        2 => scale..=scale + 4,
        1 => scale..=scale + 25
    ];
    let digits = prop_oneof![
        3 => prop::collection::vec(b'0'..=b'9', 110),
        1 => Just(vec![b'9'; 110]),
        1 => Just(vec![b'0'; 110])
    ];
    let sign = select(vec!["", "", "", "-", "-", "+"]);
    (total, behind, digits, sign, 0_usize..8, 0_usize..10, any::<bool>())
        .prop_map(move |(total, behind, mut digits, sign, rest, zeros, grouped)| {
            let whole = total.saturating_sub(behind.min(scale)).max(1);
            digits.truncate(whole + behind);
            if digits[0] == b'0' && whole > 1 && zeros > 0 {
                digits[0] = b'1';
            }
            if let [first, between @ .., last] = &mut digits[(whole + scale).min(whole + behind)..] {
                let (begins, goes_on, ends) = match rest {
                    0 | 1 => (b'5', b'0', b'0'),
                    2 => (b'4', b'9', b'9'),
                    3 => (b'5', b'0', b'1'),
                    4 => (b'9', b'9', b'5'),
                    5 => (b'0', b'0', b'0'),
                    _ => (*first, b'7', *last),
                };
                (*first, *last) = (begins, ends);
                between.fill(goes_on);
            } else if let [.., last] = &mut digits[..]
                && behind > scale
                && rest < 5
            {
                *last = b'5';
            }
            let mut text = sign.to_owned();
            for (place, digit) in digits.iter().enumerate() {
                match (whole.checked_sub(place), group) {
                    (Some(0), _) => text.push(decimal),
                    (Some(left), Some(group)) if grouped && place > 0 && left % 3 == 0 => text.push(group),
                    _ => {}
                }
                text.push(char::from(*digit));
            }
            text
        })
        .boxed()
}

fn integer(edges: impl Iterator<Item = i64>) -> BoxedStrategy<String> {
    let edges: Vec<i128> = edges.flat_map(|edge| (-1..=1).map(move |by| i128::from(edge) + by)).collect();
    prop_oneof![
        1 => select(edges).prop_map(|edge| edge.to_string()),
        3 => number(6, 0, '.', None),
        1 => any::<i64>().prop_map(|number| number.to_string()),
    ]
    .boxed()
}

/// A day as one of the formats has it, its numbers of one digit or two; now and then no day at all.
fn day(formats: &[Format]) -> BoxedStrategy<String> {
    let year =
        prop_oneof![4 => 1995_usize..2030, 1 => 0_usize..=9999, 1 => select(vec![1900_usize, 2000, 2024])];
    let month = prop_oneof![4 => 1_usize..=12, 1 => select(vec![2_usize, 0, 13])];
    let date = prop_oneof![4 => 1_usize..=28, 2 => 28_usize..=32, 1 => Just(0_usize)];
    let width = select(vec![2_usize, 2, 2, 1]);
    let other = prop::option::weighted(0.05, select(vec!["/", "-", ".", " ", ":", ""]));
    (select(formats.to_vec()), year, month, date, [width.clone(), width], other)
        .prop_map(|(format, year, month, date, widths, other)| format.day([year, month, date], widths, other))
        .boxed()
}

fn label() -> BoxedStrategy<String> {
    let labels =
        vec!["Europe", "EUROPE", "eu", " new  world ", "New\u{a0}World", "Atlantis", "straße", "ÉTÉ"];
    prop_oneof![3 => select(labels).prop_map(str::to_owned), 1 => "[a-z \\\\]{1,70}"].boxed()
}

/// What a column takes, most of it: where each of a row's fields were only near, hardly any row would be made.
fn fitting(kind: &Kind) -> BoxedStrategy<String> {
    match kind {
        Kind::Text { max_length } => {
            prop::collection::vec(select(vec!['a', 'z', ' ', 'é', '7']), 1..=max_length.unwrap_or(70))
                .prop_map(String::from_iter)
                .boxed()
        }
        Kind::Money { precision, scale, rounding, decimal, .. } => {
            let more = if *rounding == "exact" { 0 } else { 4 };
            let (decimal, scale, whole) = (*decimal, *scale, precision - scale);
            let behind = prop_oneof![3 => Just(scale), 1 => 0..=scale + more];
            let digits = prop::collection::vec(b'0'..=b'9', 44);
            (1..=whole.max(1), behind, digits, select(vec!["", "", "", "-"]))
                .prop_map(move |(before, behind, mut digits, sign)| {
                    if whole == 0 || digits[0] == b'0' && before > 1 {
                        digits[0] = if whole == 0 { b'0' } else { b'7' };
                    }
                    let digits: String = digits.into_iter().map(char::from).collect();
                    let mut text = [sign, &digits[..before]].concat();
                    if behind > 0 {
                        text.push(decimal);
                        text.push_str(&digits[before..before + behind]);
                    }
                    text
                })
                .boxed()
        }
        Kind::Integer { min, max } => {
            let (least, most) = (min.unwrap_or(-9999), max.unwrap_or(i64::MAX));
            prop_oneof![
                3 => (least..=most.min(least + 12_000)).prop_map(|number| number.to_string()),
                1 => (least..=most).prop_map(|number| number.to_string())
            ]
            .boxed()
        }
        Kind::Date { formats, .. } => {
            let width = select(vec![2_usize, 2, 1]);
            (select(formats.clone()), 2001_usize..2024, 1_usize..=12, 1_usize..=28, [width.clone(), width])
                .prop_map(|(format, year, month, date, widths)| {
                    let touching = format.between.contains(&"");
                    format.day([year, month, date], if touching { [2, 2] } else { widths }, None)
                })
                .boxed()
        }
        Kind::Region { closed: true, .. } => {
            select(vec!["Europe", "EUROPE", "eu", " new  world ", "New\u{a0}World"])
                .prop_map(str::to_owned)
                .boxed()
        }
        Kind::Region { .. } => label(),
    }
}

/// What is near to what a column takes, before anything happens to it.
fn near(kind: &Kind) -> BoxedStrategy<String> {
    match kind {
        Kind::Text { max_length } => {
            let most = max_length.unwrap_or(10);
            let about = (most.saturating_sub(1)..=most + 1)
                .prop_flat_map(|count| {
                    prop::collection::vec(select(vec!['a', 'z', ' ', 'é', '7', '\\']), count)
                })
                .prop_map(String::from_iter);
            prop_oneof![about, "[a-z]{0,6}"].boxed()
        }
        Kind::Money { precision, scale, decimal, group, .. } => number(*precision, *scale, *decimal, *group),
        Kind::Integer { min, max } => integer([0, i64::MIN, i64::MAX].into_iter().chain(*min).chain(*max)),
        Kind::Date { formats, .. } => day(formats),
        Kind::Region { .. } => label(),
    }
}

/// What happens to a field on its way.
#[derive(Debug, Clone)]
enum Change {
    Insert(Index, &'static str),
    Replace(Index, &'static str),
    Remove(Index),
    Cut(Index),
    Instead(&'static str),
    Spaced(&'static str, &'static str),
}

fn change() -> impl Strategy<Value = Change> {
    const BITS: &[&str] = &[
        "0", "9", "5", ".", ",", "-", "+", "/", ":", "'", "\"", "\"\"", " ", "\t", "\\", "\0", "\r", "é",
        ";", "e",
    ];
    const WHOLE: &[&str] = &[
        "",
        "NULL",
        "0",
        "-0",
        "-1",
        "99.99",
        "1/1/1900",
        "00000000",
        "9999999999999999",
        "111111111111111111111111111111111111111111111111111111111111111111",
        "-",
        ".",
        "\\N",
        "bad",
    ];
    let (bit, space) = (select(BITS), select(&["", " ", "  ", "\t", "\u{a0}", "\u{3000}"][..]));
    prop_oneof![
        2 => (any::<Index>(), bit.clone()).prop_map(|(at, bit)| Change::Insert(at, bit)),
        3 => (any::<Index>(), bit).prop_map(|(at, bit)| Change::Replace(at, bit)),
        1 => any::<Index>().prop_map(Change::Remove),
        1 => any::<Index>().prop_map(Change::Cut),
        3 => select(WHOLE).prop_map(Change::Instead),
        1 => (space.clone(), space).prop_map(|(before, behind)| Change::Spaced(before, behind)),
    ]
}

fn changed(text: &str, change: &Change) -> String {
    let characters: Vec<char> = text.chars().collect();
    let splice = |at: usize, count: usize, with: &str| -> String {
        let end = (at + count).min(characters.len());
        characters[..at]
            .iter()
            .copied()
            .chain(with.chars())
            .chain(characters[end..].iter().copied())
            .collect()
    };
    let place = |at: &Index| at.index(characters.len() + 1);
    match change {
        Change::Insert(at, bit) => splice(place(at), 0, bit),
        Change::Replace(at, bit) => splice(place(at), 1, bit),
        Change::Remove(at) => splice(place(at), 1, ""),
        Change::Cut(at) => splice(place(at), characters.len(), ""),
        Change::Instead(text) => (*text).to_owned(),
        Change::Spaced(before, behind) => [before, text, behind].concat(),
    }
}

/// A field as it stands in a line: quoted where it must be, nearly always, and now and then where it need not.
fn field(
    column: &Column,
    delimiter: &'static str,
    quote: &'static str,
) -> impl Strategy<Value = String> + use<> {
    let clean = prop_oneof![9 => fitting(&column.kind), 2 => near(&column.kind)];
    (clean, prop::option::weighted(0.04, change()), 0_usize..24).prop_map(move |(text, change, quoted)| {
        let text = change.map_or_else(|| text.clone(), |change| changed(&text, &change));
        let must = text.contains(delimiter) || !quote.is_empty() && text.contains(quote);
        if quote.is_empty() || quoted > 0 && !must || quoted == 1 {
            return text;
        }
        [quote, &text.replace(quote, &quote.repeat(2)), quote].concat()
    })
}

// ---- streams ----

fn stream(drawn: &Drawn) -> impl Strategy<Value = (Stream, bool)> + use<> {
    let delimiter = drawn.delimiter;
    let row: Vec<_> = drawn.columns.iter().map(|column| field(column, delimiter, drawn.quote)).collect();
    let names: Vec<String> = (0..drawn.columns.len()).map(|index| format!("Column {index}")).collect();
    let (header, has_header) = (names.join(delimiter) + "\n", drawn.header);
    let end = select(vec!["\n", "\n", "\n", "\r\n"]);
    let damage = (any::<Index>(), prop_oneof![any::<u8>(), select(&b"\n\r,\"09.-\\\t\0\xff"[..])]);
    (
        prop::collection::vec(row, 1..24),
        end,
        prop::collection::vec(damage, 0..3),
        prop::collection::vec(any::<Index>(), 0..5),
        any::<bool>(),
    )
        .prop_map(move |(rows, end, damages, cuts, begins_file)| {
            let mut text = if has_header { header.clone() } else { String::new() };
            for row in rows {
                text.push_str(&row.join(delimiter));
                text.push_str(end);
            }
            let mut text = text.into_bytes();
            for (at, byte) in damages {
                *at.get_mut(&mut text) = byte;
            }
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
            cuts.sort_unstable();
            (Stream { text, cuts }, begins_file)
        })
}

/// Any case.
pub fn case() -> impl Strategy<Value = Case> {
    drawn().prop_flat_map(|drawn| {
        let text = drawn.text.clone();
        (stream(&drawn), any::<Index>()).prop_map(move |((stream, begins_file), mode)| Case {
            text: text.clone(),
            stream,
            begins_file,
            mode,
        })
    })
}
