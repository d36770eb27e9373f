//! Connections that all readers of a process share.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::schema;
use crate::store::StoreError;
use crate::store::engine::{Ask, Reading, Take, Value, Work};
use crate::store::place::Settings;

/// Most connections of one process's readers: with those of core, the console and a command or two
/// an appliance stays far below the 100 that a server allows by default.
const READERS: usize = 8;

/// How long a reader waits for one of them.
const WAIT: Duration = Duration::from_secs(10);

/// A connection that was not used for so long is asked whether it is still there.
const FRESH: Duration = Duration::from_secs(1);

/// How long an answer may take: a search of years is long, a dead server is noticed sooner.
const PATIENCE: Duration = Duration::from_secs(120);

/// The readers' way to one server.
pub(in crate::store) struct Pool {
    settings: Settings,
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Default)]
struct State {
    /// Those that nobody uses, with when they were last used; the newest last.
    idle: Vec<(Connection, Instant)>,
    /// All that there are.
    open: usize,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool({})", self.settings.shown())
    }
}

impl Pool {
    /// No connection yet.
    pub(in crate::store) fn new(settings: Settings) -> Self {
        Pool { settings, state: Mutex::default(), returned: Condvar::new() }
    }

    /// How the server is reached.
    pub(in crate::store) fn settings(&self) -> &Settings {
        &self.settings
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, work: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let borrowed = self.borrow()?;
        match &borrowed.connection {
            Some(connection) => work(connection),
            None => Err(self.unreachable("it is closed")),
        }
    }

    /// A connection that works; it goes back when dropped.
    fn borrow(&self) -> Result<Borrowed<'_>, StoreError> {
        let mut borrowed = self.slot()?;
        let works =
            |(connection, used): &(Connection, Instant)| used.elapsed() < FRESH || connection.answers();
        borrowed.connection = match borrowed.idle.take().filter(works) {
            Some((connection, _)) => Some(connection),
            None => {
                let connection = Connection::open(&self.settings, PATIENCE)?;
                schema::check(&connection, &self.settings)?;
                Some(connection)
            }
        };
        Ok(borrowed)
    }

    /// The right to one more connection, with an idle one if there is one.
    fn slot(&self) -> Result<Borrowed<'_>, StoreError> {
        let deadline = Instant::now() + WAIT;
        let mut state = self.state();
        loop {
            if let Some(idle) = state.idle.pop() {
                return Ok(Borrowed { pool: self, idle: Some(idle), connection: None });
            }
            if state.open < READERS {
                state.open += 1;
                return Ok(Borrowed { pool: self, idle: None, connection: None });
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(self.unreachable("all connections of this process are in use"));
            }
            let waited = self.returned.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn unreachable(&self, why: &str) -> StoreError {
        StoreError::Unreachable { server: self.settings.shown(), why: why.into() }
    }
}

/// A connection in use.
struct Borrowed<'p> {
    pool: &'p Pool,
    /// What was idle and is not known to work.
    idle: Option<(Connection, Instant)>,
    connection: Option<Connection>,
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        let whole = self.connection.take().filter(|connection| !connection.is_spent());
        let mut state = self.pool.state();
        match whole {
            Some(connection) => state.idle.push((connection, Instant::now())),
            None => state.open = state.open.saturating_sub(1),
        }
        drop(state);
        self.pool.returned.notify_one();
    }
}

/// A reader: it has a connection only while it asks.
pub(in crate::store) struct Looking(Arc<Pool>);

impl Looking {
    /// Asks nothing yet.
    pub(in crate::store) fn new(pool: Arc<Pool>) -> Self {
        Looking(pool)
    }
}

impl Ask for Looking {
    fn each(&self, sql: &str, values: &[Value], take: Take<'_>) -> Result<(), StoreError> {
        self.0.with(|connection| connection.each(sql, values, take))
    }
}

impl Reading for Looking {
    fn snapshot(&self, work: Work<'_>) -> Result<(), StoreError> {
        self.0.with(|connection| {
            connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
            let done = work(connection);
            if done.is_err() || connection.is_spent() {
                // The server forgets the moment with the connection.
                connection.spend();
                return done;
            }
            connection.run("COMMIT")
        })
    }
}
