//! The tier for any machine: plain code, which a compiler turns into whatever the target has.

use super::LANE;
use super::bytes::{equal, high, no_digits};
use super::index::{Masks, Wanted};
use super::simd::{Day, Form, Marks, NOWHERE, Simd};

/// What every machine can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Portable;

impl Simd for Portable {
    #[inline(always)]
    fn masks(self, lane: &[u8; LANE], wanted: Wanted) -> Masks {
        let same = |byte| mask(lane, |sixteen| equal(sixteen, byte));
        let [a, b, c] = wanted.odd;
        Masks {
            delimiters: same(wanted.delimiter),
            line_feeds: same(b'\n'),
            returns: same(b'\r'),
            odd: same(a) | same(b) | same(c),
            high: mask(lane, high),
        }
    }
}

/// A bit for each byte, asked 16 at a time.
#[inline(always)]
fn mask(lane: &[u8; LANE], ask: impl Fn(&[u8; 16]) -> u32) -> u64 {
    lane.as_chunks().0.iter().rev().fold(0, |mask, sixteen| mask << 16 | u64::from(ask(sixteen)))
}

/// As [`Simd::places`]: so many at a time whether they are there or not, so that their number decides no branch.
#[inline(always)]
pub(super) fn places<const MANY: usize>(mut mask: u64, base: u32, to: &mut [u32]) {
    for many in to.as_chunks_mut::<MANY>().0 {
        for place in many {
            *place = base + mask.trailing_zeros();
            mask &= mask.wrapping_sub(1);
        }
        if mask == 0 {
            return;
        }
    }
}

/// As [`Simd::number`].
#[inline(always)]
pub(super) fn number(text: &[u8; 16], length: usize, fraction: usize) -> u64 {
    let word = u128::from_le_bytes(*text);
    let (digits, count) = if fraction == 0 {
        (word, length)
    } else {
        // All digits in a row, the sign between them taken out.
        let kept = low_bytes(length - fraction - 1);
        ((word & kept) | (word >> 8 & !kept), length - 1)
    };
    // Before the digits go as many zeros as there are bytes left.
    spelled((digits & u128::from_ne_bytes([0x0f; 16])) << (8 * (16 - count)))
}

/// The number that 16 digits are, the first in the lowest byte.
#[inline(always)]
fn spelled(digits: u128) -> u64 {
    let eight = |word: u64| {
        let pairs = word.wrapping_mul(10) + (word >> 8);
        let low = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
        let high = ((pairs >> 16) & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
        low.wrapping_add(high) >> 32
    };
    let (first, second) = (digits as u64, (digits >> 64) as u64);
    eight(first) * 100_000_000 + eight(second)
}

/// As [`Simd::marks`].
pub(super) fn marks(text: &[u8; LANE], delimiter: u8) -> Marks {
    Marks {
        others: mask(text, no_digits),
        delimiters: mask(text, |sixteen| equal(sixteen, delimiter)),
        points: mask(text, |sixteen| equal(sixteen, b'.')),
        zeros: mask(text, |sixteen| equal(sixteen, b'0')),
    }
}

/// As [`Simd::deposit`].
pub(super) fn deposit(mut bits: u64, mut mask: u64) -> u64 {
    let mut deposited = 0;
    while mask != 0 {
        if bits & 1 == 1 {
            deposited |= mask & mask.wrapping_neg();
        }
        bits >>= 1;
        mask &= mask - 1;
    }
    deposited
}

/// As [`Simd::replaced`].
pub(super) fn replaced(text: &[u8; LANE], places: u64, byte: u8) -> [u8; LANE] {
    std::array::from_fn(|at| if places >> at & 1 == 1 { byte } else { text[at] })
}

/// As [`Simd::day`].
#[inline(always)]
pub(super) fn day(text: &[u8; 16], places: &[u8; 16]) -> Day {
    let mut iso = *b"0000-00-00\0\0\0\0\0\0";
    for (byte, place) in iso.iter_mut().zip(places) {
        *byte |= if *place == NOWHERE { 0 } else { text[usize::from(*place % 16)] };
    }
    let digit = |at: usize| u32::from(iso[at] & 0x0f);
    let two = |tens: usize, ones: usize| digit(tens) * 10 + digit(ones);
    Day { year: two(0, 1) * 100 + two(2, 3), month_day: two(5, 6) * 100 + two(8, 9), iso }
}

/// As [`Simd::same`].
#[inline(always)]
pub(super) fn same(left: &[u8; LANE], right: &[u8; LANE], length: usize) -> bool {
    let mut rest = length;
    // A text has few words, nearly always one or two.
    for (left, right) in left.as_chunks::<16>().0.iter().zip(right.as_chunks::<16>().0) {
        if (u128::from_le_bytes(*left) ^ u128::from_le_bytes(*right)) & low_bytes(rest) != 0 {
            return false;
        }
        if rest <= 16 {
            break;
        }
        rest -= 16;
    }
    true
}

/// As [`Simd::equal`].
#[inline(always)]
pub(super) fn equal_bytes(lane: &[u8; LANE], byte: u8) -> u64 {
    mask(lane, |sixteen| equal(sixteen, byte))
}

/// As [`Simd::amount`].
#[inline(always)]
pub(super) fn amount(text: &[u8; 16], length: usize, form: &Form) -> Option<u64> {
    let all = |byte: u8| u128::from_ne_bytes([byte; 16]);
    let point = u128::from_le_bytes(form.point);
    let there = !0 << (8 * (16 - length));
    let digits = (u128::from_le_bytes(*text) ^ all(b'0')) & there ^ point;
    // The highest bit of each byte that is above the largest.
    let largest = u128::from_le_bytes(form.largest);
    let above = (((digits & all(0x7f)) + (all(0x7f) - largest)) | digits) & all(0x80);
    if above != 0 {
        return None;
    }
    // What stands before the point takes its place.
    let before = if point == 0 { 0 } else { (1 << (point.trailing_zeros() / 8 * 8)) - 1 };
    Some(spelled((digits & !before) | (digits & before) << 8))
}

/// As [`Simd::difference`].
#[inline(always)]
pub(super) fn difference(left: &[u8; LANE], right: &[u8; LANE]) -> usize {
    for (index, (left, right)) in left.as_chunks::<16>().0.iter().zip(right.as_chunks::<16>().0).enumerate() {
        let other = u128::from_le_bytes(*left) ^ u128::from_le_bytes(*right);
        if other != 0 {
            return 16 * index + other.trailing_zeros() as usize / 8;
        }
    }
    LANE
}

/// The lowest `count` bytes of a word, which has 16.
#[inline(always)]
fn low_bytes(count: usize) -> u128 {
    const MASKS: [u128; 17] = {
        let mut masks = [0; 17];
        let mut count = 1;
        while count < masks.len() {
            masks[count] = masks[count - 1] << 8 | 0xff;
            count += 1;
        }
        masks
    };
    MASKS[count.min(16)]
}
