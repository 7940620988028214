//! Cuts a sorted stream into lines and holds each against the one before it. Memory stays at one longest line.
//!
//! A line that lies whole in a block is handed out where it lies. One that goes across blocks is compared as it comes
//! in: as long as it equals the line before, nothing is copied, and behind the first byte that differs it takes that
//! line's place. So two long lines are never there at once.

use std::ops::Range;

use memchr::memchr2;

/// A line without its end, and how it stands to the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Its bytes; only the first `max` of them where it is too long. The TAB that Hadoop Streaming puts behind a line
    /// that is all key (and an empty value) is not among them.
    pub bytes: &'a [u8],
    /// Whether it has more than `max` bytes.
    pub too_long: bool,
    /// Whether it does not sort before the line above it.
    pub sorted: bool,
    /// Whether it begins with the key of the line above it, and the TAB behind that.
    pub same_key: bool,
}

/// A block of the stream on its way through the cutter.
#[derive(Debug)]
pub struct Block<'b> {
    /// Its bytes.
    pub text: &'b [u8],
    /// Where the next line begins.
    pub at: usize,
    /// The line before that, where it lies whole in the block. It has no end, and not the TAB before that.
    pub last: Option<Range<usize>>,
}

/// Cuts a stream that comes block by block.
#[derive(Debug)]
pub struct Sorted {
    max: usize,
    /// The line before, until the next one takes its place.
    held: Vec<u8>,
    /// How long the key of the line before is; `None` before the first.
    pub key: Option<usize>,
    /// A line whose end is not there yet.
    begun: Option<Begun>,
    /// The last block ended in CR: a LF that comes next belongs to it.
    after_cr: bool,
}

/// A line that has begun, held against the one before.
#[derive(Debug, Clone, Copy)]
enum Begun {
    /// It is the first so many bytes of the line before.
    Same(usize),
    /// It sorts behind it. It has taken its place in `held` but for what goes past the limit.
    Behind {
        /// How many of its first bytes are the other's.
        common: usize,
        /// Whether the other went on there.
        cut: bool,
        too_long: bool,
    },
    /// It sorts before it, and nothing more of it is kept.
    Before,
}

impl Sorted {
    /// A cutter for lines of up to `max` bytes.
    pub fn new(max: usize) -> Self {
        Self { max, held: Vec::new(), key: None, begun: None, after_cr: false }
    }

    /// Begins a block: where a line goes on in it, hands that line to `each`, which answers how long the line's key is.
    ///
    /// # Errors
    /// Whatever `each` returns; the cutter must not be used after that.
    pub fn open<'b, E>(
        &mut self,
        text: &'b [u8],
        each: impl FnMut(Line) -> Result<usize, E>,
    ) -> Result<Block<'b>, E> {
        let mut at = 0;
        if !text.is_empty() && std::mem::take(&mut self.after_cr) && text[0] == b'\n' {
            at = 1;
        }
        if self.begun.is_some() {
            if let Some(length) = memchr2(b'\n', b'\r', &text[at..]) {
                self.go_on(&text[at..at + length]);
                self.end(each)?;
                at = self.behind(text, at + length);
            } else {
                self.go_on(&text[at..]);
                at = text.len();
            }
        }
        Ok(Block { text, at, last: None })
    }

    /// Hands the next line to `each`, where it ends in this block, and says whether it does.
    ///
    /// # Errors
    /// As `open`.
    pub fn next<E>(
        &mut self,
        block: &mut Block,
        mut each: impl FnMut(Line) -> Result<usize, E>,
    ) -> Result<bool, E> {
        let rest = &block.text[block.at..];
        let Some(at) = memchr2(b'\n', b'\r', rest) else { return Ok(false) };
        let raw = &rest[..at.min(self.max)];
        let bytes = raw.strip_suffix(b"\t").unwrap_or(raw);
        let before = block.last.clone().map_or(&self.held[..], |last| &block.text[last]);
        let line = Line {
            bytes,
            too_long: at > self.max,
            sorted: before <= bytes,
            same_key: self
                .key
                .is_some_and(|key| bytes.len() > key && bytes.get(..=key) == before.get(..=key)),
        };
        self.key = Some(each(line)?);
        block.last = Some(block.at..block.at + bytes.len());
        block.at = self.behind(block.text, block.at + at);
        Ok(true)
    }

    /// Ends a block, whose lines have all been taken that end in it.
    pub fn close(&mut self, block: Block) {
        if let Some(last) = block.last {
            self.held.clear();
            self.held.extend_from_slice(&block.text[last]);
        }
        if block.at < block.text.len() {
            self.go_on(&block.text[block.at..]);
        }
    }

    /// Hands out the last line, where the stream did not end in a line end.
    ///
    /// # Errors
    /// Whatever `each` returns.
    pub fn finish<E>(mut self, each: impl FnMut(Line) -> Result<usize, E>) -> Result<(), E> {
        if self.begun.is_some() { self.end(each) } else { Ok(()) }
    }

    /// Where a text goes on behind the line end at `at`.
    fn behind(&mut self, text: &[u8], at: usize) -> usize {
        match (text[at], text.get(at + 1)) {
            (b'\r', Some(b'\n')) => at + 2,
            (b'\r', None) => {
                self.after_cr = true;
                at + 1
            }
            _ => at + 1,
        }
    }

    /// Takes more of a line whose end is not there yet.
    fn go_on(&mut self, part: &[u8]) {
        let mut rest = part;
        if let Begun::Same(at) = self.begun.unwrap_or(Begun::Same(0)) {
            let same = common(&self.held[at..], part);
            let common = at + same;
            rest = &part[same..];
            self.begun = Some(match (self.held.get(common), rest.first()) {
                (_, None) => Begun::Same(common),
                (Some(held), Some(byte)) if byte < held => Begun::Before,
                (held, Some(_)) => Begun::Behind { common, cut: held.is_some(), too_long: false },
            });
            if let Some(Begun::Behind { .. }) = self.begun {
                self.held.truncate(common);
            }
        }
        if let Some(Begun::Behind { too_long, .. }) = &mut self.begun {
            let room = self.max - self.held.len();
            *too_long |= rest.len() > room;
            self.held.extend_from_slice(&rest[..rest.len().min(room)]);
        }
    }

    /// Hands out a line that went across blocks, which becomes the one before.
    fn end<E>(&mut self, mut each: impl FnMut(Line) -> Result<usize, E>) -> Result<(), E> {
        let (common, cut, too_long) = match self.begun.take() {
            Some(Begun::Behind { common, cut, too_long }) => (common, cut, too_long),
            Some(Begun::Same(common)) => {
                let cut = common < self.held.len();
                self.held.truncate(common);
                (common, cut, false)
            }
            Some(Begun::Before) | None => {
                self.held.clear();
                (0, true, false)
            }
        };
        if self.held.last() == Some(&b'\t') {
            self.held.pop();
        }
        let bytes = self.held.as_slice();
        let line = Line {
            bytes,
            too_long,
            // Where the line before went on, this one must, too; a TAB taken off may have been all that it had.
            sorted: bytes.len() >= common + usize::from(cut),
            same_key: self.key.is_some_and(|key| common.min(bytes.len()) > key),
        };
        self.key = Some(each(line)?);
        Ok(())
    }
}

/// How many bytes two texts begin with alike.
pub fn common(left: &[u8], right: &[u8]) -> usize {
    const STEP: usize = 64;
    let chunks = left.chunks_exact(STEP).zip(right.chunks_exact(STEP));
    let same = STEP * chunks.take_while(|(left, right)| left == right).count();
    same + left[same..].iter().zip(&right[same..]).take_while(|(left, right)| left == right).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is known of a line: its bytes, and the three answers. Of one that sorts too early the last alone.
    type Seen = (Vec<u8>, bool, bool, bool);

    /// A line's key ends at its first TAB; without one it is all key, and no line begins with it and a TAB.
    fn key(line: &[u8]) -> usize {
        line.iter().position(|byte| *byte == b'\t').unwrap_or(line.len())
    }

    fn feed<E>(
        sorted: &mut Sorted,
        block: &[u8],
        mut each: impl FnMut(Line) -> Result<usize, E>,
    ) -> Result<(), E> {
        let mut block = sorted.open(block, &mut each)?;
        while sorted.next(&mut block, &mut each)? {}
        sorted.close(block);
        Ok(())
    }

    fn cut(blocks: &[&[u8]], max: usize) -> Vec<Seen> {
        let mut seen = Vec::new();
        let mut each = |line: Line| {
            let Line { bytes, too_long, sorted, same_key } = line;
            seen.push(if sorted { (bytes.to_vec(), too_long, sorted, same_key) } else { Seen::default() });
            if sorted && !too_long { Ok(key(bytes)) } else { Err(()) }
        };
        let mut sorted = Sorted::new(max);
        if blocks.iter().try_for_each(|block| feed(&mut sorted, block, &mut each)).is_ok() {
            let _ = sorted.finish(&mut each);
        }
        seen
    }

    /// The naive twin: all lines at hand.
    fn naive(text: &[u8], max: usize) -> Vec<Seen> {
        let mut lines: Vec<Vec<u8>> = vec![Vec::new()];
        let mut previous = b'x';
        for byte in text {
            match byte {
                b'\n' if previous == b'\r' => {}
                b'\n' | b'\r' => lines.push(Vec::new()),
                byte => lines.last_mut().unwrap().push(*byte),
            }
            previous = *byte;
        }
        if lines.last().unwrap().is_empty() {
            lines.pop();
        }
        let mut seen: Vec<Seen> = Vec::new();
        let mut before: Option<Vec<u8>> = None;
        for line in lines {
            let too_long = line.len() > max;
            let mut line = line[..line.len().min(max)].to_vec();
            if line.last() == Some(&b'\t') {
                line.pop();
            }
            let same_key = before.as_ref().is_some_and(|before| {
                let end = key(before);
                line.len() > end && before.len() > end && line[..=end] == before[..=end]
            });
            if before.as_ref().is_some_and(|before| line < *before) {
                seen.push(Seen::default());
                break;
            }
            seen.push((line.clone(), too_long, true, same_key));
            if too_long {
                break;
            }
            before = Some(line);
        }
        seen
    }

    proptest! {
        #[test]
        fn the_blocks_do_not_show(
            mut lines in prop::collection::vec("(a{0,3}|a{70}|b{130})[\t-\u{b}]?(a|b|\t){0,3}", 0..9),
            sort in prop::bool::weighted(0.8),
            end in prop::sample::select(vec!["\n", "\r\n", "\r", "\t\n"]),
            at in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
            max in prop::sample::select(vec![3_usize, 80, 200]),
        ) {
            if sort {
                lines.sort();
            }
            let text: String = lines.iter().map(|line| line.replace('\n', "") + end).collect();
            let text = text.as_bytes();
            let expected = naive(text, max);
            prop_assert_eq!(&cut(&[text], max), &expected);
            prop_assert_eq!(&cut(&text.chunks(1).collect::<Vec<_>>(), max), &expected);
            let mut places: Vec<usize> = at.iter().map(|index| index.index(text.len() + 1)).collect();
            places.extend([0, text.len()]);
            places.sort_unstable();
            let blocks: Vec<&[u8]> = places.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
            prop_assert_eq!(&cut(&blocks, max), &expected);
            // The last line need not have an end.
            let open = text.strip_suffix(b"\n").unwrap_or(text);
            prop_assert_eq!(&cut(&[open], max), &naive(open, max));
        }
    }

    #[test]
    fn of_two_long_lines_one_is_held() {
        let line = |last: u8| [&vec![b'a'; 1 << 20][..], &[last]].concat();
        let mut sorted = Sorted::new(1 << 21);
        let mut seen = 0;
        for last in b"abc" {
            for block in line(*last).chunks(1 << 12).chain([&b"\n"[..]]) {
                let each = |line: Line| {
                    seen += 1;
                    assert!(line.sorted && line.bytes.len() == (1 << 20) + 1);
                    Ok::<_, ()>(5)
                };
                feed(&mut sorted, block, each).unwrap();
                assert!(sorted.held.len() <= (1 << 20) + 1);
            }
        }
        assert_eq!(seen, 3);
    }
}
