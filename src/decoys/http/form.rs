//! Form bodies: `application/x-www-form-urlencoded` and `multipart/form-data` (RFC 7578).

use super::multipart;
use super::uri::form_decode;

/// Most fields of one form; what comes after is not looked at.
const MAX_FIELDS: usize = 256;
/// Most parts of one multipart body.
const MAX_PARTS: usize = 32;
const BOUNDARY: &[u8] = b"boundary=";

/// Fields by name, in order, decoded; bytes that are no UTF-8 become the replacement character.
#[derive(Debug, Default, Clone)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads a query or a urlencoded body.
    pub fn parse(text: &[u8]) -> Self {
        let decoded = |part: &[u8]| String::from_utf8_lossy(&form_decode(part)).into_owned();
        let fields = text.split(|b| *b == b'&').filter(|p| !p.is_empty()).take(MAX_FIELDS);
        Fields(
            fields
                .map(|pair| {
                    let at = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
                    let (name, value) = pair.split_at(at);
                    (decoded(name), decoded(value.get(1..).unwrap_or_default()))
                })
                .collect(),
        )
    }

    /// First value of a name, trimmed; empty when absent.
    pub fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// First value of a name as sent; empty when absent.
    pub fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str())
    }
}

/// One part of a multipart body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<'a> {
    /// Name of the field.
    pub name: String,
    /// File name, when it is a file.
    pub file: Option<String>,
    /// Its bytes.
    pub body: &'a [u8],
}

/// The boundary that a content type names.
pub fn boundary(content_type: &[u8]) -> Option<&[u8]> {
    let lower = content_type.to_ascii_lowercase();
    if !lower.trim_ascii_start().starts_with(b"multipart/form-data") {
        return None;
    }
    let at = lower.windows(BOUNDARY.len()).position(|w| w == BOUNDARY)? + BOUNDARY.len();
    let value = content_type.get(at..)?;
    let value = value.split(|b| *b == b';').next()?.trim_ascii();
    let value = value.strip_prefix(b"\"").and_then(|v| v.strip_suffix(b"\"")).unwrap_or(value);
    // RFC 2046 section 5.1.1: 1 to 70 characters.
    (1..=70).contains(&value.len()).then_some(value)
}

/// The parts of a multipart body; one that no delimiter ends is none.
pub fn parts<'a>(body: &'a [u8], boundary: &[u8]) -> Vec<Part<'a>> {
    let pieces = multipart::pieces(body, boundary, MAX_PARTS);
    pieces.into_iter().filter(|(_, ended)| *ended).filter_map(|(piece, _)| part(piece)).collect()
}

fn part(piece: &[u8]) -> Option<Part<'_>> {
    let (head, body) = multipart::head_and_body(piece)?;
    let head = String::from_utf8_lossy(head).into_owned();
    let disposition = head
        .split("\r\n")
        .find(|line| line.get(..20).is_some_and(|n| n.eq_ignore_ascii_case("content-disposition:")))?;
    let name = parameter(disposition, "name").unwrap_or_default();
    Some(Part { name, file: parameter(disposition, "filename"), body })
}

fn parameter(disposition: &str, name: &str) -> Option<String> {
    disposition.split(';').skip(1).find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        let value = value.trim().trim_matches('"');
        key.trim().eq_ignore_ascii_case(name).then(|| value.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded() {
        let fields = Fields::parse(b"username=his%61dmin&password=a+b%26&q=%E5%BC%A0&q=x");
        assert_eq!(fields.text("username"), "hisadmin");
        assert_eq!(fields.raw("password"), "a b&");
        assert_eq!(fields.text("q"), "张");
        assert_eq!(fields.text("none"), "");
    }

    #[test]
    fn multipart_parts() {
        let kind = b"multipart/form-data; boundary=\"xYz\"";
        let body = b"--xYz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--xYz\r\nContent-Disposition: form-data; name=\"f\"; filename=\"s.jsp\"\r\nContent-Type: text/plain\r\n\r\n<%\r\n%>\r\n--xYz--\r\n";
        let parts = parts(body, boundary(kind).unwrap());
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0], Part { name: "a".into(), file: None, body: b"1" });
        assert_eq!(parts[1], Part { name: "f".into(), file: Some("s.jsp".into()), body: b"<%\r\n%>" });
        assert_eq!(boundary(b"text/plain"), None);
    }
}
