//! Databases and their files.

use super::logins::sid;
use super::table;
use crate::database::catalog::Database;
use crate::database::facts::Facts;
use crate::database::system::{Late, System, at, n, none, t};

/// Where setup puts the product's own databases.
pub(in crate::database) const SYSTEM_FOLDER: &str =
    r"C:\Program Files\Microsoft SQL Server\MSSQL11.MSSQLSERVER\MSSQL\DATA";

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
                    if db.offline { none() } else { t(&facts.catalog.server.collation) },
                    n(0),
                    t("MULTI_USER"),
                    n(0),
                    n(0),
                    n(0),
                    n(if db.offline { 6 } else { 0 }),
                    t(if db.offline { "OFFLINE" } else { "ONLINE" }),
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
                    n(if db.offline { 66_048 } else { 65_536 }),
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
                        let (name, path) = (logical_file(&db.name, log), physical_file(facts, &db.name, log));
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
];

fn databases(facts: &Facts, row: impl Fn(i32, &Database) -> Vec<Late>) -> Vec<Vec<Late>> {
    let made = |name: String, id: i32| Database {
        name,
        id,
        created: facts.now(),
        size_mb: 3,
        log_mb: 1,
        recovery: "FULL".to_owned(),
        system: false,
        offline: false,
    };
    let all = facts.databases().into_iter();
    all.map(|(name, id)| match facts.catalog.database(&name) {
        Some(database) => row(id, database),
        None => row(id, &made(name, id)),
    })
    .collect()
}

fn data_file(facts: &Facts, name: &str) -> String {
    physical_file(facts, name, false)
}

/// What a database's file, or that of its log, is called.
pub(in crate::database) fn logical_file(name: &str, log: bool) -> String {
    match (name, log) {
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
    }
}

/// Where it lies.
pub(in crate::database) fn physical_file(facts: &Facts, name: &str, log: bool) -> String {
    let system = facts.catalog.database(name).is_some_and(|database| database.system);
    let folder = if system { SYSTEM_FOLDER } else { facts.catalog.server.data_folder.as_str() };
    let file = match name {
        // Setup names these otherwise than what they hold.
        "tempdb" | "master" if !log => if name == "tempdb" { "tempdb" } else { "master" }.to_owned(),
        "model" if !log => "model".to_owned(),
        _ => logical_file(name, log),
    };
    format!("{folder}\\{file}.{}", if log { "ldf" } else { "mdf" })
}

fn file(facts: &Facts, id: i32, database: &Database, log: bool) -> Vec<Late> {
    let (name, path) = (logical_file(&database.name, log), physical_file(facts, &database.name, log));
    let size = i64::from(if log { database.log_mb } else { database.size_mb }) * 128;
    let kind = if log { "LOG" } else { "ROWS" };
    vec![
        n(id),
        n(if log { 2 } else { 1 }),
        n(i64::from(log)),
        t(kind),
        t(name),
        t(path),
        t(if database.offline { "OFFLINE" } else { "ONLINE" }),
        n(size),
        n(-1),
        n(8192),
    ]
}
