//! Incidents as the team works on them: the newest revision of each, and what was said of it.

use std::net::IpAddr;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row as SqlRow};

use super::read::{alert_of, parse, seq_and_body};
use super::{Reader, micros, rank, signed, unreadable, unsigned};
use crate::event::{Alert, CaseChange, CaseState, Severity};
use crate::store::{Record, StoreError};

/// How far the team is with an incident.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Case {
    /// Its state.
    pub state: CaseState,
    /// Who works on it; empty: nobody.
    pub assignee: String,
    /// How many notes there are.
    pub notes: u64,
    /// Number of the record of the last change; 0 before the first.
    pub seq: u64,
}

/// An incident's newest revision and how far the team is with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// The newest revision.
    pub alert: Alert,
    /// The team's part.
    pub case: Case,
}

/// Which incidents to list.
#[derive(Debug, Clone, Default)]
pub struct CaseFilter {
    /// Only with a revision since then.
    pub since: Option<Timestamp>,
    /// Only of this severity.
    pub severity: Option<Severity>,
    /// Only in this state.
    pub state: Option<CaseState>,
    /// Only those that are not closed.
    pub open: bool,
    /// Only this account's; empty: nobody's.
    pub assignee: Option<String>,
    /// Only of this source.
    pub source: Option<IpAddr>,
}

const NEWEST: &str = "FROM alerts AS a LEFT JOIN cases AS c ON c.incident = a.id
     WHERE a.at >= ?1 AND a.revision = (SELECT max(revision) FROM alerts AS n WHERE n.id = a.id)
       AND (?2 IS NULL OR a.severity = ?2)
       AND (?3 IS NULL OR coalesce(c.state, 'new') = ?3)
       AND (NOT ?4 OR coalesce(c.state, 'new') NOT LIKE 'closed%')
       AND (?5 IS NULL OR coalesce(c.assignee, '') = ?5)";

impl Reader {
    /// The newest revision of each incident, newest first, at most `limit`.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    pub fn incidents(&self, filter: &CaseFilter, limit: usize) -> Result<Vec<Incident>, StoreError> {
        let sql = format!(
            "SELECT a.seq, r.body, c.state, c.assignee, c.notes, c.seq
             FROM (SELECT a.seq AS seq, a.id AS id {NEWEST}
                   ORDER BY a.seq DESC) AS a
             JOIN records AS r ON r.seq = a.seq LEFT JOIN cases AS c ON c.incident = a.id
             WHERE ?6 IS NULL OR json_extract(r.body, '$.alert.source') = ?6
             ORDER BY a.seq DESC LIMIT ?7"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let parameters = (
            filter.since.map_or(0, micros),
            filter.severity.map(rank),
            filter.state.map(CaseState::name),
            filter.open,
            filter.assignee.as_deref(),
            filter.source.map(|source| source.to_string()),
            i64::try_from(limit).unwrap_or(-1),
        );
        let rows = statement.query_map(parameters, |row| Ok((seq_and_body(row)?, case_at(row, 2)?)))?;
        rows.map(|row| {
            let (record, case) = row?;
            let (_, alert) = alert_of(parse(record)?)?;
            Ok(Incident { alert, case })
        })
        .collect()
    }

    /// How many incidents there are of each severity, from info to high.
    ///
    /// # Errors
    /// The engine failed.
    pub fn count_incidents(&self, filter: &CaseFilter) -> Result<[u64; 4], StoreError> {
        let sql = format!("SELECT a.severity, count(*) {NEWEST} GROUP BY a.severity");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let parameters = (
            filter.since.map_or(0, micros),
            filter.severity.map(rank),
            filter.state.map(CaseState::name),
            filter.open,
            filter.assignee.as_deref(),
        );
        let mut counts = [0; 4];
        let mut rows = statement.query(parameters)?;
        while let Some(row) = rows.next()? {
            let at = usize::try_from(row.get::<_, i64>(0)?).unwrap_or(0);
            if let Some(count) = counts.get_mut(at) {
                *count = unsigned(row.get(1)?);
            }
        }
        Ok(counts)
    }

    /// How far the team is with one incident.
    ///
    /// # Errors
    /// The engine failed.
    pub fn case(&self, incident: &str) -> Result<Case, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT state, assignee, notes, seq FROM cases WHERE incident = ?1")?;
        Ok(statement.query_row([incident], |row| case_at(row, 0)).optional()?.unwrap_or_default())
    }

    /// What the team did with one incident, oldest first.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    pub fn case_records(&self, incident: &str) -> Result<Vec<Record>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT seq, body FROM case_records JOIN records USING (seq) WHERE incident = ?1 ORDER BY seq",
        )?;
        let rows = statement.query_map([incident], seq_and_body)?;
        rows.map(|row| row.map_err(StoreError::from).and_then(parse)).collect()
    }
}

fn case_at(row: &SqlRow<'_>, first: usize) -> rusqlite::Result<Case> {
    let Some(state) = row.get::<_, Option<String>>(first)? else { return Ok(Case::default()) };
    Ok(Case {
        state: CaseState::named(&state).unwrap_or_default(),
        assignee: row.get(first + 1)?,
        notes: unsigned(row.get(first + 2)?),
        seq: unsigned(row.get(first + 3)?),
    })
}

/// Adds one change to what is derived; `seq` is its record's.
pub(super) fn fold(
    connection: &Connection,
    seq: u64,
    incident: &str,
    change: &CaseChange,
) -> Result<(), StoreError> {
    let mut known = connection
        .prepare_cached("SELECT state, assignee, notes, seq FROM cases WHERE incident = ?1")?
        .query_row([incident], |row| case_at(row, 0))
        .optional()?
        .unwrap_or_default();
    match change {
        CaseChange::State { to } => known.state = *to,
        CaseChange::Assigned { to } => known.assignee.clone_from(to),
        CaseChange::Note { .. } => known.notes += 1,
    }
    let notes = i64::try_from(known.notes).map_err(|error| unreadable(seq, error))?;
    connection.prepare_cached("INSERT OR REPLACE INTO cases VALUES (?1, ?2, ?3, ?4, ?5)")?.execute((
        incident,
        known.state.name(),
        &known.assignee,
        notes,
        signed(seq),
    ))?;
    connection
        .prepare_cached("INSERT INTO case_records VALUES (?1, ?2)")?
        .execute((incident, signed(seq)))?;
    Ok(())
}
