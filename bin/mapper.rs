//! Source lines in, temp lines out: arguments and streams; the work is in `sluicebox::task`.

use std::fmt::Write;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use sluicebox::environment::{self, Progress};
use sluicebox::exit::{Error, Exit, Result, finish};
use sluicebox::input;
use sluicebox::output::{Seal, place};
use sluicebox::spec::Spec;
use sluicebox::task::{Mode, Sink, Task, stream_name};

/// Cleans source lines into temp lines: rows, rejects with their reason, and a seal.
///
/// Reads standard input (plain or gzip), writes standard output.
#[derive(Parser)]
#[command(
    version,
    term_width = 120,
    after_help = "\
Examples:
  cat sales.csv | mapper --spec sales.toml                     temp lines, as a job writes them
  mapper --spec sales.toml --rejects bad.tsv < sales.csv       plain rows; rejects in bad.tsv
  mapper --spec sales.toml --rejects fail < sales.csv          stop at the first reject
  mapper --keyed < sales.csv | LC_ALL=C sort | reducer         what map and reduce do, by hand
  hadoop jar hadoop-streaming.jar -files mapper,table.toml -mapper mapper ...

Exit codes: 0 done, 1 --rejects fail met a reject, 2 usage or spec, 3 input or output error (a closed
pipe included), 4 the header is not the spec's."
)]
struct Arguments {
    /// The table spec
    #[arg(long, value_name = "FILE", default_value = "table.toml")]
    spec: PathBuf,
    /// Write lines for the shuffle, under the spec's [dedup] key
    #[arg(long)]
    keyed: bool,
    /// Write keyed lines under this column, for `reducer --aggregate`
    #[arg(long, value_name = "COLUMN", conflicts_with = "keyed")]
    aggregate: Option<String>,
    /// Write rejects to FILE and plain rows (no status, no seal) to standard output; `fail` stops at the first
    #[arg(long, value_name = "FILE|fail", conflicts_with_all = ["keyed", "aggregate"])]
    rejects: Option<PathBuf>,
    /// The stream has no header line
    #[arg(long)]
    no_header: bool,
}

/// How much is judged before the output's size is looked at: a short line can become a long reject.
const FEED: usize = 16 * 1024;

fn main() -> ExitCode {
    finish("mapper", run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<Exit> {
    let spec = Spec::load(&arguments.spec)?;
    let mode = mode(arguments, &spec)?;
    let tier = environment::tier()?;
    let mut rejects = match &arguments.rejects {
        Some(path) if mode == Mode::Plain => Some(Rejects::open(path, &arguments.spec)?),
        _ => None,
    };
    let mut out = environment::stdout()?;
    let split = environment::split();
    let file = split.file.clone();
    let mut task = Task::new(&spec, split, mode, arguments.no_header, tier);
    let mut sink = Sink::default();
    let mut progress = Progress::default();

    let mut write = |sink: &mut Sink, header_fits: bool| {
        environment::drain(&mut sink.out, &mut out, "standard output")?;
        match &mut rejects {
            Some(rejects) if header_fits => rejects.write(&mut sink.rejects),
            _ => Ok(()),
        }
    };
    let stdin = io::stdin().lock();
    environment::widen(&stdin);
    let name = stream_name(&file);
    let stream =
        input::open(stdin, !environment::in_hadoop()).map_err(Error::io(format!("cannot read {name}")))?;
    input::read_blocks(stream, name, |block| {
        for part in block.chunks(FEED) {
            let fed = task.feed(part, &mut sink);
            // What was judged before an error is written first, so that nothing good is held back.
            if fed.is_err() || sink.out.len().max(sink.rejects.len()) > input::BLOCK {
                write(&mut sink, fed.is_ok())?;
            }
            fed?;
        }
        write(&mut sink, task.books().lines > 0)?;
        progress.advance(block.len(), || format!("{} records", task.books().records));
        Ok(())
    })?;
    let seal = task.finish(&mut sink);
    write(&mut sink, seal.is_ok())?;
    let seal = seal?;
    report(&seal);
    progress.finish(|| summary(&seal));
    Ok(Exit::Done)
}

/// The file that rejects go to. What stands in it from before is there until the header was found to fit.
struct Rejects<'p> {
    file: File,
    path: &'p Path,
    emptied: bool,
}

impl<'p> Rejects<'p> {
    fn open(path: &'p Path, spec: &Path) -> Result<Self> {
        refuse_own_stream(path, spec)?;
        let file = File::options().write(true).create(true).truncate(false).open(path);
        Ok(Self { file: file.map_err(Error::writing(path))?, path, emptied: false })
    }

    /// Writes and empties a buffer, behind nothing that was there before.
    fn write(&mut self, rejects: &mut Vec<u8>) -> Result<()> {
        // A pipe and a device have nothing to take away.
        if !std::mem::replace(&mut self.emptied, true) && self.file.metadata().is_ok_and(|is| is.is_file()) {
            self.file.set_len(0).map_err(Error::writing(self.path))?;
        }
        environment::drain(rejects, &mut self.file, &self.path.display().to_string())
    }
}

/// The rejects' file is emptied, and that must not be what is still to be read, or the log that others append to; and
/// rows written to the same file would overwrite rejects.
fn refuse_own_stream(path: &Path, spec: &Path) -> Result<()> {
    let Ok(rejects) = std::fs::metadata(path) else { return Ok(()) };
    let opened = |fd: BorrowedFd| fd.try_clone_to_owned().and_then(|fd| File::from(fd).metadata());
    let used = [
        opened(io::stdin().as_fd()),
        opened(io::stdout().as_fd()),
        opened(io::stderr().as_fd()),
        std::fs::metadata(spec),
    ];
    let same = |other: std::fs::Metadata| (other.dev(), other.ino()) == (rejects.dev(), rejects.ino());
    if rejects.is_file() && used.into_iter().flatten().any(same) {
        let message = format!("--rejects {} is what is read or written; name another file", path.display());
        return Err(Error::Usage(message));
    }
    Ok(())
}

fn mode(arguments: &Arguments, spec: &Spec) -> Result<Mode> {
    if let Some(name) = &arguments.aggregate {
        return spec.group_column(name).map(|column| Mode::Keyed(Some(column)));
    }
    match &arguments.rejects {
        Some(path) if path == Path::new("fail") => Ok(Mode::Fail),
        Some(_) => Ok(Mode::Plain),
        None if !arguments.keyed => Ok(Mode::Temp),
        None if spec.dedup.is_some() => Ok(Mode::Keyed(None)),
        None => Err(Error::Usage(format!(
            "--keyed needs a key, and {} has no [dedup]; add [dedup] key = [...], or leave --keyed away",
            arguments.spec.display()
        ))),
    }
}

fn report(seal: &Seal) {
    let reasons: Vec<(String, u64)> = seal
        .rejected
        .iter()
        .map(|(reason, columns)| (format!("rejected_{reason}"), columns.values().sum()))
        .collect();
    let mut counters = vec![
        ("lines", seal.lines),
        ("records", seal.records),
        ("ok", seal.ok),
        ("rejected", seal.rejected_count()),
        ("replaced", seal.replaced.values().sum()),
        ("blank", seal.blank),
        ("headers", seal.headers),
    ];
    counters.extend(reasons.iter().map(|(name, count)| (name.as_str(), *count)));
    environment::report_counters(&counters);
}

fn summary(seal: &Seal) -> String {
    let mut text = format!("{} records = {} ok + {} rejected", seal.records, seal.ok, seal.rejected_count());
    for (reason, columns) in &seal.rejected {
        for (column, count) in columns {
            let _ = write!(text, "\n  {} {count}", place(reason, column));
        }
    }
    text
}
