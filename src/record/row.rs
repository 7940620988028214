//! A row that was judged ok, whichever path judged it.

use std::ops::Range;

use crate::spec::Rule;
use crate::transform::Value;

/// Where a column's canonical text stands, and what it compares by.
pub(super) type Place = (Range<usize>, Value);

/// A row that was judged ok.
#[derive(Debug, Clone, Copy)]
pub struct Row<'r> {
    /// The columns as they stand in a temp line behind the status.
    pub bytes: &'r [u8],
    /// The source columns whose value was replaced.
    pub replaced: &'r [usize],
    /// What the places point into.
    pub(super) text: &'r [u8],
    /// Per source column.
    pub(super) places: &'r [Place],
}

impl Row<'_> {
    /// What a source column compares by.
    #[must_use]
    pub fn value(&self, column: usize) -> Value {
        self.places[column].1
    }

    /// The canonical text of a source column, not escaped.
    #[must_use]
    pub fn text(&self, column: usize) -> &[u8] {
        &self.text[self.places[column].0.clone()]
    }

    /// The first rule that the row breaks.
    pub(super) fn broken<'s>(&self, rules: &'s [Rule]) -> Option<&'s Rule> {
        rules.iter().find(|rule| !self.holds(rule))
    }

    fn holds(&self, rule: &Rule) -> bool {
        let ordering = match (self.value(rule.left), self.value(rule.right)) {
            (Value::Date(left), Value::Date(right)) => left.partial_cmp(&right),
            (Value::Number(left), Value::Number(right)) => left.partial_cmp(&right),
            (Value::Text, Value::Text) => self.text(rule.left).partial_cmp(self.text(rule.right)),
            // NULL on either side passes.
            _ => None,
        };
        ordering.is_none_or(|ordering| rule.operator.holds(ordering))
    }
}
