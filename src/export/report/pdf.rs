//! The report as PDF: A4, one face, tables with wrapped cells.

use jiff::tz::TimeZone;

use super::super::Custody;
use super::{Block, Document};
use crate::imaging::pdf::{Page, Pdf};

const LEFT: f32 = 48.0;
const RIGHT: f32 = 547.0;
const TOP: f32 = 790.0;
const BOTTOM: f32 = 56.0;
const BODY: f32 = 9.0;
/// From one line to the next, as a share of the size.
const LEADING: f32 = 1.4;
/// Between two columns.
const GUTTER: f32 = 8.0;

/// The file.
pub(super) fn write(document: &Document, custody: &Custody) -> Vec<u8> {
    let mut paper = Paper { pages: vec![Page::new()], y: TOP };
    paper.lines(&document.title, LEFT, RIGHT, 16.0);
    for block in &document.blocks {
        match block {
            Block::Heading(text) => paper.heading(text),
            Block::Text(text) => paper.lines(text, LEFT, RIGHT, BODY),
            Block::Facts(facts) => {
                facts.iter().for_each(|(name, value)| paper.row(&[name, value], &[22, 78]));
            }
            Block::Table { head, rows } => {
                let (names, shares): (Vec<&str>, Vec<u8>) = head.iter().copied().unzip();
                paper.row(&names, &shares);
                paper.rule();
                for row in rows {
                    let cells: Vec<&str> = row.iter().map(String::as_str).collect();
                    paper.row(&cells, &shares);
                }
            }
        }
    }
    let made = custody.at.to_zoned(TimeZone::fixed(jiff::tz::offset(8))).datetime();
    // The file's own id: the same export gives the same file.
    let seed = u64::try_from(custody.at.as_nanosecond()).unwrap_or(0);
    let producer = concat!("Honeyward ", env!("CARGO_PKG_VERSION"));
    Pdf { made, offset_minutes: 480, seed, producer }.write_all(&paper.numbered())
}

struct Paper {
    pages: Vec<Page>,
    /// Where the next line's foot may stand at the highest.
    y: f32,
}

impl Paper {
    fn page(&mut self) -> &mut Page {
        if self.pages.is_empty() {
            self.pages.push(Page::new());
        }
        let last = self.pages.len() - 1;
        &mut self.pages[last]
    }

    /// Starts a new page where this height is no longer there.
    fn room(&mut self, height: f32) {
        if self.y - height < BOTTOM {
            self.pages.push(Page::new());
            self.y = TOP;
        }
    }

    fn heading(&mut self, text: &str) {
        self.room(60.0);
        self.y -= 12.0;
        self.lines(text, LEFT, RIGHT, 12.0);
        self.rule();
    }

    fn rule(&mut self) {
        let y = self.y;
        self.page().rule(LEFT, RIGHT, y + 1.0);
        self.y -= 3.0;
    }

    fn lines(&mut self, text: &str, left: f32, right: f32, size: f32) {
        for line in wrapped(text, right - left, size) {
            self.room(size * LEADING);
            self.y -= size * LEADING;
            let y = self.y;
            self.page().text(&line, left, y + size * 0.3, size);
        }
        self.y -= 2.0;
    }

    /// Cells beside each other; a row that is too high for one page goes on over the next.
    fn row(&mut self, cells: &[&str], shares: &[u8]) {
        let width = RIGHT - LEFT;
        let mut columns = Vec::new();
        let mut left = LEFT;
        for (cell, share) in cells.iter().zip(shares) {
            let wide = width * f32::from(*share) / 100.0;
            columns.push((left, wrapped(cell, wide - GUTTER, BODY)));
            left += wide;
        }
        let count = columns.iter().map(|(_, lines)| lines.len()).max().unwrap_or(0);
        for number in 0..count {
            self.room(BODY * LEADING);
            self.y -= BODY * LEADING;
            let y = self.y + BODY * 0.3;
            for (left, lines) in &columns {
                if let Some(line) = lines.get(number) {
                    self.page().text(line, *left, y, BODY);
                }
            }
        }
        self.y -= 2.0;
    }

    /// The pages with their numbers.
    fn numbered(mut self) -> Vec<Page> {
        let all = self.pages.len();
        for (page, number) in self.pages.iter_mut().zip(1..) {
            page.centred(&format!("{number} / {all}"), (LEFT + RIGHT) / 2.0, BOTTOM - 26.0, 8.0);
        }
        self.pages
    }
}

/// A text in lines no wider than this. Words stay whole where they can.
fn wrapped(text: &str, width: f32, size: f32) -> Vec<String> {
    let most = width / size;
    let wide = |c: char| if c.is_ascii() { 0.5 } else { 1.0 };
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let (mut line, mut used, mut space) = (String::new(), 0.0, None);
        for c in paragraph.chars() {
            if used + wide(c) > most && !line.is_empty() {
                // The place behind the last space, if a word would be cut otherwise.
                let rest = space.filter(|_| c.is_ascii() && c != ' ').map(|at| line.split_off(at));
                lines.push(std::mem::take(&mut line));
                line = rest.unwrap_or_default();
                used = line.chars().map(wide).sum();
                space = None;
            }
            line.push(c);
            used += wide(c);
            if c == ' ' {
                space = Some(line.len());
            }
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_lose_nothing() {
        let text =
            "a session with some words and 一些中文文字在里面 and-a-very-long-word-that-has-no-space-in-it";
        let lines = wrapped(text, 100.0, 10.0);
        assert_eq!(lines.concat(), text);
        for line in &lines {
            let width: f32 = line.trim_end().chars().map(|c| if c.is_ascii() { 5.0 } else { 10.0 }).sum();
            assert!(width <= 100.0, "{line}");
        }
    }
}
