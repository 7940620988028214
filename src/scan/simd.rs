//! What a tier does with pieces of bytes.

use super::index::{Masks, Wanted};
use super::{LANE, portable};

/// The instructions of a tier. All tiers answer the same; what a tier does not do in its own way it does in the
/// portable one.
///
/// The methods are meant to be inlined into [`Work::on`], which is compiled for the tier.
pub trait Simd: Copy {
    /// Which of 64 bytes are what.
    fn masks(self, lane: &[u8; LANE], wanted: Wanted) -> Masks;

    /// Writes the places of the bits that are set, `base` added, to the beginning of `to`, and anything behind
    /// them. A tier may ask for room for [`LANE`] places.
    #[inline(always)]
    fn places(self, mask: u64, base: u32, to: &mut [u32]) {
        portable::places::<8>(mask, base, to);
    }

    /// The number that the first `length` bytes spell, 1 to 16: digits, with one other byte before the last
    /// `fraction` of them unless that is 0.
    #[inline(always)]
    fn number(self, text: &[u8; 16], length: usize, fraction: usize) -> u64 {
        portable::number(text, length, fraction)
    }

    /// The day whose digits stand at these places of a text.
    #[inline(always)]
    fn day(self, text: &[u8; 16], places: &[u8; 16]) -> Day {
        portable::day(text, places)
    }

    /// Whether it is worth while to ask for the marks of 64 bytes rather than for one number after the other.
    const MARKS: bool = false;

    /// What 64 bytes are.
    #[inline(always)]
    fn marks(self, text: &[u8; LANE], delimiter: u8) -> Marks {
        portable::marks(text, delimiter)
    }

    /// The set bits of `mask` whose number, from the lowest, is that of a set bit of `bits`.
    #[inline(always)]
    fn deposit(self, bits: u64, mask: u64) -> u64 {
        portable::deposit(bits, mask)
    }

    /// A text with another byte where `places` has a bit.
    #[inline(always)]
    fn replaced(self, text: &[u8; LANE], places: u64, byte: u8) -> [u8; LANE] {
        portable::replaced(text, places, byte)
    }

    /// Whether two texts have the same first bytes, up to 63.
    #[inline(always)]
    fn same(self, left: &[u8; LANE], right: &[u8; LANE], length: usize) -> bool {
        portable::same(left, right, length)
    }

    /// A bit for each byte that is this one.
    #[inline(always)]
    fn equal(self, lane: &[u8; LANE], byte: u8) -> u64 {
        portable::equal_bytes(lane, byte)
    }

    /// The number of this form that the last `length` of 16 bytes spell, at least [`Form::least`] and at most 16. `None`
    /// where they spell none.
    #[inline(always)]
    fn amount(self, text: &[u8; 16], length: usize, form: &Form) -> Option<u64> {
        portable::amount(text, length, form)
    }

    /// The place of the first byte in which two texts differ; [`LANE`] where none does.
    #[inline(always)]
    fn difference(self, left: &[u8; LANE], right: &[u8; LANE]) -> usize {
        portable::difference(left, right)
    }
}

/// How numbers of one scale are written: digits, and where there is a scale, a point before so many of them.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// What a point is, less a zero digit's bits, where it stands in 16 bytes that a number ends; zeros elsewhere.
    pub(super) point: [u8; 16],
    /// The largest that a digit may be, and what is left of a point: nothing.
    pub(super) largest: [u8; 16],
    /// Which of the bytes are its digits, the last one last; in the point's stead a place of none comes first.
    pub(super) digits: [u8; 16],
    /// How many bytes a number has at least.
    pub least: usize,
}

impl Form {
    /// The form of a scale; `None` where 16 bytes hold no number of it.
    #[must_use]
    pub fn new(scale: u8) -> Option<Self> {
        let scale = usize::from(scale);
        if scale == 0 {
            let digits = std::array::from_fn(|at| at as u8);
            return Some(Self { point: [0; 16], largest: [9; 16], digits, least: 1 });
        }
        let at = 15_usize.checked_sub(scale).filter(|at| *at > 0)?;
        let (mut point, mut largest) = ([0; 16], [9; 16]);
        (point[at], largest[at]) = (b'.' ^ b'0', 0);
        let digits = std::array::from_fn(|place| match place {
            0 => NOWHERE,
            place if place <= at => place as u8 - 1,
            place => place as u8,
        });
        Some(Self { point, largest, digits, least: scale + 2 })
    }
}

/// Which of 64 bytes are what a number or its neighbours are made of, the first byte in the lowest bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    /// Bytes that are no digits.
    pub others: u64,
    /// Delimiters.
    pub delimiters: u64,
    /// Decimal points.
    pub points: u64,
    /// Zeros.
    pub zeros: u64,
}

/// A day as it was read: nothing about it is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// `YYYY-MM-DD`, then two bytes that were picked as they are. What follows decides nothing.
    pub iso: [u8; 16],
    /// The year.
    pub year: u32,
    /// The month times 100 and the day.
    pub month_day: u32,
}

/// A place that stands for no byte: a zero is taken in its stead.
pub const NOWHERE: u8 = 0x80;

/// What is compiled for each tier.
pub trait Work {
    /// What comes out.
    type Answer;

    /// Does the work. To be compiled for the tier, it and what it calls must be inlined.
    fn on<S: Simd>(self, simd: S) -> Self::Answer;
}
