//! Bytes and terminal output as plain text that can neither hide nor do anything.

use crate::event::tainted::is_invisible;

/// Text as a line of a page shows it: control and invisible characters become `␀` to `␡` or `\u{…}`.
pub(super) fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            '\r' => {}
            '\0'..='\u{1f}' => out.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}')),
            '\u{7f}' => out.push('\u{2421}'),
            c if c.is_control() || is_invisible(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// Bytes as people read dumps: offset, sixteen bytes, their characters.
pub(super) fn dump(bytes: &[u8]) -> String {
    let mut out = String::new();
    for (line, chunk) in bytes.chunks(16).enumerate() {
        let hexadecimal: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
        let letters: String =
            chunk.iter().map(|b| if (0x20..0x7f).contains(b) { char::from(*b) } else { '.' }).collect();
        out.push_str(&format!("{:06x}  {:<47}  {letters}\n", line * 16, hexadecimal.join(" ")));
    }
    out
}

/// Whether bytes read as text: UTF-8 with hardly a control character.
pub(super) fn as_text(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let odd = text.chars().filter(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{1b}')).count();
    (odd * 20 <= text.chars().count()).then_some(text)
}

/// Output of a terminal without its escape sequences (ECMA-48), for a page that adds it to the text
/// before. A carriage return alone and a backspace stay: the page follows them.
pub(super) fn without_escapes(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => match rest.next() {
                Some('[') => while rest.next().is_some_and(|c| !('\u{40}'..='\u{7e}').contains(&c)) {},
                Some(']' | 'P' | '^' | '_' | 'X') => {
                    while let Some(c) = rest.next() {
                        if c == '\u{7}' || (c == '\u{1b}' && rest.next_if_eq(&'\\').is_some()) {
                            break;
                        }
                    }
                }
                Some('(' | ')' | '#') => drop(rest.next()),
                _ => {}
            },
            '\n' | '\r' | '\t' | '\u{8}' => out.push(c),
            c if c.is_control() => {}
            c if is_invisible(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hides() {
        assert_eq!(shown("a\u{1b}[2J\u{202e}b\r\n\0"), "a␛[2J\\u{202e}b\n␀");
        assert_eq!(dump(b"GET /\r\n"), "000000  47 45 54 20 2f 0d 0a                             GET /..\n");
        assert_eq!(
            (as_text(b"PATIENT\r\n"), as_text(&[0x10, 0, 1, 2]), as_text(&[0xff])),
            (Some("PATIENT\r\n"), None, None)
        );
    }

    #[test]
    fn a_terminal_becomes_text() {
        assert_eq!(
            without_escapes(
                "\u{1b}[01;31mred\u{1b}[0m\u{1b}]0;own\u{7}$ ls\u{8}\r\n\u{1b}(Bx\u{1b}]2;a\u{1b}\\y"
            ),
            "red$ ls\u{8}\r\nxy"
        );
    }
}
