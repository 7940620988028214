//! Fields that are not usual, and what is kept of them.

use crate::output::escape;
use crate::plan::Need;
use crate::record::kernel::Column;
use crate::record::{column, row};
use crate::scan::{Source, Target};
use crate::spec::Spec;
use crate::transform::Value;

/// What is kept of the last row's fields that were converted or mean NULL.
#[derive(Debug)]
pub struct Kept<'s> {
    pub spec: &'s Spec,
    /// Whether the columns' numbers say all about the row.
    pub only_numbers: bool,
    /// Source columns whose place is known.
    placed: Vec<usize>,
    /// Per source column; only those that are needed are kept.
    pub places: Vec<row::Place>,
    /// Source columns whose value was replaced.
    pub replaced: Vec<usize>,
    /// A value on its way to the page.
    text: Vec<u8>,
    row: Vec<u8>,
    /// How many fields went to the conversion itself.
    pub converted: u64,
}

impl<'s> Kept<'s> {
    /// Nothing yet, for the columns of a spec.
    pub fn new(spec: &'s Spec) -> Self {
        Self {
            spec,
            only_numbers: true,
            placed: Vec::new(),
            places: vec![(0..0, Value::Null); spec.columns.len()],
            replaced: Vec::new(),
            text: Vec::new(),
            row: Vec::new(),
            converted: 0,
        }
    }

    /// Forgets the last row.
    #[inline(always)]
    pub fn begin(&mut self, only_numbers: bool) {
        self.only_numbers = only_numbers;
        self.placed.clear();
        self.replaced.clear();
    }

    /// Writes a field that is not usual and a delimiter; returns how many bytes they take, which are none where the
    /// column is dropped.
    #[cold]
    #[inline(never)]
    pub fn other(
        &mut self,
        column: &mut Column,
        (source, from, length): (Source, usize, usize),
        odd: bool,
        target: &mut Target,
        (start, at): (usize, usize),
    ) -> Option<usize> {
        if column.is_dropped() {
            return Some(0);
        }
        let (field, room) = (source.bytes().get(from..from + length)?, target.bytes().get_mut(at..)?);
        let escaped = odd.then_some(self.spec.delimiter);
        let written = if column.may_be_null(length) && self.is_null(column, field)? {
            self.null(column, room)?
        } else if let Some(written) = column.other(source, from, length, escaped, room) {
            written
        } else {
            self.conversion(column, field, room, at - start)?
        };
        *room.get_mut(written)? = self.spec.delimiter;
        Some(written + 1)
    }

    /// Whether a field means NULL.
    fn is_null(&self, plan: &Column, field: &[u8]) -> Option<bool> {
        let transform = self.spec.columns[plan.index].transform.as_ref()?;
        Some(self.spec.input.is_null(column::trimmed(&**transform, std::str::from_utf8(field).ok()?)))
    }

    /// Writes NULL; `None` where the column has none.
    fn null(&mut self, plan: &mut Column, room: &mut [u8]) -> Option<usize> {
        self.spec.columns[plan.index].nullable.then_some(())?;
        room.get_mut(..escape::NULL.len())?.copy_from_slice(escape::NULL);
        if plan.need != Need::Nothing {
            self.places[plan.index] = (0..0, Value::Null);
            self.placed.push(plan.index);
            // It adds nothing to a sum; a rule has to know.
            plan.number = 0;
            self.only_numbers &= !plan.ruled;
        }
        Some(escape::NULL.len())
    }

    /// Writes what the conversion itself makes of a field, and remembers it where there is no kernel.
    /// Its place in the row is `at`; returns its length there.
    fn conversion(&mut self, plan: &mut Column, field: &[u8], room: &mut [u8], at: usize) -> Option<usize> {
        self.converted += 1;
        let column = &self.spec.columns[plan.index];
        let text = std::str::from_utf8(field).ok()?;
        self.text.clear();
        self.row.clear();
        let judged =
            column::judge(self.spec, column, &**column.transform.as_ref()?, text, &mut self.text).ok()?;
        column::write(judged.value, &self.text, self.spec.delimiter, &mut self.row);
        let value = judged.value.unwrap_or(Value::Null);
        let canonical = self.row == self.text;
        if judged.replaced {
            self.replaced.push(plan.index);
            self.only_numbers = false;
        } else {
            plan.keep(field, &self.row, value, canonical);
        }
        let written = self.row.len();
        room.get_mut(..written)?.copy_from_slice(&self.row);
        if plan.need != Need::Nothing {
            let range = match judged.value {
                None => 0..0,
                // What was escaped does not stand in the row as it is.
                Some(_) => canonical.then_some(at..at + written)?,
            };
            self.places[plan.index] = (range, value);
            self.placed.push(plan.index);
            self.only_numbers = false;
        }
        Some(written)
    }

    /// Brings what the columns know of the row to its places.
    pub fn settle(&mut self, columns: &[Column]) {
        for column in columns.iter().filter(|column| column.need != Need::Nothing) {
            if !self.placed.contains(&column.index) {
                self.places[column.index] = (column.place.clone(), column.value());
            }
        }
    }
}
