//! What headers and envelopes say of a message, whatever it is about.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::brief;
use crate::event::health::Standing;
use crate::event::{Alert, Health, Severity};

/// The label of one message.
pub(super) struct Label {
    pub(super) at: Timestamp,
    /// `alert`, `test`, `health`: MSGID of syslog.
    pub(super) kind: &'static str,
    /// How much it asks of its reader.
    pub(super) severity: Severity,
    /// The same whenever the same thing is told again.
    pub(super) key: String,
    /// The ids as an indexer keeps them beside the event.
    pub(super) ids: Value,
    /// One line for people, zh and en.
    pub(super) headline: String,
}

impl Label {
    pub(super) fn of_alert(alert: &Alert) -> Self {
        Label {
            at: alert.at,
            kind: if alert.test { "test" } else { "alert" },
            severity: alert.severity,
            key: format!("{}:{}", alert.id, alert.revision),
            ids: json!({ "alert_id": alert.id, "revision": alert.revision.to_string() }),
            headline: brief::headline(alert),
        }
    }

    pub(super) fn of_health(health: &Health) -> Self {
        Label {
            at: health.at,
            kind: "health",
            severity: severity(health.standing),
            key: health.id.clone(),
            ids: json!({ "health_id": health.id }),
            headline: super::health::headline(health),
        }
    }

    /// Whether it is about the appliance, not about an intruder.
    pub(super) fn is_health(&self) -> bool {
        self.kind == "health"
    }
}

/// Never as high as an attack's.
pub(super) fn severity(standing: Standing) -> Severity {
    match standing {
        Standing::Ok => Severity::Info,
        Standing::Warning => Severity::Low,
        Standing::Failing => Severity::Medium,
    }
}
