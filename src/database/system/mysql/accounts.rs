//! Accounts and their rights.

use super::{empty, grantee, table};
use crate::database::facts::Facts;
use crate::database::system::listing::hash;
use crate::database::system::{Late, System, at, n, none, t};

/// Rights that an account has on all databases or on none.
const GLOBAL: [&str; 28] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE",
    "DROP",
    "RELOAD",
    "SHUTDOWN",
    "PROCESS",
    "FILE",
    "REFERENCES",
    "INDEX",
    "ALTER",
    "SHOW DATABASES",
    "SUPER",
    "CREATE TEMPORARY TABLES",
    "LOCK TABLES",
    "EXECUTE",
    "REPLICATION SLAVE",
    "REPLICATION CLIENT",
    "CREATE VIEW",
    "SHOW VIEW",
    "CREATE ROUTINE",
    "ALTER ROUTINE",
    "CREATE USER",
    "EVENT",
    "TRIGGER",
    "CREATE TABLESPACE",
];

/// Those that it may have on one database.
const OF_DATABASE: [&str; 18] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE",
    "DROP",
    "REFERENCES",
    "INDEX",
    "ALTER",
    "CREATE TEMPORARY TABLES",
    "LOCK TABLES",
    "EXECUTE",
    "CREATE VIEW",
    "SHOW VIEW",
    "CREATE ROUTINE",
    "ALTER ROUTINE",
    "EVENT",
    "TRIGGER",
];

pub(super) static TABLES: &[System] =
    &[
        table(
            "mysql.user",
            &[
                "Host char(60) pk",
                "User char(32) pk",
                "Select_priv enum(1) not null",
                "Insert_priv enum(1) not null",
                "Update_priv enum(1) not null",
                "Delete_priv enum(1) not null",
                "Create_priv enum(1) not null",
                "Drop_priv enum(1) not null",
                "Reload_priv enum(1) not null",
                "Shutdown_priv enum(1) not null",
                "Process_priv enum(1) not null",
                "File_priv enum(1) not null",
                "Grant_priv enum(1) not null",
                "References_priv enum(1) not null",
                "Index_priv enum(1) not null",
                "Alter_priv enum(1) not null",
                "Show_db_priv enum(1) not null",
                "Super_priv enum(1) not null",
                "Create_tmp_table_priv enum(1) not null",
                "Lock_tables_priv enum(1) not null",
                "Execute_priv enum(1) not null",
                "Repl_slave_priv enum(1) not null",
                "Repl_client_priv enum(1) not null",
                "Create_view_priv enum(1) not null",
                "Show_view_priv enum(1) not null",
                "Create_routine_priv enum(1) not null",
                "Alter_routine_priv enum(1) not null",
                "Create_user_priv enum(1) not null",
                "Event_priv enum(1) not null",
                "Trigger_priv enum(1) not null",
                "Create_tablespace_priv enum(1) not null",
                "ssl_type enum(9) not null",
                "ssl_cipher blob not null",
                "x509_issuer blob not null",
                "x509_subject blob not null",
                "max_questions int not null",
                "max_updates int not null",
                "max_connections int not null",
                "max_user_connections int not null",
                "plugin char(64) not null",
                "authentication_string text",
                "password_expired enum(1) not null",
                "password_last_changed datetime",
                "password_lifetime smallint",
                "account_locked enum(1) not null",
            ],
            |facts, _| {
                let locked = "*THISISNOTAVALIDPASSWORDTHATCANBEUSEDHERE";
                let people = facts.catalog.logins.iter().map(|login| {
                    let secret = format!("*{}", hash(facts, &login.name));
                    account(facts, "%", &login.name, login.administrator, secret, false)
                });
                let own = ["mysql.session", "mysql.sys"]
                    .map(|name| account(facts, "localhost", name, false, locked.to_owned(), true));
                people.chain(own).collect()
            },
        ),
        table(
            "mysql.db",
            &[
                "Host char(60) pk",
                "Db char(64) pk",
                "User char(32) pk",
                "Select_priv enum(1) not null",
                "Insert_priv enum(1) not null",
                "Update_priv enum(1) not null",
                "Delete_priv enum(1) not null",
                "Create_priv enum(1) not null",
                "Drop_priv enum(1) not null",
                "Grant_priv enum(1) not null",
                "References_priv enum(1) not null",
                "Index_priv enum(1) not null",
                "Alter_priv enum(1) not null",
                "Create_tmp_table_priv enum(1) not null",
                "Lock_tables_priv enum(1) not null",
                "Create_view_priv enum(1) not null",
                "Show_view_priv enum(1) not null",
                "Create_routine_priv enum(1) not null",
                "Alter_routine_priv enum(1) not null",
                "Execute_priv enum(1) not null",
                "Event_priv enum(1) not null",
                "Trigger_priv enum(1) not null",
            ],
            |facts, _| {
                let owned =
                    facts.catalog.logins.iter().flat_map(|login| {
                        login.databases.iter().map(|database| (login.name.as_str(), database))
                    });
                let row = |(name, database): (&str, &String)| {
                    let mut row = vec![t("%"), t(database), t(name)];
                    // Everything but to hand it on.
                    row.extend((3..22).map(|place| t(if place == 9 { "N" } else { "Y" })));
                    row
                };
                owned.map(row).collect()
            },
        ),
        table(
            "information_schema.user_privileges",
            &[
                "GRANTEE varchar(81) not null",
                "TABLE_CATALOG varchar(512) not null",
                "PRIVILEGE_TYPE varchar(64) not null",
                "IS_GRANTABLE varchar(3) not null",
            ],
            |facts, _| {
                let mut rows = Vec::new();
                for login in shown(facts) {
                    let usage: &[&str] = if login.administrator { &GLOBAL } else { &["USAGE"] };
                    let grant = if login.administrator { "YES" } else { "NO" };
                    rows.extend(
                        usage.iter().map(|right| vec![grantee(&login.name), t("def"), t(*right), t(grant)]),
                    );
                }
                rows
            },
        ),
        table(
            "information_schema.schema_privileges",
            &[
                "GRANTEE varchar(81) not null",
                "TABLE_CATALOG varchar(512) not null",
                "TABLE_SCHEMA varchar(64) not null",
                "PRIVILEGE_TYPE varchar(64) not null",
                "IS_GRANTABLE varchar(3) not null",
            ],
            |facts, _| {
                let mut rows = Vec::new();
                for login in shown(facts) {
                    for database in &login.databases {
                        rows.extend(OF_DATABASE.iter().map(|right| {
                            vec![grantee(&login.name), t("def"), t(database), t(*right), t("NO")]
                        }));
                    }
                }
                rows
            },
        ),
        empty(
            "information_schema.table_privileges",
            &[
                "GRANTEE varchar(81) not null",
                "TABLE_CATALOG varchar(512) not null",
                "TABLE_SCHEMA varchar(64) not null",
                "TABLE_NAME varchar(64) not null",
                "PRIVILEGE_TYPE varchar(64) not null",
                "IS_GRANTABLE varchar(3) not null",
            ],
        ),
        empty(
            "information_schema.column_privileges",
            &[
                "GRANTEE varchar(81) not null",
                "TABLE_CATALOG varchar(512) not null",
                "TABLE_SCHEMA varchar(64) not null",
                "TABLE_NAME varchar(64) not null",
                "COLUMN_NAME varchar(64) not null",
                "PRIVILEGE_TYPE varchar(64) not null",
                "IS_GRANTABLE varchar(3) not null",
            ],
        ),
    ];

/// Everybody sees himself; an administrator everybody.
fn shown(facts: &Facts) -> impl Iterator<Item = &crate::database::catalog::Login> {
    let logins = facts.catalog.logins.iter();
    logins.filter(|login| facts.administrator || login.name == facts.login)
}

fn account(
    facts: &Facts,
    host: &str,
    name: &str,
    administrator: bool,
    secret: String,
    locked: bool,
) -> Vec<Late> {
    let mut row = vec![t(host), t(name)];
    let super_of = |place: usize| administrator || name == "mysql.session" && place == 15;
    row.extend((0..29).map(|place| t(if super_of(place) { "Y" } else { "N" })));
    row.extend([t(""), t(""), t(""), t(""), n(0), n(0), n(0), n(0)]);
    row.extend([t("mysql_native_password"), t(secret), t("N"), at(facts.catalog.server.installed)]);
    row.extend([none(), t(if locked { "Y" } else { "N" })]);
    row
}
