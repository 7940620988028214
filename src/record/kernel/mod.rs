//! What the fast path does with a field: the text in place, the row in place, no trip through strings.
//!
//! How it is sound: a kernel takes only texts whose row and value it is sure of, and answers `None` to any other,
//! whose field then goes to the conversion itself. It reads and writes windows of fixed size, which reach beyond a
//! field: the bytes there decide nothing, and what is written there is written over.

// All of it is to be inlined into what is compiled for a tier; a hint is not enough there.
#![allow(clippy::inline_always)]

mod column;
mod date;
mod memo;
mod number;
mod span;

use crate::scan::WINDOW;

pub(super) use column::Column;
pub(super) use span::Span;

/// What is put behind a copy that is to be read, unless a test asks for other bytes. It decides nothing; so that tests
/// notice where it does, it is then what could go on with a number or a text.
pub(super) const BEHIND: [u8; WINDOW] = [if cfg!(debug_assertions) { b'9' } else { 0 }; WINDOW];

/// The first 16 bytes of a window.
#[inline(always)]
fn piece(window: &[u8; WINDOW]) -> &[u8; 16] {
    window.first_chunk().expect("a window has more than 16 bytes")
}

/// The lowest `count` bits, below 64.
#[inline(always)]
fn low_bits_64(count: usize) -> u64 {
    (1 << (count % 64)) - 1
}

/// The lowest `count` bits, below 32.
#[inline(always)]
fn low_bits(count: usize) -> u32 {
    (1 << (count % 32)) - 1
}
