//! Lines with quotes, with a carriage return that ends no line, or with a byte that is escaped in a row.

use super::Fast;
use crate::plan::Need;
use crate::record::fields::{Cuts, split};
use crate::record::lines::{Line, Lines};
use crate::scan::{Simd, Source, Target, Work};

impl Fast<'_> {
    /// Writes the fields of such a line, each with a delimiter behind it; returns where the row ends.
    #[cold]
    #[inline(never)]
    pub(super) fn odd_line(
        &mut self,
        source: Source,
        lines: &Lines,
        line: &Line,
        target: &mut Target,
        start: usize,
    ) -> Option<usize> {
        let (from, end) = (line.place.start, line.place.end - 1);
        let bytes = source.bytes().get(from..end)?;
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        if bytes.is_empty() {
            return None;
        }
        let cuts = Cuts {
            from,
            end: from + bytes.len(),
            ends: lines.index.ends().get(line.ends.clone())?,
            odd: lines.odd_bytes(),
        };
        let input = &self.kept.spec.input;
        // A delimiter that is escaped in a row is not odd where it ends fields.
        let inside = ![b'\\', self.kept.spec.delimiter].contains(&input.delimiter);
        let cut = input.quote.is_some_and(|quote| self.fields.cut(source.bytes(), cuts, quote, inside));
        if !cut {
            if memchr::memchr(b'\r', bytes).is_some()
                || !split(bytes, input.delimiter, input.quote, &mut self.fields)
            {
                return None;
            }
            // Fields with a doubled quote were copied; they get room behind them.
            self.fields.unescaped_mut().extend_from_slice(&self.behind);
        }
        let name = self.header.name;
        if self.fields.len() != self.columns.len()
            || name.is_some_and(|name| self.fields.get(bytes, 0).starts_with(name))
        {
            return None;
        }
        self.tier.run(Odd { fast: self, source, from, escaped: !cut, target, start })
    }
}

/// The columns of a line that was cut.
struct Odd<'w, 's, 't> {
    fast: &'w mut Fast<'s>,
    source: Source<'w>,
    /// Where the line begins.
    from: usize,
    /// Whether a field may have a byte that is escaped in a row.
    escaped: bool,
    target: &'w mut Target<'t>,
    start: usize,
}

impl Work for Odd<'_, '_, '_> {
    type Answer = Option<usize>;

    #[inline(always)]
    fn on<S: Simd>(self, simd: S) -> Option<usize> {
        let Self { fast, source: line, from: begins, escaped, target, start } = self;
        let (mut at, delimiter) = (start, fast.kept.spec.delimiter);
        for column in fast.columns.iter_mut().filter(|column| !column.is_dropped()) {
            let (source, from, length) = match fast.fields.place(column.index) {
                (true, range) => (Source::new(fast.fields.unescaped()), range.start, range.len()),
                (false, range) => (line, begins + range.start, range.len()),
            };
            // As in `Fast::fields`, whose loop takes 4 % more instructions where the two share this.
            let (text, room) = (source.window(from)?, target.window(at)?);
            let written = match column.usual(simd, text, length, escaped, delimiter, room) {
                Some(written) => written,
                None => fast.kept.other(column, (source, from, length), escaped, target, (start, at))?,
            };
            if column.need == Need::Value {
                column.place = at - start..at - start + written - 1;
            }
            at += written;
        }
        Some(at - 1)
    }
}
