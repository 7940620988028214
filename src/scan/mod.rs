//! What differs from machine to machine: the index of a stretch, 64 bytes at a time, and a few questions about a
//! field. It is the only place with `unsafe`.
//!
//! How it is sound: a tier's instructions are methods of a type ([`Simd`]) that only exists where the machine was asked
//! for them, and work on arrays that are handed over whole; no method is given an address. What follows from the
//! answers is safe code, which is compiled once for each tier ([`Work`]); it reads and writes through windows, which
//! no place can leave ([`Source`], [`Target`]).

// Places are 32 bits: a stretch is shorter than that.
#![allow(clippy::cast_possible_truncation)]
// All of it is to be inlined into what is compiled for a tier; a hint is not enough there.
#![allow(clippy::inline_always)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod bytes;
mod index;
mod portable;
mod rows;
mod simd;
mod window;

pub use bytes::no_digits;
pub use index::{Index, Masks, Wanted};
pub use portable::Portable;
pub use rows::{RowBytes, RowIndex};
pub use simd::{Day, Form, Marks, NOWHERE, Simd, Work};
pub use window::{Source, Target, WINDOW};

use crate::exit::Error;
#[cfg(target_arch = "x86_64")]
use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
use avx512::Avx512;

/// How many bytes are looked at at once.
pub const LANE: usize = 64;

/// How fast a program may be; all tiers write the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
}

impl Tier {
    /// The specification alone.
    pub const PLAIN: Self = Self(Kind::Plain);
    /// The fast path, without instructions that not every machine has.
    pub const PORTABLE: Self = Self(Kind::Portable);

    /// Every tier that this machine has, the slowest first, by the name that forces it.
    #[must_use]
    pub fn available() -> Vec<(&'static str, Self)> {
        #[allow(unused_mut)]
        let mut tiers = vec![("plain", Self::PLAIN), ("portable", Self::PORTABLE)];
        #[cfg(target_arch = "x86_64")]
        {
            tiers.extend(Avx2::of_this_machine().map(|simd| ("avx2", Self(Kind::Avx2(simd)))));
            tiers.extend(Avx512::of_this_machine().map(|simd| ("avx512", Self(Kind::Avx512(simd)))));
        }
        tiers
    }

    /// The fastest that this machine has.
    #[must_use]
    pub fn best() -> Self {
        Self::available().last().map_or(Self::PLAIN, |(_, tier)| *tier)
    }

    /// Does some work with the tier's instructions.
    #[inline]
    pub fn run<W: Work>(self, work: W) -> W::Answer {
        match self.0 {
            Kind::Plain | Kind::Portable => work.on(Portable),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(simd) => simd.run(work),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(simd) => simd.run(work),
        }
    }

    /// The tier of a name.
    ///
    /// # Errors
    /// Where there is none of that name on this machine.
    pub fn parse(name: &str) -> Result<Self, Error> {
        let available = Self::available();
        let found = available.iter().find(|(known, _)| *known == name);
        found.map(|(_, tier)| *tier).ok_or_else(|| {
            let known: Vec<&str> = available.iter().map(|(known, _)| *known).collect();
            Error::Usage(format!(
                "SLUICEBOX_TIER={name}: this machine has no such tier; there are: {}",
                known.join(", ")
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What every tier answers to the same questions, to be held against the portable one.
    #[derive(Clone, Copy)]
    struct Questions<'q> {
        text: &'q [u8; LANE],
        other: &'q [u8; LANE],
        length: usize,
        bits: u64,
        mask: u64,
    }

    impl Work for Questions<'_> {
        type Answer = (Vec<u64>, Day, bool, Marks, u64, [u8; LANE], u64, usize);

        fn on<S: Simd>(self, simd: S) -> Self::Answer {
            let digits: [u8; 16] = std::array::from_fn(|at| b'0' + self.text[at] % 10);
            let length = 1 + self.length % 16;
            let numbers = (0..length - 1).map(|fraction| simd.number(&digits, length, fraction));
            let places: [u8; 16] = std::array::from_fn(|at| match self.other[at] {
                byte @ 0..128 => byte % 16,
                _ => NOWHERE,
            });
            (
                numbers.collect(),
                simd.day(&digits, &places),
                simd.same(self.text, self.other, self.length % LANE),
                simd.marks(self.text, self.other[0]),
                simd.deposit(self.bits, self.mask),
                simd.replaced(self.text, self.mask, self.other[0]),
                simd.equal(self.text, self.other[0]),
                simd.difference(self.text, self.other),
            )
        }
    }

    struct Amount<'a>(&'a [u8; 16], usize, &'a Form);

    impl Work for Amount<'_> {
        type Answer = Option<u64>;

        fn on<S: Simd>(self, simd: S) -> Self::Answer {
            simd.amount(self.0, self.1, self.2)
        }
    }

    proptest! {
        #[test]
        fn every_tier_answers_as_the_portable_one(
            text in prop::array::uniform::<_, LANE>(prop_oneof![any::<u8>(), b'-'..=b':']),
            bits in any::<u64>(),
            mask in any::<u64>(),
            change in (0..LANE, any::<u8>()),
            length in 0..LANE,
            another in any::<bool>(),
        ) {
            let mut other = text;
            other[change.0] ^= change.1;
            if another {
                other.reverse();
            }
            let questions = Questions { text: &text, other: &other, length, bits, mask };
            let expected = Tier::PORTABLE.run(questions);
            prop_assert_eq!(expected.2, text[..length] == other[..length]);
            let equal = |at: usize| u64::from(text[at] == other[0]) << at;
            prop_assert_eq!(expected.6, (0..LANE).map(equal).sum::<u64>());
            prop_assert_eq!(expected.7, (0..LANE).find(|at| text[*at] != other[*at]).unwrap_or(LANE));
            for (name, tier) in Tier::available() {
                prop_assert_eq!(&tier.run(questions), &expected, "{}", name);
            }
        }

        #[test]
        fn an_amount_is_what_its_digits_spell(
            text in prop::array::uniform16(prop_oneof![20 => b'0'..=b'9', 1 => any::<u8>()]),
            scale in 0_u8..20,
            length in 1_usize..=16,
            point in prop_oneof![4 => Just(b'.'), 1 => b'&'..=b'9', 1 => any::<u8>()],
        ) {
            let Some(form) = Form::new(scale) else { return Ok(()) };
            let (length, scale) = (length.max(form.least), usize::from(scale));
            let mut text = text;
            if scale > 0 {
                text[15 - scale] = point;
            }
            let last = &text[16 - length..];
            let point = scale == 0 || last[length - scale - 1] == b'.';
            let digits: Vec<u8> =
                (0..length).filter(|at| scale == 0 || *at != length - scale - 1).map(|at| last[at]).collect();
            let all = point && digits.iter().all(u8::is_ascii_digit);
            let expected = all.then(|| String::from_utf8(digits).unwrap().parse::<u64>().unwrap());
            for (name, tier) in Tier::available() {
                prop_assert_eq!(tier.run(Amount(&text, length, &form)), expected, "{}", name);
            }
        }

        #[test]
        fn a_number_is_what_its_digits_spell(number in 0..10_u64.pow(15), fraction in 0_usize..15) {
            let mut text = format!("{number:015}");
            if fraction > 0 {
                text.insert(15 - fraction, '.');
            }
            let mut bytes = [b'9'; 16];
            bytes[..text.len()].copy_from_slice(text.as_bytes());
            prop_assert_eq!(Portable.number(&bytes, text.len(), fraction), number);
        }
    }

    #[test]
    fn a_tier_has_a_name() {
        for (name, tier) in Tier::available() {
            assert_eq!(Tier::parse(name).unwrap(), tier);
        }
        let message = Tier::parse("quantum").unwrap_err().to_string();
        assert!(
            message.starts_with(
                "SLUICEBOX_TIER=quantum: this machine has no such tier; there are: plain, portable"
            ),
            "{message}"
        );
    }
}
