//! Conversations in the form that the experts of each protocol read. Pure: entries of a transcript or
//! events in, blocks for one template out. Everything is fed by intruders: what can't be understood is
//! left to the dump of its bytes.

mod astm;
mod dicom;
mod hl7;
mod http;
mod results;
mod smb;
mod sql;

use jiff::Timestamp;
use serde::Serialize;

use super::plain;
use crate::event::SessionEvent;
use crate::record::transcript::{Entry, What};

/// Most blocks on a page.
const BLOCKS: usize = 400;

/// Most bytes of one block that are dumped.
const DUMP: usize = 4 << 10;

/// Most characters of one value.
const VALUE: usize = 1_000;

/// One message, statement or operation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Block {
    /// When, for the page to tell in its zone.
    #[serde(skip)]
    pub at: Option<Timestamp>,
    /// Whether the decoy sent it.
    pub to_peer: bool,
    /// What it is.
    pub title: String,
    /// Names and values.
    pub facts: Vec<[String; 2]>,
    /// Heads of the table.
    pub heads: Vec<String>,
    /// Rows of the table.
    pub rows: Vec<Vec<String>>,
    /// Text as it was sent.
    pub text: Option<String>,
    /// The bytes.
    pub dump: String,
    /// The DICOM instance that went over, for a picture of it.
    pub instance: Option<String>,
    /// How deep it stands in a tree.
    pub depth: usize,
}

impl Block {
    fn new(at: Timestamp, to_peer: bool, title: impl Into<String>) -> Self {
        Block { at: Some(at), to_peer, title: clean(&title.into()), ..Block::default() }
    }

    fn fact(&mut self, name: &str, value: impl AsRef<str>) {
        if !value.as_ref().is_empty() {
            self.facts.push([name.to_owned(), clean(value.as_ref())]);
        }
    }

    fn row<const N: usize>(&mut self, cells: [&str; N]) {
        self.rows.push(cells.into_iter().map(clean).collect());
    }

    fn heads<'h>(&mut self, names: impl IntoIterator<Item = &'h str>) {
        self.heads = names.into_iter().map(clean).collect();
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.dump = plain::dump(bytes.get(..DUMP).unwrap_or(bytes));
    }
}

/// Whether a service's conversation is decoded from its bytes.
pub(super) fn reads_bytes(service: &str) -> bool {
    matches!(kind(service), Some(Kind::Dicom | Kind::Hl7 | Kind::Http | Kind::Astm | Kind::Sql))
}

/// Whether there is a decoded form for a service.
pub(super) fn knows(service: &str) -> bool {
    kind(service).is_some()
}

enum Kind {
    Dicom,
    Hl7,
    Http,
    Astm,
    Smb,
    Sql,
}

fn kind(service: &str) -> Option<Kind> {
    match service.trim_end_matches("-tls") {
        "dicom" => Some(Kind::Dicom),
        "mllp" | "hl7" => Some(Kind::Hl7),
        "http" | "https" => Some(Kind::Http),
        "astm" => Some(Kind::Astm),
        "smb" => Some(Kind::Smb),
        "tds" | "mysql" | "postgres" | "tns" => Some(Kind::Sql),
        _ => None,
    }
}

/// Decodes a conversation; whether there was more than a page shows.
pub(super) fn decode(service: &str, entries: &[Entry], events: &[&SessionEvent]) -> (Vec<Block>, bool) {
    let mut blocks = match kind(service) {
        Some(Kind::Dicom) => dicom::decode(&pieces(entries)),
        Some(Kind::Hl7) => hl7::decode(&pieces(entries)),
        Some(Kind::Http) => http::decode(&pieces(entries)),
        Some(Kind::Astm) => astm::decode(&pieces(entries)),
        Some(Kind::Smb) => smb::tree(events),
        Some(Kind::Sql) => sql::statements(events, results::of(service, &pieces(entries))),
        None => Vec::new(),
    };
    let more = blocks.len() > BLOCKS;
    blocks.truncate(BLOCKS);
    (blocks, more)
}

/// A run of bytes in one direction, or a reference in its place.
struct Piece<'e> {
    at: Timestamp,
    to_peer: bool,
    bytes: &'e [u8],
    /// What stood here in place of its bytes.
    reference: Option<&'e str>,
}

fn pieces(entries: &[Entry]) -> Vec<Piece<'_>> {
    entries
        .iter()
        .filter_map(|entry| match &entry.what {
            What::Bytes { to_peer, bytes } => {
                Some(Piece { at: entry.at, to_peer: *to_peer, bytes, reference: None })
            }
            What::Reference { to_peer, name, .. } => {
                Some(Piece { at: entry.at, to_peer: *to_peer, bytes: &[], reference: Some(name) })
            }
            What::Dropped { .. } => None,
        })
        .collect()
}

/// Text that can neither hide nor grow without end.
fn clean(text: &str) -> String {
    let cut: String = text.chars().take(VALUE).collect();
    plain::shown(&cut)
}

/// Bytes as text, whatever they are.
fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests;
