//! Keys and what else binds columns: primary keys; the product's programs see to the rest.

use super::indexes::has_key;
use super::objects::tables;
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
    table(
        "sys.key_constraints",
        &[
            "name sysname not null",
            "object_id int not null",
            "principal_id int",
            "schema_id int not null",
            "parent_object_id int not null",
            "type char(2) not null",
            "type_desc nvarchar(60)",
            "create_date datetime not null",
            "modify_date datetime not null",
            "is_ms_shipped bit not null",
            "is_published bit not null",
            "is_schema_published bit not null",
            "unique_index_id int",
            "is_system_named bit not null",
        ],
        keys,
    ),
    empty(
        "sys.default_constraints",
        &[
            "name sysname not null",
            "object_id int not null",
            "principal_id int",
            "schema_id int not null",
            "parent_object_id int not null",
            "type char(2) not null",
            "type_desc nvarchar(60)",
            "create_date datetime not null",
            "modify_date datetime not null",
            "is_ms_shipped bit not null",
            "is_published bit not null",
            "is_schema_published bit not null",
            "parent_column_id int not null",
            "definition nvarchar(4000)",
            "is_system_named bit not null",
        ],
    ),
    empty(
        "sys.check_constraints",
        &[
            "name sysname not null",
            "object_id int not null",
            "schema_id int not null",
            "parent_object_id int not null",
            "type char(2) not null",
            "type_desc nvarchar(60)",
            "is_disabled bit not null",
            "is_not_trusted bit not null",
            "parent_column_id int not null",
            "definition nvarchar(4000)",
            "is_system_named bit not null",
        ],
    ),
    empty(
        "sys.computed_columns",
        &[
            "object_id int not null",
            "name sysname",
            "column_id int not null",
            "system_type_id tinyint not null",
            "user_type_id int not null",
            "is_nullable bit",
            "is_computed bit not null",
            "definition nvarchar(4000)",
            "uses_database_collation bit not null",
            "is_persisted bit not null",
        ],
    ),
    empty(
        "sys.identity_columns",
        &[
            "object_id int not null",
            "name sysname",
            "column_id int not null",
            "system_type_id tinyint not null",
            "user_type_id int not null",
            "seed_value sql_variant",
            "increment_value sql_variant",
            "last_value sql_variant",
            "is_not_for_replication bit",
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
        &[
            "name sysname not null",
            "object_id int not null",
            "schema_id int not null",
            "start_value sql_variant",
            "increment sql_variant",
            "minimum_value sql_variant",
            "maximum_value sql_variant",
            "is_cycling bit",
            "is_cached bit",
            "current_value sql_variant",
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
        ],
        primary_group,
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
