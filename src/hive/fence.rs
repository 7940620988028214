//! The lock of a table's date, as Hive's statements ask for it: [`crate::lock`] says what the names of its files mean.

use std::str::FromStr;

use super::ddl::{Format, create_own};
use super::quote::literal;
use crate::exit::Error;

/// The lock's files, as a table of the session: a row a file.
const LOCKS: &str = "sluicebox_locks";

/// A claim that is held.
#[derive(Debug, Clone)]
pub struct Lock {
    folder: String,
    /// `GENERATION.OWNER`.
    claim: String,
    generation: u64,
}

impl Lock {
    pub(super) fn table(&self) -> String {
        let columns = ["claim", "owner"].map(|column| (column.to_owned(), "STRING".to_owned()));
        create_own(LOCKS, &columns, Format::Temp(b'\t'), &self.folder)
    }

    /// Fails where a later generation was held, or this one was released. Who only asks, and signs of life, have hidden
    /// names. The files say themselves whose they are: `INPUT__FILE__NAME` of a fetch can be that of another query, where
    /// `HiveServer2` answers two at once. One that does not say it is of a build before this, or not written yet.
    ///
    /// That the own claim is there it can't say: where somebody removed the folder, the generations begin anew.
    pub(super) fn fence(&self) -> String {
        format!(
            "SELECT assert_true(COALESCE(CAST(REGEXP_EXTRACT(claim, {}, 0) AS BIGINT), 0) < {} OR claim = {})\nFROM {LOCKS}",
            literal("^[0-9]+"),
            self.generation,
            literal(&self.claim),
        )
    }
}

impl FromStr for Lock {
    type Err = Error;

    /// Reads `FOLDER/GENERATION.OWNER`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let parts = text.rsplit_once('/').and_then(|(folder, claim)| {
            let (generation, owner) = claim.split_once('.')?;
            let plain =
                !owner.is_empty() && owner.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            Some((folder, claim, generation.parse().ok().filter(|_| plain)?))
        });
        let (folder, claim, generation) = parts
            .ok_or_else(|| Error::Usage(format!("\"{text}\" is no claim; it looks like FOLDER/4.ab12")))?;
        Ok(Self { folder: folder.to_owned(), claim: claim.to_owned(), generation })
    }
}
