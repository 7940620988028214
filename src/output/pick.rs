//! Picks fields out of a row, and counts all of them, without cutting it at each.
//!
//! A chunk without a wanted field is only counted, by a loop that compilers make vector instructions of; a wanted field
//! is found among the bits of eight bytes. Behind an escape it goes byte by byte. The slow twin is `escape::split`.

/// How many bytes are counted at once.
const CHUNK: usize = 32;

const LOW: u64 = u64::from_ne_bytes([0x01; 8]);
const SEVEN: u64 = u64::from_ne_bytes([0x7f; 8]);

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
        let row = self.row;
        let (delimiters, escapes) = (LOW * u64::from(delimiter), LOW * u64::from(b'\\'));
        let (chunks, rest) = row.as_chunks::<CHUNK>();
        for (index, chunk) in chunks.iter().enumerate() {
            let (count, odd) = census(chunk, delimiter);
            if odd {
                return self.slowly(index * CHUNK, delimiter);
            }
            if self.seen + usize::from(count) <= self.next {
                self.seen += usize::from(count);
                continue;
            }
            let (words, _) = chunk.as_chunks::<8>();
            for (word, bytes) in words.iter().enumerate() {
                self.word(index * CHUNK + 8 * word, equal(u64::from_le_bytes(*bytes), delimiters));
            }
        }
        let base = row.len() - rest.len();
        let (words, tail) = rest.as_chunks::<8>();
        for (word, bytes) in words.iter().enumerate() {
            let bytes = u64::from_le_bytes(*bytes);
            if equal(bytes, escapes) != 0 {
                return self.slowly(base + 8 * word, delimiter);
            }
            self.word(base + 8 * word, equal(bytes, delimiters));
        }
        self.slowly(row.len() - tail.len(), delimiter);
    }

    /// Takes the delimiters of eight bytes, each of which is the highest bit of its byte.
    #[inline]
    fn word(&mut self, base: usize, mut ends: u64) {
        let behind = self.seen + ((ends >> 7).wrapping_mul(LOW) >> 56) as usize;
        while self.next < behind {
            // Those before it are of no interest.
            for _ in self.seen..self.next {
                ends &= ends - 1;
            }
            self.seen = self.next;
            self.end(base + ends.trailing_zeros() as usize / 8);
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
            } else if *byte == b'\\' {
                at += 1;
            }
            at += 1;
        }
    }

    /// Takes the delimiter that was looked for.
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
    fn expect(&mut self) {
        self.next = match self.places.get(self.picked) {
            Some(place) if *place > self.seen => place - 1,
            Some(place) => *place,
            None => usize::MAX,
        };
    }
}

/// How many delimiters a chunk has, and whether it has an escape.
#[inline]
fn census(chunk: &[u8; CHUNK], delimiter: u8) -> (u8, bool) {
    let count = chunk.iter().map(|byte| u8::from(*byte == delimiter)).sum();
    (count, chunk.iter().map(|byte| u8::from(*byte == b'\\')).sum::<u8>() > 0)
}

/// The highest bit of each byte in which two words are equal; exact in every byte.
#[inline]
fn equal(left: u64, right: u64) -> u64 {
    let other = left ^ right;
    !(((other & SEVEN) + SEVEN) | other | SEVEN)
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
}
