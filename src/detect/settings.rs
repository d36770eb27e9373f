//! What the hospital tells about itself.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::allowance::Allowance;
use super::bait::Baits;

/// `[detection]` of honeynet.toml.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Days after a decoy was added in which nothing below High is told of it; 0: none.
    pub burn_in_days: u16,
    /// The hospital's own devices that may reach a decoy by mistake.
    pub device: Vec<Device>,
    /// What its own machines may do: declared scanners.
    pub allowance: Vec<Allowance>,
    /// Addresses of the honeynet itself: what comes from there is never an alert. Filled in from
    /// the persona pack, not by people.
    #[serde(skip)]
    pub own: BTreeSet<IpAddr>,
    /// Since when each deception host is there, where that is not always: filled in by core.
    #[serde(skip)]
    pub born: BTreeMap<String, Timestamp>,
    /// Baits on the hospital's own machines: filled in from the registry.
    #[serde(skip)]
    pub baits: Baits,
}

/// One registered device. Both facts must agree: the address and the name it calls itself by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Its address.
    pub source: IpAddr,
    /// Its name in its protocol: the DICOM calling AE title, HL7 MSH-3 or the ASTM sender (H-5).
    pub name: String,
    /// What it is, for people.
    #[serde(default)]
    pub note: String,
}

/// Days that a decoy's burn-in takes: each weekday once.
const BURN_IN_DAYS: u16 = 7;

impl Default for Settings {
    fn default() -> Self {
        Settings {
            burn_in_days: BURN_IN_DAYS,
            device: Vec::new(),
            allowance: Vec::new(),
            own: BTreeSet::new(),
            born: BTreeMap::new(),
            baits: Baits::default(),
        }
    }
}

impl Settings {
    /// Whether a source that calls itself by this name is registered.
    pub(super) fn is_registered(&self, source: IpAddr, name: &str) -> bool {
        self.device.iter().any(|device| device.source == source && device.name == name)
    }

    /// The allowances for a source.
    pub(super) fn allowances(&self, source: IpAddr) -> impl Iterator<Item = &Allowance> {
        self.allowance.iter().filter(move |allowance| allowance.source.contains(source))
    }
}
