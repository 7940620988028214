//! `text`: as it is.

use super::{Class, Transform, Value};
use crate::plan::Kernel;
use crate::record::Reason;
use crate::spec::options::{Options, Reader};

#[derive(Debug)]
struct Text {
    max_length: Option<usize>,
}

pub(super) fn build(reader: &mut Reader, options: &mut Options) -> Box<dyn Transform> {
    let max_length = max_length(reader, options);
    Box::new(Text { max_length })
}

/// The most characters (Unicode scalar values) a value may have.
pub(super) fn max_length(reader: &mut Reader, options: &mut Options) -> Option<usize> {
    let length = options.integer(reader, "max_length", 1..i64::from(i32::MAX))?;
    usize::try_from(length).ok()
}

/// Fails with `length` where a text has more characters than it may have.
pub(super) fn hold_length(text: &str, max_length: Option<usize>) -> Result<(), Reason> {
    match max_length {
        // No text has more characters than bytes.
        Some(most) if text.len() > most && text.chars().count() > most => Err(Reason::Length),
        _ => Ok(()),
    }
}

impl Transform for Text {
    fn hive(&self) -> String {
        "STRING".to_owned()
    }

    fn class(&self) -> Class {
        Class::Text
    }

    fn kernel(&self) -> Option<Kernel> {
        // No text has more characters than bytes.
        Some(Kernel::Text { max_length: self.max_length.unwrap_or(usize::MAX) })
    }

    fn trims(&self) -> bool {
        false
    }

    fn convert(&self, text: &str, out: &mut Vec<u8>) -> Result<Value, Reason> {
        hold_length(text, self.max_length)?;
        out.extend_from_slice(text.as_bytes());
        Ok(Value::Text)
    }
}
