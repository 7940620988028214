//! Reads and writes pieces of a fixed size with no branch: a place too far behind is moved to the last that is inside.
//!
//! How it is sound: a window is never shorter than [`SLACK`], no piece is longer, and no place is behind `last`, so a
//! piece always lies in its window. Who reads or writes beyond `last` gets a wrong piece, not a wrong address; that
//! this never decides anything is the caller's duty.

#![allow(unsafe_code)]

/// The longest piece, and how many bytes stand behind the last place.
pub const SLACK: usize = 64;

/// What is put behind a copy that is to be read. It decides nothing; so that tests notice where it does, it is then
/// what could go on with a number or a text.
pub const BEHIND: [u8; SLACK] = [if cfg!(debug_assertions) { b'9' } else { 0 }; SLACK];

/// Bytes to read from.
#[derive(Debug, Clone, Copy)]
pub struct Source<'s> {
    bytes: &'s [u8],
    last: usize,
}

impl<'s> Source<'s> {
    /// A window on all of these bytes; `None` where they are too few.
    #[inline]
    #[must_use]
    pub fn new(bytes: &'s [u8]) -> Option<Self> {
        Some(Self { bytes, last: bytes.len().checked_sub(SLACK)? })
    }

    /// All of it.
    #[inline]
    #[must_use]
    pub fn bytes(self) -> &'s [u8] {
        self.bytes
    }

    /// The piece at a place.
    #[inline]
    #[must_use]
    pub fn piece<const N: usize>(self, at: usize) -> [u8; N] {
        const { assert!(N <= SLACK) };
        let at = at.min(self.last);
        // SAFETY: at + N <= last + SLACK, which is the length; bytes have no alignment.
        unsafe { self.bytes.as_ptr().add(at).cast::<[u8; N]>().read() }
    }
}

/// Bytes to write to.
#[derive(Debug)]
pub struct Target<'t> {
    bytes: &'t mut [u8],
    last: usize,
}

impl<'t> Target<'t> {
    /// A window on all of these bytes; `None` where they are too few.
    #[inline]
    #[must_use]
    pub fn new(bytes: &'t mut [u8]) -> Option<Self> {
        let last = bytes.len().checked_sub(SLACK)?;
        Some(Self { bytes, last })
    }

    /// All of it.
    #[inline]
    pub fn bytes(&mut self) -> &mut [u8] {
        self.bytes
    }

    /// Whether pieces can be written at a place as they are meant.
    #[inline]
    #[must_use]
    pub fn has(&self, at: usize) -> bool {
        at <= self.last
    }

    /// The piece at a place.
    #[inline]
    #[must_use]
    pub fn piece<const N: usize>(&self, at: usize) -> [u8; N] {
        Source { bytes: self.bytes, last: self.last }.piece(at)
    }

    /// Writes a piece at a place.
    #[inline]
    pub fn put<const N: usize>(&mut self, at: usize, piece: &[u8; N]) {
        const { assert!(N <= SLACK) };
        let at = at.min(self.last);
        // SAFETY: as in `Source::piece`; the bytes are borrowed for writing.
        unsafe { self.bytes.as_mut_ptr().add(at).cast::<[u8; N]>().write(*piece) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_never_leaves_its_window() {
        let mut bytes: Vec<u8> = (0..100).collect();
        assert!(Source::new(&bytes[..SLACK - 1]).is_none());
        let source = Source::new(&bytes).unwrap();
        assert_eq!(source.piece(3), [3, 4]);
        assert_eq!(source.piece::<SLACK>(usize::MAX)[SLACK - 1], 99);
        let mut target = Target::new(&mut bytes).unwrap();
        assert!(target.has(36) && !target.has(37));
        target.put(5, b"ab");
        target.put(usize::MAX, &[7; SLACK]);
        assert_eq!((target.piece(5), target.piece(98)), (*b"ab", [7, 7]));
        assert_eq!(
            (&bytes[..7], &bytes[35..]),
            (&[0, 1, 2, 3, 4, b'a', b'b'][..], &[[35].as_slice(), &[7; 64]].concat()[..])
        );
    }
}
