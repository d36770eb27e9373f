//! One link of the chain.

use jiff::Timestamp;
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::canonical;
use crate::event::system::Aged;
use crate::event::{Alert, Event, Root, SessionId, Stamp, SystemEvent};

/// The hash before the first record.
pub const GENESIS: [u8; 32] = [0; 32];

/// What the store keeps: one event or alert with its place in the chain.
///
/// Its hash is SHA-256 over its canonical JSON (RFC 8785).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its number, from 1, without gaps.
    pub seq: u64,
    /// Hash of the record before it, lower-case hex; 64 zeroes for the first.
    pub prev: String,
    /// When it was kept, UTC.
    pub at: Timestamp,
    /// The process that sent it.
    pub process: String,
    /// What it holds.
    #[serde(flatten)]
    pub entry: Entry,
}

/// What a record holds: exactly one of the two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// Something that was seen.
    Event(Event),
    /// Something that the SIEM is told.
    Alert(Alert),
}

impl Record {
    /// The root that it holds. Only core signs: another process that says so is not believed.
    pub fn root(&self) -> Option<&Root> {
        match &self.entry {
            Entry::Event(Event::System(system)) if self.process == "core" => match &system.event {
                SystemEvent::ChainRoot { root } => Some(root),
                _ => None,
            },
            Entry::Event(_) | Entry::Alert(_) => None,
        }
    }

    /// What it says was removed for its age, if core did so.
    pub fn removed(&self) -> Option<(Aged, Timestamp)> {
        match &self.entry {
            Entry::Event(Event::System(system)) if self.process == "core" => match &system.event {
                SystemEvent::FilesRemoved { kind, before, .. } => Some((*kind, *before)),
                _ => None,
            },
            Entry::Event(_) | Entry::Alert(_) => None,
        }
    }

    /// The time stamp that it holds, if core had it.
    pub fn stamp(&self) -> Option<&Stamp> {
        match &self.entry {
            Entry::Event(Event::System(system)) if self.process == "core" => match &system.event {
                SystemEvent::ChainStamp { stamp } => Some(stamp),
                _ => None,
            },
            Entry::Event(_) | Entry::Alert(_) => None,
        }
    }
}

/// The last record of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Its number; 0 while the chain is empty.
    pub seq: u64,
    /// Its hash.
    pub hash: [u8; 32],
}

impl Head {
    /// The head of an empty chain.
    pub const EMPTY: Head = Head { seq: 0, hash: GENESIS };
}

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sealed {
    pub(super) seq: u64,
    pub(super) session: Option<SessionId>,
    pub(super) kind: String,
    pub(super) hash: [u8; 32],
    pub(super) body: String,
}

/// Makes the record after `head`.
pub(super) fn seal(
    head: &Head,
    at: Timestamp,
    process: &str,
    name: &str,
    entry: &impl Serialize,
    session: Option<SessionId>,
) -> Result<Sealed, serde_json::Error> {
    let seq = head.seq + 1;
    let mut json = Vec::with_capacity(640);
    let mut serializer = serde_json::Serializer::new(&mut json);
    let mut record = serializer.serialize_map(None)?;
    record.serialize_entry("at", &at)?;
    record.serialize_entry(name, entry)?;
    record.serialize_entry("prev", &hex::encode(head.hash))?;
    record.serialize_entry("process", process)?;
    record.serialize_entry("seq", &seq)?;
    record.end()?;
    let mut bytes = Vec::with_capacity(json.len());
    canonical::sort(&json, &mut bytes);
    let kind = kind(&bytes);
    let hash = hash(&bytes);
    // The canonical writer copies UTF-8 strings and ASCII only.
    let body = String::from_utf8(bytes).map_err(serde::ser::Error::custom)?;
    Ok(Sealed { seq, session, kind, hash, body })
}

/// Reads a stored body strictly: it must be the canonical form of a record.
pub(super) fn open(seq: u64, session: Option<SessionId>, body: String) -> Result<(Record, Sealed), String> {
    let record: Record = serde_json::from_str(&body).map_err(|e| e.to_string())?;
    let json = serde_json::to_vec(&record).map_err(|e| e.to_string())?;
    let mut bytes = Vec::with_capacity(json.len());
    canonical::sort(&json, &mut bytes);
    if bytes != body.as_bytes() {
        return Err("not in canonical form".into());
    }
    let kind = kind(&bytes);
    let sealed = Sealed { seq, session, kind, hash: hash(&bytes), body };
    Ok((record, sealed))
}

/// SHA-256 of a record's bytes.
fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A short name of what a record holds, for people who look with SQL: `session/opened`.
fn kind(record: &[u8]) -> String {
    let word = |path: &[&str]| canonical::find(record, path).map(|text| String::from_utf8_lossy(text));
    let word = |path: &[&str]| word(path).map(|text| text.trim_matches('"').to_owned());
    let what = word(&["event", "observation", "what"]).or_else(|| word(&["event", "event", "what"]));
    match (word(&["event", "kind"]), what) {
        (Some(kind), Some(what)) => format!("{kind}/{what}"),
        _ => "alert".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{SystemEvent, SystemRecord};

    #[test]
    fn a_record_has_one_form_and_one_hash() {
        let event = Event::System(SystemRecord {
            process: "sensor".into(),
            at: Timestamp::UNIX_EPOCH,
            event: SystemEvent::EventsDropped { count: 3 },
        });
        let sealed = seal(&Head::EMPTY, Timestamp::UNIX_EPOCH, "sensor", "event", &event, None).unwrap();
        assert_eq!(
            sealed.body,
            format!(
                concat!(
                    r#"{{"at":"1970-01-01T00:00:00Z","event":{{"at":"1970-01-01T00:00:00Z","event":"#,
                    r#"{{"count":3,"what":"events_dropped"}},"kind":"system","process":"sensor"}},"#,
                    r#""prev":"{}","process":"sensor","seq":1}}"#
                ),
                "0".repeat(64)
            )
        );
        assert_eq!(sealed.kind, "system/events_dropped");
        let (record, again) = open(1, None, sealed.body.clone()).unwrap();
        assert_eq!(record.entry, Entry::Event(event));
        assert_eq!(again, sealed);
    }

    #[test]
    fn another_form_of_the_same_record_is_refused() {
        let event = Event::System(SystemRecord {
            process: "core".into(),
            at: Timestamp::UNIX_EPOCH,
            event: SystemEvent::Stopped { pid: 1 },
        });
        let body = seal(&Head::EMPTY, Timestamp::UNIX_EPOCH, "core", "event", &event, None).unwrap().body;
        assert!(open(1, None, body.replace("\"seq\"", " \"seq\"")).is_err());
        assert!(open(1, None, body.replace("\"seq\"", "\"extra\":1,\"seq\"")).is_err());
    }
}
