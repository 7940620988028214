//! What a column's type does: one file a type, one line each in [`TYPES`].
//!
//! A conversion is pure: text in, output text and a comparable value out. It never sees a file, a
//! position or the environment, so that an answer can be remembered. What a type's kernel covers must come out as
//! `convert` has it: tests/tiers.rs holds the two together.

mod date;
mod decimal;
mod integer;
mod money;
mod region;
mod text;

pub use decimal::{Decimal, Total};

use crate::plan::Kernel;
use crate::record::Reason;
use crate::spec::options::{Options, Reader};

/// What a converted value is compared and summed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// NULL, or a replacement that the type can't compare.
    Null,
    /// A day as `YYYYMMDD`, which sorts as the days do.
    Date(u32),
    /// An exact number.
    Number(Decimal),
    /// The output bytes speak for themselves.
    Text,
}

/// Which values can be compared with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Days.
    Date,
    /// Exact numbers: how many digits in all, and how many of them stand after the point.
    Number {
        /// Digits in all.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// Byte strings.
    Text,
}

/// The conversion of one column.
pub trait Transform: std::fmt::Debug + Send + Sync {
    /// The column's type in Hive.
    fn hive(&self) -> String;

    /// What its values can be compared with.
    fn class(&self) -> Class;

    /// Whether white space around a value is dropped before it is judged.
    fn trims(&self) -> bool {
        true
    }

    /// The bytes of the longest label that can stand in place of a shorter text.
    fn longest_label(&self) -> usize {
        0
    }

    /// Whether the spec names a text as one of the column's values.
    fn names(&self, _text: &str) -> bool {
        false
    }

    /// What the fast path may do by itself; where there is none, it remembers what `convert` answered.
    fn kernel(&self) -> Option<Kernel> {
        None
    }

    /// Appends the value in its canonical form, not yet escaped, to `out`.
    ///
    /// # Errors
    /// The reason why the value is not one of this type; `out` may then hold a part of it.
    fn convert(&self, text: &str, out: &mut Vec<u8>) -> Result<Value, Reason>;
}

/// Reads a type's own options. Where they are wrong the errors are in the reader, and what comes back is never used.
pub type Build = fn(&mut Reader, &mut Options) -> Box<dyn Transform>;

/// The registry: every type's name in the spec and what builds it.
pub const TYPES: &[(&str, Build)] = &[
    ("text", text::build),
    ("date", date::build),
    ("money", money::build),
    ("integer", integer::build),
    ("region", region::build),
];

/// A lower and an upper bound, both part of the range.
#[derive(Debug, Clone, Copy)]
struct Bounds<T> {
    min: Option<T>,
    max: Option<T>,
}

impl<T: PartialOrd> Bounds<T> {
    fn hold(&self, value: &T) -> Result<(), Reason> {
        let low = self.min.as_ref().is_some_and(|min| value < min);
        let high = self.max.as_ref().is_some_and(|max| value > max);
        if low || high { Err(Reason::Range) } else { Ok(()) }
    }
}

/// Reads `min` and `max` by the type's own parser and checks that they leave something.
fn bounds<T: PartialOrd>(
    reader: &mut Reader,
    options: &mut Options,
    wanted: &str,
    parse: impl Fn(&toml::de::DeValue) -> Option<T>,
) -> Bounds<T> {
    let mut bound = |key: &'static str| {
        let value = options.take(key)?;
        let parsed = parse(value.get_ref());
        if parsed.is_none() {
            crate::spec::options::wrong_type(reader, key, value, wanted);
        }
        parsed.map(|parsed| (parsed, value.span()))
    };
    let (min, max) = (bound("min"), bound("max"));
    if let (Some((low, _)), Some((high, at))) = (&min, &max)
        && low > high
    {
        reader.error(at, "`max` is below `min`, so no value could pass; swap them");
    }
    Bounds { min: min.map(|(min, _)| min), max: max.map(|(max, _)| max) }
}

/// Takes the sign off a number's text.
fn sign(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}
