//! The engine of a connection: SQLite in memory with the tables that were named so far.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::config::DbConfig;
use rusqlite::functions::FunctionFlags;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;

use super::marks;
use crate::database::catalog::{ColumnSpec, Place, Table};
use crate::database::facts::Facts;
use crate::database::postgres::{self, catalogue};
use crate::database::records::{Reading, Shown};
use crate::database::{Records, cell, functions, system};
use crate::event::observation::RecordKind;
use crate::sys::sqlite::Engine;

/// Steps of the engine between two looks at what was done.
const STEPS: i32 = 50_000;

/// Looks before a statement that gives no row is ended: some 100 million steps, four seconds.
const MAX_LOOKS: u64 = 2_000;

/// Most pages of 4 KiB that a connection's own tables take.
const MAX_PAGES: u32 = 8_192;

/// Limits of single statements: what the products have, or less.
const LIMITS: &[(Limit, i32)] = &[
    (Limit::SQLITE_LIMIT_LENGTH, 2 << 20),
    (Limit::SQLITE_LIMIT_SQL_LENGTH, 4 << 20),
    (Limit::SQLITE_LIMIT_COLUMN, 1_024),
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 700),
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 600),
    (Limit::SQLITE_LIMIT_VDBE_OP, 250_000),
    (Limit::SQLITE_LIMIT_FUNCTION_ARG, 127),
    (Limit::SQLITE_LIMIT_ATTACHED, 0),
    (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 1),
];

/// An engine and its tables.
pub(super) struct Tables {
    pub engine: Engine,
    reading: Arc<Reading>,
    looks: Arc<AtomicU64>,
    /// Columns of the tables shown so far; a declared type names one by its place here.
    columns: Vec<(Vec<ColumnSpec>, Option<Place>)>,
    /// Relations shown so far by name.
    shown: BTreeMap<String, usize>,
    /// Tables of PostgreSQL's catalogue that are filled, each as of which change and moment.
    filled: BTreeMap<String, (usize, i64)>,
    /// What stands for a table since the intruder changed it.
    pub changed: BTreeMap<Place, String>,
    /// Entries of his changes that are in here.
    pub replayed: usize,
}

impl Tables {
    pub(super) fn new(facts: &Arc<Facts>) -> rusqlite::Result<Tables> {
        let mut connection = rusqlite::Connection::open_in_memory()?;
        connection.execute_batch(&format!(
            "PRAGMA temp_store = MEMORY; PRAGMA max_page_count = {MAX_PAGES}; PRAGMA recursive_triggers = OFF"
        ))?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
        for (limit, most) in LIMITS {
            connection.set_limit(*limit, *most)?;
        }
        functions::register(&connection, facts)?;
        connection.authorizer(Some(judge))?;
        let looks = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&looks);
        let reading = Arc::new(Reading::default());
        let watched = Arc::clone(&reading);
        connection.progress_handler(
            STEPS,
            Some(move || counted.fetch_add(1, Ordering::Relaxed) > MAX_LOOKS || watched.is_gone()),
        )?;
        let notes = Arc::clone(&reading);
        connection.create_scalar_function(marks::NOTE, -1, FunctionFlags::SQLITE_UTF8, move |context| {
            for at in 0..context.len() / 2 {
                let mark = context.get::<i64>(at * 2).ok().and_then(|mark| usize::try_from(mark).ok());
                let id = context.get::<Option<String>>(at * 2 + 1).ok().flatten();
                if let (Some(mark), Some(id)) = (mark, id) {
                    notes.note(mark, &id);
                }
            }
            Ok(1)
        })?;
        Ok(Tables {
            engine: Engine::new(connection),
            reading,
            looks,
            columns: Vec::new(),
            shown: BTreeMap::new(),
            filled: BTreeMap::new(),
            changed: BTreeMap::new(),
            replayed: 0,
        })
    }

    /// Work is counted from here on, at this moment of the world.
    pub(super) fn refresh(&self, facts: &Facts) {
        self.reading.set(facts.state().view.clone());
        self.rest();
    }

    /// A statement begins whose marks say the ids of records of these kinds.
    pub(super) fn begin(&self, kinds: Vec<RecordKind>) {
        self.reading.begin(kinds);
    }

    /// Records that conditions of ours noted.
    pub(super) fn noted(&self) -> Vec<Records> {
        self.reading.noted()
    }

    /// Records that were read and that no mark told: at most as many as rows went out can have shown
    /// something of, and which only where no others were read.
    pub(super) fn unmarked(&self, marked: &[RecordKind], rows: u64) -> Vec<Records> {
        let touched = self.reading.touched().into_iter().filter(|records| !marked.contains(&records.kind));
        touched
            .map(|records| match records.count <= rows {
                true => records,
                false => Records { count: rows, ids: Vec::new(), ..records },
            })
            .collect()
    }

    /// A statement that works long stops where nobody wants its answer any more.
    pub(super) fn stop_when(&self, gone: Arc<dyn Fn() -> bool + Send + Sync>) {
        self.reading.stop_when(gone);
    }

    /// Whether statements have worked so much since this was last asked that others should have
    /// their turn.
    pub(super) fn has_worked(&self) -> bool {
        self.reading.has_worked()
    }

    /// A row was given.
    pub(super) fn rest(&self) {
        self.reading.rest();
        self.looks.store(0, Ordering::Relaxed);
    }

    /// The relation of a table of the schema; a changed one's newest.
    pub(super) fn table(&mut self, table: &Arc<Table>, facts: &Facts) -> rusqlite::Result<String> {
        let place = table.place();
        if let Some(name) = self.changed.get(&place) {
            return Ok(name.clone());
        }
        self.original(table, facts)
    }

    /// The relation of a table as the world has it.
    pub(super) fn original(&mut self, table: &Arc<Table>, facts: &Facts) -> rusqlite::Result<String> {
        let place = table.place();
        let name = format!("{}\u{1f}", place.relation());
        if !self.shown.contains_key(&name) {
            let number = self.enter(&name, table.columns.clone(), Some(place));
            let shown = Shown {
                table: Arc::clone(table),
                number,
                reading: Arc::clone(&self.reading),
                days: Arc::clone(&facts.catalog.days),
            };
            self.engine.show(&name, Arc::new(shown))?;
        }
        Ok(name)
    }

    /// Enters a relation's columns; gives its number.
    pub(super) fn enter(&mut self, name: &str, columns: Vec<ColumnSpec>, place: Option<Place>) -> usize {
        self.columns.push((columns, place));
        self.shown.insert(name.to_owned(), self.columns.len() - 1);
        self.columns.len() - 1
    }

    /// The relation of a table of the catalogue.
    pub(super) fn system(
        &mut self,
        table: &'static (&'static system::System, Vec<ColumnSpec>),
        facts: &Arc<Facts>,
    ) -> rusqlite::Result<String> {
        let name = format!("\u{1f}{}", table.0.name);
        if !self.shown.contains_key(&name) {
            let number = self.enter(&name, table.1.clone(), None);
            self.engine.show(&name, Arc::new(system::Shown { table, number, facts: Arc::clone(facts) }))?;
        }
        Ok(name)
    }

    /// The relation of a table of PostgreSQL's catalogue, with its rows of now: many of its queries
    /// join a dozen of them, so that each is a table of the engine's own with an index.
    pub(super) fn catalogue(
        &mut self,
        relation: &'static postgres::Relation,
        facts: &Facts,
        changes: usize,
    ) -> rusqlite::Result<String> {
        let name = format!("\u{1f}{}.{}", relation.schema, relation.name);
        let volatile = catalogue::is_volatile(relation);
        let moment = if volatile { facts.state().view.now().as_microsecond() } else { 0 };
        if self.filled.get(&name) == Some(&(changes, moment)) {
            return Ok(name);
        }
        let columns = catalogue::columns(relation);
        let number = self.shown.get(&name).copied();
        let number = number.unwrap_or_else(|| self.enter(&name, columns.clone(), None));
        let connection = self.engine.connection();
        let quoted = cell::quoted(&name);
        let declared = cell::declarations(&columns, number).join(", ");
        connection
            .execute_batch(&format!("DROP TABLE IF EXISTS {quoted}; CREATE TABLE {quoted} ({declared})"))?;
        let marks = vec!["?"; columns.len()].join(", ");
        let mut insert = connection.prepare(&format!("INSERT INTO {quoted} VALUES ({marks})"))?;
        for row in catalogue::all(relation, facts) {
            insert.execute(rusqlite::params_from_iter(row))?;
        }
        let key = columns.first().map(|column| cell::quoted(&column.name)).unwrap_or_default();
        let index = cell::quoted(&format!("{name}\u{1f}key"));
        connection.execute_batch(&format!("CREATE INDEX {index} ON {quoted} ({key})"))?;
        self.filled.insert(name.clone(), (changes, moment));
        Ok(name)
    }

    /// The column that a declared type names, and its table.
    pub(super) fn column(&self, declared: &str) -> Option<(&ColumnSpec, Option<&Place>)> {
        let (table, column) = cell::declared(declared)?;
        let (columns, place) = self.columns.get(table)?;
        Some((columns.get(column)?, place.as_ref()))
    }

    /// The table that a relation shows as the world has it.
    pub(super) fn original_place(&self, relation: &str) -> Option<Place> {
        let (_, place) = self.columns.get(*self.shown.get(relation)?)?;
        let place = place.clone()?;
        (relation == format!("{}\u{1f}", place.relation())).then_some(place)
    }

    /// Columns of a relation.
    pub(super) fn columns_of(&self, relation: &str) -> Option<&Vec<ColumnSpec>> {
        self.columns.get(*self.shown.get(relation)?).map(|(columns, _)| columns)
    }
}

/// What a statement may do in the engine: read and write its own tables, nothing outside.
fn judge(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Attach { .. } | AuthAction::Detach { .. } | AuthAction::Pragma { .. } => {
            Authorization::Deny
        }
        AuthAction::Function {
            function_name: "load_extension" | "fts3_tokenizer" | "readfile" | "writefile" | "edit",
        } => Authorization::Deny,
        AuthAction::CreateTrigger { .. }
        | AuthAction::CreateTempTrigger { .. }
        | AuthAction::CreateVtable { .. } => Authorization::Deny,
        _ => Authorization::Allow,
    }
}
