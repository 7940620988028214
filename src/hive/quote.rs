//! Names, literals and paths as Hive and beeline both read them.

use std::fmt;
use std::str::FromStr;

use crate::exit::Error;

/// A name in backticks. The spec takes no name that holds one.
pub(super) fn name(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A table's name with its database.
pub(super) fn table(database: &str, table: &str) -> String {
    format!("{}.{}", name(database), name(table))
}

/// A string literal. All but the plainest characters are written as `\uXXXX`: beeline cuts statements at `;`
/// and drops what follows `--`, Hive replaces `${...}`, and a JVM may read the script in another encoding.
pub(super) fn literal(text: &str) -> String {
    let mut quoted = String::from("'");
    let mut units = [0; 2];
    for character in text.chars() {
        let dashes = character == '-' && quoted.ends_with('-');
        if character.is_ascii_alphanumeric() || "/_-.:=, ".contains(character) && !dashes {
            quoted.push(character);
        } else {
            quoted.extend(character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04X}")));
        }
    }
    quoted.push('\'');
    quoted
}

/// A run id or a partition's value: it names folders and partitions, so it is letters, digits, `.`, `_`, `-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word(String);

impl Word {
    pub(super) fn literal(&self) -> String {
        literal(&self.0)
    }

    /// The word as a part of a Hive name.
    pub(super) fn as_name(&self) -> String {
        self.0.replace(['-', '.'], "_")
    }
}

impl FromStr for Word {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fits = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        let plain = text.starts_with(|first: char| first.is_ascii_alphanumeric());
        if fits && plain && text.len() <= 100 {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::Usage(format!(
                "\"{text}\" can't name a partition; use up to 100 letters, digits, `.`, `_` and `-`, a letter \
                 or digit first"
            )))
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where the tables' data lie: a path of Hadoop's, with or without a scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root(String);

impl Root {
    pub(super) fn join(&self, path: &str) -> String {
        format!("{}/{path}", self.0)
    }
}

impl FromStr for Root {
    type Err = Error;

    /// Refuses what Hive's `SET LOCATION` refuses: there a path must also be a URI as it stands, yet `%20` in
    /// it means these three characters. Found while publishing, it would be too late.
    fn from_str(text: &str) -> Result<Self, Error> {
        let root = text.trim_end_matches('/');
        let refuse = |why: &str| Err(Error::Usage(format!("the root \"{text}\" {why}")));
        let path = root.split_once("://").map_or(root, |(_, path)| path);
        let absolute = text.starts_with('/')
            || root
                .split_once(':')
                .is_some_and(|(scheme, rest)| !scheme.contains('/') && rest.starts_with('/'));
        if !absolute || path.is_empty() {
            return refuse("is not absolute; give a path such as /data/sluicebox or hdfs://host/sluicebox");
        }
        if let Some(bad) =
            root.chars().find(|c| c.is_control() || c.is_whitespace() || "\"<>\\^`{|}".contains(*c))
        {
            return refuse(&format!("holds {bad:?}, which Hive can't publish from; choose another folder"));
        }
        let hexadecimal = |part: &str| part.len() >= 2 && part.bytes().take(2).all(|b| b.is_ascii_hexdigit());
        if root.split('%').skip(1).any(|part| !hexadecimal(part)) {
            return refuse("holds a lone '%', which Hive can't publish from; choose another folder");
        }
        Ok(Self(root.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_holds_nothing_that_beeline_or_hive_would_act_on() {
        for (text, quoted) in [
            ("2026-11-21", "'2026-11-21'"),
            ("a'b\\c;d${x}", "'a\\u0027b\\u005Cc\\u003Bd\\u0024\\u007Bx\\u007D'"),
            ("a--b---", "'a-\\u002Db-\\u002D-'"),
            ("\t\n", "'\\u0009\\u000A'"),
            ("é😀", "'\\u00E9\\uD83D\\uDE00'"),
            ("/data/run_id=1, 2", "'/data/run_id=1, 2'"),
        ] {
            assert_eq!(literal(text), quoted);
        }
    }

    #[test]
    fn roots_that_hive_can_publish_from() {
        for root in ["/data", "hdfs://nn:8020/a'b/é%20", "file:///x/", "file:/x", "s3a://bucket"] {
            assert!(root.parse::<Root>().is_ok(), "{root}");
        }
        for root in ["", "/", "data/x", "./x", "/a b", "/a%", "/a%2g", "/a`b", "/a\tb", "hdfs://", "/a|b"] {
            assert!(root.parse::<Root>().is_err(), "{root}");
        }
        assert_eq!("/data//".parse::<Root>().unwrap().join("t"), "/data/t");
    }

    #[test]
    fn words_that_name_partitions() {
        for (word, fits) in [
            ("2026-11-21", true),
            ("2026-11-21-3fa9c1d2", true),
            ("", false),
            ("a/b", false),
            ("../x", false),
            ("a b", false),
            ("_a", false),
        ] {
            assert_eq!(word.parse::<Word>().is_ok(), fits, "{word}");
        }
    }
}
