//! Opens a stream: plain, or gzip where it begins with gzip's magic bytes.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use flate2::bufread::GzDecoder;

use crate::exit::{Error, Result};

/// How much is read at once.
pub const BLOCK: usize = 256 * 1024;

/// Where a block begins: on the one processor where it was measured, an AMD EPYC, the kernel copies a third slower to a
/// place a few bytes into a page, which is what an allocator gives for a large piece.
const PAGE: usize = 4096;

const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];

type Peeked<R> = Chain<Cursor<Vec<u8>>, R>;

/// A stream, decompressed where it needs to be.
pub enum Opened<R: Read> {
    /// Plain bytes.
    Plain(Peeked<R>),
    /// gzip, all its members.
    Gzip(Box<Members<BufReader<Peeked<R>>>>),
}

impl<R: Read> Opened<R> {
    /// Whether the stream is gzip.
    #[must_use]
    pub fn is_gzip(&self) -> bool {
        matches!(self, Self::Gzip(_))
    }

    /// Whether zeros stand behind the gzip data, as a tape or a device leaves them; known once all of it is read.
    #[must_use]
    pub fn is_padded(&self) -> bool {
        matches!(self, Self::Gzip(members) if members.padded)
    }
}

/// The members of gzip data, one behind the other, and the zeros that may pad it.
pub struct Members<R> {
    /// The one that is read; `None` only while the next one takes its place.
    member: Option<GzDecoder<R>>,
    padded: bool,
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let length = member.read(buffer)?;
            if length > 0 || buffer.is_empty() {
                return Ok(length);
            }
            let behind = member.get_mut();
            while let [0, ..] = behind.fill_buf()? {
                behind.consume(1);
                self.padded = true;
            }
            if behind.fill_buf()?.is_empty() {
                break;
            }
            if self.padded {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "there is more behind its zeros"));
            }
            self.member = self.member.take().map(|member| GzDecoder::new(member.into_inner()));
        }
        Ok(0)
    }
}

/// Looks at a stream's first bytes. `may_be_gzip` is false where Hadoop has opened the file already.
///
/// # Errors
/// What reading them returns.
pub fn open<R: Read>(mut from: R, may_be_gzip: bool) -> io::Result<Opened<R>> {
    let mut peeked = Vec::with_capacity(GZIP_MAGIC.len());
    if may_be_gzip {
        from.by_ref().take(GZIP_MAGIC.len() as u64).read_to_end(&mut peeked)?;
    }
    let gzip = peeked == GZIP_MAGIC;
    let whole = Cursor::new(peeked).chain(from);
    Ok(if gzip {
        let member = Some(GzDecoder::new(BufReader::with_capacity(BLOCK, whole)));
        Opened::Gzip(Box::new(Members { member, padded: false }))
    } else {
        Opened::Plain(whole)
    })
}

impl<R: Read> Read for Opened<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Gzip(stream) => stream.read(buffer).map_err(|error| {
                let what = match error.kind() {
                    io::ErrorKind::UnexpectedEof => "the gzip data is cut short".to_owned(),
                    _ => format!("the gzip data is damaged ({error})"),
                };
                io::Error::new(error.kind(), what)
            }),
        }
    }
}

/// Reads a stream to its end in blocks; `what` is read, for the message.
///
/// # Errors
/// Where reading fails, or what `each` returns.
pub fn read_blocks(mut from: impl Read, what: &str, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut room = vec![0; BLOCK + PAGE];
    let begin = room.as_ptr().align_offset(PAGE).min(PAGE);
    let block = &mut room[begin..][..BLOCK];
    loop {
        match from.read(block) {
            Ok(0) => return Ok(()),
            Ok(length) => each(&block[..length])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::Io(format!("cannot read {what}"), error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(text).unwrap();
        writer.finish().unwrap()
    }

    fn read(bytes: &[u8], may_be_gzip: bool) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        open(bytes, may_be_gzip)?.read_to_end(&mut text).map(|_| text)
    }

    #[test]
    fn all_members_of_a_gzip_are_read() {
        let two = [gzip(b"one\n"), gzip(b"two\n")].concat();
        assert_eq!(read(&two, true).unwrap(), b"one\ntwo\n");
        assert_eq!(read(&two, false).unwrap(), two);
    }

    #[test]
    fn a_short_or_damaged_gzip_is_an_error() {
        let whole = gzip(&vec![b'a'; 10_000]);
        assert!(read(&whole[..whole.len() - 4], true).unwrap_err().to_string().contains("cut short"));
        assert!(read(&[&whole[..], b"tail"].concat(), true).is_err());
        let mut bent = whole.clone();
        let end = bent.len() - 6;
        bent[end] ^= 1;
        assert!(read(&bent, true).is_err());
    }

    #[test]
    fn zeros_may_pad_a_gzip() {
        let (one, zeros) = (gzip(b"one\n"), vec![0; 2 * BLOCK]);
        let padded = [&one[..], &one, &zeros].concat();
        assert_eq!(read(&padded, true).unwrap(), b"one\none\n");
        for (bytes, is_padded) in [(&padded, true), (&one, false)] {
            let mut stream = open(&bytes[..], true).unwrap();
            stream.read_to_end(&mut Vec::new()).unwrap();
            assert_eq!(stream.is_padded(), is_padded);
        }
        let error = read(&[&one[..], &zeros, &one].concat(), true).unwrap_err();
        assert!(error.to_string().contains("damaged (there is more behind its zeros)"), "{error}");
    }

    #[test]
    fn short_streams_are_plain() {
        for bytes in [&b""[..], b"\x1f", b"a"] {
            assert_eq!(read(bytes, true).unwrap(), bytes);
        }
    }
}
