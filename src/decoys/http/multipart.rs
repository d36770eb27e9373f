//! The pieces of a multipart body (RFC 2046 section 5.1.1), whatever its type.

/// Pieces between delimiters in order, at most `most`, each with whether a delimiter ends it.
pub(super) fn pieces<'a>(body: &'a [u8], boundary: &[u8], most: usize) -> Vec<(&'a [u8], bool)> {
    let mut delimiter = b"--".to_vec();
    delimiter.extend_from_slice(boundary);
    let mut found = Vec::new();
    let Some(first) = find(body, &delimiter) else { return found };
    let mut rest = body.get(first + delimiter.len()..).unwrap_or_default();
    delimiter.splice(0..0, *b"\r\n");
    while found.len() < most
        && let Some(after) = rest.strip_prefix(b"\r\n")
    {
        let end = find(after, &delimiter);
        found.push((after.get(..end.unwrap_or(after.len())).unwrap_or_default(), end.is_some()));
        let Some(end) = end else { break };
        rest = after.get(end + delimiter.len()..).unwrap_or_default();
    }
    found
}

/// Head and body of a piece; `None` without the empty line between them.
pub(super) fn head_and_body(piece: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = find(piece, b"\r\n\r\n")?;
    Some((piece.get(..end)?, piece.get(end + 4..)?))
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
    fn pieces_say_whether_they_ended() {
        let body = b"preamble--B\r\nA: b\r\n\r\none\r\n--B\r\ntwo";
        assert_eq!(pieces(body, b"B", 9), [(&b"A: b\r\n\r\none"[..], true), (b"two", false)]);
        assert_eq!(pieces(body, b"B", 1).len(), 1);
        assert_eq!(pieces(b"--B--\r\n", b"B", 9), []);
        assert_eq!(head_and_body(b"A: b\r\n\r\none"), Some((&b"A: b"[..], &b"one"[..])));
        assert_eq!(head_and_body(b"two"), None);
    }
}
