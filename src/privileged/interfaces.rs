//! Which interfaces carry the decoys, and which packets are theirs.

use std::net::IpAddr;

use pcap::Device;

/// A filter of more addresses would not fit the kernel's 4096 instructions; then all is captured.
const FILTER_ADDRESSES: usize = 200;

/// The interfaces that hold the decoys' networks, and the addresses that are on none.
pub(super) fn of_decoys(devices: &[Device], decoys: &[IpAddr]) -> (Vec<String>, Vec<IpAddr>) {
    let (mut names, mut homeless) = (Vec::new(), Vec::new());
    for decoy in decoys {
        match nearest(devices, *decoy) {
            Some(device) if !names.contains(&device.name) => names.push(device.name.clone()),
            Some(_) => {}
            None => homeless.push(*decoy),
        }
    }
    (names, homeless)
}

/// The interface whose network holds the address, the narrowest network first.
fn nearest(devices: &[Device], address: IpAddr) -> Option<&Device> {
    let prefix = |device: &&Device| {
        device
            .addresses
            .iter()
            .filter_map(|known| prefix_that_holds(known.addr, known.netmask?, address))
            .max()
    };
    devices.iter().filter(|d| prefix(d).is_some()).max_by_key(prefix)
}

/// Length of the network's prefix when it holds `address`.
fn prefix_that_holds(network: IpAddr, mask: IpAddr, address: IpAddr) -> Option<u32> {
    match (network, mask, address) {
        (IpAddr::V4(network), IpAddr::V4(mask), IpAddr::V4(address)) => (network.to_bits() & mask.to_bits()
            == address.to_bits() & mask.to_bits())
        .then(|| mask.to_bits().leading_ones()),
        (IpAddr::V6(network), IpAddr::V6(mask), IpAddr::V6(address)) => (network.to_bits() & mask.to_bits()
            == address.to_bits() & mask.to_bits())
        .then(|| mask.to_bits().leading_ones()),
        _ => None,
    }
}

/// A pcap-filter(7) expression for all packets to or from the decoys, ARP and neighbour discovery
/// for them included; empty (everything) when there are too many.
pub(super) fn filter(decoys: &[IpAddr]) -> String {
    if decoys.len() > FILTER_ADDRESSES {
        return String::new();
    }
    let mut terms: Vec<_> = decoys.iter().map(|address| format!("host {address}")).collect();
    if decoys.iter().any(IpAddr::is_ipv6) {
        // Neighbour solicitations go to a group address, not to the decoy's.
        terms.push("(icmp6 and ip6[40] >= 133 and ip6[40] <= 137)".into());
    }
    terms.join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use pcap::{Address, ConnectionStatus, DeviceFlags, IfFlags};

    fn device(name: &str, address: &str, mask: &str) -> Device {
        Device {
            name: name.into(),
            desc: None,
            addresses: vec![Address {
                addr: address.parse().unwrap(),
                netmask: Some(mask.parse().unwrap()),
                broadcast_addr: None,
                dst_addr: None,
            }],
            flags: DeviceFlags { if_flags: IfFlags::empty(), connection_status: ConnectionStatus::Unknown },
        }
    }

    #[test]
    fn the_narrowest_network_wins_and_strangers_are_named() {
        let devices = [
            device("lo", "127.0.0.1", "255.0.0.0"),
            device("eth0", "10.0.0.1", "255.0.0.0"),
            device("eth1", "10.1.2.1", "255.255.255.0"),
        ];
        let decoys = ["127.0.10.11", "10.1.2.7", "10.9.9.9", "127.0.10.12", "192.0.2.1"];
        let decoys: Vec<IpAddr> = decoys.iter().map(|a| a.parse().unwrap()).collect();
        let (names, homeless) = of_decoys(&devices, &decoys);
        assert_eq!(names, ["lo", "eth1", "eth0"]);
        assert_eq!(homeless, ["192.0.2.1".parse::<IpAddr>().unwrap()]);
    }

    #[test]
    fn the_filter_compiles_up_to_its_cap() {
        let capture = pcap::Capture::dead(pcap::Linktype::ETHERNET).unwrap();
        for count in [1, 3, FILTER_ADDRESSES, FILTER_ADDRESSES + 1] {
            let decoys: Vec<IpAddr> = (0..count)
                .map(|n| {
                    IpAddr::from([10, 7, u8::try_from(n / 250).unwrap(), u8::try_from(n % 250).unwrap()])
                })
                .collect();
            let program = capture.compile(&filter(&decoys), true).unwrap();
            assert!(program.get_instructions().len() < 4096, "{count} addresses");
        }
        capture.compile(&filter(&["fe80::1".parse().unwrap()]), true).unwrap();
    }
}
