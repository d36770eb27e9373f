//! GNU nano 7.2 as Debian builds it.

use super::canvas::Canvas;
use super::keys::Key;
use super::text::Text;
use super::{Full, Step};
use crate::decoys::ssh::shell::node::Errno;

/// Longest answer typed at a question.
const MAX_ANSWER: usize = 1024;

/// A question at the bottom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Question {
    /// Save before leaving?
    Leave,
    /// The name to write to, and whether to leave then.
    Name(bool),
    /// What to search for.
    Search,
    /// Which file to insert.
    Insert,
    /// Which line to go to.
    Line,
    /// Which command to run.
    Run,
}

/// The editor.
pub(super) struct Nano {
    pub(super) name: String,
    pub(super) text: Text,
    pub(super) top: usize,
    rows: usize,
    pub(super) note: String,
    pub(super) asks: Option<(Question, String)>,
    cut: Vec<Vec<char>>,
    cutting: bool,
    pub(super) sought: String,
    leaving: bool,
}

impl Nano {
    /// Opens a file; `None`: it is new.
    pub(super) fn new(name: &str, found: Option<&[u8]>, writable: bool, rows: usize) -> Self {
        let mut text = Text::new(found.unwrap_or_default());
        let count = if text.is_empty() { 0 } else { text.lines.len() };
        // Behind the last newline there is a line to go to.
        if count > 0 {
            text.lines.push(Vec::new());
        }
        let note = match found {
            _ if name.is_empty() => "Welcome to nano.  For basic help, type Ctrl+G.".to_owned(),
            None => "New File".to_owned(),
            Some(_) if !writable => format!("File '{name}' is unwritable"),
            Some(_) => format!("Read {count} {}", if count == 1 { "line" } else { "lines" }),
        };
        Nano {
            name: name.to_owned(),
            text,
            top: 0,
            rows,
            note: format!("[ {note} ]"),
            asks: None,
            cut: Vec::new(),
            cutting: false,
            sought: String::new(),
            leaving: false,
        }
    }

    /// The file's bytes: an empty last line is only the place behind the last newline.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.text.bytes();
        if self.text.lines.len() > 1 && self.text.lines.last().is_some_and(Vec::is_empty) {
            bytes.pop();
        }
        bytes
    }

    /// Shows a message at the bottom.
    pub(super) fn warn(&mut self, text: &str) {
        self.note = format!("[ {text} ]");
    }

    /// Lines of text on the screen: without title, message and help.
    pub(super) fn page(&self) -> usize {
        self.rows.saturating_sub(4).max(1)
    }

    fn follow(&mut self) {
        let page = self.page();
        if self.text.row < self.top || self.text.row >= self.top + page {
            self.top = self.text.row.saturating_sub(page / 2);
        }
    }

    fn ask(&mut self, question: Question, answer: &str) -> Step {
        self.asks = Some((question, answer.to_owned()));
        Step::Stay
    }

    fn say(&mut self, text: &str) -> Step {
        self.warn(text);
        Step::Stay
    }

    fn answer(&mut self, key: Key) -> Step {
        let Some((question, typed)) = &mut self.asks else { return Step::Stay };
        if *question == Question::Leave {
            match key {
                Key::Char('y' | 'Y') => {
                    let name = self.name.clone();
                    return self.ask(Question::Name(true), &name);
                }
                Key::Char('n' | 'N') => return Step::Leave(0),
                Key::Control('c') => {
                    self.asks = None;
                    return self.say("Cancelled");
                }
                _ => return Step::Stay,
            }
        }
        match key {
            Key::Char(c) if typed.len() < MAX_ANSWER => typed.push(c),
            Key::Backspace => {
                typed.pop();
            }
            Key::Control('c') => {
                self.asks = None;
                return self.say("Cancelled");
            }
            Key::Enter => {
                let (question, typed) = (question.clone(), std::mem::take(typed));
                self.asks = None;
                return self.answered(&question, typed);
            }
            _ => {}
        }
        Step::Stay
    }

    fn answered(&mut self, question: &Question, typed: String) -> Step {
        match question {
            Question::Leave => Step::Stay,
            Question::Name(leave) => {
                if typed.is_empty() {
                    return self.say("Cancelled");
                }
                self.leaving = *leave;
                Step::Save(typed, self.bytes())
            }
            Question::Search => self.search(typed),
            Question::Insert if typed.is_empty() => self.say("Cancelled"),
            Question::Insert => Step::Read(typed),
            Question::Line => {
                match typed.split(',').next().and_then(|n| n.trim().parse::<usize>().ok()) {
                    Some(line) => (self.text.row, self.text.column) = (line.saturating_sub(1), 0),
                    None => return self.say("Invalid line or column number"),
                }
                self.text.settle();
                self.follow();
                Step::Stay
            }
            Question::Run if typed.is_empty() => self.say("Cancelled"),
            Question::Run => Step::Shell(typed),
        }
    }

    fn search(&mut self, typed: String) -> Step {
        if !typed.is_empty() {
            self.sought = typed;
        }
        match self.text.find(&self.sought, false) {
            Some((row, column)) => {
                let wrapped = (row, column) <= (self.text.row, self.text.column);
                (self.text.row, self.text.column) = (row, column);
                self.follow();
                if wrapped { self.say("Search Wrapped") } else { Step::Stay }
            }
            None => {
                let line = format!("\"{}\" not found", self.sought);
                self.say(&line)
            }
        }
    }

    fn control(&mut self, letter: char) -> Step {
        match letter {
            'x' if !self.text.changed => return Step::Leave(0),
            'x' => return self.ask(Question::Leave, ""),
            'o' => {
                let name = self.name.clone();
                return self.ask(Question::Name(false), &name);
            }
            's' if self.name.is_empty() => return self.ask(Question::Name(false), ""),
            's' => return Step::Save(self.name.clone(), self.bytes()),
            'w' => return self.ask(Question::Search, ""),
            'r' => return self.ask(Question::Insert, ""),
            '_' => return self.ask(Question::Line, ""),
            't' => return self.ask(Question::Run, ""),
            'k' => return self.cut_line(),
            'u' => self.paste(),
            'c' => return self.location(),
            'a' => self.text.column = 0,
            'e' => self.text.column = self.text.line().len(),
            'p' => self.text.vertical(-1),
            'n' => self.text.vertical(1),
            'f' => self.right(),
            'b' => self.left(),
            'v' => self.text.vertical(isize::try_from(self.page()).unwrap_or(1)),
            'y' => self.text.vertical(-isize::try_from(self.page()).unwrap_or(1)),
            'd' => self.text.delete(),
            'h' => self.text.backspace(),
            'l' => self.top = self.text.row.saturating_sub(self.page() / 2),
            _ => {}
        }
        Step::Stay
    }

    fn cut_line(&mut self) -> Step {
        if !self.cutting {
            self.cut.clear();
        }
        self.cutting = true;
        if self.text.is_empty() {
            return self.say("Nothing was cut");
        }
        let line = self.text.take_line(self.text.row);
        self.cut.push(line);
        self.text.column = 0;
        Step::Stay
    }

    fn paste(&mut self) {
        self.text.put_lines(self.text.row, &self.cut.clone());
        self.text.row += self.cut.len();
        self.text.column = 0;
        self.text.settle();
    }

    fn location(&mut self) -> Step {
        let part = |n: usize, of: usize| (n * 100).checked_div(of).unwrap_or(100);
        let lines = self.text.lines.len();
        let (columns, all): (usize, usize) =
            (self.text.line().len() + 1, self.text.lines.iter().map(|l| l.len() + 1).sum());
        let before: usize =
            self.text.lines.iter().take(self.text.row).map(|l| l.len() + 1).sum::<usize>() + self.text.column;
        let (row, column) = (self.text.row + 1, self.text.column + 1);
        let line = format!(
            "line {row}/{lines} ({}%), col {column}/{columns} ({}%), char {before}/{all} ({}%)",
            part(row, lines),
            part(column, columns),
            part(before, all)
        );
        self.say(&line)
    }

    fn left(&mut self) {
        if self.text.column > 0 {
            self.text.column -= 1;
        } else if self.text.row > 0 {
            self.text.row -= 1;
            self.text.column = self.text.line().len();
        }
    }

    fn right(&mut self) {
        if self.text.column < self.text.line().len() {
            self.text.column += 1;
        } else if self.text.row + 1 < self.text.lines.len() {
            (self.text.row, self.text.column) = (self.text.row + 1, 0);
        }
    }
}

impl Full for Nano {
    fn draw(&self, canvas: &mut Canvas) {
        self.paint(canvas);
    }

    fn key(&mut self, key: Key) -> Step {
        if self.asks.is_some() {
            return self.answer(key);
        }
        self.note.clear();
        self.cutting &= key == Key::Control('k');
        let step = match key {
            Key::Char(c) => {
                self.text.insert(c);
                Step::Stay
            }
            Key::Control(letter) => self.control(letter),
            Key::Enter => {
                self.text.split();
                Step::Stay
            }
            Key::Alt('u') => {
                self.text.undo();
                Step::Stay
            }
            Key::Alt(_) | Key::Escape => Step::Stay,
            Key::Tab => {
                self.text.insert('\t');
                Step::Stay
            }
            Key::Backspace => {
                self.text.backspace();
                Step::Stay
            }
            Key::Delete => {
                self.text.delete();
                Step::Stay
            }
            Key::Up => self.control('p'),
            Key::Down => self.control('n'),
            Key::Left => self.control('b'),
            Key::Right => self.control('f'),
            Key::Home => self.control('a'),
            Key::End => self.control('e'),
            Key::PageUp => self.control('y'),
            Key::PageDown => self.control('v'),
        };
        self.follow();
        step
    }

    fn saved(&mut self, path: &str, outcome: Result<(), Errno>) -> Step {
        match outcome {
            Ok(()) => {
                self.name = path.to_owned();
                self.text.changed = false;
                let count = self.bytes().iter().filter(|b| **b == b'\n').count();
                if std::mem::take(&mut self.leaving) {
                    return Step::Leave(0);
                }
                let plural = if count == 1 { "line" } else { "lines" };
                self.say(&format!("Wrote {count} {plural}"))
            }
            Err(errno) => {
                self.leaving = false;
                self.say(&format!("Error writing {path}: {errno}"))
            }
        }
    }

    fn read(&mut self, path: &str, outcome: Result<Vec<u8>, Errno>) {
        match outcome {
            Ok(bytes) => {
                let more = Text::new(&bytes).lines;
                self.text.put_lines(self.text.row, &more);
                self.note = format!("[ Read {} lines ]", more.len());
            }
            Err(Errno::NoEntry) => self.note = format!("[ File \"{path}\" not found ]"),
            Err(errno) => self.note = format!("[ Error reading {path}: {errno} ]"),
        }
    }
}
