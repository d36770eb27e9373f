//! `vi` as `vim.tiny` 9.0 is on Debian: modes, motions, operators and the command line.

use super::canvas::{Canvas, untabbed, width};
use super::keys::Key;
use super::text::Text;
use super::{Full, Step};
use crate::decoys::ssh::shell::node::Errno;

/// Longest line typed behind `:` or `/`.
const MAX_TYPED: usize = 1024;

/// Most times that a count repeats a command.
const MAX_COUNT: usize = 10_000;

/// What keys mean now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mode {
    /// Keys are commands.
    Normal,
    /// Keys are text; the flag says that they replace what stands there.
    Insert(bool),
    /// A line is typed behind this mark (`:`, `/`, `?`).
    Line(char, String),
}

/// The editor.
pub(super) struct Vi {
    pub(super) name: String,
    pub(super) text: Text,
    pub(super) mode: Mode,
    pub(super) message: String,
    pub(super) read_only: bool,
    pub(super) numbers: bool,
    /// What to do once a file was written.
    pub(super) leaving: bool,
    pub(super) sought: String,
    top: usize,
    rows: usize,
    count: String,
    pending: Option<char>,
    pub(super) register: Vec<Vec<char>>,
    pub(super) whole_lines: bool,
}

impl Vi {
    /// Opens a file; `None`: it is new.
    pub(super) fn new(
        name: &str,
        found: Option<&[u8]>,
        writable: bool,
        read_only: bool,
        rows: usize,
    ) -> Self {
        let text = Text::new(found.unwrap_or_default());
        let message = match found {
            _ if name.is_empty() => String::new(),
            None => format!("\"{name}\" [New]"),
            Some(bytes) => {
                let flag = if read_only || !writable { " [readonly]" } else { "" };
                let lines = if bytes.is_empty() { 0 } else { text.lines.len() };
                format!("\"{name}\"{flag} {lines}L, {}B", bytes.len())
            }
        };
        Vi {
            name: name.to_owned(),
            text,
            mode: Mode::Normal,
            message,
            read_only: read_only || (found.is_some() && !writable),
            numbers: false,
            leaving: false,
            sought: String::new(),
            top: 0,
            rows,
            count: String::new(),
            pending: None,
            register: Vec::new(),
            whole_lines: false,
        }
    }

    fn page(&self) -> usize {
        self.rows.saturating_sub(1).max(1)
    }

    fn follow(&mut self) {
        let page = self.page();
        if self.text.row < self.top {
            self.top = self.text.row;
        } else if self.text.row >= self.top + page {
            self.top = self.text.row + 1 - page;
        }
        if self.mode == Mode::Normal {
            self.text.column = self.text.column.min(self.text.line().len().saturating_sub(1));
        }
    }

    pub(super) fn insert(&mut self) -> Step {
        self.text.keep();
        self.mode = Mode::Insert(false);
        self.message.clear();
        Step::Stay
    }

    fn inserting(&mut self, key: Key, replace: bool) -> Step {
        match key {
            Key::Escape | Key::Control('c' | '[') => {
                self.mode = Mode::Normal;
                self.text.column = self.text.column.saturating_sub(1);
            }
            Key::Char(c) => {
                if replace && self.text.column < self.text.line().len() {
                    self.text.delete();
                }
                self.text.insert(c);
            }
            Key::Tab => self.text.insert('\t'),
            Key::Enter => self.text.split(),
            Key::Backspace => self.text.backspace(),
            Key::Delete => self.text.delete(),
            Key::Control('w') => {
                let from = self.word_back();
                self.text.cut(from, self.text.column);
                self.text.column = from;
            }
            other => self.arrow(other),
        }
        Step::Stay
    }

    fn arrow(&mut self, key: Key) {
        match key {
            Key::Up => self.text.vertical(-1),
            Key::Down => self.text.vertical(1),
            Key::Left => self.text.column = self.text.column.saturating_sub(1),
            Key::Right => {
                self.text.column += 1;
                self.text.settle();
            }
            Key::Home => self.text.column = 0,
            Key::End => self.text.column = self.text.line().len(),
            Key::PageUp => self.text.vertical(-isize::try_from(self.page()).unwrap_or(1)),
            Key::PageDown => self.text.vertical(isize::try_from(self.page()).unwrap_or(1)),
            _ => {}
        }
    }

    fn normal(&mut self, key: Key) -> Step {
        let Key::Char(c) = key else { return self.special(key) };
        if let Some(pending) = self.pending.take() {
            let count = self.counted();
            return self.operate(pending, c, count);
        }
        if c.is_ascii_digit() && (c != '0' || !self.count.is_empty()) {
            if self.count.len() < 6 {
                self.count.push(c);
            }
            return Step::Stay;
        }
        if "dcyrgZz<>\"mq@'`fFtT".contains(c) {
            self.pending = Some(c);
            return Step::Stay;
        }
        let given = self.count.parse::<usize>().ok();
        let count = self.counted();
        self.letter(c, count, given)
    }

    fn counted(&mut self) -> usize {
        std::mem::take(&mut self.count).parse::<usize>().unwrap_or(1).clamp(1, MAX_COUNT)
    }

    fn special(&mut self, key: Key) -> Step {
        self.pending = None;
        let count = self.counted();
        let page = isize::try_from(self.page()).unwrap_or(1);
        match key {
            Key::Control('f') => self.text.vertical(page),
            Key::Control('b') => self.text.vertical(-page),
            Key::Control('d') => self.text.vertical(page / 2),
            Key::Control('u') => self.text.vertical(-page / 2),
            Key::Enter => self.text.vertical(isize::try_from(count).unwrap_or(1)),
            Key::Backspace => self.arrow(Key::Left),
            Key::Control('g') => {
                let (row, all) = (self.text.row + 1, self.text.lines.len());
                self.message = format!(
                    "\"{}\" line {row} of {all} --{}%-- col {}",
                    self.name,
                    row * 100 / all.max(1),
                    self.text.column + 1
                );
            }
            Key::Control('c') => {
                self.message = "Type  :qa!  and press <Enter> to abandon all changes and exit Vim".into()
            }
            other => self.arrow(other),
        }
        Step::Stay
    }

    fn letter(&mut self, c: char, count: usize, given: Option<usize>) -> Step {
        let by = isize::try_from(count).unwrap_or(1);
        match c {
            'h' => self.text.column = self.text.column.saturating_sub(count),
            'j' | '+' => self.text.vertical(by),
            'k' | '-' => self.text.vertical(-by),
            'l' | ' ' => self.text.column += count,
            '0' => self.text.column = 0,
            '^' => self.text.column = self.text.line().iter().position(|c| !c.is_whitespace()).unwrap_or(0),
            '$' => self.text.column = self.text.line().len(),
            'w' | 'W' | 'e' => (0..count).for_each(|_| self.next_word()),
            'b' | 'B' => (0..count).for_each(|_| self.last_word()),
            'G' => (self.text.row, self.text.column) = (given.map_or(usize::MAX, |n| n.saturating_sub(1)), 0),
            'i' => return self.insert(),
            'I' => {
                self.text.column = 0;
                return self.insert();
            }
            'a' => {
                self.insert();
                self.text.column = (self.text.column + 1).min(self.text.line().len());
                return Step::Stay;
            }
            'A' => {
                self.insert();
                self.text.column = self.text.line().len();
                return Step::Stay;
            }
            'o' | 'O' => return self.open_line(c == 'o'),
            'R' => {
                self.insert();
                self.mode = Mode::Insert(true);
                return Step::Stay;
            }
            'x' | 's' => {
                self.text.keep();
                let until = self.text.column + count;
                self.register = vec![self.text.cut(self.text.column, until)];
                self.whole_lines = false;
                if c == 's' {
                    self.mode = Mode::Insert(false);
                }
            }
            'D' | 'C' => return self.operate(c.to_ascii_lowercase(), '$', 1),
            'J' => {
                self.text.keep();
                self.text.column = self.text.line().len();
                self.text.delete();
                self.text.insert(' ');
            }
            'p' | 'P' => self.paste(c == 'p'),
            'u' if !self.text.undo() => self.message = "Already at oldest change".into(),
            ':' | '/' | '?' => {
                self.mode = Mode::Line(c, String::new());
                return Step::Stay;
            }
            'n' => self.search(false),
            'N' => self.search(true),
            _ => {}
        }
        self.text.settle();
        Step::Stay
    }

    pub(super) fn search(&mut self, backwards: bool) {
        match self.text.find(&self.sought, backwards) {
            Some((row, column)) => (self.text.row, self.text.column) = (row, column),
            None if self.sought.is_empty() => self.message = "E35: No previous regular expression".into(),
            None => self.message = format!("E486: Pattern not found: {}", self.sought),
        }
    }

    fn typing(&mut self, key: Key) -> Step {
        let Mode::Line(mark, typed) = &mut self.mode else { return Step::Stay };
        match key {
            Key::Char(c) if typed.len() < MAX_TYPED => typed.push(c),
            Key::Backspace if typed.pop().is_none() => self.mode = Mode::Normal,
            Key::Backspace => {}
            Key::Escape | Key::Control('c') => self.mode = Mode::Normal,
            Key::Enter => {
                let (mark, typed) = (*mark, std::mem::take(typed));
                self.mode = Mode::Normal;
                self.message.clear();
                if mark == ':' {
                    return self.command(&typed);
                }
                if !typed.is_empty() {
                    self.sought = typed;
                }
                self.search(mark == '?');
            }
            _ => {}
        }
        Step::Stay
    }
}

impl Full for Vi {
    fn draw(&self, canvas: &mut Canvas) {
        let gutter = if self.numbers { 4 } else { 0 };
        for row in 0..self.page() {
            match self.text.lines.get(self.top + row) {
                Some(line) if self.numbers => {
                    canvas.put(row, &format!("{:>3} {}", self.top + row + 1, untabbed(line)));
                }
                Some(line) => canvas.put(row, &untabbed(line)),
                None => canvas.put(row, "~"),
            }
        }
        let last = canvas.rows.saturating_sub(1);
        let before = width(&untabbed(self.text.line().iter().take(self.text.column)));
        canvas.cursor(self.text.row.saturating_sub(self.top), gutter + before);
        let ruler = format!("{},{}", self.text.row + 1, self.text.column + 1);
        match &self.mode {
            Mode::Line(mark, typed) => {
                let line = format!("{mark}{typed}");
                canvas.put(last, &line);
                canvas.cursor(last, width(&line));
            }
            Mode::Insert(replace) => {
                let word = if *replace { "-- REPLACE --" } else { "-- INSERT --" };
                canvas.put(last, &with_ruler(word, &ruler, canvas.columns));
            }
            Mode::Normal => canvas.put(last, &with_ruler(&self.message, &ruler, canvas.columns)),
        }
    }

    fn key(&mut self, key: Key) -> Step {
        // An escape and a letter in one piece are two keys here.
        if let Key::Alt(letter) = key {
            self.key(Key::Escape);
            return self.key(Key::Char(letter));
        }
        let step = match self.mode {
            Mode::Normal => self.normal(key),
            Mode::Insert(replace) => self.inserting(key, replace),
            Mode::Line(..) => self.typing(key),
        };
        self.follow();
        step
    }

    fn saved(&mut self, path: &str, outcome: Result<(), Errno>) -> Step {
        match outcome {
            Ok(()) => {
                let new = if self.name != path { " [New]" } else { "" };
                let bytes = self.text.bytes();
                let lines = if bytes.is_empty() { 0 } else { self.text.lines.len() };
                self.message = format!("\"{path}\"{new} {lines}L, {}B written", bytes.len());
                if self.name.is_empty() {
                    self.name = path.to_owned();
                }
                self.text.changed = false;
                if std::mem::take(&mut self.leaving) { Step::Leave(0) } else { Step::Stay }
            }
            Err(_) => {
                self.leaving = false;
                self.message = format!("\"{path}\" E212: Can't open file for writing");
                Step::Stay
            }
        }
    }

    fn read(&mut self, path: &str, outcome: Result<Vec<u8>, Errno>) {
        match outcome {
            Ok(bytes) => {
                let more = Text::new(&bytes).lines;
                self.text.put_lines(self.text.row + 1, &more);
                self.message = format!("\"{path}\" {}L, {}B", more.len(), bytes.len());
            }
            Err(_) => self.message = format!("E484: Can't open file {path}"),
        }
    }

    fn enter(&self) -> &'static [u8] {
        b"\x1b[?1049h\x1b[22;0;0t\x1b[?1h\x1b=\x1b[?2004h"
    }

    fn leave(&self) -> &'static [u8] {
        b"\x1b[?2004l\x1b[?1l\x1b>\x1b[?1049l\x1b[23;0;0t"
    }
}

/// A message with the place at the right, where there is room.
fn with_ruler(message: &str, ruler: &str, columns: usize) -> String {
    let at = columns.saturating_sub(18);
    let used = width(message);
    if used < at { format!("{message}{}{ruler}", " ".repeat(at - used)) } else { message.to_owned() }
}
