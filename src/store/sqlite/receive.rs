//! A database file that a store is moved into: it gets its name when all is there.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::Writer;
use crate::store::engine::{Ask, Receiving, Take, Value, Writing};
use crate::store::tables::Batch;
use crate::store::{Head, StoreError};

/// What the file's name ends in until then.
const UNFINISHED: &str = "moving";

/// The file as it grows.
pub(in crate::store) struct Receiver {
    writer: Writer,
    unfinished: PathBuf,
    path: PathBuf,
}

impl Receiver {
    /// Begins or goes on; there must be no store at the path.
    pub(in crate::store) fn open(path: &Path) -> Result<Self, StoreError> {
        if path.exists() {
            let why = format!("{}: there is a store already; put it elsewhere first", path.display());
            return Err(StoreError::NotMoved(why));
        }
        let unfinished = path.with_extension(UNFINISHED);
        Ok(Receiver { writer: Writer::open(&unfinished)?, unfinished, path: path.to_owned() })
    }
}

impl Ask for Receiver {
    fn each(&self, sql: &str, values: &[Value], take: Take<'_>) -> Result<(), StoreError> {
        self.writer.each(sql, values, take)
    }
}

impl Writing for Receiver {
    fn commit(&mut self, before: Head, batches: &[Batch]) -> Result<(), StoreError> {
        self.writer.commit(before, batches)
    }
}

impl Receiving for Receiver {
    fn settle(self: Box<Self>) -> Result<(), StoreError> {
        let Receiver { writer, unfinished, path } = *self;
        // The log is folded into the file and removed.
        writer.close()?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let named = fs::rename(unfinished, &path).and_then(|()| File::open(folder)?.sync_all());
        named.map_err(|error| StoreError::Io { path, error })
    }
}
