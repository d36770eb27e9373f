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
        });
    }
    all.sort_by_key(|session| session.id);
    all
}

/// Whether a session is listed under a number.
pub(in crate::database) fn is_listed(facts: &Facts, number: u32) -> bool {
    sessions(facts).iter().any(|session| session.id == i64::from(number))
}
