//! MySQL's catalogue: what its clients and intruders look at first.

use super::listing::{all_objects, columns, digits, hash, scale, yes};
use crate::database::Kind;
use crate::database::Product::MySql;
use crate::database::catalog::ColumnSpec;
use crate::database::system::table;
use crate::database::system::{Late, System, at, count, n, none, t};

pub(super) static TABLES: &[System] = &[
    table(
        MySql,
        "information_schema.schemata",
        &[
            "CATALOG_NAME varchar(512) not null",
            "SCHEMA_NAME varchar(64) not null",
            "DEFAULT_CHARACTER_SET_NAME varchar(32) not null",
            "DEFAULT_COLLATION_NAME varchar(32) not null",
            "SQL_PATH varchar(512)",
        ],
        |facts, _| {
            facts
                .databases()
                .into_iter()
                .map(|(name, _)| vec![t("def"), t(name), t("utf8"), t("utf8_general_ci"), none()])
                .collect()
        },
    ),
    table(
        MySql,
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
            "INDEX_LENGTH bigint",
            "AUTO_INCREMENT bigint",
            "CREATE_TIME datetime",
            "UPDATE_TIME datetime",
            "TABLE_COLLATION varchar(32)",
            "TABLE_COMMENT varchar(2048) not null",
        ],
        |facts, _| {
            all_objects(facts)
                .into_iter()
                .filter(|(_, o)| o.kind != 'P')
                .map(|(db, object)| {
                    let rows = object.table.clone().map_or_else(none, Late::Rows);
                    let (kind, engine) =
                        if object.kind == 'U' { ("BASE TABLE", t("InnoDB")) } else { ("VIEW", none()) };
                    vec![
                        t("def"),
                        t(db),
                        t(&object.name),
                        t(kind),
                        engine,
                        n(10),
                        t("Dynamic"),
                        rows,
                        n(212),
                        object.table.clone().map_or_else(none, Late::Pages),
                        n(0),
                        none(),
                        at(object.created),
                        none(),
                        t("utf8_general_ci"),
                        t(&object.title),
                    ]
                })
                .collect()
        },
    ),
    table(
        MySql,
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
            "NUMERIC_PRECISION bigint",
            "NUMERIC_SCALE bigint",
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
            columns(facts, |db, object, id, column| {
                let ty = &column.ty;
                let (set, collation) =
                    if ty.is_text() { (t("utf8"), t("utf8_general_ci")) } else { (none(), none()) };
                vec![
                    t("def"),
                    t(db),
                    t(&object.name),
                    t(&column.name),
                    count(id),
                    none(),
                    t(yes(column.nullable)),
                    t(&ty.name),
                    ty.length.map_or_else(none, n),
                    digits(column),
                    scale(column),
                    set,
                    collation,
                    t(column_type(column)),
                    t(if column.key { "PRI" } else { "" }),
                    t(""),
                    t("select,insert,update,references"),
                    t(&column.title),
                    t(""),
                ]
            })
        },
    ),
    table(
        MySql,
        "mysql.user",
        &[
            "Host char(60) not null",
            "User char(32) not null",
            "Select_priv enum(1) not null",
            "Super_priv enum(1) not null",
            "plugin char(64) not null",
            "authentication_string text",
        ],
        |facts, _| {
            facts
                .catalog
                .logins
                .iter()
                .map(|login| {
                    let right = if login.administrator { "Y" } else { "N" };
                    vec![
                        t("%"),
                        t(&login.name),
                        t(right),
                        t(right),
                        t("mysql_native_password"),
                        t(format!("*{}", hash(facts, &login.name))),
                    ]
                })
                .collect()
        },
    ),
    table(
        MySql,
        "information_schema.processlist",
        &[
            "ID bigint not null",
            "USER varchar(32) not null",
            "HOST varchar(64) not null",
            "DB varchar(64)",
            "COMMAND varchar(16) not null",
            "TIME int not null",
            "STATE varchar(64)",
            "INFO longtext",
        ],
        |facts, _| {
            let shown = facts.catalog.presence.all().into_iter();
            let shown = shown.filter(|(_, present)| facts.administrator || present.login == facts.login);
            let now = facts.state().view.now();
            shown
                .map(|(number, present)| {
                    let doing = present.doing();
                    let command = if doing.running { "Query" } else { "Sleep" };
                    vec![
                        n(i64::from(number)),
                        t(&present.login),
                        t(&present.client.0),
                        t(doing.database),
                        t(command),
                        n(now.duration_since(doing.last).as_secs()),
                        t(if doing.running { "executing" } else { "" }),
                        none(),
                    ]
                })
                .collect()
        },
    ),
];

pub(in crate::database) fn column_type(column: &ColumnSpec) -> String {
    match column.ty.kind {
        Kind::Int => "int(11)".to_owned(),
        Kind::BigInt => "bigint(20)".to_owned(),
        Kind::TinyInt => "tinyint(4)".to_owned(),
        Kind::SmallInt => "smallint(6)".to_owned(),
        _ => column.ty.display(),
    }
}
