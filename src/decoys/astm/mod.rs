//! ASTM E1381 link and E1394 records, both ends: the laboratory's port that analysers call, and
//! analysers themselves (`analyser`).
//!
//! The host takes results, and answers an analyser's query for the tests ordered on a specimen by calling
//! back on the same line. It must never measure, invent or verify anything: what it sends is the
//! world's, what it takes goes to its sender's overlay alone. The link is ASTM E1381-02 (CLSI LIS1-A),
//! the records are ASTM E1394-97 (CLSI LIS2-A2); what middlewares and analysers do otherwise over TCP
//! is said where it happens and switched in the persona's `astm.toml` ([`Behaviour`]).

mod analyser;
mod answers;
mod behaviour;
mod download;
mod frame;
mod link;
mod machine;
mod record;

pub use behaviour::Behaviour;
pub use frame::{Frame, checksum, encode as encode_frame, parse as parse_frame};
pub use machine::AstmMachine;
pub use record::{Delimiters, Message, Record};

use std::sync::Arc;

use super::Making;
use crate::persona::{Fault, Service};
use crate::session::{Conversation, Decoy, Habit, Session};
use crate::world::World;

/// Makes the decoy of one service.
///
/// # Errors
/// A located [`Fault`] of the behaviour file.
pub fn build(making: &Making, service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    if analyser::is_analyser(service) {
        return analyser::build(making, service);
    }
    let behaviour: Behaviour = service.behaviour.parse()?;
    behaviour.check().map_err(|problem| Fault::of_file(&service.behaviour.file, problem))?;
    let world = Arc::clone(&making.world);
    Ok(Arc::new(Listener { behaviour: Arc::new(behaviour), world }))
}

struct Listener {
    behaviour: Arc<Behaviour>,
    world: Arc<World>,
}

impl Decoy for Listener {
    fn converse(&self, session: Session) -> Conversation {
        Conversation::Machine(Box::new(AstmMachine::new(Arc::clone(&self.behaviour), session)))
    }

    fn habit(&self) -> Option<Arc<dyn Habit>> {
        if self.behaviour.collect.is_empty() {
            return None;
        }
        let (collect, world) = (self.behaviour.collect.clone(), Arc::clone(&self.world));
        Some(Arc::new(analyser::Collecting { collect, world }))
    }
}

#[cfg(test)]
mod tests;
