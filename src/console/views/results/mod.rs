//! Rows that a database gave its peer, read back from what went over the wire. The statements are told by
//! events; what came back stands in the transcript alone.

mod mysql;
mod postgres;
mod tds;

use jiff::Timestamp;

use super::{Block, Piece};

/// Rows of one result on the page.
const ROWS: usize = 20;

/// Columns of one result on the page.
const COLUMNS: usize = 60;

/// Characters of one cell.
const CELL: usize = 160;

/// Bytes of one direction that may wait for the rest of a message: what a page reads at most.
const WAITING: usize = 4 << 20;

/// The results that a conversation held, in order.
pub(super) fn of(service: &str, pieces: &[Piece<'_>]) -> Vec<Block> {
    match service.trim_end_matches("-tls") {
        "tds" => tds::results(pieces),
        "mysql" => mysql::results(pieces),
        "postgres" => postgres::results(pieces),
        _ => Vec::new(),
    }
}

/// A result as it comes in.
#[derive(Default)]
struct Gathered {
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
    count: u64,
}

impl Gathered {
    fn of(heads: Vec<String>) -> Self {
        Gathered { heads, ..Gathered::default() }
    }

    /// Adds a row; the first ones are kept, all are counted.
    fn push(&mut self, cells: impl FnOnce() -> Vec<String>) {
        self.count += 1;
        if self.rows.len() < ROWS {
            self.rows
                .push(cells().into_iter().take(COLUMNS).map(|cell| super::clean(&short(cell))).collect());
        }
    }

    fn block(self, at: Timestamp) -> Block {
        let mut block = Block::new(at, true, "result");
        block.fact("rows", self.count.to_string());
        if self.count > u64::try_from(self.rows.len()).unwrap_or(0) {
            block.fact("first shown", self.rows.len().to_string());
        }
        if self.heads.len() > COLUMNS {
            block.fact("columns", self.heads.len().to_string());
        }
        block.heads(self.heads.iter().take(COLUMNS).map(String::as_str));
        block.rows = self.rows;
        block
    }
}

fn short(cell: String) -> String {
    match cell.char_indices().nth(CELL) {
        Some((end, _)) => format!("{}…", cell.get(..end).unwrap_or_default()),
        None => cell,
    }
}

/// Text in UTF-8, or in the code page that Chinese clients ask for.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::GB18030.decode(bytes).0.into_owned(),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes.get(..CELL / 2).unwrap_or(bytes)))
}

/// Takes bytes off the front; nothing when there are too few.
struct Cursor<'b>(&'b [u8]);

impl<'b> Cursor<'b> {
    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|one| one[0])
    }

    /// Unsigned, little endian, of at most eight bytes.
    fn little(&mut self, length: usize) -> Option<u64> {
        Some(self.take(length)?.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    /// The same as a length.
    fn length(&mut self, bytes: usize) -> Option<usize> {
        usize::try_from(self.little(bytes)?).ok()
    }

    /// Unsigned, big endian, of at most eight bytes.
    fn big(&mut self, length: usize) -> Option<u64> {
        Some(self.take(length)?.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }
}

/// A whole number of so many bytes, little endian, with its sign.
fn signed(bytes: &[u8]) -> i64 {
    let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let mut whole = [if negative { 0xff } else { 0 }; 8];
    whole.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    i64::from_le_bytes(whole)
}

/// A floating point number of four or eight bytes, little endian.
fn float(bytes: &[u8]) -> String {
    match *bytes {
        [a, b, c, d] => f32::from_le_bytes([a, b, c, d]).to_string(),
        [a, b, c, d, e, f, g, h] => f64::from_le_bytes([a, b, c, d, e, f, g, h]).to_string(),
        _ => hexadecimal(bytes),
    }
}

#[cfg(test)]
mod tests;
