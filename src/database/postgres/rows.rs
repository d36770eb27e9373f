//! Rows of what a server holds, relation by relation.

use rusqlite::types::Value as Cell;

use super::builtin::{Relation, builtin};
use super::catalogue::{Entry, SUPERUSER, entries, namespace, owner, roles, row};
use super::types::{PgType, format_type, oid};
use crate::database::facts::Facts;

fn t(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

fn n(number: impl Into<i64>) -> Cell {
    Cell::Integer(number.into())
}

fn b(on: bool) -> Cell {
    Cell::Integer(i64::from(on))
}

fn size(number: usize) -> Cell {
    Cell::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Adds the rows of a relation that are this server's own.
pub(in crate::database) fn add(relation: &Relation, facts: &Facts, rows: &mut Vec<Vec<Cell>>) {
    let mut put = |given: Vec<(&str, Cell)>| rows.push(row(relation, given));
    match (relation.schema, relation.name) {
        ("pg_catalog", "pg_class") => classes(facts, &mut put),
        ("pg_catalog", "pg_attribute") => attributes(facts, &mut put),
        ("pg_catalog", "pg_index") => index_rows(facts, &mut put),
        ("pg_catalog", "pg_constraint") => constraints(facts, &mut put),
        ("pg_catalog", "pg_description") => descriptions(facts, &mut put),
        ("pg_catalog", "pg_type") => row_types(facts, &mut put),
        ("pg_catalog", "pg_database") => databases(facts, &mut put),
        ("pg_catalog", "pg_shdescription") => shared_descriptions(facts, &mut put),
        ("pg_catalog", "pg_tables" | "pg_views" | "pg_indexes") => lists(relation.name, facts, &mut put),
        ("pg_catalog", "pg_authid" | "pg_roles" | "pg_user" | "pg_shadow") => {
            super::roles::add(relation.name, facts, &mut put);
        }
        ("pg_catalog", name) if name.starts_with("pg_stat") => super::activity::add(name, facts, &mut put),
        ("pg_catalog", "pg_settings") => settings(facts, relation, rows),
        ("information_schema", name) => super::standard::add(name, facts, &mut put),
        _ => {}
    }
}

fn kind(entry: &Entry) -> &'static str {
    if entry.object.table.is_some() { "r" } else { "v" }
}

fn classes(facts: &Facts, put: &mut impl FnMut(Vec<(&str, Cell)>)) {
    let owner = owner(facts);
    for entry in entries(facts) {
        let table = entry.table();
        let rows = table.map_or(0, |table| facts.estimate(table));
        let pages = table.map_or(0, |table| crate::database::system::pages(table, rows));
        let common = |name: &str, oid: i64, kind: &str, am: i64, columns: usize| {
            vec![
                ("oid", n(oid)),
                ("relname", t(name)),
                ("relnamespace", n(namespace(&entry.object.schema))),
                ("relowner", n(owner)),
                ("relam", n(am)),
                ("relfilenode", n(if kind == "v" { 0 } else { oid })),
                ("relpersistence", t("p")),
                ("relkind", t(kind)),
                ("relnatts", size(columns)),
                ("relispopulated", b(true)),
                ("relreplident", t(if kind == "r" { "d" } else { "n" })),
            ]
        };
        let columns = super::columns_of(facts, &entry);
        let heap = if table.is_some() { 2 } else { 0 };
        let mut given = common(&entry.object.name, entry.oid, kind(&entry), heap, columns.len());
        given.extend([
            ("reltype", n(entry.oid + 2)),
            ("relpages", n(pages)),
            ("reltuples", n(if table.is_some() { rows } else { -1 })),
            ("relallvisible", n(pages)),
            ("relhasindex", b(!entry.indexes.is_empty())),
            ("relhasrules", b(table.is_none())),
            ("relfrozenxid", n(726)),
            ("relminmxid", n(1)),
        ]);
        put(given);
        for index in &entry.indexes {
            let mut given = common(&index.name, index.oid, "i", 403, index.columns.len());
            given.extend([("relpages", n(pages / 4 + 1)), ("reltuples", n(rows))]);
            put(given);
        }
    }
}

fn attributes(facts: &Facts, put: &mut impl FnMut(Vec<(&str, Cell)>)) {
    let mut one = |relation: i64, number: usize, name: &str, ty: PgType, not_null: bool| {
        let known = ty.known();
        put(vec![
            ("attrelid", n(relation)),
            ("attname", t(name)),
            ("atttypid", n(ty.oid)),
            ("attstattarget", n(-1)),
            ("attlen", n(ty.length())),
            ("attnum", size(number)),
            ("attcacheoff", n(-1)),
            ("atttypmod", n(ty.modifier)),
            ("attndims", b(ty.element().is_some())),
            ("attbyval", b((1..=8).contains(&ty.length()))),
            ("attalign", t(if ty.length() == 8 { "d" } else { "i" })),
            (
                "attstorage",
                t(if ty.length() < 0 && ty.oid != oid::NUMERIC {
                    "x"
                } else if ty.length() < 0 {
                    "m"
                } else {
                    "p"
                }),
            ),
            ("attnotnull", b(not_null)),
            ("attislocal", b(true)),
            (
                "attcollation",
                n(if known.is_some_and(|k| k.category == 'S') {
                    if ty.oid == oid::NAME { 950 } else { 100 }
                } else {
                    0
                }),
            ),
        ]);
    };
    for relation in builtin().values() {
        for (column, at) in relation.columns.iter().zip(1..) {
            let ty = PgType::named(column.ty).unwrap_or(PgType::of(oid::TEXT));
            one(relation.oid, at, column.name, ty, column.not_null);
        }
    }
    for entry in entries(facts) {
        let columns = super::columns_of(facts, &entry);
        for (column, at) in columns.iter().zip(1..) {
            one(entry.oid, at, &column.name, column.ty, !column.nullable);
        }
        for index in &entry.indexes {
            for (number, at) in index.columns.iter().zip(1..) {
                if let Some(column) = columns.get(number - 1) {
                    one(index.oid, at, &column.name, column.ty, false);
                }
            }
        }
    }
}

fn vector(numbers: impl Iterator<Item = String>) -> Cell {
    t(numbers.collect::<Vec<_>>().join(" "))
}

fn index_rows(facts: &Facts, put: &mut impl FnMut(Vec<(&str, Cell)>)) {
    for entry in entries(facts) {
        for index in &entry.indexes {
            let each = |value: &str| vector(index.columns.iter().map(|_| value.to_owned()));
            put(vec![
                ("indexrelid", n(index.oid)),
                ("indrelid", n(entry.oid)),
                ("indnatts", size(index.columns.len())),
                ("indnkeyatts", size(index.columns.len())),
                ("indisunique", b(index.primary)),
                ("indisprimary", b(index.primary)),
                ("indimmediate", b(true)),
                ("indisvalid", b(true)),
                ("indisready", b(true)),
                ("indislive", b(true)),
                ("indkey", vector(index.columns.iter().map(ToString::to_string))),
                ("indcollation", each("0")),
                ("indclass", each("1978")),
                ("indoption", each("0")),
            ]);
        }
    }
}

fn constraints(facts: &Facts, put: &mut impl FnMut(Vec<(&str, Cell)>)) {
    for entry in entries(facts) {
        let Some(primary) = entry.indexes.iter().find(|index| index.primary) else { continue };
        let keys: Vec<String> = primary.columns.iter().map(ToString::to_string).collect();
        put(vec![
            ("oid", n(entry.key())),
            ("conname", t(&primary.name)),
            ("connamespace", n(namespace(&entry.object.schema))),
            ("contype", t("p")),
            ("convalidated", b(true)),
            ("conrelid", n(entry.oid)),
            ("conindid", n(primary.oid)),
            ("confupdtype", t(" ")),
            ("confdeltype", t(" ")),
            ("confmatchtype", t(" ")),
            ("conislocal", b(true)),
            ("connoinherit", b(true)),
            ("conkey", t(format!("{{{}}}", keys.join(",")))),
        ]);
    }
}

fn descriptions(facts: &Facts, put: &mut impl FnMut(Vec<(&str, Cell)>)) {
    let mut one = |object: i64, class: i64, place: usize, text: &str| {
        if !text.is_empty() {
            put(vec![
                ("objoid", n(object)),
                ("classoid", n(class)),
                ("objsubid", size(place)),
                ("description", t(text)),
            ]);
        }
    };
    for (object, class, text) in [
        (11, 2615, "system catalog schema"),
        (99, 2615, "reserved schema for TOAST tables"),
        (2200, 2615, "standard public schema"),
        (2, 2601, "heap table access method"),
        (403, 2601, "b-tree index access method"),
        (100, 3456, "database's default collation"),
    ] {
        one(object, class, 0, text);
    }
    for entry in entries(facts) {
        one(entry.oid, 1259, 0, &entry.object.title);
        for (column, at) in entry.columns().iter().zip(1..) {
            one(entry.oid, 1259, at, &column.title);
        }
    }
}

fn row_types(facts: &Facts, put: &mut impl FnMut(Vec<(&str, Cell)>)) {
    let owner = owner(facts);
    for entry in entries(facts) {
        for (offset, name) in [(2, entry.object.name.clone()), (1, format!("_{}", entry.object.name))] {
            let row = offset == 2;
            put(vec![
                ("oid", n(entry.oid + offset)),
                ("typname", t(name)),
                ("typnamespace", n(namespace(&entry.object.schema))),
                ("typowner", n(owner)),
                ("typlen", n(-1)),
                ("typtype", t(if row { "c" } else { "b" })),
                ("typcategory", t(if row { "C" } else { "A" })),
                ("typisdefined", b(true)),
                ("typdelim", t(",")),
                ("typrelid", n(if row { entry.oid } else { 0 })),
                ("typelem", n(if row { 0 } else { entry.oid + 2 })),
                ("typarray", n(if row { entry.oid + 1 } else { 0 })),
                ("typinput", t(if row { "record_in" } else { "array_in" })),
                ("typoutput", t(if row { "record_out" } else { "array_out" })),
                ("typalign", t("d")),
                ("typstorage", t("x")),
                ("typtypmod", n(-1)),
            ]);
        }
    }
}

fn databases(facts: &Facts, put: &mut impl FnMut(Vec<(&str, Cell)>)) {
    for (name, id) in facts.databases() {
        let template = name.starts_with("template");
        let oid = match name.as_str() {
            "template1" => 1,
            "template0" => 4,
            "postgres" => 5,
            _ => 16_384 + i64::from(id),
        };
        let own = facts
            .catalog
            .logins
            .iter()
            .position(|login| !login.administrator && login.databases.contains(&name));
        let all = roles(facts);
        let owner = own.and_then(|at| all.get(at)).map_or(SUPERUSER, |(oid, ..)| *oid);
        let acl = "{=c/postgres,postgres=CTc/postgres}";
        let collation = facts.catalog.server.collation.as_str();
        put(vec![
            ("oid", n(oid)),
            ("datname", t(name.as_str())),
            ("datdba", n(owner)),
            ("encoding", n(6)),
            ("datlocprovider", t("c")),
            ("datistemplate", b(template)),
            ("datallowconn", b(name != "template0")),
            ("datconnlimit", n(-1)),
            ("datfrozenxid", n(717)),
            ("datminmxid", n(1)),
            ("dattablespace", n(1663)),
            ("datcollate", t(collation)),
            ("datctype", t(collation)),
            ("datacl", if template { t(acl) } else { Cell::Null }),
        ]);
    }
}

fn shared_descriptions(_: &Facts, put: &mut impl FnMut(Vec<(&str, Cell)>)) {
    for (database, text) in [
        (1, "default template for new databases"),
        (4, "unmodifiable empty database"),
        (5, "default administrative connection database"),
    ] {
        put(vec![("objoid", n(database)), ("classoid", n(1262)), ("description", t(text))]);
    }
}

/// `pg_tables`, `pg_views` and `pg_indexes`.
fn lists(which: &str, facts: &Facts, put: &mut impl FnMut(Vec<(&str, Cell)>)) {
    let all = roles(facts);
    let own = owner(facts);
    let own = all.iter().find(|(oid, ..)| *oid == own).map_or("postgres", |(_, name, _)| name).to_owned();
    if which != "pg_indexes" {
        let (name, held) = if which == "pg_tables" { ("tablename", "r") } else { ("viewname", "v") };
        let user = if which == "pg_tables" { "tableowner" } else { "viewowner" };
        for relation in builtin().values().filter(|relation| relation.table == (held == "r")) {
            put(vec![
                ("schemaname", t(relation.schema)),
                (name, t(relation.name)),
                (user, t("postgres")),
                ("hasindexes", b(true)),
                ("hasrules", b(false)),
                ("hastriggers", b(false)),
                ("rowsecurity", b(false)),
            ]);
        }
        for entry in entries(facts).into_iter().filter(|entry| kind(entry) == held) {
            put(vec![
                ("schemaname", t(&entry.object.schema)),
                (name, t(&entry.object.name)),
                (user, t(&own)),
                ("hasindexes", b(!entry.indexes.is_empty())),
                ("hasrules", b(false)),
                ("hastriggers", b(false)),
                ("rowsecurity", b(false)),
                ("definition", t(super::definitions::view(&entry))),
            ]);
        }
        return;
    }
    for entry in entries(facts) {
        for index in &entry.indexes {
            put(vec![
                ("schemaname", t(&entry.object.schema)),
                ("tablename", t(&entry.object.name)),
                ("indexname", t(&index.name)),
                ("indexdef", t(super::definitions::index(&entry, index))),
            ]);
        }
    }
}

/// What the session changed shows in `pg_settings`.
fn settings(facts: &Facts, relation: &Relation, rows: &mut [Vec<Cell>]) {
    let (Some(name), Some(setting)) = (relation.column("name"), relation.column("setting")) else { return };
    for row in rows {
        let Some(Cell::Text(of)) = row.get(name) else { continue };
        let value = facts.state().settings.raw(of);
        if let (Some((_, value)), Some(place)) = (value, row.get_mut(setting)) {
            *place = t(value);
        }
    }
}

/// How the standard's catalogue names a type.
pub(in crate::database) fn data_type(ty: PgType) -> String {
    match ty.element() {
        Some(_) => "ARRAY".to_owned(),
        None => format_type(PgType { modifier: -1, ..ty }).replace("bpchar", "character"),
    }
}
