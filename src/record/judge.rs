//! The plain path, which is the specification: one line in, its verdict out. No I/O, no counting.

use std::ops::Range;

use super::fields::{Fields, split};
use super::reason::Reason;
use crate::output::escape;
use crate::spec::{Column, Invalid, Rule, Spec};
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
    values: Vec<(Range<usize>, Value)>,
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
        Self { spec, fields: Fields::default(), text, values: Vec::new(), row, replaced: Vec::new() }
    }

    /// The last ok row: its columns, escaped and joined by the output delimiter.
    #[must_use]
    pub fn row(&self) -> &[u8] {
        &self.row
    }

    /// What a source column of the last ok row compares by.
    #[must_use]
    pub fn value(&self, column: usize) -> Value {
        self.values[column].1
    }

    /// The canonical text of a source column of the last ok row, not escaped.
    #[must_use]
    pub fn text(&self, column: usize) -> &[u8] {
        &self.text[self.values[column].0.clone()]
    }

    /// The source columns whose value was replaced in the last ok row.
    #[must_use]
    pub fn replaced(&self) -> &[usize] {
        &self.replaced
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
        self.values.clear();
        self.row.clear();
        self.replaced.clear();
        for (index, column) in self.spec.columns.iter().enumerate() {
            if let Err(reason) = self.column(index, column, line) {
                return Verdict::Reject(reason, &column.name);
            }
        }
        match self.spec.rules.iter().find(|rule| !self.holds(rule)) {
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
            let mut fields = Fields::default();
            return split(line, input.delimiter, input.quote, &mut fields) && names(self.spec, &fields, line);
        }
        closed && names(self.spec, &self.fields, line)
    }

    /// Converts one column and appends it to the row.
    fn column(&mut self, index: usize, column: &Column, line: &str) -> Result<(), Reason> {
        let start = self.text.len();
        let Some(transform) = &column.transform else {
            self.values.push((start..start, Value::Null));
            return Ok(());
        };
        let mut text = self.fields.text(line, index);
        if transform.trims() {
            text = text.trim();
        }
        let value = if self.spec.input.null.iter().any(|null| null == text) {
            if !column.nullable {
                return Err(Reason::Required);
            }
            None
        } else {
            match transform.convert(text, &mut self.text) {
                Ok(value) => Some(value),
                Err(reason) => self.replace(index, column, start, reason)?,
            }
        };
        if index > self.spec.first_kept {
            self.row.push(self.spec.delimiter);
        }
        match value {
            // Nothing in a day or a number has a meaning in Hive's text; see the check of the output delimiter.
            Some(Value::Date(_) | Value::Number(_)) => self.row.extend_from_slice(&self.text[start..]),
            Some(_) => escape::field(&self.text[start..], self.spec.delimiter, &mut self.row),
            None => self.row.extend_from_slice(escape::NULL),
        }
        self.values.push((start..self.text.len(), value.unwrap_or(Value::Null)));
        Ok(())
    }

    /// Puts what the spec asks for in place of a value that failed; `None` is NULL.
    fn replace(
        &mut self,
        index: usize,
        column: &Column,
        start: usize,
        reason: Reason,
    ) -> Result<Option<Value>, Reason> {
        self.text.truncate(start);
        let value = match &column.invalid {
            Invalid::Reject => return Err(reason),
            Invalid::Null => None,
            Invalid::Replace(text) => {
                self.text.extend_from_slice(text.as_bytes());
                // Not a value of the type: nothing to compare or to sum.
                Some(Value::Null)
            }
        };
        self.replaced.push(index);
        Ok(value)
    }

    fn holds(&self, rule: &Rule) -> bool {
        let (left, right) = (self.value(rule.left), self.value(rule.right));
        let ordering = match (left, right) {
            (Value::Date(left), Value::Date(right)) => left.partial_cmp(&right),
            (Value::Number(left), Value::Number(right)) => left.partial_cmp(&right),
            (Value::Text, Value::Text) => self.text(rule.left).partial_cmp(self.text(rule.right)),
            // NULL on either side passes.
            _ => None,
        };
        ordering.is_none_or(|ordering| rule.operator.holds(ordering))
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
