//! The NetBIOS name service over UDP (RFC 1001, RFC 1002): a Windows host's names, and who it is
//! asked for.

mod names;
pub mod packet;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;

use self::names::Table;
use self::packet::{Kind, Query};
use super::Making;
use crate::event::{Observation, Tainted};
use crate::persona::{Fault, Service};
use crate::session::{Conversation, Datagrams, Decoy, Session};

/// `netbios.toml` of a host: all that is told is the persona's, so nothing is set there.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Behaviour {}

/// Makes the decoy of one host's name service.
///
/// # Errors
/// A located [`Fault`] of the behaviour file.
pub fn build(making: &Making, service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    let Behaviour {} = service.behaviour.parse()?;
    let table = Table::of(making).map_err(|problem| Fault::of_file(&service.behaviour.file, problem))?;
    Ok(Arc::new(Listener(Arc::new(table))))
}

struct Listener(Arc<Table>);

impl Decoy for Listener {
    fn converse(&self, session: Session) -> Conversation {
        Conversation::Datagrams(Box::new(Desk { table: Arc::clone(&self.0), session }))
    }
}

/// One peer's questions.
struct Desk {
    table: Arc<Table>,
    session: Session,
}

/// Status in events where nothing is answered.
const NO_ANSWER: u32 = 1;

impl Desk {
    /// What is answered: names of others are theirs to answer, and are not told here.
    fn answer(&self, query: &Query) -> Option<Vec<u8>> {
        match query.kind {
            Kind::Status => self.table.knows(&query.name).then(|| packet::status(query, &self.table)),
            Kind::Name => {
                let own = self.table.find(&query.name)?;
                Some(packet::address(query, own.is_group, self.table.address))
            }
        }
    }
}

impl Datagrams for Desk {
    fn receive(&mut self, _now: Timestamp, datagram: &[u8]) -> Vec<Bytes> {
        let Some(query) = Query::parse(datagram) else {
            // Registrations and answers are none of a host's business: they pass in silence.
            if !packet::is_other(datagram) {
                self.session.malformed("no question to the NetBIOS name service", datagram);
            }
            return Vec::new();
        };
        let answer = self.answer(&query);
        self.session.emit(Observation::Request {
            verb: query.kind.as_str().into(),
            target: Tainted::from_bytes(query.name.trimmed()),
            status: if answer.is_some() { 0 } else { NO_ANSWER },
            detail: None,
        });
        answer.map(Bytes::from).into_iter().collect()
    }
}
