//! What surrounds a program: Hadoop's task environment, its counters, and the terminal of a person.

use std::env;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use crate::exit::{Error, Result};
use crate::input::BLOCK;
use crate::scan::Tier;
use crate::task::Split;

/// A job property as Hadoop Streaming hands it to a task: dots become underscores.
fn property(name: &str) -> Option<String> {
    env::var_os(name).map(|value| value.to_string_lossy().into_owned()).filter(|value| !value.is_empty())
}

/// Whether this is a task attempt of Hadoop's.
#[must_use]
pub fn in_hadoop() -> bool {
    property("mapreduce_task_attempt_id").or_else(|| property("mapred_task_id")).is_some()
}

/// The folder in which all of a job's files lie, as Hadoop names them; empty where the job does not say it.
#[must_use]
pub fn folder() -> String {
    property("sluicebox_folder").unwrap_or_default()
}

/// The split of a map task; standard input where there is no task.
#[must_use]
pub fn split() -> Split {
    let number = |name: &str| property(name).and_then(|value| value.parse::<u64>().ok());
    match property("mapreduce_map_input_file").or_else(|| property("map_input_file")) {
        Some(file) => {
            let start = number("mapreduce_map_input_start").or_else(|| number("map_input_start"));
            Split {
                // A line end in a file's name must not end a temp line.
                file: file.replace('\n', "%0A").replace('\r', "%0D"),
                folder: folder(),
                start: start.unwrap_or(0),
                length: number("mapreduce_map_input_length").or_else(|| number("map_input_length")),
                // Without a start nothing says that the split begins the file.
                begins_file: start == Some(0),
            }
        }
        None => Split { begins_file: !in_hadoop(), ..Split::stdin() },
    }
}

/// The tier that `SLUICEBOX_TIER` forces; the fastest of this machine where it is not set.
///
/// # Errors
/// Where this machine has no such tier.
pub fn tier() -> Result<Tier> {
    property("SLUICEBOX_TIER").map_or_else(|| Ok(Tier::best()), |name| Tier::parse(&name))
}

/// Standard output without the line buffering that the standard library puts before it.
///
/// # Errors
/// Where it is closed.
pub fn stdout() -> Result<File> {
    let owned =
        io::stdout().as_fd().try_clone_to_owned().map_err(Error::io("cannot write to standard output"))?;
    widen(&owned);
    Ok(File::from(owned))
}

/// Makes a stream's pipe hold as much as is read at once, where it is a pipe and holds less: the programs at its two ends
/// then wait for each other less often. What can't be widened works as it is. It is no more than that, because the pipes
/// of a user share a limit, and a machine runs many tasks.
pub fn widen(stream: impl AsFd) {
    #[cfg(target_os = "linux")]
    {
        use rustix::pipe::{fcntl_getpipe_size, fcntl_setpipe_size};
        if fcntl_getpipe_size(&stream).is_ok_and(|size| size < BLOCK) {
            let _ = fcntl_setpipe_size(&stream, BLOCK);
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = stream;
}

/// Writes and empties a buffer.
///
/// # Errors
/// A closed pipe or a full disk.
pub fn drain(buffer: &mut Vec<u8>, to: &mut File, what: &str) -> Result<()> {
    to.write_all(buffer).map_err(|error| Error::Io(format!("cannot write to {what}"), error))?;
    buffer.clear();
    Ok(())
}

/// Reports counters, in Hadoop's way and only there. Zeros are left out: a job has few counters to spend.
pub fn report_counters(counters: &[(&str, u64)]) {
    if !in_hadoop() {
        return;
    }
    let mut text = String::new();
    for (name, count) in counters.iter().filter(|(_, count)| *count > 0) {
        let _ = writeln!(text, "reporter:counter:sluicebox,{name},{count}");
    }
    let _ = io::stderr().write_all(text.as_bytes());
}

/// A progress line for a person at a terminal; silent anywhere else.
#[derive(Debug)]
pub struct Progress {
    shown: Option<Instant>,
    since: Instant,
    bytes: u64,
    visible: bool,
}

impl Default for Progress {
    fn default() -> Self {
        let visible = io::stderr().is_terminal() && !in_hadoop();
        Self { shown: None, since: Instant::now(), bytes: 0, visible }
    }
}

impl Progress {
    /// Counts bytes read and, twice a second, shows how far the work is.
    pub fn advance(&mut self, bytes: usize, what: impl FnOnce() -> String) {
        self.bytes += bytes as u64;
        if self.visible && self.shown.unwrap_or(self.since).elapsed() > Duration::from_millis(500) {
            self.shown = Some(Instant::now());
            let _ = write!(io::stderr(), "\r\x1b[K{} read, {}", size(self.bytes), what());
        }
    }

    /// Takes the progress line away.
    pub fn clear(&self) {
        if self.visible && self.shown.is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }

    /// Takes the progress line away and leaves a summary in its place.
    pub fn finish(&self, summary: impl FnOnce() -> String) {
        if self.visible {
            let start = if self.shown.is_some() { "\r\x1b[K" } else { "" };
            let time = self.since.elapsed().as_secs_f64();
            let _ = writeln!(io::stderr(), "{start}{} read in {time:.1} s: {}", size(self.bytes), summary());
        }
    }
}

/// A number of bytes for people.
#[must_use]
#[allow(clippy::cast_precision_loss)]
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}
