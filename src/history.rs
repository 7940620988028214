//! The runs of a table, as they stand in its folders: how far each came, and what became of it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Local};
use serde_json::Value;

use crate::exit::{Error, Result};

/// A file's or folder's time and name, from `hadoop fs -stat '%Y %n'`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it was changed, in milliseconds by the file system's clock.
    pub at: u64,
    /// Its name, without the folder.
    pub name: String,
}

/// Reads such a listing.
///
/// # Errors
/// `Input` for a line that is none of it.
pub fn entries(listing: &str) -> Result<Vec<Entry>> {
    let entry = |line: &str| {
        let (at, name) = line.split_once(' ')?;
        Some(Entry { at: at.parse().ok()?, name: name.to_owned() })
    };
    let lines = listing.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| entry(line).ok_or_else(|| Error::Input(format!("`{line}` is no time and name"))))
        .collect()
}

/// Whether a name is a run's: the date and eight hexadecimal digits.
#[must_use]
pub fn is_run(name: &str) -> bool {
    name.len() == 19
        && name.is_ascii()
        && name[..10].parse::<chrono::NaiveDate>().is_ok()
        && name[10..11] == *"-"
        && name[11..].bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A run's date.
#[must_use]
pub fn date(run: &str) -> &str {
    &run[..10]
}

/// When each run was published, by the ledger: the newest of its entries and all of them.
///
/// A ledger's entry is `RUN.json`, or `RUN.until-TIME.json` where the run was published again; its time is that of its
/// publication. One that begins with `_` is of a publication under way.
#[must_use]
pub fn publications(ledger: &[Entry]) -> BTreeMap<&str, BTreeSet<u64>> {
    let mut published: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    for Entry { at, name } in ledger {
        if let Some((run, _)) = name.split_once('.')
            && is_run(run)
        {
            published.entry(run).or_default().insert(*at);
        }
    }
    published
}

/// When a run's version was superseded: when another run of its date was published after it was for the last time.
///
/// `None` where none was, or where the run was never published.
#[must_use]
pub fn superseded(run: &str, published: &BTreeMap<&str, BTreeSet<u64>>) -> Option<u64> {
    let last = *published.get(run)?.last()?;
    let others = published.iter().filter(|(other, _)| **other != run && date(other) == date(run));
    others.filter_map(|(_, times)| times.range(last..).next()).min().copied()
}

/// What a run has in its folder, and what its files say.
#[derive(Debug, Default)]
pub struct Found {
    /// The names in its folder, each with the time that the listing shows.
    names: BTreeMap<String, String>,
    verdict: Value,
    load: Value,
    /// The verdict of a run that was stopped.
    stopped: Value,
}

/// The runs of a table.
#[derive(Debug, Default)]
pub struct History(BTreeMap<String, Found>);

impl History {
    /// Reads what `hadoop fs -ls 'runs/*'` printed, and the runs' JSON files, one behind the other in the order of that
    /// listing: each run's manifest, and its verdict, the one that stopped it, and its load where there are such.
    ///
    /// # Errors
    /// `Input` where the files are not those of the listing: a run went on in between.
    pub fn read(listing: &str, files: &str) -> Result<Self> {
        let mut runs: BTreeMap<String, Found> = BTreeMap::new();
        for line in listing.lines() {
            // Mode, replicas, owner, group, size, day, time, path; a group's name may have blanks. Headings and clients'
            // warnings have no such form.
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [mode, _, _, _, .., day, time, path] = fields[..] else { continue };
            let mut parts = path.rsplit('/');
            if let (Some(name), Some(run)) = (parts.next(), parts.next())
                && mode.len() >= 10
                && is_run(run)
            {
                let found = runs.entry(run.to_owned()).or_default();
                found.names.insert(name.to_owned(), format!("{day} {time}"));
            }
        }
        let mut documents = serde_json::Deserializer::from_str(files).into_iter::<Value>();
        let changed = || Error::Input("a run went on while it was read; ask again".to_owned());
        for (run, found) in &mut runs {
            for name in ["_verdict.json", "load.json", "manifest.json", "verdict.json"] {
                if found.names.contains_key(name) {
                    let document = documents
                        .next()
                        .ok_or_else(changed)?
                        .map_err(|error| Error::Input(error.to_string()))?;
                    match name {
                        "_verdict.json" => found.stopped = document,
                        "load.json" => found.load = document,
                        "verdict.json" => found.verdict = document,
                        _ if document["run"] != run.as_str() => return Err(changed()),
                        _ => {}
                    }
                }
            }
        }
        if documents.next().is_some() { Err(changed()) } else { Ok(Self(runs)) }
    }

    /// A table of the runs for people, the newest dates first: `ledger` says which are published.
    #[must_use]
    pub fn table(&self, ledger: &[Entry], only: Option<&str>) -> String {
        let published = publications(ledger);
        let count =
            |json: &Value, key: &str| json[key].as_u64().map_or("-".to_owned(), crate::ledger::grouped);
        let mut rows = vec![
            ["run", "stands at", "since", "records", "gold", "quarantine", "copies", "verdict"]
                .map(str::to_owned)
                .to_vec(),
        ];
        let mut runs: Vec<(&String, &Found)> =
            self.0.iter().filter(|(run, _)| only.is_none_or(|only| date(run) == only)).collect();
        // Of one date, the latest publication first.
        runs.sort_by_key(|(run, _)| {
            let last = published.get(run.as_str()).and_then(|times| times.last()).copied();
            (std::cmp::Reverse(date(run)), std::cmp::Reverse(last.unwrap_or(u64::MAX)))
        });
        for (run, found) in runs {
            let (step, file) = found.step();
            let last = published.get(run.as_str()).and_then(|times| times.last()).copied();
            let (step, since) = match (superseded(run, &published), last) {
                (Some(at), _) => ("superseded", minute(at)),
                (None, Some(at)) => ("published", minute(at)),
                (None, None) => (step, found.names.get(file).cloned().unwrap_or_default()),
            };
            let counts = found.judged();
            // What a load before counted holds where it is published.
            let load = if found.stopped.is_null() || last.is_some() { &found.load } else { &Value::Null };
            let quarantine = counts["records"].as_u64().zip(counts["ok"].as_u64());
            let duplicates = load["duplicates"].as_u64().or(counts["duplicates"].as_u64()).unwrap_or(0);
            rows.push(vec![
                run.clone(),
                step.to_owned(),
                since,
                count(counts, "records"),
                count(load, "gold"),
                quarantine.map_or("-".to_owned(), |(records, ok)| {
                    crate::ledger::grouped(records.saturating_sub(ok).saturating_add(duplicates))
                }),
                count(load, "copies"),
                found.verdict(),
            ]);
        }
        aligned(&rows)
    }
}

impl Found {
    /// The last step that was done, and the file whose time is its.
    fn step(&self) -> (&'static str, &'static str) {
        let steps = [
            ("loaded", "load.json"),
            ("audited", "verdict.json"),
            ("transformed", "out"),
            ("landed", "manifest.json"),
        ];
        // What was audited and loaded before does not count for a run that was stopped since.
        let steps = &steps[if self.stopped.is_null() { 0 } else { 2 }..];
        steps.iter().copied().find(|(_, file)| self.names.contains_key(*file)).unwrap_or(("nothing", ""))
    }

    /// The last verdict: one that stops a run stands beside the one before, until another lets the run through.
    fn judged(&self) -> &Value {
        if self.stopped.is_null() { &self.verdict } else { &self.stopped }
    }

    /// The verdict in words, with the gates that failed and those that were allowed to.
    fn verdict(&self) -> String {
        let judged = self.judged();
        let Some(word) = judged["verdict"].as_str() else {
            return "-".to_owned();
        };
        if judged["balanced"] == false {
            return "books don't balance".to_owned();
        }
        // The load deletes what let the run through where it does not agree.
        let passed = self.verdict.is_null() && word == "pass";
        let mut words = vec![if passed { "refused by the load" } else { word }.to_owned()];
        // What reaches gold is judged once more by the load.
        let load = if self.stopped.is_null() { &self.load } else { &Value::Null };
        let gates = [judged, load].into_iter().filter_map(|json| json["gates"].as_array()).flatten();
        for gate in gates.filter(|gate| gate["pass"] == false) {
            let what = if gate["accepted"].is_string() { "accepted" } else { "failed" };
            let said = format!("{} {what}", gate["gate"].as_str().unwrap_or("a gate"));
            if !words.contains(&said) {
                words.push(said);
            }
        }
        words.join(", ")
    }
}

/// A time of the file system's in milliseconds, as its client shows those of files: local time, to the minute.
fn minute(at: u64) -> String {
    let time = i64::try_from(at).ok().and_then(DateTime::from_timestamp_millis).unwrap_or_default();
    time.with_timezone(&Local).format("%Y-%m-%d %H:%M").to_string()
}

/// Rows with their columns below each other, numbers to the right.
fn aligned(rows: &[Vec<String>]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows.first().map_or(0, Vec::len)).map(width).collect();
    let cell = |(column, text): (usize, &String)| {
        let width = widths[column];
        if (3..7).contains(&column) { format!("{text:>width$}") } else { format!("{text:<width$}") }
    };
    let line = |row: &Vec<String>| {
        row.iter().enumerate().map(cell).collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const A: &str = "2026-11-21-aaaaaaaa";
    const B: &str = "2026-11-21-bbbbbbbb";

    /// A listing as the client prints it: a heading for each folder, and what is no run's among it.
    fn listing(files: &[(&str, &str)]) -> String {
        let line = |(run, name): &(&str, &str)| {
            format!("-rw-r--r--   1 etl hadoop        264 2026-11-21 03:04 hdfs://a/t/runs/{run}/{name}\n")
        };
        let files: String = files.iter().map(line).collect();
        format!(
            "Found 4 items\n{files}-rw-r--r--   1 etl hadoop 9 2026-11-21 03:04 hdfs://a/t/runs/_failed-2026-11-21\n"
        )
    }

    #[test]
    fn the_table_shows_where_each_run_stands() {
        let files = [
            (A, "manifest.json"),
            (A, "out"),
            (A, "verdict.json"),
            (A, "load.json"),
            (B, "manifest.json"),
            (B, "out"),
            (B, "books.json"),
            (B, "_verdict.json"),
            ("2026-11-20-cccccccc", "manifest.json"),
        ];
        // In the order of the runs' names, then of the files'.
        let json = format!(
            r#"{{"run": "2026-11-20-cccccccc"}} {{"gold": 7, "duplicates": 1, "copies": 0}} {{"run": "{A}"}}
            {{"verdict": "pass", "records": 1234, "ok": 1230,
              "gates": [{{"gate": "min_rows", "pass": true}}, {{"gate": "max_drop_ratio", "pass": false, "accepted": "known"}}]}}
            {{"verdict": "fail", "records": 99, "ok": 9, "gates": [{{"gate": "max_reject_ratio", "pass": false}}]}} {{"run": "{B}"}}"#
        );
        let history = History::read(&listing(&files), &json).unwrap();
        let ledger = entries(&format!("1795303418000 {A}.json\n6 _{B}.9-9.json\n")).unwrap();
        let table = history.table(&ledger, None);
        let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            lines[1],
            words(&format!("{B} transformed 2026-11-21 03:04 99 - 90 - fail, max_reject_ratio failed"))
        );
        // A published run stands there since its publication.
        let since = minute(1_795_303_418_000);
        assert_eq!(
            lines[2],
            words(&format!("{A} published {since} 1,234 7 5 0 pass, max_drop_ratio accepted"))
        );
        assert_eq!(lines[3][..2], ["2026-11-20-cccccccc", "landed"]);
        assert_eq!(history.table(&ledger, Some("2026-11-20")).lines().count(), 2);
    }

    #[test]
    fn what_stopped_a_run_is_said_in_words() {
        let gate = |pass: bool| json!({"verdict": if pass { "pass" } else { "fail" }, "balanced": true, "gates": []});
        let found = |stopped, verdict| Found { verdict, stopped, ..Found::default() }.verdict();
        assert_eq!(found(Value::Null, Value::Null), "-");
        assert_eq!(found(Value::Null, gate(true)), "pass");
        assert_eq!(found(gate(true), Value::Null), "refused by the load");
        // An earlier one that let it through stands beside it.
        assert_eq!(found(gate(false), gate(true)), "fail");
        assert_eq!(found(json!({"verdict": "fail", "balanced": false}), Value::Null), "books don't balance");
    }

    #[test]
    fn files_that_are_not_those_of_the_listing_are_no_answer() {
        for json in ["", "{\"run\": \"2026-11-21-bbbbbbbb\"}", "{\"run\": \"2026-11-21-aaaaaaaa\"} {}", "{"] {
            assert!(History::read(&listing(&[(A, "manifest.json")]), json).is_err(), "{json}");
        }
    }

    #[test]
    fn a_run_has_a_date_and_eight_digits() {
        assert!(is_run(A));
        for name in [
            "2026-11-21-aaaaaaa",
            "2026-13-21-aaaaaaaa",
            "2026-11-21-aaaaaaag",
            "_026-11-21-aaaaaaaa",
            "2026-11-21_aaaaaaaa",
            "2026-11-21-aaaaaaaaa",
        ] {
            assert!(!is_run(name), "{name}");
        }
    }
}
