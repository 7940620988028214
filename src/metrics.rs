//! A table's metrics in Prometheus' text format, for its textfile collector.
//!
//! The file is written anew after each run; what a run says nothing of is kept from the file before, so that the time of
//! the last success outlives a failure.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

const LAST_RUN: &str = "sluicebox_last_run_timestamp_seconds";
const LAST_SUCCESS: &str = "sluicebox_last_success_timestamp_seconds";
const SUCCESS: &str = "sluicebox_last_run_success";
const DURATION: &str = "sluicebox_step_duration_seconds";
const RETRIES: &str = "sluicebox_last_run_retries";
const RECORDS: &str = "sluicebox_records";
const GATE: &str = "sluicebox_gate_passed";
const ACCEPTED: &str = "sluicebox_gate_accepted";

/// The metrics, in the order in which they are written. All are gauges: what they count belongs to one run.
const METRICS: [(&str, &str); 8] = [
    (LAST_RUN, "When the last run ended, in seconds since 1970."),
    (SUCCESS, "Whether the last run ended in gold: 1 or 0."),
    (LAST_SUCCESS, "When the last run ended that gold points to."),
    (DURATION, "How long a step took when it was done last."),
    (RETRIES, "How many commands the last run had to try again."),
    (RECORDS, "Where the records of the last judged run are: read, gold, quarantined, copies."),
    (GATE, "Whether a gate of the last judged run passed: 1 or 0."),
    (ACCEPTED, "Whether a gate that failed was accepted: 1 or 0."),
];

/// Samples by metric, then by labels.
#[derive(Debug)]
pub struct Metrics {
    table: String,
    samples: BTreeMap<String, BTreeMap<String, String>>,
}

/// The events in a log of them; a line that is none, such as one that a full disk cut short, is left out.
#[must_use]
pub fn events(log: &str) -> Vec<Value> {
    log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

impl Metrics {
    /// Those of a table, as its `former` file has them.
    #[must_use]
    pub fn new(table: &str, former: &str) -> Self {
        let mut samples: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for line in former.lines().filter(|line| !line.starts_with('#')) {
            // A label's value may hold blanks and braces; a sample's value holds none.
            if let Some((metric, rest)) = line.split_once('{')
                && let Some((labels, value)) = rest.rsplit_once("} ")
                && METRICS.iter().any(|(name, _)| *name == metric)
            {
                samples.entry(metric.to_owned()).or_default().insert(labels.to_owned(), value.to_owned());
            }
        }
        Self { table: table.to_owned(), samples }
    }

    fn set(&mut self, metric: &str, labels: &[(&str, &str)], value: &dyn Display) {
        let mut text = format!("table=\"{}\"", escaped(&self.table));
        for (name, label) in labels {
            let _ = write!(text, ",{name}=\"{}\"", escaped(label));
        }
        self.samples.entry(metric.to_owned()).or_default().insert(text, value.to_string());
    }

    /// What a run's events say, and how it ended.
    pub fn run(&mut self, events: &[Value], success: bool) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        self.set(LAST_RUN, &[], &now);
        self.set(SUCCESS, &[], &u8::from(success));
        if success {
            self.set(LAST_SUCCESS, &[], &now);
        }
        let named = |name: &'static str| events.iter().filter(move |event| event["event"] == name);
        self.set(RETRIES, &[], &named("retried").count());
        for event in named("finished") {
            if let (Some(step), Some(seconds)) = (event["step"].as_str(), event["seconds"].as_f64()) {
                self.set(DURATION, &[("step", step)], &seconds);
            }
        }
    }

    /// What a verdict says, and the load after it where there is one.
    pub fn books(&mut self, verdict: Option<&Value>, load: Option<&Value>) {
        let Some(verdict) = verdict else { return };
        let count = |json: &Value, key: &str| json[key].as_u64().unwrap_or(0);
        let (records, ok) = (count(verdict, "records"), count(verdict, "ok"));
        self.set(RECORDS, &[("outcome", "read")], &records);
        // What was not loaded is not in gold; a run before it must not lend its own.
        let of_load = |key: &str| load.map_or(0, |load| count(load, key));
        let quarantined = records.saturating_sub(ok).saturating_add(of_load("duplicates"));
        self.set(RECORDS, &[("outcome", "gold")], &of_load("gold"));
        self.set(RECORDS, &[("outcome", "quarantined")], &quarantined);
        self.set(RECORDS, &[("outcome", "copies")], &of_load("copies"));
        // The load judged them last.
        let judged = load.unwrap_or(verdict)["gates"].as_array();
        for metric in [GATE, ACCEPTED] {
            self.samples.remove(metric);
        }
        for gate in judged.into_iter().flatten() {
            let labels = [
                ("gate", gate["gate"].as_str().unwrap_or("")),
                ("column", gate["column"].as_str().unwrap_or("")),
            ];
            self.set(GATE, &labels, &u8::from(gate["pass"] == true));
            self.set(ACCEPTED, &labels, &u8::from(gate["accepted"].is_string()));
        }
    }

    /// The file.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (metric, help) in METRICS {
            if let Some(samples) = self.samples.get(metric) {
                let _ = write!(text, "# HELP {metric} {help}\n# TYPE {metric} gauge\n");
                for (labels, value) in samples {
                    let _ = writeln!(text, "{metric}{{{labels}}} {value}");
                }
            }
        }
        text
    }
}

/// A label's value, as the text format has it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_failure_keeps_the_last_success_and_what_it_says_nothing_of() {
        let mut first = Metrics::new("s\"a", "");
        first.run(&events("{\"event\":\"finished\",\"step\":\"land\",\"seconds\":1.5}\nhalf a l"), true);
        first.books(
            Some(&json!({"records": 10, "ok": 8, "gates": []})),
            Some(&json!({"gold": 6, "duplicates": 1, "copies": 1, "gates": [{"gate": "min_rows", "pass": true}]})),
        );
        let text = first.text();
        for line in [
            "sluicebox_step_duration_seconds{table=\"s\\\"a\",step=\"land\"} 1.5",
            "sluicebox_records{table=\"s\\\"a\",outcome=\"quarantined\"} 3",
            "sluicebox_gate_passed{table=\"s\\\"a\",gate=\"min_rows\",column=\"\"} 1",
            "sluicebox_last_run_success{table=\"s\\\"a\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }

        let mut second = Metrics::new("s\"a", &text);
        second.run(&[json!({"event": "retried"})], false);
        let after = second.text();
        let kept = |text: &str| -> Vec<String> {
            let of_run = |line: &&str| !line.contains("last_run");
            text.lines().filter(of_run).map(str::to_owned).collect()
        };
        assert_eq!(kept(&after), kept(&text));
        assert!(after.contains("sluicebox_last_run_success{table=\"s\\\"a\"} 0"));
        assert!(after.contains("sluicebox_last_run_retries{table=\"s\\\"a\"} 1"));
    }

    #[test]
    fn a_former_file_of_garbage_is_no_metric() {
        let metrics = Metrics::new("t", "{} 1\nother{a=\"b\"} 2\nsluicebox_records{x\n\0");
        assert_eq!(metrics.text(), "");
    }
}
