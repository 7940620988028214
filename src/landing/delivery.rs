//! What came with a source to prove that it is whole: an export that was cut short balances with itself.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::Refusal;
use crate::exit::{Error, Result};

/// The endings of such files, behind the source's whole name.
const ENDINGS: [&str; 2] = [".count", ".sha256"];

/// What the sender says of a source, where they said it.
#[derive(Debug, Default)]
pub(super) struct Delivery {
    /// `FILE.count`: how many records it has; a header and blank lines are none.
    count: Option<(PathBuf, u64)>,
    /// `FILE.sha256`: its SHA-256, as `sha256sum` writes it.
    sha256: Option<(PathBuf, String)>,
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Where a file's name stands, however its folder was spelled. A link is itself: what comes with it bears its name.
pub(super) fn place(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (folder.canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// The places of all that may come with one of the sources, and is none itself: `exports/*` names both.
pub(super) fn companions(sources: &[PathBuf]) -> BTreeSet<PathBuf> {
    let of = |source: &PathBuf| {
        let place = place(source);
        ENDINGS.map(|ending| beside(&place, ending))
    };
    sources.iter().flat_map(of).collect()
}

impl Delivery {
    /// Reads what came with a source.
    pub fn of(source: &Path) -> std::result::Result<Self, Refusal> {
        let [count, sha256] = ENDINGS.map(|ending| beside(source, ending));
        Ok(Self {
            count: first_word(&count)?
                .map(|word| match word.parse() {
                    Ok(records) => Ok((count.clone(), records)),
                    Err(_) => Err(no_such(&count, &word, "a number of records")),
                })
                .transpose()?,
            sha256: first_word(&sha256)?
                .map(|word| {
                    // `sha256sum` marks a name that it had to escape.
                    let hash = word.trim_start_matches('\\').to_ascii_lowercase();
                    if hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                        Ok((sha256.clone(), hash))
                    } else {
                        Err(no_such(&sha256, &word, "a SHA-256 of 64 hex digits"))
                    }
                })
                .transpose()?,
        })
    }

    /// Whether records have to be counted.
    pub fn counts(&self) -> bool {
        self.count.is_some()
    }

    /// Holds a source that was read against what came with it.
    pub fn check(&self, name: &str, records: u64, sha256: &str) -> Result<()> {
        let differs = |file: &Path, said: &dyn std::fmt::Display, found: &dyn std::fmt::Display| {
            Err(Error::Input(format!(
                "{name} is not what was sent: {} says {said}, it has {found}; it may be cut short or still be on its \
                 way, fetch it again",
                file.display()
            )))
        };
        match (&self.count, &self.sha256) {
            (Some((file, count)), _) if *count != records => differs(
                file,
                &format!("{count} records"),
                &format!("{records}, without headers and blank lines"),
            ),
            (_, Some((file, said))) if said != sha256 => differs(file, said, &sha256),
            _ => Ok(()),
        }
    }
}

fn no_such(file: &Path, word: &str, what: &str) -> Refusal {
    Refusal::Final(Error::Input(format!("{}: `{word}` is not {what}", file.display())))
}

/// The first word of a small file; `None` where there is no such file.
fn first_word(path: &Path) -> Result<Option<String>> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::reading(path)(error)),
    };
    let mut text = Vec::new();
    file.take(8192).read_to_end(&mut text).map_err(Error::reading(path))?;
    let text = String::from_utf8_lossy(&text);
    Ok(Some(text.trim_start_matches('\u{feff}').split_whitespace().next().unwrap_or_default().to_owned()))
}
