//! What is told of a run: the ledger's entry for machines, a few lines for people.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::exit::{Error, Result};
use crate::output::place;

/// What a run's steps left beside its data.
#[derive(Debug)]
pub struct Run {
    /// The validator's verdict.
    pub verdict: Value,
    /// Hive's reconciled counts; none before the run is loaded.
    pub load: Option<Value>,
}

/// Reads a JSON file.
///
/// # Errors
/// Where it can't be read, or is no JSON.
pub fn read(path: &Path) -> Result<Value> {
    let text = std::fs::read(path).map_err(Error::io(format!("cannot read {}", path.display())))?;
    serde_json::from_slice(&text).map_err(|error| Error::Input(format!("{}: {error}", path.display())))
}

impl Run {
    fn count(&self, key: &str) -> u64 {
        self.verdict[key].as_u64().unwrap_or(0)
    }

    fn loaded(&self, key: &str) -> u64 {
        self.load.as_ref().and_then(|load| load[key].as_u64()).unwrap_or(0)
    }

    /// Rejects by reason and column, the most frequent first; duplicates as the last.
    fn quarantined(&self) -> Vec<(String, u64)> {
        let mut rejects: Vec<(String, u64)> = Vec::new();
        for (reason, columns) in self.verdict["rejected"].as_object().unwrap_or(&Map::new()) {
            for (column, count) in columns.as_object().unwrap_or(&Map::new()) {
                let name = place(reason, column);
                rejects.push((name, count.as_u64().unwrap_or(0)));
            }
        }
        rejects.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
        let duplicates = match &self.load {
            Some(_) => self.loaded("duplicates"),
            None => self.count("duplicates"),
        };
        if duplicates > 0 {
            rejects.push(("duplicate".to_owned(), duplicates));
        }
        rejects
    }

    /// One line on the audit: records, and whether the books balance.
    #[must_use]
    pub fn audit_line(&self) -> String {
        let (records, ok) = (self.count("records"), self.count("ok"));
        let balance = if self.verdict["balanced"] == true { "books balance" } else { "books DO NOT balance" };
        let rejected = grouped(records.saturating_sub(ok));
        format!("{} records = {} ok + {rejected} rejected   {balance}", grouped(records), grouped(ok))
    }

    /// One line on the load: where every ok row went, by Hive's own answers.
    #[must_use]
    pub fn load_line(&self) -> String {
        let part = |key| grouped(self.loaded(key));
        format!(
            "gold {} + duplicates {} + copies {}   Hive agrees",
            part("gold"),
            part("duplicates"),
            part("copies")
        )
    }

    /// What is in quarantine, by reason, and how to look at it.
    #[must_use]
    pub fn quarantine_lines(&self, table: &str, run: &str) -> String {
        let rejects = self.quarantined();
        let total: u64 = rejects.iter().map(|(_, count)| count).sum();
        if total == 0 {
            return "quarantine 0".to_owned();
        }
        let parts: Vec<String> =
            rejects.iter().map(|(name, count)| format!("{name} {}", grouped(*count))).collect();
        let query = format!("select * from {table}_reject where run_id = '{run}'");
        format!("quarantine {}: {}\n           {query}", grouped(total), parts.join(", "))
    }

    /// The ledger's entry of a published run.
    #[must_use]
    pub fn entry(&self, run: &str, at: &str) -> Value {
        // The load judged the gates last.
        let gates = self.load.as_ref().and_then(|load| load["gates"].as_array());
        let accepted: Vec<&Value> =
            gates.into_iter().flatten().filter(|gate| gate.get("accepted").is_some()).collect();
        json!({
            "run": run,
            "was": self.verdict["before"]["run"],
            "published_at": at,
            "records": self.count("records"),
            "ok": self.count("ok"),
            "rejected": self.verdict["rejected"],
            "load": self.load,
            "accepted": accepted,
        })
    }
}

/// A count with thousands apart, for people.
#[must_use]
pub fn grouped(number: impl Into<u128>) -> String {
    let digits = number.into().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let texts = [0, 999, 1000, 1_234_567, u128::MAX].map(grouped);
        assert_eq!(texts[..4], ["0", "999", "1,000", "1,234,567"]);
        assert!(texts[4].starts_with("340,282,"));
    }
}
