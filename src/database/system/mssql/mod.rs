//! SQL Server's catalogue.

mod backups;
mod columns;
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

use super::{Late, System, n, none, t};
use crate::database::Product::SqlServer;
use crate::database::facts::Facts;

/// All its tables.
pub(super) static TABLES: [&[System]; 10] = [
    objects::TABLES,
    columns::TABLES,
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

/// A row of a view by the names of its columns: of the others a number that can't be missing is 0, a text
/// empty, and all else is nothing.
fn named(lines: &[&str], mut values: Vec<(&'static str, Late)>) -> Vec<Late> {
    let value = |line: &&str| {
        let (name, ty) = line.split_once(' ').unwrap_or((line, ""));
        match values.iter().position(|(known, _)| *known == name) {
            Some(at) => values.swap_remove(at).1,
            None if !ty.ends_with("not null") => none(),
            None if ty.starts_with("sysname") || ty.contains("char") => t(""),
            None => n(0),
        }
    };
    lines.iter().map(value).collect()
}
