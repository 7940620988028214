//! Holds what Hive counted after loading against what the validator counted before.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Word;
use super::load::BOOK;
use crate::exit::{Error, Result};
use crate::output::{Rejected, place};
use crate::record::Reason;
use crate::spec::Spec;
use crate::transform::Total;
use crate::validate::{self, Before, Gate, Verdict};

/// What a run brought, once Hive and the validator agree.
#[derive(Debug, Serialize)]
pub struct Loaded {
    /// The load of the run that this is; its folders are named by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Rows in the version.
    pub gold: u64,
    /// Duplicates, within the run and against gold's other partitions.
    pub duplicates: u64,
    /// Exact copies, within the run and against gold's other partitions.
    pub copies: u64,
    /// The part of the duplicates that other gold partitions hold.
    pub table_duplicates: u64,
    /// The part of the copies that other gold partitions hold.
    pub table_copies: u64,
    /// All that is in quarantine, by reason and column.
    pub rejected: Rejected,
    /// Control totals of the version.
    pub totals: BTreeMap<String, String>,
    /// Rows of the further gold tables.
    pub further: BTreeMap<String, u64>,
    /// The gates, judged by the rows in the version: the audit did not know what other partitions hold.
    pub gates: Vec<Gate>,
    /// What was published when the run was judged, from the verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Before>,
}

impl Loaded {
    /// Whether its gates let it through.
    ///
    /// # Errors
    /// `Failed` with a line for each gate that does not.
    pub fn pass(&self) -> Result<()> {
        let failing = validate::failing(&self.gates);
        if failing.is_empty() {
            return Ok(());
        }
        Err(Error::Failed(format!(
            "a gate fails by the rows that reach gold: {}, the rest is held by other partitions\n{}\n\
             mend the source, or run again with --accept GATE --reason TEXT",
            self.gold,
            failing.join("\n")
        )))
    }
}

/// Compares, judges the gates once more by what reached gold, and says what was loaded. `accepted` are the gates
/// that may fail besides those that the verdict lets fail.
///
/// # Errors
/// `Failed` with a line for each difference; `Input` where a line of the books is not as the load script asks for it.
pub fn reconcile(
    spec: &Spec,
    verdict: &Verdict,
    accepted: BTreeMap<String, String>,
    load: Option<&Word>,
    answer: &str,
) -> Result<Loaded> {
    let mut books = Books { values: read(answer)?, problems: Vec::new() };
    let across = spec.dedup.as_ref().is_some_and(|dedup| dedup.across_partitions);
    let taken: &[&str] = if across { &["duplicates", "copies"] } else { &[] };

    let [temp, gold] = ["temp", "gold"].map(|what| books.rows(what));
    books.equal("rows that Hive reads in the temp lines", temp, verdict.rows);
    let held: Vec<u64> = taken.iter().map(|what| books.rows(what)).collect();
    let apart = held.iter().try_fold(gold, |sum, rows| sum.checked_add(*rows)).unwrap_or(u64::MAX);
    let parts = if across { "rows in gold + duplicates + copies" } else { "rows in gold" };
    books.equal(parts, apart, verdict.rows);

    let mut totals = BTreeMap::new();
    for index in &spec.sums {
        let (column, scale) = (spec.columns[*index].name.as_str(), spec.sum_scale(*index));
        let expected = verdict.totals.get(column).and_then(|text| Total::parse(text, scale));
        let [temp, gold] = ["temp", "gold"].map(|what| books.total(what, column, scale));
        let parts: Vec<_> = taken.iter().map(|what| books.total(what, column, scale)).collect();
        let apart = parts.iter().try_fold(gold, |sum, part| Some(sum.zip(*part).map(add)));
        books.equal_totals(&format!("total of {column} in the temp lines"), temp, expected);
        books.equal_totals(&format!("total of {column} in all that was loaded"), apart.flatten(), expected);
        totals.extend(gold.map(|total| (column.to_owned(), total.to_string())));
    }

    for column in spec.kept().filter(|column| !column.nullable) {
        for what in ["temp", "gold"] {
            let nulls = books.count(what, "nulls", &column.name);
            books.equal(&format!("NULLs of {} in {what}", column.name), nulls, 0);
        }
    }

    let [table_duplicates, table_copies] = [0, 1].map(|place| held.get(place).copied().unwrap_or(0));
    let mut expected = verdict.rejected.clone();
    // Within the run they may be counted apart from the other rejects or among them.
    let duplicates = expected.entry(Reason::Duplicate.name().to_owned()).or_default();
    *duplicates.entry(String::new()).or_insert(verdict.duplicates) += table_duplicates;
    let rejected = books.rejected();
    books.equal_rejects(&rejected, &expected);
    let further = spec
        .gold
        .iter()
        .map(|gold| (gold.name.clone(), books.count("further", "rows", &gold.name)))
        .collect();

    if !books.problems.is_empty() {
        return Err(Error::Failed(format!(
            "Hive does not hold what the run's tasks wrote\n{}",
            books.problems.join("\n")
        )));
    }
    let previous_rows = verdict.before.as_ref().map_or(0, |before| before.rows);
    let mut gates = verdict.gates_for(&spec.limits, gold, previous_rows);
    validate::accept(&mut gates, &verdict.accepted().into_iter().chain(accepted).collect());
    Ok(Loaded {
        id: load.map(Word::to_string),
        gold,
        duplicates: verdict.duplicates + table_duplicates,
        copies: verdict.copies + table_copies,
        table_duplicates,
        table_copies,
        rejected,
        totals,
        further,
        gates,
        before: verdict.before.clone(),
    })
}

type Key = (String, String, String);

/// What Hive counted, and what is wrong with it.
struct Books {
    values: BTreeMap<Key, String>,
    problems: Vec<String>,
}

/// The lines behind their marks; Hive and Tez talk in between.
fn read(answer: &str) -> Result<BTreeMap<Key, String>> {
    let mut values = BTreeMap::new();
    for line in answer.lines().filter_map(|line| line.strip_prefix(BOOK)?.strip_prefix('\t')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [what, measure, name, value] = fields[..] else {
            return Err(Error::Input(format!("\"{line}\" is no line of the load's books")));
        };
        let key = (what.to_owned(), measure.to_owned(), name.to_owned());
        if values.insert(key, value.to_owned()).is_some() {
            return Err(Error::Input(format!("the load's books say {what} {measure} {name} twice")));
        }
    }
    Ok(values)
}

impl Books {
    fn value(&mut self, what: &str, measure: &str, name: &str) -> Option<String> {
        let key = (what.to_owned(), measure.to_owned(), name.to_owned());
        let value = self.values.get(&key).cloned();
        if value.is_none() {
            let place = if name.is_empty() { String::new() } else { format!(" of {name}") };
            self.problems.push(format!("the load's books lack {measure}{place} in {what}"));
        }
        value
    }

    fn count(&mut self, what: &str, measure: &str, name: &str) -> u64 {
        let Some(value) = self.value(what, measure, name) else { return 0 };
        value.parse().unwrap_or_else(|_| {
            self.problems.push(format!("{what} {measure} {name} is \"{value}\", not a count"));
            0
        })
    }

    fn rows(&mut self, what: &str) -> u64 {
        self.count(what, "rows", "")
    }

    /// `None` where Hive could not hold the sum.
    fn total(&mut self, what: &str, column: &str, scale: u8) -> Option<Total> {
        let text = self.value(what, "total", column)?;
        // Hive leaves zeros at the end away where it likes.
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let fraction = fraction.trim_end_matches('0');
        let scaled = format!("{whole}.{fraction:0<width$}", width = usize::from(scale));
        Total::parse(scaled.trim_end_matches('.'), scale)
    }

    fn equal(&mut self, what: &str, hive: u64, run: u64) {
        if hive != run {
            self.problems.push(format!("{what}: {hive}, not {run}"));
        }
    }

    fn equal_totals(&mut self, what: &str, hive: Option<Total>, run: Option<Total>) {
        // By their digits: a total has more than one inner form.
        let [hive, run] = [hive, run].map(|total| total.map(|total| total.to_string()));
        if hive.is_none() || hive != run {
            let hive = hive.unwrap_or_else(|| "none (missing, or past Hive's 38 digits)".to_owned());
            let run = run.unwrap_or_else(|| "none".to_owned());
            self.problems.push(format!("{what}: {hive}, not {run}"));
        }
    }

    fn rejected(&mut self) -> Rejected {
        let mut rejected = Rejected::new();
        let lines: Vec<Key> = self.values.keys().filter(|(what, ..)| what == "rejected").cloned().collect();
        for (what, reason, column) in lines {
            let count = self.count(&what, &reason, &column);
            rejected.entry(reason).or_default().insert(column, count);
        }
        rejected
    }

    fn equal_rejects(&mut self, hive: &Rejected, run: &Rejected) {
        let count = |rejected: &Rejected, reason: &str, column: &str| {
            rejected.get(reason).and_then(|columns| columns.get(column)).copied().unwrap_or(0)
        };
        let mut places: Vec<(&String, &String)> = [hive, run]
            .iter()
            .flat_map(|rejected| rejected.iter())
            .flat_map(|(reason, columns)| columns.keys().map(move |column| (reason, column)))
            .collect();
        places.sort();
        places.dedup();
        for (reason, column) in places {
            let what = place(reason, column);
            self.equal(
                &format!("{what} in quarantine"),
                count(hive, reason, column),
                count(run, reason, column),
            );
        }
    }
}

fn add((mut sum, part): (Total, Total)) -> Total {
    sum.merge(&part);
    sum
}
