//! A spec, compiled for the fast path: what each column needs, as plain data.
//!
//! A kernel says what a conversion does with the texts that are usual for it, in numbers that can be compared and
//! copied. It need not cover all texts of its type: what it does not cover goes to the conversion itself.

use crate::spec::Spec;

/// What a conversion does with its usual texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// Texts of up to so many bytes stay as they are.
    Text {
        /// The most bytes.
        max_length: usize,
    },
    /// Digits with a minus or without.
    Integer {
        /// Both part of the range; `None` where there is none.
        bounds: Option<Bounds>,
    },
    /// Digits with a minus or without, and at most `scale` digits behind a decimal sign.
    Money(Money),
    /// Three numbers.
    Date(Date),
}

/// A smallest and a largest value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The smallest.
    pub min: i64,
    /// The largest.
    pub max: i64,
}

/// Amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    /// The most digits before the point.
    pub whole: usize,
    /// Digits after the point.
    pub scale: u8,
    /// The decimal sign of the source.
    pub decimal: u8,
    /// Both part of the range, in units of the last digit; `None` where there is none.
    pub bounds: Option<Bounds>,
}

/// A day of three numbers, in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// The numbers, in the order of the text.
    pub parts: [Part; 3],
    /// What stands between them; `None` where they touch.
    pub separators: [Option<u8>; 2],
    /// The first of the hundred years that two digits mean.
    pub base: u32,
    /// The first day as `YYYYMMDD`.
    pub min: u32,
    /// The last day.
    pub max: u32,
}

/// One number of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Four digits.
    Year,
    /// Two digits, in the hundred years from the base.
    ShortYear,
    /// One digit or two; two where `fixed`.
    Month {
        /// Whether one digit is not enough.
        fixed: bool,
    },
    /// As a month.
    Day {
        /// Whether one digit is not enough.
        fixed: bool,
    },
}

/// One column that is written.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its place in the source.
    pub index: usize,
    /// What is quick about it; without one, texts seen before are remembered.
    pub kernel: Option<Kernel>,
    /// Whether its value is asked for: by a rule, a total or a key.
    pub wanted: bool,
    /// Bit n: a text of n bytes, or of 64 more and so on, may mean NULL.
    pub null_lengths: u64,
}

/// A spec, compiled.
#[derive(Debug)]
pub struct Plan {
    /// The columns that are written, in their order.
    pub columns: Vec<Column>,
    /// How many bytes a row can have beyond twice its line's.
    pub room: usize,
}

impl Plan {
    /// Compiles a spec. `keys` are columns whose values the task asks for besides the spec. `None` where the fast
    /// path has nothing to offer: a delimiter or a quote that can be part of a number.
    #[must_use]
    pub fn new(spec: &Spec, keys: &[usize]) -> Option<Self> {
        let marks = [Some(spec.input.delimiter), spec.input.quote];
        if marks.into_iter().flatten().any(|mark| mark.is_ascii_digit() || mark == b'-') {
            return None;
        }
        let ruled = spec.rules.iter().flat_map(|rule| [rule.left, rule.right]);
        let wanted: Vec<usize> = ruled.chain(spec.sums.iter().copied()).chain(keys.iter().copied()).collect();
        let null_lengths =
            spec.input.null.iter().fold(0, |lengths, text| lengths | 1_u64 << (text.len() % 64));
        let mut columns = Vec::new();
        for (index, column) in spec.columns.iter().enumerate() {
            let Some(transform) = &column.transform else {
                continue;
            };
            let (kernel, wanted) = (transform.kernel(), wanted.contains(&index));
            columns.push(Column { index, kernel, wanted, null_lengths });
        }
        Some(Self { columns, room: spec.max_row_beyond_its_line() })
    }
}
