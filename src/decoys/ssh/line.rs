//! The line a peer types at a prompt: keys as readline's emacs mode takes them, echo as it draws.

/// Longest line; more is dropped with a bell.
const MAX_LINE: usize = 16 << 10;

/// Longest escape sequence that is waited for.
const MAX_ESCAPE: usize = 16;

/// What a key led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// Nothing yet.
    None,
    /// Enter: the line.
    Line(String),
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D on an empty line.
    End,
    /// Ctrl-L.
    Clear,
    /// Tab, with the line up to the cursor.
    Complete(String),
}

/// A line being typed.
#[derive(Debug, Clone, Default)]
pub struct Line {
    text: Vec<char>,
    cursor: usize,
    history: Option<usize>,
    draft: Vec<char>,
    killed: Vec<char>,
    escape: Option<Vec<u8>>,
    partial: Vec<u8>,
    last_was_return: bool,
}

impl Line {
    /// Takes one byte; what the terminal shows is appended to `echo`.
    pub fn key(&mut self, byte: u8, history: &[String], echo: &mut Vec<u8>) -> Key {
        if self.escape.is_some() {
            self.escaped(byte, history, echo);
            return Key::None;
        }
        let after_return = std::mem::take(&mut self.last_was_return);
        match byte {
            b'\n' if after_return => return Key::None,
            b'\r' | b'\n' => {
                self.last_was_return = byte == b'\r';
                echo.extend_from_slice(b"\r\n");
                return Key::Line(self.take());
            }
            3 => {
                echo.extend_from_slice(b"^C");
                self.take();
                return Key::Interrupt;
            }
            4 if self.text.is_empty() => return Key::End,
            4 => self.delete(echo),
            9 => return Key::Complete(self.text.get(..self.cursor).unwrap_or_default().iter().collect()),
            12 => return Key::Clear,
            1 => self.move_to(0, echo),
            5 => self.move_to(self.text.len(), echo),
            2 => self.move_to(self.cursor.saturating_sub(1), echo),
            6 => self.move_to(self.cursor + 1, echo),
            14 => self.recall(false, history, echo),
            16 => self.recall(true, history, echo),
            8 | 127 => {
                if self.cursor > 0 {
                    self.move_to(self.cursor - 1, echo);
                    self.delete(echo);
                }
            }
            11 => {
                self.killed = self.text.split_off(self.cursor);
                if !self.killed.is_empty() {
                    echo.extend_from_slice(b"\x1b[K");
                }
            }
            21 => self.cut(0, echo),
            23 => {
                let before = self.text.get(..self.cursor).unwrap_or_default();
                let trimmed = before.iter().rposition(|c| *c != ' ').map_or(0, |n| n + 1);
                let start = before
                    .get(..trimmed)
                    .unwrap_or_default()
                    .iter()
                    .rposition(|c| *c == ' ')
                    .map_or(0, |n| n + 1);
                self.cut(start, echo);
            }
            25 => {
                for c in self.killed.clone() {
                    self.insert(c, echo);
                }
            }
            27 => self.escape = Some(Vec::new()),
            0..=31 => {}
            _ => self.character(byte, echo),
        }
        Key::None
    }

    /// The line as it stands: for drawing it again.
    pub fn shown(&self) -> String {
        self.text.iter().collect()
    }

    /// Puts text at the cursor, as a completion does.
    pub fn put(&mut self, text: &str, echo: &mut Vec<u8>) {
        for c in text.chars() {
            self.insert(c, echo);
        }
    }

    fn take(&mut self) -> String {
        let text = self.text.drain(..).collect();
        *self = Line {
            killed: std::mem::take(&mut self.killed),
            last_was_return: self.last_was_return,
            ..Line::default()
        };
        text
    }

    fn character(&mut self, byte: u8, echo: &mut Vec<u8>) {
        self.partial.push(byte);
        match std::str::from_utf8(&self.partial) {
            Ok(text) => {
                let letters: Vec<char> = text.chars().collect();
                self.partial.clear();
                for c in letters {
                    self.insert(c, echo);
                }
            }
            Err(error) if error.error_len().is_some() || self.partial.len() >= 4 => {
                self.partial.clear();
                self.insert('\u{fffd}', echo);
            }
            Err(_) => {}
        }
    }

    fn insert(&mut self, c: char, echo: &mut Vec<u8>) {
        if self.text.len() >= MAX_LINE {
            echo.push(7);
            return;
        }
        self.text.insert(self.cursor, c);
        self.cursor += 1;
        echo.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        self.redraw_tail(echo);
    }

    fn redraw_tail(&self, echo: &mut Vec<u8>) {
        let tail: String = self.text.get(self.cursor..).unwrap_or_default().iter().collect();
        echo.extend_from_slice(tail.as_bytes());
        echo.extend(std::iter::repeat_n(8, width(&tail)));
    }

    fn move_to(&mut self, to: usize, echo: &mut Vec<u8>) {
        let to = to.min(self.text.len());
        let (from, until) = (self.cursor.min(to), self.cursor.max(to));
        let between: String = self.text.get(from..until).unwrap_or_default().iter().collect();
        if to < self.cursor {
            echo.extend(std::iter::repeat_n(8, width(&between)));
        } else {
            echo.extend_from_slice(between.as_bytes());
        }
        self.cursor = to;
    }

    fn delete(&mut self, echo: &mut Vec<u8>) {
        if self.cursor < self.text.len() {
            self.text.remove(self.cursor);
            echo.extend_from_slice(b"\x1b[K");
            self.redraw_tail(echo);
        }
    }

    fn cut(&mut self, start: usize, echo: &mut Vec<u8>) {
        if start >= self.cursor {
            return;
        }
        let end = self.cursor;
        self.move_to(start, echo);
        self.killed = self.text.drain(start..end).collect();
        echo.extend_from_slice(b"\x1b[K");
        self.redraw_tail(echo);
    }

    fn recall(&mut self, older: bool, history: &[String], echo: &mut Vec<u8>) {
        let next = match (self.history, older) {
            (None, true) => history.len().checked_sub(1),
            (None, false) => return,
            (Some(at), true) => at.checked_sub(1),
            (Some(at), false) => Some(at + 1),
        };
        let Some(next) = next else {
            echo.push(7);
            return;
        };
        if self.history.is_none() {
            self.draft = self.text.clone();
        }
        let text = match history.get(next) {
            Some(line) => line.chars().collect(),
            None => self.draft.clone(),
        };
        self.history = history.get(next).map(|_| next);
        self.move_to(0, echo);
        if !self.text.is_empty() {
            echo.extend_from_slice(b"\x1b[K");
        }
        self.text = text;
        self.cursor = 0;
        self.move_to(self.text.len(), echo);
    }

    /// The rest of an escape sequence: arrows, Home, End, Delete; paste marks are passed over.
    fn escaped(&mut self, byte: u8, history: &[String], echo: &mut Vec<u8>) {
        let Some(sequence) = &mut self.escape else { return };
        sequence.push(byte);
        let open = matches!(sequence.first(), Some(b'[' | b'O'))
            && (sequence.len() == 1 || !(0x40..=0x7e).contains(&byte));
        if open && sequence.len() < MAX_ESCAPE {
            return;
        }
        let sequence = self.escape.take().unwrap_or_default();
        match sequence.as_slice() {
            b"[A" | b"OA" => self.recall(true, history, echo),
            b"[B" | b"OB" => self.recall(false, history, echo),
            b"[C" | b"OC" => self.move_to(self.cursor + 1, echo),
            b"[D" | b"OD" => self.move_to(self.cursor.saturating_sub(1), echo),
            b"[H" | b"OH" | b"[1~" => self.move_to(0, echo),
            b"[F" | b"OF" | b"[4~" => self.move_to(self.text.len(), echo),
            b"[3~" => self.delete(echo),
            _ => {}
        }
    }
}

fn width(text: &str) -> usize {
    super::shell::text::unicode_width_of(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_in(keys: &[u8], history: &[&str]) -> (Vec<Key>, String) {
        let history: Vec<String> = history.iter().map(|s| (*s).to_owned()).collect();
        let (mut line, mut echo, mut out) = (Line::default(), Vec::new(), Vec::new());
        for key in keys {
            match line.key(*key, &history, &mut echo) {
                Key::None => {}
                other => out.push(other),
            }
        }
        (out, String::from_utf8_lossy(&echo).into_owned())
    }

    fn typed(keys: &[u8], history: &[&str]) -> String {
        match type_in(keys, history).0.as_slice() {
            [Key::Line(line)] => line.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn editing_keys() {
        assert_eq!(typed(b"lss\x7f -l\r", &[]), "ls -l");
        assert_eq!(typed(b"abc\x1b[D\x1b[DX\r", &[]), "aXbc");
        assert_eq!(typed(b"echo one two\x17three\r", &[]), "echo one three");
        assert_eq!(typed(b"junk\x15id\r", &[]), "id");
        assert_eq!(typed(b"\x1b[A\x1b[A\x1b[B\r", &["first", "second"]), "second");
        assert_eq!(typed("患者\x7f\r".as_bytes(), &[]), "患");
        assert_eq!(typed(b"\x1b[200~id\x1b[201~\r\n", &[]), "id");
    }

    #[test]
    fn signals_and_end() {
        assert_eq!(type_in(b"abc\x03", &[]), (vec![Key::Interrupt], "abc^C".into()));
        assert_eq!(type_in(b"\x04", &[]).0, vec![Key::End]);
        assert_eq!(type_in(b"ls /e\t", &[]).0, vec![Key::Complete("ls /e".into())]);
    }

    #[test]
    fn any_bytes_are_taken() {
        let mut line = Line::default();
        let mut echo = Vec::new();
        for n in 0..60_000_u32 {
            let byte = u8::try_from(n.wrapping_mul(2_654_435_761) >> 24).unwrap();
            line.key(byte, &["x".into()], &mut echo);
        }
    }
}
