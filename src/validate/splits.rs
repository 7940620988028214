//! Whether the map tasks read every byte of every file once. Totals can agree where one split was read twice and
//! another, alike in its counts, not at all; places can't.

use std::collections::BTreeMap;

use super::manifest::Manifest;
use super::problems::Problems;
use crate::ledger::grouped;
use crate::output::Seal;

/// How standard input is called in a seal. Many mappers may have read many pipes.
const PIPE: &str = "-";

/// Holds the mappers' seals against the files that were landed, or, where that is not known, against each other.
pub fn check(seals: &[&Seal], manifest: Option<&Manifest>, problems: &mut Problems) {
    let mut files: BTreeMap<&str, Vec<&Seal>> = BTreeMap::new();
    for seal in seals {
        // With a manifest, what counts is the name it landed under; one file may go by several URIs.
        let name = if manifest.is_some() { last_component(&seal.file) } else { &seal.file };
        files.entry(name).or_default().push(seal);
    }
    let Some(manifest) = manifest else {
        for (name, seals) in files.iter().filter(|(name, _)| **name != PIPE) {
            tile(name, seals, None, problems);
        }
        return;
    };
    for landed in &manifest.files {
        let name = landed.landed.as_str();
        let Some(seals) = files.remove(name) else {
            problems.note(format!(
                "{name}: the manifest has it, but no seal does: no task read it, or its part is lost; run transform \
                 again"
            ));
            continue;
        };
        tile(name, &seals, Some(landed.size), problems);
        let read: u128 = seals.iter().map(|seal| u128::from(seal.lines)).sum();
        if read != u128::from(landed.lines) {
            problems.note(format!(
                "{name}: {} lines were landed, its tasks read {}; run transform again, and if it stays, land again",
                grouped(landed.lines),
                grouped(read)
            ));
        }
    }
    for (name, seals) in files {
        problems.note(format!(
            "{name}: {} of its seals are here, but the manifest does not have it: the job read another input than \
             was landed; run transform again",
            grouped(seals.len() as u64)
        ));
    }
}

/// Walks over a file's splits in their order. Where its size is known they must cover it; a split of unknown
/// length is taken to reach to the next.
fn tile(name: &str, seals: &[&Seal], size: Option<u64>, problems: &mut Problems) {
    let mut splits: Vec<(u64, Option<u64>)> =
        seals.iter().map(|seal| (seal.split_start, seal.split_length)).collect();
    splits.sort_unstable();
    // How far the file is read; `None` where a split does not say how long it is.
    let mut reached = Some(0);
    let mut previous = None;
    for (start, length) in splits {
        if previous == Some(start) {
            problems.note(format!(
                "{name}: two seals are of the split at byte {}: it was read twice; run transform again",
                grouped(start)
            ));
            continue;
        }
        if let Some(reached) = reached {
            let bytes = |from: u64, to: u64| format!("bytes {} to {}", grouped(from), grouped(to));
            if start > reached && size.is_some() {
                problems.note(format!(
                    "{name}: no seal is of {}: that split is lost; run transform again",
                    bytes(reached, start)
                ));
            } else if start < reached {
                problems.note(format!(
                    "{name}: {} were read by two tasks; run transform again",
                    bytes(start, length.map_or(reached, |length| reached.min(start.saturating_add(length))))
                ));
            }
        }
        previous = Some(start);
        reached = length.map(|length| start.saturating_add(length).max(reached.unwrap_or(0)));
    }
    if let (Some(reached), Some(size)) = (reached, size)
        && reached != size
    {
        problems.note(format!(
            "{name}: it is {} bytes long, its seals reach to {}: {}; run transform again",
            grouped(size),
            grouped(reached),
            if reached < size { "the rest was not read" } else { "another file was read" }
        ));
    }
}

/// What stands behind the last slash of a URI. Landed names are plain, so nothing in them is percent-encoded.
fn last_component(uri: &str) -> &str {
    uri.rsplit('/').next().unwrap_or(uri)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{Books, Kind};
    use crate::validate::Landed;

    fn seal(file: &str, start: u64, length: Option<u64>, lines: u64) -> Seal {
        let spec = crate::spec::parse(
            "version = 1\n[table]\nname = \"t\"\n[input]\nformat = \"csv\"\n[[column]]\nname = \"a\"\ntype = \"text\"\n",
        )
        .unwrap();
        let mut books = Books::new(&spec);
        books.lines = lines;
        books.seal(Kind::Map, file.to_owned(), start, length)
    }

    fn problems(
        seals: &[(&str, u64, Option<u64>, u64)],
        manifest: Option<&[(&str, u64, u64)]>,
    ) -> Vec<String> {
        let seals: Vec<Seal> =
            seals.iter().map(|(file, start, length, lines)| seal(file, *start, *length, *lines)).collect();
        let manifest = manifest.map(|files| Manifest {
            files: files
                .iter()
                .map(|(name, size, lines)| Landed { landed: (*name).to_owned(), size: *size, lines: *lines })
                .collect(),
        });
        let mut problems = Problems::default();
        check(&seals.iter().collect::<Vec<_>>(), manifest.as_ref(), &mut problems);
        problems.into_vec()
    }

    #[test]
    fn splits_that_tile_their_files_are_right() {
        let (a, b) = ("hdfs://h:1/run/landed/a.csv", "file:/run/b.csv.gz");
        let seals = [(a, 10, Some(5), 1), (a, 0, Some(10), 2), (b, 0, Some(0), 0)];
        assert_eq!(problems(&seals, Some(&[("a.csv", 15, 3), ("b.csv.gz", 0, 0)])), Vec::<String>::new());
        // Lengths that nobody told are no gaps.
        let seals = [(a, 10, None, 1), (a, 0, None, 2)];
        assert_eq!(problems(&seals, Some(&[("a.csv", 15, 3)])), Vec::<String>::new());
        assert_eq!(problems(&[], Some(&[])), Vec::<String>::new());
    }

    #[test]
    fn splits_that_do_not_are_told_by_their_bytes() {
        let one = |seals: &[(&str, u64, Option<u64>, u64)], expected: &str| {
            let found = problems(seals, Some(&[("a", 3000, 30)]));
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].starts_with("a: ") && found[0].contains(expected), "{found:?}");
        };
        let (first, second, third) =
            (("a", 0, Some(1000), 10), ("a", 1000, Some(1000), 10), ("a", 2000, Some(1000), 10));
        one(&[first, third, ("a", 1000, Some(1000), 9)], "30 lines were landed, its tasks read 29");
        one(&[second, ("a", 2000, Some(1000), 20)], "no seal is of bytes 0 to 1,000");
        one(&[first, ("a", 2000, Some(1000), 20)], "no seal is of bytes 1,000 to 2,000");
        one(&[first, ("a", 1000, Some(1000), 20)], "3,000 bytes long, its seals reach to 2,000: the rest");
        one(&[first, second, ("a", 2000, Some(1001), 10)], "reach to 3,001: another file");
        one(&[first, second, ("a", 1999, Some(1001), 10)], "bytes 1,999 to 2,000 were read by two");
        one(&[("a", 1000, None, 30)], "bytes 0 to 1,000");
        one(&[], "no seal does");
        // Equal counts, one split twice and one not at all.
        let found = problems(&[first, second, second], Some(&[("a", 3000, 30)]));
        assert!(
            found.len() == 2 && found[0].contains("two seals") && found[1].contains("the rest"),
            "{found:?}"
        );
        let found = problems(&[("x/b", 0, None, 1), ("-", 0, None, 1)], Some(&[]));
        assert!(
            found.len() == 2 && found.iter().all(|text| text.contains("manifest does not have")),
            "{found:?}"
        );
    }

    #[test]
    fn a_split_within_another_hides_no_gap() {
        let found = problems(&[("a", 0, Some(30), 1), ("a", 10, Some(5), 1), ("a", 30, Some(10), 1)], None);
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn without_a_manifest_no_split_of_a_file_comes_twice() {
        let twice = [("x/a", 5, None, 1), ("x/a", 5, None, 1)];
        assert_eq!(problems(&twice, None).len(), 1);
        assert_eq!(
            problems(&[("x/a", 5, Some(1), 1), ("y/a", 5, Some(1), 1), ("x/a", 9, Some(1), 1)], None).len(),
            0
        );
        assert_eq!(problems(&[("-", 0, None, 1), ("-", 0, None, 1)], None).len(), 0);
    }
}
