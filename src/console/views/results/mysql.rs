//! Result sets of MySQL, as text and of prepared statements.

use jiff::Timestamp;

use super::{Cursor, Gathered, Piece, WAITING, float, hexadecimal, signed, text};
use crate::console::views::Block;

/// Commands that are answered by rows.
const QUERY: u8 = 0x03;
const EXECUTE: u8 = 0x17;

const ERROR: u8 = 0xff;
const END: u8 = 0xfe;
const LOCAL_FILE: u8 = 0xfb;

/// Most columns that are believed.
const COLUMNS: usize = 4096;

#[derive(Default)]
enum Awaited {
    /// Nothing that has rows.
    #[default]
    Nothing,
    /// The number of columns.
    Count,
    /// So many columns more.
    Columns(usize),
    /// Rows; whether the end of the columns was seen.
    Rows(bool),
}

#[derive(Default)]
struct Reading {
    awaited: Awaited,
    /// Whether rows are those of a prepared statement.
    binary: bool,
    types: Vec<(u8, bool)>,
    gathered: Gathered,
    out: Vec<Block>,
}

pub(super) fn results(pieces: &[Piece<'_>]) -> Vec<Block> {
    let (mut sides, mut reading) = ([Vec::new(), Vec::new()], Reading::default());
    for piece in pieces {
        let side: &mut Vec<u8> = &mut sides[usize::from(piece.to_peer)];
        if side.len() < WAITING {
            side.extend_from_slice(piece.bytes);
        }
        let mut rest = Cursor(side);
        let mut used = 0;
        while let Some((number, packet)) = packet(&mut rest) {
            used += packet.len() + 4;
            match (piece.to_peer, number) {
                (false, 0) => reading.asked(packet, piece.at),
                (false, _) => {}
                (true, _) => reading.answered(packet, piece.at),
            }
        }
        side.drain(..used);
    }
    if let Some(last) = pieces.last() {
        reading.finish(last.at);
    }
    reading.out
}

fn packet<'b>(rest: &mut Cursor<'b>) -> Option<(u8, &'b [u8])> {
    let mut ahead = Cursor(rest.0);
    let length = ahead.length(3)?;
    let number = ahead.byte()?;
    let packet = ahead.take(length)?;
    *rest = ahead;
    Some((number, packet))
}

impl Reading {
    fn asked(&mut self, packet: &[u8], at: Timestamp) {
        self.finish(at);
        self.awaited = match packet.first() {
            Some(&QUERY | &EXECUTE) => Awaited::Count,
            _ => Awaited::Nothing,
        };
        self.binary = packet.first() == Some(&EXECUTE);
    }

    fn answered(&mut self, packet: &[u8], at: Timestamp) {
        let first = packet.first().copied();
        match self.awaited {
            Awaited::Nothing => {}
            Awaited::Count => {
                let is_rows = !matches!(first, None | Some(0 | LOCAL_FILE | ERROR));
                let count =
                    lenenc(&mut Cursor(packet)).filter(|count| is_rows && (1..=COLUMNS).contains(count));
                self.awaited = count.map_or(Awaited::Nothing, Awaited::Columns);
                self.types.clear();
                self.gathered = Gathered::default();
            }
            Awaited::Columns(left) => {
                let (name, kind) = column(packet).unwrap_or_default();
                self.gathered.heads.push(name);
                self.types.push(kind);
                self.awaited = if left > 1 { Awaited::Columns(left - 1) } else { Awaited::Rows(false) };
            }
            Awaited::Rows(_) if first == Some(ERROR) => self.finish(at),
            // Newer clients have no mark between columns and rows.
            Awaited::Rows(false) if first == Some(END) && self.gathered.count == 0 && packet.len() < 9 => {
                self.awaited = Awaited::Rows(true);
            }
            Awaited::Rows(_) if first == Some(END) => {
                self.finish(at);
                // Another result may follow.
                self.awaited = Awaited::Count;
            }
            Awaited::Rows(_) => {
                let (binary, types) = (self.binary, &self.types);
                self.gathered.push(|| {
                    let row = if binary { typed(packet, types) } else { plain(packet, types.len()) };
                    row.unwrap_or_default()
                });
            }
        }
    }

    fn finish(&mut self, at: Timestamp) {
        if matches!(self.awaited, Awaited::Rows(_)) {
            self.out.push(std::mem::take(&mut self.gathered).block(at));
        }
        self.awaited = Awaited::Nothing;
    }
}

/// A length-encoded integer.
fn lenenc(cursor: &mut Cursor<'_>) -> Option<usize> {
    match cursor.byte()? {
        0xfc => cursor.length(2),
        0xfd => cursor.length(3),
        0xfe => cursor.length(8),
        short => Some(usize::from(short)),
    }
}

fn counted<'b>(cursor: &mut Cursor<'b>) -> Option<&'b [u8]> {
    let length = lenenc(cursor)?;
    cursor.take(length)
}

/// Name, type, and whether it has no sign.
fn column(packet: &[u8]) -> Option<(String, (u8, bool))> {
    let mut cursor = Cursor(packet);
    let parts: Vec<&[u8]> = (0..6).map_while(|_| counted(&mut cursor)).collect();
    // The length of what follows, character set, width.
    cursor.take(1 + 2 + 4)?;
    let kind = cursor.byte()?;
    let flags = cursor.little(2)?;
    Some((text(parts.get(4)?), (kind, flags & 0x20 != 0)))
}

fn plain(packet: &[u8], columns: usize) -> Option<Vec<String>> {
    let mut cursor = Cursor(packet);
    (0..columns)
        .map(|_| match cursor.0.first() {
            Some(0xfb) => cursor.byte().map(|_| "NULL".to_owned()),
            _ => counted(&mut cursor).map(text),
        })
        .collect()
}

fn typed(packet: &[u8], types: &[(u8, bool)]) -> Option<Vec<String>> {
    let mut cursor = Cursor(packet);
    cursor.byte()?;
    // Two bits of the map are not used.
    let nulls = cursor.take((types.len() + 2).div_ceil(8))?;
    let is_null = |at: usize| nulls.get((at + 2) / 8).is_some_and(|byte| byte >> ((at + 2) % 8) & 1 == 1);
    let value = |(at, kind): (usize, &(u8, bool))| match is_null(at) {
        true => Some("NULL".to_owned()),
        false => one(&mut cursor, *kind),
    };
    types.iter().enumerate().map(value).collect()
}

fn one(cursor: &mut Cursor<'_>, (kind, unsigned): (u8, bool)) -> Option<String> {
    let mut whole = |length: usize| {
        let bytes = cursor.take(length)?;
        Some(if unsigned { Cursor(bytes).little(length)?.to_string() } else { signed(bytes).to_string() })
    };
    match kind {
        0x01 => whole(1),
        0x02 | 0x0d => whole(2),
        0x03 | 0x09 => whole(4),
        0x08 => whole(8),
        0x04 => cursor.take(4).map(float),
        0x05 => cursor.take(8).map(float),
        0x07 | 0x0a | 0x0c => moment(cursor),
        0x0b => {
            let length = usize::from(cursor.byte()?);
            cursor.take(length).map(span)
        }
        _ => counted(cursor).map(|bytes| match std::str::from_utf8(bytes) {
            Ok(known) => known.to_owned(),
            Err(_) if kind == 0xfc => hexadecimal(bytes),
            Err(_) => text(bytes),
        }),
    }
}

fn moment(cursor: &mut Cursor<'_>) -> Option<String> {
    let length = usize::from(cursor.byte()?);
    let mut of = Cursor(cursor.take(length)?);
    let Some(year) = of.little(2) else { return Some("0000-00-00".to_owned()) };
    let date = format!("{year:04}-{:02}-{:02}", of.byte()?, of.byte()?);
    Some(match (of.byte(), of.byte(), of.byte()) {
        (Some(hour), Some(minute), Some(second)) => format!("{date} {hour:02}:{minute:02}:{second:02}"),
        _ => date,
    })
}

fn span(bytes: &[u8]) -> String {
    match *bytes {
        [negative, a, b, c, d, hours, minutes, seconds, ..] => {
            let hours = u64::from(u32::from_le_bytes([a, b, c, d])) * 24 + u64::from(hours);
            let sign = if negative == 1 { "-" } else { "" };
            format!("{sign}{hours:02}:{minutes:02}:{seconds:02}")
        }
        _ => "00:00:00".to_owned(),
    }
}
