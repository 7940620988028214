//! How a program ends: one enum of exit codes, one error type that knows its code.

use std::path::Path;
use std::process::ExitCode;

/// The exit codes of every binary. Scripts have them too, and two of their own (scripts/lib/common.sh).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything was done.
    Done = 0,
    /// A gate failed, or the books do not balance.
    Failed = 1,
    /// The command line or the spec is wrong.
    Usage = 2,
    /// Input could not be read or output could not be written; a closed pipe included.
    Io = 3,
    /// The input's header is not the one that the spec describes.
    Drift = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// What stops a program.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A gate failed, the books do not balance, or `--rejects fail` met a reject.
    #[error("{0}")]
    Failed(String),
    /// The command line or the spec is wrong.
    #[error("{0}")]
    Usage(String),
    /// Reading or writing failed: what was done to which file, and the system's word for it.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// The input is not what its producer should have written (unsorted, cut short, not a manifest).
    #[error("{0}")]
    Input(String),
    /// The header drifted.
    #[error("{0}")]
    Drift(String),
}

impl Error {
    /// The code to exit with.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Failed(_) => Exit::Failed,
            Self::Usage(_) => Exit::Usage,
            Self::Io(..) | Self::Input(_) => Exit::Io,
            Self::Drift(_) => Exit::Drift,
        }
    }

    /// For `map_err`: names what was being done when the system refused it.
    pub fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::Io(what.into(), error)
    }

    /// For `map_err`: a file that could not be read.
    pub fn reading(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        Self::io(format!("cannot read {}", path.display()))
    }

    /// For `map_err`: a file or a folder that could not be written.
    pub fn writing(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        Self::io(format!("cannot write {}", path.display()))
    }
}

/// A result that ends the program where it is an error.
pub type Result<T> = std::result::Result<T, Error>;

/// Names a file for the message of a program that fails, besides stderr: the scripts' log has it from there.
const LAST_WORDS: &str = "SLUICEBOX_LAST_WORDS";

/// Turns what a program's `run` returned into its exit code, with one line on stderr where it failed.
#[must_use]
pub fn finish(program: &str, result: Result<Exit>) -> ExitCode {
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            // stderr may be closed too; there is nobody left to tell then.
            if let Some(path) = std::env::var_os(LAST_WORDS) {
                let _ = std::fs::write(path, error.to_string());
            }
            let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{program}: {error}\n"));
            error.exit().into()
        }
    }
}
