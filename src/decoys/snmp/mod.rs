//! SNMP over UDP: versions 1, 2c and the discovery of 3 (RFC 1157, RFC 3416, RFC 3414).
//!
//! Communities are credentials: each one tried is an attempt to log on. An answer is never longer than
//! a datagram that passes any network, and a walk in bulk is bounded, so that nobody gains by having it
//! sent to a third.

mod answer;
mod behaviour;
pub mod ber;
pub mod message;
mod mib;
#[cfg(test)]
mod tests;
mod value;

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use self::behaviour::Behaviour;
use self::message::Message;
use self::mib::Agent;
use super::Making;
use crate::persona::{Fault, Service};
use crate::session::{Conversation, Datagrams, Decoy, Session};

/// Makes the decoy of one agent.
///
/// # Errors
/// A located [`Fault`] of the behaviour file.
pub fn build(making: &Making, service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    let behaviour: Behaviour = service.behaviour.parse()?;
    Ok(Arc::new(Listener(Arc::new(Agent::new(behaviour, &making.pack, &making.host)))))
}

struct Listener(Arc<Agent>);

impl Decoy for Listener {
    fn converse(&self, session: Session) -> Conversation {
        Conversation::Datagrams(Box::new(Desk { agent: Arc::clone(&self.0), session, told: Vec::new() }))
    }
}

/// One peer's requests.
struct Desk {
    agent: Arc<Agent>,
    session: Session,
    /// Communities of this peer that were told already.
    told: Vec<Vec<u8>>,
}

impl Datagrams for Desk {
    fn receive(&mut self, now: Timestamp, datagram: &[u8]) -> Vec<Bytes> {
        let answer = match Message::parse(datagram) {
            Some(Message::Community(request)) => self.request(now, &request),
            Some(Message::User(secured)) => self.secured(now, &secured),
            None => {
                self.session.malformed("no request of SNMP", datagram);
                None
            }
        };
        answer.map(Bytes::from).into_iter().collect()
    }
}
