//! Any output, and anything that may have happened to it.

use proptest::prelude::*;
use sluicebox::scan::Tier;
use sluicebox::spec::{self, Spec};
use sluicebox::validate::{Landed, Manifest, Terms, Verdict, judge, read_partials};

use super::{SPEC, lines, partial};

/// Something that may have happened to an output.
#[derive(Debug, Clone)]
enum Fault {
    None,
    Drop(prop::sample::Index),
    Double(prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
    Byte(prop::sample::Index, u8),
    CutShort(prop::sample::Index),
}

impl Fault {
    fn strike(&self, text: &[u8]) -> Vec<u8> {
        let mut all = lines(text);
        let mut bytes = text.to_vec();
        match self {
            Self::None => return bytes,
            Self::Drop(at) => drop(all.remove(at.index(all.len()))),
            Self::Double(at) => {
                let at = at.index(all.len());
                all.insert(at, all[at].clone());
            }
            Self::Swap(one, two) => {
                let (one, two) = (one.index(all.len()), two.index(all.len()));
                all.swap(one, two);
            }
            Self::Byte(at, byte) => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
                return bytes;
            }
            Self::CutShort(at) => {
                bytes.truncate(at.index(bytes.len()));
                return bytes;
            }
        }
        all.concat()
    }
}

fn faults() -> impl Strategy<Value = Fault> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        Just(Fault::None),
        index().prop_map(Fault::Drop),
        index().prop_map(Fault::Double),
        (index(), index()).prop_map(|(one, two)| Fault::Swap(one, two)),
        (index(), any::<u8>()).prop_map(|(at, byte)| Fault::Byte(at, byte)),
        index().prop_map(Fault::CutShort),
    ]
}

/// Temp lines of a few tasks over records good and bad.
fn output(spec: &Spec, files: &[Vec<(u8, u8)>]) -> Vec<u8> {
    use sluicebox::task::{Mode, Sink, Split, Task};
    let mut sink = Sink::default();
    for (number, records) in files.iter().enumerate() {
        let split = Split { file: format!("f{number}"), ..Split::stdin() };
        let mut task = Task::new(spec, split, Mode::Temp, true, Tier::best());
        for (id, kind) in records {
            let record = match kind {
                0 => format!("{id},2024-01-01,x\n"),
                1 => format!("{id}\n"),
                2 => "\n".to_owned(),
                3 => format!("{id},day,{id}.50\n"),
                _ => format!("{id},2024-01-01,{id}.{kind:02}\n"),
            };
            task.feed(record.as_bytes(), &mut sink).unwrap();
        }
        task.finish(&mut sink).unwrap();
    }
    sink.out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_verdict_is_the_same_however_the_lines_are_cut(
        files in prop::collection::vec(prop::collection::vec((0_u8..9, 0_u8..10), 0..8), 1..4),
        faults in prop::collection::vec(faults(), 0..4),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
        turn in any::<prop::sample::Index>(),
    ) {
        let spec = spec::parse(&SPEC.replace("LIMITS", "max_reject_ratio = 0.2")).unwrap();
        let clean = output(&spec, &files);
        let strike = |text: Vec<u8>, fault: &Fault| if text.is_empty() { text } else { fault.strike(&text) };
        let text = faults.iter().fold(clean.clone(), strike);
        let manifest = Some(Manifest { files: Vec::new() }).filter(|_| files.len() == 3);
        let terms = Terms { manifest, previous_rows: 20, ..Terms::default() };
        let whole = judge(&spec, vec![partial(&spec, "-", 0, &text)], &terms).unwrap();
        prop_assert!(text != clean || terms.manifest.is_some() || whole.balanced, "{whole:?}");

        let all = lines(&text);
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(all.len() + 1)).chain([0, all.len()]).collect();
        ends.sort_unstable();
        let mut start = 0;
        let mut partials: Vec<Vec<u8>> = Vec::new();
        for range in ends.windows(2) {
            let piece = all[range[0]..range[1]].concat();
            let mut line = Vec::new();
            partial(&spec, "-", start, &piece).write(&mut line);
            partials.push(line);
            start += piece.len() as u64;
        }
        let turn = turn.index(partials.len());
        partials.rotate_left(turn);
        let merged = judge(&spec, read_partials(&partials.concat()).unwrap(), &terms).unwrap();
        let json = |verdict: &Verdict| {
            let mut out = Vec::new();
            verdict.write(&mut out);
            String::from_utf8(out).unwrap()
        };
        prop_assert_eq!(json(&merged), json(&whole));
        prop_assert_eq!(Verdict::read(json(&whole).as_bytes()).unwrap(), whole);
    }

    #[test]
    fn one_fault_is_always_found(
        files in prop::collection::vec(prop::collection::vec((0_u8..9, 0_u8..10), 1..8), 1..3),
        fault in faults(),
    ) {
        let spec = spec::parse(&SPEC.replace("LIMITS", "")).unwrap();
        let clean = output(&spec, &files);
        let text = fault.strike(&clean);
        // Without a manifest nobody could miss the seal of a task that wrote nothing else.
        let landed = |(number, records): (usize, &Vec<_>)| {
            Landed { landed: format!("f{number}"), size: 0, lines: records.len() as u64 }
        };
        let manifest = Manifest { files: files.iter().enumerate().map(landed).collect() };
        let terms = Terms { manifest: Some(manifest), ..Terms::default() };
        let verdict = judge(&spec, vec![partial(&spec, "-", 0, &text)], &terms).unwrap();
        // The order of lines is nobody's business.
        let sorted = |text: &[u8]| {
            let mut lines = lines(text);
            lines.sort();
            lines
        };
        let same = sorted(&text) == sorted(&clean);
        // A seal's own counts of what no line shows, as values replaced, are covered by no checksum.
        let uncovered = matches!(fault, Fault::Byte(..)) && sealed(&text) == sealed(&clean);
        prop_assert!(verdict.balanced == same || uncovered, "{verdict:?}");
    }
}

/// The lines that the seals are about.
fn sealed(text: &[u8]) -> Vec<Vec<u8>> {
    lines(text).into_iter().filter(|line| !line.starts_with(b"seal\t")).collect()
}
