//! Whole numbers and amounts of up to 16 bytes, read and written as one word.

use super::{Field, low_bytes, put};
use crate::plan::{Bounds, Money};

const ZEROS: u128 = u128::from_ne_bytes([b'0'; 16]);
const HIGHEST: u128 = u128::from_ne_bytes([0x80; 16]);

/// The highest bit of each byte that is no digit.
fn no_digits(word: u128) -> u128 {
    let digits = word ^ ZEROS;
    // In seven bits nothing is carried into the next byte; 10 and more reach the eighth.
    (((digits & !HIGHEST) + u128::from_ne_bytes([0x76; 16])) | digits) & HIGHEST
}

/// How many bytes stand before the lowest flag; 16 where there is none.
fn before(flags: u128) -> usize {
    flags.trailing_zeros() as usize / 8
}

/// The number that the lowest `count` bytes of a word spell; they must be digits.
fn number(word: u128, count: usize) -> i64 {
    // Behind the digits stand zeros in their value, which 16 - count shifts bring before them.
    let digits = (word ^ ZEROS) & low_bytes(count);
    let digits = if count < 16 { digits << (8 * (16 - count)) } else { digits };
    let eight = |word: u64| {
        let pairs = word.wrapping_mul(10) + (word >> 8);
        let low = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
        let high = ((pairs >> 16) & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
        (low.wrapping_add(high) >> 32).cast_signed()
    };
    // Halves of one word.
    #[allow(clippy::cast_possible_truncation)]
    let (first, second) = (digits as u64, (digits >> 64) as u64);
    eight(first) * 100_000_000 + eight(second)
}

/// A field's digits and what stands before them.
fn unsigned<'l>(field: Field<'l>, page: &mut [u8], at: usize) -> Option<(bool, Field<'l>, usize)> {
    let negative = field.stretch.get(field.from) == Some(&b'-');
    if !negative {
        return Some((false, field, at));
    }
    *page.get_mut(at)? = b'-';
    Some((true, Field { from: field.from + 1, length: field.length.checked_sub(1)?, ..field }, at + 1))
}

/// A zero before other digits is not written, nor a minus before a zero; what starts like one is left to others.
fn needs_other_form(word: u128, digits: usize, negative: bool) -> bool {
    word & 0xff == u128::from(b'0') && (digits != 1 || negative)
}

/// Writes a whole number; returns the place behind it and, where it is asked for, its value.
#[inline]
pub(in crate::record) fn integer(
    field: Field,
    bounds: Bounds,
    page: &mut [u8],
    at: usize,
) -> Option<(usize, i64)> {
    let (negative, field, at) = unsigned(field, page, at)?;
    let word = field.word(0)?;
    let digits = before(no_digits(word));
    if digits == 0 || digits != field.length || needs_other_form(word, digits, negative) {
        return None;
    }
    put(page, at, word)?;
    let size = number(word, digits);
    let value = if negative { -size } else { size };
    (bounds.min <= value && value <= bounds.max).then_some((at + digits, value))
}

/// Writes an amount that needs no rounding; returns the place behind it and, where it is asked for, its value in
/// units of the last digit.
#[inline]
pub(in crate::record) fn money(
    field: Field,
    amount: &Money,
    wanted: bool,
    page: &mut [u8],
    at: usize,
) -> Option<(usize, i64)> {
    let (negative, field, at) = unsigned(field, page, at)?;
    let scale = usize::from(amount.scale);
    let word = field.word(0)?;
    let flags = no_digits(word);
    let whole = before(flags);
    if whole == 0 || whole > amount.whole || needs_other_form(word, whole, negative) {
        return None;
    }
    let fraction = if whole == field.length {
        0
    } else {
        let is_decimal = field.stretch.get(field.from + whole) == Some(&amount.decimal);
        let end = before(flags & flags.wrapping_sub(1));
        let fraction = end.checked_sub(whole + 1)?;
        if !is_decimal || end != field.length || !(1..=scale).contains(&fraction) {
            return None;
        }
        fraction
    };
    put(page, at, word)?;
    let mut end = at + whole;
    let missing = scale - fraction;
    if scale > 0 {
        *page.get_mut(end)? = b'.';
        end += 1 + scale;
        if missing > 0 {
            if missing > 16 {
                return None;
            }
            put(page, end - missing, ZEROS)?;
        }
    }
    if !wanted && amount.bounds.is_none() {
        return Some((end, 0));
    }
    // All digits in a row, the decimal sign taken out.
    let kept = low_bytes(whole);
    let digits = word & kept | word >> 8 & !kept;
    let units = 10_i64.checked_pow(u32::try_from(missing).ok()?)?;
    let size = number(digits, whole + fraction).checked_mul(units)?;
    let value = if negative { -size } else { size };
    let inside = amount.bounds.is_none_or(|bounds| bounds.min <= value && value <= bounds.max);
    inside.then_some((end, value))
}
