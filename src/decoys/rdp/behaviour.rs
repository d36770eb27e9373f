//! The persona's table: which Windows this is, as Remote Desktop shows it.

use serde::Deserialize;

use super::logon::Words;
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
    /// What the host says in the conference.
    pub core: Core,
    /// The screen.
    pub screen: Showing,
    /// The screen for a logon, where network level authentication is not required.
    pub logon: Option<Words>,
    /// Known weaknesses that were never mended, by their CVE.
    #[serde(default)]
    pub unpatched: Vec<String>,
    /// Times.
    pub time: Times,
}

/// `[core]`: the server's data blocks (MS-RDPBCGR 2.2.1.4).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Core {
    /// Version of RDP.
    pub version: u32,
    /// Whether the protocols that were asked for are repeated.
    pub repeats: bool,
    /// What it can do early on, since Windows 8.
    #[serde(default)]
    pub early: Option<u32>,
    /// Whether it has the capability sets that came with Windows Vista.
    pub modern: bool,
    /// Level of standard RDP security: 1 low, 2 as the client can, 3 high.
    pub level: u32,
    /// Bits of the key of standard RDP security: 512 or 2048.
    pub bits: usize,
}

/// `[screen]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Showing {
    /// Largest width and height.
    pub largest: [u16; 2],
    /// Most bits per pixel that its policy allows: 16 or 24.
    pub depth: u16,
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
    /// The same of making a session, between the licence and what it can do.
    pub session_ms: [u64; 2],
    /// The same of a password typed on the screen.
    pub logon_ms: [u64; 2],
    /// A screen on which nobody does anything is taken away after so many seconds.
    pub idle_seconds: u64,
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
        for (name, [shortest, longest]) in [
            ("refuse_ms", self.time.refuse_ms),
            ("session_ms", self.time.session_ms),
            ("logon_ms", self.time.logon_ms),
        ] {
            if shortest > longest {
                return Err(format!("{name}: expected the shortest time first"));
            }
        }
        self.check_screen()
    }

    fn check_screen(&self) -> Result<(), String> {
        if !self.negotiation.nla_required && self.logon.is_none() {
            return Err("logon: expected where nla_required = false".into());
        }
        if let Some(c) = self.logon.as_ref().and_then(Words::unwritable) {
            return Err(format!("logon: there is no letter for \"{c}\""));
        }
        let [width, height] = self.screen.largest;
        // The protocol's own limits.
        if !(200..=4096).contains(&width) || !(200..=2048).contains(&height) {
            return Err("largest: expected [200..4096, 200..2048]".into());
        }
        if !matches!(self.screen.depth, 16 | 24) {
            return Err("depth: expected 16 or 24".into());
        }
        if !matches!(self.core.bits, 512 | 2048) {
            return Err("bits: expected 512 or 2048".into());
        }
        Ok(())
    }

    /// Whether a weakness was never mended.
    pub(super) fn is_open_to(&self, weakness: &str) -> bool {
        self.unpatched.iter().any(|known| known == weakness)
    }
}
