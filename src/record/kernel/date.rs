//! Days of three numbers.

use super::Field;
use crate::plan::{Date, Part};
use crate::scan::{Target, no_digits};

/// Writes a day; returns the place behind it and the day as `YYYYMMDD`.
#[inline(always)]
#[allow(clippy::inline_always)] // it has one caller, in the innermost loop
pub(in crate::record) fn date(
    field: Field,
    date: &Date,
    target: &mut Target,
    at: usize,
) -> Option<(usize, u32)> {
    // No day has more bytes than this.
    let text = field.piece(0);
    let mut flags = no_digits(&text) | 1 << 16;
    let (mut year, mut month, mut day) = (0, 0, 0);
    let mut from = 0;
    for (index, part) in date.parts.iter().enumerate() {
        let separator = date.separators.get(index).copied().flatten();
        let run = flags.trailing_zeros() as usize - from;
        // Numbers that touch have fixed widths; the others reach to the next byte that is no digit.
        let touches = separator.is_none() && index < 2;
        let digit = |at: usize| u32::from(text[(from + at) % 16] & 0x0f);
        let two = |at: usize| digit(at) * 10 + digit(at + 1);
        let width = match *part {
            Part::Year => {
                year = two(0) * 100 + two(2);
                4
            }
            Part::ShortYear => {
                year = date.base + (two(0) + 100 - date.base % 100) % 100;
                2
            }
            Part::Month { fixed } => {
                let width = if fixed || run != 1 { 2 } else { 1 };
                month = if width == 2 { two(0) } else { digit(0) };
                width
            }
            Part::Day { fixed } => {
                let width = if fixed || run != 1 { 2 } else { 1 };
                day = if width == 2 { two(0) } else { digit(0) };
                width
            }
        };
        if run != width && !(touches && run > width) {
            return None;
        }
        from += width;
        if let Some(separator) = separator {
            if text[from % 16] != separator {
                return None;
            }
            from += 1;
            flags &= flags - 1;
        }
    }
    let value = year * 10_000 + month * 100 + day;
    let exists = year > 0 && (1..=12).contains(&month) && day > 0 && (day <= 28 || day <= days(year, month));
    if from != field.length || !exists || value < date.min || value > date.max {
        return None;
    }
    target.put(at, &iso(year, month, day).to_le_bytes());
    Some((at + 10, value))
}

/// How many days a month has.
fn days(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `YYYY-MM-DD`, the first byte lowest.
fn iso(year: u32, month: u32, day: u32) -> u128 {
    const PAIRS: [u16; 100] = {
        let mut pairs = [0; 100];
        let mut number = 0;
        while number < 100 {
            #[allow(clippy::cast_possible_truncation)] // below 100
            let (tens, ones) = ((number / 10) as u8, (number % 10) as u8);
            pairs[number] = u16::from_le_bytes([b'0' + tens, b'0' + ones]);
            number += 1;
        }
        pairs
    };
    let pair = |number: u32| u64::from(PAIRS[(number % 100) as usize]);
    let dash = u64::from(b'-');
    let before = pair(year / 100) | pair(year) << 16 | dash << 32 | pair(month) << 40 | dash << 56;
    u128::from(before) | u128::from(pair(day)) << 64
}
