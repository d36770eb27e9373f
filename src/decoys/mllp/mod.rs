//! HL7 v2 over MLLP, as a hospital's interface engine answers it: acknowledgements, patient and
//! result queries, and messages taken in.
//!
//! It must never send anything that a world, a persona or the peer's own message did not give, and
//! never let one peer see what another wrote. Framing is release 1 of the Minimal Lower Layer
//! Protocol; messages are HL7 v2.5.1 chapters 2 (control, acknowledgement), 3 (ADT), 5 (queries) and
//! 7 (results); the engines' own habits are rows of the persona's `mllp.toml` ([`Behaviour`]).

mod accept;
mod acknowledge;
mod behaviour;
mod changes;
mod documents;
mod exchange;
mod machine;
mod query;
mod real;
mod render;
mod results;
mod sender;
mod values;
mod worklist;
mod written;

pub use behaviour::Behaviour;
pub use machine::MllpMachine;
pub use sender::{Sender, Stream};

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;

use super::Making;
use crate::persona::{Fault, Service};
use crate::session::{Conversation, Decoy, Habit, Session};
use crate::world::World;

/// Makes the decoy of one service.
///
/// # Errors
/// A located [`Fault`] of the behaviour file.
pub fn build(making: &Making, service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    let behaviour: Behaviour = service.behaviour.parse()?;
    behaviour.check().map_err(|problem| Fault::of_file(&service.behaviour.file, problem))?;
    let (station, world) = (Station::new(behaviour), Arc::clone(&making.world));
    Ok(Arc::new(Listener { station, world }))
}

/// One listening engine and the hospital that it tells of.
struct Listener {
    station: Station,
    world: Arc<World>,
}

/// One listening engine: what all its connections share.
#[derive(Clone)]
pub struct Station(Arc<Shared>);

struct Shared {
    behaviour: Behaviour,
    last_id: AtomicU64,
    failures: AtomicU64,
}

/// Numbers that a parser takes at once; one that fails takes a block of its own.
const BLOCK: u64 = 100;

/// Seconds that pass between two of the engine's messages on the average day. Message numbers follow
/// the clock at this pace, so they go on rising after a restart without anything being kept.
const SECONDS_PER_ID: i64 = 7;

/// 2023-01-01T00:00:00Z: when the engines of the hospital began to count.
const FIRST_ID_AT: i64 = 1_672_531_200;

impl Station {
    /// An engine with this behaviour.
    pub fn new(behaviour: Behaviour) -> Self {
        Station(Arc::new(Shared { behaviour, last_id: AtomicU64::new(0), failures: AtomicU64::new(0) }))
    }

    fn behaviour(&self) -> &Behaviour {
        &self.0.behaviour
    }

    /// The number of an answer to what the parser gave up: the first of a block of its own.
    fn failure_id(&self, now: Timestamp) -> u64 {
        let failures = self.0.failures.fetch_add(1, Ordering::Relaxed);
        let block = self.next_id(now) / BLOCK;
        block.saturating_add(failures).saturating_add(1).saturating_mul(BLOCK).saturating_add(1)
    }

    /// The engine's next message number.
    fn next_id(&self, now: Timestamp) -> u64 {
        let by_clock = (now.as_second() - FIRST_ID_AT) / SECONDS_PER_ID;
        let floor = u64::try_from(by_clock).unwrap_or(1);
        let rise = |last: u64| Some(floor.max(last.saturating_add(1)));
        let last = self.0.last_id.fetch_update(Ordering::Relaxed, Ordering::Relaxed, rise).unwrap_or(floor);
        floor.max(last.saturating_add(1))
    }
}

impl Decoy for Listener {
    fn converse(&self, session: Session) -> Conversation {
        Conversation::Machine(Box::new(MllpMachine::new(self.station.clone(), session)))
    }

    fn habit(&self) -> Option<Arc<dyn Habit>> {
        if self.station.behaviour().sender.is_empty() {
            return None;
        }
        let (station, world) = (self.station.clone(), Arc::clone(&self.world));
        Some(Arc::new(sender::Sending { station, world }))
    }
}

#[cfg(test)]
mod tests;
