//! The fast lane: whole lines go through the fast path, and every line that it does not take goes to the plain one.
//!
//! The fast path reads some bytes beyond a line. A line that ends too near to its block's end, or that the end cuts in
//! two, is copied to where there is room behind it.

use super::{LineTask, Mode, Sink};
use crate::exit::Result;
use crate::input::Cutter;
use crate::output::Page;
use crate::record::{Fast, Lines, STRETCH};
use crate::scan::WINDOW;

/// The fast path of one task, with what waits for the next block.
#[derive(Debug)]
pub(super) struct Lane<'s> {
    fast: Fast<'s>,
    lines: Lines,
    /// A line whose end is not there yet.
    begun: Vec<u8>,
    /// Lines that were left to the plain path.
    pub declined: u64,
}

impl<'s> Lane<'s> {
    pub fn new(fast: Fast<'s>) -> Self {
        Self { fast, lines: Lines::default(), begun: Vec::new(), declined: 0 }
    }

    /// Puts other bytes than usual behind a copy that is to be read, for tests.
    pub fn pad_with(&mut self, filler: u8) {
        self.fast.pad_with(filler);
    }

    /// How many fields went to the conversion itself.
    pub fn converted(&self) -> u64 {
        self.fast.converted()
    }

    /// Takes the next bytes of the stream. The cutter is between two lines wherever something has begun here.
    pub fn feed(
        &mut self,
        mut block: &[u8],
        cutter: &mut Cutter,
        line: &mut LineTask,
        sink: &mut Sink,
    ) -> Result<()> {
        // The first line may be the header, or have a BOM; and a long line is not here but in the cutter.
        while !block.is_empty() && (line.header_due || !cutter.between_lines()) {
            let (first, rest) = block.split_at(first_line(block));
            cutter.feed(first, |cut| line.take(cut, sink))?;
            block = rest;
        }
        if !self.begun.is_empty() {
            let (first, rest) = block.split_at(first_line(block));
            self.begun.extend_from_slice(first);
            block = rest;
            if self.begun.ends_with(b"\n") {
                self.begun_lines(cutter, line, sink)?;
            }
        }
        let done = self.lines(block, cutter, line, sink)?;
        let (whole, begun) = block[done..].split_at(last_line(&block[done..]));
        if !whole.is_empty() {
            self.begun.extend_from_slice(whole);
            self.begun_lines(cutter, line, sink)?;
        }
        self.begun.extend_from_slice(begun);
        if self.begun.len() > STRETCH {
            self.flush(cutter, line, sink)?;
        }
        Ok(())
    }

    /// Takes the lines that have been copied, all of which have their ends.
    fn begun_lines(&mut self, cutter: &mut Cutter, line: &mut LineTask, sink: &mut Sink) -> Result<()> {
        let mut begun = std::mem::take(&mut self.begun);
        let end = begun.len();
        begun.extend_from_slice(self.fast.behind());
        let done = self.lines(&begun, cutter, line, sink)?;
        // All of it has been taken; what were left over would go to the cutter, not be lost.
        cutter.feed(&begun[done.min(end)..end], |cut| line.take(cut, sink))?;
        begun.clear();
        self.begun = begun;
        Ok(())
    }

    /// Leaves what has begun to the plain path.
    pub fn flush(&mut self, cutter: &mut Cutter, line: &mut LineTask, sink: &mut Sink) -> Result<()> {
        cutter.feed(&self.begun, |cut| line.take(cut, sink))?;
        self.begun.clear();
        Ok(())
    }

    /// Takes the lines that end well before the text does; returns where the others begin.
    fn lines(
        &mut self,
        text: &[u8],
        cutter: &mut Cutter,
        line: &mut LineTask,
        sink: &mut Sink,
    ) -> Result<usize> {
        let mut done = 0;
        loop {
            let rest = &text[done..];
            self.fast.cut(&mut self.lines, rest);
            if self.lines.end > 0 {
                self.stretch(rest, cutter, line, sink)?;
                done += self.lines.end;
            } else if rest.len() > STRETCH + WINDOW {
                let (first, _) = rest.split_at(first_line(rest));
                cutter.feed(first, |cut| line.take(cut, sink))?;
                self.declined += 1;
                done += first.len();
            } else {
                return Ok(done);
            }
            if !cutter.between_lines() {
                // The last line goes on in the next block.
                return Ok(done);
            }
        }
    }

    /// Takes the lines that were cut.
    fn stretch(
        &mut self,
        text: &[u8],
        cutter: &mut Cutter,
        line: &mut LineTask,
        sink: &mut Sink,
    ) -> Result<()> {
        if let Mode::Keyed(_) = line.writer.mode {
            return self.keyed_stretch(text, cutter, line, sink);
        }
        loop {
            let mut page = Page::open(&mut sink.out);
            let left = self.fast.rows(text, &mut self.lines, &mut page, &mut line.writer.books);
            page.close();
            let Some(next) = left else { return Ok(()) };
            self.declined += 1;
            cutter.feed(&text[next.place], |cut| line.take(cut, sink))?;
        }
    }

    /// As `stretch`, where a row does not stand in the output as it is.
    fn keyed_stretch(
        &mut self,
        text: &[u8],
        cutter: &mut Cutter,
        line: &mut LineTask,
        sink: &mut Sink,
    ) -> Result<()> {
        let mut row = Vec::new();
        while let Some(next) = self.lines.take() {
            row.clear();
            let mut page = Page::open(&mut row);
            let made = self.fast.row(text, &mut self.lines, &next, &mut page);
            page.close();
            if let Some(place) = made {
                line.writer.books.lines += 1;
                line.writer.row(self.fast.made(&row[place]), &mut sink.out);
            } else {
                self.declined += 1;
                cutter.feed(&text[next.place], |cut| line.take(cut, sink))?;
            }
        }
        Ok(())
    }
}

/// How long the whole lines are that a text begins with.
fn last_line(text: &[u8]) -> usize {
    memchr::memrchr(b'\n', text).map_or(0, |at| at + 1)
}

/// How long the first line is, with its line feed; all there is where it has none.
fn first_line(text: &[u8]) -> usize {
    memchr::memchr(b'\n', text).map_or(text.len(), |at| at + 1)
}
