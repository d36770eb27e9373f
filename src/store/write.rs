//! The one writer.

use std::collections::hash_map;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::cases::{self, Case};
use super::changes::{Changes, column, micros};
use super::engine::{Writing, first, rows, stored_head, unreadable};
use super::place::Place;
use super::{Head, SessionRow, StoreError, record, terms};
use crate::event::{Alert, CaseChange, Event, SessionId, Severity, SystemEvent, SystemRecord};

/// Rows of sessions kept in memory between transactions; read again when needed.
const CACHED_SESSIONS: usize = 8_192;

/// Most terms by which one session is found: a flood of words must not fill the disk.
const TERMS: usize = 512;

/// What detection knows of one source, as it saves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detected {
    /// The source.
    pub source: IpAddr,
    /// Its last event.
    pub last: Timestamp,
    /// Everything, in detection's own form.
    pub state: String,
}

/// The writer. There is one per store.
pub struct Store {
    engine: Box<dyn Writing>,
    head: Head,
    /// The head after a commit that failed: it is not known whether it was kept.
    attempted: Option<Head>,
    sessions: HashMap<SessionId, Cached>,
}

struct Cached {
    row: SessionRow,
    dirty: bool,
    /// Terms that are known of it since it is in memory.
    terms: HashSet<String>,
    /// Those of them that are not written yet.
    fresh: Vec<String>,
}

impl Cached {
    fn find_by(&mut self, term: String) {
        if self.terms.len() < TERMS && !self.terms.contains(&term) {
            self.terms.insert(term.clone());
            self.fresh.push(term);
        }
    }
}

impl Store {
    /// Opens the store; makes it, or brings its schema up to date.
    ///
    /// # Errors
    /// It can't be made or reached, another process writes it, or a newer version wrote it.
    pub fn open(place: impl Into<Place>) -> Result<Self, StoreError> {
        Self::over(place.into().writer()?)
    }

    pub(super) fn over(engine: Box<dyn Writing>) -> Result<Self, StoreError> {
        let head = stored_head(&*engine)?;
        Ok(Store { engine, head, attempted: None, sessions: HashMap::new() })
    }

    /// The last record committed, as far as this writer knows.
    pub fn head(&self) -> Head {
        self.head
    }

    /// What detection saved, of sources whose last event is not before `since`.
    ///
    /// # Errors
    /// The engine failed.
    pub fn detected(&self, since: Timestamp) -> Result<Vec<Detected>, StoreError> {
        let sql = "SELECT source, last, state FROM incidents WHERE last >= ?1";
        rows(&*self.engine, sql, &[micros(since).into()], |mut line| {
            Ok(Detected {
                source: line.text(0)?.parse().map_err(|e| unreadable(0, e))?,
                last: Timestamp::from_microsecond(line.int(1)?).map_err(|e| unreadable(0, e))?,
                state: line.text(2)?,
            })
        })
    }

    /// Starts a transaction. What it does is kept by [`Transaction::commit`], whole or not at all.
    ///
    /// # Errors
    /// The engine failed.
    pub fn begin(&mut self) -> Result<Transaction<'_>, StoreError> {
        if let Some(attempted) = self.attempted {
            // It may have been kept without an answer: the store says what became of it.
            let found = stored_head(&*self.engine)?;
            if found != self.head && found != attempted {
                return Err(StoreError::Forked { found: found.seq, known: self.head.seq });
            }
            self.head = found;
            self.attempted = None;
        }
        Ok(Transaction { changes: Changes::after(self.head), store: self, committed: false })
    }
}

/// A group of records that becomes durable together.
pub struct Transaction<'s> {
    store: &'s mut Store,
    changes: Changes,
    committed: bool,
}

impl Transaction<'_> {
    /// The last record, counting those of this transaction.
    pub fn head(&self) -> Head {
        self.changes.head
    }

    /// Position of the last event kept from this stream, if any was.
    ///
    /// # Errors
    /// The engine failed.
    pub fn position(&self, stream: Uuid) -> Result<Option<u64>, StoreError> {
        if let Some((_, position)) = self.changes.streams.get(&stream) {
            return Ok(Some(*position));
        }
        let sql = "SELECT position FROM streams WHERE stream = ?1";
        first(&*self.store.engine, sql, &[stream.as_bytes().as_slice().into()], |line| line.number(0))
    }

    /// Remembers the position of the last event kept from this stream.
    pub fn advance(&mut self, stream: Uuid, process: &str, position: u64) {
        self.changes.streams.insert(stream, (column(process), position));
    }

    /// Appends an event; gives the new head.
    ///
    /// # Errors
    /// The engine failed.
    pub fn append(&mut self, at: Timestamp, process: &str, event: &Event) -> Result<Head, StoreError> {
        let session = event.session();
        self.link(at, process, "event", event, session)?;
        if let Event::Session(event) = event {
            let cached = self.session(event.origin.session, || SessionRow::new(&event.origin, event.at))?;
            cached.row.fold(event);
            if !event.origin.own {
                terms::of(&event.observation, |term| cached.find_by(term));
            }
        }
        if let Event::System(SystemRecord { event: SystemEvent::Case { incident, change, .. }, .. }) = event {
            self.fold_case(incident, change)?;
        }
        Ok(self.changes.head)
    }

    /// Sessions whose end is not recorded, those of this transaction included, oldest first.
    ///
    /// # Errors
    /// The engine failed, or a row is damaged.
    pub fn open_sessions(&mut self) -> Result<Vec<SessionRow>, StoreError> {
        let sql = "SELECT row FROM sessions WHERE open = 1";
        let stored = rows(&*self.store.engine, sql, &[], |mut line| session_row(&line.text(0)?))?;
        let mut open: BTreeMap<SessionId, SessionRow> = stored.into_iter().map(|row| (row.id, row)).collect();
        for cached in self.store.sessions.values() {
            if cached.row.closed.is_none() {
                open.insert(cached.row.id, cached.row.clone());
            } else {
                open.remove(&cached.row.id);
            }
        }
        Ok(open.into_values().collect())
    }

    /// Evidence class noted for a session that an event was just appended to; empty before the first.
    pub fn class_of(&self, session: SessionId) -> &str {
        self.store.sessions.get(&session).map_or("", |cached| cached.row.class.as_str())
    }

    /// Notes the strongest evidence of a session that an event was just appended to.
    pub fn rate(&mut self, session: SessionId, class: &str, severity: Severity) {
        if let Some(cached) = self.store.sessions.get_mut(&session) {
            cached.row.class = class.to_owned();
            cached.row.severity = severity;
        }
    }

    /// Notes techniques that a session showed, of an event that was just appended to it.
    pub fn label(&mut self, session: SessionId, techniques: &[&str]) {
        if let Some(cached) = self.store.sessions.get_mut(&session) {
            techniques.iter().for_each(|technique| cached.find_by(terms::technique_term(technique)));
        }
    }

    /// Appends an alert, with the head before it as its anchor; gives its sequence number.
    ///
    /// # Errors
    /// It can't be written as JSON.
    pub fn alert(&mut self, at: Timestamp, process: &str, mut alert: Alert) -> Result<u64, StoreError> {
        alert.chain_head = hex::encode(self.changes.head.hash);
        alert.chain_sequence = self.changes.head.seq;
        self.link(at, process, "alert", &alert, None)?;
        self.changes.alert(&alert);
        Ok(self.changes.head.seq)
    }

    /// Saves what detection knows of one source.
    pub fn save(&mut self, detected: Detected) {
        self.changes.detected.insert(detected.source, detected);
    }

    /// Makes it all durable: on the disk when this returns.
    ///
    /// # Errors
    /// The engine failed. Then nothing of the transaction was kept, or the next one starts behind it.
    pub fn commit(mut self) -> Result<(), StoreError> {
        let mut changes = std::mem::replace(&mut self.changes, Changes::after(self.store.head));
        let head = changes.head;
        for cached in self.store.sessions.values_mut() {
            if cached.dirty {
                changes.session(&cached.row)?;
            }
            cached.fresh.drain(..).for_each(|term| changes.term(&term, cached.row.id));
        }
        let batches = changes.into_batches();
        if !batches.is_empty() {
            self.store.attempted = Some(head);
            self.store.engine.commit(self.store.head, &batches)?;
            self.store.attempted = None;
        }
        self.committed = true;
        self.store.head = head;
        self.store.sessions.retain(|_, cached| cached.row.closed.is_none());
        self.store.sessions.values_mut().for_each(|cached| cached.dirty = false);
        if self.store.sessions.len() > CACHED_SESSIONS {
            self.store.sessions.clear();
        }
        Ok(())
    }

    fn link(
        &mut self,
        at: Timestamp,
        process: &str,
        name: &str,
        entry: &impl Serialize,
        session: Option<SessionId>,
    ) -> Result<(), StoreError> {
        let head = self.changes.head;
        let sealed = record::seal(&head, at, process, name, entry, session)
            .map_err(|error| unreadable(head.seq + 1, error))?;
        self.changes.record(at, sealed);
        Ok(())
    }

    fn session(
        &mut self,
        id: SessionId,
        new: impl FnOnce() -> SessionRow,
    ) -> Result<&mut Cached, StoreError> {
        let cached = match self.store.sessions.entry(id) {
            hash_map::Entry::Occupied(occupied) => occupied.into_mut(),
            hash_map::Entry::Vacant(vacant) => {
                let sql = "SELECT row FROM sessions WHERE id = ?1";
                let stored = first(&*self.store.engine, sql, &[id.into()], |mut l| session_row(&l.text(0)?))?;
                let row = stored.unwrap_or_else(new);
                vacant.insert(Cached { row, dirty: true, terms: HashSet::new(), fresh: Vec::new() })
            }
        };
        cached.dirty = true;
        Ok(cached)
    }

    /// Adds what the team did to what is known of the incident.
    fn fold_case(&mut self, incident: &str, change: &CaseChange) -> Result<(), StoreError> {
        let incident = column(incident);
        let mut known: Case = match self.changes.cases.get(&incident) {
            Some(case) => case.clone(),
            None => cases::stored(&*self.store.engine, &incident)?,
        };
        known.take(self.changes.head.seq, change);
        self.changes.case(incident, known);
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if !self.committed {
            // What memory knows of sessions may be ahead of the store now.
            self.store.sessions.clear();
        }
    }
}

pub(super) fn session_row(json: &str) -> Result<SessionRow, StoreError> {
    serde_json::from_str(json).map_err(|error| unreadable(0, error))
}
