//! What goes out: escaped fields, temp lines, keyed lines, the books and the seal that closes them.

mod books;
pub mod escape;
pub mod keyed;
mod numbers;
mod page;
mod reject;
mod seal;

pub use books::{Books, Written, line_hash};
pub use numbers::Numbers;
pub use page::Page;
pub use reject::{Provenance, reject_in_pieces, reject_line};
pub use seal::{Kind, Passed, Reduced, Rejected, Seal, place, seal_line};
pub(crate) use seal::{from_hex, to_hex};
