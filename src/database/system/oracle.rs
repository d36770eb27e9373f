//! Oracle's dictionary: what its clients and intruders look at first.

use super::listing::{digits, scale};
use crate::database::Product::Oracle;
use crate::database::facts::{Facts, Object};
use crate::database::system::table;
use crate::database::system::{Late, System, at, count, n, none, t};

pub(super) static TABLES: &[System] = &[
    table(Oracle, "all_tables", ORACLE_TABLES, |facts, db| oracle_tables(facts, db, false)),
    table(Oracle, "dba_tables", ORACLE_TABLES, |facts, db| oracle_tables(facts, db, false)),
    table(Oracle, "user_tables", ORACLE_TABLES, |facts, db| oracle_tables(facts, db, true)),
    table(
        Oracle,
        "tab",
        &["TNAME varchar2(30) not null", "TABTYPE varchar2(7)", "CLUSTERID number"],
        |facts, db| {
            oracle_objects(facts, db, true)
                .into_iter()
                .map(|o| vec![t(o.name), t(if o.kind == 'U' { "TABLE" } else { "VIEW" }), none()])
                .collect()
        },
    ),
    table(Oracle, "all_tab_columns", ORACLE_COLUMNS, |facts, db| oracle_columns(facts, db, false)),
    table(Oracle, "dba_tab_columns", ORACLE_COLUMNS, |facts, db| oracle_columns(facts, db, false)),
    table(Oracle, "user_tab_columns", ORACLE_COLUMNS, |facts, db| oracle_columns(facts, db, true)),
    table(Oracle, "all_objects", ORACLE_OBJECTS, |facts, db| oracle_listed(facts, db, false)),
    table(Oracle, "dba_objects", ORACLE_OBJECTS, |facts, db| oracle_listed(facts, db, false)),
    table(Oracle, "user_objects", ORACLE_OBJECTS, |facts, db| oracle_listed(facts, db, true)),
    table(
        Oracle,
        "all_users",
        &["USERNAME varchar2(30) not null", "USER_ID number not null", "CREATED date not null"],
        |facts, _| oracle_users(facts),
    ),
    table(
        Oracle,
        "dba_users",
        &[
            "USERNAME varchar2(30) not null",
            "USER_ID number not null",
            "CREATED date not null",
            "PASSWORD varchar2(30)",
            "ACCOUNT_STATUS varchar2(32) not null",
        ],
        |facts, _| {
            oracle_users(facts)
                .into_iter()
                .map(|mut row| {
                    row.extend([none(), t("OPEN")]);
                    row
                })
                .collect()
        },
    ),
    table(Oracle, "v$version", &["BANNER varchar2(80)"], |facts, _| {
        facts.catalog.server.banner.lines().map(|line| vec![t(line)]).collect()
    }),
    table(
        Oracle,
        "v$instance",
        &[
            "INSTANCE_NUMBER number",
            "INSTANCE_NAME varchar2(16)",
            "HOST_NAME varchar2(64)",
            "VERSION varchar2(17)",
            "STARTUP_TIME date",
            "STATUS varchar2(12)",
        ],
        |facts, _| {
            vec![vec![
                n(1),
                t(facts.database().to_lowercase()),
                t(facts.catalog.server.name.to_lowercase()),
                t(&facts.catalog.server.version),
                at(facts.started()),
                t("OPEN"),
            ]]
        },
    ),
    table(
        Oracle,
        "v$database",
        &[
            "DBID number",
            "NAME varchar2(9)",
            "CREATED date",
            "LOG_MODE varchar2(12)",
            "OPEN_MODE varchar2(20)",
        ],
        |facts, _| {
            vec![vec![
                n(1_376_882_014),
                t(facts.database().to_uppercase()),
                at(facts.catalog.server.installed),
                t("ARCHIVELOG"),
                t("READ WRITE"),
            ]]
        },
    ),
    table(Oracle, "session_privs", &["PRIVILEGE varchar2(40) not null"], |facts, _| {
        let few = ["CREATE SESSION", "SELECT ANY TABLE"].as_slice();
        let all = [
            "ALTER SYSTEM",
            "CREATE SESSION",
            "CREATE ANY TABLE",
            "DROP ANY TABLE",
            "SELECT ANY TABLE",
            "INSERT ANY TABLE",
            "CREATE ANY PROCEDURE",
            "EXECUTE ANY PROCEDURE",
        ]
        .as_slice();
        (if facts.administrator { all } else { few }).iter().map(|right| vec![t(*right)]).collect()
    }),
];

const ORACLE_TABLES: &[&str] = &[
    "OWNER varchar2(30) not null",
    "TABLE_NAME varchar2(30) not null",
    "TABLESPACE_NAME varchar2(30)",
    "STATUS varchar2(8)",
    "NUM_ROWS number",
    "BLOCKS number",
    "LAST_ANALYZED date",
];

const ORACLE_COLUMNS: &[&str] = &[
    "OWNER varchar2(30) not null",
    "TABLE_NAME varchar2(30) not null",
    "COLUMN_NAME varchar2(30) not null",
    "DATA_TYPE varchar2(106)",
    "DATA_LENGTH number not null",
    "DATA_PRECISION number",
    "DATA_SCALE number",
    "NULLABLE varchar2(1)",
    "COLUMN_ID number",
];

const ORACLE_OBJECTS: &[&str] = &[
    "OWNER varchar2(30) not null",
    "OBJECT_NAME varchar2(30) not null",
    "OBJECT_ID number not null",
    "OBJECT_TYPE varchar2(19)",
    "CREATED date not null",
    "STATUS varchar2(7)",
];

fn oracle_objects(facts: &Facts, db: &str, own: bool) -> Vec<Object> {
    let mine = |object: &Object| !own || object.schema.eq_ignore_ascii_case(&facts.login);
    facts.objects(db).into_iter().filter(|object| mine(object)).collect()
}

fn oracle_tables(facts: &Facts, db: &str, own: bool) -> Vec<Vec<Late>> {
    let tables = oracle_objects(facts, db, own).into_iter().filter(|object| object.kind == 'U');
    tables
        .map(|object| {
            let rows = object.table.clone().map_or_else(none, Late::Rows);
            let blocks = object.table.map_or_else(none, Late::Pages);
            let space = format!("TSP_{}", object.schema.to_uppercase());
            vec![
                t(object.schema.to_uppercase()),
                t(object.name.to_uppercase()),
                t(space),
                t("VALID"),
                rows,
                blocks,
                at(facts.started()),
            ]
        })
        .collect()
}

fn oracle_columns(facts: &Facts, db: &str, own: bool) -> Vec<Vec<Late>> {
    let mut rows = Vec::new();
    for object in oracle_objects(facts, db, own) {
        let columns = object.table.iter().flat_map(|table| &table.columns);
        rows.extend((1..).zip(columns).map(|(id, column)| {
            let ty = &column.ty;
            vec![
                t(object.schema.to_uppercase()),
                t(object.name.to_uppercase()),
                t(column.name.to_uppercase()),
                t(ty.name.to_uppercase()),
                n(ty.length.map_or(22, i64::from)),
                digits(column),
                scale(column),
                t(if column.nullable { "Y" } else { "N" }),
                count(id),
            ]
        }));
    }
    rows
}

fn oracle_listed(facts: &Facts, db: &str, own: bool) -> Vec<Vec<Late>> {
    let kind = |kind| match kind {
        'U' => "TABLE",
        'V' => "VIEW",
        _ => "PROCEDURE",
    };
    let objects = oracle_objects(facts, db, own).into_iter();
    objects
        .map(|o| {
            vec![
                t(o.schema.to_uppercase()),
                t(o.name.to_uppercase()),
                n(o.id),
                t(kind(o.kind)),
                at(o.created),
                t("VALID"),
            ]
        })
        .collect()
}

fn oracle_users(facts: &Facts) -> Vec<Vec<Late>> {
    let mut names: Vec<String> =
        facts.objects(&facts.database()).into_iter().map(|object| object.schema.to_uppercase()).collect();
    names.extend(["SYS".to_owned(), "SYSTEM".to_owned(), "DBSNMP".to_owned()]);
    names.sort();
    names.dedup();
    names
        .into_iter()
        .zip(84i64..)
        .map(|(name, id)| vec![t(name), n(id), at(facts.catalog.server.installed)])
        .collect()
}
