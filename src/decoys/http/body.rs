//! Where a request's body ends: by length or by chunks (RFC 9112 sections 6 and 7.1).

use bytes::{Buf, Bytes, BytesMut};

use super::head::{Framing, Head, Version};
use crate::session::Outbox;

/// Longest line of a chunk's size with its extensions.
const CHUNK_LINE: usize = 1024;
/// Most bytes of trailer lines after the last chunk.
const TRAILER: usize = 8192;

/// Takes a body out of the input.
#[derive(Debug)]
pub enum BodyReader {
    /// So many bytes are still to come.
    Length(u64),
    /// Chunks are still to come.
    Chunked(Chunks),
}

/// What a call came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// More is to come.
    More,
    /// The body has ended.
    Ended,
    /// Not a chunk.
    Bad,
    /// It would grow beyond the limit.
    TooLarge,
}

/// Reads chunks.
#[derive(Debug)]
pub struct Chunks {
    state: Chunk,
    trailer: usize,
}

#[derive(Debug)]
enum Chunk {
    Size,
    Data(u64),
    DataEnd,
    Trailer,
}

/// RFC 9110 section 10.1.1: tells a client that waits to go on before its body is read.
pub(crate) fn go_on(head: &Head, out: &mut Outbox) {
    let asked = head.header("Expect").is_some_and(|v| v.eq_ignore_ascii_case(b"100-continue"));
    if asked && head.version() >= Version::HTTP_11 {
        out.send(Bytes::from_static(b"HTTP/1.1 100 Continue\r\n\r\n"));
    }
}

impl BodyReader {
    /// As a head frames its body.
    pub fn of(framing: Framing) -> Self {
        match framing {
            Framing::None => BodyReader::Length(0),
            Framing::Length(length) => BodyReader::Length(length),
            Framing::Chunked => BodyReader::chunked(),
        }
    }

    /// For chunks.
    pub fn chunked() -> Self {
        BodyReader::Chunked(Chunks { state: Chunk::Size, trailer: 0 })
    }

    /// Moves body bytes from `input` to `sink`, which takes at most `limit` in all.
    pub fn advance(&mut self, input: &mut BytesMut, sink: &mut Vec<u8>, limit: usize) -> Progress {
        match self {
            BodyReader::Length(left) => {
                *left -= take(input, *left, sink, limit);
                if *left == 0 { Progress::Ended } else { Progress::More }
            }
            BodyReader::Chunked(chunks) => chunks.advance(input, sink, limit),
        }
    }
}

/// Takes up to `most` bytes; what does not fit into the sink is dropped.
fn take(input: &mut BytesMut, most: u64, sink: &mut Vec<u8>, limit: usize) -> u64 {
    let count = usize::try_from(most).unwrap_or(usize::MAX).min(input.len());
    let part = input.split_to(count);
    let room = limit.saturating_sub(sink.len()).min(part.len());
    sink.extend_from_slice(part.get(..room).unwrap_or_default());
    u64::try_from(count).unwrap_or(most)
}

impl Chunks {
    fn advance(&mut self, input: &mut BytesMut, sink: &mut Vec<u8>, limit: usize) -> Progress {
        loop {
            let step = match self.state {
                Chunk::Size => self.size(input, sink, limit),
                Chunk::Data(left) => {
                    let left = left - take(input, left, sink, limit);
                    self.state = if left == 0 { Chunk::DataEnd } else { Chunk::Data(left) };
                    (left > 0).then_some(Progress::More)
                }
                Chunk::DataEnd => self.data_end(input),
                Chunk::Trailer => self.trailer(input),
            };
            if let Some(progress) = step {
                return progress;
            }
        }
    }

    fn size(&mut self, input: &mut BytesMut, sink: &[u8], limit: usize) -> Option<Progress> {
        let (size, digits) = hex_size(input);
        match input.get(digits) {
            _ if digits > 16 => return Some(Progress::Bad),
            None => return Some(Progress::More),
            Some(b'\r' | b'\n' | b';' | b' ' | b'\t') if digits > 0 => {}
            Some(_) => return Some(Progress::Bad),
        }
        let room = u64::try_from(limit.saturating_sub(sink.len())).unwrap_or(u64::MAX);
        if size > room {
            return Some(Progress::TooLarge);
        }
        let Some(end) = input.iter().position(|b| *b == b'\n') else {
            return Some(if input.len() > CHUNK_LINE { Progress::Bad } else { Progress::More });
        };
        input.advance(end + 1);
        self.state = if size == 0 { Chunk::Trailer } else { Chunk::Data(size) };
        None
    }

    fn data_end(&mut self, input: &mut BytesMut) -> Option<Progress> {
        let taken = match (input.first(), input.get(1)) {
            (Some(b'\n'), _) => 1,
            (Some(b'\r'), Some(b'\n')) => 2,
            (None, _) | (Some(b'\r'), None) => return Some(Progress::More),
            _ => return Some(Progress::Bad),
        };
        input.advance(taken);
        self.state = Chunk::Size;
        None
    }

    fn trailer(&mut self, input: &mut BytesMut) -> Option<Progress> {
        let Some(end) = input.iter().position(|b| *b == b'\n') else {
            let full = self.trailer + input.len() > TRAILER;
            return Some(if full { Progress::Bad } else { Progress::More });
        };
        let line = input.split_to(end + 1);
        self.trailer += line.len();
        let empty = matches!(line.as_ref(), b"\r\n" | b"\n");
        if empty {
            return Some(Progress::Ended);
        }
        (self.trailer > TRAILER).then_some(Progress::Bad)
    }
}

fn hex_size(input: &[u8]) -> (u64, usize) {
    let digits = input.iter().take(17).take_while(|b| b.is_ascii_hexdigit()).count();
    let text = input.get(..digits).and_then(|d| std::str::from_utf8(d).ok()).unwrap_or_default();
    (u64::from_str_radix(text, 16).unwrap_or(0), digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split_everywhere(whole: &[u8]) -> (Progress, Vec<u8>) {
        let (mut reader, mut sink, mut input) = (BodyReader::chunked(), Vec::new(), BytesMut::new());
        let mut last = Progress::More;
        for byte in whole {
            assert_eq!(last, Progress::More);
            input.extend_from_slice(&[*byte]);
            last = reader.advance(&mut input, &mut sink, 100);
        }
        (last, sink)
    }

    #[test]
    fn chunks_at_every_split() {
        let whole = b"3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n";
        assert_eq!(split_everywhere(whole), (Progress::Ended, b"abcde".to_vec()));
    }

    #[test]
    fn bad_and_large_chunks() {
        let run = |whole: &[u8]| {
            let mut sink = Vec::new();
            BodyReader::chunked().advance(&mut BytesMut::from(whole), &mut sink, 100)
        };
        assert_eq!(run(b"zz\r\n"), Progress::Bad);
        assert_eq!(run(b"200\r\nabc"), Progress::TooLarge);
        assert_eq!(run(b"1\r\nabc"), Progress::Bad);
        assert_eq!(run(b"12345678901234567"), Progress::Bad);
    }
}
