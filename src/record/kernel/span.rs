//! Neighbouring columns of numbers, checked and copied as one piece.
//!
//! Usual numbers stand in a row as they do in the text, but for the delimiters. So where all of their bytes are
//! digits, except for the delimiters and for a point at its place before each amount's end, and none begins with a
//! zero that is not its all, they are copied whole. Where one is not usual, the columns are taken one by one.

use std::ops::Range;

use super::column::Column;
use super::{low_bits_64, piece};
use crate::scan::{Simd, Source, WINDOW};

/// The most columns of a span.
const MOST: usize = 8;
/// Fewer columns are as quick one by one.
const LEAST: usize = 3;

/// Where the fields of a span end; the first is the end of the field before.
pub type Ends = [u32; MOST + 1];

/// Some neighbouring columns.
#[derive(Debug)]
pub(in crate::record) struct Span {
    /// Which columns.
    pub columns: Range<usize>,
    /// Bit n: the column n of the span is an amount.
    amounts: u64,
    /// Digits behind the point of every amount.
    scale: usize,
    /// The fewest bytes of each field, and how many more there can be.
    least: [u32; MOST],
    more: [u32; MOST],
    /// Which of the columns are asked for their values.
    asked: Vec<usize>,
}

/// How the usual numbers of a column look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Digits behind the point; `None` where there is none.
    pub scale: Option<usize>,
    pub least: u32,
    pub most: u32,
    pub asked: bool,
}

impl Span {
    /// The spans among the columns. The first column is in none: there is no field before it.
    pub fn all(columns: &[Column]) -> Vec<Self> {
        let mut spans: Vec<Self> = Vec::new();
        for (index, shape) in columns.iter().map(Column::shape).enumerate().skip(1) {
            let Some(shape) = shape else { continue };
            match spans.last_mut() {
                Some(span) if span.columns.end == index && span.takes(shape) => span.push(shape),
                _ => {
                    spans.push(Self::new(index));
                    spans.iter_mut().last().into_iter().for_each(|span| span.push(shape));
                }
            }
        }
        spans.retain(|span| span.columns.len() >= LEAST);
        spans
    }

    fn new(first: usize) -> Self {
        // What stands for no column takes any length.
        let (least, more) = ([0; MOST], [u32::MAX; MOST]);
        Self { columns: first..first, amounts: 0, scale: 0, least, more, asked: Vec::new() }
    }

    fn takes(&self, shape: Shape) -> bool {
        self.columns.len() < MOST
            && (self.amounts == 0 || shape.scale.is_none_or(|scale| scale == self.scale))
    }

    fn push(&mut self, shape: Shape) {
        let place = self.columns.len();
        if let Some(scale) = shape.scale {
            self.amounts |= 1 << place;
            self.scale = scale;
        }
        (self.least[place], self.more[place]) = (shape.least, shape.most - shape.least);
        if shape.asked {
            self.asked.push(place);
        }
        self.columns.end += 1;
    }

    /// Writes the fields, where all are usual, each with a delimiter behind it; returns how many bytes they take.
    /// `columns` are those of the span, and `delimiters` those of the source and of the row.
    #[inline(always)]
    pub fn take(
        &self,
        simd: impl Simd,
        columns: &mut [Column],
        source: Source,
        ends: &Ends,
        delimiters: (u8, u8),
        room: &mut [u8; WINDOW],
    ) -> Option<usize> {
        let from = ends[0] as usize + 1;
        let length = ends[columns.len() % (MOST + 1)] as usize - from;
        let mut wrong = false;
        for field in 0..MOST {
            let length = ends[field + 1].wrapping_sub(ends[field]).wrapping_sub(1);
            wrong |= length.wrapping_sub(self.least[field]) > self.more[field];
        }
        if wrong || length >= WINDOW {
            return None;
        }
        let text = source.window(from)?;
        let marks = simd.marks(text, delimiters.0);
        let inside = low_bits_64(length);
        let ends_here = marks.delimiters & inside | 1 << length;
        // No field of an amount is so short that its point would stand before it.
        let points = simd.deposit(self.amounts, ends_here) >> (1 + self.scale);
        let others = marks.others & inside | 1 << length;
        let begins = (ends_here << 1 | 1) & inside;
        if others != ends_here | points
            || points & !marks.points != 0
            || marks.zeros & begins & !(others >> 1) != 0
        {
            return None;
        }
        *room = simd.replaced(text, ends_here, delimiters.1);
        for place in &self.asked {
            let (before, end) = (ends[place % MOST] as usize + 1, ends[place % MOST + 1] as usize);
            let fraction = if self.amounts >> place & 1 == 1 { self.scale } else { 0 };
            let number = simd.number(piece(source.window(before)?), end - before, fraction);
            columns.get_mut(*place)?.set_number(number.cast_signed())?;
        }
        Some(length + 1)
    }
}
