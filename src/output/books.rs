//! What a task counts while it writes. Rows and rejects are booked here and nowhere else.

use std::collections::BTreeMap;
use std::ops::Range;

use xxhash_rust::xxh3::xxh3_64;

use super::escape;
use super::seal::{Kind, Seal};
use crate::record::{Reason, Row};
use crate::spec::Spec;
use crate::transform::{Decimal, Total, Value};

/// The books of one task.
#[derive(Debug)]
pub struct Books<'s> {
    spec: &'s Spec,
    /// Lines read.
    pub lines: u64,
    /// Records among them.
    pub records: u64,
    /// Lines without a byte.
    pub blank: u64,
    /// Header lines.
    pub headers: u64,
    /// Rows written.
    pub ok: u64,
    bytes: u64,
    checksum: u64,
    reject_checksum: u64,
    rejected: BTreeMap<(Reason, &'s str), u64>,
    replaced: BTreeMap<usize, u64>,
    totals: Vec<Total>,
    /// What is to be added to them, in units of their last digits.
    pending: Vec<i64>,
    /// Where the columns with a control total stand in a row, in ascending order.
    sum_places: Vec<usize>,
    /// Which of the totals each of them is.
    sum_totals: Vec<usize>,
}

/// Rows that were written and are still to be counted. Together they cost less than one by one: none of them is still
/// on its way from the processor to memory.
#[derive(Debug, Default)]
pub struct Written {
    /// By length: how XXH3 goes through a text of up to 240 bytes is decided by how many times 16 bytes it has, so that
    /// hardly any row of a list goes another way than the one before.
    by_length: [Vec<Range<usize>>; 16],
}

impl Written {
    /// Notes where a row stands.
    #[inline(always)]
    #[allow(clippy::inline_always)] // as `Books::numbers`
    pub fn push(&mut self, row: Range<usize>) {
        self.by_length[(row.len() / 16).min(15)].push(row);
    }
}

/// The hash of one row or reject line, as a checksum adds it up.
#[must_use]
pub fn line_hash(line: &[u8]) -> u64 {
    xxh3_64(line)
}

impl<'s> Books<'s> {
    /// Empty books.
    #[must_use]
    pub fn new(spec: &'s Spec) -> Self {
        let mut sums: Vec<(usize, usize)> =
            spec.sums.iter().enumerate().map(|(total, column)| (spec.kept_index(*column), total)).collect();
        sums.sort_unstable();
        let totals = spec.sums.iter().map(|column| Total::zero(spec.sum_scale(*column))).collect();
        Self {
            spec,
            lines: 0,
            records: 0,
            blank: 0,
            headers: 0,
            ok: 0,
            bytes: 0,
            checksum: 0,
            reject_checksum: 0,
            rejected: BTreeMap::new(),
            replaced: BTreeMap::new(),
            pending: vec![0; spec.sums.len()],
            totals,
            sum_places: sums.iter().map(|(place, _)| *place).collect(),
            sum_totals: sums.iter().map(|(_, total)| *total).collect(),
        }
    }

    /// Books a row as written.
    pub fn row(&mut self, row: Row) {
        self.count(row.bytes);
        for column in row.replaced {
            *self.replaced.entry(*column).or_default() += 1;
        }
        for (total, column) in self.totals.iter_mut().zip(&self.spec.sums) {
            if let Value::Number(number) = row.value(*column) {
                total.add(number);
            }
        }
    }

    /// Adds up a row's numbers, where the columns that are added up have such of 64 bits, in units of the last digit. The
    /// row itself is counted by [`Self::written`].
    #[inline(always)]
    #[allow(clippy::inline_always)] // it has one caller, in the innermost loop
    pub fn numbers(&mut self, number: impl Fn(usize) -> i64) {
        let sums = self.pending.iter_mut().zip(&mut self.totals).zip(&self.spec.sums);
        for ((pending, total), column) in sums {
            let number = number(*column);
            match pending.checked_add(number) {
                Some(sum) => *pending = sum,
                None => settle(total, std::mem::replace(pending, number)),
            }
        }
    }

    /// As [`Self::numbers`], of the columns that are added up in their order.
    #[inline(always)]
    #[allow(clippy::inline_always)] // as `numbers`
    pub fn add(&mut self, numbers: &[i64]) {
        for ((pending, total), number) in self.pending.iter_mut().zip(&mut self.totals).zip(numbers) {
            match pending.checked_add(*number) {
                Some(sum) => *pending = sum,
                None => settle(total, std::mem::replace(pending, *number)),
            }
        }
    }

    /// Counts rows whose numbers were added up, and forgets them. They stand in a page. Returns the sum of their hashes,
    /// and how many they are.
    pub fn written(&mut self, page: &[u8], rows: &mut Written) -> (u64, u64) {
        let (mut bytes, mut checksum, mut count) = (0, 0_u64, 0);
        for list in &mut rows.by_length {
            count += list.len() as u64;
            for row in list.drain(..) {
                let row = &page[row];
                bytes += row.len();
                checksum = checksum.wrapping_add(line_hash(row));
            }
        }
        self.ok += count;
        self.bytes += bytes as u64;
        self.checksum = self.checksum.wrapping_add(checksum);
        (checksum, count)
    }

    /// Books a row that was judged before, with its columns as they stand in the temp line, and its hash. Returns how
    /// many columns it has.
    ///
    /// # Errors
    /// The name of a column with a control total that is missing, or is not a number of its scale.
    pub fn written_row(&mut self, row: &[u8], hash: u64) -> Result<usize, &'s str> {
        self.count_hashed(row, hash);
        let (mut columns, mut summed, mut wrong) = (0, 0, None);
        for text in escape::split(row, self.spec.delimiter) {
            if self.sum_places.get(summed) == Some(&columns) {
                let total = &mut self.totals[self.sum_totals[summed]];
                match Decimal::parse_scaled(text, total.scale()) {
                    Some(number) => total.add(number),
                    None if text == escape::NULL => {}
                    None => wrong = wrong.or(Some(summed)),
                }
                summed += 1;
            }
            columns += 1;
        }
        // Where the row ends before some of them, the last is missing for sure.
        let missing = (summed < self.totals.len()).then(|| self.totals.len() - 1);
        match wrong.or(missing) {
            None => Ok(columns),
            Some(index) => Err(&self.spec.columns[self.spec.sums[self.sum_totals[index]]].name),
        }
    }

    fn count(&mut self, row: &[u8]) {
        self.count_hashed(row, line_hash(row));
    }

    fn count_hashed(&mut self, row: &[u8], hash: u64) {
        self.ok += 1;
        self.bytes += row.len() as u64;
        self.checksum = self.checksum.wrapping_add(hash);
    }

    /// Books a rejected record under its reason and the column's or rule's name, with the hash of its reject line as it
    /// was written, without the line feed.
    pub fn reject(&mut self, (reason, column): (Reason, &'s str), hash: u64) {
        self.reject_checksum = self.reject_checksum.wrapping_add(hash);
        *self.rejected.entry((reason, column)).or_default() += 1;
    }

    /// Records rejected so far.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// Closes the books.
    #[must_use]
    pub fn seal(mut self, kind: Kind, file: String, split_start: u64, split_length: Option<u64>) -> Seal {
        self.totals.iter_mut().zip(self.pending).for_each(|(total, pending)| settle(total, pending));
        let name = |column: usize| self.spec.columns[column].name.clone();
        let mut rejected = super::Rejected::new();
        for ((reason, column), count) in &self.rejected {
            rejected.entry(reason.name().to_owned()).or_default().insert((*column).to_owned(), *count);
        }
        let totals = self.spec.sums.iter().zip(&self.totals);
        Seal {
            kind,
            file,
            split_start,
            split_length,
            lines: self.lines,
            records: self.records,
            ok: self.ok,
            rejected,
            replaced: self.replaced.iter().map(|(column, count)| (name(*column), *count)).collect(),
            blank: self.blank,
            headers: self.headers,
            bytes: self.bytes,
            checksum: self.checksum,
            reject_checksum: self.reject_checksum,
            totals: totals.map(|(column, total)| (name(*column), total.to_string())).collect(),
            reduced: None,
        }
    }
}

/// Adds what is pending to a total.
#[cold]
fn settle(total: &mut Total, pending: i64) {
    total.add(Decimal { unscaled: pending.into(), scale: total.scale() });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_row_adds_up_or_names_the_column_that_does_not() {
        let column = |name: &str, more: &str| format!("[[column]]\nname = \"{name}\"\n{more}\n");
        let money = "type = \"money\"\nprecision = 9\nscale = 2\nnullable = true";
        let text =
            "version = 1\n[table]\nname = \"t\"\n[input]\nformat = \"csv\"\n[audit]\nsum = [\"b\", \"a\"]\n";
        let columns =
            [("x", "type = \"text\"\ndrop = true"), ("a", money), ("y", "type = \"text\""), ("b", money)];
        let columns: String = columns.iter().map(|(name, more)| column(name, more)).collect();
        let spec = crate::spec::parse(&(text.to_owned() + &columns)).unwrap();
        let mut books = Books::new(&spec);
        let written = |books: &mut Books<'_>, row: &[u8]| {
            books.written_row(row, line_hash(row)).err().map(str::to_owned)
        };
        assert_eq!(written(&mut books, b"1.50\ta\\\tb\t-0.25"), None);
        assert_eq!(written(&mut books, b"\\N\t\t2.00"), None);
        assert_eq!(written(&mut books, b"1.5\t\t2.00"), Some("a".to_owned()));
        assert_eq!(written(&mut books, b"1.00\t"), Some("b".to_owned()));
        let seal = books.seal(Kind::Map, String::new(), 0, None);
        assert_eq!((seal.ok, seal.totals["a"].as_str(), seal.totals["b"].as_str()), (4, "2.50", "3.75"));
    }
}
