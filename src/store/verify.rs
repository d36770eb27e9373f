//! Checks the chain record by record. Pure: the engine hands the rows over in order.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::event::observation::{Direction, FileDigest};
use crate::event::{Alert, Event, Observation, SessionEvent, SessionId, SystemEvent};

use super::record::{self, Entry, Head, Record};

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
}

/// Events of one session in the chain, and as many as the sensor numbered.
#[derive(Debug, Default)]
struct Seen {
    kept: u64,
    made: u64,
}

impl Verifier {
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
        self.take(record, &head)?;
        self.head = Some(Head { seq: row.seq, hash: sealed.hash });
        Ok(())
    }

    fn take(&mut self, record: Record, head: &Head) -> Result<(), Breakage> {
        match record.entry {
            Entry::Alert(alert) if !names(&alert, head) => return Err(Breakage::FalseHead),
            Entry::Alert(alert) => self.alerts.push((record.seq, alert)),
            Entry::Event(Event::Session(event)) => self.take_event(event),
            Entry::Event(Event::System(record)) => self.files.take_system(record.event),
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
