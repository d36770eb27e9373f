//! Words, lines and operators of `vi`.

use super::Step;
use super::vi::{Mode, Vi};

impl Vi {
    /// The start of the word behind the cursor, on its line.
    pub(super) fn word_on(&self) -> usize {
        let line = self.text.line();
        let kind = |c: &char| {
            if c.is_whitespace() {
                0
            } else if c.is_alphanumeric() || *c == '_' {
                1
            } else {
                2
            }
        };
        let mut at = self.text.column;
        let here = line.get(at).map(kind);
        while at < line.len() && line.get(at).map(kind) == here && here != Some(0) {
            at += 1;
        }
        while line.get(at).is_some_and(|c| c.is_whitespace()) {
            at += 1;
        }
        at
    }

    /// The start of the word before the cursor, on its line.
    pub(super) fn word_back(&self) -> usize {
        let line = self.text.line();
        let mut at = self.text.column.min(line.len());
        while at > 0 && line.get(at - 1).is_some_and(|c| c.is_whitespace()) {
            at -= 1;
        }
        while at > 0 && line.get(at - 1).is_some_and(|c| !c.is_whitespace()) {
            at -= 1;
        }
        at
    }

    pub(super) fn next_word(&mut self) {
        let at = self.word_on();
        if at >= self.text.line().len() && self.text.row + 1 < self.text.lines.len() {
            (self.text.row, self.text.column) = (self.text.row + 1, 0);
        } else {
            self.text.column = at;
        }
    }

    pub(super) fn last_word(&mut self) {
        if self.text.column == 0 && self.text.row > 0 {
            self.text.row -= 1;
            self.text.column = self.text.line().len();
        }
        self.text.column = self.word_back();
    }

    pub(super) fn open_line(&mut self, below: bool) -> Step {
        self.insert();
        let row = self.text.row + usize::from(below);
        self.text.put_lines(row, &[Vec::new()]);
        (self.text.row, self.text.column) = (row, 0);
        Step::Stay
    }

    /// An operator with what stands behind it.
    pub(super) fn operate(&mut self, operator: char, motion: char, count: usize) -> Step {
        match (operator, motion) {
            ('Z', 'Z') => return self.write_and_leave(),
            ('Z', 'Q') => return Step::Leave(0),
            ('g', 'g') => (self.text.row, self.text.column) = (0, 0),
            ('r', c) => {
                self.text.keep();
                self.text.cut(self.text.column, self.text.column + 1);
                self.text.insert(c);
                self.text.column = self.text.column.saturating_sub(1);
            }
            ('d' | 'c' | 'y', motion) => self.change(operator, motion, count),
            _ => {}
        }
        Step::Stay
    }

    pub(super) fn change(&mut self, operator: char, motion: char, count: usize) {
        self.text.keep();
        let (row, column) = (self.text.row, self.text.column);
        let last = self.text.lines.len();
        let lines = match motion {
            'd' | 'c' | 'y' if motion == operator => Some(row..(row + count).min(last)),
            'j' => Some(row..(row + count + 1).min(last)),
            'G' => Some(row..last),
            'k' => Some(row.saturating_sub(count)..row + 1),
            _ => None,
        };
        if let Some(range) = lines {
            self.register = self.text.lines.get(range.clone()).unwrap_or_default().to_vec();
            self.whole_lines = true;
            if operator != 'y' {
                for _ in range.clone() {
                    self.text.take_line(range.start);
                }
                self.text.row = range.start;
                self.text.settle();
            }
            if operator == 'c' {
                self.text.put_lines(range.start, &[Vec::new()]);
                self.text.row = range.start;
            }
        } else {
            let until = match motion {
                '$' => self.text.line().len(),
                'w' | 'e' => self.word_on(),
                'l' | ' ' => column + count,
                '0' => 0,
                'b' => self.word_back(),
                _ => return,
            };
            let (from, until) = (column.min(until), column.max(until));
            let until = until.min(self.text.line().len());
            self.register = vec![self.text.line().get(from..until).unwrap_or_default().to_vec()];
            self.whole_lines = false;
            if operator != 'y' {
                self.text.cut(from, until);
            }
            self.text.column = from;
        }
        if operator == 'c' {
            self.mode = Mode::Insert(false);
        }
        if self.whole_lines && self.register.len() > 2 {
            let what = if operator == 'y' { "lines yanked" } else { "fewer lines" };
            self.message = format!("{} {what}", self.register.len());
        }
    }

    pub(super) fn paste(&mut self, behind: bool) {
        self.text.keep();
        if self.whole_lines {
            let row = self.text.row + usize::from(behind);
            self.text.put_lines(row, &self.register.clone());
            (self.text.row, self.text.column) = (row, 0);
        } else if let Some(letters) = self.register.first().cloned() {
            self.text.column = (self.text.column + usize::from(behind)).min(self.text.line().len());
            letters.into_iter().for_each(|c| self.text.insert(c));
        }
    }
}
