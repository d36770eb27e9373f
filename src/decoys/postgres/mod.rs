//! PostgreSQL as clients reach it: frontend/backend protocol 3.0 (PostgreSQL 15 documentation,
//! chapter 55) before the hospital's database.
//!
//! Who has the right password of a lure account is in, and what he asks is answered by
//! [`crate::database`]; everybody else is refused as the product refuses him. What a client proves its
//! password by is kept for a cracker.

#![allow(clippy::result_large_err, reason = "an error has all the fields that the product sends")]

mod attached;
pub mod backend;
mod behaviour;
mod charset;
mod copy;
mod cursors;
mod deeds;
mod exploits;
mod extended;
mod failure;
mod form;
pub mod frontend;
mod given;
mod login;
mod machine;
mod portal;
mod programs;
pub mod scram;
mod simple;
mod statement;
mod talk;
pub mod text;
mod values;
mod variables;

pub use behaviour::{Authentication, Behaviour};
pub use failure::{Failure, Place};
pub use machine::PostgresMachine;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rustls::ServerConfig;
use sha2::{Digest, Sha256};

use self::attached::{Attached, Processes};
use self::scram::Verifier;
use super::Making;
use crate::database::Catalog;
use crate::persona::{self, Fault, Host, Pack, Protocol, Service};
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
    binding: [u8; 32],
    /// Of the host's lure accounts, by lure.
    verifiers: Mutex<BTreeMap<String, Verifier>>,
    catalog: Arc<Catalog>,
    processes: Arc<Processes>,
    last_process: AtomicU64,
}

/// Process numbers wrap here (`kernel.pid_max` of 64-bit Linux).
const MAX_PROCESS: u64 = 4_194_304;

impl Station {
    fn new(pack: &Pack, host: &Host, service: &Service) -> Result<Self, Fault> {
        let behaviour: Behaviour = service.behaviour.parse()?;
        let fault = |problem| Fault::of_file(&service.behaviour.file, problem);
        behaviour.check().map_err(fault)?;
        let made = persona::certificate(pack, host).map_err(fault)?;
        // What channel binding "tls-server-end-point" binds to, RFC 5929 4.
        let binding = Sha256::digest(made.chain.first().map(Vec::as_slice).unwrap_or_default()).into();
        let rules = TlsRules { newest: true, ..TlsRules::default() };
        let tls = if behaviour.tls { Some(tls_config(made, rules).map_err(fault)?) } else { None };
        let catalog = Arc::new(Catalog::load(pack, host, &format!("{}/database.toml", host.folder))?);
        Ok(Station(Arc::new(Shared {
            behaviour,
            tls,
            binding,
            verifiers: Mutex::default(),
            catalog,
            processes: Arc::default(),
            last_process: AtomicU64::new(0),
        })))
    }

    fn catalog(&self) -> &Arc<Catalog> {
        &self.0.catalog
    }

    fn attach(&self, process: u32, key: u32) -> Attached {
        self.0.processes.attach(process, key)
    }

    fn cancel(&self, process: u32, key: u32) -> bool {
        self.0.processes.cancel(process, key)
    }

    /// What the server keeps of the passwords of its roles (`pg_authid.rolpassword`).
    fn secrets(&self, session: &Session) -> BTreeMap<String, String> {
        let accounts = session.host().accounts.iter();
        let here = accounts.filter(|account| account.services.contains(&Protocol::Postgres));
        let secret = |account: &persona::Account| {
            let salt = login::salt(session, &account.name);
            let made = self.verifier(&account.lure, || {
                session.heavy(|| Verifier::new(account.password.as_bytes(), &salt))
            });
            (account.name.clone(), made.stored(&salt))
        };
        here.map(secret).collect()
    }

    /// The process that serves the next connection: it lies behind those of before, and among those
    /// that the host started since it was last up.
    fn next_process(&self, now: Timestamp) -> u32 {
        let days = i64::from(self.0.catalog.server.restart_days.max(1));
        let up = now.as_second().rem_euclid(days * 86_400);
        let by_clock = up / 60 * i64::from(self.0.behaviour.processes_per_minute) + up % 60 / 5;
        let floor = u64::try_from(by_clock).unwrap_or(1);
        let rise = |last: u64| Some(floor.max(last.saturating_add(1)));
        let last = self.0.last_process.fetch_update(Ordering::Relaxed, Ordering::Relaxed, rise);
        let process = floor.max(last.unwrap_or(floor).saturating_add(1));
        u32::try_from(1200 + process % (MAX_PROCESS - 1200)).unwrap_or(1200)
    }

    fn behaviour(&self) -> &Behaviour {
        &self.0.behaviour
    }

    fn tls(&self) -> Option<Arc<ServerConfig>> {
        self.0.tls.clone()
    }

    fn binding(&self) -> &[u8] {
        &self.0.binding
    }

    /// The verifier of a lure account, computed once.
    fn verifier(&self, lure: &str, make: impl FnOnce() -> Verifier) -> Verifier {
        let kept = |station: &Self| {
            station.0.verifiers.lock().unwrap_or_else(PoisonError::into_inner).get(lure).cloned()
        };
        kept(self).unwrap_or_else(|| {
            let made = make();
            let mut verifiers = self.0.verifiers.lock().unwrap_or_else(PoisonError::into_inner);
            verifiers.entry(lure.to_owned()).or_insert(made).clone()
        })
    }
}

impl Decoy for Station {
    fn converse(&self, session: Session) -> Conversation {
        Conversation::Machine(Box::new(PostgresMachine::new(self.clone(), session)))
    }
}

#[cfg(test)]
mod tests;
