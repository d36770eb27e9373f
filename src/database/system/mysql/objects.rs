//! Databases, tables, views and columns: those of the hospital and those of the server itself.

use super::{objects_seen, table, visible};
use crate::database::Kind;
use crate::database::Product::MySql;
use crate::database::catalog::ColumnSpec;
use crate::database::facts::{Facts, Object};
use crate::database::system::listing::{digits, scale, yes};
use crate::database::system::{Late, System, at, count, n, none, of_product, t};

pub(super) static TABLES: &[System] = &[
    table(
        "information_schema.schemata",
        &[
            "CATALOG_NAME varchar(512) not null",
            "SCHEMA_NAME varchar(64) not null",
            "DEFAULT_CHARACTER_SET_NAME varchar(32) not null",
            "DEFAULT_COLLATION_NAME varchar(32) not null",
            "SQL_PATH varchar(512)",
        ],
        |facts, _| {
            let set = |name: &str| match name {
                "mysql" => ("latin1", "latin1_swedish_ci"),
                _ => ("utf8", "utf8_general_ci"),
            };
            let row = |name: String| {
                let (set, collation) = set(&name);
                vec![t("def"), t(name), t(set), t(collation), none()]
            };
            visible(facts).into_iter().map(row).collect()
        },
    ),
    table(
        "information_schema.tables",
        &[
            "TABLE_CATALOG varchar(512) not null",
            "TABLE_SCHEMA varchar(64) not null",
            "TABLE_NAME varchar(64) not null",
            "TABLE_TYPE varchar(64) not null",
            "ENGINE varchar(64)",
            "VERSION bigint",
            "ROW_FORMAT varchar(10)",
            "TABLE_ROWS bigint",
            "AVG_ROW_LENGTH bigint",
            "DATA_LENGTH bigint",
            "MAX_DATA_LENGTH bigint",
            "INDEX_LENGTH bigint",
            "DATA_FREE bigint",
            "AUTO_INCREMENT bigint",
            "CREATE_TIME datetime",
            "UPDATE_TIME datetime",
            "CHECK_TIME datetime",
            "TABLE_COLLATION varchar(32)",
            "CHECKSUM bigint",
            "CREATE_OPTIONS varchar(255)",
            "TABLE_COMMENT varchar(2048) not null",
        ],
        |facts, _| {
            let own = objects_seen(facts).into_iter().filter(|(_, object)| object.kind != 'P');
            let own = own.map(|(database, object)| row_of_table(&database, &object));
            systems(facts)
                .map(|(database, name, _)| row_of_system(facts, database, &name))
                .chain(own)
                .collect()
        },
    ),
    table(
        "information_schema.views",
        &[
            "TABLE_CATALOG varchar(512) not null",
            "TABLE_SCHEMA varchar(64) not null",
            "TABLE_NAME varchar(64) not null",
            "VIEW_DEFINITION longtext not null",
            "CHECK_OPTION varchar(8) not null",
            "IS_UPDATABLE varchar(3) not null",
            "DEFINER varchar(93) not null",
            "SECURITY_TYPE varchar(7) not null",
            "CHARACTER_SET_CLIENT varchar(32) not null",
            "COLLATION_CONNECTION varchar(32) not null",
        ],
        |facts, _| {
            let views = objects_seen(facts).into_iter().filter(|(_, object)| object.kind == 'V');
            views
                .map(|(database, object)| {
                    let text = object.text.split_once(" AS\r\n").map_or("", |(_, query)| query);
                    vec![
                        t("def"),
                        t(database),
                        t(&object.name),
                        t(text),
                        t("NONE"),
                        t("YES"),
                        t("root@%"),
                        t("DEFINER"),
                        t("utf8mb4"),
                        t("utf8mb4_general_ci"),
                    ]
                })
                .collect()
        },
    ),
    table(
        "information_schema.columns",
        &[
            "TABLE_CATALOG varchar(512) not null",
            "TABLE_SCHEMA varchar(64) not null",
            "TABLE_NAME varchar(64) not null",
            "COLUMN_NAME varchar(64) not null",
            "ORDINAL_POSITION bigint not null",
            "COLUMN_DEFAULT longtext",
            "IS_NULLABLE varchar(3) not null",
            "DATA_TYPE varchar(64) not null",
            "CHARACTER_MAXIMUM_LENGTH bigint",
            "CHARACTER_OCTET_LENGTH bigint",
            "NUMERIC_PRECISION bigint",
            "NUMERIC_SCALE bigint",
            "DATETIME_PRECISION bigint",
            "CHARACTER_SET_NAME varchar(32)",
            "COLLATION_NAME varchar(32)",
            "COLUMN_TYPE longtext not null",
            "COLUMN_KEY varchar(3) not null",
            "EXTRA varchar(30) not null",
            "PRIVILEGES varchar(80) not null",
            "COLUMN_COMMENT varchar(1024) not null",
            "GENERATION_EXPRESSION longtext not null",
        ],
        |facts, _| {
            let mut rows = Vec::new();
            for (database, name, columns) in systems(facts) {
                let of = |(id, column)| row_of_column(database, &name, id, column, "select");
                rows.extend((1..).zip(columns).map(of));
            }
            for (database, object) in objects_seen(facts) {
                let columns = object.table.iter().flat_map(|table| &table.columns);
                let rights = "select,insert,update,references";
                let of = |(id, column)| row_of_column(&database, &object.name, id, column, rights);
                rows.extend((1..).zip(columns).map(of));
            }
            rows
        },
    ),
];

fn row_of_table(database: &str, object: &Object) -> Vec<Late> {
    let of = |make: fn(std::sync::Arc<crate::database::catalog::Table>) -> Late| {
        object.table.clone().map_or_else(none, make)
    };
    let is_table = object.kind == 'U';
    let or_none = |value: Late| if is_table { value } else { none() };
    vec![
        t("def"),
        t(database),
        t(&object.name),
        t(if is_table { "BASE TABLE" } else { "VIEW" }),
        or_none(t("InnoDB")),
        or_none(n(10)),
        or_none(t("Dynamic")),
        of(Late::Rows),
        or_none(n(212)),
        of(Late::Bytes),
        or_none(n(0)),
        or_none(n(i64::try_from(object.table.as_ref().map_or(0, |table| table.indexes.len())).unwrap_or(0)
            * 1_589_248)),
        or_none(n(4_194_304)),
        none(),
        or_none(at(object.created)),
        none(),
        none(),
        or_none(t("utf8_general_ci")),
        none(),
        or_none(t("")),
        t(if is_table { object.title.as_str() } else { "VIEW" }),
    ]
}

/// Tables of the server itself that the account sees: database, name as listed, columns.
fn systems(facts: &Facts) -> impl Iterator<Item = (&'static str, String, &'static [ColumnSpec])> + use<> {
    let seen = visible(facts);
    of_product(MySql).filter_map(move |(table, columns)| {
        let (database, name) = table.name.split_once('.')?;
        let name = if database == "information_schema" { name.to_uppercase() } else { name.to_owned() };
        seen.iter().any(|seen| seen == database).then_some((database, name, columns.as_slice()))
    })
}

fn row_of_system(facts: &Facts, database: &str, name: &str) -> Vec<Late> {
    let (kind, engine, format, created) = match database {
        "information_schema" => ("SYSTEM VIEW", "MEMORY", "Fixed", facts.now()),
        "performance_schema" => {
            ("BASE TABLE", "PERFORMANCE_SCHEMA", "Dynamic", facts.catalog.server.installed)
        }
        _ => ("BASE TABLE", "InnoDB", "Dynamic", facts.catalog.server.installed),
    };
    let is_view = kind == "SYSTEM VIEW";
    vec![
        t("def"),
        t(database),
        t(name),
        t(kind),
        t(engine),
        n(10),
        t(format),
        if is_view { none() } else { n(0) },
        n(0),
        n(if is_view { 0 } else { 16_384 }),
        n(if is_view { 16_704_765 } else { 0 }),
        n(0),
        n(0),
        none(),
        at(created),
        none(),
        none(),
        t("utf8_general_ci"),
        none(),
        t(if is_view { "max_rows=2097152" } else { "stats_persistent=0" }),
        t(""),
    ]
}

fn row_of_column(database: &str, table: &str, id: usize, column: &ColumnSpec, rights: &str) -> Vec<Late> {
    let ty = &column.ty;
    let (set, collation) = if ty.is_text() { (t("utf8"), t("utf8_general_ci")) } else { (none(), none()) };
    let length = ty.length.filter(|_| ty.is_text());
    let moment = matches!(ty.kind, Kind::DateTime | Kind::DateTime2 | Kind::Time);
    vec![
        t("def"),
        t(database),
        t(table),
        t(&column.name),
        count(id),
        none(),
        t(yes(column.nullable)),
        t(&ty.name),
        length.map_or_else(none, n),
        length.map_or_else(none, |length| n(i64::from(length) * 3)),
        digits(column),
        scale(column),
        if moment { n(0) } else { none() },
        set,
        collation,
        t(column_type(column)),
        t(if column.key { "PRI" } else { "" }),
        t(""),
        t(rights),
        t(&column.title),
        t(""),
    ]
}

pub(in crate::database) fn column_type(column: &ColumnSpec) -> String {
    match column.ty.kind {
        Kind::Int => "int(11)".to_owned(),
        Kind::BigInt => "bigint(20)".to_owned(),
        Kind::TinyInt => "tinyint(4)".to_owned(),
        Kind::SmallInt => "smallint(6)".to_owned(),
        _ => column.ty.display(),
    }
}
