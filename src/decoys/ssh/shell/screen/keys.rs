//! Keys of a terminal out of its bytes.

/// Longest sequence that one key sends.
const MAX_SEQUENCE: usize = 16;

/// A key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// A letter.
    Char(char),
    /// A letter with Control held, lower case, or one of `[\]^_`.
    Control(char),
    /// A letter with Alt held.
    Alt(char),
    /// Enter.
    Enter,
    /// Tab.
    Tab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Escape alone.
    Escape,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
}

/// Bytes on their way to become keys.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys {
    waiting: Vec<u8>,
}

impl Keys {
    /// Takes bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
    }

    /// The next key. An escape at the end of what came is the key itself.
    pub(super) fn next(&mut self) -> Option<Key> {
        loop {
            let (used, key) = first(&self.waiting)?;
            self.waiting.drain(..used.clamp(1, self.waiting.len()));
            if key.is_some() {
                return key;
            }
        }
    }
}

/// The first key and the bytes it takes; the inner `None` is a sequence without meaning.
fn first(bytes: &[u8]) -> Option<(usize, Option<Key>)> {
    let byte = *bytes.first()?;
    Some(match byte {
        b'\r' | b'\n' => (1, Some(Key::Enter)),
        b'\t' => (1, Some(Key::Tab)),
        8 | 127 => (1, Some(Key::Backspace)),
        27 => return Some(sequence(bytes)),
        0 => (1, Some(Key::Control('@'))),
        1..=26 => (1, Some(Key::Control(char::from(byte + 96)))),
        28..=31 => (1, Some(Key::Control(char::from(byte + 64)))),
        _ => letter(bytes),
    })
}

fn letter(bytes: &[u8]) -> (usize, Option<Key>) {
    for length in 1..=4 {
        let Some(piece) = bytes.get(..length) else { break };
        if let Some(c) = std::str::from_utf8(piece).ok().and_then(|t| t.chars().next()) {
            return (length, Some(Key::Char(c)));
        }
    }
    (1, Some(Key::Char('\u{fffd}')))
}

fn sequence(bytes: &[u8]) -> (usize, Option<Key>) {
    match bytes.get(1) {
        None | Some(27) => (1, Some(Key::Escape)),
        Some(b'[' | b'O') if bytes.len() > 2 => {
            let end = bytes.iter().skip(2).take(MAX_SEQUENCE).position(|b| (0x40..=0x7e).contains(b));
            let Some(end) = end else { return (bytes.len().min(MAX_SEQUENCE), None) };
            let text = bytes.get(2..end + 3).unwrap_or_default();
            (end + 3, named(text))
        }
        Some(other) => (2, Some(Key::Alt(char::from(*other)))),
    }
}

fn named(text: &[u8]) -> Option<Key> {
    Some(match text {
        b"A" => Key::Up,
        b"B" => Key::Down,
        b"C" => Key::Right,
        b"D" => Key::Left,
        b"H" | b"1~" | b"7~" => Key::Home,
        b"F" | b"4~" | b"8~" => Key::End,
        b"3~" => Key::Delete,
        b"5~" => Key::PageUp,
        b"6~" => Key::PageDown,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut keys = Keys::default();
        keys.take(bytes);
        std::iter::from_fn(|| keys.next()).collect()
    }

    #[test]
    fn bytes_become_keys() {
        assert_eq!(keys(b"a\x1b[A\x1b"), [Key::Char('a'), Key::Up, Key::Escape]);
        assert_eq!(
            keys("报\x18\x1bOB\r".as_bytes()),
            [Key::Char('报'), Key::Control('x'), Key::Down, Key::Enter]
        );
        assert_eq!(keys(b"\x1b[200~x\x1b[6~"), [Key::Char('x'), Key::PageDown]);
    }
}
