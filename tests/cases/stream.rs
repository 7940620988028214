//! Streams for a table: its rows, what happens to them on the way, and places to cut them at.

use super::{Draw, Table};

/// Bytes and how they come.
#[derive(Debug, Clone, Default)]
pub struct Stream {
    pub text: Vec<u8>,
    /// Where it is cut into blocks, in ascending order; a place may come twice.
    pub cuts: Vec<usize>,
}

/// What a byte of a line may turn into, or stand behind it.
const HOSTILE: &[&[u8]] = &[
    b"\n",
    b"\r",
    b"\r\n",
    b",",
    b"\"",
    b"\"\"",
    b"\t",
    b"\\",
    b"\\N",
    b"'",
    b"9",
    b".",
    b"-",
    b"\0",
    b"\x01",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\n\n",
    b",,,,,,,,,,,,,,,,",
    b"9999999999999999",
    b"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"",
];

impl Stream {
    /// Rows of a table, as many as there are bytes to decide about.
    pub fn draw(draw: &mut Draw, table: &Table) -> Self {
        let cuts: Vec<usize> = (0..draw.below(7)).map(|_| draw.below(1 << 16)).collect();
        let damages: Vec<(usize, usize)> =
            (0..draw.below(4)).map(|_| (draw.below(1 << 16), draw.below(256 + HOSTILE.len()))).collect();
        let mut text = Vec::new();
        if draw.one_in(2) {
            text.extend_from_slice(table.header().as_bytes());
            text.push(b'\n');
        }
        for _ in 0..40 {
            if draw.is_empty() {
                break;
            }
            line(draw, table, &mut text);
        }
        for (at, what) in damages {
            if !text.is_empty() {
                let at = at % text.len();
                match u8::try_from(what) {
                    Ok(byte) => text[at] = byte,
                    Err(_) => drop(text.splice(at..=at, HOSTILE[what - 256].iter().copied())),
                }
            }
        }
        let mut stream = Self { text, cuts };
        stream.settle();
        stream
    }

    /// Any bytes: all that are left.
    pub fn raw(draw: &mut Draw) -> Self {
        let cuts: Vec<usize> = (0..draw.below(7)).map(|_| draw.below(1 << 16)).collect();
        let mut stream = Self { text: draw.rest().to_vec(), cuts };
        stream.settle();
        stream
    }

    /// The same cuts for another text.
    pub fn of(mut self, text: Vec<u8>) -> Self {
        self.text = text;
        self.settle();
        self
    }

    /// Brings the cuts into the text, and in order.
    fn settle(&mut self) {
        let length = self.text.len();
        self.cuts.iter_mut().for_each(|cut| *cut %= length + 1);
        self.cuts.sort_unstable();
    }

    /// The text cut into blocks, some of which may be empty.
    pub fn blocks(&self) -> Vec<&[u8]> {
        let starts = [0].into_iter().chain(self.cuts.iter().copied());
        let ends = self.cuts.iter().copied().chain([self.text.len()]);
        starts.zip(ends).map(|(start, end)| &self.text[start..end]).collect()
    }
}

/// A line with its end: a field a column; now and then something else.
fn line(draw: &mut Draw, table: &Table, text: &mut Vec<u8>) {
    match draw.below(32) {
        // How long a line may be that is looked at in one piece is between the two.
        31 if draw.one_in(3) => {
            text.resize(text.len() + draw.of(&[100, 5000, 16_300, 16_384, 16_500, 40_000]), b'x');
        }
        30 => text.extend_from_slice(draw.bytes(80)),
        29 => text.extend_from_slice(table.header().as_bytes()),
        28 => text.extend([b"\xef\xbb\xbf", table.header().as_bytes()].concat()),
        // One field too few, or one too many.
        27 => fields(draw, table, table.near.len() - 1, text),
        26 => fields(draw, table, table.near.len() + 1, text),
        _ => fields(draw, table, table.near.len(), text),
    }
    text.extend_from_slice(draw.of(&[b"\n", b"\n", b"\n", b"\n", b"\n", b"\r\n", b"\r", b"\n\n"]));
}

fn fields(draw: &mut Draw, table: &Table, count: usize, text: &mut Vec<u8>) {
    for index in 0..count {
        if index > 0 {
            text.extend_from_slice(table.delimiter.as_bytes());
        }
        text.extend(table.near[index % table.near.len()].field(draw));
    }
}
