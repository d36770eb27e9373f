//! Windows file sharing: SMB 2.0.2 to 3.1.1 ([MS-SMB2]) and, where it is on, what scanners ask of SMB1
//! ([MS-CIFS]), over TCP directly or by the NetBIOS session service.
//!
//! What a host shares stands in its `smb.toml` ([`Behaviour`]): folders of the pack, and images,
//! reports and backups of the world. What an intruder writes, renames and deletes is laid over them
//! for him alone.
//!
//! [MS-SMB2]: https://learn.microsoft.com/openspecs/windows_protocols/ms-smb2
//! [MS-CIFS]: https://learn.microsoft.com/openspecs/windows_protocols/ms-cifs

mod behaviour;
mod create;
mod credits;
pub mod crypto;
mod data;
pub mod dialect;
mod directory;
pub mod frame;
mod info;
mod ioctl;
mod link;
mod logon;
mod machine;
pub mod negotiate;
mod open;
pub mod packet;
pub mod path;
mod pipes;
mod reply;
mod security;
mod server;
mod set_info;
pub mod smb1;
pub mod status;
mod store;
mod telling;
#[cfg(test)]
mod tests;
mod tree;
mod worth;

pub use behaviour::Behaviour;
pub use machine::SmbMachine;

use std::sync::Arc;

use self::server::Server;
use super::Making;
use crate::persona::{Fault, Protocol, Service};
use crate::session::{Conversation, Decoy, Session};

/// Makes the decoy of one file server.
///
/// # Errors
/// A located [`Fault`] of the behaviour file.
pub fn build(making: &Making, service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    let behaviour = Behaviour::read(service)?;
    let server =
        Server::new(behaviour, making).map_err(|problem| Fault::of_file(&service.behaviour.file, problem))?;
    Ok(Arc::new(Listener { server, netbios: service.protocol == Protocol::Netbios }))
}

struct Listener {
    server: Arc<Server>,
    netbios: bool,
}

impl Decoy for Listener {
    fn converse(&self, session: Session) -> Conversation {
        Conversation::Machine(Box::new(SmbMachine::new(Arc::clone(&self.server), session, self.netbios)))
    }
}
