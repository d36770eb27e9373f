//! SQL Server: objects of a database.

use super::properties::{byte_length, type_id, types};
use super::{Late, System, at, count, n, none, t};
use crate::database::Product::SqlServer;
use crate::database::catalog::ColumnSpec;
use crate::database::facts::{Facts, Object};

const fn table(
    name: &'static str,
    lines: &'static [&'static str],
    rows: fn(&Facts, &str) -> Vec<Vec<Late>>,
) -> System {
    System { name, product: SqlServer, lines, rows }
}

const OBJECT: &[&str] = &[
    "name sysname not null",
    "object_id int not null",
    "principal_id int",
    "schema_id int not null",
    "parent_object_id int not null",
    "type char(2) not null",
    "type_desc nvarchar(60)",
    "create_date datetime not null",
    "modify_date datetime not null",
    "is_ms_shipped bit not null",
    "is_published bit not null",
    "is_schema_published bit not null",
];

const COLUMN: &[&str] = &[
    "object_id int not null",
    "name sysname",
    "column_id int not null",
    "system_type_id tinyint not null",
    "user_type_id int not null",
    "max_length smallint not null",
    "precision tinyint not null",
    "scale tinyint not null",
    "collation_name sysname",
    "is_nullable bit",
    "is_ansi_padded bit not null",
    "is_rowguidcol bit not null",
    "is_identity bit not null",
    "is_computed bit not null",
    "is_filestream bit not null",
    "default_object_id int not null",
];

pub(super) static TABLES: &[System] = &[
    table("sys.objects", OBJECT, |facts, db| objects(facts, db, "UVP")),
    table("sys.all_objects", OBJECT, |facts, db| objects(facts, db, "UVP")),
    table("sys.tables", OBJECT, |facts, db| objects(facts, db, "U")),
    table("sys.views", OBJECT, |facts, db| objects(facts, db, "V")),
    table("sys.all_views", OBJECT, |facts, db| objects(facts, db, "V")),
    table("sys.procedures", OBJECT, |facts, db| objects(facts, db, "P")),
    table("sys.columns", COLUMN, columns),
    table("sys.all_columns", COLUMN, columns),
    table(
        "sys.types",
        &[
            "name sysname not null",
            "system_type_id tinyint not null",
            "user_type_id int not null",
            "schema_id int not null",
            "max_length smallint not null",
            "is_nullable bit",
            "is_user_defined bit not null",
            "collation_name sysname",
        ],
        |facts, _| {
            types()
                .map(|(name, id, length)| {
                    let base = if id == 256 { 231 } else { id };
                    let collation = if matches!(base, 35 | 99 | 167 | 175 | 231 | 239) {
                        t(&facts.catalog.server.collation)
                    } else {
                        none()
                    };
                    vec![t(name), n(base), n(id), n(4), n(length), n(1), n(0), collation]
                })
                .collect()
        },
    ),
    table(
        "sys.systypes",
        &[
            "name sysname not null",
            "xtype tinyint not null",
            "status tinyint",
            "xusertype smallint",
            "length smallint not null",
        ],
        |_, _| {
            types()
                .map(|(name, id, length)| {
                    vec![t(name), n(if id == 256 { 231 } else { id }), n(0), n(id), n(length)]
                })
                .collect()
        },
    ),
    table("sys.schemas", &["name sysname not null", "schema_id int not null", "principal_id int"], |_, _| {
        [
            ("dbo", 1),
            ("guest", 2),
            ("INFORMATION_SCHEMA", 3),
            ("sys", 4),
            ("db_owner", 16384),
            ("db_datareader", 16390),
        ]
        .map(|(name, id)| vec![t(name), n(id), n(if id > 4 { id } else { 1 })])
        .into()
    }),
    table(
        "sys.indexes",
        &[
            "object_id int not null",
            "name sysname",
            "index_id int not null",
            "type tinyint not null",
            "type_desc nvarchar(60)",
            "is_unique bit",
            "data_space_id int not null",
            "is_primary_key bit",
            "is_unique_constraint bit",
            "fill_factor tinyint not null",
            "is_disabled bit",
        ],
        |facts, db| {
            indexes(facts, db)
                .into_iter()
                .map(|(object, name, id, key)| {
                    vec![
                        n(object.id),
                        name.map_or_else(none, t),
                        n(id),
                        n(i64::from(id.min(2))),
                        t(match id {
                            0 => "HEAP",
                            1 => "CLUSTERED",
                            _ => "NONCLUSTERED",
                        }),
                        n(i64::from(key)),
                        n(1),
                        n(i64::from(key)),
                        n(0),
                        n(0),
                        n(0),
                    ]
                })
                .collect()
        },
    ),
    table(
        "sys.index_columns",
        &[
            "object_id int not null",
            "index_id int not null",
            "index_column_id int not null",
            "column_id int not null",
            "key_ordinal tinyint not null",
            "is_descending_key bit",
            "is_included_column bit",
        ],
        |facts, db| {
            tables(facts, db)
                .into_iter()
                .flat_map(|object| {
                    let keys = object
                        .table
                        .iter()
                        .flat_map(|table| table.columns.iter().enumerate())
                        .filter(|(_, c)| c.key)
                        .map(|(i, _)| i)
                        .collect::<Vec<_>>();
                    (1i64..)
                        .zip(keys)
                        .map(move |(at, column)| {
                            vec![n(object.id), n(1), n(at), count(column + 1), n(at), n(0), n(0)]
                        })
                        .collect::<Vec<_>>()
                })
                .collect()
        },
    ),
    table(
        "sys.partitions",
        &[
            "partition_id bigint not null",
            "object_id int not null",
            "index_id int not null",
            "partition_number int not null",
            "hobt_id bigint not null",
            "rows bigint",
        ],
        |facts, db| {
            sized(facts, db, |object, id, rows, _| {
                let partition = 72_057_594_000_000_000 + i64::from(object.id) * 8 + i64::from(id);
                vec![n(partition), n(object.id), n(id), n(1), n(partition), rows]
            })
        },
    ),
    table(
        "sys.dm_db_partition_stats",
        &[
            "partition_id bigint",
            "object_id int not null",
            "index_id int not null",
            "partition_number int not null",
            "in_row_data_page_count bigint",
            "used_page_count bigint",
            "reserved_page_count bigint",
            "row_count bigint",
        ],
        |facts, db| {
            sized(facts, db, |object, id, rows, pages| {
                let partition = 72_057_594_000_000_000 + i64::from(object.id) * 8 + i64::from(id);
                vec![n(partition), n(object.id), n(id), n(1), pages.clone(), pages.clone(), pages, rows]
            })
        },
    ),
    table(
        "sys.sysindexes",
        &[
            "id int not null",
            "status int",
            "indid smallint not null",
            "dpages int",
            "reserved int",
            "used int",
            "rowcnt bigint",
            "rows int",
            "name sysname",
        ],
        |facts, db| {
            sized(facts, db, |object, id, rows, pages| {
                let name = if id == 1 { t(format!("PK_{}", object.name)) } else { none() };
                vec![n(object.id), n(0), n(id), pages.clone(), pages.clone(), pages, rows.clone(), rows, name]
            })
        },
    ),
    table(
        "sys.sysobjects",
        &[
            "name sysname not null",
            "id int not null",
            "xtype char(2) not null",
            "uid smallint",
            "info smallint",
            "status int",
            "parent_obj int not null",
            "crdate datetime not null",
            "type char(2)",
            "refdate datetime not null",
            "category int",
        ],
        |facts, db| {
            facts
                .objects(db)
                .iter()
                .map(|object| {
                    let kind = || t(format!("{} ", object.kind));
                    vec![
                        t(&object.name),
                        n(object.id),
                        kind(),
                        n(1),
                        n(0),
                        n(0),
                        n(0),
                        at(object.created),
                        kind(),
                        at(object.created),
                        n(0),
                    ]
                })
                .collect()
        },
    ),
    table(
        "sys.syscolumns",
        &[
            "name sysname",
            "id int not null",
            "xtype tinyint not null",
            "xusertype smallint",
            "length smallint not null",
            "colid smallint",
            "prec smallint",
            "scale int",
            "isnullable int",
            "colorder smallint",
            "collation sysname",
        ],
        |facts, db| {
            each_column(facts, db, |object, id, column| {
                let ty = &column.ty;
                let user_type = type_id(ty);
                vec![
                    t(&column.name),
                    n(object.id),
                    n(if user_type == 256 { 231 } else { user_type }),
                    n(user_type),
                    n(byte_length(ty)),
                    count(id),
                    precision(column),
                    n(i64::from(ty.scale)),
                    n(i64::from(column.nullable)),
                    count(id),
                    collation(facts, column),
                ]
            })
        },
    ),
    table(
        "sys.syscomments",
        &[
            "id int not null",
            "number smallint",
            "colid smallint not null",
            "text nvarchar(4000)",
            "encrypted bit",
        ],
        |facts, db| {
            texts(facts, db)
                .into_iter()
                .map(|object| vec![n(object.id), n(1), n(1), t(object.text), n(0)])
                .collect()
        },
    ),
    table(
        "sys.sql_modules",
        &[
            "object_id int not null",
            "definition nvarchar(max)",
            "uses_ansi_nulls bit",
            "uses_quoted_identifier bit",
        ],
        |facts, db| {
            texts(facts, db)
                .into_iter()
                .map(|object| vec![n(object.id), t(object.text), n(1), n(1)])
                .collect()
        },
    ),
    table(
        "sys.extended_properties",
        &[
            "class tinyint not null",
            "class_desc nvarchar(60)",
            "major_id int not null",
            "minor_id int not null",
            "name sysname not null",
            "value sql_variant",
        ],
        |facts, db| {
            tables(facts, db)
                .into_iter()
                .flat_map(|object| {
                    let property = |minor: usize, title: &str| {
                        vec![
                            n(1),
                            t("OBJECT_OR_COLUMN"),
                            n(object.id),
                            count(minor),
                            t("MS_Description"),
                            t(title),
                        ]
                    };
                    let own = (!object.title.is_empty()).then(|| property(0, &object.title));
                    let columns = object.table.iter().flat_map(|table| table.columns.iter().enumerate());
                    let columns =
                        columns.filter(|(_, c)| !c.title.is_empty()).map(|(i, c)| property(i + 1, &c.title));
                    own.into_iter().chain(columns).collect::<Vec<_>>()
                })
                .collect()
        },
    ),
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

fn objects(facts: &Facts, db: &str, kinds: &str) -> Vec<Vec<Late>> {
    let wanted = facts.objects(db).into_iter().filter(|object| kinds.contains(object.kind));
    let row = |object: Object| {
        let what = match object.kind {
            'U' => "USER_TABLE",
            'V' => "VIEW",
            _ => "SQL_STORED_PROCEDURE",
        };
        vec![
            t(&object.name),
            n(object.id),
            none(),
            n(1),
            n(0),
            t(format!("{} ", object.kind)),
            t(what),
            at(object.created),
            at(object.created),
            n(0),
            n(0),
            n(0),
        ]
    };
    wanted.map(row).collect()
}

fn columns(facts: &Facts, db: &str) -> Vec<Vec<Late>> {
    each_column(facts, db, |object, id, column| {
        let ty = &column.ty;
        let user_type = type_id(ty);
        vec![
            n(object.id),
            t(&column.name),
            count(id),
            n(if user_type == 256 { 231 } else { user_type }),
            n(user_type),
            n(byte_length(ty)),
            if ty.is_text() { n(0) } else { n(i64::from(ty.precision)) },
            n(i64::from(ty.scale)),
            collation(facts, column),
            n(i64::from(column.nullable)),
            n(1),
            n(0),
            n(0),
            n(0),
            n(0),
            n(0),
        ]
    })
}

fn tables(facts: &Facts, db: &str) -> Vec<Object> {
    facts.objects(db).into_iter().filter(|object| object.kind == 'U').collect()
}

fn texts(facts: &Facts, db: &str) -> Vec<Object> {
    facts.objects(db).into_iter().filter(|object| !object.text.is_empty()).collect()
}

fn has_key(object: &Object) -> bool {
    object.table.as_ref().is_some_and(|table| table.columns.iter().any(|column| column.key))
}

fn each_column(
    facts: &Facts,
    db: &str,
    row: impl Fn(&Object, usize, &ColumnSpec) -> Vec<Late>,
) -> Vec<Vec<Late>> {
    let mut rows = Vec::new();
    for object in tables(facts, db) {
        let columns = object.table.iter().flat_map(|table| &table.columns);
        rows.extend((1..).zip(columns).map(|(id, column)| row(&object, id, column)));
    }
    rows
}

fn sized(facts: &Facts, db: &str, row: impl Fn(&Object, i32, Late, Late) -> Vec<Late>) -> Vec<Vec<Late>> {
    let mut rows = Vec::new();
    for (object, _, id, _) in indexes(facts, db) {
        if let Some(table) = &object.table {
            let (count, pages) = (Late::Rows(table.clone()), Late::Pages(table.clone()));
            rows.push(row(&object, id, count, pages));
        }
    }
    rows
}

/// All indexes: the heap or primary key, then the others.
fn indexes(facts: &Facts, db: &str) -> Vec<(Object, Option<String>, i32, bool)> {
    let mut all = Vec::new();
    for object in tables(facts, db) {
        let key = has_key(&object);
        let first = if key { Some(format!("PK_{}", object.name)) } else { None };
        all.push((object.clone(), first, i32::from(key), key));
        let others = object.table.iter().flat_map(|table| &table.indexes);
        all.extend(others.zip(2..).map(|((name, _), id)| (object.clone(), Some(name.clone()), id, false)));
    }
    all
}

fn precision(column: &ColumnSpec) -> Late {
    match (column.ty.is_text(), column.ty.length) {
        (true, length) => n(length.map_or(-1, i64::from)),
        (false, _) => n(i64::from(column.ty.precision)),
    }
}

fn collation(facts: &Facts, column: &ColumnSpec) -> Late {
    if column.ty.is_text() { t(&facts.catalog.server.collation) } else { none() }
}
