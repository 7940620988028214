//! Choices out of bytes.

use arbitrary::Unstructured;

/// Bytes that decide. Where they have run out every choice is the first.
pub struct Draw<'d>(Unstructured<'d>);

impl<'d> Draw<'d> {
    pub fn new(bytes: &'d [u8]) -> Self {
        Self(Unstructured::new(bytes))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A number from 0 to `count - 1`.
    pub fn below(&mut self, count: usize) -> usize {
        self.0.int_in_range(0..=count - 1).unwrap_or_default()
    }

    /// One of a list.
    pub fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// Once in so many times; never where the bytes have run out.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    /// Some bytes as they are, fewer than `count`.
    pub fn bytes(&mut self, count: usize) -> &'d [u8] {
        let count = self.below(count).min(self.0.len());
        self.0.bytes(count).unwrap_or_default()
    }

    /// All bytes that are left.
    pub fn rest(&mut self) -> &'d [u8] {
        self.0.bytes(self.0.len()).unwrap_or_default()
    }
}
