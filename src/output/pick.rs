//! Picks fields out of a row, and counts all of them, without cutting it at each.
//!
//! Sixty-four bytes become one number with a bit for each delimiter, and a wanted field is found among the bits. Behind
//! an escape it goes byte by byte. The slow twin is `escape::split`.

const LANE: usize = 64;

/// Hands the fields at some places, which ascend, to `each` with their index among those places. Returns how many
/// fields the row has.
pub fn pick<'r>(row: &'r [u8], delimiter: u8, places: &[usize], each: impl FnMut(usize, &'r [u8])) -> usize {
    let mut picker = Picker { row, places, each, next: 0, seen: 0, picked: 0, start: 0 };
    picker.expect();
    picker.run(delimiter);
    // The last field ends where the row does.
    if places.get(picker.picked) == Some(&picker.seen) {
        (picker.each)(picker.picked, &row[picker.start..]);
    }
    picker.seen + 1
}

/// A walk over a row.
struct Picker<'r, 'p, F> {
    row: &'r [u8],
    places: &'p [usize],
    each: F,
    /// Delimiters seen.
    seen: usize,
    /// How many delimiters stand before the one that is looked for.
    next: usize,
    /// Fields picked so far.
    picked: usize,
    /// Where the field begins that is picked next, once the delimiter before it has been seen.
    start: usize,
}

impl<'r, F: FnMut(usize, &'r [u8])> Picker<'r, '_, F> {
    fn run(&mut self, delimiter: u8) {
        let (lanes, rest) = self.row.as_chunks::<LANE>();
        for (index, lane) in lanes.iter().enumerate() {
            let (ends, escaped) = masks(lane, delimiter);
            if escaped {
                return self.slowly(index * LANE, delimiter);
            }
            self.lane(index * LANE, ends);
        }
        if !rest.is_empty() {
            let base = self.row.len() - rest.len();
            let mut lane = [0; LANE];
            lane[..rest.len()].copy_from_slice(rest);
            // What pads the lane may be the delimiter.
            let there = (1 << rest.len()) - 1;
            let (ends, escaped) = masks(&lane, delimiter);
            if escaped {
                return self.slowly(base, delimiter);
            }
            self.lane(base, ends & there);
        }
    }

    /// Takes the delimiters of a lane.
    #[inline]
    fn lane(&mut self, base: usize, mut ends: u64) {
        let behind = self.seen + ends.count_ones() as usize;
        while self.next < behind {
            // Those before it are of no interest.
            for _ in self.seen..self.next {
                ends &= ends - 1;
            }
            self.seen = self.next;
            self.end(base + ends.trailing_zeros() as usize);
            ends &= ends - 1;
        }
        self.seen = behind;
    }

    /// Goes on byte by byte.
    fn slowly(&mut self, from: usize, delimiter: u8) {
        let mut at = from;
        while let Some(byte) = self.row.get(at) {
            if *byte == delimiter {
                if self.seen == self.next {
                    self.end(at);
                } else {
                    self.seen += 1;
                }
            }
            // What stands behind an escape is no delimiter, whatever it is.
            at += if *byte == b'\\' { 2 } else { 1 };
        }
    }

    /// Takes the delimiter that was looked for.
    #[inline]
    fn end(&mut self, at: usize) {
        if self.places.get(self.picked) == Some(&self.seen) {
            (self.each)(self.picked, &self.row[self.start..at]);
            self.picked += 1;
        }
        self.start = at + 1;
        self.seen += 1;
        self.expect();
    }

    /// Looks for the next delimiter that a wanted field begins or ends with.
    #[inline]
    fn expect(&mut self) {
        self.next = match self.places.get(self.picked) {
            Some(place) if *place > self.seen => place - 1,
            Some(place) => *place,
            None => usize::MAX,
        };
    }
}

/// A bit for each delimiter of a lane, and whether it has an escape.
#[inline]
fn masks(lane: &[u8; LANE], delimiter: u8) -> (u64, bool) {
    const LOW: u64 = u64::from_ne_bytes([0x01; 8]);
    const SEVEN: u64 = u64::from_ne_bytes([0x7f; 8]);
    let (words, _) = lane.as_chunks::<8>();
    let (mut ends, mut escapes) = (0, 0);
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let other = word ^ (LOW * u64::from(delimiter));
        // The highest bit of each byte that is a delimiter; exact in every byte.
        let equal = !(((other & SEVEN) + SEVEN) | other | SEVEN);
        // The product brings the eight bits together in the highest byte.
        ends |= ((equal >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * index);
        // Some highest bit is set where any byte is an escape, which is all that is asked.
        let other = word ^ (LOW * u64::from(b'\\'));
        escapes |= other.wrapping_sub(LOW) & !other;
    }
    (ends, escapes & !SEVEN != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::escape;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_picks_what_the_slow_split_has(
            row in prop_oneof![
                4 => prop::collection::vec(prop::sample::select(&b"\t\t\t,\0\x01ab\x89\x08\xff"[..]), 0..150),
                1 => prop::collection::vec(prop::sample::select(&b"\t\t\\a"[..]), 0..90),
                1 => prop::collection::vec(prop_oneof![1 => Just(b'\\'), 9 => Just(b'\t'), 30 => Just(b'a')], 0..150),
            ],
            delimiter in prop::sample::select(&b"\t\0\x01,\x7f\xff"[..]),
            places in prop::collection::btree_set(0_usize..40, 0..6),
        ) {
            let places: Vec<usize> = places.into_iter().collect();
            let fields: Vec<&[u8]> = escape::split(&row, delimiter).collect();
            let expected: Vec<(usize, &[u8])> =
                places.iter().enumerate().filter_map(|(index, place)| Some((index, *fields.get(*place)?))).collect();
            let mut found = Vec::new();
            let count = pick(&row, delimiter, &places, |index, field| found.push((index, field)));
            prop_assert_eq!((count, found), (fields.len(), expected));
        }
    }

    proptest! {
        #[test]
        fn masks_are_those_of_the_bytes(bytes in prop::collection::vec(prop::sample::select(&b"\t\t\x08\x89\0a\\"[..]), 64), delimiter in prop::sample::select(&b"\t\0\x88\x89"[..])) {
            let lane: &[u8; LANE] = bytes.first_chunk().unwrap();
            let mask = |wanted: u8| (0..LANE).map(|at| u64::from(lane[at] == wanted) << at).sum::<u64>();
            prop_assert_eq!(masks(lane, delimiter), (mask(delimiter), mask(b'\\') != 0));
        }
    }
}
