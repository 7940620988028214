//! The plain path, which is the specification: one line in, its verdict out. No I/O, no counting.

use super::column;
use super::fields::{Fields, split};
use super::reason::Reason;
use super::row::{Place, Row};
use crate::spec::{Column, Spec};
use crate::transform::Value;

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict<'s> {
    /// It is the header, not a record.
    Header,
    /// It is gold; the row is in the judge.
    Ok,
    /// It goes to quarantine: why, and the column's or the rule's name (empty where the whole record fails).
    Reject(Reason, &'s str),
}

/// Judges lines by a spec, and keeps the row of the last one that was ok.
#[derive(Debug)]
pub struct Judge<'s> {
    spec: &'s Spec,
    fields: Fields,
    /// The values of the row in canonical form, not escaped, one behind the other.
    text: Vec<u8>,
    /// Per source column: where its value stands in `text`, and what it compares by.
    places: Vec<Place>,
    /// The row as it stands in a temp line behind the status.
    row: Vec<u8>,
    /// Source columns whose value was replaced in this row.
    replaced: Vec<usize>,
}

impl<'s> Judge<'s> {
    /// A judge that follows `spec`.
    #[must_use]
    pub fn new(spec: &'s Spec) -> Self {
        let (text, row) = (Vec::new(), Vec::new());
        Self {
            spec,
            fields: Fields::new(spec.columns.len()),
            text,
            places: Vec::new(),
            row,
            replaced: Vec::new(),
        }
    }

    /// The last row, as far as it was judged.
    #[must_use]
    pub fn row(&self) -> Row<'_> {
        Row { bytes: &self.row, replaced: &self.replaced, text: &self.text, places: &self.places }
    }

    /// Judges a line that is not blank and not too long.
    pub fn judge(&mut self, line: &[u8]) -> Verdict<'s> {
        let input = &self.spec.input;
        let closed = split(line, input.delimiter, input.quote, &mut self.fields);
        if input.header && self.is_header(line, closed) {
            return Verdict::Header;
        }
        if !closed {
            return Verdict::Reject(Reason::Quote, "");
        }
        if self.fields.len() != self.spec.columns.len() {
            return Verdict::Reject(Reason::FieldCount, "");
        }
        let Ok(line) = simdutf8::basic::from_utf8(line) else {
            return Verdict::Reject(Reason::Encoding, "");
        };
        self.text.clear();
        self.places.clear();
        self.row.clear();
        self.replaced.clear();
        for (index, column) in self.spec.columns.iter().enumerate() {
            if let Err(reason) = self.column(index, column, line) {
                return Verdict::Reject(reason, &column.name);
            }
        }
        match self.row().broken(&self.spec.rules) {
            Some(rule) => Verdict::Reject(Reason::Rule, &rule.name),
            None => Verdict::Ok,
        }
    }

    /// Whether a line is the header, wherever it stands; a BOM before it does not count.
    pub fn is_header_line(&mut self, line: &[u8]) -> bool {
        let input = &self.spec.input;
        let closed = split(line, input.delimiter, input.quote, &mut self.fields);
        self.is_header(line, closed)
    }

    /// `closed`: whether the fields that the line was cut into are all there is of it.
    fn is_header(&mut self, line: &[u8], closed: bool) -> bool {
        let without_bom = line.strip_prefix(crate::input::BOM);
        if let Some(line) = without_bom {
            // The BOM may stand before a quote, so the fields must be cut anew.
            let input = &self.spec.input;
            let mut fields = Fields::new(self.spec.columns.len());
            return split(line, input.delimiter, input.quote, &mut fields) && names(self.spec, &fields, line);
        }
        closed && names(self.spec, &self.fields, line)
    }

    /// Converts one column and appends it to the row.
    fn column(&mut self, index: usize, column: &Column, line: &str) -> Result<(), Reason> {
        let start = self.text.len();
        let Some(transform) = &column.transform else {
            self.places.push((start..start, Value::Null));
            return Ok(());
        };
        let text = self.fields.text(line, index);
        let judged = column::judge(self.spec, column, &**transform, text, &mut self.text)?;
        if judged.replaced {
            self.replaced.push(index);
        }
        if index > self.spec.first_kept {
            self.row.push(self.spec.delimiter);
        }
        column::write(judged.value, &self.text[start..], self.spec.delimiter, &mut self.row);
        self.places.push((start..self.text.len(), judged.value.unwrap_or(Value::Null)));
        Ok(())
    }
}

/// Whether the fields are exactly the header's names.
fn names(spec: &Spec, fields: &Fields, line: &[u8]) -> bool {
    fields.len() == spec.columns.len()
        && spec
            .columns
            .iter()
            .enumerate()
            .all(|(index, column)| fields.get(line, index) == column.from.as_bytes())
}
