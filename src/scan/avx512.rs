//! The tier for x86-64 machines with AVX-512 as of 2019 (Ice Lake, Zen 4): 64 bytes a comparison, whose answer is a
//! mask, and the places of a mask's bits in one instruction.

#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m512i, _mm512_add_epi32, _mm512_castsi512_si128, _mm512_cmpeq_epi8_mask, _mm512_cmpgt_epu8_mask,
    _mm512_cvtepu8_epi32, _mm512_mask_blend_epi8, _mm512_maskz_compress_epi8, _mm512_movepi8_mask,
    _mm512_set1_epi8, _mm512_set1_epi32, _mm512_shuffle_i64x2, _mm512_sub_epi8,
};

use super::LANE;
use super::avx2::{Avx2, bits};
use super::index::{Masks, Wanted};
use super::simd::{Day, Form, Marks, Simd, Work};

/// What a machine with these parts of AVX-512 can do. There is a value of this type only on such a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Avx512(Avx2);

/// Does some work with these instructions.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2")]
fn run<W: Work>(work: W, simd: Avx512) -> W::Answer {
    work.on(simd)
}

impl Avx512 {
    /// `None` where the machine lacks some of what `run` is compiled for. That AVX-512F brings FMA and F16C with it, as
    /// the compiler takes for granted, is part of what the standard library asks for it.
    pub(super) fn of_this_machine() -> Option<Self> {
        let has = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vbmi")
            && is_x86_feature_detected!("avx512vbmi2");
        Avx2::of_this_machine().filter(|_| has).map(Self)
    }

    pub(super) fn run<W: Work>(self, work: W) -> W::Answer {
        // SAFETY: that there is a `self` says that the machine has the instructions.
        unsafe { run(work, self) }
    }
}

impl Simd for Avx512 {
    #[inline(always)]
    fn masks(self, lane: &[u8; LANE], wanted: Wanted) -> Masks {
        // SAFETY: that there is a `self` says that the machine has the instructions; for the pieces see `bits`.
        unsafe {
            let bytes = bits!(*lane, [u8; LANE] => __m512i);
            let same = |byte: u8| _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte.cast_signed()));
            let [a, b, c] = wanted.odd;
            Masks {
                delimiters: same(wanted.delimiter),
                line_feeds: same(b'\n'),
                returns: same(b'\r'),
                odd: same(a) | same(b) | same(c),
                high: _mm512_movepi8_mask(bytes),
            }
        }
    }

    #[inline(always)]
    fn places(self, mask: u64, base: u32, to: &mut [u32]) {
        // SAFETY: that there is a `self` says that the machine has the instructions; for the pieces see `bits`.
        unsafe {
            let mut places = _mm512_maskz_compress_epi8(mask, bits!(PLACES, [u8; LANE] => __m512i));
            let mut left = mask.count_ones();
            for sixteen in to.as_chunks_mut::<16>().0 {
                let these = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(places));
                let these = _mm512_add_epi32(these, _mm512_set1_epi32(base.cast_signed()));
                *sixteen = bits!(these, __m512i => [u32; 16]);
                if left <= 16 {
                    return;
                }
                left -= 16;
                // The next 16 bytes come to the front.
                places = _mm512_shuffle_i64x2::<0b00_11_10_01>(places, places);
            }
        }
    }

    #[inline(always)]
    fn number(self, text: &[u8; 16], length: usize, fraction: usize) -> u64 {
        self.0.number(text, length, fraction)
    }

    #[inline(always)]
    fn day(self, text: &[u8; 16], places: &[u8; 16]) -> Day {
        self.0.day(text, places)
    }

    const MARKS: bool = true;

    #[inline(always)]
    fn marks(self, text: &[u8; LANE], delimiter: u8) -> Marks {
        // SAFETY: that there is a `self` says that the machine has the instructions; for the pieces see `bits`.
        unsafe {
            let text = bits!(*text, [u8; LANE] => __m512i);
            let all = |byte: u8| _mm512_set1_epi8(byte.cast_signed());
            Marks {
                others: _mm512_cmpgt_epu8_mask(_mm512_sub_epi8(text, all(b'0')), all(9)),
                delimiters: _mm512_cmpeq_epi8_mask(text, all(delimiter)),
                points: _mm512_cmpeq_epi8_mask(text, all(b'.')),
                zeros: _mm512_cmpeq_epi8_mask(text, all(b'0')),
            }
        }
    }

    #[inline(always)]
    fn deposit(self, bits: u64, mask: u64) -> u64 {
        self.0.deposit(bits, mask)
    }

    #[inline(always)]
    fn replaced(self, text: &[u8; LANE], places: u64, byte: u8) -> [u8; LANE] {
        // SAFETY: that there is a `self` says that the machine has the instructions; for the pieces see `bits`.
        unsafe {
            let (text, byte) = (bits!(*text, [u8; LANE] => __m512i), _mm512_set1_epi8(byte.cast_signed()));
            bits!(_mm512_mask_blend_epi8(places, text, byte), __m512i => [u8; LANE])
        }
    }

    #[inline(always)]
    fn same(self, left: &[u8; LANE], right: &[u8; LANE], length: usize) -> bool {
        // SAFETY: that there is a `self` says that the machine has the instructions; for the pieces see `bits`.
        let same = unsafe {
            _mm512_cmpeq_epi8_mask(bits!(*left, [u8; LANE] => __m512i), bits!(*right, [u8; LANE] => __m512i))
        };
        !same & ((1 << (length % LANE)) - 1) == 0
    }

    #[inline(always)]
    fn equal(self, lane: &[u8; LANE], byte: u8) -> u64 {
        // SAFETY: that there is a `self` says that the machine has the instructions; for the pieces see `bits`.
        unsafe {
            let byte = _mm512_set1_epi8(byte.cast_signed());
            _mm512_cmpeq_epi8_mask(bits!(*lane, [u8; LANE] => __m512i), byte)
        }
    }

    #[inline(always)]
    fn amount(self, text: &[u8; 16], length: usize, form: &Form) -> Option<u64> {
        self.0.amount(text, length, form)
    }

    #[inline(always)]
    fn difference(self, left: &[u8; LANE], right: &[u8; LANE]) -> usize {
        // SAFETY: that there is a `self` says that the machine has the instructions; for the pieces see `bits`.
        let same = unsafe {
            _mm512_cmpeq_epi8_mask(bits!(*left, [u8; LANE] => __m512i), bits!(*right, [u8; LANE] => __m512i))
        };
        same.trailing_ones() as usize
    }
}

/// 0, 1, 2 and so on.
const PLACES: [u8; LANE] = {
    let mut places = [0; LANE];
    let mut at = 0;
    while at < LANE {
        places[at] = at as u8;
        at += 1;
    }
    places
};
