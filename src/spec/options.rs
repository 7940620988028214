//! Reads a TOML table key by key and gathers every error, each with its line and the fix.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

/// One thing that is wrong with a spec.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpecError {
    /// Line in the spec file, from 1.
    pub line: usize,
    /// Column in that line, in characters, from 1.
    pub column: usize,
    /// What is wrong, and how to mend it.
    pub message: String,
}

/// The spec's text and the errors found in it so far.
#[derive(Debug)]
pub struct Reader<'s> {
    text: &'s str,
    errors: Vec<SpecError>,
}

/// Where something stands in the spec's text, in bytes.
pub type Span = Range<usize>;

impl<'s> Reader<'s> {
    /// A reader of a spec's text that has found nothing yet.
    #[must_use]
    pub fn new(text: &'s str) -> Self {
        Self { text, errors: Vec::new() }
    }

    /// Notes an error at a place of the text. It stays on one line, whatever it quotes.
    pub fn error(&mut self, at: &Span, message: impl Into<String>) {
        let before = &self.text[..at.start.min(self.text.len())];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        self.errors.push(SpecError {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.into().replace('\n', "\\n").replace('\r', "\\r"),
        });
    }

    /// Whether nothing wrong was found so far.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.errors.is_empty()
    }

    /// All errors, in the order of the lines.
    #[must_use]
    pub fn into_errors(mut self) -> Vec<SpecError> {
        self.errors.sort();
        self.errors.dedup();
        self.errors
    }
}

/// A value with the place it stands at.
pub type Value<'s> = Spanned<DeValue<'s>>;

/// The keys of one TOML table that were not asked for yet.
#[derive(Debug, Default)]
pub struct Options<'t> {
    keys: BTreeMap<&'t str, (Span, &'t Value<'t>)>,
    /// Keys that come from a named type; its own table reports what is wrong with them.
    inherited: Vec<&'t str>,
    asked: Vec<&'static str>,
    at: Span,
}

impl<'t> Options<'t> {
    /// The options of a TOML table that stands at `at`.
    #[must_use]
    pub fn new(table: &'t toml::de::DeTable<'t>, at: Span) -> Self {
        let keys = table.iter().map(|(key, value)| (key.get_ref().as_ref(), (key.span(), value))).collect();
        Self { keys, inherited: Vec::new(), asked: Vec::new(), at }
    }

    /// The options of a section, `value`, which must be a table.
    pub fn of_section(reader: &mut Reader, key: &str, value: &'t Value<'t>) -> Option<Self> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            wrong_type(reader, key, value, &format!("a table: write [{key}] on a line of its own"));
        }
        table.map(|table| Self::new(table, value.span()))
    }

    /// Where the table itself stands.
    #[must_use]
    pub fn at(&self) -> Span {
        self.at.clone()
    }

    /// Adds the keys of `base` that this table does not have itself.
    pub fn inherit(&mut self, base: &'t toml::de::DeTable<'t>) {
        for (key, value) in base {
            let name = key.get_ref().as_ref();
            self.keys.entry(name).or_insert_with(|| {
                self.inherited.push(name);
                (key.span(), value)
            });
        }
    }

    /// Whether a key is there and was not taken yet.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// Whether a key is there as a string without characters.
    #[must_use]
    pub fn is_empty_string(&self, key: &str) -> bool {
        self.keys.get(key).is_some_and(|(_, value)| value.get_ref().as_str() == Some(""))
    }

    /// Where a key stands, if it is there and was not taken yet; the table's place otherwise.
    #[must_use]
    pub fn place(&self, key: &str) -> Span {
        self.keys.get(key).map_or_else(|| self.at(), |(_, value)| value.span())
    }

    /// Takes a key's value as it stands.
    pub fn take(&mut self, key: &'static str) -> Option<&'t Value<'t>> {
        self.asked.push(key);
        self.keys.remove(key).map(|(_, value)| value)
    }

    /// Takes a string.
    pub fn string(&mut self, reader: &mut Reader, key: &'static str) -> Option<&'t str> {
        let value = self.take(key)?;
        let text = value.get_ref().as_str();
        if text.is_none() {
            wrong_type(reader, key, value, "a string in quotes");
        }
        text
    }

    /// Takes one of a few words.
    pub fn choice<T: Copy>(
        &mut self,
        reader: &mut Reader,
        key: &'static str,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let at = self.place(key);
        let text = self.string(reader, key)?;
        let found = choices.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice);
        if let (None, Some((last, others))) = (found, choices.split_last()) {
            let quoted = |(word, _): &(&str, T)| format!("\"{word}\"");
            let others: Vec<String> = others.iter().map(quoted).collect();
            let wanted = format!("{} or {}", others.join(", "), quoted(last));
            reader.error(&at, format!("`{key}` takes {wanted}, not \"{text}\""));
        }
        found
    }

    /// Takes `true` or `false`.
    pub fn boolean(&mut self, reader: &mut Reader, key: &'static str) -> Option<bool> {
        let value = self.take(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            wrong_type(reader, key, value, "true or false");
        }
        flag
    }

    /// Takes a whole number within bounds.
    pub fn integer(&mut self, reader: &mut Reader, key: &'static str, bounds: Range<i64>) -> Option<i64> {
        let value = self.take(key)?;
        let number = value
            .get_ref()
            .as_integer()
            .and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok())
            .filter(|number| bounds.contains(number));
        if number.is_none() {
            let wanted = format!("a whole number from {} to {}", bounds.start, bounds.end - 1);
            wrong_type(reader, key, value, &wanted);
        }
        number
    }

    /// Takes a ratio from 0 to 1.
    pub fn ratio(&mut self, reader: &mut Reader, key: &'static str) -> Option<f64> {
        let value = self.take(key)?;
        let ratio = number_text(value.get_ref())
            .and_then(|text| text.parse::<f64>().ok())
            .filter(|ratio| (0.0..=1.0).contains(ratio));
        if ratio.is_none() {
            wrong_type(reader, key, value, "a ratio from 0 to 1, such as 0.01");
        }
        ratio
    }

    /// Takes a list of strings, each with its place.
    pub fn strings(&mut self, reader: &mut Reader, key: &'static str) -> Option<Vec<(String, Span)>> {
        let value = self.take(key)?;
        string_list(reader, key, value)
    }

    /// Reports every key that nobody asked for.
    pub fn finish(self, reader: &mut Reader, what: &str) {
        for (key, (at, _)) in &self.keys {
            if self.inherited.contains(key) {
                continue;
            }
            let nearest = self.asked.iter().min_by_key(|asked| distance(key, asked));
            let hint = match nearest {
                Some(asked) if distance(key, asked) <= 2 => format!("did you mean `{asked}`?"),
                _ => format!("it takes: {}", unique(&self.asked).join(", ")),
            };
            reader.error(at, format!("unknown key `{key}` in {what}; {hint}"));
        }
    }
}

/// The text of a TOML number or string: numbers keep the digits that were written, never a float's.
#[must_use]
pub fn number_text(value: &DeValue) -> Option<String> {
    match value {
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::String(text) => Some(text.clone().into_owned()),
        _ => None,
    }
}

/// A list of strings, each with its place.
pub fn string_list(reader: &mut Reader, key: &str, value: &Value) -> Option<Vec<(String, Span)>> {
    let Some(items) = value.get_ref().as_array() else {
        wrong_type(reader, key, value, "a list of strings, such as [\"a\", \"b\"]");
        return None;
    };
    let mut strings = Vec::with_capacity(items.len());
    for item in items {
        match item.get_ref().as_str() {
            Some(text) => strings.push((text.to_owned(), item.span())),
            None => wrong_type(reader, key, item, "a string in quotes"),
        }
    }
    Some(strings)
}

/// Notes that a value is not of the wanted kind.
pub fn wrong_type(reader: &mut Reader, key: &str, value: &Value, wanted: &str) {
    let found = reader.text.get(value.span()).unwrap_or_default();
    let found: String = found.lines().next().unwrap_or_default().chars().take(40).collect();
    reader.error(&value.span(), format!("`{key}` takes {wanted}, not {found}"));
}

fn unique(names: &[&'static str]) -> Vec<&'static str> {
    let mut names = names.to_vec();
    names.sort_unstable();
    names.dedup();
    names
}

/// Levenshtein distance, to find the key that was meant.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, from) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in right.iter().enumerate() {
            let above = row[j + 1];
            let change = diagonal + usize::from(from != *to);
            row[j + 1] = change.min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[right.len()]
}
