//! Request lines and headers as the products split them.

use std::ops::Range;

use bytes::Bytes;

use crate::decoys::http::head::{Framing, Head, RequestLine, Version};

/// A head split into its parts, as ranges of its bytes.
pub(crate) struct Parts {
    /// The method.
    pub(crate) method: Range<usize>,
    /// The target as sent.
    pub(crate) target: Range<usize>,
    /// The version's text (`HTTP/1.1`).
    pub(crate) version: Range<usize>,
    /// Where the headers begin.
    pub(crate) headers: usize,
}

/// Splits a request line at single blanks; `None` when it has not three words.
pub(crate) fn request_line(head: &[u8]) -> Option<Parts> {
    let end = head.iter().position(|b| *b == b'\n')?;
    let line_end = if end > 0 && head.get(end - 1) == Some(&b'\r') { end - 1 } else { end };
    let line = head.get(..line_end)?;
    let first = line.iter().position(|b| *b == b' ')?;
    let second = first + 1 + line.get(first + 1..)?.iter().position(|b| *b == b' ')?;
    (first > 0 && second > first + 1 && line_end > second + 1).then_some(Parts {
        method: 0..first,
        target: first + 1..second,
        version: second + 1..line_end,
        headers: end + 1,
    })
}

/// `HTTP/major.minor` with one digit each.
pub(crate) fn version(text: &[u8]) -> Option<Version> {
    match text {
        [b'H', b'T', b'T', b'P', b'/', major @ b'0'..=b'9', b'.', minor @ b'0'..=b'9'] => {
            Some(Version { major: u16::from(major - b'0'), minor: u16::from(minor - b'0') })
        }
        _ => None,
    }
}

/// Reads header lines from `start` to the empty line. `name_ok` says which bytes a name may hold;
/// blanks between name and colon are dropped where `lax`. `None` for a line that is no header.
pub(crate) fn headers(
    head: &[u8],
    start: usize,
    lax: bool,
    name_ok: fn(u8) -> bool,
) -> Option<Vec<(Range<usize>, Range<usize>)>> {
    let mut found = Vec::new();
    let mut at = start;
    while let Some(length) = head.get(at..).and_then(|rest| rest.iter().position(|b| *b == b'\n')) {
        let end = at + length;
        let line_end = if end > at && head.get(end - 1) == Some(&b'\r') { end - 1 } else { end };
        let line = head.get(at..line_end)?;
        if line.is_empty() {
            break;
        }
        let colon = line.iter().position(|b| *b == b':')?;
        let name = line.get(..colon)?;
        let trimmed = if lax { name.trim_ascii_end() } else { name };
        if trimmed.is_empty() || !trimmed.iter().all(|b| name_ok(*b)) {
            return None;
        }
        let value = line.get(colon + 1..)?;
        let before = value.len() - value.trim_ascii_start().len();
        let value_start = at + colon + 1 + before;
        let value_end = (value_start + value.trim_ascii().len()).max(value_start);
        found.push((at..at + trimmed.len(), value_start..value_end));
        at = end + 1;
    }
    Some(found)
}

/// RFC 9110 section 5.6.2: a character of a token.
pub(crate) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// Joins parts to a head whose framing is still open.
pub(crate) fn joined(
    raw: &[u8],
    parts: Parts,
    version: Version,
    headers: Vec<(Range<usize>, Range<usize>)>,
) -> Head {
    let line = RequestLine { method: parts.method, target: parts.target, host: None, version };
    let mut head = Head::new(Bytes::copy_from_slice(raw), line, headers, String::new(), Framing::None, false);
    let host = head.header("Host").map(|h| String::from_utf8_lossy(h).into_owned());
    head.host = host.unwrap_or_default();
    head
}

/// A decimal length.
pub(crate) fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 18 || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_split() {
        let head = b"GET /a HTTP/1.1\r\nHost: h\r\nX :  y \r\n\r\n";
        let parts = request_line(head).unwrap();
        assert_eq!(&head[parts.target.clone()], b"/a");
        assert_eq!(version(&head[parts.version.clone()]), Some(Version::HTTP_11));
        assert!(headers(head, parts.headers, false, is_token).is_none(), "a blank before the colon");
        let found = headers(head, parts.headers, true, is_token).unwrap();
        assert_eq!((&head[found[1].0.clone()], &head[found[1].1.clone()]), (&b"X"[..], &b"y"[..]));
        assert!(request_line(b"GARBAGE\r\n").is_none() && request_line(b"GET  HTTP/1.1\r\n").is_none());
    }
}
