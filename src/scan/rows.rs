//! The index of rows as tasks write them: where their fields end, some of whose delimiters may be escaped, and where
//! rows and lines do.

use super::simd::{Simd, Work};
use super::{LANE, Tier};

/// The bytes that rows are cut at.
#[derive(Debug, Clone, Copy)]
pub struct RowBytes<const STOPS: usize> {
    /// Ends a field unless a backslash escapes it.
    pub delimiter: u8,
    /// Each ends the last field of a row, or more than that, whatever stands before it.
    pub stops: [u8; STOPS],
}

/// Where a stretch of rows is cut. Places are bytes from the beginning of the stretch.
#[derive(Debug, Default)]
pub struct RowIndex {
    ends: Vec<u32>,
    ends_count: usize,
    stops: Vec<u32>,
    stops_count: usize,
}

impl RowIndex {
    /// Makes the index of a stretch of less than 4 GiB, which begins behind no escape.
    pub fn fill<const STOPS: usize>(&mut self, tier: Tier, bytes: RowBytes<STOPS>, stretch: &[u8]) {
        tier.run(Fill { index: self, bytes, stretch });
    }

    /// Where fields end: every delimiter that is not escaped, and every stop.
    #[inline]
    #[must_use]
    pub fn ends(&self) -> &[u32] {
        &self.ends[..self.ends_count]
    }

    /// Which of the ends are stops.
    #[inline]
    #[must_use]
    pub fn stops(&self) -> &[u32] {
        &self.stops[..self.stops_count]
    }
}

/// Fills an index.
struct Fill<'f, const STOPS: usize> {
    index: &'f mut RowIndex,
    bytes: RowBytes<STOPS>,
    stretch: &'f [u8],
}

impl<const STOPS: usize> Work for Fill<'_, STOPS> {
    type Answer = ();

    /// Goes over the stretch lane by lane.
    #[inline(always)]
    fn on<S: Simd>(self, simd: S) {
        let Self { index, bytes, stretch } = self;
        for places in [&mut index.ends, &mut index.stops] {
            // A lane has at most as many places as bytes.
            if places.len() < stretch.len() + 2 * LANE {
                places.resize(stretch.len() + 2 * LANE, 0);
            }
        }
        let mut notes = Notes {
            ends: &mut index.ends,
            ends_count: 0,
            stops: &mut index.stops,
            stops_count: 0,
            escaped: 0,
        };
        let (lanes, rest) = stretch.as_chunks::<LANE>();
        let mut base = 0;
        for lane in lanes {
            notes.take(simd, base, lane, bytes, u64::MAX);
            base += LANE as u32;
        }
        if !rest.is_empty() {
            let mut lane = [0; LANE];
            lane[..rest.len()].copy_from_slice(rest);
            // What pads the lane may be what is looked for.
            notes.take(simd, base, &lane, bytes, (1 << rest.len()) - 1);
        }
        let Notes { ends_count, stops_count, .. } = notes;
        (index.ends_count, index.stops_count) = (ends_count, stops_count);
    }
}

/// An index on its way.
struct Notes<'n> {
    ends: &'n mut [u32],
    ends_count: usize,
    stops: &'n mut [u32],
    stops_count: usize,
    /// Whether the last byte of the lane before escapes the first of the next.
    escaped: u64,
}

impl Notes<'_> {
    /// Notes a lane's places, of those of its bytes that are `there`.
    #[inline(always)]
    fn take<const STOPS: usize>(
        &mut self,
        simd: impl Simd,
        base: u32,
        lane: &[u8; LANE],
        bytes: RowBytes<STOPS>,
        there: u64,
    ) {
        let backslashes = simd.equal(lane, b'\\');
        let mut delimiters = simd.equal(lane, bytes.delimiter);
        let stops = bytes.stops.iter().fold(0, |stops, stop| stops | simd.equal(lane, *stop)) & there;
        if backslashes | self.escaped != 0 {
            delimiters &= !escaped(backslashes, &mut self.escaped);
        }
        let all = delimiters & there | stops;
        let mut left = stops;
        // Two stops whether they are there or not, as hardly any lane has more.
        loop {
            for _ in 0..2 {
                let bit = left & left.wrapping_neg();
                let before = (all & bit.wrapping_sub(1)).count_ones();
                self.stops[self.stops_count] = self.ends_count as u32 + before;
                self.stops_count += usize::from(left != 0);
                left ^= bit;
            }
            if left == 0 {
                break;
            }
        }
        simd.places(all, base, &mut self.ends[self.ends_count..]);
        self.ends_count += all.count_ones() as usize;
    }
}

/// The bytes that stand behind an escape. `first` says whether that is so of the first byte, and then whether it is of the
/// next lane's.
#[inline(always)]
fn escaped(backslashes: u64, first: &mut u64) -> u64 {
    let mut escaped = std::mem::take(first);
    // The first backslash that is left escapes what follows, and what is escaped is no escape.
    let mut left = backslashes & !escaped;
    while left != 0 {
        let escape = left & left.wrapping_neg();
        *first = escape >> (LANE - 1);
        escaped |= escape << 1;
        left &= !(escape | escape << 1);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The naive twin: byte by byte.
    fn expected<const STOPS: usize>(bytes: RowBytes<STOPS>, stretch: &[u8]) -> (Vec<u32>, Vec<u32>) {
        let (mut ends, mut stops, mut escaped) = (Vec::new(), Vec::new(), false);
        for (at, byte) in stretch.iter().enumerate() {
            let stop = bytes.stops.contains(byte);
            if stop {
                stops.push(ends.len() as u32);
            }
            if stop || *byte == bytes.delimiter && !escaped {
                ends.push(at as u32);
            }
            escaped = *byte == b'\\' && !escaped;
        }
        (ends, stops)
    }

    fn hold<const STOPS: usize>(bytes: RowBytes<STOPS>, stretch: &[u8]) -> Result<(), TestCaseError> {
        let expected = expected(bytes, stretch);
        for (name, tier) in Tier::available() {
            let mut index = RowIndex::default();
            // What another stretch has left must not show.
            index.fill(tier, bytes, &[bytes.delimiter; 500]);
            index.fill(tier, bytes, stretch);
            prop_assert_eq!((index.ends(), index.stops()), (&expected.0[..], &expected.1[..]), "{}", name);
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn every_tier_finds_what_the_naive_twin_finds(
            stretch in prop_oneof![
                2 => prop::collection::vec(prop_oneof![9 => prop::sample::select(&b"\t\n,a\\\0\x01\r\x89"[..]), 1 => any::<u8>()], 0..400),
                1 => prop::collection::vec(prop_oneof![20 => Just(b'\\'), 1 => prop::sample::select(&b"\t,a\n"[..])], 0..300),
                1 => prop::collection::vec(prop_oneof![1 => prop::sample::select(&b"\\\n\0"[..]), 9 => Just(b'\t'), 30 => Just(b'a')], 0..400),
            ],
            delimiter in prop::sample::select(&b"\t,\0\n\x7f"[..]),
        ) {
            hold(RowBytes { delimiter, stops: [b'\n'] }, &stretch)?;
            hold(RowBytes { delimiter, stops: [b'\n', b'\r', 0, 1] }, &stretch)?;
        }
    }
}
