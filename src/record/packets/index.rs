//! What is in a segment: its flows with their places, and the counters at its moments.
//!
//! File layout, big endian: magic `HWX1`; first and last packet (ns since 1970, u64 each); packets
//! (u64); number of counter samples and of flows (u32 each); the samples: interface (u32), time
//! (u64), received, dropped by interface, by kernel, by writer (u64 each); the flows, sorted:
//! protocol (u8), low address (16 bytes) and port (u16), high address and port, first and last time
//! (u64 each), offset of the first and of the last packet block (u64 each), packets (u64).
//! An index is written whole, under its name only when its segment is closed.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::net::{IpAddr, Ipv6Addr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::flow::{self, FlowKey};
use super::pcapng::{Block, Blocks, Packet, Statistics};
use super::{InterfaceId, pcapng};
use crate::record::appender::to_u64;

const MAGIC: [u8; 4] = *b"HWX1";
const HEAD: usize = 36;
const SAMPLE: usize = 44;
const FLOW: usize = 77;

/// Counters of one interface at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sample {
    pub interface: InterfaceId,
    /// ns since 1970.
    pub at: u64,
    pub counters: Statistics,
}

/// Where a flow's packets are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// Its first packet, ns since 1970.
    pub first_at: u64,
    /// Its last packet.
    pub last_at: u64,
    /// Offset of its first packet block.
    pub first: u64,
    /// Offset of its last packet block.
    pub last: u64,
    pub packets: u64,
}

/// The index of one segment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Index {
    /// Earliest packet, ns since 1970; 0 when there is none.
    pub first_at: u64,
    /// Latest packet.
    pub last_at: u64,
    pub packets: u64,
    pub samples: Vec<Sample>,
    pub flows: HashMap<FlowKey, Span>,
}

impl Index {
    /// Takes note of one packet at an offset of the segment.
    pub(super) fn note(&mut self, link: u16, offset: u64, packet: &Packet<'_>) {
        self.first_at = if self.packets == 0 { packet.at } else { self.first_at.min(packet.at) };
        self.last_at = self.last_at.max(packet.at);
        self.packets += 1;
        let Some(frame) = flow::parse(link, packet.data) else {
            return;
        };
        let span = self.flows.entry(frame.key).or_insert(Span {
            first_at: packet.at,
            last_at: packet.at,
            first: offset,
            last: offset,
            packets: 0,
        });
        span.first_at = span.first_at.min(packet.at);
        span.last_at = span.last_at.max(packet.at);
        span.last = offset;
        span.packets += 1;
    }

    /// Makes the index of a segment by reading it.
    pub(super) fn build(segment: &Path) -> io::Result<Self> {
        let mut index = Index::default();
        let mut links = Vec::new();
        let mut blocks = Blocks::new(File::open(segment)?, 0);
        while let Some(block) = blocks.next_block()? {
            index.note_block(&block, &mut links);
        }
        Ok(index)
    }

    fn note_block(&mut self, block: &Block<'_>, links: &mut Vec<u16>) {
        if let Some(interface) = block.interface() {
            links.push(interface.link);
        } else if let Some((interface, at, counters)) = block.statistics() {
            self.samples.push(Sample { interface, at, counters });
        } else if let Some(packet) = block.packet() {
            let link = usize::try_from(packet.interface).ok().and_then(|id| links.get(id));
            self.note(link.copied().unwrap_or_default(), block.offset, &packet);
        }
    }

    /// Writes the index under its name, whole.
    pub(super) fn save(&self, path: &Path) -> io::Result<()> {
        let draft = path.with_extension("draft");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o640).open(&draft)?;
        file.write_all(&self.encode())?;
        fs::rename(&draft, path)
    }

    /// Reads an index; `None` when there is none or it is damaged.
    pub(super) fn load(path: &Path) -> Option<Self> {
        decode(&fs::read(path).ok()?)
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        for value in [self.first_at, self.last_at, self.packets] {
            out.extend_from_slice(&value.to_be_bytes());
        }
        for count in [self.samples.len(), self.flows.len()] {
            out.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
        }
        for sample in &self.samples {
            encode_sample(&mut out, sample);
        }
        let mut flows: Vec<_> = self.flows.iter().collect();
        flows.sort_unstable_by_key(|(key, _)| **key);
        for (key, span) in flows {
            encode_flow(&mut out, key, span);
        }
        out
    }
}

fn encode_sample(out: &mut Vec<u8>, sample: &Sample) {
    let Statistics { received, interface_dropped, kernel_dropped, writer_dropped } = sample.counters;
    out.extend_from_slice(&sample.interface.to_be_bytes());
    for value in [sample.at, received, interface_dropped, kernel_dropped, writer_dropped] {
        out.extend_from_slice(&value.to_be_bytes());
    }
}

fn encode_flow(out: &mut Vec<u8>, key: &FlowKey, span: &Span) {
    out.push(key.protocol);
    for (address, port) in [key.low, key.high] {
        out.extend_from_slice(&wide(address).octets());
        out.extend_from_slice(&port.to_be_bytes());
    }
    for value in [span.first_at, span.last_at, span.first, span.last, span.packets] {
        out.extend_from_slice(&value.to_be_bytes());
    }
}

fn wide(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    }
}

fn decode(bytes: &[u8]) -> Option<Index> {
    let mut head = Fields(bytes.strip_prefix(&MAGIC)?);
    let (first_at, last_at, packets) = (head.u64()?, head.u64()?, head.u64()?);
    let samples = usize::try_from(head.u32()?).ok()?;
    let flows = usize::try_from(head.u32()?).ok()?;
    let end_of_samples = HEAD.checked_add(samples.checked_mul(SAMPLE)?)?;
    if bytes.len() != end_of_samples.checked_add(flows.checked_mul(FLOW)?)? {
        return None;
    }
    Some(Index {
        first_at,
        last_at,
        packets,
        samples: bytes[HEAD..end_of_samples]
            .chunks_exact(SAMPLE)
            .map(decode_sample)
            .collect::<Option<_>>()?,
        flows: bytes[end_of_samples..].chunks_exact(FLOW).map(decode_flow).collect::<Option<_>>()?,
    })
}

fn decode_sample(bytes: &[u8]) -> Option<Sample> {
    let mut fields = Fields(bytes);
    Some(Sample {
        interface: fields.u32()?,
        at: fields.u64()?,
        counters: Statistics {
            received: fields.u64()?,
            interface_dropped: fields.u64()?,
            kernel_dropped: fields.u64()?,
            writer_dropped: fields.u64()?,
        },
    })
}

fn decode_flow(bytes: &[u8]) -> Option<(FlowKey, Span)> {
    let mut fields = Fields(bytes);
    let key = FlowKey { protocol: fields.take::<1>()?[0], low: fields.end()?, high: fields.end()? };
    let span = Span {
        first_at: fields.u64()?,
        last_at: fields.u64()?,
        first: fields.u64()?,
        last: fields.u64()?,
        packets: fields.u64()?,
    };
    Some((key, span))
}

struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_be_bytes)
    }

    fn end(&mut self) -> Option<(IpAddr, u16)> {
        let address = IpAddr::V6(Ipv6Addr::from(self.take::<16>()?)).to_canonical();
        Some((address, self.take().map(u16::from_be_bytes)?))
    }
}

/// Takes note of every packet of a batch that was written at `offset`.
pub(super) fn note_batch(index: &mut Index, link: u16, mut offset: u64, mut batch: &[u8]) {
    while let Some(block) = pcapng::first_block(batch, offset) {
        if let Some(packet) = block.packet() {
            index.note(link, offset, &packet);
        }
        offset += to_u64(block.bytes.len());
        batch = &batch[block.bytes.len()..];
    }
}

#[cfg(test)]
mod tests {
    use super::super::flow::TCP;
    use super::*;

    fn sample_index() -> Index {
        let mut index = Index { first_at: 1, last_at: 9, packets: 3, ..Index::default() };
        let counters = Statistics { received: 5, interface_dropped: 1, kernel_dropped: 2, writer_dropped: 3 };
        index.samples.push(Sample { interface: 1, at: 4, counters });
        for port in 1..4 {
            let key = FlowKey::new(TCP, ("10.0.0.1".parse().unwrap(), port), ("fe80::1".parse().unwrap(), 9));
            index.flows.insert(key, Span { first_at: 1, last_at: 9, first: 100, last: 200, packets: 3 });
        }
        index
    }

    #[test]
    fn round_trip_and_damage() {
        let index = sample_index();
        let bytes = index.encode();
        assert_eq!(decode(&bytes), Some(index));
        for cut in 0..bytes.len() {
            assert_eq!(decode(&bytes[..cut]), None, "cut at {cut}");
        }
    }
}
