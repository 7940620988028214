//! `money`: an exact decimal, read digit by digit, rounded once, never through floating point.

use super::decimal::power;
use super::{Bounds, Class, Decimal, Transform, Value, bounds, sign};
use crate::plan::{self, Kernel, Rounding};
use crate::record::Reason;
use crate::spec::options::{Options, Reader, number_text};

#[derive(Debug)]
struct Money {
    precision: u8,
    scale: u8,
    rounding: Rounding,
    decimal: char,
    group: Option<char>,
    bounds: Bounds<Decimal>,
}

pub(super) fn build(reader: &mut Reader, options: &mut Options) -> Box<dyn Transform> {
    let scale_at = options.place("scale");
    let precision = options.integer(reader, "precision", 1..39).unwrap_or(18);
    let scale = options.integer(reader, "scale", 0..39).unwrap_or(2.min(precision));
    if scale > precision {
        reader.error(&scale_at, format!("`scale` {scale} is above `precision` {precision}; lower it"));
    }
    let roundings = [
        ("half_up", Rounding::HalfUp),
        ("half_even", Rounding::HalfEven),
        ("down", Rounding::Down),
        ("exact", Rounding::Exact),
    ];
    let rounding = options.choice(reader, "rounding", &roundings).unwrap_or(Rounding::Exact);
    let group_at = options.place("group");
    let decimal = separator(reader, options, "decimal").unwrap_or('.');
    let group = separator(reader, options, "group");
    if group == Some(decimal) {
        reader.error(&group_at, format!("`group` and `decimal` are both \"{decimal}\"; they must differ"));
    }
    // Both are at most 38.
    let (precision, scale) = (u8::try_from(precision).unwrap_or(38), u8::try_from(scale).unwrap_or(38));
    let whole = precision.saturating_sub(scale);
    let wanted = format!(
        "an exact number of up to {whole} digits before the point and {scale} after it (`precision` {precision}, \
         `scale` {scale})"
    );
    let bounds = bounds(reader, options, &wanted, |value| {
        Decimal::parse(&number_text(value)?).filter(|number| fits(*number, whole, scale))
    });
    Box::new(Money { precision, scale, rounding, decimal, group, bounds })
}

/// Whether a column with so many digits before and after the point can hold the number as it is.
fn fits(number: Decimal, whole: u8, scale: u8) -> bool {
    let (mut digits, mut places) = (number.unscaled.unsigned_abs(), number.scale);
    while places > scale && digits.is_multiple_of(10) {
        (digits, places) = (digits / 10, places - 1);
    }
    places <= scale && digits < power(whole + places)
}

fn separator(reader: &mut Reader, options: &mut Options, key: &'static str) -> Option<char> {
    let at = options.place(key);
    let text = options.string(reader, key)?;
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(one), None) if !one.is_numeric() && !matches!(one, '+' | '-') => Some(one),
        _ => {
            reader.error(&at, format!("`{key}` takes one character, not a digit or a sign, such as \",\""));
            None
        }
    }
}

/// The digits of a number as they are read: leading zeros drop out, 38 are kept, more are an overflow.
#[derive(Default)]
struct Digits {
    /// The first digits, which is all of them for nearly every number, in one machine word.
    small: u64,
    /// All of them where that is not enough, else 0.
    large: u128,
    overflow: bool,
}

impl Digits {
    fn push(&mut self, digit: u8) {
        const ENOUGH: u64 = 10_u64.pow(18);
        if self.small < ENOUGH {
            self.small = self.small * 10 + u64::from(digit);
        } else if self.size() < power(37) {
            self.large = self.size() * 10 + u128::from(digit);
        } else {
            self.overflow = true;
        }
    }

    fn size(&self) -> u128 {
        if self.large > 0 { self.large } else { self.small.into() }
    }
}

impl Money {
    /// Reads the part before the decimal sign and returns what follows it.
    fn whole<'t>(&self, text: &'t str, digits: &mut Digits) -> Option<&'t str> {
        let mut rest = text;
        let mut run = 0_usize; // digits since the last separator
        let mut groups = 0_usize;
        loop {
            match rest.as_bytes().first() {
                Some(byte) if byte.is_ascii_digit() => {
                    digits.push(byte - b'0');
                    run += 1;
                    rest = &rest[1..];
                }
                _ => {
                    let after = self.group.and_then(|group| rest.strip_prefix(group));
                    let whole_group = if groups == 0 { (1..=3).contains(&run) } else { run == 3 };
                    match after {
                        Some(after) if whole_group => {
                            (rest, run, groups) = (after, 0, groups + 1);
                        }
                        None if run > 0 && (groups == 0 || run == 3) => return Some(rest),
                        _ => return None,
                    }
                }
            }
        }
    }

    fn parse(&self, text: &str) -> Option<Decimal> {
        let (negative, text) = sign(text);
        let mut digits = Digits::default();
        let rest = self.whole(text, &mut digits)?;
        let fraction = match rest.strip_prefix(self.decimal) {
            Some(fraction) if !fraction.is_empty() => fraction.as_bytes(),
            None if rest.is_empty() => b"",
            _ => return None,
        };
        if !fraction.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let (kept, dropped) = fraction.split_at(fraction.len().min(usize::from(self.scale)));
        for index in 0..usize::from(self.scale) {
            digits.push(kept.get(index).map_or(0, |digit| digit - b'0'));
        }
        let up = match (self.rounding, dropped) {
            (_, []) | (Rounding::Down, _) => false,
            (Rounding::Exact, _) => return None,
            (Rounding::HalfUp, [first, ..]) => *first >= b'5',
            (Rounding::HalfEven, [first, others @ ..]) => {
                let odd = digits.size() % 2 == 1;
                let above_half = others.iter().any(|digit| *digit != b'0');
                *first > b'5' || *first == b'5' && (above_half || odd)
            }
        };
        let size = digits.size() + u128::from(up);
        if digits.overflow || size >= power(self.precision) {
            return None;
        }
        let unscaled = i128::try_from(size).ok()?;
        Some(Decimal { unscaled: if negative { -unscaled } else { unscaled }, scale: self.scale })
    }
}

impl Transform for Money {
    fn hive(&self) -> String {
        format!("DECIMAL({},{})", self.precision, self.scale)
    }

    fn class(&self) -> Class {
        Class::Number { precision: self.precision, scale: self.scale }
    }

    fn kernel(&self) -> Option<Kernel> {
        // Bounds that are finer than the scale, or beyond 64 bits, are left to `convert`.
        let unscaled = |bound: Option<Decimal>, otherwise| match bound {
            None => Some(otherwise),
            Some(bound) => {
                let units = i128::try_from(power(self.scale.checked_sub(bound.scale)?)).ok()?;
                i64::try_from(bound.unscaled.checked_mul(units)?).ok()
            }
        };
        let bounds = match self.bounds {
            Bounds { min: None, max: None } => None,
            Bounds { min, max } => {
                Some(plan::Bounds { min: unscaled(min, i64::MIN)?, max: unscaled(max, i64::MAX)? })
            }
        };
        let decimal = u8::try_from(self.decimal).ok().filter(u8::is_ascii)?;
        let whole = usize::from(self.precision - self.scale);
        let Self { scale, rounding, .. } = *self;
        Some(Kernel::Money(plan::Money { whole, scale, decimal, rounding, bounds }))
    }

    fn convert(&self, text: &str, out: &mut Vec<u8>) -> Result<Value, Reason> {
        let decimal = self.parse(text).ok_or(Reason::Money)?;
        self.bounds.hold(&decimal)?;
        decimal.write(out);
        Ok(Value::Number(decimal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rust_decimal::RoundingStrategy;

    fn money(precision: u8, scale: u8, rounding: Rounding) -> Money {
        let bounds = Bounds { min: None, max: None };
        Money { precision, scale, rounding, decimal: '.', group: Some(','), bounds }
    }

    fn read(money: &Money, text: &str) -> Option<String> {
        money.parse(text).map(|decimal| decimal.to_string())
    }

    #[test]
    fn forms_that_are_money() {
        let money = money(18, 2, Rounding::HalfUp);
        for (text, value) in [
            ("00012.340", "12.34"),
            ("-0", "0.00"),
            ("-0.004", "0.00"),
            ("+7", "7.00"),
            ("1,234,567.5", "1234567.50"),
            ("1234567", "1234567.00"),
            ("0.005", "0.01"),
            ("-0.005", "-0.01"),
            ("9999999999999999.994999", "9999999999999999.99"),
        ] {
            assert_eq!(read(&money, text).as_deref(), Some(value), "{text}");
        }
        let zeros = format!("{}1.{}", "0".repeat(10_000), "0".repeat(10_000));
        assert_eq!(read(&money, &zeros).as_deref(), Some("1.00"));
    }

    #[test]
    fn forms_that_are_not() {
        let money = money(18, 2, Rounding::HalfUp);
        for text in [
            "",
            "-",
            ".",
            ".5",
            "5.",
            "1e3",
            "NaN",
            "inf",
            "1 000",
            "1,23",
            "1234,567",
            ",123",
            "123,",
            "1,234,",
            "1,2345",
            "$1",
            "(1)",
            "1.00-",
            "--1",
            "+-1",
            "1.2.3",
            "1.2,345",
            "٣",
            "1_000",
            "0x1F",
            "9999999999999999.995",
            "10000000000000000",
        ] {
            assert_eq!(read(&money, text), None, "{text}");
        }
    }

    #[test]
    fn rounding_at_the_half() {
        for (text, up, even, down) in [
            ("0.5", "1", "0", "0"),
            ("1.5", "2", "2", "1"),
            ("2.5", "3", "2", "2"),
            ("-2.5", "-3", "-2", "-2"),
            ("2.50000000000000000000000000000000000000000001", "3", "3", "2"),
            ("-0.5", "-1", "0", "0"),
        ] {
            assert_eq!(read(&money(18, 0, Rounding::HalfUp), text).as_deref(), Some(up), "{text} up");
            assert_eq!(read(&money(18, 0, Rounding::HalfEven), text).as_deref(), Some(even), "{text} even");
            assert_eq!(read(&money(18, 0, Rounding::Down), text).as_deref(), Some(down), "{text} down");
            assert_eq!(read(&money(18, 0, Rounding::Exact), text), None, "{text} exact");
        }
    }

    #[test]
    fn precision_up_to_38() {
        let nines = "9".repeat(38);
        assert_eq!(read(&money(38, 0, Rounding::Exact), &nines), Some(nines.clone()));
        assert_eq!(read(&money(38, 0, Rounding::HalfUp), &format!("{nines}.5")), None);
        assert_eq!(read(&money(38, 0, Rounding::Exact), &format!("1{nines}")), None);
        let fraction = format!("0.{nines}");
        assert_eq!(read(&money(38, 38, Rounding::Exact), &fraction), Some(fraction));
    }

    proptest! {
        /// Inside its range and grammar, `rust_decimal` is the oracle.
        #[test]
        fn agrees_with_rust_decimal(unscaled in -10_i64.pow(16)..10_i64.pow(16), digits in 0_u32..9, scale in 0_u8..6) {
            let number = rust_decimal::Decimal::new(unscaled, digits);
            for (rounding, strategy) in [
                (Rounding::HalfUp, RoundingStrategy::MidpointAwayFromZero),
                (Rounding::HalfEven, RoundingStrategy::MidpointNearestEven),
                (Rounding::Down, RoundingStrategy::ToZero),
            ] {
                let mut expected = number.round_dp_with_strategy(scale.into(), strategy);
                expected.rescale(scale.into());
                if expected.is_zero() {
                    expected.set_sign_positive(true);
                }
                let found = read(&money(30, scale, rounding), &number.to_string());
                prop_assert_eq!(found, Some(expected.to_string()));
            }
        }
    }
}
