//! What the fast path does with a field: the text in place, the row in place, no trip through strings.
//!
//! How it is sound: a kernel takes only texts whose row and value it is sure of, and answers `None` to any other,
//! whose field then goes to the conversion itself. It reads and writes pieces of fixed size, which can reach
//! beyond a field: the bytes there decide nothing, and a row is cut off where its last field ends. All of it is
//! safe code: a piece that is not there is a `None` too.

mod date;
mod memo;
mod number;
mod text;

pub(super) use date::date;
pub(super) use memo::Memo;
pub(super) use number::{integer, money};
pub(super) use text::copy;

/// How many bytes behind a stretch of lines kernels can read; what is nearer to its end is left to others.
pub const SLACK: usize = 64;

/// A field in its stretch of lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'l> {
    /// The stretch, with what stands behind the lines.
    pub stretch: &'l [u8],
    /// Where the field begins.
    pub from: usize,
    /// How many bytes it has.
    pub length: usize,
}

impl<'l> Field<'l> {
    /// The field's own bytes.
    pub fn bytes(self) -> &'l [u8] {
        &self.stretch[self.from..self.from + self.length]
    }

    /// The 16 bytes from a place of the field on, the first one lowest.
    fn word(self, at: usize) -> Option<u128> {
        let piece = self.stretch.get(self.from + at..)?.first_chunk()?;
        Some(u128::from_le_bytes(*piece))
    }
}

/// Writes 16 bytes at a place of the page.
fn put(page: &mut [u8], at: usize, word: u128) -> Option<()> {
    *page.get_mut(at..)?.first_chunk_mut()? = word.to_le_bytes();
    Some(())
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
