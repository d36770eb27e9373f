//! RESP2: requests of clients, inline or as arrays, and answers.

use bytes::{Buf, BytesMut};

/// Longest line: `PROTO_INLINE_MAX_SIZE`.
const MAX_LINE: usize = 64 << 10;
/// Most arguments of a request: the product takes 1,048,576; what attacks send is far below.
const MAX_ARGUMENTS: usize = 16_384;
/// Longest argument: the product takes 512 MiB, an intruder's room holds this much.
const MAX_ARGUMENT: usize = 8 << 20;
/// Bytes of one request, all arguments together.
const MAX_REQUEST: usize = 16 << 20;
/// Bounds for peers that have not given a password yet, of the product's later builds.
const UNKNOWN_ARGUMENTS: usize = 10;
const UNKNOWN_ARGUMENT: usize = 16_384;

/// What stands at the beginning of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// Not all of a request has come.
    More,
    /// Nothing: an empty line or array.
    Nothing,
    /// A request: at least its name.
    Request(Vec<Vec<u8>>),
    /// No request: what the product says before it closes.
    Fault(String),
}

/// Takes one request from the input. `known`: the peer has given the password, or needs none.
pub fn take(input: &mut BytesMut, known: bool) -> Taken {
    match input.first() {
        None => Taken::More,
        Some(b'*') => array(input, known),
        Some(_) => inline(input),
    }
}

fn inline(input: &mut BytesMut) -> Taken {
    let Some(end) = input.iter().position(|byte| *byte == b'\n') else {
        return if input.len() > MAX_LINE { fault("too big inline request") } else { Taken::More };
    };
    let line = input.split_to(end + 1);
    let line = line.get(..end).unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match words(line) {
        None => fault("unbalanced quotes in request"),
        Some(words) if words.is_empty() => Taken::Nothing,
        Some(words) => Taken::Request(words),
    }
}

fn fault(what: &str) -> Taken {
    Taken::Fault(format!("Protocol error: {what}"))
}

/// A line that ends by CR LF from a place on: its bytes, and where the next begins.
fn line(input: &[u8], from: usize) -> Option<(&[u8], usize)> {
    let rest = input.get(from..)?;
    let end = rest.iter().position(|byte| *byte == b'\r')?;
    // The product looks for the CR and skips two bytes.
    rest.get(end + 1)?;
    Some((rest.get(..end)?, from + end + 2))
}

fn number(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn array(input: &mut BytesMut, known: bool) -> Taken {
    let Some((head, mut at)) = line(input, 1) else {
        return if input.len() > MAX_LINE { fault("too big mbulk count string") } else { Taken::More };
    };
    let Some(count) = number(head).filter(|count| *count <= 1_048_576) else {
        return fault("invalid multibulk length");
    };
    if !known && count > i64::try_from(UNKNOWN_ARGUMENTS).unwrap_or(i64::MAX) {
        return fault("unauthenticated multibulk length");
    }
    let Ok(count) = usize::try_from(count) else {
        input.advance(at);
        return Taken::Nothing;
    };
    if count > MAX_ARGUMENTS {
        return fault("invalid multibulk length");
    }
    let mut arguments = Vec::new();
    for _ in 0..count {
        let Some((head, start)) = line(input, at) else {
            let long = input.len().saturating_sub(at) > MAX_LINE;
            return if long { fault("too big bulk count string") } else { Taken::More };
        };
        let head = match head.split_first() {
            Some((b'$', rest)) => rest,
            Some((other, _)) => return fault(&format!("expected '$', got '{}'", char::from(*other))),
            None => return fault("expected '$', got '\r'"),
        };
        let length = number(head).and_then(|length| usize::try_from(length).ok());
        let Some(length) = length.filter(|length| *length <= MAX_ARGUMENT && start + length <= MAX_REQUEST)
        else {
            return fault("invalid bulk length");
        };
        if !known && length > UNKNOWN_ARGUMENT {
            return fault("unauthenticated bulk length");
        }
        if input.len() < start + length + 2 {
            return Taken::More;
        }
        arguments.push(input.get(start..start + length).unwrap_or_default().to_vec());
        at = start + length + 2;
    }
    input.advance(at);
    if arguments.is_empty() { Taken::Nothing } else { Taken::Request(arguments) }
}

/// Words of an inline request, with the product's quoting; `None` when a quote is left open.
fn words(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut out = Vec::new();
    let mut rest = line.iter().copied().peekable();
    loop {
        while rest.next_if(u8::is_ascii_whitespace).is_some() {}
        if rest.peek().is_none() || out.len() >= MAX_ARGUMENTS {
            return Some(out);
        }
        let mut word = Vec::new();
        while let Some(byte) = rest.next_if(|byte| !byte.is_ascii_whitespace()) {
            match byte {
                b'"' | b'\'' => {
                    quoted(&mut rest, byte, &mut word)?;
                    // A closing quote must stand before a space or at the end.
                    if rest.peek().is_some_and(|byte| !byte.is_ascii_whitespace()) {
                        return None;
                    }
                }
                byte => word.push(byte),
            }
        }
        out.push(word);
    }
}

fn quoted(
    rest: &mut std::iter::Peekable<impl Iterator<Item = u8>>,
    quote: u8,
    word: &mut Vec<u8>,
) -> Option<()> {
    loop {
        match rest.next()? {
            byte if byte == quote => return Some(()),
            b'\\' if quote == b'\'' => match rest.next_if_eq(&b'\'') {
                Some(byte) => word.push(byte),
                None => word.push(b'\\'),
            },
            b'\\' => match rest.next()? {
                b'n' => word.push(b'\n'),
                b'r' => word.push(b'\r'),
                b't' => word.push(b'\t'),
                b'b' => word.push(8),
                b'a' => word.push(7),
                b'x' => {
                    let digits = [rest.next()?, rest.next()?];
                    let text = std::str::from_utf8(&digits).ok()?;
                    word.push(u8::from_str_radix(text, 16).ok()?);
                }
                other => word.push(other),
            },
            byte => word.push(byte),
        }
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    /// `+OK`
    Status(&'static str),
    /// `-ERR ...`, with its first word.
    Error(String),
    /// `:1`
    Number(i64),
    /// `$3`
    Bulk(Vec<u8>),
    /// `$-1`
    Nil,
    /// `*2`
    Array(Vec<Reply>),
    /// Bytes as they are.
    Raw(Vec<u8>),
}

impl Reply {
    pub(super) const OK: Reply = Reply::Status("OK");

    pub(super) fn error(text: impl AsRef<str>) -> Self {
        Reply::Error(format!("ERR {}", text.as_ref()))
    }

    pub(super) fn text(text: impl Into<String>) -> Self {
        Reply::Bulk(text.into().into_bytes())
    }

    pub(super) fn texts<T: Into<Vec<u8>>>(texts: impl IntoIterator<Item = T>) -> Self {
        Reply::Array(texts.into_iter().map(|text| Reply::Bulk(text.into())).collect())
    }

    pub(super) fn count(count: usize) -> Self {
        Reply::Number(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// Whether it is an error.
    pub(super) fn is_error(&self) -> bool {
        matches!(self, Reply::Error(_))
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Reply::Status(text) => out.extend_from_slice(format!("+{text}\r\n").as_bytes()),
            Reply::Error(text) => {
                let text = text.replace(['\r', '\n'], " ");
                out.extend_from_slice(format!("-{text}\r\n").as_bytes());
            }
            Reply::Number(number) => out.extend_from_slice(format!(":{number}\r\n").as_bytes()),
            Reply::Bulk(bytes) => {
                out.extend_from_slice(format!("${}\r\n", bytes.len()).as_bytes());
                out.extend_from_slice(bytes);
                out.extend_from_slice(b"\r\n");
            }
            Reply::Nil => out.extend_from_slice(b"$-1\r\n"),
            Reply::Array(items) => {
                out.extend_from_slice(format!("*{}\r\n", items.len()).as_bytes());
                items.iter().for_each(|item| item.write(out));
            }
            Reply::Raw(bytes) => out.extend_from_slice(bytes),
        }
    }
}
