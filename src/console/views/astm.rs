//! ASTM E1381 frames and the E1394 records in them.

use jiff::Timestamp;

use super::{Block, Piece};
use crate::wire::hl7::{Charset, Text};

/// Longest frame that is put together: the standard has 247 bytes, products send more.
const FRAME: usize = 64 << 10;

/// Most fields of one record on the page.
const FIELDS: usize = 60;

/// Decodes both directions.
pub(super) fn decode(pieces: &[Piece<'_>]) -> Vec<Block> {
    let mut out = Vec::new();
    let mut open: [Option<Vec<u8>>; 2] = [None, None];
    for piece in pieces {
        let frame = &mut open[usize::from(piece.to_peer)];
        for byte in piece.bytes {
            match (*byte, frame.as_mut()) {
                (0x02, _) => *frame = Some(Vec::new()),
                (0x03 | 0x17, Some(gathered)) => {
                    out.extend(records(piece.at, piece.to_peer, gathered));
                    *frame = None;
                }
                (byte, Some(gathered)) if gathered.len() < FRAME => gathered.push(byte),
                (_, Some(_)) => {}
                (byte, None) => control(piece, byte, &mut out),
            }
        }
    }
    out
}

fn control(piece: &Piece<'_>, byte: u8, out: &mut Vec<Block>) {
    let name = match byte {
        0x04 => "EOT",
        0x05 => "ENQ",
        0x06 => "ACK",
        0x15 => "NAK",
        _ => return,
    };
    out.push(Block::new(piece.at, piece.to_peer, name));
}

/// A frame holds a number and one or more records, parted by carriage returns.
fn records(at: Timestamp, to_peer: bool, frame: &[u8]) -> Vec<Block> {
    let text = Text::unnamed(frame, Charset::Utf8);
    let text = super::lossy(&text.bytes);
    let numbered = text.trim_start_matches(|c: char| c.is_ascii_digit());
    numbered
        .split(['\r', '\n'])
        .filter(|record| !record.is_empty())
        .map(|record| {
            let mut fields = record.split('|');
            let letter = fields.next().unwrap_or_default();
            let mut block = Block::new(at, to_peer, format!("{letter} {}", kind(letter)));
            block.heads(["field", "name", "value"]);
            for (number, value) in (2..).zip(fields.take(FIELDS)).filter(|(_, value)| !value.is_empty()) {
                block.row([&format!("{letter}-{number}"), name(letter, number), value]);
            }
            block.bytes(frame);
            block
        })
        .collect()
}

fn kind(letter: &str) -> &'static str {
    match letter {
        "H" => "Header",
        "P" => "Patient",
        "O" => "Order",
        "R" => "Result",
        "C" => "Comment",
        "Q" => "Query",
        "L" => "Terminator",
        "M" => "Manufacturer",
        "S" => "Scientific",
        _ => "",
    }
}

/// Names of fields that tell most (ASTM E1394-97).
fn name(letter: &str, field: usize) -> &'static str {
    match (letter, field) {
        ("H", 5) => "Sender",
        ("H", 10) => "Receiver",
        ("H", 13) => "Version",
        ("H", 14) => "Date/Time",
        ("P", 3) => "Practice Patient ID",
        ("P", 4) => "Laboratory Patient ID",
        ("P", 6) => "Name",
        ("P", 8) => "Birth Date",
        ("P", 9) => "Sex",
        ("O", 3) | ("Q", 3) => "Specimen ID",
        ("O", 5) => "Test",
        ("R", 3) => "Test",
        ("R", 4) => "Value",
        ("R", 5) => "Units",
        ("R", 6) => "Reference Range",
        ("R", 7) => "Abnormal Flags",
        ("R", 9) => "Status",
        ("R", 13) => "Completed",
        ("L", 3) => "Termination Code",
        _ => "",
    }
}
