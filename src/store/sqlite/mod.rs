//! SQLite in the data directory: WAL, fsync at every commit, one writer, any number of readers.

mod receive;
mod schema;
mod write;

use std::ops::ControlFlow;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::{ToSqlOutput, ValueRef};

pub(super) use self::receive::Receiver;
pub(super) use self::write::Writer;
use super::StoreError;
use super::engine::{Ask, Line, Reading, Take, Value, Work};

/// A connection that only reads.
pub(super) struct Looking(Connection);

impl Looking {
    /// Opens the database, which must be there and of this version's schema.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Looking(schema::open_reader(path)?))
    }
}

impl Ask for Looking {
    fn each(&self, sql: &str, values: &[Value], take: Take<'_>) -> Result<(), StoreError> {
        self.0.each(sql, values, take)
    }
}

impl Reading for Looking {
    fn snapshot(&self, work: Work<'_>) -> Result<(), StoreError> {
        let transaction = self.0.unchecked_transaction()?;
        work(&*transaction)?;
        Ok(transaction.commit()?)
    }
}

impl Ask for Connection {
    fn each(&self, sql: &str, values: &[Value], take: Take<'_>) -> Result<(), StoreError> {
        let mut statement = self.prepare_cached(sql)?;
        let columns = statement.column_count();
        let mut rows = statement.query(rusqlite::params_from_iter(values))?;
        while let Some(row) = rows.next()? {
            let line = (0..columns).map(|column| Ok(value(row.get_ref(column)?))).collect::<Result<_, _>>();
            let line = line.map_err(|error: rusqlite::Error| StoreError::from(error))?;
            if let ControlFlow::Break(()) = take(Line(line))? {
                break;
            }
        }
        Ok(())
    }
}

/// Text that is none and fractions, which we never write, come out as what no column may have.
fn value(found: ValueRef<'_>) -> Value {
    match found {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Real(number) => Value::Bytes(number.to_be_bytes().to_vec()),
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => Value::Bytes(text.to_vec()),
        },
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}
