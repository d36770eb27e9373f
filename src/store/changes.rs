//! What one transaction writes, in the form of the tables.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;
use uuid::Uuid;

use super::cases::Case;
use super::engine::{Value, unreadable};
use super::record::Sealed;
use super::tables::{self, Batch};
use super::write::Detected;
use super::{Head, SessionRow, StoreError};
use crate::event::{Alert, SessionId, Severity};

/// Longest text in a column that is looked for by an index, in bytes. Names are far below; an index
/// of PostgreSQL refuses entries over 2,704 bytes.
const COLUMN: usize = 512;

/// All of it.
#[derive(Debug)]
pub(super) struct Changes {
    /// The head after it.
    pub(super) head: Head,
    records: Vec<Vec<Value>>,
    alerts: Vec<Vec<Value>>,
    sessions: Vec<Vec<Value>>,
    terms: Vec<Vec<Value>>,
    pub(super) cases: BTreeMap<String, Case>,
    case_records: Vec<Vec<Value>>,
    pub(super) streams: BTreeMap<Uuid, (String, u64)>,
    pub(super) detected: BTreeMap<IpAddr, Detected>,
}

impl Changes {
    /// Nothing yet, after this head.
    pub(super) fn after(head: Head) -> Self {
        Changes {
            head,
            records: Vec::new(),
            alerts: Vec::new(),
            sessions: Vec::new(),
            terms: Vec::new(),
            cases: BTreeMap::new(),
            case_records: Vec::new(),
            streams: BTreeMap::new(),
            detected: BTreeMap::new(),
        }
    }

    /// Adds the next record, kept at this time.
    pub(super) fn record(&mut self, at: Timestamp, sealed: Sealed) {
        self.head = Head { seq: sealed.seq, hash: sealed.hash };
        self.records.push(vec![
            sealed.seq.into(),
            micros(at).into(),
            sealed.session.into(),
            sealed.kind.into(),
            sealed.hash.as_slice().into(),
            sealed.body.into(),
        ]);
    }

    /// Lists an alert, which is the last record.
    pub(super) fn alert(&mut self, alert: &Alert) {
        self.alerts.push(vec![
            self.head.seq.into(),
            column(&alert.id).into(),
            i64::from(alert.revision).into(),
            micros(alert.at).into(),
            rank(alert.severity).into(),
        ]);
    }

    /// Lists a session as it is now.
    pub(super) fn session(&mut self, row: &SessionRow) -> Result<(), StoreError> {
        self.sessions.push(vec![
            row.id.into(),
            micros(row.last).into(),
            row.source.to_string().into(),
            column(&row.host).into(),
            column(&row.service).into(),
            row.events.into(),
            i64::from(row.closed.is_none()).into(),
            serde_json::to_string(row).map_err(|error| unreadable(0, error))?.into(),
            i64::from(row.own).into(),
            rank(row.severity).into(),
        ]);
        Ok(())
    }

    /// Lets a session be found by a term.
    pub(super) fn term(&mut self, term: &str, session: SessionId) {
        self.terms.push(vec![column(term).into(), session.into()]);
    }

    /// Lists what the team did, which is the last record, and how far it is now.
    pub(super) fn case(&mut self, incident: String, case: Case) {
        self.case_records.push(vec![incident.as_str().into(), self.head.seq.into()]);
        self.cases.insert(incident, case);
    }

    /// All of it as rows; the head comes last. Nothing, when nothing changed.
    pub(super) fn into_batches(self) -> Vec<Batch> {
        let cases = self.cases.into_iter().map(|(incident, case)| {
            let state = case.state.name().into();
            vec![incident.into(), state, column(&case.assignee).into(), case.notes.into(), case.seq.into()]
        });
        let streams = self.streams.into_iter().map(|(stream, (process, position))| {
            vec![stream.as_bytes().as_slice().into(), process.into(), position.into()]
        });
        let incidents = self.detected.into_values().map(|detected| {
            vec![detected.source.to_string().into(), micros(detected.last).into(), detected.state.into()]
        });
        let mut batches = vec![
            Batch { table: &tables::RECORDS, lines: self.records },
            Batch { table: &tables::ALERTS, lines: self.alerts },
            Batch { table: &tables::SESSIONS, lines: self.sessions },
            Batch { table: &tables::TERMS, lines: self.terms },
            Batch { table: &tables::CASES, lines: cases.collect() },
            Batch { table: &tables::CASE_RECORDS, lines: self.case_records },
            Batch { table: &tables::STREAMS, lines: streams.collect() },
            Batch { table: &tables::INCIDENTS, lines: incidents.collect() },
        ];
        batches.retain(|batch| !batch.lines.is_empty());
        if !batches.is_empty() {
            batches.push(head_line(self.head));
        }
        batches
    }
}

/// The row that says where the chain ends.
pub(super) fn head_line(head: Head) -> Batch {
    let line = vec![1_i64.into(), head.seq.into(), head.hash.as_slice().into()];
    Batch { table: &tables::HEAD, lines: vec![line] }
}

/// A text as it stands in a column beside the record: bounded, and without the character that
/// PostgreSQL has in no text. The record has it whole.
pub(super) fn column(text: &str) -> String {
    let mut end = COLUMN.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().replace('\0', "\u{fffd}")
}

pub(super) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

pub(super) fn rank(severity: Severity) -> i64 {
    match severity {
        Severity::Info => 0,
        Severity::Low => 1,
        Severity::Medium => 2,
        Severity::High => 3,
    }
}

/// The severity of a rank.
pub(super) fn ranked(rank: i64) -> Severity {
    match rank {
        3 => Severity::High,
        2 => Severity::Medium,
        1 => Severity::Low,
        _ => Severity::Info,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_bounded_at_whole_characters() {
        assert_eq!(column("his\0"), "his\u{fffd}");
        assert_eq!(column(&"张".repeat(400)).len(), 510);
    }
}
