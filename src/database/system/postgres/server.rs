//! Roles, settings and sessions.

use crate::database::Product::Postgres;
use crate::database::facts::Facts;
use crate::database::system::listing::hash;
use crate::database::system::table;
use crate::database::system::{Late, System, n, none, t};

pub(super) static TABLES: &[System] = &[
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
];

fn roles(facts: &Facts) -> Vec<Vec<Late>> {
    let row = |(login, id): (&crate::database::Login, i64)| {
        let on = i64::from(login.administrator);
        vec![n(id), t(&login.name), n(on), n(1), n(on), n(on), n(1), n(on), n(on), n(-1), none()]
    };
    facts.catalog.logins.iter().zip(10i64..).map(row).collect()
}
