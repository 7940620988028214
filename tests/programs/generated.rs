//! The generator's dirt against the spec that it was made for: every kind ends where `kinds.tsv` says, to the record.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use sluicebox::output::Seal;

use crate::sealed;

/// The generator's program, built as it stands: cargo does not build examples for a single test.
fn generator() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--offline", "--example", "generate"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .unwrap();
        assert!(status.success());
        Path::new(env!("CARGO_BIN_EXE_mapper")).with_file_name("examples").join("generate")
    })
}

fn generate(arguments: &[&str]) -> Output {
    let output = Command::new(generator()).args(arguments).output().unwrap();
    assert!(output.status.success());
    output
}

/// Runs a binary with a spec from testdata; returns what it wrote, whose last line is its seal.
fn run(binary: &str, arguments: &[&str], spec: &str, stdin: &[u8]) -> Vec<u8> {
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/specs").join(spec);
    let mut command = assert_cmd::Command::new(binary);
    command.args(arguments).arg("--spec").arg(spec).env_clear().write_stdin(stdin);
    command.assert().success().get_output().stdout.clone()
}

fn map(spec: &str, stdin: &[u8]) -> Seal {
    sealed(&run(env!("CARGO_BIN_EXE_mapper"), &[], spec, stdin))
}

/// The seal of one reducer over the lines of all mappers.
fn reduce(spec: &str, keyed: &[u8]) -> Seal {
    let mut lines: Vec<&[u8]> = keyed.split_inclusive(|byte| *byte == b'\n').collect();
    lines.sort_unstable_by_key(|line| line.strip_suffix(b"\n").unwrap_or(line));
    sealed(&run(env!("CARGO_BIN_EXE_reducer"), &[], spec, &lines.concat()))
}

/// How many lines there are of each fate and column, from what the generator says it wrote.
fn fates(explained: &[u8]) -> BTreeMap<(String, String), u64> {
    let kinds = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/kinds.tsv")).unwrap();
    let kinds: BTreeMap<&str, (&str, &str)> = kinds
        .lines()
        .skip(1)
        .map(|line| {
            let mut fields = line.split('\t');
            let mut field = || fields.next().unwrap();
            (field(), (field(), field()))
        })
        .collect();
    let mut fates = BTreeMap::new();
    for line in std::str::from_utf8(explained).unwrap().lines() {
        let (kind, count) = line.split_once('\t').unwrap();
        let (fate, column) = kinds.get(kind).unwrap_or_else(|| panic!("{kind} is not in kinds.tsv"));
        *fates.entry(((*fate).to_owned(), (*column).to_owned())).or_default() +=
            count.parse::<u64>().unwrap();
    }
    fates
}

#[test]
fn every_kind_of_dirt_ends_where_it_should() {
    for (dirt, seed) in [("0.4", "7"), ("0.05", "8"), ("1", "9")] {
        let made = generate(&["--rows", "3000", "--dirt", dirt, "--seed", seed, "--explain"]);
        let fates = fates(&made.stderr);
        let count =
            |fate: &str| fates.iter().filter(|((name, _), _)| name == fate).map(|(_, n)| n).sum::<u64>();
        let seal = map("sales.toml", &made.stdout);
        let mut expected: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for ((fate, column), count) in &fates {
            if !["ok", "copy", "duplicate", "blank"].contains(&fate.as_str()) && *count > 0 {
                *expected.entry(fate.clone()).or_default().entry(column.clone()).or_default() += count;
            }
        }
        assert_eq!(seal.rejected, expected);
        assert_eq!(seal.ok, count("ok") + count("copy") + count("duplicate"));
        assert_eq!(seal.blank, count("blank"));
        assert_eq!((seal.headers, seal.lines), (1, 3001));
        assert_eq!(seal.records, 3000 - seal.blank);

        let keyed = run(env!("CARGO_BIN_EXE_mapper"), &["--keyed"], "sales.toml", &made.stdout);
        let reduced = reduce("sales.toml", &keyed);
        let counts = reduced.reduced.unwrap();
        assert_eq!((counts.copies, counts.duplicates), (count("copy"), count("duplicate")));
        assert_eq!(reduced.ok, count("ok"));
        assert_eq!(counts.received_checksum, seal.checksum);
    }
}

#[test]
fn clean_rows_are_all_ok() {
    let clean = map("sales.toml", &generate(&["--rows", "3000"]).stdout);
    assert_eq!((clean.ok, clean.rejected_count(), clean.blank), (3000, 0, 0));
    let plain = map("sales.toml", &generate(&["--rows", "3000", "--plain"]).stdout);
    assert_eq!((plain.ok, plain.rejected_count(), plain.blank), (3000, 0, 0));
    // Quotes that were not needed leave the same rows.
    let quoted = generate(&["--rows", "3000", "--plain", "--quoted", "0.5"]).stdout;
    let lines = quoted.split(|byte| *byte == b'\n').filter(|line| line.contains(&b'"')).count();
    assert!((1400..1600).contains(&lines), "{lines}");
    assert_eq!(map("sales.toml", &quoted).checksum, plain.checksum);
}

#[test]
fn an_index_column_that_is_dropped_changes_nothing() {
    let arguments = ["--rows", "2000", "--dirt", "0.3", "--seed", "4"];
    let bare = map("sales.toml", &generate(&arguments).stdout);
    let mut indexed = map("sales_indexed.toml", &generate(&[&arguments[..], &["--index"]].concat()).stdout);
    // The raw lines of rejects have the index.
    assert_ne!(indexed.reject_checksum, bare.reject_checksum);
    indexed.reject_checksum = bare.reject_checksum;
    // A line that lost its last field, or is too long, is so with an index too.
    assert_eq!(indexed, bare);
}

/// The samples that are checked in: what testdata/README.md says of them.
#[test]
fn the_samples_are_as_described() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/samples");
    let mut keyed = Vec::new();
    let (mut records, mut rejected) = (0, 0);
    for name in ["sales-east.csv", "sales-west.csv", "sales-south.csv.gz"] {
        let text = fs::read(folder.join(name)).unwrap();
        let seal = map("sales.toml", &text);
        records += seal.records;
        rejected += seal.rejected_count();
        keyed.extend(run(env!("CARGO_BIN_EXE_mapper"), &["--keyed"], "sales.toml", &text));
    }
    assert_eq!((records, rejected), (1199, 27));
    let reduced = reduce("sales.toml", &keyed);
    let counts = reduced.reduced.unwrap();
    assert_eq!((reduced.ok, counts.copies, counts.duplicates), (1170, 1, 1));
}
