//! Days of three numbers.
//!
//! A format has few forms: where a month or a day may have one digit or two, each choice is one. A form is known by
//! where a text has bytes that are no digits and where it ends; it says where the digits stand.

use super::piece;
use crate::plan::{self, Part};
use crate::scan::{NOWHERE, Portable, Simd, WINDOW, no_digits};

/// A format, compiled.
#[derive(Debug)]
pub(super) struct Date {
    /// By [`Self::slot`].
    forms: [Form; 4],
    /// Sends each form to a slot of its own.
    multiplier: u32,
    /// The bytes between the numbers, zeros where they touch.
    separators: u16,
    /// What to add to a year of two digits, which then are those from the base on.
    base: Option<u32>,
    min: u32,
    /// How far the last day is from the first, as numbers.
    span: u32,
    /// The formats that are tried, in their order, where a text has no day of this one.
    later: Vec<Self>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Form {
    /// The bits of bytes that are no digits, and the bit behind the text. No text has 0.
    signature: u32,
    /// Where the bytes of `YYYY-MM-DD` and of the two separators stand.
    places: [u8; 16],
}

impl Date {
    /// How long a day is in a row.
    pub const LENGTH: usize = 10;

    /// Compiles formats that are tried in order; `None` where one has more forms than there are slots.
    pub fn new(dates: &[plan::Date]) -> Option<Self> {
        let mut formats = dates.iter().map(Self::compile).collect::<Option<Vec<Self>>>()?;
        let later = formats.split_off(1.min(formats.len()));
        Some(Self { later, ..formats.pop()? })
    }

    fn compile(date: &plan::Date) -> Option<Self> {
        let mut forms = vec![(0, Form { signature: 0, places: [NOWHERE; 16] })];
        for (index, part) in date.parts.iter().enumerate() {
            // Where the part's last digits go in `YYYY-MM-DD`, and how many there may be.
            let (last, widths) = match *part {
                Part::Year => (3, 4..=4),
                Part::ShortYear => (3, 2..=2),
                Part::Month { fixed } => (6, 1 + usize::from(fixed)..=2),
                Part::Day { fixed } => (9, 1 + usize::from(fixed)..=2),
            };
            let separator = date.separators.get(index).copied().flatten();
            let longer = |(from, form): (usize, Form)| {
                widths.clone().map(move |width| {
                    let (mut end, mut form) = (from + width, form);
                    for digit in 0..width {
                        form.places[last - digit] = u8::try_from(end - 1 - digit).unwrap_or(NOWHERE);
                    }
                    if separator.is_some() {
                        form.places[10 + index] = u8::try_from(end).unwrap_or(NOWHERE);
                        form.signature |= 1 << end;
                        end += 1;
                    }
                    (end, form)
                })
            };
            forms = forms.into_iter().flat_map(longer).collect();
        }
        for (end, form) in &mut forms {
            form.signature |= 1 << *end;
        }
        let forms: Vec<Form> = forms.into_iter().map(|(_, form)| form).collect();
        let (multiplier, forms) = slots(&forms)?;
        let separators = date.separators.map(Option::unwrap_or_default);
        let base = date.parts.contains(&Part::ShortYear).then_some(date.base);
        // No day is before the first of the year 1.
        let min = date.min.max(1_01_01);
        let span = date.max.checked_sub(min)?;
        Some(Self {
            forms,
            multiplier,
            separators: u16::from_le_bytes(separators),
            base,
            min,
            span,
            later: Vec::new(),
        })
    }

    /// The lengths of the texts that it takes by the first format, a bit for each.
    pub fn lengths(&self) -> u64 {
        let ends = self.forms.iter().filter_map(|form| form.signature.checked_ilog2());
        ends.fold(0, |lengths, end| lengths | 1 << end)
    }

    /// Writes a day of the first format and of one of those lengths, which always takes 10 bytes; returns it as `YYYYMMDD`.
    #[inline(always)]
    pub fn take(
        &self,
        simd: impl Simd,
        text: &[u8; WINDOW],
        length: usize,
        room: &mut [u8; WINDOW],
    ) -> Option<u32> {
        let (iso, day) = self.day(simd, piece(text), length)?;
        self.holds(day).then_some(())?;
        room[..16].copy_from_slice(&iso);
        Some(day)
    }

    /// As [`Self::take`], by the first format that a text has a day of. Returns its length and its value.
    pub fn other(&self, text: &[u8; WINDOW], length: usize, room: &mut [u8; WINDOW]) -> Option<(usize, i64)> {
        // What a text ends with is known by a bit of 32.
        if length >= 32 {
            return None;
        }
        let formats = std::iter::once(self).chain(&self.later);
        let mut days = formats.filter_map(|date| date.day(Portable, piece(text), length));
        // A day that is out of bounds is none of a later format.
        let (iso, day) = days.next().filter(|(_, day)| self.holds(*day))?;
        room[..16].copy_from_slice(&iso);
        Some((Self::LENGTH, day.into()))
    }

    #[inline(always)]
    fn holds(&self, day: u32) -> bool {
        day.wrapping_sub(self.min) <= self.span
    }

    /// The day that a text is in this format, in bounds or not: `None` only where it is none. A day of the year 0, which is
    /// none, is out of all bounds.
    #[inline(always)]
    fn day(&self, simd: impl Simd, text: &[u8; 16], length: usize) -> Option<([u8; 16], u32)> {
        let end = 1_u32 << (length % 32);
        let signature = no_digits(text) & (end - 1) | end;
        let form = &self.forms[slot(signature, self.multiplier)];
        if form.signature != signature {
            return None;
        }
        let mut day = simd.day(text, &form.places);
        if u16::from_le_bytes([day.iso[10], day.iso[11]]) != self.separators {
            return None;
        }
        if let Some(base) = self.base {
            day.year = base + (day.year + 100 - base % 100) % 100;
            for (at, unit) in [1000, 100, 10, 1].into_iter().enumerate() {
                day.iso[at] = b'0' + (day.year / unit % 10) as u8;
            }
        }
        let exists = match DAYS.get(day.month_day as usize)? {
            Days::Always => true,
            Days::InLeapYears => is_leap(day.year),
            Days::Never => false,
        };
        exists.then_some((day.iso, day.year * 10_000 + day.month_day))
    }
}

/// Which of four slots a signature has.
#[inline(always)]
fn slot(signature: u32, multiplier: u32) -> usize {
    (signature.wrapping_mul(multiplier) >> 30) as usize
}

/// A multiplier that gives each form a slot of its own, and the forms in their slots.
fn slots(forms: &[Form]) -> Option<(u32, [Form; 4])> {
    // Nearly one in ten does it.
    (0..10_000_u32).map(|number| number.wrapping_mul(0x9e37_79b9) | 1).find_map(|multiplier| {
        let mut slots = [Form::default(); 4];
        for form in forms {
            let slot = &mut slots[slot(form.signature, multiplier)];
            if slot.signature != 0 {
                return None;
            }
            *slot = *form;
        }
        Some((multiplier, slots))
    })
}

/// When there is a day.
#[derive(Debug, Clone, Copy)]
enum Days {
    Never,
    InLeapYears,
    Always,
}

/// By the month times 100 and the day.
static DAYS: [Days; 1232] = {
    let mut days = [Days::Never; 1232];
    let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while month < 12 {
        let mut day = 1;
        while day <= lengths[month] {
            days[(month + 1) * 100 + day] = Days::Always;
            day += 1;
        }
        month += 1;
    }
    days[229] = Days::InLeapYears;
    days
};

fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}
