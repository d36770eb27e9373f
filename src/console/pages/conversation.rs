//! The packets of a session in sum, with the hash of the file that a download gives.

use std::io::Write;

use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use minijinja::context;
use sha2::{Digest, Sha256};

use super::evidence::{Bounded, plan};
use super::{reader, row, session};
use crate::console::accounts::Role;
use crate::console::answer::Answer;
use crate::console::router::{Refusal, Visit};

/// pcapng: enhanced packet block.
const PACKET: u32 = 6;

/// Bytes of such a block before its packet.
const BEFORE: usize = 28;

/// One direction.
#[derive(Debug, Default, Clone, PartialEq, Eq, serde::Serialize)]
struct Way {
    packets: u64,
    bytes: u64,
    payload: u64,
    syn: u64,
    fin: u64,
    rst: u64,
    empty: u64,
}

pub(in crate::console) fn page(visit: &Visit<'_>, id: &str) -> Result<Answer, Refusal> {
    visit.needs(Role::takes_evidence)?;
    let found = session(&reader(visit)?, id)?;
    let plan = plan(visit, &found)?;
    let Some(cut) = plan.cut() else {
        return Ok(visit.show("nothing.html", context! { key => "no_packets", id }));
    };
    let mut file = Bounded { bytes: Vec::new() };
    plan.write(&mut file)?;
    file.flush()?;
    let ways = count(&file.bytes, found.source, found.source_port);
    let ways: Vec<_> = ways.iter().map(|way| minijinja::Value::from(minijinja::value::Serde(way))).collect();
    visit.tell("looked at packets", id);
    Ok(visit.show(
        "conversation.html",
        context! {
            session => row(&found),
            ways,
            sha256 => hex::encode(Sha256::digest(&file.bytes)),
            size => file.bytes.len(),
            packets => cut.packets,
            whole => cut.whole,
            dropped => cut.dropped,
        },
    ))
}

/// Packets from the peer, and packets to it.
fn count(file: &[u8], source: std::net::IpAddr, port: u16) -> [Way; 2] {
    let mut ways = [Way::default(), Way::default()];
    let mut rest = file;
    while let Some((kind, block, after)) = block(rest) {
        rest = after;
        let Some(captured) = (kind == PACKET).then(|| number(block, 20)).flatten() else { continue };
        let end = BEFORE.saturating_add(usize::try_from(captured).unwrap_or(0));
        let Some(packet) = block.get(BEFORE..end) else { continue };
        let Some((from, way)) = sliced(packet) else { continue };
        let sum = if from == (source, port) { &mut ways[0] } else { &mut ways[1] };
        sum.packets += 1;
        sum.bytes += way.bytes;
        sum.payload += way.payload;
        sum.syn += way.syn;
        sum.fin += way.fin;
        sum.rst += way.rst;
        sum.empty += way.empty;
    }
    ways
}

/// Type, bytes and what follows of a pcapng block; files of ours are little endian.
fn block(file: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let length = usize::try_from(number(file, 4)?).ok().filter(|length| *length >= 12)?;
    Some((number(file, 0)?, file.get(..length)?, file.get(length..)?))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk::<4>().map(|four| u32::from_le_bytes(*four))
}

fn sliced(packet: &[u8]) -> Option<((std::net::IpAddr, u16), Way)> {
    let slice = SlicedPacket::from_ethernet(packet).ok()?;
    let from = match slice.net? {
        NetSlice::Ipv4(ip) => std::net::IpAddr::from(ip.header().source_addr()),
        NetSlice::Ipv6(ip) => std::net::IpAddr::from(ip.header().source_addr()),
        NetSlice::Arp(_) => return None,
    };
    let long = |length: usize| u64::try_from(length).unwrap_or(0);
    let mut way = Way { bytes: long(packet.len()), ..Way::default() };
    let port = match slice.transport? {
        TransportSlice::Tcp(tcp) => {
            way.payload = long(tcp.payload().len());
            way.syn = u64::from(tcp.syn());
            way.fin = u64::from(tcp.fin());
            way.rst = u64::from(tcp.rst());
            way.empty = u64::from(tcp.payload().is_empty());
            tcp.source_port()
        }
        TransportSlice::Udp(udp) => {
            way.payload = long(udp.payload().len());
            udp.source_port()
        }
        TransportSlice::Icmpv4(_) | TransportSlice::Icmpv6(_) | TransportSlice::Igmp(_) => return None,
    };
    Some(((from, port), way))
}
