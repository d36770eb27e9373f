//! Readers: they see what is committed and never hold the writer up.

use jiff::Timestamp;

use super::changes::{column, micros, rank};
use super::engine::{Ask, Line, Reading, Value, first, rows, stored_head, unreadable};
use super::merkle::{Algorithm, Hash};
use super::place::Place;
use super::write::session_row;
use super::{Entry, Head, Record, SessionRow, StoreError};
use crate::event::{Alert, SessionId, Severity};

/// Which alerts to list.
#[derive(Debug, Clone, Default)]
pub struct AlertFilter {
    /// Only decided since then.
    pub since: Option<Timestamp>,
    /// Only this severe or more.
    pub min_severity: Option<Severity>,
}

/// A reader of the store.
pub struct Reader {
    pub(super) engine: Box<dyn Reading>,
}

impl Reader {
    /// Opens the store for reading. One on a server is reached at the first question, and again after
    /// it was away.
    ///
    /// # Errors
    /// There is none, or a newer version wrote it.
    pub fn open(place: impl Into<Place>) -> Result<Self, StoreError> {
        Ok(Reader { engine: place.into().reader()? })
    }

    fn records(&self, sql: &str, values: &[Value]) -> Result<Vec<Record>, StoreError> {
        rows(&*self.engine, sql, values, seq_and_record)
    }

    fn numbered_alerts(&self, sql: &str, values: &[Value]) -> Result<Vec<(u64, Alert)>, StoreError> {
        rows(&*self.engine, sql, values, |line| alert_of(seq_and_record(line)?))
    }

    /// The sessions whose id starts with these hexadecimal digits (dashes don't count), oldest
    /// first, at most `limit`. None when it is no start of an id.
    ///
    /// # Errors
    /// The engine failed.
    pub fn sessions_starting(&self, start: &str, limit: usize) -> Result<Vec<SessionRow>, StoreError> {
        let Some((low, high)) = id_range(start) else {
            return Ok(Vec::new());
        };
        let sql = "SELECT row FROM sessions WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3";
        let values = [low.as_slice().into(), high.as_slice().into(), limit.into()];
        rows(&*self.engine, sql, &values, |mut line| session_row(&line.text(0)?))
    }

    /// All records of a session, in the order they were kept.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    pub fn session_records(&self, id: SessionId) -> Result<Vec<Record>, StoreError> {
        let sql = "SELECT seq, body FROM records WHERE session = ?1 ORDER BY seq";
        self.records(sql, &[id.into()])
    }

    /// Records of these kinds of a session, in the order they were kept, at most `limit`.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    pub fn session_records_of(
        &self,
        id: SessionId,
        kinds: &[&str],
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let places: Vec<String> = (3..).take(kinds.len()).map(|at| format!("?{at}")).collect();
        let sql = format!(
            "SELECT seq, body FROM records WHERE session = ?1 AND kind IN ({}) ORDER BY seq LIMIT ?2",
            places.join(", ")
        );
        let mut values = vec![id.into(), limit.into()];
        values.extend(kinds.iter().map(|kind| Value::from(*kind)));
        self.records(&sql, &values)
    }

    /// Records of one kind (`system/segment_removed`) after a record, oldest first.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    pub fn records_after(&self, seq: u64, kind: &str) -> Result<Vec<Record>, StoreError> {
        // Those without a session are few and have an index.
        let beside = if kind.starts_with("system/") { "session IS NULL AND" } else { "" };
        let sql = format!("SELECT seq, body FROM records WHERE {beside} seq > ?1 AND kind = ?2 ORDER BY seq");
        self.records(&sql, &[seq.into(), kind.into()])
    }

    /// What was seen in sessions since then, after a record, oldest first, at most `limit`: how the past is
    /// judged once more.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    pub fn session_events(
        &self,
        since: Timestamp,
        seq: u64,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let sql = "SELECT seq, body FROM records
             WHERE seq > ?1 AND at >= ?2 AND session IS NOT NULL ORDER BY seq LIMIT ?3";
        self.records(sql, &[seq.into(), micros(since).into(), limit.into()])
    }

    /// The newest records of these kinds that belong to no session (`system/console`), newest first,
    /// before a record: by an index, however long the chain is.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    pub fn newest_beside(
        &self,
        kinds: &[&str],
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let sql = "SELECT seq, body FROM records INDEXED BY records_beside
             WHERE session IS NULL AND kind = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3";
        let mut found = Vec::new();
        for kind in kinds {
            found.extend(
                self.records(sql, &[(*kind).into(), before.unwrap_or(u64::MAX).into(), limit.into()])?,
            );
        }
        found.sort_unstable_by_key(|record| std::cmp::Reverse(record.seq));
        found.truncate(limit);
        Ok(found)
    }

    /// The records of these kinds that belong to no session, after a record, oldest first, at most `limit`.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    pub fn oldest_beside(&self, kinds: &[&str], after: u64, limit: usize) -> Result<Vec<Record>, StoreError> {
        let sql = "SELECT seq, body FROM records INDEXED BY records_beside
             WHERE session IS NULL AND kind = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
        let mut found = Vec::new();
        for kind in kinds {
            found.extend(self.records(sql, &[(*kind).into(), after.into(), limit.into()])?);
        }
        found.sort_unstable_by_key(|record| record.seq);
        found.truncate(limit);
        Ok(found)
    }

    /// Alerts, newest first, with the sequence numbers of their records.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    pub fn alerts(&self, filter: &AlertFilter) -> Result<Vec<(u64, Alert)>, StoreError> {
        self.numbered_alerts(
            "SELECT r.seq, r.body FROM alerts AS a JOIN records AS r ON r.seq = a.seq
             WHERE a.at >= ?1 AND a.severity >= ?2 ORDER BY a.seq DESC",
            &[filter.since.map_or(i64::MIN, micros).into(), filter.min_severity.map_or(0, rank).into()],
        )
    }

    /// All revisions of an incident, oldest first, with the sequence numbers of their records.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    pub fn incident(&self, id: &str) -> Result<Vec<(u64, Alert)>, StoreError> {
        self.numbered_alerts(
            "SELECT r.seq, r.body FROM alerts AS a JOIN records AS r ON r.seq = a.seq
             WHERE a.id = ?1 ORDER BY a.revision",
            &[column(id).into()],
        )
    }

    /// Alerts after a record, oldest first, at most `limit`: how a destination follows.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    pub fn alerts_after(
        &self,
        seq: u64,
        min_severity: Severity,
        limit: usize,
    ) -> Result<Vec<(u64, Alert)>, StoreError> {
        self.numbered_alerts(
            "SELECT r.seq, r.body FROM alerts AS a JOIN records AS r ON r.seq = a.seq
             WHERE a.seq > ?1 AND a.severity >= ?2 ORDER BY a.seq LIMIT ?3",
            &[seq.into(), rank(min_severity).into(), limit.into()],
        )
    }

    /// How many sessions of others ended or still went on in each hour since then, by the hour's
    /// number since 1970, ascending; hours without any are left out.
    ///
    /// # Errors
    /// The engine failed.
    pub fn sessions_by_hour(&self, since: Timestamp) -> Result<Vec<(i64, u64)>, StoreError> {
        let sql = "SELECT last / 3600000000 AS hour, count(*) FROM sessions
             WHERE last >= ?1 AND own = 0 GROUP BY hour ORDER BY hour";
        rows(&*self.engine, sql, &[micros(since).into()], |line| Ok((line.int(0)?, line.number(1)?)))
    }

    /// Hashes of the records between two, both included, in order.
    ///
    /// # Errors
    /// The engine failed.
    pub fn hashes(&self, from: u64, to: u64) -> Result<Vec<Hash>, StoreError> {
        let sql = "SELECT hash FROM records WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq";
        rows(&*self.engine, sql, &[from.into(), to.into()], |mut line| line.array(0))
    }

    /// SM3 digests of the bodies of the records between two, both included, in order.
    ///
    /// # Errors
    /// The engine failed.
    pub fn sm3_digests(&self, from: u64, to: u64) -> Result<Vec<Hash>, StoreError> {
        sm3_digests(&*self.engine, from, to)
    }

    /// A record's bytes as they stand in the chain.
    ///
    /// # Errors
    /// The engine failed, or there is no such record.
    pub fn body(&self, seq: u64) -> Result<String, StoreError> {
        let sql = "SELECT body FROM records WHERE seq = ?1";
        let body = first(&*self.engine, sql, &[seq.into()], |mut line| line.text(0))?;
        body.ok_or_else(|| unreadable(seq, "it is not there"))
    }

    /// The last record committed.
    ///
    /// # Errors
    /// The engine failed.
    pub fn head(&self) -> Result<Head, StoreError> {
        stored_head(&*self.engine)
    }
}

fn id_range(start: &str) -> Option<([u8; 16], [u8; 16])> {
    let digits: String = start.chars().filter(|c| *c != '-').collect();
    if digits.is_empty() || digits.len() > 32 {
        return None;
    }
    let end = |fill: char| {
        let whole: String = digits.chars().chain(std::iter::repeat(fill)).take(32).collect();
        let mut bytes = [0; 16];
        hex::decode_to_slice(whole, &mut bytes).ok().map(|()| bytes)
    };
    Some((end('0')?, end('f')?))
}

pub(super) fn sm3_digests(ask: &(impl Ask + ?Sized), from: u64, to: u64) -> Result<Vec<Hash>, StoreError> {
    let sql = "SELECT body FROM records WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq";
    rows(ask, sql, &[from.into(), to.into()], |mut line| {
        Ok(Algorithm::Sm3.digest(&[line.text(0)?.as_bytes()]))
    })
}

/// The record in the columns `seq, body`.
pub(super) fn seq_and_record(mut line: Line) -> Result<Record, StoreError> {
    let seq = line.number(0)?;
    serde_json::from_str(&line.text(1)?).map_err(|error| unreadable(seq, error))
}

pub(super) fn alert_of(record: Record) -> Result<(u64, Alert), StoreError> {
    match record.entry {
        Entry::Alert(alert) => Ok((record.seq, alert)),
        Entry::Event(_) => Err(unreadable(record.seq, "not an alert")),
    }
}
