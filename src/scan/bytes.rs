//! Which of 16 bytes are what, on any machine. Every x86-64 machine has the instructions for it.

#[cfg(not(target_arch = "x86_64"))]
pub use plain::{equal, high, no_digits};
#[cfg(target_arch = "x86_64")]
pub use sse2::{equal, high, no_digits};

#[cfg(target_arch = "x86_64")]
mod sse2 {
    #![allow(unsafe_code)]

    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_max_epu8, _mm_movemask_epi8, _mm_set1_epi8, _mm_sub_epi8,
    };

    /// A bit for each of 16 bytes that is no ASCII digit, the first byte lowest.
    #[inline(always)]
    #[must_use]
    pub fn no_digits(bytes: &[u8; 16]) -> u32 {
        // SAFETY: every x86-64 machine has SSE2; both types are 16 bytes, and any bits are a value of either.
        unsafe {
            let bytes = std::mem::transmute::<[u8; 16], __m128i>(*bytes);
            let values = _mm_sub_epi8(bytes, _mm_set1_epi8(b'0'.cast_signed()));
            let beyond = _mm_cmpeq_epi8(_mm_max_epu8(values, _mm_set1_epi8(10)), values);
            _mm_movemask_epi8(beyond).cast_unsigned()
        }
    }

    /// A bit for each of 16 bytes that is this one.
    #[inline(always)]
    #[must_use]
    pub fn equal(bytes: &[u8; 16], byte: u8) -> u32 {
        // SAFETY: as in `no_digits`.
        unsafe {
            let bytes = std::mem::transmute::<[u8; 16], __m128i>(*bytes);
            let equal = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte.cast_signed()));
            _mm_movemask_epi8(equal).cast_unsigned()
        }
    }

    /// A bit for each of 16 bytes that is beyond ASCII.
    #[inline(always)]
    #[must_use]
    pub fn high(bytes: &[u8; 16]) -> u32 {
        // SAFETY: as in `no_digits`.
        unsafe { _mm_movemask_epi8(std::mem::transmute::<[u8; 16], __m128i>(*bytes)).cast_unsigned() }
    }
}

/// The naive twin.
#[cfg(any(test, not(target_arch = "x86_64")))]
mod plain {
    pub fn no_digits(bytes: &[u8; 16]) -> u32 {
        mask(bytes, |byte| !byte.is_ascii_digit())
    }

    pub fn equal(bytes: &[u8; 16], other: u8) -> u32 {
        mask(bytes, |byte| byte == other)
    }

    pub fn high(bytes: &[u8; 16]) -> u32 {
        mask(bytes, |byte| !byte.is_ascii())
    }

    fn mask(bytes: &[u8; 16], is: impl Fn(u8) -> bool) -> u32 {
        bytes.iter().rev().fold(0, |mask, byte| mask << 1 | u32::from(is(*byte)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_are_what_the_naive_twin_says(
            bytes in prop::array::uniform16(prop_oneof![any::<u8>(), b'/'..=b':']),
            byte in b'/'..=b':',
        ) {
            prop_assert_eq!(no_digits(&bytes), plain::no_digits(&bytes));
            prop_assert_eq!(equal(&bytes, byte), plain::equal(&bytes, byte));
            prop_assert_eq!(high(&bytes), plain::high(&bytes));
        }
    }

    #[test]
    fn every_byte_is_told_right() {
        for byte in 0..=u8::MAX {
            assert_eq!(no_digits(&[byte; 16]), plain::no_digits(&[byte; 16]), "{byte}");
        }
    }
}
