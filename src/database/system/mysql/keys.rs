//! Keys, and the columns that are in them.

use super::{empty, objects_seen, table};
use crate::database::catalog::Table;
use crate::database::facts::{Facts, Object};
use crate::database::system::{Late, System, count, n, none, t};

pub(super) static TABLES: &[System] = &[
    table(
        "information_schema.statistics",
        &[
            "TABLE_CATALOG varchar(512) not null",
            "TABLE_SCHEMA varchar(64) not null",
            "TABLE_NAME varchar(64) not null",
            "NON_UNIQUE bigint not null",
            "INDEX_SCHEMA varchar(64) not null",
            "INDEX_NAME varchar(64) not null",
            "SEQ_IN_INDEX bigint not null",
            "COLUMN_NAME varchar(64) not null",
            "COLLATION varchar(1)",
            "CARDINALITY bigint",
            "SUB_PART bigint",
            "PACKED varchar(10)",
            "NULLABLE varchar(3) not null",
            "INDEX_TYPE varchar(16) not null",
            "COMMENT varchar(16)",
            "INDEX_COMMENT varchar(1024) not null",
        ],
        |facts, _| {
            parts(facts, |database, object, index, at, column| {
                let table = object.table.as_deref();
                let nullable = table.and_then(|table| table.columns.get(table.column(column)?));
                let rows = object.table.clone().map_or_else(none, Late::Rows);
                vec![
                    t("def"),
                    t(database),
                    t(&object.name),
                    n(i64::from(index != PRIMARY)),
                    t(database),
                    t(index),
                    count(at),
                    t(column),
                    t("A"),
                    rows,
                    none(),
                    none(),
                    t(if nullable.is_some_and(|column| column.nullable) { "YES" } else { "" }),
                    t("BTREE"),
                    t(""),
                    t(""),
                ]
            })
        },
    ),
    table(
        "information_schema.key_column_usage",
        &[
            "CONSTRAINT_CATALOG varchar(512) not null",
            "CONSTRAINT_SCHEMA varchar(64) not null",
            "CONSTRAINT_NAME varchar(64) not null",
            "TABLE_CATALOG varchar(512) not null",
            "TABLE_SCHEMA varchar(64) not null",
            "TABLE_NAME varchar(64) not null",
            "COLUMN_NAME varchar(64) not null",
            "ORDINAL_POSITION bigint not null",
            "POSITION_IN_UNIQUE_CONSTRAINT bigint",
            "REFERENCED_TABLE_SCHEMA varchar(64)",
            "REFERENCED_TABLE_NAME varchar(64)",
            "REFERENCED_COLUMN_NAME varchar(64)",
        ],
        |facts, _| {
            let mut rows = parts(facts, |database, object, index, at, column| {
                let name = if index == PRIMARY { t(index) } else { none() };
                vec![
                    t("def"),
                    t(database),
                    name,
                    t("def"),
                    t(database),
                    t(&object.name),
                    t(column),
                    count(at),
                    none(),
                    none(),
                    none(),
                    none(),
                ]
            });
            rows.retain(|row| !matches!(row.get(2), Some(Late::Now(rusqlite::types::Value::Null))));
            rows
        },
    ),
    table(
        "information_schema.table_constraints",
        &[
            "CONSTRAINT_CATALOG varchar(512) not null",
            "CONSTRAINT_SCHEMA varchar(64) not null",
            "CONSTRAINT_NAME varchar(64) not null",
            "TABLE_SCHEMA varchar(64) not null",
            "TABLE_NAME varchar(64) not null",
            "CONSTRAINT_TYPE varchar(64) not null",
        ],
        |facts, _| {
            let keyed = objects_seen(facts).into_iter().filter(|(_, object)| {
                object.table.as_ref().is_some_and(|table| table.columns.iter().any(|column| column.key))
            });
            keyed
                .map(|(database, object)| {
                    vec![t("def"), t(&database), t(PRIMARY), t(&database), t(&object.name), t("PRIMARY KEY")]
                })
                .collect()
        },
    ),
    // None of the product's tables refers to another: its programs see to that.
    empty(
        "information_schema.referential_constraints",
        &[
            "CONSTRAINT_CATALOG varchar(512) not null",
            "CONSTRAINT_SCHEMA varchar(64) not null",
            "CONSTRAINT_NAME varchar(64) not null",
            "UNIQUE_CONSTRAINT_CATALOG varchar(512) not null",
            "UNIQUE_CONSTRAINT_SCHEMA varchar(64) not null",
            "UNIQUE_CONSTRAINT_NAME varchar(64)",
            "MATCH_OPTION varchar(64) not null",
            "UPDATE_RULE varchar(64) not null",
            "DELETE_RULE varchar(64) not null",
            "TABLE_NAME varchar(64) not null",
            "REFERENCED_TABLE_NAME varchar(64) not null",
        ],
    ),
];

/// The primary key's name.
const PRIMARY: &str = "PRIMARY";

/// Indexes of a table with their columns, the primary key first.
fn indexes(table: &Table) -> Vec<(String, Vec<String>)> {
    let key: Vec<String> =
        table.columns.iter().filter(|column| column.key).map(|column| column.name.clone()).collect();
    let key = (!key.is_empty()).then(|| (PRIMARY.to_owned(), key));
    key.into_iter().chain(table.indexes.iter().cloned()).collect()
}

/// A row for each column of each index.
fn parts(facts: &Facts, row: impl Fn(&str, &Object, &str, usize, &str) -> Vec<Late>) -> Vec<Vec<Late>> {
    let mut rows = Vec::new();
    for (database, object) in objects_seen(facts) {
        for (index, columns) in object.table.iter().flat_map(|table| indexes(table)) {
            rows.extend((1..).zip(&columns).map(|(at, column)| row(&database, &object, &index, at, column)));
        }
    }
    rows
}
