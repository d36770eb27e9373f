//! Readers: they see what is committed and never hold the writer up.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, Row as SqlRow};

use super::{micros, rank, schema, signed, stored_head, unreadable, unsigned};
use crate::event::{Alert, SessionId, Severity};
use crate::store::merkle::{Algorithm, Hash};
use crate::store::{Entry, Head, Record, SessionRow, StoreError};

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
    pub(super) connection: Connection,
}

impl Reader {
    /// Opens the database for reading.
    ///
    /// # Errors
    /// There is none, or a newer version wrote it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Reader { connection: schema::open_reader(path)? })
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
        let mut statement = self
            .connection
            .prepare("SELECT row FROM sessions WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3")?;
        let limit = i64::try_from(limit).unwrap_or(-1);
        let rows = statement.query_map((low, high, limit), |row| row.get::<_, String>(0))?;
        rows.map(|row| serde_json::from_str(&row?).map_err(|e| unreadable(0, e))).collect()
    }

    /// All records of a session, in the order they were kept.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    pub fn session_records(&self, id: SessionId) -> Result<Vec<Record>, StoreError> {
        let mut statement =
            self.connection.prepare("SELECT seq, body FROM records WHERE session = ?1 ORDER BY seq")?;
        let rows = statement.query_map([id.0.as_bytes()], seq_and_body)?;
        rows.map(|row| row.map_err(StoreError::from).and_then(parse)).collect()
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
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT seq, body FROM records WHERE session = ?1 AND kind IN ({}) ORDER BY seq LIMIT ?2",
            places.join(", ")
        ))?;
        let mut values: Vec<rusqlite::types::Value> =
            vec![id.0.as_bytes().to_vec().into(), i64::try_from(limit).unwrap_or(-1).into()];
        values.extend(kinds.iter().map(|kind| (*kind).to_owned().into()));
        let rows = statement.query_map(rusqlite::params_from_iter(values), seq_and_body)?;
        rows.map(|row| row.map_err(StoreError::from).and_then(parse)).collect()
    }

    /// Records of one kind (`system/segment_removed`) after a record, oldest first.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    pub fn records_after(&self, seq: u64, kind: &str) -> Result<Vec<Record>, StoreError> {
        let mut statement = self
            .connection
            .prepare("SELECT seq, body FROM records WHERE seq > ?1 AND kind = ?2 ORDER BY seq")?;
        let rows = statement.query_map((signed(seq), kind), seq_and_body)?;
        rows.map(|row| row.map_err(StoreError::from).and_then(parse)).collect()
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
        let mut statement = self.connection.prepare_cached(
            "SELECT seq, body FROM records
             WHERE seq > ?1 AND at >= ?2 AND session IS NOT NULL ORDER BY seq LIMIT ?3",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map((signed(seq), micros(since), limit), seq_and_body)?;
        rows.map(|row| row.map_err(StoreError::from).and_then(parse)).collect()
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
        let mut found = Vec::new();
        let mut statement = self.connection.prepare_cached(
            "SELECT seq, body FROM records INDEXED BY records_beside
             WHERE session IS NULL AND kind = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3",
        )?;
        let before = before.map_or(i64::MAX, signed);
        for kind in kinds {
            let rows =
                statement.query_map((kind, before, i64::try_from(limit).unwrap_or(-1)), seq_and_body)?;
            for row in rows {
                found.push(parse(row?)?);
            }
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
        let mut found = Vec::new();
        let mut statement = self.connection.prepare_cached(
            "SELECT seq, body FROM records INDEXED BY records_beside
             WHERE session IS NULL AND kind = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
        )?;
        for kind in kinds {
            let limit = i64::try_from(limit).unwrap_or(-1);
            for row in statement.query_map((kind, signed(after), limit), seq_and_body)? {
                found.push(parse(row?)?);
            }
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
        let mut statement = self.connection.prepare(
            "SELECT seq, body FROM alerts JOIN records USING (seq)
             WHERE (?1 IS NULL OR alerts.at >= ?1) AND severity >= ?2 ORDER BY seq DESC",
        )?;
        let floor = filter.min_severity.map_or(0, rank);
        let rows = statement.query_map((filter.since.map(micros), floor), seq_and_body)?;
        rows.map(|row| alert_of(parse(row?)?)).collect()
    }

    /// All revisions of an incident, oldest first, with the sequence numbers of their records.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    pub fn incident(&self, id: &str) -> Result<Vec<(u64, Alert)>, StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT seq, body FROM alerts JOIN records USING (seq) WHERE alerts.id = ?1 ORDER BY revision",
        )?;
        let rows = statement.query_map([id], seq_and_body)?;
        rows.map(|row| alert_of(parse(row?)?)).collect()
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
        let mut statement = self.connection.prepare_cached(
            "SELECT seq, body FROM alerts JOIN records USING (seq)
             WHERE seq > ?1 AND severity >= ?2 ORDER BY seq LIMIT ?3",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map((signed(seq), rank(min_severity), limit), seq_and_body)?;
        rows.map(|row| alert_of(parse(row?)?)).collect()
    }

    /// How many sessions of others ended or still went on in each hour since then, by the hour's
    /// number since 1970, ascending; hours without any are left out.
    ///
    /// # Errors
    /// The engine failed.
    pub fn sessions_by_hour(&self, since: Timestamp) -> Result<Vec<(i64, u64)>, StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT last / 3600000000 AS hour, count(*) FROM sessions
             WHERE last >= ?1 AND own = 0 GROUP BY hour ORDER BY hour",
        )?;
        let rows = statement.query_map([micros(since)], |row| Ok((row.get(0)?, unsigned(row.get(1)?))))?;
        rows.map(|row| row.map_err(StoreError::from)).collect()
    }

    /// Hashes of the records between two, both included, in order.
    ///
    /// # Errors
    /// The engine failed.
    pub fn hashes(&self, from: u64, to: u64) -> Result<Vec<Hash>, StoreError> {
        let mut statement =
            self.connection.prepare("SELECT hash FROM records WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq")?;
        let rows = statement.query_map((signed(from), signed(to)), |row| row.get(0))?;
        rows.map(|row| row.map_err(StoreError::from)).collect()
    }

    /// SM3 digests of the bodies of the records between two, both included, in order.
    ///
    /// # Errors
    /// The engine failed.
    pub fn sm3_digests(&self, from: u64, to: u64) -> Result<Vec<Hash>, StoreError> {
        sm3_digests(&self.connection, from, to)
    }

    /// A record's bytes as they stand in the chain.
    ///
    /// # Errors
    /// The engine failed, or there is no such record.
    pub fn body(&self, seq: u64) -> Result<String, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT body FROM records WHERE seq = ?1")?;
        Ok(statement.query_row([signed(seq)], |row| row.get(0))?)
    }

    /// The last record committed.
    ///
    /// # Errors
    /// The engine failed.
    pub fn head(&self) -> Result<Head, StoreError> {
        stored_head(&self.connection)
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

pub(super) fn sm3_digests(connection: &Connection, from: u64, to: u64) -> Result<Vec<Hash>, StoreError> {
    let mut statement =
        connection.prepare("SELECT body FROM records WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq")?;
    let digest = |row: &SqlRow<'_>| {
        Ok(Algorithm::Sm3.digest(&[row.get_ref(0)?.as_bytes().map_err(rusqlite::Error::from)?]))
    };
    let rows = statement.query_map((signed(from), signed(to)), digest)?;
    rows.map(|row| row.map_err(StoreError::from)).collect()
}

pub(super) fn seq_and_body(row: &SqlRow<'_>) -> rusqlite::Result<(u64, String)> {
    Ok((unsigned(row.get(0)?), row.get(1)?))
}

pub(super) fn parse((seq, body): (u64, String)) -> Result<Record, StoreError> {
    serde_json::from_str(&body).map_err(|error| unreadable(seq, error))
}

pub(super) fn alert_of(record: Record) -> Result<(u64, Alert), StoreError> {
    match record.entry {
        Entry::Alert(alert) => Ok((record.seq, alert)),
        Entry::Event(_) => Err(unreadable(record.seq, "not an alert")),
    }
}
