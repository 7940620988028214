//! `sluicebox hql` against what a real Hive 4.0.1 printed (`tests/hql/*.tsv`), as it was and bent.
//!
//! The scripts themselves are golden files, `tests/hql/*.hql`; `SLUICEBOX_BLESS=1 cargo test --test hql` writes
//! them anew, and the diff is to be read.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

const TABLE: &str = include_str!("hql/table.toml");
const QUERY: &str = include_str!("hql/hard_by_label.sql");
const PREPARED: &str = include_str!("hql/prepare.tsv");
const PUBLISHED: &str = include_str!("hql/publish.tsv");
const BOOKS: &str = include_str!("hql/books.tsv");
const VERDICT: &str = include_str!("hql/verdict.json");

/// As a shell script would hold it: a quote, a per cent sign and a letter beyond ASCII.
const RUN: &[&str] =
    &["--root", "file:///srv/o'r%20té/", "--run", "2026-01-02-1234abcd", "--date", "2026-01-02"];

/// A folder with a spec, its query and Hive's answers.
struct Case(TempDir);

/// What a program said: exit code, stdout, stderr.
type Said = (i32, String, String);

impl Case {
    fn new() -> Self {
        let case = Self(tempfile::tempdir().unwrap());
        for (file, text) in [
            ("table.toml", TABLE),
            ("hard_by_label.sql", QUERY),
            ("prepare.tsv", PREPARED),
            ("publish.tsv", PUBLISHED),
            ("books.tsv", BOOKS),
            ("verdict.json", VERDICT),
        ] {
            case.write(file, text);
        }
        case
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.0.path().join(file), text).unwrap();
    }

    /// The case with one text of a file in place of another, which must be there.
    fn bent(file: &str, from: &str, to: &str) -> Self {
        let case = Self::new();
        case.bend(file, from, to);
        case
    }

    fn bend(&self, file: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.0.path().join(file)).unwrap();
        assert!(text.contains(from), "{file} has no {from:?}");
        self.write(file, &text.replace(from, to));
    }

    fn run(&self, arguments: &[&str]) -> Said {
        let mut command = Command::cargo_bin("sluicebox").unwrap();
        let output = command.current_dir(self.0.path()).args(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    fn script(&self, stage: &str, more: &[&str]) -> Said {
        self.run(&[&["hql", stage], RUN, more].concat())
    }

    fn compare(&self) -> Said {
        self.run(&["hql", "compare", "--root", "/srv/o'r%20té", "--described", "prepare.tsv"])
    }

    fn reconcile(&self) -> Said {
        self.run(&["hql", "reconcile", "--verdict", "verdict.json", "--books", "books.tsv"])
    }
}

/// Its exit code and a part of its message.
#[track_caller]
fn refused((code, out, err): &Said, expected: i32, message: &str) {
    assert!(*code == expected && err.contains(message), "exit {code}, wanted {expected}: {message}\n{err}");
    assert_eq!(out, "", "nothing may stand on stdout where it failed");
}

#[test]
fn the_scripts() {
    let case = Case::new();
    for stage in ["prepare", "quarantine", "load", "elsewhere", "publish", "forget", "rejects"] {
        let more: &[&str] = if stage == "load" { &["--described", "prepare.tsv"] } else { &[] };
        let (code, script, err) = case.script(stage, more);
        assert_eq!(code, 0, "{err}");
        let (settings, statements) = script.split_once("USE `default`;\n\n").unwrap();
        assert!(settings.contains("SET hive.compute.query.using.stats=false;"));
        let golden = Path::new("tests/hql").join(format!("{stage}.hql"));
        if std::env::var_os("SLUICEBOX_BLESS").is_some() {
            fs::write(&golden, statements).unwrap();
        }
        assert_eq!(statements, fs::read_to_string(&golden).unwrap(), "{}", golden.display());
    }
}

#[test]
fn no_script_holds_what_beeline_or_hive_would_act_on() {
    let case = Case::new();
    case.bend("table.toml", "[output]", "[quarantine]\nraw = \"redact\"\n[output]");
    for delimiter in [";", "'", "$", "|"] {
        case.bend("table.toml", "delimiter = ", &format!("delimiter = \"{delimiter}\" #"));
        for stage in ["prepare", "quarantine", "load", "elsewhere", "publish", "forget", "rejects"] {
            let more: &[&str] = if stage == "load" { &["--described", "prepare.tsv"] } else { &[] };
            let (_, script, err) = case.script(stage, more);
            assert_eq!(err, "");
            let statements = script.lines().filter(|line| !line.starts_with("--"));
            for line in statements {
                assert_eq!(line.matches('\'').count() % 2, 0, "{line}");
                assert!(line.is_ascii() && !line.contains("${") && !line.contains("--"), "{line}");
                assert!(line.find(';').is_none_or(|at| at + 1 == line.len()), "{line}");
            }
        }
    }
}

#[test]
fn quarantine_keeps_of_a_duplicate_what_the_spec_allows() {
    let load = |raw: &str| {
        let case = Case::bent("table.toml", "[output]", &format!("[quarantine]\nraw = \"{raw}\"\n[output]"));
        case.script("load", &["--described", "prepare.tsv"]).1
    };
    assert!(load("keep").contains("CONCAT_WS") && !load("keep").contains("REGEXP_REPLACE"));
    assert!(load("redact").contains("REGEXP_REPLACE"));
    assert!(!load("none").contains("CONCAT_WS") && load("none").contains("'' AS raw"));
}

#[test]
fn scope_run_does_not_read_gold() {
    let case = Case::bent("table.toml", "scope = \"table\"", "scope = \"run\"");
    let (_, script, _) = case.script("load", &["--described", "prepare.tsv"]);
    assert!(!script.contains("`default`.`Hard` ") && !script.contains("sluicebox_held"));
    assert!(script.contains("INSERT OVERWRITE TABLE sluicebox_rows"));
}

#[test]
fn roots_and_runs_that_hive_would_choke_on() {
    let case = Case::new();
    for (root, run, date, message) in [
        ("/a b", "r", "d", "holds ' '"),
        ("/a%", "r", "d", "lone '%'"),
        ("a/b", "r", "d", "is not absolute"),
        ("/a", "../r", "d", "can't name a partition"),
        ("/a", "r", "x'y", "can't name a partition"),
    ] {
        let said = case.run(&["hql", "publish", "--root", root, "--run", run, "--date", date]);
        refused(&said, 2, message);
    }
}

#[test]
fn tables_that_follow_the_spec_need_nothing() {
    assert_eq!(Case::new().compare(), (0, String::new(), String::new()));
}

#[test]
fn columns_at_the_end_are_added_everywhere() {
    let case = Case::bent("table.toml", "[[gold]]", "[[column]]\nname = \"note\"\ntype = \"text\"\n[[gold]]");
    let (code, script, err) = case.compare();
    assert_eq!((code, err.as_str()), (0, ""));
    for table in ["Hard", "Hard_version", "Hard_temp"] {
        let statement =
            format!("ALTER TABLE `default`.`{table}` ADD COLUMNS (\n    `note` STRING\n) CASCADE;\n");
        assert!(script.contains(&statement), "{script}");
    }
    assert_eq!(script.matches("ALTER TABLE").count(), 3, "{script}");

    let case = Case::bent("prepare.tsv", "odd\tstring", "odd\tstring\t\nmore\tmap<string,bigint>");
    let (code, script, _) = case.compare();
    assert_eq!(code, 0);
    for table in ["hard_by_label", "hard_by_label_version"] {
        let statement = format!("`{table}` ADD COLUMNS (\n    `more` map<string,bigint>\n) CASCADE;\n");
        assert!(script.contains(&statement), "{script}");
    }
    assert_eq!(script.matches("ALTER TABLE").count(), 2, "{script}");
}

#[test]
fn further_tables_are_made_from_their_query() {
    // `_` is a wildcard to Hive: a table of a like name is not the one.
    let case = Case::bent("prepare.tsv", "tableName:hard_by_label\n", "tableName:hardxby_label\n");
    let (code, script, _) = case.compare();
    assert_eq!(code, 0);
    let create = "CREATE EXTERNAL TABLE IF NOT EXISTS `default`.`hard_by_label` (\n    `label` string,\n    `from` string,\n    \
                  `orders` bigint,\n    `amount` decimal(28,2),";
    assert!(script.contains(create), "{script}");
    assert!(script.contains("LOCATION '/srv/o\\u0027r\\u002520t\\u00E9/hard_by_label/gold'"), "{script}");
    assert_eq!(script.matches("CREATE").count(), 1, "{script}");
}

#[test]
fn differences_that_no_table_can_follow() {
    let big = "name = \"big\"\ntype = \"money\"\nprecision = 38\nscale = 10";
    for (file, from, to, messages) in [
        (
            "table.toml",
            "scale = 10",
            "scale = 9",
            &[
                "Hard: column `big` is decimal(38,10) in the table and decimal(38,9)",
                "Hard_version: ",
                "Hard_temp: ",
            ][..],
        ),
        (
            "table.toml",
            "name = \"label\"",
            "name = \"tag\"",
            &["`tag` is new and not", "`label` is in the table and not"],
        ),
        (
            "table.toml",
            "[[column]]\nname = \"order\"",
            "[[column]]\nname = \"first\"\ntype = \"text\"\n[[column]]\nname = \"order\"",
            &["Hard: column `first` is new and not at the end", "`order` is number 1 in the table and 2"],
        ),
        ("table.toml", big, &format!("{big}\ndrop = true"), &["`big` is in the table and not in the spec"]),
        (
            "table.toml",
            "partition = \"date\"",
            "partition = \"dt\"",
            &["Hard: it is partitioned by date string, not by dt"],
        ),
        (
            "prepare.tsv",
            "date\tstring\t\n\tNULL",
            "date\tint\t\n\tNULL",
            &["Hard: it is partitioned by date int"],
        ),
        ("prepare.tsv", "EXTERNAL_TABLE", "MANAGED_TABLE", &["Hard: it is a MANAGED_TABLE"]),
        (
            "prepare.tsv",
            "ql.io.orc.OrcInputFormat",
            "ql.io.parquet.X",
            &["Hard: it is read by", "hard_by_label: it is read by"],
        ),
        (
            "prepare.tsv",
            "amount\tdecimal(28,2)",
            "amount\tdouble",
            &["hard_by_label: column `amount` is decimal(28,2) in the table and double in the query"],
        ),
        ("prepare.tsv", "from\tstring", "from\tvoid", &["column `from` of the query is NULL without a type"]),
        ("prepare.tsv", "odd\tstring", "_c5\tstring", &["column `_c5` of the query has no name"]),
        (
            "prepare.tsv",
            "to\tstring",
            "date\tstring",
            &["hard_by_label: column `date` of the query is its partition's name"],
        ),
    ] {
        let case = Case::bent(file, from, to);
        // The key and the sums name columns; they don't matter here.
        for (from, to) in [("key = [\"order\", \"label\"]", "key = [\"order\"]"), ("\"big\", ", "")] {
            case.bend("table.toml", from, to);
        }
        let said = case.compare();
        for message in messages {
            refused(&said, 2, message);
        }
    }
}

#[test]
fn an_answer_that_is_cut_short_is_no_answer() {
    for end in
        ["sluicebox:table:Hard\n", "# Detailed Table Information", "sluicebox:shown:hard_by_label_version"]
    {
        let whole = &PREPARED[..PREPARED.rfind(end).unwrap()];
        let case = Case::new();
        case.write("prepare.tsv", whole);
        assert_eq!(case.compare().0, 3, "{end}");
    }
}

#[test]
fn where_gold_points() {
    let case = Case::new();
    let published = |more: &[&str]| case.run(&[&["hql", "published", "--described"], more].concat());
    assert_eq!(published(&["prepare.tsv"]), (0, String::new(), String::new()));
    let lines = "published\t2026-01-03-r4\tHard\tfile:/srv/o'r%20té/Hard/version/run_id=2026-01-03-r4\n\
                 published\t2026-01-03-r4\thard_by_label\tfile:/srv/o'r%20té/hard_by_label/version/run_id=2026-01-03-r4\n";
    assert_eq!(published(&["publish.tsv"]), (0, lines.to_owned(), String::new()));
    assert_eq!(published(&["publish.tsv", "--root", "/srv/o'r%20té", "--run", "2026-01-03-r4"]).0, 0);
    refused(
        &published(&["publish.tsv", "--root", "/srv/o'r%20té", "--run", "2026-01-03-r5"]),
        1,
        "Hard points to file:/srv",
    );
    refused(
        &published(&["prepare.tsv", "--root", "/srv/o'r%20té", "--run", "2026-01-03-r4"]),
        1,
        "hard_by_label has no such partition",
    );

    case.bend("publish.tsv", "/Hard/version/run_id=2026-01-03-r4", "/Hard/by_hand");
    assert!(
        published(&["publish.tsv"]).1.starts_with("published\t-\tHard\tfile:/srv/o'r%20té/Hard/by_hand\n")
    );
    refused(
        &published(&["publish.tsv", "--root", "/srv/o'r%20té", "--run", "2026-01-03-r4"]),
        1,
        "Hard points to",
    );
    refused(
        &published(&["publish.tsv", "--root", "/srv/other", "--run", "2026-01-03-r4"]),
        1,
        "hard_by_label points to file:/srv",
    );
    case.bend("publish.tsv", "partition values:", "something else:");
    refused(&published(&["publish.tsv"]), 3, "Hard has the partition, but");
}

/// A load writes into folders of its own alone, through tables of its session: a statement that outlives its driver finds
/// none of those that the next one loads into.
#[test]
fn a_load_writes_into_its_own_folders() {
    let case = Case::new();
    let case_of = |stage: &str, more: &[&str]| case.script(stage, &[more, &["--load", "1a2b-7"]].concat()).1;
    let load = case_of("load", &["--described", "prepare.tsv"]);
    for folder in ["Hard/version", "Hard/reject", "hard_by_label/version"] {
        let place = format!("/{folder}/run_id=2026-01-02-1234abcd/load=1a2b-7'");
        assert_eq!(load.matches(&place).count(), 3, "{folder}: written, and a partition: {load}");
    }
    for script in [load, case_of("quarantine", &[])] {
        let written: Vec<&str> = script.lines().filter(|line| line.starts_with("INSERT")).collect();
        assert!(
            !written.is_empty() && written.iter().all(|line| line.contains(" TABLE sluicebox_")),
            "{written:?}"
        );
        for folder in script.lines().filter(|line| line.contains("/run_id=")) {
            assert!(folder.contains("/load=1a2b-7'"), "{folder}");
        }
    }
}

/// Whatever others would see is changed behind a question for the lock.
#[test]
fn scripts_ask_for_the_lock() {
    let case = Case::new();
    let lock = ["--lock", "hdfs://host/t/locks/2026-01-02/4.123-77"];
    for stage in ["quarantine", "load", "publish", "elsewhere", "forget"] {
        let more: &[&str] = if stage == "load" { &["--described", "prepare.tsv"] } else { &[] };
        let (code, script, _) = case.script(stage, &[more, &lock].concat());
        assert_eq!(code, 0);
        let mut asked = 0;
        let mut statements =
            script.split(";\n\n").skip_while(|statement| !statement.contains("TABLE sluicebox_locks"));
        assert!(
            statements.next().unwrap().ends_with("LOCATION 'hdfs://host/t/locks/2026-01-02'"),
            "{script}"
        );
        for statement in statements {
            if statement.starts_with("SELECT assert_true(") {
                assert!(statement.contains("AS BIGINT), 0) < 4 OR claim = '4.123-77')"), "{statement}");
                // A partition takes two statements, where one does not know whether it is there; a load has three.
                asked = match stage {
                    "forget" => 1,
                    "load" => 6,
                    _ => 2,
                };
            } else if statement.starts_with("ALTER") {
                assert!(asked > 0 || statement.contains("SERDEPROPERTIES"), "{stage}: {statement}");
                asked -= 1;
            }
        }
    }
    let (_, script, _) = case.script("show", &lock);
    assert!(!script.contains("assert_true"), "it changes nothing");
    for claim in ["4.a", "/x/y.a", "/x/4", "/x/4.", "/x/4.a'b"] {
        refused(&case.script("publish", &["--lock", claim]), 2, "is no claim");
    }
}

/// A load has a folder of its own in the run's.
#[test]
fn a_load_of_a_run_is_published_and_no_other() {
    let case = Case::new();
    let (_, script, _) = case.script("publish", &["--load", "1a2b"]);
    assert_eq!(script.matches("/version/run_id=2026-01-02-1234abcd/load=1a2b';").count(), 4, "{script}");
    case.bend("publish.tsv", "/version/run_id=2026-01-03-r4", "/version/run_id=2026-01-03-r4/load=1a2b");
    let published = |load: &str| {
        let arguments =
            ["hql", "published", "--described", "publish.tsv", "--root", "/srv/o'r%20té", "--run"];
        case.run(&[&arguments[..], &["2026-01-03-r4", "--load", load]].concat())
    };
    let (code, out, _) = published("1a2b");
    assert!(code == 0 && out.starts_with("published\t2026-01-03-r4\tHard\t"), "{out}");
    refused(&published("9f9f"), 1, "Hard points to");
}

/// That nothing is published must be said: what follows from it is not to be undone.
#[test]
fn an_answer_about_gold_that_is_cut_short_is_no_answer() {
    let case = Case::new();
    for end in ["sluicebox:partition:Hard", "sluicebox:location:Hard\n", "sluicebox:end:Hard\n"] {
        case.write("prepare.tsv", &PREPARED[..PREPARED.rfind(end).unwrap()]);
        refused(&case.run(&["hql", "published", "--described", "prepare.tsv"]), 3, "Hive's answer");
    }
}

#[test]
fn tables_of_another_root_are_refused() {
    let said = Case::new().run(&["hql", "compare", "--root", "/srv/else", "--described", "prepare.tsv"]);
    refused(
        &said,
        2,
        "Hard_version: it lies in file:/srv/o'r%20té/Hard/version, not in /srv/else/Hard/version",
    );
    assert!(!said.2.contains("Hard: "), "gold may lie anywhere: {}", said.2);
}

#[test]
fn books_that_agree() {
    let (code, out, err) = Case::new().reconcile();
    assert_eq!((code, err.as_str()), (0, ""));
    let loaded: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        loaded,
        serde_json::json!({
            "gold": 1, "duplicates": 2, "copies": 2, "table_duplicates": 2, "table_copies": 2,
            "rejected": {"duplicate": {"": 2}},
            "totals": {"amount": "2.25", "big": "1.0000000000", "order": "20"},
            "further": {"hard_by_label": 1},
            "gates": [{"gate": "min_rows", "limit": 0, "value": 1, "pass": true}]
        })
    );
    // Hive and Tez talk in between.
    let case =
        Case::bent("books.tsv", "sluicebox:book\tfurther", "Starting a task\n\nsluicebox:book\tfurther");
    assert_eq!(case.reconcile().1, out);
    // What gold will point to.
    let named = case.run(&[
        "hql",
        "reconcile",
        "--verdict",
        "verdict.json",
        "--books",
        "books.tsv",
        "--load",
        "1a2b-7",
    ]);
    assert!(named.1.starts_with("{\"id\":\"1a2b-7\","), "{}", named.1);
    // Hive may leave zeros at the end away.
    let case = Case::bent("books.tsv", "gold\ttotal\tbig\t1.0000000000", "gold\ttotal\tbig\t1");
    assert_eq!(case.reconcile().1, out);
}

#[test]
fn duplicates_of_the_run_are_counted_with_those_of_the_table() {
    let case =
        Case::bent("verdict.json", "\"duplicates\": 0, \"copies\": 0", "\"duplicates\": 3, \"copies\": 4");
    case.bend(
        "books.tsv",
        "rejected\tduplicate\t\t2",
        "rejected\tduplicate\t\t5\nsluicebox:book\trejected\tdate\tday\t7",
    );
    refused(&case.reconcile(), 1, "date/day in quarantine: 7, not 0");
    let mut before = "{}".to_owned();
    for rejected in ["{\"date\": {\"day\": 7}}", "{\"date\": {\"day\": 7}, \"duplicate\": {\"\": 3}}"] {
        case.bend("verdict.json", &format!("\"rejected\": {before}"), &format!("\"rejected\": {rejected}"));
        rejected.clone_into(&mut before);
        let (code, out, err) = case.reconcile();
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(out.contains("\"duplicates\":5,\"copies\":6"), "{out}");
    }
}

#[test]
fn any_number_that_differs_is_found() {
    for line in BOOKS.lines().filter(|line| !line.contains("\tfurther\t")) {
        let (key, value) = line.rsplit_once('\t').unwrap();
        let last = value.chars().last().unwrap().to_digit(10).unwrap();
        let bent = format!("{key}\t{}{}", &value[..value.len() - 1], (last + 1) % 10);
        refused(&Case::bent("books.tsv", line, &bent).reconcile(), 1, "Hive does not hold");
        refused(&Case::bent("books.tsv", line, &format!("{key}\tNULL")).reconcile(), 1, "Hive does not hold");
        refused(&Case::bent("books.tsv", &format!("{line}\n"), "").reconcile(), 1, "");
    }
    refused(
        &Case::bent("verdict.json", "\"rows\": 5", "\"rows\": 4").reconcile(),
        1,
        "in the temp lines: 5, not 4",
    );
    refused(
        &Case::bent("verdict.json", "3.85", "3.84").reconcile(),
        1,
        "total of amount in the temp lines: 3.85, not 3.84",
    );
    refused(&Case::bent("verdict.json", "\"order\"", "\"other\"").reconcile(), 1, "total of order");
}

/// The audit saw five rows; four of them are in gold's other partitions.
#[test]
fn gates_are_judged_again_by_what_reached_gold() {
    let case = Case::bent("table.toml", "min_rows = 0", "min_rows = 2\nmax_drop_ratio = 0.5");
    case.bend(
        "verdict.json",
        "\"reduce_tasks\": 1",
        "\"reduce_tasks\": 1, \"before\": {\"run\": \"2026-01-02-5678abcd\", \"rows\": 4, \"ledger\": \"7 abc\"}",
    );
    let (code, out, err) = case.reconcile();
    assert!(code == 1 && err.contains("min_rows  1  at least 2: FAILS"), "{err}");
    assert!(err.contains("max_drop_ratio  0.75  at most 0.5: FAILS"), "{err}");
    // For the metrics, which have no rows of it in gold.
    let refused: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        refused,
        serde_json::json!({"gates": [
            {"gate": "min_rows", "limit": 2, "value": 1, "pass": false},
            {"gate": "max_drop_ratio", "limit": 0.5, "value": 0.75, "pass": false},
        ]})
    );
    let accept = |gates: &[&str]| {
        let mut arguments = vec!["hql", "reconcile", "--verdict", "verdict.json", "--books", "books.tsv"];
        for gate in gates {
            arguments.extend(["--accept", gate, "--reason", "known"]);
        }
        case.run(&arguments)
    };
    let said = accept(&["min_rows"]);
    assert!(said.0 == 1 && !said.2.contains("min_rows"), "{said:?}");
    let (code, out, err) = accept(&["min_rows", "max_drop_ratio"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let loaded: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&loaded["before"]["ledger"], &loaded["gates"][1]["accepted"]),
        (&"7 abc".into(), &"known".into())
    );
    // What the audit let fail may fail here too.
    let gate =
        "{\"gate\": \"min_rows\", \"limit\": 2, \"value\": 1, \"pass\": false, \"accepted\": \"thin day\"}";
    case.bend("verdict.json", "\"gates\": []", &format!("\"gates\": [{gate}]"));
    let (code, out, _) = accept(&["max_drop_ratio"]);
    assert!(code == 0 && out.contains("thin day"), "{out}");
}

#[test]
fn what_is_no_books_and_no_verdict() {
    refused(&Case::bent("books.tsv", "gold\trows\t\t1", "gold\trows\t1").reconcile(), 3, "is no line of");
    refused(&Case::bent("books.tsv", "gold\trows\t\t1", "temp\trows\t\t1").reconcile(), 3, "twice");
    refused(&Case::bent("verdict.json", "\"copies\"", "\"copy\"").reconcile(), 3, "is no verdict");
    let case = Case::new();
    fs::remove_file(case.0.path().join("books.tsv")).unwrap();
    refused(&case.reconcile(), 3, "cannot read books.tsv");
}

#[test]
fn queries_that_are_refused() {
    for (from, to, message) in [
        ("${hard}", "${run}", "hard_by_label.sql:3: ${run} is not known; there are ${Hard}"),
        ("WITH", "DROP", "hard_by_label.sql:1: the query must begin with SELECT or WITH"),
        ("t.label;", "t.label; DROP TABLE x", "something follows `;`"),
    ] {
        let case = Case::bent("hard_by_label.sql", from, to);
        refused(&case.script("prepare", &[]), 2, message);
        refused(&case.run(&["check", "table.toml"]), 2, message);
    }
    refused(&Case::new().script("load", &[]), 2, "--described is missing");
    let case = Case::new();
    fs::remove_file(case.0.path().join("hard_by_label.sql")).unwrap();
    refused(&case.script("publish", &[]), 2, "cannot read hard_by_label.sql");
}

#[test]
fn check_says_what_the_spec_makes_or_all_that_is_wrong() {
    let (code, out, _) = Case::new().run(&["check"]);
    let summary = "default.Hard by date: 6 columns, key order, label (table), makes hard_by_label\n";
    assert_eq!((code, out.as_str()), (0, summary));
    let case = Case::bent("table.toml", "type = ", "kind = ");
    refused(&case.run(&["check", "table.toml"]), 2, "errors in the spec");
}
