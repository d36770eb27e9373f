//! Keys and what else binds columns: primary keys; the product's programs see to the rest.

use super::indexes::has_key;
use super::objects::{object, tables};
use super::table;
use crate::database::facts::Facts;
use crate::database::system::{Late, System, at, n, none, t};

/// A table that has nothing in these databases.
const fn empty(name: &'static str, lines: &'static [&'static str]) -> System {
    table(name, lines, |_, _| Vec::new())
}

/// A key's number beside its table's.
const KEY_OFFSET: i32 = 1;

pub(super) static TABLES: &[System] = &[
    table("sys.key_constraints", object!["unique_index_id int", "is_system_named bit not null",], keys),
    empty(
        "sys.default_constraints",
        object!["parent_column_id int not null", "definition nvarchar(4000)", "is_system_named bit not null",],
    ),
    empty(
        "sys.check_constraints",
        object![
            "is_disabled bit not null",
            "is_not_for_replication bit not null",
            "is_not_trusted bit not null",
            "parent_column_id int not null",
            "definition nvarchar(max)",
            "uses_database_collation bit",
            "is_system_named bit not null",
        ],
    ),
    empty(
        "sys.foreign_keys",
        object![
            "referenced_object_id int",
            "key_index_id int",
            "is_disabled bit not null",
            "is_not_for_replication bit not null",
            "is_not_trusted bit not null",
            "delete_referential_action tinyint",
            "delete_referential_action_desc nvarchar(60)",
            "update_referential_action tinyint",
            "update_referential_action_desc nvarchar(60)",
            "is_system_named bit not null",
        ],
    ),
    empty(
        "sys.foreign_key_columns",
        &[
            "constraint_object_id int not null",
            "constraint_column_id int not null",
            "parent_object_id int not null",
            "parent_column_id int not null",
            "referenced_object_id int not null",
            "referenced_column_id int not null",
        ],
    ),
    empty(
        "sys.sequences",
        object![
            "start_value sql_variant not null",
            "increment sql_variant not null",
            "minimum_value sql_variant not null",
            "maximum_value sql_variant not null",
            "is_cycling bit",
            "is_cached bit",
            "cache_size int",
            "system_type_id tinyint not null",
            "user_type_id int not null",
            "precision tinyint not null",
            "scale tinyint",
            "current_value sql_variant not null",
            "is_exhausted bit not null",
        ],
    ),
    table(
        "sys.data_spaces",
        &[
            "name sysname not null",
            "data_space_id int not null",
            "type char(2) not null",
            "type_desc nvarchar(60)",
            "is_default bit",
            "is_system bit",
        ],
        primary_group,
    ),
    table(
        "sys.filegroups",
        &[
            "name sysname not null",
            "data_space_id int not null",
            "type char(2) not null",
            "type_desc nvarchar(60)",
            "is_default bit",
            "is_system bit",
            "filegroup_guid uniqueidentifier",
            "log_filegroup_id int",
            "is_read_only bit",
        ],
        |facts, db| {
            let mut rows = primary_group(facts, db);
            rows.iter_mut().for_each(|row| row.extend([none(), none(), n(0)]));
            rows
        },
    ),
    empty(
        "information_schema.referential_constraints",
        &[
            "CONSTRAINT_CATALOG nvarchar(128)",
            "CONSTRAINT_SCHEMA nvarchar(128)",
            "CONSTRAINT_NAME sysname not null",
            "UNIQUE_CONSTRAINT_CATALOG nvarchar(128)",
            "UNIQUE_CONSTRAINT_SCHEMA nvarchar(128)",
            "UNIQUE_CONSTRAINT_NAME sysname",
            "MATCH_OPTION varchar(7)",
            "UPDATE_RULE varchar(11)",
            "DELETE_RULE varchar(11)",
        ],
    ),
    empty(
        "information_schema.check_constraints",
        &[
            "CONSTRAINT_CATALOG nvarchar(128)",
            "CONSTRAINT_SCHEMA nvarchar(128)",
            "CONSTRAINT_NAME sysname not null",
            "CHECK_CLAUSE nvarchar(4000)",
        ],
    ),
    table(
        "information_schema.constraint_column_usage",
        &[
            "TABLE_CATALOG nvarchar(128)",
            "TABLE_SCHEMA nvarchar(128)",
            "TABLE_NAME nvarchar(128)",
            "COLUMN_NAME nvarchar(128)",
            "CONSTRAINT_CATALOG nvarchar(128)",
            "CONSTRAINT_SCHEMA nvarchar(128)",
            "CONSTRAINT_NAME nvarchar(128)",
        ],
        |facts, db| {
            let mut rows = Vec::new();
            for object in tables(facts, db) {
                let keys = object.table.iter().flat_map(|table| &table.columns).filter(|column| column.key);
                rows.extend(keys.map(|column| {
                    let place = [t(db), t(&object.schema), t(&object.name), t(&column.name)];
                    let name = t(format!("PK_{}", object.name));
                    place.into_iter().chain([t(db), t(&object.schema), name]).collect::<Vec<Late>>()
                }));
            }
            rows
        },
    ),
];

fn keys(facts: &Facts, db: &str) -> Vec<Vec<Late>> {
    let keyed = tables(facts, db).into_iter().filter(has_key);
    keyed
        .map(|object| {
            vec![
                t(format!("PK_{}", object.name)),
                n(object.id.wrapping_add(KEY_OFFSET)),
                none(),
                n(1),
                n(object.id),
                t("PK"),
                t("PRIMARY_KEY_CONSTRAINT"),
                at(object.created),
                at(object.created),
                n(0),
                n(0),
                n(0),
                n(1),
                n(0),
            ]
        })
        .collect()
}

fn primary_group(_: &Facts, _: &str) -> Vec<Vec<Late>> {
    vec![vec![t("PRIMARY"), n(1), t("FG"), t("ROWS_FILEGROUP"), n(1), n(0)]]
}
