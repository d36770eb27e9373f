//! Request lines and header lines, read byte by byte as nginx 1.22 reads them.
//!
//! Each function looks at bytes from the start of one line and says: not whole yet, refused, or
//! where its parts are. They hold no state, so they can be called again when more has come.

use std::ops::Range;

use super::head::{RequestLine, Version};

/// What a line came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line<T> {
    /// Its end has not come, and nothing is wrong so far.
    More,
    /// The line, and how many bytes it took with its line end.
    Done(T, usize),
    /// Not a line that nginx accepts.
    Bad(BadLine),
}

/// Why a line is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadLine {
    /// Bytes that have no place there.
    Syntax,
    /// A version from 2 on.
    Version,
    /// A line without a version whose method is not GET.
    OldMethod,
}

/// One header line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Header {
    /// The empty line.
    End,
    /// A name and its value, trimmed of blanks.
    Field {
        /// The name.
        name: Range<usize>,
        /// The value.
        value: Range<usize>,
        /// Whether the name holds only letters, digits and hyphens; others are skipped.
        plain: bool,
    },
}

/// Reads a request line.
pub fn request_line(input: &[u8]) -> Line<RequestLine> {
    let mut at = Cursor { input, at: 0 };
    match read_request_line(&mut at) {
        Ok(line) => Line::Done(line, at.at),
        Err(Stop::More) => Line::More,
        Err(Stop::Bad(bad)) => Line::Bad(bad),
    }
}

/// Reads a header line.
pub fn header_line(input: &[u8]) -> Line<Header> {
    let mut at = Cursor { input, at: 0 };
    match read_header(&mut at) {
        Ok(header) => Line::Done(header, at.at),
        Err(Stop::More) => Line::More,
        Err(Stop::Bad(bad)) => Line::Bad(bad),
    }
}

enum Stop {
    More,
    Bad(BadLine),
}

const SYNTAX: Stop = Stop::Bad(BadLine::Syntax);

struct Cursor<'a> {
    input: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn next(&mut self) -> Result<u8, Stop> {
        let byte = self.input.get(self.at).copied().ok_or(Stop::More)?;
        self.at += 1;
        Ok(byte)
    }

    /// Where the byte read last stands.
    fn last(&self) -> usize {
        self.at.saturating_sub(1)
    }
}

fn read_request_line(at: &mut Cursor<'_>) -> Result<RequestLine, Stop> {
    let method = read_method(at)?;
    let mut byte = at.next()?;
    while byte == b' ' {
        byte = at.next()?;
    }
    let (host, start, byte) = if byte == b'/' {
        (None, at.last(), at.next()?)
    } else if byte.is_ascii_alphabetic() {
        read_authority(at)?
    } else {
        return Err(SYNTAX);
    };
    let (end, byte) = read_target(at, byte)?;
    let version = read_version(at, byte)?;
    let line = RequestLine { method, target: start..end, host, version };
    let get = at.input.get(line.method.clone()) == Some(b"GET");
    if line.version == Version::HTTP_09 && !get {
        return Err(Stop::Bad(BadLine::OldMethod));
    }
    Ok(line)
}

fn read_method(at: &mut Cursor<'_>) -> Result<Range<usize>, Stop> {
    loop {
        match at.next()? {
            b'A'..=b'Z' | b'_' | b'-' => {}
            b' ' if at.last() > 0 => return Ok(0..at.last()),
            _ => return Err(SYNTAX),
        }
    }
}

/// `scheme://host:port`: the host, where the target starts, and the byte after that start.
fn read_authority(at: &mut Cursor<'_>) -> Result<(Option<Range<usize>>, usize, u8), Stop> {
    loop {
        match at.next()? {
            b':' => break,
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'-' | b'.' => {}
            _ => return Err(SYNTAX),
        }
    }
    for _ in 0..2 {
        if at.next()? != b'/' {
            return Err(SYNTAX);
        }
    }
    let start = at.at;
    let mut byte = at.next()?;
    while byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-') {
        byte = at.next()?;
    }
    let host = start..at.last();
    if byte == b':' {
        byte = at.next()?;
        while byte.is_ascii_digit() {
            byte = at.next()?;
        }
    }
    match byte {
        b'/' => {
            let start = at.last();
            Ok((Some(host), start, at.next()?))
        }
        b'?' | b' ' => Ok((Some(host), at.last(), byte)),
        _ => Err(SYNTAX),
    }
}

/// Reads to the end of the target, which began before `byte`: its end, and the byte after it.
fn read_target(at: &mut Cursor<'_>, mut byte: u8) -> Result<(usize, u8), Stop> {
    loop {
        match byte {
            b' ' | b'\r' | b'\n' => return Ok((at.last(), byte)),
            0..=0x1f | 0x7f => return Err(SYNTAX),
            _ => byte = at.next()?,
        }
    }
}

fn read_version(at: &mut Cursor<'_>, mut byte: u8) -> Result<Version, Stop> {
    while byte == b' ' {
        byte = at.next()?;
    }
    if byte != b'H' {
        end_of_line(at, byte)?;
        return Ok(Version::HTTP_09);
    }
    for expected in b"TTP/" {
        if at.next()? != *expected {
            return Err(SYNTAX);
        }
    }
    let major = read_major(at)?;
    let minor = read_minor(at)?;
    Ok(Version { major, minor })
}

fn read_major(at: &mut Cursor<'_>) -> Result<u16, Stop> {
    match at.next()? {
        b'1' => {}
        b'2'..=b'9' => return Err(Stop::Bad(BadLine::Version)),
        _ => return Err(SYNTAX),
    }
    match at.next()? {
        b'.' => Ok(1),
        b'0'..=b'9' => Err(Stop::Bad(BadLine::Version)),
        _ => Err(SYNTAX),
    }
}

fn read_minor(at: &mut Cursor<'_>) -> Result<u16, Stop> {
    let first = at.next()?;
    if !first.is_ascii_digit() {
        return Err(SYNTAX);
    }
    let mut minor = u16::from(first - b'0');
    loop {
        let mut byte = at.next()?;
        if byte.is_ascii_digit() {
            if minor > 99 {
                return Err(SYNTAX);
            }
            minor = minor * 10 + u16::from(byte - b'0');
            continue;
        }
        while byte == b' ' {
            byte = at.next()?;
        }
        end_of_line(at, byte)?;
        return Ok(minor);
    }
}

fn end_of_line(at: &mut Cursor<'_>, byte: u8) -> Result<(), Stop> {
    match byte {
        b'\n' => Ok(()),
        b'\r' if at.next()? == b'\n' => Ok(()),
        _ => Err(SYNTAX),
    }
}

fn read_header(at: &mut Cursor<'_>) -> Result<Header, Stop> {
    let first = at.next()?;
    match first {
        b'\r' | b'\n' => return end_of_line(at, first).map(|()| Header::End),
        0..=0x20 | 0x7f | b':' => return Err(SYNTAX),
        _ => {}
    }
    let (mut plain, mut byte) = (true, first);
    loop {
        match byte {
            b':' => break,
            b'\r' | b'\n' => {
                let name = 0..at.last();
                end_of_line(at, byte)?;
                let end = name.end;
                return Ok(Header::Field { name, value: end..end, plain });
            }
            0..=0x20 | 0x7f => return Err(SYNTAX),
            _ => plain &= byte.is_ascii_alphanumeric() || byte == b'-',
        }
        byte = at.next()?;
    }
    let name = 0..at.last();
    let value = read_value(at)?;
    Ok(Header::Field { name, value, plain })
}

fn read_value(at: &mut Cursor<'_>) -> Result<Range<usize>, Stop> {
    let mut byte = at.next()?;
    while byte == b' ' {
        byte = at.next()?;
    }
    let start = at.last();
    let mut end = start;
    loop {
        match byte {
            b'\r' | b'\n' => break,
            0 => return Err(SYNTAX),
            b' ' => {}
            _ => end = at.at,
        }
        byte = at.next()?;
    }
    // A carriage return may repeat before the line feed.
    while byte == b'\r' {
        byte = at.next()?;
    }
    if byte == b'\n' { Ok(start..end) } else { Err(SYNTAX) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_at_any_split() {
        for whole in ["GET /a?b HTTP/1.1\r\n", "POST http://x.y:80/z HTTP/1.0\n", "GET /\r\n"] {
            let whole = whole.as_bytes();
            for end in 0..whole.len() {
                assert_eq!(request_line(&whole[..end]), Line::More, "{end}");
            }
            assert!(matches!(request_line(whole), Line::Done(_, taken) if taken == whole.len()));
        }
    }

    #[test]
    fn an_absolute_form_gives_host_and_path() {
        let input = b"GET http://x.y:80/z?q HTTP/1.1\r\n";
        let Line::Done(line, _) = request_line(input) else { panic!("refused") };
        assert_eq!(&input[line.host.unwrap()], b"x.y");
        assert_eq!(&input[line.target], b"/z?q");
    }

    #[test]
    fn versions() {
        let bad = |line: &str| {
            let Line::Bad(bad) = request_line(line.as_bytes()) else { panic!("accepted: {line}") };
            bad
        };
        assert_eq!(bad("GET / HTTP/9.9\r\n"), BadLine::Version);
        assert_eq!(bad("GET / HTTP/10.1\r\n"), BadLine::Version);
        assert_eq!(bad("GET / HTTP/1.x\r\n"), BadLine::Syntax);
        assert_eq!(bad("POST /\r\n"), BadLine::OldMethod);
    }

    #[test]
    fn headers_are_trimmed_and_marked() {
        let input = b"Fo_o:  a b  \r\n";
        let Line::Done(Header::Field { name, value, plain }, 14) = header_line(input) else {
            panic!("refused")
        };
        assert_eq!((&input[name], &input[value], plain), (&b"Fo_o"[..], &b"a b"[..], false));
        assert_eq!(header_line(b"\r\n"), Line::Done(Header::End, 2));
        assert_eq!(header_line(b" x: y\r\n"), Line::Bad(BadLine::Syntax));
    }
}
