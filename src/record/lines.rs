//! The lines of a stretch, one after the other.

use std::ops::Range;

use crate::scan::{Index, Tier, WINDOW, Wanted};

/// How much is indexed at once; a line that is longer is left to the plain path.
pub const STRETCH: usize = 16 * 1024;

/// The lines of a stretch, and where they are cut.
#[derive(Debug, Default)]
pub struct Lines {
    pub(super) index: Index,
    /// How far the lines reach that were indexed.
    pub end: usize,
    /// Whether all of it is UTF-8.
    pub(super) utf8: bool,
    /// How many of the index's lines and ends have been handed out.
    line: usize,
    first: usize,
    /// The odd bytes of the last line that had any.
    odd: Range<usize>,
    from: usize,
}

/// A line, cut where it stands.
#[derive(Debug, Clone)]
pub struct Line {
    /// Where it stands, its line feed included.
    pub place: Range<usize>,
    /// Which of the index's ends are its fields'.
    pub(super) ends: Range<usize>,
    /// Whether it has an odd byte.
    pub(super) odd: bool,
}

impl Lines {
    /// Indexes the whole lines at the beginning of `text`, as many as fit into a stretch; behind the last one there
    /// is at least a window.
    pub(super) fn cut(&mut self, tier: Tier, wanted: Wanted, text: &[u8]) {
        let whole = text.len().saturating_sub(WINDOW).min(STRETCH);
        self.index.fill(tier, wanted, &text[..whole]);
        let last = self.index.lines().last();
        self.end = last.map_or(0, |last| self.index.ends()[*last as usize] as usize + 1);
        self.utf8 = !self.index.high() || simdutf8::basic::from_utf8(&text[..self.end]).is_ok();
        (self.line, self.first, self.odd, self.from) = (0, 0, 0..0, 0);
    }

    /// Takes the next line.
    #[inline(always)]
    #[allow(clippy::inline_always)] // it is part of what is compiled for each tier
    #[must_use]
    pub fn take(&mut self) -> Option<Line> {
        let last = *self.index.lines().get(self.line)? as usize;
        let end = self.index.ends()[last] as usize;
        let ends = self.first..last + 1;
        let odd = self.index.odd().get(self.odd.end).is_some_and(|place| (*place as usize) < end);
        if odd {
            self.pass_odd(end);
        }
        let place = self.from..end + 1;
        (self.line, self.first, self.from) = (self.line + 1, last + 1, end + 1);
        Some(Line { place, ends, odd })
    }

    /// Goes on behind the odd bytes of a line that ends there.
    #[cold]
    fn pass_odd(&mut self, end: usize) {
        let rest = &self.index.odd()[self.odd.end..];
        let count = rest.iter().take_while(|place| (**place as usize) < end).count();
        self.odd = self.odd.end..self.odd.end + count;
    }

    /// Where the odd bytes are of the line that was taken last, which has some.
    pub(super) fn odd_bytes(&self) -> &[u32] {
        &self.index.odd()[self.odd.clone()]
    }
}
