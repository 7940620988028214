//! Sums by group: what `reducer --aggregate NAME` writes in place of rows.

use std::collections::BTreeMap;

use super::{PAGE, no_number, other_columns};
use crate::exit::{Error, Result};
use crate::output::{escape, keyed};
use crate::spec::Spec;
use crate::transform::{Decimal, Total};

/// The sums of the groups that were not written yet.
///
/// Rows that the mapper keyed by the group come together, and one group is held at a time. Rows under the dedup
/// key come in any order of groups; then all groups are held, up to a bound.
#[derive(Debug)]
pub struct Aggregate<'s> {
    spec: &'s Spec,
    /// How many columns a row has.
    columns: usize,
    /// The group column's place in a row.
    place: usize,
    groups: BTreeMap<Vec<u8>, (u64, Vec<Total>)>,
    /// About how many bytes they take.
    held: usize,
}

/// How many bytes the groups may take.
const MOST_HELD: usize = 4 << 20;

impl<'s> Aggregate<'s> {
    /// Sums by a source column.
    #[must_use]
    pub fn new(spec: &'s Spec, column: usize) -> Self {
        let (columns, place) = (spec.kept().count(), spec.kept_index(column));
        Self { spec, columns, place, groups: BTreeMap::new(), held: 0 }
    }

    /// Adds a row to its group. `key` is what the mapper keyed it by, where that was the group.
    ///
    /// # Errors
    /// `Input` where the row has other columns than the spec, or was keyed by another one: then a group would be
    /// torn into several. `Usage` where there are too many groups to hold. `line` is named.
    pub fn add(&mut self, row: &[u8], key: Option<&[u8]>, line: u64) -> Result<()> {
        let fields: Vec<&[u8]> = escape::split(row, self.spec.delimiter).collect();
        let group = match fields.get(self.place) {
            Some(group) if fields.len() == self.columns => *group,
            _ => return Err(other_columns(line, fields.len(), self.columns)),
        };
        let sums = &self.spec.sums;
        if !self.groups.contains_key(group) {
            if key.is_some_and(|key| !keyed::is_group_key(key, group)) {
                return Err(Error::Input(format!(
                    "line {line} is keyed by another column; give --aggregate the name that the mapper was given"
                )));
            }
            let size =
                group.len() + size_of::<(Vec<u8>, u64, Vec<Total>)>() + sums.len() * size_of::<Total>();
            self.held += size;
            // One alone is as long as its line lets it be.
            if self.held > MOST_HELD && !self.groups.is_empty() {
                return Err(Error::Usage(format!(
                    "line {line}: the column has too many values to hold their sums at once; sum by `mapper --aggregate \
                     NAME | LC_ALL=C sort | reducer --aggregate NAME`, which holds one at a time"
                )));
            }
            let zeros = sums.iter().map(|column| Total::zero(self.spec.sum_scale(*column))).collect();
            self.groups.insert(group.to_vec(), (0, zeros));
        }
        let Some((count, totals)) = self.groups.get_mut(group) else { return Ok(()) };
        *count += 1;
        for (total, column) in totals.iter_mut().zip(sums) {
            let text = fields.get(self.spec.kept_index(*column)).copied().unwrap_or_default();
            match Decimal::parse_scaled(text, total.scale()) {
                Some(number) => total.add(number),
                None if text == escape::NULL => {}
                None => return Err(no_number(line, &self.spec.columns[*column].name)),
            }
        }
        Ok(())
    }

    /// Appends a line for each group, `group count sum...`, and forgets them. `room` may write and empty the page at
    /// any place.
    ///
    /// # Errors
    /// What `room` returns.
    pub fn write(
        &mut self,
        out: &mut Vec<u8>,
        mut room: impl FnMut(&mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        self.held = 0;
        for (group, (count, totals)) in std::mem::take(&mut self.groups) {
            for piece in group.chunks(PAGE) {
                out.extend_from_slice(piece);
                room(out)?;
            }
            let texts = std::iter::once(count.to_string()).chain(totals.iter().map(ToString::to_string));
            for text in texts {
                out.push(self.spec.delimiter);
                out.extend_from_slice(text.as_bytes());
            }
            out.push(b'\n');
        }
        Ok(())
    }
}
