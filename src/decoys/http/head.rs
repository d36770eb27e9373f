//! The head of a request, as slices of the bytes that were sent (RFC 9112 section 2.1).

use std::ops::Range;

use bytes::Bytes;

/// Protocol version of a request line: major and minor times a thousand, as nginx counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Major number.
    pub major: u16,
    /// Minor number.
    pub minor: u16,
}

impl Version {
    /// A request line without a version.
    pub const HTTP_09: Version = Version { major: 0, minor: 9 };
    /// HTTP/1.0.
    pub const HTTP_10: Version = Version { major: 1, minor: 0 };
    /// HTTP/1.1.
    pub const HTTP_11: Version = Version { major: 1, minor: 1 };
}

/// How the request's end is found (RFC 9112 section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// No body.
    None,
    /// That many bytes.
    Length(u64),
    /// Chunks.
    Chunked,
}

/// Where a request line's parts are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLine {
    /// The method.
    pub method: Range<usize>,
    /// The target as sent, without scheme and host of an absolute form.
    pub target: Range<usize>,
    /// Host of an absolute form.
    pub host: Option<Range<usize>>,
    /// The version.
    pub version: Version,
}

/// A head that nginx accepts.
#[derive(Debug, Clone)]
pub struct Head {
    raw: Bytes,
    line: RequestLine,
    headers: Vec<(Range<usize>, Range<usize>)>,
    /// Host that the request is for, lower-case, without port: empty when none was named.
    pub host: String,
    /// Where its body ends.
    pub framing: Framing,
    /// Whether the client lets the connection live on.
    pub keep_alive: bool,
}

impl Head {
    /// Joins the parts that the parser found in `raw`.
    pub(super) fn new(
        raw: Bytes,
        line: RequestLine,
        headers: Vec<(Range<usize>, Range<usize>)>,
        host: String,
        framing: Framing,
        keep_alive: bool,
    ) -> Self {
        Head { raw, line, headers, host, framing, keep_alive }
    }

    /// The method as sent.
    pub fn method(&self) -> &[u8] {
        self.slice(&self.line.method)
    }

    /// The target as sent: path and query.
    pub fn target(&self) -> &[u8] {
        match self.slice(&self.line.target) {
            b"" => b"/",
            target => target,
        }
    }

    /// The version.
    pub fn version(&self) -> Version {
        self.line.version
    }

    /// Host of an absolute form.
    pub fn line_host(&self) -> Option<&[u8]> {
        self.line.host.as_ref().map(|range| self.slice(range))
    }

    /// First value of a header, names compared without case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers().find(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes())).map(|(_, v)| v)
    }

    /// All headers in order.
    pub fn headers(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.headers.iter().map(|(name, value)| (self.slice(name), self.slice(value)))
    }

    /// Whether the connection lives on for a server that finds `close` and `keep-alive` by `asks`
    /// (RFC 9112 section 9.3).
    pub(super) fn lives_on(&self, asks: fn(&[u8], &[u8]) -> bool) -> bool {
        let asked = self.header("Connection").unwrap_or_default();
        if self.version() == Version::HTTP_11 { !asks(asked, b"close") } else { asks(asked, b"keep-alive") }
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        self.raw.get(range.clone()).unwrap_or_default()
    }
}

/// Whether `Connection` is this word, for servers that read it so.
pub(super) fn one_word(asked: &[u8], word: &[u8]) -> bool {
    asked.eq_ignore_ascii_case(word)
}

/// Whether `Connection` lists this word.
pub(super) fn listed(asked: &[u8], word: &[u8]) -> bool {
    asked.split(|b| *b == b',').any(|one| one_word(one.trim_ascii(), word))
}
