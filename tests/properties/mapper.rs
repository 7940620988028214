//! The mapper's task over any stream.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;
use sluicebox::output::Seal;
use sluicebox::scan::Tier;
use sluicebox::spec::Spec;
use sluicebox::task::Split;

use crate::books::{hold_books, map, map_apart, split_at};
use crate::config;
use crate::naive::naive;
use crate::stream::{body, cut, damage, line_ends, spoil};
use crate::table::{Table, lines, tables_and_rows};

/// Holds a property on every tier: that all of them write what the plain path does is another test's claim, which
/// says nothing where both are wrong.
fn on_every_tier(mut holds: impl FnMut(Tier) -> Result<(), TestCaseError>) -> Result<(), TestCaseError> {
    Tier::available().into_iter().try_for_each(|(name, tier)| {
        let named = |failure| match failure {
            TestCaseError::Fail(reason) => TestCaseError::fail(format!("{name}: {reason}")),
            TestCaseError::Reject(reason) => TestCaseError::Reject(reason),
        };
        holds(tier).map_err(named)
    })
}

/// What the naive reading says of a record is what is found of it.
fn agrees_with_the_naive_reading(
    table: &Table,
    spec: &Spec,
    lines: &[Vec<u8>],
    text: &[u8],
    tier: Tier,
) -> Result<(), TestCaseError> {
    let written = map(spec, Split::stdin(), &[text], false, tier);
    hold_books(table, text, &written)?;
    let found: Vec<&[u8]> = written.out.split(|byte| *byte == b'\n').collect();
    let records = lines.iter().filter(|line| !line.is_empty());
    for (line, found) in records.zip(found) {
        if let Some(expected) = naive(table, line) {
            let found = String::from_utf8_lossy(found);
            let fits =
                if expected.starts_with("ok") { found == expected } else { found.starts_with(&expected) };
            prop_assert!(fits, "{}\nexpected {expected:?}\nfound    {found:?}", table.text());
        }
    }
    Ok(())
}

/// The records of a stream are conserved, however it is cut into blocks, and rejects are rejected again.
fn conserves_every_record(
    table: &Table,
    spec: &Spec,
    text: &[u8],
    blocks: &[&[u8]],
    tier: Tier,
) -> Result<(), TestCaseError> {
    let written = map(spec, Split::stdin(), &[text], true, tier);
    hold_books(table, text, &written)?;
    prop_assert_eq!(&map(spec, Split::stdin(), blocks, true, tier).out, &written.out);
    let bytes: Vec<&[u8]> = text.chunks(1).collect();
    prop_assert_eq!(&map(spec, Split::stdin(), &bytes, true, tier).out, &written.out);
    // Rejects that go apart are the same lines, and so are their books.
    let (apart, seal) = map_apart(spec, Split::stdin(), text, tier);
    prop_assert_eq!(apart, body(&written.reject_lines, "\n"));
    prop_assert_eq!(&seal, &written.seal);
    for reject in written.rejects.iter().filter(|reject| reject.reason != "too_long") {
        // As a later split, so that a mark at its beginning is kept as it was.
        let again = map(spec, split_at(1, 0), &[&reject.raw], true, tier);
        prop_assert_eq!(&again.rejects, std::slice::from_ref(reject));
    }
    for reject in written.rejects.iter().filter(|reject| reject.reason == "too_long") {
        prop_assert_eq!(reject.raw.len(), table.max_record_bytes);
    }
    Ok(())
}

/// The parts of a text, with the places they start at, add up to the whole.
fn adds_up(spec: &Spec, text: &[u8], parts: &[(usize, &[u8])], tier: Tier) -> Result<(), TestCaseError> {
    let whole = map(spec, split_at(0, text.len()), &[text], false, tier);
    let (mut out_rows, mut rejects) = (Vec::new(), Vec::new());
    let mut sum = Seal {
        lines: 0,
        records: 0,
        ok: 0,
        blank: 0,
        headers: 0,
        bytes: 0,
        checksum: 0,
        rejected: BTreeMap::new(),
        replaced: BTreeMap::new(),
        totals: BTreeMap::new(),
        ..whole.seal.clone()
    };
    let mut totals: BTreeMap<String, i128> = BTreeMap::new();
    for &(start, part) in parts {
        let written = map(spec, split_at(start, part.len()), &[part], false, tier);
        let seal = written.seal;
        prop_assert_eq!(seal.split_start, start as u64);
        sum.lines += seal.lines;
        sum.records += seal.records;
        sum.ok += seal.ok;
        sum.blank += seal.blank;
        sum.headers += seal.headers;
        sum.bytes += seal.bytes;
        sum.checksum = sum.checksum.wrapping_add(seal.checksum);
        for (reason, columns) in seal.rejected {
            for (column, count) in columns {
                *sum.rejected.entry(reason.clone()).or_default().entry(column).or_default() += count;
            }
        }
        for (column, count) in seal.replaced {
            *sum.replaced.entry(column).or_default() += count;
        }
        for (column, total) in seal.totals {
            *totals.entry(column).or_default() += total.replace('.', "").parse::<i128>().unwrap();
        }
        out_rows.extend(written.rows);
        rejects.extend(written.rejects);
    }
    prop_assert_eq!(&out_rows, &whole.rows);
    prop_assert_eq!(&rejects, &whole.rejects);
    for (column, total) in &whole.seal.totals {
        prop_assert_eq!(total.replace('.', "").parse::<i128>().unwrap(), totals[column]);
    }
    sum.totals.clone_from(&whole.seal.totals);
    prop_assert_eq!(sum, whole.seal);
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    /// Two readings of the contract agree on every record.
    #[test]
    fn a_naive_reading_of_the_contract_agrees((table, rows) in tables_and_rows(), crlf: bool) {
        let spec = table.spec();
        let lines = lines(&table, &rows);
        let text = table.headed(&body(&lines, if crlf { "\r\n" } else { "\n" }));
        prop_assume!(table.header().len() <= table.max_record_bytes);
        on_every_tier(|tier| agrees_with_the_naive_reading(&table, &spec, &lines, &text, tier))?;
    }

    /// Whatever bytes come in: no panic, nothing lost, books that are right, the same answer for any blocks, and
    /// each reject's raw line rejected again for the same reason.
    #[test]
    fn damaged_streams_conserve_every_record(
        (table, rows) in tables_and_rows(),
        damages in prop::collection::vec(damage(), 0..8),
        blocks in prop::collection::vec(any::<Index>(), 0..6),
    ) {
        let spec = table.spec();
        let mut text = table.headed(&body(&lines(&table, &rows), "\n"));
        spoil(&mut text, &damages);
        let anywhere: Vec<usize> = (0..text.len()).collect();
        let blocks: Vec<&[u8]> = cut(&text, &anywhere, &blocks).into_iter().map(|(_, block)| block).collect();
        on_every_tier(|tier| conserves_every_record(&table, &spec, &text, &blocks, tier))?;
    }

    /// Splits give the rows, the rejects and the sums of the whole.
    #[test]
    fn splits_add_up_to_the_whole(
        (table, rows) in tables_and_rows(),
        damages in prop::collection::vec(damage(), 0..5),
        places in prop::collection::vec(any::<Index>(), 0..5),
        bom: bool,
    ) {
        prop_assume!(table.header().len() <= table.max_record_bytes);
        let spec = table.spec();
        let mut text = body(&lines(&table, &rows), "\n");
        spoil(&mut text, &damages);
        let bom = if bom { "\u{feff}" } else { "" };
        let text = [bom.as_bytes(), &table.headed(&text)].concat();
        let parts = cut(&text, &line_ends(&text), &places);
        on_every_tier(|tier| adds_up(&spec, &text, &parts, tier))?;
    }
}
