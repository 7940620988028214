//! Which lines may be the header.

use crate::spec::Spec;

/// How a line begins that may be the header.
#[derive(Debug)]
pub struct Header<'s> {
    /// The name of the first column; `None` where files have no header.
    pub name: Option<&'s [u8]>,
    /// Its first eight bytes, and which of them it has.
    begins: u64,
    mask: u64,
}

impl<'s> Header<'s> {
    pub fn new(spec: &'s Spec) -> Self {
        let name = spec.input.header.then(|| spec.columns[0].from.as_bytes());
        let (mut begins, mut mask) = ([0; 8], [0; 8]);
        for (at, byte) in name.unwrap_or_default().iter().take(8).enumerate() {
            (begins[at], mask[at]) = (*byte, 0xff);
        }
        Self { name, begins: u64::from_le_bytes(begins), mask: u64::from_le_bytes(mask) }
    }

    /// Whether a line may be the header; behind it there is at least a window.
    #[inline(always)]
    pub fn may_be(&self, line: &[u8]) -> bool {
        let same =
            line.first_chunk().is_none_or(|eight| u64::from_le_bytes(*eight) & self.mask == self.begins);
        same && self.name.is_some_and(|name| line.starts_with(name))
    }
}
