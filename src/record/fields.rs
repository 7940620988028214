//! Cuts a line into fields: RFC 4180 quoting, one record a line, stricter than most readers.

use std::ops::Range;

use memchr::memchr;

/// The fields of the last line that was cut. Quoted fields that held doubled quotes are kept unescaped
/// beside the line, so that a field is always one slice.
#[derive(Debug)]
pub struct Fields {
    /// Of how many fields the places are kept: a line may have millions.
    most: usize,
    count: usize,
    places: Vec<Place>,
    unescaped: Vec<u8>,
}

#[derive(Debug, Clone)]
enum Place {
    Line(Range<usize>),
    Unescaped(Range<usize>),
}

/// A line of a text and where it may be cut, as an index has it. Places are the text's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cuts<'i> {
    /// Where it begins, and where it ends: at its line feed, or at a carriage return before that.
    pub from: usize,
    pub end: usize,
    /// Its delimiters and its line feed.
    pub ends: &'i [u32],
    /// Its quotes, and what else is odd.
    pub odd: &'i [u32],
}

impl Fields {
    /// For lines that should have so many fields. Of those beyond, only the number is known.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most, count: 0, places: Vec::new(), unescaped: Vec::new() }
    }

    fn push(&mut self, place: Place) {
        self.count += 1;
        if self.count <= self.most {
            self.places.push(place);
        }
    }

    /// Cuts a line where each quote that it has opens a field or closes one, and nothing else is odd, nor is a delimiter
    /// in a field that may not be `inside`. Returns `false` for any other, which [`split`] has to cut.
    pub(super) fn cut(&mut self, text: &[u8], line: Cuts, quote: u8, inside: bool) -> bool {
        self.clear();
        let (mut ends, mut odd) = (line.ends.iter(), line.odd.iter());
        let mut from = line.from;
        while let Some(end) = ends.next() {
            let mut end = (*end as usize).min(line.end);
            if text.get(from) == Some(&quote) {
                let (Some(first), Some(last)) = (odd.next(), odd.next()) else { return false };
                let last = *last as usize;
                // A quote amid another field may have come first, and what comes next may be no quote.
                if *first as usize != from || text.get(last) != Some(&quote) {
                    return false;
                }
                while end < last {
                    let Some(next) = ends.next().filter(|_| inside) else { return false };
                    end = (*next as usize).min(line.end);
                }
                if end != last + 1 {
                    return false;
                }
                self.push(Place::Line(from + 1 - line.from..last - line.from));
            } else {
                self.push(Place::Line(from - line.from..end - line.from));
            }
            from = end + 1;
        }
        odd.next().is_none()
    }

    fn clear(&mut self) {
        self.count = 0;
        self.places.clear();
        self.unescaped.clear();
    }

    /// How many fields the line has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether nothing was cut yet; a line has at least one field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Where the field at `index` stands: in the line, or, where the first is `true`, in what was unescaped.
    #[must_use]
    pub fn place(&self, index: usize) -> (bool, Range<usize>) {
        match &self.places[index] {
            Place::Line(range) => (false, range.clone()),
            Place::Unescaped(range) => (true, range.clone()),
        }
    }

    /// The fields of the line that held doubled quotes, one behind the other.
    #[must_use]
    pub fn unescaped(&self) -> &[u8] {
        &self.unescaped
    }

    /// As [`Self::unescaped`], to put something behind them.
    pub fn unescaped_mut(&mut self) -> &mut Vec<u8> {
        &mut self.unescaped
    }

    /// The field at `index` as text; `line` must be the one that was cut, and UTF-8.
    #[must_use]
    pub fn text<'a>(&'a self, line: &'a str, index: usize) -> &'a str {
        match &self.places[index] {
            Place::Line(range) => &line[range.clone()],
            // Pieces of UTF-8 that was cut at ASCII bytes are UTF-8.
            Place::Unescaped(range) => {
                std::str::from_utf8(&self.unescaped[range.clone()]).unwrap_or_default()
            }
        }
    }

    /// The field at `index`, without its quotes; `line` must be the one that was cut.
    #[must_use]
    pub fn get<'a>(&'a self, line: &'a [u8], index: usize) -> &'a [u8] {
        match &self.places[index] {
            Place::Line(range) => &line[range.clone()],
            Place::Unescaped(range) => &self.unescaped[range.clone()],
        }
    }
}

/// Cuts a line. `quote` is `None` where the input has no quoting. Returns whether every quoted field was
/// closed right before a delimiter or the line's end; the fields are not complete where it wasn't.
#[must_use]
pub fn split(line: &[u8], delimiter: u8, quote: Option<u8>, fields: &mut Fields) -> bool {
    fields.clear();
    let mut at = 0;
    loop {
        let quoted = quote.is_some() && line.get(at) == quote.as_ref();
        let end = match quote {
            Some(quote) if quoted => match quoted_field(line, at + 1, quote, fields) {
                Some(end) if end == line.len() || line[end] == delimiter => end,
                _ => return false,
            },
            _ => {
                let end = memchr(delimiter, &line[at..]).map_or(line.len(), |length| at + length);
                fields.push(Place::Line(at..end));
                end
            }
        };
        if end == line.len() {
            return true;
        }
        at = end + 1;
    }
}

/// Reads a quoted field from behind its opening quote; returns the place behind its closing quote.
fn quoted_field(line: &[u8], start: usize, quote: u8, fields: &mut Fields) -> Option<usize> {
    let first = start + memchr(quote, &line[start..])?;
    if line.get(first + 1) != Some(&quote) {
        fields.push(Place::Line(start..first));
        return Some(first + 1);
    }
    // A doubled quote stands for one: from here on the field needs a copy.
    let from = fields.unescaped.len();
    let mut at = start;
    loop {
        let end = at + memchr(quote, &line[at..])?;
        fields.unescaped.extend_from_slice(&line[at..end]);
        if line.get(end + 1) == Some(&quote) {
            fields.unescaped.push(quote);
            at = end + 2;
        } else {
            fields.push(Place::Unescaped(from..fields.unescaped.len()));
            return Some(end + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Index, Tier, Wanted};
    use proptest::prelude::*;

    fn cut(line: &[u8]) -> Option<Vec<Vec<u8>>> {
        let mut fields = Fields::new(100);
        split(line, b',', Some(b'"'), &mut fields)
            .then(|| (0..fields.len()).map(|index| fields.get(line, index).to_vec()).collect())
    }

    fn text(line: &str) -> Option<Vec<String>> {
        cut(line.as_bytes()).map(|fields| fields.into_iter().map(|f| String::from_utf8(f).unwrap()).collect())
    }

    #[test]
    fn fields_as_rfc_4180_has_them() {
        for (line, fields) in [
            ("", vec![""]),
            (",", vec!["", ""]),
            ("a,b", vec!["a", "b"]),
            ("\"a,b\",c", vec!["a,b", "c"]),
            ("\"\"", vec![""]),
            ("\"\"\"\"", vec!["\""]),
            ("\"a\"\"b\"\"c\",\"d\"\"\"", vec!["a\"b\"c", "d\""]),
            ("5\" pipe,x", vec!["5\" pipe", "x"]),
            (" \"a\",b", vec![" \"a\"", "b"]),
        ] {
            assert_eq!(
                text(line).as_deref(),
                Some(&fields.iter().map(ToString::to_string).collect::<Vec<_>>()[..])
            );
        }
    }

    #[test]
    fn only_the_number_is_known_of_fields_beyond() {
        let mut fields = Fields::new(2);
        let line = b"a,\"b\"\"\",\"c\"\"\",d";
        assert!(split(line, b',', Some(b'"'), &mut fields));
        assert_eq!((fields.len(), fields.places.len(), fields.get(line, 1)), (4, 2, &b"b\""[..]));
        assert!(!split(b"a,b,c,\"", b',', Some(b'"'), &mut fields));
    }

    #[test]
    fn a_quote_must_close_its_field() {
        for line in ["\"", "a,\"b", "\"a\"b,c", "\"a\" ,b", "\"a\"\"", "\"a\"\"\"\"", "x,\"\"\""] {
            assert_eq!(text(line), None, "{line}");
        }
    }

    /// The fields of the first line of a text, where it is cut by an index.
    fn cut_by_index(text: &[u8], quote: u8) -> Option<Vec<Vec<u8>>> {
        let mut index = Index::default();
        index.fill(Tier::PORTABLE, Wanted { delimiter: b',', odd: [quote, b'\\', b'\t'] }, text);
        let last = *index.lines().first()? as usize;
        let line_feed = index.ends()[last] as usize;
        let end = line_feed - usize::from(text[..line_feed].ends_with(b"\r"));
        let odd: Vec<u32> = index.odd().iter().copied().filter(|at| (*at as usize) < line_feed).collect();
        let cuts = Cuts { from: 0, end, ends: &index.ends()[..=last], odd: &odd };
        let mut fields = Fields::new(100);
        let line = &text[..end];
        fields
            .cut(text, cuts, quote, true)
            .then(|| (0..fields.len()).map(|index| fields.get(line, index).to_vec()).collect())
    }

    #[test]
    fn an_index_cuts_what_needs_no_copy() {
        for (line, whole) in [
            ("", true),
            ("a,b", true),
            ("\"a\",\"\",b", true),
            ("\"a,b\",c,\",\"", true),
            ("\"a\"\"b\",c", false),
            ("5\" pipe,x", false),
            ("5\" pipe,\"", false),
            ("\"a", false),
            ("a,\"", false),
            ("\"a\\b\",c", false),
            ("\"a\tb\",c", false),
            ("a\\b,c", false),
            ("\"a\rb\",c", false),
        ] {
            for end in ["\n", "\r\n"] {
                let expected = cut(line.as_bytes()).filter(|_| whole);
                assert_eq!(cut_by_index((line.to_owned() + end).as_bytes(), b'"'), expected, "{line}");
                assert!(!whole || expected.is_some());
            }
        }
    }

    proptest! {
        #[test]
        fn an_index_cuts_as_split_does(line in prop::collection::vec(prop::sample::select(&b"\"\"\",,,a\\\t\r"[..]), 0..30)) {
            let mut text = line.clone();
            text.push(b'\n');
            let line = line.strip_suffix(b"\r").unwrap_or(&line);
            if let Some(fields) = cut_by_index(&text, b'"') {
                prop_assert_eq!(Some(fields), cut(line));
                prop_assert!(memchr::memchr3(b'\r', b'\\', b'\t', line).is_none());
            }
        }

        /// What the csv crate writes is read back; what it reads strictly well-formed is read the same.
        #[test]
        fn reads_what_the_csv_crate_writes(fields in prop::collection::vec("[^\r\n]{0,12}", 1..6)) {
            let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
            writer.write_record(&fields).unwrap();
            let mut line = writer.into_inner().unwrap();
            line.pop();
            prop_assert_eq!(text(std::str::from_utf8(&line).unwrap()), Some(fields));
        }
    }
}
