//! Tables by their options, and rows that nearly fit them.

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use sluicebox::spec::{Spec, parse};

#[derive(Debug, Clone)]
pub enum Kind {
    Text { max_length: Option<usize> },
    Date { formats: Vec<&'static str>, min: Option<&'static str> },
    Money { precision: u32, scale: u32, rounding: &'static str, group: bool },
    Integer { min: Option<i64>, max: Option<i64> },
    Region { case: &'static str, closed: bool },
}

#[derive(Debug, Clone, PartialEq)]
pub enum Invalid {
    Reject,
    Null,
    Replace(&'static str),
}

#[derive(Debug, Clone)]
pub struct Column {
    pub kind: Kind,
    pub nullable: bool,
    pub invalid: Invalid,
    pub dropped: bool,
}

#[derive(Debug, Clone)]
pub struct Table {
    pub columns: Vec<Column>,
    pub delimiter: char,
    pub out: char,
    /// An operator between two columns, where they compare.
    pub rule: Option<(usize, &'static str, usize)>,
    pub max_record_bytes: usize,
}

pub const ALLOWED: [&str; 3] = ["EUROPE", "NEW WORLD", "STRASSE"];

impl Table {
    pub fn spec(&self) -> Spec {
        let text = self.text();
        parse(&text).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"))
    }

    pub fn text(&self) -> String {
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
    pub fn sums(&self) -> Vec<usize> {
        let summed = |column: &Column| {
            matches!(column.kind, Kind::Money { .. } | Kind::Integer { .. })
                && !column.dropped
                && !matches!(column.invalid, Invalid::Replace(_))
        };
        (0..self.columns.len()).filter(|index| summed(&self.columns[*index])).collect()
    }

    pub fn header(&self) -> String {
        let names: Vec<String> = (0..self.columns.len()).map(|index| format!("Column {index}")).collect();
        names.join(&self.delimiter.to_string())
    }

    /// A file: the header, then what follows it.
    pub fn headed(&self, text: &[u8]) -> Vec<u8> {
        [self.header().as_bytes(), b"\n", text].concat()
    }

    /// The place of a column in a row.
    pub fn place(&self, column: usize) -> usize {
        self.columns[..column].iter().filter(|column| !column.dropped).count()
    }
}

pub fn kind() -> impl Strategy<Value = Kind> {
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

pub fn column() -> impl Strategy<Value = Column> {
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

pub fn table() -> impl Strategy<Value = Table> {
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

pub fn regex(pattern: &str) -> prop::string::RegexGeneratorStrategy<String> {
    prop::string::string_regex(pattern).unwrap()
}

pub fn field(kind: &Kind) -> BoxedStrategy<String> {
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

pub fn rows(table: &Table) -> impl Strategy<Value = Vec<Vec<String>>> + use<> {
    let row: Vec<BoxedStrategy<String>> = table.columns.iter().map(|column| field(&column.kind)).collect();
    prop::collection::vec(row, 0..12)
}

pub fn tables_and_rows() -> impl Strategy<Value = (Table, Vec<Vec<String>>)> {
    table().prop_flat_map(|table| {
        let rows = rows(&table);
        (Just(table), rows)
    })
}

/// The rows as CSV lines, without line ends; those whose fields hold a line end are none.
pub fn lines(table: &Table, rows: &[Vec<String>]) -> Vec<Vec<u8>> {
    let line = |row: &Vec<String>| {
        let mut writer = csv::WriterBuilder::new().delimiter(table.delimiter as u8).from_writer(Vec::new());
        writer.write_record(row).unwrap();
        let mut line = writer.into_inner().unwrap();
        line.pop();
        line
    };
    rows.iter().map(line).collect()
}
