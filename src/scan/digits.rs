//! Which of 16 bytes are digits. Every number of a row asks for it.

/// A bit for each of 16 bytes that is no ASCII digit, the first byte lowest.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[must_use]
pub fn no_digits(bytes: &[u8; 16]) -> u32 {
    #![allow(unsafe_code)]
    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_max_epu8, _mm_movemask_epi8, _mm_set1_epi8, _mm_sub_epi8,
    };
    // SAFETY: every x86-64 machine has SSE2; both types are 16 bytes, and any bits are a value of either.
    unsafe {
        let bytes = std::mem::transmute::<[u8; 16], __m128i>(*bytes);
        let values = _mm_sub_epi8(bytes, _mm_set1_epi8(b'0'.cast_signed()));
        let beyond = _mm_cmpeq_epi8(_mm_max_epu8(values, _mm_set1_epi8(10)), values);
        _mm_movemask_epi8(beyond).cast_unsigned()
    }
}

/// A bit for each of 16 bytes that is no ASCII digit, the first byte lowest.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
#[must_use]
pub fn no_digits(bytes: &[u8; 16]) -> u32 {
    plain(bytes)
}

/// The naive twin.
#[cfg(any(test, not(target_arch = "x86_64")))]
fn plain(bytes: &[u8; 16]) -> u32 {
    bytes.iter().rev().fold(0, |mask, byte| mask << 1 | u32::from(!byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn digits_are_what_the_naive_twin_says(bytes in prop::array::uniform16(prop_oneof![any::<u8>(), b'/'..=b':'])) {
            prop_assert_eq!(no_digits(&bytes), plain(&bytes));
        }
    }

    #[test]
    fn every_byte_is_told_right() {
        for byte in 0..=u8::MAX {
            assert_eq!(no_digits(&[byte; 16]), plain(&[byte; 16]), "{byte}");
        }
    }
}
