//! The SSH service of a Debian host: one OpenSSH build by its banner, lists, errors and timing, a
//! shell over a file system that is the persona's, and SFTP; only the persona's lure accounts get
//! in. It must never open a connection for a peer, run a program or touch a file of the appliance.
//! After RFC 4251 to 4254, 8308, draft-ietf-secsh-filexfer-02 and sshd(8) of OpenSSH 9.2.

mod auth;
pub mod behaviour;
mod channel;
mod complete;
mod console;
mod keygen;
mod keys;
pub mod line;
pub mod preamble;
mod scp;
mod serve;
mod server;
pub mod sftp;
pub mod shell;
mod stream;
mod terminal;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::decoys::Making;
use crate::persona::{Fault, Service};
use crate::session::{Conversation, Decoy, Session};

use behaviour::SshBehaviour;
use keys::HostKeys;
use shell::Site;

/// The SSH service of one host.
struct Ssh {
    shared: Arc<serve::Shared>,
}

/// Makes the decoy of an SSH service.
///
/// # Errors
/// A located [`Fault`] of its behaviour file.
pub fn build(making: &Making, service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    let behaviour = SshBehaviour::read(&service.behaviour)?;
    let keys = HostKeys::start(&making.pack.installation, &making.host.name);
    let site = Site::new(Arc::clone(&making.pack), Arc::clone(&making.host), behaviour);
    Ok(Arc::new(Ssh { shared: Arc::new(serve::Shared::new(Arc::new(site), keys)) }))
}

impl Decoy for Ssh {
    fn converse(&self, session: Session) -> Conversation {
        let shared = Arc::clone(&self.shared);
        Conversation::Opaque(Box::new(move |stream| Box::pin(serve::serve(shared, session, stream))))
    }
}
