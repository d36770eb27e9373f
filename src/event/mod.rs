//! The vocabulary: what was seen, by whom, where and when.
//!
//! Every other room speaks in these types; this room knows none of them. Nothing here does I/O or
//! reads a clock. An [`Event`] is made once, by the process that saw it, and never edited after.

pub mod alert;
pub mod attack;
pub mod case;
pub mod detail;
pub mod frame;
pub mod health;
pub mod line;
pub mod observation;
pub mod origin;
pub mod root;
pub mod stamp;
pub mod stix;
pub mod system;
pub mod tainted;
pub mod transport;
pub mod wish;

pub use alert::{Alert, Severity};
pub use case::{CaseChange, CaseState};
pub use detail::Detail;
pub use health::Health;
pub use observation::Observation;
pub use origin::{Led, Origin, SessionId};
pub use root::Root;
pub use stamp::Stamp;
pub use system::SystemEvent;
pub use tainted::Tainted;
pub use transport::Transport;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One thing that happened, as it travels from a process to the core and is kept in the chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every event is a session's; boxing would cost each of them"
)]
pub enum Event {
    /// Something an outside party did in one session with a decoy.
    Session(SessionEvent),
    /// Something that happened to the appliance itself.
    System(SystemRecord),
}

/// An observation bound to the session it was made in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionEvent {
    /// Who, where and which session: stamped once by the sensor.
    pub origin: Origin,
    /// Counts the events of this session from 0, without gaps.
    pub index: u32,
    /// When it was seen, UTC.
    pub at: Timestamp,
    /// What was seen.
    pub observation: Observation,
}

/// A fact about the appliance, with the process that reports it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemRecord {
    /// The reporting process: `supervisor`, `sensor`, `core`, `capd`.
    pub process: String,
    /// When it happened, UTC.
    pub at: Timestamp,
    /// What happened.
    pub event: SystemEvent,
}

impl Event {
    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Event::Session(e) => e.at,
            Event::System(e) => e.at,
        }
    }

    /// The session it belongs to, if any.
    pub fn session(&self) -> Option<SessionId> {
        match self {
            Event::Session(e) => Some(e.origin.session),
            Event::System(_) => None,
        }
    }
}
