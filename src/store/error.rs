//! Why the store could not.

use std::path::PathBuf;

use thiserror::Error;

/// Why the store could not do what was asked.
#[derive(Debug, Error)]
pub enum StoreError {
    /// There is no store yet.
    #[error("no store at {0}: nothing has been recorded there yet")]
    Absent(String),
    /// The database was written by a newer version.
    #[error("the store has schema {found}, this version knows up to {known}: use the newer honeyward")]
    Newer {
        /// The schema of the database.
        found: i64,
        /// The newest schema this version knows.
        known: i64,
    },
    /// The database was written by an older version, and a reader may not change it.
    #[error("the store has schema {found}, this version reads {known}: start `honeyward run` once")]
    Older {
        /// The schema of the database.
        found: i64,
        /// The schema of this version.
        known: i64,
    },
    /// The disk (or the quota) is full. Nothing of the transaction was kept.
    #[error("the disk is full")]
    Full,
    /// The embedded engine failed.
    #[error("store: {0}")]
    Engine(#[source] rusqlite::Error),
    /// The database server can't be reached, or went away.
    #[error("the store on {server} can't be reached: {why}")]
    Unreachable {
        /// Which.
        server: String,
        /// Why.
        why: String,
    },
    /// The database server refused.
    #[error("the store on {server}: {why}")]
    Refused {
        /// Which.
        server: String,
        /// Its words, with the SQLSTATE.
        why: String,
    },
    /// Another process writes this chain.
    #[error("the store on {0} is being written by another honeyward")]
    Taken(String),
    /// The chain is not where this writer left it.
    #[error("the store has record {found} as its last, this writer knows {known}: somebody else wrote")]
    Forked {
        /// Last record of the store.
        found: u64,
        /// Last record of this writer.
        known: u64,
    },
    /// The store is the target of a move that is not finished.
    #[error("the store at {0} is half moved: finish it with `honeyward store move`")]
    HalfMoved(String),
    /// It can't be moved there.
    #[error("{0}")]
    NotMoved(String),
    /// A folder or file could not be made or read.
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

impl StoreError {
    /// Whether it may pass by itself, or once somebody looked after the server.
    pub fn may_pass(&self) -> bool {
        match self {
            StoreError::Unreachable { .. }
            | StoreError::Refused { .. }
            | StoreError::Taken(_)
            | StoreError::Full => true,
            StoreError::Absent(_)
            | StoreError::Newer { .. }
            | StoreError::Older { .. }
            | StoreError::Engine(_)
            | StoreError::Forked { .. }
            | StoreError::HalfMoved(_)
            | StoreError::NotMoved(_)
            | StoreError::Io { .. }
            | StoreError::Unreadable { .. } => false,
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => StoreError::Full,
            _ => StoreError::Engine(error),
        }
    }
}
