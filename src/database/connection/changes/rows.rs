//! INSERT, UPDATE and DELETE: a layer over the table for each.

use super::frozen::{is_joined_delete, is_joined_update};
use super::output::Given;
use super::tables::{inserts, own_id};
use super::{Target, change_of, failed, is_own};
use crate::database::catalog::Table;
use crate::database::connection::Connection;
use crate::database::problem::Problem;
use crate::database::records::WORLD_ID;
use crate::database::rewrite::parse_name;
use crate::database::{Deed, Product, Seen, cell};
use crate::event::observation::MAX_IDS;
use rusqlite::types::Value as Cell;
use sqlparser::ast::{
    AssignmentTarget, Delete, Expr, FromTable, Insert, SetExpr, TableFactor, TableObject, TableWithJoins,
    Update,
};

impl Connection {
    pub(super) fn insert(&mut self, insert: &Insert, seen: &mut Seen) -> Result<Option<u64>, Problem> {
        let TableObject::TableName(name) = &insert.table else {
            return Err(Problem::Syntax("INSERT".to_owned()));
        };
        self.facts.state().inserted = None;
        let target = self.target(&parse_name(name), "INSERT", seen)?;
        let query = insert.source.clone().ok_or_else(|| Problem::Syntax("INSERT".to_owned()))?;
        let names: Vec<String> =
            insert.columns.iter().filter_map(|column| parse_name(column).pop()).collect();
        if let Some(unknown) =
            names.iter().find(|name| !target.columns.iter().any(|c| c.name.eq_ignore_ascii_case(name)))
        {
            return Err(Problem::NoColumn(unknown.clone()));
        }
        let (_, rows) = match query.body.as_ref() {
            SetExpr::Values(_) => self.read_values(&query, seen),
            _ => self.read_whole(&query, seen),
        }?;
        let (names, rows) = self.complete(&target, &names, rows)?;
        let wanted = insert.output.is_some() || insert.returning.is_some();
        let given = if wanted { given(&target, &names, &rows) } else { Vec::new() };
        let count = self.put_rows(&target, &names, rows, seen)?;
        if wanted {
            let alias = insert.table_alias.as_ref().map(|alias| alias.alias.value.clone());
            let alias = alias.or_else(|| parse_name(name).pop()).unwrap_or_default();
            self.give_back(&target, &alias, insert.output.as_ref(), insert.returning.as_deref(), given)?;
        }
        Ok(Some(count))
    }

    /// Puts rows into a table, in the columns that are named or in all.
    pub(in crate::database::connection) fn put_rows(
        &mut self,
        target: &Target,
        names: &[String],
        rows: Vec<Vec<Cell>>,
        seen: &mut Seen,
    ) -> Result<u64, Problem> {
        let (names, rows) = self.complete(target, names, rows)?;
        let list = format!(" ({})", names.iter().map(|n| cell::quoted(n)).collect::<Vec<_>>().join(", "));
        let count = u64::try_from(rows.len()).unwrap_or(0);
        let Some(table) = &target.table else {
            for sql in inserts(&target.relation, &list, &rows) {
                self.execute(&sql)?;
            }
            return Ok(count);
        };
        let own = is_own(&target.relation);
        let (mut sql, relation, into) = if own {
            (Vec::new(), None, target.relation.clone())
        } else {
            let layer = self.layer(&target.relation)?;
            let into = format!("{layer}+");
            (beside(table, &target.relation, &layer, &into), Some(layer), into)
        };
        sql.extend(inserts(&into, &list, &rows));
        self.commit(change_of(table, sql, relation, i64::try_from(count).unwrap_or(0)))?;
        self.told_write(table, count, Vec::new(), seen);
        Ok(count)
    }

    /// The columns that rows are for, with what the server counts up itself.
    fn complete(
        &mut self,
        target: &Target,
        names: &[String],
        mut rows: Vec<Vec<Cell>>,
    ) -> Result<(Vec<String>, Vec<Vec<Cell>>), Problem> {
        let counted = target.columns.iter().find(|column| column.identity).map(|column| column.name.clone());
        let counted = counted.filter(|name| !names.iter().any(|given| given.eq_ignore_ascii_case(name)));
        let mut all: Vec<String> = if names.is_empty() {
            let written = target.columns.iter().filter(|column| Some(&column.name) != counted.as_ref());
            written.map(|column| column.name.clone()).collect()
        } else {
            names.to_vec()
        };
        if let Some(row) = rows.iter().find(|row| row.len() != all.len()) {
            return Err(self.other_number(names.is_empty(), row.len() < all.len()));
        }
        let Some(counted) = counted else { return Ok((all, rows)) };
        let relation = cell::quoted(&target.relation);
        let last = self.scalar(&format!("SELECT max({}) FROM {relation}", cell::quoted(&counted)))?;
        let mut next = cell::number(&last).map_or(0, cell::truncated);
        let first = next.saturating_add(1);
        for row in &mut rows {
            next = next.saturating_add(1);
            row.push(Cell::Integer(next));
        }
        if !rows.is_empty() {
            let mut state = self.facts.state();
            state.identity = Some(next);
            state.first_identity = Some(first);
            state.inserted = Some(first);
        }
        all.push(counted);
        Ok((all, rows))
    }

    /// Values and columns of an INSERT are not as many.
    fn other_number(&self, all: bool, fewer: bool) -> Problem {
        if self.facts.product() != Product::SqlServer {
            return Problem::Columns;
        }
        match (all, fewer) {
            (true, _) => self.say(
                213,
                16,
                1,
                "列名或所提供值的数目与表定义不匹配。",
                "Column name or number of supplied values does not match table definition.",
            ),
            (false, true) => self.say(
                109,
                15,
                1,
                "INSERT 语句中列的数目大于 VALUES 子句中指定的值的数目。VALUES 子句中值的数目必须与 INSERT 语句中指定的列的数目匹配。",
                "There are more columns in the INSERT statement than values specified in the VALUES clause. The number of values in the VALUES clause must match the number of columns specified in the INSERT statement.",
            ),
            (false, false) => self.say(
                110,
                15,
                1,
                "INSERT 语句中列的数目小于 VALUES 子句中指定的值的数目。VALUES 子句中值的数目必须与 INSERT 语句中指定的列的数目匹配。",
                "There are fewer columns in the INSERT statement than values specified in the VALUES clause. The number of values in the VALUES clause must match the number of columns specified in the INSERT statement.",
            ),
        }
    }

    /// The one value of a query of the engine.
    fn scalar(&mut self, sql: &str) -> Result<Cell, Problem> {
        let tables = self.tables()?;
        tables.rest();
        let Some(opened) = tables.engine.open(sql).map_err(failed)? else { return Ok(Cell::Null) };
        let row = tables.engine.step(opened).map_err(failed);
        tables.engine.close(opened);
        Ok(row?.and_then(|row| row.into_iter().next()).unwrap_or(Cell::Null))
    }

    pub(super) fn update(&mut self, update: &Update, seen: &mut Seen) -> Result<Option<u64>, Problem> {
        if is_joined_update(update) {
            return self.joined_update(update, seen);
        }
        let (parts, alias) = single(&update.table, update.from.is_some())?;
        let target = self.target(&parts, "UPDATE", seen)?;
        let condition = self.condition(update.selection.as_ref())?;
        let mut set = Vec::new();
        for assignment in &update.assignments {
            let AssignmentTarget::ColumnName(name) = &assignment.target else {
                return Err(Problem::Syntax("SET".to_owned()));
            };
            let name = parse_name(name).pop().unwrap_or_default();
            let known = target.columns.iter().find(|column| column.name.eq_ignore_ascii_case(&name));
            let known = known.ok_or_else(|| Problem::NoColumn(name.clone()))?.name.clone();
            let value = self.rewritten(&mut assignment.value.clone())?;
            set.push((known, value));
        }
        let Some(table) = target.table.clone() else {
            let set: Vec<String> =
                set.iter().map(|(name, value)| format!("{} = {value}", cell::quoted(name))).collect();
            return self.direct(&format!(
                "UPDATE {} SET {} WHERE {condition}",
                cell::quoted(&target.relation),
                set.join(", ")
            ));
        };
        let (rows, ids) = self.affected(&target, &alias, &condition, update.selection.is_none())?;
        self.told_reads(Some(&table), rows, seen);
        let columns = target.columns.iter().map(|column| {
            let name = cell::quoted(&column.name);
            match set.iter().find(|(set, _)| *set == column.name) {
                Some((_, value)) => format!("CASE WHEN {condition} THEN {value} ELSE {name} END AS {name}"),
                None => name,
            }
        });
        let columns: Vec<String> = columns.collect();
        if rows > 0 {
            self.add_layer(&table, &target.relation, &alias, &columns.join(", "), None, 0)?;
        }
        self.told_write(&table, rows, ids, seen);
        Ok(Some(rows))
    }

    pub(super) fn delete(&mut self, delete: &Delete, seen: &mut Seen) -> Result<Option<u64>, Problem> {
        if is_joined_delete(delete) {
            return self.joined_delete(delete, seen);
        }
        let from = match &delete.from {
            FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from) => from,
        };
        let [from] = from.as_slice() else { return Err(Problem::Syntax("FROM".to_owned())) };
        let (parts, alias) = single(from, delete.using.is_some())?;
        let target = self.target(&parts, "DELETE", seen)?;
        let condition = self.condition(delete.selection.as_ref())?;
        let Some(table) = target.table.clone() else {
            return self.direct(&format!("DELETE FROM {} WHERE {condition}", cell::quoted(&target.relation)));
        };
        let all = delete.selection.is_none();
        let (rows, ids) = self.affected(&target, &alias, &condition, all)?;
        self.told_reads(Some(&table), rows, seen);
        if all {
            self.empty(&table, &target.relation)?;
            let object = format!("{}.{}.{}", table.database, table.schema, table.name);
            seen.deeds.push(Deed::Destroy { object, rows });
        } else if rows > 0 {
            let columns: Vec<String> =
                target.columns.iter().map(|column| cell::quoted(&column.name)).collect();
            let keep = format!("NOT coalesce(({condition}), 0)");
            let less = -i64::try_from(rows).unwrap_or(0);
            self.add_layer(&table, &target.relation, &alias, &columns.join(", "), Some(&keep), less)?;
        }
        self.told_write(&table, rows, ids, seen);
        seen.unbounded = all;
        Ok(Some(rows))
    }

    fn condition(&mut self, selection: Option<&Expr>) -> Result<String, Problem> {
        match selection {
            Some(condition) => self.rewritten(&mut condition.clone()),
            None => Ok("1".to_owned()),
        }
    }

    /// How many rows a condition meets, and the first ids.
    fn affected(
        &mut self,
        target: &Target,
        alias: &str,
        condition: &str,
        all: bool,
    ) -> Result<(u64, Vec<String>), Problem> {
        if let (Some(table), true) = (&target.table, all) {
            let count = self.facts.count(table);
            return Ok((u64::try_from(count).unwrap_or(0), Vec::new()));
        }
        let world = target.table.as_ref().is_some_and(|table| table.kind().is_some());
        let id = if world { cell::quoted(WORLD_ID) } else { "NULL".to_owned() };
        let sql = format!(
            "SELECT {id} FROM {} AS {} WHERE {condition}",
            cell::quoted(&target.relation),
            cell::quoted(alias)
        );
        let tables = self.tables()?;
        tables.rest();
        let Some(opened) = tables.engine.open(&sql).map_err(failed)? else { return Ok((0, Vec::new())) };
        let (mut rows, mut ids) = (0, Vec::new());
        let result = loop {
            match tables.engine.step(opened) {
                Ok(Some(row)) => {
                    rows += 1;
                    let id = row.first().and_then(cell::text);
                    if let (Some(id), true) = (id, ids.len() < MAX_IDS) {
                        ids.push(id);
                    }
                }
                Ok(None) => break Ok((rows, ids)),
                Err(failure) => break Err(failed(failure)),
            }
        };
        tables.engine.close(opened);
        result
    }

    fn add_layer(
        &mut self,
        table: &Table,
        below: &str,
        alias: &str,
        columns: &str,
        keep: Option<&str>,
        added: i64,
    ) -> Result<(), Problem> {
        let relation = self.layer(below)?;
        let keep = keep.map_or(String::new(), |keep| format!(" WHERE {keep}"));
        let sql = format!(
            "CREATE VIEW {} AS SELECT {columns}{} FROM {} AS {}{keep}",
            cell::quoted(&relation),
            own_id(table),
            cell::quoted(below),
            cell::quoted(alias)
        );
        self.commit(change_of(table, vec![sql], Some(relation), added))
    }
}

/// New rows in all columns of their table.
fn given(target: &Target, names: &[String], rows: &[Vec<Cell>]) -> Vec<Given> {
    let place =
        |name: &String| target.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name));
    let places: Vec<Option<usize>> = names.iter().map(place).collect();
    let row = |row: &Vec<Cell>| {
        let mut new = vec![Cell::Null; target.columns.len()];
        for (place, value) in places.iter().zip(row) {
            if let Some(cell) = place.and_then(|place| new.get_mut(place)) {
                *cell = value.clone();
            }
        }
        Given { action: "INSERT", old: None, new: Some(new) }
    };
    rows.iter().map(row).collect()
}

/// A table for new rows beside another relation, and the layer that shows both.
pub(super) fn beside(table: &Table, below: &str, layer: &str, into: &str) -> Vec<String> {
    let columns: Vec<String> = table.columns.iter().map(|c| cell::quoted(&c.name)).collect();
    let columns = columns.join(", ");
    let (id, no_id) = match table.kind() {
        Some(_) => (own_id(table), format!(", NULL AS {}", cell::quoted(WORLD_ID))),
        None => (String::new(), String::new()),
    };
    vec![
        format!(
            "CREATE TABLE {} ({})",
            cell::quoted(into),
            cell::plain_declarations(&table.columns).join(", ")
        ),
        format!(
            "CREATE VIEW {} AS SELECT {columns}{id} FROM {} UNION ALL SELECT {columns}{no_id} FROM {}",
            cell::quoted(layer),
            cell::quoted(below),
            cell::quoted(into)
        ),
    ]
}

/// The one table of an UPDATE or DELETE, and its alias.
fn single(table: &TableWithJoins, joined: bool) -> Result<(Vec<String>, String), Problem> {
    match &table.relation {
        TableFactor::Table { name, alias, .. } if table.joins.is_empty() && !joined => {
            let parts = parse_name(name);
            let shown =
                alias.as_ref().map(|alias| alias.name.value.clone()).or_else(|| parts.last().cloned());
            Ok((parts, shown.unwrap_or_default()))
        }
        _ => Err(Problem::Syntax("FROM".to_owned())),
    }
}
