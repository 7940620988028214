//! `date`: numeric parts in a declared order, a day that exists, out as `YYYY-MM-DD`.

use chrono::{Datelike, NaiveDate};

use super::{Bounds, Class, Transform, Value, bounds};
use crate::plan::{self, Kernel};
use crate::record::Reason;
use crate::spec::options::{Options, Reader, Span};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// `%Y`: four digits.
    Year,
    /// `%y`: two digits, in the hundred years that start at the base.
    ShortYear,
    /// `%m` and `%d`: one or two digits, two where another number touches them.
    Month {
        fixed: bool,
    },
    Day {
        fixed: bool,
    },
    Literal(char),
}

/// One declared order of the parts.
type Format = Vec<Part>;

#[derive(Debug)]
struct Date {
    formats: Vec<Format>,
    /// The first of the hundred years that `%y` means.
    base: u32,
    bounds: Bounds<u32>,
}

pub(super) fn build(reader: &mut Reader, options: &mut Options) -> Box<dyn Transform> {
    let base_at = options.place("two_digit_year_base");
    let base = options.integer(reader, "two_digit_year_base", 1..9901);
    let formats_at = options.place("formats");
    let one_at = options.place("format");
    let mut texts: Vec<(String, Span)> = Vec::new();
    if let Some(format) = options.string(reader, "format") {
        texts.push((format.to_owned(), one_at.clone()));
    }
    if let Some(formats) = options.strings(reader, "formats") {
        if !texts.is_empty() {
            reader.error(&formats_at, "both `format` and `formats` are given; keep one of them");
        }
        texts.extend(formats);
    }
    if texts.is_empty() {
        reader.error(
            &one_at,
            "a date needs its order declared; add format = \"%m/%d/%Y\" (or formats = [...])",
        );
    }
    let mut formats = Vec::new();
    for (text, at) in texts {
        match format(&text) {
            Ok(parts) => {
                if parts.contains(&Part::ShortYear) && base.is_none() {
                    reader.error(&at, "%y needs its century; add two_digit_year_base = 1970, or use %Y");
                }
                formats.push(parts);
            }
            Err(message) => reader.error(&at, format!("format \"{text}\": {message}")),
        }
    }
    if base.is_some() && !formats.iter().any(|format| format.contains(&Part::ShortYear)) {
        reader.error(&base_at, "`two_digit_year_base` is given, but no format has %y; remove it");
    }
    let base = base.and_then(|base| u32::try_from(base).ok()).unwrap_or(0);
    let bounds = bounds(reader, options, "a date such as \"2024-12-31\"", |value| {
        let text = value
            .as_str()
            .map_or_else(|| value.as_datetime().map(ToString::to_string), |t| Some(t.into()))?;
        parse(
            &[
                Part::Year,
                Part::Literal('-'),
                Part::Month { fixed: true },
                Part::Literal('-'),
                Part::Day { fixed: true },
            ],
            0,
            &text,
        )
    });
    Box::new(Date { formats, base, bounds })
}

/// Compiles a format. What it doesn't know is an error: a guessed order is a silent change.
fn format(text: &str) -> Result<Format, String> {
    if text.trim() != text || text.contains(['\n', '\r']) {
        return Err(
            "white space around a value is dropped and a line end ends its record; remove it".to_owned()
        );
    }
    let mut parts = Format::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let part = match (character, character == '%') {
            (_, true) => match characters.next() {
                Some('Y') => Part::Year,
                Some('y') => Part::ShortYear,
                Some('m') => Part::Month { fixed: false },
                Some('d') => Part::Day { fixed: false },
                Some('%') => Part::Literal('%'),
                other => {
                    let found = other.map_or_else(|| "a lone %".to_owned(), |other| format!("%{other}"));
                    return Err(format!(
                        "{found} is not known; use %Y or %y, %m and %d (%% for a percent sign)"
                    ));
                }
            },
            ('0'..='9', _) => {
                return Err("a digit outside the parts makes it ambiguous; remove it".to_owned());
            }
            _ => Part::Literal(character),
        };
        parts.push(part);
    }
    let count = |wanted: fn(&Part) -> bool| parts.iter().filter(|part| wanted(part)).count();
    let years = count(|part| matches!(part, Part::Year | Part::ShortYear));
    let (months, days) =
        (count(|p| matches!(p, Part::Month { .. })), count(|p| matches!(p, Part::Day { .. })));
    if (years, months, days) != (1, 1, 1) {
        return Err("it needs one year (%Y or %y), one %m and one %d".to_owned());
    }
    let number = |part: Option<&Part>| part.is_some_and(|part| !matches!(part, Part::Literal(_)));
    let touching: Vec<bool> =
        (0..parts.len()).map(|at| number(parts.get(at + 1)) || at > 0 && number(parts.get(at - 1))).collect();
    for (part, touches) in parts.iter_mut().zip(touching) {
        if let Part::Month { fixed } | Part::Day { fixed } = part {
            *fixed = touches;
        }
    }
    Ok(parts)
}

/// Takes between `least` and `most` ASCII digits off the front.
fn digits(rest: &mut &[u8], least: usize, most: usize) -> Option<u32> {
    let length = rest.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
    if length < least {
        return None;
    }
    let (number, after) = rest.split_at(length);
    *rest = after;
    Some(number.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
}

/// The day as `YYYYMMDD`, where the whole text follows the format and the day exists.
fn parse(format: &[Part], base: u32, text: &str) -> Option<u32> {
    let mut rest = text.as_bytes();
    let (mut year, mut month, mut day) = (0, 0, 0);
    let least = |fixed: bool| if fixed { 2 } else { 1 };
    for part in format {
        match *part {
            Part::Year => year = digits(&mut rest, 4, 4)?,
            Part::ShortYear => {
                let short = digits(&mut rest, 2, 2)?;
                year = base + (short + 100 - base % 100) % 100;
            }
            Part::Month { fixed } => month = digits(&mut rest, least(fixed), 2)?,
            Part::Day { fixed } => day = digits(&mut rest, least(fixed), 2)?,
            Part::Literal(character) => {
                rest = rest.strip_prefix(character.encode_utf8(&mut [0; 4]).as_bytes())?;
            }
        }
    }
    if !rest.is_empty() || !(1..=9999).contains(&year) {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    Some(year * 10_000 + date.month() * 100 + date.day())
}

impl Date {
    /// A format as a kernel knows it; `None` for one that is more than three numbers with a character between them.
    fn numbers(&self, format: &[Part]) -> Option<plan::Date> {
        let mut parts = [plan::Part::Year; 3];
        let mut separators = [None; 2];
        let mut seen = 0;
        for part in format {
            let number = match *part {
                Part::Year => plan::Part::Year,
                Part::ShortYear => plan::Part::ShortYear,
                Part::Month { fixed } => plan::Part::Month { fixed },
                Part::Day { fixed } => plan::Part::Day { fixed },
                // One ASCII character between two numbers; anything else is rare.
                Part::Literal(character) => {
                    let between = separators.get_mut(usize::checked_sub(seen, 1)?)?;
                    let byte = u8::try_from(character).ok().filter(u8::is_ascii)?;
                    if between.replace(byte).is_some() {
                        return None;
                    }
                    continue;
                }
            };
            *parts.get_mut(seen)? = number;
            seen += 1;
        }
        let (min, max) = (self.bounds.min.unwrap_or(0), self.bounds.max.unwrap_or(u32::MAX));
        Some(plan::Date { parts, separators, base: self.base, min, max })
    }
}

impl Transform for Date {
    fn hive(&self) -> String {
        "DATE".to_owned()
    }

    fn class(&self) -> Class {
        Class::Date
    }

    fn kernel(&self) -> Option<Kernel> {
        let formats: Option<Vec<plan::Date>> =
            self.formats.iter().map(|format| self.numbers(format)).collect();
        formats.map(Kernel::Date)
    }

    fn convert(&self, text: &str, out: &mut Vec<u8>) -> Result<Value, Reason> {
        let day =
            self.formats.iter().find_map(|format| parse(format, self.base, text)).ok_or(Reason::Date)?;
        self.bounds.hold(&day)?;
        let mut iso = *b"0000-00-00";
        let mut number = day;
        for at in [9, 8, 6, 5, 3, 2, 1, 0] {
            iso[at] = b'0' + u8::try_from(number % 10).unwrap_or(0);
            number /= 10;
        }
        out.extend_from_slice(&iso);
        Ok(Value::Date(day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pattern: &str, text: &str) -> Option<u32> {
        parse(&format(pattern).unwrap(), 1970, text)
    }

    #[test]
    fn numeric_parts_in_the_declared_order() {
        for (pattern, text, day) in [
            ("%m/%d/%Y", "3/4/2024", 2024_03_04),
            ("%m/%d/%Y", "03/04/2024", 2024_03_04),
            ("%d/%m/%Y", "03/04/2024", 2024_04_03),
            ("%Y%m%d", "20240229", 2024_02_29),
            ("%d%m%y", "010270", 1970_02_01),
            ("%d.%m.%y", "1.2.69", 2069_02_01),
            ("%Y年%m月%d日", "2024年3月4日", 2024_03_04),
            ("%d %m %Y", "31 12 9999", 9999_12_31),
            ("%Y-%m-%d", "0001-01-01", 1_01_01),
        ] {
            assert_eq!(read(pattern, text), Some(day), "{pattern} {text}");
        }
    }

    #[test]
    fn anything_else_is_no_date() {
        for (pattern, text) in [
            ("%m/%d/%Y", ""),
            ("%m/%d/%Y", "13/1/2024"),
            ("%m/%d/%Y", "2/30/2024"),
            ("%m/%d/%Y", "2/29/2023"),
            ("%m/%d/%Y", "2/29/1900"),
            ("%m/%d/%Y", "0/1/2024"),
            ("%m/%d/%Y", "1/0/2024"),
            ("%m/%d/%Y", "1/1/0000"),
            ("%m/%d/%Y", "1/1/24"),
            ("%m/%d/%Y", "1/1/02024"),
            ("%m/%d/%Y", "001/1/2024"),
            ("%m/%d/%Y", "1/1/2024 "),
            ("%m/%d/%Y", " 1/1/2024"),
            ("%m/%d/%Y", "1/ 1/2024"),
            ("%m/%d/%Y", "1/+1/2024"),
            ("%m/%d/%Y", "1/1/+2024"),
            ("%m/%d/%Y", "1-1-2024"),
            ("%m/%d/%Y", "٣/4/2024"),
            ("%Y%m%d", "2024229"),
            ("%Y%m%d", "2024-02-29"),
        ] {
            assert_eq!(read(pattern, text), None, "{pattern} {text}");
        }
    }

    #[test]
    fn a_format_that_guesses_is_refused() {
        for pattern in ["", "%m/%d", "%Y-%m-%d %H", "%m/%m/%d/%Y", "%D", "%Y-%m-%d1", "%Y-%m-%d%", "%b %d %Y"]
        {
            assert!(format(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn a_format_that_no_value_can_have_is_refused() {
        for pattern in [" %Y-%m-%d", "%Y-%m-%d\u{3000}", "%Y\n%m-%d", "%Y\r%m-%d"] {
            assert!(format(pattern).is_err(), "{pattern}");
        }
    }
}
