//! Why the store could not.

use std::path::PathBuf;

use thiserror::Error;

/// Why the store could not do what was asked.
#[derive(Debug, Error)]
pub enum StoreError {
    /// There is no database yet.
    #[error("no store at {}: nothing has been recorded there yet", .0.display())]
    Absent(PathBuf),
    /// The database was written by a newer version.
    #[error("the store has schema {found}, this version knows up to {known}: use the newer honeyward")]
    Newer {
        /// The schema of the file.
        found: i64,
        /// The newest schema this version knows.
        known: i64,
    },
    /// The database was written by an older version, and a reader may not change it.
    #[error("the store has schema {found}, this version reads {known}: start `honeyward run` once")]
    Older {
        /// The schema of the file.
        found: i64,
        /// The schema of this version.
        known: i64,
    },
    /// The disk (or the quota) is full. Nothing of the transaction was kept.
    #[error("the disk is full")]
    Full,
    /// The engine failed.
    #[error("store: {0}")]
    Engine(#[source] rusqlite::Error),
    /// A folder or file could not be made.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Something in the store is not what this program wrote there.
    #[error("record {seq} can't be read: {why}")]
    Unreadable {
        /// Sequence number of the record, 0 for what is beside the chain.
        seq: u64,
        /// Why.
        why: String,
    },
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => StoreError::Full,
            _ => StoreError::Engine(error),
        }
    }
}
