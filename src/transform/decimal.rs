//! Exact decimals of up to 38 digits, and totals of them that cannot overflow.

use std::cmp::Ordering;
use std::fmt;

/// An exact decimal: `unscaled / 10^scale`, of at most 38 digits, as Hive's `DECIMAL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    /// All digits as one signed number, its size below 10^38.
    pub unscaled: i128,
    /// How many of the digits stand after the point, 0 to 38.
    pub scale: u8,
}

/// 10 to the power of `exponent`, which is at most 38.
pub(super) fn power(exponent: u8) -> u128 {
    // A table: these are asked for with every amount.
    const POWERS: [u128; 39] = {
        let mut powers = [1; 39];
        let mut exponent = 1;
        while exponent < powers.len() {
            powers[exponent] = powers[exponent - 1] * 10;
            exponent += 1;
        }
        powers
    };
    POWERS[usize::from(exponent)]
}

impl Decimal {
    /// Reads `-12.30` as 1230 at scale 2. `None` for anything that is not sign, digits and a point between
    /// digits, or has more than 38 digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = super::sign(text);
        let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(whole) || !fraction.is_none_or(all_digits) {
            return None;
        }
        let fraction = fraction.unwrap_or_default();
        let mut size = 0_u128;
        for digit in whole.bytes().chain(fraction.bytes()) {
            size = size.checked_mul(10)?.checked_add(u128::from(digit - b'0'))?;
        }
        if size >= power(38) {
            return None;
        }
        let unscaled = i128::try_from(size).ok()?;
        let scale = u8::try_from(fraction.len()).ok().filter(|scale| *scale <= 38)?;
        Some(Self { unscaled: if negative { -unscaled } else { unscaled }, scale })
    }

    /// Reads a number of one scale, as `parse` does. `None` where it is none, or has another scale.
    #[must_use]
    pub fn parse_scaled(text: &[u8], scale: u8) -> Option<Self> {
        let (negative, digits) = match text {
            [sign @ (b'-' | b'+'), digits @ ..] => (*sign == b'-', digits),
            digits => (false, digits),
        };
        let places = usize::from(scale);
        // Nearly all have this form: up to 19 digits, which 64 bits hold, and one point in its place.
        let (whole, fraction) = match digits.len().checked_sub(places) {
            Some(whole) if places == 0 => (&digits[..whole], &[][..]),
            Some(point @ 2..) if digits[point - 1] == b'.' => (&digits[..point - 1], &digits[point..]),
            _ => return Self::parse_other(text, scale),
        };
        if whole.is_empty() || whole.len() + places > 19 {
            return Self::parse_other(text, scale);
        }
        if let Some(size) = sixteen(digits, places) {
            return Some(Self { unscaled: if negative { -i128::from(size) } else { size.into() }, scale });
        }
        let (mut size, mut odd) = (0_u64, false);
        for part in [whole, fraction] {
            for byte in part {
                let digit = byte.wrapping_sub(b'0');
                odd |= digit > 9;
                size = size.wrapping_mul(10).wrapping_add(u64::from(digit));
            }
        }
        if odd {
            return Self::parse_other(text, scale);
        }
        let unscaled = i128::from(size);
        Some(Self { unscaled: if negative { -unscaled } else { unscaled }, scale })
    }

    #[cold]
    fn parse_other(text: &[u8], scale: u8) -> Option<Self> {
        let number = std::str::from_utf8(text).ok().and_then(Self::parse);
        number.filter(|number| number.scale == scale)
    }

    /// Appends the canonical text: at least one digit before the point, `scale` digits after it, no `-0`.
    pub fn write(self, out: &mut Vec<u8>) {
        if self.unscaled < 0 {
            out.push(b'-');
        }
        write_digits(self.unscaled.unsigned_abs(), self.scale, out);
    }
}

/// The number that up to sixteen digits are, with a point before the last `places` of them where there are any. `None`
/// for more, and for anything else.
fn sixteen(digits: &[u8], places: usize) -> Option<u64> {
    let mut text = [b'0'; 16];
    text[16_usize.checked_sub(digits.len())?..].copy_from_slice(digits);
    let mut text = u128::from_be_bytes(text);
    if places > 0 {
        // Takes the point out.
        let behind = (1 << (8 * places)) - 1;
        text = u128::from(b'0') << 120 | (text >> 8) & !behind | text & behind;
    }
    let [high, low] = [text >> 64, text & u128::from(u64::MAX)].map(|half| u64::try_from(half).unwrap_or(0));
    Some(eight(high)? * 100_000_000 + eight(low)?)
}

/// The number that eight digits are, the first in the highest byte.
fn eight(text: u64) -> Option<u64> {
    const HALVES: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    const DIGITS: u64 = 0x3030_3030_3030_3030;
    // '0' to '9' are 0x30 to 0x39, which six more do not take beyond 0x3f.
    let more = text.wrapping_add(0x0606_0606_0606_0606);
    if text & HALVES != DIGITS || more & HALVES != DIGITS {
        return None;
    }
    // Neighbours are joined: to two digits, to four, to eight.
    let ones = (text & !HALVES).swap_bytes();
    let twos = (ones.wrapping_mul(10 << 8 | 1) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (twos.wrapping_mul(100 << 16 | 1) >> 16) & 0x0000_ffff_0000_ffff;
    Some(fours.wrapping_mul(10_000 << 32 | 1) >> 32)
}

impl PartialOrd for Decimal {
    /// Compares the numbers, whatever their scales.
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let split = |decimal: &Self| {
            let unit = i128::try_from(power(decimal.scale)).unwrap_or(i128::MAX);
            (decimal.unscaled.div_euclid(unit), decimal.unscaled.rem_euclid(unit))
        };
        let (left, right) = (split(self), split(other));
        // A fraction is below 10^scale, so brought to 38 digits it is below 10^38 and fits.
        let fraction = |part: i128, scale: u8| part.unsigned_abs() * power(38 - scale);
        Some(
            left.0
                .cmp(&right.0)
                .then_with(|| fraction(left.1, self.scale).cmp(&fraction(right.1, other.scale))),
        )
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        self.write(&mut text);
        f.write_str(&String::from_utf8_lossy(&text))
    }
}

/// Appends a number's digits with a point before the last `scale` of them.
fn write_digits(mut size: u128, scale: u8, out: &mut Vec<u8>) {
    // 39 digits are the most that 128 bits hold; one more where the point moves them.
    let mut digits = [b'0'; 40];
    let mut at = digits.len();
    // Numbers of up to 19 digits, nearly all of them, are spared the 128-bit division.
    let mut small = loop {
        if let Ok(small) = u64::try_from(size) {
            break small;
        }
        at -= 1;
        digits[at] = b'0' + u8::try_from(size % 10).unwrap_or(0);
        size /= 10;
    };
    while small > 0 {
        at -= 1;
        digits[at] = b'0' + u8::try_from(small % 10).unwrap_or(0);
        small /= 10;
    }
    let scale = usize::from(scale);
    let point = digits.len() - scale;
    let first = at.min(point - 1);
    out.extend_from_slice(&digits[first..point]);
    if scale > 0 {
        out.push(b'.');
        out.extend_from_slice(&digits[point..]);
    }
}

/// An exact sum of decimals of one scale. It holds 2^63 numbers of 38 digits, so it cannot overflow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Total {
    /// Multiples of 10^19.
    high: i128,
    /// What is left, kept between -10^19 and 10^19.
    low: i128,
    scale: u8,
}

/// Where a total is cut in two.
const CUT: i128 = 10_000_000_000_000_000_000;

impl Total {
    /// Zero, at a scale.
    #[must_use]
    pub fn zero(scale: u8) -> Self {
        Self { high: 0, low: 0, scale }
    }

    /// How many of its digits stand after the point.
    #[must_use]
    pub fn scale(&self) -> u8 {
        self.scale
    }

    /// Adds a number; its scale must be the total's.
    pub fn add(&mut self, number: Decimal) {
        debug_assert_eq!(number.scale, self.scale, "a column has one scale");
        if number.unscaled.unsigned_abs() < CUT.unsigned_abs() {
            self.carry(0, number.unscaled);
        } else {
            self.carry(number.unscaled / CUT, number.unscaled % CUT);
        }
    }

    /// Adds another total of the same scale.
    pub fn merge(&mut self, other: &Self) {
        debug_assert_eq!(other.scale, self.scale, "a column has one scale");
        self.carry(other.high, other.low);
    }

    fn carry(&mut self, high: i128, low: i128) {
        let low = self.low + low;
        self.high += high;
        // A division of 128 bits costs more than all the rest, and is due once in 10^19.
        if low.unsigned_abs() < CUT.unsigned_abs() {
            self.low = low;
        } else {
            self.high += low / CUT;
            self.low = low % CUT;
        }
    }

    /// Reads what `Display` wrote, of any length. `None` where the scale or the text is another.
    #[must_use]
    pub fn parse(text: &str, scale: u8) -> Option<Self> {
        let (negative, digits) = super::sign(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() || fraction.len() != usize::from(scale) {
            return None;
        }
        let mut total = Self::zero(scale);
        for digit in whole.bytes().chain(fraction.bytes()) {
            let digit = i128::from(digit.is_ascii_digit().then(|| digit - b'0')?);
            let high = total.high.checked_mul(10)?;
            let low = total.low * 10 + digit;
            total = Self { high: 0, low: 0, scale };
            total.carry(high, low);
        }
        if negative {
            total = Self { high: -total.high, low: -total.low, scale };
        }
        Some(total)
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Both halves must have one sign before their digits can be written behind each other.
        let (mut high, mut low) = (self.high, self.low);
        if high > 0 && low < 0 {
            (high, low) = (high - 1, low + CUT);
        } else if high < 0 && low > 0 {
            (high, low) = (high + 1, low - CUT);
        }
        let sign = if high < 0 || low < 0 { "-" } else { "" };
        let digits = format!("{}{:019}", high.unsigned_abs(), low.unsigned_abs());
        let scale = usize::from(self.scale);
        let digits = format!("{:0>width$}", digits.trim_start_matches('0'), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let point = if scale > 0 { "." } else { "" };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_decimal_is_written_in_canonical_form() {
        for (unscaled, scale, text) in [
            (0, 2, "0.00"),
            (5, 2, "0.05"),
            (-5, 2, "-0.05"),
            (1230, 2, "12.30"),
            (7, 0, "7"),
            (-100, 0, "-100"),
            (10_i128.pow(38) - 1, 38, "0.99999999999999999999999999999999999999"),
            (1 - 10_i128.pow(38), 0, "-99999999999999999999999999999999999999"),
        ] {
            let decimal = Decimal { unscaled, scale };
            assert_eq!(decimal.to_string(), text);
            assert_eq!(Decimal::parse(text), Some(decimal));
        }
    }

    #[test]
    fn numbers_of_other_scales_compare_by_their_size() {
        let number = |text: &str| Decimal::parse(text).unwrap();
        assert!(number("1.5") < number("1.50000000000000000000000001"));
        assert!(number("-1.5") < number("-1.4"));
        assert!(
            number("99999999999999999999999999999999999999")
                > number("0.00000000000000000000000000000000000001")
        );
        assert_eq!(number("2.0").partial_cmp(&number("2")), Some(Ordering::Equal));
    }

    #[test]
    fn a_total_goes_past_38_digits() {
        let largest = Decimal { unscaled: 10_i128.pow(38) - 1, scale: 2 };
        let mut total = Total::zero(2);
        for _ in 0..1000 {
            total.add(largest);
        }
        assert_eq!(total.to_string(), "999999999999999999999999999999999999990.00");
    }

    proptest! {
        #[test]
        fn numbers_are_read_as_they_are_written(unscaled in any::<i64>(), shift in 0_u32..64, scale in 0_u8..20) {
            let number = Decimal { unscaled: i128::from(unscaled >> shift), scale };
            prop_assert_eq!(Decimal::parse_scaled(number.to_string().as_bytes(), scale), Some(number));
        }

        #[test]
        fn the_fast_reading_is_the_slow_one(text in "[-+]?[0-9]{0,22}[.,/:+x]?[0-9]{0,4}\\PC?", scale in 0_u8..6) {
            let slow = Decimal::parse(&text).filter(|number| number.scale == scale);
            prop_assert_eq!(Decimal::parse_scaled(text.as_bytes(), scale), slow);
        }

        #[test]
        fn a_total_is_the_sum_and_reads_back(numbers in prop::collection::vec(any::<i64>(), 0..50), scale in 0_u8..20) {
            let mut total = Total::zero(scale);
            let mut sum = 0_i128;
            for number in numbers {
                // Large and small in turn, so that both halves are used.
                let unscaled = i128::from(number) * if number % 2 == 0 { 10_i128.pow(18) } else { 1 };
                total.add(Decimal { unscaled, scale });
                sum += unscaled;
            }
            let expected = Decimal { unscaled: sum, scale }.to_string();
            prop_assert_eq!(total.to_string(), expected.clone());
            prop_assert_eq!(Total::parse(&expected, scale).unwrap().to_string(), expected);
        }
    }
}
