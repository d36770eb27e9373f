//! Opening a database and bringing its schema up to date.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::store::StoreError;

/// One script per schema version, in order; `PRAGMA user_version` counts those that ran.
const MIGRATIONS: [&str; 2] = [include_str!("1.sql"), include_str!("2.sql")];

/// Prepared statements kept: more than the writer and a reader have together.
const STATEMENTS: usize = 32;

/// How long a reader waits for a lock (only while a schema changes), in milliseconds.
const BUSY_MS: u64 = 5_000;

/// Pages of the write-ahead log before it is folded back, 4 KiB each: large enough that folding
/// back is rare under load, small enough that it never takes long.
const CHECKPOINT_PAGES: u32 = 4_000;

/// Opens for writing; makes the file and brings the schema up to date.
pub(super) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| StoreError::Io { path: folder.to_owned(), error })?;
    }
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    prepare(&connection)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// Opens for reading, also while the writer works.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    if !path.is_file() {
        return Err(StoreError::Absent(path.display().to_string()));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    prepare(&connection)?;
    match version(&connection)? {
        0 => Err(StoreError::Absent(path.display().to_string())),
        found if found > newest() => Err(StoreError::Newer { found, known: newest() }),
        found if found < newest() => Err(StoreError::Older { found, known: newest() }),
        _ => Ok(connection),
    }
}

fn prepare(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(std::time::Duration::from_millis(BUSY_MS))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A damaged file must not be able to make SQLite run functions or trust its own schema.
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(())
}

fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let found = version(connection)?;
    if found > newest() {
        return Err(StoreError::Newer { found, known: newest() });
    }
    let done = usize::try_from(found).unwrap_or(0);
    for (version, script) in (1_i64..).zip(MIGRATIONS).skip(done) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(script)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}

fn version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opening_twice_changes_nothing_and_a_newer_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store/honeyward.db");
        assert!(matches!(open_reader(&path), Err(StoreError::Absent(_))));
        drop(open_writer(&path).unwrap());
        let connection = open_writer(&path).unwrap();
        assert_eq!(version(&connection).unwrap(), newest());
        connection.pragma_update(None, "user_version", newest() + 1).unwrap();
        drop(connection);
        assert!(matches!(open_writer(&path), Err(StoreError::Newer { .. })));
        assert!(matches!(open_reader(&path), Err(StoreError::Newer { .. })));
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        assert!(matches!(open_reader(&path), Err(StoreError::Older { .. })));
    }
}
