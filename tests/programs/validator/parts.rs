//! What is judged in parts: splits of a file, pieces of an output, streams that end early.

use std::fs;

use serde_json::json;

use super::{CSV, Table, lines, replace};

#[test]
fn splits_must_tile_what_was_landed() {
    let table = Table::new("", "");
    // One file in splits that are alike in every count.
    let csv = "id,day,amount\n1,2024-01-01,1.00\n2,2024-01-02,1.00\n3,2024-01-03,1.00\n".as_bytes();
    assert_eq!(csv.len(), 68);
    let parts = [(0, 32), (32, 50), (50, 68)]
        .map(|(start, end)| table.split("hdfs://h/run/landed/00000.csv", start, &csv[start..end]));
    let [one, two, three] = parts.each_ref().map(Vec::as_slice);
    let manifest = |text: &str| fs::write(table.path().join("manifest.json"), text).unwrap();
    let file = r#"{"source":"x","landed":"00000.csv","size":68,"sha256":"x","lines":4}"#;
    let check = |parts: &[&[u8]]| table.validate(&["--manifest", "manifest.json"], &parts.concat());

    manifest(&format!(r#"{{"table":"sales","files":[{file}]}}"#));
    check(&[three, one, two]).passes();
    check(&[one, two, two]).fails_with("00000.csv: two seals are of the split at byte 32: it was read twice");
    check(&[one, two, two]).fails_with("it is 68 bytes long, its seals reach to 50: the rest was not read");
    check(&[one, three]).fails_with("00000.csv: no seal is of bytes 32 to 50: that split is lost");
    check(&[one, three]).fails_with("4 lines were landed, its tasks read 3");
    check(&[]).fails_with("00000.csv: the manifest has it, but no seal does");
    // Without a manifest, twice is still once too often; a lost split can't be known.
    table.validate(&[], &[one, two, two].concat()).fails_with("two seals are of the split at byte 32");
    table.validate(&[], &[one, three].concat()).passes();

    let other = file.replace("00000", "00001");
    manifest(&format!(r#"{{"files":[{file},{other}]}}"#));
    check(&[one, two, three]).fails_with("00001.csv: the manifest has it, but no seal does");
    manifest(&format!(r#"{{"files":[{other}]}}"#));
    check(&[one, two, three])
        .fails_with("00000.csv: 3 of its seals are here, but the manifest does not have it");
    manifest(r#"{"files":[]}"#);
    check(&[]).passes();
    check(&[&lines(one)[0]]).fails_with("no seal");
    for garbage in
        ["", "{}", "[]", r#"{"files":[{"landed":"a"}]}"#, &format!(r#"{{"files":[{file},{file}]}}"#)]
    {
        manifest(garbage);
        let ended = check(&[one, two, three]);
        assert_eq!(ended.code, 3, "{garbage}");
        assert!(ended.err.contains("manifest.json") && ended.out.is_empty(), "{}", ended.err);
    }
    assert_eq!(table.validate(&["--manifest", "absent.json"], one).code, 3);
}

#[test]
fn map_and_reduce_say_what_one_process_says() {
    let table = Table::new("max_reject_ratio = 0.1", "");
    let text = table.map(&[], &[], CSV.as_bytes());
    let whole = table.validate(&["--previous-rows", "70"], &text);
    let cut = lines(&text)[..4].concat().len();
    let task = |start: &str, lines: &[u8]| {
        let environment = [
            ("mapreduce_task_attempt_id", "attempt_1"),
            ("mapreduce_map_input_file", "hdfs://h/run/out/part-00007"),
            ("mapreduce_map_input_start", start),
        ];
        let ended = table.run("validator", &["--partial"], &environment, lines);
        assert_eq!((ended.code, ended.err.as_str()), (0, ""));
        String::from_utf8(ended.out).unwrap()
    };
    let (one, two) = (task("0", &text[..cut]), task("99", &text[cut..]));
    assert!(one.starts_with("audit\t{\"part\":\"part-00007\",\"start\":0,"), "{one}");
    // As Hadoop hands them on: in any order, perhaps a TAB behind each.
    let shuffled = format!("{}\t\n{one}", two.trim_end());
    let merged = table.validate(&["--merge", "--previous-rows", "70"], shuffled.as_bytes());
    assert_eq!((merged.code, merged.out), (0, whole.out));
    assert_eq!((merged.err, whole.code), (whole.err, 1));
    // A reject that changed is found, in whichever piece it is.
    let changed = replace(&text[cut..], "5,2024-01-05,much", "5,2024-01-05,such");
    let merged = table.validate(&["--merge"], (task("99", &changed) + &one).as_bytes());
    let expected = "part-00007: the rejects are not those that were sealed: the seals say checksum ";
    assert!(merged.problems().starts_with(expected), "{}", merged.problems());
    assert_eq!(merged.problems().lines().count(), 1);
    // A part that is gone is missed; nothing at all is no verdict to publish by.
    let lost = table.validate(&["--merge"], one.as_bytes());
    assert_eq!((lost.code, &lost.verdict()["balanced"]), (0, &json!(false)));
    let none = table.validate(&["--merge"], b"");
    assert_eq!((none.code, &none.verdict()["balanced"]), (0, &json!(false)));
    assert_eq!(none.verdict(), table.validate(&[], b"").verdict());
    assert_eq!(table.validate(&["--merge"], b"nonsense\n").code, 3);
    // Of many lines that are none, the first are told by their place in the whole part.
    let bad = "bad\n".repeat(4);
    let merged =
        table.validate(&["--merge"], (task("16", bad.as_bytes()) + &task("0", bad.as_bytes())).as_bytes());
    let problems = merged.problems();
    assert!(problems.contains("part-00007 line 5: ") && !problems.contains("line 6: "), "{problems}");
    assert!(problems.contains("part-00007: 3 more lines are no temp lines"), "{problems}");
    // Under Hadoop stderr is for counters.
    let silent = table.run("validator", &["--merge"], &[("mapreduce_task_attempt_id", "a")], one.as_bytes());
    assert_eq!(silent.err, "");
}

#[test]
fn part_files_are_judged_as_the_job_judges_them() {
    let table = Table::new("", "");
    let part = |name: &str, text: &[u8]| fs::write(table.path().join(name), text).unwrap();
    let text = table.map(&[], &[], CSV.as_bytes());
    let task = |name: &str, lines: &[u8]| {
        let environment = [("mapreduce_task_attempt_id", "attempt_1"), ("mapreduce_map_input_file", name)];
        String::from_utf8(table.run("validator", &["--partial"], &environment, lines).out).unwrap()
    };
    let here = |files: &[&str]| table.validate(files, b"what is on stdin is not read");
    part("part-00000", &text);
    part("part-00001", b"");
    let job = task("hdfs://h/out/part-00001", b"") + &task("hdfs://h/out/part-00000", &text);
    let merged = table.validate(&["--merge"], job.as_bytes());
    assert_eq!(here(&["part-00000", "part-00001"]).out, merged.out);
    part("part-00001", &text);
    let job = task("out/part-00000", &text) + &task("out/part-00001", &text);
    let merged = table.validate(&["--merge"], job.as_bytes());
    assert_eq!(here(&["part-00000", "part-00001"]).out, merged.out);
    // One whose end is lost is told by its name.
    part("part-00001", &text[..text.len() - 3]);
    let cut = here(&["part-00001"]);
    assert!(cut.problems().contains("part-00001: its last line has no line feed"), "{}", cut.problems());
    assert_eq!((here(&["part-00000", "absent"]).code, here(&["--merge", "part-00000"]).code), (3, 2));
}

#[test]
fn a_partial_of_another_spec_is_refused() {
    let table = Table::new("", "");
    let one = table.validate(&["--partial"], &table.map(&[], &[], CSV.as_bytes())).out;
    let ended = table.validate(&["--merge"], &replace(&one, "170.00", "170.000"));
    assert_eq!(ended.code, 3);
    assert!(ended.err.contains("another spec"), "{}", ended.err);
}

#[test]
#[cfg(target_os = "linux")]
fn streams_that_fail_are_errors() {
    use std::process::{Command, Stdio};
    let table = Table::new("", "");
    let code = |stdin: Stdio, stdout: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_validator"));
        command.current_dir(table.path()).stdin(stdin).stdout(stdout).stderr(Stdio::null());
        command.status().unwrap().code()
    };
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    assert_eq!(code(Stdio::null(), full.into()), Some(3));
    assert_eq!(code(fs::File::open("/").unwrap().into(), Stdio::null()), Some(3));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert_eq!(code(Stdio::null(), writer.into()), Some(3));
}
