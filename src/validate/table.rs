//! The verdict for people: a short table.

use super::gates::{Figure, Gate};
use super::verdict::{Verdict, Word};
use crate::ledger::grouped;
use crate::output::place;

/// The verdict as lines of text; the last one is the verdict itself.
#[must_use]
pub fn table(verdict: &Verdict) -> String {
    let rejected: u64 = verdict.rejected.values().flat_map(|columns| columns.values()).sum();
    let mut places: Vec<(String, u64)> = verdict
        .rejected
        .iter()
        .flat_map(|(reason, columns)| {
            columns.iter().map(move |(column, count)| (place(reason, column), *count))
        })
        .collect();
    // What there is most of comes first; it is what will be mended first.
    places.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));

    let mut rows: Vec<(String, String, String)> = Vec::new();
    let mut row = |name: &str, count: u64, rest: String| rows.push((name.to_owned(), grouped(count), rest));
    let from = format!("{}, {}", counted(verdict.map_tasks, "map task"), counted(verdict.files, "file"));
    row(
        "lines",
        verdict.lines,
        format!("= {} + {}", sum(verdict.records, "records"), {
            format!("{} + {}   {from}", sum(verdict.blank, "blank"), sum(verdict.headers, "headers"))
        }),
    );
    row("records", verdict.records, format!("= {} + {}", sum(verdict.ok, "ok"), sum(rejected, "rejected")));
    for (place, count) in places {
        row(&format!("  {place}"), count, String::new());
    }
    if verdict.reduce_tasks > 0 {
        let (rows, duplicates, copies) = (verdict.rows, verdict.duplicates, verdict.copies);
        row("ok", verdict.ok, {
            let reducers = counted(verdict.reduce_tasks, "reduce task");
            let dropped = format!("{} + {}", sum(duplicates, "duplicates"), sum(copies, "copies"));
            format!("= {} + {dropped}   {reducers}", sum(rows, "rows"))
        });
    }
    row("rows", verdict.rows, format!("to gold, checksum {}", verdict.checksum));
    for (column, count) in &verdict.replaced {
        row(&format!("  replaced {column}"), *count, String::new());
    }
    rows.extend(
        verdict.totals.iter().map(|(name, total)| (format!("  sum {name}"), total.clone(), String::new())),
    );

    let names = width(
        rows.iter().map(|row| row.0.as_str()).chain(verdict.gates.iter().map(|gate| gate.gate.as_str())),
    );
    let counts = width(rows.iter().map(|row| row.1.as_str()));
    let mut text = String::new();
    for (name, count, rest) in &rows {
        line(&mut text, &format!("{name:<names$}  {count:>counts$}  {rest}"));
    }
    for gate in &verdict.gates {
        line(&mut text, &gate_row(gate, names, counts));
    }
    for problem in &verdict.problems {
        line(&mut text, &format!("problem: {problem}"));
    }
    let books = if verdict.balanced { "books balance" } else { "books DO NOT balance" };
    let word = match verdict.verdict {
        Word::Pass => "pass",
        Word::Fail => "fail",
    };
    line(&mut text, &format!("{books}, verdict: {word}"));
    text
}

/// The gates that nobody accepted, a line each.
#[must_use]
pub fn failing(gates: &[Gate]) -> Vec<String> {
    gates.iter().filter(|gate| !gate.kept()).map(|gate| gate_row(gate, 0, 0)).collect()
}

fn gate_row(gate: &Gate, names: usize, counts: usize) -> String {
    let figure = |figure: Figure| match figure {
        Figure::Count(count) => grouped(count),
        Figure::Ratio(ratio) => decimals(ratio),
    };
    let sign = if matches!(gate.limit, Figure::Count(_)) { "at least" } else { "at most" };
    let column = gate.column.as_ref().map(|column| format!(" in {column}")).unwrap_or_default();
    let judged = match (&gate.accepted, gate.pass) {
        (_, true) => "pass".to_owned(),
        (Some(reason), false) => format!("fails, accepted: {reason}"),
        (None, false) => "FAILS".to_owned(),
    };
    let (value, limit) = (figure(gate.value), figure(gate.limit));
    format!("{:<names$}  {value:>counts$}  {sign} {limit}{column}: {judged}", gate.gate)
}

/// A ratio with the digits that tell it from another, and no tail of a float's.
fn decimals(ratio: f64) -> String {
    let text = format!("{ratio:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "0" && ratio > 0.0 { "<0.000001".to_owned() } else { text.to_owned() }
}

fn sum(count: u64, what: &str) -> String {
    format!("{} {what}", grouped(count))
}

fn counted(count: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(count), if count == 1 { "" } else { "s" })
}

fn width<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0)
}

/// Appends a line; a file's name must not drive the terminal.
fn line(text: &mut String, line: &str) {
    text.extend(line.trim_end().chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }));
    text.push('\n');
}
