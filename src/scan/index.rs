//! The index of a stretch: where its fields and lines end.

use super::simd::{Simd, Work};
use super::{LANE, Tier};

/// The bytes that are looked for, besides line feeds and carriage returns.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Between fields.
    pub delimiter: u8,
    /// Bytes that make a line odd: it then needs a closer look. A byte may stand there twice.
    pub odd: [u8; 3],
}

/// Which of 64 bytes are what, the first byte in the lowest bit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Masks {
    pub(super) delimiters: u64,
    pub(super) line_feeds: u64,
    /// Carriage returns.
    pub(super) returns: u64,
    pub(super) odd: u64,
    /// Beyond ASCII.
    pub(super) high: u64,
}

impl Masks {
    /// Those among the first `count` bytes.
    fn first(self, count: usize) -> Self {
        let there = (1 << count) - 1;
        Self {
            delimiters: self.delimiters & there,
            line_feeds: self.line_feeds & there,
            returns: self.returns & there,
            odd: self.odd & there,
            high: self.high & there,
        }
    }
}

/// Where a stretch of lines is cut. Places are bytes from the beginning of the stretch.
#[derive(Debug, Default)]
pub struct Index {
    ends: Places,
    lines: Places,
    odd: Vec<u32>,
    high: bool,
}

/// A list that is written in pieces, which may reach beyond its end.
#[derive(Debug, Default)]
struct Places {
    /// The list, and room behind it.
    room: Vec<u32>,
    count: usize,
}

impl Index {
    /// Makes the index of a stretch of less than 4 GiB.
    pub fn fill(&mut self, tier: Tier, wanted: Wanted, stretch: &[u8]) {
        tier.run(Fill { index: self, wanted, stretch });
    }

    /// Where fields end: every delimiter and every line feed.
    #[inline]
    #[must_use]
    pub fn ends(&self) -> &[u32] {
        &self.ends.room[..self.ends.count]
    }

    /// As [`Self::ends`], with more behind them, so that some can be read at once.
    #[inline]
    #[must_use]
    pub fn ends_and_more(&self) -> &[u32] {
        &self.ends.room
    }

    /// As [`Self::ends`], for who knows better where one is.
    #[inline]
    pub fn ends_mut(&mut self) -> &mut [u32] {
        &mut self.ends.room[..self.ends.count]
    }

    /// Which of the ends are line feeds.
    #[inline]
    #[must_use]
    pub fn lines(&self) -> &[u32] {
        &self.lines.room[..self.lines.count]
    }

    /// Where the odd bytes are; a carriage return is one where no line feed follows.
    #[inline]
    #[must_use]
    pub fn odd(&self) -> &[u32] {
        &self.odd
    }

    /// Whether any byte is beyond ASCII.
    #[must_use]
    pub fn high(&self) -> bool {
        self.high
    }
}

/// Fills an index.
struct Fill<'f> {
    index: &'f mut Index,
    wanted: Wanted,
    stretch: &'f [u8],
}

impl Work for Fill<'_> {
    type Answer = ();

    /// Goes over the stretch lane by lane.
    #[inline(always)]
    fn on<S: Simd>(self, simd: S) {
        let Self { index, wanted, stretch } = self;
        for places in [&mut index.ends, &mut index.lines] {
            places.count = 0;
            // A lane has at most as many places as bytes.
            if places.room.len() < stretch.len() + 2 * LANE {
                places.room.resize(stretch.len() + 2 * LANE, 0);
            }
        }
        index.odd.clear();
        let mut notes = Notes {
            ends: &mut index.ends.room,
            ends_count: 0,
            lines: &mut index.lines.room,
            lines_count: 0,
            odd: &mut index.odd,
            high: 0,
        };
        let (lanes, rest) = stretch.as_chunks::<LANE>();
        let mut base = 0;
        for lane in lanes {
            let follows = || stretch.get(base + LANE) == Some(&b'\n');
            notes.take(simd, base as u32, simd.masks(lane, wanted), follows);
            base += LANE;
        }
        if !rest.is_empty() {
            let mut lane = [0; LANE];
            lane[..rest.len()].copy_from_slice(rest);
            // What pads the lane may be what is looked for.
            notes.take(simd, base as u32, simd.masks(&lane, wanted).first(rest.len()), || false);
        }
        let Notes { ends_count, lines_count, high, .. } = notes;
        (index.ends.count, index.lines.count, index.high) = (ends_count, lines_count, high != 0);
    }
}

/// An index on its way.
struct Notes<'n> {
    ends: &'n mut [u32],
    ends_count: usize,
    lines: &'n mut [u32],
    lines_count: usize,
    odd: &'n mut Vec<u32>,
    high: u64,
}

impl Notes<'_> {
    /// Notes a lane's places; `follows`: whether a line feed comes next.
    #[inline(always)]
    fn take(&mut self, simd: impl Simd, base: u32, masks: Masks, follows: impl Fn() -> bool) {
        let all = masks.delimiters | masks.line_feeds;
        let mut line_feeds = masks.line_feeds;
        // One line feed whether it is there or not, as most lanes have one or none.
        loop {
            let bit = line_feeds & line_feeds.wrapping_neg();
            let before = (all & bit.wrapping_sub(1)).count_ones();
            self.lines[self.lines_count] = self.ends_count as u32 + before;
            self.lines_count += usize::from(line_feeds != 0);
            line_feeds ^= bit;
            if line_feeds == 0 {
                break;
            }
        }
        simd.places(all, base, &mut self.ends[self.ends_count..]);
        self.ends_count += all.count_ones() as usize;
        self.high |= masks.high;
        if masks.odd | masks.returns != 0 {
            let ended = masks.line_feeds >> 1 | u64::from(follows()) << (LANE - 1);
            let mut odd = masks.odd | masks.returns & !ended;
            while odd != 0 {
                self.odd.push(base + odd.trailing_zeros());
                odd &= odd - 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The naive twin.
    fn expected(wanted: Wanted, stretch: &[u8]) -> (Vec<u32>, Vec<u32>, Vec<u32>, bool) {
        let places = |is: &dyn Fn(usize, u8) -> bool| -> Vec<u32> {
            let found = stretch.iter().enumerate().filter(|(at, byte)| is(*at, **byte));
            found.map(|(at, _)| at as u32).collect()
        };
        let ends = places(&|_, byte| byte == wanted.delimiter || byte == b'\n');
        let lines = (0..).zip(&ends).filter(|(_, end)| stretch[**end as usize] == b'\n').map(|(at, _)| at);
        let lone = |at: usize, byte| byte == b'\r' && stretch.get(at + 1) != Some(&b'\n');
        let odd = places(&|at, byte| wanted.odd.contains(&byte) || lone(at, byte));
        (ends.clone(), lines.collect(), odd, !stretch.is_ascii())
    }

    proptest! {
        #[test]
        fn every_tier_finds_what_the_naive_twin_finds(
            stretch in prop::collection::vec(prop_oneof![prop::sample::select(&b",\n\"\r\\\t\0a\x8d\xac"[..]), any::<u8>()], 0..400),
            crlf in any::<bool>(),
            delimiter in prop::sample::select(&b",;\t\0\x7f"[..]),
            odd in prop::array::uniform3(prop::sample::select(&b"\"\\\t\0\x01"[..])),
        ) {
            let wanted = Wanted { delimiter, odd };
            let mut stretch = stretch;
            if crlf {
                for at in 1..stretch.len() {
                    if stretch[at] == b'\n' {
                        stretch[at - 1] = b'\r';
                    }
                }
            }
            for (name, tier) in Tier::available() {
                let mut index = Index::default();
                index.fill(tier, wanted, &stretch);
                let found = (index.ends().to_vec(), index.lines().to_vec(), index.odd().to_vec(), index.high());
                prop_assert_eq!(&found, &expected(wanted, &stretch), "{}", name);
            }
        }
    }
}
