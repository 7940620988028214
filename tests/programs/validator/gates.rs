//! Gates, their limits and who accepts them.

use std::fs;

use serde_json::json;

use super::{CSV, Table};

#[test]
fn gates_pass_at_their_limit_and_fail_past_it() {
    let at = Table::new("max_reject_ratio = 0.3\nmax_drop_ratio = 0.3\nmax_replaced_ratio = 0.1", "");
    let lines = at.map(&[], &[], CSV.as_bytes());
    let ended = at.validate(&["--previous-rows", "10"], &lines);
    ended.passes();
    assert_eq!(ended.verdict()["gates"].as_array().unwrap().len(), 4);
    assert_eq!(at.validate(&[], &lines).verdict()["gates"].as_array().unwrap().len(), 3);

    let past = Table::new("max_reject_ratio = 0.29\nmax_drop_ratio = 0.29\nmax_replaced_ratio = 0.09", "");
    let ended = past.validate(&["--previous-rows", "10"], &lines);
    let verdict = ended.verdict();
    assert_eq!((ended.code, &verdict["verdict"], &verdict["balanced"]), (1, &json!("fail"), &json!(true)));
    assert_eq!(
        verdict["gates"],
        json!([
            {"gate": "min_rows", "limit": 0, "value": 7, "pass": true},
            {"gate": "max_reject_ratio", "limit": 0.29, "value": 0.3, "pass": false},
            {"gate": "max_drop_ratio", "limit": 0.29, "value": 0.3, "pass": false},
            {"gate": "max_replaced_ratio", "column": "day", "limit": 0.09, "value": 0.1, "pass": false},
        ])
    );
    assert!(ended.err.ends_with("books balance, verdict: fail\n"), "{}", ended.err);
    assert!(ended.err.contains("at most 0.09 in day: FAILS"), "{}", ended.err);

    let path = at.path().join("table.toml");
    let spec = fs::read_to_string(&path).unwrap();
    for (rows, code) in [(7, 0), (8, 1)] {
        fs::write(&path, spec.replace("min_rows = 0", &format!("min_rows = {rows}"))).unwrap();
        assert_eq!(at.validate(&[], &lines).code, code);
    }
}

#[test]
fn a_verdict_is_judged_anew_by_what_is_published_now() {
    let table = Table::new("max_drop_ratio = 0.3", "");
    let books = table.validate(&[], &table.map(&[], &[], CSV.as_bytes())).out;
    let now = ["--judge", "--previous-run", "2026-11-20-3fa9c1d2", "--ledger", "state", "--previous-rows"];
    let judged = table.validate(&[&now[..], &["10"]].concat(), &books);
    judged.passes();
    let verdict = judged.verdict();
    assert_eq!(verdict["before"], json!({"run": "2026-11-20-3fa9c1d2", "rows": 10, "ledger": "state"}));
    assert_eq!(verdict["gates"][1]["value"], json!(0.3));
    // Only the gates and what they were judged by are new, and they can be judged once more.
    let again = table.validate(&[&now[..], &["11"]].concat(), &judged.out);
    assert_eq!((again.code, &again.verdict()["gates"][1]["pass"]), (1, &json!(false)));
    let mut old: serde_json::Value = serde_json::from_slice(&books).unwrap();
    let mut new = again.verdict();
    for verdict in [&mut old, &mut new] {
        for key in ["verdict", "gates", "before"] {
            verdict.as_object_mut().unwrap().remove(key);
        }
    }
    assert_eq!(old, new);
    assert_eq!(table.validate(&["--judge", "--ledger", "state"], &books).code, 2);
    assert_eq!(table.validate(&["--ledger", "state", "--previous-rows", "1"], b"").code, 2);
}

#[test]
fn a_gate_is_accepted_with_a_reason_and_the_books_never() {
    let table = Table::new("max_reject_ratio = 0\nmax_replaced_ratio = 0", "");
    let lines = table.map(&[], &[], CSV.as_bytes());
    let one = ["--accept", "max_reject_ratio", "--reason", "known"];
    let both = [&one[..], &["--accept", "max_replaced_ratio", "--reason", "days, too"]].concat();
    let ended = table.validate(&one, &lines);
    assert_eq!((ended.code, &ended.verdict()["gates"][1]["accepted"]), (1, &json!("known")));
    let ended = table.validate(&both, &lines);
    ended.passes();
    assert!(ended.err.contains("fails, accepted: days, too"), "{}", ended.err);
    // A verdict that is out can be judged once more, to the same end.
    let out = table.validate(&[], &lines).out;
    let judging = [&["--judge"], &both[..]].concat();
    let judged = table.validate(&judging, &[&out[..out.len() - 1], b"\t\n"].concat());
    judged.passes();
    assert_eq!(judged.out, ended.out);
    assert_eq!(table.validate(&["--judge"], &out).code, 1);
    let unbalanced = table.validate(&both, &lines[..lines.len() - 1]);
    unbalanced.fails_with("cut short");
    table.validate(&judging, &unbalanced.out).fails_with("cut short");
    assert_eq!(table.validate(&["--judge"], b"").code, 3);

    for wrong in [
        &["--accept", "max_reject_ratio"][..],
        &["--reason", "known"],
        &["--accept", "books", "--reason", "known"],
        &["--accept", "min_rows", "--reason", " "],
        &["--accept", "min_rows", "--accept", "min_rows", "--reason", "a", "--reason", "b"],
        &["--accept", "min_rows", "--accept", "max_drop_ratio", "--reason", "a"],
        &["--partial", "--merge"],
        &["--partial", "--manifest", "m"],
        &["--judge", "--merge"],
        &["--spec", "absent.toml"],
    ] {
        assert_eq!(table.validate(wrong, &lines).code, 2, "{wrong:?}");
    }
}
