//! The server: its options, machine, services and linked servers.

use super::table;
use crate::database::facts::Facts;
use crate::database::settings::OPTIONS;
use crate::database::system::{System, at, n, none, t};

pub(super) static TABLES: &[System] = &[
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
