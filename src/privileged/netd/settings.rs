//! `[network]` of the config.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

/// The segments that decoys stand on. Without any, decoys are at addresses that the machine has.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The segments.
    pub segment: Vec<SegmentSettings>,
}

/// `[[network.segment]]`: one VLAN, or one port without a tag.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentSettings {
    /// What the operator calls it.
    pub name: String,
    /// The network card that reaches it.
    pub parent: String,
    /// The VLAN's number on that card, 1 to 4094; without it frames carry no tag.
    #[serde(default)]
    pub vlan: Option<u16>,
    /// The segment's network: `10.20.1.0/24`.
    pub network: String,
    /// The router that reaches other networks.
    #[serde(default)]
    pub gateway: Option<Ipv4Addr>,
}

/// Longest name of a network interface (`IFNAMSIZ` less its end).
const INTERFACE_NAME: usize = 15;

impl Settings {
    /// Whether netd has anything to do.
    pub fn is_used(&self) -> bool {
        !self.segment.is_empty()
    }

    /// What is wrong, each with the number of its segment and its key.
    pub fn faults(&self) -> Vec<(usize, &'static str, String)> {
        let mut faults = Vec::new();
        for (n, segment) in self.segment.iter().enumerate() {
            faults.extend(segment.faults().into_iter().map(|(key, problem)| (n, key, problem)));
            let twin = |other: &SegmentSettings| other.parent == segment.parent && other.vlan == segment.vlan;
            if self.segment.iter().take(n).any(|other| other.name == segment.name) {
                faults.push((n, "name", "expected a name that no other segment has".to_owned()));
            }
            if self.segment.iter().take(n).any(twin) {
                faults.push((n, "parent", "expected a VLAN that no other segment has".to_owned()));
            }
        }
        faults
    }
}

impl SegmentSettings {
    fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if self.name.is_empty() || !self.name.chars().all(allowed) {
            faults.push(("name", "expected letters, digits, and - _ .".to_owned()));
        }
        if self.parent.is_empty() || !self.parent.chars().all(allowed) || self.link().len() > INTERFACE_NAME {
            let problem =
                format!("\"{}\": expected an interface's name, short enough for `.VLAN`", self.parent);
            faults.push(("parent", problem));
        }
        if self.vlan.is_some_and(|vlan| !(1..=4094).contains(&vlan)) {
            faults.push(("vlan", "expected 1 to 4094".to_owned()));
        }
        match self.network() {
            Err(problem) => faults.push(("network", problem)),
            Ok((network, prefix)) => {
                if self.gateway.is_some_and(|gateway| !holds(network, prefix, gateway)) {
                    faults.push(("gateway", format!("expected an address of {}", self.network)));
                }
            }
        }
        faults
    }

    /// The interface that carries it.
    pub fn link(&self) -> String {
        self.vlan.map_or_else(|| self.parent.clone(), |vlan| format!("{}.{vlan}", self.parent))
    }

    /// The network's address and the length of its prefix.
    ///
    /// # Errors
    /// What was expected instead.
    pub fn network(&self) -> Result<(Ipv4Addr, u8), String> {
        let expected = || format!("\"{}\": expected a network such as 10.20.1.0/24", self.network);
        let (address, prefix) = self.network.split_once('/').ok_or_else(expected)?;
        let address: Ipv4Addr = address.parse().map_err(|_| expected())?;
        let prefix: u8 = prefix.parse().map_err(|_| expected())?;
        if !(8..=30).contains(&prefix) || address.to_bits() & !mask(prefix) != 0 {
            return Err(expected());
        }
        Ok((address, prefix))
    }
}

/// Whether a network has an address, its first (the network) and last (broadcast) left out.
pub(super) fn holds(network: Ipv4Addr, prefix: u8, address: Ipv4Addr) -> bool {
    let own = address.to_bits() & !mask(prefix);
    address.to_bits() & mask(prefix) == network.to_bits() && own != 0 && own != !mask(prefix)
}

fn mask(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(text: &str) -> SegmentSettings {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn faults_are_named_by_key() {
        let good = segment(
            "name=\"a\"\nparent=\"eth1\"\nvlan=10\nnetwork=\"10.20.1.0/24\"\ngateway=\"10.20.1.254\"",
        );
        assert!(good.faults().is_empty(), "{:?}", good.faults());
        assert_eq!(good.link(), "eth1.10");
        let bad = segment("name=\"a b\"\nparent=\"longestname12345\"\nvlan=4095\nnetwork=\"10.20.1.1/24\"");
        let keys: Vec<_> = bad.faults().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["name", "parent", "vlan", "network"]);
        let away = segment("name=\"a\"\nparent=\"e\"\nnetwork=\"10.20.1.0/24\"\ngateway=\"10.20.2.254\"");
        assert_eq!(away.faults()[0].0, "gateway");
        let twice = Settings { segment: vec![good.clone(), good] };
        assert_eq!(twice.faults().len(), 2);
    }

    #[test]
    fn a_network_holds_its_hosts() {
        let network = Ipv4Addr::new(10, 20, 1, 0);
        assert!(holds(network, 24, Ipv4Addr::new(10, 20, 1, 7)));
        for no in [0, 255] {
            assert!(!holds(network, 24, Ipv4Addr::new(10, 20, 1, no)));
        }
        assert!(!holds(network, 24, Ipv4Addr::new(10, 20, 2, 7)));
    }
}
