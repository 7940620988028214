//! The seal: what a task says it read and wrote, on the last line it writes.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::escape;

/// Counts by reason and column; the column is empty where the whole record failed.
pub type Rejected = BTreeMap<String, BTreeMap<String, u64>>;

/// A reason and, where it has one, its column, as people read them: `date/ship_date`.
#[must_use]
pub fn place(reason: &str, column: &str) -> String {
    if column.is_empty() { reason.to_owned() } else { format!("{reason}/{column}") }
}

/// Which side of the shuffle a task stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A mapper's.
    Map,
    /// A reducer's.
    Reduce,
}

/// What a task read and wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// Whose it is.
    pub kind: Kind,
    /// The file, as the environment names it; `-` at a pipe. Empty for a reducer.
    pub file: String,
    /// Where the split starts, in bytes.
    pub split_start: u64,
    /// How long the split is, in bytes, where the environment says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_length: Option<u64>,
    /// Lines read.
    pub lines: u64,
    /// Records among them. For a reducer: the rows that came in.
    pub records: u64,
    /// Rows written.
    pub ok: u64,
    /// Records rejected; for a reducer its duplicates.
    pub rejected: Rejected,
    /// Values replaced in the rows written, by column.
    pub replaced: BTreeMap<String, u64>,
    /// Lines without a byte.
    pub blank: u64,
    /// Header lines.
    pub headers: u64,
    /// Bytes of the rows written, as the checksum covers them.
    pub bytes: u64,
    /// Wrapping sum of the XXH3-64 (seed 0) of each row written: what stands between `ok`, the delimiter and the
    /// line feed. As 16 hexadecimal digits: JSON readers lose digits of larger numbers.
    #[serde(serialize_with = "to_hex", deserialize_with = "from_hex")]
    pub checksum: u64,
    /// The same sum over the reject lines that the task made, each whole but for its line feed: for a reducer its
    /// duplicates, not what it passed on.
    #[serde(serialize_with = "to_hex", deserialize_with = "from_hex")]
    pub reject_checksum: u64,
    /// Exact control totals of the rows written, by column.
    pub totals: BTreeMap<String, String>,
    /// What only a reducer counts.
    #[serde(default, flatten, skip_serializing_if = "Option::is_none")]
    pub reduced: Option<Reduced>,
}

/// What only a reducer counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reduced {
    /// Rows whose key another row won.
    pub duplicates: u64,
    /// Rows that equal the winner byte by byte.
    pub copies: u64,
    /// The checksum over all rows that came in.
    #[serde(serialize_with = "to_hex", deserialize_with = "from_hex")]
    pub received_checksum: u64,
    /// Lines of the mappers that passed through.
    pub passed: Passed,
}

/// Lines of the mappers that passed through a reducer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// Rejected records.
    pub rejects: u64,
    /// Seals.
    pub seals: u64,
}

impl Seal {
    /// Records rejected, for whatever reason.
    #[must_use]
    pub fn rejected_count(&self) -> u64 {
        self.rejected.values().flat_map(BTreeMap::values).sum()
    }
}

/// Appends a seal's line, with its line feed. The JSON is one field, escaped like any other.
pub fn seal_line(out: &mut Vec<u8>, delimiter: u8, seal: &Seal) {
    out.extend_from_slice(b"seal");
    out.push(delimiter);
    // Maps with string keys and numbers: it can't fail.
    escape::field(&serde_json::to_vec(seal).unwrap_or_default(), delimiter, out);
    out.push(b'\n');
}

/// Writes a checksum as 16 hexadecimal digits. serde hands over a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
pub(crate) fn to_hex<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{number:016x}"))
}

/// Reads what `to_hex` wrote.
pub(crate) fn from_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    u64::from_str_radix(&text, 16).map_err(de::Error::custom)
}
