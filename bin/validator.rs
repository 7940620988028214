//! Temp lines in, a verdict out: arguments and streams; the work is in `sluicebox::validate`.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use sluicebox::command::Acceptance;
use sluicebox::environment::{self, Progress};
use sluicebox::exit::{Error, Exit, Result, finish};
use sluicebox::input;
use sluicebox::spec::Spec;
use sluicebox::validate::{self, Before, Manifest, Partial, Tally, Terms, Verdict};

/// Holds temp lines against the seals in them, and a run against its manifest and its gates.
///
/// Reads standard input, or the part files that are named, writes the verdict as one line of JSON to standard output
/// and a table of it to standard error.
#[derive(Parser)]
#[command(
    version,
    term_width = 120,
    after_help = "\
Examples:
  mapper --spec sales.toml < sales.csv | validator --spec sales.toml
  validator --manifest manifest.json --previous-rows 9871 out/part-*
  validator --accept max_reject_ratio --reason 'known: region codes of the new shop' < part-00000
  validator --judge --previous-rows 9871 --accept min_rows --reason 'first day' < verdict.json
  hadoop jar hadoop-streaming.jar -D mapreduce.job.reduces=1 -files validator,table.toml,manifest.json \\
    -mapper 'validator --partial' -reducer 'validator --merge --manifest manifest.json' ...

Exit codes: 0 the verdict is pass, 1 a gate failed or the books do not balance, 2 usage or spec, 3 input or
output error (a closed pipe included). With --partial and --merge, 0 whatever the verdict: it speaks."
)]
struct Arguments {
    /// Part files, each held against its own seal, as the job does it; standard input where none is named
    #[arg(value_name = "FILE", conflicts_with_all = ["partial", "merge", "judge"])]
    files: Vec<PathBuf>,
    /// The table spec
    #[arg(long, value_name = "FILE", default_value = "table.toml")]
    spec: PathBuf,
    /// The run's manifest: hold the seals against the files that were landed
    #[arg(long, value_name = "FILE", conflicts_with = "partial")]
    manifest: Option<PathBuf>,
    /// Rows of the version that is published now, for the gate on dropped rows
    #[arg(long, value_name = "N", conflicts_with = "partial")]
    previous_rows: Option<u64>,
    #[command(flatten)]
    acceptance: Acceptance,
    /// Be a map task: read temp lines, write what they show as one line
    #[arg(long, conflicts_with_all = ["merge", "accept"])]
    partial: bool,
    /// Be the reduce task: read what --partial wrote, write the verdict
    #[arg(long)]
    merge: bool,
    /// Read a verdict and judge its gates once more: the books were closed by the job
    #[arg(long, conflicts_with_all = ["partial", "merge", "manifest"])]
    judge: bool,
    /// What the ledger held, to be kept in the verdict: a judgement holds as long as this does
    #[arg(long, value_name = "STATE", requires_all = ["judge", "previous_rows"])]
    ledger: Option<String>,
    /// The run that is published now, to be kept in the verdict
    #[arg(long, value_name = "RUN", requires_all = ["judge", "previous_rows"])]
    previous_run: Option<String>,
}

fn main() -> ExitCode {
    finish("validator", run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<Exit> {
    let accepted = arguments.acceptance.reasons()?;
    let spec = Spec::load(&arguments.spec)?;
    if arguments.partial {
        let mut line = Vec::new();
        tally_stdin(&spec)?.write(&mut line);
        write(&mut line)?;
        return Ok(Exit::Done);
    }
    if arguments.judge {
        let mut verdict = Verdict::read(&read()?)?;
        if let Some(rows) = arguments.previous_rows {
            let (run, ledger) = (arguments.previous_run.clone(), arguments.ledger.clone());
            verdict.judge(&spec.limits, Before { run, rows, ledger });
        }
        verdict.accept(&accepted);
        return speak(&verdict);
    }
    let manifest = arguments.manifest.as_deref().map(Manifest::load).transpose()?;
    let terms = Terms { manifest, previous_rows: arguments.previous_rows.unwrap_or(0), accepted };
    let partials = match (arguments.merge, arguments.files.as_slice()) {
        (true, _) => validate::read_partials(&read()?)?,
        (false, []) => vec![tally_stdin(&spec)?],
        (false, files) => files.iter().map(|file| tally_file(&spec, file)).collect::<Result<_>>()?,
    };
    let verdict = validate::judge(&spec, partials, &terms)?;
    let exit = speak(&verdict)?;
    Ok(if arguments.merge { Exit::Done } else { exit })
}

/// Counts the temp lines on standard input.
fn tally_stdin(spec: &Spec) -> Result<Partial> {
    let split = environment::split();
    let part = split.file.rsplit('/').next().unwrap_or_default().to_owned();
    let name = if part == "-" { "standard input".to_owned() } else { part.clone() };
    tally(spec, io::stdin().lock(), &name, part, split.start)
}

/// Counts the temp lines of a part file.
fn tally_file(spec: &Spec, file: &Path) -> Result<Partial> {
    let name = file.display().to_string();
    let part = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let opened = File::open(file).map_err(Error::io(format!("cannot read {name}")))?;
    tally(spec, opened, &name, part, 0)
}

/// Counts the temp lines of a stream, which is called `name` in messages: `part`, from the byte `start` on.
fn tally(spec: &Spec, from: impl Read, name: &str, part: String, start: u64) -> Result<Partial> {
    let mut tally = Tally::new(spec, environment::tier()?);
    let mut progress = Progress::default();
    input::read_blocks(from, name, |block| {
        tally.feed(block);
        progress.advance(block.len(), || format!("{} lines", tally.lines()));
        Ok(())
    })?;
    progress.finish(|| format!("{} lines", tally.lines()));
    Ok(tally.finish(part, start))
}

/// Reads standard input whole: partials or a verdict, which are small.
fn read() -> Result<Vec<u8>> {
    let mut text = Vec::new();
    io::stdin().lock().read_to_end(&mut text).map_err(Error::io("cannot read standard input"))?;
    Ok(text)
}

/// The verdict for the pipeline, and where a person may read it, the table.
fn speak(verdict: &Verdict) -> Result<Exit> {
    let mut line = Vec::new();
    verdict.write(&mut line);
    write(&mut line)?;
    if !environment::in_hadoop() {
        // stderr may be closed; the verdict is out.
        let _ = io::stderr().write_all(validate::table(verdict).as_bytes());
    }
    Ok(if verdict.passes() { Exit::Done } else { Exit::Failed })
}

fn write(line: &mut Vec<u8>) -> Result<()> {
    environment::drain(line, &mut environment::stdout()?, "standard output")
}
