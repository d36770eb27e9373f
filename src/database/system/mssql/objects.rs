//! Objects of a database and their columns.

use super::{named, table};
use crate::database::SqlType;
use crate::database::catalog::ColumnSpec;
use crate::database::facts::{Facts, Object};
use crate::database::system::properties::types;
use crate::database::system::{Late, System, at, count, n, none, t};

/// What every kind of object has.
macro_rules! object {
    ($($more:literal),* $(,)?) => {
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
            $($more),*
        ]
    };
}
pub(super) use object;

const OBJECT: &[&str] = object![];

const USER_TABLE: &[&str] = object![
    "lob_data_space_id int not null",
    "filestream_data_space_id int",
    "max_column_id_used int not null",
    "lock_on_bulk_load bit not null",
    "uses_ansi_nulls bit",
    "is_replicated bit",
    "has_replication_filter bit",
    "is_merge_published bit",
    "is_sync_tran_subscribed bit",
    "has_unchecked_assembly_data bit not null",
    "text_in_row_limit int",
    "large_value_types_out_of_row bit",
    "is_tracked_by_cdc bit",
    "lock_escalation tinyint",
    "lock_escalation_desc nvarchar(60)",
    "is_filetable bit",
];

const VIEW: &[&str] = object![
    "is_replicated bit",
    "has_replication_filter bit",
    "has_opaque_metadata bit not null",
    "has_unchecked_assembly_data bit not null",
    "with_check_option bit not null",
    "is_date_correlation_view bit not null",
    "is_tracked_by_cdc bit",
];

const PROCEDURE: &[&str] = object![
    "is_auto_executed bit not null",
    "is_execution_replicated bit",
    "is_repl_serializable_only bit",
    "skips_repl_constraints bit",
];

const SYSOBJECTS: &[&str] = &[
    "name sysname not null",
    "id int not null",
    "xtype char(2) not null",
    "uid smallint",
    "info smallint",
    "status int",
    "base_schema_ver int",
    "replinfo int",
    "parent_obj int not null",
    "crdate datetime not null",
    "ftcatid smallint",
    "schema_ver int",
    "stats_schema_ver int",
    "type char(2)",
    "userstat smallint",
    "sysstat smallint",
    "indexdel smallint",
    "refdate datetime not null",
    "version int",
    "deltrig int",
    "instrig int",
    "updtrig int",
    "seltrig int",
    "category int",
    "cache smallint",
];

const SQL_MODULES: &[&str] = &[
    "object_id int not null",
    "definition nvarchar(max)",
    "uses_ansi_nulls bit",
    "uses_quoted_identifier bit",
    "is_schema_bound bit",
    "uses_database_collation bit",
    "is_recompiled bit",
    "null_on_null_input bit",
    "execute_as_principal_id int",
];

pub(super) static TABLES: &[System] = &[
    table("sys.objects", OBJECT, |facts, db| objects(facts, db, "UVP")),
    table("sys.all_objects", OBJECT, |facts, db| objects(facts, db, "UVP")),
    table("sys.tables", USER_TABLE, user_tables),
    table("sys.views", VIEW, views),
    table("sys.all_views", VIEW, views),
    table("sys.procedures", PROCEDURE, procedures),
    table(
        "sys.types",
        &[
            "name sysname not null",
            "system_type_id tinyint not null",
            "user_type_id int not null",
            "schema_id int not null",
            "principal_id int",
            "max_length smallint not null",
            "precision tinyint not null",
            "scale tinyint not null",
            "collation_name sysname",
            "is_nullable bit",
            "is_user_defined bit not null",
            "is_assembly_type bit not null",
            "default_object_id int not null",
            "rule_object_id int not null",
            "is_table_type bit not null",
        ],
        |facts, _| {
            types()
                .map(|(name, id, length)| {
                    let base = if id == 256 { 231 } else { id };
                    let collation = if matches!(base, 35 | 99 | 167 | 175 | 231 | 239) {
                        t(&facts.catalog.server.collation)
                    } else {
                        none()
                    };
                    let ty = SqlType::parse(name);
                    let (precision, scale) = ty.map_or((0, 0), |ty| (ty.precision, ty.scale));
                    let mut row = vec![t(name), n(base), n(id), n(4), none(), n(length)];
                    row.extend([n(i64::from(precision)), n(i64::from(scale)), collation, n(1)]);
                    row.extend([n(0), n(0), n(0), n(0), n(0)]);
                    row
                })
                .collect()
        },
    ),
    table(
        "sys.systypes",
        &[
            "name sysname not null",
            "xtype tinyint not null",
            "status tinyint",
            "xusertype smallint",
            "length smallint not null",
        ],
        |_, _| {
            types()
                .map(|(name, id, length)| {
                    vec![t(name), n(if id == 256 { 231 } else { id }), n(0), n(id), n(length)]
                })
                .collect()
        },
    ),
    table("sys.schemas", &["name sysname not null", "schema_id int not null", "principal_id int"], |_, _| {
        [
            ("dbo", 1),
            ("guest", 2),
            ("INFORMATION_SCHEMA", 3),
            ("sys", 4),
            ("db_owner", 16384),
            ("db_datareader", 16390),
        ]
        .map(|(name, id)| vec![t(name), n(id), n(if id > 4 { id } else { 1 })])
        .into()
    }),
    table("sys.sysobjects", SYSOBJECTS, sysobjects),
    table(
        "sys.syscomments",
        &[
            "id int not null",
            "number smallint",
            "colid smallint not null",
            "text nvarchar(4000)",
            "encrypted bit",
        ],
        |facts, db| {
            texts(facts, db)
                .into_iter()
                .map(|object| vec![n(object.id), n(1), n(1), t(object.text), n(0)])
                .collect()
        },
    ),
    table("sys.sql_modules", SQL_MODULES, sql_modules),
    table(
        "sys.extended_properties",
        &[
            "class tinyint not null",
            "class_desc nvarchar(60)",
            "major_id int not null",
            "minor_id int not null",
            "name sysname not null",
            "value sql_variant",
        ],
        |facts, db| {
            tables(facts, db)
                .into_iter()
                .flat_map(|object| {
                    let property = |minor: usize, title: &str| {
                        vec![
                            n(1),
                            t("OBJECT_OR_COLUMN"),
                            n(object.id),
                            count(minor),
                            t("MS_Description"),
                            t(title),
                        ]
                    };
                    let own = (!object.title.is_empty()).then(|| property(0, &object.title));
                    let columns = object.table.iter().flat_map(|table| table.columns.iter().enumerate());
                    let columns =
                        columns.filter(|(_, c)| !c.title.is_empty()).map(|(i, c)| property(i + 1, &c.title));
                    own.into_iter().chain(columns).collect::<Vec<_>>()
                })
                .collect()
        },
    ),
    table(
        "sys.triggers",
        &[
            "name sysname not null",
            "object_id int not null",
            "parent_class tinyint not null",
            "parent_class_desc nvarchar(60)",
            "parent_id int not null",
            "type char(2) not null",
            "type_desc nvarchar(60)",
            "create_date datetime not null",
            "modify_date datetime not null",
            "is_ms_shipped bit not null",
            "is_disabled bit not null",
            "is_not_for_replication bit not null",
            "is_instead_of_trigger bit not null",
        ],
        |_, _| Vec::new(),
    ),
    table("sys.synonyms", object!["base_object_name nvarchar(1035)"], |_, _| Vec::new()),
];

/// The two characters by which the catalogue names a kind.
fn kind_word(kind: char) -> String {
    match kind {
        'F' => "FN".to_owned(),
        'T' => "TR".to_owned(),
        kind => format!("{kind} "),
    }
}

fn objects(facts: &Facts, db: &str, kinds: &str) -> Vec<Vec<Late>> {
    let wanted = facts.objects(db).into_iter().filter(|object| kinds.contains(object.kind));
    wanted.map(|object| named(OBJECT, object_row(&object))).collect()
}

fn object_row(object: &Object) -> Vec<(&'static str, Late)> {
    let what = match object.kind {
        'U' => "USER_TABLE",
        'V' => "VIEW",
        'F' => "SQL_SCALAR_FUNCTION",
        'T' => "SQL_TRIGGER",
        _ => "SQL_STORED_PROCEDURE",
    };
    vec![
        ("name", t(&object.name)),
        ("object_id", n(object.id)),
        ("schema_id", n(1)),
        ("type", t(kind_word(object.kind))),
        ("type_desc", t(what)),
        ("create_date", at(object.created)),
        ("modify_date", at(object.created)),
    ]
}

fn user_tables(facts: &Facts, db: &str) -> Vec<Vec<Late>> {
    let row = |object: Object| {
        let columns = object.table.iter().flat_map(|table| &table.columns);
        let large = columns.clone().any(|column| column.ty.is_large());
        let mut row = object_row(&object);
        row.extend([
            ("lob_data_space_id", n(i64::from(large))),
            ("max_column_id_used", count(columns.count())),
            ("uses_ansi_nulls", n(1)),
            ("is_replicated", n(0)),
            ("has_replication_filter", n(0)),
            ("is_merge_published", n(0)),
            ("is_sync_tran_subscribed", n(0)),
            ("text_in_row_limit", n(0)),
            ("large_value_types_out_of_row", n(0)),
            ("is_tracked_by_cdc", n(0)),
            ("lock_escalation", n(0)),
            ("lock_escalation_desc", t("TABLE")),
            ("is_filetable", n(0)),
        ]);
        named(USER_TABLE, row)
    };
    tables(facts, db).into_iter().map(row).collect()
}

fn views(facts: &Facts, db: &str) -> Vec<Vec<Late>> {
    let row = |object: Object| {
        let mut row = object_row(&object);
        row.extend([("is_replicated", n(0)), ("has_replication_filter", n(0)), ("is_tracked_by_cdc", n(0))]);
        named(VIEW, row)
    };
    facts.objects(db).into_iter().filter(|object| object.kind == 'V').map(row).collect()
}

fn procedures(facts: &Facts, db: &str) -> Vec<Vec<Late>> {
    let row = |object: Object| {
        let mut row = object_row(&object);
        let never = ["is_execution_replicated", "is_repl_serializable_only", "skips_repl_constraints"];
        row.extend(never.map(|what| (what, n(0))));
        named(PROCEDURE, row)
    };
    facts.objects(db).into_iter().filter(|object| object.kind == 'P').map(row).collect()
}

fn sysobjects(facts: &Facts, db: &str) -> Vec<Vec<Late>> {
    let row = |object: &Object| {
        let mut row = vec![
            ("name", t(&object.name)),
            ("id", n(object.id)),
            ("xtype", t(kind_word(object.kind))),
            ("uid", n(1)),
            ("crdate", at(object.created)),
            ("type", t(kind_word(object.kind))),
            ("userstat", n(i64::from(object.kind == 'U'))),
            ("sysstat", n(if object.kind == 'U' { 3 } else { 4 })),
            ("refdate", at(object.created)),
        ];
        let zero = [
            "info",
            "status",
            "base_schema_ver",
            "replinfo",
            "ftcatid",
            "schema_ver",
            "stats_schema_ver",
            "indexdel",
            "version",
            "deltrig",
            "instrig",
            "updtrig",
            "seltrig",
            "category",
            "cache",
        ];
        row.extend(zero.map(|what| (what, n(0))));
        named(SYSOBJECTS, row)
    };
    facts.objects(db).iter().map(row).collect()
}

fn sql_modules(facts: &Facts, db: &str) -> Vec<Vec<Late>> {
    let row = |object: Object| {
        let never = ["is_schema_bound", "uses_database_collation", "is_recompiled", "null_on_null_input"];
        let mut row = vec![("object_id", n(object.id)), ("definition", t(object.text))];
        row.extend(["uses_ansi_nulls", "uses_quoted_identifier"].map(|what| (what, n(1))));
        row.extend(never.map(|what| (what, n(0))));
        named(SQL_MODULES, row)
    };
    texts(facts, db).into_iter().map(row).collect()
}

pub(super) fn tables(facts: &Facts, db: &str) -> Vec<Object> {
    facts.objects(db).into_iter().filter(|object| object.kind == 'U').collect()
}

pub(super) fn texts(facts: &Facts, db: &str) -> Vec<Object> {
    facts.objects(db).into_iter().filter(|object| !object.text.is_empty()).collect()
}

pub(super) fn each_column(
    facts: &Facts,
    db: &str,
    row: impl Fn(&Object, usize, &ColumnSpec) -> Vec<Late>,
) -> Vec<Vec<Late>> {
    let mut rows = Vec::new();
    for object in tables(facts, db) {
        let columns = object.table.iter().flat_map(|table| &table.columns);
        rows.extend((1..).zip(columns).map(|(id, column)| row(&object, id, column)));
    }
    rows
}
