//! A spec, compiled for the fast path: what each column needs, as plain data.
//!
//! A kernel says what a conversion does with the texts that are usual for it, in numbers that can be compared and
//! copied. It need not cover all texts of its type: what it does not cover goes to the conversion itself.

use crate::spec::{self, Spec};

/// What a conversion does with its usual texts.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// Digits with a minus or without, and some of them behind a decimal sign.
    Money(Money),
    /// Three numbers, in the first of these formats that a text has a day of.
    Date(Vec<Date>),
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
    /// What becomes of more digits than the scale.
    pub rounding: Rounding,
    /// Both part of the range, in units of the last digit; `None` where there is none.
    pub bounds: Option<Bounds>,
}

/// What becomes of an amount with more digits behind the point than its column has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// Half away from zero, as Hive's `round`.
    HalfUp,
    /// Half to the even neighbour, as IEEE 754 and Python's `round`.
    HalfEven,
    /// Toward zero.
    Down,
    /// It is rejected.
    Exact,
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

/// One source column.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its place in the source.
    pub index: usize,
    /// Whether it is left out of the row, and not even read.
    pub dropped: bool,
    /// What is quick about it; without one, texts seen before are remembered.
    pub kernel: Option<Kernel>,
    /// What its values are for.
    pub need: Need,
    /// Whether a rule looks at them.
    pub ruled: bool,
    /// Which texts may mean NULL.
    pub nulls: Nulls,
}

/// What the values of a column are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The row alone.
    Nothing,
    /// Rules or totals that are content with a number of 64 bits.
    Number,
    /// Who asks for more: the value with its type, and where it stands in the row.
    Value,
}

/// The lengths of the texts that mean NULL. Bit n: n bytes, or 64 more and so on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nulls {
    /// Of all of them.
    pub lengths: u64,
    /// Of those that a kernel for numbers could take for one.
    pub lengths_with_digits: u64,
}

impl Nulls {
    fn new(spec: &Spec) -> Self {
        let mut nulls = Self::default();
        for text in &spec.input.null {
            let bit = 1 << (text.len() % 64);
            nulls.lengths |= bit;
            if text.bytes().any(|byte| byte.is_ascii_digit()) {
                nulls.lengths_with_digits |= bit;
            }
        }
        nulls
    }
}

/// A spec, compiled.
#[derive(Debug)]
pub struct Plan {
    /// The source columns.
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
        let nulls = Nulls::new(spec);
        let compile = |(index, column): (usize, &spec::Column)| {
            let kernel = column.transform.as_ref().and_then(|transform| transform.kernel());
            let ruled = spec.rules.iter().any(|rule| [rule.left, rule.right].contains(&index));
            let need = match (ruled || spec.sums.contains(&index), &kernel) {
                _ if keys.contains(&index) => Need::Value,
                (false, _) => Need::Nothing,
                (true, Some(Kernel::Integer { .. } | Kernel::Money(_) | Kernel::Date(_))) => Need::Number,
                (true, _) => Need::Value,
            };
            Column { index, dropped: column.transform.is_none(), kernel, need, ruled, nulls }
        };
        let columns = spec.columns.iter().enumerate().map(compile).collect();
        Some(Self { columns, room: spec.max_row_beyond_its_line() })
    }
}
