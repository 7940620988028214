//! Golden cases: each folder below `testdata/golden` is a test of that name.
//!
//! | file | what it is |
//! |---|---|
//! | `cmd` | one line: the binaries and their arguments, joined by ` | `; `sort` is `LC_ALL=C sort` |
//! | `stdin` | what the first of them reads (empty where it is missing) |
//! | `env` | `NAME=value` lines; nothing else is in the environment |
//! | `stdout`, `stderr` | what must come out, whole (empty where it is missing) |
//! | `stderr.contains` | in place of `stderr`: texts that must stand in it, one a line |
//! | `exit` | the exit code, where it is not 0; a stage that fails ends the pipe |
//! | `files/` | files that must have been written |
//!
//! Anything else (specs) is there for the case to read. A case runs in a copy of its folder, so that no message holds
//! a path of this machine. `SLUICEBOX_BLESS=1 cargo test --test golden` writes what came out as what is expected; the
//! diff is what gets reviewed.
//!
//! A case of one mapper also runs inside this process by every tier, byte by byte and cut in two at every place.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};
use sluicebox::input;
use sluicebox::scan::Tier;
use sluicebox::spec::Spec;
use sluicebox::task::{Mode, Sink, Split, Task};

/// How a case ended.
struct Outcome {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    exit: i32,
    files: BTreeMap<String, Vec<u8>>,
}

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut trials: Vec<Trial> = folders(&root.join("golden"))
        .into_iter()
        .map(|folder| {
            let name = name(&folder);
            Trial::test(name, move || case(&folder).map_err(Failed::from))
        })
        .collect();
    trials.push(Trial::test("classic", move || classic(&root).map_err(Failed::from)));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn case(folder: &Path) -> Result<(), String> {
    let outcome = run(folder)?;
    if std::env::var_os("SLUICEBOX_BLESS").is_some() {
        bless(folder, &outcome).map_err(|error| format!("cannot bless {}: {error}", folder.display()))?;
    }
    let read = |name: &str| fs::read(folder.join(name)).unwrap_or_default();
    let code = String::from_utf8_lossy(&read("exit")).trim().parse().unwrap_or(0);
    if outcome.exit != code {
        let stderr = String::from_utf8_lossy(&outcome.stderr);
        return Err(format!("exit {} in place of {code}; stderr:\n{stderr}", outcome.exit));
    }
    same("stdout", &read("stdout"), &outcome.stdout)?;
    let wanted = folder.join("stderr.contains");
    if wanted.exists() {
        let stderr = String::from_utf8_lossy(&outcome.stderr);
        for text in String::from_utf8_lossy(&read("stderr.contains")).lines() {
            if !stderr.contains(text) {
                return Err(format!("stderr does not say `{text}`:\n{stderr}"));
            }
        }
    } else {
        same("stderr", &read("stderr"), &outcome.stderr)?;
    }
    let expected = written(&folder.join("files"), &[]);
    if expected.keys().ne(outcome.files.keys()) {
        return Err(format!(
            "files {:?} in place of {:?}",
            outcome.files.keys().collect::<Vec<_>>(),
            expected.keys().collect::<Vec<_>>()
        ));
    }
    for (name, content) in &expected {
        same(name, content, &outcome.files[name])?;
    }
    cut_everywhere(folder, &read("stdin"), &read("stdout"))
}

/// Runs the case's command in a copy of its folder.
fn run(folder: &Path) -> Result<Outcome, String> {
    let failed = |error: std::io::Error| error.to_string();
    let copy = tempfile::tempdir().map_err(failed)?;
    let given: Vec<PathBuf> = entries(folder).into_iter().filter(|path| path.is_file()).collect();
    for path in &given {
        fs::copy(path, copy.path().join(name(path))).map_err(failed)?;
    }
    let mut outcome = Outcome {
        stdout: fs::read(folder.join("stdin")).unwrap_or_default(),
        stderr: Vec::new(),
        exit: 0,
        files: BTreeMap::new(),
    };
    for stage in command(folder)?.split('|') {
        let words: Vec<&str> = stage.split_whitespace().collect();
        let stdin = std::mem::take(&mut outcome.stdout);
        if words == ["sort"] {
            outcome.stdout = sort(&stdin);
            continue;
        }
        let (program, arguments) = words.split_first().ok_or("an empty stage in `cmd`")?;
        let mut child = Command::new(binary(program)?)
            .args(arguments)
            .current_dir(copy.path())
            .env_clear()
            .envs(environment(folder))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let mut pipe = child.stdin.take().ok_or("no stdin")?;
        // A child that ends early closes its input; that is no failure of the case.
        let feeder = std::thread::spawn(move || drop(pipe.write_all(&stdin)));
        let output = child.wait_with_output().map_err(failed)?;
        feeder.join().map_err(|_| "feeding stdin failed")?;
        outcome.stdout = output.stdout;
        outcome.stderr.extend_from_slice(&output.stderr);
        outcome.exit = output.status.code().ok_or("killed by a signal")?;
        if outcome.exit != 0 {
            break;
        }
    }
    let names: Vec<String> = given.iter().map(|path| name(path)).collect();
    outcome.files = written(copy.path(), &names);
    Ok(outcome)
}

fn bless(folder: &Path, outcome: &Outcome) -> std::io::Result<()> {
    let put = |name: &str, content: &[u8]| {
        let path = folder.join(name);
        if content.is_empty() {
            return if path.exists() { fs::remove_file(path) } else { Ok(()) };
        }
        fs::write(path, content)
    };
    put("stdout", &outcome.stdout)?;
    if !folder.join("stderr.contains").exists() {
        put("stderr", &outcome.stderr)?;
    }
    let exit = if outcome.exit == 0 { String::new() } else { format!("{}\n", outcome.exit) };
    put("exit", exit.as_bytes())?;
    let files = folder.join("files");
    if files.exists() {
        fs::remove_dir_all(&files)?;
    }
    for (name, content) in &outcome.files {
        fs::create_dir_all(&files)?;
        fs::write(files.join(name), content)?;
    }
    Ok(())
}

/// However the stream is cut into blocks, the same bytes come out: fed byte by byte, and in two blocks cut at every
/// place (of a long input at some hundred).
fn cut_everywhere(folder: &Path, stdin: &[u8], stdout: &[u8]) -> Result<(), String> {
    let command = command(folder)?;
    let words: Vec<&str> = command.split_whitespace().collect();
    let Some((path, switches)) = (match words.as_slice() {
        ["mapper", "--spec", path, switches @ ..] => Some((path, switches)),
        _ => None,
    }) else {
        return Ok(());
    };
    let no_header = switches.contains(&"--no-header");
    let keyed = switches.contains(&"--keyed");
    if switches.len() > usize::from(no_header) + usize::from(keyed) {
        return Ok(());
    }
    let Ok(spec) = Spec::load(&folder.join(path)) else { return Ok(()) };
    if keyed && spec.dedup.is_none() {
        return Ok(());
    }
    let mode = if keyed { Mode::Keyed(None) } else { Mode::Temp };
    let environment = environment(folder);
    let mut text = Vec::new();
    let may_be_gzip = !environment.contains_key("mapreduce_task_attempt_id");
    let opened = input::open(stdin, may_be_gzip).and_then(|mut stream| stream.read_to_end(&mut text));
    if opened.is_err() {
        return Ok(());
    }
    let split = split(&environment);
    for (tier, by) in Tier::available() {
        cut_everywhere_at(by, &spec, &split, mode, no_header, &text, stdout)
            .map_err(|message| format!("tier {tier}: {message}"))?;
    }
    Ok(())
}

fn cut_everywhere_at(
    tier: Tier,
    spec: &Spec,
    split: &Split,
    mode: Mode,
    no_header: bool,
    text: &[u8],
    stdout: &[u8],
) -> Result<(), String> {
    let feed = |blocks: &[&[u8]]| {
        let mut sink = Sink::default();
        let mut task = Task::new(spec, split.clone(), mode, no_header, tier);
        // A header that drifted ends the task; what came before it counts all the same.
        if blocks.iter().try_for_each(|block| task.feed(block, &mut sink)).is_ok() {
            let _ = task.finish(&mut sink);
        }
        sink.out
    };
    same("stdout when fed byte by byte", stdout, &feed(&text.chunks(1).collect::<Vec<_>>()))?;
    for at in (0..=text.len()).step_by(1 + text.len() / 400) {
        let (left, right) = text.split_at(at);
        same(&format!("stdout when cut at {at}"), stdout, &feed(&[left, right]))?;
    }
    Ok(())
}

/// The split that the environment of a case describes.
fn split(environment: &BTreeMap<String, String>) -> Split {
    let number = |name: &str| environment.get(name).and_then(|value| value.parse().ok());
    let Some(file) = environment.get("mapreduce_map_input_file") else {
        let begins_file = !environment.contains_key("mapreduce_task_attempt_id");
        return Split { begins_file, ..Split::stdin() };
    };
    let start = number("mapreduce_map_input_start");
    Split {
        file: file.clone(),
        start: start.unwrap_or(0),
        length: number("mapreduce_map_input_length"),
        begins_file: start == Some(0),
        folder: environment.get("sluicebox_folder").cloned().unwrap_or_default(),
    }
}

/// The spec that does what the usual Python mapper does gives the usual Python mapper's answer.
fn classic(root: &Path) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let output = Command::new(env!("CARGO_BIN_EXE_mapper"))
        .arg("--spec")
        .arg(root.join("specs/classic.toml"))
        .arg("--rejects")
        .arg(folder.path().join("rejects"))
        .stdin(fs::File::open(root.join("classic/input.csv")).map_err(|error| error.to_string())?)
        .output()
        .map_err(|error| error.to_string())?;
    let expected = fs::read(root.join("classic/output.csv")).map_err(|error| error.to_string())?;
    same("stdout", &expected, &output.stdout)
}

fn command(folder: &Path) -> Result<String, String> {
    fs::read_to_string(folder.join("cmd"))
        .map(|text| text.trim().to_owned())
        .map_err(|error| format!("cannot read {}/cmd: {error}", folder.display()))
}

fn environment(folder: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(folder.join("env")).unwrap_or_default();
    text.lines().filter_map(|line| line.split_once('=')).map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
}

fn binary(name: &str) -> Result<&'static str, String> {
    match name {
        "mapper" => Ok(env!("CARGO_BIN_EXE_mapper")),
        "reducer" => Ok(env!("CARGO_BIN_EXE_reducer")),
        "validator" => Ok(env!("CARGO_BIN_EXE_validator")),
        "sluicebox" => Ok(env!("CARGO_BIN_EXE_sluicebox")),
        other => Err(format!("`{other}` in `cmd` is none of the binaries, nor `sort`")),
    }
}

/// `LC_ALL=C sort`.
fn sort(text: &[u8]) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    lines.sort_by_key(|line| line.strip_suffix(b"\n").unwrap_or(line));
    lines.concat()
}

fn same(what: &str, expected: &[u8], found: &[u8]) -> Result<(), String> {
    if expected == found {
        return Ok(());
    }
    let lines = |text: &[u8]| text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    let (expected, found) = (lines(expected), lines(found));
    let at = expected.iter().zip(&found).take_while(|(left, right)| left == right).count();
    let line = |lines: &[Vec<u8>]| {
        lines.get(at).map_or("(the end)".to_owned(), |line| line.escape_ascii().to_string())
    };
    Err(format!(
        "{what} differs in line {}\n  expected: {}\n  found:    {}",
        at + 1,
        line(&expected),
        line(&found)
    ))
}

/// The files of a folder but those named, with their content.
fn written(folder: &Path, but: &[String]) -> BTreeMap<String, Vec<u8>> {
    let files = entries(folder).into_iter().filter(|path| path.is_file() && !but.contains(&name(path)));
    files.map(|path| (name(&path), fs::read(&path).unwrap_or_default())).collect()
}

fn folders(root: &Path) -> Vec<PathBuf> {
    entries(root).into_iter().filter(|path| path.is_dir()).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let listed = fs::read_dir(folder).map(|entries| entries.flatten().map(|entry| entry.path()).collect());
    let mut paths: Vec<PathBuf> = listed.unwrap_or_default();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
