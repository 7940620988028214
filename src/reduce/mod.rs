//! The reducer's task: sorted keyed lines in, temp lines out, one winner a key. No I/O, flat memory.
//!
//! The order of the lines is the whole algorithm (see [`crate::output::keyed`]): the first row of a key wins,
//! and rows that equal it stand right behind it. So one row is remembered, however many share its key.

mod aggregate;

pub use aggregate::Aggregate;

use crate::exit::{Error, Result};
use crate::input::{Boms, Cutter, Line};
use crate::output::keyed::{self, Carried, Keyed};
use crate::output::{Books, Kind, Passed, Provenance, Reduced, Seal, line_hash, reject_line, seal_line};
use crate::record::Reason;
use crate::spec::Spec;

/// One reducer over one sorted stream.
#[derive(Debug)]
pub struct Reducer<'s> {
    cutter: Cutter,
    line: LineReducer<'s>,
}

#[derive(Debug)]
struct LineReducer<'s> {
    spec: &'s Spec,
    books: Books<'s>,
    aggregate: Option<Aggregate<'s>>,
    lines: u64,
    reduced: Reduced,
    received: u64,
    /// The last line: the next one must not sort before it.
    previous: Vec<u8>,
    /// The key that is being reduced, with its mark; empty before the first.
    key: Vec<u8>,
    /// The encoded row that won it.
    winner: Vec<u8>,
    /// A decoded payload.
    row: Vec<u8>,
}

impl<'s> Reducer<'s> {
    /// A reducer that has read nothing; with `aggregate` it writes sums instead of rows.
    #[must_use]
    pub fn new(spec: &'s Spec, aggregate: Option<Aggregate<'s>>) -> Self {
        let reduced = Reduced {
            duplicates: 0,
            copies: 0,
            received_checksum: 0,
            passed: Passed { rejects: 0, seals: 0 },
        };
        // A record's bytes can double by Hive's escapes, once more as a duplicate's row, and once more as a payload;
        // what `replace` and a key add is small beside the constant.
        let longest = spec.max_temp_line().saturating_mul(4).saturating_add(1 << 16);
        Self {
            cutter: Cutter::new(longest, Boms::None),
            line: LineReducer {
                spec,
                books: Books::new(spec),
                aggregate,
                lines: 0,
                reduced,
                received: 0,
                previous: Vec::new(),
                key: Vec::new(),
                winner: Vec::new(),
                row: Vec::new(),
            },
        }
    }

    /// Takes the next bytes of the stream and appends to `out`.
    ///
    /// # Errors
    /// `Input` where a line is no keyed line, is too long for one, or sorts before the line above it.
    pub fn feed(&mut self, block: &[u8], out: &mut Vec<u8>) -> Result<()> {
        self.cutter.feed(block, |line| self.line.take(line, out))
    }

    /// Ends the stream. Where nothing came in, nothing goes out: Hadoop would drop it, and so the books must
    /// balance without it everywhere.
    ///
    /// # Errors
    /// As `feed`.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<Seal> {
        self.cutter.finish(|line| self.line.take(line, out))?;
        Ok(self.line.finish(out))
    }

    /// Lines read so far.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.line.lines
    }
}

impl LineReducer<'_> {
    fn take(&mut self, line: Line, out: &mut Vec<u8>) -> Result<()> {
        self.lines += 1;
        // Hadoop Streaming puts a TAB (and an empty value) behind a line that is all key.
        let bytes = line.bytes.strip_suffix(b"\t").unwrap_or(line.bytes);
        if bytes < self.previous.as_slice() {
            return Err(Error::Input(format!(
                "line {} sorts before the line above it; sort the mapper's output with LC_ALL=C sort",
                self.lines
            )));
        }
        if line.too_long {
            return Err(Error::Input(format!(
                "line {} is longer than any that mapper --keyed writes by this spec; was it made by another?",
                self.lines
            )));
        }
        let keyed = keyed::parse(bytes).ok_or_else(|| self.no_keyed_line())?;
        match keyed.carried {
            Carried::Row | Carried::Group => self.row(&keyed, out)?,
            Carried::Reject | Carried::Seal => self.pass(&keyed, out)?,
        }
        self.previous.clear();
        self.previous.extend_from_slice(bytes);
        Ok(())
    }

    fn row(&mut self, keyed: &Keyed, out: &mut Vec<u8>) -> Result<()> {
        if !keyed::decode(keyed.payload, &mut self.row) {
            return Err(self.no_keyed_line());
        }
        self.received += 1;
        self.reduced.received_checksum = self.reduced.received_checksum.wrapping_add(line_hash(&self.row));
        if keyed.carried == Carried::Group {
            let Some(aggregate) = &mut self.aggregate else {
                return Err(Error::Usage(
                    "these lines are keyed for sums; give --aggregate NAME as the mapper was given"
                        .to_owned(),
                ));
            };
            if self.key != keyed.key {
                // All rows of a group stand together, so its sums are complete.
                aggregate.write(out);
                self.key.clear();
                self.key.extend_from_slice(keyed.key);
            }
            self.books.ok += 1;
            return aggregate.add(&self.row, Some(keyed.key), self.lines);
        }
        if self.key == keyed.key {
            if self.winner == keyed.payload {
                self.reduced.copies += 1;
                return Ok(());
            }
            return self.duplicate(keyed, out);
        }
        self.key.clear();
        self.key.extend_from_slice(keyed.key);
        self.winner.clear();
        self.winner.extend_from_slice(keyed.payload);
        if let Some(aggregate) = &mut self.aggregate {
            aggregate.add(&self.row, None, self.lines)?;
        } else {
            out.extend_from_slice(b"ok");
            out.push(self.spec.delimiter);
            out.extend_from_slice(&self.row);
            out.push(b'\n');
        }
        self.books.written_row(&self.row).map_err(|column| {
            Error::Input(format!(
                "line {}: {column} is no number of its scale; was it made by this spec?",
                self.lines
            ))
        })
    }

    fn duplicate(&mut self, keyed: &Keyed, out: &mut Vec<u8>) -> Result<()> {
        let (file, split_start, record) =
            keyed::provenance(keyed.provenance).ok_or_else(|| self.no_keyed_line())?;
        self.reduced.duplicates += 1;
        if self.aggregate.is_none() {
            let why = (Reason::Duplicate, "");
            let from = Provenance { file: &file, split_start, record };
            let line = reject_line(out, self.spec.delimiter, why, from, &self.row, self.spec.raw);
            self.books.reject(why, line);
        }
        Ok(())
    }

    fn pass(&mut self, keyed: &Keyed, out: &mut Vec<u8>) -> Result<()> {
        if !keyed::decode(keyed.payload, &mut self.row) {
            return Err(self.no_keyed_line());
        }
        if self.aggregate.is_none() {
            out.extend_from_slice(&self.row);
            out.push(b'\n');
        }
        match keyed.carried {
            Carried::Reject => self.reduced.passed.rejects += 1,
            _ => self.reduced.passed.seals += 1,
        }
        Ok(())
    }

    fn no_keyed_line(&self) -> Error {
        Error::Input(format!("line {} is not a keyed line; it must come from mapper --keyed", self.lines))
    }

    fn finish(mut self, out: &mut Vec<u8>) -> Seal {
        self.books.lines = self.lines;
        self.books.records = self.received;
        let mut seal = self.books.seal(Kind::Reduce, String::new(), 0, None);
        seal.reduced = Some(self.reduced);
        match self.aggregate {
            Some(mut aggregate) => aggregate.write(out),
            None if self.lines > 0 => seal_line(out, self.spec.delimiter, &seal),
            None => {}
        }
        seal
    }
}
