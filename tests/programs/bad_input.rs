//! The binaries against what goes wrong around them: streams that break, floods, what is missing or full. Errors stop
//! with the exit code of their kind and one message, and memory stays flat whatever comes in.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};

use assert_cmd::assert::OutputAssertExt;
use tempfile::TempDir;

use crate::sealed;

const MAPPER: &str = env!("CARGO_BIN_EXE_mapper");
const REDUCER: &str = env!("CARGO_BIN_EXE_reducer");
const VALIDATOR: &str = env!("CARGO_BIN_EXE_validator");
const BINARIES: [&str; 4] = [MAPPER, REDUCER, VALIDATOR, env!("CARGO_BIN_EXE_sluicebox")];

const SPEC: &str = "version = 1\n[table]\nname = \"t\"\n[dedup]\nkey = [\"id\"]\n\
                    [[column]]\nname = \"id\"\ntype = \"integer\"\n[[column]]\nname = \"note\"\ntype = \"text\"\n";

/// The most memory that a binary may take, in kB.
const FLAT: u64 = 16 * 1024;

/// A folder with the spec in it, under the name that is the default.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("table.toml"), SPEC).unwrap();
    folder
}

/// A binary in that folder, with no task's environment around it.
fn command(binary: &str, folder: &TempDir) -> Command {
    let mut command = Command::new(binary);
    command.current_dir(folder.path()).env_clear().stdin(Stdio::null());
    command
}

fn spawn(binary: &str, arguments: &[&str], folder: &TempDir) -> (Child, ChildStdin) {
    let mut child = command(binary, folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdin = child.stdin.take().unwrap();
    (child, stdin)
}

fn stderr(mut command: Command, code: i32) -> String {
    let output = command.assert().code(code).get_output().clone();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(!text.contains("panicked"), "{text}");
    text
}

#[test]
fn help_and_version_of_every_binary() {
    let folder = folder();
    for binary in BINARIES {
        for option in ["--help", "--version"] {
            let output = command(binary, &folder).arg(option).assert().code(0).get_output().clone();
            assert!(!output.stdout.is_empty(), "{binary} {option}");
            assert!(output.stderr.is_empty(), "{binary} {option}");
        }
    }
}

#[test]
fn a_wrong_command_line_is_usage() {
    let folder = folder();
    for arguments in [
        &["--nonsense"][..],
        &["extra"],
        &["--spec"],
        &["--keyed", "--rejects", "bad.tsv"],
        &["--aggregate", "id", "--rejects", "fail"],
        &["--aggregate", "id", "--keyed"],
        &["--aggregate", "nowhere"],
    ] {
        let mut mapper = command(MAPPER, &folder);
        mapper.args(arguments);
        assert!(!stderr(mapper, 2).is_empty(), "{arguments:?}");
    }
    assert!(!folder.path().join("bad.tsv").exists());
    let mut reducer = command(REDUCER, &folder);
    reducer.args(["--aggregate", "nowhere"]);
    assert!(stderr(reducer, 2).contains("there are: id, note"));
}

#[test]
fn a_spec_that_cannot_be_read_is_usage() {
    let folder = folder();
    fs::write(folder.path().join("latin1.toml"), b"version = 1\n# \xe9\n").unwrap();
    for binary in [MAPPER, REDUCER] {
        for (spec, says) in [
            ("missing.toml", "No such file"),
            (".", "directory"),
            ("latin1.toml", "latin1.toml:2: not UTF-8"),
        ] {
            let mut run = command(binary, &folder);
            run.args(["--spec", spec]);
            let text = stderr(run, 2);
            assert!(text.contains(says), "{text}");
            assert_eq!(text.lines().count(), 1, "{text}");
        }
    }
}

#[test]
fn a_read_error_stops() {
    let folder = folder();
    for binary in [MAPPER, REDUCER] {
        let mut run = command(binary, &folder);
        run.stdin(File::open(folder.path()).unwrap());
        let text = stderr(run, 3);
        assert!(text.contains("cannot read standard input: "), "{text}");
    }
}

#[test]
fn a_full_disk_stops() {
    let folder = folder();
    fs::write(folder.path().join("in.csv"), "id,note\n1,a\n2,b\n").unwrap();
    let full = || OpenOptions::new().write(true).open("/dev/full").unwrap();
    for arguments in [&[][..], &["--keyed"], &["--rejects", "bad.tsv"]] {
        let mut mapper = command(MAPPER, &folder);
        mapper.args(arguments).stdin(File::open(folder.path().join("in.csv")).unwrap()).stdout(full());
        let text = stderr(mapper, 3);
        assert!(text.contains("cannot write to standard output: No space left"), "{text}");
    }
    fs::write(folder.path().join("bad.csv"), "id,note\nx,a\n").unwrap();
    let mut mapper = command(MAPPER, &folder);
    mapper.args(["--rejects", "/dev/full"]).stdin(File::open(folder.path().join("bad.csv")).unwrap());
    assert!(stderr(mapper, 3).contains("cannot write to /dev/full: "));

    fs::write(folder.path().join("keyed"), "k:1\t\t1\ta\0-\t0\t1\tSAME\n").unwrap();
    let mut reducer = command(REDUCER, &folder);
    reducer.stdin(File::open(folder.path().join("keyed")).unwrap()).stdout(full());
    assert!(stderr(reducer, 3).contains("cannot write to standard output: No space left"));
}

#[test]
fn a_closed_pipe_stops() {
    let folder = folder();
    for (binary, line) in [(MAPPER, "id,note\n"), (REDUCER, "k:1\t\t1\ta\0-\t0\t1\tSAME\n")] {
        let (mut child, mut stdin) = spawn(binary, &[], &folder);
        drop(child.stdout.take());
        // It may end before it has read all.
        let _ = stdin.write_all(line.repeat(100).as_bytes());
        let _ = stdin.write_all(if binary == MAPPER { b"1,a\n" } else { b"k:2\t\t2\ta\0-\t0\t2\tSAME\n" });
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{text}");
        assert!(text.contains("Broken pipe") && text.lines().count() == 1, "{text}");
    }
}

#[test]
fn rejects_that_cannot_be_written_stop_before_anything_is_read() {
    let folder = folder();
    fs::write(folder.path().join("in.csv"), "id,note\n1,a\n").unwrap();
    for path in ["no/such/file", "."] {
        let mut mapper = command(MAPPER, &folder);
        mapper.args(["--rejects", path]).stdin(File::open(folder.path().join("in.csv")).unwrap());
        let output = mapper.assert().code(3).get_output().clone();
        assert!(output.stdout.is_empty());
        assert!(String::from_utf8(output.stderr).unwrap().contains(&format!("cannot write {path}: ")));
    }
}

/// Runs a binary beside the usual spec, as `flat_in`.
fn flat(binary: &str, arguments: &[&str], parts: impl Iterator<Item = Vec<u8>>, tail: &[u8]) -> Vec<u8> {
    flat_in(&folder(), binary, arguments, parts, tail)
}

/// Runs a binary on a stream of parts, holds its memory's high-water mark to the limit while it waits for more, and
/// returns what it wrote.
fn flat_in(
    folder: &TempDir,
    binary: &str,
    arguments: &[&str],
    parts: impl Iterator<Item = Vec<u8>>,
    tail: &[u8],
) -> Vec<u8> {
    let (mut child, mut stdin) = spawn(binary, arguments, folder);
    let mut stdout = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut out = Vec::new();
        stdout.read_to_end(&mut out).map(|_| out)
    });
    for part in parts {
        stdin.write_all(&part).unwrap();
    }
    // More than a pipe holds: when it is all written, what came before it has been read.
    for _ in 0..(1 << 21) / tail.len() {
        stdin.write_all(tail).unwrap();
    }
    let peak = peak(&child);
    drop(stdin);
    let out = reader.join().unwrap().unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(peak < FLAT, "{peak} kB");
    out
}

/// The high-water mark of a process's memory, in kB.
fn peak(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}

fn chunks(chunk: &[u8], count: usize) -> impl Iterator<Item = Vec<u8>> + use<> {
    std::iter::repeat_n(chunk.to_vec(), count)
}

#[test]
fn a_line_of_64_mib_takes_no_more_memory_than_the_limit() {
    // Backslashes are the worst: each is escaped, in a keyed line's payload too.
    for arguments in [&[][..], &["--keyed"]] {
        let parts = std::iter::once(b"id,note\n1,".to_vec()).chain(chunks(&b"\\".repeat(1 << 20), 64));
        let out = flat(MAPPER, arguments, parts.chain([b"\n".to_vec()]), b"7,after\n");
        if arguments.is_empty() {
            let seal = sealed(&out);
            assert_eq!((seal.rejected["too_long"][""], seal.rejected_count()), (1, 1));
            assert_eq!(seal.ok, (1 << 21) / 8);
            assert!(out.starts_with(b"too_long\t\t-\t0\t1\t1,\\\\"));
        }
    }
}

#[test]
fn many_columns_of_labels_take_little_memory() {
    let folder = folder();
    let column = |index| format!("[[column]]\nname = \"c{index}\"\ntype = \"region\"\n");
    let columns: String = (0..800).map(column).collect();
    let spec = format!("version = 1\n[table]\nname = \"t\"\n{columns}");
    fs::write(folder.path().join("table.toml"), spec).unwrap();
    let line = |number| format!("label {number}{}\n", format!(",label {number}").repeat(799)).into_bytes();
    let out = flat_in(&folder, MAPPER, &["--no-header"], (0..300).map(line), &line(7));
    assert_eq!(sealed(&out).rejected_count(), 0);
}

#[test]
fn millions_of_tiny_lines_take_no_memory() {
    let empty = flat(MAPPER, &["--no-header"], chunks(&b"\n".repeat(1 << 20), 4), b"\n");
    assert_eq!(sealed(&empty).blank, (4 << 20) + (2 << 20));
    // Each becomes a reject many times its size.
    let short = flat(MAPPER, &["--no-header"], chunks(&b"x\r".repeat(1 << 17), 2), b"\n");
    assert_eq!(sealed(&short).rejected["field_count"][""], 2 << 17);
}

#[test]
fn a_record_of_a_million_fields_takes_no_memory() {
    let commas = [&b",".repeat((1 << 20) - 1)[..], b"\n"].concat();
    let out = flat(MAPPER, &["--no-header"], [commas].into_iter(), b"7,after\n");
    assert_eq!(sealed(&out).rejected["field_count"][""], 1);
}

#[test]
fn a_key_of_200_000_rows_takes_no_memory() {
    let rows = |from: u32| -> Vec<u8> {
        let row =
            |n: u32| format!("k:1\t\t1\t{:06}{}\0hdfs://host/a.csv\t0\t{n}\tSAME\n", n / 2, "y".repeat(50));
        (from..from + 1000).flat_map(|n| row(n).into_bytes()).collect()
    };
    let tail = format!("k:2\t\t2\t{}\0-\t0\t1\tSAME\n", "z".repeat(100));
    let out = flat(REDUCER, &[], (0..200).map(|part| rows(part * 1000)), tail.as_bytes());
    let (seal, tails) = (sealed(&out), (1 << 21) / tail.len() as u64);
    let counts = seal.reduced.unwrap();
    assert_eq!((seal.ok, counts.duplicates, counts.copies), (2, 199_998, 1 + tails - 1));
    assert_eq!(seal.records, 200_000 + tails);
}

/// A record's bytes stand in a keyed line more than once, and escaped: these are the longest lines that there are.
#[test]
fn the_longest_keyed_lines_take_no_more_memory_than_the_limit() {
    let column = |name| format!("[[column]]\nname = \"{name}\"\ntype = \"text\"\n");
    let columns: String = ["k", "p", "v"].map(column).concat();
    let folder = folder();
    let long = (1 << 20) - 64;
    for (output, key, prefer, text) in [("\\t", 1, long, "\\"), ("\\u0001", long, 1, "\u{1}")] {
        let spec = format!(
            "version = 1\n[table]\nname = \"t\"\n[output]\ndelimiter = \"{output}\"\n[dedup]\nkey = [\"k\"]\n\
             prefer = [\"p\", \"k desc\"]\n{columns}"
        );
        fs::write(folder.path().join("table.toml"), spec).unwrap();
        let row = |n: usize| format!("{},{},{n}\n", text.repeat(key), "\t".repeat(prefer)).into_bytes();
        // A few rows of one key, and an exact copy.
        let rows = || [1, 1, 2, 3].map(row).into_iter();
        let after = format!("x,x,{}\n", "y".repeat(4000));
        let tail = |arguments: &[&str]| {
            let mut mapper = assert_cmd::Command::from(command(MAPPER, &folder));
            let ended =
                mapper.args(arguments).arg("--no-header").write_stdin(after.as_str()).output().unwrap();
            ended.stdout.split_inclusive(|byte| *byte == b'\n').next().unwrap().to_vec()
        };
        for (mapper, reducer) in [(&["--keyed"][..], &[][..]), (&["--aggregate", "k"], &["--aggregate", "k"])]
        {
            let map = [mapper, &["--no-header"]].concat();
            let keyed = flat_in(&folder, MAPPER, &map, rows(), after.as_bytes());
            let mut lines: Vec<&[u8]> = keyed.split_inclusive(|byte| *byte == b'\n').collect();
            lines.retain(|line| line.len() > 1 << 20);
            lines.sort_unstable();
            assert_eq!(lines.len(), 4);
            let lines: Vec<Vec<u8>> = lines.into_iter().map(<[u8]>::to_vec).collect();
            let out = flat_in(&folder, REDUCER, reducer, lines.into_iter(), &tail(mapper));
            assert!(!reducer.is_empty() || out.len() > 1 << 20);
        }
    }
}

#[test]
fn more_groups_than_can_be_held_are_an_error_that_says_what_to_do() {
    let folder = folder();
    let mut source = String::from("id,note\n");
    (0..100_000).for_each(|id| source += &format!("{id},a\n"));
    let spec = "version = 1\n[table]\nname = \"t\"\n[dedup]\nkey = [\"id\"]\n[[column]]\nname = \"id\"\n\
                type = \"integer\"\n[[column]]\nname = \"note\"\ntype = \"text\"\n";
    fs::write(folder.path().join("table.toml"), spec).unwrap();
    let reduce = |map: &[&str], code: i32| {
        let mut mapper = assert_cmd::Command::from(command(MAPPER, &folder));
        let keyed = mapper.args(map).write_stdin(source.as_str()).output().unwrap().stdout;
        let mut lines: Vec<&[u8]> = keyed.split_inclusive(|byte| *byte == b'\n').collect();
        lines.sort_unstable();
        let mut reducer = assert_cmd::Command::from(command(REDUCER, &folder));
        let run = reducer.args(["--aggregate", "id"]).write_stdin(lines.concat());
        run.assert().code(code).get_output().clone()
    };
    let refused = reduce(&["--keyed"], 2);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("`mapper --aggregate NAME"), "{refused:?}");
    // Which is right: one group at a time.
    let groups = reduce(&["--aggregate", "id"], 0).stdout;
    assert_eq!(groups.split_inclusive(|byte| *byte == b'\n').count(), 100_000);
}

#[test]
fn a_line_that_is_no_keyed_line_takes_no_more_memory_than_the_limit() {
    for binary in [REDUCER, VALIDATOR] {
        let folder = folder();
        let (child, mut stdin) = spawn(binary, &[], &folder);
        for _ in 0..64 {
            stdin.write_all(&b"k".repeat(1 << 20)).unwrap();
        }
        let peak = peak(&child);
        drop(stdin);
        assert!(!child.wait_with_output().unwrap().status.success());
        assert!(peak < FLAT, "{peak} kB");
    }
}

#[test]
fn nul_bytes_are_bytes() {
    let folder = folder();
    fs::write(folder.path().join("in.csv"), b"id,note\n1,\0\n\0\n2,a\0b\n").unwrap();
    let mut mapper = command(MAPPER, &folder);
    mapper.stdin(File::open(folder.path().join("in.csv")).unwrap());
    let out = mapper.assert().code(0).get_output().stdout.clone();
    assert!(out.starts_with(b"ok\t1\t\0\nfield_count\t\t-\t0\t2\t\0\nok\t2\ta\0b\nseal\t"));
}

/// Where a stream is closed from the start, the runtime puts `/dev/null` there, open for both ways, as many supervisors
/// do on purpose. The two can't be told apart, so none is refused.
#[test]
fn the_null_device_is_a_stream_however_it_was_opened() {
    let folder = folder();
    fs::write(folder.path().join("in.csv"), "id,note\n1,a\n").unwrap();
    for (read, write) in [(true, true), (false, true)] {
        let null = OpenOptions::new().read(read).write(write).open("/dev/null").unwrap();
        let mut mapper = command(MAPPER, &folder);
        mapper.stdin(File::open(folder.path().join("in.csv")).unwrap()).stdout(null);
        assert_eq!(stderr(mapper, 0), "");
    }
    let null = OpenOptions::new().read(true).write(true).open("/dev/null").unwrap();
    let mut mapper = command(MAPPER, &folder);
    mapper.stdin(null);
    assert_eq!(stderr(mapper, 0), "");
}

#[test]
fn rejects_never_overwrite_what_is_read() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("in.csv"), "id,note\nx,a\n").unwrap();
    for rejects in ["in.csv", "table.toml"] {
        let before = fs::read(path(rejects)).unwrap();
        let mut mapper = command(MAPPER, &folder);
        mapper.args(["--rejects", rejects]).stdin(File::open(path("in.csv")).unwrap());
        assert!(stderr(mapper, 2).contains("is what is read or written"));
        assert_eq!(fs::read(path(rejects)).unwrap(), before);
    }
}

/// A file of the wrong table must not cost the rejects of the right one.
#[test]
fn rejects_from_before_are_kept_until_the_header_fits() {
    let folder = folder();
    let rejects = folder.path().join("bad.tsv");
    let run = |input: &[&str], code: i32| {
        fs::write(&rejects, "before\n").unwrap();
        let (mut child, mut stdin) = spawn(MAPPER, &["--rejects", "bad.tsv"], &folder);
        for part in input {
            stdin.write_all(part.as_bytes()).unwrap();
            // So that the mapper sees the part alone.
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        drop(stdin);
        assert_eq!(child.wait().unwrap().code(), Some(code), "{input:?}");
        fs::read_to_string(&rejects).unwrap()
    };
    for drifted in [&["id,other\nx,a\n"][..], &["id,", "other\nx,a\n"], &["id,other"]] {
        assert_eq!(run(drifted, 4), "before\n");
    }
    for clean in [&["id,note\n1,a\n"][..], &["id,", "note"], &[]] {
        assert_eq!(run(clean, 0), "");
    }
    assert_eq!(run(&["id,note\nx,a\n"], 0), "integer\tid\t-\t0\t1\tx,a\n");
}

/// Two places in one file: what is written at one overwrites what was written at the other.
#[test]
fn rejects_never_share_a_file_with_the_rows() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("in.csv"), "id,note\n1,a\nx,a\n").unwrap();
    for rejects in ["out.tsv", "/dev/stdout"] {
        fs::write(path("out.tsv"), "before\n").unwrap();
        let rows = OpenOptions::new().append(true).open(path("out.tsv")).unwrap();
        let mut mapper = command(MAPPER, &folder);
        mapper.args(["--rejects", rejects]).stdin(File::open(path("in.csv")).unwrap()).stdout(rows);
        assert!(stderr(mapper, 2).contains("is what is read or written"), "{rejects}");
        assert_eq!(fs::read(path("out.tsv")).unwrap(), b"before\n");
    }
    // A log that others append to is kept, too.
    let log = OpenOptions::new().append(true).open(path("out.tsv")).unwrap();
    let mut mapper = command(MAPPER, &folder);
    mapper.args(["--rejects", "/dev/stderr"]).stdin(File::open(path("in.csv")).unwrap()).stderr(log);
    assert_eq!(mapper.output().unwrap().status.code(), Some(2));
    assert!(fs::read(path("out.tsv")).unwrap().starts_with(b"before\n"));
}
