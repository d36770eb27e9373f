//! What engines and analysers send of their own accord: admissions, orders, results, each to whom the
//! persona's table says and at the moment when the world has it happen.

mod caller;
mod messages;
mod plan;

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use self::caller::Caller;
use self::plan::Planned;
use super::Station;
use crate::session::{Destination, Errand, Habit, Span};
use crate::wire::hl7::Charset;
use crate::world::World;

/// One stream of messages to one receiver.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sender {
    /// What is sent.
    pub stream: Stream,
    /// For measurements: the instrument's code in the laboratory.
    #[serde(default)]
    pub instrument: String,
    /// Receiver: its deception host.
    pub host: String,
    /// Receiver: its port.
    pub port: u16,
    /// MSH-3.
    #[serde(default)]
    pub application: String,
    /// MSH-4 and MSH-6.
    #[serde(default)]
    pub facility: String,
    /// MSH-5.
    #[serde(default)]
    pub receiver: String,
    /// MSH-12.
    pub version: String,
    /// The character set that it writes.
    pub charset: Charset,
    /// MSH-18; many senders leave it empty.
    #[serde(default)]
    pub named_charset: String,
}

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// ADT: registrations, admissions, discharges.
    Admissions,
    /// ORM^O01 for the laboratory.
    Orders,
    /// ORU^R01 of verified results.
    Results,
    /// ORU^R01 of an analyser, as soon as it has measured.
    Measurements,
}

impl Stream {
    fn purpose(self) -> &'static str {
        match self {
            Stream::Admissions => "admissions",
            Stream::Orders => "orders",
            Stream::Results => "verified results",
            Stream::Measurements => "measurements",
        }
    }
}

/// The habit of one service.
pub(super) struct Sending {
    pub(super) station: Station,
    pub(super) world: Arc<World>,
}

impl Habit for Sending {
    fn due(self: Arc<Self>, span: Span, interval: Duration) -> Vec<Errand> {
        let senders = &self.station.behaviour().sender;
        let mut found: Vec<Errand> = senders
            .iter()
            .flat_map(|sender| {
                let planned = plan::due(&self.world, sender, span, interval).into_iter();
                planned.map(|planned| self.errand(sender, planned))
            })
            .collect();
        found.sort_by_key(|errand| errand.at);
        found
    }
}

impl Sending {
    fn errand(self: &Arc<Self>, sender: &Sender, planned: Planned) -> Errand {
        Errand {
            at: planned.at,
            purpose: sender.stream.purpose(),
            to: Destination { host: sender.host.clone(), port: sender.port },
            machine: Box::new(Caller::new(Arc::clone(self), sender.clone(), planned)),
        }
    }
}

#[cfg(test)]
mod tests;
