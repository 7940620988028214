//! Cuts blocks of bytes into lines that end at LF, CRLF or CR. No I/O; memory stays at one longest line.

use memchr::memchr2;

use super::BOM;

/// A line without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Its bytes; only the first `max` of them where it is too long.
    pub bytes: &'a [u8],
    /// Whether it has more than `max` bytes.
    pub too_long: bool,
}

/// How many byte order marks are dropped where the stream begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boms {
    /// None: the stream does not begin a file.
    None,
    /// All: Hadoop's reader may have dropped one already, and both ways must give the same rows.
    All,
}

/// Cuts a stream that is fed block by block.
#[derive(Debug)]
pub struct Cutter {
    max: usize,
    boms: Boms,
    /// Bytes of a byte order mark that were seen at the start and may still be one.
    bom_seen: usize,
    /// Byte order marks that were dropped at the start.
    boms_dropped: usize,
    /// The beginning of a line whose end is not there yet, up to `max` bytes.
    partial: Vec<u8>,
    /// Whether that line has gone past `max`.
    too_long: bool,
    /// The last block ended in CR: a LF that comes next belongs to it.
    after_cr: bool,
}

impl Cutter {
    /// A cutter for lines of up to `max` bytes.
    #[must_use]
    pub fn new(max: usize, boms: Boms) -> Self {
        Self {
            max,
            boms,
            bom_seen: 0,
            boms_dropped: 0,
            partial: Vec::new(),
            too_long: false,
            after_cr: false,
        }
    }

    /// Hands every line that ends in this block to `each`.
    ///
    /// # Errors
    /// Whatever `each` returns; the cutter must not be used after that.
    pub fn feed<E>(&mut self, block: &[u8], mut each: impl FnMut(Line) -> Result<(), E>) -> Result<(), E> {
        let mut rest = self.skip_bom(block);
        if rest.is_empty() {
            return Ok(());
        }
        if std::mem::take(&mut self.after_cr) && rest[0] == b'\n' {
            rest = &rest[1..];
        }
        while let Some(at) = memchr2(b'\n', b'\r', rest) {
            let (line, end) = (&rest[..at], rest[at]);
            if self.partial.is_empty() && !self.too_long {
                each(Line { bytes: &line[..at.min(self.max)], too_long: at > self.max })?;
            } else {
                self.keep(line);
                each(Line { bytes: &self.partial, too_long: self.too_long })?;
                self.partial.clear();
                self.too_long = false;
            }
            rest = &rest[at + 1..];
            if end == b'\r' {
                match rest.first() {
                    Some(b'\n') => rest = &rest[1..],
                    Some(_) => {}
                    None => self.after_cr = true,
                }
            }
        }
        self.keep(rest);
        Ok(())
    }

    /// Hands out the last line, where the stream did not end in a line end.
    ///
    /// # Errors
    /// Whatever `each` returns.
    pub fn finish<E>(mut self, each: impl FnOnce(Line) -> Result<(), E>) -> Result<(), E> {
        // The beginning of a byte order mark that was none.
        self.partial.extend_from_slice(&BOM[..self.bom_seen]);
        self.too_long |= self.partial.len() > self.max;
        self.partial.truncate(self.max);
        // Where Hadoop's reader has dropped one mark, those behind it came as a line.
        let only_boms = self.boms == Boms::All && self.boms_dropped > 1;
        if self.partial.is_empty() && !self.too_long && !only_boms {
            return Ok(());
        }
        each(Line { bytes: &self.partial, too_long: self.too_long })
    }

    /// Whether the next byte begins a line, whatever it is.
    #[must_use]
    pub fn between_lines(&self) -> bool {
        self.boms == Boms::None && self.partial.is_empty() && !self.too_long && !self.after_cr
    }

    fn keep(&mut self, part: &[u8]) {
        let room = self.max - self.partial.len();
        self.too_long |= part.len() > room;
        self.partial.extend_from_slice(&part[..part.len().min(room)]);
    }

    /// Drops the byte order marks at the start of the stream, which may come byte by byte.
    fn skip_bom<'b>(&mut self, mut block: &'b [u8]) -> &'b [u8] {
        while self.boms == Boms::All {
            let Some(byte) = block.first() else { return block };
            if *byte != BOM[self.bom_seen] {
                let seen = std::mem::take(&mut self.bom_seen);
                self.boms = Boms::None;
                self.keep(&BOM[..seen]);
                return block;
            }
            block = &block[1..];
            self.bom_seen += 1;
            if self.bom_seen == BOM.len() {
                self.bom_seen = 0;
                self.boms_dropped += 1;
            }
        }
        block
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Lines = Vec<(Vec<u8>, bool)>;

    fn cut(blocks: &[&[u8]], max: usize, boms: Boms) -> Lines {
        let mut lines = Lines::new();
        let mut cutter = Cutter::new(max, boms);
        let mut each = |line: Line| -> Result<(), ()> {
            lines.push((line.bytes.to_vec(), line.too_long));
            Ok(())
        };
        for block in blocks {
            cutter.feed(block, &mut each).unwrap();
        }
        cutter.finish(&mut each).unwrap();
        lines
    }

    fn texts(text: &[u8], boms: Boms) -> Vec<String> {
        cut(&[text], 100, boms)
            .into_iter()
            .map(|(line, _)| String::from_utf8_lossy(&line).into_owned())
            .collect()
    }

    #[test]
    fn lines_end_at_lf_crlf_and_cr() {
        assert_eq!(texts(b"a\nb\r\nc\rd", Boms::All), ["a", "b", "c", "d"]);
        assert_eq!(texts(b"a\n\n\r\r\n", Boms::All), ["a", "", "", ""]);
        assert_eq!(texts(b"", Boms::All), [""; 0]);
        assert_eq!(texts(b"a\r", Boms::All), ["a"]);
    }

    #[test]
    fn a_bom_is_dropped_at_the_start_only() {
        assert_eq!(texts(b"\xef\xbb\xbfa\n\xef\xbb\xbfb", Boms::All), ["a", "\u{feff}b"]);
        assert_eq!(texts(b"\xef\xbb\xbf\xef\xbb\xbfa", Boms::All), ["a"]);
        assert_eq!(texts(b"\xef\xbb\xbfa", Boms::None), ["\u{feff}a"]);
        assert_eq!(texts(b"\xef\xbb\xbf", Boms::All), [""; 0]);
        // The same lines where Hadoop's reader has dropped the first mark and ended the line.
        for text in [&b"\xef\xbb\xbf\xef\xbb\xbf"[..], b"\xef\xbb\xbf\xef\xbb\xbf\n", b"\xef\xbb\xbf\n"] {
            assert_eq!(texts(text, Boms::All), [""]);
        }
        assert_eq!(cut(&[b"\xef\xbb"], 100, Boms::All), [(b"\xef\xbb".to_vec(), false)]);
        assert_eq!(cut(&[b"\xef\xbb", b"x\n"], 100, Boms::All), [(b"\xef\xbbx".to_vec(), false)]);
    }

    #[test]
    fn a_long_line_is_kept_up_to_the_limit() {
        let lines = cut(&[b"abc\nabcd\nab", b"cde\nx"], 3, Boms::None);
        let expected: Lines =
            vec![(b"abc".into(), false), (b"abc".into(), true), (b"abc".into(), true), (b"x".into(), false)];
        assert_eq!(lines, expected);
    }

    proptest! {
        #[test]
        fn any_cut_of_the_stream_gives_the_same_lines(
            text in prop::collection::vec(prop::sample::select(&b"ab\r\n\xef\xbb\xbf"[..]), 0..40),
            at in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
            max in 1_usize..5,
        ) {
            for boms in [Boms::None, Boms::All] {
                let whole = cut(&[&text], max, boms);
                let bytes: Vec<&[u8]> = text.chunks(1).collect();
                prop_assert_eq!(&cut(&bytes, max, boms), &whole);
                let mut places: Vec<usize> = at.iter().map(|index| index.index(text.len() + 1)).collect();
                places.sort_unstable();
                let mut blocks = Vec::new();
                let mut from = 0;
                for place in places {
                    blocks.push(&text[from..place]);
                    from = place;
                }
                blocks.push(&text[from..]);
                prop_assert_eq!(&cut(&blocks, max, boms), &whole);
            }
        }
    }
}
