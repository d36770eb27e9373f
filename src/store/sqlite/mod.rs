//! SQLite: WAL, fsync at every commit, one writer, any number of readers.

mod cases;
mod check;
mod read;
mod schema;
mod search;
mod write;

pub use cases::{Case, CaseFilter, Incident};
pub use read::{AlertFilter, Reader};
pub use search::SessionFilter;
pub use write::{Detected, Store, Transaction};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use super::{Head, StoreError};
use crate::event::{SessionId, Severity};

fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// SQLite's integers are signed; our numbers count up from 0 and never get near the end.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn rank(severity: Severity) -> i64 {
    match severity {
        Severity::Info => 0,
        Severity::Low => 1,
        Severity::Medium => 2,
        Severity::High => 3,
    }
}

fn session_id(bytes: Option<[u8; 16]>) -> Option<SessionId> {
    bytes.map(|bytes| SessionId(Uuid::from_bytes(bytes)))
}

fn unreadable(seq: u64, error: impl std::fmt::Display) -> StoreError {
    StoreError::Unreadable { seq, why: error.to_string() }
}

fn stored_head(connection: &Connection) -> Result<Head, StoreError> {
    let mut statement = connection.prepare_cached("SELECT seq, hash FROM head")?;
    let head = statement.query_row([], |row| Ok(Head { seq: unsigned(row.get(0)?), hash: row.get(1)? }));
    Ok(head.optional()?.unwrap_or(Head::EMPTY))
}
