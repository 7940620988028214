//! The numbers of a written row that are added up, read where they stand.
//!
//! The slow twin is [`Books::written_row`](super::Books::written_row): a row whose numbers are all read here is one that
//! it books without an error, with the same sums. Of any other row nothing is said.

// What is compiled for each tier must be inlined into it; a hint is not enough there.
#![allow(clippy::inline_always)]

use super::escape;
use crate::scan::{Form, Simd, Source};
use crate::spec::Spec;
use crate::transform::Decimal;

/// Reads the numbers of rows of one spec.
#[derive(Debug)]
pub struct Numbers {
    /// How many columns a row has.
    columns: usize,
    /// What is added up, in the spec's order.
    sums: Vec<Sum>,
    /// What was read of the last row, in units of the last digit.
    read: Vec<i64>,
}

/// A column that is added up.
#[derive(Debug, Clone, Copy)]
struct Sum {
    /// Its place in a row.
    place: usize,
    scale: u8,
    /// How its numbers are written, where 16 bytes hold any.
    form: Option<Form>,
}

impl Sum {
    fn new(place: usize, scale: u8) -> Self {
        Self { place, scale, form: Form::new(scale) }
    }
}

impl Numbers {
    /// None read yet.
    #[must_use]
    pub fn new(spec: &Spec) -> Self {
        let sum = |column: &usize| Sum::new(spec.kept_index(*column), spec.sum_scale(*column));
        let sums: Vec<Sum> = spec.sums.iter().map(sum).collect();
        Self { columns: spec.kept().count(), read: vec![0; sums.len()], sums }
    }

    /// Reads the numbers of the row that begins at `start` and whose fields end at `ends`. `None` where it has not as many
    /// columns as the spec, or the slow twin must read them.
    #[inline(always)]
    pub fn read<S: Simd>(&mut self, simd: S, source: Source, start: usize, ends: &[u32]) -> Option<&[i64]> {
        if ends.len() != self.columns {
            return None;
        }
        for (sum, read) in self.sums.iter().zip(&mut self.read) {
            let end = *ends.get(sum.place)? as usize;
            let from = if sum.place == 0 { start } else { ends[sum.place - 1] as usize + 1 };
            let usual = match &sum.form {
                Some(form) => usual(simd, source, from, end, form),
                None => None,
            };
            *read = match usual {
                Some(number) => number,
                None => other(source.bytes().get(from..end)?, sum.scale)?,
            };
        }
        Some(&self.read)
    }
}

/// A number of up to 16 bytes behind its sign. `None` for more, and for anything else.
#[inline(always)]
fn usual<S: Simd>(simd: S, source: Source, from: usize, end: usize, form: &Form) -> Option<i64> {
    let length = end.wrapping_sub(from);
    if length.wrapping_sub(1) >= 16 {
        return None;
    }
    let text: &[u8; 16] = source.window(end.wrapping_sub(16))?.first_chunk()?;
    let negative = text[16 - length] == b'-';
    let length = length - usize::from(negative);
    if length < form.least {
        return None;
    }
    let number = simd.amount(text, length, form)?.cast_signed();
    Some(if negative { -number } else { number })
}

/// Any other number of 64 bits; NULL adds nothing.
#[cold]
fn other(text: &[u8], scale: u8) -> Option<i64> {
    match Decimal::parse_scaled(text, scale) {
        Some(number) => i64::try_from(number.unscaled).ok(),
        None => (text == escape::NULL).then_some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Tier, WINDOW, Work};
    use proptest::prelude::*;

    /// How many bytes stand before the row.
    const BEFORE: usize = 20;

    struct Read<'r>(&'r mut Numbers, &'r [u8], &'r [u32]);

    impl Work for Read<'_> {
        type Answer = Option<Vec<i64>>;

        #[inline(always)]
        fn on<S: Simd>(self, simd: S) -> Self::Answer {
            self.0.read(simd, Source::new(self.1), BEFORE, self.2).map(<[i64]>::to_vec)
        }
    }

    proptest! {
        #[test]
        fn numbers_are_those_of_the_slow_reading(
            text in prop_oneof![
                "-?[0-9]{1,14}[.][0-9]{1,4}",
                "-?[0-9]{1,7}[&-9][0-9]{1,4}",
                "[-+]?[0-9]{0,21}[.,/:+x-]?[0-9]{0,4}\\PC?",
                Just("\\N".to_owned()),
            ],
            scale in 0_u8..20,
            fit in any::<bool>(),
            before in prop::array::uniform::<_, BEFORE>(any::<u8>()),
            rest in prop::collection::vec(any::<u8>(), WINDOW),
        ) {
            // Else hardly any would have the scale that is asked for.
            let behind = text.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| text.len() - at - 1);
            let scale = if fit { u8::try_from(behind).unwrap() } else { scale };
            let mut numbers = Numbers { columns: 1, sums: vec![Sum::new(0, scale)], read: vec![0] };
            let end = [u32::try_from(BEFORE + text.len()).unwrap()];
            let text = text.as_bytes();
            let expected = other(text, scale).map(|number| vec![number]);
            for (name, tier) in Tier::available() {
                for rest in [&rest[..], b""] {
                    let stretch = [&before, text, rest].concat();
                    let read = tier.run(Read(&mut numbers, &stretch, &end));
                    prop_assert_eq!(&read, &expected, "{}", name);
                }
            }
        }
    }
}
