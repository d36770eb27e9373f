//! What the store asks of an engine: rows for a question, and to take a group of changes whole.
//!
//! Questions are written once, in SQL that both engines have, with `?1` for the first value. All
//! numbers are 64 bits, all ids and hashes are bytes.

use std::ops::ControlFlow;

use super::tables::Batch;
use super::{Head, StoreError};
use crate::event::SessionId;

/// What stands in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Int(number)
    }
}

impl From<u64> for Value {
    /// Databases' integers are signed; our numbers count up from 0 and never get near the end.
    fn from(number: u64) -> Self {
        Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Value::Bytes(bytes.to_vec())
    }
}

impl From<SessionId> for Value {
    fn from(id: SessionId) -> Self {
        Value::Bytes(id.0.as_bytes().to_vec())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// A row of an answer.
#[derive(Debug)]
pub(super) struct Line(pub(super) Vec<Value>);

impl Line {
    /// The integer in a column.
    pub(super) fn int(&self, column: usize) -> Result<i64, StoreError> {
        match self.0.get(column) {
            Some(Value::Int(number)) => Ok(*number),
            other => Err(unexpected(column, "a number", other)),
        }
    }

    /// A number of ours, which is never below 0.
    pub(super) fn number(&self, column: usize) -> Result<u64, StoreError> {
        Ok(u64::try_from(self.int(column)?).unwrap_or(0))
    }

    /// Takes the text out of a column.
    pub(super) fn text(&mut self, column: usize) -> Result<String, StoreError> {
        match self.0.get_mut(column) {
            Some(Value::Text(text)) => Ok(std::mem::take(text)),
            other => Err(unexpected(column, "text", other.as_deref())),
        }
    }

    /// Takes the bytes out of a column.
    pub(super) fn bytes(&mut self, column: usize) -> Result<Vec<u8>, StoreError> {
        match self.0.get_mut(column) {
            Some(Value::Bytes(bytes)) => Ok(std::mem::take(bytes)),
            other => Err(unexpected(column, "bytes", other.as_deref())),
        }
    }

    /// The bytes of an id or a hash.
    pub(super) fn array<const N: usize>(&mut self, column: usize) -> Result<[u8; N], StoreError> {
        let bytes = self.bytes(column)?;
        bytes.try_into().map_err(|_| unreadable(0, format!("column {column}: expected {N} bytes")))
    }

    /// Whether there is nothing in a column.
    pub(super) fn is_null(&self, column: usize) -> bool {
        self.0.get(column).is_none_or(|value| *value == Value::Null)
    }
}

fn unexpected(column: usize, wanted: &str, found: Option<&Value>) -> StoreError {
    let found = match found {
        None => "no such column",
        Some(Value::Null) => "nothing",
        Some(Value::Int(_)) => "a number",
        Some(Value::Text(_)) => "text",
        Some(Value::Bytes(_)) => "bytes",
    };
    unreadable(0, format!("column {column}: expected {wanted}, found {found}"))
}

/// Something of the store that is not what this program wrote there.
pub(super) fn unreadable(seq: u64, error: impl std::fmt::Display) -> StoreError {
    StoreError::Unreadable { seq, why: error.to_string() }
}

/// What takes one row; it may have seen enough.
pub(super) type Take<'t> = &'t mut dyn FnMut(Line) -> Result<ControlFlow<()>, StoreError>;

/// Answers questions.
pub(super) trait Ask {
    /// Hands the rows over, in order, as they come.
    fn each(&self, sql: &str, values: &[Value], take: Take<'_>) -> Result<(), StoreError>;
}

/// What works on one moment of the store.
pub(super) type Work<'w> = &'w mut dyn FnMut(&dyn Ask) -> Result<(), StoreError>;

/// An engine that looks on while another writes.
pub(super) trait Reading: Ask + Send {
    /// Does all that `work` asks on one moment of the store.
    fn snapshot(&self, work: Work<'_>) -> Result<(), StoreError>;
}

/// An engine that writes. There is one per store.
pub(super) trait Writing: Ask + Send {
    /// Makes the rows durable, whole or not at all, behind the head that the caller knows. Fails where
    /// the store has another.
    fn commit(&mut self, before: Head, batches: &[Batch]) -> Result<(), StoreError>;
}

/// An engine that takes a store that is moved to it. Nobody else can use it before it is settled.
pub(super) trait Receiving: Writing {
    /// Lets the store be used.
    fn settle(self: Box<Self>) -> Result<(), StoreError>;
}

/// All rows, read by `read`.
pub(super) fn rows<T>(
    ask: &(impl Ask + ?Sized),
    sql: &str,
    values: &[Value],
    mut read: impl FnMut(Line) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut found = Vec::new();
    ask.each(sql, values, &mut |line| {
        found.push(read(line)?);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

/// The first row, if there is one; the question has no more.
pub(super) fn first<T>(
    ask: &(impl Ask + ?Sized),
    sql: &str,
    values: &[Value],
    read: impl FnMut(Line) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    Ok(rows(ask, sql, values, read)?.into_iter().next())
}

/// The head as it is stored.
pub(super) fn stored_head(ask: &(impl Ask + ?Sized)) -> Result<Head, StoreError> {
    let head = first(ask, "SELECT seq, hash FROM head", &[], |mut line| {
        Ok(Head { seq: line.number(0)?, hash: line.array(1)? })
    })?;
    Ok(head.unwrap_or(Head::EMPTY))
}

/// Fails where the store has another head than its writer knows.
pub(super) fn expect_head(ask: &(impl Ask + ?Sized), known: Head) -> Result<(), StoreError> {
    let found = stored_head(ask)?;
    if found == known { Ok(()) } else { Err(StoreError::Forked { found: found.seq, known: known.seq }) }
}
