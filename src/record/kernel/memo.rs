//! Remembers what became of texts: a conversion is pure, so what it answered once it answers always.

use super::{Field, low_bytes};
use crate::scan::Target;
use crate::transform::Value;

/// Texts of more bytes than this are not remembered.
const LONGEST: usize = 48;
/// How many texts of a column are remembered at most, as a power of two.
const BITS: u32 = 8;
/// How many bytes all columns may take together: a wide table remembers fewer texts a column.
const BUDGET: usize = 2 << 20;

/// The answers for one column.
#[derive(Debug)]
pub(in crate::record) struct Memo {
    /// None before the first answer is kept.
    slots: Vec<Slot>,
    /// How many there will be, as a power of two; 0 where a column has none.
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

/// A slot that holds no text.
const EMPTY: Slot = Slot {
    text_length: usize::MAX,
    text: [0; LONGEST],
    answer: Answer { row: [0; LONGEST], row_length: 0, value: Value::Null, canonical: false },
};

impl Answer {
    /// Writes the answer and returns the place behind it.
    pub fn write(&self, target: &mut Target, at: usize) -> usize {
        target.put(at, &self.row);
        at + self.row_length
    }
}

impl Memo {
    /// The memory of one of `columns` columns.
    pub fn new(columns: usize) -> Self {
        let slots = BUDGET / size_of::<Slot>() / columns.max(1);
        Self { slots: Vec::new(), bits: slots.checked_ilog2().unwrap_or(0).min(BITS) }
    }

    /// What became of this text before.
    #[inline]
    pub fn find(&self, field: Field) -> Option<&Answer> {
        let place = self.place(field)?;
        // Two slots a text, so that two that share a place do not drive each other out.
        let (first, second) = (self.slots.get(place)?, self.slots.get(place ^ 1)?);
        let slot = if first.holds(field) { first } else { Some(second).filter(|slot| slot.holds(field))? };
        Some(&slot.answer)
    }

    /// Remembers what became of a text.
    pub fn keep(&mut self, field: Field, row: &[u8], value: Value, canonical: bool) {
        let Some(place) = self.place(field).filter(|_| row.len() <= LONGEST) else { return };
        if self.slots.is_empty() {
            self.slots.resize(1 << self.bits, EMPTY);
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

    /// The place of a text; `None` where none is kept. Its beginning and its length decide.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // halves of one word, and a few bits of one
    fn place(&self, field: Field) -> Option<usize> {
        if field.length > LONGEST || self.bits == 0 {
            return None;
        }
        let word = u128::from_le_bytes(field.piece(0)) & low_bytes(field.length);
        let (low, high) = (word as u64, (word >> 64) as u64);
        let mixed =
            (low ^ high.rotate_left(29) ^ (field.length as u64) << 57).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Some((mixed >> (64 - self.bits)) as usize)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{SLACK, Source};

    /// Calls with a text as a field.
    fn with<T>(text: &str, call: impl FnOnce(Field) -> T) -> T {
        let bytes = [text.as_bytes(), &[b'9'; SLACK]].concat();
        call(Field { source: Source::new(&bytes).unwrap(), from: 0, length: text.len() })
    }

    fn keep(memo: &mut Memo, text: &str) {
        with(text, |field| memo.keep(field, text.as_bytes(), Value::Text, true));
    }

    fn knows(memo: &Memo, text: &str) -> bool {
        with(text, |field| {
            let answer = memo.find(field);
            assert!(answer.is_none_or(|answer| &answer.row[..answer.row_length] == text.as_bytes()));
            answer.is_some()
        })
    }

    #[test]
    fn two_texts_of_one_place_are_known_and_a_third_drives_the_older_out() {
        // Their beginnings and lengths are the same, and so are their places.
        let [first, second, third] = ["1", "2", "3"].map(|end| format!("a long beginning {end}"));
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
