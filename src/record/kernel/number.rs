//! Whole numbers and amounts.
//!
//! The usual text is its own row: up to 16 bytes, digits with no zero before them, and for an amount as many behind the
//! point as the column has. `take` copies it as one piece. `other` writes longer ones, those with a minus, and amounts
//! with other digits behind the point, which it rounds where there are more.

use super::{low_bits, piece};
use crate::plan::{Bounds, Money, Rounding};
use crate::scan::{Portable, Simd, WINDOW, no_digits};

/// The longest number that is read as one piece.
const LONGEST: usize = 16;
/// The most digits of any that is read: any number of so many has 64 bits.
const MOST_DIGITS: usize = 19;

/// The lengths from `least` to `most`, and none beyond what is read as one piece, a bit for each.
fn lengths(least: usize, most: usize) -> u64 {
    (least..=most.min(LONGEST)).fold(0, |lengths, length| lengths | 1 << length)
}

/// What a column of numbers is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// Whether anybody needs the value.
    pub value: bool,
    /// Both part of the range; `None` where none of those that are read can be outside.
    bounds: Option<Bounds>,
}

impl Asked {
    pub fn new(value: bool, bounds: Option<Bounds>) -> Self {
        Self { value, bounds }
    }

    /// Whether usual texts need their value, which have no minus: bounds may hold for all of them.
    fn usual(self) -> bool {
        const MOST: i64 = 9_999_999_999_999_999;
        const { assert!(MOST.ilog10() as usize + 1 == LONGEST) };
        self.value || self.bounds.is_some_and(|bounds| bounds.min > 0 || bounds.max < MOST)
    }

    fn hold(self, value: i64) -> Option<i64> {
        self.bounds.is_none_or(|bounds| (bounds.min..=bounds.max).contains(&value)).then_some(value)
    }
}

/// Whole numbers.
#[derive(Debug)]
pub(super) struct Integer {
    asked: Asked,
    /// What is asked of usual texts.
    usual: bool,
}

impl Integer {
    pub fn new(asked: Asked) -> Self {
        Self { asked, usual: asked.usual() }
    }

    /// The lengths of usual texts, a bit for each.
    pub fn lengths() -> u64 {
        lengths(1, LONGEST)
    }

    /// Whether usual texts need their value.
    pub fn asks(&self) -> bool {
        self.usual
    }

    /// The value itself, where it is within the bounds.
    #[inline(always)]
    pub fn hold(&self, value: i64) -> Option<i64> {
        self.asked.hold(value)
    }

    /// Writes a usual text of one of those lengths; returns its value where it is asked for.
    #[inline(always)]
    pub fn take(
        &self,
        simd: impl Simd,
        text: &[u8; WINDOW],
        length: usize,
        room: &mut [u8; WINDOW],
    ) -> Option<i64> {
        let piece = piece(text);
        if no_digits(piece) & low_bits(length) != 0 || piece[0] == b'0' && length > 1 {
            return None;
        }
        room[..16].copy_from_slice(piece);
        if !self.usual {
            return Some(0);
        }
        self.asked.hold(simd.number(piece, length, 0).cast_signed())
    }

    /// Writes a number that may be long or have a minus; returns its length and its value.
    pub fn other(&self, text: &[u8; WINDOW], length: usize, room: &mut [u8; WINDOW]) -> Option<(usize, i64)> {
        let number = Digits::read(text, length)?;
        // A zero has no minus in a row.
        let no_zero = number.bytes[0] != b'0' || number.length == 1 && !number.minus;
        (number.others == 0 && no_zero).then_some(())?;
        let value = number.value(number.size(0)?)?;
        *room = *text;
        Some((length, self.asked.hold(value)?))
    }
}

/// Amounts.
#[derive(Debug)]
pub(super) struct Amount {
    asked: Asked,
    /// What is asked of usual texts.
    usual: bool,
    money: Money,
    /// Digits behind the point.
    scale: usize,
}

impl Amount {
    pub fn new(money: Money, asked: Asked) -> Self {
        Self { asked, usual: asked.usual(), money, scale: money.scale.into() }
    }

    /// Whether usual texts stand in a row as they are.
    pub fn stays(&self) -> bool {
        self.scale == 0 || self.money.decimal == b'.'
    }

    /// Digits behind the point of usual texts; `None` where they have none.
    pub fn pointed(&self) -> Option<usize> {
        (self.scale > 0).then_some(self.scale)
    }

    /// Digits behind the point.
    pub fn scale(&self) -> u8 {
        self.money.scale
    }

    /// The lengths of usual texts, a bit for each.
    pub fn lengths(&self) -> u64 {
        match self.scale {
            0 => lengths(1, self.money.whole),
            scale => lengths(2 + scale, self.money.whole + 1 + scale),
        }
    }

    /// Whether usual texts need their value.
    pub fn asks(&self) -> bool {
        self.usual
    }

    /// The value itself, where it is within the bounds.
    #[inline(always)]
    pub fn hold(&self, value: i64) -> Option<i64> {
        self.asked.hold(value)
    }

    /// Writes a usual text of one of those lengths; returns its value where it is asked for.
    #[inline(always)]
    pub fn take(
        &self,
        simd: impl Simd,
        text: &[u8; WINDOW],
        length: usize,
        room: &mut [u8; WINDOW],
    ) -> Option<i64> {
        let piece = piece(text);
        let others = no_digits(piece) & low_bits(length);
        if self.scale == 0 {
            if others != 0 || piece[0] == b'0' && length > 1 {
                return None;
            }
            room[..16].copy_from_slice(piece);
        } else {
            let point = length - 1 - self.scale;
            if others != 1 << (point % 32)
                || piece[point % 16] != self.money.decimal
                || piece[0] == b'0' && point > 1
            {
                return None;
            }
            room[..16].copy_from_slice(piece);
            room[point % 16] = b'.';
        }
        if !self.usual {
            return Some(0);
        }
        self.asked.hold(simd.number(piece, length, self.scale).cast_signed())
    }

    /// Writes an amount that may have a minus, or fewer digits behind the point than the column has or more; returns its
    /// length and its value.
    pub fn other(&self, text: &[u8; WINDOW], length: usize, room: &mut [u8; WINDOW]) -> Option<(usize, i64)> {
        let number = Digits::read(text, length)?;
        let (minus, length, others) = (usize::from(number.minus), number.length, number.others);
        let whole = if others == 0 { length } else { others.trailing_zeros() as usize };
        if whole == 0 || whole > self.money.whole || number.bytes[0] == b'0' && whole > 1 {
            return None;
        }
        let fraction = length.saturating_sub(whole + 1);
        let one_sign = others.is_power_of_two() && number.bytes[whole] == self.money.decimal && fraction > 0;
        if !(others == 0 || one_sign) {
            return None;
        }
        let read = number.size(fraction)?;
        let size = match fraction.checked_sub(self.scale) {
            Some(more @ 1..) => self.round(read, more)?,
            _ => read.checked_mul(power(self.scale - fraction)?)?,
        };
        // A zero has no minus in a row.
        if number.minus && size == 0 {
            return None;
        }
        let value = number.value(size)?;
        // Where there is no minus it is written over.
        room[0] = b'-';
        let end = if fraction > self.scale {
            minus + self.write(size, &mut room[minus..])?
        } else {
            let end = minus + whole + if self.scale == 0 { 0 } else { 1 + self.scale };
            room.get_mut(minus..end)?.fill(b'0');
            room[minus..minus + length].copy_from_slice(&number.bytes[..length]);
            if self.scale > 0 {
                room[minus + whole] = b'.';
            }
            end
        };
        Some((end, self.asked.hold(value)?))
    }

    /// Takes so many digits off a number and rounds it. `None` where it is not to be rounded, or then has more digits than the
    /// column.
    fn round(&self, read: u64, more: usize) -> Option<u64> {
        let unit = power(more)?;
        let (size, rest) = (read / unit, read % unit);
        let up = match self.money.rounding {
            Rounding::HalfUp => rest >= unit / 2,
            Rounding::HalfEven => rest > unit / 2 || rest == unit / 2 && size % 2 == 1,
            Rounding::Down => false,
            Rounding::Exact => return None,
        };
        let size = size + u64::from(up);
        // A limit that is not there is beyond all that is read.
        power(self.money.whole + self.scale).is_none_or(|limit| size < limit).then_some(size)
    }

    /// Writes a number of units of the last digit; returns its length.
    fn write(&self, size: u64, room: &mut [u8]) -> Option<usize> {
        let digits = size.checked_ilog10().map_or(1, |digits| digits as usize + 1).max(self.scale + 1);
        let length = digits + usize::from(self.scale > 0);
        let mut left = size;
        for (behind, byte) in room.get_mut(..length)?.iter_mut().rev().enumerate() {
            if self.scale > 0 && behind == self.scale {
                *byte = b'.';
                continue;
            }
            *byte = b'0' + (left % 10) as u8;
            left /= 10;
        }
        Some(length)
    }
}

/// The digits of a number that is not usual.
struct Digits<'t> {
    minus: bool,
    /// From behind the minus on.
    bytes: &'t [u8; 32],
    /// How many of the bytes are the number's, and which of those are no digits, a bit for each.
    length: usize,
    others: u32,
}

impl<'t> Digits<'t> {
    /// `None` where they are too many.
    fn read(text: &'t [u8; WINDOW], length: usize) -> Option<Self> {
        let minus = text[0] == b'-';
        let bytes: &[u8; 32] = text[usize::from(minus)..].first_chunk()?;
        let length =
            length.checked_sub(minus.into()).filter(|length| (1..=MOST_DIGITS + 1).contains(length))?;
        let [first, second] = bytes.as_chunks().0 else { return None };
        let others = (no_digits(first) | no_digits(second) << 16) & low_bits(length);
        Some(Self { minus, bytes, length, others })
    }

    /// What they spell together, all of them digits but for one before the last `fraction`, unless that is 0. `None` where they
    /// are too many.
    fn size(&self, fraction: usize) -> Option<u64> {
        if self.length - usize::from(fraction > 0) > MOST_DIGITS {
            return None;
        }
        if self.length > LONGEST {
            let digits = self.bytes[..self.length].iter().filter(|byte| byte.is_ascii_digit());
            return Some(digits.fold(0, |size, digit| size * 10 + u64::from(digit - b'0')));
        }
        Some(Portable.number(self.bytes.first_chunk()?, self.length, fraction))
    }

    /// The number of this size. `None` where 64 bits do not hold it.
    fn value(&self, size: u64) -> Option<i64> {
        let size = i64::try_from(size).ok()?;
        Some(if self.minus { -size } else { size })
    }
}

/// 10 to this power, where 64 bits hold it.
fn power(exponent: usize) -> Option<u64> {
    10_u64.checked_pow(u32::try_from(exponent).ok()?)
}
