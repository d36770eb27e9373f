//! SQL Server: the server, its databases, logins and sessions.

use jiff::ToSpan;
use rusqlite::types::Value as Cell;

use super::{Late, System, at, n, none, t};
use crate::database::Product::SqlServer;
use crate::database::catalog::Database;
use crate::database::facts::Facts;
use crate::database::settings::OPTIONS;

const fn table(
    name: &'static str,
    lines: &'static [&'static str],
    rows: fn(&Facts, &str) -> Vec<Vec<Late>>,
) -> System {
    System { name, product: SqlServer, lines, rows }
}

pub(super) static TABLES: &[System] = &[
    table(
        "sys.databases",
        &[
            "name sysname not null",
            "database_id int not null",
            "source_database_id int",
            "owner_sid varbinary(85)",
            "create_date datetime not null",
            "compatibility_level tinyint not null",
            "collation_name sysname",
            "user_access tinyint",
            "user_access_desc nvarchar(60)",
            "is_read_only bit",
            "is_auto_close_on bit not null",
            "is_auto_shrink_on bit",
            "state tinyint",
            "state_desc nvarchar(60)",
            "is_in_standby bit",
            "recovery_model tinyint",
            "recovery_model_desc nvarchar(60)",
            "is_trustworthy_on bit",
            "is_db_chaining_on bit",
            "is_encrypted bit",
            "is_published bit not null",
        ],
        |facts, _| {
            databases(facts, |id, db| {
                let level = if db.recovery == "FULL" { 1 } else { 3 };
                let trusted = i64::from(db.name == "msdb");
                vec![
                    t(&db.name),
                    n(id),
                    none(),
                    sid(1),
                    at(db.created),
                    n(110),
                    t(&facts.catalog.server.collation),
                    n(0),
                    t("MULTI_USER"),
                    n(0),
                    n(0),
                    n(0),
                    n(0),
                    t("ONLINE"),
                    n(0),
                    n(level),
                    t(&db.recovery),
                    n(trusted),
                    n(i64::from(db.system && db.name != "model")),
                    n(0),
                    n(0),
                ]
            })
        },
    ),
    table(
        "sys.sysdatabases",
        &[
            "name sysname not null",
            "dbid smallint",
            "sid varbinary(85)",
            "mode smallint",
            "status int",
            "status2 int",
            "crdate datetime not null",
            "reserved datetime",
            "category int",
            "cmptlevel tinyint not null",
            "filename nvarchar(260)",
            "version smallint",
        ],
        |facts, _| {
            databases(facts, |id, db| {
                vec![
                    t(&db.name),
                    n(id),
                    sid(1),
                    n(0),
                    n(65_536),
                    n(1_090_520_064),
                    at(db.created),
                    none(),
                    n(0),
                    n(110),
                    t(data_file(facts, &db.name)),
                    n(706),
                ]
            })
        },
    ),
    table(
        "sys.master_files",
        &[
            "database_id int not null",
            "file_id int not null",
            "type tinyint not null",
            "type_desc nvarchar(60)",
            "name sysname not null",
            "physical_name nvarchar(260) not null",
            "state_desc nvarchar(60)",
            "size int not null",
            "max_size int not null",
            "growth int not null",
        ],
        |facts, _| {
            databases(facts, |id, db| file(facts, id, db, false))
                .into_iter()
                .chain(databases(facts, |id, db| file(facts, id, db, true)))
                .collect()
        },
    ),
    table(
        "sys.database_files",
        &[
            "file_id int not null",
            "type tinyint not null",
            "type_desc nvarchar(60)",
            "name sysname not null",
            "physical_name nvarchar(260)",
            "state_desc nvarchar(60)",
            "size int not null",
            "max_size int not null",
            "growth int not null",
        ],
        |facts, current| {
            facts
                .catalog
                .database(current)
                .into_iter()
                .flat_map(|db| [false, true].map(|log| file(facts, 0, db, log).into_iter().skip(1).collect()))
                .collect()
        },
    ),
    table(
        "sys.sysfiles",
        &[
            "fileid smallint",
            "groupid smallint",
            "size int not null",
            "maxsize int not null",
            "growth int not null",
            "status int",
            "perf int",
            "name sysname not null",
            "filename nvarchar(260)",
        ],
        |facts, current| {
            facts
                .catalog
                .database(current)
                .into_iter()
                .flat_map(|db| {
                    [(1, db.size_mb, false), (2, db.log_mb, true)].map(|(id, mb, log)| {
                        let (name, path) = file_name(facts, &db.name, log);
                        vec![
                            n(id),
                            n(i64::from(!log)),
                            n(i64::from(mb) * 128),
                            n(-1),
                            n(10),
                            n(2),
                            n(0),
                            t(name),
                            t(path),
                        ]
                    })
                })
                .collect()
        },
    ),
    table(
        "sys.configurations",
        &[
            "configuration_id int not null",
            "name nvarchar(35) not null",
            "value sql_variant",
            "minimum sql_variant",
            "maximum sql_variant",
            "value_in_use sql_variant",
            "description nvarchar(255) not null",
            "is_dynamic bit not null",
            "is_advanced bit not null",
        ],
        |facts, _| {
            OPTIONS
                .iter()
                .map(|(name, id, low, high, default, advanced)| {
                    let (set, running) = facts
                        .state()
                        .options
                        .get(&name.to_lowercase())
                        .copied()
                        .unwrap_or((*default, *default));
                    vec![
                        n(*id),
                        t(*name),
                        n(set),
                        n(*low),
                        n(*high),
                        n(running),
                        t(*name),
                        n(1),
                        n(i64::from(*advanced)),
                    ]
                })
                .collect()
        },
    ),
    table(
        "sys.sql_logins",
        &[
            "name sysname not null",
            "principal_id int not null",
            "sid varbinary(85)",
            "type char(1) not null",
            "type_desc nvarchar(60)",
            "is_disabled bit",
            "create_date datetime not null",
            "modify_date datetime not null",
            "default_database_name sysname",
            "default_language_name sysname",
            "is_policy_checked bit",
            "is_expiration_checked bit",
            "password_hash varbinary(256)",
        ],
        |facts, _| {
            logins(facts)
                .into_iter()
                .map(|(name, id, default)| {
                    let hash = if facts.administrator {
                        Late::Now(Cell::Blob(password_hash(facts, &name)))
                    } else {
                        none()
                    };
                    let made = facts.catalog.server.installed;
                    vec![
                        t(&name),
                        n(id),
                        sid(id),
                        t("S"),
                        t("SQL_LOGIN"),
                        n(i64::from(name.starts_with("##"))),
                        at(made),
                        at(made),
                        t(default),
                        t("简体中文"),
                        n(0),
                        n(0),
                        hash,
                    ]
                })
                .collect()
        },
    ),
    table(
        "sys.server_principals",
        &[
            "name sysname not null",
            "principal_id int not null",
            "sid varbinary(85)",
            "type char(1) not null",
            "type_desc nvarchar(60)",
            "is_disabled int",
            "create_date datetime not null",
            "modify_date datetime not null",
            "default_database_name sysname",
            "default_language_name sysname",
        ],
        |facts, _| {
            let made = facts.catalog.server.installed;
            let roles = ROLES.iter().map(|(name, id)| {
                vec![
                    t(*name),
                    n(*id),
                    sid(*id),
                    t("R"),
                    t("SERVER_ROLE"),
                    n(0),
                    at(made),
                    at(made),
                    none(),
                    none(),
                ]
            });
            let logins = logins(facts).into_iter().map(|(name, id, default)| {
                vec![
                    t(name),
                    n(id),
                    sid(id),
                    t("S"),
                    t("SQL_LOGIN"),
                    n(0),
                    at(made),
                    at(made),
                    t(default),
                    t("简体中文"),
                ]
            });
            let system = [r"NT AUTHORITY\SYSTEM", r"NT SERVICE\MSSQLSERVER", r"NT SERVICE\SQLSERVERAGENT"];
            let system = system.into_iter().zip(259i64..).map(|(name, id)| {
                vec![
                    t(name),
                    n(id),
                    sid(id),
                    t("U"),
                    t("WINDOWS_LOGIN"),
                    n(0),
                    at(made),
                    at(made),
                    t("master"),
                    t("简体中文"),
                ]
            });
            logins.chain(roles).chain(system).collect()
        },
    ),
    table(
        "sys.server_role_members",
        &["role_principal_id int not null", "member_principal_id int not null"],
        |facts, _| {
            logins(facts)
                .into_iter()
                .filter(|(name, _, _)| facts.catalog.login(name).is_some_and(|l| l.administrator))
                .map(|(_, id, _)| vec![n(3), n(id)])
                .chain([259i64, 260, 261].map(|id| vec![n(3), n(id)]))
                .collect()
        },
    ),
    table(
        "sys.server_permissions",
        &[
            "class tinyint not null",
            "class_desc nvarchar(60)",
            "major_id int not null",
            "minor_id int not null",
            "grantee_principal_id int not null",
            "grantor_principal_id int not null",
            "type char(4) not null",
            "permission_name nvarchar(128)",
            "state char(1) not null",
            "state_desc nvarchar(60)",
        ],
        |facts, _| {
            logins(facts)
                .into_iter()
                .map(|(_, id, _)| {
                    vec![
                        n(100),
                        t("SERVER"),
                        n(0),
                        n(0),
                        n(id),
                        n(1),
                        t("COSQ"),
                        t("CONNECT SQL"),
                        t("G"),
                        t("GRANT"),
                    ]
                })
                .collect()
        },
    ),
    table(
        "sys.syslogins",
        &[
            "sid varbinary(85)",
            "createdate datetime not null",
            "updatedate datetime not null",
            "name sysname not null",
            "dbname sysname",
            "password nvarchar(128)",
            "language sysname",
            "denylogin int",
            "hasaccess int",
            "isntname int",
            "sysadmin int",
            "loginname nvarchar(128)",
        ],
        |facts, _| {
            logins(facts)
                .into_iter()
                .map(|(name, id, default)| {
                    let made = facts.catalog.server.installed;
                    let admin = facts.catalog.login(&name).is_some_and(|login| login.administrator);
                    vec![
                        sid(id),
                        at(made),
                        at(made),
                        t(&name),
                        t(default),
                        none(),
                        t("简体中文"),
                        n(0),
                        n(1),
                        n(0),
                        n(i64::from(admin)),
                        t(name),
                    ]
                })
                .collect()
        },
    ),
    table(
        "sys.database_principals",
        &[
            "name sysname not null",
            "principal_id int not null",
            "type char(1) not null",
            "type_desc nvarchar(60)",
            "default_schema_name sysname",
            "create_date datetime not null",
            "sid varbinary(85)",
        ],
        |facts, _| {
            principals(facts)
                .into_iter()
                .map(|(name, id, role)| {
                    let kind = if role { ("R", "DATABASE_ROLE") } else { ("S", "SQL_USER") };
                    vec![
                        t(name),
                        n(id),
                        t(kind.0),
                        t(kind.1),
                        if role { none() } else { t("dbo") },
                        at(facts.catalog.server.installed),
                        sid(id),
                    ]
                })
                .collect()
        },
    ),
    table(
        "sys.sysusers",
        &[
            "uid smallint",
            "status int",
            "name sysname not null",
            "sid varbinary(85)",
            "createdate datetime not null",
            "gid smallint",
            "hasdbaccess int",
            "islogin int",
            "issqluser int",
            "issqlrole int",
        ],
        |facts, _| {
            principals(facts)
                .into_iter()
                .map(|(name, id, role)| {
                    let user = i64::from(!role);
                    vec![
                        n(id),
                        n(0),
                        t(name),
                        sid(id),
                        at(facts.catalog.server.installed),
                        n(0),
                        n(user),
                        n(user),
                        n(user),
                        n(i64::from(role)),
                    ]
                })
                .collect()
        },
    ),
    table(
        "sys.database_permissions",
        &[
            "class tinyint not null",
            "major_id int not null",
            "grantee_principal_id int not null",
            "permission_name nvarchar(128)",
            "state_desc nvarchar(60)",
        ],
        |facts, _| {
            principals(facts)
                .into_iter()
                .filter(|(_, _, role)| !role)
                .map(|(_, id, _)| vec![n(0), n(0), n(id), t("CONNECT"), t("GRANT")])
                .collect()
        },
    ),
    table(
        "sys.database_role_members",
        &["role_principal_id int not null", "member_principal_id int not null"],
        |_, _| vec![vec![n(16384), n(1)]],
    ),
    table(
        "sys.credentials",
        &["credential_id int not null", "name sysname not null", "credential_identity nvarchar(4000)"],
        |_, _| Vec::new(),
    ),
    table(
        "sys.triggers",
        &[
            "name sysname not null",
            "object_id int not null",
            "parent_id int not null",
            "is_disabled bit not null",
        ],
        |_, _| Vec::new(),
    ),
    table(
        "sys.foreign_keys",
        &[
            "name sysname not null",
            "object_id int not null",
            "parent_object_id int not null",
            "referenced_object_id int",
        ],
        |_, _| Vec::new(),
    ),
    table(
        "sys.synonyms",
        &["name sysname not null", "object_id int not null", "base_object_name nvarchar(1035)"],
        |_, _| Vec::new(),
    ),
    table(
        "sys.servers",
        &[
            "server_id int not null",
            "name sysname not null",
            "product sysname not null",
            "provider sysname not null",
            "data_source nvarchar(4000)",
            "catalog sysname",
            "is_linked bit not null",
            "is_remote_login_enabled bit not null",
            "is_rpc_out_enabled bit not null",
            "is_data_access_enabled bit not null",
            "modify_date datetime not null",
        ],
        |facts, _| {
            servers(facts)
                .into_iter()
                .map(|(id, name, product, provider, source)| {
                    vec![
                        n(id),
                        t(name),
                        t(product),
                        t(provider),
                        t(source),
                        none(),
                        n(i64::from(id > 0)),
                        n(1),
                        n(i64::from(id > 0)),
                        n(1),
                        at(facts.catalog.server.installed),
                    ]
                })
                .collect()
        },
    ),
    table(
        "sys.sysservers",
        &[
            "srvid smallint",
            "srvstatus smallint",
            "srvname sysname not null",
            "srvproduct nvarchar(128)",
            "providername nvarchar(128)",
            "datasource nvarchar(4000)",
            "isremote int",
            "rpcout int",
        ],
        |facts, _| {
            servers(facts)
                .into_iter()
                .map(|(id, name, product, provider, source)| {
                    vec![
                        n(id),
                        n(if id == 0 { 1089 } else { 1249 }),
                        t(name),
                        t(product),
                        t(provider),
                        t(source),
                        n(i64::from(id > 0)),
                        n(i64::from(id > 0)),
                    ]
                })
                .collect()
        },
    ),
    table(
        "sys.linked_logins",
        &[
            "server_id int not null",
            "local_principal_id int",
            "uses_self_credential bit not null",
            "remote_name sysname",
            "modify_date datetime not null",
        ],
        |facts, _| {
            facts
                .catalog
                .linked
                .iter()
                .zip(1i64..)
                .map(|(linked, id)| {
                    vec![
                        n(id),
                        n(0),
                        n(0),
                        if linked.login.is_empty() { none() } else { t(&linked.login) },
                        at(facts.catalog.server.installed),
                    ]
                })
                .collect()
        },
    ),
    table(
        "sys.sysprocesses",
        &[
            "spid smallint not null",
            "kpid smallint not null",
            "blocked smallint not null",
            "waittype binary(2) not null",
            "lastwaittype nchar(32) not null",
            "dbid smallint not null",
            "uid smallint",
            "cpu int not null",
            "physical_io bigint not null",
            "login_time datetime not null",
            "last_batch datetime not null",
            "status nchar(30) not null",
            "hostname nchar(128) not null",
            "program_name nchar(128) not null",
            "cmd nchar(26) not null",
            "loginame nchar(128) not null",
        ],
        |facts, _| {
            sessions(facts)
                .into_iter()
                .map(|s| {
                    vec![
                        n(s.id),
                        n(0),
                        n(0),
                        Late::Now(Cell::Blob(vec![0, 0])),
                        t("MISCELLANEOUS"),
                        n(s.database),
                        n(1),
                        n(s.cpu),
                        n(s.cpu / 3),
                        at(s.since),
                        at(s.last),
                        t(s.status),
                        t(s.host),
                        t(s.program),
                        t(s.command),
                        t(s.login),
                    ]
                })
                .collect()
        },
    ),
    table(
        "sys.dm_exec_sessions",
        &[
            "session_id smallint not null",
            "login_time datetime not null",
            "host_name nvarchar(128)",
            "program_name nvarchar(128)",
            "login_name nvarchar(128) not null",
            "status nvarchar(30) not null",
            "cpu_time int not null",
            "last_request_start_time datetime not null",
            "is_user_process bit not null",
            "database_id smallint not null",
        ],
        |facts, _| {
            sessions(facts)
                .into_iter()
                .map(|s| {
                    vec![
                        n(s.id),
                        at(s.since),
                        t(s.host),
                        t(s.program),
                        t(s.login),
                        t(s.status),
                        n(s.cpu),
                        at(s.last),
                        n(i64::from(s.id > 50)),
                        n(s.database),
                    ]
                })
                .collect()
        },
    ),
    table(
        "sys.dm_exec_connections",
        &[
            "session_id int",
            "connect_time datetime not null",
            "net_transport nvarchar(40) not null",
            "encrypt_option nvarchar(40) not null",
            "auth_scheme nvarchar(40) not null",
            "client_net_address varchar(48)",
            "local_tcp_port int",
        ],
        |facts, _| {
            sessions(facts)
                .into_iter()
                .filter(|s| s.id > 50)
                .map(|s| vec![n(s.id), at(s.since), t("TCP"), t("FALSE"), t("SQL"), none(), n(1433)])
                .collect()
        },
    ),
    table(
        "sys.dm_os_sys_info",
        &[
            "cpu_count int not null",
            "physical_memory_kb bigint not null",
            "sqlserver_start_time datetime not null",
            "max_workers_count int not null",
        ],
        |facts, _| vec![vec![n(16), n(67_108_424), at(facts.started()), n(704)]],
    ),
    table(
        "sys.dm_os_windows_info",
        &[
            "windows_release nvarchar(256) not null",
            "windows_service_pack_level nvarchar(256) not null",
            "windows_sku int",
            "os_language_version int not null",
        ],
        |_, _| vec![vec![t("6.3"), t(""), n(7), n(2052)]],
    ),
    table(
        "sys.dm_server_services",
        &[
            "servicename nvarchar(256) not null",
            "startup_type_desc nvarchar(256) not null",
            "status_desc nvarchar(256) not null",
            "process_id int",
            "service_account nvarchar(256) not null",
        ],
        |_, _| {
            vec![
                vec![
                    t("SQL Server (MSSQLSERVER)"),
                    t("Automatic"),
                    t("Running"),
                    n(1884),
                    t(r"NT Service\MSSQLSERVER"),
                ],
                vec![
                    t("SQL Server Agent (MSSQLSERVER)"),
                    t("Automatic"),
                    t("Running"),
                    n(2716),
                    t(r"NT Service\SQLSERVERAGENT"),
                ],
            ]
        },
    ),
];

const ROLES: &[(&str, i64)] = &[
    ("public", 2),
    ("sysadmin", 3),
    ("securityadmin", 4),
    ("serveradmin", 5),
    ("setupadmin", 6),
    ("processadmin", 7),
    ("diskadmin", 8),
    ("dbcreator", 9),
    ("bulkadmin", 10),
];

fn sid(id: i64) -> Late {
    let bytes =
        if id == 1 { vec![1] } else { id.wrapping_mul(0x1e37_79b9_7f4a_7c15).to_be_bytes().repeat(2) };
    Late::Now(Cell::Blob(bytes))
}

fn databases(facts: &Facts, row: impl Fn(i32, &Database) -> Vec<Late>) -> Vec<Vec<Late>> {
    let made = |name: String, id: i32| Database {
        name,
        id,
        created: facts.now(),
        size_mb: 3,
        log_mb: 1,
        recovery: "FULL".to_owned(),
        system: false,
    };
    let all = facts.databases().into_iter();
    all.map(|(name, id)| match facts.catalog.database(&name) {
        Some(database) => row(id, database),
        None => row(id, &made(name, id)),
    })
    .collect()
}

fn data_file(facts: &Facts, name: &str) -> String {
    file_name(facts, name, false).1
}

fn file_name(facts: &Facts, name: &str, log: bool) -> (String, String) {
    let system = facts.catalog.database(name).is_some_and(|database| database.system);
    let folder = if system {
        r"C:\Program Files\Microsoft SQL Server\MSSQL11.MSSQLSERVER\MSSQL\DATA"
    } else {
        facts.catalog.server.data_folder.as_str()
    };
    let logical = match (name, log) {
        ("master", false) => "master".to_owned(),
        ("master", true) => "mastlog".to_owned(),
        ("tempdb", false) => "tempdev".to_owned(),
        ("tempdb", true) => "templog".to_owned(),
        ("model", false) => "modeldev".to_owned(),
        ("model", true) => "modellog".to_owned(),
        ("msdb", false) => "MSDBData".to_owned(),
        ("msdb", true) => "MSDBLog".to_owned(),
        (name, false) => format!("{name}_Data"),
        (name, true) => format!("{name}_Log"),
    };
    let path = format!("{folder}\\{logical}.{}", if log { "ldf" } else { "mdf" });
    (logical, path)
}

fn file(facts: &Facts, id: i32, database: &Database, log: bool) -> Vec<Late> {
    let (name, path) = file_name(facts, &database.name, log);
    let size = i64::from(if log { database.log_mb } else { database.size_mb }) * 128;
    let kind = if log { "LOG" } else { "ROWS" };
    vec![
        n(id),
        n(if log { 2 } else { 1 }),
        n(i64::from(log)),
        t(kind),
        t(name),
        t(path),
        t("ONLINE"),
        n(size),
        n(-1),
        n(8192),
    ]
}

/// SQL logins: name, id and default database.
fn logins(facts: &Facts) -> Vec<(String, i64, String)> {
    let mut ids = 267i64..;
    let mut all = Vec::new();
    for login in &facts.catalog.logins {
        let id = if login.name.eq_ignore_ascii_case("sa") { 1 } else { ids.next().unwrap_or(0) };
        all.push((login.name.clone(), id, login.default.clone()));
    }
    all.extend(
        facts.state().logins.iter().cloned().zip(ids).map(|(name, id)| (name, id, "master".to_owned())),
    );
    all
}

fn principals(facts: &Facts) -> Vec<(String, i64, bool)> {
    let fixed = [
        ("public", 0, true),
        ("dbo", 1, false),
        ("guest", 2, false),
        ("INFORMATION_SCHEMA", 3, false),
        ("sys", 4, false),
        ("db_owner", 16384, true),
        ("db_datareader", 16390, true),
        ("db_datawriter", 16391, true),
    ];
    let users = facts.catalog.logins.iter().filter(|login| !login.administrator).zip(5i64..);
    fixed
        .into_iter()
        .map(|(name, id, role)| (name.to_owned(), id, role))
        .chain(users.map(|(login, id)| (login.name.clone(), id, false)))
        .collect()
}

fn servers(facts: &Facts) -> Vec<(i64, String, String, String, String)> {
    let own = &facts.catalog.server.name;
    let own = (0, own.clone(), "SQL Server".to_owned(), "SQLNCLI".to_owned(), own.clone());
    let linked = facts.catalog.linked.iter().zip(1i64..);
    std::iter::once(own)
        .chain(
            linked
                .map(|(l, id)| (id, l.name.clone(), l.product.clone(), l.provider.clone(), l.source.clone())),
        )
        .collect()
}

/// A hash as version 11 keeps it: header, salt and SHA-512, of no password.
fn password_hash(facts: &Facts, login: &str) -> Vec<u8> {
    use sha2::{Digest, Sha512};
    let mut hash = Sha512::new();
    hash.update(facts.catalog.server.name.as_bytes());
    hash.update(facts.catalog.server.installed.to_string().as_bytes());
    // The hospital's name and its drawn staff differ per installation; so do these.
    hash.update(
        facts.state().view.patient(crate::world::PatientNo(0)).map(|p| p.mrn).unwrap_or_default().as_bytes(),
    );
    hash.update(login.as_bytes());
    let digest = hash.finalize();
    let salt = digest.iter().rev().take(4).copied();
    [2u8, 0].into_iter().chain(salt).chain(digest.iter().copied()).collect()
}

/// A session as the server lists it.
struct Listed {
    id: i64,
    since: jiff::civil::DateTime,
    last: jiff::civil::DateTime,
    status: &'static str,
    host: String,
    program: String,
    command: &'static str,
    login: String,
    database: i64,
    cpu: i64,
}

/// The server's own sessions, the workstations that hold one, and this one.
fn sessions(facts: &Facts) -> Vec<Listed> {
    let (now, started) = (facts.now(), facts.started());
    let own = [
        "LOG WRITER",
        "RECOVERY WRITER",
        "LAZY WRITER",
        "LOCK MONITOR",
        "SIGNAL HANDLER",
        "XE TIMER",
        "CHECKPOINT",
        "TASK MANAGER",
    ];
    let mut all: Vec<Listed> = own
        .into_iter()
        .zip(1..)
        .map(|(command, id)| Listed {
            id,
            since: started,
            last: started,
            status: "background",
            host: String::new(),
            program: String::new(),
            command,
            login: "sa".to_owned(),
            database: 1,
            cpu: id * 311,
        })
        .collect();
    let wards = facts.state().view.departments();
    let login =
        facts.catalog.logins.iter().find(|login| !login.administrator).map_or("sa", |login| &login.name);
    let open = if (7..19).contains(&now.hour()) { 26 } else { 9 };
    for (ward, id) in wards.iter().cycle().take(open).zip(51i64..) {
        let minutes = (id * 37) % 190 + 4;
        let since = now.checked_sub(minutes.minutes()).unwrap_or(started);
        all.push(Listed {
            id,
            since,
            last: now.checked_sub((id * 13 % 170).seconds()).unwrap_or(now),
            status: "sleeping",
            host: format!("PC-{}-{:02}", ward.code, id % 7 + 1),
            program: "HIS".to_owned(),
            command: "AWAITING COMMAND",
            login: login.to_owned(),
            database: 5,
            cpu: id * 17,
        });
    }
    let id = i64::from(facts.session);
    all.retain(|session| session.id != id);
    all.push(Listed {
        id,
        since: now,
        last: now,
        status: "runnable",
        host: facts.client.0.clone(),
        program: facts.client.1.clone(),
        command: "SELECT",
        login: facts.login.clone(),
        database: 1,
        cpu: 0,
    });
    all.sort_by_key(|session| session.id);
    all
}
