//! Links, addresses and routes of one network namespace, by rtnetlink(7).

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsRawFd, BorrowedFd};

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST, NetlinkHeader,
    NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::link::{
    InfoData, InfoKind, InfoMacVlan, InfoVlan, LinkAttribute, LinkFlags, LinkInfo, LinkMessage, MacVlanMode,
};
use netlink_packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState,
};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};

use super::plan::{Mac, in_colons};

/// A conversation with the kernel about the namespace in which it was begun.
pub(super) struct Netlink(Socket);

impl Netlink {
    /// Begins it for the calling thread's namespace; it stays with that namespace.
    pub(super) fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        // Errors come with the request's first bytes only: answers stay small.
        socket.set_cap_ack(true)?;
        Ok(Netlink(socket))
    }

    /// The number of an interface.
    pub(super) fn index_of(&self, name: &str) -> io::Result<u32> {
        let mut message = LinkMessage::default();
        message.attributes.push(LinkAttribute::IfName(name.to_owned()));
        let answer = self.ask(RouteNetlinkMessage::GetLink(message), 0)?;
        match answer {
            Some(RouteNetlinkMessage::NewLink(link)) => Ok(link.header.index),
            _ => Err(io::Error::from(io::ErrorKind::NotFound)),
        }
    }

    /// Makes a VLAN of a network card.
    pub(super) fn add_vlan(&self, parent: u32, id: u16, name: &str) -> io::Result<()> {
        let data = InfoData::Vlan(vec![InfoVlan::Id(id)]);
        self.add_link(vec![
            LinkAttribute::IfName(name.to_owned()),
            LinkAttribute::Link(parent),
            LinkAttribute::LinkInfo(vec![LinkInfo::Kind(InfoKind::Vlan), LinkInfo::Data(data)]),
        ])
    }

    /// Makes a host's interface on a segment, in the host's namespace, with the host's hardware address.
    /// Hosts of a segment see each other.
    pub(super) fn add_station(
        &self,
        segment: u32,
        name: &str,
        mac: Mac,
        namespace: BorrowedFd<'_>,
    ) -> io::Result<()> {
        let data = InfoData::MacVlan(vec![InfoMacVlan::Mode(MacVlanMode::Bridge)]);
        self.add_link(vec![
            LinkAttribute::IfName(name.to_owned()),
            LinkAttribute::Link(segment),
            LinkAttribute::Address(mac.to_vec()),
            LinkAttribute::NetNsFd(namespace.as_raw_fd()),
            LinkAttribute::LinkInfo(vec![LinkInfo::Kind(InfoKind::MacVlan), LinkInfo::Data(data)]),
        ])
    }

    fn add_link(&self, attributes: Vec<LinkAttribute>) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.attributes = attributes;
        self.tell(RouteNetlinkMessage::NewLink(message), NLM_F_CREATE | NLM_F_EXCL)
    }

    /// Removes an interface.
    pub(super) fn remove(&self, index: u32) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.header.index = index;
        self.tell(RouteNetlinkMessage::DelLink(message), 0)
    }

    /// Brings an interface up or takes it down.
    pub(super) fn set_up(&self, index: u32, up: bool) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.header.index = index;
        message.header.change_mask = LinkFlags::Up;
        message.header.flags = if up { LinkFlags::Up } else { LinkFlags::empty() };
        self.tell(RouteNetlinkMessage::SetLink(message), 0)
    }

    /// Gives an interface an address.
    pub(super) fn add_address(&self, index: u32, address: Ipv4Addr, prefix: u8) -> io::Result<()> {
        let message = address_message(index, address, prefix);
        self.tell(RouteNetlinkMessage::NewAddress(message), NLM_F_CREATE | NLM_F_REPLACE)
    }

    /// Takes it away.
    pub(super) fn remove_address(&self, index: u32, address: Ipv4Addr, prefix: u8) -> io::Result<()> {
        self.tell(RouteNetlinkMessage::DelAddress(address_message(index, address, prefix)), 0)
    }

    /// The way to other networks.
    pub(super) fn add_default_route(&self, index: u32, gateway: Ipv4Addr) -> io::Result<()> {
        let mut message = RouteMessage::default();
        message.header.address_family = AddressFamily::Inet;
        message.header.table = RouteHeader::RT_TABLE_MAIN;
        message.header.protocol = RouteProtocol::Static;
        message.header.scope = RouteScope::Universe;
        message.header.kind = RouteType::Unicast;
        message.attributes =
            vec![RouteAttribute::Gateway(RouteAddress::Inet(gateway)), RouteAttribute::Oif(index)];
        self.tell(RouteNetlinkMessage::NewRoute(message), NLM_F_CREATE | NLM_F_REPLACE)
    }

    /// Machines of the segment that the host has spoken with, with their hardware addresses.
    pub(super) fn neighbours(&self) -> io::Result<Vec<(IpAddr, String)>> {
        let mut message = NeighbourMessage::default();
        message.header.family = AddressFamily::Inet;
        self.send(RouteNetlinkMessage::GetNeighbour(message), NLM_F_DUMP)?;
        let mut found = Vec::new();
        loop {
            let (bytes, _) = self.0.recv_from_full()?;
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                let answer = read(rest)?;
                rest = rest.get(align(answer.header.length as usize)..).unwrap_or_default();
                match answer.payload {
                    NetlinkPayload::Done(_) => return Ok(found),
                    NetlinkPayload::Error(error) => return Err(error.to_io()),
                    NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewNeighbour(known)) => {
                        found.extend(neighbour(&known));
                    }
                    _ => {}
                }
            }
        }
    }

    fn tell(&self, message: RouteNetlinkMessage, flags: u16) -> io::Result<()> {
        self.ask(message, flags | NLM_F_ACK).map(|_| ())
    }

    /// One request and its one answer.
    fn ask(&self, message: RouteNetlinkMessage, flags: u16) -> io::Result<Option<RouteNetlinkMessage>> {
        self.send(message, flags)?;
        let (answer, _) = self.0.recv_from_full()?;
        let answer = read(&answer)?;
        match answer.payload {
            NetlinkPayload::Error(error) => error.code.map_or(Ok(None), |_| Err(error.to_io())),
            NetlinkPayload::InnerMessage(message) => Ok(Some(message)),
            _ => Ok(None),
        }
    }

    fn send(&self, message: RouteNetlinkMessage, flags: u16) -> io::Result<()> {
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST | flags;
        let mut request = NetlinkMessage::new(header, NetlinkPayload::from(message));
        request.finalize();
        let mut bytes = vec![0; request.buffer_len()];
        request.serialize(&mut bytes);
        self.0.send(&bytes, 0).map(drop)
    }
}

fn read(bytes: &[u8]) -> io::Result<NetlinkMessage<RouteNetlinkMessage>> {
    NetlinkMessage::deserialize(bytes).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e.to_string()))
}

/// Where the next message begins: they stand on multiples of four, and none is shorter than its header.
fn align(length: usize) -> usize {
    length.max(16).next_multiple_of(4)
}

/// An entry that was confirmed, by its address and its card's.
fn neighbour(known: &NeighbourMessage) -> Option<(IpAddr, String)> {
    let confirmed =
        [NeighbourState::Reachable, NeighbourState::Stale, NeighbourState::Delay, NeighbourState::Probe];
    if !confirmed.contains(&known.header.state) {
        return None;
    }
    let address = known.attributes.iter().find_map(|attribute| match attribute {
        NeighbourAttribute::Destination(NeighbourAddress::Inet(address)) => Some(IpAddr::V4(*address)),
        _ => None,
    })?;
    let card = known.attributes.iter().find_map(|attribute| match attribute {
        NeighbourAttribute::LinkLayerAddress(bytes) => Mac::try_from(bytes.as_slice()).ok(),
        _ => None,
    })?;
    Some((address, in_colons(card)))
}

fn address_message(index: u32, address: Ipv4Addr, prefix: u8) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.family = AddressFamily::Inet;
    message.header.prefix_len = prefix;
    message.header.index = index;
    let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
    message.attributes =
        vec![AddressAttribute::Address(IpAddr::V4(address)), AddressAttribute::Local(IpAddr::V4(address))];
    if prefix < 31 {
        let broadcast = Ipv4Addr::from_bits(address.to_bits() | !mask);
        message.attributes.push(AddressAttribute::Broadcast(broadcast));
    }
    message
}
