//! The console of a serial device server over telnet: password, menus, settings (RFC 854); and the search
//! over UDP by which its maker's tools find it.
//!
//! What is set is kept for the session and changes nothing; nothing is connected to.

mod console;
mod lines;
mod search;

use std::sync::Arc;

use serde::Deserialize;

use super::Making;
use crate::persona::{Fault, Service, device};
use crate::session::{Conversation, Decoy, Session};

pub use lines::Lines;

/// `telnet.toml` of a host.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Behaviour {
    /// Model, as the banner has it.
    pub(crate) model: String,
    /// Firmware, as the banner has it.
    pub(crate) firmware: String,
    /// TCP port of the serial line.
    pub(crate) serial_port: u16,
    /// Seconds without a key after which it ends.
    pub(crate) idle_seconds: u64,
    /// What the search tells.
    pub(crate) search: Numbers,
}

/// Numbers of the model in answers to the search.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Numbers {
    /// Application id.
    pub(crate) application: u32,
    /// Hardware id.
    pub(crate) hardware: u16,
}

/// A device with the numbers of this installation.
pub(crate) struct Device {
    pub(crate) behaviour: Behaviour,
    pub(crate) name: String,
    pub(crate) address: std::net::IpAddr,
    pub(crate) mac: String,
    pub(crate) serial: String,
}

/// Makes the decoy of one service.
///
/// # Errors
/// A located [`Fault`] of the behaviour file.
pub fn build(making: &Making, service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    Ok(Arc::new(Listener(described(making, service)?)))
}

/// Makes the decoy that answers the search.
///
/// # Errors
/// A located [`Fault`] of the behaviour file.
pub fn search(making: &Making, service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    Ok(Arc::new(Searched(described(making, service)?)))
}

fn described(making: &Making, service: &Service) -> Result<Arc<Device>, Fault> {
    let behaviour: Behaviour = service.behaviour.parse()?;
    let host = &making.host;
    Ok(Arc::new(Device {
        name: host.hostname.clone(),
        address: host.address,
        mac: device::mac(host),
        serial: device::serial(&making.pack.installation, host),
        behaviour,
    }))
}

struct Searched(Arc<Device>);

impl Decoy for Searched {
    fn converse(&self, session: Session) -> Conversation {
        Conversation::Datagrams(Box::new(search::Desk::new(Arc::clone(&self.0), session)))
    }
}

struct Listener(Arc<Device>);

impl Decoy for Listener {
    fn converse(&self, session: Session) -> Conversation {
        Conversation::Machine(Box::new(console::Console::new(Arc::clone(&self.0), session)))
    }
}

#[cfg(test)]
mod tests;
