//! MySQL 5.7 as clients reach it: the client/server protocol, version 10 of its handshake, before the
//! hospital's database.
//!
//! Who has the right password of a lure account is in, and what he asks is answered by
//! [`crate::database`]; everybody else is refused as the product refuses him. Answers to the challenge
//! are kept for a cracker.

mod behaviour;
mod blocked;
mod commands;
mod failure;
pub mod fields;
pub mod handshake;
mod login;
mod machine;
pub mod native;
pub mod packet;
mod prepared;
mod resultset;
mod rows;
mod talk;
pub mod text;

pub use behaviour::Behaviour;
pub use failure::Failure;
pub use machine::MysqlMachine;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rustls::ServerConfig;

use self::blocked::Blocked;
use super::Making;
use crate::database::Catalog;
use crate::persona::{self, Fault, Host, Pack, Service};
use crate::session::{Conversation, Decoy, Session, TlsRules, tls_config};

/// Makes the decoy of one service.
///
/// # Errors
/// A located [`Fault`] of the behaviour or the schema file.
pub fn build(making: &Making, service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    Ok(Arc::new(Station::new(&making.pack, &making.host, service)?))
}

/// One server: what all its connections share.
#[derive(Clone)]
pub struct Station(Arc<Shared>);

struct Shared {
    behaviour: Behaviour,
    tls: Option<Arc<ServerConfig>>,
    catalog: Arc<Catalog>,
    blocked: Mutex<Blocked>,
    last_thread: AtomicU64,
}

impl Station {
    fn new(pack: &Pack, host: &Host, service: &Service) -> Result<Self, Fault> {
        let behaviour: Behaviour = service.behaviour.parse()?;
        let fault = |problem| Fault::of_file(&service.behaviour.file, problem);
        behaviour.check().map_err(fault)?;
        let tls = if behaviour.tls {
            let made = persona::certificate(pack, host).map_err(fault)?;
            Some(tls_config(made, TlsRules::default()).map_err(fault)?)
        } else {
            None
        };
        let schema = format!("{}/database.toml", host.folder);
        let catalog = Arc::new(Catalog::load(pack, host, &schema)?);
        if catalog.server.version != behaviour.version {
            return Err(fault(format!("version: expected {} as in {schema}", catalog.server.version)));
        }
        Ok(Station(Arc::new(Shared {
            behaviour,
            tls,
            catalog,
            blocked: Mutex::default(),
            last_thread: AtomicU64::new(0),
        })))
    }

    fn behaviour(&self) -> &Behaviour {
        &self.0.behaviour
    }

    fn tls(&self) -> Option<Arc<ServerConfig>> {
        self.0.tls.clone()
    }

    fn catalog(&self) -> &Arc<Catalog> {
        &self.0.catalog
    }

    /// Seconds since the server was last started.
    fn uptime(&self, now: Timestamp) -> i64 {
        let days = i64::from(self.0.catalog.server.restart_days.max(1));
        now.as_second().rem_euclid(days * 86_400) + 60
    }

    /// The id of the next connection: it grows with the hospital's own connections, and restarts with
    /// the server.
    fn next_thread(&self, now: Timestamp) -> u32 {
        let by_clock = self.uptime(now) * i64::from(self.0.behaviour.connections_per_hour) / 3600;
        let floor = u64::try_from(by_clock).unwrap_or(2).max(2);
        let rise = |last: u64| Some(floor.max(last.saturating_add(1)));
        let last = self.0.last_thread.fetch_update(Ordering::Relaxed, Ordering::Relaxed, rise);
        u32::try_from(floor.max(last.unwrap_or(floor).saturating_add(1))).unwrap_or(u32::MAX)
    }

    fn blocked<T>(&self, with: impl FnOnce(&mut Blocked) -> T) -> T {
        with(&mut self.0.blocked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Decoy for Station {
    fn converse(&self, session: Session) -> Conversation {
        Conversation::Machine(Box::new(MysqlMachine::new(self.clone(), session)))
    }
}

#[cfg(test)]
mod tests;
