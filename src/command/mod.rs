//! The sub-commands of `sluicebox`: one file each, with its arguments and its `run`.

mod acceptance;
pub mod check;
pub mod event;
pub mod get;
pub mod history;
pub mod hql;
pub mod lock;
pub mod rejects;
pub mod stage;
pub mod tell;

use std::path::Path;

pub use acceptance::Acceptance;

use crate::environment;
use crate::exit::{Error, Exit, Result};

/// Writes a result to standard output.
fn print(text: &str) -> Result<Exit> {
    environment::drain(&mut text.as_bytes().to_vec(), &mut environment::stdout()?, "standard output")?;
    Ok(Exit::Done)
}

/// Reads a file that another program wrote. What isn't UTF-8 in it shows as U+FFFD.
fn read(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).map_err(Error::reading(path))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
