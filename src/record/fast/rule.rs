//! Rules on what columns have as numbers.

use std::cmp::Ordering;

use crate::record::kernel::Column;
use crate::spec;

/// A rule on two columns whose numbers count the same.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    left: usize,
    right: usize,
    /// The orderings of left against right that it allows: less, equal and greater, a bit for each.
    allowed: u8,
}

impl Rule {
    pub fn new(rule: &spec::Rule) -> Self {
        let orderings = [Ordering::Less, Ordering::Equal, Ordering::Greater].into_iter().enumerate();
        let bit = |(bit, ordering)| u8::from(rule.operator.holds(ordering)) << bit;
        Self { left: rule.left, right: rule.right, allowed: orderings.map(bit).sum() }
    }

    #[inline(always)]
    pub fn holds(self, columns: &[Column]) -> bool {
        let (left, right) = (columns[self.left].number, columns[self.right].number);
        let bit = u8::from(left >= right) + u8::from(left > right);
        self.allowed >> bit & 1 == 1
    }
}
