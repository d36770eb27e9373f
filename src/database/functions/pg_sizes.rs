//! Sizes of relations, as PostgreSQL counts and prints them.

use rusqlite::types::Value as Cell;

use super::{text_of, whole_of};
use crate::database::facts::Facts;
use crate::database::postgres::catalogue;

/// Bytes of a relation or an index; with `indexes`, those of a table's indexes.
pub(super) fn bytes_of(facts: &Facts, a: &[Cell], indexes: bool) -> Option<i64> {
    let wanted = whole_of(a, 0).or_else(|| catalogue::relation_id(facts, &text_of(a, 0)?))?;
    for entry in catalogue::entries(facts) {
        let pages = entry.table().map_or(0, |table| {
            let rows = facts.estimate(table);
            crate::database::system::pages(table, rows)
        });
        let index_pages = pages / 4 + 1;
        if entry.oid == wanted {
            let count = i64::try_from(entry.indexes.len()).unwrap_or(0);
            return Some(8192 * if indexes { count * index_pages } else { pages });
        }
        if entry.indexes.iter().any(|index| index.oid == wanted) {
            return Some(8192 * index_pages);
        }
    }
    catalogue::relation_name(facts, wanted).map(|_| 8192 * 12)
}

/// `pg_size_pretty`.
pub(super) fn pretty(bytes: f64) -> String {
    let mut size = bytes;
    for unit in ["bytes", "kB", "MB", "GB", "TB"] {
        if size.abs() < 10_240.0 || unit == "TB" {
            return format!("{:.0} {unit}", size.round());
        }
        size /= 1024.0;
    }
    format!("{bytes}")
}
