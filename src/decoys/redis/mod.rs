//! Redis 5 as the cache of a web application: RESP2, the application's keys, and the ways by which
//! servers without a password are taken over.
//!
//! What an intruder writes is his alone. Files, modules and masters are taken as the product takes
//! them, told, and never touched.

mod attacks;
mod behaviour;
mod collections;
mod commands;
mod config;
mod data;
mod info;
mod kinds;
mod machine;
mod rdb;
pub mod resp;
mod strings;

pub use behaviour::Behaviour;
pub use machine::RedisMachine;

use std::sync::Arc;

use super::Making;
use crate::persona::{Fault, Protocol, Service};
use crate::session::{Conversation, Decoy, Session};

/// Makes the decoy of one service.
///
/// # Errors
/// A located [`Fault`] of the behaviour file.
pub fn build(making: &Making, service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    let behaviour: Behaviour = service.behaviour.parse()?;
    behaviour.check().map_err(|problem| Fault::of_file(&service.behaviour.file, problem))?;
    let account = making.host.accounts.iter().find(|account| account.services.contains(&Protocol::Redis));
    Ok(Arc::new(Server(Arc::new(Station {
        behaviour,
        port: service.port,
        made: data::Made::default(),
        password: account.map(|account| account.password.clone()),
        lure: account.map(|account| account.lure.clone()),
    }))))
}

/// One server: what all its connections share.
pub(crate) struct Station {
    behaviour: Behaviour,
    /// Its port as the persona has it.
    port: u16,
    made: data::Made,
    /// What AUTH must give; that of the host's lure account for this service.
    password: Option<String>,
    lure: Option<String>,
}

struct Server(Arc<Station>);

impl Decoy for Server {
    fn converse(&self, session: Session) -> Conversation {
        Conversation::Machine(Box::new(RedisMachine::new(Arc::clone(&self.0), session)))
    }
}

#[cfg(test)]
mod tests;
