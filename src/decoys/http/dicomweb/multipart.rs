//! `multipart/related` (RFC 2387): what WADO-RS sends and STOW-RS takes.

use crate::decoys::http::uri::holds;

/// Most parts of one request.
const MAX_PARTS: usize = 4096;
/// Longest boundary (RFC 2046 section 5.1.1 allows 70; clients write a little longer ones).
const MAX_BOUNDARY: usize = 128;

/// One part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<'a> {
    /// Its head, lower-case.
    pub head: Vec<u8>,
    /// Its body.
    pub body: &'a [u8],
}

/// A parameter of a media type.
pub fn parameter<'a>(media_type: &'a [u8], name: &str) -> Option<&'a [u8]> {
    parameters(media_type, name).next()
}

/// The same when it comes more than once: the last.
pub fn last_parameter<'a>(media_type: &'a [u8], name: &str) -> Option<&'a [u8]> {
    parameters(media_type, name).last()
}

fn parameters<'a>(media_type: &'a [u8], name: &str) -> impl Iterator<Item = &'a [u8]> {
    media_type.split(|b| *b == b';').skip(1).filter_map(move |pair| {
        let pair = pair.trim_ascii();
        let at = pair.iter().position(|b| *b == b'=')?;
        let (key, value) = pair.split_at(at);
        let value = value.get(1..)?.trim_ascii();
        let value = value.strip_prefix(b"\"").and_then(|v| v.strip_suffix(b"\"")).unwrap_or(value);
        key.trim_ascii().eq_ignore_ascii_case(name.as_bytes()).then_some(value)
    })
}

/// The boundary of a `multipart/related` of objects; `None` for any other type.
pub fn boundary(content_type: &[u8]) -> Option<&[u8]> {
    let lower = content_type.to_ascii_lowercase();
    if !lower.trim_ascii_start().starts_with(b"multipart/related") || !holds(&lower, b"application/dicom") {
        return None;
    }
    parameter(content_type, "boundary").filter(|b| (1..=MAX_BOUNDARY).contains(&b.len()))
}

/// The parts of a body.
pub fn parts<'a>(body: &'a [u8], boundary: &[u8]) -> Vec<Part<'a>> {
    let mut delimiter = b"--".to_vec();
    delimiter.extend_from_slice(boundary);
    let mut found = Vec::new();
    let Some(first) = find(body, &delimiter) else { return found };
    let mut rest = body.get(first + delimiter.len()..).unwrap_or_default();
    delimiter.splice(0..0, *b"\r\n");
    while found.len() < MAX_PARTS
        && let Some(after) = rest.strip_prefix(b"\r\n")
    {
        let end = find(after, &delimiter);
        let piece = after.get(..end.unwrap_or(after.len())).unwrap_or_default();
        if let Some(at) = find(piece, b"\r\n\r\n") {
            let (head, body) = piece.split_at(at);
            found.push(Part { head: head.to_ascii_lowercase(), body: body.get(4..).unwrap_or_default() });
        }
        let Some(end) = end else { break };
        rest = after.get(end + delimiter.len()..).unwrap_or_default();
    }
    found
}

/// Where a short text begins in a long one: by its first byte, so that megabytes are fast.
fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    let first = *part.first()?;
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.iter().position(|b| *b == first)?;
        if text.get(at..)?.starts_with(part) {
            return Some(at);
        }
        from = at + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found() {
        let kind = b"multipart/related; type=\"application/dicom\"; boundary=\"B-1\"";
        let body = b"--B-1\r\nContent-Type: application/dicom\r\n\r\nab\r\n--B-1\r\nX: y\r\n\r\n\r\nc\r\n--B-1--\r\n";
        let found = parts(body, boundary(kind).unwrap());
        assert_eq!(found.iter().map(|p| p.body).collect::<Vec<_>>(), [&b"ab"[..], b"\r\nc"]);
        assert_eq!(boundary(b"multipart/form-data; boundary=x"), None);
    }
}
