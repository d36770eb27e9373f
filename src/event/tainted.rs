//! Text that an attacker chose.
//!
//! [`Tainted`] has no `Display`: whoever prints it must name the escape, so it can neither forge a
//! log line nor a page nor a field of a SIEM record.

use serde::{Deserialize, Serialize};

/// Text from outside: kept as sent (up to a cap), never shown unescaped.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tainted(String);

/// Longest text kept in one field of an event; the transcript keeps the whole.
pub const MAX_TAINTED: usize = 4096;

impl Tainted {
    /// Takes text, cut at [`MAX_TAINTED`] bytes on a character boundary.
    pub fn new(text: impl Into<String>) -> Self {
        let mut text = text.into();
        if text.len() > MAX_TAINTED {
            let mut end = MAX_TAINTED;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
        }
        Tainted(text)
    }

    /// Takes bytes: UTF-8 as it is; every byte that is not part of valid UTF-8 becomes `\xNN`.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut text = String::with_capacity(bytes.len().min(MAX_TAINTED));
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            for byte in chunk.invalid() {
                text.push_str(&format!("\\x{byte:02x}"));
            }
            if text.len() > MAX_TAINTED {
                break;
            }
        }
        Tainted::new(text)
    }

    /// The text as sent. For comparing and for encoders that escape by themselves (serde_json).
    pub fn as_untrusted(&self) -> &str {
        &self.0
    }

    /// For a terminal or a log: control, format and bidi characters become `\u{..}`.
    pub fn for_terminal(&self) -> String {
        let mut out = String::with_capacity(self.0.len());
        for c in self.0.chars() {
            if c.is_control() || is_invisible(c) {
                out.extend(c.escape_unicode());
            } else {
                out.push(c);
            }
        }
        out
    }

    /// Whether nothing was sent.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Characters that change how text around them is read without being seen.
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

impl std::fmt::Debug for Tainted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tainted({})", self.for_terminal())
    }
}

impl From<&str> for Tainted {
    fn from(text: &str) -> Self {
        Tainted::new(text)
    }
}

impl From<String> for Tainted {
    fn from(text: String) -> Self {
        Tainted::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_bytes_stay_visible() {
        let t = Tainted::from_bytes(b"a\xff\xd5b");
        assert_eq!(t.as_untrusted(), "a\\xff\\xd5b");
    }

    #[test]
    fn terminal_form_shows_control_and_bidi() {
        let t = Tainted::new("a\u{1b}[2J\u{202e}b");
        assert_eq!(t.for_terminal(), "a\\u{1b}[2J\\u{202e}b");
    }

    #[test]
    fn long_text_is_cut_on_a_character() {
        let t = Tainted::new("张".repeat(MAX_TAINTED));
        assert!(t.as_untrusted().len() <= MAX_TAINTED);
        assert!(t.as_untrusted().chars().all(|c| c == '张'));
    }
}
