//! ARP as address conflict detection needs it (RFC 5227): probes, and filters that tell a conflict.

use std::net::Ipv4Addr;

use super::plan::Mac;
use crate::sys::network::FilterStep;

/// Loads at an absolute offset: a word, a half word.
const LOAD_WORD: u16 = 0x20;
const LOAD_HALF: u16 = 0x28;
/// Jumps if equal.
const EQUAL: u16 = 0x15;
/// Ends with the number of bytes to keep.
const RETURN: u16 = 0x06;

/// Offsets in an Ethernet frame with ARP for IPv4 (RFC 826).
const ETHERTYPE: u32 = 12;
const SENDER_MAC: u32 = 22;
const SENDER_ADDRESS: u32 = 28;
const TARGET_ADDRESS: u32 = 38;

/// A probe: asks for the address and claims nothing (RFC 5227, 2.1.1).
pub(super) fn probe(mac: Mac, address: Ipv4Addr) -> Vec<u8> {
    let mut frame = Vec::with_capacity(42);
    frame.extend([0xff; 6]);
    frame.extend(mac);
    frame.extend([0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1]);
    frame.extend(mac);
    frame.extend([0; 4]);
    frame.extend([0; 6]);
    frame.extend(address.octets());
    frame
}

/// Lets through what shows that another uses the address: ARP with the address as its sender's, from
/// another hardware address. While the address is being claimed (`claiming`), another's probe for it
/// counts too. One byte is kept of a frame: that it came is all that is told.
pub(super) fn conflict_filter(mac: Mac, address: Ipv4Addr, claiming: bool) -> Vec<FilterStep> {
    let [a, b, c, d, e, f] = mac;
    let (high, low) = (u32::from_be_bytes([a, b, c, d]), u32::from(u16::from_be_bytes([e, f])));
    let own = address.to_bits();
    // An address that no probe has: without claiming, the second way in stays closed.
    let probed = if claiming { own } else { u32::MAX };
    vec![
        (LOAD_HALF, 0, 0, ETHERTYPE),
        (EQUAL, 0, 10, 0x0806),
        (LOAD_WORD, 0, 0, SENDER_MAC),
        (EQUAL, 0, 2, high),
        (LOAD_HALF, 0, 0, SENDER_MAC + 4),
        (EQUAL, 6, 0, low),
        (LOAD_WORD, 0, 0, SENDER_ADDRESS),
        (EQUAL, 3, 0, own),
        (EQUAL, 0, 3, 0),
        (LOAD_WORD, 0, 0, TARGET_ADDRESS),
        (EQUAL, 0, 1, probed),
        (RETURN, 0, 0, 1),
        (RETURN, 0, 0, 0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Mac = [2, 0, 0, 0, 0, 1];
    const OTHER: Mac = [2, 0, 0, 0, 0, 2];
    const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 7);

    /// What the kernel would do, for the four instructions that are used.
    fn passes(filter: &[FilterStep], frame: &[u8]) -> bool {
        let (mut at, mut value) = (0usize, 0u32);
        loop {
            let (code, yes, no, k) = filter[at];
            at += 1;
            let place = k as usize;
            match code {
                LOAD_WORD => value = u32::from_be_bytes(frame[place..place + 4].try_into().unwrap()),
                LOAD_HALF => {
                    value = u32::from(u16::from_be_bytes(frame[place..place + 2].try_into().unwrap()))
                }
                EQUAL => at += usize::from(if value == k { yes } else { no }),
                _ => return k > 0,
            }
        }
    }

    fn answer(mac: Mac, address: Ipv4Addr) -> Vec<u8> {
        let mut frame = probe(mac, Ipv4Addr::new(10, 0, 0, 200));
        frame[28..32].copy_from_slice(&address.octets());
        frame
    }

    #[test]
    fn another_user_of_the_address_is_a_conflict_and_nothing_else_is() {
        for claiming in [true, false] {
            let filter = conflict_filter(OWN, ADDRESS, claiming);
            assert!(passes(&filter, &answer(OTHER, ADDRESS)), "another's use");
            assert!(!passes(&filter, &answer(OWN, ADDRESS)), "our own");
            assert!(!passes(&filter, &answer(OTHER, Ipv4Addr::new(10, 0, 0, 8))), "another address");
            assert!(!passes(&filter, &probe(OWN, ADDRESS)), "our own probe");
            assert_eq!(passes(&filter, &probe(OTHER, ADDRESS)), claiming, "another's probe");
            assert!(!passes(&filter, &probe(OTHER, Ipv4Addr::new(10, 0, 0, 8))));
            let mut ip = answer(OTHER, ADDRESS);
            ip[12..14].copy_from_slice(&[8, 0]);
            assert!(!passes(&filter, &ip));
            let near = [2, 0, 0, 0, 9, 1];
            assert!(passes(&filter, &answer(near, ADDRESS)), "the same first four bytes");
        }
    }
}
