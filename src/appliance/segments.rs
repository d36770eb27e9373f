//! Where the decoys stand, as the first boot asks it: the VLANs of their card, and who is on each.

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

use super::answers::Network;
use super::dialogue::{optional_address, valid};
use super::network::DECOYS;
use super::screen::{Screen, plain, words};

/// Numbers that a VLAN may have (IEEE 802.1Q).
const VLANS: RangeInclusive<u16> = 1..=4094;

/// One segment with its decoys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    vlan: Option<u16>,
    /// The first decoy's address; the others follow it.
    first: Network,
    gateway: Option<Ipv4Addr>,
    hosts: Vec<String>,
}

/// Asks for the VLANs, and for each who stands there and where.
pub(super) fn ask(screen: &mut Screen, hosts: &[String]) -> Vec<Segment> {
    let question = words(
        "VLANs of the decoys on that card, such as 110,120 (empty: one network without tags):",
        "该网口上诱饵所在的 VLAN，例如 110,120（留空：单一网络，不带标签）：",
    );
    let vlans = valid(screen, &question, vlans);
    if vlans.len() < 2 {
        return vec![ask_segment(screen, vlans.first().copied(), hosts.to_vec())];
    }
    for (i, host) in hosts.iter().enumerate() {
        screen.say(&plain(format!("  {}: {host}", i + 1)));
    }
    let mut left: Vec<usize> = (1..=hosts.len()).collect();
    let mut segments = Vec::new();
    for vlan in vlans {
        let question = words(
            format!("Decoys in VLAN {vlan}, such as 1-3,7 (empty: all that are left):"),
            format!("VLAN {vlan} 中的诱饵，例如 1-3,7（留空：剩余全部）："),
        );
        let there = valid(screen, &question, |text| chosen(text, &left));
        left.retain(|number| !there.contains(number));
        let named = there.iter().filter_map(|number| hosts.get(number - 1).cloned()).collect();
        segments.push(ask_segment(screen, Some(vlan), named));
    }
    segments
}

fn ask_segment(screen: &mut Screen, vlan: Option<u16>, hosts: Vec<String>) -> Segment {
    let before = vlan.map(|vlan| format!("VLAN {vlan}: ")).unwrap_or_default();
    let first = words(
        format!("{before}First of {} addresses for the decoys, such as 10.20.9.11/24:", hosts.len()),
        format!("{before}{} 个诱饵主机的首个地址，例如 10.20.9.11/24：", hosts.len()),
    );
    let first = valid(screen, &first, |text| first_of(text, hosts.len()));
    let router = words(
        format!("{before}Router that answers to other networks go to (empty: none):"),
        format!("{before}返回其他网段所经的网关（留空：无）："),
    );
    let gateway = optional_address(screen, &router);
    Segment { vlan, first, gateway, hosts }
}

/// Different numbers of VLANs; none for a network without tags.
fn vlans(text: &str) -> Result<Vec<u16>, String> {
    let mut found = Vec::new();
    for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        let vlan = word.parse().ok().filter(|vlan| VLANS.contains(vlan) && !found.contains(vlan));
        found.push(
            vlan.ok_or_else(|| format!("{word}: different numbers, {} to {}", VLANS.start(), VLANS.end()))?,
        );
    }
    Ok(found)
}

/// Numbers out of those that are left: `1-3,7`.
fn chosen(text: &str, left: &[usize]) -> Result<Vec<usize>, String> {
    let expected = |word: &str| {
        let left: Vec<String> = left.iter().map(usize::to_string).collect();
        format!("{word}: {}", left.join(","))
    };
    let mut found = Vec::new();
    for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        let (from, to) = word.split_once('-').unwrap_or((word, word));
        let (from, to): (usize, usize) =
            from.trim().parse().ok().zip(to.trim().parse().ok()).ok_or_else(|| expected(word))?;
        let some = left.iter().copied().filter(|number| (from..=to).contains(number));
        let before = found.len();
        found.extend(some);
        if from > to || found.len() - before != to - from + 1 {
            return Err(expected(word));
        }
    }
    let chosen = if found.is_empty() { left.to_vec() } else { found };
    let mut once = chosen.clone();
    once.sort_unstable();
    once.dedup();
    if once.is_empty() || once.len() != chosen.len() { Err(expected(text)) } else { Ok(once) }
}

fn first_of(text: &str, hosts: usize) -> Result<Network, String> {
    let first: Network = text.parse()?;
    let last =
        u32::try_from(hosts.saturating_sub(1)).ok().and_then(|n| first.address.to_bits().checked_add(n));
    match last.map(Ipv4Addr::from_bits) {
        Some(last) if first.holds(last) && (8..=30).contains(&first.prefix) => Ok(first),
        _ => Err(format!("{text}: {hosts} addresses from there do not fit its network")),
    }
}

impl Segment {
    /// Its tables of `honeynet.toml`.
    pub(super) fn to_toml(&self) -> String {
        let name = self.vlan.map_or_else(|| DECOYS.to_owned(), |vlan| format!("vlan{vlan}"));
        let mask = u32::MAX << (32 - u32::from(self.first.prefix.clamp(1, 32)));
        let network =
            Network { address: Ipv4Addr::from_bits(self.first.address.to_bits() & mask), ..self.first };
        let mut text = format!("\n[[network.segment]]\nname = \"{name}\"\nparent = \"{DECOYS}\"\n");
        text.extend(self.vlan.map(|vlan| format!("vlan = {vlan}\n")));
        let _ = writeln!(text, "network = \"{network}\"");
        text.extend(self.gateway.map(|gateway| format!("gateway = \"{gateway}\"\n")));
        for (host, address) in self.hosts.iter().zip(self.first.address.to_bits()..) {
            let address = Ipv4Addr::from_bits(address);
            let _ = write!(text, "\n[host.{host}]\naddress = \"{address}\"\nsegment = \"{name}\"\n");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vlans_are_different_numbers() {
        assert_eq!(vlans(""), Ok(Vec::new()));
        assert_eq!(vlans("110, 120"), Ok(vec![110, 120]));
        for wrong in ["0", "4095", "a", "7,7"] {
            assert!(vlans(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn decoys_are_chosen_out_of_those_that_are_left() {
        let left = [1, 2, 3, 5, 6];
        assert_eq!(chosen("", &left), Ok(left.to_vec()));
        assert_eq!(chosen("5, 1-3", &left), Ok(vec![1, 2, 3, 5]));
        for wrong in ["4", "3-5", "6-5", "1,1-2", "x", "0"] {
            assert!(chosen(wrong, &left).is_err(), "{wrong}");
        }
        assert!(chosen("", &[]).is_err(), "a segment without decoys");
    }

    #[test]
    fn a_segment_is_what_the_config_knows() {
        let segment = Segment {
            vlan: Some(110),
            first: first_of("10.20.1.11/24", 2).unwrap(),
            gateway: Some(Ipv4Addr::new(10, 20, 1, 254)),
            hosts: vec!["his".into(), "pacs".into()],
        };
        let text = segment.to_toml();
        for part in ["vlan = 110", "network = \"10.20.1.0/24\"", "gateway = \"10.20.1.254\""] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(text.contains("[host.pacs]\naddress = \"10.20.1.12\"\nsegment = \"vlan110\""), "{text}");
        assert!(first_of("10.20.1.250/24", 21).is_err());
        assert!(first_of("10.20.1.11", 1).is_err());
    }
}
