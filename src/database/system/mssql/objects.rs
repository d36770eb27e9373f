//! Objects of a database and their columns.

use super::table;
use crate::database::SqlType;
use crate::database::catalog::ColumnSpec;
use crate::database::facts::{Facts, Object};
use crate::database::system::properties::{byte_length, type_id, types};
use crate::database::system::{Late, System, at, count, n, none, t};

const OBJECT: &[&str] = &[
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
];

const COLUMN: &[&str] = &[
    "object_id int not null",
    "name sysname",
    "column_id int not null",
    "system_type_id tinyint not null",
    "user_type_id int not null",
    "max_length smallint not null",
    "precision tinyint not null",
    "scale tinyint not null",
    "collation_name sysname",
    "is_nullable bit",
    "is_ansi_padded bit not null",
    "is_rowguidcol bit not null",
    "is_identity bit not null",
    "is_computed bit not null",
    "is_filestream bit not null",
    "default_object_id int not null",
];

pub(super) static TABLES: &[System] = &[
    table("sys.objects", OBJECT, |facts, db| objects(facts, db, "UVP")),
    table("sys.all_objects", OBJECT, |facts, db| objects(facts, db, "UVP")),
    table("sys.tables", OBJECT, |facts, db| objects(facts, db, "U")),
    table("sys.views", OBJECT, |facts, db| objects(facts, db, "V")),
    table("sys.all_views", OBJECT, |facts, db| objects(facts, db, "V")),
    table("sys.procedures", OBJECT, |facts, db| objects(facts, db, "P")),
    table("sys.columns", COLUMN, columns),
    table("sys.all_columns", COLUMN, columns),
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
    table(
        "sys.sysobjects",
        &[
            "name sysname not null",
            "id int not null",
            "xtype char(2) not null",
            "uid smallint",
            "info smallint",
            "status int",
            "parent_obj int not null",
            "crdate datetime not null",
            "type char(2)",
            "refdate datetime not null",
            "category int",
        ],
        |facts, db| {
            facts
                .objects(db)
                .iter()
                .map(|object| {
                    let kind = || t(kind_word(object.kind));
                    vec![
                        t(&object.name),
                        n(object.id),
                        kind(),
                        n(1),
                        n(0),
                        n(0),
                        n(0),
                        at(object.created),
                        kind(),
                        at(object.created),
                        n(0),
                    ]
                })
                .collect()
        },
    ),
    table(
        "sys.syscolumns",
        &[
            "name sysname",
            "id int not null",
            "xtype tinyint not null",
            "xusertype smallint",
            "length smallint not null",
            "colid smallint",
            "prec smallint",
            "scale int",
            "isnullable int",
            "colorder smallint",
            "collation sysname",
        ],
        |facts, db| {
            each_column(facts, db, |object, id, column| {
                let ty = &column.ty;
                let user_type = type_id(ty);
                vec![
                    t(&column.name),
                    n(object.id),
                    n(if user_type == 256 { 231 } else { user_type }),
                    n(user_type),
                    n(byte_length(ty)),
                    count(id),
                    precision(column),
                    n(i64::from(ty.scale)),
                    n(i64::from(column.nullable)),
                    count(id),
                    collation(facts, column),
                ]
            })
        },
    ),
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
    table(
        "sys.sql_modules",
        &[
            "object_id int not null",
            "definition nvarchar(max)",
            "uses_ansi_nulls bit",
            "uses_quoted_identifier bit",
        ],
        |facts, db| {
            texts(facts, db)
                .into_iter()
                .map(|object| vec![n(object.id), t(object.text), n(1), n(1)])
                .collect()
        },
    ),
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
            "parent_id int not null",
            "is_disabled bit not null",
        ],
        |_, _| Vec::new(),
    ),
    table(
        "sys.foreign_keys",
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
            "referenced_object_id int",
            "key_index_id int",
            "is_disabled bit not null",
            "is_not_trusted bit not null",
            "delete_referential_action tinyint",
            "delete_referential_action_desc nvarchar(60)",
            "update_referential_action tinyint",
            "update_referential_action_desc nvarchar(60)",
            "is_system_named bit not null",
        ],
        |_, _| Vec::new(),
    ),
    table(
        "sys.synonyms",
        &["name sysname not null", "object_id int not null", "base_object_name nvarchar(1035)"],
        |_, _| Vec::new(),
    ),
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
    let row = |object: Object| {
        let what = match object.kind {
            'U' => "USER_TABLE",
            'V' => "VIEW",
            'F' => "SQL_SCALAR_FUNCTION",
            'T' => "SQL_TRIGGER",
            _ => "SQL_STORED_PROCEDURE",
        };
        vec![
            t(&object.name),
            n(object.id),
            none(),
            n(1),
            n(0),
            t(kind_word(object.kind)),
            t(what),
            at(object.created),
            at(object.created),
            n(0),
            n(0),
            n(0),
        ]
    };
    wanted.map(row).collect()
}

fn columns(facts: &Facts, db: &str) -> Vec<Vec<Late>> {
    each_column(facts, db, |object, id, column| {
        let ty = &column.ty;
        let user_type = type_id(ty);
        vec![
            n(object.id),
            t(&column.name),
            count(id),
            n(if user_type == 256 { 231 } else { user_type }),
            n(user_type),
            n(byte_length(ty)),
            if ty.is_text() { n(0) } else { n(i64::from(ty.precision)) },
            n(i64::from(ty.scale)),
            collation(facts, column),
            n(i64::from(column.nullable)),
            n(1),
            n(0),
            n(0),
            n(0),
            n(0),
            n(0),
        ]
    })
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

pub(super) fn collation(facts: &Facts, column: &ColumnSpec) -> Late {
    if column.ty.is_text() { t(&facts.catalog.server.collation) } else { none() }
}

fn precision(column: &ColumnSpec) -> Late {
    match (column.ty.is_text(), column.ty.length) {
        (true, length) => n(length.map_or(-1, i64::from)),
        (false, _) => n(i64::from(column.ty.precision)),
    }
}
