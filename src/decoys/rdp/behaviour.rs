//! The persona's table: which Windows this is, as Remote Desktop shows it.

use serde::Deserialize;

use super::negotiation;
use crate::persona::{Fault, Service};

/// `rdp.toml` of a host.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// The product that the table was taken from, for people.
    pub product: String,
    /// What is agreed on first.
    pub negotiation: Negotiating,
    /// The certificate that the host made for itself.
    pub certificate: Certifying,
    /// Network level authentication.
    pub credssp: Authenticating,
    /// Times.
    pub time: Times,
}

/// `[negotiation]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Negotiating {
    /// Protocols that the build knows beside standard RDP security; none: it knows no negotiation.
    pub protocols: Vec<String>,
    /// Flags of its answer (MS-RDPBCGR 2.2.1.2.1).
    pub flags: u8,
    /// Whether network level authentication is required.
    pub nla_required: bool,
    /// Whether standard RDP security is allowed.
    pub standard: bool,
}

impl Negotiating {
    /// The protocols as bits.
    pub fn known(&self) -> u32 {
        self.protocols.iter().filter_map(|name| negotiation::bit(name)).fold(0, |bits, bit| bits | bit)
    }
}

/// `[certificate]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certifying {
    /// Signed with SHA-1, as before Windows 10.
    pub sha1: bool,
}

/// `[credssp]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authenticating {
    /// The newest version that the build knows: 6 since the updates of 2018.
    pub version: u32,
}

/// `[time]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Times {
    /// A connection without a logon is ended after so many seconds.
    pub connect_seconds: u64,
    /// Shortest and longest time of a refused password, milliseconds.
    pub refuse_ms: [u64; 2],
}

impl Behaviour {
    /// Reads and checks a service's file.
    ///
    /// # Errors
    /// A located [`Fault`].
    pub fn read(service: &Service) -> Result<Self, Fault> {
        let behaviour: Behaviour = service.behaviour.parse()?;
        behaviour.check().map_err(|problem| Fault::of_file(&service.behaviour.file, problem))?;
        Ok(behaviour)
    }

    fn check(&self) -> Result<(), String> {
        let manner = &self.negotiation;
        if let Some(name) = manner.protocols.iter().find(|name| negotiation::bit(name).is_none()) {
            return Err(format!("protocols: \"{name}\": expected ssl, hybrid, rdstls, hybrid_ex or aad"));
        }
        if manner.nla_required && manner.known() & negotiation::HYBRID == 0 {
            return Err("nla_required: expected \"hybrid\" among the protocols".into());
        }
        if !(2..=6).contains(&self.credssp.version) {
            return Err(format!("version: {}: expected 2 to 6", self.credssp.version));
        }
        let [shortest, longest] = self.time.refuse_ms;
        if shortest > longest {
            return Err("refuse_ms: expected the shortest time first".into());
        }
        Ok(())
    }
}
