//! The standard's own views of a database's objects.

use super::indexes::has_key;
use super::objects::{collation, each_column, tables};
use super::table;
use crate::database::system::properties::byte_length;
use crate::database::system::{Late, System, at, count, n, none, t};

pub(super) static TABLES: &[System] = &[
    table(
        "information_schema.tables",
        &[
            "TABLE_CATALOG nvarchar(128)",
            "TABLE_SCHEMA sysname",
            "TABLE_NAME sysname not null",
            "TABLE_TYPE varchar(10)",
        ],
        |facts, db| {
            facts
                .objects(db)
                .iter()
                .filter(|o| o.kind != 'P')
                .map(|object| {
                    vec![
                        t(db),
                        t(&object.schema),
                        t(&object.name),
                        t(if object.kind == 'U' { "BASE TABLE" } else { "VIEW" }),
                    ]
                })
                .collect()
        },
    ),
    table(
        "information_schema.columns",
        &[
            "TABLE_CATALOG nvarchar(128)",
            "TABLE_SCHEMA nvarchar(128)",
            "TABLE_NAME sysname not null",
            "COLUMN_NAME sysname",
            "ORDINAL_POSITION int",
            "COLUMN_DEFAULT nvarchar(4000)",
            "IS_NULLABLE varchar(3)",
            "DATA_TYPE nvarchar(128)",
            "CHARACTER_MAXIMUM_LENGTH int",
            "CHARACTER_OCTET_LENGTH int",
            "NUMERIC_PRECISION tinyint",
            "NUMERIC_SCALE int",
            "DATETIME_PRECISION smallint",
            "CHARACTER_SET_NAME sysname",
            "COLLATION_NAME sysname",
        ],
        |facts, db| {
            each_column(facts, db, |object, id, column| {
                let ty = &column.ty;
                let text = ty.is_text();
                let numeric = ty.precision > 0 && !ty.is_time();
                let length = ty.length.map_or(-1, i64::from);
                let name = if ty.name == "sysname" { "nvarchar" } else { &ty.name };
                vec![
                    t(db),
                    t(&object.schema),
                    t(&object.name),
                    t(&column.name),
                    count(id),
                    none(),
                    t(if column.nullable { "YES" } else { "NO" }),
                    t(name),
                    if text { n(length) } else { none() },
                    if text { n(byte_length(ty)) } else { none() },
                    if numeric { n(i64::from(ty.precision)) } else { none() },
                    if numeric { n(i64::from(ty.scale)) } else { none() },
                    if ty.is_time() { n(i64::from(ty.scale)) } else { none() },
                    if text { t(if name.starts_with('n') { "UNICODE" } else { "cp936" }) } else { none() },
                    collation(facts, column),
                ]
            })
        },
    ),
    table(
        "information_schema.schemata",
        &[
            "CATALOG_NAME nvarchar(128)",
            "SCHEMA_NAME sysname not null",
            "SCHEMA_OWNER nvarchar(128)",
            "DEFAULT_CHARACTER_SET_NAME sysname",
        ],
        |_, db| {
            ["dbo", "guest", "INFORMATION_SCHEMA", "sys"]
                .map(|name| vec![t(db), t(name), t("dbo"), t("cp936")])
                .into()
        },
    ),
    table(
        "information_schema.views",
        &[
            "TABLE_CATALOG nvarchar(128)",
            "TABLE_SCHEMA nvarchar(128)",
            "TABLE_NAME sysname not null",
            "VIEW_DEFINITION nvarchar(4000)",
        ],
        |facts, db| {
            facts
                .objects(db)
                .into_iter()
                .filter(|o| o.kind == 'V')
                .map(|o| vec![t(db), t(o.schema), t(o.name), t(o.text)])
                .collect()
        },
    ),
    table(
        "information_schema.routines",
        &[
            "ROUTINE_CATALOG nvarchar(128)",
            "ROUTINE_SCHEMA nvarchar(128)",
            "ROUTINE_NAME sysname not null",
            "ROUTINE_TYPE nvarchar(20)",
            "ROUTINE_DEFINITION nvarchar(4000)",
            "CREATED datetime",
        ],
        |facts, db| {
            facts
                .objects(db)
                .into_iter()
                .filter(|o| o.kind == 'P')
                .map(|o| vec![t(db), t(o.schema), t(o.name), t("PROCEDURE"), t(o.text), at(o.created)])
                .collect()
        },
    ),
    table(
        "information_schema.key_column_usage",
        &[
            "CONSTRAINT_CATALOG nvarchar(128)",
            "CONSTRAINT_NAME sysname not null",
            "TABLE_SCHEMA nvarchar(128)",
            "TABLE_NAME nvarchar(128)",
            "COLUMN_NAME nvarchar(128)",
            "ORDINAL_POSITION int not null",
        ],
        |facts, db| {
            each_column(facts, db, |object, id, column| {
                vec![
                    t(db),
                    t(format!("PK_{}", object.name)),
                    t(&object.schema),
                    t(&object.name),
                    t(&column.name),
                    if column.key { count(id) } else { none() },
                ]
            })
            .into_iter()
            .filter(|row| !matches!(row.last(), Some(Late::Now(rusqlite::types::Value::Null))))
            .collect()
        },
    ),
    table(
        "information_schema.table_constraints",
        &[
            "CONSTRAINT_CATALOG nvarchar(128)",
            "CONSTRAINT_NAME sysname not null",
            "TABLE_SCHEMA nvarchar(128)",
            "TABLE_NAME sysname",
            "CONSTRAINT_TYPE varchar(11)",
        ],
        |facts, db| {
            tables(facts, db)
                .into_iter()
                .filter(has_key)
                .map(|o| vec![t(db), t(format!("PK_{}", o.name)), t(&o.schema), t(&o.name), t("PRIMARY KEY")])
                .collect()
        },
    ),
];
