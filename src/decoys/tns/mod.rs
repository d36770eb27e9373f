//! Oracle's listener and the logon of the database behind it: TNS 314, two-task common, O5LOGON.
//!
//! The listener answers by its own texts; a service or SID that it knows leads to the logon, where
//! what a client proves its password by is kept for a cracker. Nobody gets behind the logon.

mod behaviour;
pub mod descriptor;
mod listener;
mod logon;
mod machine;
mod negotiation;
pub mod o5logon;
pub mod packet;
pub mod ttc;

pub use behaviour::Behaviour;
pub use listener::{Answer, Asked, judge};
pub use logon::Message;
pub use machine::TnsMachine;

use std::sync::Arc;

use crate::persona::{Fault, Service};
use crate::session::{Conversation, Decoy, Session};

/// Makes the decoy of one service.
///
/// # Errors
/// A located [`Fault`] of the behaviour file.
pub fn build(service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    let behaviour: Behaviour = service.behaviour.parse()?;
    behaviour.check().map_err(|problem| Fault::of_file(&service.behaviour.file, problem))?;
    Ok(Arc::new(Station(Arc::new(behaviour))))
}

/// One listener with its database.
#[derive(Clone)]
pub struct Station(Arc<Behaviour>);

impl Station {
    fn behaviour(&self) -> &Behaviour {
        &self.0
    }
}

impl Decoy for Station {
    fn converse(&self, session: Session) -> Conversation {
        Conversation::Machine(Box::new(TnsMachine::new(self.clone(), session)))
    }
}

#[cfg(test)]
mod tests;
