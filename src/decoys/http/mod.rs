//! The web portal of a hospital information system: nginx in front of a Tomcat application.
//!
//! It answers requests over HTTP or, behind the sensor's TLS, over HTTPS, from the one world that all
//! decoys share. It never runs, stores by name or forwards anything that a peer sends. The wire is
//! RFC 9112 as nginx 1.22 reads and writes it; the error pages are nginx's and Tomcat 9's own.

pub mod answer;
pub mod attacks;
mod behaviour;
pub mod body;
pub mod cookie;
mod events;
mod favicon;
pub mod form;
mod front;
pub mod head;
pub mod line;
pub mod parser;
mod png;
mod portal;
pub mod range;
pub mod refusal;
mod server;
mod site;
mod statics;
mod tomcat;
pub mod uri;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::Making;
use crate::persona::{Fault, Protocol, Service};
use crate::session::{Conversation, Decoy, Session};

/// The decoy of one HTTP or HTTPS port.
struct HttpDecoy {
    server: Arc<server::Server>,
}

/// Makes the decoy: templates are compiled and files read once.
///
/// # Errors
/// A located [`Fault`] of the behaviour file, a template or a missing file.
pub fn decoy(making: &Making, service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    let behaviour: behaviour::Behaviour = service.behaviour.parse()?;
    let secure = service.protocol == Protocol::Https;
    let statics = site::statics(making, &behaviour)?;
    let portal = portal::Portal::new(making, &behaviour, service.protocol)?;
    let server = server::Server { behaviour, secure, statics, portal };
    Ok(Arc::new(HttpDecoy { server: Arc::new(server) }))
}

impl Decoy for HttpDecoy {
    fn converse(&self, session: Session) -> Conversation {
        Conversation::Machine(Box::new(front::Front::new(Arc::clone(&self.server), session)))
    }

    fn converse_plain(&self, session: Session) -> Option<Conversation> {
        let front = front::Front::new(Arc::clone(&self.server), session).plain();
        Some(Conversation::Machine(Box::new(front)))
    }
}
