//! Whether the books balance: lines against seals, seals against themselves, what went into the shuffle against
//! what came out, tasks against files.
//!
//! Only part files can be held against their seals one by one, because a part may have come here in several
//! pieces. A part that a reducer wrote ends with the reducer's seal, which closes its rows and duplicates; the
//! mappers' seals travel through it as lines among others, and are held against the whole. A part that a mapper
//! wrote ends with that mapper's seal, which closes its rows and rejects.

use std::collections::BTreeMap;

use super::manifest::Manifest;
use super::partial::{BadLine, Partial};
use super::problems::Problems;
use super::splits;
use super::sum::{DUPLICATE, Sum};
use super::tally::TOLD;
use crate::exit::{Error, Result};
use crate::ledger::grouped;
use crate::output::{Kind, Seal, place};
use crate::spec::Spec;

/// What all partials say together, and what is wrong with it.
#[derive(Debug)]
pub struct Balance {
    /// What the lines show.
    pub shown: Sum,
    /// What the mappers' seals say.
    pub map: Sum,
    /// What the reducers' seals say.
    pub reduce: Sum,
    /// How many files the mappers read.
    pub files: u64,
    /// Everything that does not add up; the books balance where there is nothing.
    pub problems: Vec<String>,
}

/// A part file, put together again.
#[derive(Debug)]
struct Part {
    /// What it is called in a message.
    name: String,
    shown: Sum,
    map: Sum,
    reduce: Sum,
    bad: u64,
    told: Vec<BadLine>,
    cut_short: bool,
    seals: Vec<Seal>,
}

/// Puts partials together and looks for what does not add up.
///
/// # Errors
/// `Input` where a partial is not of this spec.
pub fn balance(spec: &Spec, mut partials: Vec<Partial>, manifest: Option<&Manifest>) -> Result<Balance> {
    // The shuffle brings them in any order; lines are numbered by where they stand.
    partials.sort_by(|left, right| (&left.part, left.start).cmp(&(&right.part, right.start)));
    let mut parts: Vec<Part> = Vec::new();
    for pieces in partials.chunk_by(|left, right| left.part == right.part) {
        let part = Part::new(spec, pieces).map_err(|what| {
            Error::Input(format!(
                "a partial of {} {what}: it is of another spec; run the audit again",
                pieces[0].part
            ))
        })?;
        parts.push(part);
    }
    let mut all = Balance {
        shown: sum(spec, parts.iter().map(|part| &part.shown)),
        map: sum(spec, parts.iter().map(|part| &part.map)),
        reduce: sum(spec, parts.iter().map(|part| &part.reduce)),
        files: 0,
        problems: Vec::new(),
    };
    let shuffled = all.reduce.seals > 0 || all.shown.rejected_duplicates() > 0;
    let mut problems = Problems::default();
    // A run of a table with a key goes through the shuffle; at a pipe, without a manifest, it need not.
    if manifest.is_some() && spec.dedup.is_some() && all.map.ok > 0 && !shuffled {
        problems.note(
            "no reducer's seal, but the spec has a [dedup] key: its rows did not go through the shuffle, or what the \
             reducers wrote is lost; run transform again, with the reducer"
                .to_owned(),
        );
    }
    let any_seal = all.map.seals + all.reduce.seals > 0;
    if all.map.seals == 0
        && !(all.shown.lines == 0 && manifest.is_some_and(|manifest| manifest.files.is_empty()))
    {
        problems.note(if any_seal {
            "no mapper's seal: nothing shows that the input was read; run transform again".to_owned()
        } else {
            "no seal: nothing shows that a task ran; run transform again".to_owned()
        });
    }
    for part in &parts {
        part.check_lines(&mut problems);
        part.check_seals(&mut problems);
        match (any_seal, shuffled) {
            (false, _) => {}
            (true, true) => part.check_reduced(&mut problems),
            (true, false) => part.check_mapped(&mut problems),
        }
    }
    if shuffled {
        check_shuffle(&all, &mut problems);
    }
    let seals: Vec<&Seal> =
        parts.iter().flat_map(|part| &part.seals).filter(|seal| seal.kind == Kind::Map).collect();
    splits::check(&seals, manifest, &mut problems);
    let mut files: Vec<&str> = seals.iter().map(|seal| seal.file.as_str()).collect();
    files.sort_unstable();
    files.dedup();
    all.files = files.len() as u64;
    all.problems = problems.into_vec();
    Ok(all)
}

fn sum<'a>(spec: &Spec, sums: impl Iterator<Item = &'a Sum>) -> Sum {
    sums.fold(Sum::new(spec), |mut all, one| {
        all.merge(one);
        all
    })
}

impl Part {
    fn new(spec: &Spec, pieces: &[Partial]) -> std::result::Result<Self, String> {
        let name = pieces[0].part.as_str();
        let mut part = Self {
            name: if name == "-" { "standard input".to_owned() } else { name.to_owned() },
            shown: Sum::new(spec),
            map: Sum::new(spec),
            reduce: Sum::new(spec),
            bad: 0,
            told: Vec::new(),
            cut_short: false,
            seals: Vec::new(),
        };
        let mut lines = 0_u64;
        for piece in pieces {
            part.shown.add(spec, &piece.shown)?;
            part.shown.duplicate_checksum =
                part.shown.duplicate_checksum.wrapping_add(piece.duplicate_checksum);
            for seal in &piece.seals {
                match seal.kind {
                    Kind::Map => part.map.add(spec, seal)?,
                    Kind::Reduce => part.reduce.add(spec, seal)?,
                }
            }
            part.seals.extend_from_slice(&piece.seals);
            part.bad = part.bad.saturating_add(piece.bad);
            part.told.extend(
                piece.told.iter().map(|bad| BadLine { line: lines.saturating_add(bad.line), ..bad.clone() }),
            );
            part.cut_short |= piece.cut_short;
            lines = lines.saturating_add(piece.shown.lines);
        }
        part.told.truncate(TOLD);
        Ok(part)
    }

    /// Whether every line is a temp line, and the last one whole.
    fn check_lines(&self, problems: &mut Problems) {
        for BadLine { line, what } in &self.told {
            problems.note(format!(
                "{} line {}: it {what}: no task of this spec wrote it; run transform again",
                self.name,
                grouped(*line)
            ));
        }
        let more = self.bad.saturating_sub(self.told.len() as u64);
        if more > 0 {
            problems.note(format!("{}: {} more lines are no temp lines", self.name, grouped(more)));
        }
        if self.cut_short {
            problems.note(format!(
                "{}: its last line has no line feed: the file was cut short; run transform again",
                self.name
            ));
        }
    }

    /// Whether each seal adds up in itself: a task lost nothing between what it read and what it wrote.
    fn check_seals(&self, problems: &mut Problems) {
        for seal in &self.seals {
            let wide = |number: &u64| u128::from(*number);
            let rejected: u128 = seal.rejected.values().flat_map(BTreeMap::values).map(wide).sum();
            let [lines, records, ok, blank, headers] =
                [seal.lines, seal.records, seal.ok, seal.blank, seal.headers].map(u128::from);
            let mut equal = |what: &str, left: u128, right: u128| {
                if left != right {
                    problems.note(format!(
                        "{}: the seal of {} does not add up: {what}, but {} is not {}: a defect, or it was edited; \
                         run transform again",
                        self.name,
                        task(seal),
                        grouped(left),
                        grouped(right)
                    ));
                }
            };
            if let Some(reduced) = seal.reduced {
                let [duplicates, copies] = [reduced.duplicates, reduced.copies].map(u128::from);
                let passed = u128::from(reduced.passed.rejects) + u128::from(reduced.passed.seals);
                equal("records = ok + duplicates + copies", records, ok + duplicates + copies);
                equal("rejected = duplicates", rejected, duplicates);
                equal("lines = records + rejects and seals of the mappers", lines, records + passed);
                if duplicates + copies == 0 && seal.checksum != reduced.received_checksum {
                    problems.note(format!(
                        "{}: the reducer dropped no row, but what it wrote is not what it received (checksum \
                         {:016x}, not {:016x}): a defect, or the seal was edited; run transform again",
                        self.name, seal.checksum, reduced.received_checksum
                    ));
                }
            } else {
                equal("records = ok + rejected", records, ok + rejected);
                equal("lines = records + blank + headers", lines, records + blank + headers);
            }
        }
    }

    /// A mapper's part against the mapper's seal.
    fn check_mapped(&self, problems: &mut Problems) {
        if self.map.seals == 0 {
            self.check_closed("no seal", problems);
            return;
        }
        self.check_rows(&self.map, problems);
        check_rejects(&self.name, &self.map, &self.shown, problems);
    }

    /// A reducer's part against the reducer's seal.
    fn check_reduced(&self, problems: &mut Problems) {
        if self.reduce.seals == 0 {
            self.check_closed("no reducer's seal", problems);
            return;
        }
        self.check_rows(&self.reduce, problems);
        let duplicates = self.shown.rejected_duplicates();
        let rejects = self.shown.rejected_count() - duplicates;
        let mut compare = |what, says, shows| problems.compare(&self.name, what, says, shows);
        let as_many = compare("duplicates", self.reduce.duplicates, duplicates);
        compare("rejects passed through", self.reduce.passed_rejects, rejects);
        compare("mappers' seals passed through", self.reduce.passed_seals, self.map.seals);
        if as_many {
            let checksums = [self.reduce.duplicate_checksum, self.shown.duplicate_checksum];
            problems.compare_checksums(&self.name, "duplicates", checksums);
        }
    }

    /// A part that no seal closes may only be empty: a reducer without input writes nothing.
    fn check_closed(&self, what: &str, problems: &mut Problems) {
        if self.shown.lines > 0 {
            problems.note(format!(
                "{}: {what} closes its {} lines: the file was cut short or edited after the job; run transform again",
                self.name,
                grouped(self.shown.lines)
            ));
        }
    }

    /// The rows against the seals that close them.
    fn check_rows(&self, seals: &Sum, problems: &mut Problems) {
        let shown = &self.shown;
        problems.compare(&self.name, "ok rows", seals.ok, shown.ok);
        // Another number of rows has another checksum; that is one fault, not two.
        if seals.ok == shown.ok && (seals.bytes, seals.checksum) != (shown.bytes, shown.checksum) {
            problems.note(format!(
                "{}: the rows are not those that were sealed: the seals say {} bytes with checksum {:016x}, the \
                 lines show {} with {:016x}: the file was edited after the job; run transform again",
                self.name,
                grouped(seals.bytes),
                seals.checksum,
                grouped(shown.bytes),
                shown.checksum
            ));
        }
        for (column, total) in &seals.totals {
            let says = total.to_string();
            let found = shown.totals.get(column).map_or_else(String::new, ToString::to_string);
            if found != says {
                problems.note(format!(
                    "{}: the seals say {column} adds up to {says}, the lines show {found}: the file was cut short \
                     or edited after the job; run transform again",
                    self.name
                ));
            }
        }
    }
}

/// The rejects of the mappers: how many by reason and column, and whether they are the same.
fn check_rejects(part: &str, seals: &Sum, shown: &Sum, problems: &mut Problems) {
    let places = [seals, shown].into_iter().flat_map(|sum| &sum.rejected);
    let mut places: Vec<(&str, &str)> = places
        .filter(|(reason, _)| reason.as_str() != DUPLICATE)
        .flat_map(|(reason, columns)| columns.keys().map(move |column| (reason.as_str(), column.as_str())))
        .collect();
    places.sort_unstable();
    places.dedup();
    let mut as_many = true;
    for (reason, column) in places {
        let count = |sum: &Sum| sum.rejected.get(reason).and_then(|columns| columns.get(column)).copied();
        let what = format!("rejects of {}", place(reason, column));
        as_many &= problems.compare(part, &what, count(seals).unwrap_or(0), count(shown).unwrap_or(0));
    }
    // As with rows: another number is one fault, not two.
    if as_many {
        let checksums = [seals, shown].map(Sum::mapped_reject_checksum);
        problems.compare_checksums(part, "rejects", checksums);
    }
}

/// What went into the shuffle against what came out. That rejects and seals were passed on, each part has shown.
fn check_shuffle(all: &Balance, problems: &mut Problems) {
    let Balance { shown, map, reduce, .. } = all;
    if map.ok != reduce.records {
        problems.note(format!(
            "the shuffle: the mappers wrote {} rows, the reducers received {}: a part is lost or there twice; run \
             transform again",
            grouped(map.ok),
            grouped(reduce.records)
        ));
    } else if map.checksum != reduce.received_checksum {
        problems.note(format!(
            "the shuffle: the reducers did not receive the rows that the mappers wrote (checksum {:016x}, not \
             {:016x}): a part is lost and another there twice; run transform again",
            reduce.received_checksum, map.checksum
        ));
    }
    // Where no row was dropped, the two sides say the same of the rows.
    // A total has more than one inner form, so they are compared as they are written.
    let written = |sum: &Sum| -> Vec<String> { sum.totals.values().map(ToString::to_string).collect() };
    let other = map.bytes != reduce.bytes || written(map) != written(reduce);
    if reduce.duplicates + reduce.copies == 0 && other {
        problems.note(
            "the shuffle: no row was dropped, but the seals of mappers and reducers have other bytes or control \
             totals: a defect, or one was edited; run transform again"
                .to_owned(),
        );
    }
    check_rejects("the whole output", map, shown, problems);
}

/// A task by what it read.
fn task(seal: &Seal) -> String {
    match seal.kind {
        Kind::Map if seal.file == "-" => "the mapper at the pipe".to_owned(),
        Kind::Map => format!("the mapper of {} at byte {}", seal.file, grouped(seal.split_start)),
        Kind::Reduce => "the reducer".to_owned(),
    }
}
