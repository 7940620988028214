//! The binaries as they are used: what goes in, what comes out, how they end.

mod bad_input;
mod generated;
mod landing;
mod validator;

use sluicebox::output::Seal;

/// The seal that a task's lines end in.
fn sealed(out: &[u8]) -> Seal {
    let line = out.strip_suffix(b"\n").unwrap().split(|byte| *byte == b'\n').next_back().unwrap();
    serde_json::from_slice(line.strip_prefix(b"seal\t").unwrap()).unwrap()
}
