//! Remembers what became of texts: a conversion is pure, so what it answered once it answers always.

use super::{Field, low_bytes};
use crate::scan::Target;
use crate::transform::Value;

/// Texts of more bytes than this are not remembered.
const LONGEST: usize = 48;
/// How many texts a column remembers at most.
const MOST: usize = 256;
/// How many bytes all columns may take.
const ALL: usize = 2 << 20;

/// The answers for one column.
#[derive(Debug)]
pub(in crate::record) struct Memo {
    /// None before there is something to remember.
    slots: Vec<Slot>,
    /// How many there will be, as a power of two.
    bits: u32,
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
    /// The memory of one of so many columns.
    pub fn new(columns: usize) -> Self {
        let slots = (ALL / size_of::<Slot>() / columns.max(1)).clamp(2, MOST);
        Self { slots: Vec::new(), bits: slots.ilog2() }
    }

    /// What became of this text before.
    #[inline]
    pub fn find(&self, field: Field) -> Option<&Answer> {
        let place = place(field, self.bits)?;
        // Two slots a text, so that two that share a place do not drive each other out.
        let (first, second) = (self.slots.get(place)?, self.slots.get(place ^ 1)?);
        let slot = if first.holds(field) { first } else { Some(second).filter(|slot| slot.holds(field))? };
        Some(&slot.answer)
    }

    /// Remembers what became of a text.
    pub fn keep(&mut self, field: Field, row: &[u8], value: Value, canonical: bool) {
        let Some(place) = place(field, self.bits).filter(|_| row.len() <= LONGEST) else { return };
        if self.slots.is_empty() {
            let answer = Answer { row: [0; LONGEST], row_length: 0, value: Value::Null, canonical: false };
            self.slots = vec![Slot { text_length: usize::MAX, text: [0; LONGEST], answer }; 1 << self.bits];
        }
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
fn place(field: Field, bits: u32) -> Option<usize> {
    if field.length > LONGEST {
        return None;
    }
    let word = u128::from_le_bytes(field.piece(0)) & low_bytes(field.length);
    #[allow(clippy::cast_possible_truncation)] // halves of one word
    let (low, high) = (word as u64, (word >> 64) as u64);
    let mixed =
        (low ^ high.rotate_left(29) ^ (field.length as u64) << 57).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from(mixed >> (64 - bits)).ok()
}
