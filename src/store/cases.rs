//! Incidents as the team works on them: the newest revision of each, and what was said of it.

use std::net::IpAddr;

use std::ops::ControlFlow;

use jiff::Timestamp;

use super::changes::{column, micros, rank};
use super::engine::{Ask, Line, Value, first, rows};
use super::read::{alert_of, seq_and_record};
use super::{Reader, Record, StoreError};
use crate::event::{Alert, CaseChange, CaseState, Severity};

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

impl Case {
    /// Adds one change; `seq` is its record's.
    pub(super) fn take(&mut self, seq: u64, change: &CaseChange) {
        self.seq = seq;
        match change {
            CaseChange::State { to } => self.state = *to,
            CaseChange::Assigned { to } => self.assignee.clone_from(to),
            CaseChange::Note { .. } => self.notes += 1,
        }
    }
}

/// The newest revisions that a filter leaves, and the values it asks with. The source stands in the
/// alert alone.
fn newest(filter: &CaseFilter) -> (String, Vec<Value>) {
    let mut sql = "FROM alerts AS a LEFT JOIN cases AS c ON c.incident = a.id
         WHERE a.at >= ?1 AND a.revision = (SELECT max(n.revision) FROM alerts AS n WHERE n.id = a.id)"
        .to_owned();
    let mut values = vec![filter.since.map_or(0, micros).into()];
    let mut narrow = |condition: &str, value: Value| {
        values.push(value);
        sql.push_str(&format!(" AND {condition} = ?{}", values.len()));
    };
    if let Some(severity) = filter.severity {
        narrow("a.severity", rank(severity).into());
    }
    if let Some(state) = filter.state {
        narrow("coalesce(c.state, 'new')", state.name().into());
    }
    if let Some(assignee) = &filter.assignee {
        narrow("coalesce(c.assignee, '')", column(assignee).into());
    }
    if filter.open {
        sql.push_str(" AND coalesce(c.state, 'new') NOT LIKE 'closed%'");
    }
    (sql, values)
}

impl Reader {
    /// The newest revision of each incident, newest first, at most `limit`.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    pub fn incidents(&self, filter: &CaseFilter, limit: usize) -> Result<Vec<Incident>, StoreError> {
        let (newest, mut values) = newest(filter);
        let mut sql = format!(
            "SELECT r.seq, r.body, c.state, c.assignee, c.notes, c.seq
             FROM (SELECT a.seq AS seq, a.id AS id {newest}) AS a
             JOIN records AS r ON r.seq = a.seq LEFT JOIN cases AS c ON c.incident = a.id
             ORDER BY a.seq DESC"
        );
        if filter.source.is_none() {
            values.push(limit.into());
            sql.push_str(&format!(" LIMIT ?{}", values.len()));
        }
        let mut found = Vec::new();
        self.engine.each(&sql, &values, &mut |mut line| {
            let case = case_at(&mut line, 2)?;
            let (_, alert) = alert_of(seq_and_record(line)?)?;
            if filter.source.is_none_or(|source| source == alert.source) {
                found.push(Incident { alert, case });
            }
            Ok(if found.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        Ok(found)
    }

    /// How many incidents there are of each severity, from info to high.
    ///
    /// # Errors
    /// The engine failed.
    pub fn count_incidents(&self, filter: &CaseFilter) -> Result<[u64; 4], StoreError> {
        let (newest, values) = newest(filter);
        let sql = format!("SELECT a.severity, count(*) {newest} GROUP BY a.severity");
        let mut counts = [0; 4];
        for (severity, count) in
            rows(&*self.engine, &sql, &values, |line| Ok((line.number(0)?, line.number(1)?)))?
        {
            let at = usize::try_from(severity).unwrap_or(usize::MAX);
            if let Some(counted) = counts.get_mut(at) {
                *counted = count;
            }
        }
        Ok(counts)
    }

    /// How far the team is with one incident.
    ///
    /// # Errors
    /// The engine failed.
    pub fn case(&self, incident: &str) -> Result<Case, StoreError> {
        stored(&*self.engine, &column(incident))
    }

    /// What the team did with one incident, oldest first.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    pub fn case_records(&self, incident: &str) -> Result<Vec<Record>, StoreError> {
        let sql = "SELECT r.seq, r.body FROM case_records AS c JOIN records AS r ON r.seq = c.seq
             WHERE c.incident = ?1 ORDER BY c.seq";
        rows(&*self.engine, sql, &[column(incident).into()], seq_and_record)
    }
}

/// How far the team is with an incident, as it stands in the store.
pub(super) fn stored(ask: &(impl Ask + ?Sized), incident: &str) -> Result<Case, StoreError> {
    let sql = "SELECT state, assignee, notes, seq FROM cases WHERE incident = ?1";
    Ok(first(ask, sql, &[incident.into()], |mut line| case_at(&mut line, 0))?.unwrap_or_default())
}

fn case_at(line: &mut Line, column: usize) -> Result<Case, StoreError> {
    if line.is_null(column) {
        return Ok(Case::default());
    }
    Ok(Case {
        state: CaseState::named(&line.text(column)?).unwrap_or_default(),
        assignee: line.text(column + 1)?,
        notes: line.number(column + 2)?,
        seq: line.number(column + 3)?,
    })
}
