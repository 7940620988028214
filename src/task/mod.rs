//! The mapper's task: lines in, temp lines out. It joins the cutter, the judge and the books, and does no I/O.
//!
//! Lines go through the fast [`lane`] where the tier has one, and through the plain path where it declines them; rows of
//! both are booked in the one [`Writer`].

mod lane;

use crate::exit::{Error, Result};
use crate::input::{Boms, Cutter, Line};
use crate::output::keyed::{self, Carried};
use crate::output::{Books, Kind, Provenance, Seal, line_hash, reject_line, seal_line};
use crate::record::{Fast, Fields, Judge, Reason, Row, Verdict, split};
use crate::scan::Tier;
use crate::spec::{Raw, Spec};

use lane::Lane;

/// What a task is told about its stream.
#[derive(Debug, Clone, Default)]
pub struct Split {
    /// The file, as the environment names it; `-` at a pipe.
    pub file: String,
    /// The folder in which all of the job's files lie, as `file` begins; the reducer is told the same. Empty where none is
    /// named.
    pub folder: String,
    /// Where the split starts, in bytes.
    pub start: u64,
    /// How long it is, in bytes, where that is known.
    pub length: Option<u64>,
    /// Whether the stream is known to begin a file, so that its first line is the header.
    pub begins_file: bool,
}

impl Split {
    /// A stream at a plain pipe.
    #[must_use]
    pub fn stdin() -> Self {
        Self { file: "-".to_owned(), begins_file: true, ..Self::default() }
    }
}

/// What a task writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Temp lines: rows and rejects with their status, the seal last.
    Temp,
    /// The same as keyed lines, under the dedup key or under the column that rows are summed by.
    Keyed(Option<usize>),
    /// Plain rows, for people at a pipe; rejects apart.
    Plain,
    /// Plain rows; the first reject ends the task.
    Fail,
}

/// Where a task's lines go; the caller empties it as it likes.
#[derive(Debug, Default)]
pub struct Sink {
    /// Standard output.
    pub out: Vec<u8>,
    /// Rejects, where they go apart.
    pub rejects: Vec<u8>,
}

/// One task over one stream.
#[derive(Debug)]
pub struct Task<'s> {
    cutter: Cutter,
    lane: Option<Lane<'s>>,
    line: LineTask<'s>,
}

/// The plain path of a task: all of it but the cutter, so that the two can be borrowed apart.
#[derive(Debug)]
struct LineTask<'s> {
    judge: Judge<'s>,
    writer: Writer<'s>,
    /// Whether the next line must be the header.
    header_due: bool,
}

/// Where rows and rejects are booked and written.
#[derive(Debug)]
struct Writer<'s> {
    spec: &'s Spec,
    books: Books<'s>,
    split: Split,
    mode: Mode,
    /// What stands before a row.
    status: Vec<u8>,
    /// A temp line on its way into a keyed line.
    scratch: Vec<u8>,
    /// The file as a keyed row names it.
    name: Vec<u8>,
}

impl<'s> Task<'s> {
    /// A task that has read nothing, by the plain path. With `no_header` the first line may be a record.
    #[must_use]
    pub fn new(spec: &'s Spec, split: Split, mode: Mode, no_header: bool, tier: Tier) -> Self {
        let boms = if split.begins_file { Boms::All } else { Boms::None };
        let header_due = spec.input.header && split.begins_file && !no_header;
        let mut status = Vec::new();
        if mode == Mode::Temp {
            status.extend_from_slice(b"ok");
            status.push(spec.delimiter);
        }
        let keys: Vec<usize> = match (mode, &spec.dedup) {
            (Mode::Keyed(Some(group)), _) => vec![group],
            (Mode::Keyed(None), Some(dedup)) => {
                dedup.key.iter().copied().chain(dedup.prefer.iter().map(|(column, _)| *column)).collect()
            }
            _ => Vec::new(),
        };
        let lane = Fast::new(spec, tier, &keys, &status).map(Lane::new);
        let name = keyed::file_name(&split.file, &split.folder);
        let writer = Writer { spec, books: Books::new(spec), split, mode, status, scratch: Vec::new(), name };
        Self {
            cutter: Cutter::new(spec.input.max_record_bytes, boms),
            lane,
            line: LineTask { judge: Judge::new(spec), writer, header_due },
        }
    }

    /// Puts `filler` behind every copy that the fast path reads beyond its end, for tests: it decides nothing, be it
    /// what a field could go on with, or end with.
    #[must_use]
    pub fn padded_with(mut self, filler: u8) -> Self {
        if let Some(lane) = &mut self.lane {
            lane.pad_with(filler);
        }
        self
    }

    /// Takes the next bytes of the stream.
    ///
    /// # Errors
    /// `Drift` where the first line is not the header; `Failed` at the first reject where the mode asks for it.
    pub fn feed(&mut self, block: &[u8], sink: &mut Sink) -> Result<()> {
        match &mut self.lane {
            Some(lane) => lane.feed(block, &mut self.cutter, &mut self.line, sink),
            None => self.cutter.feed(block, |line| self.line.take(line, sink)),
        }
    }

    /// Ends the stream: the last line, then the seal.
    ///
    /// # Errors
    /// As `feed`.
    pub fn finish(mut self, sink: &mut Sink) -> Result<Seal> {
        if let Some(lane) = &mut self.lane {
            lane.flush(&mut self.cutter, &mut self.line, sink)?;
        }
        self.cutter.finish(|line| self.line.take(line, sink))?;
        Ok(self.line.writer.seal(sink))
    }

    /// Lines that the fast path left to the plain one, for tests; `None` where there is no fast path.
    #[must_use]
    pub fn declined(&self) -> Option<u64> {
        self.lane.as_ref().map(|lane| lane.declined)
    }

    /// Fields that no kernel was sure of and nothing was remembered for, so that the fast path converted them, for
    /// tests; `None` where there is no fast path.
    #[must_use]
    pub fn converted(&self) -> Option<u64> {
        self.lane.as_ref().map(Lane::converted)
    }

    /// What was counted so far.
    #[must_use]
    pub fn books(&self) -> &Books<'s> {
        &self.line.writer.books
    }
}

impl LineTask<'_> {
    fn take(&mut self, line: Line, sink: &mut Sink) -> Result<()> {
        let writer = &mut self.writer;
        writer.books.lines += 1;
        if std::mem::take(&mut self.header_due) && (line.too_long || !self.judge.is_header_line(line.bytes)) {
            return Err(drift(writer.spec, &writer.split.file, line.bytes));
        }
        if line.bytes.is_empty() && !line.too_long {
            writer.books.blank += 1;
            return Ok(());
        }
        let verdict =
            if line.too_long { Verdict::Reject(Reason::TooLong, "") } else { self.judge.judge(line.bytes) };
        match verdict {
            Verdict::Header => writer.books.headers += 1,
            Verdict::Ok => {
                writer.row(self.judge.row(), &mut sink.out);
            }
            Verdict::Reject(reason, column) => {
                writer.books.records += 1;
                return writer.reject((reason, column), line.bytes, sink);
            }
        }
        Ok(())
    }
}

impl<'s> Writer<'s> {
    fn provenance<'a>(split: &'a Split, books: &Books) -> Provenance<'a> {
        Provenance { file: split.file.as_bytes(), split_start: split.start, record: books.records }
    }

    /// Books and writes a record's row.
    fn row(&mut self, row: Row, out: &mut Vec<u8>) {
        self.books.records += 1;
        self.books.row(row);
        match self.mode {
            Mode::Temp | Mode::Plain | Mode::Fail => {
                out.extend_from_slice(&self.status);
                out.extend_from_slice(row.bytes);
                out.push(b'\n');
            }
            Mode::Keyed(group) => {
                let from = Provenance { file: &self.name, ..Self::provenance(&self.split, &self.books) };
                match (group, &self.spec.dedup) {
                    (Some(column), _) => {
                        keyed::row(out, self.spec, row, Carried::Group, &[column], from);
                    }
                    (None, Some(dedup)) => {
                        keyed::row(out, self.spec, row, Carried::Row, &dedup.key, from);
                    }
                    (None, None) => unreachable!("the mapper refuses --keyed without [dedup]"),
                }
            }
        }
    }

    /// Writes and books a rejected record.
    fn reject(&mut self, why: (Reason, &'s str), raw: &[u8], sink: &mut Sink) -> Result<()> {
        let from = Self::provenance(&self.split, &self.books);
        let (delimiter, keep) = (self.spec.delimiter, self.spec.raw);
        match self.mode {
            Mode::Temp => {
                let line = reject_line(&mut sink.out, delimiter, why, from, raw, keep);
                self.books.reject(why, line_hash(line));
            }
            Mode::Plain => {
                let line = reject_line(&mut sink.rejects, delimiter, why, from, raw, keep);
                self.books.reject(why, line_hash(line));
            }
            Mode::Keyed(_) => {
                self.scratch.clear();
                let line = reject_line(&mut self.scratch, delimiter, why, from, raw, keep);
                keyed::line(&mut sink.out, Carried::Reject, from, line);
                self.books.reject(why, line_hash(line));
            }
            Mode::Fail => {
                let (reason, column) = why;
                let place = if column.is_empty() { String::new() } else { format!(" in {column}") };
                let (line, name) = (self.books.lines, stream_name(&self.split.file));
                let shown = if keep == Raw::Keep { show(raw) } else { "(not shown)".to_owned() };
                return Err(Error::Failed(format!(
                    "{name}, line {line}: {reason}{place}: {shown}; mend it, or leave --rejects fail away to go on"
                )));
            }
        }
        Ok(())
    }

    fn seal(mut self, sink: &mut Sink) -> Seal {
        let delimiter = self.spec.delimiter;
        let (start, length) = (self.split.start, self.split.length);
        let seal = self.books.seal(Kind::Map, self.split.file.clone(), start, length);
        match self.mode {
            Mode::Temp => seal_line(&mut sink.out, delimiter, &seal),
            Mode::Keyed(_) => {
                self.scratch.clear();
                seal_line(&mut self.scratch, delimiter, &seal);
                self.scratch.pop();
                // A seal is no record; in its key its number is 0, which no record has.
                let from = Provenance { file: self.split.file.as_bytes(), split_start: start, record: 0 };
                keyed::line(&mut sink.out, Carried::Seal, from, &self.scratch);
            }
            Mode::Plain | Mode::Fail => {}
        }
        seal
    }
}

/// What people call a stream.
#[must_use]
pub fn stream_name(file: &str) -> &str {
    if file == "-" { "standard input" } else { file }
}

/// The error of a file whose first line is not the header that the spec describes.
#[must_use]
pub fn drift(spec: &Spec, file: &str, found: &[u8]) -> Error {
    let expected: Vec<&str> = spec.columns.iter().map(|column| column.from.as_str()).collect();
    let delimiter = char::from(spec.input.delimiter).to_string();
    let name = stream_name(file);
    Error::Drift(format!(
        "{name}, line 1: the header drifted\n  expected: {}\n  found:    {}\n  Mend the source or the spec's \
         `from` names; where there is no header, the spec says `header = false`, and a pipe takes --no-header.",
        expected.join(&delimiter),
        found_in_place_of(spec, found)
    ))
}

/// What a header's place holds; it may be data, which is shown only where quarantine keeps it.
fn found_in_place_of(spec: &Spec, line: &[u8]) -> String {
    if spec.raw == Raw::Keep || line.is_empty() {
        return show(line);
    }
    let mut fields = Fields::new(spec.columns.len());
    let counted = match (split(line, spec.input.delimiter, spec.input.quote, &mut fields), fields.len()) {
        (false, _) => "a quote that does not end its field".to_owned(),
        (true, 1) => "1 field".to_owned(),
        (true, count) => format!("{count} fields"),
    };
    format!("{counted}, {} expected (not shown)", spec.columns.len())
}

/// The beginning of a line, for a message.
fn show(line: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(line).chars().take(300).collect();
    let text: String =
        text.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect();
    if text.is_empty() { "(a blank line)".to_owned() } else { text }
}
