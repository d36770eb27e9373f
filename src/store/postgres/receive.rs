//! A schema that a store is moved into: nobody else uses it until all is there.

use super::connection::Connection;
use super::schema;
use super::write::{PATIENCE, Writer};
use crate::store::engine::{Ask, Receiving, Take, Value, Writing, stored_head};
use crate::store::place::Settings;
use crate::store::tables::Batch;
use crate::store::{Head, StoreError};

/// The writer's lock, without writing.
pub(in crate::store) struct Held {
    /// The server keeps the lock as long as it lives.
    connection: Connection,
}

impl Held {
    /// Takes it.
    pub(in crate::store) fn take(settings: &Settings) -> Result<Self, StoreError> {
        let connection = Connection::open(settings, PATIENCE)?;
        schema::lock(&connection, settings)?;
        Ok(Held { connection })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.connection.release();
    }
}

/// The schema as it fills.
pub(in crate::store) struct Receiver(Writer);

impl Receiver {
    /// Begins, or goes on with what was begun from the same place; there must be no other store.
    pub(in crate::store) fn open(settings: Settings, from: &str) -> Result<Self, StoreError> {
        let shown = settings.shown();
        let writer = Writer::receiving(settings)?;
        let refused = |why: &str| Err(StoreError::NotMoved(format!("{shown}: {why}")));
        match writer.ask(schema::moving)? {
            Some(begun) if begun == from => {}
            Some(begun) => return refused(&format!("it is half moved from {begun}")),
            None if stored_head(&writer)? != Head::EMPTY => {
                return refused("there is a store already; give another schema or database");
            }
            None => writer.ask(|connection| schema::begin_move(connection, from))?,
        }
        Ok(Receiver(writer))
    }
}

impl Ask for Receiver {
    fn each(&self, sql: &str, values: &[Value], take: Take<'_>) -> Result<(), StoreError> {
        self.0.each(sql, values, take)
    }
}

impl Writing for Receiver {
    fn commit(&mut self, before: Head, batches: &[Batch]) -> Result<(), StoreError> {
        self.0.commit(before, batches)
    }
}

impl Receiving for Receiver {
    fn settle(self: Box<Self>) -> Result<(), StoreError> {
        self.0.ask(schema::end_move)
    }
}
