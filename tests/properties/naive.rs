//! A second, naive reading of the contract that shares no code with the library: csv for fields, chrono for days,
//! `rust_decimal` for amounts.

use std::cmp::Ordering;

use rust_decimal::{Decimal, RoundingStrategy};

use crate::table::{ALLOWED, Invalid, Kind, Table};

#[derive(Debug, Clone, PartialEq)]
enum Comparable {
    Day(chrono::NaiveDate),
    Number(Decimal),
    Text(String),
}

/// A value's text and what it compares by; a reason; or nothing, where the oracle's own range ends.
type Converted = Option<Result<(String, Comparable), &'static str>>;

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

#[allow(clippy::unnecessary_wraps)] // as the others
fn naive_date(formats: &[&str], min: Option<&str>, text: &str) -> Converted {
    let shaped = |format: &str| {
        let separator = match format {
            "%m/%d/%Y" => '/',
            "%Y-%m-%d" => '-',
            "%d.%m.%y" => '.',
            _ => return text.len() == 8 && digits(text),
        };
        let parts: Vec<&str> = text.split(separator).collect();
        let fits = |part: &str, name: &str| match name {
            "%Y" => part.len() == 4,
            "%y" => part.len() == 2,
            _ => part.len() <= 2,
        };
        let names: Vec<&str> = format.split(separator).collect();
        parts.len() == 3 && parts.iter().zip(names).all(|(part, name)| digits(part) && fits(part, name))
    };
    for format in formats {
        if let (true, Ok(day)) = (shaped(format), chrono::NaiveDate::parse_from_str(text, format)) {
            if day.to_string().starts_with("0000") {
                continue;
            }
            if min.is_some_and(|min| day < min.parse().unwrap()) {
                return Some(Err("range"));
            }
            return Some(Ok((day.to_string(), Comparable::Day(day))));
        }
    }
    Some(Err("date"))
}

fn naive_money(precision: u32, scale: u32, rounding: &str, group: bool, text: &str) -> Converted {
    let (whole, fraction) = match unsigned(text).split_once('.') {
        Some((whole, fraction)) if digits(fraction) => (whole, fraction),
        Some(_) => return Some(Err("money")),
        None => (unsigned(text), ""),
    };
    let groups: Vec<&str> = whole.split('\'').collect();
    let grouped = group
        && groups.iter().all(|part| digits(part))
        && groups[0].len() <= 3
        && groups[1..].iter().all(|part| part.len() == 3);
    if !digits(whole) && !grouped || rounding == "exact" && fraction.len() > scale as usize {
        return Some(Err("money"));
    }
    let plain = text.replace('\'', "");
    let mut number = Decimal::from_str_exact(plain.trim_start_matches('+')).ok()?;
    let strategy = match rounding {
        "half_up" => RoundingStrategy::MidpointAwayFromZero,
        "half_even" => RoundingStrategy::MidpointNearestEven,
        _ => RoundingStrategy::ToZero,
    };
    number = number.round_dp_with_strategy(scale, strategy);
    number.rescale(scale);
    if number.abs() >= Decimal::from_i128_with_scale(10_i128.pow(precision - scale), 0) {
        return Some(Err("money"));
    }
    if number.is_zero() {
        number.set_sign_positive(true);
    }
    Some(Ok((number.to_string(), Comparable::Number(number))))
}

#[allow(clippy::unnecessary_wraps)] // as the others
fn naive_integer(min: Option<i64>, max: Option<i64>, text: &str) -> Converted {
    if !digits(unsigned(text)) {
        return Some(Err("integer"));
    }
    let Ok(number) = text.parse::<i64>() else { return Some(Err("integer")) };
    if min.is_some_and(|min| number < min) || max.is_some_and(|max| number > max) {
        return Some(Err("range"));
    }
    Some(Ok((number.to_string(), Comparable::Number(number.into()))))
}

#[allow(clippy::unnecessary_wraps)] // as the others
fn naive_region(case: &str, closed: bool, text: &str) -> Converted {
    let words: Vec<&str> = text.split(char::is_whitespace).filter(|word| !word.is_empty()).collect();
    let mut label = words.join(" ");
    label = match case {
        "upper" => label.to_uppercase(),
        "lower" => label.to_lowercase(),
        _ => label,
    };
    let label = if closed && label == "EU" { ALLOWED[0].to_owned() } else { label };
    if closed && !ALLOWED.contains(&label.as_str()) {
        return Some(Err("region"));
    }
    Some(Ok((label.clone(), Comparable::Text(label))))
}

/// What becomes of a record: its temp line up to the column, without positions. `None` where the oracle can't say.
pub fn naive(table: &Table, line: &[u8]) -> Option<String> {
    let reject = |reason: &str, column: &str| Some(format!("{reason}{0}{column}{0}", table.out));
    if line.len() > table.max_record_bytes {
        return reject("too_long", "");
    }
    // csv drops a byte order mark where its stream begins; this one, so that none of the record's own is missed.
    let stream = [b"\xef\xbb\xbf", line].concat();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(table.delimiter as u8)
        .flexible(true)
        .from_reader(stream.as_slice());
    let record = reader.records().next()?.ok()?;
    let (mut row, mut values) = (Vec::new(), Vec::new());
    for (index, (column, text)) in table.columns.iter().zip(&record).enumerate() {
        values.push(None);
        if column.dropped {
            continue;
        }
        let text = if matches!(column.kind, Kind::Text { .. }) {
            text
        } else {
            text.trim_matches(char::is_whitespace)
        };
        if ["", "NULL"].contains(&text) {
            if !column.nullable {
                return reject("required", &format!("c{index}"));
            }
            row.push("\\N".to_owned());
            continue;
        }
        let converted = match &column.kind {
            Kind::Text { max_length: Some(most) } if text.chars().count() > *most => Err("length"),
            Kind::Text { .. } => Ok((text.to_owned(), Comparable::Text(text.to_owned()))),
            Kind::Date { formats, min } => naive_date(formats, *min, text)?,
            Kind::Money { precision, scale, rounding, group } => {
                naive_money(*precision, *scale, rounding, *group, text)?
            }
            Kind::Integer { min, max } => naive_integer(*min, *max, text)?,
            Kind::Region { case, closed } => naive_region(case, *closed, text)?,
        };
        let text = match (converted, &column.invalid) {
            (Ok((text, value)), _) => {
                values[index] = Some(value);
                text
            }
            (Err(reason), Invalid::Reject) => return reject(reason, &format!("c{index}")),
            (Err(_), Invalid::Replace(text)) => (*text).to_owned(),
            (Err(_), Invalid::Null) => {
                row.push("\\N".to_owned());
                continue;
            }
        };
        row.push(text.replace('\\', "\\\\").replace(table.out, &format!("\\{}", table.out)));
    }
    if let Some((left, operator, right)) = table.rule
        && let (Some(left), Some(right)) = (&values[left], &values[right])
    {
        let ordering = match (left, right) {
            (Comparable::Day(left), Comparable::Day(right)) => left.cmp(right),
            (Comparable::Number(left), Comparable::Number(right)) => left.cmp(right),
            (Comparable::Text(left), Comparable::Text(right)) => left.as_bytes().cmp(right.as_bytes()),
            _ => return None,
        };
        let holds = match operator {
            "<" => ordering == Ordering::Less,
            "<=" => ordering != Ordering::Greater,
            "=" => ordering == Ordering::Equal,
            "!=" => ordering != Ordering::Equal,
            ">=" => ordering != Ordering::Less,
            _ => ordering == Ordering::Greater,
        };
        if !holds {
            return reject("rule", "r");
        }
    }
    Some(format!("ok{}{}", table.out, row.join(&table.out.to_string())))
}

/// Lines as Hadoop's reader cuts them from a file's beginning, the naive way: it drops one byte order mark, and what
/// is left has lines.
pub fn naive_lines(mut text: &[u8]) -> Vec<&[u8]> {
    text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut lines = Vec::new();
    while !text.is_empty() {
        let end = text.iter().position(|byte| b"\r\n".contains(byte)).unwrap_or(text.len());
        lines.push(&text[..end]);
        text = &text[end..];
        text = text.strip_prefix(b"\r\n").unwrap_or(text.get(1..).unwrap_or_default());
    }
    lines
}
