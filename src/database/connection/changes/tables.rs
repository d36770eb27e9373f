//! Tables that are made, emptied and taken away.

use std::sync::Arc;

use rusqlite::types::Value as Cell;
use sqlparser::ast::{ColumnDef, ColumnOption, CreateTable, Expr, ObjectName, Query};

use super::{Change, IDENTITY, change_of, made_column};
use crate::database::catalog::{ColumnSpec, Place, Table};
use crate::database::connection::Connection;
use crate::database::connection::names::Found;
use crate::database::connection::query::Open;
use crate::database::connection::run::into_target;
use crate::database::problem::Problem;
use crate::database::records::WORLD_ID;
use crate::database::rewrite::parse_name;
use crate::database::{Column, Deed, Seen, SqlType, cell};

/// Most rows that `SELECT … INTO` copies: what a connection's own tables have room for.
const MAX_COPIED: usize = 20_000;

/// Rows that one statement of the engine puts in: it takes no more than 2 MiB of text in a value.
const ROWS_AT_ONCE: usize = 200;

/// Columns and rows of a query that was read to its end.
type Whole = (Arc<[Column]>, Vec<Vec<Cell>>);

impl Connection {
    /// Takes all rows of a table away.
    pub(super) fn empty(&mut self, table: &Table, below: &str) -> Result<(), Problem> {
        let columns: Vec<String> = table.columns.iter().map(|column| cell::quoted(&column.name)).collect();
        let relation = self.layer(below)?;
        let sql = format!(
            "CREATE VIEW {} AS SELECT {}{} FROM {} WHERE 0",
            cell::quoted(&relation),
            columns.join(", "),
            own_id(table),
            cell::quoted(below)
        );
        let mut change = change_of(table, vec![sql], Some(relation), 0);
        change.dropped = Some(false);
        self.commit(change)
    }

    /// `TRUNCATE TABLE`.
    pub(in crate::database::connection) fn truncate(
        &mut self,
        parts: &[String],
        seen: &mut Seen,
    ) -> Result<(), Problem> {
        let target = self.target(parts, "ALTER", seen)?;
        let Some(table) = target.table else {
            return self.direct(&format!("DELETE FROM {}", cell::quoted(&target.relation))).map(|_| ());
        };
        let rows = u64::try_from(self.facts.count(&table)).unwrap_or(0);
        self.empty(&table, &target.relation)?;
        seen.deeds.push(Deed::Destroy {
            object: format!("{}.{}.{}", table.database, table.schema, table.name),
            rows,
        });
        self.told_write(&table, rows, Vec::new(), seen);
        Ok(())
    }

    pub(super) fn drop_tables(
        &mut self,
        names: &[ObjectName],
        if_exists: bool,
        seen: &mut Seen,
    ) -> Result<Option<u64>, Problem> {
        for name in names {
            let parts = parse_name(name);
            let target = match self.target(&parts, "ALTER", seen) {
                Err(Problem::NoObject(_)) if if_exists => continue,
                Err(Problem::NoObject(name)) => return Err(Problem::NotDropped(name)),
                other => other?,
            };
            let Some(table) = target.table else {
                self.execute(&format!("DROP TABLE {}", cell::quoted(&target.relation)))?;
                continue;
            };
            let rows = u64::try_from(self.facts.count(&table)).unwrap_or(0);
            let mut change = change_of(&table, Vec::new(), None, 0);
            change.dropped = Some(true);
            self.commit(change)?;
            seen.deeds.push(Deed::Destroy {
                object: format!("{}.{}.{}", table.database, table.schema, table.name),
                rows,
            });
            self.told_write(&table, rows, Vec::new(), seen);
        }
        Ok(None)
    }

    pub(super) fn create(&mut self, create: &CreateTable, seen: &mut Seen) -> Result<Option<u64>, Problem> {
        let parts = parse_name(&create.name);
        if let Some(query) = &create.query {
            return self.copy(&parts, query, seen);
        }
        match self.make_defined(&parts, &create.columns, seen) {
            Err(Problem::Exists(_)) if create.if_not_exists => Ok(None),
            other => other.map(|_| None),
        }
    }

    /// Makes a table of columns as they were written.
    pub(in crate::database::connection) fn make_defined(
        &mut self,
        parts: &[String],
        columns: &[ColumnDef],
        seen: &mut Seen,
    ) -> Result<String, Problem> {
        let columns = columns.iter().map(|column| {
            let ty = column.data_type.to_string().replace(['[', ']', '"', '`'], "").to_lowercase();
            let (ty, counted) = ty.split_once(" identity").map_or((ty.as_str(), false), |(ty, _)| (ty, true));
            let (ty, counted) = match ty {
                "smallserial" | "serial2" => ("smallint", true),
                "serial" | "serial4" => ("int", true),
                "bigserial" | "serial8" => ("bigint", true),
                ty => (ty, counted),
            };
            let ty = SqlType::parse(ty).map_or_else(|| "nvarchar(4000)".to_owned(), |ty| ty.display());
            let has =
                |what: fn(&ColumnOption) -> bool| column.options.iter().any(|option| what(&option.option));
            let not_null = has(|option| matches!(option, ColumnOption::NotNull));
            let counted = counted
                || has(|option| matches!(option, ColumnOption::Identity(_)))
                || has(|option| option.to_string().to_lowercase().contains("auto_increment"))
                || has(|option| option.to_string().to_lowercase().contains("as identity"));
            let ty = if counted { format!("{ty}{IDENTITY}") } else { ty };
            (column.name.value.clone(), ty, !not_null)
        });
        let columns: Vec<(String, String, bool)> = columns.collect();
        if columns.is_empty() {
            return Err(Problem::Syntax(")".to_owned()));
        }
        self.make(parts, columns, seen)
    }

    /// Makes a table; gives its relation.
    fn make(
        &mut self,
        parts: &[String],
        columns: Vec<(String, String, bool)>,
        seen: &mut Seen,
    ) -> Result<String, Problem> {
        seen.objects.push(parts.join("."));
        let name = parts.last().cloned().unwrap_or_default();
        if name.starts_with(['#', '@']) {
            let relation = name.to_lowercase();
            let specs: Vec<ColumnSpec> =
                columns.iter().map(|(name, ty, nullable)| made_column(name, ty, *nullable)).collect();
            if self.tables()?.columns_of(&relation).is_some() && self.count_rows(&relation).is_ok() {
                return Err(Problem::Exists(name));
            }
            let number = self.tables()?.enter(&relation, specs.clone(), None);
            self.execute(&format!(
                "CREATE TABLE {} ({})",
                cell::quoted(&relation),
                cell::declarations(&specs, number).join(", ")
            ))?;
            return Ok(relation);
        }
        if !self.facts.may_change(&self.facts.database()) {
            return Err(self.facts.not_made("CREATE TABLE", &name));
        }
        if self.find(parts).is_ok() {
            return Err(Problem::Exists(name));
        }
        let schema = parts.iter().rev().nth(1).filter(|schema| !schema.is_empty()).cloned();
        let (database, schema) = match self.facts.product() {
            crate::database::Product::MySql => {
                (schema.unwrap_or_else(|| self.facts.database()), String::new())
            }
            _ => {
                let database = parts.iter().rev().nth(2).cloned().unwrap_or_else(|| self.facts.database());
                (
                    database,
                    schema
                        .unwrap_or_else(|| self.facts.catalog.default_schema(&self.facts.login).into_owned()),
                )
            }
        };
        let place = Place::new(&database, &schema, &name);
        let generation = self.overlay.keys(&self.prefix()).len() + self.pending.len();
        let relation = format!("{}\u{1f}made{generation}", place.relation());
        let change = Change {
            sql: Vec::new(),
            table: (database, schema, name),
            relation: Some(relation.clone()),
            made: Some(columns),
            dropped: None,
            added: 0,
            defined: None,
        };
        self.commit(change)?;
        Ok(relation)
    }

    pub(super) fn select_into(&mut self, query: &Query, seen: &mut Seen) -> Result<Option<u64>, Problem> {
        let parts: Vec<String> = match into_target(query) {
            Some(Expr::Identifier(ident)) => vec![ident.value.clone()],
            Some(Expr::CompoundIdentifier(parts)) => parts.iter().map(|part| part.value.clone()).collect(),
            Some(other) => vec![other.to_string()],
            None => return Err(Problem::Syntax("INTO".to_owned())),
        };
        let mut plain = query.clone();
        if let sqlparser::ast::SetExpr::Select(select) = plain.body.as_mut() {
            select.into = None;
        }
        self.copy(&parts, &plain, seen)
    }

    /// Makes a table of what a query gives.
    fn copy(&mut self, parts: &[String], query: &Query, seen: &mut Seen) -> Result<Option<u64>, Problem> {
        let (columns, rows) = self.read_whole(query, seen)?;
        let columns = columns.iter().map(|column| (column.name.clone(), column.ty.display(), true)).collect();
        let relation = self.make(parts, columns, seen)?;
        let temporary = relation.starts_with(['#', '@']);
        let count = u64::try_from(rows.len()).unwrap_or(0);
        let filled = inserts(&relation, "", &rows);
        if temporary {
            for sql in filled {
                self.execute(&sql)?;
            }
        } else if let Ok(Found::Table(table)) = self.find(parts) {
            self.commit(change_of(&table, filled, None, i64::try_from(count).unwrap_or(0)))?;
        }
        Ok(Some(count))
    }

    /// All rows of a query that is to be kept; tells what they are made of.
    pub(in crate::database::connection) fn read_whole(
        &mut self,
        query: &Query,
        seen: &mut Seen,
    ) -> Result<Whole, Problem> {
        let (open, _) = self.open_query(query)?;
        self.read_open(open, seen)
    }

    /// All rows of a list of values whose types are settled already.
    pub(super) fn read_values(&mut self, values: &Query, seen: &mut Seen) -> Result<Whole, Problem> {
        let open = self.open_bound(values.clone(), None)?;
        self.read_open(open, seen)
    }

    fn read_open(&mut self, mut open: Open, seen: &mut Seen) -> Result<Whole, Problem> {
        let mut rows = Vec::new();
        let result = loop {
            match self.next_row(&mut open) {
                Ok(Some(row)) if rows.len() < MAX_COPIED => rows.push(row),
                Ok(Some(_)) => break Err(Problem::Full("tempdb".to_owned())),
                Ok(None) => break Ok(()),
                Err(problem) => break Err(problem),
            }
        };
        self.tables()?.engine.close(open.opened);
        let told = self.seen_of("", &mut open);
        seen.reads.extend(told.reads);
        seen.deeds.extend(told.deeds);
        seen.unbounded |= told.unbounded;
        result.map(|()| (open.columns, rows))
    }
}

/// Statements that put rows into a relation.
pub(super) fn inserts(relation: &str, list: &str, rows: &[Vec<Cell>]) -> Vec<String> {
    let of = |piece: &[Vec<Cell>]| {
        let row =
            |row: &Vec<Cell>| format!("({})", row.iter().map(cell::literal).collect::<Vec<_>>().join(", "));
        let values: Vec<String> = piece.iter().map(row).collect();
        format!("INSERT INTO {}{list} VALUES {}", cell::quoted(relation), values.join(", "))
    };
    rows.chunks(ROWS_AT_ONCE).map(of).collect()
}

/// The world's id of a table's rows as a column of a layer over it.
pub(super) fn own_id(table: &Table) -> String {
    match table.kind() {
        Some(_) => format!(", {}", cell::quoted(WORLD_ID)),
        None => String::new(),
    }
}
