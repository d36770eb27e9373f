//! What functions and the catalogue know of a connection.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::civil::DateTime;
use sha2::{Digest, Sha256};

use super::catalog::{Catalog, ColumnSpec, Database, Place, Procedure, Source, Table};
use super::presence::Present;
use super::problem::Problem;
use super::records::{self, Days};
use super::{Language, Message, Product};
use crate::world::View;

/// Longest time that one statement waits: what `WAITFOR` takes at most.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(86_400);

/// What functions and tables of the catalogue read; shared with the engine.
pub(super) struct Facts {
    pub catalog: Arc<Catalog>,
    pub days: Arc<Days>,
    /// Local time's offset from UTC.
    pub offset_minutes: i32,
    pub login: String,
    pub administrator: bool,
    /// The client's own name of its host, and of its program.
    pub client: (String, String),
    /// Number of the session.
    pub session: u32,
    /// This connection as others see it.
    pub present: Arc<Present>,
    state: Mutex<State>,
}

/// What changes while a connection lasts.
pub(super) struct State {
    pub database: String,
    pub language: Language,
    pub view: View,
    /// Options of `sp_configure`: configured and running value.
    pub options: BTreeMap<String, (i64, i64)>,
    /// Tables that the intruder made.
    pub made: BTreeMap<Place, Arc<Table>>,
    /// Tables that he took away or emptied, and rows that he added.
    pub gone: BTreeMap<Place, Gone>,
    pub added: BTreeMap<Place, i64>,
    /// Views, procedures and other objects that he defined; `None` for those that he took away.
    pub defined: BTreeMap<Place, Option<Arc<Defined>>>,
    /// Databases that he took away or made.
    pub dropped_databases: Vec<String>,
    pub made_databases: Vec<String>,
    /// Logins that he made.
    pub logins: Vec<String>,
    /// Files that he wrote: when, and what.
    pub files: BTreeMap<String, (DateTime, String)>,
    pub last_error: (u32, String),
    pub row_count: i64,
    /// Errors whose handlers run, inside of each other.
    pub caught: Vec<Message>,
    /// Objects that OLE automation made.
    pub objects: i64,
    /// What the last identity column gave.
    pub identity: Option<i64>,
    /// The first number that the server gave in the last INSERT that it counted in.
    pub first_identity: Option<i64>,
    /// The same, where the last INSERT is that one.
    pub inserted: Option<i64>,
    /// Cursors of scripts with their states, for `CURSOR_STATUS`.
    pub cursors: Vec<(String, i64)>,
    /// How long the product takes for what functions have done since this was last taken.
    wait: Duration,
    /// Settings of PostgreSQL's session.
    pub settings: super::postgres::Settings,
    /// What PostgreSQL keeps of the passwords of its roles.
    pub secrets: BTreeMap<String, String>,
    /// The text of the statement that runs.
    pub source: String,
    counter: u64,
}

/// How a table is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gone {
    /// It is there and has no rows.
    Empty,
    /// It is not there.
    Dropped,
}

/// A view, a procedure or another object that the intruder defined.
#[derive(Debug)]
pub(super) struct Defined {
    pub object: Object,
    pub database: String,
    pub what: DefinedAs,
}

/// What can be done with a defined object.
#[derive(Debug)]
pub(super) enum DefinedAs {
    View(Arc<super::catalog::View>),
    Procedure(Arc<Procedure>),
    /// It is listed and shown.
    Text,
}

/// An object of a database, as the catalogue lists it.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub id: i32,
    pub schema: String,
    pub name: String,
    pub created: DateTime,
    /// `U`, `V` or `P`.
    pub kind: char,
    pub title: String,
    pub table: Option<Arc<Table>>,
    /// Its text, for views and procedures.
    pub text: String,
}

impl Facts {
    #[expect(clippy::too_many_arguments, reason = "the facts of one connection, given once")]
    pub(super) fn new(
        catalog: Arc<Catalog>,
        view: View,
        login: String,
        administrator: bool,
        client: (String, String),
        address: Option<IpAddr>,
        session: u32,
        database: String,
        language: Language,
    ) -> Facts {
        let offset_minutes = view.hospital().utc_offset_minutes;
        let state = State {
            database,
            language,
            view,
            options: super::settings::options(),
            made: BTreeMap::new(),
            gone: BTreeMap::new(),
            added: BTreeMap::new(),
            defined: BTreeMap::new(),
            dropped_databases: Vec::new(),
            made_databases: Vec::new(),
            logins: Vec::new(),
            files: BTreeMap::new(),
            last_error: (0, String::new()),
            row_count: 0,
            caught: Vec::new(),
            objects: 0,
            identity: None,
            first_identity: None,
            inserted: None,
            cursors: Vec::new(),
            wait: Duration::ZERO,
            settings: super::postgres::Settings::new(&catalog.server.settings),
            secrets: BTreeMap::new(),
            source: String::new(),
            counter: 0,
        };
        let days = Arc::clone(&catalog.days);
        let present = catalog.presence.enter(
            session,
            super::presence::Client { login: login.clone(), names: client.clone(), address },
            &state.database,
            state.view.now(),
        );
        Facts {
            catalog,
            days,
            offset_minutes,
            login,
            administrator,
            client,
            session,
            present,
            state: Mutex::new(state),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn product(&self) -> Product {
        self.catalog.product
    }

    pub(super) fn language(&self) -> Language {
        self.state().language
    }

    pub(super) fn database(&self) -> String {
        self.state().database.clone()
    }

    /// Local time of the statement.
    pub(super) fn now(&self) -> DateTime {
        let state = self.state();
        state.view.local(state.view.now())
    }

    /// When the server was started last, local time.
    pub(super) fn started(&self) -> DateTime {
        let now = self.state().view.now();
        self.catalog.machine.served(now)
    }

    /// The product takes so many seconds more; a number that is none counts as zero.
    pub(super) fn wait(&self, seconds: f64) {
        let more = Duration::try_from_secs_f64(seconds).unwrap_or(if seconds > 0.0 {
            MAX_WAIT
        } else {
            Duration::ZERO
        });
        let mut state = self.state();
        state.wait = state.wait.saturating_add(more).min(MAX_WAIT);
    }

    /// How long the product takes before it goes on, if it does.
    pub(super) fn take_wait(&self) -> Option<Duration> {
        let wait = std::mem::take(&mut self.state().wait);
        (!wait.is_zero()).then_some(wait)
    }

    /// Thirty-two bytes that no other call of this connection gives.
    fn fresh(&self) -> [u8; 32] {
        let mut state = self.state();
        state.counter += 1;
        let mut hash = Sha256::new();
        hash.update(self.login.as_bytes());
        hash.update(self.session.to_le_bytes());
        hash.update(state.view.now().as_nanosecond().to_le_bytes());
        hash.update(state.counter.to_le_bytes());
        hash.finalize().into()
    }

    pub(super) fn new_guid(&self) -> String {
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(self.fresh()) {
            *to = from;
        }
        // Version 4, as the products make them.
        let [_, _, _, _, _, _, version, _, variant, ..] = &mut bytes;
        *version = *version & 0x0f | 0x40;
        *variant = *variant & 0x3f | 0x80;
        super::value::guid(&bytes)
    }

    pub(super) fn chance(&self) -> f64 {
        let [a, b, c, d, ..] = self.fresh();
        f64::from(u32::from_le_bytes([a, b, c, d])) / f64::from(u32::MAX)
    }

    /// Databases that the connection sees, with their ids.
    pub(super) fn databases(&self) -> Vec<(String, i32)> {
        let state = self.state();
        let there = self.catalog.databases.iter().map(|database| (database.name.clone(), database.id));
        let next = i32::try_from(self.catalog.databases.len()).unwrap_or(0) + 1;
        let made = state.made_databases.iter().cloned().zip(next..);
        there
            .chain(made)
            .filter(|(name, _)| !state.dropped_databases.iter().any(|gone| gone == name))
            .collect()
    }

    /// Whether the login may enter a database.
    pub(super) fn may_enter(&self, database: &str) -> bool {
        let listed = self.catalog.login(&self.login).is_none_or(|login| {
            login.databases.is_empty()
                || login.databases.iter().any(|name| name.eq_ignore_ascii_case(database))
        });
        let system = self.catalog.database(database).is_some_and(|database| database.system);
        self.administrator || listed || system
    }

    /// That a database can be read.
    ///
    /// # Errors
    /// What the product says of one that is off line.
    pub(super) fn readable(&self, database: &str) -> Result<(), Problem> {
        match self.catalog.database(database) {
            Some(found) if found.offline => Err(Problem::Offline(found.name.clone())),
            _ => Ok(()),
        }
    }

    /// How much of a database's files is in use, MiB.
    pub(super) fn used_mb(&self, database: &Database) -> u64 {
        u64::from(database.size_mb - database.size_mb / 11).max(2)
    }

    /// How fast backups are written, MiB/s: as the disks of this installation are.
    pub(super) fn backup_rate(&self, compressed: bool) -> f64 {
        let thousandths = u32::try_from(self.catalog.machine.number("backup", 62_000)).unwrap_or(0) + 71_000;
        f64::from(thousandths) / if compressed { 620.0 } else { 1_000.0 }
    }

    /// Whether the login may change tables of a database. Applications of MySQL and PostgreSQL own
    /// theirs.
    pub(super) fn may_change(&self, database: &str) -> bool {
        let owns = self
            .catalog
            .login(&self.login)
            .is_some_and(|login| login.databases.iter().any(|name| name.eq_ignore_ascii_case(database)));
        self.administrator || owns && matches!(self.product(), Product::MySql | Product::Postgres)
    }

    /// The login may not do something with an object.
    pub(super) fn denied(&self, right: &str, object: String) -> Problem {
        Problem::Denied { right: right.to_owned(), object, account: self.account() }
    }

    /// The login may not make an object in its database.
    pub(super) fn not_made(&self, what: &'static str, object: &str) -> Problem {
        // MySQL names the right, not the statement.
        let what = if self.product() == Product::MySql { "CREATE" } else { what };
        let (database, object) = (self.database(), object.to_owned());
        Problem::NotMade { what, database, object, account: self.account() }
    }

    /// The account as MySQL's messages name it.
    fn account(&self) -> String {
        let host = self.present.address.map_or_else(|| "localhost".to_owned(), |address| address.to_string());
        format!("'{}'@'{host}'", self.login)
    }

    /// Objects of a database by name.
    pub(super) fn objects(&self, database: &str) -> Vec<Object> {
        let state = self.state();
        let here = |name: &str| name.eq_ignore_ascii_case(database);
        let gone = |place: &Place| state.gone.get(place) == Some(&Gone::Dropped);
        let tables = self.catalog.tables.iter().filter(|(place, _)| !gone(place)).map(|(_, table)| table);
        let tables =
            tables.chain(state.made.values()).filter(|table| here(&table.database)).map(|table| Object {
                id: table.id,
                schema: table.schema.clone(),
                name: table.name.clone(),
                created: table.created,
                kind: 'U',
                title: table.title.clone(),
                table: Some(Arc::clone(table)),
                text: String::new(),
            });
        let own = |place: Place| state.defined.contains_key(&place);
        let views = self.catalog.views.values().filter(|view| here(&view.database));
        let views = views.filter(|view| !own(Place::new(&view.database, &view.schema, &view.name)));
        let views = views.map(|view| Object {
            id: view.id,
            schema: view.schema.clone(),
            name: view.name.clone(),
            created: view.created,
            kind: 'V',
            title: String::new(),
            table: None,
            text: format!("CREATE VIEW {}.{} AS\r\n{}", view.schema, view.name, view.sql),
        });
        let procedures = self.catalog.procedures.values().filter(|made| here(&made.database));
        let procedures = procedures.filter(|made| !own(Place::new(&made.database, &made.schema, &made.name)));
        let procedures = procedures.map(|made| Object {
            id: made.id,
            schema: made.schema.clone(),
            name: made.name.clone(),
            created: made.created,
            kind: 'P',
            title: String::new(),
            table: None,
            text: procedure_text(made),
        });
        let defined = state.defined.values().flatten().filter(|defined| here(&defined.database));
        let defined = defined.map(|defined| defined.object.clone());
        let mut all: Vec<Object> = tables.chain(views).chain(procedures).chain(defined).collect();
        all.sort_by_key(|object| object.name.to_lowercase());
        all
    }

    /// An object by id or name.
    pub(super) fn object(&self, database: &str, matches: impl Fn(&Object) -> bool) -> Option<Object> {
        self.objects(database).into_iter().find(matches)
    }

    /// How many rows a table has.
    pub(super) fn count(&self, table: &Table) -> i64 {
        self.rows_by(table, records::count)
    }

    /// About how many rows a table has, as the server's statistics say.
    pub(super) fn estimate(&self, table: &Table) -> i64 {
        self.rows_by(table, records::estimate)
    }

    fn rows_by(&self, table: &Table, by: fn(records::Rows, u32, &View, &Days) -> i64) -> i64 {
        let (view, gone, added) = {
            let state = self.state();
            let place = table.place();
            (
                state.view.clone(),
                state.gone.get(&place).copied(),
                state.added.get(&place).copied().unwrap_or(0),
            )
        };
        if gone.is_some() {
            return added;
        }
        added
            + match &table.source {
                Source::World { rows, days } => by(*rows, *days, &view, &self.days),
                Source::Given(rows) => i64::try_from(rows.len()).unwrap_or(0),
            }
    }
}

fn procedure_text(made: &Procedure) -> String {
    let parameters = made.parameters.iter().map(|(name, ty)| format!("  {name} {}", ty.display()));
    let parameters: Vec<String> = parameters.collect();
    format!(
        "CREATE PROCEDURE {}.{}\r\n{}\r\nAS\r\n{}",
        made.schema,
        made.name,
        parameters.join(",\r\n"),
        made.sql
    )
}

/// Columns of a table that the catalogue describes, from lines of a schema file.
pub(super) fn columns(lines: &[&str]) -> Vec<ColumnSpec> {
    lines.iter().filter_map(|line| ColumnSpec::parse(line).ok()).collect()
}
