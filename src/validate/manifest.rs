//! What was landed: the part of a run's manifest that seals are held against.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use crate::exit::{Error, Result};

/// A run's manifest. Other keys than these are for others.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Manifest {
    /// The files of the run.
    pub files: Vec<Landed>,
}

/// A file that was landed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Landed {
    /// Its name on the cluster, without a directory.
    pub landed: String,
    /// Its size in bytes, as it lies there.
    pub size: u64,
    /// Its lines, as Hadoop cuts them.
    pub lines: u64,
}

impl Manifest {
    /// Reads and checks a manifest.
    ///
    /// # Errors
    /// Where it can't be read or is none.
    pub fn load(path: &Path) -> Result<Self> {
        let shown = path.display();
        let text = std::fs::read(path).map_err(Error::io(format!("cannot read the manifest {shown}")))?;
        Self::parse(&text).map_err(|error| {
            Error::Input(format!("{shown} is not a run's manifest: {error}; land the files again"))
        })
    }

    fn parse(text: &[u8]) -> std::result::Result<Self, String> {
        let manifest: Self = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        let mut names = BTreeSet::new();
        for file in &manifest.files {
            if file.landed.is_empty() || file.landed.contains('/') {
                return Err(format!("\"{}\" is not a plain file name", file.landed));
            }
            if !names.insert(&file.landed) {
                return Err(format!("{} is in it twice", file.landed));
            }
        }
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_read_or_refused() {
        let file = r#"{"source":"a","landed":"00000.csv","size":5,"sha256":"x","lines":2}"#;
        let whole = format!(r#"{{"table":"t","files":[{file}]}}"#);
        let landed = Landed { landed: "00000.csv".to_owned(), size: 5, lines: 2 };
        assert_eq!(Manifest::parse(whole.as_bytes()), Ok(Manifest { files: vec![landed] }));
        for (text, expected) in [
            (String::new(), "EOF"),
            ("{}".to_owned(), "files"),
            ("[]".to_owned(), ""),
            (whole.replace("\"lines\":2", "\"line\":2"), "lines"),
            (whole.replace(":5", ":-5"), "-5"),
            (whole.replace(":5", ":\"5\""), "string"),
            (whole.replace("00000.csv", "a/b.csv"), "plain"),
            (format!(r#"{{"files":[{file},{file}]}}"#), "twice"),
        ] {
            let error = Manifest::parse(text.as_bytes()).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
