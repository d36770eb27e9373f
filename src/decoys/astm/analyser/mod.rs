//! An analyser's end of the line: it calls the laboratory's system when it has measured something,
//! and does the same to whoever is connected to a port of its own.
//!
//! What it measured, for whom and when, is the world's. Forms of records are those that the makers'
//! interface manuals give; which one an instrument has is in its `astm.toml` ([`Behaviour`]).

mod behaviour;
mod caller;
mod collector;
mod machine;
mod plan;
mod records;

use behaviour::Behaviour;
pub(super) use plan::Collecting;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use serde::Deserialize;

use super::behaviour::Role;
use crate::decoys::Making;
use crate::persona::{Fault, Service};
use crate::session::{Conversation, Decoy, Destination, Habit, Session};
use crate::world::{Instrument, World};

/// The part of the behaviour file that says which end it is.
#[derive(Deserialize)]
struct Ended {
    #[serde(default)]
    role: Role,
}

/// Whether a port is an analyser's own; faults of the file are told by whoever reads it whole.
pub(super) fn is_analyser(service: &Service) -> bool {
    toml::from_str::<Ended>(&service.behaviour.text).is_ok_and(|ended| ended.role == Role::Analyser)
}

/// One instrument as all its connections share it.
pub(super) struct Analyser {
    behaviour: Behaviour,
    instrument: Instrument,
    world: Arc<World>,
    /// Connections to its own port that stand.
    lines: AtomicUsize,
}

/// Makes the decoy of an analyser's port.
///
/// # Errors
/// A located [`Fault`] of the behaviour file.
pub(super) fn build(making: &Making, service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    let behaviour: Behaviour = service.behaviour.parse()?;
    let fault = |problem| Fault::of_file(&service.behaviour.file, problem);
    behaviour.check().map_err(fault)?;
    let view = making.world.at(jiff::Timestamp::UNIX_EPOCH);
    let missing = format!("instrument = \"{}\": the laboratory has no such instrument", behaviour.instrument);
    let instrument = view.instrument(&behaviour.instrument).ok_or_else(|| fault(missing))?;
    let world = Arc::clone(&making.world);
    Ok(Arc::new(Port(Arc::new(Analyser { behaviour, instrument, world, lines: AtomicUsize::new(0) }))))
}

struct Port(Arc<Analyser>);

impl Decoy for Port {
    fn converse(&self, session: Session) -> Conversation {
        Conversation::Machine(Box::new(machine::Line::new(Arc::clone(&self.0), session)))
    }

    fn habit(&self) -> Option<Arc<dyn Habit>> {
        self.0.behaviour.host.as_ref()?;
        Some(Arc::new(plan::Calling(Arc::clone(&self.0))))
    }
}

impl Analyser {
    fn host(&self) -> Option<Destination> {
        let host = self.behaviour.host.as_ref()?;
        Some(Destination { host: host.host.clone(), port: host.port })
    }
}

#[cfg(test)]
mod tests;
