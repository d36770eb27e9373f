//! Rows of the catalogue: those that every server has, and those of what this one holds.

use std::sync::Arc;

use rusqlite::types::Value as Cell;

use super::builtin::{Relation, builtin};
use super::rows;
use super::types::{PgType, oid};
use crate::database::catalog::{ColumnSpec, Table};
use crate::database::facts::{Facts, Object};

/// The first object id of what is no part of the product.
const FIRST: i64 = 16_400;

/// Object ids that a table takes with its type, its keys and its indexes.
const EACH: i64 = 16;

/// The role that owns what a server has from the beginning.
pub(in crate::database) const SUPERUSER: i64 = 10;

/// The schema of tables.
pub(in crate::database) const PUBLIC: i64 = 2200;

/// A table or view of the database with the ids that the catalogue gives it.
pub(in crate::database) struct Entry {
    pub oid: i64,
    pub object: Object,
    pub indexes: Vec<Index>,
}

/// An index.
pub(in crate::database) struct Index {
    pub oid: i64,
    pub name: String,
    /// Its columns, by number from 1.
    pub columns: Vec<usize>,
    pub primary: bool,
}

impl Entry {
    pub(in crate::database) fn table(&self) -> Option<&Arc<Table>> {
        self.object.table.as_ref()
    }

    pub(in crate::database) fn columns(&self) -> &[ColumnSpec] {
        self.table().map_or(&[], |table| &table.columns)
    }

    /// The id of its key as a constraint.
    pub(in crate::database) fn key(&self) -> i64 {
        self.oid + EACH - 1
    }
}

/// Tables and views of the current database.
pub(in crate::database) fn entries(facts: &Facts) -> Vec<Entry> {
    let objects = facts.objects(&facts.database());
    let (mut known, mut made) = (0, 0);
    let mut all = Vec::new();
    for object in objects.into_iter().filter(|object| object.kind != 'P') {
        let own = object.table.as_ref().is_some_and(|table| facts.state().made.contains_key(&table.place()));
        let at = if own { &mut made } else { &mut known };
        let oid = FIRST + *at * EACH + if own { 8_192 } else { 0 };
        *at += 1;
        let indexes = object.table.as_ref().map_or(Vec::new(), |table| indexes(table, oid));
        all.push(Entry { oid, object, indexes });
    }
    all
}

fn indexes(table: &Table, oid: i64) -> Vec<Index> {
    let number = |name: &str| table.column(name).map(|at| at + 1);
    let key: Vec<usize> = table.columns.iter().zip(1..).filter(|(c, _)| c.key).map(|(_, at)| at).collect();
    let primary = Index { oid: oid + 5, name: format!("{}_pkey", table.name), columns: key, primary: true };
    let others = table.indexes.iter().zip(6..).map(|(index, at)| {
        let (name, columns) = index;
        let columns = columns.iter().filter_map(|name| number(name));
        Index { oid: oid + at, name: name.trim().to_owned(), columns: columns.collect(), primary: false }
    });
    let all = std::iter::once(primary).chain(others);
    all.filter(|index| !index.columns.is_empty()).collect()
}

/// Roles with their ids.
pub(in crate::database) fn roles(facts: &Facts) -> Vec<(i64, String, bool)> {
    let listed = facts.catalog.logins.iter().zip(0..).map(|(login, at)| {
        let oid = if login.administrator { SUPERUSER } else { FIRST - 12 + at };
        (oid, login.name.clone(), login.administrator)
    });
    listed.collect()
}

/// The id of the role that owns the tables.
pub(in crate::database) fn owner(facts: &Facts) -> i64 {
    let database = facts.database();
    let own = facts
        .catalog
        .logins
        .iter()
        .zip(0..)
        .find(|(login, _)| !login.administrator && login.databases.contains(&database));
    own.map_or(SUPERUSER, |(_, at)| FIRST - 12 + at)
}

/// The id of a schema.
pub(in crate::database) fn namespace(name: &str) -> i64 {
    let all = builtin().get("pg_catalog.pg_namespace");
    let found = all.and_then(|all| {
        let row = all.rows.iter().find(|row| all.value(row, "nspname") == Some(name))?;
        all.value(row, "oid")?.parse().ok()
    });
    found.unwrap_or(PUBLIC)
}

/// A value of a column from its text.
pub(in crate::database) fn cell_of(text: Option<&str>, ty: &str) -> Cell {
    let Some(text) = text else { return Cell::Null };
    match ty {
        "bool" => Cell::Integer(i64::from(text == "true" || text == "t")),
        "int2" | "int4" | "int8" | "oid" | "xid" => text.parse().map_or(Cell::Null, Cell::Integer),
        "float4" | "float8" => text.parse().map_or(Cell::Null, Cell::Real),
        _ => Cell::Text(text.to_owned()),
    }
}

/// A row from the values of some of its columns; the others have what stands for nothing.
pub(in crate::database) fn row(relation: &Relation, given: Vec<(&str, Cell)>) -> Vec<Cell> {
    let default = |column: &super::builtin::Field| match (column.not_null, column.ty) {
        (false, _) => Cell::Null,
        (true, "bool" | "int2" | "int4" | "int8" | "oid" | "float4" | "float8" | "xid") => Cell::Integer(0),
        (true, _) => Cell::Text(String::new()),
    };
    let mut made: Vec<Cell> = relation.columns.iter().map(default).collect();
    for (name, value) in given {
        if let Some(place) = relation.column(name).and_then(|at| made.get_mut(at)) {
            *place = value;
        }
    }
    made
}

/// All rows of a relation.
pub(in crate::database) fn all(relation: &Relation, facts: &Facts) -> Vec<Vec<Cell>> {
    let same = relation.rows.iter().map(|row| {
        row.iter().zip(&relation.columns).map(|(text, column)| cell_of(*text, column.ty)).collect()
    });
    let mut made: Vec<Vec<Cell>> = same.collect();
    rows::add(relation, facts, &mut made);
    made
}

/// Whether a relation's rows change by themselves.
pub(in crate::database) fn is_volatile(relation: &Relation) -> bool {
    let name = relation.name;
    name.starts_with("pg_stat")
        || matches!(name, "pg_locks" | "pg_settings" | "pg_cursors" | "pg_prepared_statements")
}

/// Columns of a relation, as tables of a schema have them.
pub(in crate::database) fn columns(relation: &Relation) -> Vec<ColumnSpec> {
    let column = |field: &super::builtin::Field| ColumnSpec {
        identity: false,
        name: field.name.to_owned(),
        ty: PgType::named(field.ty).unwrap_or(PgType::of(oid::TEXT)).sql(),
        nullable: !field.not_null,
        key: false,
        binding: None,
        title: String::new(),
    };
    relation.columns.iter().map(column).collect()
}

/// The id of a table, view or index by its name; unqualified ones are looked for in the catalogue first.
pub(in crate::database) fn relation_id(facts: &Facts, name: &str) -> Option<i64> {
    let plain = name.replace('"', "");
    let (schema, last) =
        plain.rsplit_once('.').map_or((None, plain.as_str()), |(schema, last)| (Some(schema), last));
    let last = if name.contains('"') { last.to_owned() } else { last.to_lowercase() };
    let known = |schema: &str| {
        builtin().get(&format!("{schema}.{last}")).map(|relation| relation.oid).or_else(|| {
            let classes = builtin().get("pg_catalog.pg_class")?;
            let row = classes.rows.iter().find(|row| classes.value(row, "relname") == Some(&last))?;
            classes.value(row, "oid")?.parse().ok()
        })
    };
    if let Some(schema @ ("pg_catalog" | "information_schema")) = schema {
        return known(schema);
    }
    if schema.is_none()
        && let Some(found) = known("pg_catalog")
    {
        return Some(found);
    }
    entries(facts).into_iter().find_map(|entry| {
        if schema.is_some_and(|schema| schema != entry.object.schema) {
            return None;
        }
        if entry.object.name == last {
            return Some(entry.oid);
        }
        entry.indexes.iter().find(|index| index.name == last).map(|index| index.oid)
    })
}

/// Schema and name of a table, view or index.
pub(in crate::database) fn relation_name(facts: &Facts, wanted: i64) -> Option<(String, String)> {
    let classes = builtin().get("pg_catalog.pg_class")?;
    if wanted < FIRST {
        let text = wanted.to_string();
        let row = classes.rows.iter().find(|row| classes.value(row, "oid") == Some(&text))?;
        let schema = if classes.value(row, "relnamespace") == Some("11") {
            "pg_catalog"
        } else {
            "information_schema"
        };
        return Some((schema.to_owned(), classes.value(row, "relname")?.to_owned()));
    }
    entries(facts).into_iter().find_map(|entry| {
        let schema = entry.object.schema.clone();
        if entry.oid == wanted {
            return Some((schema, entry.object.name.clone()));
        }
        entry.indexes.iter().find(|index| index.oid == wanted).map(|index| (schema, index.name.clone()))
    })
}
