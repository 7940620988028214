//! Finds the bytes that cut a stretch of lines into fields, 64 bytes at a time. It is the only place with `unsafe`.
//!
//! How it is sound: each tier turns 64 bytes, handed over as an array, into bit masks and does nothing else. What
//! follows from the masks is safe code that all tiers share; it reads and writes through the windows of [`window`],
//! which no place can leave. A tier that needs instructions which not every machine has can only be had from [`Tier::available`], which
//! asks the machine.

// Places are 32 bits: a stretch is shorter than that.
#![allow(clippy::cast_possible_truncation)]

#[cfg(target_arch = "x86_64")]
mod avx2;
mod digits;
mod portable;
mod window;

pub use digits::no_digits;
pub use window::{BEHIND, SLACK, Source, Target};

use crate::exit::Error;

/// How many bytes are looked at at once.
const LANE: usize = 64;

/// How fast a program may be; all tiers write the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
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
        if is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("popcnt")
        {
            tiers.push(("avx2", Self(Kind::Avx2)));
        }
        tiers
    }

    /// The fastest that this machine has.
    #[must_use]
    pub fn best() -> Self {
        Self::available().last().map_or(Self::PLAIN, |(_, tier)| *tier)
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

/// The bytes that are looked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Between fields.
    pub delimiter: u8,
    /// Bytes that make a line odd: it then needs a closer look. A byte may stand there twice.
    pub odd: [u8; 4],
}

/// Which of 64 bytes are what, the first byte in the lowest bit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Masks {
    delimiters: u64,
    line_feeds: u64,
    odd: u64,
    /// Beyond ASCII.
    high: u64,
}

/// Where a stretch of lines is cut. Places are bytes from the beginning of the stretch.
#[derive(Debug, Default)]
pub struct Index {
    /// Where fields end: every delimiter and every line feed. The first entry is none of them: [`Self::BEFORE`].
    pub ends: Vec<u32>,
    /// Which of `ends` are line feeds.
    pub lines: Vec<u32>,
    /// Where the odd bytes are.
    pub odd: Vec<u32>,
    /// Whether any byte is beyond ASCII.
    pub high: bool,
}

impl Index {
    /// The place before the stretch; the one behind it is 0.
    pub const BEFORE: u32 = u32::MAX;

    /// Makes the index of a stretch of less than 4 GiB.
    pub fn fill(&mut self, tier: Tier, wanted: Wanted, stretch: &[u8]) {
        self.ends.clear();
        self.ends.push(Self::BEFORE);
        self.lines.clear();
        self.odd.clear();
        self.high = false;
        match tier.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => avx2::fill(self, wanted, stretch),
            Kind::Plain | Kind::Portable => self.walk(stretch, |lane| portable::masks(lane, wanted)),
        }
    }

    /// Goes over a stretch lane by lane.
    #[inline(always)]
    #[allow(clippy::inline_always)] // it is compiled anew for the instructions of each tier
    fn walk(&mut self, stretch: &[u8], masks: impl Fn(&[u8; LANE]) -> Masks) {
        let (lanes, rest) = stretch.as_chunks::<LANE>();
        let mut base = 0;
        for lane in lanes {
            self.note(base, masks(lane));
            base += LANE as u32;
        }
        if !rest.is_empty() {
            let mut lane = [0; LANE];
            lane[..rest.len()].copy_from_slice(rest);
            // What pads the lane may be what is looked for.
            let there = (1 << rest.len()) - 1;
            let Masks { delimiters, line_feeds, odd, high } = masks(&lane);
            self.note(
                base,
                Masks {
                    delimiters: delimiters & there,
                    line_feeds: line_feeds & there,
                    odd: odd & there,
                    high: high & there,
                },
            );
        }
    }

    #[inline(always)]
    #[allow(clippy::inline_always)] // as `walk`
    fn note(&mut self, base: u32, masks: Masks) {
        let mut line_feeds = masks.line_feeds;
        while line_feeds != 0 {
            let bit = line_feeds & line_feeds.wrapping_neg();
            let before = (masks.delimiters | masks.line_feeds) & (bit - 1);
            self.lines.push(self.ends.len() as u32 + before.count_ones());
            line_feeds ^= bit;
        }
        places(&mut self.ends, base, masks.delimiters | masks.line_feeds);
        if masks.odd != 0 {
            places(&mut self.odd, base, masks.odd);
        }
        self.high |= masks.high != 0;
    }
}

/// Appends the places of the bits that are set.
#[inline(always)]
#[allow(clippy::inline_always)] // as `walk`
fn places(to: &mut Vec<u32>, base: u32, mut mask: u64) {
    // Eight at a time whether they are there or not, so that their number decides no branch.
    let end = to.len() + mask.count_ones() as usize;
    while mask != 0 {
        let mut eight = [0; 8];
        for place in &mut eight {
            *place = base + mask.trailing_zeros();
            mask &= mask.wrapping_sub(1);
        }
        to.extend_from_slice(&eight);
    }
    to.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The naive twin.
    fn expected(wanted: Wanted, stretch: &[u8]) -> (Vec<u32>, Vec<u32>, Vec<u32>, bool) {
        let places = |is: &dyn Fn(u8) -> bool| -> Vec<u32> {
            (0..).zip(stretch).filter(|(_, byte)| is(**byte)).map(|(place, _)| place).collect()
        };
        let mut ends = places(&|byte| byte == wanted.delimiter || byte == b'\n');
        let lines = (1..).zip(&ends).filter(|(_, end)| stretch[**end as usize] == b'\n').map(|(at, _)| at);
        let lines: Vec<u32> = lines.collect();
        ends.insert(0, Index::BEFORE);
        (ends, lines, places(&|byte| wanted.odd.contains(&byte)), !stretch.is_ascii())
    }

    proptest! {
        #[test]
        fn every_tier_finds_what_the_naive_twin_finds(
            stretch in prop::collection::vec(prop_oneof![prop::sample::select(&b",\n\"\r\\\t\0a\x8d\xac"[..]), any::<u8>()], 0..400),
            delimiter in prop::sample::select(&b",;\t\0\x7f"[..]),
            odd in prop::array::uniform4(prop::sample::select(&b"\"\r\\\t\0\x01"[..])),
        ) {
            let wanted = Wanted { delimiter, odd };
            for (name, tier) in Tier::available() {
                let mut index = Index::default();
                index.fill(tier, wanted, &stretch);
                let found = (index.ends, index.lines, index.odd, index.high);
                prop_assert_eq!(&found, &expected(wanted, &stretch), "{}", name);
            }
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
