//! Why a record is not gold.

use std::fmt;

/// The reasons of the quarantine, in the order in which a record is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The record is longer than `max_record_bytes`.
    TooLong,
    /// A quoted field is not closed before the delimiter or the line's end.
    Quote,
    /// More or fewer fields than columns.
    FieldCount,
    /// The record is not UTF-8.
    Encoding,
    /// NULL in a column that may not have it.
    Required,
    /// Not a text of this column (kept for types built on text).
    Text,
    /// Not a day in a declared format.
    Date,
    /// Not an exact amount, or too large for the precision.
    Money,
    /// Not a whole number of 64 bits.
    Integer,
    /// Not an allowed label.
    Region,
    /// Below `min` or above `max`.
    Range,
    /// Longer than `max_length`.
    Length,
    /// Does not follow `pattern`.
    Pattern,
    /// Two columns do not compare as a `[[rule]]` asks; the rule's name stands in the column's place.
    Rule,
    /// Another row has the key.
    Duplicate,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::TooLong,
        Self::Quote,
        Self::FieldCount,
        Self::Encoding,
        Self::Required,
        Self::Text,
        Self::Date,
        Self::Money,
        Self::Integer,
        Self::Region,
        Self::Range,
        Self::Length,
        Self::Pattern,
        Self::Rule,
        Self::Duplicate,
    ];

    /// The reason as it stands in a temp line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Quote => "quote",
            Self::FieldCount => "field_count",
            Self::Encoding => "encoding",
            Self::Required => "required",
            Self::Text => "text",
            Self::Date => "date",
            Self::Money => "money",
            Self::Integer => "integer",
            Self::Region => "region",
            Self::Range => "range",
            Self::Length => "length",
            Self::Pattern => "pattern",
            Self::Rule => "rule",
            Self::Duplicate => "duplicate",
        }
    }

    /// The reason that a temp line's first field names.
    #[must_use]
    pub fn parse(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name().as_bytes() == name)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
