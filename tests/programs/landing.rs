//! What is landed: files that are counted as the mapper will count them, given once or twice, added, left out.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use flate2::Compression;
use flate2::write::GzEncoder;
use sluicebox::landing::{Manifest, Source, left_out, manifest};
use sluicebox::output::Seal;
use sluicebox::spec::Spec;
use tempfile::TempDir;

use crate::sealed;

const SPEC: &str = "version = 1\n[table]\nname = \"t\"\n[input]\nheader = HEADER\n[limits]\nmin_rows = 0\n\
                    [[column]]\nname = \"a\"\ntype = \"text\"\nnullable = true\n";

const DATE: &str = "2026-11-21";

/// A folder with a spec and sources.
struct Sources(TempDir);

impl Sources {
    fn new(header: bool) -> Self {
        let sources = Self(tempfile::tempdir().unwrap());
        sources.write("table.toml", SPEC.replace("HEADER", &header.to_string()).as_bytes());
        sources
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: &[u8]) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), content).unwrap();
    }

    fn run(&self, binary: &str, arguments: &[&str], environment: &[(&str, &str)], stdin: &[u8]) -> Output {
        let mut command = Command::new(binary);
        command.current_dir(self.0.path()).args(arguments);
        command.env_clear().envs(environment.iter().copied()).write_stdin(stdin).output().unwrap()
    }

    /// Stages the files in `out`.
    fn stage(&self, files: &[&str]) -> Output {
        self.stage_with(&[], files)
    }

    fn stage_with(&self, more: &[&str], files: &[&str]) -> Output {
        let options = ["stage", "--spec", "table.toml", "--date", DATE, "--into", "out"];
        self.run(env!("CARGO_BIN_EXE_sluicebox"), &[&options, more, &["--"], files].concat(), &[], b"")
    }

    /// The manifest of files, going on from `base`; true for each that is to be landed anew.
    fn manifest(&self, files: &[&str], base: Option<&Manifest>) -> (Manifest, Vec<bool>) {
        let spec = self.path("table.toml");
        let paths: Vec<PathBuf> = files.iter().map(|name| self.path(name)).collect();
        let (run, new) = manifest(&Spec::load(&spec).unwrap(), &spec, DATE, &paths, base).unwrap();
        (run, new.iter().map(Option::is_some).collect())
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::fast());
    writer.write_all(text).unwrap();
    writer.finish().unwrap()
}

/// A file's text as Hadoop's reader hands it on: without its first byte order mark, each line ended by LF.
fn by_hadoop(text: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(text).unwrap();
    let mut lines = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    if !lines.is_empty() && !lines.ends_with('\n') {
        lines.push('\n');
    }
    lines.into_bytes()
}

/// The mapper at a pipe reads it, as gzip does; Hadoop's reader does not.
#[test]
fn zeros_behind_gzip_data_are_refused_before_a_job_fails_on_them() {
    let sources = Sources::new(true);
    let padded = [gzip(b"a\nx\n"), vec![0; 512]].concat();
    sources.write("in", &padded);
    let staged = sources.stage(&["in"]);
    let message = String::from_utf8(staged.stderr).unwrap();
    assert!(message.contains("in has zeros behind its gzip data, which Hadoop can't read"), "{message}");
    assert_eq!(staged.status.code(), Some(3));
    assert!(sources.run(env!("CARGO_BIN_EXE_mapper"), &[], &[], &padded).status.success());
}

#[test]
fn what_is_landed_is_what_the_mapper_counts() {
    const BOM: &str = "\u{feff}";
    let (mut drifted, mut balanced) = (0, 0);
    for (text, lines) in [
        (String::new(), 0),
        ("a\n".to_owned(), 1),
        ("a".to_owned(), 1),
        (BOM.to_owned(), 0),
        (BOM.repeat(2), 1),
        (BOM.repeat(3), 1),
        (format!("{BOM}\n"), 1),
        (format!("{BOM}{BOM}\r\n"), 1),
        (format!("{BOM}a\nx\n"), 2),
        (format!("{BOM}{BOM}a\nx\n"), 2),
        (format!("{BOM}{BOM}{BOM}a\nx\n"), 2),
        // Files one behind the other, each with its own mark and header.
        (format!("{BOM}a\nx\n{BOM}a\ny\n"), 4),
        (format!("a\nx\n{BOM}"), 3),
        (format!("a\nx\n{BOM}{BOM}"), 3),
        ("a\rx\ry".to_owned(), 3),
        ("a\r\nx\r\n".to_owned(), 2),
        ("a\nx\r".to_owned(), 2),
        ("a\n\r".to_owned(), 2),
        ("\r".to_owned(), 1),
        ("\n\n".to_owned(), 2),
        ("a\n\0\nx\0y\n\0".to_owned(), 4),
        ("a\nx\ry\r\nz".to_owned(), 4),
    ] {
        let (start, end) = text.as_bytes().split_at(text.len() / 2);
        let members = [gzip(start), gzip(end)].concat();
        for (file, landed) in [(text.as_bytes(), "00000.csv"), (&members, "00000.csv.gz")] {
            for header in [true, false] {
                let what = format!("{text:?}, {landed}, header = {header}");
                let sources = Sources::new(header);
                sources.write("in", file);
                let staged = sources.stage(&["in"]);
                let name = format!("hdfs://h/run/landed/{landed}");
                let size = file.len().to_string();
                let environment = [
                    ("mapreduce_task_attempt_id", "attempt_1"),
                    ("mapreduce_map_input_file", &name),
                    ("mapreduce_map_input_start", "0"),
                    ("mapreduce_map_input_length", &size),
                ];
                let mapper = env!("CARGO_BIN_EXE_mapper");
                let piped = sources.run(mapper, &[], &[], file);
                let task = sources.run(mapper, &[], &environment, &by_hadoop(text.as_bytes()));
                let codes = [&staged, &piped, &task].map(|output| output.status.code().unwrap());
                if codes != [0; 3] {
                    assert_eq!((codes, header), ([4; 3], true), "{what}: they do not agree on the header");
                    drifted += 1;
                    continue;
                }
                let run = Manifest::load(&sources.path("out/manifest.json")).unwrap();
                assert_eq!((run.files[0].landed.as_str(), run.files[0].lines), (landed, lines), "{what}");
                let books = |output: &Output| {
                    let Seal { lines, records, blank, headers, checksum, .. } = sealed(&output.stdout);
                    (lines, records, blank, headers, checksum)
                };
                assert_eq!(books(&piped).0, lines, "{what}");
                assert_eq!(books(&piped), books(&task), "{what}");
                let manifest = ["--manifest", "out/manifest.json"];
                let judged = sources.run(env!("CARGO_BIN_EXE_validator"), &manifest, &[], &task.stdout);
                assert!(judged.status.success(), "{what}: {}", String::from_utf8_lossy(&judged.stderr));
                balanced += 1;
            }
        }
    }
    assert_eq!((drifted, balanced), (12, 76));
}

#[test]
fn files_with_the_same_bytes_are_landed_with_a_warning() {
    let sources = Sources::new(true);
    for name in ["east.csv", "copy of east.csv"] {
        sources.write(name, b"a\nx\n");
    }
    sources.write("west.csv", b"a\ny\n");
    sources.write("none.csv", b"");
    sources.write("nothing.csv", b"");
    let staged = sources.stage(&["east.csv", "copy of east.csv", "west.csv", "none.csv", "nothing.csv"]);
    assert!(staged.status.success());
    assert_eq!(
        String::from_utf8(staged.stderr).unwrap(),
        "sluicebox: copy of east.csv and east.csv hold the same bytes: all their rows are landed; if one export was \
         given twice, leave one out\n"
    );
    assert_eq!(Manifest::load(&sources.path("out/manifest.json")).unwrap().files.len(), 5);
}

#[test]
fn all_sources_are_there_before_one_is_read() {
    let sources = Sources::new(true);
    // What reading would say of it comes later.
    sources.write("drifted.csv", b"b\nx\n");
    sources.write("bad.csv", b"a\nx\n");
    sources.write("bad.csv.count", b"three");
    for (last, says, code) in [
        ("missing.csv", "cannot read missing.csv", 3),
        (".", ". is not a file", 2),
        ("drifted.csv.count", "cannot read drifted.csv.count", 3),
        ("bad.csv", "bad.csv.count: `three` is not a number", 3),
        ("./drifted.csv", "drifted.csv is given twice", 2),
    ] {
        let staged = sources.stage(&["drifted.csv", last]);
        let message = String::from_utf8(staged.stderr).unwrap();
        assert!(message.contains(says), "{last}: {message}");
        assert_eq!(staged.status.code(), Some(code), "{last}");
    }
    assert_eq!(sources.stage(&["drifted.csv"]).status.code(), Some(4));
}

#[test]
fn what_may_still_be_on_its_way_is_told_from_what_waiting_does_not_mend() {
    let sources = Sources::new(true);
    for (content, count, awaited) in [
        (None, None, 1),
        (Some(&b"a\nx\n"[..]), Some("2"), 1),
        (Some(&gzip(b"a\nx\n")[..20]), None, 1),
        (Some(b"a\nx\n"), Some("two"), 3),
        (Some(b"PK\x03\x04"), None, 3),
        (Some(&[gzip(b"a\nx\n"), vec![0; 512]].concat()), None, 3),
        (Some(b"b\nx\n"), None, 4),
        (Some(b"a\nx\n"), Some("1"), 0),
    ] {
        for (name, content) in [("in", content), ("in.count", count.map(str::as_bytes))] {
            let _ = fs::remove_file(sources.path(name));
            if let Some(content) = content {
                sources.write(name, content);
            }
        }
        let now = if awaited == 1 { 3 } else { awaited };
        assert_eq!(sources.stage(&["in"]).status.code(), Some(now), "{content:?}");
        let _ = fs::remove_dir_all(sources.path("out"));
        let staged = sources.stage_with(&["--awaited"], &["in"]);
        assert_eq!(staged.status.code(), Some(awaited), "{content:?}");
    }
}

#[test]
fn a_file_that_was_published_with_other_bytes_is_added_with_a_warning() {
    let sources = Sources::new(true);
    sources.write("a.csv", b"a\n1\n");
    sources.write("b.csv", b"a\n2\n");
    assert!(sources.stage(&["a.csv", "b.csv"]).status.success());
    let add = |files: &[&str]| {
        fs::rename(sources.path("out/manifest.json"), sources.path("base.json")).unwrap();
        fs::remove_dir_all(sources.path("out")).unwrap();
        let staged = sources.stage_with(&["--base", "base.json"], files);
        assert!(staged.status.success());
        String::from_utf8(staged.stderr).unwrap()
    };
    sources.write("copy/a.csv", b"a\n3\n");
    assert_eq!(add(&["a.csv", "b.csv", "copy/a.csv"]), "");
    sources.write("a.csv", b"a\n1\n4\n");
    let warning = "sluicebox: a.csv was published with other bytes: the rows of both are landed; if it was corrected, \
                   name all files with --replace, without --add\n";
    assert_eq!(add(&["b.csv", "a.csv"]), warning);
    // Published both, it is not landed again.
    assert_eq!(add(&["a.csv"]), "");
}

/// A run's manifest of files, each by its place and its content.
fn run(files: &[(&str, &str)]) -> Manifest {
    let file = |(path, sha256): &(&str, &str)| Source {
        source: Path::new(path).file_name().unwrap().to_str().unwrap().to_owned(),
        path: (*path).to_owned(),
        landed: String::new(),
        size: 1,
        sha256: (*sha256).to_owned(),
        lines: 1,
    };
    Manifest {
        table: "t".to_owned(),
        date: DATE.to_owned(),
        run: String::new(),
        program: String::new(),
        spec: String::new(),
        files: files.iter().map(file).collect(),
    }
}

#[test]
fn what_a_run_leaves_out_of_the_published_version() {
    for (published, new, expected) in [
        (&[("/a", "1"), ("/b", "2")][..], &[("/b", "2"), ("/a", "1"), ("/c", "3")][..], &[][..]),
        (&[("/a", "1"), ("/b", "2")], &[("/a", "1")], &["b"]),
        (&[("/a", "1"), ("/b", "2")], &[("/c", "3")], &["a", "b"]),
        // A corrected file is the same one by its place, a moved one by its bytes.
        (&[("/a", "1")], &[("/a", "2")], &[]),
        (&[("/a", "1")], &[("/moved/a", "1")], &[]),
        (&[("/a", "1"), ("/b", "2")], &[("/a", "2"), ("/b", "1")], &[]),
        // One for one: a file stands for its place before it stands for its bytes.
        (&[("/a", "1"), ("/b", "2")], &[("/a", "2")], &["b"]),
        (&[("/b", "2"), ("/a", "1")], &[("/a", "2")], &["b"]),
        (&[("/a", "1"), ("/b", "1")], &[("/c", "1")], &["b"]),
        (&[("/a", "1"), ("/b", "1")], &[("/b", "1")], &["a"]),
        (&[("/a", "1"), ("/b", "1")], &[("/c", "1"), ("/b", "1")], &[]),
        (&[("/a", "1"), ("/b", "1")], &[("/b", "2"), ("/a", "3")], &[]),
        (&[], &[("/a", "1")], &[]),
        (&[("/a", "1")], &[], &["a"]),
    ] {
        assert_eq!(left_out(&run(published), &run(new)), expected, "{published:?} then {new:?}");
    }
}

#[test]
fn add_goes_on_from_the_published_files() {
    let sources = Sources::new(true);
    sources.write("a.csv", b"a\n1\n");
    sources.write("b.csv", b"a\n2\n");
    let (base, new) = sources.manifest(&["a.csv"], None);
    assert_eq!(new, [true]);

    // The same place and bytes are there already: the same run.
    assert_eq!(sources.manifest(&["a.csv"], Some(&base)), (base.clone(), vec![false]));
    let (both, new) = sources.manifest(&["b.csv", "a.csv"], Some(&base));
    assert_eq!((new, &both.files[0]), (vec![false, true], &base.files[0]));
    assert_eq!(sources.manifest(&["b.csv"], Some(&both)), (both.clone(), vec![false, false]));

    // The same bytes from another place are another file.
    sources.write("copy/a.csv", b"a\n1\n");
    let (copied, new) = sources.manifest(&["copy/a.csv"], Some(&both));
    assert_eq!(new, [false, false, true]);
    assert_eq!((&copied.files[..2], &copied.files[2].sha256), (&both.files[..], &base.files[0].sha256));
    let landed: Vec<(&str, &str)> =
        copied.files.iter().map(|file| (file.source.as_str(), file.landed.as_str())).collect();
    assert_eq!(landed, [("a.csv", "00000.csv"), ("b.csv", "00001.csv"), ("copy/a.csv", "00002.csv")]);

    // A file that has changed at its place is landed beside what it was.
    sources.write("a.csv", b"a\n1\n3\n");
    let (changed, new) = sources.manifest(&["a.csv"], Some(&base));
    assert_eq!(new, [false, true]);
    let [old, new] = changed.files.as_slice() else { panic!("{changed:?}") };
    assert_eq!((old, &new.path, old.lines, new.lines), (&base.files[0], &old.path, 2, 3));
    assert_ne!((&new.source, &new.landed), (&old.source, &old.landed));

    let runs = [&base, &both, &copied, &changed].map(|manifest| manifest.run.as_str());
    assert!((1..runs.len()).all(|at| !runs[..at].contains(&runs[at])), "{runs:?}");
}

#[test]
fn a_source_is_held_against_the_count_and_the_checksum_that_came_with_it() {
    let sources = Sources::new(true);
    let staged = |files: &[&str], says: &[&str]| {
        let _ = fs::remove_dir_all(sources.path("out"));
        let output = sources.stage(files);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(if says.is_empty() { 0 } else { 3 }), "{error}");
        for word in says {
            assert!(error.contains(word), "{word}: {error}");
        }
    };
    // Three records: neither the headers nor the blank line count, the line without an end does.
    let whole = b"a\r\n1\r\n\r\na\r\n2\r\n3";
    sources.write("in/s.csv", whole);
    sources.write("in/s.csv.count", b"3\n");
    sources.write(
        "in/s.csv.sha256",
        b"5d1f4d2d7e4dc7d1ec2f3b4fa8d3a17bb8b4c6a7a0ac1c1b4d24c1dc26c1d3d5  s.csv\n",
    );
    staged(&["in/s.csv"], &["in/s.csv is not what was sent", "in/s.csv.sha256 says 5d1f", "cut short"]);
    let hash = std::process::Command::new("sha256sum").arg(sources.path("in/s.csv")).output().unwrap().stdout;
    sources.write("in/s.csv.sha256", &hash.to_ascii_uppercase());
    staged(&["in/s.csv"], &[]);
    // What comes with a source is none, though a pattern names it.
    staged(&["in/s.csv", "in/s.csv.count", "in/s.csv.sha256"], &[]);
    assert_eq!(Manifest::load(&sources.path("out/manifest.json")).unwrap().files.len(), 1);
    // However their folder is spelled.
    let whole_place = sources.path("in/s.csv.count");
    for (source, count) in [
        ("./in/s.csv", "in/s.csv.count"),
        ("in/s.csv", "in/../in/s.csv.count"),
        ("in/s.csv", whole_place.to_str().unwrap()),
    ] {
        staged(&[source, count], &[]);
    }
    // Alone it is one.
    assert_eq!(sources.stage(&["in/s.csv.count"]).status.code(), Some(4));
    // Cut short at a record's end: it would balance with itself.
    sources.write("in/s.csv", &whole[..whole.len() - 3]);
    staged(&["in/s.csv"], &["in/s.csv.count says 3 records", "it has 2"]);
    sources.write("in/s.csv", &gzip(whole));
    fs::remove_file(sources.path("in/s.csv.sha256")).unwrap();
    staged(&["in/s.csv"], &[]);
    for bad in ["", "three", "-3", "3,000"] {
        sources.write("in/s.csv.count", bad.as_bytes());
        staged(&["in/s.csv"], &["s.csv.count", "is not a number of records"]);
    }
}
