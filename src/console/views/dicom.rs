//! Associations and DIMSE messages with their data sets (PS3.7, PS3.8).

use std::collections::HashMap;

use bytes::{Bytes, BytesMut};
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_dictionary_std::StandardDataDictionary;
use jiff::Timestamp;

use super::{Block, Piece, lossy};
use crate::wire::dicom::command::Command;
use crate::wire::dicom::dataset::{Charset, Tag, TransferSyntax, Vr, tags};
use crate::wire::dicom::elements::Elements;
use crate::wire::dicom::pdu::{self, Associate, Header, Kind};

/// Most elements of one data set on the page.
const ELEMENTS: usize = 120;

/// Longest message that is put together: queries and answers are far shorter, images go by reference.
const MESSAGE: usize = 4 << 20;

/// What one side has sent of a message so far.
#[derive(Default)]
struct Side {
    buffer: BytesMut,
    command: Vec<u8>,
    data: Vec<u8>,
    /// The command whose data set is coming, with its block.
    waiting: Option<Block>,
    lost: bool,
}

/// Decodes both directions.
pub(super) fn decode(pieces: &[Piece<'_>]) -> Vec<Block> {
    let (mut sides, mut out) = ([Side::default(), Side::default()], Vec::new());
    let mut contexts = HashMap::new();
    for piece in pieces {
        let [from_peer, to_peer] = &mut sides;
        let side = if piece.to_peer { to_peer } else { from_peer };
        if let Some(name) = piece.reference {
            let mut block =
                side.waiting.take().unwrap_or_else(|| Block::new(piece.at, piece.to_peer, "P-DATA"));
            if block.instance.is_none() {
                block.instance = name.split(' ').find(is_uid).map(str::to_owned);
            }
            block.fact("content", name);
            let repeats = out.last().is_some_and(|last: &Block| {
                last.title == "P-DATA" && block.title == "P-DATA" && last.to_peer == block.to_peer
            });
            if !repeats {
                out.push(block);
            }
            continue;
        }
        if side.lost {
            continue;
        }
        side.buffer.extend_from_slice(piece.bytes);
        while let Some(header) = Header::read(&side.buffer) {
            if header.kind.is_none() || header.whole() > MESSAGE {
                side.lost = true;
                break;
            }
            if side.buffer.len() < header.whole() {
                break;
            }
            let whole = side.buffer.split_to(header.whole()).freeze();
            one(&whole, header, piece, side, &mut contexts, &mut out);
        }
    }
    out.extend(sides.into_iter().filter_map(|side| side.waiting));
    out
}

fn is_uid(word: &&str) -> bool {
    word.len() > 20 && word.chars().all(|c| c.is_ascii_digit() || c == '.')
}

fn one(
    whole: &Bytes,
    header: Header,
    piece: &Piece<'_>,
    side: &mut Side,
    contexts: &mut HashMap<u8, (String, TransferSyntax)>,
    out: &mut Vec<Block>,
) {
    let body = whole.slice(pdu::HEADER..);
    let block = |title: &str| {
        let mut block = Block::new(piece.at, piece.to_peer, title);
        block.bytes(whole);
        block
    };
    match header.kind {
        Some(Kind::AssociateRq) => out.push(associated(block("A-ASSOCIATE-RQ"), &body, contexts, true)),
        Some(Kind::AssociateAc) => out.push(associated(block("A-ASSOCIATE-AC"), &body, contexts, false)),
        Some(Kind::AssociateRj) => {
            let mut block = block("A-ASSOCIATE-RJ");
            if let Some([_, result, source, reason]) = body.first_chunk::<4>() {
                block.fact("result, source, reason", format!("{result}, {source}, {reason}"));
            }
            out.push(block);
        }
        Some(Kind::Data) => data(&body, piece, side, contexts, out),
        Some(Kind::ReleaseRq) => out.push(block("A-RELEASE-RQ")),
        Some(Kind::ReleaseRp) => out.push(block("A-RELEASE-RP")),
        Some(Kind::Abort) => out.push(block("A-ABORT")),
        None => {}
    }
}

fn associated(
    mut block: Block,
    body: &Bytes,
    contexts: &mut HashMap<u8, (String, TransferSyntax)>,
    asks: bool,
) -> Block {
    let Ok(associate) = Associate::read(body) else { return block };
    block.fact("calling AE", lossy(&associate.calling).trim());
    block.fact("called AE", lossy(&associate.called).trim());
    block.fact("implementation", lossy(&associate.implementation_uid));
    block.fact("version", lossy(&associate.implementation_version));
    block.fact("max PDU", associate.max_pdu.map(|max| max.to_string()).unwrap_or_default());
    if let Some(identity) = &associate.user_identity {
        block.fact("user identity", lossy(&identity.primary));
    }
    block.heads(["ID", "abstract syntax", "result", "transfer syntaxes"]);
    for context in &associate.contexts {
        let syntaxes: Vec<String> = context.transfer_syntaxes.iter().map(|uid| named(&lossy(uid))).collect();
        if asks {
            let class = lossy(&context.abstract_syntax);
            contexts.insert(context.id, (class, TransferSyntax::ImplicitLittle));
        } else if let Some(known) = contexts.get_mut(&context.id)
            && let Some(first) = context.transfer_syntaxes.first()
        {
            known.1 = TransferSyntax::from_uid(lossy(first).trim_end_matches('\0')).unwrap_or(known.1);
        }
        let class = contexts.get(&context.id).map(|known| named(&known.0)).unwrap_or_default();
        let result = match (asks, context.result) {
            (true, _) => "",
            (false, 0) => "accepted",
            (false, 1) => "refused by user",
            (false, 2) => "refused, no reason",
            (false, 3) => "abstract syntax not supported",
            (false, _) => "transfer syntaxes not supported",
        };
        block.row([&context.id.to_string(), &class, result, &syntaxes.join(", ")]);
    }
    block
}

fn data(
    body: &Bytes,
    piece: &Piece<'_>,
    side: &mut Side,
    contexts: &HashMap<u8, (String, TransferSyntax)>,
    out: &mut Vec<Block>,
) {
    let Ok(values) = pdu::values(body) else { return };
    for value in values {
        let (part, fragment) = (&value.bytes, value.fragment);
        let gathered = if fragment.command { &mut side.command } else { &mut side.data };
        if gathered.len() + part.len() <= MESSAGE {
            gathered.extend_from_slice(part);
        }
        if !fragment.last {
            continue;
        }
        let context = contexts.get(&fragment.context);
        if fragment.command {
            out.extend(side.waiting.take());
            let bytes = Bytes::from(std::mem::take(&mut side.command));
            let (block, follows) = commanded(&bytes, piece.at, piece.to_peer);
            if follows {
                side.waiting = Some(block);
            } else {
                out.push(block);
            }
        } else {
            let bytes = Bytes::from(std::mem::take(&mut side.data));
            let mut block =
                side.waiting.take().unwrap_or_else(|| Block::new(piece.at, piece.to_peer, "data set"));
            elements(&mut block, &bytes, context.map_or(TransferSyntax::ImplicitLittle, |known| known.1));
            block.bytes(&bytes);
            out.push(block);
        }
    }
}

fn commanded(bytes: &Bytes, at: Timestamp, to_peer: bool) -> (Block, bool) {
    let Ok(command) = Command::read(bytes.clone()) else {
        let mut block = Block::new(at, to_peer, "command set");
        block.bytes(bytes);
        return (block, false);
    };
    let title = command.field.map_or("command".to_owned(), operation);
    let mut block = Block::new(at, to_peer, title);
    let text = |value: &Option<Bytes>| value.as_ref().map(|value| lossy(value)).unwrap_or_default();
    block.fact("SOP class", named(&text(&command.sop_class)));
    block.fact("requested class", named(&text(&command.requested_class)));
    let instance = text(&command.sop_instance);
    block.fact("SOP instance", &instance);
    block.instance = Some(instance).filter(|uid| !uid.is_empty());
    block.fact("destination", text(&command.destination));
    block.fact("status", command.status.map(status).unwrap_or_default());
    block.fact("comment", text(&command.comment));
    for (name, count) in [
        ("remaining", command.remaining),
        ("completed", command.completed),
        ("failed", command.failed),
        ("warnings", command.warnings),
    ] {
        block.fact(name, count.map(|count| count.to_string()).unwrap_or_default());
    }
    block.bytes(bytes);
    (block, command.has_data_set())
}

fn operation(field: u16) -> String {
    let name = match field & 0x7fff {
        0x0001 => "C-STORE",
        0x0010 => "C-GET",
        0x0020 => "C-FIND",
        0x0021 => "C-MOVE",
        0x0030 => "C-ECHO",
        0x0100 => "N-EVENT-REPORT",
        0x0110 => "N-GET",
        0x0120 => "N-SET",
        0x0130 => "N-ACTION",
        0x0140 => "N-CREATE",
        0x0150 => "N-DELETE",
        0x0fff => "C-CANCEL",
        _ => return format!("{field:04X}H"),
    };
    format!("{name}-{}", if field & 0x8000 == 0 { "RQ" } else { "RSP" })
}

fn status(status: u16) -> String {
    let meaning = match status {
        0x0000 => "success",
        0xff00 | 0xff01 => "pending",
        0xfe00 => "cancelled",
        0xa700..=0xa7ff => "out of resources",
        0xa801 => "move destination unknown",
        0xa900..=0xa9ff => "does not match SOP class",
        0xb000..=0xbfff => "warning",
        0xc000..=0xcfff => "failure",
        0x0122 => "SOP class not supported",
        0x0124 => "not authorised",
        _ => "",
    };
    format!("{status:04X}H {meaning}").trim_end().to_owned()
}

fn elements(block: &mut Block, bytes: &Bytes, syntax: TransferSyntax) {
    block.heads(["tag", "VR", "name", "value"]);
    let mut charset = Charset::default();
    for element in Elements::of(bytes.clone(), syntax).take(ELEMENTS) {
        let Ok(element) = element else { break };
        if element.tag == tags::SPECIFIC_CHARACTER_SET {
            let term = lossy(&element.value);
            charset = Charset::from_term(term.trim().split('\\').next_back().unwrap_or_default())
                .unwrap_or(charset);
        }
        let name = StandardDataDictionary.by_tag(element.tag).map(|entry| entry.alias()).unwrap_or_default();
        let Tag(group, number) = element.tag;
        let tag = format!("({group:04X},{number:04X})");
        block.row([&tag, element.vr.to_string(), name, &value(element.vr, &element.value, charset)]);
    }
}

fn value(vr: Vr, bytes: &Bytes, charset: Charset) -> String {
    let number = |bytes: &[u8]| match bytes {
        [a, b] => u16::from_le_bytes([*a, *b]).to_string(),
        [a, b, c, d] => u32::from_le_bytes([*a, *b, *c, *d]).to_string(),
        _ => format!("{} bytes", bytes.len()),
    };
    match vr {
        Vr::US | Vr::UL => number(bytes),
        Vr::SQ => "…".to_owned(),
        Vr::OB
        | Vr::OW
        | Vr::OD
        | Vr::OF
        | Vr::OL
        | Vr::OV
        | Vr::UN
        | Vr::AT
        | Vr::FD
        | Vr::FL
        | Vr::SL
        | Vr::SS
        | Vr::SV
        | Vr::UV => format!("{} bytes", bytes.len()),
        // Who names no set and sends what is UTF-8 means that.
        _ => match std::str::from_utf8(bytes) {
            Ok(text) if charset == Charset::Default => text.trim_end_matches(['\0', ' ']).to_owned(),
            Ok(_) | Err(_) => charset.decode(bytes).trim_end_matches(['\0', ' ']).to_owned(),
        },
    }
}

/// UIDs that queries and images have, by their names in PS3.6.
fn named(uid: &str) -> String {
    let uid = uid.trim_end_matches(['\0', ' ']);
    let name = match uid.strip_prefix("1.2.840.10008.").unwrap_or_default() {
        "1.1" => "Verification",
        "1.2" => "Implicit VR Little Endian",
        "1.2.1" => "Explicit VR Little Endian",
        "1.2.2" => "Explicit VR Big Endian",
        "1.2.4.50" => "JPEG Baseline",
        "1.2.4.70" => "JPEG Lossless",
        "1.2.4.90" => "JPEG 2000 Lossless",
        "1.2.5" => "RLE Lossless",
        "1.20.1" => "Storage Commitment",
        "3.1.2.3.3" => "Modality Performed Procedure Step",
        "5.1.4.31" => "Modality Worklist - FIND",
        "5.1.4.1.2.1.1" => "Patient Root - FIND",
        "5.1.4.1.2.1.2" => "Patient Root - MOVE",
        "5.1.4.1.2.1.3" => "Patient Root - GET",
        "5.1.4.1.2.2.1" => "Study Root - FIND",
        "5.1.4.1.2.2.2" => "Study Root - MOVE",
        "5.1.4.1.2.2.3" => "Study Root - GET",
        "5.1.4.1.1.1" => "CR Image Storage",
        "5.1.4.1.1.1.1" => "Digital X-Ray Image Storage",
        "5.1.4.1.1.2" => "CT Image Storage",
        "5.1.4.1.1.4" => "MR Image Storage",
        "5.1.4.1.1.6.1" => "Ultrasound Image Storage",
        "5.1.4.1.1.7" => "Secondary Capture Image Storage",
        "5.1.4.1.1.104.1" => "Encapsulated PDF Storage",
        "5.1.4.1.1.88.11" => "Basic Text SR Storage",
        _ => return uid.to_owned(),
    };
    format!("{name} ({uid})")
}
