//! The fast lane: counts the rows that it is sure of, and leaves every other line to the plain path.
//!
//! How it is sound: it knows no reject, no seal and no fault. Where a line is not surely a row of as many columns as the
//! spec's, with numbers where the spec adds up, it is handed out, and nothing of it has been counted.

// What is compiled for each tier must be inlined into it; a hint is not enough there.
#![allow(clippy::inline_always)]

use std::ops::Range;

use crate::output::{Books, Numbers, Written};
use crate::scan::{RowBytes, RowIndex, Simd, Source, Tier, Work};
use crate::spec::Spec;

/// How much is indexed at once; a line that is longer is left to the plain path.
pub const STRETCH: usize = 16 * 1024;

/// Counts the rows of stretches.
#[derive(Debug)]
pub struct Rows {
    tier: Tier,
    bytes: RowBytes<1>,
    /// What a row's line begins with.
    status: [u8; 3],
    index: RowIndex,
    /// How far the lines reach that were indexed.
    end: usize,
    /// How many of the index's stops have been seen.
    line: usize,
    numbers: Numbers,
    /// Rows that are still to be counted.
    written: Written,
}

impl Rows {
    /// A lane for a spec; `None` where the tier has none.
    pub fn new(spec: &Spec, tier: Tier) -> Option<Self> {
        (tier != Tier::PLAIN).then(|| Self {
            tier,
            bytes: RowBytes { delimiter: spec.delimiter, stops: [b'\n'] },
            status: [b'o', b'k', spec.delimiter],
            index: RowIndex::default(),
            end: 0,
            line: 0,
            numbers: Numbers::new(spec),
            written: Written::default(),
        })
    }

    /// Indexes the whole lines at the beginning of a text; returns how far they reach.
    pub fn cut(&mut self, text: &[u8]) -> usize {
        self.index.fill(self.tier, self.bytes, &text[..text.len().min(STRETCH)]);
        let last = self.index.stops().last();
        self.end = last.map_or(0, |last| self.index.ends()[*last as usize] as usize + 1);
        self.line = 0;
        self.end
    }

    /// Counts rows of the text that was cut, until there is none left or the plain path must take a line, which is
    /// returned without its line feed.
    pub fn count(&mut self, text: &[u8], books: &mut Books) -> Option<Range<usize>> {
        let left = self.tier.run(Count { rows: self, text, books });
        if left.is_none() {
            books.written(text, &mut self.written);
        }
        left
    }
}

/// The work of [`Rows::count`].
struct Count<'w, 'b, 's> {
    rows: &'w mut Rows,
    text: &'w [u8],
    books: &'b mut Books<'s>,
}

impl Work for Count<'_, '_, '_> {
    type Answer = Option<Range<usize>>;

    #[inline(always)]
    fn on<S: Simd>(self, simd: S) -> Self::Answer {
        let Self { rows, text, books } = self;
        let Rows { index, numbers, written, line, status, .. } = rows;
        let (source, ends, stops) = (Source::new(text), index.ends(), index.stops());
        let (mut first, mut from) = match line.checked_sub(1) {
            Some(before) => (stops[before] as usize + 1, ends[stops[before] as usize] as usize + 1),
            None => (0, 0),
        };
        for last in &stops[*line..] {
            *line += 1;
            let last = *last as usize;
            let end = ends[last] as usize;
            // The first end is the status's.
            let start = from + status.len();
            let read = match (source.window(from), ends.get(first + 1..=last)) {
                (Some(window), Some(ends)) if window.starts_with(status) => {
                    numbers.read(simd, source, start, ends)
                }
                _ => None,
            };
            let Some(read) = read else { return Some(from..end) };
            books.lines += 1;
            books.add(read);
            written.push(start..end);
            (first, from) = (last + 1, end + 1);
        }
        None
    }
}
