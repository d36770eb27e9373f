//! A text as an editor holds it: lines of letters and a place in them.

/// Most letters of one text.
const MAX_LETTERS: usize = super::MAX_TEXT;

/// Most states that can be gone back to.
const MAX_UNDO: usize = 64;

/// A text with a cursor.
#[derive(Debug, Clone)]
pub(super) struct Text {
    /// Its lines, never none.
    pub(super) lines: Vec<Vec<char>>,
    /// The cursor's line.
    pub(super) row: usize,
    /// The cursor's letter in it.
    pub(super) column: usize,
    /// Whether it differs from the file.
    pub(super) changed: bool,
    letters: usize,
    before: Vec<(Vec<Vec<char>>, usize, usize)>,
}

impl Text {
    /// Reads a file's bytes.
    pub(super) fn new(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes.get(..MAX_LETTERS).unwrap_or(bytes)).into_owned();
        let mut lines: Vec<Vec<char>> =
            text.split('\n').map(|l| l.trim_end_matches('\r').chars().collect()).collect();
        if lines.len() > 1 && lines.last().is_some_and(Vec::is_empty) {
            lines.pop();
        }
        Text { letters: text.len(), lines, row: 0, column: 0, changed: false, before: Vec::new() }
    }

    /// The bytes of the file that it makes.
    pub(super) fn bytes(&self) -> Vec<u8> {
        if self.is_empty() {
            return Vec::new();
        }
        let mut out = String::new();
        for line in &self.lines {
            out.extend(line);
            out.push('\n');
        }
        out.into_bytes()
    }

    /// Whether it has no letter and one line.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self.lines.as_slice(), [only] if only.is_empty())
    }

    /// The cursor's line.
    pub(super) fn line(&self) -> &[char] {
        self.lines.get(self.row).map(Vec::as_slice).unwrap_or_default()
    }

    /// Keeps the state, to be gone back to.
    pub(super) fn keep(&mut self) {
        // States of a large text would hold too much.
        if self.letters > MAX_LETTERS / 16 {
            self.before.clear();
            return;
        }
        if self.before.len() >= MAX_UNDO {
            self.before.remove(0);
        }
        self.before.push((self.lines.clone(), self.row, self.column));
    }

    /// Goes back to the state kept last.
    pub(super) fn undo(&mut self) -> bool {
        let Some((lines, row, column)) = self.before.pop() else { return false };
        (self.lines, self.row, self.column) = (lines, row, column);
        self.changed = true;
        true
    }

    /// Puts a letter at the cursor; past the cap nothing happens.
    pub(super) fn insert(&mut self, c: char) {
        if self.letters >= MAX_LETTERS {
            return;
        }
        let column = self.column.min(self.line().len());
        if let Some(line) = self.lines.get_mut(self.row) {
            line.insert(column, c);
            self.letters += 1;
            self.column = column + 1;
            self.changed = true;
        }
    }

    /// Breaks the line at the cursor.
    pub(super) fn split(&mut self) {
        if self.letters >= MAX_LETTERS {
            return;
        }
        let column = self.column.min(self.line().len());
        let tail = self.lines.get_mut(self.row).map(|l| l.split_off(column)).unwrap_or_default();
        self.row += 1;
        self.lines.insert(self.row.min(self.lines.len()), tail);
        self.letters += 1;
        self.column = 0;
        self.changed = true;
    }

    /// Removes the letter before the cursor, or the break before the line.
    pub(super) fn backspace(&mut self) {
        if self.column > 0 {
            self.column -= 1;
            self.delete();
        } else if self.row > 0 {
            let tail = self.take_line(self.row);
            self.row -= 1;
            self.column = self.line().len();
            if let Some(line) = self.lines.get_mut(self.row) {
                line.extend(tail);
            }
        }
    }

    /// Removes the letter at the cursor, or the break at the line's end.
    pub(super) fn delete(&mut self) {
        let column = self.column;
        if column < self.line().len() {
            if let Some(line) = self.lines.get_mut(self.row) {
                line.remove(column);
            }
            self.letters = self.letters.saturating_sub(1);
            self.changed = true;
        } else if self.row + 1 < self.lines.len() {
            let tail = self.take_line(self.row + 1);
            if let Some(line) = self.lines.get_mut(self.row) {
                line.extend(tail);
            }
        }
    }

    /// Takes a whole line out; the text keeps at least one.
    pub(super) fn take_line(&mut self, row: usize) -> Vec<char> {
        if row >= self.lines.len() {
            return Vec::new();
        }
        self.changed = true;
        let taken = self.lines.remove(row);
        self.letters = self.letters.saturating_sub(taken.len() + 1);
        if self.lines.is_empty() {
            self.lines.push(Vec::new());
        }
        self.settle();
        taken
    }

    /// Puts whole lines before a line.
    pub(super) fn put_lines(&mut self, row: usize, lines: &[Vec<char>]) {
        let more: usize = lines.iter().map(|l| l.len() + 1).sum();
        if self.letters + more > MAX_LETTERS {
            return;
        }
        let row = row.min(self.lines.len());
        self.lines.splice(row..row, lines.iter().cloned());
        self.letters += more;
        self.changed = true;
    }

    /// Removes letters of the cursor's line.
    pub(super) fn cut(&mut self, from: usize, until: usize) -> Vec<char> {
        let Some(line) = self.lines.get_mut(self.row) else { return Vec::new() };
        let (from, until) = (from.min(line.len()), until.min(line.len()));
        if from >= until {
            return Vec::new();
        }
        self.changed = true;
        self.letters = self.letters.saturating_sub(until - from);
        line.drain(from..until).collect()
    }

    /// Moves by lines.
    pub(super) fn vertical(&mut self, by: isize) {
        self.row = self.row.saturating_add_signed(by);
        self.settle();
    }

    /// Keeps the cursor inside of the text.
    pub(super) fn settle(&mut self) {
        self.row = self.row.min(self.lines.len().saturating_sub(1));
        self.column = self.column.min(self.line().len());
    }

    /// The next place behind the cursor where a text stands, from the start again at the end.
    pub(super) fn find(&self, what: &str, backwards: bool) -> Option<(usize, usize)> {
        let what: Vec<char> = what.chars().collect();
        if what.is_empty() {
            return None;
        }
        let here = (self.row, self.column);
        let hits = self.lines.iter().enumerate().flat_map(|(row, line)| {
            line.windows(what.len())
                .enumerate()
                .filter(|(_, w)| *w == what.as_slice())
                .map(move |(column, _)| (row, column))
        });
        let hits: Vec<(usize, usize)> = hits.collect();
        if backwards {
            hits.iter().rev().find(|h| **h < here).or(hits.last()).copied()
        } else {
            hits.iter().find(|h| **h > here).or(hits.first()).copied()
        }
    }
}
