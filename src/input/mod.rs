//! What comes in: a stream, opened (gzip or plain) and cut into lines as Hadoop's reader cuts them.

mod cut;
mod open;

pub use cut::{Boms, Cutter, Line};
pub use open::{BLOCK, open, read_blocks};

/// UTF-8's byte order mark.
pub const BOM: &[u8] = b"\xef\xbb\xbf";
