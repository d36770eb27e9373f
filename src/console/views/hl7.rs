//! HL7 v2 messages, segment by segment and field by field.

use jiff::Timestamp;

use super::{Block, Piece, lossy};
use crate::wire::hl7::{Charset, Message, Text};

/// MLLP: start of block, and its end before a carriage return.
const START: u8 = 0x0b;
const END: u8 = 0x1c;

/// Longest message that is put together.
const MESSAGE: usize = 1 << 20;

/// Most fields of one message on the page.
const FIELDS: usize = 400;

/// Decodes both directions.
pub(super) fn decode(pieces: &[Piece<'_>]) -> Vec<Block> {
    let (mut sides, mut out) = ([Vec::new(), Vec::new()], Vec::new());
    for piece in pieces {
        let gathered: &mut Vec<u8> = &mut sides[usize::from(piece.to_peer)];
        for byte in piece.bytes {
            match *byte {
                START => gathered.clear(),
                END => {
                    out.push(message(piece.at, piece.to_peer, gathered));
                    gathered.clear();
                }
                byte if gathered.len() < MESSAGE => gathered.push(byte),
                _ => {}
            }
        }
    }
    out
}

fn message(at: Timestamp, to_peer: bool, raw: &[u8]) -> Block {
    let text = Text::decode(raw, Charset::Utf8);
    let mut block = Block::new(at, to_peer, "HL7");
    block.bytes(raw);
    let Ok(message) = Message::parse(&text.bytes) else {
        block.text = Some(lossy(&text.bytes));
        return block;
    };
    block.title =
        format!("{} {}", super::clean(&message.msh(9).text()), super::clean(&message.msh(10).text()));
    block.fact("from", format!("{} {}", message.msh(3).text(), message.msh(4).text()).trim());
    block.fact("to", format!("{} {}", message.msh(5).text(), message.msh(6).text()).trim());
    block.fact("version", message.msh(12).text());
    block.heads(["field", "name", "value"]);
    for segment in message.segments() {
        let raw = lossy(segment.raw());
        let id: String = raw.chars().take(3).collect();
        let count = raw.split(char::from(message.delimiters().all()[0])).count();
        for number in 1..=count.min(FIELDS) {
            let field = segment.field(number);
            if field.is_empty() || (id == "MSH" && number < 3) || block.rows.len() >= FIELDS {
                continue;
            }
            block.row([&format!("{id}-{number}"), name(&id, number), &lossy(field.raw())]);
        }
    }
    block
}

/// Names of fields that tell most (HL7 v2.5.1).
fn name(segment: &str, field: usize) -> &'static str {
    match (segment, field) {
        ("MSH", 3) => "Sending Application",
        ("MSH", 4) => "Sending Facility",
        ("MSH", 5) => "Receiving Application",
        ("MSH", 6) => "Receiving Facility",
        ("MSH", 7) | ("EVN", 2) => "Date/Time",
        ("MSH", 9) => "Message Type",
        ("MSH", 10) => "Message Control ID",
        ("MSH", 11) => "Processing ID",
        ("MSH", 12) => "Version ID",
        ("MSH", 18) => "Character Set",
        ("MSA", 1) => "Acknowledgment Code",
        ("MSA", 2) => "Message Control ID",
        ("MSA", 3) => "Text Message",
        ("PID", 2) => "Patient ID",
        ("PID", 3) => "Patient Identifier List",
        ("PID", 5) => "Patient Name",
        ("PID", 7) => "Date of Birth",
        ("PID", 8) => "Sex",
        ("PID", 11) => "Address",
        ("PID", 13) => "Phone",
        ("PID", 18) => "Account Number",
        ("PID", 19) => "National Number",
        ("PV1", 2) => "Patient Class",
        ("PV1", 3) => "Assigned Location",
        ("PV1", 7) => "Attending Doctor",
        ("PV1", 19) => "Visit Number",
        ("ORC", 1) => "Order Control",
        ("ORC", 2) | ("OBR", 2) => "Placer Order Number",
        ("ORC", 3) | ("OBR", 3) => "Filler Order Number",
        ("OBR", 4) => "Universal Service ID",
        ("OBX", 2) => "Value Type",
        ("OBX", 3) => "Observation ID",
        ("OBX", 5) => "Observation Value",
        ("OBX", 6) => "Units",
        ("OBX", 7) => "Reference Range",
        ("OBX", 8) => "Abnormal Flags",
        ("ERR", 3) => "HL7 Error Code",
        ("QPD", 1) => "Query Name",
        ("QRD", 8) => "Who Subject Filter",
        _ => "",
    }
}
