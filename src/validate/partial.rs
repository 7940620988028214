//! What one stream of temp lines showed, as the map side of an audit hands it to the reduce side.

use serde::{Deserialize, Serialize};

use crate::exit::{Error, Result};
use crate::output::{Seal, from_hex, to_hex};

/// The key of every partial in the shuffle: one reducer takes them all.
const KEY: &[u8] = b"audit";

/// What one stream of temp lines showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partial {
    /// The part file it is of; `-` at a pipe.
    pub part: String,
    /// Where in the part file it starts, in bytes: it orders a part's partials.
    pub start: u64,
    /// The lines as a seal would tell them; its `lines` are all of the stream.
    pub shown: Seal,
    /// What the duplicates add to the checksum of the rejects shown: reducers made those, mappers all others.
    #[serde(serialize_with = "to_hex", deserialize_with = "from_hex")]
    pub duplicate_checksum: u64,
    /// Lines that are no temp lines.
    pub bad: u64,
    /// The first of them.
    pub told: Vec<BadLine>,
    /// Whether the last line has no line feed.
    pub cut_short: bool,
    /// The seals among the lines, in their order.
    pub seals: Vec<Seal>,
}

/// A line that is no temp line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadLine {
    /// Its number, from 1.
    pub line: u64,
    /// What is wrong with it. Never its text: the quarantine may be set to keep none.
    pub what: String,
}

impl Partial {
    /// Appends the partial as a line for the shuffle: key, TAB, JSON, LF. JSON escapes every control byte.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(KEY);
        out.push(b'\t');
        // Strings and numbers: it can't fail.
        out.extend_from_slice(&serde_json::to_vec(self).unwrap_or_default());
        out.push(b'\n');
    }
}

/// Reads partials, in any order, with the TAB that Hadoop Streaming may append to a line.
///
/// # Errors
/// `Input` where a line is no partial.
pub fn read_partials(text: &[u8]) -> Result<Vec<Partial>> {
    let lines = text.split(|byte| *byte == b'\n').enumerate();
    let mut partials = Vec::new();
    for (number, line) in lines {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let json = line.strip_prefix(KEY).unwrap_or(line);
        let partial = serde_json::from_slice::<Partial>(json).map_err(|error| {
            Error::Input(format!(
                "line {} is not what validator --partial writes ({error}); run the audit again",
                number + 1
            ))
        })?;
        partials.push(partial);
    }
    Ok(partials)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::Tally;

    #[test]
    fn a_partial_survives_the_shuffle() {
        let spec = crate::spec::parse(
            "version = 1\n[table]\nname = \"t\"\n[input]\nformat = \"csv\"\n[[column]]\nname = \"a\"\ntype = \"text\"\n",
        )
        .unwrap();
        let mut tally = Tally::new(&spec, crate::scan::Tier::best());
        tally.feed(b"ok\ta\tb\nseal\t{}\nok\tx");
        let partial = tally.finish("odd\t\n\r\u{1}é".to_owned(), 5);
        let mut line = Vec::new();
        partial.write(&mut line);
        assert_eq!(line.iter().filter(|byte| byte.is_ascii_control()).count(), 2, "one TAB, one LF");
        let hadoop = [&line[..line.len() - 1], b"\t\n"].concat();
        let bare = [&line[KEY.len() + 1..line.len() - 1], b"\t\n"].concat();
        for text in [&line, &hadoop, &bare] {
            assert_eq!(read_partials(text).unwrap(), vec![partial.clone()]);
        }
        assert_eq!(read_partials(b"\n\t\n").unwrap(), vec![]);
        assert!(read_partials(b"\naudit\t{}\n").unwrap_err().to_string().starts_with("line 2 "));
    }
}
