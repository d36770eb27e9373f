//! What a product does of its own accord: a console that calls its archive.
//!
//! A decoy still opens no socket: it says what is due and when, and plays the calling side as a
//! [`Machine`] over a connection that the sensor made for it, to a service of the honeynet.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Destination, Machine};

/// The habit of one service: pure in the world and the times that it is asked for.
pub trait Habit: Send + Sync {
    /// What is due in a span, in order of time. `interval` is the
    /// operator's measure of how much: one exam (or what else makes up the habit's day) in each.
    ///
    /// Spans that follow one another give each errand once.
    fn due(self: Arc<Self>, span: Span, interval: Duration) -> Vec<Errand>;
}

/// The span of time that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// From when the product is up: what it had begun before is left out whole.
    pub since: Timestamp,
    /// First moment.
    pub from: Timestamp,
    /// The moment after the last.
    pub until: Timestamp,
}

/// One connection that is to be made.
pub struct Errand {
    /// When.
    pub at: Timestamp,
    /// What for, in a few words for our own diagnostics.
    pub purpose: &'static str,
    /// Where to.
    pub to: Destination,
    /// Plays it: the machine is opened when the connection stands, and its peer is the service.
    pub machine: Box<dyn Machine>,
}
