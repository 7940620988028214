//! One column, compiled: what is done with its fields.

use std::ops::Range;

use super::date::Date;
use super::memo::{LONGEST, Memo};
use super::number::{Amount, Asked, Integer};
use super::span::Shape;
use crate::plan::{self, Kernel, Need, Nulls};
use crate::scan::{Simd, Source, WINDOW};
use crate::transform::{Decimal, Value};

/// A source column; its size is a power of two, so that the next one is found by a shift.
#[derive(Debug)]
#[repr(align(256))]
pub(in crate::record) struct Column {
    /// Its place in the source.
    pub index: usize,
    op: Op,
    /// Bit n: a text of n bytes may be usual.
    lengths: u64,
    /// Bit n: a text of n bytes, or of 64 more and so on, may mean NULL; none where that is remembered.
    null_lengths: u64,
    /// What its values are for.
    pub need: Need,
    /// Whether a rule looks at them.
    pub ruled: bool,
    /// The last value that a kernel made, where it is needed as a number.
    pub number: i64,
    /// Where the last value stands in its row, and what was remembered of it, where more than a number is needed.
    pub place: Range<usize>,
    value: Value,
}

// The tag is a byte of its own: it is looked at with every field.
#[derive(Debug)]
#[repr(u8)]
enum Op {
    /// The column is not written.
    Drop,
    /// Texts stay as they are, up to so many bytes.
    Text(usize),
    Integer(Integer),
    Amount(Amount),
    Date(Date),
    /// There is no kernel; what became of texts is remembered.
    Remember(Memo),
}

/// What a column's numbers count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::record) enum Unit {
    /// Days as `YYYYMMDD`.
    Day,
    /// Units of the last of so many digits behind the point.
    Digits(u8),
}

impl Column {
    /// Compiles a column; `remembered`: how many columns share the room for what is remembered.
    pub fn new(column: &plan::Column, remembered: usize) -> Self {
        let asked = |bounds| Asked::new(column.need != Need::Nothing, bounds);
        let remember = || Op::Remember(Memo::new(remembered));
        let op = match &column.kernel {
            _ if column.dropped => Op::Drop,
            Some(Kernel::Text { max_length }) => Op::Text(*max_length),
            Some(Kernel::Integer { bounds }) => Op::Integer(Integer::new(asked(*bounds))),
            Some(Kernel::Money(money)) => Op::Amount(Amount::new(*money, asked(money.bounds))),
            Some(Kernel::Date(dates)) => Date::new(dates).map_or_else(remember, Op::Date),
            None => remember(),
        };
        let up_to = |most: usize| u64::MAX >> (WINDOW - 1 - most.min(WINDOW - 1));
        // Which lengths are usual, of those which may mean NULL nevertheless, and which may at all.
        let Nulls { lengths: nulls, lengths_with_digits } = column.nulls;
        let (lengths, usual_nulls, null_lengths) = match &op {
            Op::Drop => (u64::MAX, 0, 0),
            Op::Text(most) => (up_to(*most), nulls, nulls),
            Op::Integer(_) => (Integer::lengths(), lengths_with_digits, nulls),
            Op::Amount(amount) => (amount.lengths(), lengths_with_digits, nulls),
            Op::Date(date) => (date.lengths(), lengths_with_digits, nulls),
            // What is remembered may well be NULL.
            Op::Remember(_) => (up_to(LONGEST), 0, 0),
        };
        Self {
            index: column.index,
            op,
            lengths: lengths & !usual_nulls,
            null_lengths,
            need: column.need,
            ruled: column.ruled,
            number: 0,
            place: 0..0,
            value: Value::Null,
        }
    }

    /// Whether it is not written.
    pub fn is_dropped(&self) -> bool {
        matches!(self.op, Op::Drop)
    }

    /// Whether a text of so many bytes may mean NULL, and is not remembered to do so.
    pub fn may_be_null(&self, length: usize) -> bool {
        self.null_lengths >> (length % 64) & 1 == 1
    }

    /// What its numbers count; `None` where they are not all there is to its values.
    pub fn unit(&self) -> Option<Unit> {
        match &self.op {
            Op::Integer(_) => Some(Unit::Digits(0)),
            Op::Amount(amount) => Some(Unit::Digits(amount.scale())),
            Op::Date(_) => Some(Unit::Day),
            Op::Drop | Op::Text(_) | Op::Remember(_) => None,
        }
    }

    /// How its usual texts look, where they are numbers that stand in a row as they are and no more is needed of them.
    pub(super) fn shape(&self) -> Option<Shape> {
        let (scale, asked) = match &self.op {
            Op::Integer(integer) => (None, integer.asks()),
            Op::Amount(amount) if amount.stays() => (amount.pointed(), amount.asks()),
            _ => return None,
        };
        let (least, most) = (self.lengths.trailing_zeros(), self.lengths.checked_ilog2()?);
        // A text that may mean NULL makes a hole in the lengths.
        let whole = self.lengths >> least == (1 << (most - least + 1)) - 1;
        (whole && self.need != Need::Value).then_some(Shape { scale, least, most, asked })
    }

    /// Keeps the number of a usual text; `None` where it is out of bounds.
    #[inline(always)]
    pub(super) fn set_number(&mut self, number: i64) -> Option<()> {
        self.number = match &self.op {
            Op::Integer(integer) => integer.hold(number)?,
            Op::Amount(amount) => amount.hold(number)?,
            _ => number,
        };
        Some(())
    }

    /// The last value that `usual` or `other` wrote.
    pub fn value(&self) -> Value {
        match (self.unit(), &self.op) {
            (Some(Unit::Day), _) => Value::Date(u32::try_from(self.number).unwrap_or(0)),
            (Some(Unit::Digits(scale)), _) => Value::Number(Decimal { unscaled: self.number.into(), scale }),
            (None, Op::Text(_)) => Value::Text,
            (None, _) => self.value,
        }
    }

    /// Writes a usual text and a delimiter; returns how many bytes they take, which are none where the column is
    /// dropped. `odd`: a byte in it may be one that is escaped.
    #[inline(always)]
    pub fn usual(
        &mut self,
        simd: impl Simd,
        text: &[u8; WINDOW],
        length: usize,
        odd: bool,
        delimiter: u8,
        room: &mut [u8; WINDOW],
    ) -> Option<usize> {
        if length >= WINDOW || self.lengths >> length & 1 == 0 {
            return None;
        }
        let written = match &self.op {
            Op::Drop => return Some(0),
            Op::Text(_) if odd => return None,
            Op::Text(_) => {
                *room = *text;
                length
            }
            Op::Integer(integer) => {
                self.number = integer.take(simd, text, length, room)?;
                length
            }
            Op::Amount(amount) => {
                self.number = amount.take(simd, text, length, room)?;
                length
            }
            Op::Date(date) => {
                self.number = date.take(simd, text, length, room)?.into();
                Date::LENGTH
            }
            Op::Remember(memo) => {
                let answer = memo.find(simd, text, length)?;
                *room = answer.row;
                if self.need != Need::Nothing {
                    self.value = answer.value;
                    // What was escaped does not stand in the row as it is.
                    answer.canonical.then_some(())?;
                }
                answer.length
            }
        };
        room[written % WINDOW] = delimiter;
        Some(written + 1)
    }

    /// Writes a text that is not usual and does not mean NULL, but is none for the conversion either; returns its length in
    /// the row. `escaped`: the delimiter, where it or a backslash may be part of the text.
    pub fn other(
        &mut self,
        source: Source,
        from: usize,
        length: usize,
        escaped: Option<u8>,
        room: &mut [u8],
    ) -> Option<usize> {
        if let Op::Text(most) = self.op {
            let text = source.bytes().get(from..from + length).filter(|_| length <= most)?;
            if escaped.is_some_and(|delimiter| memchr::memchr2(b'\\', delimiter, text).is_some()) {
                return None;
            }
            room.get_mut(..length)?.copy_from_slice(text);
            return Some(length);
        }
        let (text, room) = (source.window(from)?, room.first_chunk_mut()?);
        let (length, number) = match &self.op {
            Op::Integer(integer) => integer.other(text, length, room)?,
            Op::Amount(amount) => amount.other(text, length, room)?,
            Op::Date(date) => date.other(text, length, room)?,
            _ => return None,
        };
        self.number = number;
        Some(length)
    }

    /// Remembers what became of a text, where nothing else is quick.
    pub fn keep(&mut self, text: &[u8], row: &[u8], value: Value, canonical: bool) {
        if let Op::Remember(memo) = &mut self.op {
            memo.keep(text, row, value, canonical);
        }
    }
}
