//! The gates: limits of the spec that a run must keep before it may be published.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::spec::Limits;

/// All gates, by the names that the spec's `[limits]` and `--accept` know them by.
pub const NAMES: [&str; 4] = [MIN_ROWS, MAX_REJECT_RATIO, MAX_DROP_RATIO, MAX_REPLACED_RATIO];
const MIN_ROWS: &str = "min_rows";
const MAX_REJECT_RATIO: &str = "max_reject_ratio";
const MAX_DROP_RATIO: &str = "max_drop_ratio";
const MAX_REPLACED_RATIO: &str = "max_replaced_ratio";

/// A gate that was judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// Its name.
    pub gate: String,
    /// The column that it was judged by, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// What the spec allows.
    pub limit: Figure,
    /// What the run has.
    pub value: Figure,
    /// Whether the run keeps the limit.
    pub pass: bool,
    /// Why a gate that fails does not stop the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
}

impl Gate {
    /// Whether it lets the run through: it passes, or may fail.
    #[must_use]
    pub fn kept(&self) -> bool {
        self.pass || self.accepted.is_some()
    }
}

/// A count or a ratio. The ratio is for reading: it was judged by its two counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Figure {
    /// Rows.
    Count(u64),
    /// A part of a whole.
    Ratio(f64),
}

/// What the gates are judged by.
#[derive(Debug)]
pub struct Measures<'a> {
    /// Rows on their way to gold.
    pub rows: u64,
    /// Records read.
    pub records: u64,
    /// Records that the mappers rejected.
    pub rejected: u64,
    /// Values replaced, by column.
    pub replaced: &'a BTreeMap<String, u64>,
    /// Rows of the version that is published now; 0 where there is none.
    pub previous_rows: u64,
}

/// Judges every gate that the spec sets.
#[must_use]
pub fn judge(limits: &Limits, measures: &Measures) -> Vec<Gate> {
    let Measures { rows, records, rejected, replaced, previous_rows } = measures;
    // Of equally bad columns the first in the alphabet is named.
    let worst = replaced.iter().rev().max_by_key(|(_, count)| **count);
    let worst_count = worst.map_or(0, |(_, count)| *count);

    let ratios = [
        (MAX_REJECT_RATIO, limits.max_reject_ratio, *rejected, *records),
        // Without a version before there is nothing to drop from.
        (
            MAX_DROP_RATIO,
            limits.max_drop_ratio.filter(|_| *previous_rows > 0),
            previous_rows.saturating_sub(*rows),
            *previous_rows,
        ),
        (MAX_REPLACED_RATIO, limits.max_replaced_ratio, worst_count, *records),
    ];
    let gate = |gate: &'static str, limit, value, pass: bool| Gate {
        gate: gate.to_owned(),
        column: worst.filter(|_| gate == MAX_REPLACED_RATIO).map(|(column, _)| column.clone()),
        limit,
        value,
        pass,
        accepted: None,
    };
    let least = limits.min_rows;
    let rows = gate(MIN_ROWS, Figure::Count(least), Figure::Count(*rows), *rows >= least);
    let ratios = ratios.into_iter().filter_map(|(name, limit, part, whole)| {
        let limit = limit?;
        Some(gate(name, Figure::Ratio(limit), Figure::Ratio(ratio(part, whole)), within(part, whole, limit)))
    });
    std::iter::once(rows).chain(ratios).collect()
}

/// Lets gates fail, each for its reason. A gate that passes needs nobody's leave.
pub fn accept(gates: &mut [Gate], accepted: &BTreeMap<String, String>) {
    for gate in gates.iter_mut().filter(|gate| !gate.pass) {
        if let Some(reason) = accepted.get(&gate.gate) {
            gate.accepted = Some(reason.clone());
        }
    }
}

/// Whether `part / whole` is at most `limit`, without a float's rounding: one reject in a hundred is within 0.01.
fn within(part: u64, whole: u64, limit: f64) -> bool {
    // The shortest text that reads back as this number is what stands in the spec.
    let text = limit.to_string();
    let (ones, decimals) = text.split_once('.').unwrap_or((&text, ""));
    // No ratio of two counts comes closer to a limit than 18 decimals tell apart.
    let decimals = &decimals[..decimals.len().min(18)];
    let Ok(numerator) = format!("{ones}{decimals}").parse::<u128>() else { return false };
    let unit = 10_u128.pow(u32::try_from(decimals.len()).unwrap_or(0));
    match (u128::from(part).checked_mul(unit), u128::from(whole).checked_mul(numerator)) {
        (Some(part), Some(allowed)) => part <= allowed,
        // Counts past all measure come from a seal that is garbage.
        _ => false,
    }
}

#[allow(clippy::cast_precision_loss)]
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Limits =
        Limits { min_rows: 0, max_reject_ratio: None, max_drop_ratio: None, max_replaced_ratio: None };

    fn measures(replaced: &BTreeMap<String, u64>) -> Measures<'_> {
        Measures { rows: 90, records: 100, rejected: 7, replaced, previous_rows: 100 }
    }

    fn passes(limits: Limits, measures: &Measures) -> Vec<(&'static str, bool)> {
        judge(&limits, measures)
            .iter()
            .filter_map(|gate| {
                NAMES.into_iter().find(|name| *name == gate.gate).map(|name| (name, gate.pass))
            })
            .collect()
    }

    #[test]
    fn a_value_at_its_limit_passes_and_the_next_does_not() {
        let replaced = BTreeMap::from([("a".to_owned(), 3), ("b".to_owned(), 29), ("c".to_owned(), 29)]);
        let at = Limits {
            min_rows: 90,
            max_reject_ratio: Some(0.07),
            max_drop_ratio: Some(0.1),
            max_replaced_ratio: Some(0.29),
        };
        let gates = judge(&at, &measures(&replaced));
        assert!(gates.iter().all(|gate| gate.pass) && gates.len() == 4, "{gates:?}");
        assert_eq!(gates[3].column.as_deref(), Some("b"));
        assert_eq!(gates.iter().map(|gate| gate.gate.as_str()).collect::<Vec<_>>(), NAMES);
        let past = Limits {
            min_rows: 91,
            max_reject_ratio: Some(0.0699),
            max_drop_ratio: Some(0.0999),
            max_replaced_ratio: Some(0.2899),
        };
        assert!(judge(&past, &measures(&replaced)).iter().all(|gate| !gate.pass));
    }

    #[test]
    fn limits_are_held_as_they_are_written() {
        // In binary floating point some of these are above their limit, and some limits below their text.
        for hundredths in 0..=100_u32 {
            let limit = format!("0.{hundredths:02}").parse().unwrap();
            let limit = if hundredths == 100 { 1.0 } else { limit };
            for factor in [1, 3, 7, 10_u64.pow(15)] {
                let (part, whole) = (u64::from(hundredths) * factor, 100 * factor);
                assert!(within(part, whole, limit), "{part}/{whole} {limit}");
                assert!(!within(part + 1, whole, limit), "{part}/{whole} {limit}");
            }
        }
        assert!(within(0, 0, 0.0) && within(0, 5, 0.0) && !within(1, u64::MAX, 0.0));
        assert!(!within(1, 1 << 60, 1e-300) && within(0, 1, 1e-300) && !within(u64::MAX, 1, 0.5));
    }

    #[test]
    fn only_what_is_set_is_judged() {
        let none = BTreeMap::new();
        assert_eq!(passes(NONE, &measures(&none)), [(MIN_ROWS, true)]);
        let drop = Limits { max_drop_ratio: Some(0.0), ..NONE };
        assert_eq!(passes(drop, &measures(&none)), [(MIN_ROWS, true), (MAX_DROP_RATIO, false)]);
        assert_eq!(passes(drop, &Measures { previous_rows: 0, ..measures(&none) }), [(MIN_ROWS, true)]);
        assert_eq!(passes(drop, &Measures { rows: 200, ..measures(&none) })[1], (MAX_DROP_RATIO, true));
        let all = Limits { max_reject_ratio: Some(0.0), max_replaced_ratio: Some(0.0), ..NONE };
        let empty = Measures { rows: 0, records: 0, rejected: 0, replaced: &none, previous_rows: 0 };
        assert!(passes(all, &empty).iter().all(|(_, pass)| *pass));
    }

    #[test]
    fn only_a_gate_that_fails_is_accepted() {
        let accepted = NAMES.map(|name| (name.to_owned(), "known".to_owned())).into();
        let limits = Limits { max_reject_ratio: Some(0.0), ..NONE };
        let mut gates = judge(&limits, &measures(&BTreeMap::new()));
        accept(&mut gates, &accepted);
        assert_eq!((gates[0].pass, gates[0].accepted.as_deref()), (true, None));
        assert_eq!((gates[1].pass, gates[1].accepted.as_deref()), (false, Some("known")));
    }
}
