//! PostgreSQL as clients reach it: frontend/backend protocol 3.0 (PostgreSQL 15 documentation,
//! chapter 55) before the hospital's database.
//!
//! Who has the right password of a lure account finds all connections taken; everybody else is refused
//! as the product refuses him. What a client proves its password by is kept for a cracker.

pub mod backend;
mod behaviour;
mod failure;
pub mod frontend;
mod login;
mod machine;
pub mod scram;

pub use behaviour::{Authentication, Behaviour};
pub use failure::{Failure, Place};
pub use machine::PostgresMachine;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::ServerConfig;
use sha2::{Digest, Sha256};

use self::scram::Verifier;
use super::Making;
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
    binding: [u8; 32],
    /// Of the host's lure accounts, by lure.
    verifiers: Mutex<BTreeMap<String, Verifier>>,
}

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
        Ok(Station(Arc::new(Shared { behaviour, tls, binding, verifiers: Mutex::default() })))
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
