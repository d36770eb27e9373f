//! Collects lines to a head, within nginx's buffers, and checks what nginx checks.

use std::ops::Range;

use bytes::{Buf, Bytes, BytesMut};

use super::head::{Framing, Head, RequestLine, Version};
use super::line::{self, BadLine, Line};
use super::refusal::Refusal;

/// `client_header_buffer_size`: the first buffer of a head.
const FIRST_BUFFER: usize = 1024;
/// `large_client_header_buffers`, size: no line may be longer.
const LARGE_BUFFER: usize = 8192;
/// `large_client_header_buffers`, number.
const LARGE_BUFFERS: usize = 4;

/// Headers of which nginx allows one per request.
const UNIQUE: [&str; 11] = [
    "Host",
    "If-Modified-Since",
    "If-Unmodified-Since",
    "If-Match",
    "If-None-Match",
    "Content-Length",
    "Content-Range",
    "If-Range",
    "Transfer-Encoding",
    "Authorization",
    "Expect",
];

/// Reads heads, one at a time.
#[derive(Debug)]
pub struct HeadParser {
    /// Bytes of the input that are understood.
    taken: usize,
    line: Option<RequestLine>,
    headers: Vec<(Range<usize>, Range<usize>)>,
    buffers: Buffers,
}

/// What a call came to.
#[derive(Debug)]
pub enum Step {
    /// More input is needed.
    More,
    /// A head; its bytes are taken from the input.
    Head(Box<Head>),
    /// nginx refuses it.
    Refused {
        /// Why.
        refusal: Refusal,
        /// Its version so far: decides whether the answer has a head.
        version: Version,
        /// What was sent, or its start.
        sample: Bytes,
    },
}

impl Default for HeadParser {
    fn default() -> Self {
        HeadParser { taken: 0, line: None, headers: Vec::new(), buffers: Buffers::new() }
    }
}

impl HeadParser {
    /// Reads on. The input must start with the head; the parser starts anew once one is done.
    pub fn advance(&mut self, input: &mut BytesMut) -> Step {
        if self.line.is_none() {
            // Line ends left over from an earlier request are skipped.
            let blank = input.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
            input.advance(blank);
        }
        match self.collect(input) {
            Ok(false) => Step::More,
            Ok(true) => self.finish(input),
            Err(refusal) => {
                Step::Refused { refusal, version: self.version(refusal), sample: input.split().freeze() }
            }
        }
    }

    fn version(&self, refusal: Refusal) -> Version {
        if refusal == Refusal::OldMethod {
            return Version::HTTP_09;
        }
        self.line.as_ref().map_or(Version::HTTP_10, |line| line.version)
    }

    fn collect(&mut self, input: &[u8]) -> Result<bool, Refusal> {
        loop {
            let rest = input.get(self.taken..).unwrap_or_default();
            let done = match self.line {
                None => self.take_request_line(rest)?,
                Some(_) => self.take_header(input, rest)?,
            };
            if let Some(done) = done {
                return Ok(done);
            }
        }
    }

    fn take_request_line(&mut self, rest: &[u8]) -> Result<Option<bool>, Refusal> {
        match line::request_line(rest) {
            Line::More if rest.len() >= LARGE_BUFFER => Err(Refusal::UriTooLarge),
            Line::More => Ok(Some(false)),
            Line::Bad(BadLine::Version) => Err(Refusal::Version),
            Line::Bad(BadLine::Syntax) => Err(Refusal::Bad),
            Line::Bad(BadLine::OldMethod) => Err(Refusal::OldMethod),
            Line::Done(line, length) => {
                if length > LARGE_BUFFER {
                    return Err(Refusal::UriTooLarge);
                }
                self.buffers.take(length);
                self.taken += length;
                let old = line.version == Version::HTTP_09;
                self.line = Some(line);
                Ok(old.then_some(true))
            }
        }
    }

    fn take_header(&mut self, input: &[u8], rest: &[u8]) -> Result<Option<bool>, Refusal> {
        match line::header_line(rest) {
            Line::More if rest.len() >= LARGE_BUFFER => Err(Refusal::HeaderTooLarge),
            Line::More => {
                let full = !self.buffers.fits(rest.len());
                if full { Err(Refusal::HeaderTooLarge) } else { Ok(Some(false)) }
            }
            Line::Bad(_) => Err(Refusal::Bad),
            Line::Done(header, length) => {
                if length > LARGE_BUFFER || !self.buffers.take(length) {
                    return Err(Refusal::HeaderTooLarge);
                }
                let start = self.taken;
                self.taken += length;
                let line::Header::Field { name, value, plain } = header else { return Ok(Some(true)) };
                if plain {
                    let shift = |r: Range<usize>| r.start + start..r.end + start;
                    self.add_header(input, shift(name), shift(value))?;
                }
                Ok(None)
            }
        }
    }

    fn add_header(&mut self, input: &[u8], name: Range<usize>, value: Range<usize>) -> Result<(), Refusal> {
        let named = |range: &Range<usize>| input.get(range.clone()).unwrap_or_default();
        let text = named(&name);
        if UNIQUE.iter().any(|u| text.eq_ignore_ascii_case(u.as_bytes()))
            && self.headers.iter().any(|(n, _)| named(n).eq_ignore_ascii_case(text))
        {
            return Err(Refusal::Bad);
        }
        if text.eq_ignore_ascii_case(b"Host") {
            valid_host(named(&value)).ok_or(Refusal::Bad)?;
        }
        self.headers.push((name, value));
        Ok(())
    }

    fn finish(&mut self, input: &mut BytesMut) -> Step {
        let done = std::mem::take(self);
        let raw = input.split_to(done.taken.min(input.len())).freeze();
        let Some(line) = done.line else { return Step::More };
        let version = line.version;
        let mut head = Head::new(raw.clone(), line, done.headers, String::new(), Framing::None, false);
        match complete(&mut head) {
            Ok(()) => Step::Head(Box::new(head)),
            Err(refusal) => Step::Refused { refusal, version, sample: raw },
        }
    }
}

/// Checks across the headers, in nginx's order.
fn complete(head: &mut Head) -> Result<(), Refusal> {
    let version = head.version();
    let named = head.header("Host");
    if named.is_none() && version > Version::HTTP_10 {
        return Err(Refusal::Bad);
    }
    let host = match head.line_host() {
        Some(host) => valid_host(host).ok_or(Refusal::Bad)?,
        None => named.and_then(valid_host).unwrap_or_default(),
    };
    let framing = framing(head, version)?;
    if matches!(head.method(), b"TRACE" | b"CONNECT") {
        return Err(Refusal::NotAllowed);
    }
    let keep_alive = keeps_alive(head, version);
    (head.host, head.framing, head.keep_alive) = (host, framing, keep_alive);
    Ok(())
}

fn framing(head: &Head, version: Version) -> Result<Framing, Refusal> {
    let length = match head.header("Content-Length") {
        Some(text) => Some(decimal(text).ok_or(Refusal::Bad)?),
        None => None,
    };
    match head.header("Transfer-Encoding") {
        Some(_) if version < Version::HTTP_11 => Err(Refusal::Bad),
        Some(value) if !value.eq_ignore_ascii_case(b"chunked") => Err(Refusal::NotImplemented),
        Some(_) if length.is_some() => Err(Refusal::Bad),
        Some(_) => Ok(Framing::Chunked),
        None => Ok(match length {
            None | Some(0) => Framing::None,
            Some(length) => Framing::Length(length),
        }),
    }
}

fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // nginx keeps lengths in a signed 64-bit number.
    std::str::from_utf8(text).ok()?.parse::<i64>().ok()?.try_into().ok()
}

fn keeps_alive(head: &Head, version: Version) -> bool {
    let asked = head.header("Connection").map(<[u8]>::to_ascii_lowercase).unwrap_or_default();
    let holds = |word: &[u8]| asked.windows(word.len()).any(|w| w == word);
    !holds(b"close") && (version > Version::HTTP_10 || holds(b"keep-alive"))
}

/// A host as nginx takes it: lower-case, without port; `None` when it refuses it.
fn valid_host(value: &[u8]) -> Option<String> {
    let mut host = String::new();
    let (mut bracket, mut port) = (false, false);
    for (i, byte) in value.iter().enumerate() {
        match byte {
            0..=0x20 | 0x7f | b'/' => return None,
            b'.' if host.ends_with('.') && !port => return None,
            b'[' if i == 0 => bracket = true,
            b']' => bracket = false,
            b':' if !bracket => port = true,
            _ => {}
        }
        if !port {
            host.push(char::from(byte.to_ascii_lowercase()));
        }
    }
    if host.ends_with('.') {
        host.pop();
    }
    (!host.is_empty()).then_some(host)
}

/// How many bytes nginx's buffers still take: a line lies whole in one of them.
#[derive(Debug)]
struct Buffers {
    used: usize,
    capacity: usize,
    large: usize,
}

impl Buffers {
    fn new() -> Self {
        Buffers { used: 0, capacity: FIRST_BUFFER, large: 0 }
    }

    fn fits(&self, length: usize) -> bool {
        self.used + length <= self.capacity || self.large < LARGE_BUFFERS
    }

    fn take(&mut self, length: usize) -> bool {
        if !self.fits(length) {
            return false;
        }
        if self.used + length > self.capacity {
            (self.used, self.capacity, self.large) = (0, LARGE_BUFFER, self.large + 1);
        }
        self.used += length;
        true
    }
}
