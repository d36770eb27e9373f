//! What the operator may set about the decoys' wire side.

use serde::{Deserialize, Serialize};

use crate::record::Recipient;
use crate::session::RealObjects;

/// `[sensor]` of the config.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Whether the products' own delays are kept. Off only in benchmarks.
    pub pacing: bool,
    /// Most connections at a time, over all decoys.
    pub max_connections: usize,
    /// Most connections at a time from one source.
    pub max_per_source: usize,
    /// A port that may not be bound is offered at port + this. 0: refuse to start instead.
    pub port_fallback: u16,
    /// Most MiB of events that wait on disk while core is away.
    pub spool_mib: u64,
    /// Most MiB of transcript kept for one session.
    pub transcript_mib: u64,
    /// Most MiB of artefacts kept in all.
    pub artefacts_mib: u64,
    /// Whether the honeynet's consoles do their day's work, so that an intruder who listens hears it.
    pub traffic: bool,
    /// Seconds in which each console does one of its exams over the network.
    pub traffic_interval: u64,
}

/// `[privacy]` of the config: what becomes of data of real patients that comes by mistake.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PrivacySettings {
    /// What becomes of a real object.
    pub real_objects: RealObjects,
    /// The hospital's public key (`age1…`, made by `age-keygen` elsewhere); needed to seal.
    pub key: String,
}

impl PrivacySettings {
    /// What is wrong with it: key and problem.
    pub fn fault(&self) -> Option<(&'static str, &'static str)> {
        let key = !self.key.is_empty();
        if key && self.recipient().is_none() {
            return Some(("key", "expected a public key of age: age1…"));
        }
        let seals = self.real_objects == RealObjects::Seal;
        (seals && !key)
            .then_some(("real_objects", "\"seal\" needs the hospital's public key: key = \"age1…\""))
    }

    /// Whom real objects are sealed for.
    pub(super) fn recipient(&self) -> Option<Recipient> {
        Recipient::read(&self.key)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            pacing: true,
            max_connections: 8192,
            max_per_source: 4096,
            port_fallback: 10_000,
            spool_mib: 1024,
            transcript_mib: 256,
            artefacts_mib: 10_240,
            traffic: true,
            traffic_interval: 3600,
        }
    }
}
