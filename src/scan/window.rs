//! Pieces of a fixed size, taken with one comparison.
//!
//! How it is sound: a place has a window where it is below `places`, which is how many places have [`WINDOW`] bytes
//! from them to the end.

#![allow(unsafe_code)]

use super::LANE;

/// How many bytes a window has.
pub const WINDOW: usize = LANE;

/// Bytes to read from.
#[derive(Debug, Clone, Copy)]
pub struct Source<'s> {
    bytes: &'s [u8],
    places: usize,
}

impl<'s> Source<'s> {
    /// All of these bytes.
    #[inline(always)]
    #[must_use]
    pub fn new(bytes: &'s [u8]) -> Self {
        Self { bytes, places: (bytes.len() + 1).saturating_sub(WINDOW) }
    }

    /// All of it.
    #[inline(always)]
    #[must_use]
    pub fn bytes(self) -> &'s [u8] {
        self.bytes
    }

    /// The bytes from a place on; `None` where there are too few.
    #[inline(always)]
    #[must_use]
    pub fn window(self, at: usize) -> Option<&'s [u8; WINDOW]> {
        if at >= self.places {
            return None;
        }
        // SAFETY: at + WINDOW <= places - 1 + WINDOW, which is the length; bytes have no alignment.
        Some(unsafe { &*self.bytes.as_ptr().add(at).cast() })
    }
}

/// Bytes to write to.
#[derive(Debug)]
pub struct Target<'t> {
    bytes: &'t mut [u8],
    places: usize,
}

impl<'t> Target<'t> {
    /// All of these bytes.
    #[inline(always)]
    #[must_use]
    pub fn new(bytes: &'t mut [u8]) -> Self {
        Self { places: Source::new(bytes).places, bytes }
    }

    /// All of it.
    #[inline(always)]
    pub fn bytes(&mut self) -> &mut [u8] {
        self.bytes
    }

    /// The bytes from a place on; `None` where there are too few.
    #[inline(always)]
    pub fn window(&mut self, at: usize) -> Option<&mut [u8; WINDOW]> {
        if at >= self.places {
            return None;
        }
        // SAFETY: as in `Source::window`; the bytes are borrowed for writing.
        Some(unsafe { &mut *self.bytes.as_mut_ptr().add(at).cast() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_never_leaves_its_bytes() {
        let mut bytes: Vec<u8> = (0..100).collect();
        assert!(Source::new(&bytes[..WINDOW - 1]).window(0).is_none());
        assert_eq!(Source::new(&bytes[..WINDOW]).window(0).unwrap(), &bytes[..WINDOW]);
        let source = Source::new(&bytes);
        assert_eq!(source.window(36).unwrap()[WINDOW - 1], 99);
        assert!(source.window(37).is_none() && source.window(usize::MAX).is_none());
        let mut target = Target::new(&mut bytes);
        *target.window(36).unwrap() = [7; WINDOW];
        assert!(target.window(37).is_none());
        assert_eq!((bytes[35], bytes[36], bytes[99]), (35, 7, 7));
    }
}
