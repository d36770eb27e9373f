//! Who is connected to a server: its connections see one another, and one may end another.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

/// The connections of one server.
#[derive(Debug, Default)]
pub(super) struct Presence(Mutex<BTreeMap<u32, Arc<Present>>>);

/// One connection.
#[derive(Debug)]
pub(super) struct Present {
    pub login: String,
    /// The client's own name of its host, and of its program.
    pub client: (String, String),
    /// Where it is, where the face says so.
    pub address: Option<IpAddr>,
    pub since: Timestamp,
    now: Mutex<Doing>,
    killed: AtomicU8,
}

/// Who has begun a connection.
pub(super) struct Client {
    pub login: String,
    /// Its own name of its host, and of its program.
    pub names: (String, String),
    pub address: Option<IpAddr>,
}

/// What a connection does.
#[derive(Debug, Clone)]
pub(super) struct Doing {
    pub database: String,
    /// When its last request came.
    pub last: Timestamp,
    pub running: bool,
}

/// What is to be ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kill {
    Statement,
    Connection,
}

impl Presence {
    /// A connection has begun; it is known under its number until [`Presence::leave`].
    pub(super) fn enter(&self, number: u32, client: Client, database: &str, now: Timestamp) -> Arc<Present> {
        let doing = Doing { database: database.to_owned(), last: now, running: false };
        let present = Arc::new(Present {
            login: client.login,
            client: client.names,
            address: client.address,
            since: now,
            now: Mutex::new(doing),
            killed: AtomicU8::new(0),
        });
        self.lock().insert(number, Arc::clone(&present));
        present
    }

    /// A connection has ended.
    pub(super) fn leave(&self, number: u32, present: &Arc<Present>) {
        let mut all = self.lock();
        if all.get(&number).is_some_and(|there| Arc::ptr_eq(there, present)) {
            all.remove(&number);
        }
    }

    /// All connections, by number.
    pub(super) fn all(&self) -> Vec<(u32, Arc<Present>)> {
        self.lock().iter().map(|(number, present)| (*number, Arc::clone(present))).collect()
    }

    /// Ends another connection or its statement; whether there is one.
    pub(super) fn kill(&self, number: u32, what: Kill) -> bool {
        let there = self.lock().get(&number).cloned();
        let level = match what {
            Kill::Statement => 1,
            Kill::Connection => 2,
        };
        there.is_some_and(|present| {
            present.killed.fetch_max(level, Ordering::Relaxed);
            true
        })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, Arc<Present>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Present {
    /// What it does now.
    pub(super) fn doing(&self) -> Doing {
        self.now.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes what it does.
    pub(super) fn does(&self, change: impl FnOnce(&mut Doing)) {
        change(&mut self.now.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What another connection ended of it; a statement is ended once.
    pub(super) fn killed(&self) -> Option<Kill> {
        match self.killed.load(Ordering::Relaxed) {
            0 => None,
            1 => {
                self.killed.store(0, Ordering::Relaxed);
                Some(Kill::Statement)
            }
            _ => Some(Kill::Connection),
        }
    }
}
