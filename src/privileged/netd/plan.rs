//! What netd makes: segments, and the hosts on them.

use std::net::{IpAddr, Ipv4Addr};

use serde::{Deserialize, Serialize};

use super::settings::{Settings, holds};
use super::stack::Stack;

/// A hardware address.
pub type Mac = [u8; 6];

/// All that netd makes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Plan {
    /// Where hosts stand.
    pub segments: Vec<Segment>,
    /// The hosts.
    pub hosts: Vec<HostPlan>,
}

/// One segment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Segment {
    /// What the operator calls it.
    pub name: String,
    /// The network card.
    pub parent: String,
    /// The interface that carries it: the card, or a VLAN of it.
    pub link: String,
    /// The VLAN's number.
    pub vlan: Option<u16>,
    /// Its network.
    pub network: Ipv4Addr,
    /// Length of the network's prefix in bits.
    pub prefix: u8,
    /// The router.
    pub gateway: Option<Ipv4Addr>,
}

/// One host.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HostPlan {
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: Ipv4Addr,
    /// Its hardware address.
    pub mac: Mac,
    /// Which segment it stands on, by its place.
    pub segment: usize,
    /// How its TCP/IP looks.
    pub stack: Stack,
    /// Its ports.
    pub ports: Vec<Port>,
}

/// What a port is reached by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Carrier {
    /// Connections.
    Tcp,
    /// Datagrams.
    Udp,
}

/// A port that a host serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// What it is reached by.
    pub carrier: Carrier,
    /// Its number.
    pub number: u16,
}

impl Plan {
    /// The plan's segments without hosts.
    ///
    /// # Errors
    /// What is wrong with a segment, in plain words.
    pub fn of(settings: &Settings) -> Result<Self, String> {
        let segment = |s: &super::SegmentSettings| {
            let (network, prefix) = s.network()?;
            Ok(Segment {
                name: s.name.clone(),
                parent: s.parent.clone(),
                link: s.link(),
                vlan: s.vlan,
                network,
                prefix,
                gateway: s.gateway,
            })
        };
        Ok(Plan {
            segments: settings.segment.iter().map(segment).collect::<Result<_, String>>()?,
            hosts: Vec::new(),
        })
    }

    /// The segment for an address: the one that is named, or else the one whose network has it.
    ///
    /// # Errors
    /// What was expected, in plain words.
    pub fn segment_for(&self, name: Option<&str>, address: IpAddr) -> Result<(usize, Ipv4Addr), String> {
        let IpAddr::V4(address) = address else {
            return Err(format!("{address}: expected an IPv4 address"));
        };
        let fits = |segment: &Segment| {
            name.is_none_or(|name| name == segment.name)
                && holds(segment.network, segment.prefix, address)
                && segment.gateway != Some(address)
        };
        let mut places = self.segments.iter().enumerate().filter(|(_, s)| fits(s)).map(|(place, _)| place);
        match (places.next(), places.next()) {
            (Some(place), None) => Ok((place, address)),
            (None, _) => {
                Err(format!("{address}: expected an address of a [[network.segment]], not its router's"))
            }
            (Some(_), Some(_)) => {
                Err(format!("{address}: several segments have it: expected segment = \"NAME\""))
            }
        }
    }

    /// Adds a host, unless another has its name, address or hardware address.
    ///
    /// # Errors
    /// What is there twice, in plain words.
    pub fn add(&mut self, host: HostPlan) -> Result<(), String> {
        if let Some(other) =
            self.hosts.iter().find(|h| h.address == host.address && h.segment == host.segment)
        {
            return Err(format!("{}: {} has this address", host.address, other.name));
        }
        if let Some(other) = self.hosts.iter().find(|h| h.mac == host.mac) {
            return Err(format!("{}: {} has this hardware address", in_colons(host.mac), other.name));
        }
        self.hosts.push(host);
        Ok(())
    }
}

/// A hardware address as people write it.
pub(super) fn in_colons(mac: Mac) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        let text = "[[segment]]\nname=\"a\"\nparent=\"eth1\"\nvlan=10\nnetwork=\"10.0.0.0/24\"\ngateway=\"10.0.0.254\"\n\
                    [[segment]]\nname=\"b\"\nparent=\"eth1\"\nvlan=11\nnetwork=\"10.0.0.0/23\"\n";
        Plan::of(&toml::from_str(text).unwrap()).unwrap()
    }

    #[test]
    fn an_address_finds_its_segment() {
        let plan = plan();
        let of =
            |name, address: &str| plan.segment_for(name, address.parse().unwrap()).map(|(place, _)| place);
        assert_eq!(of(None, "10.0.1.7"), Ok(1));
        assert!(of(None, "10.0.0.7").unwrap_err().contains("several"));
        assert_eq!(of(Some("a"), "10.0.0.7"), Ok(0));
        for wrong in ["10.9.0.1", "::1"] {
            assert!(of(None, wrong).is_err(), "{wrong}");
        }
        assert!(of(Some("a"), "10.0.0.254").is_err(), "the router's own");
    }

    #[test]
    fn nothing_is_there_twice() {
        let mut plan = plan();
        let host = |name: &str, last: u8, mac: u8| HostPlan {
            name: name.into(),
            address: Ipv4Addr::new(10, 0, 0, last),
            mac: [0, 0, 0, 0, 0, mac],
            segment: 0,
            stack: Stack::default(),
            ports: Vec::new(),
        };
        plan.add(host("x", 1, 1)).unwrap();
        assert!(plan.add(host("y", 1, 2)).unwrap_err().contains("address"));
        assert!(plan.add(host("y", 2, 1)).unwrap_err().contains("00:00:00:00:00:01"));
        plan.add(host("y", 2, 2)).unwrap();
    }
}
