//! Columns of tables, as the catalogue has them and as servers before 2005 had them.

use super::objects::{each_column, tables};
use super::{named, table};
use crate::database::catalog::ColumnSpec;
use crate::database::facts::{Facts, Object};
use crate::database::system::properties::{byte_length, type_id};
use crate::database::system::{Late, System, count, n, none, t};

/// What every kind of column has, up to its rule.
macro_rules! column {
    ($($more:literal),* $(,)?) => {
        &[
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
            $($more),*
        ]
    };
}

const COLUMN: &[&str] = column![
    "is_computed bit not null",
    "is_filestream bit not null",
    "is_replicated bit",
    "is_non_sql_subscribed bit",
    "is_merge_published bit",
    "is_dts_replicated bit",
    "is_xml_document bit not null",
    "xml_collection_id int not null",
    "default_object_id int not null",
    "rule_object_id int not null",
    "is_sparse bit",
    "is_column_set bit",
];

const IDENTITY: &[&str] = column![
    "is_filestream bit not null",
    "is_replicated bit",
    "is_non_sql_subscribed bit",
    "is_merge_published bit",
    "is_dts_replicated bit",
    "is_xml_document bit not null",
    "xml_collection_id int not null",
    "default_object_id int not null",
    "rule_object_id int not null",
    "seed_value sql_variant",
    "increment_value sql_variant",
    "last_value sql_variant",
    "is_not_for_replication bit",
    "is_computed bit not null",
    "is_sparse bit",
    "is_column_set bit",
];

const COMPUTED: &[&str] = column![
    "is_filestream bit not null",
    "is_replicated bit",
    "is_non_sql_subscribed bit",
    "is_merge_published bit",
    "is_dts_replicated bit",
    "is_xml_document bit not null",
    "xml_collection_id int not null",
    "default_object_id int not null",
    "rule_object_id int not null",
    "definition nvarchar(max)",
    "uses_database_collation bit not null",
    "is_persisted bit not null",
    "is_computed bit not null",
    "is_sparse bit",
    "is_column_set bit",
];

const SYSCOLUMNS: &[&str] = &[
    "name sysname",
    "id int not null",
    "xtype tinyint not null",
    "typestat tinyint",
    "xusertype smallint",
    "length smallint not null",
    "xprec tinyint",
    "xscale tinyint",
    "colid smallint",
    "xoffset smallint",
    "bitpos tinyint",
    "reserved tinyint",
    "colstat smallint",
    "cdefault int",
    "domain int",
    "number smallint",
    "colorder smallint",
    "autoval varbinary(8000)",
    "offset smallint",
    "collationid int",
    "language int",
    "status tinyint",
    "type tinyint",
    "usertype smallint",
    "printfmt varchar(255)",
    "prec smallint",
    "scale int",
    "iscomputed int",
    "isoutparam int",
    "isnullable int",
    "collation sysname",
    "tdscollation binary(5)",
];

pub(super) static TABLES: &[System] = &[
    table("sys.columns", COLUMN, |facts, db| columns(facts, db, COLUMN)),
    table("sys.all_columns", COLUMN, |facts, db| columns(facts, db, COLUMN)),
    table("sys.identity_columns", IDENTITY, identity_columns),
    table("sys.computed_columns", COMPUTED, |_, _| Vec::new()),
    table("sys.syscolumns", SYSCOLUMNS, syscolumns),
];

fn columns(facts: &Facts, db: &str, lines: &[&str]) -> Vec<Vec<Late>> {
    each_column(facts, db, |object, id, column| named(lines, column_row(facts, object, id, column)))
}

fn identity_columns(facts: &Facts, db: &str) -> Vec<Vec<Late>> {
    let mut rows = Vec::new();
    for object in tables(facts, db) {
        let all = object.table.iter().flat_map(|table| &table.columns);
        for (id, column) in (1..).zip(all).filter(|(_, column)| column.identity) {
            let mut row = column_row(facts, &object, id, column);
            row.extend([("seed_value", n(1)), ("increment_value", n(1)), ("is_not_for_replication", n(0))]);
            rows.push(named(IDENTITY, row));
        }
    }
    rows
}

fn column_row(facts: &Facts, object: &Object, id: usize, column: &ColumnSpec) -> Vec<(&'static str, Late)> {
    let ty = &column.ty;
    let user_type = type_id(ty);
    vec![
        ("object_id", n(object.id)),
        ("name", t(&column.name)),
        ("column_id", count(id)),
        ("system_type_id", n(if user_type == 256 { 231 } else { user_type })),
        ("user_type_id", n(user_type)),
        ("max_length", n(byte_length(ty))),
        ("precision", if ty.is_text() { n(0) } else { n(i64::from(ty.precision)) }),
        ("scale", n(i64::from(ty.scale))),
        ("collation_name", collation(facts, column)),
        ("is_nullable", n(i64::from(column.nullable))),
        ("is_ansi_padded", n(i64::from(ty.is_text()))),
        ("is_identity", n(i64::from(column.identity))),
        ("is_replicated", n(0)),
        ("is_non_sql_subscribed", n(0)),
        ("is_merge_published", n(0)),
        ("is_dts_replicated", n(0)),
        ("is_sparse", n(0)),
        ("is_column_set", n(0)),
    ]
}

fn syscolumns(facts: &Facts, db: &str) -> Vec<Vec<Late>> {
    each_column(facts, db, |object, id, column| {
        let ty = &column.ty;
        let user_type = type_id(ty);
        let system_type = if user_type == 256 { 231 } else { user_type };
        let row = vec![
            ("name", t(&column.name)),
            ("id", n(object.id)),
            ("xtype", n(system_type)),
            ("typestat", n(if column.nullable { 2 } else { 3 })),
            ("xusertype", n(user_type)),
            ("length", n(byte_length(ty))),
            ("xprec", n(if ty.is_text() { 0 } else { i64::from(ty.precision) })),
            ("xscale", n(i64::from(ty.scale))),
            ("colid", count(id)),
            ("xoffset", n(0)),
            ("bitpos", n(0)),
            ("reserved", n(0)),
            ("colstat", n(i64::from(column.identity))),
            ("cdefault", n(0)),
            ("domain", n(0)),
            ("number", n(0)),
            ("colorder", count(id)),
            ("language", n(0)),
            ("status", n(i64::from(column.nullable) * 8 + i64::from(column.identity) * 128)),
            ("prec", precision(column)),
            ("scale", n(i64::from(ty.scale))),
            ("iscomputed", n(0)),
            ("isoutparam", n(0)),
            ("isnullable", n(i64::from(column.nullable))),
            ("collation", collation(facts, column)),
        ];
        named(SYSCOLUMNS, row)
    })
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
