//! The validator against what can happen to a job's output, with the real mapper and reducer before it.

mod books;
mod faults;
mod gates;
mod parts;

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::{Value, json};
use sluicebox::scan::Tier;
use sluicebox::spec::Spec;
use sluicebox::validate::{Partial, Tally};
use tempfile::TempDir;

const SPEC: &str = r#"
version = 1
[table]
name = "sales"
[input]
format = "csv"
null = [""]
[limits]
min_rows = 0
LIMITS
[audit]
sum = ["amount"]
[[column]]
name = "id"
type = "integer"
[[column]]
name = "day"
type = "date"
format = "%Y-%m-%d"
invalid = "null"
nullable = true
[[column]]
name = "amount"
type = "money"
precision = 12
scale = 2
"#;

const DEDUP: &str = "\n[dedup]\nkey = [\"id\"]\n";

/// Ten records: seven ok (one of them with a day that is replaced), three rejected.
const CSV: &str = "\
id,day,amount
1,2024-01-01,10.00
2,2024-01-02,20.50
x,2024-01-03,1.00

3,2024-01-03,30.25
4,never,40.00
5,2024-01-05,much
6,2024-01-06,60.00
7,2024-01-07,-70.75
7,2024-01-07
8,2024-01-08,80.00
";

/// A table's folder and the programs run in it.
struct Table {
    folder: TempDir,
}

/// How a program ended.
struct Ended {
    code: i32,
    out: Vec<u8>,
    err: String,
}

impl Ended {
    fn verdict(&self) -> Value {
        assert_eq!(lines(&self.out).len(), 1, "one line: {}", self.err);
        serde_json::from_slice(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.err))
    }

    /// The verdict's problems, one a line.
    fn problems(&self) -> String {
        let verdict = self.verdict();
        let problems: Vec<&str> =
            verdict["problems"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
        problems.join("\n")
    }

    fn passes(&self) {
        let verdict = self.verdict();
        let found = (self.code, &verdict["verdict"], &verdict["balanced"]);
        assert_eq!(found, (0, &json!("pass"), &json!(true)), "{verdict:#}");
        assert_eq!(self.err.lines().last(), Some("books balance, verdict: pass"));
    }

    /// The books do not balance, for a reason that is told on stdout and stderr.
    fn fails_with(&self, expected: &str) {
        let verdict = self.verdict();
        assert_eq!(
            (&verdict["verdict"], &verdict["balanced"]),
            (&json!("fail"), &json!(false)),
            "{verdict:#}"
        );
        assert!(self.problems().contains(expected), "{expected:?} is not in\n{}", self.problems());
        assert!(self.err.contains(expected), "{}", self.err);
        assert_eq!((self.code, self.err.lines().last()), (1, Some("books DO NOT balance, verdict: fail")));
    }
}

impl Table {
    fn new(limits: &str, more: &str) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("table.toml"), SPEC.replace("LIMITS", limits) + more).unwrap();
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn spec(&self) -> Spec {
        Spec::load(&self.path().join("table.toml")).unwrap()
    }

    fn run(&self, program: &str, arguments: &[&str], environment: &[(&str, &str)], stdin: &[u8]) -> Ended {
        let path = match program {
            "mapper" => env!("CARGO_BIN_EXE_mapper"),
            "reducer" => env!("CARGO_BIN_EXE_reducer"),
            _ => env!("CARGO_BIN_EXE_validator"),
        };
        let mut command = Command::new(path);
        command.current_dir(self.path()).args(arguments).envs(environment.iter().copied()).write_stdin(stdin);
        let output = command.output().unwrap();
        Ended {
            code: output.status.code().unwrap(),
            out: output.stdout,
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn map(&self, arguments: &[&str], environment: &[(&str, &str)], csv: &[u8]) -> Vec<u8> {
        let ended = self.run("mapper", arguments, environment, csv);
        assert_eq!(ended.code, 0, "{}", ended.err);
        ended.out
    }

    /// A map task's lines over one split.
    fn split(&self, file: &str, start: usize, csv: &[u8]) -> Vec<u8> {
        let (start, length) = (start.to_string(), csv.len().to_string());
        let environment = [
            ("mapreduce_map_input_file", file),
            ("mapreduce_map_input_start", &start),
            ("mapreduce_map_input_length", &length),
        ];
        self.map(&[], &environment, csv)
    }

    fn validate(&self, arguments: &[&str], lines: &[u8]) -> Ended {
        self.run("validator", arguments, &[], lines)
    }
}

fn lines(text: &[u8]) -> Vec<Vec<u8>> {
    text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

fn replace(text: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(text.to_vec()).unwrap();
    assert!(text.contains(from), "{from:?} is not in\n{text}");
    text.replacen(from, to, 1).into_bytes()
}

/// What the library makes of a part file's piece, fed in small blocks so that lines go across them.
fn partial(spec: &Spec, part: &str, start: u64, lines: &[u8]) -> Partial {
    let mut tally = Tally::new(spec, Tier::best());
    lines.chunks(7).for_each(|block| tally.feed(block));
    tally.finish(part.to_owned(), start)
}
