//! SQL Server as it is on the wire: TDS 7.x over TCP ([MS-TDS]) and the browser service over UDP
//! ([MC-SQLR]).
//!
//! What a persona's server is and says stands in its `tds.toml` ([`Behaviour`]), which both services
//! read, so that version, names and ports agree.
//!
//! [MS-TDS]: https://learn.microsoft.com/openspecs/windows_protocols/ms-tds
//! [MC-SQLR]: https://learn.microsoft.com/openspecs/windows_protocols/mc-sqlr

mod answer;
mod behaviour;
mod browser;
mod channel;
pub mod columns;
mod connection;
mod database;
mod engine;
mod established;
mod login;
pub mod login7;
pub mod packet;
pub mod params;
pub mod prelogin;
mod procedures;
pub mod read;
pub mod requests;
mod rows;
mod server;
#[cfg(test)]
mod tests;
pub mod tokens;
mod tools;
pub mod version;

pub use behaviour::Behaviour;
pub use connection::TdsMachine;

use std::sync::Arc;

use self::server::Server;
use super::Making;
use crate::database::Catalog;
use crate::persona::{Fault, Protocol, Service};
use crate::session::{Conversation, Decoy, Session};
use crate::wire::ntlm::Names;

/// Makes the decoy of one SQL Server.
///
/// # Errors
/// A located [`Fault`] of the behaviour file or the schema file.
pub fn build(making: &Making, service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    let behaviour = Behaviour::read(service)?;
    let schema = format!("{}/database.toml", making.host.folder);
    let catalog = Catalog::load(&making.pack, &making.host, &schema)?;
    if catalog.server.version != behaviour.build() {
        let problem = format!("version: expected {} as in {schema}", catalog.server.version);
        return Err(Fault::of_file(&service.behaviour.file, problem));
    }
    Ok(Arc::new(Listener { server: Server::new(behaviour, Arc::new(catalog), making) }))
}

struct Listener {
    server: Arc<Server>,
}

impl Decoy for Listener {
    fn converse(&self, session: Session) -> Conversation {
        Conversation::Machine(Box::new(TdsMachine::new(Arc::clone(&self.server), session)))
    }
}

/// Makes the decoy of the browser service.
///
/// # Errors
/// A located [`Fault`] of the behaviour file.
pub fn browser(making: &Making, service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    let behaviour = Behaviour::read(service)?;
    let port = making.host.services.iter().find(|s| s.protocol == Protocol::Tds).map(|s| s.port);
    let server = Names::alone(&making.host.hostname).netbios_computer;
    Ok(Arc::new(Browser { directory: Arc::new(browser::Directory::new(&behaviour, &server, port)) }))
}

struct Browser {
    directory: Arc<browser::Directory>,
}

impl Decoy for Browser {
    fn converse(&self, session: Session) -> Conversation {
        Conversation::Datagrams(Box::new(browser::Desk::new(Arc::clone(&self.directory), session)))
    }
}
