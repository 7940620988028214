//! Days of three numbers.

use super::{Field, put};
use crate::plan::{Date, Part};

/// Writes a day; returns the place behind it and the day as `YYYYMMDD`.
#[inline]
pub(in crate::record) fn date(field: Field, date: &Date, page: &mut [u8], at: usize) -> Option<(usize, u32)> {
    // No day has more bytes than this, and a piece of fixed size needs no further check of its bounds.
    let text: &[u8; 16] = field.stretch.get(field.from..)?.first_chunk()?;
    let (mut year, mut month, mut day) = (0, 0, 0);
    let mut from = 0;
    for (index, part) in date.parts.iter().enumerate() {
        match *part {
            Part::Year => {
                year = two(text, from)? * 100 + two(text, from + 2)?;
                from += 4;
            }
            Part::ShortYear => {
                year = date.base + (two(text, from)? + 100 - date.base % 100) % 100;
                from += 2;
            }
            Part::Month { fixed } => month = one_or_two(text, &mut from, fixed)?,
            Part::Day { fixed } => day = one_or_two(text, &mut from, fixed)?,
        }
        if let Some(separator) = date.separators.get(index).copied().flatten() {
            if *text.get(from)? != separator {
                return None;
            }
            from += 1;
        }
    }
    let value = year * 10_000 + month * 100 + day;
    let exists = year > 0 && (1..=12).contains(&month) && day > 0 && (day <= 28 || day <= days(year, month));
    if from != field.length || !exists || value < date.min || value > date.max {
        return None;
    }
    put(page, at, iso(year, month, day))?;
    Some((at + 10, value))
}

fn digit(text: &[u8; 16], at: usize) -> Option<u32> {
    let digit = text.get(at)?.wrapping_sub(b'0');
    (digit < 10).then_some(u32::from(digit))
}

fn two(text: &[u8; 16], at: usize) -> Option<u32> {
    Some(digit(text, at)? * 10 + digit(text, at + 1)?)
}

/// Takes one digit or two; two where `fixed`.
fn one_or_two(text: &[u8; 16], from: &mut usize, fixed: bool) -> Option<u32> {
    let first = digit(text, *from)?;
    let second = text.get(*from + 1)?.wrapping_sub(b'0');
    // Without a branch: whether a day has one digit or two can't be foreseen.
    let both = second < 10;
    *from += 1 + usize::from(both);
    if fixed && !both {
        return None;
    }
    Some(if both { first * 10 + u32::from(second) } else { first })
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
