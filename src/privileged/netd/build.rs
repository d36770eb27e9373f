//! Makes the namespaces: filter first, links down, sockets open.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};
use std::thread;

use rand::RngExt;

use super::netlink::Netlink;
use super::plan::{Carrier, HostPlan, Plan};
use super::{rules, stack};
use crate::sys::network;

/// A host's interface, by its usual name.
pub(super) const STATION: &str = "eth0";

/// What was made, in the plan's order. The namespaces live as long as a descriptor of them or a socket
/// in them.
#[derive(Debug)]
pub struct Built {
    /// Each host's namespace.
    pub namespaces: Vec<OwnedFd>,
    /// The namespace for the sensor: the decoys' addresses on its own loopback, and no way out.
    pub inside: OwnedFd,
    /// Each host's sockets on the wire, a socket for each port.
    pub sockets: Vec<Vec<OwnedFd>>,
    /// Each host's sockets inside, for what decoys say to each other; in the order of its ports, those
    /// that are reached by connections.
    pub inner: Vec<Vec<OwnedFd>>,
}

/// Makes everything; all links of hosts are down. Whatever fails, what was made is gone when the
/// process that got it ends.
///
/// # Errors
/// What could not be made, in plain words.
pub fn build(plan: &Plan) -> Result<Built, String> {
    let root = Netlink::open().map_err(|e| format!("netlink: {e}"))?;
    let links = segments(&root, plan)?;
    rules::load(&rules::of_machine(plan)).map_err(|e| e.to_string())?;
    for (segment, link) in plan.segments.iter().zip(&links) {
        let of_link = |e| format!("segment {}: {}: {e}", segment.name, segment.link);
        let parent = root.index_of(&segment.parent).map_err(of_link)?;
        root.set_up(parent, true).map_err(of_link)?;
        root.set_up(*link, true).map_err(of_link)?;
    }
    // Namespaces belong to threads: all of this happens on one of its own, which then ends.
    thread::scope(|scope| {
        let made = scope.spawn(|| make(&root, plan, &links)).join();
        made.unwrap_or_else(|_| Err("the thread that makes namespaces panicked".to_owned()))
    })
}

/// The interfaces of the segments; VLANs are made anew.
fn segments(root: &Netlink, plan: &Plan) -> Result<Vec<u32>, String> {
    let mut links = Vec::new();
    for segment in &plan.segments {
        let of = |e: io::Error| format!("segment {}: {}: {e}", segment.name, segment.link);
        let parent = root
            .index_of(&segment.parent)
            .map_err(|e| format!("segment {}: no interface {}: {e}", segment.name, segment.parent))?;
        let Some(vlan) = segment.vlan else {
            quiet(&segment.link).map_err(of)?;
            links.push(parent);
            continue;
        };
        // One that an earlier run left takes its hosts with it.
        if let Ok(old) = root.index_of(&segment.link) {
            root.remove(old).map_err(of)?;
        }
        root.add_vlan(parent, vlan, &segment.link).map_err(of)?;
        quiet(&segment.link).map_err(of)?;
        links.push(root.index_of(&segment.link).map_err(of)?);
    }
    Ok(links)
}

/// The machine itself says nothing on a segment: it answers no ARP there and has no IPv6.
fn quiet(link: &str) -> io::Result<()> {
    fs::write(format!("/proc/sys/net/ipv4/conf/{link}/arp_ignore"), "8")?;
    fs::write(format!("/proc/sys/net/ipv4/conf/{link}/arp_announce"), "2")?;
    let ipv6 = format!("/proc/sys/net/ipv6/conf/{link}/disable_ipv6");
    if fs::exists(&ipv6)? { fs::write(ipv6, "1") } else { Ok(()) }
}

fn make(root: &Netlink, plan: &Plan, links: &[u32]) -> Result<Built, String> {
    let inside = inside(plan).map_err(|e| format!("the sensor's namespace: {e}"))?;
    let mut inner = Vec::new();
    for host in &plan.hosts {
        let ports = host.ports.iter().filter(|port| port.carrier == Carrier::Tcp);
        let sockets =
            ports.map(|port| open(host, port.carrier, port.number, false)).collect::<Result<_, _>>()?;
        inner.push(sockets);
    }
    let (mut namespaces, mut sockets) = (Vec::new(), Vec::new());
    for host in &plan.hosts {
        let link = links.get(host.segment).ok_or("a host without a segment")?;
        namespaces.push(station(root, host, *link).map_err(|e| format!("host {}: {e}", host.name))?);
        // Still in the host's namespace.
        let open = |port: &super::Port| open(host, port.carrier, port.number, true);
        sockets.push(host.ports.iter().map(open).collect::<Result<_, _>>()?);
    }
    Ok(Built { namespaces, inside, sockets, inner })
}

/// The sensor's namespace; the calling thread stays in it.
fn inside(plan: &Plan) -> io::Result<OwnedFd> {
    let namespace = network::new_network()?;
    rules::load(rules::INSIDE)?;
    let netlink = Netlink::open()?;
    let loopback = netlink.index_of("lo")?;
    netlink.set_up(loopback, true)?;
    for host in &plan.hosts {
        netlink.add_address(loopback, host.address, 32)?;
    }
    Ok(namespace)
}

/// A host's namespace with its interface, down; the calling thread stays in it.
fn station(root: &Netlink, host: &HostPlan, link: u32) -> io::Result<OwnedFd> {
    let namespace = network::new_network()?;
    let own = host.stack.sysctls();
    let own = own.iter().map(|(name, value)| (*name, value.as_str()));
    for (name, value) in stack::COMMON.iter().copied().chain(own) {
        let path = format!("/proc/sys/net/{name}");
        if fs::exists(&path)? {
            fs::write(&path, value).map_err(|e| io::Error::new(e.kind(), format!("{path}: {e}")))?;
        }
    }
    rules::load(&rules::of_host(host.stack.looks(), rand::rng().random()))?;
    root.add_station(link, STATION, host.mac, namespace.as_fd())?;
    let netlink = Netlink::open()?;
    netlink.set_up(netlink.index_of("lo")?, true)?;
    Ok(namespace)
}

fn open(host: &HostPlan, carrier: Carrier, port: u16, free: bool) -> Result<OwnedFd, String> {
    let address = SocketAddr::new(IpAddr::V4(at(host)), port);
    let socket = match carrier {
        Carrier::Tcp => network::listen(address, free).map(OwnedFd::from),
        Carrier::Udp => network::datagrams(address, free).map(OwnedFd::from),
    };
    socket.map_err(|e| format!("host {}: can't listen on {address}: {e}", host.name))
}

fn at(host: &HostPlan) -> Ipv4Addr {
    host.address
}
