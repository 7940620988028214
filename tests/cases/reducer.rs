//! A reducer takes keyed lines or refuses them, whatever they are, and what it makes of them depends neither on
//! the tier nor on how they are cut into blocks.

use sluicebox::reduce::{Aggregate, Reducer};
use sluicebox::scan::Tier;
use sluicebox::spec::Spec;
use sluicebox::task::Mode;

use super::mapper::run;
use super::{Draw, Stream, Table};

/// A table, the keyed lines of a mapper, sorted, and then perhaps spoiled; or any bytes.
pub fn reducer(bytes: &[u8]) {
    let mut draw = Draw::new(bytes);
    let Some(table) = Table::draw(&mut draw) else { return };
    let by_group = table.spec.dedup.is_none() || draw.one_in(2);
    let aggregate = (by_group || draw.one_in(2)).then_some(table.group());
    if draw.one_in(4) {
        // Refused or not, the same whatever the cuts.
        let _ = cut(&table.spec, aggregate, &Stream::raw(&mut draw));
        return;
    }
    let spoiled = draw.one_in(2);
    let damage = [(); 3].map(|()| (draw.below(1 << 16), draw.below(256)));
    let stream = Stream::draw(&mut draw, &table);
    let mode = Mode::Keyed(by_group.then_some(table.group()));
    let mapped = run(&table.spec, Tier::best(), mode, false, &[&stream.text]);
    let mut lines: Vec<&[u8]> = mapped.out.split_inclusive(|byte| *byte == b'\n').collect();
    // As `LC_ALL=C sort` has them: the line feed is no part of a line.
    lines.sort_by_key(|line| line.strip_suffix(b"\n").unwrap_or(line));
    let mut keyed = lines.concat();
    if spoiled && !keyed.is_empty() {
        for (at, byte) in damage {
            let at = at % keyed.len();
            keyed[at] = u8::try_from(byte).unwrap_or_default();
        }
    }
    let end = cut(&table.spec, aggregate, &stream.of(keyed));
    assert!(spoiled || end.is_ok(), "{end:?}\n{}\n{mapped}", table.text);
}

/// Reduces the stream by every tier, whole, in blocks, and byte by byte; returns the message where it is refused.
pub fn cut(spec: &Spec, aggregate: Option<usize>, stream: &Stream) -> Result<(), String> {
    let whole = reduce(spec, aggregate, Tier::PLAIN, &[&stream.text]);
    for (name, tier) in Tier::available() {
        for blocks in [vec![&stream.text[..]], stream.blocks(), stream.text.chunks(1).collect()] {
            let found = reduce(spec, aggregate, tier, &blocks);
            assert!(
                found == whole,
                "{name}, cut at {:?}: {found:?}\nplain and whole: {whole:?}\n{}",
                stream.cuts,
                stream.text.escape_ascii()
            );
        }
    }
    whole.map(|_| ())
}

/// What is written and the seal. Where a stream is refused, how much had been written depends on the blocks.
fn reduce(
    spec: &Spec,
    aggregate: Option<usize>,
    tier: Tier,
    blocks: &[&[u8]],
) -> Result<(Vec<u8>, String), String> {
    let mut reducer = Reducer::new(spec, aggregate.map(|column| Aggregate::new(spec, column)), tier);
    let mut out = Vec::new();
    let fed = blocks.iter().try_for_each(|block| reducer.feed(block, &mut out));
    let seal = fed.and_then(|()| reducer.finish(&mut out)).map_err(|error| error.to_string())?;
    Ok((out, serde_json::to_string(&seal).unwrap()))
}
