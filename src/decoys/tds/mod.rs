//! SQL Server as it is on the wire: TDS 7.x over TCP ([MS-TDS]) and the browser service over UDP
//! ([MC-SQLR]).
//!
//! What a persona's server is and says stands in its `tds.toml` ([`Behaviour`]), which both services
//! read, so that version, names and ports agree.
//!
//! [MS-TDS]: https://learn.microsoft.com/openspecs/windows_protocols/ms-tds
//! [MC-SQLR]: https://learn.microsoft.com/openspecs/windows_protocols/mc-sqlr

mod behaviour;
mod browser;

pub use behaviour::Behaviour;

use std::sync::Arc;

use super::Making;
use crate::persona::{Fault, Service};
use crate::session::{Conversation, Decoy, Session};

/// Makes the decoy of the browser service.
///
/// # Errors
/// A located [`Fault`] of the behaviour file.
pub fn browser(making: &Making, service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    let behaviour = Behaviour::read(service)?;
    let server = netbios(&making.host.hostname);
    Ok(Arc::new(Browser { directory: Arc::new(browser::Directory::new(&behaviour, &server, Some(1433))) }))
}

/// The NetBIOS name of a host: the first 15 characters in upper case, MS-NBTE 2.2.1.
fn netbios(hostname: &str) -> String {
    hostname.chars().take(15).flat_map(char::to_uppercase).collect()
}

struct Browser {
    directory: Arc<browser::Directory>,
}

impl Decoy for Browser {
    fn converse(&self, session: Session) -> Conversation {
        Conversation::Datagrams(Box::new(browser::Desk::new(Arc::clone(&self.directory), session)))
    }
}
