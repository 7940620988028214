//! The fast path: makes the rows that it is sure of, and leaves every other line to the plain path.
//!
//! How it is sound: it can't reject, count or word a reason, and it knows no header and no blank line. Where a line
//! is not surely one record of as many fields as there are columns, in UTF-8 and short enough, it answers `None`.
//! Where a kernel is not sure of a field, the field goes to the conversion itself; where that fails, the line goes to
//! the plain path. tests/tiers.rs holds the two paths equal, byte by byte.

use std::ops::Range;

use super::column;
use super::fields::{Fields, split};
use super::kernel::{self, Field, Memo};
use super::row::{Place, Row};
use crate::input::BOM;
use crate::output::Page;
use crate::plan::{Bounds, Column, Kernel, Plan};
use crate::scan::{BEHIND, Index, SLACK, Source, Target, Tier, Wanted};
use crate::spec::Spec;
use crate::transform::{Decimal, Value};

/// How much is indexed at once; a line that is longer is left to the plain path.
pub const STRETCH: usize = 16 * 1024;

/// Makes rows by a plan.
#[derive(Debug)]
pub struct Fast<'s> {
    spec: &'s Spec,
    plan: Plan,
    tier: Tier,
    wanted: Wanted,
    /// The fields of a line with quotes.
    fields: Fields,
    kept: Kept,
}

/// What is kept of the last row, and what is remembered of all before.
#[derive(Debug)]
struct Kept {
    /// Per column of the plan, where it has no kernel.
    memos: Vec<Option<Memo>>,
    /// Per source column; only those that are wanted are kept.
    places: Vec<Place>,
    replaced: Vec<usize>,
    /// A value on its way to the page.
    text: Vec<u8>,
    row: Vec<u8>,
}

/// The lines of a stretch, and where they are cut.
#[derive(Debug, Default)]
pub struct Lines {
    index: Index,
    /// How far the lines reach that were indexed.
    pub end: usize,
    /// Whether all of it is UTF-8.
    utf8: bool,
    /// How many of the index's lines, ends and odd bytes have been handed out.
    line: usize,
    first: usize,
    odd: usize,
    from: usize,
}

/// A line, cut where it stands.
#[derive(Debug, Clone)]
pub struct Line {
    /// Where it stands, its line feed included.
    pub place: Range<usize>,
    /// Which of the index's ends are its fields', with the one before the first.
    ends: Range<usize>,
    odd: bool,
}

impl Lines {
    /// Indexes the whole lines at the beginning of `text`, as many as fit into a stretch; [`SLACK`] bytes behind
    /// the last one are readable.
    pub fn cut(&mut self, fast: &Fast, text: &[u8]) {
        let whole = text.len().saturating_sub(SLACK).min(STRETCH);
        self.index.fill(fast.tier, fast.wanted, &text[..whole]);
        self.end = self.index.lines.last().map_or(0, |last| self.index.ends[*last as usize] as usize + 1);
        self.utf8 = !self.index.high || simdutf8::basic::from_utf8(&text[..self.end]).is_ok();
        (self.line, self.first, self.odd, self.from) = (0, 0, 0, 0);
    }

    /// Takes the next line.
    pub fn take(&mut self) -> Option<Line> {
        let last = *self.index.lines.get(self.line)? as usize;
        let end = self.index.ends[last] as usize;
        let ends = self.first..last + 1;
        let mut odd = false;
        while self.index.odd.get(self.odd).is_some_and(|place| (*place as usize) < end) {
            self.odd += 1;
            odd = true;
        }
        let place = self.from..end + 1;
        (self.line, self.first, self.from) = (self.line + 1, last, end + 1);
        Some(Line { place, ends, odd })
    }
}

impl<'s> Fast<'s> {
    /// A fast path for a spec, whose rows know their values in `keys`. `None` where the tier or the spec has none.
    #[must_use]
    pub fn new(spec: &'s Spec, tier: Tier, keys: &[usize]) -> Option<Self> {
        let plan = Plan::new(spec, keys).filter(|_| tier != Tier::PLAIN)?;
        // A delimiter can only stand inside of a field that has a quote.
        let delimiter = spec.input.delimiter;
        let odd = [b'\r', b'\\', spec.input.quote.unwrap_or(b'\r'), spec.delimiter]
            .map(|byte| if byte == delimiter { b'\r' } else { byte });
        let remembered = plan.columns.iter().filter(|column| column.kernel.is_none()).count();
        let memo = |column: &Column| column.kernel.is_none().then(|| Memo::new(remembered));
        let memos = plan.columns.iter().map(memo).collect();
        Some(Self {
            spec,
            tier,
            wanted: Wanted { delimiter, odd },
            fields: Fields::new(spec.columns.len()),
            kept: Kept {
                memos,
                places: vec![(0..0, Value::Null); spec.columns.len()],
                replaced: Vec::new(),
                text: Vec::new(),
                row: Vec::new(),
            },
            plan,
        })
    }

    /// The last row that was made, which stands in `bytes`.
    #[must_use]
    pub fn row<'r>(&'r self, bytes: &'r [u8]) -> Row<'r> {
        Row { bytes, replaced: &self.kept.replaced, text: bytes, places: &self.kept.places }
    }

    /// Writes a line's row behind its status to the end of the page, and returns where the row begins. `None` where the
    /// plain path must judge the line.
    #[inline]
    pub fn judge(
        &mut self,
        text: &[u8],
        lines: &Lines,
        line: &Line,
        status: &[u8],
        page: &mut Page,
    ) -> Option<usize> {
        let bytes = &text[line.place.start..line.place.end - 1];
        let ends = lines.index.ends.get(line.ends.clone())?;
        // What has another number of fields is not even written to the page: there can be millions of blank lines.
        if bytes.is_empty()
            || bytes.len() > self.spec.input.max_record_bytes
            || ends.len() != self.spec.columns.len() + 1 && !line.odd
            || !(lines.utf8 || simdutf8::basic::from_utf8(bytes).is_ok())
            || lines.index.high && bytes.starts_with(BOM)
        {
            return None;
        }
        self.kept.replaced.clear();
        page.reserve(status.len() + self.plan.room + 2 * bytes.len() + SLACK);
        let before = page.at();
        page.push(status);
        let start = page.at();
        let (source, target) = (Source::new(text)?, &mut Target::new(page.bytes())?);
        let end = if line.odd {
            self.odd_line(source, line, target, start)
        } else if self.may_be_header(bytes) {
            None
        } else {
            let field = |index: usize| {
                let (from, end) = (ends[index].wrapping_add(1) as usize, ends[index + 1] as usize);
                Field { source, from, length: end - from }
            };
            self.fields(field, false, target, start)
        };
        page.keep(end.unwrap_or(before));
        end?;
        if !self.spec.rules.is_empty() && self.row(page.since(start)).broken(&self.spec.rules).is_some() {
            page.keep(before);
            return None;
        }
        Some(start)
    }

    /// A line with a quote, a CR, or a byte that is escaped in a row.
    #[cold]
    fn odd_line(&mut self, source: Source, line: &Line, target: &mut Target, start: usize) -> Option<usize> {
        let bytes = &source.bytes()[line.place.start..line.place.end - 1];
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        if bytes.is_empty() || memchr::memchr(b'\r', bytes).is_some() {
            return None;
        }
        let input = &self.spec.input;
        let mut fields = std::mem::replace(&mut self.fields, Fields::new(0));
        let closed = split(bytes, input.delimiter, input.quote, &mut fields);
        let whole = closed && fields.len() == self.spec.columns.len();
        let end = (whole && !self.may_be_header(fields.get(bytes, 0))).then(|| {
            // Fields with a doubled quote were copied; they get room behind them.
            let copied = [fields.unescaped(), &BEHIND].concat();
            let copied = Source::new(&copied)?;
            let cut = |index: usize| match fields.place(index) {
                (true, place) => Field { source: copied, from: place.start, length: place.len() },
                (false, place) => Field { source, from: line.place.start + place.start, length: place.len() },
            };
            self.fields(cut, true, target, start)
        });
        self.fields = fields;
        end?
    }

    /// A header begins with the name of the first column.
    fn may_be_header(&self, line: &[u8]) -> bool {
        self.spec.input.header && line.starts_with(self.spec.columns[0].from.as_bytes())
    }

    /// Writes all fields; returns the place behind the row.
    #[inline(always)]
    #[allow(clippy::inline_always)] // once for lines that are odd, once for the others
    fn fields<'f>(
        &mut self,
        field: impl Fn(usize) -> Field<'f>,
        odd: bool,
        target: &mut Target,
        start: usize,
    ) -> Option<usize> {
        let (delimiter, mut at) = ([self.spec.delimiter], start);
        for (index, column) in self.plan.columns.iter().enumerate() {
            let field = field(column.index);
            let place = (start, at);
            at = match self.kept.kernel(index, column, field, odd, target, place) {
                Some(end) => end,
                None => self.kept.conversion(self.spec, index, column, field, target, place)?,
            };
            if !target.has(at) {
                return None;
            }
            target.put(at, &delimiter);
            at += 1;
        }
        // The delimiter behind the last field.
        Some(at - 1)
    }
}

impl Kept {
    /// Writes a field that its kernel, or the memory of its column, is sure of; returns the place behind it.
    #[inline(always)]
    #[allow(clippy::inline_always)] // as `fields`
    fn kernel(
        &mut self,
        index: usize,
        column: &Column,
        field: Field,
        odd: bool,
        target: &mut Target,
        (start, at): (usize, usize),
    ) -> Option<usize> {
        if column.null_lengths >> (field.length % 64) & 1 == 1 {
            return None;
        }
        let (end, value) = match &column.kernel {
            Some(Kernel::Text { max_length }) => {
                if odd || field.length > *max_length {
                    return None;
                }
                (kernel::copy(field, target, at)?, Value::Text)
            }
            Some(Kernel::Integer { bounds }) => {
                let asked = column.wanted || bounds.is_some();
                let (end, value) = kernel::integer(field, asked, target, at)?;
                if !asked {
                    return Some(end);
                }
                (end, number(value, *bounds, 0)?)
            }
            Some(Kernel::Money(money)) => {
                let asked = column.wanted || money.bounds.is_some();
                let (end, value) = kernel::money(field, money, asked, target, at)?;
                if !asked {
                    return Some(end);
                }
                (end, number(value, money.bounds, money.scale)?)
            }
            Some(Kernel::Date(date)) => {
                let (end, day) = kernel::date(field, date, target, at)?;
                (end, Value::Date(day))
            }
            None => {
                let answer = self.memos.get(index)?.as_ref()?.find(field)?;
                if column.wanted && !answer.canonical {
                    return None;
                }
                let end = answer.write(target, at);
                if !column.wanted {
                    return Some(end);
                }
                (end, answer.value)
            }
        };
        if column.wanted {
            *self.places.get_mut(column.index)? = (at - start..end - start, value);
        }
        Some(end)
    }

    /// Writes what the conversion itself makes of a field, and remembers it where there is no kernel.
    #[cold]
    fn conversion(
        &mut self,
        spec: &Spec,
        index: usize,
        plan: &Column,
        field: Field,
        target: &mut Target,
        (start, at): (usize, usize),
    ) -> Option<usize> {
        let column = &spec.columns[plan.index];
        let text = std::str::from_utf8(field.bytes()).ok()?;
        self.text.clear();
        self.row.clear();
        let judged = column::judge(spec, column, &**column.transform.as_ref()?, text, &mut self.text).ok()?;
        column::write(judged.value, &self.text, spec.delimiter, &mut self.row);
        let value = judged.value.unwrap_or(Value::Null);
        let canonical = self.row == self.text;
        if judged.replaced {
            self.replaced.push(plan.index);
        } else if let Some(memo) = &mut self.memos[index] {
            memo.keep(field, &self.row, value, canonical);
        }
        let end = at + self.row.len();
        target.bytes().get_mut(at..end)?.copy_from_slice(&self.row);
        if plan.wanted {
            let place = match judged.value {
                None => 0..0,
                // What was escaped does not stand in the row as it is.
                Some(_) => canonical.then_some(at - start..end - start)?,
            };
            self.places[plan.index] = (place, value);
        }
        Some(end)
    }
}

/// A number as a value; `None` where it is out of bounds.
#[inline]
fn number(value: i64, bounds: Option<Bounds>, scale: u8) -> Option<Value> {
    let inside = bounds.is_none_or(|bounds| (bounds.min..=bounds.max).contains(&value));
    inside.then(|| Value::Number(Decimal { unscaled: value.into(), scale }))
}
