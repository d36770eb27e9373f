//! The one writer.

use std::collections::hash_map;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;
use uuid::Uuid;

use super::{cases, micros, rank, schema, signed, stored_head, unreadable, unsigned};
use crate::event::{Alert, Event, SessionId, Severity, SystemEvent, SystemRecord};
use crate::store::record::{self, Sealed};
use crate::store::{Head, SessionRow, StoreError, terms};

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

/// The writer. There is one per database.
pub struct Store {
    connection: Connection,
    head: Head,
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
    /// Opens the database; makes it, or brings its schema up to date.
    ///
    /// # Errors
    /// The file can't be made or opened, or a newer version wrote it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = schema::open_writer(path)?;
        let head = stored_head(&connection)?;
        Ok(Store { connection, head, sessions: HashMap::new() })
    }

    /// The last record committed.
    pub fn head(&self) -> Head {
        self.head
    }

    /// What detection saved, of sources whose last event is not before `since`.
    ///
    /// # Errors
    /// The engine failed.
    pub fn detected(&self, since: Timestamp) -> Result<Vec<Detected>, StoreError> {
        let mut statement =
            self.connection.prepare("SELECT source, last, state FROM incidents WHERE last >= ?1")?;
        let rows = statement.query_map([micros(since)], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?))
        })?;
        rows.map(|row| {
            let (source, last, state) = row?;
            Ok(Detected {
                source: source.parse().map_err(|e| unreadable(0, e))?,
                last: Timestamp::from_microsecond(last).map_err(|e| unreadable(0, e))?,
                state,
            })
        })
        .collect()
    }

    /// Starts a transaction. What it does is kept by [`Transaction::commit`], whole or not at all.
    ///
    /// # Errors
    /// The engine failed.
    pub fn begin(&mut self) -> Result<Transaction<'_>, StoreError> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        Ok(Transaction { head: self.head, store: self, committed: false })
    }

    #[cfg(test)]
    pub(in crate::store) fn connection(&self) -> &Connection {
        &self.connection
    }
}

/// A group of records that becomes durable together.
pub struct Transaction<'s> {
    store: &'s mut Store,
    head: Head,
    committed: bool,
}

impl Transaction<'_> {
    /// The last record, counting those of this transaction.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Position of the last event kept from this stream, if any was.
    ///
    /// # Errors
    /// The engine failed.
    pub fn position(&self, stream: Uuid) -> Result<Option<u64>, StoreError> {
        let mut statement =
            self.store.connection.prepare_cached("SELECT position FROM streams WHERE stream = ?1")?;
        Ok(statement.query_row([stream.as_bytes()], |row| row.get(0)).optional()?.map(unsigned))
    }

    /// Remembers the position of the last event kept from this stream.
    ///
    /// # Errors
    /// The engine failed.
    pub fn advance(&mut self, stream: Uuid, process: &str, position: u64) -> Result<(), StoreError> {
        let mut statement = self.store.connection.prepare_cached(
            "INSERT INTO streams VALUES (?1, ?2, ?3)
             ON CONFLICT (stream) DO UPDATE SET position = excluded.position",
        )?;
        statement.execute((stream.as_bytes(), process, signed(position)))?;
        Ok(())
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
            cases::fold(&self.store.connection, self.head.seq, incident, change)?;
        }
        Ok(self.head)
    }

    /// Sessions whose end is not recorded, those of this transaction included.
    ///
    /// # Errors
    /// The engine failed, or a row is damaged.
    pub fn open_sessions(&mut self) -> Result<Vec<SessionRow>, StoreError> {
        self.flush_sessions()?;
        let mut statement =
            self.store.connection.prepare_cached("SELECT row FROM sessions WHERE open = 1 ORDER BY id")?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        rows.map(|row| serde_json::from_str(&row?).map_err(|error| unreadable(0, error))).collect()
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
    /// The engine failed.
    pub fn alert(&mut self, at: Timestamp, process: &str, mut alert: Alert) -> Result<u64, StoreError> {
        alert.chain_head = hex::encode(self.head.hash);
        alert.chain_sequence = self.head.seq;
        self.link(at, process, "alert", &alert, None)?;
        let mut statement = self.store.connection.prepare_cached(
            "INSERT INTO alerts (seq, id, revision, at, severity) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        statement.execute((
            signed(self.head.seq),
            &alert.id,
            alert.revision,
            micros(alert.at),
            rank(alert.severity),
        ))?;
        Ok(self.head.seq)
    }

    /// Saves what detection knows of one source.
    ///
    /// # Errors
    /// The engine failed.
    pub fn save(&mut self, detected: &Detected) -> Result<(), StoreError> {
        let mut statement = self.store.connection.prepare_cached(
            "INSERT INTO incidents VALUES (?1, ?2, ?3)
             ON CONFLICT (source) DO UPDATE SET last = excluded.last, state = excluded.state",
        )?;
        statement.execute((detected.source.to_string(), micros(detected.last), &detected.state))?;
        Ok(())
    }

    /// Makes it all durable: on the disk when this returns.
    ///
    /// # Errors
    /// The engine failed; then nothing of the transaction was kept.
    pub fn commit(mut self) -> Result<(), StoreError> {
        self.flush_sessions()?;
        let mut statement = self.store.connection.prepare_cached(
            "INSERT INTO head VALUES (1, ?1, ?2)
             ON CONFLICT (one) DO UPDATE SET seq = excluded.seq, hash = excluded.hash",
        )?;
        statement.execute((signed(self.head.seq), self.head.hash.as_slice()))?;
        drop(statement);
        self.store.connection.prepare_cached("COMMIT")?.execute([])?;
        self.committed = true;
        self.store.head = self.head;
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
        let seq = self.head.seq + 1;
        let sealed = record::seal(&self.head, at, process, name, entry, session)
            .map_err(|error| unreadable(seq, error))?;
        insert(&self.store.connection, at, &sealed)?;
        self.head = Head { seq, hash: sealed.hash };
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
                let row = stored_session(&self.store.connection, id)?.unwrap_or_else(new);
                vacant.insert(Cached { row, dirty: true, terms: HashSet::new(), fresh: Vec::new() })
            }
        };
        cached.dirty = true;
        Ok(cached)
    }

    fn flush_sessions(&mut self) -> Result<(), StoreError> {
        let mut statement = self.store.connection.prepare_cached(
            "INSERT INTO sessions (id, last, source, host, service, events, open, row, own, severity)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (id) DO UPDATE
             SET last = excluded.last, events = excluded.events, open = excluded.open, row = excluded.row,
                 severity = excluded.severity",
        )?;
        for Cached { row, .. } in self.store.sessions.values().filter(|cached| cached.dirty) {
            statement.execute((
                row.id.0.as_bytes(),
                micros(row.last),
                row.source.to_string(),
                &row.host,
                &row.service,
                signed(row.events),
                row.closed.is_none(),
                serde_json::to_string(row).map_err(|error| unreadable(0, error))?,
                row.own,
                rank(row.severity),
            ))?;
        }
        drop(statement);
        let mut statement =
            self.store.connection.prepare_cached("INSERT OR IGNORE INTO terms VALUES (?1, ?2)")?;
        for Cached { row, fresh, .. } in self.store.sessions.values_mut() {
            for term in fresh.drain(..) {
                statement.execute((term, row.id.0.as_bytes()))?;
            }
        }
        drop(statement);
        self.store.sessions.retain(|_, cached| cached.row.closed.is_none());
        self.store.sessions.values_mut().for_each(|cached| cached.dirty = false);
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if !self.committed {
            // What memory knows of sessions may be ahead of the file now. The rollback fails only
            // where the engine has rolled back by itself.
            self.store.sessions.clear();
            let _ = self.store.connection.execute_batch("ROLLBACK");
        }
    }
}

fn insert(connection: &Connection, at: Timestamp, sealed: &Sealed) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO records (seq, at, session, kind, hash, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    statement.execute((
        signed(sealed.seq),
        micros(at),
        sealed.session.as_ref().map(|id| id.0.as_bytes().as_slice()),
        &sealed.kind,
        sealed.hash.as_slice(),
        &sealed.body,
    ))?;
    Ok(())
}

fn stored_session(connection: &Connection, id: SessionId) -> Result<Option<SessionRow>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT row FROM sessions WHERE id = ?1")?;
    let row: Option<String> = statement.query_row([id.0.as_bytes()], |row| row.get(0)).optional()?;
    row.map(|row| serde_json::from_str(&row).map_err(|error| unreadable(0, error))).transpose()
}
