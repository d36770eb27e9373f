//! TightVNC 2.8 for Windows as service engineers leave it on consoles: RFB 3.8 (RFC 6143), VNC
//! authentication. Nobody gets in; what a client proves its password by is kept for a cracker.

mod machine;

pub use machine::VncMachine;

use std::sync::Arc;

use serde::Deserialize;

use crate::persona::{Fault, Service};
use crate::session::{Conversation, Decoy, Session};

/// `vnc.toml` of a host.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// The product, for who reads the file: only this one is known.
    pub product: String,
}

/// Makes the decoy of one service.
///
/// # Errors
/// A located [`Fault`] of the behaviour file.
pub fn build(service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    let behaviour: Behaviour = service.behaviour.parse()?;
    if behaviour.product != "TightVNC 2.8" {
        return Err(Fault::of_file(&service.behaviour.file, "product: expected \"TightVNC 2.8\""));
    }
    Ok(Arc::new(Server))
}

struct Server;

impl Decoy for Server {
    fn converse(&self, session: Session) -> Conversation {
        Conversation::Machine(Box::new(VncMachine::new(session)))
    }
}

#[cfg(test)]
mod tests;
