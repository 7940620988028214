//! Texts that stay as they are.

use super::{Field, put};

/// Copies a field to the page and returns the place behind it.
pub(in crate::record) fn copy(field: Field, page: &mut [u8], at: usize) -> Option<usize> {
    let end = at + field.length;
    if field.length <= 32 {
        // Two pieces whether they are needed or not, so that the length decides no branch.
        put(page, at, field.word(0)?)?;
        put(page, at + 16, field.word(16)?)?;
    } else {
        page.get_mut(at..end)?.copy_from_slice(field.bytes());
    }
    Some(end)
}
