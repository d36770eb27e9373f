//! The names of a host.

use std::net::{IpAddr, Ipv4Addr};

use super::packet::Name;
use crate::decoys::Making;
use crate::rpc::Setting;

/// Suffixes, MS-NBTE 1.8.
const WORKSTATION: u8 = 0x00;
const ELECTIONS: u8 = 0x1e;
const SERVER: u8 = 0x20;

/// A name that a host has registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Registered {
    pub(super) name: Name,
    pub(super) is_group: bool,
}

/// All of a host, in the order in which it tells them.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) names: Vec<Registered>,
    pub(super) address: Ipv4Addr,
    pub(super) mac: [u8; 6],
}

impl Table {
    pub(super) fn of(making: &Making) -> Result<Self, String> {
        let setting = Setting::of(&making.pack, &making.host);
        let IpAddr::V4(address) = making.host.address else {
            return Err(format!("address {}: expected IPv4", making.host.address));
        };
        let (computer, group) = (setting.names.netbios_computer.clone(), setting.group());
        let own = |text: &str, suffix, is_group| Registered { name: Name::new(text, suffix), is_group };
        let mut names = vec![
            own(&computer, WORKSTATION, false),
            own(&group, WORKSTATION, true),
            own(&computer, SERVER, false),
        ];
        // Browsers hold elections; Windows 10 and Server 2016 came without them.
        if !setting.windows.since(10_240) && !setting.windows.is_server {
            names.push(own(&group, ELECTIONS, true));
        }
        Ok(Table { names, address, mac: making.host.mac })
    }

    /// The registered name that is asked for.
    pub(super) fn find(&self, name: &Name) -> Option<&Registered> {
        self.names.iter().find(|own| own.name == *name)
    }

    /// Whether a question of status is meant for this host: by any of its names, or by `*`.
    pub(super) fn knows(&self, name: &Name) -> bool {
        name.is_any() || self.find(name).is_some()
    }
}
