//! The tier for any machine: plain comparisons of bytes, which a compiler turns into whatever the target has.

use super::{LANE, Masks, Wanted};

/// Which of 64 bytes are what.
pub(super) fn masks(lane: &[u8; LANE], wanted: Wanted) -> Masks {
    let [a, b, c, d] = wanted.odd;
    Masks {
        delimiters: mask(lane, |byte| byte == wanted.delimiter),
        line_feeds: mask(lane, |byte| byte == b'\n'),
        odd: mask(lane, |byte| byte == a || byte == b || byte == c || byte == d),
        high: mask(lane, |byte| byte >= 0x80),
    }
}

/// A bit for each byte that is one of those.
#[inline(always)]
#[allow(clippy::inline_always)] // the closure decides what is compared
fn mask(lane: &[u8; LANE], is: impl Fn(u8) -> bool) -> u64 {
    let mut flags = [0_u8; LANE];
    for (flag, byte) in flags.iter_mut().zip(lane) {
        *flag = u8::from(is(*byte));
    }
    let (words, _) = flags.as_chunks::<8>();
    words.iter().rev().fold(0, |mask, word| {
        // The multiplication gathers the lowest bits of eight bytes in the highest byte.
        let gathered = u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        mask << 8 | gathered
    })
}
