//! Roles, and what is kept of their passwords.

use rusqlite::types::Value as Cell;

use super::catalogue::roles;
use crate::database::facts::Facts;

/// `pg_authid`, `pg_roles`, `pg_user` and `pg_shadow`.
pub(super) fn add(which: &str, facts: &Facts, put: &mut impl FnMut(Vec<(&str, Cell)>)) {
    let t = |text: &str| Cell::Text(text.to_owned());
    let b = |on: bool| Cell::Integer(i64::from(on));
    if which == "pg_roles" {
        predefined(put);
    }
    let secrets = facts.state().secrets.clone();
    for (oid, name, administrator) in roles(facts) {
        let secret = match which {
            "pg_roles" | "pg_user" => t("********"),
            _ => secrets.get(&name).map_or(Cell::Null, |secret| t(secret)),
        };
        let on = b(administrator);
        if matches!(which, "pg_user" | "pg_shadow") {
            put(vec![
                ("usename", t(&name)),
                ("usesysid", Cell::Integer(oid)),
                ("usecreatedb", on.clone()),
                ("usesuper", on.clone()),
                ("userepl", on.clone()),
                ("usebypassrls", on),
                ("passwd", secret),
            ]);
            continue;
        }
        if which == "pg_authid" && administrator {
            continue;
        }
        put(vec![
            ("oid", Cell::Integer(oid)),
            ("rolname", t(&name)),
            ("rolsuper", on.clone()),
            ("rolinherit", b(true)),
            ("rolcreaterole", on.clone()),
            ("rolcreatedb", on.clone()),
            ("rolcanlogin", b(true)),
            ("rolreplication", on.clone()),
            ("rolbypassrls", on),
            ("rolconnlimit", Cell::Integer(-1)),
            ("rolpassword", secret),
        ]);
    }
}

/// Roles that every server has.
fn predefined(put: &mut impl FnMut(Vec<(&str, Cell)>)) {
    let Some(all) = super::builtin::builtin().get("pg_catalog.pg_authid") else { return };
    for row in &all.rows {
        if all.value(row, "rolname") == Some("postgres") {
            continue;
        }
        let given = all.columns.iter().zip(row);
        let given = given.map(|(column, text)| (column.name, super::catalogue::cell_of(*text, column.ty)));
        let mut given: Vec<(&str, Cell)> = given.filter(|(name, _)| *name != "rolpassword").collect();
        given.push(("rolpassword", Cell::Text("********".to_owned())));
        put(given);
    }
}
