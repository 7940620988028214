//! Times from starting a command to the first byte that it writes, or to the end of its output where it writes none.
//!
//! A shell and an interpreter are too coarse for this: what they take to start a command is what is to be measured.

use std::fs;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

const HELP: &str = "\
Times from starting a command to the first byte of its output, in microseconds.

Usage: start RUNS INPUT ENDS NAME COMMAND [ARGUMENT...]

Starts COMMAND so often, each time with the bytes of the file INPUT in a pipe (at most 64 KiB). ENDS is `ends` where the
pipe is closed behind them and `stays` where it stays open until the first byte has come. Prints, separated by TABs: NAME,
ENDS, the fastest start, the median, and the one that 9 of 10 starts are not slower than.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [runs, input, ends, name, command, rest @ ..] = arguments.as_slice() else {
        eprintln!("{HELP}");
        return ExitCode::from(2);
    };
    match measure(runs.parse().unwrap_or(1), input, ends == "ends", command, rest) {
        Ok(mut times) => {
            times.sort_unstable();
            let at = |part: usize| times[(times.len() - 1) * part / 10].as_micros();
            println!("{name}\t{ends}\t{}\t{}\t{}", at(0), at(5), at(9));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("start: {command}: {error}");
            ExitCode::from(3)
        }
    }
}

/// How long each start took.
fn measure(
    runs: usize,
    input: &str,
    ends: bool,
    command: &str,
    arguments: &[String],
) -> io::Result<Vec<Duration>> {
    let input = fs::read(input)?;
    (0..runs.max(1)).map(|_| start(&input, ends, command, arguments)).collect()
}

fn start(input: &[u8], ends: bool, command: &str, arguments: &[String]) -> io::Result<Duration> {
    let (stdin, feed): (PipeReader, PipeWriter) = io::pipe()?;
    (&feed).write_all(input)?;
    let open = (!ends).then_some(feed);
    let started = Instant::now();
    let mut child = Command::new(command).args(arguments).stdin(stdin).stdout(Stdio::piped()).spawn()?;
    let mut out = child.stdout.take().expect("it is piped");
    let first = out.read(&mut [0])?;
    let took = started.elapsed();
    drop(open);
    io::copy(&mut out, &mut io::sink())?;
    // `true` has nothing to say and is no failure; a command that should have spoken is.
    if !child.wait()?.success() {
        return Err(io::Error::other(format!("it failed after {first} bytes")));
    }
    Ok(took)
}
