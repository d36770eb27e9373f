//! The catalogue of the SQL standard: `information_schema`.

use rusqlite::types::Value as Cell;

use super::builtin::builtin;
use super::catalogue::{entries, owner, roles};
use super::rows::data_type;
use super::types::{PgType, oid};
use crate::database::facts::Facts;

fn t(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

fn size(number: usize) -> Cell {
    Cell::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Rows of one of its views.
pub(super) fn add(name: &str, facts: &Facts, put: &mut impl FnMut(Vec<(&str, Cell)>)) {
    match name {
        "tables" | "views" => tables(name, facts, put),
        "columns" => columns(facts, put),
        "schemata" => schemata(facts, put),
        "table_constraints" | "key_column_usage" | "constraint_column_usage" => keys(name, facts, put),
        "information_schema_catalog_name" => put(vec![("catalog_name", t(facts.database()))]),
        "enabled_roles" => put(vec![("role_name", t(facts.login.as_str()))]),
        "table_privileges" | "role_table_grants" => privileges(facts, put),
        _ => {}
    }
}

fn tables(which: &str, facts: &Facts, put: &mut impl FnMut(Vec<(&str, Cell)>)) {
    let database = facts.database();
    let mut one = |schema: &str, name: &str, table: bool, writable: bool, definition: String| {
        if which == "views" && table {
            return;
        }
        put(vec![
            ("table_catalog", t(database.as_str())),
            ("table_schema", t(schema)),
            ("table_name", t(name)),
            ("table_type", t(if table { "BASE TABLE" } else { "VIEW" })),
            ("is_insertable_into", t(if writable { "YES" } else { "NO" })),
            ("is_typed", t("NO")),
            ("is_updatable", t(if writable { "YES" } else { "NO" })),
            ("is_trigger_updatable", t("NO")),
            ("is_trigger_deletable", t("NO")),
            ("is_trigger_insertable_into", t("NO")),
            ("check_option", t("NONE")),
            ("view_definition", t(definition)),
        ]);
    };
    for entry in entries(facts) {
        let table = entry.table().is_some();
        let definition = if table { String::new() } else { super::definitions::view(&entry) };
        one(&entry.object.schema, &entry.object.name, table, table, definition);
    }
    for relation in builtin().values() {
        let secret =
            matches!(relation.name, "pg_authid" | "pg_statistic" | "pg_user_mapping" | "pg_subscription");
        if !secret || facts.administrator {
            one(relation.schema, relation.name, relation.table, relation.table, String::new());
        }
    }
}

fn columns(facts: &Facts, put: &mut impl FnMut(Vec<(&str, Cell)>)) {
    let database = facts.database();
    let mut one = |schema: &str, table: &str, at: usize, name: &str, ty: PgType, nullable: bool| {
        let yes = |on: bool| t(if on { "YES" } else { "NO" });
        let measure = ty.modifier - 4;
        let given = measure >= 0;
        let (bits, scale) = match ty.oid {
            oid::INT2 => (Some(16), Some(0)),
            oid::INT4 => (Some(32), Some(0)),
            oid::INT8 => (Some(64), Some(0)),
            oid::FLOAT4 => (Some(24), None),
            oid::FLOAT8 => (Some(53), None),
            oid::NUMERIC if given => (Some(measure >> 16), Some(measure & 0xffff)),
            _ => (None, None),
        };
        let maybe = |number: Option<i32>| number.map_or(Cell::Null, |n| Cell::Integer(i64::from(n)));
        let text = matches!(ty.oid, oid::VARCHAR | oid::BPCHAR | oid::TEXT);
        let length = given.then_some(measure).filter(|_| matches!(ty.oid, oid::VARCHAR | oid::BPCHAR));
        let bytes =
            if text { Some(length.map_or(1_073_741_824, |length| length.saturating_mul(4))) } else { None };
        let time = match ty.oid {
            oid::TIMESTAMP | oid::TIMESTAMPTZ | oid::TIME => Some(6),
            oid::DATE => Some(0),
            _ => None,
        };
        let known = ty.known();
        put(vec![
            ("table_catalog", t(database.as_str())),
            ("table_schema", t(schema)),
            ("table_name", t(table)),
            ("column_name", t(name)),
            ("ordinal_position", size(at)),
            ("is_nullable", yes(nullable)),
            ("data_type", t(data_type(ty))),
            ("character_maximum_length", maybe(length)),
            ("character_octet_length", maybe(bytes)),
            ("numeric_precision", maybe(bits)),
            ("numeric_precision_radix", maybe(bits.map(|_| if ty.oid == oid::NUMERIC { 10 } else { 2 }))),
            ("numeric_scale", maybe(scale)),
            ("datetime_precision", maybe(time)),
            ("udt_catalog", t(database.as_str())),
            ("udt_schema", t("pg_catalog")),
            ("udt_name", t(known.map_or("text", |known| known.name))),
            ("dtd_identifier", t(at.to_string())),
            ("is_self_referencing", t("NO")),
            ("is_identity", t("NO")),
            ("identity_cycle", t("NO")),
            ("is_generated", t("NEVER")),
            ("is_updatable", t("YES")),
        ]);
    };
    for entry in entries(facts) {
        for (column, at) in super::columns_of(facts, &entry).iter().zip(1..) {
            one(&entry.object.schema, &entry.object.name, at, &column.name, column.ty, column.nullable);
        }
    }
    for relation in builtin().values() {
        for (column, at) in relation.columns.iter().zip(1..) {
            let ty = PgType::named(column.ty).unwrap_or(PgType::of(oid::TEXT));
            one(relation.schema, relation.name, at, column.name, ty, !column.not_null);
        }
    }
}

fn schemata(facts: &Facts, put: &mut impl FnMut(Vec<(&str, Cell)>)) {
    for (name, owner) in
        [("pg_catalog", "postgres"), ("public", "pg_database_owner"), ("information_schema", "postgres")]
    {
        // Only those that the role owns, or may use as a superuser, are shown.
        if facts.administrator || name == "public" {
            put(vec![
                ("catalog_name", t(facts.database())),
                ("schema_name", t(name)),
                ("schema_owner", t(owner)),
            ]);
        }
    }
}

fn keys(which: &str, facts: &Facts, put: &mut impl FnMut(Vec<(&str, Cell)>)) {
    let database = facts.database();
    for entry in entries(facts) {
        let Some(primary) = entry.indexes.iter().find(|index| index.primary) else { continue };
        let common = vec![
            ("constraint_catalog", t(database.as_str())),
            ("constraint_schema", t(&entry.object.schema)),
            ("constraint_name", t(&primary.name)),
            ("table_catalog", t(database.as_str())),
            ("table_schema", t(&entry.object.schema)),
            ("table_name", t(&entry.object.name)),
        ];
        if which == "table_constraints" {
            let mut given = common;
            given.extend([
                ("constraint_type", t("PRIMARY KEY")),
                ("is_deferrable", t("NO")),
                ("initially_deferred", t("NO")),
                ("enforced", t("YES")),
            ]);
            put(given);
            continue;
        }
        for (number, at) in primary.columns.iter().zip(1..) {
            let Some(column) = entry.columns().get(number - 1) else { continue };
            let mut given = common.clone();
            given.extend([("column_name", t(&column.name)), ("ordinal_position", size(at))]);
            put(given);
        }
    }
}

fn privileges(facts: &Facts, put: &mut impl FnMut(Vec<(&str, Cell)>)) {
    let own = owner(facts);
    let own =
        roles(facts).into_iter().find(|(oid, ..)| *oid == own).map_or("postgres".to_owned(), |(_, n, _)| n);
    for entry in entries(facts) {
        for right in ["INSERT", "SELECT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"] {
            put(vec![
                ("grantor", t(&own)),
                ("grantee", t(&own)),
                ("table_catalog", t(facts.database())),
                ("table_schema", t(&entry.object.schema)),
                ("table_name", t(&entry.object.name)),
                ("privilege_type", t(right)),
                ("is_grantable", t("YES")),
                ("with_hierarchy", t(if right == "SELECT" { "YES" } else { "NO" })),
            ]);
        }
    }
}
