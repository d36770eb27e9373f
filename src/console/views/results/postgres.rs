//! Result sets of PostgreSQL (protocol 3.0).

use super::{Cursor, Gathered, Piece, WAITING, hexadecimal, text};
use crate::console::views::Block;

const DESCRIPTION: u8 = b'T';
const ROW: u8 = b'D';
const COMPLETE: u8 = b'C';
const SUSPENDED: u8 = b's';
const ERROR: u8 = b'E';

/// Most fields of one row that are read.
const FIELDS: usize = 2048;

/// Type and whether values come in binary.
type Field = (u32, bool);

pub(super) fn results(pieces: &[Piece<'_>]) -> Vec<Block> {
    let (mut waiting, mut out) = (Vec::new(), Vec::new());
    let (mut heads, mut fields) = (Vec::new(), Vec::new());
    let mut gathered: Option<Gathered> = None;
    for piece in pieces.iter().filter(|piece| piece.to_peer) {
        if waiting.len() < WAITING {
            waiting.extend_from_slice(piece.bytes);
        }
        // One byte says whether there is TLS, before all messages.
        while matches!(waiting[..], [b'S' | b'N' | b'G', next, ..] if next != 0) {
            waiting.remove(0);
        }
        let (mut rest, mut used) = (Cursor(&waiting), 0);
        while let Some((kind, body)) = message(&mut rest) {
            used += body.len() + 5;
            match kind {
                DESCRIPTION => {
                    (heads, fields) = description(body).unwrap_or_default().into_iter().unzip();
                    gathered = Some(Gathered::of(heads.clone()));
                }
                ROW => {
                    let result = gathered.get_or_insert_with(|| Gathered::of(heads.clone()));
                    result.push(|| row(body, &fields).unwrap_or_default());
                }
                COMPLETE | SUSPENDED | ERROR => {
                    out.extend(gathered.take().map(|result| result.block(piece.at)));
                }
                _ => {}
            }
        }
        waiting.drain(..used);
    }
    if let (Some(result), Some(last)) = (gathered, pieces.last()) {
        out.extend((result.count > 0).then(|| result.block(last.at)));
    }
    out
}

fn message<'b>(rest: &mut Cursor<'b>) -> Option<(u8, &'b [u8])> {
    let mut ahead = Cursor(rest.0);
    let kind = ahead.byte()?;
    let length = usize::try_from(ahead.big(4)?).ok()?.checked_sub(4)?;
    let body = ahead.take(length)?;
    *rest = ahead;
    Some((kind, body))
}

fn description(body: &[u8]) -> Option<Vec<(String, Field)>> {
    let mut cursor = Cursor(body);
    let count = usize::try_from(cursor.big(2)?).ok()?.min(FIELDS);
    let one = |_| {
        let end = cursor.0.iter().position(|byte| *byte == 0)?;
        let name = text(cursor.take(end)?);
        // Its end, table, column; then type, size, modifier, format.
        cursor.take(1 + 4 + 2)?;
        let kind = u32::try_from(cursor.big(4)?).ok()?;
        cursor.take(2 + 4)?;
        Some((name, (kind, cursor.big(2)? == 1)))
    };
    (0..count).map(one).collect()
}

fn row(body: &[u8], fields: &[Field]) -> Option<Vec<String>> {
    let mut cursor = Cursor(body);
    let count = usize::try_from(cursor.big(2)?).ok()?.min(FIELDS);
    let one = |at: usize| {
        let length = u32::try_from(cursor.big(4)?).ok()?;
        if length == u32::MAX {
            return Some("NULL".to_owned());
        }
        let bytes = cursor.take(usize::try_from(length).ok()?)?;
        Some(value(bytes, fields.get(at).copied().unwrap_or_default()))
    };
    (0..count).map(one).collect()
}

/// By the numbers that types have in every installation.
fn value(bytes: &[u8], (kind, binary): Field) -> String {
    if !binary {
        return text(bytes);
    }
    let turned: Vec<u8> = bytes.iter().rev().copied().collect();
    match kind {
        16 => (bytes == [1]).to_string(),
        20 | 21 | 23 | 26 => super::signed(&turned).to_string(),
        700 | 701 => super::float(&turned),
        18 | 19 | 25 | 114 | 142 | 1042 | 1043 => text(bytes),
        _ => hexadecimal(bytes),
    }
}
