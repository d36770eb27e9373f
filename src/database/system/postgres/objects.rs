//! Databases, schemas, relations, columns and types.

use crate::database::Kind;
use crate::database::Product::Postgres;
use crate::database::catalog::ColumnSpec;
use crate::database::facts::Facts;
use crate::database::system::listing::{columns, digits, scale, yes};
use crate::database::system::table;
use crate::database::system::{Late, System, count, n, none, t};

pub(super) static TABLES: &[System] = &[
    table(
        Postgres,
        "information_schema.tables",
        &[
            "table_catalog name",
            "table_schema name",
            "table_name name",
            "table_type varchar(255)",
            "is_insertable_into varchar(3)",
        ],
        |facts, db| {
            facts
                .objects(db)
                .into_iter()
                .filter(|o| o.kind != 'P')
                .map(|object| {
                    vec![
                        t(db),
                        t(object.schema),
                        t(object.name),
                        t(if object.kind == 'U' { "BASE TABLE" } else { "VIEW" }),
                        t("YES"),
                    ]
                })
                .collect()
        },
    ),
    table(
        Postgres,
        "information_schema.columns",
        &[
            "table_catalog name",
            "table_schema name",
            "table_name name",
            "column_name name",
            "ordinal_position int",
            "column_default varchar(255)",
            "is_nullable varchar(3)",
            "data_type varchar(255)",
            "character_maximum_length int",
            "numeric_precision int",
            "numeric_scale int",
            "udt_name name",
        ],
        |facts, db| {
            columns(facts, |of, object, id, column| {
                let ty = &column.ty;
                vec![
                    t(of),
                    t(&object.schema),
                    t(&object.name),
                    t(&column.name),
                    count(id),
                    none(),
                    t(yes(column.nullable)),
                    t(postgres_type(column)),
                    ty.length.map_or_else(none, n),
                    digits(column),
                    scale(column),
                    t(&ty.name),
                ]
            })
            .into_iter()
            .filter(
                |row| matches!(row.first(), Some(Late::Now(rusqlite::types::Value::Text(of))) if of == db),
            )
            .collect()
        },
    ),
    table(
        Postgres,
        "information_schema.schemata",
        &["catalog_name name", "schema_name name", "schema_owner name"],
        |facts, db| {
            schemas(facts, db).into_iter().map(|(name, _)| vec![t(db), t(name), t("postgres")]).collect()
        },
    ),
    table(
        Postgres,
        "pg_catalog.pg_database",
        &[
            "oid oid",
            "datname name",
            "datdba oid",
            "encoding int",
            "datcollate name",
            "datctype name",
            "datistemplate bool",
            "datallowconn bool",
            "datconnlimit int",
            "datacl text",
            "dattablespace oid",
        ],
        |facts, _| {
            facts
                .databases()
                .into_iter()
                .map(|(name, id)| {
                    vec![
                        n(16_384 + i64::from(id)),
                        t(&name),
                        n(10),
                        n(6),
                        t("zh_CN.UTF-8"),
                        t("zh_CN.UTF-8"),
                        n(i64::from(name.starts_with("template"))),
                        n(i64::from(name != "template0")),
                        n(-1),
                        none(),
                        n(1663),
                    ]
                })
                .collect()
        },
    ),
    table(
        Postgres,
        "pg_catalog.pg_namespace",
        &["oid oid", "nspname name", "nspowner oid", "nspacl text"],
        |facts, db| {
            schemas(facts, db).into_iter().map(|(name, id)| vec![n(id), t(name), n(10), none()]).collect()
        },
    ),
    table(
        Postgres,
        "pg_catalog.pg_class",
        &[
            "oid oid",
            "relname name",
            "relnamespace oid",
            "reltype oid",
            "relowner oid",
            "relam oid",
            "relpages int",
            "reltuples real",
            "relhasindex bool",
            "relpersistence char(1)",
            "relkind char(1)",
            "relnatts smallint",
            "relchecks smallint",
            "relhasrules bool",
            "relhastriggers bool",
            "relrowsecurity bool",
            "relforcerowsecurity bool",
            "reltablespace oid",
            "relispartition bool",
            "reloftype oid",
            "relacl text",
            "reloptions text",
        ],
        |facts, db| {
            facts
                .objects(db)
                .into_iter()
                .filter(|o| o.kind != 'P')
                .map(|object| {
                    let (kind, columns) = if object.kind == 'U' {
                        ("r", object.table.as_ref().map_or(0, |table| table.columns.len()))
                    } else {
                        ("v", 0)
                    };
                    let rows = object.table.clone().map_or_else(|| n(0), Late::Rows);
                    vec![
                        n(object.id),
                        t(&object.name),
                        n(namespace(facts, db, &object.schema)),
                        n(0),
                        n(10),
                        n(2),
                        object.table.clone().map_or_else(|| n(0), Late::Pages),
                        rows,
                        n(1),
                        t("p"),
                        t(kind),
                        count(columns),
                        n(0),
                        n(0),
                        n(0),
                        n(0),
                        n(0),
                        n(0),
                        n(0),
                        n(0),
                        none(),
                        none(),
                    ]
                })
                .collect()
        },
    ),
    table(
        Postgres,
        "pg_catalog.pg_attribute",
        &[
            "attrelid oid",
            "attname name",
            "atttypid oid",
            "attstattarget int",
            "attlen smallint",
            "attnum smallint",
            "atttypmod int",
            "attnotnull bool",
            "atthasdef bool",
            "attidentity char(1)",
            "attgenerated char(1)",
            "attisdropped bool",
            "attcollation oid",
        ],
        |facts, db| {
            columns(facts, |of, object, id, column| {
                let here = of.eq_ignore_ascii_case(db);
                if !here {
                    return Vec::new();
                }
                vec![
                    n(object.id),
                    t(&column.name),
                    n(crate::database::system::type_id(&column.ty)),
                    n(-1),
                    n(-1),
                    count(id),
                    n(column.ty.length.map_or(-1, |n| i64::from(n) + 4)),
                    n(i64::from(!column.nullable)),
                    n(0),
                    t(""),
                    t(""),
                    n(0),
                    n(0),
                ]
            })
            .into_iter()
            .filter(|row| !row.is_empty())
            .collect()
        },
    ),
    table(
        Postgres,
        "pg_catalog.pg_tables",
        &["schemaname name", "tablename name", "tableowner name", "tablespace name", "hasindexes bool"],
        |facts, db| {
            facts
                .objects(db)
                .into_iter()
                .filter(|o| o.kind == 'U')
                .map(|object| vec![t(object.schema), t(object.name), t("postgres"), none(), n(1)])
                .collect()
        },
    ),
    table(
        Postgres,
        "pg_catalog.pg_stat_user_tables",
        &["relid oid", "schemaname name", "relname name", "n_live_tup bigint"],
        |facts, db| {
            facts
                .objects(db)
                .into_iter()
                .filter(|o| o.kind == 'U')
                .map(|object| {
                    vec![
                        n(object.id),
                        t(object.schema),
                        t(object.name),
                        object.table.map_or_else(none, Late::Rows),
                    ]
                })
                .collect()
        },
    ),
    table(
        Postgres,
        "pg_catalog.pg_type",
        &[
            "oid oid",
            "typname name",
            "typnamespace oid",
            "typlen smallint",
            "typtype char(1)",
            "typelem oid",
            "typrelid oid",
        ],
        |_, _| {
            crate::database::system::properties::types()
                .map(|(name, id, length)| vec![n(id), t(name), n(11), n(length), t("b"), n(0), n(0)])
                .collect()
        },
    ),
    table(
        Postgres,
        "pg_catalog.pg_description",
        &["objoid oid", "classoid oid", "objsubid int", "description text"],
        |_, _| Vec::new(),
    ),
    table(Postgres, "pg_catalog.pg_inherits", &["inhrelid oid", "inhparent oid"], |_, _| Vec::new()),
    table(Postgres, "pg_catalog.pg_am", &["oid oid", "amname name"], |_, _| vec![vec![n(2), t("heap")]]),
    table(Postgres, "pg_catalog.pg_extension", &["oid oid", "extname name", "extversion text"], |_, _| {
        vec![vec![n(13_000), t("plpgsql"), t("1.0")]]
    }),
];

fn postgres_type(column: &ColumnSpec) -> &str {
    match column.ty.kind {
        Kind::VarChar => "character varying",
        Kind::Char => "character",
        Kind::Int => "integer",
        Kind::Bit => "boolean",
        Kind::Decimal => "numeric",
        Kind::DateTime2 => "timestamp without time zone",
        Kind::Moment => "timestamp with time zone",
        Kind::Float => "double precision",
        _ => &column.ty.name,
    }
}

fn schemas(facts: &Facts, db: &str) -> Vec<(String, i64)> {
    let mut names: Vec<String> = facts.objects(db).into_iter().map(|object| object.schema).collect();
    names.extend(["public".to_owned()]);
    names.sort();
    names.dedup();
    let own = names.into_iter().zip(2_200i64..);
    own.chain([("pg_catalog".to_owned(), 11), ("information_schema".to_owned(), 13_100)]).collect()
}

fn namespace(facts: &Facts, db: &str, schema: &str) -> i64 {
    schemas(facts, db).into_iter().find(|(name, _)| name == schema).map_or(2_200, |(_, id)| id)
}
