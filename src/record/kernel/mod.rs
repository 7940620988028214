//! What the fast path does with a field: the text in place, the row in place, no trip through strings.
//!
//! How it is sound: a kernel takes only texts whose row and value it is sure of, and answers `None` to any other,
//! whose field then goes to the conversion itself. It reads and writes pieces of fixed size, which can reach beyond a
//! field: the bytes there decide nothing. A line stands so far before its source's end that all of its own bytes are
//! read as they are; and where a field ends too near to the target's end, the row is given up.

mod date;
mod memo;
mod number;
mod text;

use crate::scan::Source;

pub(super) use date::date;
pub(super) use memo::Memo;
pub(super) use number::{integer, money};
pub(super) use text::copy;

/// A field in its stretch of lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'l> {
    /// The stretch, with what stands behind the lines.
    pub source: Source<'l>,
    /// Where the field begins.
    pub from: usize,
    /// How many bytes it has.
    pub length: usize,
}

impl<'l> Field<'l> {
    /// The field's own bytes.
    pub fn bytes(self) -> &'l [u8] {
        &self.source.bytes()[self.from..self.from + self.length]
    }

    /// The 16 bytes from a place of the field on.
    #[inline]
    fn piece(self, at: usize) -> [u8; 16] {
        self.source.piece(self.from + at)
    }
}

/// The lowest `count` bytes of a word, of which there are 16.
fn low_bytes(count: usize) -> u128 {
    const MASKS: [u128; 17] = {
        let mut masks = [0; 17];
        let mut count = 1;
        while count < masks.len() {
            masks[count] = masks[count - 1] << 8 | 0xff;
            count += 1;
        }
        masks
    };
    MASKS[count.min(16)]
}
