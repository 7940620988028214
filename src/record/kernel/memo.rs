//! Remembers what became of texts: a conversion is pure, so what it answered once it answers always.

use crate::scan::{Simd, WINDOW};
use crate::transform::Value;

/// Texts of more bytes than this are not remembered, nor are rows.
pub(super) const LONGEST: usize = WINDOW - 1;
/// How many texts of a column are remembered at most, as a power of two.
const BITS: u32 = 8;
/// How many bytes all columns may take together: a wide table remembers fewer texts a column.
const BUDGET: usize = 2 << 20;

/// The answers for one column.
#[derive(Debug)]
pub(super) struct Memo {
    /// None before the first answer is kept.
    slots: Vec<Slot>,
    /// How many there will be less one, which is a power of two less one; 0 where a column has none.
    mask: usize,
}

/// A text and what became of it; its size is a power of two, so that it is found by a shift.
#[derive(Debug, Clone, Copy)]
#[repr(align(256))]
struct Slot {
    /// No text has the length of an empty slot.
    text_length: usize,
    text: [u8; WINDOW],
    answer: Answer,
}

/// What became of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    /// As it stands in a row.
    pub row: [u8; WINDOW],
    /// How much of that is meant.
    pub length: usize,
    /// What it compares by.
    pub value: Value,
    /// Whether the row holds the canonical text as it is.
    pub canonical: bool,
}

/// A slot that holds no text.
const EMPTY: Slot = Slot {
    text_length: usize::MAX,
    text: [0; WINDOW],
    answer: Answer { row: [0; WINDOW], length: 0, value: Value::Null, canonical: false },
};

/// The lowest 0 to 8 bytes of a word.
const LOW_BYTES: [u64; 9] = {
    let mut masks = [u64::MAX; 9];
    let mut count = 0;
    while count < 8 {
        masks[count] = (1 << (8 * count)) - 1;
        count += 1;
    }
    masks
};

impl Memo {
    /// The memory of one of `columns` columns.
    pub fn new(columns: usize) -> Self {
        let slots = BUDGET / size_of::<Slot>() / columns.max(1);
        let bits = slots.checked_ilog2().unwrap_or(0).min(BITS);
        Self { slots: Vec::new(), mask: (1 << bits) - 1 }
    }

    /// What became of this text before.
    #[inline(always)]
    pub fn find(&self, simd: impl Simd, text: &[u8; WINDOW], length: usize) -> Option<&Answer> {
        let place = self.place(text, length);
        let holds = |slot: &&Slot| slot.text_length == length && simd.same(&slot.text, text, length);
        // Two slots a text, so that two that share a place do not drive each other out.
        let slot = Some(self.slots.get(place)?).filter(holds);
        Some(&slot.or_else(|| self.slots.get(place ^ 1).filter(holds))?.answer)
    }

    /// Remembers what became of a text, where neither is too long.
    pub fn keep(&mut self, text: &[u8], row: &[u8], value: Value, canonical: bool) {
        if text.len().max(row.len()) > LONGEST || self.mask == 0 {
            return;
        }
        if self.slots.is_empty() {
            self.slots.resize(self.mask + 1, EMPTY);
        }
        let answer = Answer { row: [0; WINDOW], length: row.len(), value, canonical };
        let mut slot = Slot { text_length: text.len(), text: [0; WINDOW], answer };
        slot.text[..text.len()].copy_from_slice(text);
        slot.answer.row[..row.len()].copy_from_slice(row);
        let place = self.place(&slot.text, text.len());
        self.slots[place ^ 1] = std::mem::replace(&mut self.slots[place], slot);
    }

    /// The place of a text. Its first and last eight bytes and its length decide.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation)] // a few bits
    fn place(&self, text: &[u8; WINDOW], length: usize) -> usize {
        let word = |at: usize| {
            let eight = text[at % WINDOW..].first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight));
            eight & LOW_BYTES[length.min(8)]
        };
        let mixed = word(0) ^ word(length.saturating_sub(8)).rotate_left(29) ^ (length as u64) << 57;
        let mixed = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> (64 - BITS)) as usize & self.mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::Portable;

    fn keep(memo: &mut Memo, text: &str) {
        memo.keep(text.as_bytes(), text.as_bytes(), Value::Text, true);
    }

    fn knows(memo: &Memo, text: &str) -> bool {
        let mut window = [b'9'; WINDOW];
        window[..text.len()].copy_from_slice(text.as_bytes());
        let answer = memo.find(Portable, &window, text.len());
        assert!(answer.is_none_or(|answer| &answer.row[..answer.length] == text.as_bytes()));
        answer.is_some()
    }

    #[test]
    fn two_texts_of_one_place_are_known_and_a_third_drives_the_older_out() {
        // Their beginnings, ends and lengths are the same, and so are their places.
        let [first, second, third] = ["1", "2", "3"].map(|middle| format!("beginning {middle} some end"));
        let mut memo = Memo::new(1);
        assert!(!knows(&memo, &first));
        keep(&mut memo, &first);
        keep(&mut memo, &second);
        assert!(knows(&memo, &first) && knows(&memo, &second) && !knows(&memo, &third));
        keep(&mut memo, &third);
        assert!(!knows(&memo, &first) && knows(&memo, &second) && knows(&memo, &third));
    }

    #[test]
    fn all_columns_together_keep_to_the_budget() {
        for (columns, some) in [(1, true), (10, true), (800, true), (100_000, false)] {
            let mut memo = Memo::new(columns);
            assert_eq!(memo.slots.capacity(), 0);
            (0..1000).for_each(|number| keep(&mut memo, &format!("label {number}")));
            let bytes = memo.slots.capacity() * size_of::<Slot>() * columns;
            assert!(bytes <= BUDGET, "{columns} columns: {bytes}");
            assert_eq!(knows(&memo, "label 999"), some, "{columns} columns");
        }
    }
}
