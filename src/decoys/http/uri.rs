//! Paths and percent signs, as nginx and Tomcat read them.

/// A target split at its first question mark; a fragment is cut off.
pub fn split_target(target: &[u8]) -> (&[u8], &[u8]) {
    let end = target.iter().position(|b| *b == b'#').unwrap_or(target.len());
    let target = target.get(..end).unwrap_or_default();
    match target.iter().position(|b| *b == b'?') {
        Some(at) => (target.get(..at).unwrap_or_default(), target.get(at + 1..).unwrap_or_default()),
        None => (target, &[]),
    }
}

/// The path that nginx matches locations with: decoded, slashes merged, dots resolved. `None` when
/// nginx refuses it: a bad percent sign, a NUL, or a climb above the root.
pub fn nginx_path(path: &[u8]) -> Option<Vec<u8>> {
    if !path.contains(&b'%') && !holds(path, b"//") && !holds(path, b"/.") {
        return Some(path.to_vec());
    }
    let decoded = percent_decode(path)?;
    if decoded.contains(&0) {
        return None;
    }
    let mut kept: Vec<&[u8]> = Vec::new();
    let mut open = true;
    for segment in decoded.split(|b| *b == b'/').skip(1) {
        open = matches!(segment, b"" | b"." | b"..");
        match segment {
            b"" | b"." => {}
            b".." => drop(kept.pop()?),
            name => kept.push(name),
        }
    }
    let mut out = vec![b'/'];
    out.extend(kept.join(&b'/'));
    if open && out.len() > 1 {
        out.push(b'/');
    }
    Some(out)
}

/// What Tomcat makes of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TomcatPath {
    /// A path within the server, without path parameters.
    Path(String),
    /// Refused, with Tomcat's message.
    Refused(&'static str),
    /// The connector refuses a character that no target may hold.
    BadCharacter,
}

/// The path that Tomcat maps to an application.
pub fn tomcat_path(path: &[u8], query: &[u8]) -> TomcatPath {
    if query.iter().chain(path).any(|b| is_bad(*b)) {
        return TomcatPath::BadCharacter;
    }
    let mut plain = Vec::with_capacity(path.len());
    for segment in path.split_inclusive(|b| *b == b'/') {
        let end = segment.iter().position(|b| *b == b';').unwrap_or(segment.len());
        plain.extend_from_slice(segment.get(..end).unwrap_or_default());
        if end < segment.len() && segment.ends_with(b"/") {
            plain.push(b'/');
        }
    }
    let lower = plain.to_ascii_lowercase();
    if holds(&lower, b"%2f") {
        return TomcatPath::Refused("Invalid URI: noSlash");
    }
    let Some(decoded) = percent_decode(&plain) else {
        return TomcatPath::Refused("Invalid URI");
    };
    if decoded.iter().any(|b| matches!(b, 0 | b'\\')) {
        return TomcatPath::Refused("Invalid URI");
    }
    match nginx_path_decoded(&decoded).map(String::from_utf8) {
        Some(Ok(path)) => TomcatPath::Path(path),
        Some(Err(_)) | None => TomcatPath::Refused("Invalid URI"),
    }
}

fn nginx_path_decoded(decoded: &[u8]) -> Option<Vec<u8>> {
    // What is decoded already must not be decoded twice.
    let guarded: Vec<u8> =
        decoded.iter().flat_map(|b| if *b == b'%' { b"%25".to_vec() } else { vec![*b] }).collect();
    nginx_path(&guarded)
}

/// Characters that Tomcat's connector lets stand in no request target.
fn is_bad(byte: u8) -> bool {
    matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}') || byte >= 0x80
}

/// Decodes `%XX`; `None` for a percent sign without two hex digits.
pub fn percent_decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        if *byte == b'%' {
            let high = hex_digit(*bytes.next()?)?;
            let low = hex_digit(*bytes.next()?)?;
            out.push(high << 4 | low);
        } else {
            out.push(*byte);
        }
    }
    Some(out)
}

/// Decodes a form's text: `+` is a blank, a broken percent sign stays.
pub fn form_decode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let digits = text.get(at + 1..at + 3).and_then(|d| match d {
            [high, low] => Some(hex_digit(*high)? << 4 | hex_digit(*low)?),
            _ => None,
        });
        match (byte, digits) {
            (b'%', Some(decoded)) => {
                out.push(decoded);
                at += 3;
                continue;
            }
            (b'+', _) => out.push(b' '),
            (other, _) => out.push(*other),
        }
        at += 1;
    }
    out
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// Whether `text` holds `part`.
pub fn holds(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|w| w == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nginx_resolves_dots_and_slashes() {
        let path = |p: &str| nginx_path(p.as_bytes()).map(|p| String::from_utf8(p).unwrap());
        assert_eq!(path("//his///static//a").as_deref(), Some("/his/static/a"));
        assert_eq!(path("/his/./a/../b/").as_deref(), Some("/his/b/"));
        assert_eq!(path("/his/%2e%2e/x").as_deref(), Some("/x"));
        assert_eq!(path("/a/..").as_deref(), Some("/"));
        assert_eq!(path("/../x"), None);
        assert_eq!(path("/%zz"), None);
        assert_eq!(path("/a%00"), None);
    }

    #[test]
    fn tomcat_strips_parameters_and_refuses_encoded_slashes() {
        let path = |p: &str| tomcat_path(p.as_bytes(), b"");
        assert_eq!(path("/his/a;x=1/b"), TomcatPath::Path("/his/a/b".into()));
        assert_eq!(path("/his/..;/manager/html"), TomcatPath::Path("/manager/html".into()));
        assert_eq!(path("/his/a%2fb"), TomcatPath::Refused("Invalid URI: noSlash"));
        assert_eq!(path("/his/a%5cb"), TomcatPath::Refused("Invalid URI"));
        assert_eq!(path("/his/<a>"), TomcatPath::BadCharacter);
        assert_eq!(path("/his/%25"), TomcatPath::Path("/his/%".into()));
    }

    #[test]
    fn forms_keep_broken_percent_signs() {
        assert_eq!(form_decode(b"a+b%20c%zz%"), b"a b c%zz%");
    }
}
