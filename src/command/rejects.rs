//! `sluicebox rejects`: the quarantine, with the names and the lines that people know.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::environment;
use crate::exit::{Error, Exit, Result};
use crate::hive::REJECT;
use crate::landing::{Manifest, Source};
use crate::locate::{Located, Position, locate};
use crate::output::place;
use crate::record::Reason;
use crate::spec::{Raw, Spec};

/// How many bytes of a record are shown.
const SHOWN: usize = 1000;

/// Show quarantined records, each behind its file, its line and its reason
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The landed files that --needed names come on standard input, one behind the other. What has no place in a file is shown
as it stands in quarantine, under `-`.")]
pub struct Arguments {
    /// The run's spec
    #[arg(long, value_name = "FILE")]
    spec: PathBuf,
    /// The run's manifest
    #[arg(long, value_name = "FILE")]
    manifest: PathBuf,
    /// What beeline printed for `sluicebox hql rejects`
    #[arg(long, value_name = "FILE")]
    described: PathBuf,
    /// Print the names of the landed files to read, and nothing else
    #[arg(long)]
    needed: bool,
    /// Write the records to a file of their own, to be mended: as they stood in their files, with the header
    #[arg(long, value_name = "FILE", conflicts_with = "needed")]
    export: Option<PathBuf>,
}

/// A row of the quarantine.
struct Reject {
    /// Reason and column, as people read them.
    what: String,
    reason: String,
    /// The landed file, where the row has a place in one.
    place: Option<(String, Position)>,
    raw: Vec<u8>,
    duplicate_of: String,
}

/// Shows them.
///
/// # Errors
/// Where Hive's answer, the manifest and the landed files don't fit together.
pub fn run(arguments: &Arguments) -> Result<Exit> {
    let spec = Spec::load(&arguments.spec)?;
    let manifest = Manifest::load(&arguments.manifest)?;
    let rejects = read(&super::read(&arguments.described)?)?;
    let mut wanted: BTreeMap<&str, BTreeSet<Position>> = BTreeMap::new();
    for (landed, position) in rejects.iter().filter_map(|reject| reject.place.as_ref()) {
        wanted.entry(landed).or_default().insert(*position);
    }
    if arguments.needed {
        let names: Vec<&str> = wanted.into_keys().chain([""]).collect();
        return super::print(names.join("\n").trim_start());
    }
    if arguments.export.is_some() && spec.raw != Raw::Keep {
        return Err(Error::Usage(
            "the spec keeps raw lines out of the quarantine, so they are not written to a file either; take the lines \
             that are shown from the sources"
                .to_owned(),
        ));
    }
    let (found, header) = find(&spec, &manifest, &wanted)?;
    let mut lines = Vec::new();
    for reject in &rejects {
        let at = reject.place.as_ref().and_then(|(landed, position)| {
            let (source, records) = found.get(landed.as_str())?;
            records.get(position).map(|located| (*source, located))
        });
        lines.push((at, reject));
    }
    // In the order of the files; what has no place comes last.
    lines.sort_by_key(|(at, _)| {
        at.map_or((true, "", 0), |(source, located)| (false, source.source.as_str(), located.line))
    });
    if let Some(path) = &arguments.export {
        return export(path, header.as_deref(), &lines);
    }
    let mut out = Vec::new();
    for (at, reject) in lines {
        let place =
            at.map_or("-".to_owned(), |(source, located)| format!("{}:{}", source.source, located.line));
        out.extend_from_slice(format!("{place}: {}: ", reject.what).as_bytes());
        // A duplicate's is its cleaned row; else the file has what the quarantine may show as U+FFFD.
        let shown = match at {
            Some((_, located)) if spec.raw == Raw::Keep && reject.reason != Reason::Duplicate.name() => {
                &located.bytes
            }
            _ => &reject.raw,
        };
        // Whole records are for --export.
        out.extend_from_slice(&shown[..shown.len().min(SHOWN)]);
        if shown.len() > SHOWN {
            out.extend_from_slice(format!("… ({} bytes)", shown.len()).as_bytes());
        }
        if !reject.duplicate_of.is_empty() {
            out.extend_from_slice(format!("   (held by {})", reject.duplicate_of).as_bytes());
        }
        out.push(b'\n');
    }
    environment::drain(&mut out, &mut environment::stdout()?, "standard output")?;
    Ok(Exit::Done)
}

/// Hive's rows, behind their marks.
fn read(answer: &str) -> Result<Vec<Reject>> {
    let row = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [reason, column, file, start, record, raw, duplicate_of] = fields[..] else { return None };
        let landed = file.rsplit('/').next().filter(|name| !name.is_empty());
        Some(Reject {
            what: place(reason, column),
            reason: reason.to_owned(),
            place: landed
                .and_then(|landed| Some((landed.to_owned(), (start.parse().ok()?, record.parse().ok()?)))),
            raw: STANDARD.decode(raw.trim()).ok()?,
            duplicate_of: duplicate_of.trim_end().to_owned(),
        })
    };
    answer
        .lines()
        .filter_map(|line| line.strip_prefix(REJECT)?.strip_prefix('\t'))
        .map(|line| row(line).ok_or_else(|| Error::Input(format!("\"{line}\" is no row of the quarantine"))))
        .collect()
}

type Found<'m> = BTreeMap<&'m str, (&'m Source, BTreeMap<Position, Located>)>;

/// Looks for the records in the landed files on standard input; with the header of the first that has one.
fn find<'m>(
    spec: &Spec,
    manifest: &'m Manifest,
    wanted: &BTreeMap<&str, BTreeSet<Position>>,
) -> Result<(Found<'m>, Option<Vec<u8>>)> {
    let (mut found, mut header) = (BTreeMap::new(), None);
    let mut landed = io::stdin().lock();
    for (name, positions) in wanted {
        let source = manifest.files.iter().find(|file| file.landed == *name).ok_or_else(|| {
            Error::Input(format!(
                "the quarantine has records of {name}, which the run's manifest does not list"
            ))
        })?;
        let mut file = landed.by_ref().take(source.size);
        let places = locate(spec, &source.source, &mut file, positions)?;
        if places.records.len() < positions.len() {
            return Err(Error::Input(format!(
                "{} ({name}) has not all the records that the quarantine has of it; are both of this run?",
                source.source
            )));
        }
        // gzip's reader may stop before the end.
        io::copy(&mut file, &mut io::sink()).map_err(Error::io("cannot read what was landed"))?;
        header = header.or(places.header);
        found.insert(source.landed.as_str(), (source, places.records));
    }
    Ok((found, header))
}

/// Writes records to be mended. A duplicate is nothing to mend, and of a record that is too long there is but a part.
fn export(
    path: &PathBuf,
    header: Option<&[u8]>,
    lines: &[(Option<(&Source, &Located)>, &Reject)],
) -> Result<Exit> {
    let mut text = Vec::new();
    if let Some(line) = header {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    let (mut written, mut left) = (0_u64, 0_u64);
    for (at, reject) in lines {
        match at {
            Some((_, located)) if !located.cut && reject.reason != Reason::Duplicate.name() => {
                text.extend_from_slice(&located.bytes);
                text.push(b'\n');
                written += 1;
            }
            _ => left += 1,
        }
    }
    std::fs::write(path, text).map_err(Error::writing(path))?;
    let rest = if left == 0 {
        String::new()
    } else {
        format!(
            "; {left} left out, for duplicates have nothing to mend and a record that is too long is not whole here"
        )
    };
    super::print(&format!("{written} records written to {}{rest}\n", path.display()))
}
