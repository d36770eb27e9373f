//! `[console]` of the config.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::oidc::Oidc;

/// Where the console is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Whether there is one.
    pub enabled: bool,
    /// The management address and port.
    pub address: SocketAddr,
    /// PEM file of its certificate chain; self-signed without it.
    pub certificate: Option<PathBuf>,
    /// PEM file of its key.
    pub key: Option<PathBuf>,
    /// Minutes without a click after which a user must log in again.
    pub idle_minutes: u32,
    /// Whether a second person must agree before evidence is taken out as a bundle, a source is allowed
    /// more, or packets are kept for less long. Without it: whenever there is another administrator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub four_eyes: Option<bool>,
    /// The hospital's own login; without it local accounts alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oidc: Option<Oidc>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            enabled: true,
            address: SocketAddr::from(([127, 0, 0, 1], 8443)),
            certificate: None,
            key: None,
            idle_minutes: 30,
            four_eyes: None,
            oidc: None,
        }
    }
}

impl Settings {
    /// What is wrong with it, by key; empty when nothing is.
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        if self.certificate.is_some() != self.key.is_some() {
            faults.push(("certificate", "certificate and key go together"));
        }
        if !(1..=1440).contains(&self.idle_minutes) {
            faults.push(("idle_minutes", "expected 1 to 1440"));
        }
        faults.extend(self.oidc.iter().flat_map(Oidc::faults));
        faults
    }
}
