//! Counts temp lines anew, as if nobody had counted them before, and collects the seals among them.

use std::collections::HashMap;

use super::lines::{Line, Lines};
use super::partial::{BadLine, Partial};
use super::rows::Rows;
use super::sum;
use crate::output::{Books, Kind, Seal, escape, line_hash};
use crate::record::Reason;
use crate::scan::Tier;
use crate::spec::Spec;

/// How many of the lines that are no temp lines are told one by one.
pub(super) const TOLD: usize = 5;

/// What the lines of one stream show. Memory grows with the seals, never with the rows.
#[derive(Debug)]
pub struct Tally<'s> {
    lines: Lines,
    rows: Option<Rows>,
    count: Count<'s>,
}

/// All of the tally but the cutter, so that the two can be borrowed apart.
#[derive(Debug)]
struct Count<'s> {
    spec: &'s Spec,
    books: Books<'s>,
    /// How many columns a row has.
    columns: usize,
    /// What may stand in a reject line's column: nothing, a column, a rule.
    names: HashMap<&'s [u8], &'s str>,
    seals: Vec<Seal>,
    /// What the duplicates add to the rejects' checksum.
    duplicate_checksum: u64,
    bad: u64,
    told: Vec<BadLine>,
    /// Lines that were taken one by one.
    taken: u64,
}

impl<'s> Tally<'s> {
    /// A tally that has seen nothing.
    #[must_use]
    pub fn new(spec: &'s Spec, tier: Tier) -> Self {
        let columns = spec.columns.iter().map(|column| column.name.as_str());
        let rules = spec.rules.iter().map(|rule| rule.name.as_str());
        let names = columns.chain(rules).chain([""]).map(|name| (name.as_bytes(), name)).collect();
        let count = Count {
            spec,
            books: Books::new(spec),
            columns: spec.kept().count(),
            names,
            seals: Vec::new(),
            duplicate_checksum: 0,
            bad: 0,
            told: Vec::new(),
            taken: 0,
        };
        Self { lines: Lines::new(longest_line(spec)), rows: Rows::new(spec, tier), count }
    }

    /// Takes the next bytes of the stream.
    pub fn feed(&mut self, block: &[u8]) {
        let Self { lines, rows, count } = self;
        let Some(rows) = rows else { return lines.feed(block, |line| count.take(line)) };
        let mut rest = block;
        while !rest.is_empty() {
            let whole = if lines.between_lines() { rows.cut(rest) } else { 0 };
            if whole == 0 {
                // A line that has begun, or that is too long for the index, or that the block's end cuts in two.
                let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
                lines.feed(&rest[..end], |line| count.take(line));
                rest = &rest[end..];
            } else {
                while let Some(line) = rows.count(rest, &mut count.books) {
                    count.take(Line::Whole(&rest[line]));
                }
                rest = &rest[whole..];
            }
        }
    }

    /// Lines counted so far.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.count.books.lines
    }

    /// Lines that the fast lane left to the plain path, for tests; `None` where there is no fast lane.
    #[must_use]
    pub fn declined(&self) -> Option<u64> {
        self.rows.is_some().then_some(self.count.taken)
    }

    /// Ends the stream, which was the split of `part` that starts at `start`.
    #[must_use]
    pub fn finish(mut self, part: String, start: u64) -> Partial {
        let rest = self.lines.rest();
        let cut_short = rest.is_some();
        if let Some(line) = rest {
            self.count.take(line);
        }
        let Count { books, seals, duplicate_checksum, bad, told, .. } = self.count;
        let shown = books.seal(Kind::Map, String::new(), 0, None);
        Partial { part, start, shown, duplicate_checksum, bad, told, cut_short, seals }
    }
}

/// The longest line that a task may write, generously: a seal has at most one count for each reason and name, and a
/// file's name.
fn longest_line(spec: &Spec) -> usize {
    let names = spec.columns.len() + spec.rules.len() + 1;
    spec.max_temp_line().saturating_add(names.saturating_mul(4096)).saturating_add(1 << 20)
}

impl Count<'_> {
    fn take(&mut self, line: Line) {
        self.books.lines += 1;
        self.taken += 1;
        let taken = match line {
            Line::Whole(line) => self.line(line),
            Line::TooLong => Err("is longer than any line that a task writes".to_owned()),
        };
        if let Err(what) = taken {
            self.bad += 1;
            if self.told.len() < TOLD {
                self.told.push(BadLine { line: self.books.lines, what });
            }
        }
    }

    fn line(&mut self, line: &[u8]) -> Result<(), String> {
        if let [b'o', b'k', delimiter, row @ ..] = line
            && *delimiter == self.spec.delimiter
        {
            return self.row(row);
        }
        let at = memchr::memchr(self.spec.delimiter, line).unwrap_or(line.len());
        let (status, rest) = (&line[..at], line.get(at + 1..));
        match (status, rest) {
            (b"seal", Some(json)) => self.seal(json),
            (status, rest) => match Reason::parse(status) {
                Some(reason) => self.reject(reason, line, rest.unwrap_or_default()),
                None => Err("does not begin with ok, a reject reason or seal".to_owned()),
            },
        }
    }

    fn row(&mut self, row: &[u8]) -> Result<(), String> {
        // A row is booked whatever its shape: it is what Hive would load.
        let booked = self.books.written_row(row, line_hash(row));
        if booked == Ok(self.columns) {
            return Ok(());
        }
        let columns = escape::split(row, self.spec.delimiter).count();
        if columns != self.columns {
            return Err(format!("has {columns} columns; the spec writes {}", self.columns));
        }
        booked.map(|_| ()).map_err(|column| format!("has no number of the spec's scale in {column}"))
    }

    fn reject(&mut self, reason: Reason, line: &[u8], fields: &[u8]) -> Result<(), String> {
        let mut fields = escape::split(fields, self.spec.delimiter);
        let mut next = || fields.next();
        let (column, _file, start, record, raw) = (next(), next(), next(), next(), next());
        let number = |text: Option<&[u8]>| {
            text.is_some_and(|text| std::str::from_utf8(text).is_ok_and(|text| text.parse::<u64>().is_ok()))
        };
        let shape = raw.is_some() && next().is_none() && number(start) && number(record);
        let name = column.and_then(|column| self.names.get(column));
        // Like a row, it is booked whatever its shape, so that one fault is told once.
        let hash = line_hash(line);
        self.books.reject((reason, name.copied().unwrap_or_default()), hash);
        if reason == Reason::Duplicate {
            self.duplicate_checksum = self.duplicate_checksum.wrapping_add(hash);
        }
        if !shape {
            return Err("is a reject, but not reason, column, file, split start, record, raw line".to_owned());
        }
        name.map(|_| ()).ok_or_else(|| "names a column or rule that the spec does not have".to_owned())
    }

    fn seal(&mut self, json: &[u8]) -> Result<(), String> {
        if escape::split(json, self.spec.delimiter).nth(1).is_some() {
            return Err("is a seal with more than one field".to_owned());
        }
        let seal: Seal = serde_json::from_slice(&escape::unescape(json)).map_err(|error| {
            let error: String = error.to_string().chars().take(120).collect();
            format!("is a seal that can't be read ({error})")
        })?;
        self.fits(&seal).map_err(|what| format!("is a seal that {what}"))?;
        self.seals.push(seal);
        Ok(())
    }

    /// Whether a seal can be one of this spec's.
    fn fits(&self, seal: &Seal) -> Result<(), String> {
        if (seal.kind == Kind::Reduce) != seal.reduced.is_some() {
            return Err("is half a mapper's and half a reducer's".to_owned());
        }
        let reasons = seal.rejected.keys().all(|reason| Reason::parse(reason.as_bytes()).is_some());
        let mut columns =
            seal.rejected.values().flat_map(|columns| columns.keys()).chain(seal.replaced.keys());
        if !reasons || !columns.all(|column| self.names.contains_key(column.as_bytes())) {
            return Err("counts under a reason, column or rule that the spec does not have".to_owned());
        }
        sum::totals(self.spec, seal).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{Provenance, reject_line, seal_line};
    use crate::spec::Raw;

    pub(crate) const SPEC: &str = r#"
        version = 1
        [table]
        name = "t"
        [input]
        format = "csv"
        max_record_bytes = 100
        [output]
        delimiter = ","
        [audit]
        sum = ["amount"]
        [[column]]
        name = "label"
        type = "text"
        [[column]]
        name = "gone"
        type = "text"
        drop = true
        [[column]]
        name = "amount"
        type = "money"
        precision = 9
        scale = 2
        nullable = true
    "#;

    fn spec() -> Spec {
        crate::spec::parse(SPEC).unwrap()
    }

    fn tally(lines: &[u8]) -> Partial {
        let spec = spec();
        let mut tally = Tally::new(&spec, Tier::best());
        tally.feed(lines);
        tally.finish("p".to_owned(), 0)
    }

    fn told(line: &[u8]) -> Option<String> {
        let partial = tally(&[line, b"\n"].concat());
        assert_eq!(partial.bad, partial.told.len() as u64);
        partial.told.into_iter().next().map(|bad| bad.what)
    }

    fn seal_of(partial: &Partial) -> Vec<u8> {
        let mut line = Vec::new();
        seal_line(&mut line, b',', &partial.shown);
        line.pop();
        line
    }

    #[test]
    fn rows_rejects_and_seals_are_counted() {
        let mut lines = b"ok,a\\,b\xff\0,1.50\nok,,\\N\nok,c,-0.25\n".to_vec();
        let from = Provenance { file: b"f,1", split_start: 7, record: 2 };
        reject_line(&mut lines, b',', (Reason::Money, "amount"), from, b"x,\\,y", Raw::Keep);
        reject_line(&mut lines, b',', (Reason::Quote, ""), from, b"", Raw::None);
        let partial = tally(&lines);
        assert_eq!((partial.bad, partial.shown.ok, partial.shown.lines), (0, 3, 5));
        assert_eq!(partial.shown.totals["amount"], "1.25");
        assert_eq!(partial.shown.rejected["money"]["amount"], 1);
        assert_eq!(partial.shown.rejected["quote"][""], 1);
        let sealed = tally(&[&lines[..], &seal_of(&partial), b"\n"].concat());
        assert_eq!((sealed.bad, sealed.seals), (0, vec![partial.shown]));
    }

    #[test]
    fn what_is_no_temp_line_is_told() {
        let empty = tally(b"");
        let seal = String::from_utf8(seal_of(&empty)).unwrap();
        let bent = |from: &str, to: &str| {
            assert!(seal.contains(from), "{seal} has no {from}");
            told(seal.replace(from, to).as_bytes()).unwrap_or_else(|| panic!("{from} -> {to} was taken"))
        };
        assert_eq!(told(seal.as_bytes()), None);
        for (line, expected) in [
            (&b""[..], "does not begin"),
            (b"ok", "does not begin"),
            (b"fine,a,1.00", "does not begin"),
            (b"OK,a,1.00", "does not begin"),
            (b"ok,a,1.00,", "3 columns"),
            (b"ok,a\\,1.00", "1 columns"),
            (b"ok,a,1.0", "no number"),
            (b"ok,a,", "no number"),
            (b"ok,a,x", "no number"),
            (b"money,amount,f,0,1", "reason, column"),
            (b"money,amount,f,0,1,raw,more", "reason, column"),
            (b"money,amount,f,x,1,raw", "reason, column"),
            (b"money,amount,f,0,-1,raw", "reason, column"),
            (b"money", "reason, column"),
            (b"money,nobody,f,0,1,raw", "names a column"),
            (b"seal", "does not begin"),
            (b"seal,{}", "can't be read"),
            (b"seal,{},{}", "more than one field"),
            (b"seal,\xff", "can't be read"),
        ] {
            let what = told(line);
            assert!(what.as_ref().is_some_and(|what| what.contains(expected)), "{line:?}: {what:?}");
        }
        assert!(bent("\"ok\":0", "\"ok\":-1").contains("can't be read"));
        assert!(bent("\"ok\":0", "\"ok\":1e3").contains("can't be read"));
        assert!(bent("\"ok\":0", "\"ok\":18446744073709551616").contains("can't be read"));
        assert!(bent("\"ok\":0", "\"ok\":\"0\"").contains("can't be read"));
        assert!(bent("\"map\"", "\"reduce\"").contains("half a mapper's"));
        assert!(bent("0.00", "0.000").contains("amount"));
        assert!(bent("\"0.00\"", "0.00").contains("can't be read"));
        assert!(bent("0.00", &format!("{}.00", "9".repeat(51))).contains("amount"));
        assert!(bent("{\"amount\":\"0.00\"}", "{}").contains("amount"));
        assert!(bent("\"replaced\":{}", "\"replaced\":{\"nobody\":1}").contains("column or rule"));
        assert!(bent("\"rejected\":{}", "\"rejected\":{\"mood\":{\"\":1}}").contains("reason, column"));
        // Unknown keys are for later versions.
        assert_eq!(told(seal.replace("\"ok\":0", "\"new\":[]\\,\"ok\":0").as_bytes()), None);
    }

    #[test]
    fn a_line_without_its_line_feed_is_counted_and_told() {
        let partial = tally(b"ok,a,1.00\nok,b,2.00");
        assert!(partial.cut_short);
        assert_eq!((partial.shown.ok, partial.shown.totals["amount"].as_str()), (2, "3.00"));
        assert!(!tally(b"ok,a,1.00\n").cut_short);
    }

    #[test]
    fn memory_is_flat_in_lines_and_in_their_length() {
        let spec = spec();
        let mut tally = Tally::new(&spec, Tier::best());
        let block = vec![b'x'; 1 << 20];
        for _ in 0..64 {
            tally.feed(&block);
            assert!(tally.lines.capacity() < 4 << 20);
        }
        tally.feed(b"\nbad\nbad\nbad\nbad\nbad\nbad\nok,a,1.00\n");
        let partial = tally.finish("p".to_owned(), 0);
        assert_eq!((partial.bad, partial.told.len(), partial.shown.ok), (7, TOLD, 1));
        assert!(partial.told[0].what.contains("longer"), "{:?}", partial.told);
    }
}
