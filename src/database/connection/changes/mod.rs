//! What an intruder changes: statements of the engine over the world's tables, kept under his overlay
//! and played again on each of his connections.

mod frozen;
mod merge;
mod output;
mod rows;
mod tables;

use crate::database::catalog::{ColumnSpec, Place, Source, Table};
use crate::database::connection::Connection;
use crate::database::connection::names::{Found, Lookup};
use crate::database::facts::Gone;
use crate::database::problem::Problem;
use crate::database::rewrite::Rewriting;
use crate::database::script::Placed;
use crate::database::{Records, Seen, SqlType, Verb, cell};
use crate::sys::sqlite::Failure;
use serde::{Deserialize, Serialize};
use sqlparser::ast::Statement;
use std::sync::Arc;

/// Most changes of one intruder on one server; then the log is full. Each may be a layer over a table.
const MAX_CHANGES: usize = 512;

/// Most layers over one table: a query goes through all of them.
const MAX_LAYERS: usize = 40;

/// What stands behind the type of a column that the server counts up itself.
const IDENTITY: &str = " identity";

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
    /// A view, a procedure or the like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    defined: Option<Definition>,
}

/// What became of a view, a procedure or the like.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Definition {
    /// Its text; none where it is gone.
    text: Option<String>,
}

/// A table that a statement changes.
pub(in crate::database::connection) struct Target {
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
    pub(in crate::database::connection) fn replay(&mut self) -> Result<(), Problem> {
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

    /// Plays a change as it is kept.
    pub(in crate::database::connection) fn play_kept(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        match serde_json::from_slice::<Change>(bytes) {
            Ok(change) => self.play(&change),
            Err(_) => Ok(()),
        }
    }

    fn play(&mut self, change: &Change) -> Result<(), Problem> {
        if let Some(definition) = &change.defined {
            self.play_definition(&change.table, definition.text.as_deref());
            return Ok(());
        }
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
        let spec = |(name, ty, nullable): &(String, String, bool)| made_column(name, ty, *nullable);
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
    pub(in crate::database::connection) fn keep_changes(&mut self) -> Result<(), Problem> {
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

    /// Takes the engine away with all that was played on it.
    pub(in crate::database::connection) fn forget(&mut self) {
        self.engine = None;
        let mut state = self.facts.state();
        state.made.clear();
        state.gone.clear();
        state.added.clear();
        state.defined.clear();
    }

    /// A transaction that is rolled back: the engine is made anew from what was kept.
    pub(in crate::database::connection) fn drop_changes(&mut self) {
        if std::mem::take(&mut self.pending).is_empty() {
            return;
        }
        self.forget();
        // What can't be played again is as if it had not been.
        let _ = self.replay();
    }

    pub(in crate::database::connection) fn change(
        &mut self,
        statement: &Statement,
        placed: &Placed,
    ) -> Result<(), (Problem, Seen)> {
        let verb = crate::database::connection::run::verb_of(&placed.step);
        let mut seen = self.seen_text(&placed.text, verb);
        let mut bound = statement.clone();
        if self.facts.product() == crate::database::Product::Postgres
            && !frozen::is_bound_later(statement)
            && let Err(problem) = self.bind_statement(&mut bound)
        {
            return Err((problem, seen));
        }
        let statement = &bound;
        let result = match statement {
            Statement::Insert(insert) => self.insert(insert, &mut seen),
            Statement::Update(update) => self.update(update, &mut seen),
            Statement::Delete(delete) => self.delete(delete, &mut seen),
            Statement::Merge(merge) => self.merge(merge, &mut seen),
            Statement::CreateTable(create) => self.create(create, &mut seen),
            Statement::Query(query) => self.select_into(query, &mut seen),
            Statement::Drop { names, if_exists, .. } => self.drop_tables(names, *if_exists, &mut seen),
            Statement::CreateView(view) => Err(self.facts.not_made("CREATE VIEW", &view.name.to_string())),
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

    /// A definition is kept for the intruder's other connections.
    pub(in crate::database::connection) fn keep_definition(
        &mut self,
        table: (String, String, String),
        text: Option<String>,
    ) -> Result<(), Problem> {
        let defined = Some(Definition { text });
        self.commit(Change {
            sql: vec![],
            table,
            relation: None,
            made: None,
            dropped: None,
            added: 0,
            defined,
        })
    }

    /// Takes a relation of this connection away.
    pub(in crate::database::connection) fn drop_own(&mut self, relation: &str) {
        if self.engine.is_some() {
            // One that is not there any more is what is wanted.
            let _ = self.execute(&format!("DROP TABLE IF EXISTS {}", cell::quoted(relation)));
        }
    }

    pub(in crate::database::connection) fn target(
        &mut self,
        parts: &[String],
        right: &str,
        seen: &mut Seen,
    ) -> Result<Target, Problem> {
        seen.objects.push(parts.join("."));
        let facts = Arc::clone(&self.facts);
        match self.find(parts)? {
            Found::Temporary(relation)
                if relation.starts_with('@') && !self.table_variables.contains(&relation) =>
            {
                Err(self.no_table_variable(&relation))
            }
            Found::Temporary(relation) => {
                let columns = self
                    .tables()?
                    .columns_of(&relation)
                    .cloned()
                    .ok_or_else(|| Problem::NoObject(parts.join(".")))?;
                Ok(Target { relation, table: None, columns })
            }
            Found::Table(table) => {
                if !facts.may_change(&table.database) {
                    let object = format!("{}.{}.{}", table.database, table.schema, table.name);
                    return Err(facts.denied(right, object));
                }
                let relation = self.tables()?.table(&table, &facts).map_err(|_| Problem::Resources)?;
                let columns = table.columns.clone();
                Ok(Target { relation, table: Some(table), columns })
            }
            Found::View(_) | Found::System(..) => Err(facts.denied(right, parts.join("."))),
        }
    }

    fn rewritten<T: sqlparser::ast::VisitMut + std::fmt::Display>(
        &mut self,
        tree: &mut T,
    ) -> Result<String, Problem> {
        let mut names = Lookup { connection: self };
        Rewriting::new(&mut names).apply(tree)?;
        if let Some(tables) = &self.engine {
            tables.begin(Vec::new());
        }
        Ok(tree.to_string())
    }

    /// Tells what a change read of other records than those that it changed.
    fn told_reads(&self, table: Option<&Table>, rows: u64, seen: &mut Seen) {
        let own: Vec<_> = table.and_then(Table::kind).into_iter().collect();
        if let (Some(tables), true) = (&self.engine, rows > 0) {
            seen.reads.extend(tables.unmarked(&own, rows));
        }
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

    fn told_write(&self, table: &Table, rows: u64, ids: Vec<String>, seen: &mut Seen) {
        if let (Some(kind), true) = (table.kind(), rows > 0) {
            seen.writes.push(Records { kind, count: rows, ids });
        }
        if seen.verb == Verb::Other {
            seen.verb = Verb::Delete;
        }
    }
}

fn change_of(table: &Table, sql: Vec<String>, relation: Option<String>, added: i64) -> Change {
    let place = (table.database.clone(), table.schema.clone(), table.name.clone());
    Change { sql, table: place, relation, made: None, dropped: None, added, defined: None }
}

/// Whether a relation is a table of the engine itself, and no layer over one.
fn is_own(relation: &str) -> bool {
    relation.rsplit('\u{1f}').next().is_some_and(|last| last.starts_with("made"))
}

/// A column of a table that was made; behind its type stands whether the server counts it up itself.
fn made_column(name: &str, ty: &str, nullable: bool) -> ColumnSpec {
    let (ty, identity) = ty.strip_suffix(IDENTITY).map_or((ty, false), |ty| (ty, true));
    let ty = SqlType::parse(ty).unwrap_or_else(|| SqlType::nvarchar(Some(4000)));
    let (name, title) = (name.to_owned(), String::new());
    ColumnSpec { name, ty, nullable, key: false, identity, binding: None, title }
}
