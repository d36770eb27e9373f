//! Checks the chain record by record. Pure: the engine hands the rows over in order.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::str::FromStr;

use jiff::Timestamp;

use crate::event::observation::{Direction, FileDigest};
use crate::event::system::Aged;
use crate::event::{Alert, Event, Observation, Root, SessionEvent, SessionId, Stamp, SystemEvent};

use super::merkle::{Algorithm, Hash};
use super::record::{self, Entry, Head, Record};
use super::root::{end_of, is_signed};
use super::stamp;

/// What is known of the chain from elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Places that alerts or heartbeats told of: each must still have that hash.
    pub anchors: Vec<Anchor>,
    /// The public key that signs the roots, lower-case hex; any key, but always the same, without it.
    pub key: Option<String>,
}

/// A place in the chain as it was told to somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// Number of the record.
    pub seq: u64,
    /// Its hash, lower-case hex.
    pub hash: String,
}

impl FromStr for Anchor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("{text}: expected chain_sequence:chain_head, as in 1042:5f3c… (64 digits)");
        let (seq, hash) = text.trim().split_once(':').ok_or_else(expected)?;
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        let seq = seq.parse().ok().filter(|_| is_hash).ok_or_else(expected)?;
        Ok(Anchor { seq, hash: hash.to_ascii_lowercase() })
    }
}

/// The first record that does not fit, and why.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Break {
    /// Its sequence number.
    pub seq: u64,
    /// What is wrong.
    #[serde(flatten)]
    pub breakage: Breakage,
}

/// What can be wrong with a record.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "breakage", rename_all = "snake_case")]
pub enum Breakage {
    /// Records before it are gone.
    Missing {
        /// The number that was expected here.
        expected: u64,
    },
    /// The body is not the canonical form of a record.
    Unreadable {
        /// Why.
        why: String,
    },
    /// The body says another number than its place.
    Misplaced {
        /// The number in the body.
        says: u64,
    },
    /// It does not name the hash of the record before it.
    Unlinked,
    /// Its bytes do not give the hash beside it.
    Altered,
    /// What is stored beside the body (time, session, kind) disagrees with it.
    Mislabelled,
    /// It is an alert that names a head which the chain never had.
    FalseHead,
    /// The chain ends before the place that the store remembers.
    CutOff {
        /// The last number that was written.
        expected: u64,
    },
    /// It has another hash than somebody was told: the chain was rewritten.
    Rewritten {
        /// The hash that was told.
        told: String,
    },
    /// It is a root that the records or the key do not bear out.
    FalseRoot {
        /// Why.
        why: String,
    },
    /// It is a time stamp that does not hold for its root.
    FalseStamp {
        /// Why.
        why: String,
    },
    /// A list that is derived from the records disagrees with them.
    Index {
        /// Which list, and where.
        what: String,
    },
}

/// What a whole check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The last good record.
    pub head: Head,
    /// The first broken record, if any.
    pub broken: Option<Break>,
    /// Sessions of which not all events came.
    pub incomplete_sessions: usize,
    /// Sessions in the chain.
    pub sessions: usize,
    /// Alerts in the chain.
    pub alerts: usize,
    /// Signed roots in the chain.
    pub roots: usize,
    /// Last record that a root signs for.
    pub signed: u64,
    /// The key that signs, lower-case hex; empty before the first root.
    pub key: String,
    /// Time stamps of roots in the chain.
    pub stamps: usize,
    /// The last of them.
    pub stamp: Option<Stamp>,
    /// Files that the records vouch for.
    pub files: Files,
}

/// Files that the chain vouches for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    /// SHA-256 of files that peers handed over.
    pub uploads: BTreeSet<String>,
    /// Transcripts by session.
    pub transcripts: BTreeMap<SessionId, FileDigest>,
    /// Packet segments by file name, without those that were removed by the quota.
    pub segments: BTreeMap<String, FileDigest>,
    /// Transcripts of sessions from before then were removed for their age.
    pub aged: Option<Timestamp>,
}

/// One row as the engine stores it.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) seq: u64,
    pub(super) at: i64,
    pub(super) session: Option<SessionId>,
    pub(super) kind: String,
    pub(super) hash: Vec<u8>,
    pub(super) body: String,
}

/// Follows the chain from its start.
#[derive(Debug, Default)]
pub(super) struct Verifier {
    head: Option<Head>,
    files: Files,
    sessions: HashMap<SessionId, Seen>,
    alerts: Vec<(u64, Alert)>,
    known: Known,
    /// Hashes of the records behind the last root.
    unsigned: Vec<Hash>,
    /// All roots, by their last record.
    roots: BTreeMap<u64, Root>,
    signed: Option<Head>,
    stamps: usize,
    stamp: Option<Stamp>,
    /// Roots with an SM3 value, which the engine looks at: it has the bodies.
    second: Vec<(u64, Root)>,
}

/// Events of one session in the chain, and as many as the sensor numbered.
#[derive(Debug, Default)]
struct Seen {
    kept: u64,
    made: u64,
}

impl Verifier {
    /// Goes by what is known from elsewhere.
    pub(super) fn new(known: &Known) -> Self {
        Verifier { known: known.clone(), ..Verifier::default() }
    }

    /// The first anchor behind the end of the chain.
    pub(super) fn missing_anchor(&self) -> Option<Break> {
        let head = self.head().seq;
        let missing = self.known.anchors.iter().map(|anchor| anchor.seq).filter(|seq| *seq > head).max()?;
        Some(Break { seq: head, breakage: Breakage::CutOff { expected: missing } })
    }

    /// Roots that also have an SM3 value, with the numbers of their records.
    pub(super) fn second_roots(&self) -> &[(u64, Root)] {
        &self.second
    }

    /// The last good record so far.
    pub(super) fn head(&self) -> Head {
        self.head.unwrap_or(Head::EMPTY)
    }

    /// Takes the next row.
    pub(super) fn next(&mut self, row: Row) -> Result<(), Break> {
        let seq = row.seq;
        self.check(row).map_err(|breakage| Break { seq, breakage })
    }

    /// Events of a session, as counted from the records.
    pub(super) fn events_of(&self, session: SessionId) -> u64 {
        self.sessions.get(&session).map_or(0, |seen| seen.kept)
    }

    /// Sessions that have events.
    pub(super) fn session_count(&self) -> usize {
        self.sessions.len()
    }

    /// Alerts with the numbers of their records.
    pub(super) fn alerts(&self) -> &[(u64, Alert)] {
        &self.alerts
    }

    /// What was found, with the break that ended it.
    pub(super) fn finish(self, broken: Option<Break>) -> Verified {
        let incomplete = self.sessions.values().filter(|seen| seen.kept < seen.made).count();
        Verified {
            head: self.head(),
            broken,
            sessions: self.sessions.len(),
            alerts: self.alerts.len(),
            incomplete_sessions: incomplete,
            roots: self.roots.len(),
            signed: self.signed.map_or(0, |head| head.seq),
            key: self.known.key.unwrap_or_default(),
            stamps: self.stamps,
            stamp: self.stamp,
            files: self.files,
        }
    }

    fn check(&mut self, row: Row) -> Result<(), Breakage> {
        let head = self.head();
        if row.seq != head.seq + 1 {
            return Err(Breakage::Missing { expected: head.seq + 1 });
        }
        let (record, sealed) =
            record::open(row.seq, row.session, row.body).map_err(|why| Breakage::Unreadable { why })?;
        if sealed.hash.as_slice() != row.hash {
            return Err(Breakage::Altered);
        }
        if record.seq != row.seq {
            return Err(Breakage::Misplaced { says: record.seq });
        }
        if record.prev != hex::encode(head.hash) {
            return Err(Breakage::Unlinked);
        }
        if record.at.as_microsecond() != row.at
            || session_of(&record) != row.session
            || sealed.kind != row.kind
        {
            return Err(Breakage::Mislabelled);
        }
        self.compare_anchors(row.seq, &sealed.hash)?;
        self.take(record, &head)?;
        self.unsigned.push(sealed.hash);
        self.head = Some(Head { seq: row.seq, hash: sealed.hash });
        Ok(())
    }

    fn compare_anchors(&self, seq: u64, hash: &Hash) -> Result<(), Breakage> {
        let hash = hex::encode(hash);
        match self.known.anchors.iter().find(|anchor| anchor.seq == seq && anchor.hash != hash) {
            Some(anchor) => Err(Breakage::Rewritten { told: anchor.hash.clone() }),
            None => Ok(()),
        }
    }

    fn take_root(&mut self, seq: u64, root: Root) -> Result<(), Breakage> {
        let signed = self.signed.unwrap_or(Head::EMPTY);
        self.judge(&root, signed).map_err(|why| Breakage::FalseRoot { why: why.into() })?;
        self.unsigned.drain(..root.count());
        self.known.key = Some(root.key.clone());
        self.signed = Some(end_of(&root));
        if root.sm3.is_some() {
            self.second.push((seq, root.clone()));
        }
        self.roots.insert(root.to, root);
        Ok(())
    }

    fn take_stamp(&mut self, stamp: &Stamp) -> Result<(), Breakage> {
        let root = self.roots.get(&stamp.to).ok_or_else(|| "there is no such root".to_owned());
        root.and_then(|root| stamp::check(stamp, root)).map_err(|why| Breakage::FalseStamp { why })?;
        self.stamps += 1;
        self.stamp = Some(stamp.clone());
        Ok(())
    }

    fn judge(&self, root: &Root, signed: Head) -> Result<(), &'static str> {
        if !is_signed(root) {
            return Err("its signature is wrong");
        }
        if self.known.key.as_ref().is_some_and(|key| *key != root.key) {
            return Err("another key signed it");
        }
        if root.from != signed.seq + 1 || root.before != hex::encode(signed.hash) {
            return Err("it does not follow the root before it");
        }
        let count = root.count();
        let spanned = self.unsigned.get(..count).filter(|spanned| !spanned.is_empty());
        let spanned = spanned.ok_or("it spans records that are not there")?;
        let is_head = spanned.last().is_some_and(|hash| hex::encode(hash) == root.head);
        if !is_head || hex::encode(Algorithm::Sha256.root(spanned)) != root.merkle {
            return Err("the records that it spans are others");
        }
        Ok(())
    }

    fn take(&mut self, record: Record, head: &Head) -> Result<(), Breakage> {
        if let Some(root) = record.root() {
            return self.take_root(record.seq, root.clone());
        }
        if let Some(stamp) = record.stamp() {
            return self.take_stamp(stamp);
        }
        if let Some((Aged::Sessions, before)) = record.removed() {
            self.files.aged = self.files.aged.max(Some(before));
        }
        match record.entry {
            Entry::Alert(alert) if !names(&alert, head) => return Err(Breakage::FalseHead),
            Entry::Alert(alert) => self.alerts.push((record.seq, alert)),
            Entry::Event(Event::Session(event)) => self.take_event(event),
            Entry::Event(Event::System(system)) => self.files.take_system(system.event),
        }
        Ok(())
    }

    fn take_event(&mut self, event: SessionEvent) {
        let seen = self.sessions.entry(event.origin.session).or_default();
        seen.kept += 1;
        seen.made = seen.made.max(u64::from(event.index) + 1);
        self.files.take_session(event.origin.session, event.observation);
    }
}

impl Files {
    fn take_session(&mut self, session: SessionId, observation: Observation) {
        if let Observation::Closed { transcript: Some(digest), .. } = observation {
            self.transcripts.insert(session, digest);
        } else if let Observation::Transfer { direction: Direction::Upload, sha256, .. } = observation {
            self.uploads.insert(sha256);
        }
    }

    fn take_system(&mut self, event: SystemEvent) {
        if let SystemEvent::SegmentClosed { segment, bytes, sha256, .. } = event {
            self.segments.entry(segment).or_insert(FileDigest { sha256, size: bytes });
        } else if let SystemEvent::SegmentWithheld { segment, bytes, sha256, .. } = event {
            self.segments.insert(segment, FileDigest { sha256, size: bytes });
        } else if let SystemEvent::SegmentRemoved { segment, .. } = event {
            self.segments.remove(&segment);
        }
    }
}

fn session_of(record: &Record) -> Option<SessionId> {
    match &record.entry {
        Entry::Event(event) => event.session(),
        Entry::Alert(_) => None,
    }
}

fn names(alert: &Alert, head: &Head) -> bool {
    alert.chain_sequence == head.seq && alert.chain_head == hex::encode(head.hash)
}
