//! The table spec: one TOML file that says how a source becomes a gold table.

mod check;
pub mod options;
mod parse;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::path::Path;

pub use options::SpecError;
pub use parse::parse;

use crate::exit::{Error, Result};
use crate::transform::{Class, Transform};

/// A spec that was checked as a whole. Columns are meant by their place in the source, from 0.
#[derive(Debug)]
pub struct Spec {
    /// The gold table.
    pub name: String,
    /// Its Hive database.
    pub database: String,
    /// Its one partition column.
    pub partition: String,
    /// How the source is read.
    pub input: Input,
    /// The output delimiter.
    pub delimiter: u8,
    /// The gates; `None` is not judged.
    pub limits: Limits,
    /// What quarantine keeps of a raw line.
    pub raw: Raw,
    /// How rows with one key are told apart.
    pub dedup: Option<Dedup>,
    /// The columns with a control total.
    pub sums: Vec<usize>,
    /// One per source column, in source order.
    pub columns: Vec<Column>,
    /// The first column that is written.
    pub first_kept: usize,
    /// Comparisons across columns.
    pub rules: Vec<Rule>,
    /// Further gold tables.
    pub gold: Vec<Gold>,
    /// The spec without comments and layout, the same text for the same meaning.
    pub meaning: String,
}

/// How the source is read.
#[derive(Debug)]
pub struct Input {
    /// Between fields.
    pub delimiter: u8,
    /// Around fields that hold a delimiter; `None` where there is no quoting.
    pub quote: Option<u8>,
    /// Whether each file begins with the columns' `from` names.
    pub header: bool,
    /// Texts that mean NULL.
    pub null: Vec<String>,
    /// A longer record is rejected.
    pub max_record_bytes: usize,
}

impl Input {
    /// Whether a text is one of those that mean NULL.
    #[must_use]
    pub fn is_null(&self, text: &str) -> bool {
        // Two empty texts are not compared: glibc's `memcmp` for AVX-512 asks for none of the bytes, but at an address where
        // nothing is, and a processor takes some hundred cycles to find that it need not mind.
        self.null.iter().any(|null| null.len() == text.len() && (text.is_empty() || null == text))
    }
}

/// The gates, judged before publishing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// The fewest rows a run may bring.
    pub min_rows: u64,
    /// Rejected records among all.
    pub max_reject_ratio: Option<f64>,
    /// Rows fewer than in the published version before, as a part of that.
    pub max_drop_ratio: Option<f64>,
    /// Replaced values among all records, in the worst column.
    pub max_replaced_ratio: Option<f64>,
}

/// What quarantine keeps of a raw line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raw {
    /// The line.
    Keep,
    /// Its structure: digits as `9`, letters as `x`.
    Redact,
    /// Nothing.
    None,
}

/// How rows with one key are told apart.
#[derive(Debug)]
pub struct Dedup {
    /// The key's columns; never NULL.
    pub key: Vec<usize>,
    /// Which row of a key wins: by these columns first, `true` for the largest; then the smallest row.
    pub prefer: Vec<(usize, bool)>,
    /// Whether the key is also looked for in gold's other partitions.
    pub across_partitions: bool,
}

/// What happens to a value that its type refuses.
#[derive(Debug, PartialEq, Eq)]
pub enum Invalid {
    /// Its record is rejected.
    Reject,
    /// It becomes NULL.
    Null,
    /// It becomes this text.
    Replace(String),
}

/// One source column.
#[derive(Debug)]
pub struct Column {
    /// Its name in gold.
    pub name: String,
    /// Its name in the header.
    pub from: String,
    /// Whether it is read but not checked and not written; only a check of the spec must tell this from a wrong type.
    dropped: bool,
    /// How it is converted; `None` where it is dropped.
    pub transform: Option<Box<dyn Transform>>,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// What happens to a value that its type refuses.
    pub invalid: Invalid,
}

impl Column {
    /// The column's type in Hive; `None` where it is dropped. A text in place of a bad value makes it STRING.
    #[must_use]
    pub fn hive_type(&self) -> Option<String> {
        let transform = self.transform.as_ref()?;
        Some(match self.invalid {
            Invalid::Replace(_) => "STRING".to_owned(),
            _ => transform.hive(),
        })
    }

    /// What its values compare with; `None` where it is dropped.
    #[must_use]
    pub fn class(&self) -> Option<Class> {
        self.transform.as_ref().map(|transform| transform.class())
    }
}

/// A comparison across two columns.
#[derive(Debug)]
pub struct Rule {
    /// What stands in the column's place where it fails.
    pub name: String,
    /// The column on the left.
    pub left: usize,
    /// What must hold.
    pub operator: Operator,
    /// The column on the right.
    pub right: usize,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Operator {
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    GreaterOrEqual,
    Greater,
}

impl Operator {
    /// Whether an ordering of left against right satisfies it.
    #[must_use]
    pub fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::GreaterOrEqual => ordering.is_ge(),
            Self::Greater => ordering.is_gt(),
        }
    }
}

/// A further gold table.
#[derive(Debug)]
pub struct Gold {
    /// Its name.
    pub name: String,
    /// The file with its SELECT, beside the spec.
    pub query: String,
}

impl Spec {
    /// Reads and checks a spec file alone: a task has nothing else of what it names.
    ///
    /// # Errors
    /// Where it can't be read, or is wrong: then all errors, one a line.
    pub fn load(path: &Path) -> Result<Self> {
        Self::read(path, &|_| Ok(()))
    }

    /// Reads and checks a spec file and that the files it names can be read.
    ///
    /// # Errors
    /// As `load`.
    pub fn load_with_queries(path: &Path) -> Result<Self> {
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::read(path, &|query| std::fs::read(folder.join(query)).map(drop))
    }

    fn read(path: &Path, beside: &check::Beside) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| {
            Error::Usage(format!(
                "cannot read the spec {}: {error}; name it with --spec FILE",
                path.display()
            ))
        })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let line =
                error.as_bytes()[..error.utf8_error().valid_up_to()].split(|byte| *byte == b'\n').count();
            Error::Usage(format!("{}:{line}: not UTF-8; save the spec as UTF-8", path.display()))
        })?;
        parse::parse_with(text.strip_prefix('\u{feff}').unwrap_or(&text), beside).map_err(|errors| {
            let lines: Vec<String> = errors
                .iter()
                .map(|error| format!("{}:{}:{}: {}", path.display(), error.line, error.column, error.message))
                .collect();
            let count =
                if lines.len() == 1 { "1 error".to_owned() } else { format!("{} errors", lines.len()) };
            Error::Usage(format!("{count} in the spec\n{}", lines.join("\n")))
        })
    }

    /// The columns that are written, in their order.
    pub fn kept(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| column.transform.is_some())
    }

    /// An upper bound of the bytes of a row's or a reject's temp line: what a record has can be escaped, and once more
    /// as a duplicate's row.
    #[must_use]
    pub fn max_temp_line(&self) -> usize {
        self.max_line(4)
    }

    /// An upper bound of a keyed line's bytes: a byte of the record can have three in the key, and three in the payload
    /// where it is the output's delimiter and one that payloads encode. What `prefer` has of it is less than a key has.
    #[must_use]
    pub fn max_keyed_line(&self) -> usize {
        self.max_line(6)
    }

    fn max_line(&self, times: usize) -> usize {
        // A file's name and numbers are small beside the constant.
        let record = self.input.max_record_bytes.saturating_add(self.max_row_beyond_its_line());
        record.saturating_mul(times).saturating_add(1 << 16)
    }

    /// An upper bound of the bytes that values put in place of shorter ones add to a row.
    #[must_use]
    pub fn max_row_beyond_its_line(&self) -> usize {
        let beyond = |column: &Column| {
            // A label can be longer than the alias that it stands for; all can be escaped.
            let label = column.transform.as_ref().map_or(0, |transform| transform.longest_label());
            let replacement = match &column.invalid {
                Invalid::Replace(text) => text.len(),
                _ => 0,
            };
            // The longest number has 38 digits, a sign and a point; a replaced column has good values, too.
            1 + 40.max(2 * label.max(replacement))
        };
        self.columns.iter().map(beyond).sum()
    }

    /// The place of a source column among those that are written.
    #[must_use]
    pub fn kept_index(&self, column: usize) -> usize {
        self.columns[..column].iter().filter(|column| column.transform.is_some()).count()
    }

    /// The column that `--aggregate NAME` sums by.
    ///
    /// # Errors
    /// Where no column that is written has the name.
    pub fn group_column(&self, name: &str) -> Result<usize> {
        let found = self
            .columns
            .iter()
            .position(|column| column.transform.is_some() && column.name.eq_ignore_ascii_case(name));
        found.ok_or_else(|| {
            let known: Vec<&str> = self.kept().map(|column| column.name.as_str()).collect();
            Error::Usage(format!("--aggregate {name}: no such column; there are: {}", known.join(", ")))
        })
    }

    /// The scale of a column with a control total.
    #[must_use]
    pub fn sum_scale(&self, column: usize) -> u8 {
        match self.columns[column].class() {
            Some(Class::Number { scale, .. }) => scale,
            _ => 0,
        }
    }
}
