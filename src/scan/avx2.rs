//! The tier for x86-64 machines with AVX2: 32 bytes a comparison.

#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m256i, _mm256_cmpeq_epi8, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
};

use super::{Index, LANE, Masks, Wanted};

/// Fills an index. The machine must have AVX2, BMI1 and POPCNT.
pub(super) fn fill(index: &mut Index, wanted: Wanted, stretch: &[u8]) {
    // SAFETY: a tier of this kind exists only where `Tier::available` found the instructions.
    unsafe { fill_with_avx2(index, wanted, stretch) }
}

#[target_feature(enable = "avx2,bmi1,popcnt")]
fn fill_with_avx2(index: &mut Index, wanted: Wanted, stretch: &[u8]) {
    let all = |byte: u8| _mm256_set1_epi8(byte.cast_signed());
    let (delimiter, line_feed, odd) = (all(wanted.delimiter), all(b'\n'), wanted.odd.map(all));
    let same = |bytes, other| _mm256_cmpeq_epi8(bytes, other);
    let either = |left, right| _mm256_or_si256(left, right);
    index.walk(stretch, |lane| {
        // SAFETY: both are 64 bytes, and any bits are a value of either.
        let halves = unsafe { std::mem::transmute::<[u8; LANE], [__m256i; 2]>(*lane) };
        Masks {
            delimiters: mask(halves.map(|half| same(half, delimiter))),
            line_feeds: mask(halves.map(|half| same(half, line_feed))),
            odd: mask(halves.map(|half| {
                let [a, b, c, d] = odd.map(|byte| same(half, byte));
                either(either(a, b), either(c, d))
            })),
            high: mask(halves),
        }
    });
}

/// The highest bit of each byte.
#[target_feature(enable = "avx2")]
fn mask([low, high]: [__m256i; 2]) -> u64 {
    let bits = |half| u64::from(_mm256_movemask_epi8(half).cast_unsigned());
    bits(low) | bits(high) << 32
}
