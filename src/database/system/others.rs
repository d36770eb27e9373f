//! MySQL, PostgreSQL and Oracle: what their clients and intruders look at first.

use super::{Late, System, at, count, n, none, t};
use crate::database::Kind;
use crate::database::Product::{self, MySql, Oracle, Postgres};
use crate::database::catalog::ColumnSpec;
use crate::database::facts::{Facts, Object};

const fn table(
    product: Product,
    name: &'static str,
    lines: &'static [&'static str],
    rows: fn(&Facts, &str) -> Vec<Vec<Late>>,
) -> System {
    System { name, product, lines, rows }
}

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
            vec![vec![
                n(facts.session),
                t(&facts.login),
                t(&facts.client.0),
                t(facts.database()),
                t("Query"),
                n(0),
                t("executing"),
                none(),
            ]]
        },
    ),
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
                    n(super::type_id(&column.ty)),
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
        "pg_catalog.pg_roles",
        &[
            "oid oid",
            "rolname name",
            "rolsuper bool",
            "rolinherit bool",
            "rolcreaterole bool",
            "rolcreatedb bool",
            "rolcanlogin bool",
            "rolreplication bool",
            "rolbypassrls bool",
            "rolconnlimit int",
            "rolvaliduntil timestamptz",
        ],
        |facts, _| roles(facts),
    ),
    table(
        Postgres,
        "pg_catalog.pg_user",
        &[
            "usesysid oid",
            "usename name",
            "usesuper bool",
            "usecreatedb bool",
            "userepl bool",
            "usebypassrls bool",
            "passwd text",
        ],
        |facts, _| {
            facts
                .catalog
                .logins
                .iter()
                .zip(10i64..)
                .map(|(login, id)| {
                    let on = i64::from(login.administrator);
                    vec![n(id), t(&login.name), n(on), n(on), n(on), n(on), t("********")]
                })
                .collect()
        },
    ),
    table(
        Postgres,
        "pg_catalog.pg_shadow",
        &["usename name", "usesysid oid", "usesuper bool", "passwd text"],
        |facts, _| {
            facts
                .catalog
                .logins
                .iter()
                .zip(10i64..)
                .map(|(login, id)| {
                    vec![
                        t(&login.name),
                        n(id),
                        n(i64::from(login.administrator)),
                        t(format!(
                            "md5{}",
                            hash(facts, &login.name).to_lowercase().chars().take(32).collect::<String>()
                        )),
                    ]
                })
                .collect()
        },
    ),
    table(
        Postgres,
        "pg_catalog.pg_settings",
        &["name text", "setting text", "unit text", "category text"],
        |facts, _| {
            facts
                .catalog
                .server
                .settings
                .iter()
                .map(|(name, value)| vec![t(name), t(value), none(), t("")])
                .collect()
        },
    ),
    table(
        Postgres,
        "pg_catalog.pg_stat_activity",
        &[
            "datid oid",
            "datname name",
            "pid int",
            "usename name",
            "application_name text",
            "client_addr text",
            "state text",
            "query text",
        ],
        |facts, _| {
            vec![vec![
                n(16_385),
                t(facts.database()),
                n(facts.session),
                t(&facts.login),
                t(&facts.client.1),
                t(&facts.client.0),
                t("active"),
                none(),
            ]]
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
            super::properties::types()
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

fn yes(on: bool) -> &'static str {
    if on { "YES" } else { "NO" }
}

fn all_objects(facts: &Facts) -> Vec<(String, Object)> {
    let databases = facts.databases().into_iter();
    databases
        .flat_map(|(db, _)| facts.objects(&db).into_iter().map(move |object| (db.clone(), object)))
        .collect()
}

fn columns(facts: &Facts, row: impl Fn(&str, &Object, usize, &ColumnSpec) -> Vec<Late>) -> Vec<Vec<Late>> {
    let mut rows = Vec::new();
    for (db, object) in all_objects(facts) {
        let columns = object.table.iter().flat_map(|table| &table.columns);
        rows.extend((1..).zip(columns).map(|(id, column)| row(&db, &object, id, column)));
    }
    rows
}

fn digits(column: &ColumnSpec) -> Late {
    if column.ty.precision > 0 && !column.ty.is_time() { n(i64::from(column.ty.precision)) } else { none() }
}

fn scale(column: &ColumnSpec) -> Late {
    if column.ty.precision > 0 && !column.ty.is_time() { n(i64::from(column.ty.scale)) } else { none() }
}

fn column_type(column: &ColumnSpec) -> String {
    match column.ty.kind {
        Kind::Int => "int(11)".to_owned(),
        Kind::BigInt => "bigint(20)".to_owned(),
        Kind::TinyInt => "tinyint(4)".to_owned(),
        Kind::SmallInt => "smallint(6)".to_owned(),
        _ => column.ty.display(),
    }
}

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

fn roles(facts: &Facts) -> Vec<Vec<Late>> {
    let row = |(login, id): (&crate::database::Login, i64)| {
        let on = i64::from(login.administrator);
        vec![n(id), t(&login.name), n(on), n(1), n(on), n(on), n(1), n(on), n(on), n(-1), none()]
    };
    facts.catalog.logins.iter().zip(10i64..).map(row).collect()
}

/// A digest of no password, of this installation.
fn hash(facts: &Facts, login: &str) -> String {
    use sha1::{Digest, Sha1};
    let of = facts.state().view.patient(crate::world::PatientNo(0)).map(|p| p.mrn).unwrap_or_default();
    hex::encode_upper(Sha1::digest(format!("{of}/{login}")))
}

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
