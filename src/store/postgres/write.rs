//! Keeps groups of rows, each in one transaction on the server.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::connection::Connection;
use super::schema::{self, Month};
use crate::store::engine::{Ask, Take, Value, Writing, first};
use crate::store::place::Settings;
use crate::store::tables::{Batch, RECORDS, Table, Type};
use crate::store::{Head, StoreError};

/// How long an answer may take; a group of events takes far below a second.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// The connection that writes, made anew when it was lost.
pub(in crate::store) struct Writer {
    settings: Settings,
    /// Whether it may write what is not wholly moved.
    receiving: bool,
    connection: Mutex<Option<Connection>>,
    /// Months whose partition is known to be there.
    months: HashSet<Month>,
}

impl Writer {
    /// Connects, takes the writer's lock, and makes the schema or brings it up to date.
    pub(in crate::store) fn open(settings: Settings) -> Result<Self, StoreError> {
        Self::new(settings, false)
    }

    /// The same for a store that is moved there.
    pub(super) fn receiving(settings: Settings) -> Result<Self, StoreError> {
        Self::new(settings, true)
    }

    fn new(settings: Settings, receiving: bool) -> Result<Self, StoreError> {
        let connection = connect(&settings, receiving)?;
        let connection = Mutex::new(Some(connection));
        Ok(Writer { settings, receiving, connection, months: HashSet::new() })
    }

    /// Works on the connection, which is made anew if it was lost.
    pub(super) fn ask<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut slot = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = match slot.take().filter(|connection| !connection.is_spent()) {
            Some(connection) => connection,
            None => connect(&self.settings, self.receiving)?,
        };
        let done = work(&connection);
        *slot = Some(connection).filter(|connection| !connection.is_spent());
        done
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Ok(Some(connection)) = self.connection.get_mut() {
            connection.release();
        }
    }
}

fn connect(settings: &Settings, receiving: bool) -> Result<Connection, StoreError> {
    let connection = Connection::open(settings, PATIENCE)?;
    schema::lock(&connection, settings)?;
    schema::migrate(&connection, settings)?;
    if !receiving {
        schema::check(&connection, settings)?;
    }
    // Whoever set the server up may not have thought of evidence.
    connection.run(
        "SELECT set_config('synchronous_commit', 'on', false)
         WHERE current_setting('synchronous_commit') = 'off'",
    )?;
    Ok(connection)
}

impl Ask for Writer {
    fn each(&self, sql: &str, values: &[Value], take: Take<'_>) -> Result<(), StoreError> {
        self.ask(|connection| connection.each(sql, values, take))
    }
}

impl Writing for Writer {
    fn commit(&mut self, before: Head, batches: &[Batch]) -> Result<(), StoreError> {
        let mut months = std::mem::take(&mut self.months);
        self.ask(|connection| {
            let kept = keep(connection, before, batches, &mut months);
            if kept.is_err() {
                // The server takes back what is not committed, the partitions too, when it ends.
                connection.spend();
            }
            kept
        })?;
        self.months = months;
        Ok(())
    }
}

fn keep(
    connection: &Connection,
    before: Head,
    batches: &[Batch],
    months: &mut HashSet<Month>,
) -> Result<(), StoreError> {
    connection.run("BEGIN")?;
    expect_head(connection, before)?;
    for batch in batches {
        if std::ptr::eq(batch.table, &raw const RECORDS) {
            for month in schema::months(&batch.lines) {
                if months.insert(month) {
                    connection.run(&month.partition())?;
                }
            }
            copy(connection, batch)?;
        } else {
            put(connection, batch)?;
        }
    }
    connection.run("COMMIT")
}

/// The same as the engines' common check, and nobody else can go on until we have.
fn expect_head(connection: &Connection, known: Head) -> Result<(), StoreError> {
    let head = first(connection, "SELECT seq, hash FROM head FOR UPDATE", &[], |mut line| {
        Ok(Head { seq: line.number(0)?, hash: line.array(1)? })
    })?;
    let found = head.unwrap_or(Head::EMPTY);
    if found == known { Ok(()) } else { Err(StoreError::Forked { found: found.seq, known: known.seq }) }
}

fn copy(connection: &Connection, batch: &Batch) -> Result<(), StoreError> {
    let types: Vec<_> = batch.table.columns.iter().map(|(_, ty)| native(*ty)).collect();
    let sql = format!("COPY {} ({}) FROM STDIN BINARY", batch.table.name, batch.table.names());
    connection.copy(&sql, &types, &batch.lines)
}

/// All rows in one statement, column by column.
fn put(connection: &Connection, batch: &Batch) -> Result<(), StoreError> {
    let columns: Vec<Vec<Value>> = (0..batch.table.columns.len())
        .map(|column| {
            let cell = |line: &Vec<Value>| line.get(column).cloned().unwrap_or(Value::Null);
            batch.lines.iter().map(cell).collect()
        })
        .collect();
    connection.execute(&insertion(batch.table), &columns)
}

fn insertion(table: &Table) -> String {
    let places: Vec<String> = (1..)
        .zip(table.columns)
        .map(|(place, (_, ty))| format!("?{place}::{}[]", native(*ty).name()))
        .collect();
    format!(
        "INSERT INTO {} ({}) SELECT * FROM unnest({}){}",
        table.name,
        table.names(),
        places.join(", "),
        table.on_conflict()
    )
}

fn native(ty: Type) -> tokio_postgres::types::Type {
    match ty {
        Type::Int => tokio_postgres::types::Type::INT8,
        Type::Text => tokio_postgres::types::Type::TEXT,
        Type::Bytes => tokio_postgres::types::Type::BYTEA,
    }
}
