//! What a destination is told.

use super::{Destination, format};
use crate::event::{Alert, Health};

/// One thing that a destination is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// What an intruder did.
    Alert(Box<Alert>),
    /// How the appliance itself stands.
    Health(Box<Health>),
}

impl Notice {
    /// The same whenever the same thing is told.
    pub(super) fn key(&self) -> String {
        match self {
            Notice::Alert(alert) => format!("{}:{}", alert.id, alert.revision),
            Notice::Health(health) => health.id.clone(),
        }
    }

    /// The name of its file when it is set aside.
    pub(super) fn name(&self) -> String {
        self.key().replace(':', "-")
    }

    /// As the destination's transport carries it.
    pub(super) fn message(&self, destination: &Destination) -> Vec<u8> {
        match self {
            Notice::Alert(alert) => format::message(alert, destination),
            Notice::Health(health) => format::health_message(health, destination),
        }
    }
}
