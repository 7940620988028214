//! The fast lane: writes the rows that surely win their key, and leaves every other line to the plain path.
//!
//! How it is sound: it knows no duplicate, no copy, no reject, no seal and no fault. Where a line is not surely a row that
//! sorts behind the line before and has another key, with as many columns as the spec's and numbers where the spec adds
//! up, the lane stops, and nothing of the line has been written or counted.

// What is compiled for each tier must be inlined into it; a hint is not enough there.
#![allow(clippy::inline_always)]

use std::ops::Range;

use super::sorted::{Block, common};
use crate::output::{Books, Numbers, Written, keyed};
use crate::scan::{LANE, RowBytes, RowIndex, Simd, Source, Target, Tier, WINDOW, Work};
use crate::spec::Spec;

/// How much is indexed at once; a line that is longer is left to the plain path.
const STRETCH: usize = 16 * 1024;

/// How many windows of a row are copied without asking how long it is.
const PIECES: usize = 3;

/// A row's beginning in a keyed line.
const MARK: &[u8] = b"k:";

/// What ends a payload and what ends a line; behind 1 a byte is in another form.
const STOPS: [u8; 4] = [b'\n', 0, 1, b'\r'];

/// Takes the rows of stretches.
#[derive(Debug)]
pub struct Rows {
    tier: Tier,
    bytes: RowBytes<4>,
    /// What stands before a row that is written.
    status: [u8; 3],
    index: RowIndex,
    /// Where in the block the indexed stretch begins, and how far its whole lines reach.
    stretch: Range<usize>,
    /// How many of the index's stops have been seen.
    stop: usize,
    numbers: Numbers,
    /// Temp lines of the stretch. None is longer than its keyed line, so that there is always room.
    page: Vec<u8>,
    /// Rows that are still to be counted.
    written: Written,
}

/// What some neighbouring rows were.
#[derive(Debug)]
pub struct Taken {
    /// How many.
    pub rows: u64,
    /// The sum of their hashes.
    pub checksum: u64,
    /// Where the last of them stands in the block.
    pub winner: Range<usize>,
}

/// A line and its row. Places are bytes from the beginning of the stretch.
#[derive(Debug, Clone)]
struct Found {
    /// The line without its end, and without the TAB before that.
    line: Range<usize>,
    /// How long its key is.
    key: usize,
    row: Range<usize>,
    /// Where the next line begins.
    next: usize,
}

impl Rows {
    /// A lane for a spec; `None` where the tier or the spec has none.
    pub fn new(spec: &Spec, tier: Tier) -> Option<Self> {
        (tier != Tier::PLAIN && !STOPS.contains(&spec.delimiter)).then(|| Self {
            tier,
            bytes: RowBytes { delimiter: spec.delimiter, stops: STOPS },
            status: [b'o', b'k', spec.delimiter],
            index: RowIndex::default(),
            stretch: 0..0,
            stop: 0,
            numbers: Numbers::new(spec),
            page: vec![0; STRETCH + PIECES * WINDOW],
            written: Written::default(),
        })
    }

    /// Forgets the block before.
    pub fn begin(&mut self) {
        self.stretch = 0..0;
    }

    /// Writes and books rows of the block, and sets `key` to the length of the last one's, until the plain path must take
    /// a line. `None` where there was no row. The page grows by a stretch at most.
    pub fn take(
        &mut self,
        block: &mut Block,
        key: &mut Option<usize>,
        page: &mut Vec<u8>,
        books: &mut Books,
    ) -> Option<Taken> {
        // Without a line before, or with one that is not here, there is nothing to hold the first against.
        let (Some(before), Some(length)) = (block.last.clone(), key.as_mut()) else { return None };
        if block.at >= self.stretch.end {
            self.cut(block.text, before.start);
            if block.at >= self.stretch.end {
                return None;
            }
        }
        let base = self.stretch.start;
        let text = &block.text[base..];
        let mut last = Found {
            line: before.start - base..before.end - base,
            key: *length,
            row: 0..0,
            next: block.at - base,
        };
        let filled = self.tier.run(Take { rows: self, text, last: &mut last, books });
        page.extend_from_slice(&self.page[..filled]);
        let (checksum, rows) = books.written(text, &mut self.written);
        (rows > 0).then(|| {
            *length = last.key;
            block.last = Some(base + last.line.start..base + last.line.end);
            block.at = base + last.next;
            Taken { rows, checksum, winner: base + last.row.start..base + last.row.end }
        })
    }

    /// Indexes a stretch, which begins with a line that has been taken.
    fn cut(&mut self, text: &[u8], base: usize) {
        let stretch = &text[base..text.len().min(base + STRETCH)];
        self.index.fill(self.tier, self.bytes, stretch);
        let ends = self.index.stops().iter().rev().map(|stop| self.index.ends()[*stop as usize] as usize);
        let last = ends.into_iter().find(|end| matches!(stretch[*end], b'\n' | b'\r'));
        self.stretch = base..last.map_or(base, |end| base + end + 1);
        self.stop = 0;
    }
}

/// The work of [`Rows::take`].
struct Take<'w, 'b, 's> {
    rows: &'w mut Rows,
    text: &'w [u8],
    last: &'w mut Found,
    books: &'b mut Books<'s>,
}

impl Work for Take<'_, '_, '_> {
    /// How much of the page is filled.
    type Answer = usize;

    #[inline(always)]
    fn on<S: Simd>(self, simd: S) -> usize {
        let Self { rows, text, last: before, books } = self;
        let mut last = before.clone();
        let Rows { index, stop, numbers, page, written, status, .. } = rows;
        let (mut target, mut filled) = (Target::new(page), 0);
        let (source, ends, stops) = (Source::new(text), index.ends(), index.stops());
        // What the plain path has taken is behind us.
        while stops.get(*stop).is_some_and(|place| (ends[*place as usize] as usize) < last.next) {
            *stop += 1;
        }
        let mut first = if *stop == 0 { 0 } else { stops[*stop - 1] as usize + 1 };
        while let Some([nul, line]) = stops.get(*stop..).and_then(<[u32]>::first_chunk) {
            let (nul, line) = (*nul as usize, *line as usize);
            let Some(found) = find(simd, source, &last, (ends[nul] as usize, ends[line] as usize)) else {
                break;
            };
            // A key can have delimiters, too.
            while (ends[first] as usize) < found.row.start {
                first += 1;
            }
            let row = found.row.clone();
            let Some(read) = numbers.read(simd, source, row.start, &ends[first..=nul]) else { break };
            let Some(after) = write(source, row.clone(), *status, &mut target, filled) else { break };
            filled = after;
            books.add(read);
            written.push(row);
            last = found;
            first = line + 1;
            *stop += 2;
        }
        *before = last;
        filled
    }
}

/// The next line, whose first two stops are given, if it is a row with another key than the last line's, and sorts behind
/// that.
#[inline(always)]
fn find<S: Simd>(simd: S, source: Source, last: &Found, (nul, end): (usize, usize)) -> Option<Found> {
    let text = source.bytes();
    let from = last.next;
    if text[nul] != 0 || text[end] != b'\n' {
        return None;
    }
    let window = source.window(from)?;
    let mut tabs = simd.equal(window, b'\t');
    let key = tabs.trailing_zeros() as usize;
    tabs &= tabs.wrapping_sub(1);
    let row = if tabs == 0 { second_tab(&text[from..nul])? } else { (key, tabs.trailing_zeros() as usize) };
    let (key, row) = (row.0, from + row.1 + 1);
    // The text before the stops has no other stop.
    let line = from..end - usize::from(text[end - 1] == b'\t');
    let before = source.window(last.line.start)?;
    let mut other = simd.difference(before, window);
    if other == LANE {
        other = common(&text[last.line.clone()], &text[line.clone()]);
    }
    let sound = window.starts_with(MARK)
        && row <= nul
        && other <= last.key
        && other < line.len().min(last.line.len())
        && text[from + other] > text[last.line.start + other]
        && keyed::without_bucket(&text[nul + 1..line.end]).is_some();
    sound.then_some(Found { line, key, row: row..nul, next: end + 1 })
}

/// Where the first two TABs of a text stand, as most keys have them sooner.
#[cold]
fn second_tab(text: &[u8]) -> Option<(usize, usize)> {
    let mut tabs = memchr::memchr_iter(b'\t', text);
    Some((tabs.next()?, tabs.next()?))
}

/// Writes a row as a temp line to a place; returns where it ends.
#[inline(always)]
fn write(
    source: Source,
    row: Range<usize>,
    status: [u8; 3],
    target: &mut Target,
    at: usize,
) -> Option<usize> {
    target.window(at)?[..status.len()].copy_from_slice(&status);
    let start = at + status.len();
    let mut copied = 0;
    while copied < PIECES * WINDOW || copied < row.len() {
        *target.window(start + copied)? = *source.window(row.start + copied)?;
        copied += WINDOW;
    }
    let end = start + row.len();
    *target.bytes().get_mut(end)? = b'\n';
    Some(end + 1)
}
