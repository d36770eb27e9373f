//! The server's other tables: most have nothing on a server like this one.

use super::{empty, objects_seen, table};
use crate::database::system::{Late, System, at, n, none, t};

pub(super) static TABLES: &[System] = &[
    empty(
        "information_schema.events",
        &[
            "EVENT_CATALOG varchar(64) not null",
            "EVENT_SCHEMA varchar(64) not null",
            "EVENT_NAME varchar(64) not null",
            "DEFINER varchar(93) not null",
            "TIME_ZONE varchar(64) not null",
            "EVENT_BODY varchar(8) not null",
            "EVENT_DEFINITION longtext not null",
            "EVENT_TYPE varchar(9) not null",
            "EXECUTE_AT datetime",
            "INTERVAL_VALUE varchar(256)",
            "INTERVAL_FIELD varchar(18)",
            "SQL_MODE varchar(8192) not null",
            "STARTS datetime",
            "ENDS datetime",
            "STATUS varchar(18) not null",
            "ON_COMPLETION varchar(12) not null",
            "CREATED datetime not null",
            "LAST_ALTERED datetime not null",
            "LAST_EXECUTED datetime",
            "EVENT_COMMENT varchar(64) not null",
            "ORIGINATOR bigint not null",
            "CHARACTER_SET_CLIENT varchar(32) not null",
            "COLLATION_CONNECTION varchar(32) not null",
            "DATABASE_COLLATION varchar(32) not null",
        ],
    ),
    empty(
        "information_schema.triggers",
        &[
            "TRIGGER_CATALOG varchar(512) not null",
            "TRIGGER_SCHEMA varchar(64) not null",
            "TRIGGER_NAME varchar(64) not null",
            "EVENT_MANIPULATION varchar(6) not null",
            "EVENT_OBJECT_CATALOG varchar(512) not null",
            "EVENT_OBJECT_SCHEMA varchar(64) not null",
            "EVENT_OBJECT_TABLE varchar(64) not null",
            "ACTION_ORDER bigint not null",
            "ACTION_CONDITION longtext",
            "ACTION_STATEMENT longtext not null",
            "ACTION_ORIENTATION varchar(9) not null",
            "ACTION_TIMING varchar(6) not null",
            "ACTION_REFERENCE_OLD_TABLE varchar(64)",
            "ACTION_REFERENCE_NEW_TABLE varchar(64)",
            "ACTION_REFERENCE_OLD_ROW varchar(3) not null",
            "ACTION_REFERENCE_NEW_ROW varchar(3) not null",
            "CREATED datetime",
            "SQL_MODE varchar(8192) not null",
            "DEFINER varchar(93) not null",
            "CHARACTER_SET_CLIENT varchar(32) not null",
            "COLLATION_CONNECTION varchar(32) not null",
            "DATABASE_COLLATION varchar(32) not null",
        ],
    ),
    table(
        "information_schema.routines",
        &[
            "SPECIFIC_NAME varchar(64) not null",
            "ROUTINE_CATALOG varchar(512) not null",
            "ROUTINE_SCHEMA varchar(64) not null",
            "ROUTINE_NAME varchar(64) not null",
            "ROUTINE_TYPE varchar(9) not null",
            "DATA_TYPE varchar(64) not null",
            "CHARACTER_MAXIMUM_LENGTH int",
            "CHARACTER_OCTET_LENGTH int",
            "NUMERIC_PRECISION bigint",
            "NUMERIC_SCALE int",
            "DATETIME_PRECISION bigint",
            "CHARACTER_SET_NAME varchar(64)",
            "COLLATION_NAME varchar(64)",
            "DTD_IDENTIFIER longtext",
            "ROUTINE_BODY varchar(8) not null",
            "ROUTINE_DEFINITION longtext",
            "EXTERNAL_NAME varchar(64)",
            "EXTERNAL_LANGUAGE varchar(64)",
            "PARAMETER_STYLE varchar(8) not null",
            "IS_DETERMINISTIC varchar(3) not null",
            "SQL_DATA_ACCESS varchar(64) not null",
            "SQL_PATH varchar(64)",
            "SECURITY_TYPE varchar(7) not null",
            "CREATED datetime not null",
            "LAST_ALTERED datetime not null",
            "SQL_MODE varchar(8192) not null",
            "ROUTINE_COMMENT longtext not null",
            "DEFINER varchar(93) not null",
            "CHARACTER_SET_CLIENT varchar(32) not null",
            "COLLATION_CONNECTION varchar(32) not null",
            "DATABASE_COLLATION varchar(32) not null",
        ],
        |facts, _| {
            let procedures = objects_seen(facts).into_iter().filter(|(_, object)| object.kind == 'P');
            let mode = facts.catalog.server.settings.get("sql_mode").cloned().unwrap_or_default();
            procedures
                .map(|(database, object)| {
                    let mut row = vec![t(&object.name), t("def"), t(database), t(&object.name)];
                    row.extend([t("PROCEDURE"), t("")]);
                    row.extend((0..8).map(|_| none()));
                    row.extend([t("SQL"), none(), none(), none(), t("SQL"), t("NO"), t("CONTAINS SQL")]);
                    row.extend([none(), t("DEFINER"), at(object.created), at(object.created), t(&mode)]);
                    row.extend([
                        t(""),
                        t("root@%"),
                        t("utf8mb4"),
                        t("utf8mb4_general_ci"),
                        t("utf8_general_ci"),
                    ]);
                    row
                })
                .collect::<Vec<Vec<Late>>>()
        },
    ),
    empty(
        "information_schema.parameters",
        &[
            "SPECIFIC_CATALOG varchar(512) not null",
            "SPECIFIC_SCHEMA varchar(64) not null",
            "SPECIFIC_NAME varchar(64) not null",
            "ORDINAL_POSITION int not null",
            "PARAMETER_MODE varchar(5)",
            "PARAMETER_NAME varchar(64)",
            "DATA_TYPE varchar(64) not null",
            "CHARACTER_MAXIMUM_LENGTH int",
            "CHARACTER_OCTET_LENGTH int",
            "NUMERIC_PRECISION bigint",
            "NUMERIC_SCALE int",
            "DATETIME_PRECISION bigint",
            "CHARACTER_SET_NAME varchar(64)",
            "COLLATION_NAME varchar(64)",
            "DTD_IDENTIFIER longtext not null",
            "ROUTINE_TYPE varchar(9) not null",
        ],
    ),
    table(
        "information_schema.partitions",
        &[
            "TABLE_CATALOG varchar(512) not null",
            "TABLE_SCHEMA varchar(64) not null",
            "TABLE_NAME varchar(64) not null",
            "PARTITION_NAME varchar(64)",
            "SUBPARTITION_NAME varchar(64)",
            "PARTITION_ORDINAL_POSITION bigint",
            "SUBPARTITION_ORDINAL_POSITION bigint",
            "PARTITION_METHOD varchar(18)",
            "SUBPARTITION_METHOD varchar(12)",
            "PARTITION_EXPRESSION longtext",
            "SUBPARTITION_EXPRESSION longtext",
            "PARTITION_DESCRIPTION longtext",
            "TABLE_ROWS bigint not null",
            "AVG_ROW_LENGTH bigint not null",
            "DATA_LENGTH bigint not null",
            "MAX_DATA_LENGTH bigint",
            "INDEX_LENGTH bigint not null",
            "DATA_FREE bigint not null",
            "CREATE_TIME datetime",
            "UPDATE_TIME datetime",
            "CHECK_TIME datetime",
            "CHECKSUM bigint",
            "PARTITION_COMMENT varchar(80) not null",
            "NODEGROUP varchar(12) not null",
            "TABLESPACE_NAME varchar(64)",
        ],
        |facts, _| {
            let tables = objects_seen(facts).into_iter().filter_map(|(database, object)| {
                let table = object.table.clone()?;
                let mut row = vec![t("def"), t(database), t(&object.name)];
                row.extend((0..9).map(|_| none()));
                row.extend([
                    Late::Rows(table.clone()),
                    n(212),
                    Late::Bytes(table),
                    none(),
                    n(0),
                    n(4_194_304),
                ]);
                row.extend([at(object.created), none(), none(), none(), t(""), t(""), none()]);
                Some(row)
            });
            tables.collect()
        },
    ),
    empty(
        "information_schema.files",
        &[
            "FILE_ID bigint not null",
            "FILE_NAME varchar(4000)",
            "FILE_TYPE varchar(20) not null",
            "TABLESPACE_NAME varchar(64)",
        ],
    ),
    empty(
        "information_schema.tablespaces",
        &[
            "TABLESPACE_NAME varchar(64) not null",
            "ENGINE varchar(64) not null",
            "TABLESPACE_TYPE varchar(64)",
        ],
    ),
    empty(
        "information_schema.optimizer_trace",
        &[
            "QUERY longtext not null",
            "TRACE longtext not null",
            "MISSING_BYTES_BEYOND_MAX_MEM_SIZE int not null",
            "INSUFFICIENT_PRIVILEGES tinyint not null",
        ],
    ),
    empty(
        "mysql.func",
        &["name char(64) pk", "ret tinyint not null", "dl char(128) not null", "type enum(9) not null"],
    ),
    empty("mysql.plugin", &["name varchar(64) pk", "dl varchar(128) not null"]),
    empty(
        "mysql.proc",
        &[
            "db char(64) pk",
            "name char(64) pk",
            "type enum(9) pk",
            "specific_name char(64) not null",
            "language enum(3) not null",
            "sql_data_access enum(17) not null",
            "is_deterministic enum(3) not null",
            "security_type enum(7) not null",
            "param_list blob not null",
            "returns longtext not null",
            "body longtext not null",
            "definer char(93) not null",
            "created datetime not null",
            "modified datetime not null",
            "sql_mode varchar(512) not null",
            "comment text not null",
        ],
    ),
    empty(
        "mysql.tables_priv",
        &[
            "Host char(60) pk",
            "Db char(64) pk",
            "User char(32) pk",
            "Table_name char(64) pk",
            "Grantor char(93) not null",
            "Timestamp datetime not null",
            "Table_priv varchar(98) not null",
            "Column_priv varchar(31) not null",
        ],
    ),
    empty(
        "mysql.columns_priv",
        &[
            "Host char(60) pk",
            "Db char(64) pk",
            "User char(32) pk",
            "Table_name char(64) pk",
            "Column_name char(64) pk",
            "Timestamp datetime not null",
            "Column_priv varchar(31) not null",
        ],
    ),
    empty(
        "mysql.procs_priv",
        &[
            "Host char(60) pk",
            "Db char(64) pk",
            "User char(32) pk",
            "Routine_name char(64) pk",
            "Routine_type enum(9) pk",
            "Grantor char(93) not null",
            "Proc_priv varchar(27) not null",
            "Timestamp datetime not null",
        ],
    ),
    empty(
        "mysql.servers",
        &[
            "Server_name char(64) pk",
            "Host char(64) not null",
            "Db char(64) not null",
            "Username char(64) not null",
            "Password char(64) not null",
            "Port int not null",
            "Socket char(64) not null",
            "Wrapper char(64) not null",
            "Owner char(64) not null",
        ],
    ),
    empty(
        "mysql.general_log",
        &[
            "event_time datetime not null",
            "user_host mediumtext not null",
            "thread_id bigint not null",
            "server_id int not null",
            "command_type varchar(64) not null",
            "argument mediumtext not null",
        ],
    ),
    empty(
        "mysql.slow_log",
        &[
            "start_time datetime not null",
            "user_host mediumtext not null",
            "query_time time not null",
            "lock_time time not null",
            "rows_sent int not null",
            "rows_examined int not null",
            "db varchar(512) not null",
            "last_insert_id int not null",
            "insert_id int not null",
            "server_id int not null",
            "sql_text mediumtext not null",
            "thread_id bigint not null",
        ],
    ),
    table(
        "mysql.innodb_table_stats",
        &[
            "database_name varchar(64) pk",
            "table_name varchar(199) pk",
            "last_update datetime not null",
            "n_rows bigint not null",
            "clustered_index_size bigint not null",
            "sum_of_other_index_sizes bigint not null",
        ],
        |facts, _| {
            let tables = objects_seen(facts).into_iter().filter_map(|(database, object)| {
                let table = object.table.clone()?;
                let sizes = [Late::Rows(table.clone()), Late::Pages(table), n(0)];
                Some([t(database), t(&object.name), at(object.created)].into_iter().chain(sizes).collect())
            });
            tables.collect()
        },
    ),
    empty("mysql.time_zone", &["Time_zone_id int pk", "Use_leap_seconds enum(1) not null"]),
    empty("mysql.time_zone_name", &["Name char(64) pk", "Time_zone_id int not null"]),
    table(
        "sys.version",
        &["sys_version varchar(5) not null", "mysql_version varchar(64) not null"],
        |facts, _| vec![vec![t("1.5.2"), t(&facts.catalog.server.version)]],
    ),
];
