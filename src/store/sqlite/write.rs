//! Keeps groups of rows.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::schema;
use crate::store::engine::{Ask, Take, Value, Writing, expect_head};
use crate::store::tables::Batch;
use crate::store::{Head, StoreError};

/// The connection that writes.
pub(in crate::store) struct Writer(Connection);

impl Writer {
    /// Opens the database; makes it, or brings its schema up to date.
    pub(in crate::store) fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Writer(schema::open_writer(path)?))
    }

    /// Ends with all in the one file.
    pub(super) fn close(self) -> Result<(), StoreError> {
        self.0.close().map_err(|(_, error)| error.into())
    }

    #[cfg(test)]
    pub(in crate::store) fn connection(&self) -> &Connection {
        &self.0
    }
}

impl Ask for Writer {
    fn each(&self, sql: &str, values: &[Value], take: Take<'_>) -> Result<(), StoreError> {
        self.0.each(sql, values, take)
    }
}

impl Writing for Writer {
    fn commit(&mut self, before: Head, batches: &[Batch]) -> Result<(), StoreError> {
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        expect_head(&*transaction, before)?;
        batches.iter().try_for_each(|batch| put(&transaction, batch))?;
        Ok(transaction.commit()?)
    }
}

fn put(connection: &Connection, batch: &Batch) -> Result<(), StoreError> {
    let table = batch.table;
    let places: Vec<String> = (1..=table.columns.len()).map(|place| format!("?{place}")).collect();
    let sql = format!(
        "INSERT INTO {} ({}) VALUES ({}){}",
        table.name,
        table.names(),
        places.join(", "),
        table.on_conflict()
    );
    let mut statement = connection.prepare_cached(&sql)?;
    for line in &batch.lines {
        statement.execute(rusqlite::params_from_iter(line))?;
    }
    Ok(())
}
