//! The standard's own views of a database's objects.

use super::columns::collation;
use super::indexes::has_key;
use super::objects::{each_column, tables};
use super::{named, table};
use crate::database::Kind;
use crate::database::facts::{Facts, Object};
use crate::database::system::properties::byte_length;
use crate::database::system::{Late, System, at, count, n, none, t};

const ROUTINES: &[&str] = &[
    "SPECIFIC_CATALOG nvarchar(128)",
    "SPECIFIC_SCHEMA nvarchar(128)",
    "SPECIFIC_NAME sysname not null",
    "ROUTINE_CATALOG nvarchar(128)",
    "ROUTINE_SCHEMA nvarchar(128)",
    "ROUTINE_NAME sysname not null",
    "ROUTINE_TYPE nvarchar(20)",
    "MODULE_CATALOG sysname",
    "MODULE_SCHEMA sysname",
    "MODULE_NAME sysname",
    "UDT_CATALOG sysname",
    "UDT_SCHEMA sysname",
    "UDT_NAME sysname",
    "DATA_TYPE sysname",
    "CHARACTER_MAXIMUM_LENGTH int",
    "CHARACTER_OCTET_LENGTH int",
    "COLLATION_CATALOG sysname",
    "COLLATION_SCHEMA sysname",
    "COLLATION_NAME sysname",
    "CHARACTER_SET_CATALOG sysname",
    "CHARACTER_SET_SCHEMA sysname",
    "CHARACTER_SET_NAME sysname",
    "NUMERIC_PRECISION tinyint",
    "NUMERIC_PRECISION_RADIX smallint",
    "NUMERIC_SCALE int",
    "DATETIME_PRECISION smallint",
    "INTERVAL_TYPE nvarchar(30)",
    "INTERVAL_PRECISION smallint",
    "TYPE_UDT_CATALOG sysname",
    "TYPE_UDT_SCHEMA sysname",
    "TYPE_UDT_NAME sysname",
    "SCOPE_CATALOG sysname",
    "SCOPE_SCHEMA sysname",
    "SCOPE_NAME sysname",
    "MAXIMUM_CARDINALITY bigint",
    "DTD_IDENTIFIER sysname",
    "ROUTINE_BODY nvarchar(30)",
    "ROUTINE_DEFINITION nvarchar(4000)",
    "EXTERNAL_NAME sysname",
    "EXTERNAL_LANGUAGE nvarchar(30)",
    "PARAMETER_STYLE nvarchar(30)",
    "IS_DETERMINISTIC nvarchar(10)",
    "SQL_DATA_ACCESS nvarchar(30)",
    "IS_NULL_CALL nvarchar(10)",
    "SQL_PATH sysname",
    "SCHEMA_LEVEL_ROUTINE nvarchar(10)",
    "MAX_DYNAMIC_RESULT_SETS smallint",
    "IS_USER_DEFINED_CAST nvarchar(10)",
    "IS_IMPLICITLY_INVOCABLE nvarchar(10)",
    "CREATED datetime not null",
    "LAST_ALTERED datetime not null",
];

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
            "NUMERIC_PRECISION_RADIX smallint",
            "NUMERIC_SCALE int",
            "DATETIME_PRECISION smallint",
            "CHARACTER_SET_CATALOG sysname",
            "CHARACTER_SET_SCHEMA sysname",
            "CHARACTER_SET_NAME sysname",
            "COLLATION_CATALOG sysname",
            "COLLATION_SCHEMA sysname",
            "COLLATION_NAME sysname",
            "DOMAIN_CATALOG sysname",
            "DOMAIN_SCHEMA sysname",
            "DOMAIN_NAME sysname",
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
                    match ty.kind {
                        Kind::Float | Kind::Real => n(2),
                        _ if numeric => n(10),
                        _ => none(),
                    },
                    if numeric { n(i64::from(ty.scale)) } else { none() },
                    if ty.is_time() { n(i64::from(ty.scale)) } else { none() },
                    none(),
                    none(),
                    if text { t(if name.starts_with('n') { "UNICODE" } else { "cp936" }) } else { none() },
                    none(),
                    none(),
                    collation(facts, column),
                    none(),
                    none(),
                    none(),
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
            "DEFAULT_CHARACTER_SET_CATALOG varchar(6)",
            "DEFAULT_CHARACTER_SET_SCHEMA varchar(3)",
            "DEFAULT_CHARACTER_SET_NAME sysname",
        ],
        |_, db| {
            ["dbo", "guest", "INFORMATION_SCHEMA", "sys"]
                .map(|name| vec![t(db), t(name), t(name), none(), none(), t("cp936")])
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
            "CHECK_OPTION varchar(7)",
            "IS_UPDATABLE varchar(2)",
        ],
        |facts, db| {
            facts
                .objects(db)
                .into_iter()
                .filter(|o| o.kind == 'V')
                .map(|o| vec![t(db), t(o.schema), t(o.name), t(o.text), t("NONE"), t("NO")])
                .collect()
        },
    ),
    table("information_schema.routines", ROUTINES, routines),
    table(
        "information_schema.key_column_usage",
        &[
            "CONSTRAINT_CATALOG nvarchar(128)",
            "CONSTRAINT_SCHEMA nvarchar(128)",
            "CONSTRAINT_NAME nvarchar(128) not null",
            "TABLE_CATALOG nvarchar(128)",
            "TABLE_SCHEMA nvarchar(128)",
            "TABLE_NAME nvarchar(128)",
            "COLUMN_NAME nvarchar(128)",
            "ORDINAL_POSITION int not null",
        ],
        key_columns,
    ),
    table(
        "information_schema.constraint_table_usage",
        &[
            "TABLE_CATALOG nvarchar(128)",
            "TABLE_SCHEMA nvarchar(128)",
            "TABLE_NAME sysname not null",
            "CONSTRAINT_CATALOG nvarchar(128)",
            "CONSTRAINT_SCHEMA nvarchar(128)",
            "CONSTRAINT_NAME sysname not null",
        ],
        |facts, db| {
            let keyed = tables(facts, db).into_iter().filter(has_key);
            keyed
                .map(|o| {
                    let name = t(format!("PK_{}", o.name));
                    vec![t(db), t(&o.schema), t(&o.name), t(db), t(&o.schema), name]
                })
                .collect()
        },
    ),
    table(
        "information_schema.table_constraints",
        &[
            "CONSTRAINT_CATALOG nvarchar(128)",
            "CONSTRAINT_SCHEMA nvarchar(128)",
            "CONSTRAINT_NAME sysname not null",
            "TABLE_CATALOG nvarchar(128)",
            "TABLE_SCHEMA nvarchar(128)",
            "TABLE_NAME sysname",
            "CONSTRAINT_TYPE varchar(11)",
            "IS_DEFERRABLE varchar(2) not null",
            "INITIALLY_DEFERRED varchar(2) not null",
        ],
        |facts, db| {
            tables(facts, db)
                .into_iter()
                .filter(has_key)
                .map(|o| {
                    let name = t(format!("PK_{}", o.name));
                    let mut row = vec![t(db), t(&o.schema), name, t(db), t(&o.schema), t(&o.name)];
                    row.extend([t("PRIMARY KEY"), t("NO"), t("NO")]);
                    row
                })
                .collect()
        },
    ),
];

fn routines(facts: &Facts, db: &str) -> Vec<Vec<Late>> {
    let row = |object: Object| {
        let mut row = vec![("ROUTINE_TYPE", t("PROCEDURE")), ("ROUTINE_DEFINITION", t(&object.text))];
        row.extend(["SPECIFIC_CATALOG", "ROUTINE_CATALOG"].map(|what| (what, t(db))));
        row.extend(["SPECIFIC_SCHEMA", "ROUTINE_SCHEMA"].map(|what| (what, t(&object.schema))));
        row.extend(["SPECIFIC_NAME", "ROUTINE_NAME"].map(|what| (what, t(&object.name))));
        row.extend(["IS_DETERMINISTIC", "IS_NULL_CALL"].map(|what| (what, t("NO"))));
        row.extend(["IS_USER_DEFINED_CAST", "IS_IMPLICITLY_INVOCABLE"].map(|what| (what, t("NO"))));
        row.extend([
            ("ROUTINE_BODY", t("SQL")),
            ("SQL_DATA_ACCESS", t("MODIFIES")),
            ("SCHEMA_LEVEL_ROUTINE", t("YES")),
            ("MAX_DYNAMIC_RESULT_SETS", n(-1)),
        ]);
        row.extend(["CREATED", "LAST_ALTERED"].map(|what| (what, at(object.created))));
        named(ROUTINES, row)
    };
    facts.objects(db).into_iter().filter(|object| object.kind == 'P').map(row).collect()
}

fn key_columns(facts: &Facts, db: &str) -> Vec<Vec<Late>> {
    let mut rows = Vec::new();
    for object in tables(facts, db) {
        let keys = object.table.iter().flat_map(|table| &table.columns).filter(|column| column.key);
        rows.extend((1..).zip(keys).map(|(place, column)| {
            let name = t(format!("PK_{}", object.name));
            let schema = || t(&object.schema);
            vec![t(db), schema(), name, t(db), schema(), t(&object.name), t(&column.name), count(place)]
        }));
    }
    rows
}
