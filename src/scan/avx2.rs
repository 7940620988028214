//! The tier for x86-64 machines with AVX2: 32 bytes a comparison.

#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m128i, __m256i, _mm_add_epi8, _mm_and_si128, _mm_cmpgt_epi8, _mm_cvtsi128_si64, _mm_extract_epi32,
    _mm_madd_epi16, _mm_maddubs_epi16, _mm_or_si128, _mm_packus_epi32, _mm_set1_epi8, _mm_set1_epi16,
    _mm_set1_epi32, _mm_shuffle_epi8, _mm_subs_epu8, _mm_testz_si128, _mm_xor_si128, _mm256_and_si256,
    _mm256_blendv_epi8, _mm256_cmpeq_epi8, _mm256_max_epu8, _mm256_movemask_epi8, _mm256_or_si256,
    _mm256_set1_epi8, _mm256_set1_epi32, _mm256_set1_epi64x, _mm256_setr_epi64x, _mm256_shuffle_epi8,
    _mm256_sub_epi8, _pdep_u64,
};

use super::index::{Masks, Wanted};
use super::simd::{Day, Form, Marks, Simd, Work};
use super::{LANE, portable};

/// What a machine with AVX2 can do. There is a value of this type only on such a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Avx2(());

/// Does some work with these instructions.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn run<W: Work>(work: W, simd: Avx2) -> W::Answer {
    work.on(simd)
}

impl Avx2 {
    /// `None` where the machine has no AVX2, or lacks one of the others that `run` is compiled for.
    pub(super) fn of_this_machine() -> Option<Self> {
        let has = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt");
        has.then_some(Self(()))
    }

    pub(super) fn run<W: Work>(self, work: W) -> W::Answer {
        // SAFETY: that there is a `self` says that the machine has the instructions.
        unsafe { run(work, self) }
    }
}

/// The bytes of a piece. It is sound where both types are integers or vectors of them: any bits are a value of either,
/// and the compiler refuses two types of different size. A value is copied, so that its alignment does not matter.
macro_rules! bits {
    ($piece:expr, $from:ty => $to:ty) => {
        std::mem::transmute::<$from, $to>($piece)
    };
}
pub(super) use bits;

impl Simd for Avx2 {
    #[inline(always)]
    fn masks(self, lane: &[u8; LANE], wanted: Wanted) -> Masks {
        // SAFETY: that there is a `self` says that the machine has the instructions; for the pieces see `bits`.
        unsafe {
            let [low, high] = bits!(*lane, [u8; LANE] => [__m256i; 2]);
            let all = |byte: u8| _mm256_set1_epi8(byte.cast_signed());
            let same = |byte| [_mm256_cmpeq_epi8(low, byte), _mm256_cmpeq_epi8(high, byte)];
            let either =
                |[a, b]: [__m256i; 2], [c, d]: [__m256i; 2]| [_mm256_or_si256(a, c), _mm256_or_si256(b, d)];
            let [a, b, c] = wanted.odd;
            let odd = either(either(same(all(a)), same(all(b))), same(all(c)));
            // Most lanes have none of these, and then one question is enough.
            let [left, right] = either(odd, [low, high]);
            let any = _mm256_movemask_epi8(_mm256_or_si256(left, right)) != 0;
            Masks {
                delimiters: mask(same(all(wanted.delimiter))),
                line_feeds: mask(same(all(b'\n'))),
                returns: mask(same(all(b'\r'))),
                odd: if any { mask(odd) } else { 0 },
                high: if any { mask([low, high]) } else { 0 },
            }
        }
    }

    #[inline(always)]
    fn places(self, mask: u64, base: u32, to: &mut [u32]) {
        // Hardly any 64 bytes have more.
        portable::places::<12>(mask, base, to);
    }

    #[inline(always)]
    fn number(self, text: &[u8; 16], length: usize, fraction: usize) -> u64 {
        let places = &RIGHT[fraction % 16];
        // SAFETY: that there is a `self` says that the machine has the instructions; for the pieces see `bits`.
        unsafe {
            let (text, places) = (bits!(*text, [u8; 16] => __m128i), bits!(*places, [i8; 16] => __m128i));
            let places = _mm_add_epi8(places, _mm_set1_epi8((length as u8).cast_signed()));
            let digits = _mm_and_si128(_mm_shuffle_epi8(text, places), _mm_set1_epi8(0x0f));
            spelled(digits)
        }
    }

    #[inline(always)]
    fn day(self, text: &[u8; 16], places: &[u8; 16]) -> Day {
        // SAFETY: that there is a `self` says that the machine has the instructions; for the pieces see `bits`.
        unsafe {
            let (text, places) = (bits!(*text, [u8; 16] => __m128i), bits!(*places, [u8; 16] => __m128i));
            let zeros = bits!(*b"0000-00-00\0\0\0\0\0\0", [u8; 16] => __m128i);
            let iso = _mm_or_si128(_mm_shuffle_epi8(text, places), zeros);
            let digits = _mm_and_si128(iso, _mm_set1_epi8(0x0f));
            let weights = bits!([10, 1, 10, 1, 0, 10, 1, 0, 10, 1, 0, 0, 0, 0, 0, 0], [i8; 16] => __m128i);
            let pairs = _mm_maddubs_epi16(digits, weights);
            let weights = bits!([100, 1, 100, 100, 1, 0, 0, 0], [i16; 8] => __m128i);
            let parts = _mm_madd_epi16(pairs, weights);
            let both = _mm_cvtsi128_si64(parts).cast_unsigned();
            let day = _mm_extract_epi32::<2>(parts).cast_unsigned();
            Day {
                iso: bits!(iso, __m128i => [u8; 16]),
                year: both as u32,
                month_day: (both >> 32) as u32 + day,
            }
        }
    }

    const MARKS: bool = true;

    #[inline(always)]
    fn marks(self, text: &[u8; LANE], delimiter: u8) -> Marks {
        // SAFETY: that there is a `self` says that the machine has the instructions; for the pieces see `bits`.
        unsafe {
            let [low, high] = bits!(*text, [u8; LANE] => [__m256i; 2]);
            let all = |byte: u8| _mm256_set1_epi8(byte.cast_signed());
            let same = |byte| [_mm256_cmpeq_epi8(low, byte), _mm256_cmpeq_epi8(high, byte)];
            let beyond = |half| {
                let value = _mm256_sub_epi8(half, all(b'0'));
                _mm256_cmpeq_epi8(_mm256_max_epu8(value, all(10)), value)
            };
            Marks {
                others: mask([beyond(low), beyond(high)]),
                delimiters: mask(same(all(delimiter))),
                points: mask(same(all(b'.'))),
                zeros: mask(same(all(b'0'))),
            }
        }
    }

    #[inline(always)]
    fn deposit(self, bits: u64, mask: u64) -> u64 {
        // SAFETY: that there is a `self` says that the machine has the instructions.
        unsafe { _pdep_u64(bits, mask) }
    }

    #[inline(always)]
    fn replaced(self, text: &[u8; LANE], places: u64, byte: u8) -> [u8; LANE] {
        // SAFETY: that there is a `self` says that the machine has the instructions; for the pieces see `bits`.
        unsafe {
            let [low, high] = bits!(*text, [u8; LANE] => [__m256i; 2]);
            let byte = _mm256_set1_epi8(byte.cast_signed());
            let low = _mm256_blendv_epi8(low, byte, spread(places as u32));
            let high = _mm256_blendv_epi8(high, byte, spread((places >> 32) as u32));
            bits!([low, high], [__m256i; 2] => [u8; LANE])
        }
    }

    #[inline(always)]
    fn same(self, left: &[u8; LANE], right: &[u8; LANE], length: usize) -> bool {
        // SAFETY: that there is a `self` says that the machine has the instructions; for the pieces see `bits`.
        let same = unsafe {
            let [a, b] = bits!(*left, [u8; LANE] => [__m256i; 2]);
            let [c, d] = bits!(*right, [u8; LANE] => [__m256i; 2]);
            mask([_mm256_cmpeq_epi8(a, c), _mm256_cmpeq_epi8(b, d)])
        };
        !same & ((1 << (length % LANE)) - 1) == 0
    }

    #[inline(always)]
    fn equal(self, lane: &[u8; LANE], byte: u8) -> u64 {
        // SAFETY: that there is a `self` says that the machine has the instructions; for the pieces see `bits`.
        unsafe {
            let [low, high] = bits!(*lane, [u8; LANE] => [__m256i; 2]);
            let byte = _mm256_set1_epi8(byte.cast_signed());
            mask([_mm256_cmpeq_epi8(low, byte), _mm256_cmpeq_epi8(high, byte)])
        }
    }

    #[inline(always)]
    fn amount(self, text: &[u8; 16], length: usize, form: &Form) -> Option<u64> {
        const FROM_THE_END: [u8; 16] = [16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1];
        // SAFETY: that there is a `self` says that the machine has the instructions; for the pieces see `bits`.
        unsafe {
            let sixteen = |bytes: [u8; 16]| bits!(bytes, [u8; 16] => __m128i);
            let there =
                _mm_cmpgt_epi8(_mm_set1_epi8((length as u8 + 1).cast_signed()), sixteen(FROM_THE_END));
            let digits = _mm_and_si128(_mm_xor_si128(sixteen(*text), _mm_set1_epi8(0x30)), there);
            let digits = _mm_xor_si128(digits, sixteen(form.point));
            let above = _mm_subs_epu8(digits, sixteen(form.largest));
            if _mm_testz_si128(above, above) == 0 {
                return None;
            }
            Some(spelled(_mm_shuffle_epi8(digits, sixteen(form.digits))))
        }
    }

    #[inline(always)]
    fn difference(self, left: &[u8; LANE], right: &[u8; LANE]) -> usize {
        // SAFETY: that there is a `self` says that the machine has the instructions; for the pieces see `bits`.
        let same = unsafe {
            let [a, b] = bits!(*left, [u8; LANE] => [__m256i; 2]);
            let [c, d] = bits!(*right, [u8; LANE] => [__m256i; 2]);
            mask([_mm256_cmpeq_epi8(a, c), _mm256_cmpeq_epi8(b, d)])
        };
        same.trailing_ones() as usize
    }
}

/// The number that 16 digits are, the first in the lowest byte.
#[inline]
#[target_feature(enable = "avx2")]
fn spelled(digits: __m128i) -> u64 {
    // Ten times the first digit and once the second.
    let pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x010a));
    let fours = _mm_madd_epi16(pairs, _mm_set1_epi32(weights(100, 1)));
    let fours = _mm_packus_epi32(fours, fours);
    let eights = _mm_madd_epi16(fours, _mm_set1_epi32(weights(10_000, 1)));
    let both = _mm_cvtsi128_si64(eights).cast_unsigned();
    u64::from(both as u32) * 100_000_000 + (both >> 32)
}

/// The highest bit of each byte.
#[inline]
#[target_feature(enable = "avx2")]
fn mask([low, high]: [__m256i; 2]) -> u64 {
    let bits = |half| u64::from(_mm256_movemask_epi8(half).cast_unsigned());
    bits(low) | bits(high) << 32
}

/// A byte with its highest bit set for each bit that is.
#[inline]
#[target_feature(enable = "avx2")]
fn spread(bits: u32) -> __m256i {
    // Each byte of the bits goes to the eight bytes that it says something about, each of which then looks at its bit.
    let bytes = _mm256_setr_epi64x(0, 0x0101_0101_0101_0101, 0x0202_0202_0202_0202, 0x0303_0303_0303_0303);
    let each = _mm256_set1_epi64x(0x8040_2010_0804_0201_u64.cast_signed());
    let bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(bits.cast_signed()), bytes);
    _mm256_cmpeq_epi8(_mm256_and_si256(bytes, each), each)
}

/// What two neighbours count, the first of which is the lower.
const fn weights(first: i32, second: i32) -> i32 {
    second << 16 | first
}

/// By the digits behind the sign: where each of 16 digits that end a text stands in it, counted from the text's
/// end. What lies before the text comes out below 0.
const RIGHT: [[i8; 16]; 16] = {
    let mut places = [[0; 16]; 16];
    let mut fraction = 0;
    while fraction < 16 {
        let mut at = 0;
        while at < 16 {
            let behind_the_sign = fraction == 0 || at >= 16 - fraction;
            places[fraction][at] = at as i8 - if behind_the_sign { 16 } else { 17 };
            at += 1;
        }
        fraction += 1;
    }
    places
};
