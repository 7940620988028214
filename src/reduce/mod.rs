//! The reducer's task: sorted keyed lines in, temp lines out, one winner a key. Memory is flat.
//!
//! The order of the lines is the whole algorithm (see [`crate::output::keyed`]): the first row of a key wins,
//! and rows that equal it stand right behind it. So one row is remembered, however many share its key.
//!
//! A line can be many times as long as its record, so what is held of a long one is bounded, too: one line (see
//! [`sorted`]), its row where it stands there in another form, and the row that won.

mod aggregate;
mod rows;
mod sorted;

pub use aggregate::Aggregate;

use std::io::Write;

use crate::exit::{Error, Result};
use crate::output::keyed::{self, Carried, Keyed};
use crate::output::{Books, Kind, Passed, Provenance, Reduced, Seal, line_hash, reject_in_pieces, seal_line};
use crate::record::Reason;
use crate::scan::Tier;
use crate::spec::Spec;

use rows::Rows;
use sorted::{Block, Line, Sorted};

/// How much output is gathered before it is written.
const PAGE: usize = 256 * 1024;

const DUPLICATE: (Reason, &str) = (Reason::Duplicate, "");

/// One reducer over one sorted stream.
#[derive(Debug)]
pub struct Reducer<'s> {
    sorted: Sorted,
    rows: Option<Rows>,
    line: LineReducer<'s>,
}

#[derive(Debug)]
struct LineReducer<'s> {
    spec: &'s Spec,
    /// How many columns a row has.
    columns: usize,
    books: Books<'s>,
    aggregate: Option<Aggregate<'s>>,
    /// The folder in which the job's files lie.
    folder: String,
    lines: u64,
    /// Lines that were taken one by one.
    taken: u64,
    reduced: Reduced,
    received: u64,
    /// The row that won the key that is being reduced.
    winner: Vec<u8>,
    /// A decoded payload.
    row: Vec<u8>,
    /// Output that is not written yet.
    page: Vec<u8>,
}

impl<'s> Reducer<'s> {
    /// A reducer that has read nothing; with `aggregate` it writes sums instead of rows.
    #[must_use]
    pub fn new(spec: &'s Spec, aggregate: Option<Aggregate<'s>>, tier: Tier) -> Self {
        let reduced = Reduced {
            duplicates: 0,
            copies: 0,
            received_checksum: 0,
            passed: Passed { rejects: 0, seals: 0 },
        };
        Self {
            sorted: Sorted::new(spec.max_keyed_line()),
            rows: Rows::new(spec, tier).filter(|_| aggregate.is_none()),
            line: LineReducer {
                spec,
                columns: spec.kept().count(),
                books: Books::new(spec),
                aggregate,
                folder: String::new(),
                lines: 0,
                taken: 0,
                reduced,
                received: 0,
                winner: Vec::new(),
                row: Vec::new(),
                page: Vec::new(),
            },
        }
    }

    /// Says in which folder the job's files lie, as its mappers were told.
    #[must_use]
    pub fn with_folder(mut self, folder: String) -> Self {
        self.line.folder = folder;
        self
    }

    /// Takes the next bytes of the stream, and writes to `out` what they make.
    ///
    /// # Errors
    /// `Input` where a line is no keyed line, is too long for one, or sorts before the line above it; where `out`
    /// can't be written.
    pub fn feed(&mut self, block: &[u8], out: &mut impl Write) -> Result<()> {
        let Self { sorted, rows, line } = self;
        let mut block = sorted.open(block, |cut| line.take(cut, out))?;
        if let Some(rows) = rows {
            rows.begin();
        }
        loop {
            while let Some(rows) = rows
                && line.rows(rows, &mut block, &mut sorted.key)
            {
                room(&mut line.page, out)?;
            }
            if !sorted.next(&mut block, |cut| line.take(cut, out))? {
                break;
            }
        }
        sorted.close(block);
        drain(&mut line.page, out)
    }

    /// Ends the stream. Where nothing came in, nothing goes out: Hadoop would drop it, and so the books must
    /// balance without it everywhere.
    ///
    /// # Errors
    /// As `feed`.
    pub fn finish(mut self, out: &mut impl Write) -> Result<Seal> {
        self.sorted.finish(|line| self.line.take(line, out))?;
        self.line.finish(out)
    }

    /// Lines read so far.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.line.lines
    }

    /// Lines that the fast lane left to the plain path, for tests; `None` where there is no fast lane.
    #[must_use]
    pub fn declined(&self) -> Option<u64> {
        self.rows.is_some().then_some(self.line.taken)
    }
}

impl LineReducer<'_> {
    /// Takes a line; returns how long its key is.
    fn take(&mut self, line: Line, out: &mut impl Write) -> Result<usize> {
        self.lines += 1;
        self.taken += 1;
        if !line.sorted {
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
        let keyed = keyed::parse(line.bytes).ok_or_else(|| no_keyed_line(self.lines))?;
        match keyed.carried {
            Carried::Row => self.row(&keyed, line.same_key, out)?,
            Carried::Group => self.group(&keyed, line.same_key, out)?,
            Carried::Reject | Carried::Seal => self.pass(&keyed, out)?,
        }
        room(&mut self.page, out)?;
        Ok(keyed.key.len())
    }

    /// Takes rows in the fast lane, and says whether there were any.
    fn rows(&mut self, rows: &mut Rows, block: &mut Block, key: &mut Option<usize>) -> bool {
        let Some(taken) = rows.take(block, key, &mut self.page, &mut self.books) else { return false };
        self.lines += taken.rows;
        self.received += taken.rows;
        self.reduced.received_checksum = self.reduced.received_checksum.wrapping_add(taken.checksum);
        self.winner.clear();
        self.winner.extend_from_slice(&block.text[taken.winner]);
        true
    }

    /// A row under its dedup key.
    fn row(&mut self, keyed: &Keyed, same_key: bool, out: &mut impl Write) -> Result<()> {
        let Self { spec, books, aggregate, page, folder, .. } = self;
        let no_keyed_line = || no_keyed_line(self.lines);
        let row = keyed::decode(keyed, &mut self.row).ok_or_else(no_keyed_line)?;
        let hash = line_hash(row);
        self.received += 1;
        self.reduced.received_checksum = self.reduced.received_checksum.wrapping_add(hash);
        if same_key && self.winner == row {
            self.reduced.copies += 1;
            return Ok(());
        }
        if same_key {
            let (file, split_start, record) = keyed::provenance(keyed.provenance, folder)
                .ok_or_else(|| no_provenance(keyed, self.lines))?;
            self.reduced.duplicates += 1;
            if aggregate.is_none() {
                let from = Provenance { file: &file, split_start, record };
                let hash = reject_in_pieces(page, spec, DUPLICATE, from, row, |page| room(page, out))?;
                books.reject(DUPLICATE, hash);
            }
            return Ok(());
        }
        self.winner.clear();
        self.winner.extend_from_slice(row);
        if let Some(aggregate) = aggregate {
            aggregate.add(row, None, self.lines)?;
        } else {
            page.extend_from_slice(b"ok");
            page.push(spec.delimiter);
            for piece in row.chunks(PAGE) {
                page.extend_from_slice(piece);
                room(page, out)?;
            }
            page.push(b'\n');
        }
        let line = self.lines;
        match books.written_row(row, hash) {
            Ok(columns) if columns == self.columns => Ok(()),
            Ok(columns) => Err(other_columns(line, columns, self.columns)),
            Err(column) => Err(no_number(line, column)),
        }
    }

    /// A row under the column that it is summed by.
    fn group(&mut self, keyed: &Keyed, same_key: bool, out: &mut impl Write) -> Result<()> {
        let row = keyed::decode(keyed, &mut self.row).ok_or_else(|| no_keyed_line(self.lines))?;
        self.received += 1;
        self.reduced.received_checksum = self.reduced.received_checksum.wrapping_add(line_hash(row));
        let Some(aggregate) = &mut self.aggregate else {
            return Err(Error::Usage(
                "these lines are keyed for sums; give --aggregate NAME as the mapper was given".to_owned(),
            ));
        };
        if !same_key {
            // All rows of a group stand together, so its sums are complete.
            aggregate.write(&mut self.page, |page| room(page, out))?;
        }
        self.books.ok += 1;
        aggregate.add(row, Some(keyed.key), self.lines)
    }

    /// A mapper's reject or seal.
    fn pass(&mut self, keyed: &Keyed, out: &mut impl Write) -> Result<()> {
        let line = keyed::decode(keyed, &mut self.row).ok_or_else(|| no_keyed_line(self.lines))?;
        if self.aggregate.is_none() {
            for piece in line.chunks(PAGE) {
                self.page.extend_from_slice(piece);
                room(&mut self.page, out)?;
            }
            self.page.push(b'\n');
        }
        match keyed.carried {
            Carried::Reject => self.reduced.passed.rejects += 1,
            _ => self.reduced.passed.seals += 1,
        }
        Ok(())
    }

    fn finish(mut self, out: &mut impl Write) -> Result<Seal> {
        self.books.lines = self.lines;
        self.books.records = self.received;
        let mut seal = self.books.seal(Kind::Reduce, String::new(), 0, None);
        seal.reduced = Some(self.reduced);
        match self.aggregate {
            Some(mut aggregate) => aggregate.write(&mut self.page, |page| room(page, out))?,
            None if self.lines > 0 => seal_line(&mut self.page, self.spec.delimiter, &seal),
            None => {}
        }
        drain(&mut self.page, out)?;
        Ok(seal)
    }
}

fn no_keyed_line(line: u64) -> Error {
    Error::Input(format!("line {line} is not a keyed line; it must come from mapper --keyed"))
}

/// The error of a row that has other columns than the spec writes.
fn other_columns(line: u64, found: usize, wanted: usize) -> Error {
    Error::Input(format!(
        "line {line} has {found} columns, the spec writes {wanted}; was it made by this spec?"
    ))
}

/// The error of a row whose column can't be added up.
fn no_number(line: u64, column: &str) -> Error {
    Error::Input(format!("line {line}: {column} is no number of its scale; was it made by this spec?"))
}

/// The error of a row that does not say where it comes from.
fn no_provenance(keyed: &Keyed, line: u64) -> Error {
    if !keyed::is_below_folder(keyed.provenance) {
        return no_keyed_line(line);
    }
    Error::Usage(format!(
        "line {line} leaves out the folder of its file; give the reducer the sluicebox_folder that the mapper had, as \
         -D sluicebox.folder does in a job"
    ))
}

/// Makes room on a page that is full.
fn room(page: &mut Vec<u8>, out: &mut impl Write) -> Result<()> {
    if page.len() < PAGE { Ok(()) } else { drain(page, out) }
}

/// Writes and empties a page.
fn drain(page: &mut Vec<u8>, out: &mut impl Write) -> Result<()> {
    out.write_all(page).map_err(Error::io("cannot write to standard output"))?;
    page.clear();
    Ok(())
}
