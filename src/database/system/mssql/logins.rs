//! Logins, users, roles and rights.

use super::table;
use crate::database::facts::Facts;
use crate::database::system::{Late, System, at, n, none, t};
use rusqlite::types::Value as Cell;

pub(super) static TABLES: &[System] = &[
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
            "isntgroup int",
            "isntuser int",
            "sysadmin int",
            "securityadmin int",
            "serveradmin int",
            "setupadmin int",
            "processadmin int",
            "diskadmin int",
            "dbcreator int",
            "bulkadmin int",
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
                        n(0),
                        n(0),
                        n(i64::from(admin)),
                        n(0),
                        n(0),
                        n(0),
                        n(0),
                        n(0),
                        n(0),
                        n(0),
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

pub(super) fn sid(id: i64) -> Late {
    let bytes =
        if id == 1 { vec![1] } else { id.wrapping_mul(0x1e37_79b9_7f4a_7c15).to_be_bytes().repeat(2) };
    Late::Now(Cell::Blob(bytes))
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

/// A hash as version 11 keeps it: header, salt, and SHA-512 of the password and the salt. That of a
/// lure is its own password's; nobody has those of the others.
fn password_hash(facts: &Facts, login: &str) -> Vec<u8> {
    use sha2::{Digest, Sha512};
    let machine = &facts.catalog.machine;
    let own = || hex::encode(machine.derive(&format!("password/{login}")));
    let password = machine.password(login).map_or_else(own, str::to_owned);
    let salt: Vec<u8> = machine.derive(&format!("salt/{login}")).into_iter().take(4).collect();
    let mut hash = Sha512::new();
    for unit in password.encode_utf16() {
        hash.update(unit.to_le_bytes());
    }
    hash.update(&salt);
    [2u8, 0].into_iter().chain(salt).chain(hash.finalize()).collect()
}
