//! Remembers what became of texts: a conversion is pure, so what it answered once it answers always.

use super::{Field, low_bytes};
use crate::scan::Target;
use crate::transform::Value;

/// Texts of more bytes than this are not remembered.
const LONGEST: usize = 48;
/// How many texts are remembered, as a power of two.
const BITS: u32 = 8;

/// The answers for one column.
#[derive(Debug)]
pub(in crate::record) struct Memo {
    slots: Box<[Slot]>,
}

/// A text and what became of it. Both are padded with zeros.
#[derive(Debug, Clone, Copy)]
struct Slot {
    /// No text has the length of an empty slot.
    text_length: usize,
    text: [u8; LONGEST],
    answer: Answer,
}

/// What became of a text.
#[derive(Debug, Clone, Copy)]
pub(in crate::record) struct Answer {
    row: [u8; LONGEST],
    row_length: usize,
    /// What it compares by.
    pub value: Value,
    /// Whether the row holds the canonical text as it is.
    pub canonical: bool,
}

impl Answer {
    /// Writes the answer and returns the place behind it.
    pub fn write(&self, target: &mut Target, at: usize) -> usize {
        target.put(at, &self.row);
        at + self.row_length
    }
}

impl Memo {
    pub fn new() -> Self {
        let answer = Answer { row: [0; LONGEST], row_length: 0, value: Value::Null, canonical: false };
        let empty = Slot { text_length: usize::MAX, text: [0; LONGEST], answer };
        Self { slots: vec![empty; 1 << BITS].into_boxed_slice() }
    }

    /// What became of this text before.
    #[inline]
    pub fn find(&self, field: Field) -> Option<&Answer> {
        let place = place(field)?;
        // Two slots a text, so that two that share a place do not drive each other out.
        let (first, second) = (&self.slots[place], &self.slots[place ^ 1]);
        let slot = if first.holds(field) { first } else { Some(second).filter(|slot| slot.holds(field))? };
        Some(&slot.answer)
    }

    /// Remembers what became of a text.
    pub fn keep(&mut self, field: Field, row: &[u8], value: Value, canonical: bool) {
        let Some(place) = place(field).filter(|_| row.len() <= LONGEST) else { return };
        let mut slot = Slot {
            text_length: field.length,
            text: [0; LONGEST],
            answer: Answer { row: [0; LONGEST], row_length: row.len(), value, canonical },
        };
        slot.text[..field.length].copy_from_slice(field.bytes());
        slot.answer.row[..row.len()].copy_from_slice(row);
        self.slots[place ^ 1] = std::mem::replace(&mut self.slots[place], slot);
    }
}

impl Slot {
    #[inline]
    fn holds(&self, field: Field) -> bool {
        if self.text_length != field.length {
            return false;
        }
        let (words, _) = self.text.as_chunks::<16>();
        let mut at = 0;
        // A text has few words, nearly always one.
        while at < field.length {
            let found = u128::from_le_bytes(field.piece(at)) & low_bytes(field.length - at);
            if found != u128::from_le_bytes(words[at / 16]) {
                return false;
            }
            at += 16;
        }
        true
    }
}

/// The place of a text; `None` where it is too long. Its beginning and its length decide.
#[inline]
fn place(field: Field) -> Option<usize> {
    if field.length > LONGEST {
        return None;
    }
    let word = u128::from_le_bytes(field.piece(0)) & low_bytes(field.length);
    #[allow(clippy::cast_possible_truncation)] // halves of one word
    let (low, high) = (word as u64, (word >> 64) as u64);
    let mixed =
        (low ^ high.rotate_left(29) ^ (field.length as u64) << 57).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    Some((mixed >> (64 - BITS)) as usize)
}
