//! Specs of every type and option, and fields that are near to what their columns take.

use std::fmt::Write as _;

use sluicebox::spec::{Column, Invalid, Spec, parse};
use sluicebox::task::Mode;
use sluicebox::transform::Class;

use super::Draw;

/// A spec and what its rows look like.
pub struct Table {
    pub text: String,
    pub spec: Spec,
    pub delimiter: &'static str,
    /// Per column, what its fields are near to.
    pub near: Vec<Near>,
}

/// What a column's fields are near to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Near {
    Text,
    Date,
    Money,
    Integer,
    Region,
}

impl Near {
    /// Texts that a column takes, and some that it nearly takes.
    fn texts(self) -> &'static [&'static str] {
        match self {
            Self::Text => &[
                "a",
                "",
                "Congo",
                "naïve",
                "a\\b",
                "tab\there",
                "5\" pipe",
                "1.",
                "5,",
                "a longer text than any piece of it",
            ],
            Self::Date => &[
                "1/2/2024",
                "01/02/2024",
                "2/29/2024",
                "2/29/2023",
                "12/31/9999",
                "2024-01-02",
                "20240102",
                "1.2.69",
                "24/1/2",
            ],
            Self::Money => &[
                "9.33",
                "26646.48",
                "-0.50",
                "-0",
                "0",
                "",
                "00.10",
                "+5",
                "-7.1",
                "1234567890123.45",
                "1,234.50",
                "9.335",
                "1.",
                ".5",
                "1..50",
                "1.5.",
                "1:50",
                "x.50",
                "12345678901234567",
            ],
            Self::Integer => &[
                "7",
                "0",
                "-0",
                "",
                "-42",
                "007",
                "1.50",
                "1234567890123456",
                "12345678901234567",
                "9223372036854775807",
                "9223372036854775808",
                "+1",
            ],
            Self::Region => &[
                "Europe",
                "EUROPE",
                "europe",
                "  new   world ",
                "EU",
                "Atlantis",
                "straße",
                "Central America and the Caribbean, and more of it",
            ],
        }
    }

    /// A usual text, nearly always another.
    fn usual(self, draw: &mut Draw) -> String {
        match self {
            Self::Integer => draw.below(100_000).to_string(),
            Self::Money => {
                let cents = draw.below(10_000_000);
                format!("{}.{:02}", cents / 100, cents % 100)
            }
            Self::Date => {
                let separator = draw.of(&["/", "-", ".", " "]);
                let numbers = [1 + draw.below(13), 1 + draw.below(32), draw.below(2200)];
                let [first, second, third] = numbers.map(|number| number.to_string());
                format!("{first}{separator}{second}{separator}{third}")
            }
            Self::Text | Self::Region => format!("label {}", draw.below(1000)),
        }
    }

    /// A field: near to what the column takes; now and then something else.
    pub fn field(self, draw: &mut Draw) -> Vec<u8> {
        const OTHERS: &[&[u8]] =
            &[b"NULL", b" 7 ", b"0", b"\xff", b"\xc3\xa9", b"\"a,b\"", b"\"a\"b", b"'x'", b"\\N", b"\0"];
        let text = match draw.below(16) {
            0..8 => draw.of(self.texts()).to_owned(),
            8..12 => self.usual(draw),
            12 => return draw.of(OTHERS).to_vec(),
            13 => (0..=draw.below(20)).map(|_| char::from(draw.of(b"0123456789./-,+ "))).collect(),
            14 => return draw.bytes(80).to_vec(),
            _ => format!("\"{}\"", draw.of(self.texts()).replace('"', "\"\"")),
        };
        text.into_bytes()
    }
}

impl Table {
    /// A table of a spec's text.
    pub fn new(text: &str, near: &[Near]) -> Self {
        let spec = parse(text).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"));
        Self { text: text.to_owned(), spec, delimiter: ",", near: near.to_vec() }
    }

    /// Any table; `None` where the parts that were drawn contradict each other.
    pub fn draw(draw: &mut Draw) -> Option<Self> {
        let toml = |text: &str| serde_json::to_string(text).unwrap();
        let delimiter = draw.of(&[",", ",", ";", "\t", "|", " ", "\\", "1", "\0"]);
        let text = format!(
            "version = 1\n[table]\nname = \"t\"\n[input]\ndelimiter = {}\n{}{}{}{}[output]\ndelimiter = {}\n",
            toml(delimiter),
            draw.of(&["quote = '\"'\n", "quote = \"\"\n", "quote = \"'\"\n"]),
            draw.of(&["", "header = false\n"]),
            draw.of(&["", "null = [\"\", \"NULL\", \"0\"]\n", "null = []\n"]),
            draw.of(&["", "", "", "max_record_bytes = 24\n"]),
            toml(draw.of(&["\t", "\t", ",", "|", "\u{1}"]))
        );
        let (mut near, mut columns) = (Vec::new(), String::new());
        for index in 0..=draw.below(7) {
            let (kind, options) = kind(draw);
            near.push(kind);
            let _ = write!(columns, "[[column]]\nname = \"c{index}\"\nfrom = \"Column {index}\"\n{options}");
            columns.push_str(match draw.below(16) {
                0..8 => "",
                8..12 => "nullable = true\n",
                12 => "nullable = true\ninvalid = \"null\"\n",
                13 => "nullable = true\ninvalid = { replace = \"bad\\\\\" }\n",
                14 => "invalid = { replace = \"bad\\\\\" }\n",
                // A table of which nothing is written is refused.
                _ if index == 0 => "",
                _ => "drop = true\n",
            });
        }
        let alone = text.clone() + &columns;
        let across = across(draw, &parse(&alone).ok()?);
        let all = text + &across + &columns;
        // Some parts contradict others that were drawn.
        let (text, spec) = match parse(&all) {
            Ok(spec) => (all, spec),
            Err(_) => (alone.clone(), parse(&alone).ok()?),
        };
        Some(Self { text, spec, delimiter, near })
    }

    /// Every mode that a mapper may have by this table.
    pub fn modes(&self) -> Vec<Mode> {
        let mut modes = vec![Mode::Temp, Mode::Plain, Mode::Keyed(Some(self.group())), Mode::Fail];
        modes.extend(self.spec.dedup.as_ref().map(|_| Mode::Keyed(None)));
        modes
    }

    /// A source column that rows can be summed by.
    pub fn group(&self) -> usize {
        self.spec.first_kept
    }

    pub fn header(&self) -> String {
        let names: Vec<String> = (0..self.near.len()).map(|index| format!("Column {index}")).collect();
        names.join(self.delimiter)
    }
}

/// What is said across columns: a rule, a control total, a key. Each names columns that it may name, where there are any.
fn across(draw: &mut Draw, spec: &Spec) -> String {
    let may = |is: &dyn Fn(&Column) -> bool| -> Vec<usize> {
        (0..spec.columns.len()).filter(|index| is(&spec.columns[*index])).collect()
    };
    let class = |column: &Column| column.class().map(|class| std::mem::discriminant(&class));
    let mut text = String::new();
    let written = may(&|column| column.class().is_some());
    let left = draw.of(&written);
    let alike = may(&|column| class(column) == class(&spec.columns[left]));
    let (right, operator) = (draw.of(&alike), draw.of(&["<", "<=", "=", "!=", ">=", ">"]));
    if left != right && !draw.one_in(3) {
        let _ = writeln!(text, "[[rule]]\nname = \"r\"\ncompare = [\"c{left}\", {operator:?}, \"c{right}\"]");
    }
    let numbers = may(&|column| {
        matches!(column.class(), Some(Class::Number { .. })) && !matches!(column.invalid, Invalid::Replace(_))
    });
    if !numbers.is_empty() && !draw.one_in(3) {
        let _ = writeln!(text, "[audit]\nsum = [\"c{}\"]", draw.of(&numbers));
    }
    let keys =
        may(&|column| column.class().is_some() && !column.nullable && column.invalid == Invalid::Reject);
    if !keys.is_empty() && !draw.one_in(3) {
        let (key, prefer) = (draw.of(&keys), draw.of(&written));
        let _ = writeln!(
            text,
            "[dedup]\nkey = [\"c{key}\"]\nprefer = [\"c{prefer}{}\"]",
            draw.of(&["", " desc"])
        );
    }
    text
}

/// A column's type with its options, each line as it stands in a spec.
fn kind(draw: &mut Draw) -> (Near, String) {
    match draw.below(7) {
        0 => (
            Near::Text,
            format!("type = \"text\"\n{}", draw.of(&["", "max_length = 3\n", "max_length = 40\n"])),
        ),
        1 => (Near::Date, date(draw)),
        2 | 3 => (Near::Money, money(draw)),
        4 | 5 => (
            Near::Integer,
            format!("type = \"integer\"\n{}", draw.of(&["", "min = 0\n", "min = -5\nmax = 5000\n"])),
        ),
        _ => {
            let options = draw.of(&[
                "",
                "case = \"upper\"\n",
                "case = \"upper\"\nallowed = [\"EUROPE\", \"NEW WORLD\"]\naliases = { \"EUROPE\" = [\"EU\"] }\n",
                "case = \"lower\"\nmax_length = 6\n",
                "aliases = { \"a\\\\b\" = [\"EU\"] }\n",
            ]);
            (Near::Region, format!("type = \"region\"\n{options}"))
        }
    }
}

fn date(draw: &mut Draw) -> String {
    let format = draw.of(&[
        "%m/%d/%Y",
        "%d/%m/%Y",
        "%Y-%m-%d",
        "%Y%m%d",
        "%m.%d.%y",
        "%y/%m/%d",
        "%d %m %Y",
        "on %m/%d/%Y",
        "%Y年%m月%d日",
    ]);
    let bound = draw.of(&["", "min = \"2000-01-01\"\n", "max = \"2024-01-02\"\n"]);
    let base = if format.contains("%y") { "two_digit_year_base = 1970\n" } else { "" };
    let formats = if draw.one_in(2) {
        format!("formats = [{format:?}, \"%Y-%m-%d\"]\n")
    } else {
        format!("format = {format:?}\n")
    };
    format!("type = \"date\"\n{formats}{base}{bound}")
}

fn money(draw: &mut Draw) -> String {
    let ((precision, scale), bounds) = draw.of(&[
        ((18, 2), &["", "", "min = 0\n", "min = \"-0.5\"\nmax = 100\n"][..]),
        ((9, 2), &[""]),
        ((38, 20), &["", "min = 0\n", "max = \"9.335\"\n"]),
        ((5, 5), &["", "min = 0\n"]),
        ((9, 0), &["", "max = 100\n"]),
        ((4, 1), &["", "min = \"-0.5\"\nmax = 100\n"]),
        ((30, 16), &["", "max = \"9.335\"\n"]),
    ]);
    let rounding =
        draw.of(&["", "rounding = \"half_up\"\n", "rounding = \"half_even\"\n", "rounding = \"down\"\n"]);
    let signs = draw.of(&["", "", "", "decimal = \",\"\n", "group = \",\"\n", "decimal = \"·\"\n"]);
    let bounds = draw.of(bounds);
    format!("type = \"money\"\nprecision = {precision}\nscale = {scale}\n{rounding}{signs}{bounds}")
}
