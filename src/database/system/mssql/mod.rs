//! SQL Server's catalogue.

mod backups;
mod constraints;
mod databases;
mod indexes;
mod information_schema;
mod logins;
mod msdb;
mod objects;
mod server;
mod sessions;

pub(in crate::database) use backups::backups;
pub(in crate::database) use databases::{SYSTEM_FOLDER, logical_file, physical_file};
pub(in crate::database) use sessions::is_listed;

use super::{Late, System};
use crate::database::Product::SqlServer;
use crate::database::facts::Facts;

/// All its tables.
pub(super) static TABLES: [&[System]; 9] = [
    objects::TABLES,
    indexes::TABLES,
    constraints::TABLES,
    information_schema::TABLES,
    databases::TABLES,
    logins::TABLES,
    msdb::TABLES,
    sessions::TABLES,
    server::TABLES,
];

const fn table(
    name: &'static str,
    lines: &'static [&'static str],
    rows: fn(&Facts, &str) -> Vec<Vec<Late>>,
) -> System {
    super::table(SqlServer, name, lines, rows)
}
