//! What a bundle is about: one session, or an incident with all its sessions.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use crate::event::observation::{Direction, FileDigest, Handling};
use crate::event::{Alert, Event, Observation, SessionEvent, SessionId};
use crate::store::{AlertFilter, Entry, Reader, Record, SessionFilter, SessionRow, StoreError};

/// Most sessions of one bundle: a guesser of passwords makes thousands that say the same.
const MOST: usize = 1_000;

/// What precedes the first evidence belongs to it, as for the packets that are kept.
const BEFORE: SignedDuration = SignedDuration::from_mins(10);

/// Detection goes on with an incident for this long.
const AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Everything that the store has of the subject.
pub struct Case {
    /// The session or the incident, by its id.
    pub subject: String,
    /// Revisions of the incident, or of those that name the session, oldest first, with the numbers of
    /// their records.
    pub alerts: Vec<(u64, Alert)>,
    /// Its sessions, oldest first.
    pub sessions: Vec<Taken>,
    /// Sessions that are of it but are not taken, since there are too many.
    pub left_out: usize,
}

/// One session with its records.
pub struct Taken {
    /// The session at a glance.
    pub row: SessionRow,
    /// Its records, in the order they were kept.
    pub records: Vec<Record>,
}

impl Case {
    /// A session, with the alerts that name it.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    pub fn session(reader: &Reader, row: SessionRow) -> Result<Self, StoreError> {
        let filter = AlertFilter { since: Some(row.opened), min_severity: None };
        let mut alerts = reader.alerts(&filter)?;
        alerts.retain(|(_, alert)| alert.sessions.contains(&row.id));
        alerts.reverse();
        let records = reader.session_records(row.id)?;
        Ok(Case { subject: row.id.to_string(), alerts, sessions: vec![Taken { row, records }], left_out: 0 })
    }

    /// The incident whose id starts so, with the sessions that its revisions name and all others of its
    /// source meanwhile; `None` when no incident or more than one does.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    pub fn incident(reader: &Reader, start: &str) -> Result<Option<Self>, StoreError> {
        let start = start.trim();
        let mut alerts = reader.alerts(&AlertFilter::default())?;
        alerts.retain(|(_, alert)| alert.id.starts_with(start) && !start.is_empty());
        alerts.reverse();
        let Some(id) = alerts.first().map(|(_, alert)| alert.id.clone()) else { return Ok(None) };
        if alerts.iter().any(|(_, alert)| alert.id != id) {
            return Ok(None);
        }
        let mut sessions: BTreeSet<SessionId> =
            alerts.iter().flat_map(|(_, alert)| alert.sessions.iter().copied()).collect();
        let others = meanwhile(reader, &alerts)?;
        let room = MOST.saturating_sub(sessions.len());
        let fresh: Vec<SessionId> = others.into_iter().filter(|id| !sessions.contains(id)).collect();
        let left_out = fresh.len().saturating_sub(room);
        sessions.extend(fresh.into_iter().take(room));
        let mut taken = Vec::new();
        for session in sessions {
            let rows = reader.sessions_starting(&session.to_string(), 1)?;
            let records = reader.session_records(session)?;
            taken.extend(rows.into_iter().next().map(|row| Taken { row, records }));
        }
        Ok(Some(Case { subject: id, alerts, sessions: taken, left_out }))
    }

    /// Numbers of all its records, ascending.
    pub(super) fn numbers(&self) -> BTreeSet<u64> {
        let sessions = self.sessions.iter().flat_map(|taken| taken.records.iter().map(|record| record.seq));
        sessions.chain(self.alerts.iter().map(|(seq, _)| *seq)).collect()
    }

    /// Events of all sessions with the numbers of their records, by time.
    pub(super) fn events(&self) -> Vec<(u64, &SessionEvent)> {
        let mut events: Vec<_> = self.sessions.iter().flat_map(Taken::events).collect();
        events.sort_by_key(|(seq, event)| (event.at, *seq));
        events
    }

    /// The last revision of the incident.
    pub(super) fn latest(&self) -> Option<&Alert> {
        self.alerts.last().map(|(_, alert)| alert)
    }
}

/// Sessions of an incident's source while it lasted, oldest first: revisions name only those that
/// raised them.
fn meanwhile(reader: &Reader, alerts: &[(u64, Alert)]) -> Result<Vec<SessionId>, StoreError> {
    let (Some((_, first)), Some((_, last))) = (alerts.first(), alerts.last()) else { return Ok(Vec::new()) };
    let since = first.first_seen.checked_sub(BEFORE).unwrap_or(first.first_seen);
    let until = last.last_seen.checked_add(AFTER).unwrap_or(last.last_seen);
    let filter = SessionFilter { since: Some(since), source: Some(last.source), ..SessionFilter::default() };
    let mut rows = reader.sessions(&filter)?;
    rows.retain(|row| row.opened <= until);
    Ok(rows.into_iter().rev().map(|row| row.id).collect())
}

impl Taken {
    /// Its events with the numbers of their records.
    pub(super) fn events(&self) -> impl Iterator<Item = (u64, &SessionEvent)> {
        self.records.iter().filter_map(|record| match &record.entry {
            Entry::Event(Event::Session(event)) => Some((record.seq, event)),
            Entry::Event(Event::System(_)) | Entry::Alert(_) => None,
        })
    }

    /// What the chain says of its transcript.
    pub(super) fn transcript(&self) -> Option<&FileDigest> {
        self.events().find_map(|(_, event)| match &event.observation {
            Observation::Closed { transcript, .. } => transcript.as_ref(),
            _ => None,
        })
    }

    /// Files handed over: name, size, SHA-256.
    pub(super) fn uploads(&self) -> impl Iterator<Item = (String, u64, &str)> {
        self.events().filter_map(|(_, event)| match &event.observation {
            Observation::Transfer { direction: Direction::Upload, name, size, sha256 } => {
                Some((name.for_terminal(), *size, sha256.as_str()))
            }
            _ => None,
        })
    }

    /// Whether real patients' data came in it that the hospital does not want kept as it came.
    pub(super) fn is_withheld(&self) -> bool {
        self.events().any(|(_, event)| {
            matches!(event.observation, Observation::RealData { handling, .. } if handling != Handling::Kept)
        })
    }
}
