//! The fast path: makes the rows that it is sure of, and leaves every other line to the plain path.
//!
//! How it is sound: it can't reject, count or word a reason, and it knows no header and no blank line. Where a line
//! is not surely one record of as many fields as there are columns, in UTF-8 and short enough, it answers `None`.
//! Where a kernel is not sure of a field that does not mean NULL, the field goes to the conversion itself; where that
//! fails, the line goes to the plain path. tests/tiers.rs holds the two paths equal, byte by byte.

// What is compiled for each tier must be inlined into it; a hint is not enough there.
#![allow(clippy::inline_always)]

mod header;
mod kept;
mod odd;
mod rule;

use std::ops::Range;

use super::fields::Fields;
use super::kernel::{BEHIND, Column, Span};
use super::lines::{Line, Lines};
use super::row::Row;
use crate::input::BOM;
use crate::output::{Books, Page, Written};
use crate::plan::{Need, Plan};
use crate::scan::{Simd, Source, Target, Tier, WINDOW, Wanted, Work};
use crate::spec::Spec;
use header::Header;
use kept::Kept;
use rule::Rule;

/// Makes rows by a plan.
#[derive(Debug)]
pub struct Fast<'s> {
    tier: Tier,
    wanted: Wanted,
    /// What stands before a row, padded.
    status: [u8; 16],
    status_length: usize,
    header: Header<'s>,
    /// The source columns.
    columns: Vec<Column>,
    /// How they are gone through.
    steps: Vec<Step>,
    /// Whether numbers are all that is needed of the columns' values, unless a conversion was asked.
    only_numbers: bool,
    /// The rules, where that is so.
    rules: Vec<Rule>,
    /// How many bytes a row can have beyond twice its line's.
    room: usize,
    /// The fields of a line with quotes.
    fields: Fields,
    /// Rows that are still to be counted.
    written: Written,
    kept: Kept<'s>,
    /// What is put behind a copy that is to be read.
    behind: [u8; WINDOW],
}

/// Some neighbouring columns.
#[derive(Debug)]
struct Step {
    columns: Range<usize>,
    /// All of them as one piece; where that fails they are taken one by one.
    span: Option<Span>,
}

impl Step {
    fn all(columns: &[Column]) -> Vec<Self> {
        let (mut steps, mut from) = (Vec::new(), 0);
        for span in Span::all(columns) {
            steps.push(Self { columns: from..span.columns.start, span: None });
            from = span.columns.end;
            steps.push(Self { columns: span.columns.clone(), span: Some(span) });
        }
        steps.push(Self { columns: from..columns.len(), span: None });
        steps.retain(|step| !step.columns.is_empty());
        steps
    }
}

impl<'s> Fast<'s> {
    /// A fast path for a spec, whose rows stand behind `status` and know their values in `keys`. `None` where the
    /// tier or the spec has none.
    #[must_use]
    pub fn new(spec: &'s Spec, tier: Tier, keys: &[usize], status: &[u8]) -> Option<Self> {
        let plan = Plan::new(spec, keys).filter(|_| tier != Tier::PLAIN)?;
        let mut padded = [0; 16];
        padded.get_mut(..status.len())?.copy_from_slice(status);
        let remembered = plan.columns.iter().filter(|column| column.kernel.is_none()).count();
        let columns: Vec<Column> =
            plan.columns.iter().map(|column| Column::new(column, remembered)).collect();
        let only_numbers = columns.iter().all(|column| column.need != Need::Value);
        let rules = spec.rules.iter().map(|rule| {
            let same = columns[rule.left].unit().is_some()
                && columns[rule.left].unit() == columns[rule.right].unit();
            same.then(|| Rule::new(rule))
        });
        let rules: Option<Vec<Rule>> = rules.collect();
        Some(Self {
            tier,
            wanted: wanted(spec),
            status: padded,
            status_length: status.len(),
            header: Header::new(spec),
            only_numbers: only_numbers && rules.is_some(),
            rules: rules.unwrap_or_default(),
            room: plan.room,
            fields: Fields::new(spec.columns.len()),
            written: Written::default(),
            kept: Kept::new(spec),
            behind: BEHIND,
            steps: Step::all(&columns),
            columns,
        })
    }

    /// Puts other bytes than usual behind a copy that is to be read, for tests.
    pub fn pad_with(&mut self, filler: u8) {
        self.behind.fill(filler);
    }

    /// What is to be put behind a copy of lines.
    #[must_use]
    pub fn behind(&self) -> &[u8; WINDOW] {
        &self.behind
    }

    /// How many fields went to the conversion itself.
    #[must_use]
    pub fn converted(&self) -> u64 {
        self.kept.converted
    }

    /// Indexes the whole lines at the beginning of a text.
    pub fn cut(&self, lines: &mut Lines, text: &[u8]) {
        lines.cut(self.tier, self.wanted, text);
    }

    /// Writes and books the rows of lines, until there is none left or the plain path must judge one, which is
    /// returned.
    pub fn rows(
        &mut self,
        text: &[u8],
        lines: &mut Lines,
        page: &mut Page,
        books: &mut Books,
    ) -> Option<Line> {
        self.tier.run(Rows { fast: self, text, lines, page, books })
    }

    /// Writes one line's row, with a line feed, behind its status to the end of the page, and returns where the row
    /// stands. `None` where the plain path must judge the line.
    pub fn row(
        &mut self,
        text: &[u8],
        lines: &mut Lines,
        line: &Line,
        page: &mut Page,
    ) -> Option<Range<usize>> {
        self.tier.run(One { fast: self, text, lines, line, page })
    }

    /// What is known of the last row that was made, which stands in `bytes`.
    #[must_use]
    pub fn made<'r>(&'r mut self, bytes: &'r [u8]) -> Row<'r> {
        self.kept.settle(&self.columns);
        Row { bytes, replaced: &self.kept.replaced, text: bytes, places: &self.kept.places }
    }

    /// As [`Self::row`].
    #[inline(always)]
    fn judge<S: Simd>(
        &mut self,
        simd: S,
        text: &[u8],
        lines: &mut Lines,
        line: &Line,
        page: &mut Page,
    ) -> Option<Range<usize>> {
        let (from, end) = (line.place.start, line.place.end - 1);
        let input = &self.kept.spec.input;
        // What has another number of fields is not even written to the page: there can be millions of blank lines.
        if (end - from).wrapping_sub(1) >= input.max_record_bytes
            || line.ends.len() != self.columns.len() && !line.odd
            || lines.index.high() && !is_text(&text[from..end], lines.utf8)
        {
            return None;
        }
        page.reserve(self.status_length + self.room + 2 * (end - from) + 2 * WINDOW);
        let at = page.at();
        let start = at + self.status_length;
        let (source, mut target) = (Source::new(text), Target::new(page.bytes()));
        target.window(at)?[..16].copy_from_slice(&self.status);
        self.kept.begin(self.only_numbers);
        let end = if line.odd {
            self.odd_line(source, lines, line, &mut target, start)?
        } else {
            if self.header.may_be(&text[from..]) {
                return None;
            }
            if text[end - 1] == b'\r' {
                // The line ends there; one of nothing else is blank.
                (end - from > 1).then_some(())?;
                lines.index.ends_mut()[line.ends.end - 1] -= 1;
            }
            let ends = lines.index.ends_and_more().get(line.ends.start..)?;
            self.fields(simd, source, from, ends, &mut target, start)?
        };
        if self.kept.only_numbers {
            self.rules.iter().all(|rule| rule.holds(&self.columns)).then_some(())?;
        } else {
            self.kept.settle(&self.columns);
            let row = &page.bytes()[start..end];
            let row = Row { bytes: row, replaced: &[], text: row, places: &self.kept.places };
            row.broken(&self.kept.spec.rules).is_none().then_some(())?;
        }
        // The delimiter behind the last field goes.
        page.bytes()[end] = b'\n';
        page.keep(end + 1);
        Some(start..end)
    }

    /// Writes the fields that end at the first of `ends`, each with a delimiter behind it; returns where the row ends.
    #[inline(always)]
    fn fields<S: Simd>(
        &mut self,
        simd: S,
        source: Source,
        mut from: usize,
        ends: &[u32],
        target: &mut Target,
        start: usize,
    ) -> Option<usize> {
        let (mut at, delimiter) = (start, self.kept.spec.delimiter);
        let delimiters = (self.kept.spec.input.delimiter, delimiter);
        for step in &self.steps {
            let (columns, ends_here) =
                (self.columns.get_mut(step.columns.clone())?, ends.get(step.columns.clone())?);
            if S::MARKS
                && let Some(span) = &step.span
                && let Some(ends) = ends.get(span.columns.start - 1..).and_then(<[u32]>::first_chunk)
                && let Some(written) = span.take(simd, columns, source, ends, delimiters, target.window(at)?)
            {
                from = *ends_here.last()? as usize + 1;
                at += written;
                continue;
            }
            for (column, end) in columns.iter_mut().zip(ends_here) {
                let length = *end as usize - from;
                let (text, room) = (source.window(from)?, target.window(at)?);
                let written = match column.usual(simd, text, length, false, delimiter, room) {
                    Some(written) => written,
                    None => self.kept.other(column, (source, from, length), false, target, (start, at))?,
                };
                if column.need == Need::Value {
                    column.place = at - start..at - start + written - 1;
                }
                from += length + 1;
                at += written;
            }
        }
        Some(at - 1)
    }
}

/// What the index looks for.
fn wanted(spec: &Spec) -> Wanted {
    let (delimiter, escaped) = (spec.input.delimiter, spec.delimiter);
    // A delimiter can only stand inside of a field that has a quote, and a row's delimiter is no backslash.
    let other = if delimiter == b'\\' { escaped } else { b'\\' };
    let odd = [b'\\', escaped, spec.input.quote.unwrap_or(other)];
    Wanted { delimiter, odd: odd.map(|byte| if byte == delimiter { other } else { byte }) }
}

/// Whether a line among others with bytes beyond ASCII, which may all be UTF-8, is text and has no BOM.
#[cold]
fn is_text(line: &[u8], all_utf8: bool) -> bool {
    (all_utf8 || simdutf8::basic::from_utf8(line).is_ok()) && !line.starts_with(BOM)
}

/// The work of [`Fast::rows`].
struct Rows<'w, 's, 'p, 'b> {
    fast: &'w mut Fast<'s>,
    text: &'w [u8],
    lines: &'w mut Lines,
    page: &'w mut Page<'p>,
    books: &'w mut Books<'b>,
}

impl Work for Rows<'_, '_, '_, '_> {
    type Answer = Option<Line>;

    #[inline(always)]
    fn on<S: Simd>(self, simd: S) -> Self::Answer {
        let Self { fast, text, lines, page, books } = self;
        let mut left = None;
        while let Some(line) = lines.take() {
            let Some(row) = fast.judge(simd, text, lines, &line, page) else {
                left = Some(line);
                break;
            };
            books.lines += 1;
            books.records += 1;
            if fast.kept.only_numbers {
                books.numbers(|column| fast.columns[column].number);
                fast.written.push(row);
            } else {
                books.row(fast.made(&page.bytes()[row]));
            }
        }
        books.written(page.bytes(), &mut fast.written);
        left
    }
}

/// The work of [`Fast::row`].
struct One<'w, 's, 'p> {
    fast: &'w mut Fast<'s>,
    text: &'w [u8],
    lines: &'w mut Lines,
    line: &'w Line,
    page: &'w mut Page<'p>,
}

impl Work for One<'_, '_, '_> {
    type Answer = Option<Range<usize>>;

    #[inline(always)]
    fn on<S: Simd>(self, simd: S) -> Self::Answer {
        self.fast.judge(simd, self.text, self.lines, self.line, self.page)
    }
}
