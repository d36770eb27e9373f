//! The schema in the database: made and brought up to date by the writer alone, under its lock.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::connection::Connection;
use crate::store::StoreError;
use crate::store::engine::{Value, first};
use crate::store::place::Settings;

/// One script per schema version, in order; the table `store` says which was last.
const MIGRATIONS: [&str; 1] = [include_str!("1.sql")];

/// The number of this store's lock, of those that a database has for its users' own purposes.
fn lock_number(settings: &Settings) -> i64 {
    let digest: [u8; 32] = Sha256::digest(format!("honeyward/store/{}", settings.schema)).into();
    digest.iter().take(8).fold(0, |number, byte| number << 8 | i64::from(*byte))
}

/// Takes the lock for as long as the connection lives.
pub(super) fn lock(connection: &Connection, settings: &Settings) -> Result<(), StoreError> {
    let sql = "SELECT pg_try_advisory_lock(?1)::int::bigint";
    let taken = first(connection, sql, &[lock_number(settings).into()], |line| line.int(0))?;
    if taken == Some(1) { Ok(()) } else { Err(StoreError::Taken(settings.shown())) }
}

/// Makes the schema, or brings it up to date. The lock is held.
pub(super) fn migrate(connection: &Connection, settings: &Settings) -> Result<(), StoreError> {
    expect_unicode(connection, settings)?;
    let there = first(
        connection,
        "SELECT 1::bigint FROM pg_namespace WHERE nspname = ?1::text",
        &[settings.schema.as_str().into()],
        |line| line.int(0),
    )?;
    if there.is_none() {
        connection.run(&format!("CREATE SCHEMA {}", settings.schema))?;
    }
    let found = version(connection)?;
    if found > newest() {
        return Err(StoreError::Newer { found, known: newest() });
    }
    let done = usize::try_from(found).unwrap_or(0);
    for (version, script) in (1_i64..).zip(MIGRATIONS).skip(done) {
        connection.run(&format!(
            "BEGIN; {script}; INSERT INTO store (one, version) VALUES (1, {version})
             ON CONFLICT (one) DO UPDATE SET version = excluded.version; COMMIT"
        ))?;
    }
    Ok(())
}

/// Whether a reader of this version can read it.
pub(super) fn check(connection: &Connection, settings: &Settings) -> Result<(), StoreError> {
    match version(connection)? {
        0 => Err(StoreError::Absent(settings.shown())),
        found if found > newest() => Err(StoreError::Newer { found, known: newest() }),
        found if found < newest() => Err(StoreError::Older { found, known: newest() }),
        _ if moving(connection)?.is_some() => Err(StoreError::HalfMoved(settings.shown())),
        _ => Ok(()),
    }
}

/// Where a store is moved from into this schema, as long as it is not done.
pub(super) fn moving(connection: &Connection) -> Result<Option<String>, StoreError> {
    let sql = "SELECT moving FROM store WHERE moving IS NOT NULL";
    first(connection, sql, &[], |mut line| line.text(0))
}

/// Writes down that a move begins.
pub(super) fn begin_move(connection: &Connection, from: &str) -> Result<(), StoreError> {
    connection.execute("UPDATE store SET moving = (?1::text[])[1]", &[vec![from.into()]])
}

/// Writes down that it is done.
pub(super) fn end_move(connection: &Connection) -> Result<(), StoreError> {
    connection.run("UPDATE store SET moving = NULL")
}

fn version(connection: &Connection) -> Result<i64, StoreError> {
    let there = first(connection, "SELECT to_regclass('store')::text", &[], |line| Ok(!line.is_null(0)))?;
    if there != Some(true) {
        return Ok(0);
    }
    Ok(first(connection, "SELECT version FROM store", &[], |line| line.int(0))?.unwrap_or(0))
}

fn expect_unicode(connection: &Connection, settings: &Settings) -> Result<(), StoreError> {
    let sql = "SELECT current_setting('server_encoding')::text";
    let encoding = first(connection, sql, &[], |mut line| line.text(0))?.unwrap_or_default();
    if encoding == "UTF8" {
        return Ok(());
    }
    let why = format!("the database has the encoding {encoding}: make one with ENCODING 'UTF8'");
    Err(StoreError::Refused { server: settings.shown(), why })
}

fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// A month of UTC, as the name of its partition has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// The month of a moment, in microseconds since 1970.
    pub(super) fn of(at: i64) -> Self {
        let date = Timestamp::from_microsecond(at).unwrap_or_default().to_zoned(TimeZone::UTC).date();
        Month { year: date.year(), month: date.month() }
    }

    fn next(self) -> Self {
        match self.month {
            12 => Month { year: self.year + 1, month: 1 },
            month => Month { month: month + 1, ..self },
        }
    }

    fn start(self) -> i64 {
        let first = jiff::civil::Date::new(self.year, self.month, 1).ok();
        let first = first.and_then(|date| date.to_zoned(TimeZone::UTC).ok());
        first.map_or(i64::MAX, |moment| moment.timestamp().as_microsecond())
    }

    /// The statement that makes its partition of the records.
    pub(super) fn partition(self) -> String {
        let Month { year, month } = self;
        format!(
            "CREATE TABLE IF NOT EXISTS records_{year:04}_{month:02} PARTITION OF records
             FOR VALUES FROM ({}) TO ({})",
            self.start(),
            self.next().start()
        )
    }
}

/// The months of these records.
pub(super) fn months(lines: &[Vec<Value>]) -> impl Iterator<Item = Month> {
    lines.iter().filter_map(|line| match line.get(1) {
        Some(Value::Int(at)) => Some(Month::of(*at)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_ends_where_the_next_begins() {
        let december =
            Month::of("2026-12-31T23:59:59.999999Z".parse::<Timestamp>().unwrap().as_microsecond());
        assert_eq!(december, Month { year: 2026, month: 12 });
        assert_eq!(
            december.next(),
            Month::of("2027-01-01T00:00:00Z".parse::<Timestamp>().unwrap().as_microsecond())
        );
        assert_eq!(Month::of(0).start(), 0);
        assert!(Month::of(0).partition().contains(
            "records_1970_01 PARTITION OF records\n             FOR VALUES FROM (0) TO (2678400000000)"
        ));
    }
}
