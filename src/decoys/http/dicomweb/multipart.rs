//! `multipart/related` (RFC 2387): what WADO-RS sends and STOW-RS takes.

use crate::decoys::http::multipart;
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

/// The parts of a body; the last may end with it.
pub fn parts<'a>(body: &'a [u8], boundary: &[u8]) -> Vec<Part<'a>> {
    let pieces = multipart::pieces(body, boundary, MAX_PARTS).into_iter();
    let split = pieces.filter_map(|(piece, _)| multipart::head_and_body(piece));
    split.map(|(head, body)| Part { head: head.to_ascii_lowercase(), body }).collect()
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
