//! The verdict: what was found, for the pipeline and the ledger, as one JSON object.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::balance::{Balance, balance};
use super::gates::{self, Gate, Measures};
use super::manifest::Manifest;
use super::partial::Partial;
use crate::exit::{Error, Result};
use crate::spec::{Limits, Spec};

/// What an audit is told besides the lines.
#[derive(Debug, Default)]
pub struct Terms {
    /// What was landed, where that is known.
    pub manifest: Option<Manifest>,
    /// Rows of the version that is published now; 0 where there is none.
    pub previous_rows: u64,
    /// Gates that may fail, and why.
    pub accepted: BTreeMap<String, String>,
}

/// What was published when a run was judged. A judgement holds as long as this does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// The run that gold's partition pointed to; none where there was none.
    pub run: Option<String>,
    /// The rows of its version.
    pub rows: u64,
    /// What the ledger held, as the pipeline says it.
    pub ledger: Option<String>,
}

/// The verdict in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Word {
    /// The run may be published.
    Pass,
    /// It may not.
    Fail,
}

/// The verdict on a run. Its keys stand in this order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// `pass` where the books balance and every gate passes or was accepted, else `fail`.
    pub verdict: Word,
    /// Whether the books balance. Nobody can accept that they don't.
    pub balanced: bool,
    /// Lines read by the mappers.
    pub lines: u64,
    /// Records among them.
    pub records: u64,
    /// Records that the mappers took.
    pub ok: u64,
    /// Rows on their way to gold, as the temp lines show them; so with `bytes`, `checksum` and `totals`.
    pub rows: u64,
    /// Records that the mappers rejected, by reason and column.
    pub rejected: BTreeMap<String, BTreeMap<String, u64>>,
    /// Rows whose key another row won.
    pub duplicates: u64,
    /// Rows that equal the winner of their key.
    pub copies: u64,
    /// Values replaced, by column.
    pub replaced: BTreeMap<String, u64>,
    /// Lines without a byte.
    pub blank: u64,
    /// Header lines.
    pub headers: u64,
    /// Bytes of the rows.
    pub bytes: u64,
    /// Checksum of the rows, as 16 hexadecimal digits.
    pub checksum: String,
    /// Control totals of the rows, by column.
    pub totals: BTreeMap<String, String>,
    /// The gates that the spec sets.
    pub gates: Vec<Gate>,
    /// What does not add up.
    pub problems: Vec<String>,
    /// Files that the mappers read.
    pub files: u64,
    /// Map tasks, by their seals.
    pub map_tasks: u64,
    /// Reduce tasks, by their seals; those that got no input have none.
    pub reduce_tasks: u64,
    /// What the gates compared the run with; none in the books that a job closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Before>,
}

/// Judges a run by all its partials.
///
/// # Errors
/// `Input` where a partial is not of this spec.
pub fn judge(spec: &Spec, partials: Vec<Partial>, terms: &Terms) -> Result<Verdict> {
    let Balance { shown, map, reduce, files, problems } = balance(spec, partials, terms.manifest.as_ref())?;
    let mut verdict = Verdict {
        verdict: Word::Fail,
        balanced: problems.is_empty(),
        lines: count(&map.lines),
        records: count(&map.records),
        ok: count(&map.ok),
        rows: count(&shown.ok),
        rejected: map.rejected.iter().map(|(reason, columns)| (reason.clone(), counts(columns))).collect(),
        duplicates: count(&reduce.duplicates),
        copies: count(&reduce.copies),
        replaced: counts(&map.replaced),
        blank: count(&map.blank),
        headers: count(&map.headers),
        bytes: count(&shown.bytes),
        checksum: format!("{:016x}", shown.checksum),
        totals: shown.totals.iter().map(|(column, total)| (column.clone(), total.to_string())).collect(),
        gates: Vec::new(),
        problems,
        files,
        map_tasks: count(&map.seals),
        reduce_tasks: count(&reduce.seals),
        before: None,
    };
    verdict.gates = verdict.gates_for(&spec.limits, verdict.rows, terms.previous_rows);
    verdict.accept(&terms.accepted);
    Ok(verdict)
}

/// A count as JSON's readers take it. Only seals that are garbage have more, and those do not balance.
fn count(number: &u128) -> u64 {
    u64::try_from(*number).unwrap_or(u64::MAX)
}

fn counts(columns: &BTreeMap<String, u128>) -> BTreeMap<String, u64> {
    columns.iter().map(|(column, number)| (column.clone(), count(number))).collect()
}

fn word(balanced: bool, gates: &[Gate]) -> Word {
    let pass = balanced && gates.iter().all(Gate::kept);
    if pass { Word::Pass } else { Word::Fail }
}

impl Verdict {
    /// Reads a verdict.
    ///
    /// # Errors
    /// `Input` where it is none.
    pub fn read(json: &[u8]) -> Result<Self> {
        serde_json::from_slice(json)
            .map_err(|error| Error::Input(format!("this is no verdict ({error}); run the audit again")))
    }

    /// Whether the run may be published.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.verdict == Word::Pass
    }

    /// Lets gates fail, each for its reason. The books stay as they are.
    pub fn accept(&mut self, accepted: &BTreeMap<String, String>) {
        gates::accept(&mut self.gates, accepted);
        self.verdict = word(self.balanced && self.problems.is_empty(), &self.gates);
    }

    /// Judges the gates anew, against what is published now.
    pub fn judge(&mut self, limits: &Limits, before: Before) {
        self.gates = self.gates_for(limits, self.rows, before.rows);
        self.before = Some(before);
    }

    /// The gates that may fail by this verdict, and why.
    #[must_use]
    pub fn accepted(&self) -> BTreeMap<String, String> {
        let reason = |gate: &Gate| Some((gate.gate.clone(), gate.accepted.clone()?));
        self.gates.iter().filter_map(reason).collect()
    }

    /// The gates as they stand where `rows` of the run reach gold.
    #[must_use]
    pub fn gates_for(&self, limits: &Limits, rows: u64, previous_rows: u64) -> Vec<Gate> {
        let rejected =
            self.rejected.values().flat_map(BTreeMap::values).fold(0_u64, |sum, n| sum.saturating_add(*n));
        let (records, replaced) = (self.records, &self.replaced);
        gates::judge(limits, &Measures { rows, records, rejected, replaced, previous_rows })
    }

    /// Appends the verdict as one line of JSON.
    pub fn write(&self, out: &mut Vec<u8>) {
        // Strings and numbers, and a ratio is never infinite: it can't fail.
        out.extend_from_slice(&serde_json::to_vec(self).unwrap_or_default());
        out.push(b'\n');
    }
}
