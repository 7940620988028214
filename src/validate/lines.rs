//! Cuts blocks of bytes into temp lines: they end at LF and nowhere else. Memory stays at one longest line.

use memchr::memchr;

/// A line of the stream, without its line feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// Its bytes.
    Whole(&'a [u8]),
    /// It has more bytes than are ever kept.
    TooLong,
}

/// Cuts a stream that is fed block by block.
#[derive(Debug)]
pub struct Lines {
    limit: usize,
    /// The beginning of a line whose end is not there yet.
    partial: Vec<u8>,
    /// Whether that line has gone past the limit; its bytes are let go then.
    too_long: bool,
}

impl Lines {
    /// A cutter that keeps lines of up to `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, partial: Vec::new(), too_long: false }
    }

    /// Hands every line that ends in this block to `each`.
    pub fn feed(&mut self, mut block: &[u8], mut each: impl FnMut(Line)) {
        while let Some(at) = memchr(b'\n', block) {
            let line = &block[..at];
            if self.partial.is_empty() && !self.too_long {
                each(if line.len() > self.limit { Line::TooLong } else { Line::Whole(line) });
            } else {
                self.keep(line);
                each(self.held());
                self.partial.clear();
                self.too_long = false;
            }
            block = &block[at + 1..];
        }
        self.keep(block);
    }

    /// Whether the next byte begins a line, whatever it is.
    pub fn between_lines(&self) -> bool {
        self.partial.is_empty() && !self.too_long
    }

    /// What stands behind the last line feed; `None` where the stream ended with one, as it should.
    pub fn rest(&self) -> Option<Line<'_>> {
        (self.too_long || !self.partial.is_empty()).then(|| self.held())
    }

    /// How much memory the cutter holds.
    #[cfg(test)]
    pub fn capacity(&self) -> usize {
        self.partial.capacity()
    }

    fn held(&self) -> Line<'_> {
        if self.too_long { Line::TooLong } else { Line::Whole(&self.partial) }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.too_long |= bytes.len() > self.limit - self.partial.len();
        if self.too_long {
            self.partial = Vec::new();
        } else {
            self.partial.extend_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line that is kept; `None` where it is too long.
    type Kept = Option<Vec<u8>>;

    fn cut(text: &[u8], block: usize, limit: usize) -> (Vec<Kept>, Option<Kept>) {
        let own = |line: Line| match line {
            Line::Whole(bytes) => Some(bytes.to_vec()),
            Line::TooLong => None,
        };
        let (mut lines, mut found) = (Lines::new(limit), Vec::new());
        for block in text.chunks(block) {
            lines.feed(block, |line| found.push(own(line)));
        }
        let rest = lines.rest().map(own);
        (found, rest)
    }

    #[test]
    fn the_blocks_do_not_show() {
        let text = b"a\r\n\nlonger than nine\n123456789\nrest\r";
        let lines = vec![Some(b"a\r".to_vec()), Some(vec![]), None, Some(b"123456789".to_vec())];
        for block in 1..=text.len() {
            assert_eq!(cut(text, block, 9), (lines.clone(), Some(Some(b"rest\r".to_vec()))), "{block}");
        }
        assert_eq!(cut(b"12345", 2, 4), (vec![], Some(None)));
        assert_eq!(cut(b"1\n", 2, 4).1, None);
    }
}
