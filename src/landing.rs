//! Landing: what the sources are, before a byte of them is moved.
//!
//! A source is read once, whole: its size, its SHA-256, its lines as Hadoop will cut them, its header. All that goes
//! into the manifest, which the audit holds the job's seals against, and into the run's id.

mod delivery;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::environment::Progress;
use crate::exit::{Error, Result};
use crate::input::{self, Boms, Cutter, Line};
use crate::record::Judge;
use crate::spec::Spec;
use crate::task::drift;
use delivery::Delivery;

/// What a run is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The gold table.
    pub table: String,
    /// The partition's value.
    pub date: String,
    /// The run's id: the date and a hash of all that follows.
    pub run: String,
    /// The program's version.
    pub program: String,
    /// SHA-256 of the spec's meaning and of the files it names.
    pub spec: String,
    /// The sources, by name.
    pub files: Vec<Source>,
}

/// One source file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its own name, with as many of its folders as tell it from the others.
    pub source: String,
    /// Where it was read: a corrected file is the same one by its place. No part of the run's id.
    pub path: String,
    /// Its name in the run's `landed` directory: plain, numbered, with the ending that its content asks for.
    pub landed: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of those, as `sha256sum` prints it.
    pub sha256: String,
    /// Lines, as Hadoop's reader cuts them (of the decompressed text).
    pub lines: u64,
}

/// Why sources are not landed.
#[derive(Debug)]
pub enum Refusal {
    /// A file may still be on its way: it is not there, or not what its sender says.
    Early(Error),
    /// What waiting does not mend.
    Final(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(..) | Error::Input(_) => Self::Early(error),
            _ => Self::Final(error),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Early(error) | Refusal::Final(error) => error,
        }
    }
}

/// A source that is there.
#[derive(Debug)]
struct Found<'s> {
    /// As it was given.
    path: &'s Path,
    real: PathBuf,
    delivery: Delivery,
}

/// A source that was read, and where it is.
#[derive(Debug)]
struct Inspected {
    path: PathBuf,
    gzip: bool,
    size: u64,
    sha256: String,
    lines: u64,
}

/// Files that look like a table to nobody but the program that wrote them: their first bytes, and what to do.
const FOREIGN: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "a zip archive or a spreadsheet; unpack it or export it as CSV"),
    (b"BZh", "compressed with bzip2; unpack it, or pack it with gzip"),
    (b"\xfd7zXZ", "compressed with xz; unpack it, or pack it with gzip"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd; unpack it, or pack it with gzip"),
    (b"\xff\xfe", "UTF-16; convert it with iconv -f UTF-16 -t UTF-8"),
    (b"\xfe\xff", "UTF-16; convert it with iconv -f UTF-16 -t UTF-8"),
    (b"%PDF", "a PDF; export the table as CSV"),
    (b"PAR1", "Parquet; export the table as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook; export it as CSV"),
];

/// Reads the sources and makes a run's manifest. `base` is the manifest that `--add` goes on from.
///
/// Returns it with the paths of the new files, in the order of the manifest; those of `base` have none.
///
/// # Errors
/// A source that can't be read, is given twice, is no text or not what its sender says; a header that drifted.
pub fn manifest(
    spec: &Spec,
    spec_path: &Path,
    date: &str,
    sources: &[PathBuf],
    base: Option<&Manifest>,
) -> std::result::Result<(Manifest, Vec<Option<PathBuf>>), Refusal> {
    check_date(date)?;
    // All of them first: reading one may take minutes, and the last may be missing.
    let found = find(sources)?;
    let mut inspected = found
        .into_iter()
        .map(|source| inspect(spec, source))
        .collect::<std::result::Result<Vec<_>, Refusal>>()?;
    let kept = base.map_or(&[][..], |base| &base.files);
    // What is in the published version already is not added again, so that the same command can be repeated.
    // The same bytes from another place are another file, and are landed.
    let place = |new: &Inspected| new.path.to_string_lossy().into_owned();
    inspected.retain(|new| kept.iter().all(|old| old.sha256 != new.sha256 || old.path != place(new)));
    let taken: Vec<&str> = kept.iter().map(|file| file.source.as_str()).collect();
    let names = names(&inspected, &taken);
    let mut files: Vec<(Source, Option<PathBuf>)> = kept.iter().map(|file| (file.clone(), None)).collect();
    let mut new: Vec<(String, Inspected)> = names.into_iter().zip(inspected).collect();
    new.sort_by(|(left, a), (right, b)| (left, &a.sha256).cmp(&(right, &b.sha256)));
    for (source, file) in new {
        let end = if file.gzip { "csv.gz" } else { "csv" };
        let landed = format!("{:05}.{end}", files.len());
        let Inspected { path, size, sha256, lines, .. } = file;
        let place = path.to_string_lossy().into_owned();
        files.push((Source { source, path: place, landed, size, sha256, lines }, Some(path)));
    }
    let (files, paths): (Vec<Source>, Vec<Option<PathBuf>>) = files.into_iter().unzip();
    let mut manifest = Manifest {
        table: spec.name.clone(),
        date: date.to_owned(),
        run: String::new(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        spec: spec_hash(spec, spec_path)?,
        files,
    };
    manifest.run = run_id(&manifest);
    Ok((manifest, paths))
}

/// Lays a run out in an empty local folder as it will stand on the cluster: the manifest, the spec with what it
/// names, and the sources under their landed names (as links: nothing is copied twice).
///
/// # Errors
/// What the file system refuses.
pub fn stage(
    spec: &Spec,
    spec_path: &Path,
    manifest: &Manifest,
    paths: &[Option<PathBuf>],
    into: &Path,
) -> Result<()> {
    let (landed, spec_folder) = (into.join("landed"), into.join("spec"));
    for folder in [&landed, &spec_folder] {
        std::fs::create_dir_all(folder).map_err(Error::writing(folder))?;
    }
    for (file, path) in manifest.files.iter().zip(paths) {
        if let Some(path) = path {
            let link = landed.join(&file.landed);
            std::os::unix::fs::symlink(path, &link).map_err(Error::writing(&link))?;
        }
    }
    let mut files = companions(spec, spec_path)?;
    let own = std::fs::read(spec_path).map_err(Error::reading(spec_path))?;
    files.push(("table.toml".to_owned(), own));
    for (name, content) in files {
        let path = spec_folder.join(name);
        std::fs::write(&path, content).map_err(Error::writing(&path))?;
    }
    let path = into.join("manifest.json");
    // Strings and numbers: it can't fail.
    let json = serde_json::to_string_pretty(manifest).unwrap_or_default() + "\n";
    std::fs::write(&path, json).map_err(Error::writing(&path))
}

impl Manifest {
    /// Reads a manifest file.
    ///
    /// # Errors
    /// Where it can't be read, or is none.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read(path).map_err(Error::reading(path))?;
        serde_json::from_slice(&text)
            .map_err(|error| Error::Input(format!("{} is no manifest of a run: {error}", path.display())))
    }
}

/// The sources whose bytes are another's, too, by name and in groups: one export may have been given twice.
///
/// Files without a byte have no rows to land twice.
#[must_use]
pub fn alike(run: &Manifest) -> Vec<Vec<&str>> {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in run.files.iter().filter(|file| file.size > 0) {
        groups.entry(&file.sha256).or_default().push(&file.source);
    }
    groups.into_values().filter(|names| names.len() > 1).collect()
}

/// The new files of a run whose place held other bytes when it was published, each by its published name: their rows are
/// landed beside those. `paths` are those of the new files, as [`manifest`] returned them.
#[must_use]
pub fn changed<'m>(run: &'m Manifest, paths: &[Option<PathBuf>]) -> Vec<&'m str> {
    let (new, kept): (Vec<_>, Vec<_>) = run.files.iter().zip(paths).partition(|(_, path)| path.is_some());
    let before = |new: &Source| kept.iter().find(|(old, _)| old.path == new.path);
    new.iter().filter_map(|(new, _)| before(new)).map(|(old, _)| old.source.as_str()).collect()
}

/// The sources of the published version that a run leaves out: neither their content nor their place is in it.
#[must_use]
pub fn left_out<'m>(published: &'m Manifest, run: &Manifest) -> Vec<&'m str> {
    // One to one: of two published files with the same bytes, one new file stands for one.
    let mut new: Vec<&Source> = run.files.iter().collect();
    let mut old: Vec<&Source> = published.files.iter().collect();
    for same in [|a: &Source, b: &Source| a.path == b.path, |a: &Source, b: &Source| a.sha256 == b.sha256] {
        old.retain(|old| match new.iter().position(|new| same(new, old)) {
            Some(at) => {
                new.swap_remove(at);
                false
            }
            None => true,
        });
    }
    old.into_iter().map(|file| file.source.as_str()).collect()
}

/// The files beside the spec that it names, with their content.
///
/// # Errors
/// One that can't be read.
pub fn companions(spec: &Spec, spec_path: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let folder = spec_path.parent().unwrap_or(Path::new(""));
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for gold in &spec.gold {
        if files.iter().all(|(name, _)| *name != gold.query) {
            let path = folder.join(&gold.query);
            let content = std::fs::read(&path).map_err(Error::io(format!(
                "cannot read {}, the query of {}",
                path.display(),
                gold.name
            )))?;
            files.push((gold.query.clone(), content));
        }
    }
    Ok(files)
}

/// Reads the landed files, one behind the other in the manifest's order, and holds each against it.
///
/// # Errors
/// Where one differs: `Input`, naming it.
pub fn verify(manifest: &Manifest, mut landed: impl Read) -> Result<()> {
    for file in &manifest.files {
        let mut hash = Sha256::new();
        let mut part = landed.by_ref().take(file.size);
        let mut length = 0;
        input::read_blocks(&mut part, "what was landed", |block| {
            hash.update(block);
            length += block.len() as u64;
            Ok(())
        })?;
        if length != file.size || hex(&hash.finalize()) != file.sha256 {
            return Err(Error::Input(format!(
                "{} did not arrive as {}: it changed while it was read, or the upload failed; run again",
                file.source, file.landed
            )));
        }
    }
    let more = landed.read(&mut [0]).map_err(Error::io("cannot read what was landed"))?;
    if more > 0 {
        return Err(Error::Input("more was landed than the manifest lists; run again".to_owned()));
    }
    Ok(())
}

/// A calendar day, as the partition's value is written.
fn check_date(date: &str) -> Result<()> {
    let shape: Vec<bool> = date.bytes().map(|byte| byte.is_ascii_digit()).collect();
    let iso = shape.len() == 10 && (0..10).all(|at| shape[at] == (at != 4 && at != 7));
    if iso && date.parse::<chrono::NaiveDate>().is_ok() {
        return Ok(());
    }
    Err(Error::Usage(format!("--date {date} is no day; write it as YYYY-MM-DD, such as 2026-11-21")))
}

/// The sources that are to be read, without what comes with them; each is there, and may be read.
fn find(sources: &[PathBuf]) -> std::result::Result<Vec<Found<'_>>, Refusal> {
    let companions = delivery::companions(sources);
    let mut found = Vec::with_capacity(sources.len());
    let mut seen = BTreeSet::new();
    for path in sources {
        let real = path.canonicalize().map_err(Error::reading(path))?;
        let comes_with_another = companions.contains(&delivery::place(path));
        if !comes_with_another && !seen.insert(real.clone()) {
            return Err(
                Error::Usage(format!("{} is given twice; name each file once", path.display())).into()
            );
        }
        // Before it is opened: that would wait for a writer where it is a pipe.
        let kind = std::fs::metadata(&real).map_err(Error::reading(path))?.file_type();
        if !kind.is_file() {
            let what = format!("{} is not a file; name the files themselves", path.display());
            return Err(Error::Usage(what).into());
        }
        let file = File::open(&real).map_err(Error::reading(path))?;
        if comes_with_another {
            continue;
        }
        let mut head = [0; 8];
        let length = file.read_at(&mut head, 0).map_err(Error::reading(path))?;
        if let Some((_, what)) = FOREIGN.iter().find(|(magic, _)| head[..length].starts_with(magic)) {
            return Err(Refusal::Final(Error::Input(format!("{} is {what}", path.display()))));
        }
        found.push(Found { path, real, delivery: Delivery::of(path)? });
    }
    Ok(found)
}

/// Reads one source whole.
fn inspect(spec: &Spec, source: Found) -> std::result::Result<Inspected, Refusal> {
    let Found { path, real, delivery } = source;
    let name = path.display().to_string();
    let file = File::open(&real).map_err(Error::reading(path))?;
    let mut hashed = Hashed { file, hash: Sha256::new(), size: 0 };
    let mut judge = Judge::new(spec);
    let mut cutter = Cutter::new(spec.input.max_record_bytes, Boms::All);
    let (mut lines, mut records) = (0_u64, 0_u64);
    let mut take = |line: Line| {
        lines += 1;
        if lines == 1 && spec.input.header && (line.too_long || !judge.is_header_line(line.bytes)) {
            return Err(drift(spec, &name, line.bytes));
        }
        if delivery.counts() {
            let header = spec.input.header && !line.too_long && judge.is_header_line(line.bytes);
            records += u64::from(line.too_long || !(line.bytes.is_empty() || header));
        }
        Ok(())
    };
    let mut stream = input::open(&mut hashed, true).map_err(Error::reading(path))?;
    let gzip = stream.is_gzip();
    let mut progress = Progress::default();
    input::read_blocks(&mut stream, &name, |block| {
        progress.advance(block.len(), || name.clone());
        cutter.feed(block, &mut take)
    })?;
    cutter.finish(&mut take)?;
    progress.clear();
    if stream.is_padded() {
        return Err(Refusal::Final(Error::Input(format!(
            "{name} has zeros behind its gzip data, which Hadoop can't read; write it anew: gzip -dc FILE | gzip > NEW.gz"
        ))));
    }
    drop(stream);
    let sha256 = hex(&hashed.hash.finalize());
    delivery.check(&name, records, &sha256)?;
    Ok(Inspected { path: real, gzip, size: hashed.size, sha256, lines })
}

/// A file that is hashed as it is read.
struct Hashed {
    file: File,
    hash: Sha256,
    size: u64,
}

impl Read for &mut Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.hash.update(&buffer[..length]);
        self.size += length as u64;
        Ok(length)
    }
}

/// The shortest ends of the paths that tell the files from each other and from those taken.
fn names(files: &[Inspected], taken: &[&str]) -> Vec<String> {
    let end = |path: &Path, parts: usize| {
        let all: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        all[all.len().saturating_sub(parts)..].join("/")
    };
    files
        .iter()
        .map(|file| {
            let most = file.path.components().count();
            let alone = |parts: &usize| {
                let name = end(&file.path, *parts);
                let others = files.iter().filter(|other| other.path != file.path);
                others.into_iter().all(|other| end(&other.path, *parts) != name)
                    && !taken.contains(&name.as_str())
            };
            end(&file.path, (1..most).find(alone).unwrap_or(most))
        })
        .collect()
}

fn spec_hash(spec: &Spec, spec_path: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    hash.update(spec.meaning.as_bytes());
    for (name, content) in companions(spec, spec_path)? {
        // Lengths keep one field from running into the next.
        hash.update(format!("\n{}:{name}\n{}:", name.len(), content.len()));
        hash.update(&content);
    }
    Ok(hex(&hash.finalize()))
}

fn run_id(manifest: &Manifest) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{}\n{}\n{}\n{}", manifest.program, manifest.table, manifest.date, manifest.spec));
    let mut files: Vec<&Source> = manifest.files.iter().collect();
    files.sort_by(|left, right| (&left.source, &left.sha256).cmp(&(&right.source, &right.sha256)));
    for file in files {
        hash.update(format!("\n{}:{}\n{}\n{}", file.source.len(), file.source, file.size, file.sha256));
    }
    format!("{}-{}", manifest.date, &hex(&hash.finalize())[..8])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
