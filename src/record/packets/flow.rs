//! The flow key of a frame, and the few TCP facts by which conversations are told apart.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use etherparse::{
    Ipv6ExtensionSlice, LaxIpv4Slice, LaxIpv6Slice, LaxNetSlice, LaxSlicedPacket, TcpSlice, TransportSlice,
};

/// Link type of Ethernet and of the loopback interface.
pub const LINK_ETHERNET: u16 = 1;
/// Link type of bare IP packets (tunnels).
pub const LINK_RAW: u16 = 101;

/// IP protocol number of TCP.
pub const TCP: u8 = 6;
/// IP protocol number of UDP.
pub const UDP: u8 = 17;
/// Stands for ARP, which has no IP protocol number (255 is reserved).
pub const ARP: u8 = 255;

/// Both ends of a conversation, the lower one first, so that both directions have one key. Ports
/// are 0 where there are none (ICMP, ARP, later fragments).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowKey {
    /// IP protocol number, or [`ARP`].
    pub protocol: u8,
    /// The lower end.
    pub low: (IpAddr, u16),
    /// The higher end.
    pub high: (IpAddr, u16),
}

impl FlowKey {
    /// The key of a conversation between two ends.
    pub fn new(protocol: u8, a: (IpAddr, u16), b: (IpAddr, u16)) -> Self {
        FlowKey { protocol, low: a.min(b), high: a.max(b) }
    }

    /// The key of a conversation over TCP or UDP.
    pub fn between(protocol: u8, a: SocketAddr, b: SocketAddr) -> Self {
        FlowKey::new(protocol, (a.ip().to_canonical(), a.port()), (b.ip().to_canonical(), b.port()))
    }

    /// The key under which later fragments of this conversation are kept.
    pub fn of_fragments(&self) -> Self {
        FlowKey::new(self.protocol, (self.low.0, 0), (self.high.0, 0))
    }

    /// Whether one end has this address.
    pub fn touches(&self, address: IpAddr) -> bool {
        self.low.0 == address || self.high.0 == address
    }
}

/// A frame, as far as it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Its conversation.
    pub key: FlowKey,
    /// Who sent it.
    pub source: (IpAddr, u16),
    /// TCP facts, if there is a whole TCP header.
    pub tcp: Option<Tcp>,
    /// Identification of the fragmented packet it belongs to, if any.
    pub fragment: Option<u32>,
}

/// Sequence number, acknowledgement and flags of a segment, RFC 9293 3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tcp {
    /// SEQ.
    pub sequence: u32,
    /// ACK number.
    pub acknowledgement: u32,
    /// SYN.
    pub syn: bool,
    /// ACK.
    pub ack: bool,
    /// FIN.
    pub fin: bool,
    /// RST.
    pub rst: bool,
}

/// Reads the flow key of a frame; `None` for what is neither IP nor ARP.
pub fn parse(link: u16, frame: &[u8]) -> Option<Frame> {
    let sliced = match link {
        LINK_ETHERNET => LaxSlicedPacket::from_ethernet(frame).ok()?,
        LINK_RAW => LaxSlicedPacket::from_ip(frame).ok()?,
        _ => return None,
    };
    let ip = match sliced.net.as_ref()? {
        LaxNetSlice::Ipv4(ip) => ipv4(ip),
        LaxNetSlice::Ipv6(ip) => ipv6(ip),
        LaxNetSlice::Arp(arp) => return arp_frame(arp.sender_protocol_addr(), arp.target_protocol_addr()),
    };
    let (from_port, to_port, tcp) = match (ip.fragment, sliced.transport.as_ref()) {
        (Some(Fragment { first: true, .. }), None) if ip.protocol == TCP => {
            TcpSlice::from_slice(ip.payload).map_or((0, 0, None), |header| tcp_ports(&header))
        }
        (_, transport) => ports(transport),
    };
    let (source, target) = ((ip.from, from_port), (ip.to, to_port));
    let key = FlowKey::new(ip.protocol, source, target);
    Some(Frame { key, source, tcp, fragment: ip.fragment.map(|fragment| fragment.identification) })
}

/// Where what a TCP segment carries begins in its frame; for a later fragment of one, where the
/// fragment's part does.
pub fn payload(link: u16, frame: &[u8]) -> Option<usize> {
    let sliced = match link {
        LINK_ETHERNET => LaxSlicedPacket::from_ethernet(frame).ok()?,
        LINK_RAW => LaxSlicedPacket::from_ip(frame).ok()?,
        _ => return None,
    };
    let ip = match sliced.net.as_ref()? {
        LaxNetSlice::Ipv4(ip) => ipv4(ip),
        LaxNetSlice::Ipv6(ip) => ipv6(ip),
        LaxNetSlice::Arp(_) => return None,
    };
    if ip.protocol != TCP {
        return None;
    }
    let later = ip.fragment.is_some_and(|fragment| !fragment.first);
    let start = ip.payload.as_ptr().addr().checked_sub(frame.as_ptr().addr())?;
    let header = if later { 0 } else { TcpSlice::from_slice(ip.payload).ok()?.header_slice().len() };
    Some(start + header)
}

struct Ip<'a> {
    protocol: u8,
    from: IpAddr,
    to: IpAddr,
    fragment: Option<Fragment>,
    payload: &'a [u8],
}

#[derive(Clone, Copy)]
struct Fragment {
    identification: u32,
    first: bool,
}

fn ipv4<'a>(ip: &LaxIpv4Slice<'a>) -> Ip<'a> {
    let header = ip.header();
    let fragment = Fragment {
        identification: u32::from(header.identification()),
        first: header.fragments_offset().value() == 0,
    };
    Ip {
        protocol: ip.payload_ip_number().0,
        from: header.source_addr().into(),
        to: header.destination_addr().into(),
        fragment: ip.is_payload_fragmented().then_some(fragment),
        payload: ip.payload().payload,
    }
}

fn ipv6<'a>(ip: &LaxIpv6Slice<'a>) -> Ip<'a> {
    let header = ip.header();
    let fragment = ip.extensions().clone().into_iter().find_map(|extension| match extension {
        Ipv6ExtensionSlice::Fragment(header) => Some(Fragment {
            identification: header.identification(),
            first: header.fragment_offset().value() == 0,
        }),
        _ => None,
    });
    Ip {
        protocol: ip.payload().ip_number.0,
        from: header.source_addr().into(),
        to: header.destination_addr().into(),
        fragment: fragment.filter(|_| ip.is_payload_fragmented()),
        payload: ip.payload().payload,
    }
}

fn arp_frame(sender: &[u8], target: &[u8]) -> Option<Frame> {
    let address = |bytes: &[u8]| <[u8; 4]>::try_from(bytes).ok().map(|b| IpAddr::V4(Ipv4Addr::from(b)));
    let (sender, target) = ((address(sender)?, 0), (address(target)?, 0));
    Some(Frame { key: FlowKey::new(ARP, sender, target), source: sender, tcp: None, fragment: None })
}

fn ports(transport: Option<&TransportSlice<'_>>) -> (u16, u16, Option<Tcp>) {
    match transport {
        Some(TransportSlice::Tcp(tcp)) => tcp_ports(tcp),
        Some(TransportSlice::Udp(udp)) => (udp.source_port(), udp.destination_port(), None),
        _ => (0, 0, None),
    }
}

fn tcp_ports(tcp: &TcpSlice<'_>) -> (u16, u16, Option<Tcp>) {
    let facts = Tcp {
        sequence: tcp.sequence_number(),
        acknowledgement: tcp.acknowledgment_number(),
        syn: tcp.syn(),
        ack: tcp.ack(),
        fin: tcp.fin(),
        rst: tcp.rst(),
    };
    (tcp.source_port(), tcp.destination_port(), Some(facts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::PacketBuilder;

    #[test]
    fn both_directions_have_one_key() {
        let there = PacketBuilder::ethernet2([1; 6], [2; 6]).ipv4([10, 0, 0, 9], [10, 0, 0, 1], 64);
        let back = PacketBuilder::ethernet2([2; 6], [1; 6]).ipv4([10, 0, 0, 1], [10, 0, 0, 9], 64);
        let (mut a, mut b) = (Vec::new(), Vec::new());
        there.tcp(40_000, 104, 7, 100).syn().write(&mut a, &[]).unwrap();
        back.tcp(104, 40_000, 8, 100).syn().ack(8).write(&mut b, &[]).unwrap();
        let (a, b) = (parse(LINK_ETHERNET, &a).unwrap(), parse(LINK_ETHERNET, &b).unwrap());
        assert_eq!(a.key, b.key);
        assert_eq!(
            a.key,
            FlowKey::between(
                TCP,
                "10.0.0.1:104".parse().unwrap(),
                "[::ffff:10.0.0.9]:40000".parse().unwrap()
            )
        );
        let facts = b.tcp.unwrap();
        assert_eq!((facts.sequence, facts.acknowledgement, facts.syn, facts.ack), (8, 8, true, true));
        assert_eq!(a.source, ("10.0.0.9".parse().unwrap(), 40_000));
    }

    #[test]
    fn a_frame_cut_short_still_names_its_hosts() {
        let mut frame = Vec::new();
        let builder = PacketBuilder::ethernet2([1; 6], [2; 6]).ipv4([10, 0, 0, 9], [10, 0, 0, 1], 64);
        builder.tcp(40_000, 104, 7, 100).write(&mut frame, b"data").unwrap();
        for cut in 0..frame.len() {
            if let Some(seen) = parse(LINK_ETHERNET, &frame[..cut]) {
                assert!(seen.key.touches("10.0.0.9".parse().unwrap()), "cut at {cut}");
            }
        }
        assert_eq!(parse(LINK_ETHERNET, &frame[..36]).unwrap().key.low.1, 0);
    }

    #[test]
    fn arp_names_both_hosts() {
        let arp = etherparse::ArpPacket::new(
            etherparse::ArpHardwareId::ETHERNET,
            etherparse::EtherType::IPV4,
            etherparse::ArpOperation::REQUEST,
            &[1; 6],
            &[10, 0, 0, 9],
            &[0; 6],
            &[10, 0, 0, 1],
        )
        .unwrap();
        let mut frame = Vec::new();
        PacketBuilder::ethernet2([1; 6], [0xff; 6]).arp(arp).write(&mut frame).unwrap();
        let seen = parse(LINK_ETHERNET, &frame).unwrap();
        assert_eq!(seen.key.protocol, ARP);
        assert!(seen.key.touches("10.0.0.1".parse().unwrap()));
    }
}
