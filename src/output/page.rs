//! Output that rows are written into where they will stand, with room to write more than is kept.

/// A buffer's end, opened for writing in pieces of fixed size.
#[derive(Debug)]
pub struct Page<'o> {
    out: &'o mut Vec<u8>,
    /// Everything before it is kept.
    at: usize,
}

impl<'o> Page<'o> {
    /// Opens the end of a buffer, to be closed by `close`.
    #[must_use]
    pub fn open(out: &'o mut Vec<u8>) -> Self {
        let at = out.len();
        Self { out, at }
    }

    /// Makes sure that the next `bytes` can be written.
    #[inline]
    pub fn reserve(&mut self, bytes: usize) {
        const MORE: usize = 1024;
        if self.out.len() - self.at < bytes {
            self.out.resize(self.at + bytes + MORE, 0);
        }
    }

    /// How much is kept so far.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// Keeps all before `at`, which has been written.
    pub fn keep(&mut self, at: usize) {
        debug_assert!(at <= self.out.len(), "only what was written can be kept");
        self.at = at;
    }

    /// All of it, what is kept and what is not yet.
    pub fn bytes(&mut self) -> &mut [u8] {
        self.out
    }

    /// What is kept from `start` on.
    #[must_use]
    pub fn since(&self, start: usize) -> &[u8] {
        &self.out[start..self.at]
    }

    /// Keeps a text, which need not have been reserved.
    #[inline]
    pub fn push(&mut self, text: &[u8]) {
        self.reserve(text.len());
        self.out[self.at..self.at + text.len()].copy_from_slice(text);
        self.at += text.len();
    }

    /// Cuts off what was not kept.
    pub fn close(self) {
        self.out.truncate(self.at);
    }
}
