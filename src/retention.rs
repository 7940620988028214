//! What may be removed of a table: what no version needs, some time after it was superseded. Readers of gold may still
//! hold the version before, and so may a query that began with it.

use std::collections::BTreeSet;

use crate::history::{Entry, date, is_run, publications, superseded};

/// What stands before the folder of a run that is being removed.
const CLEANING: &str = "_cleaning-";
/// What stands before the folder of a run that is being landed.
const LANDING: &str = "_landing-";

/// Something to remove, with the date whose lock is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// The date.
    pub date: String,
    /// A name in the table's `runs`: a run, or what a landing or a clean-up left that died.
    pub name: String,
    /// Why.
    pub why: String,
}

/// Names what may go, by a listing of the table's `runs` and one of its ledger. `now` is the file system's clock and
/// `keep` the time for which a superseded version stays, in milliseconds.
///
/// What gold points to is `kept`, as Hive says; so is, by the ledger, what was published last of each date. A run that was
/// never published goes when nothing in its folder has changed for as long.
#[must_use]
pub fn removals(
    runs: &[Entry],
    ledger: &[Entry],
    kept: &BTreeSet<String>,
    now: u64,
    keep: u64,
) -> Vec<Removal> {
    let published = publications(ledger);
    let old = |at: u64| now.saturating_sub(at) >= keep;
    let mut removals: Vec<Removal> = Vec::new();
    for Entry { at, name } in runs {
        let of = |run: &str, why: &str| Removal {
            date: date(run).to_owned(),
            name: name.clone(),
            why: why.to_owned(),
        };
        if let Some(run) = name.strip_prefix(CLEANING).filter(|run| is_run(run)) {
            removals.push(of(run, "its removal was begun before"));
        } else if let Some(run) = name.strip_prefix(LANDING).filter(|run| is_run(run)) {
            removals.extend(old(*at).then(|| of(run, "its landing died")));
        } else if is_run(name) && !kept.contains(name) {
            let why = match (published.contains_key(name.as_str()), superseded(name, &published)) {
                (true, Some(since)) if old(since) => "superseded",
                (false, _) if old(*at) => "never published",
                _ => continue,
            };
            removals.push(of(name, why));
        }
    }
    // What was left of a run goes before that run itself, if it was landed again: the names of both must not meet.
    removals.sort_by_key(|removal| {
        (removal.date.clone(), !removal.name.starts_with(CLEANING), removal.name.clone())
    });
    removals
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: u64 = 3_600_000;

    fn entries(of: &[(u64, &str)]) -> Vec<Entry> {
        of.iter().map(|(hour, name)| Entry { at: hour * HOUR, name: (*name).to_owned() }).collect()
    }

    fn names(runs: &[(u64, &str)], ledger: &[(u64, &str)], kept: &[&str], now: u64) -> Vec<String> {
        let kept = kept.iter().map(|run| (*run).to_owned()).collect();
        let removals = removals(&entries(runs), &entries(ledger), &kept, now * HOUR, 10 * HOUR);
        removals.into_iter().map(|removal| removal.name).collect()
    }

    const A: &str = "2026-11-21-aaaaaaaa";
    const B: &str = "2026-11-21-bbbbbbbb";
    const OTHER: &str = "2026-11-22-cccccccc";

    #[test]
    fn the_time_counts_from_when_a_version_was_superseded() {
        let runs = [(1, A), (50, B), (2, OTHER)];
        let ledger = [
            (1, "2026-11-21-aaaaaaaa.json"),
            (50, "2026-11-21-bbbbbbbb.json"),
            (2, "2026-11-22-cccccccc.json"),
        ];
        assert!(names(&runs, &ledger, &[B], 59).is_empty());
        assert_eq!(names(&runs, &ledger, &[B], 60), [A]);
        // Rolled back to: its second publication counts, and the other one is superseded by it.
        let back = [(1, "2026-11-21-aaaaaaaa.until-20261121T000000Z.json"), (55, "2026-11-21-aaaaaaaa.json")];
        let ledger = [&ledger[1..], &back[..]].concat();
        assert!(names(&runs, &ledger, &[A], 64).is_empty());
        assert_eq!(names(&runs, &ledger, &[A], 65), [B]);
    }

    #[test]
    fn what_gold_points_to_stays_whatever_the_ledger_says() {
        let ledger = [(1, "2026-11-21-aaaaaaaa.json"), (2, "2026-11-21-bbbbbbbb.json")];
        assert!(names(&[(1, A), (2, B)], &ledger, &[A, B], 1000).is_empty());
        // And the last publication stays where Hive was not asked.
        assert_eq!(names(&[(1, A), (2, B)], &ledger, &[], 1000), [A]);
    }

    #[test]
    fn what_died_goes() {
        let runs = [
            (1, A),
            (1, "_landing-2026-11-22-cccccccc"),
            (99, "_cleaning-2026-11-21-bbbbbbbb"),
            (1, "_failed-x"),
            (1, "_clock"),
        ];
        assert_eq!(names(&runs, &[], &[], 10), ["_cleaning-2026-11-21-bbbbbbbb"]);
        assert_eq!(
            names(&runs, &[(1, "_2026-11-21-aaaaaaaa.7.json")], &[], 11),
            ["_cleaning-2026-11-21-bbbbbbbb", A, "_landing-2026-11-22-cccccccc"]
        );
    }

    proptest! {
        /// Of each date, what was published last is never removed, nor what was superseded within the time.
        #[test]
        fn the_newest_publication_stays(times in prop::collection::vec((0..6_u32, 0..2_u32, 0..100_u64), 1..20), now in 0..300_u64) {
            let run = |run: u32, day: u32| format!("2026-11-2{day}-{run:08x}");
            let ledger: Vec<Entry> = times
                .iter()
                .enumerate()
                .map(|(place, (id, day, at))| Entry { at: *at, name: format!("{}.until-{place}.json", run(*id, *day)) })
                .collect();
            let runs: Vec<Entry> = times.iter().map(|(id, day, at)| Entry { at: *at, name: run(*id, *day) }).collect();
            let removed = removals(&runs, &ledger, &BTreeSet::new(), now, 50);
            for removal in removed {
                let last = |name: &str| {
                    ledger.iter().filter(|entry| entry.name.starts_with(name)).map(|entry| entry.at).max().unwrap()
                };
                let mine = last(&removal.name);
                let next = ledger
                    .iter()
                    .filter(|entry| entry.name.starts_with(&removal.date) && !entry.name.starts_with(&removal.name))
                    .filter(|entry| entry.at >= mine)
                    .map(|entry| entry.at)
                    .min();
                prop_assert!(next.is_some_and(|next| now.saturating_sub(next) >= 50), "{}", removal.name);
            }
        }
    }
}
