//! SQL Server's catalogue.

mod databases;
mod indexes;
mod information_schema;
mod logins;
mod objects;
mod server;
mod sessions;

use super::{Late, System};
use crate::database::Product::SqlServer;
use crate::database::facts::Facts;

/// All its tables.
pub(super) static TABLES: [&[System]; 7] = [
    objects::TABLES,
    indexes::TABLES,
    information_schema::TABLES,
    databases::TABLES,
    logins::TABLES,
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
