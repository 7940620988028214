//! Whole numbers and amounts of up to 16 bytes, read and written as one piece.

use super::{Field, low_bytes};
use crate::plan::Money;
use crate::scan::{Target, no_digits};

/// How many bytes stand before the lowest flag; 16 where there is none.
#[inline]
fn before(flags: u32) -> usize {
    (flags | 1 << 16).trailing_zeros() as usize
}

/// Writes a whole number; returns the place behind it and, where it is asked for, its value.
#[inline(always)]
#[allow(clippy::inline_always)] // it has one caller, in the innermost loop
pub(in crate::record) fn integer(
    field: Field,
    asked: bool,
    target: &mut Target,
    at: usize,
) -> Option<(usize, i64)> {
    let piece = field.piece(0);
    if piece[0] == b'-' {
        return negative(field, target, at, |field, target, at| {
            unsigned_integer(field, field.piece(0), true, target, at)
        });
    }
    unsigned_integer(field, piece, asked, target, at)
}

#[inline(always)]
#[allow(clippy::inline_always)] // as `integer`
fn unsigned_integer(
    field: Field,
    piece: [u8; 16],
    asked: bool,
    target: &mut Target,
    at: usize,
) -> Option<(usize, i64)> {
    let digits = before(no_digits(&piece));
    // A zero before other digits is not written; what starts with one is left to others.
    if digits == 0 || digits != field.length || piece[0] == b'0' && digits > 1 {
        return None;
    }
    target.put(at, &piece);
    let value = if asked { number(u128::from_le_bytes(piece), digits) } else { 0 };
    Some((at + digits, value))
}

/// Writes an amount that needs no rounding; returns the place behind it and, where it is asked for, its value in
/// units of the last digit.
#[inline(always)]
#[allow(clippy::inline_always)] // as `integer`
pub(in crate::record) fn money(
    field: Field,
    amount: &Money,
    asked: bool,
    target: &mut Target,
    at: usize,
) -> Option<(usize, i64)> {
    let piece = field.piece(0);
    if piece[0] == b'-' {
        return negative(field, target, at, |field, target, at| {
            unsigned_money(field, field.piece(0), amount, true, target, at)
        });
    }
    unsigned_money(field, piece, amount, asked, target, at)
}

#[inline(always)]
#[allow(clippy::inline_always)] // as `integer`
fn unsigned_money(
    field: Field,
    piece: [u8; 16],
    amount: &Money,
    asked: bool,
    target: &mut Target,
    at: usize,
) -> Option<(usize, i64)> {
    let flags = no_digits(&piece);
    let whole = before(flags);
    if whole == 0 || whole > amount.whole || piece[0] == b'0' && whole > 1 {
        return None;
    }
    target.put(at, &piece);
    let scale = usize::from(amount.scale);
    let mut missing = scale;
    if whole != field.length {
        let end = before(flags & flags.wrapping_sub(1));
        if piece.get(whole) != Some(&amount.decimal) || end != field.length || end == whole + 1 {
            return None;
        }
        // More digits than the scale need rounding.
        missing = (whole + 1 + scale).checked_sub(end)?;
    }
    let mut end = at + whole;
    if scale > 0 {
        target.put(end, b".");
        end += 1 + scale;
        if missing > 0 {
            if missing > 16 {
                return None;
            }
            target.put(end - missing, &[b'0'; 16]);
        }
    }
    if !asked {
        return Some((end, 0));
    }
    // All digits in a row, the decimal sign taken out.
    let word = u128::from_le_bytes(piece);
    let kept = low_bytes(whole);
    let size = number((word & kept) | (word >> 8 & !kept), whole + scale - missing);
    let value = if missing == 0 { size } else { scaled(size, missing)? };
    Some((end, value))
}

#[cold]
fn scaled(size: i64, missing: usize) -> Option<i64> {
    size.checked_mul(10_i64.checked_pow(u32::try_from(missing).ok()?)?)
}

/// Writes a minus, and what stands behind it by `write`. A zero has none, and is left to others.
#[cold]
fn negative<'l>(
    field: Field<'l>,
    target: &mut Target,
    at: usize,
    write: impl FnOnce(Field<'l>, &mut Target, usize) -> Option<(usize, i64)>,
) -> Option<(usize, i64)> {
    target.put(at, b"-");
    let field = Field { from: field.from + 1, length: field.length.checked_sub(1)?, ..field };
    let (end, size) = write(field, target, at + 1)?;
    (size > 0).then_some((end, -size))
}

/// The number that the lowest `count` bytes of a word spell, 1 to 16 digits.
#[inline]
fn number(word: u128, count: usize) -> i64 {
    // Before the digits go as many zeros as there are bytes left.
    let digits = (word & u128::from_ne_bytes([0x0f; 16])) << (8 * (16 - count));
    let eight = |word: u64| {
        let pairs = word.wrapping_mul(10) + (word >> 8);
        let low = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
        let high = ((pairs >> 16) & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
        (low.wrapping_add(high) >> 32).cast_signed()
    };
    #[allow(clippy::cast_possible_truncation)] // halves of one word
    let (first, second) = (digits as u64, (digits >> 64) as u64);
    eight(first) * 100_000_000 + eight(second)
}
