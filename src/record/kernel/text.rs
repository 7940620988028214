//! Texts that stay as they are.

use super::Field;
use crate::scan::Target;

/// Copies a field and returns the place behind it.
#[inline]
pub(in crate::record) fn copy(field: Field, target: &mut Target, at: usize) -> Option<usize> {
    let end = at + field.length;
    if field.length <= 32 {
        // Two pieces whether they are needed or not, so that the length decides no branch.
        target.put(at, &field.piece(0));
        target.put(at + 16, &field.piece(16));
    } else {
        target.bytes().get_mut(at..end)?.copy_from_slice(field.bytes());
    }
    Some(end)
}
