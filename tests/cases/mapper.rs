//! Every tier writes what the plain path writes: output, rejects, seal or message.

use sluicebox::scan::Tier;
use sluicebox::spec::Spec;
use sluicebox::task::{Mode, Sink, Split, Task};

use super::{Draw, Stream, Table};

/// A table, a stream for it, and a mapper of any mode.
pub fn mapper(bytes: &[u8]) {
    let mut draw = Draw::new(bytes);
    let Some(table) = Table::draw(&mut draw) else { return };
    let mode = draw.of(&table.modes());
    let begins_file = draw.one_in(2);
    let stream = Stream::draw(&mut draw, &table);
    hold(&table.spec, &table.text, mode, begins_file, &stream);
}

/// Holds every tier against the plain path, fed whole and in blocks. `shown` is the spec, to be shown where they differ.
pub fn hold(spec: &Spec, shown: &str, mode: Mode, begins_file: bool, stream: &Stream) {
    let expected = run(spec, Tier::PLAIN, mode, begins_file, &[&stream.text]);
    for (name, tier) in Tier::available() {
        for blocks in [vec![stream.text.as_slice()], stream.blocks()] {
            if tier == Tier::PLAIN && blocks.len() == 1 {
                continue;
            }
            let found = run(spec, tier, mode, begins_file, &blocks);
            assert!(
                found == expected,
                "{name} differs from plain: {mode:?}, begins_file {begins_file}, {} blocks, cut at {:?}\n{shown}\n\
                 stream: {}\nexpected: {expected}\nfound: {found}",
                blocks.len(),
                stream.cuts,
                stream.text.escape_ascii(),
            );
        }
    }
}

/// All that a task writes, and the seal or the message that it ends with.
#[derive(PartialEq)]
pub struct Written {
    pub out: Vec<u8>,
    pub rejects: Vec<u8>,
    pub end: Result<String, String>,
}

impl std::fmt::Display for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let show = |text: &[u8]| text.escape_ascii().to_string().replace("\\n", "\n");
        write!(f, "{:?}\n{}\n-- rejects\n{}", self.end, show(&self.out), show(&self.rejects))
    }
}

pub fn run(spec: &Spec, tier: Tier, mode: Mode, begins_file: bool, blocks: &[&[u8]]) -> Written {
    let split = Split { begins_file, ..Split::stdin() };
    let filler = filler(spec, blocks);
    let mut task = Task::new(spec, split, mode, !begins_file, tier).padded_with(filler);
    let mut sink = Sink::default();
    let fed = blocks.iter().try_for_each(|block| task.feed(block, &mut sink));
    let end = fed.and_then(|()| task.finish(&mut sink));
    let end = end.map(|seal| serde_json::to_string(&seal).unwrap()).map_err(|error| error.to_string());
    Written { out: sink.out, rejects: sink.rejects, end }
}

/// What stands behind a copy that the fast path reads: whatever could go on with a field, end it, or end its line. The
/// case decides by its length, so that it takes none of the bytes that are drawn from, and `kept` stays what it is.
fn filler(spec: &Spec, blocks: &[&[u8]]) -> u8 {
    let fillers = [b"9,\n\"\r.-0\t\\ \0", &[spec.input.delimiter][..]].concat();
    let length: usize = blocks.iter().map(|block| block.len()).sum();
    fillers[length % fillers.len()]
}
