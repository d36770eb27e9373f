//! The catalogue of a new database of PostgreSQL 15: which tables and views it has, their columns, and
//! the rows that every installation has alike (types, functions, operators, settings).
//!
//! `builtin.tsv` was read out of a new server. A line with `@` begins a relation: name, object id and
//! kind. Then come its columns (`name type`, `!` for NOT NULL) and, where it has rows, the commonest
//! value of each column; a cell of a row that is empty has that one. `\N` is NULL, `\e` is empty text.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The catalogue as it was read out.
const TEXT: &str = include_str!("builtin.tsv");

/// A table or view of the catalogue.
#[derive(Debug)]
pub(in crate::database) struct Relation {
    /// `pg_catalog` or `information_schema`.
    pub schema: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its object id.
    pub oid: i64,
    /// Whether it is a table; else a view.
    pub table: bool,
    /// Its columns in order.
    pub columns: Vec<Field>,
    /// Rows that every server has; NULL is `None`.
    pub rows: Vec<Vec<Option<&'static str>>>,
}

/// A column of a relation.
#[derive(Debug)]
pub(in crate::database) struct Field {
    /// Its name.
    pub name: &'static str,
    /// The type's name in `pg_type`.
    pub ty: &'static str,
    /// Whether NULL is not allowed.
    pub not_null: bool,
}

/// All of the catalogue, by `schema.name`.
pub(in crate::database) type Builtin = BTreeMap<String, Relation>;

/// The catalogue of a new database.
pub(in crate::database) fn builtin() -> &'static Builtin {
    static ALL: LazyLock<Builtin> = LazyLock::new(|| {
        TEXT.split("\n@")
            .filter_map(read)
            .map(|relation| (format!("{}.{}", relation.schema, relation.name), relation))
            .collect()
    });
    &ALL
}

/// The id of a function by its name; 0 for none.
pub(in crate::database) fn function_id(name: &str) -> i64 {
    let found = builtin().get("pg_catalog.pg_proc").and_then(|all| {
        let row = all.rows.iter().find(|row| all.value(row, "proname") == Some(name))?;
        all.value(row, "oid")?.parse().ok()
    });
    found.unwrap_or(0)
}

/// A relation of the catalogue by schema and name.
pub(in crate::database) fn relation(schema: &str, name: &str) -> Option<&'static Relation> {
    builtin().get(&format!("{schema}.{name}"))
}

impl Relation {
    /// The place of a column.
    pub(in crate::database) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The value of a column in a row.
    pub(in crate::database) fn value(
        &self,
        row: &[Option<&'static str>],
        name: &str,
    ) -> Option<&'static str> {
        *row.get(self.column(name)?)?
    }
}

fn read(block: &'static str) -> Option<Relation> {
    let mut lines = block.trim_start_matches('@').lines();
    let mut head = lines.next()?.split('\t');
    let (schema, name) = head.next()?.split_once('.')?;
    let oid = head.next()?.parse().ok()?;
    let table = head.next()? == "r";
    let field = |text: &'static str| {
        let (name, ty) = text.split_once(' ').unwrap_or((text, "text"));
        Field { name, ty: ty.trim_end_matches('!'), not_null: ty.ends_with('!') }
    };
    let columns: Vec<Field> = lines.next()?.split('\t').map(field).collect();
    let common: Vec<Option<&str>> = lines.next().unwrap_or_default().split('\t').map(given).collect();
    let rows = lines.map(|line| row(line, &common)).collect();
    Some(Relation { schema, name, oid, table, columns, rows })
}

fn row(line: &'static str, common: &[Option<&'static str>]) -> Vec<Option<&'static str>> {
    let mut cells = line.split('\t');
    let cell = |common: &Option<&'static str>| match cells.next() {
        None | Some("" | "\\d") => *common,
        Some(cell) => given(cell),
    };
    common.iter().map(cell).collect()
}

fn given(cell: &'static str) -> Option<&'static str> {
    match cell {
        "\\N" => None,
        "\\e" => Some(""),
        cell => Some(cell),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_whole() {
        let all = builtin();
        assert_eq!(all.len(), 208);
        let types = &all["pg_catalog.pg_type"];
        let int4 = types.rows.iter().find(|row| types.value(row, "typname") == Some("int4")).unwrap();
        assert_eq!(types.value(int4, "oid"), Some("23"));
        assert_eq!(types.value(int4, "typlen"), Some("4"));
        assert_eq!(types.value(int4, "typdefault"), None);
        assert!(all.values().all(|relation| !relation.columns.is_empty()));
        assert!(all.values().all(|r| r.rows.iter().all(|row| row.len() == r.columns.len())));
    }
}
