//! Changes whose rows are worked out before any is changed: those of a statement with a join, with
//! subqueries, or with rows to give back.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use rusqlite::types::Value as Cell;
use sqlparser::ast::{
    AssignmentTarget, Delete, Expr, FromTable, Ident, ObjectName, Query, SelectItem, SetExpr, Statement,
    TableFactor, TableWithJoins, Update, UpdateTableFromKind, Visit, Visitor,
};

use super::output::Given;
use super::rows::beside;
use super::tables::{inserts, own_id};
use super::{Target, change_of, is_own};
use crate::database::connection::Connection;
use crate::database::problem::Problem;
use crate::database::records::WORLD_ID;
use crate::database::rewrite::parse_name;
use crate::database::{Product, Seen, cell};
use crate::event::observation::MAX_IDS;

/// What the relation of changed rows is called behind the layer that it belongs to.
const BEHIND: char = '~';

/// A row that a statement changes.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub old: Vec<Cell>,
    id: Option<String>,
    /// What was worked out beside it.
    pub more: Vec<Cell>,
}

impl Row {
    /// What tells it from other rows.
    pub(super) fn key(&self) -> String {
        self.id.clone().unwrap_or_else(|| self.old.iter().map(cell::literal).collect::<Vec<_>>().join(","))
    }
}

/// Rows before and after; without the latter they are taken away.
pub(super) struct Frozen {
    pub changed: Vec<(Row, Option<Vec<Cell>>)>,
    /// New rows, in all columns.
    pub inserted: Vec<Vec<Cell>>,
}

/// The tables of a statement, and which one it changes.
struct Joined {
    parts: Vec<String>,
    alias: String,
    from: Vec<TableWithJoins>,
}

/// Whether an UPDATE is one whose rows have to be worked out first.
pub(super) fn is_joined_update(update: &Update) -> bool {
    update.from.is_some()
        || !update.table.joins.is_empty()
        || update.output.is_some()
        || update.returning.is_some()
        || update.assignments.iter().any(|assignment| has_query(&assignment.value))
        || update.selection.as_ref().is_some_and(has_query)
}

/// Whether a DELETE is one whose rows have to be worked out first.
pub(super) fn is_joined_delete(delete: &Delete) -> bool {
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    !delete.tables.is_empty()
        || delete.using.is_some()
        || from.len() != 1
        || from.iter().any(|table| !table.joins.is_empty())
        || delete.output.is_some()
        || delete.returning.is_some()
        || delete.selection.as_ref().is_some_and(has_query)
}

/// Whether names and types of a statement are looked at when its rows are worked out.
pub(super) fn is_bound_later(statement: &Statement) -> bool {
    match statement {
        Statement::Update(update) => is_joined_update(update),
        Statement::Delete(delete) => is_joined_delete(delete),
        Statement::Merge(_) | Statement::CreateTable(_) => true,
        Statement::Insert(insert) => {
            !insert.source.as_ref().is_some_and(|query| matches!(*query.body, SetExpr::Values(_)))
        }
        _ => false,
    }
}

fn has_query(expr: &Expr) -> bool {
    struct Finder;
    impl Visitor for Finder {
        type Break = ();
        fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            ControlFlow::Break(())
        }
    }
    expr.visit(&mut Finder).is_break()
}

impl Connection {
    pub(super) fn joined_update(&mut self, update: &Update, seen: &mut Seen) -> Result<Option<u64>, Problem> {
        let from = match &update.from {
            Some(UpdateTableFromKind::BeforeSet(from) | UpdateTableFromKind::AfterSet(from)) => from.clone(),
            None => Vec::new(),
        };
        let first = update.assignments.first().and_then(|assignment| match &assignment.target {
            AssignmentTarget::ColumnName(name) => parse_name(name).into_iter().rev().nth(1),
            AssignmentTarget::Tuple(_) => None,
        });
        let joined = joined(&update.table, from, first.as_deref())?;
        let target = self.target(&joined.parts, "UPDATE", seen)?;
        let mut places = Vec::new();
        let mut values = Vec::new();
        for assignment in &update.assignments {
            let AssignmentTarget::ColumnName(name) = &assignment.target else {
                return Err(Problem::Syntax("SET".to_owned()));
            };
            let place = place_of(&target, name)?;
            values.push(self.fitting(assignment.value.clone(), &target, place)?);
            places.push(place);
        }
        let rows =
            self.frozen_rows(&target, &joined.alias, values, joined.from, update.selection.clone(), seen)?;
        let mut known = BTreeSet::new();
        let changed = rows.into_iter().filter(|row| known.insert(row.key())).map(|row| {
            let mut new = row.old.clone();
            for (place, value) in places.iter().zip(&row.more) {
                if let Some(cell) = new.get_mut(*place) {
                    *cell = value.clone();
                }
            }
            (row, Some(new))
        });
        let frozen = Frozen { changed: changed.collect(), inserted: Vec::new() };
        self.change_frozen(&target, &frozen, seen)?;
        let given = frozen.changed.iter().map(|(row, new)| Given {
            action: "UPDATE",
            old: Some(row.old.clone()),
            new: new.clone(),
        });
        self.give_back(
            &target,
            &joined.alias,
            update.output.as_ref(),
            update.returning.as_deref(),
            given.collect(),
        )?;
        Ok(u64::try_from(frozen.changed.len()).ok())
    }

    pub(super) fn joined_delete(&mut self, delete: &Delete, seen: &mut Seen) -> Result<Option<u64>, Problem> {
        let (FromTable::WithFromKeyword(tables) | FromTable::WithoutKeyword(tables)) = &delete.from;
        let mut from = tables.clone();
        let named = delete.tables.first().and_then(|name| parse_name(name).pop());
        let first = from.first().cloned().ok_or_else(|| Problem::Syntax("FROM".to_owned()))?;
        from.extend(delete.using.clone().unwrap_or_default());
        let others = if named.is_some() { from } else { from.split_off(1) };
        let joined = match &named {
            Some(name) => named_in(&others, name).ok_or_else(|| Problem::NoObject(name.clone()))?,
            None => joined(&first, others, None)?,
        };
        let target = self.target(&joined.parts, "DELETE", seen)?;
        let rows = self.frozen_rows(
            &target,
            &joined.alias,
            Vec::new(),
            joined.from,
            delete.selection.clone(),
            seen,
        )?;
        let mut known = BTreeSet::new();
        let changed = rows.into_iter().filter(|row| known.insert(row.key())).map(|row| (row, None));
        let frozen = Frozen { changed: changed.collect(), inserted: Vec::new() };
        self.change_frozen(&target, &frozen, seen)?;
        let given = frozen.changed.iter().map(|(row, _)| Given {
            action: "DELETE",
            old: Some(row.old.clone()),
            new: None,
        });
        self.give_back(
            &target,
            &joined.alias,
            delete.output.as_ref(),
            delete.returning.as_deref(),
            given.collect(),
        )?;
        Ok(u64::try_from(frozen.changed.len()).ok())
    }

    /// A value as a column takes it.
    pub(super) fn fitting(&self, value: Expr, target: &Target, place: usize) -> Result<Expr, Problem> {
        let Some(column) = target.columns.get(place) else { return Ok(value) };
        if self.facts.product() != Product::Postgres {
            return Ok(value);
        }
        let ty = crate::database::postgres::format_type(crate::database::postgres::PgType::from(&column.ty));
        let dialect = sqlparser::dialect::PostgreSqlDialect {};
        let mut parser = sqlparser::parser::Parser::new(&dialect);
        parser = parser.try_with_sql(&ty).map_err(|_| Problem::Syntax(ty.clone()))?;
        let data_type = parser.parse_data_type().map_err(|_| Problem::Syntax(ty))?;
        Ok(Expr::Cast {
            kind: sqlparser::ast::CastKind::Cast,
            expr: Box::new(Expr::Nested(Box::new(value))),
            data_type,
            format: None,
        })
    }

    /// Rows of a table that a join and a condition meet, with what is worked out of them.
    pub(super) fn frozen_rows(
        &mut self,
        target: &Target,
        alias: &str,
        values: Vec<Expr>,
        from: Vec<TableWithJoins>,
        selection: Option<Expr>,
        seen: &mut Seen,
    ) -> Result<Vec<Row>, Problem> {
        let of = |name: &str| {
            Expr::CompoundIdentifier(vec![Ident::with_quote('"', alias), Ident::with_quote('"', name)])
        };
        let has_id = self.facts.product() != Product::Postgres
            && target.table.as_ref().is_some_and(|table| table.kind().is_some());
        let mut items: Vec<Expr> = target.columns.iter().map(|column| of(&column.name)).collect();
        let width = items.len();
        if has_id {
            items.push(of(WORLD_ID));
        }
        items.extend(values);
        let query = select_of(items, from, selection)?;
        let (_, rows) = self.read_whole(&query, seen)?;
        let row = |mut old: Vec<Cell>| {
            let mut more = old.split_off(width.min(old.len()));
            let id = if has_id && !more.is_empty() { cell::text(&more.remove(0)) } else { None };
            Row { old, id, more }
        };
        Ok(rows.into_iter().map(row).collect())
    }

    /// Changes a table row by row as it was worked out.
    pub(super) fn change_frozen(
        &mut self,
        target: &Target,
        frozen: &Frozen,
        seen: &mut Seen,
    ) -> Result<(), Problem> {
        let rows = u64::try_from(frozen.changed.len() + frozen.inserted.len()).unwrap_or(0);
        if rows == 0 {
            return Ok(());
        }
        let gone = frozen.changed.iter().filter(|(_, new)| new.is_none()).count();
        let added = i64::try_from(frozen.inserted.len()).unwrap_or(0) - i64::try_from(gone).unwrap_or(0);
        let Some(table) = target.table.clone() else {
            for sql in in_place(target, frozen) {
                self.execute(&sql)?;
            }
            return Ok(());
        };
        if is_own(&target.relation) {
            return self.commit(change_of(&table, in_place(target, frozen), None, added));
        }
        let layer = self.layer(&target.relation)?;
        let behind = format!("{layer}{BEHIND}");
        let mut sql = kept(target, &behind, frozen);
        // A column that keeps its values keeps its type and order, too.
        let columns = target.columns.iter().enumerate().map(|(at, column)| {
            let name = cell::quoted(&column.name);
            let changes = |(row, new): &(Row, Option<Vec<Cell>>)| {
                new.as_ref().is_some_and(|new| new.get(at) != row.old.get(at))
            };
            match frozen.changed.iter().any(changes) {
                true => format!("CASE WHEN f.a = 'U' THEN f.n{at} ELSE b.{name} END AS {name}"),
                false => format!("b.{name} AS {name}"),
            }
        });
        let columns: Vec<String> = columns.collect();
        let own = own_id(&table);
        let own = if own.is_empty() { own } else { format!(", b.{0} AS {0}", cell::quoted(WORLD_ID)) };
        let changed = format!(
            "SELECT {}{own} FROM {} AS b LEFT JOIN {} AS f ON {} WHERE f.a IS NULL OR f.a <> 'D'",
            columns.join(", "),
            cell::quoted(&target.relation),
            cell::quoted(&behind),
            same(target, frozen, "b")
        );
        if frozen.inserted.is_empty() {
            sql.push(format!("CREATE VIEW {} AS {changed}", cell::quoted(&layer)));
        } else {
            let middle = format!("{layer}{BEHIND}{BEHIND}");
            sql.push(format!("CREATE VIEW {} AS {changed}", cell::quoted(&middle)));
            let into = format!("{layer}+");
            sql.extend(beside(&table, &middle, &layer, &into));
            sql.extend(inserts(&into, &all_columns(target), &frozen.inserted));
        }
        self.commit(change_of(&table, sql, Some(layer), added))?;
        let ids = frozen.changed.iter().filter_map(|(row, _)| row.id.clone()).take(MAX_IDS).collect();
        self.told_write(&table, rows, ids, seen);
        Ok(())
    }
}

/// The relation of the rows that are changed: what they were, what they are.
fn kept(target: &Target, behind: &str, frozen: &Frozen) -> Vec<String> {
    let width = target.columns.len();
    let old = (0..width).map(|at| format!("o{at}"));
    let new = (0..width).map(|at| format!("n{at}"));
    let names: Vec<String> = old.chain(["id".to_owned(), "a".to_owned()]).chain(new).collect();
    let rows = frozen.changed.iter().map(|(row, new)| {
        let id = row.id.clone().map_or(Cell::Null, Cell::Text);
        let action = Cell::Text(if new.is_some() { "U" } else { "D" }.to_owned());
        let new = new.clone().unwrap_or_else(|| vec![Cell::Null; width]);
        row.old.iter().cloned().chain([id, action]).chain(new).collect()
    });
    let rows: Vec<Vec<Cell>> = rows.collect();
    let mut sql = vec![
        format!("CREATE TABLE {} ({})", cell::quoted(behind), names.join(", ")),
        format!(
            "CREATE INDEX {} ON {} ({})",
            cell::quoted(&format!("{behind}key")),
            cell::quoted(behind),
            if frozen.changed.iter().all(|(row, _)| row.id.is_some()) { "id" } else { "o0" }
        ),
    ];
    sql.extend(inserts(behind, "", &rows));
    sql
}

/// That a row is one of those that are changed.
fn same(target: &Target, frozen: &Frozen, of: &str) -> String {
    if !frozen.changed.is_empty() && frozen.changed.iter().all(|(row, _)| row.id.is_some()) {
        return format!("{of}.{} = f.id", cell::quoted(WORLD_ID));
    }
    let columns = target.columns.iter().enumerate();
    let each = columns.map(|(at, column)| format!("{of}.{} IS f.o{at}", cell::quoted(&column.name)));
    each.collect::<Vec<_>>().join(" AND ")
}

fn all_columns(target: &Target) -> String {
    let names: Vec<String> = target.columns.iter().map(|column| cell::quoted(&column.name)).collect();
    format!(" ({})", names.join(", "))
}

/// Statements that change a table of the engine itself.
fn in_place(target: &Target, frozen: &Frozen) -> Vec<String> {
    let behind = format!("{}{BEHIND}", target.relation);
    let (quoted, name) = (cell::quoted(&behind), cell::quoted(&target.relation));
    let same = same(target, frozen, &name);
    let set = target.columns.iter().enumerate();
    let set: Vec<String> =
        set.map(|(at, column)| format!("{} = f.n{at}", cell::quoted(&column.name))).collect();
    let mut sql = vec![format!("DROP TABLE IF EXISTS {quoted}")];
    sql.extend(kept(target, &behind, frozen));
    sql.extend([
        format!("DELETE FROM {name} WHERE EXISTS (SELECT 1 FROM {quoted} AS f WHERE f.a = 'D' AND {same})"),
        format!("UPDATE {name} SET {} FROM {quoted} AS f WHERE f.a = 'U' AND {same}", set.join(", ")),
        format!("DROP TABLE {quoted}"),
    ]);
    sql.extend(inserts(&target.relation, &all_columns(target), &frozen.inserted));
    sql
}

/// The place of a column in a table.
pub(super) fn place_of(target: &Target, name: &ObjectName) -> Result<usize, Problem> {
    let name = parse_name(name).pop().unwrap_or_default();
    let found = target.columns.iter().position(|column| column.name.eq_ignore_ascii_case(&name));
    found.ok_or(Problem::NoColumn(name))
}

/// A query of these parts.
pub(super) fn select_of(
    items: Vec<Expr>,
    from: Vec<TableWithJoins>,
    selection: Option<Expr>,
) -> Result<Query, Problem> {
    let parsed =
        sqlparser::parser::Parser::parse_sql(&sqlparser::dialect::GenericDialect {}, "SELECT 1").ok();
    let Some(Statement::Query(mut query)) = parsed.and_then(|mut all| all.pop()) else {
        return Err(Problem::TooDeep);
    };
    if let SetExpr::Select(select) = query.body.as_mut() {
        let item = |(at, expr): (usize, Expr)| SelectItem::ExprWithAlias {
            expr,
            alias: Ident::with_quote('"', format!("c{at}")),
        };
        select.projection = items.into_iter().enumerate().map(item).collect();
        (select.from, select.selection) = (from, selection);
    }
    Ok(*query)
}

/// What a statement changes: the table that it names, or the one of its FROM that is called so.
fn joined(
    table: &TableWithJoins,
    from: Vec<TableWithJoins>,
    qualifier: Option<&str>,
) -> Result<Joined, Problem> {
    let (parts, alias) = called(&table.relation).ok_or_else(|| Problem::Syntax("FROM".to_owned()))?;
    if !from.is_empty() {
        if let [name] = parts.as_slice()
            && let Some(found) = named_in(&from, name)
        {
            return Ok(found);
        }
        let all = std::iter::once(table.clone()).chain(from).collect();
        return Ok(Joined { parts, alias, from: all });
    }
    let from = vec![table.clone()];
    match qualifier.and_then(|name| named_in(&from, name)) {
        Some(found) => Ok(found),
        None => Ok(Joined { parts, alias, from }),
    }
}

/// The table of a FROM that is called by a name.
fn named_in(from: &[TableWithJoins], name: &str) -> Option<Joined> {
    let factors = from.iter().flat_map(|table| {
        std::iter::once(&table.relation).chain(table.joins.iter().map(|join| &join.relation))
    });
    let known: Vec<(Vec<String>, String)> = factors.filter_map(called).collect();
    let by_alias = known.iter().find(|(_, alias)| alias.eq_ignore_ascii_case(name));
    let is_table = |parts: &[String]| parts.last().is_some_and(|last| last.eq_ignore_ascii_case(name));
    let by_table = || known.iter().find(|(parts, _)| is_table(parts));
    let (parts, alias) = by_alias.or_else(by_table)?.clone();
    Some(Joined { parts, alias, from: from.to_vec() })
}

/// A table's name, and what it is called in the statement.
pub(super) fn called(factor: &TableFactor) -> Option<(Vec<String>, String)> {
    let TableFactor::Table { name, alias, .. } = factor else { return None };
    let parts = parse_name(name);
    let alias = alias.as_ref().map(|alias| alias.name.value.clone()).or_else(|| parts.last().cloned());
    Some((parts, alias?))
}
