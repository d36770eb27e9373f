//! What an intruder changes: statements of the engine over the world's tables, kept under his overlay
//! and played again on each of his connections.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sqlparser::ast::{
    AssignmentTarget, CreateTable, Delete, Expr, FromTable, Insert, ObjectName, Query, Statement,
    TableFactor, TableObject, TableWithJoins, Update,
};

use super::Connection;
use super::names::{Found, Lookup};
use super::run::into_target;
use crate::database::catalog::{ColumnSpec, Place, Source, Table};
use crate::database::facts::Gone;
use crate::database::problem::Problem;
use crate::database::records::WORLD_ID;
use crate::database::rewrite::{Rewriting, parse_name};
use crate::database::script::Placed;
use crate::database::{Deed, Records, Seen, SqlType, Verb, cell};
use crate::event::observation::MAX_IDS;
use crate::sys::sqlite::Failure;

/// Most changes of one intruder on one server; then the log is full. Each may be a layer over a table.
const MAX_CHANGES: usize = 512;

/// Most layers over one table: a query goes through all of them.
const MAX_LAYERS: usize = 40;

/// One change, as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    /// Statements of the engine.
    sql: Vec<String>,
    /// The table: database, schema, name as written.
    table: (String, String, String),
    /// The relation that stands for it from now on.
    relation: Option<String>,
    /// Columns of a table that was made: name, type, whether NULL is allowed.
    made: Option<Vec<(String, String, bool)>>,
    /// `true` when the table was dropped, `false` when it was emptied.
    dropped: Option<bool>,
    /// Rows more or less.
    added: i64,
}

/// A table that a statement changes.
struct Target {
    relation: String,
    /// A table of the schema; `None` for a temporary one.
    table: Option<Arc<Table>>,
    columns: Vec<ColumnSpec>,
}

fn failed(failure: Failure) -> Problem {
    Problem::of_engine(failure.code, &failure.text)
}

impl Connection {
    fn prefix(&self) -> String {
        format!("sql:{}:", self.server)
    }

    /// Plays what the intruder changed over other connections since.
    pub(super) fn replay(&mut self) -> Result<(), Problem> {
        let prefix = self.prefix();
        let keys = self.overlay.keys(&prefix);
        let replayed = self.engine.as_ref().map_or(0, |tables| tables.replayed);
        if keys.len() <= replayed {
            return Ok(());
        }
        self.tables()?;
        for key in keys.into_iter().skip(replayed) {
            let change =
                self.overlay.get(&key).and_then(|bytes| serde_json::from_slice::<Change>(&bytes).ok());
            if let Some(change) = change {
                self.play(&change)?;
            }
            self.tables()?.replayed += 1;
        }
        Ok(())
    }

    fn play(&mut self, change: &Change) -> Result<(), Problem> {
        let (database, schema, name) = &change.table;
        let place = Place::new(database, schema, name);
        let facts = Arc::clone(&self.facts);
        if let Some(table) = facts.catalog.tables.get(&place) {
            self.tables()?.original(table, &facts).map_err(|_| Problem::Resources)?;
        }
        if let (Some(relation), Some(table), None) = (&change.relation, self.find_table(&place), &change.made)
        {
            self.tables()?.enter(relation, table.columns.clone(), Some(place.clone()));
        }
        if let Some(columns) = &change.made {
            self.enter_made(&place, change, columns)?;
        }
        for sql in &change.sql {
            self.execute(sql)?;
        }
        if let Some(relation) = &change.relation {
            self.tables()?.changed.insert(place.clone(), relation.clone());
        }
        let mut state = facts.state();
        match change.dropped {
            Some(dropped) => {
                state.gone.insert(place.clone(), if dropped { Gone::Dropped } else { Gone::Empty });
                state.added.remove(&place);
                if dropped {
                    state.made.remove(&place);
                }
            }
            None => *state.added.entry(place).or_default() += change.added,
        }
        Ok(())
    }

    fn find_table(&self, place: &Place) -> Option<Arc<Table>> {
        let made = self.facts.state().made.get(place).cloned();
        made.or_else(|| self.facts.catalog.tables.get(place).cloned())
    }

    fn enter_made(
        &mut self,
        place: &Place,
        change: &Change,
        columns: &[(String, String, bool)],
    ) -> Result<(), Problem> {
        let (database, schema, name) = &change.table;
        let spec = |(name, ty, nullable): &(String, String, bool)| {
            let ty = SqlType::parse(ty).unwrap_or_else(|| SqlType::nvarchar(Some(4000)));
            ColumnSpec {
                name: name.clone(),
                ty,
                nullable: *nullable,
                key: false,
                binding: None,
                title: String::new(),
            }
        };
        let columns: Vec<ColumnSpec> = columns.iter().map(spec).collect();
        let relation = change.relation.clone().unwrap_or_default();
        let number = self.tables()?.enter(&relation, columns.clone(), Some(place.clone()));
        self.execute(&format!(
            "CREATE TABLE {} ({})",
            cell::quoted(&relation),
            cell::declarations(&columns, number).join(", ")
        ))?;
        let table = Table {
            database: database.clone(),
            schema: schema.clone(),
            name: name.clone(),
            title: String::new(),
            id: crate::database::catalog::object_id(name),
            created: self.facts.now(),
            source: Source::Given(Arc::new([])),
            columns,
            indexes: Vec::new(),
        };
        self.facts.state().made.insert(place.clone(), Arc::new(table));
        Ok(())
    }

    /// Runs a statement of the engine to its end.
    fn execute(&mut self, sql: &str) -> Result<u64, Problem> {
        let tables = self.tables()?;
        tables.rest();
        let Some(opened) = tables.engine.open(sql).map_err(failed)? else { return Ok(0) };
        let mut rows = 0;
        let result = loop {
            match tables.engine.step(opened) {
                Ok(Some(_)) => rows += 1,
                Ok(None) => break Ok(rows),
                Err(failure) => break Err(failed(failure)),
            }
        };
        tables.engine.close(opened);
        result
    }

    /// Plays a change here and keeps it for the intruder's other connections.
    fn commit(&mut self, change: Change) -> Result<(), Problem> {
        let prefix = self.prefix();
        let kept = self.overlay.keys(&prefix).len();
        let full = || Problem::Full(change.table.0.clone());
        if kept >= MAX_CHANGES {
            return Err(full());
        }
        self.play(&change)?;
        let bytes = serde_json::to_vec(&change).map_err(|_| Problem::Resources)?;
        if self.transaction > 0 {
            self.pending.push(bytes);
            return Ok(());
        }
        if !self.overlay.put(format!("{prefix}{kept:06}"), bytes) {
            return Err(full());
        }
        self.tables()?.replayed += 1;
        Ok(())
    }

    /// The end of a transaction: its changes are there for all of the intruder's connections.
    pub(super) fn keep_changes(&mut self) -> Result<(), Problem> {
        let prefix = self.prefix();
        for bytes in std::mem::take(&mut self.pending) {
            let kept = self.overlay.keys(&prefix).len();
            if kept >= MAX_CHANGES || !self.overlay.put(format!("{prefix}{kept:06}"), bytes) {
                return Err(Problem::Full(self.facts.database()));
            }
            self.tables()?.replayed += 1;
        }
        Ok(())
    }

    /// A transaction that is rolled back: the engine is made anew from what was kept.
    pub(super) fn drop_changes(&mut self) {
        if std::mem::take(&mut self.pending).is_empty() {
            return;
        }
        self.engine = None;
        {
            let mut state = self.facts.state();
            state.made.clear();
            state.gone.clear();
            state.added.clear();
        }
        // What can't be played again is as if it had not been.
        let _ = self.replay();
    }

    pub(super) fn change(&mut self, statement: &Statement, placed: &Placed) -> Result<(), (Problem, Seen)> {
        let verb = super::run::verb_of(&placed.step);
        let mut seen = self.seen_text(&placed.text, verb);
        let result = match statement {
            Statement::Insert(insert) => self.insert(insert, &mut seen),
            Statement::Update(update) => self.update(update, &mut seen),
            Statement::Delete(delete) => self.delete(delete, &mut seen),
            Statement::CreateTable(create) => self.create(create, &mut seen),
            Statement::Query(query) => self.select_into(query, &mut seen),
            Statement::Drop { names, if_exists, .. } => self.drop_tables(names, *if_exists, &mut seen),
            Statement::CreateView(_) => Err(Problem::NoRight("CREATE VIEW".to_owned())),
            other => Err(Problem::Syntax(other.to_string().split(' ').next().unwrap_or_default().to_owned())),
        };
        match result {
            Ok(rows) => {
                self.done(verb, rows, seen);
                Ok(())
            }
            Err(problem) => Err((problem, seen)),
        }
    }

    fn target(&mut self, parts: &[String], right: &str, seen: &mut Seen) -> Result<Target, Problem> {
        seen.objects.push(parts.join("."));
        let facts = Arc::clone(&self.facts);
        match self.find(parts)? {
            Found::Temporary(relation) => {
                let columns = self
                    .tables()?
                    .columns_of(&relation)
                    .cloned()
                    .ok_or_else(|| Problem::NoObject(parts.join(".")))?;
                Ok(Target { relation, table: None, columns })
            }
            Found::Table(table) => {
                if !facts.administrator {
                    return Err(Problem::Denied(
                        right.to_owned(),
                        format!("{}.{}.{}", table.database, table.schema, table.name),
                    ));
                }
                let relation = self.tables()?.table(&table, &facts).map_err(|_| Problem::Resources)?;
                let columns = table.columns.clone();
                Ok(Target { relation, table: Some(table), columns })
            }
            Found::View(_) | Found::System(..) => Err(Problem::Denied(right.to_owned(), parts.join("."))),
        }
    }

    fn rewritten<T: sqlparser::ast::VisitMut + std::fmt::Display>(
        &mut self,
        tree: &mut T,
    ) -> Result<String, Problem> {
        let mut names = Lookup { connection: self };
        Rewriting::new(&mut names).apply(tree)?;
        Ok(tree.to_string())
    }

    fn insert(&mut self, insert: &Insert, seen: &mut Seen) -> Result<Option<u64>, Problem> {
        let TableObject::TableName(name) = &insert.table else {
            return Err(Problem::Syntax("INSERT".to_owned()));
        };
        let target = self.target(&parse_name(name), "INSERT", seen)?;
        let mut query = insert.source.clone().ok_or_else(|| Problem::Syntax("INSERT".to_owned()))?;
        let source = self.rewritten(query.as_mut())?;
        let names: Vec<String> =
            insert.columns.iter().filter_map(|column| parse_name(column).pop()).collect();
        if let Some(unknown) =
            names.iter().find(|name| !target.columns.iter().any(|c| c.name.eq_ignore_ascii_case(name)))
        {
            return Err(Problem::NoColumn(unknown.clone()));
        }
        let list = if names.is_empty() {
            String::new()
        } else {
            format!("({})", names.iter().map(|n| cell::quoted(n)).collect::<Vec<_>>().join(", "))
        };
        let Some(table) = target.table else {
            return self.direct(&format!("INSERT INTO {} {list} {source}", cell::quoted(&target.relation)));
        };
        let own = self.facts.state().made.contains_key(&table.place());
        let (mut sql, relation, into) = if own {
            (Vec::new(), None, target.relation.clone())
        } else {
            let layer = self.layer(&target.relation)?;
            let (into, relation) = (format!("{layer}+"), layer);
            let columns: Vec<String> = table.columns.iter().map(|c| cell::quoted(&c.name)).collect();
            let columns = columns.join(", ");
            let make = format!(
                "CREATE TABLE {} ({})",
                cell::quoted(&into),
                cell::plain_declarations(&table.columns).join(", ")
            );
            let view = format!(
                "CREATE VIEW {} AS SELECT {columns} FROM {} UNION ALL SELECT {columns} FROM {}",
                cell::quoted(&relation),
                cell::quoted(&target.relation),
                cell::quoted(&into)
            );
            (vec![make, view], Some(relation), into)
        };
        sql.push(format!("INSERT INTO {} {list} {source}", cell::quoted(&into)));
        let before = self.count_rows(&into).unwrap_or(0);
        self.commit(change_of(&table, sql, relation, 0))?;
        let rows = self.count_rows(&into)?.saturating_sub(before);
        *self.facts.state().added.entry(table.place()).or_default() += i64::try_from(rows).unwrap_or(0);
        self.told_write(&table, rows, Vec::new(), seen);
        Ok(Some(rows))
    }

    fn count_rows(&mut self, relation: &str) -> Result<u64, Problem> {
        let sql = format!("SELECT count(*) FROM {}", cell::quoted(relation));
        let tables = self.tables()?;
        let Some(opened) = tables.engine.open(&sql).map_err(failed)? else { return Ok(0) };
        let row = tables.engine.step(opened).map_err(failed);
        tables.engine.close(opened);
        Ok(row?
            .and_then(|row| row.first().and_then(cell::number))
            .map_or(0, |n| cell::truncated(n).unsigned_abs()))
    }

    /// Changes a table that is this connection's own.
    fn direct(&mut self, sql: &str) -> Result<Option<u64>, Problem> {
        self.execute(sql)?;
        let rows = self.tables()?.engine.connection().changes();
        Ok(Some(rows))
    }

    /// The name of the next layer over a relation.
    fn layer(&self, relation: &str) -> Result<String, Problem> {
        let (base, number) = relation.rsplit_once('\u{1f}').unwrap_or((relation, ""));
        let number = number.parse::<usize>().unwrap_or(0) + 1;
        if number > MAX_LAYERS {
            Err(Problem::Full(self.facts.database()))
        } else {
            Ok(format!("{base}\u{1f}{number}"))
        }
    }

    fn update(&mut self, update: &Update, seen: &mut Seen) -> Result<Option<u64>, Problem> {
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

    fn delete(&mut self, delete: &Delete, seen: &mut Seen) -> Result<Option<u64>, Problem> {
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
        let world = target.relation.ends_with('\u{1f}')
            && target.table.as_ref().is_some_and(|table| matches!(table.source, Source::World { .. }));
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
            "CREATE VIEW {} AS SELECT {columns} FROM {} AS {}{keep}",
            cell::quoted(&relation),
            cell::quoted(below),
            cell::quoted(alias)
        );
        self.commit(change_of(table, vec![sql], Some(relation), added))
    }

    /// Takes all rows of a table away.
    fn empty(&mut self, table: &Table, below: &str) -> Result<(), Problem> {
        let columns: Vec<String> = table.columns.iter().map(|column| cell::quoted(&column.name)).collect();
        let relation = self.layer(below)?;
        let sql = format!(
            "CREATE VIEW {} AS SELECT {} FROM {} WHERE 0",
            cell::quoted(&relation),
            columns.join(", "),
            cell::quoted(below)
        );
        let mut change = change_of(table, vec![sql], Some(relation), 0);
        change.dropped = Some(false);
        self.commit(change)
    }

    /// `TRUNCATE TABLE`.
    pub(super) fn truncate(&mut self, parts: &[String], seen: &mut Seen) -> Result<(), Problem> {
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

    fn drop_tables(
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

    fn create(&mut self, create: &CreateTable, seen: &mut Seen) -> Result<Option<u64>, Problem> {
        let parts = parse_name(&create.name);
        let columns = create.columns.iter().map(|column| {
            let ty = column.data_type.to_string().replace(['[', ']', '"', '`'], "").to_lowercase();
            let ty = ty.split(" identity").next().unwrap_or_default().to_owned();
            let ty = SqlType::parse(&ty).map_or_else(|| "nvarchar(4000)".to_owned(), |ty| ty.display());
            let not_null = column
                .options
                .iter()
                .any(|option| matches!(option.option, sqlparser::ast::ColumnOption::NotNull));
            (column.name.value.clone(), ty, !not_null)
        });
        let columns: Vec<(String, String, bool)> = columns.collect();
        if columns.is_empty() {
            return Err(Problem::Syntax(")".to_owned()));
        }
        match self.make(&parts, columns, seen) {
            Err(Problem::Exists(_)) if create.if_not_exists => Ok(None),
            other => other.map(|_| None),
        }
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
        if name.starts_with('#') {
            let relation = name.to_lowercase();
            let specs: Vec<ColumnSpec> = columns
                .iter()
                .filter_map(|(name, ty, nullable)| {
                    let ty = SqlType::parse(ty)?;
                    Some(ColumnSpec {
                        name: name.clone(),
                        ty,
                        nullable: *nullable,
                        key: false,
                        binding: None,
                        title: String::new(),
                    })
                })
                .collect();
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
        if !self.facts.administrator {
            return Err(Problem::NoRight("CREATE TABLE".to_owned()));
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
        };
        self.commit(change)?;
        Ok(relation)
    }

    fn select_into(&mut self, query: &Query, seen: &mut Seen) -> Result<Option<u64>, Problem> {
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
        let (mut open, _) = self.open_query(&plain)?;
        let columns =
            open.columns.iter().map(|column| (column.name.clone(), column.ty.display(), true)).collect();
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
        result?;
        seen.reads = open.records();
        let relation = self.make(&parts, columns, seen)?;
        let temporary = relation.starts_with('#');
        let count = u64::try_from(rows.len()).unwrap_or(0);
        for piece in rows.chunks(200) {
            let values: Vec<String> = piece
                .iter()
                .map(|row| format!("({})", row.iter().map(cell::literal).collect::<Vec<_>>().join(", ")))
                .collect();
            let sql = format!("INSERT INTO {} VALUES {}", cell::quoted(&relation), values.join(", "));
            if temporary {
                self.execute(&sql)?;
            } else if let Ok(Found::Table(table)) = self.find(&parts) {
                self.commit(change_of(&table, vec![sql], None, i64::try_from(piece.len()).unwrap_or(0)))?;
            }
        }
        Ok(Some(count))
    }

    fn told_write(&self, table: &Table, rows: u64, ids: Vec<String>, seen: &mut Seen) {
        if let (Source::World { rows: of, .. }, true) = (&table.source, rows > 0)
            && let Some(kind) = of.kind()
        {
            seen.writes.push(Records { kind, count: rows, ids });
        }
        if seen.verb == Verb::Other {
            seen.verb = Verb::Delete;
        }
    }
}

/// Most rows that `SELECT … INTO` copies: what a connection's own tables have room for.
const MAX_COPIED: usize = 20_000;

fn change_of(table: &Table, sql: Vec<String>, relation: Option<String>, added: i64) -> Change {
    let place = (table.database.clone(), table.schema.clone(), table.name.clone());
    Change { sql, table: place, relation, made: None, dropped: None, added }
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
