//! PostgreSQL on a server of the hospital's own: one writer under an advisory lock, readers that share
//! few connections, records in partitions by month.

mod connection;
mod pool;
mod receive;
mod schema;
mod tls;
mod write;

pub(super) use self::pool::{Looking, Pool};
pub(super) use self::receive::{Held, Receiver};
pub(super) use self::write::Writer;

use super::place::{Settings, Tls};

/// Runs statements as the store's user.
#[cfg(test)]
pub(super) fn run(settings: &Settings, sql: &str) -> Result<(), super::StoreError> {
    connection::Connection::open(settings, std::time::Duration::from_secs(10))?.run(sql)
}

/// What is wrong with the files that the settings name.
pub(super) fn check_files(settings: &Settings) -> Result<(), String> {
    connection::password(settings)?;
    if settings.tls == Tls::Require {
        tls::config(settings)?;
    }
    Ok(())
}
