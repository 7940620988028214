//! What happens to a stream: it is cut, and damaged.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// The places right behind line ends, but the stream's own end.
pub fn line_ends(text: &[u8]) -> Vec<usize> {
    let behind = |at: &usize| match &text[..*at] {
        [.., b'\n'] => true,
        [.., b'\r'] => text[*at] != b'\n',
        _ => false,
    };
    (1..text.len()).filter(behind).collect()
}

/// The stream cut at some of these places.
pub fn cut<'t>(text: &'t [u8], places: &[usize], chosen: &[Index]) -> Vec<(usize, &'t [u8])> {
    let mut at: BTreeSet<usize> = BTreeSet::from([0]);
    if !places.is_empty() {
        at.extend(chosen.iter().map(|index| places[index.index(places.len())]));
    }
    let starts: Vec<usize> = at.into_iter().collect();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().copied().zip(ends).map(|(start, end)| (start, &text[start..end])).collect()
}

/// One thing that happens to a stream on its way.
#[derive(Debug, Clone)]
pub enum Damage {
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, Index),
}

pub fn damage() -> impl Strategy<Value = Damage> {
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..4),
        select(vec![&b"\n"[..], b"\r", b"\r\n", b"\"", b",", b"\t", b"\\", b"\\N", b"\0", b"\x01", b"\xff"])
            .prop_map(<[u8]>::to_vec),
        select(vec![&b"\xef\xbb\xbf"[..], b"\nColumn 0\n", b"\n\xef\xbb\xbfColumn 0\n", b"\n\n", b"\"\""])
            .prop_map(<[u8]>::to_vec),
    ];
    prop_oneof![
        3 => (any::<Index>(), bytes).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        1 => (any::<Index>(), 1_usize..4).prop_map(|(at, length)| Damage::Remove(at, length)),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Damage::Repeat(from, to)),
    ]
}

pub fn spoil(text: &mut Vec<u8>, damages: &[Damage]) {
    for damage in damages {
        let at = |index: &Index| index.index(text.len() + 1);
        match damage {
            Damage::Insert(index, bytes) => {
                let at = at(index);
                text.splice(at..at, bytes.iter().copied());
            }
            Damage::Remove(index, length) => {
                let from = at(index);
                text.drain(from..(from + length).min(text.len()));
            }
            Damage::Repeat(from, to) => {
                let (from, to) = (at(from).min(at(to)), at(from).max(at(to)));
                let part = text[from..to.min(from + 200)].to_vec();
                text.splice(to..to, part);
            }
        }
    }
}

pub fn body(lines: &[Vec<u8>], end: &str) -> Vec<u8> {
    lines.iter().flat_map(|line| [line.as_slice(), end.as_bytes()].concat()).collect()
}
