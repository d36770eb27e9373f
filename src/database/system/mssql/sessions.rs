//! Sessions and connections.

use super::table;
use crate::database::facts::Facts;
use crate::database::system::{Late, System, at, n, none, t};
use jiff::ToSpan;
use rusqlite::types::Value as Cell;

pub(super) static TABLES: &[System] = &[
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
            "host_process_id int",
            "client_version int",
            "client_interface_name nvarchar(32)",
            "nt_domain nvarchar(128)",
            "nt_user_name nvarchar(128)",
            "original_login_name nvarchar(128) not null",
            "memory_usage int not null",
            "reads bigint not null",
            "writes bigint not null",
            "logical_reads bigint not null",
            "row_count bigint not null",
            "last_request_end_time datetime",
            "language nvarchar(128)",
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
                        t(&s.login),
                        t(s.status),
                        n(s.cpu),
                        at(s.last),
                        n(i64::from(s.id > 50)),
                        n(s.database),
                        if s.id > 50 { n(s.id * 41 % 9_000 + 1_100) } else { none() },
                        if s.id > 50 { n(6) } else { none() },
                        if s.id > 50 { t(".Net SqlClient Data Provider") } else { none() },
                        t(""),
                        t(""),
                        t(s.login),
                        n(2),
                        n(s.cpu / 3),
                        n(s.cpu / 40),
                        n(s.cpu * 23),
                        n(1),
                        at(s.last),
                        t("简体中文"),
                    ]
                })
                .collect()
        },
    ),
    table(
        "sys.dm_exec_requests",
        &[
            "session_id smallint not null",
            "request_id int not null",
            "start_time datetime not null",
            "status nvarchar(30) not null",
            "command nvarchar(32) not null",
            "sql_handle varbinary(64)",
            "database_id smallint not null",
            "user_id int not null",
            "blocking_session_id smallint",
            "wait_type nvarchar(60)",
            "wait_time int not null",
            "last_wait_type nvarchar(60) not null",
            "open_transaction_count int not null",
            "percent_complete real not null",
            "cpu_time int not null",
            "total_elapsed_time int not null",
            "reads bigint not null",
            "writes bigint not null",
            "logical_reads bigint not null",
        ],
        |facts, _| {
            let busy = sessions(facts).into_iter().filter(|s| s.status != "sleeping");
            busy.map(|s| {
                vec![
                    n(s.id),
                    n(0),
                    at(s.last),
                    t(s.status),
                    t(s.command),
                    none(),
                    n(s.database),
                    n(1),
                    n(0),
                    none(),
                    n(0),
                    t("MISCELLANEOUS"),
                    n(0),
                    n(0),
                    n(s.cpu),
                    n(0),
                    n(0),
                    n(0),
                    n(s.cpu * 3),
                ]
            })
            .collect()
        },
    ),
    table(
        "sys.fn_my_permissions",
        &["entity_name nvarchar(128)", "subentity_name nvarchar(128)", "permission_name nvarchar(60)"],
        |facts, class| {
            let (entity, all): (&str, &[&str]) = match (class.to_lowercase().as_str(), facts.administrator) {
                ("server", true) => ("server", SERVER_RIGHTS),
                ("server", false) => ("server", &["CONNECT SQL", "VIEW ANY DATABASE"]),
                (_, true) => ("database", DATABASE_RIGHTS),
                (_, false) => ("database", &["CONNECT", "SELECT", "VIEW DEFINITION"]),
            };
            all.iter().map(|right| vec![t(entity), t(""), t(*right)]).collect()
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
                .map(|s| {
                    let peer = s.address.map_or_else(none, |address| t(address.to_string()));
                    vec![n(s.id), at(s.since), t("TCP"), t("FALSE"), t("SQL"), peer, n(1433)]
                })
                .collect()
        },
    ),
];

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
    address: Option<std::net::IpAddr>,
}

const SERVER_RIGHTS: &[&str] = &[
    "CONNECT SQL",
    "SHUTDOWN",
    "CREATE ENDPOINT",
    "CREATE ANY DATABASE",
    "CREATE AVAILABILITY GROUP",
    "ALTER ANY LOGIN",
    "ALTER ANY CREDENTIAL",
    "ALTER ANY ENDPOINT",
    "ALTER ANY LINKED SERVER",
    "ALTER ANY CONNECTION",
    "ALTER ANY DATABASE",
    "ALTER RESOURCES",
    "ALTER SETTINGS",
    "ALTER TRACE",
    "ALTER ANY AVAILABILITY GROUP",
    "ADMINISTER BULK OPERATIONS",
    "AUTHENTICATE SERVER",
    "EXTERNAL ACCESS ASSEMBLY",
    "VIEW ANY DATABASE",
    "VIEW ANY DEFINITION",
    "VIEW SERVER STATE",
    "CREATE DDL EVENT NOTIFICATION",
    "CREATE TRACE EVENT NOTIFICATION",
    "ALTER ANY EVENT NOTIFICATION",
    "ALTER SERVER STATE",
    "UNSAFE ASSEMBLY",
    "ALTER ANY SERVER AUDIT",
    "CREATE SERVER ROLE",
    "ALTER ANY SERVER ROLE",
    "ALTER ANY EVENT SESSION",
    "CONTROL SERVER",
];

const DATABASE_RIGHTS: &[&str] = &[
    "CREATE TABLE",
    "CREATE VIEW",
    "CREATE PROCEDURE",
    "CREATE FUNCTION",
    "CREATE RULE",
    "CREATE DEFAULT",
    "BACKUP DATABASE",
    "BACKUP LOG",
    "CREATE DATABASE",
    "CREATE TYPE",
    "CREATE ASSEMBLY",
    "CREATE SCHEMA",
    "CREATE ROLE",
    "CONNECT",
    "ALTER ANY USER",
    "ALTER ANY SCHEMA",
    "SHOWPLAN",
    "CHECKPOINT",
    "VIEW DATABASE STATE",
    "ALTER",
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "REFERENCES",
    "EXECUTE",
    "VIEW DEFINITION",
    "TAKE OWNERSHIP",
    "CONTROL",
];

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
            address: None,
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
            address: None,
        });
    }
    let state = facts.state().view.clone();
    for (number, present) in facts.catalog.presence.all() {
        let (id, doing) = (i64::from(number), present.doing());
        let own = number == facts.session;
        all.retain(|session| session.id != id);
        all.push(Listed {
            id,
            since: state.local(present.since),
            last: if own { now } else { state.local(doing.last) },
            status: if doing.running { if own { "running" } else { "suspended" } } else { "sleeping" },
            host: present.client.0.clone(),
            program: present.client.1.clone(),
            command: if doing.running { "SELECT" } else { "AWAITING COMMAND" },
            login: present.login.clone(),
            database: facts
                .databases()
                .iter()
                .find(|(name, _)| *name == doing.database)
                .map_or(1, |(_, id)| i64::from(*id)),
            cpu: i64::from(number) % 7 * 16,
            address: present.address,
        });
    }
    all.sort_by_key(|session| session.id);
    all
}

/// Whether a session is listed under a number.
pub(in crate::database) fn is_listed(facts: &Facts, number: u32) -> bool {
    sessions(facts).iter().any(|session| session.id == i64::from(number))
}
