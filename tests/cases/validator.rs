//! A validator judges temp lines, whatever they are: the verdict does not depend on the tier nor on how they are cut into
//! blocks, and what it hands on is read back as it was.

use sluicebox::scan::Tier;
use sluicebox::spec::Spec;
use sluicebox::task::Mode;
use sluicebox::validate::{Partial, Tally, Terms, Verdict, judge, read_partials, table as shown};

use super::mapper::run;
use super::{Draw, Stream, Table};

/// A table, the temp lines of a mapper, then perhaps spoiled; or any bytes.
pub fn validator(bytes: &[u8]) {
    // What comes from another task may be anything, too.
    let _ = (read_partials(bytes), Verdict::read(bytes));
    let mut draw = Draw::new(bytes);
    let Some(table) = Table::draw(&mut draw) else { return };
    if draw.one_in(4) {
        verdict(&table.spec, &Stream::raw(&mut draw));
        return;
    }
    let spoiled = draw.one_in(2);
    let damage = [(); 3].map(|()| (draw.below(1 << 16), draw.below(256)));
    let stream = Stream::draw(&mut draw, &table);
    let mut mapped = run(&table.spec, Tier::best(), Mode::Temp, false, &[&stream.text]);
    if spoiled && !mapped.out.is_empty() {
        for (at, byte) in damage {
            let at = at % mapped.out.len();
            mapped.out[at] = u8::try_from(byte).unwrap_or_default();
        }
    }
    let verdict = verdict(&table.spec, &stream.of(mapped.out));
    assert!(spoiled || verdict.balanced, "{:?}\n{}", verdict.problems, table.text);
}

/// Judges the stream whole on the plain path; holds that every tier shows the same, in blocks and byte by byte, too.
pub fn verdict(spec: &Spec, stream: &Stream) -> Verdict {
    let whole = tally(spec, Tier::PLAIN, &[&stream.text]);
    for (name, tier) in Tier::available() {
        for blocks in [vec![&stream.text[..]], stream.blocks(), stream.text.chunks(1).collect()] {
            let found = tally(spec, tier, &blocks);
            assert_eq!(found, whole, "{name}, cut at {:?}: {}", stream.cuts, stream.text.escape_ascii());
        }
    }
    let mut line = Vec::new();
    whole.write(&mut line);
    assert_eq!(read_partials(&line).unwrap(), std::slice::from_ref(&whole));
    let verdict = judge(spec, vec![whole], &Terms::default()).unwrap();
    line.clear();
    verdict.write(&mut line);
    assert_eq!(Verdict::read(&line).unwrap(), verdict);
    assert!(!shown(&verdict).is_empty());
    verdict
}

fn tally(spec: &Spec, tier: Tier, blocks: &[&[u8]]) -> Partial {
    let mut tally = Tally::new(spec, tier);
    for block in blocks {
        tally.feed(block);
    }
    tally.finish("part-00000".to_owned(), 0)
}
