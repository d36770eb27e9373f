//! What `nano` shows.

use super::canvas::{Canvas, columns_of, cut, untabbed, width};
use super::nano::{Nano, Question};

/// Columns of one entry of the help at the bottom.
const HELP_COLUMNS: usize = 13;

const HELP: [[(&str, &str); 6]; 2] = [
    [
        ("^G", "Help"),
        ("^O", "Write Out"),
        ("^W", "Where Is"),
        ("^K", "Cut"),
        ("^T", "Execute"),
        ("^C", "Location"),
    ],
    [
        ("^X", "Exit"),
        ("^R", "Read File"),
        ("^\\", "Replace"),
        ("^U", "Paste"),
        ("^J", "Justify"),
        ("^/", "Go To Line"),
    ],
];

impl Nano {
    /// Draws the whole screen.
    pub(super) fn paint(&self, canvas: &mut Canvas) {
        canvas.bar(0, &self.title(canvas.columns));
        for row in 0..self.page() {
            if let Some(line) = self.text.lines.get(self.top + row) {
                let shown = untabbed(line);
                let long = width(&shown) > canvas.columns;
                let line = if long {
                    format!("{}\x1b[7m>\x1b[0m", cut(&shown, canvas.columns.saturating_sub(1)))
                } else {
                    cut(&shown, canvas.columns)
                };
                canvas.raw(row + 1, line);
            }
        }
        let message = canvas.rows.saturating_sub(3);
        let until = self.text.line().iter().take(self.text.column);
        canvas.cursor(self.text.row.saturating_sub(self.top) + 1, width(&untabbed(until)));
        match self.question() {
            Some(question) => {
                canvas.bar(message, &question);
                canvas.cursor(message, question.chars().map(columns_of).sum());
                let leave = matches!(self.asks, Some((Question::Leave, _)));
                let none = ("", "");
                let entries = if leave {
                    [
                        [(" Y", "Yes"), none, none, none, none, none],
                        [(" N", "No"), ("^C", "Cancel"), none, none, none, none],
                    ]
                } else {
                    [
                        [("^G", "Help"), none, none, none, none, none],
                        [("^C", "Cancel"), none, none, none, none, none],
                    ]
                };
                self.draw_help(canvas, &entries);
            }
            None => {
                if !self.note.is_empty() {
                    let at = canvas.columns.saturating_sub(width(&self.note)) / 2;
                    canvas.raw(message, format!("{}\x1b[7m{}\x1b[0m", " ".repeat(at), self.note));
                }
                self.draw_help(canvas, &HELP);
            }
        }
    }

    fn title(&self, columns: usize) -> String {
        let name = if self.name.is_empty() { "New Buffer" } else { &self.name };
        let mut line = String::from("  GNU nano 7.2");
        let at = columns.saturating_sub(width(name)) / 2;
        line.push_str(&" ".repeat(at.saturating_sub(line.len()).max(2)));
        line.push_str(name);
        if self.text.changed {
            let blank = columns.saturating_sub(width(&line) + 10).max(1);
            line.push_str(&" ".repeat(blank));
            line.push_str("Modified  ");
        }
        line
    }

    fn draw_help(&self, canvas: &mut Canvas, entries: &[[(&str, &str); 6]; 2]) {
        let shown = (canvas.columns / HELP_COLUMNS).clamp(1, 6);
        for (n, line) in entries.iter().enumerate() {
            let text: String = line
                .iter()
                .take(shown)
                .filter(|(key, _)| !key.is_empty())
                .map(|(key, what)| {
                    let blank = HELP_COLUMNS.saturating_sub(key.len() + 1 + what.len());
                    format!("\x1b[7m{key}\x1b[0m {what}{}", " ".repeat(blank))
                })
                .collect();
            canvas.raw(canvas.rows.saturating_sub(2) + n, text);
        }
    }

    fn question(&self) -> Option<String> {
        let (question, typed) = self.asks.as_ref()?;
        Some(match question {
            Question::Leave => "Save modified buffer? ".into(),
            Question::Name(_) => format!("File Name to Write: {typed}"),
            Question::Search if self.sought.is_empty() => format!("Search: {typed}"),
            Question::Search => format!("Search [{}]: {typed}", self.sought),
            Question::Insert => format!("File to insert [from ./]: {typed}"),
            Question::Line => format!("Enter line number, column number: {typed}"),
            Question::Run => format!("Command to execute: {typed}"),
        })
    }
}
