//! POCT1-A, the device messaging layer (NCCLS POCT1-A, appendix B), both ends: the observation
//! reviewer that point-of-care devices call, and such a device.
//!
//! Messages are XML documents one after another. The device begins with a greeting, tells its status,
//! and gives its results when it is asked; each message is acknowledged. What is said is the world's;
//! what a peer says is kept for him alone. Nothing that a document refers to is ever looked up.

mod device;
mod manager;
mod messages;
mod plan;
mod xml;

pub use xml::{Document, MAX_MESSAGE, Reading, next_document};

use std::sync::Arc;

use serde::Deserialize;

use super::Making;
use crate::persona::{Fault, Service};
use crate::session::{Conversation, Decoy, Habit, Session};
use crate::world::{Instrument, World};

/// `poct1a.toml` of a host.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Behaviour {
    /// The product that the table was taken from, for people.
    #[serde(rename = "product")]
    _product: String,
    /// Which end it is.
    role: Role,
    /// Seconds that it waits for a message before it gives up.
    timeout_seconds: u64,
    /// For a device: its code in the laboratory.
    #[serde(default)]
    instrument: String,
    /// For a device: how many of its last results it keeps for whoever asks.
    #[serde(default)]
    keeps: usize,
    /// For a device: whom it calls.
    host: Option<Host>,
}

/// Which end of a conversation a port is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Role {
    /// The observation reviewer.
    Manager,
    /// A device.
    Device,
}

/// Whom a device calls.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Host {
    /// Its deception host.
    host: String,
    /// Its port.
    port: u16,
}

/// What all connections of a port share.
struct Port {
    behaviour: Behaviour,
    world: Arc<World>,
    /// Of a device.
    instrument: Option<Instrument>,
}

/// Makes the decoy of one service.
///
/// # Errors
/// A located [`Fault`] of the behaviour file.
pub fn build(making: &Making, service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    let behaviour: Behaviour = service.behaviour.parse()?;
    let fault = |problem| Fault::of_file(&service.behaviour.file, problem);
    if !(1..=600).contains(&behaviour.timeout_seconds) {
        return Err(fault(format!("timeout_seconds = {}: expected 1 to 600", behaviour.timeout_seconds)));
    }
    let view = making.world.at(jiff::Timestamp::UNIX_EPOCH);
    let instrument = view.instrument(&behaviour.instrument);
    if behaviour.role == Role::Device && instrument.is_none() {
        let missing =
            format!("instrument = \"{}\": the laboratory has no such instrument", behaviour.instrument);
        return Err(fault(missing));
    }
    let world = Arc::clone(&making.world);
    Ok(Arc::new(Listener(Arc::new(Port { behaviour, world, instrument }))))
}

struct Listener(Arc<Port>);

impl Decoy for Listener {
    fn converse(&self, session: Session) -> Conversation {
        let port = Arc::clone(&self.0);
        Conversation::Machine(match port.behaviour.role {
            Role::Manager => Box::new(manager::Manager::new(port, session)),
            Role::Device => Box::new(device::Device::asked(port, session)),
        })
    }

    fn habit(&self) -> Option<Arc<dyn Habit>> {
        self.0.behaviour.host.as_ref()?;
        Some(Arc::new(plan::Calling(Arc::clone(&self.0))))
    }
}

#[cfg(test)]
mod tests;
