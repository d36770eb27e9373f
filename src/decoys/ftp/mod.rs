//! vsftpd: a department's file server (RFC 959, 2428, 3659), read by everybody, written to by one account.
//!
//! Data connections come in at ports that the persona has for them; none is ever made to a peer.

mod behaviour;
mod commands;
mod lines;
mod machine;
mod transfer;
mod tree;

pub use behaviour::Behaviour;
pub use lines::{Line, next};
pub use machine::FtpMachine;

use std::sync::Arc;

use bytes::BytesMut;
use jiff::Timestamp;

use super::Making;
use crate::event::Observation;
use crate::persona::{Fault, Host, Protocol, Service};
use crate::session::{Conversation, Decoy, Machine, Next, Outbox, Session, Wake};

/// Makes the decoy of one service.
///
/// # Errors
/// A located [`Fault`] of the behaviour file.
pub fn build(making: &Making, service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    let behaviour: Behaviour = service.behaviour.parse()?;
    let fault = |problem: String| Fault::of_file(&service.behaviour.file, problem);
    behaviour.check().map_err(fault)?;
    let doors = making.host.services.iter().filter(|other| other.protocol == Protocol::FtpData);
    let ports: Vec<u16> = doors.map(|door| door.port).collect();
    if ports.is_empty() {
        return Err(fault("the host has no service of protocol ftp_data for what is transferred".into()));
    }
    Ok(Arc::new(Server(Arc::new(Station { behaviour, ports, host: Arc::clone(&making.host) }))))
}

/// Makes the decoy of a port for data connections.
pub fn data_port() -> Arc<dyn Decoy> {
    Arc::new(DataPort)
}

/// One server: what all its connections share.
pub(crate) struct Station {
    behaviour: Behaviour,
    /// Ports for data connections.
    ports: Vec<u16>,
    host: Arc<Host>,
}

struct Server(Arc<Station>);

impl Decoy for Server {
    fn converse(&self, session: Session) -> Conversation {
        Conversation::Machine(Box::new(FtpMachine::new(Arc::clone(&self.0), session)))
    }
}

struct DataPort;

impl Decoy for DataPort {
    fn converse(&self, session: Session) -> Conversation {
        Conversation::Machine(Box::new(Unasked(session)))
    }

    fn is_side_door(&self) -> bool {
        true
    }
}

/// A data connection that no control connection waits for.
struct Unasked(Session);

impl Machine for Unasked {
    fn open(&mut self, _: Timestamp, _: &mut Outbox) -> Next {
        self.0.emit(Observation::Probe { means: "ftp-data-port".into() });
        Next::Reset
    }

    fn receive(&mut self, _: Timestamp, _: &mut BytesMut, _: &mut Outbox) -> Next {
        Next::Reset
    }

    fn wake(&mut self, _: Timestamp, _: Wake, _: &mut Outbox) -> Next {
        Next::Reset
    }
}

#[cfg(test)]
mod tests;
