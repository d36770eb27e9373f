//! What a segment says of itself to whoever only listens: who is there, of which maker, by which name.
//!
//! Nothing is sent. What is heard proposes addresses, names and makers with which decoys blend in; an
//! operator decides.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use serde::Serialize;

use super::netd::Mac;

/// Machines that are noted; a segment has fewer, and who invents more fills nothing.
const MACHINES: usize = 4096;

/// Addresses proposed for each network.
const PROPOSALS: usize = 16;

/// Longest name that is noted, bytes: a label of DNS.
const NAME: usize = 63;

/// Makers of cards that hospitals have many of: the first three bytes of their addresses.
const MAKERS: &[(&str, &str)] = &[
    ("00:0b:ab", "Advantech"),
    ("00:0c:29", "VMware"),
    ("00:0e:0c", "Intel"),
    ("00:15:5d", "Microsoft Hyper-V"),
    ("00:30:64", "ADLINK"),
    ("00:50:56", "VMware"),
    ("00:90:e8", "Moxa"),
    ("14:18:77", "Dell"),
    ("3c:a8:2a", "Hewlett Packard"),
    ("52:54:00", "QEMU"),
    ("64:00:6a", "Dell"),
];

/// What has been heard so far.
#[derive(Debug, Default)]
pub struct Ear {
    machines: BTreeMap<Mac, Machine>,
    asked: BTreeSet<Ipv4Addr>,
}

#[derive(Debug, Default)]
struct Machine {
    addresses: BTreeSet<Ipv4Addr>,
    names: BTreeSet<String>,
    heard: u64,
}

/// What is reported; of names only letters, digits and - _ . are kept.
#[derive(Debug, Serialize)]
pub struct Neighbourhood {
    /// Machines by hardware address.
    pub machines: Vec<Neighbour>,
    /// Makers and how many machines each has, the most first.
    pub makers: Vec<(String, usize)>,
    /// Addresses that nobody used or asked for, near those in use.
    pub free_addresses: Vec<Ipv4Addr>,
    /// Names that continue those that were heard.
    pub names: Vec<String>,
}

/// One machine.
#[derive(Debug, Serialize)]
pub struct Neighbour {
    /// Its hardware address.
    pub mac: String,
    /// Its maker, where it is known.
    pub maker: Option<&'static str>,
    /// Its addresses.
    pub addresses: Vec<Ipv4Addr>,
    /// Its names.
    pub names: Vec<String>,
    /// How many frames of it told something.
    pub heard: u64,
}

/// What to listen for, in the words of pcap-filter(7).
pub const FILTER: &str = "arp or (udp and (port 67 or port 137 or port 138 or port 5353))";

impl Ear {
    /// Notes what a frame tells; one that tells nothing is passed over.
    pub fn hear(&mut self, frame: &[u8]) {
        let Some(source) = frame.get(6..12).and_then(|mac| Mac::try_from(mac).ok()) else { return };
        let Ok(packet) = SlicedPacket::from_ethernet(frame) else { return };
        match (&packet.net, &packet.transport) {
            (Some(NetSlice::Arp(arp)), _) => {
                self.hear_arp(arp.sender_hw_addr(), arp.sender_protocol_addr(), arp.target_protocol_addr())
            }
            (Some(NetSlice::Ipv4(ip)), Some(TransportSlice::Udp(udp))) => {
                let name = name_in(udp.destination_port(), udp.payload());
                let address = ip.header().source_addr();
                self.note(source, (!address.is_unspecified()).then_some(address), name);
            }
            _ => {}
        }
    }

    fn hear_arp(&mut self, mac: &[u8], sender: &[u8], target: &[u8]) {
        let address = |bytes: &[u8]| <[u8; 4]>::try_from(bytes).ok().map(Ipv4Addr::from);
        let (Ok(mac), Some(sender), Some(target)) = (Mac::try_from(mac), address(sender), address(target))
        else {
            return;
        };
        if self.asked.len() < MACHINES {
            self.asked.insert(target);
        }
        self.note(mac, (!sender.is_unspecified()).then_some(sender), None);
    }

    fn note(&mut self, mac: Mac, address: Option<Ipv4Addr>, name: Option<String>) {
        if self.machines.len() >= MACHINES && !self.machines.contains_key(&mac) {
            return;
        }
        let machine = self.machines.entry(mac).or_default();
        machine.heard += 1;
        if machine.addresses.len() < PROPOSALS {
            machine.addresses.extend(address);
        }
        if machine.names.len() < PROPOSALS {
            machine.names.extend(name);
        }
    }

    /// What it all says.
    #[must_use]
    pub fn report(&self) -> Neighbourhood {
        let machines: Vec<_> = self.machines.iter().map(|(mac, machine)| neighbour(*mac, machine)).collect();
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for machine in &machines {
            let block = machine.mac.get(..8).unwrap_or_default().to_owned();
            *counts.entry(machine.maker.map_or(block, str::to_owned)).or_default() += 1;
        }
        let mut makers: Vec<_> = counts.into_iter().collect();
        makers.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Neighbourhood { makers, free_addresses: self.free(), names: self.next_names(), machines }
    }

    /// Between the lowest and the highest address heard of each /24, those that nobody spoke of.
    fn free(&self) -> Vec<Ipv4Addr> {
        let used: BTreeSet<Ipv4Addr> =
            self.machines.values().flat_map(|machine| machine.addresses.iter().copied()).collect();
        let mut networks: BTreeMap<[u8; 3], (u8, u8)> = BTreeMap::new();
        for address in &used {
            let [a, b, c, last] = address.octets();
            let ends = networks.entry([a, b, c]).or_insert((last, last));
            *ends = (ends.0.min(last), ends.1.max(last));
        }
        let free = |([a, b, c], (low, high)): ([u8; 3], (u8, u8))| {
            let all = (low..=high).map(move |last| Ipv4Addr::new(a, b, c, last));
            let quiet = |address: &Ipv4Addr| !used.contains(address) && !self.asked.contains(address);
            all.filter(quiet).take(PROPOSALS).collect::<Vec<_>>()
        };
        networks.into_iter().flat_map(free).collect()
    }

    /// Of names that end in a number, the next number of each kind.
    fn next_names(&self) -> Vec<String> {
        let mut kinds: BTreeMap<(String, usize), u64> = BTreeMap::new();
        for name in self.machines.values().flat_map(|machine| &machine.names) {
            let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
            let digits = name.get(stem.len()..).unwrap_or_default();
            if let Ok(number) = digits.parse::<u64>() {
                let highest = kinds.entry((stem.to_owned(), digits.len())).or_default();
                *highest = number.max(*highest);
            }
        }
        let next = |((stem, width), highest): ((String, usize), u64)| {
            format!("{stem}{:0width$}", highest.saturating_add(1))
        };
        kinds.into_iter().map(next).collect()
    }
}

fn neighbour(mac: Mac, machine: &Machine) -> Neighbour {
    let mac = mac.map(|byte| format!("{byte:02x}")).join(":");
    let maker = MAKERS.iter().find(|(block, _)| mac.starts_with(block)).map(|(_, maker)| *maker);
    Neighbour {
        maker,
        addresses: machine.addresses.iter().copied().collect(),
        names: machine.names.iter().cloned().collect(),
        heard: machine.heard,
        mac,
    }
}

/// The name by which a sender calls itself: in a DHCP request (RFC 2132, option 12), a NetBIOS
/// registration (RFC 1002, 4.2.2) or datagram (4.4.2), or a multicast DNS answer (RFC 6762).
fn name_in(port: u16, payload: &[u8]) -> Option<String> {
    let name = match port {
        67 => dhcp_name(payload)?,
        137 => {
            // Registration and refresh, by whom the name is.
            let operation = payload.get(2)? >> 3 & 0xf;
            [5, 8, 9].contains(&operation).then(|| netbios_name(payload.get(13..45)?)).flatten()?
        }
        138 => netbios_name(payload.get(15..47)?)?,
        5353 => {
            let answers = payload.get(2)? & 0x80 != 0;
            let length = usize::from(*payload.get(12)?);
            let label = payload.get(13..13 + length.min(NAME))?;
            (answers && !label.starts_with(b"_")).then(|| String::from_utf8_lossy(label).into_owned())?
        }
        _ => return None,
    };
    // Names of machines have these only; whatever else a stranger sends is left out.
    let allowed = |c: &char| c.is_ascii_alphanumeric() || "-_.".contains(*c);
    let allowed: String = name.chars().filter(allowed).take(NAME).collect();
    (!allowed.is_empty()).then_some(allowed)
}

fn dhcp_name(payload: &[u8]) -> Option<String> {
    const COOKIE: [u8; 4] = [99, 130, 83, 99];
    if payload.first() != Some(&1) || payload.get(236..240)? != COOKIE {
        return None;
    }
    let mut options = payload.get(240..)?;
    while let [code, rest @ ..] = options {
        if *code == 0 {
            options = rest;
            continue;
        }
        let (length, rest) = rest.split_first()?;
        let value = rest.get(..usize::from(*length))?;
        if *code == 12 {
            return Some(String::from_utf8_lossy(value).into_owned());
        }
        options = rest.get(usize::from(*length)..)?;
    }
    None
}

/// Half a byte in each letter, from `A`; the last byte is the kind of service.
fn netbios_name(encoded: &[u8]) -> Option<String> {
    let halves = encoded.iter().map(|letter| letter.checked_sub(b'A').filter(|half| *half < 16));
    let halves: Vec<u8> = halves.collect::<Option<_>>()?;
    let bytes: Vec<u8> =
        halves.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, half| byte << 4 | half)).collect();
    let name = String::from_utf8_lossy(bytes.get(..15)?).trim_end().to_owned();
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arp(mac: u8, sender: [u8; 4], target: [u8; 4]) -> Vec<u8> {
        let mut frame = vec![0xff; 6];
        let own = [0x00, 0x50, 0x56, 0, 0, mac];
        frame.extend(own);
        frame.extend([8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
        frame.extend(own);
        frame.extend(sender);
        frame.extend([0; 6]);
        frame.extend(target);
        frame
    }

    #[test]
    fn addresses_makers_and_gaps_are_heard() {
        let mut ear = Ear::default();
        ear.hear(&arp(1, [10, 0, 0, 10], [10, 0, 0, 14]));
        ear.hear(&arp(2, [10, 0, 0, 15], [10, 0, 0, 10]));
        ear.hear(&arp(3, [0, 0, 0, 0], [10, 0, 0, 12]));
        let report = ear.report();
        assert_eq!(report.machines.len(), 3);
        assert_eq!(report.makers, [("VMware".to_owned(), 3)]);
        let free: Vec<String> = report.free_addresses.iter().map(ToString::to_string).collect();
        assert_eq!(free, ["10.0.0.11", "10.0.0.13"], "12 and 14 were asked for");
    }

    #[test]
    fn names_are_heard_and_continued() {
        let mut request = vec![0; 240];
        request[0] = 1;
        request[236..].copy_from_slice(&[99, 130, 83, 99]);
        request.extend([53, 1, 3, 12, 6]);
        request.extend(b"PACS07");
        assert_eq!(name_in(67, &request).as_deref(), Some("PACS07"));
        request.truncate(243);
        assert_eq!(name_in(67, &request), None);
        let mut registration = vec![0, 1, 0x29, 0x10, 0, 1, 0, 0, 0, 0, 0, 1, 32];
        registration
            .extend(b"WS-03          \0".iter().flat_map(|byte| [b'A' + (byte >> 4), b'A' + (byte & 15)]));
        assert_eq!(name_in(137, &registration).as_deref(), Some("WS-03"));
        let mut ear = Ear::default();
        for name in ["WS-03", "WS-11", "printer"] {
            ear.note([0; 6], None, Some(name.to_owned()));
        }
        assert_eq!(ear.report().names, ["WS-12"]);
    }

    #[test]
    fn noise_is_passed_over() {
        let mut ear = Ear::default();
        let whole = arp(1, [10, 0, 0, 10], [10, 0, 0, 14]);
        for end in 0..whole.len() {
            ear.hear(&whole[..end]);
        }
        assert!(ear.machines.is_empty());
        for port in [67, 137, 138, 5353] {
            for length in [0, 1, 13, 44, 239, 300] {
                let _ = name_in(port, &vec![0xff; length]);
            }
        }
    }
}
