//! Remote Desktop as Windows speaks it: TPKT and X.224, TLS, CredSSP, MCS, the
//! session up to the screen for a logon ([MS-RDPBCGR], [MS-CSSP]).
//!
//! Which Windows a host is and what it demands stands in its `rdp.toml` ([`Behaviour`]); names, build,
//! clock and certificate are the host's own.
//!
//! [MS-RDPBCGR]: https://learn.microsoft.com/openspecs/windows_protocols/ms-rdpbcgr
//! [MS-CSSP]: https://learn.microsoft.com/openspecs/windows_protocols/ms-cssp

pub mod behaviour;
mod bitmap;
pub mod capabilities;
pub mod credssp;
mod cursor;
pub mod gcc;
pub mod info;
pub mod input;
mod link;
mod logon;
mod machine;
pub mod mcs;
pub mod negotiation;
mod nla;
pub mod security;
mod server;
mod session;
pub mod share;
#[cfg(test)]
mod tests;
mod told;
mod tools;
pub mod tpkt;

pub use behaviour::Behaviour;
pub use machine::RdpMachine;

use std::sync::Arc;

use self::server::Server;
use super::Making;
use crate::persona::{Fault, Service};
use crate::session::{Conversation, Decoy, Session};

/// Makes the decoy of one host.
///
/// # Errors
/// A located [`Fault`] of the behaviour file.
pub fn build(making: &Making, service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    let behaviour = Behaviour::read(service)?;
    Ok(Arc::new(Listener { server: Server::new(behaviour, making) }))
}

struct Listener {
    server: Arc<Server>,
}

impl Decoy for Listener {
    fn converse(&self, session: Session) -> Conversation {
        Conversation::Machine(Box::new(RdpMachine::new(Arc::clone(&self.server), session)))
    }
}
