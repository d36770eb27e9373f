//! `less` 590 and `more` of util-linux 2.38.

use super::canvas::{Canvas, cut, untabbed, width};
use super::keys::Key;
use super::{Full, Step};

/// Longest pattern or command typed at the prompt.
const MAX_TYPED: usize = 256;

/// A pager.
pub(super) struct Pager {
    name: String,
    more: bool,
    source: Vec<String>,
    lines: Vec<String>,
    columns: usize,
    rows: usize,
    top: usize,
    /// What is typed behind `/`, `?`, `!` or `:`.
    typed: Option<(char, String)>,
    pattern: String,
    backwards: bool,
    note: Option<String>,
    first: bool,
}

impl Pager {
    /// A pager over a text; no name means standard input.
    pub(super) fn new(name: Option<&str>, text: &[u8], more: bool, size: (usize, usize)) -> Self {
        let text = String::from_utf8_lossy(text).into_owned();
        let source = text.lines().map(|l| untabbed(&l.chars().collect::<Vec<_>>())).collect();
        let mut pager = Pager {
            name: name.unwrap_or_default().to_owned(),
            more,
            source,
            lines: Vec::new(),
            columns: size.0,
            rows: size.1,
            top: 0,
            typed: None,
            pattern: String::new(),
            backwards: false,
            note: None,
            first: true,
        };
        pager.fold();
        pager
    }

    /// Whether the text fits the screen: `more` then prints it and ends.
    pub(super) fn fits(&self) -> bool {
        self.lines.len() < self.rows
    }

    fn fold(&mut self) {
        for line in &self.source {
            let mut rest = line.as_str();
            loop {
                let piece = cut(rest, self.columns);
                // What `cut` shows as `^X` is one letter of the source.
                let letters = taken(rest, self.columns);
                self.lines.push(piece);
                rest = rest.get(letters..).unwrap_or_default();
                if rest.is_empty() || letters == 0 {
                    break;
                }
            }
        }
    }

    fn page(&self) -> usize {
        self.rows.saturating_sub(1).max(1)
    }

    fn last(&self) -> usize {
        self.lines.len().saturating_sub(self.page())
    }

    fn at_end(&self) -> bool {
        self.top >= self.last()
    }

    fn go(&mut self, to: usize) {
        self.top = to.min(self.last());
    }

    fn search(&mut self, again: bool) {
        let found = |line: &&String| line.contains(&self.pattern);
        let start = if again { self.top + 1 } else { self.top };
        let hit = if self.backwards {
            self.lines.iter().take(self.top).rposition(|l| found(&l))
        } else {
            self.lines.iter().skip(start).position(|l| found(&l)).map(|n| n + start)
        };
        match hit {
            Some(row) => self.top = row,
            None => self.note = Some("Pattern not found  (press RETURN)".into()),
        }
    }

    fn prompt(&self) -> String {
        if let Some(note) = &self.note {
            return format!("\x1b[7m{note}\x1b[27m");
        }
        if self.more {
            let seen = (self.top + self.page()).min(self.lines.len());
            let percent = seen * 100 / self.lines.len().max(1);
            let shown =
                if self.name.is_empty() { "--More--".into() } else { format!("--More--({percent}%)") };
            return format!("\x1b[7m{shown}\x1b[27m");
        }
        let end = self.at_end();
        match (self.first && !self.name.is_empty(), end) {
            (true, true) => format!("\x1b[7m{} (END)\x1b[27m", self.name),
            (true, false) => format!("\x1b[7m{}\x1b[27m", self.name),
            (false, true) => "\x1b[7m(END)\x1b[27m".into(),
            (false, false) => ":".into(),
        }
    }

    fn typing(&mut self, key: Key) -> Step {
        let Some((mark, typed)) = &mut self.typed else { return Step::Stay };
        match key {
            Key::Char(c) if typed.len() < MAX_TYPED => typed.push(c),
            Key::Backspace if typed.pop().is_none() => self.typed = None,
            Key::Backspace => {}
            Key::Enter => {
                let (mark, typed) = (*mark, std::mem::take(typed));
                self.typed = None;
                return self.typed_whole(mark, typed);
            }
            Key::Escape | Key::Control('c') => self.typed = None,
            _ => {}
        }
        Step::Stay
    }

    fn typed_whole(&mut self, mark: char, typed: String) -> Step {
        match mark {
            '/' | '?' => {
                let again = typed.is_empty();
                if !again {
                    self.pattern = typed;
                }
                self.backwards = mark == '?';
                self.search(again);
                Step::Stay
            }
            '!' => Step::Shell(if typed.is_empty() { "$SHELL".into() } else { typed }),
            _ if typed.starts_with('q') => Step::Leave(0),
            _ => Step::Stay,
        }
    }

    fn edit(&self) -> Step {
        if self.name.is_empty() { Step::Stay } else { Step::Shell(format!("editor '{}'", self.name)) }
    }
}

/// Bytes of a text that fit.
fn taken(text: &str, columns: usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += super::canvas::columns_of(c);
        if used > columns {
            return at;
        }
    }
    text.len()
}

impl Full for Pager {
    fn draw(&self, canvas: &mut Canvas) {
        for row in 0..self.page() {
            match self.lines.get(self.top + row) {
                Some(line) => canvas.put(row, line),
                None if self.more => {}
                None => canvas.raw(row, "\x1b[1m~\x1b[0m".into()),
            }
        }
        let prompt = match &self.typed {
            Some((mark, typed)) => format!("{mark}{typed}"),
            None => self.prompt(),
        };
        let plain = prompt.replace("\x1b[7m", "").replace("\x1b[27m", "");
        let row = canvas.rows.saturating_sub(1);
        canvas.raw(row, prompt);
        canvas.cursor(row, width(&plain));
    }

    fn key(&mut self, key: Key) -> Step {
        if self.typed.is_some() {
            return self.typing(key);
        }
        if self.note.take().is_some() {
            return Step::Stay;
        }
        self.first = false;
        let page = self.page();
        match key {
            Key::Char('q' | 'Q') => return Step::Leave(0),
            Key::Control('c') if self.more => return Step::Leave(0),
            Key::Char(' ' | 'f') | Key::Control('f' | 'v') | Key::PageDown | Key::Char('z') => {
                if self.more && self.at_end() {
                    return Step::Leave(0);
                }
                self.go(self.top + page);
            }
            Key::Char('b') | Key::Control('b') | Key::PageUp | Key::Char('w') => {
                self.go(self.top.saturating_sub(page));
            }
            Key::Char('d') | Key::Control('d') => self.go(self.top + page / 2),
            Key::Char('u') | Key::Control('u') => self.go(self.top.saturating_sub(page / 2)),
            Key::Enter | Key::Char('j' | 'e') | Key::Down | Key::Control('n' | 'e') => {
                if self.more && self.at_end() {
                    return Step::Leave(0);
                }
                self.go(self.top + 1);
            }
            Key::Char('k' | 'y') | Key::Up | Key::Control('p' | 'y' | 'k') => {
                self.go(self.top.saturating_sub(1));
            }
            Key::Char('g' | '<') | Key::Home => self.go(0),
            Key::Char('G' | '>') | Key::End => self.go(usize::MAX),
            Key::Char('n') => self.search(true),
            Key::Char('N') => {
                self.backwards = !self.backwards;
                self.search(true);
                self.backwards = !self.backwards;
            }
            Key::Char(mark @ ('/' | '?' | '!' | ':')) => self.typed = Some((mark, String::new())),
            Key::Char('v') => return self.edit(),
            Key::Char('=') | Key::Control('g') if !self.more => {
                let name = if self.name.is_empty() { "(standard input)" } else { &self.name };
                let last = (self.top + page).min(self.lines.len());
                let end = if self.at_end() { " (END)" } else { "" };
                self.note = Some(format!("{name} lines {}-{last}/{}{end}", self.top + 1, self.lines.len()));
            }
            _ => {}
        }
        Step::Stay
    }

    fn enter(&self) -> &'static [u8] {
        if self.more { b"" } else { b"\x1b[?1049h\x1b[22;0;0t\x1b[?1h\x1b=\r" }
    }

    fn leave(&self) -> &'static [u8] {
        if self.more { b"\r\x1b[K" } else { b"\r\x1b[K\x1b[?1l\x1b>\x1b[?1049l\x1b[23;0;0t" }
    }
}
