//! A client's connection: what it asks is run step by step and pulled in bounded pieces.

#![allow(
    clippy::result_large_err,
    clippy::needless_pass_by_value,
    reason = "an error carries what is told of it; what is asked is handed over"
)]

mod backup;
mod calls;
mod changes;
mod cursors;
mod deeds;
mod definitions;
mod describe;
mod engine;
mod frames;
mod kill;
mod marks;
mod names;
mod postgres;
mod query;
mod remote;
mod run;
mod scopes;
mod show;
mod steps;
mod told;

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::catalog::Catalog;
use super::facts::Facts;
use super::presence::Kill;
use super::problem::Problem;
use super::{Item, Language, Message, Parameter, Records, Seen, words as texts};
use crate::world::World;
use crate::world::overlay::Overlay;

/// Most rows of one statement: more than any table has.
const MAX_ROWS: u64 = 5_000_000;

/// Most steps of one piece: a loop may go round without giving anything.
const STEPS_AT_ONCE: u32 = 500;

/// Longest wait of one piece.
const WAIT_AT_ONCE: Duration = Duration::from_secs(1);

/// Who a connection belongs to.
#[derive(Debug, Clone, Default)]
pub struct Login {
    /// The login's name, proved by the face.
    pub name: String,
    /// The database asked for; the login's default when `None` or empty.
    pub database: Option<String>,
    /// The language asked for, by the product's name.
    pub language: Option<String>,
    /// The client's name of its host.
    pub host: String,
    /// The client's name of its program.
    pub program: String,
    /// Where the client is; `None` where nobody says.
    pub address: Option<IpAddr>,
    /// Number of the session (SPID, connection id), from 51 on.
    pub session: u32,
    /// Name of the deception host: the intruder's changes are kept under it.
    pub server: String,
}

/// What a client asks.
#[derive(Debug, Clone)]
pub enum Request {
    /// A text of statements, with the values of its parameters (`?`, `$1`, `:name`, `@name`).
    Batch {
        /// The text.
        text: String,
        /// The values by place or name.
        parameters: Vec<Parameter>,
    },
    /// A call of a procedure.
    Call {
        /// Its name, with database and schema if given.
        procedure: String,
        /// Its parameters.
        parameters: Vec<Parameter>,
    },
}

impl Request {
    /// A text without parameters.
    pub fn batch(text: impl Into<String>) -> Request {
        Request::Batch { text: text.into(), parameters: Vec::new() }
    }
}

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pulled {
    /// What comes next, in order.
    pub items: Vec<Item>,
    /// Whether there is more to pull.
    pub more: bool,
}

/// A client's connection to a server.
pub struct Connection {
    facts: Arc<Facts>,
    world: Arc<World>,
    overlay: Arc<Overlay>,
    server: String,
    engine: Option<engine::Tables>,
    variables: scopes::Variables,
    options: steps::Options,
    transaction: u32,
    /// Texts with their parameters as they were declared.
    prepared: BTreeMap<i64, (String, String)>,
    /// Changes of an open transaction.
    pending: Vec<Vec<u8>>,
    running: Option<run::Run>,
    /// Procedures and dynamic texts that run inside of each other; the latter have no name.
    within: Vec<String>,
    /// What the last procedure returned.
    returned: i32,
    /// The product's own procedure that an error is of.
    blamed: Option<String>,
    /// Cursors of scripts by name.
    cursors: BTreeMap<String, cursors::Cursor>,
    /// `@@FETCH_STATUS`.
    fetch_status: i64,
    /// `@@CURSOR_ROWS`.
    cursor_rows: i64,
    /// Relations of the batch's table variables.
    table_variables: Vec<String>,
    /// `INSERT … EXEC` that run.
    captures: Vec<definitions::Capture>,
    /// Records that conditions and values of variables read.
    glimpsed: Vec<Records>,
    /// The moment of the world that statements see.
    now: Timestamp,
    /// Whether the client is gone.
    gone: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
    /// Whether another connection ended this one.
    ended: bool,
    out: VecDeque<Item>,
}

impl Connection {
    /// Opens a connection for a login that was let in.
    ///
    /// # Errors
    /// The message with which the product refuses the database (4060 and the like).
    pub fn open(
        catalog: Arc<Catalog>,
        world: Arc<World>,
        overlay: Arc<Overlay>,
        login: Login,
        now: Timestamp,
    ) -> Result<Connection, Message> {
        let language =
            login.language.as_deref().and_then(Language::by_name).unwrap_or(catalog.server.language);
        let listed = catalog.login(&login.name);
        let default = listed.map_or(&catalog.server.database, |login| &login.default).clone();
        let wanted = login.database.filter(|name| !name.is_empty()).unwrap_or(default);
        let product = catalog.product;
        let refused = |name: &str| {
            let mut message = texts::message(&Problem::NoDatabase(name.to_owned()), product, language, 1);
            if product == super::Product::SqlServer {
                (message.number, message.class) = (4060, 11);
                message.text = match language {
                    Language::Chinese => format!("无法打开登录所请求的数据库 \"{name}\"。登录失败。"),
                    Language::English => {
                        format!("Cannot open database \"{name}\" requested by the login. The login failed.")
                    }
                };
            }
            message
        };
        let database = catalog
            .database(&wanted)
            .map(|database| database.name.clone())
            .ok_or_else(|| refused(&wanted))?;
        if catalog.database(&database).is_some_and(|database| database.offline) {
            return Err(refused(&database));
        }
        let administrator = listed.is_some_and(|login| login.administrator);
        let view = world.at(now);
        let client = (login.host, login.program);
        let facts = Facts::new(
            Arc::clone(&catalog),
            view,
            login.name,
            administrator,
            client,
            login.address,
            login.session,
            database.clone(),
            language,
        );
        if !facts.may_enter(&database) {
            return Err(refused(&database));
        }
        Ok(Connection {
            facts: Arc::new(facts),
            world,
            overlay,
            server: login.server,
            engine: None,
            variables: BTreeMap::new(),
            options: steps::Options::default(),
            transaction: 0,
            prepared: BTreeMap::new(),
            pending: Vec::new(),
            running: None,
            within: Vec::new(),
            returned: 0,
            blamed: None,
            cursors: BTreeMap::new(),
            fetch_status: -1,
            cursor_rows: 0,
            table_variables: Vec::new(),
            captures: Vec::new(),
            glimpsed: Vec::new(),
            now,
            gone: None,
            ended: false,
            out: VecDeque::new(),
        })
    }

    /// The current database.
    pub fn database(&self) -> String {
        self.facts.database()
    }

    /// The language of messages.
    pub fn language(&self) -> Language {
        self.facts.language()
    }

    /// Whether a transaction is open.
    pub fn in_transaction(&self) -> bool {
        self.transaction > 0
    }

    /// Begins to answer a request; what was left of the last one is dropped.
    pub fn begin(&mut self, request: Request, now: Timestamp) {
        let left = self.cancel();
        self.out.extend(left.map(Item::Seen));
        self.see(now);
        self.facts.present.does(|doing| (doing.last, doing.running) = (now, true));
        self.start(request);
    }

    /// Statements see the world of this moment from here on.
    fn see(&mut self, now: Timestamp) {
        self.now = now;
        self.facts.state().view = self.world.at(now);
    }

    /// The next piece of the answer, at most so many rows. Work of up to some seconds where a
    /// statement reads much and gives little: call it where that holds nobody up.
    ///
    /// Where the last item is an [`Item::Wait`], the product takes that long before it goes on: call
    /// again when that time is over, or [`Connection::cancel`].
    pub fn pull(&mut self, rows: usize) -> Pulled {
        let mut pulled = Pulled::default();
        let (mut given, mut steps) = (0, 0);
        if let Some(kill) = self.facts.present.killed() {
            self.end_by(kill);
        }
        loop {
            while let Some(item) = self.out.pop_front() {
                given += usize::from(matches!(item, Item::Row(_)));
                let wait = if let Item::Wait(time) = item { Some(time) } else { None };
                match wait {
                    None => pulled.items.push(item),
                    Some(time) => {
                        self.wait_at(time, &mut pulled);
                        return pulled;
                    }
                }
            }
            let worked = self.engine.as_ref().is_some_and(engine::Tables::has_worked);
            steps += 1;
            if given >= rows.max(1) || ((worked || steps > STEPS_AT_ONCE) && self.running.is_some()) {
                pulled.more = true;
                return pulled;
            }
            if !self.advance(rows.max(1) - given) && self.out.is_empty() {
                self.facts.present.does(|doing| doing.running = false);
                return pulled;
            }
        }
    }

    /// Waits in short pieces, so that it is noticed when another connection ends this one.
    fn wait_at(&mut self, time: Duration, pulled: &mut Pulled) {
        let piece = time.min(WAIT_AT_ONCE);
        if time > piece {
            self.out.push_front(Item::Wait(time - piece));
        }
        let later = self.now.checked_add(SignedDuration::try_from(piece).unwrap_or_default());
        self.see(later.unwrap_or(self.now));
        pulled.items.push(Item::Wait(piece));
        pulled.more = true;
    }

    /// Another connection ended what runs, or all of this one.
    fn end_by(&mut self, kill: Kill) {
        let told = self.cancel();
        self.out.extend(told.map(Item::Seen));
        let problem = match kill {
            Kill::Statement => Problem::Interrupted,
            Kill::Connection => {
                self.ended = true;
                Problem::Killed
            }
        };
        self.fail(&problem, 1);
    }

    /// Whether another connection ended this one: it is to be closed.
    pub fn is_ended(&self) -> bool {
        self.ended
    }

    /// A statement that works long stops where nobody wants its answer any more.
    pub fn stop_when(&mut self, gone: Arc<dyn Fn() -> bool + Send + Sync>) {
        if let Some(tables) = &self.engine {
            tables.stop_when(Arc::clone(&gone));
        }
        self.gone = Some(gone);
    }

    /// Stops what is running; nothing more comes of it. Gives what is to be told of what went out of
    /// it: call it when the client is gone, too.
    pub fn cancel(&mut self) -> Option<Box<Seen>> {
        let seen = self.running.take().and_then(|run| self.abandon(run)).map(Box::new);
        let told = self.out.drain(..).find_map(|item| match item {
            Item::Seen(seen) => Some(seen),
            _ => None,
        });
        seen.or(told)
    }

    /// Forgets variables, temporary tables and open transactions, as when a pooled connection is used
    /// again.
    pub fn reset(&mut self) -> Option<Box<Seen>> {
        let seen = self.cancel();
        self.transaction = 0;
        self.variables.clear();
        self.cursors.clear();
        self.table_variables.clear();
        self.options = steps::Options::default();
        self.pending.clear();
        self.forget();
        seen
    }

    fn fail(&mut self, problem: &Problem, line: u32) {
        let mut message = texts::message(problem, self.facts.product(), self.facts.language(), line);
        let within = self.within.iter().rev().find(|name| !name.is_empty()).cloned();
        message.procedure = self.blamed.take().or(within).unwrap_or_default();
        self.facts.state().last_error = (message.number, message.text.clone());
        self.out.push_back(Item::Message(message));
    }

    fn notice(&mut self, number: u32, class: u8, text: String, line: u32) {
        let sqlstate = if class > 10 { "42000" } else { "01000" }.to_owned();
        let procedure = String::new();
        self.out.push_back(Item::Message(Message {
            number,
            class,
            state: 1,
            sqlstate,
            line,
            procedure,
            text,
            detail: String::new(),
            hint: String::new(),
        }));
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.facts.catalog.presence.leave(self.facts.session, &self.facts.present);
    }
}
