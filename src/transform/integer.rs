//! `integer`: a whole number of 64 bits.

use super::{Bounds, Class, Decimal, Transform, Value, bounds, sign};
use crate::plan::{self, Kernel};
use crate::record::Reason;
use crate::spec::options::{Options, Reader, number_text};

#[derive(Debug)]
struct Integer {
    bounds: Bounds<i64>,
}

pub(super) fn build(reader: &mut Reader, options: &mut Options) -> Box<dyn Transform> {
    let bounds = bounds(reader, options, "a whole number", |value| parse(&number_text(value)?));
    Box::new(Integer { bounds })
}

/// An optional sign and ASCII digits, any number of leading zeros, within 64 bits.
fn parse(text: &str) -> Option<i64> {
    let (negative, digits) = sign(text);
    if digits.is_empty() {
        return None;
    }
    let mut number = 0_i64;
    for byte in digits.bytes() {
        let digit = i64::from(byte.is_ascii_digit().then(|| byte - b'0')?);
        number = number.checked_mul(10)?;
        // Counted downwards for a negative number: its range reaches one further.
        number = if negative { number.checked_sub(digit)? } else { number.checked_add(digit)? };
    }
    Some(number)
}

impl Transform for Integer {
    fn hive(&self) -> String {
        "BIGINT".to_owned()
    }

    fn class(&self) -> Class {
        Class::Number { precision: 19, scale: 0 }
    }

    fn kernel(&self) -> Option<Kernel> {
        let bounds = match self.bounds {
            Bounds { min: None, max: None } => None,
            Bounds { min, max } => {
                Some(plan::Bounds { min: min.unwrap_or(i64::MIN), max: max.unwrap_or(i64::MAX) })
            }
        };
        Some(Kernel::Integer { bounds })
    }

    fn convert(&self, text: &str, out: &mut Vec<u8>) -> Result<Value, Reason> {
        let number = parse(text).ok_or(Reason::Integer)?;
        self.bounds.hold(&number)?;
        let decimal = Decimal { unscaled: number.into(), scale: 0 };
        decimal.write(out);
        Ok(Value::Number(decimal))
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_whole_number_has_an_optional_sign_and_ascii_digits() {
        for (text, number) in [
            ("0", 0),
            ("-0", 0),
            ("+7", 7),
            ("000000000000000000000012", 12),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(parse(text), Some(number), "{text}");
        }
        for text in [
            "",
            "-",
            "+",
            "--1",
            "1.0",
            "1e3",
            " 1",
            "1_000",
            "٣",
            "9223372036854775808",
            "-9223372036854775809",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
