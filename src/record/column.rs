//! Judges one field as its column asks. Both paths do it here: the fast one wherever it is not sure by itself.

use crate::output::escape;
use crate::record::Reason;
use crate::spec::{Column, Invalid, Spec};
use crate::transform::{Transform, Value};

/// What became of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Judged {
    /// What it compares by; `None` is NULL.
    pub value: Option<Value>,
    /// Whether the spec put something else in its place.
    pub replaced: bool,
}

/// Appends a field's value in canonical form, not escaped, to `out`.
pub(super) fn judge(
    spec: &Spec,
    column: &Column,
    transform: &dyn Transform,
    text: &str,
    out: &mut Vec<u8>,
) -> Result<Judged, Reason> {
    let text = trimmed(transform, text);
    if spec.input.is_null(text) {
        if !column.nullable {
            return Err(Reason::Required);
        }
        return Ok(Judged { value: None, replaced: false });
    }
    let start = out.len();
    let reason = match transform.convert(text, out) {
        Ok(value) => return Ok(Judged { value: Some(value), replaced: false }),
        Err(reason) => reason,
    };
    out.truncate(start);
    let value = match &column.invalid {
        Invalid::Reject => return Err(reason),
        Invalid::Null => None,
        Invalid::Replace(text) => {
            out.extend_from_slice(text.as_bytes());
            // Not a value of the type: nothing to compare or to sum.
            Some(Value::Null)
        }
    };
    Ok(Judged { value, replaced: true })
}

/// A field as it is compared with the marks of NULL, and converted.
pub(super) fn trimmed<'t>(transform: &dyn Transform, text: &'t str) -> &'t str {
    if transform.trims() { text.trim() } else { text }
}

/// Appends a value, whose canonical form is `text`, as it stands in a row.
pub(super) fn write(value: Option<Value>, text: &[u8], delimiter: u8, row: &mut Vec<u8>) {
    match value {
        // Nothing in a day or a number has a meaning in Hive's text; see the check of the output delimiter.
        Some(Value::Date(_) | Value::Number(_)) => row.extend_from_slice(text),
        Some(_) => escape::field(text, delimiter, row),
        None => row.extend_from_slice(escape::NULL),
    }
}
