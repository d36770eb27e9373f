//! What a terminal shows, and the bytes that bring it from one picture to the next.

/// Most rows and columns that are drawn.
const MAX_SIDE: usize = 500;

/// A picture of a terminal.
#[derive(Debug, Clone, Default)]
pub(super) struct Canvas {
    /// Columns.
    pub(super) columns: usize,
    /// Rows.
    pub(super) rows: usize,
    /// Lines from the top, with their attributes, no wider than the terminal.
    lines: Vec<String>,
    /// Where the cursor stands, from 0.
    cursor: (usize, usize),
    shown: Vec<String>,
}

impl Canvas {
    pub(super) fn new(columns: u16, rows: u16) -> Self {
        let side = |n: u16, least: usize| usize::from(n).clamp(least, MAX_SIDE);
        Canvas { columns: side(columns, 20), rows: side(rows, 5), ..Canvas::default() }
    }

    /// Begins a new picture.
    pub(super) fn clear(&mut self) {
        self.lines = vec![String::new(); self.rows];
    }

    /// Puts a line; what does not fit is cut.
    pub(super) fn put(&mut self, row: usize, text: &str) {
        let cut = cut(text, self.columns);
        if let Some(line) = self.lines.get_mut(row) {
            *line = cut;
        }
    }

    /// Puts a line in reverse video, over the whole width.
    pub(super) fn bar(&mut self, row: usize, text: &str) {
        let text = cut(text, self.columns);
        let blank = " ".repeat(self.columns.saturating_sub(width(&text)));
        if let Some(line) = self.lines.get_mut(row) {
            *line = format!("\x1b[7m{text}{blank}\x1b[0m");
        }
    }

    /// Puts a line with its own attributes: the caller sees to its width.
    pub(super) fn raw(&mut self, row: usize, text: String) {
        if let Some(line) = self.lines.get_mut(row) {
            *line = text;
        }
    }

    /// Sets the cursor.
    pub(super) fn cursor(&mut self, row: usize, column: usize) {
        self.cursor = (row.min(self.rows.saturating_sub(1)), column.min(self.columns.saturating_sub(1)));
    }

    /// The bytes that show the picture: only lines that changed.
    pub(super) fn flush(&mut self) -> Vec<u8> {
        let mut out = String::new();
        if self.shown.is_empty() {
            out.push_str("\x1b[H\x1b[2J");
            self.shown = vec![String::new(); self.rows];
        }
        for (row, (line, shown)) in self.lines.iter().zip(&mut self.shown).enumerate() {
            if line != shown {
                out.push_str(&format!("\x1b[{};1H{line}\x1b[K", row + 1));
                shown.clone_from(line);
            }
        }
        out.push_str(&format!("\x1b[{};{}H", self.cursor.0 + 1, self.cursor.1 + 1));
        out.into_bytes()
    }

    /// Draws everything again the next time.
    pub(super) fn forget(&mut self) {
        self.shown.clear();
    }
}

/// Columns that a letter takes.
pub(super) fn columns_of(c: char) -> usize {
    match u32::from(c) {
        0..=0x1f | 0x7f => 2,
        0x1100..=0x115f
        | 0x2e80..=0x303e
        | 0x3041..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1faff => 2,
        _ => 1,
    }
}

/// Columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// The start of a text that fits, control characters as `^X`.
pub(super) fn cut(text: &str, columns: usize) -> String {
    let (mut out, mut used) = (String::new(), 0);
    for c in text.chars() {
        used += columns_of(c);
        if used > columns {
            break;
        }
        match u8::try_from(c).ok().filter(|b| *b < 32 || *b == 127) {
            Some(byte) => out.extend(['^', char::from(byte ^ 64)]),
            None => out.push(c),
        }
    }
    out
}

/// A line with tabs as blanks up to every eighth column.
pub(super) fn untabbed<'a>(line: impl IntoIterator<Item = &'a char>) -> String {
    let (mut out, mut used) = (String::new(), 0);
    for c in line {
        if *c == '\t' {
            let blank = 8 - used % 8;
            out.push_str(&" ".repeat(blank));
            used += blank;
        } else {
            out.push(*c);
            used += columns_of(*c);
        }
    }
    out
}
