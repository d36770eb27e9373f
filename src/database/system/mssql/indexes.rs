//! Indexes, and how many rows and pages a table has.

use super::objects::tables;
use super::table;
use crate::database::facts::{Facts, Object};
use crate::database::system::{Late, System, count, n, none, t};

pub(super) static TABLES: &[System] = &[
    table(
        "sys.indexes",
        &[
            "object_id int not null",
            "name sysname",
            "index_id int not null",
            "type tinyint not null",
            "type_desc nvarchar(60)",
            "is_unique bit",
            "data_space_id int not null",
            "ignore_dup_key bit",
            "is_primary_key bit",
            "is_unique_constraint bit",
            "fill_factor tinyint not null",
            "is_padded bit",
            "is_disabled bit",
            "is_hypothetical bit",
            "allow_row_locks bit",
            "allow_page_locks bit",
            "has_filter bit",
            "filter_definition nvarchar(4000)",
        ],
        |facts, db| {
            indexes(facts, db)
                .into_iter()
                .map(|(object, name, id, key)| {
                    let kind = match id {
                        0 => "HEAP",
                        1 => "CLUSTERED",
                        _ => "NONCLUSTERED",
                    };
                    let key = i64::from(key);
                    let mut row =
                        vec![n(object.id), name.map_or_else(none, t), n(id), n(i64::from(id.min(2)))];
                    row.extend([t(kind), n(key), n(1), n(0), n(key), n(0), n(0), n(0), n(0), n(0)]);
                    row.extend([n(1), n(1), n(0), none()]);
                    row
                })
                .collect()
        },
    ),
    table(
        "sys.index_columns",
        &[
            "object_id int not null",
            "index_id int not null",
            "index_column_id int not null",
            "column_id int not null",
            "key_ordinal tinyint not null",
            "partition_ordinal tinyint not null",
            "is_descending_key bit",
            "is_included_column bit",
        ],
        |facts, db| {
            let mut rows = Vec::new();
            for object in tables(facts, db) {
                let Some(table) = &object.table else { continue };
                let key: Vec<String> = table
                    .columns
                    .iter()
                    .filter(|column| column.key)
                    .map(|column| column.name.clone())
                    .collect();
                let all =
                    std::iter::once((1i64, &key)).chain((2i64..).zip(table.indexes.iter().map(|(_, c)| c)));
                for (index, columns) in all {
                    rows.extend((1i64..).zip(columns).filter_map(|(at, name)| {
                        let column = count(table.column(name)? + 1);
                        Some(vec![n(object.id), n(index), n(at), column, n(at), n(0), n(0), n(0)])
                    }));
                }
            }
            rows
        },
    ),
    table(
        "sys.partitions",
        &[
            "partition_id bigint not null",
            "object_id int not null",
            "index_id int not null",
            "partition_number int not null",
            "hobt_id bigint not null",
            "rows bigint",
        ],
        |facts, db| {
            sized(facts, db, |object, id, rows, _| {
                let partition = 72_057_594_000_000_000 + i64::from(object.id) * 8 + i64::from(id);
                vec![n(partition), n(object.id), n(id), n(1), n(partition), rows]
            })
        },
    ),
    table(
        "sys.dm_db_partition_stats",
        &[
            "partition_id bigint",
            "object_id int not null",
            "index_id int not null",
            "partition_number int not null",
            "in_row_data_page_count bigint",
            "used_page_count bigint",
            "reserved_page_count bigint",
            "row_count bigint",
        ],
        |facts, db| {
            sized(facts, db, |object, id, rows, pages| {
                let partition = 72_057_594_000_000_000 + i64::from(object.id) * 8 + i64::from(id);
                vec![n(partition), n(object.id), n(id), n(1), pages.clone(), pages.clone(), pages, rows]
            })
        },
    ),
    table(
        "sys.sysindexes",
        &[
            "id int not null",
            "status int",
            "indid smallint not null",
            "dpages int",
            "reserved int",
            "used int",
            "rowcnt bigint",
            "rows int",
            "name sysname",
        ],
        |facts, db| {
            sized(facts, db, |object, id, rows, pages| {
                let name = if id == 1 { t(format!("PK_{}", object.name)) } else { none() };
                vec![n(object.id), n(0), n(id), pages.clone(), pages.clone(), pages, rows.clone(), rows, name]
            })
        },
    ),
];

pub(super) fn has_key(object: &Object) -> bool {
    object.table.as_ref().is_some_and(|table| table.columns.iter().any(|column| column.key))
}

fn sized(facts: &Facts, db: &str, row: impl Fn(&Object, i32, Late, Late) -> Vec<Late>) -> Vec<Vec<Late>> {
    let mut rows = Vec::new();
    for (object, _, id, _) in indexes(facts, db) {
        if let Some(table) = &object.table {
            let (count, pages) = (Late::Rows(table.clone()), Late::Pages(table.clone()));
            rows.push(row(&object, id, count, pages));
        }
    }
    rows
}

/// All indexes: the heap or primary key, then the others.
fn indexes(facts: &Facts, db: &str) -> Vec<(Object, Option<String>, i32, bool)> {
    let mut all = Vec::new();
    for object in tables(facts, db) {
        let key = has_key(&object);
        let first = if key { Some(format!("PK_{}", object.name)) } else { None };
        all.push((object.clone(), first, i32::from(key), key));
        let others = object.table.iter().flat_map(|table| &table.indexes);
        all.extend(others.zip(2..).map(|((name, _), id)| (object.clone(), Some(name.clone()), id, false)));
    }
    all
}
