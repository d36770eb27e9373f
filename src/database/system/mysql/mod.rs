//! MySQL's catalogue: what its clients and intruders look at first.

mod accounts;
mod kept;
mod keys;
mod objects;
mod server;

pub(in crate::database) use objects::column_type;
pub(in crate::database) use server::status;

use super::listing::all_objects;
use super::{System, t};
use crate::database::Product::MySql;
use crate::database::facts::{Facts, Object};
use crate::database::system::Late;

pub(super) static TABLES: [&[System]; 5] =
    [objects::TABLES, keys::TABLES, server::TABLES, accounts::TABLES, kept::TABLES];

const fn table(
    name: &'static str,
    lines: &'static [&'static str],
    rows: fn(&Facts, &str) -> Vec<Vec<Late>>,
) -> System {
    super::table(MySql, name, lines, rows)
}

/// A table that has nothing on this server.
const fn empty(name: &'static str, lines: &'static [&'static str]) -> System {
    table(name, lines, |_, _| Vec::new())
}

/// Databases on which the account has any right, and the one that everybody sees.
pub(in crate::database) fn visible(facts: &Facts) -> Vec<String> {
    let own = facts.catalog.login(&facts.login).map(|login| login.databases.as_slice()).unwrap_or_default();
    let sees = |name: &str| {
        facts.administrator
            || name.eq_ignore_ascii_case("information_schema")
            || own.is_empty() && !facts.catalog.database(name).is_some_and(|database| database.system)
            || own.iter().any(|own| own.eq_ignore_ascii_case(name))
            || facts.state().made_databases.iter().any(|made| made == name)
    };
    let mut names: Vec<String> =
        facts.databases().into_iter().map(|(name, _)| name).filter(|name| sees(name)).collect();
    names.sort_by_key(|name| (name != "information_schema", name.to_lowercase()));
    names
}

/// Objects of the databases that the account sees.
fn objects_seen(facts: &Facts) -> Vec<(String, Object)> {
    let seen = visible(facts);
    let mut all = all_objects(facts);
    all.retain(|(database, _)| seen.contains(database));
    all
}

/// The account as the server writes it.
fn grantee(name: &str) -> Late {
    t(format!("'{name}'@'%'"))
}
