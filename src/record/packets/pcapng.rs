//! The pcapng blocks that segments and cuts are made of, written and read.
//!
//! Little endian, nanosecond time stamps. A reader stops at the last whole block, so a file that
//! is still being written, or was cut by a crash, reads up to there.

use std::io::{self, BufReader, Read};

use super::{Interface, InterfaceId, SNAPLEN};
use crate::record::appender::to_u64;

/// Section Header Block, 4.1.
pub const SECTION: u32 = 0x0a0d_0d0a;
/// Interface Description Block, 4.2.
pub const INTERFACE: u32 = 1;
/// Interface Statistics Block, 4.6.
pub const STATISTICS: u32 = 5;
/// Enhanced Packet Block, 4.3.
pub const PACKET: u32 = 6;

/// Decryption Secrets Block, 4.7.
pub const SECRETS: u32 = 10;

/// Secrets as a key log of TLS, 4.7.1.
const TLS_KEY_LOG: u32 = 0x544c_534b;

/// Bytes of a packet block before the packet's own.
pub const PACKET_HEAD: usize = 28;

/// Largest block a reader takes: a packet of [`SNAPLEN`] with its frame is far below.
const BLOCK_CAP: usize = 1 << 20;

/// Counters of one interface at one moment, as 4.6 defines them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Packets that the interface and the filter let through.
    pub received: u64,
    /// Dropped by the interface.
    pub interface_dropped: u64,
    /// Dropped by the kernel for want of room in the ring.
    pub kernel_dropped: u64,
    /// Dropped on the way to the disk.
    pub writer_dropped: u64,
}

/// Appends a section header with an optional comment.
pub fn section(out: &mut Vec<u8>, comment: Option<&str>) {
    let mut body = Vec::new();
    body.extend_from_slice(&0x1a2b_3c4d_u32.to_le_bytes());
    body.extend_from_slice(&1_u16.to_le_bytes());
    body.extend_from_slice(&0_u16.to_le_bytes());
    body.extend_from_slice(&u64::MAX.to_le_bytes());
    if let Some(comment) = comment {
        option(&mut body, 1, comment.as_bytes());
    }
    option(&mut body, 4, concat!("honeyward ", env!("CARGO_PKG_VERSION")).as_bytes());
    option(&mut body, 0, b"");
    block(out, SECTION, &body);
}

/// Appends an interface description with nanosecond resolution.
pub fn interface(out: &mut Vec<u8>, interface: &Interface) {
    let mut body = Vec::new();
    body.extend_from_slice(&interface.link.to_le_bytes());
    body.extend_from_slice(&0_u16.to_le_bytes());
    body.extend_from_slice(&SNAPLEN.to_le_bytes());
    option(&mut body, 2, interface.name.as_bytes());
    option(&mut body, 9, &[9]);
    option(&mut body, 0, b"");
    block(out, INTERFACE, &body);
}

/// Appends secrets of TLS, the lines of a key log. They stand before the packets that need them.
pub fn tls_secrets(out: &mut Vec<u8>, lines: &[u8]) {
    let mut body = TLS_KEY_LOG.to_le_bytes().to_vec();
    body.extend_from_slice(&u32::try_from(lines.len()).unwrap_or(u32::MAX).to_le_bytes());
    body.extend_from_slice(lines);
    body.extend_from_slice(&[0; 3][..lines.len().wrapping_neg() % 4]);
    block(out, SECRETS, &body);
}

/// Appends one packet. `length` is what it was on the wire.
pub fn packet(out: &mut Vec<u8>, interface: InterfaceId, at: u64, length: u32, data: &[u8]) {
    let captured = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let padding = data.len().wrapping_neg() % 4;
    let total = u32::try_from(PACKET_HEAD + data.len() + padding + 4).unwrap_or(u32::MAX);
    let [high, low] = halves(at);
    for word in [PACKET, total, interface, high, low, captured, length] {
        out.extend_from_slice(&word.to_le_bytes());
    }
    out.extend_from_slice(data);
    out.extend_from_slice(&[0; 3][..padding]);
    out.extend_from_slice(&total.to_le_bytes());
}

/// Where the captured bytes lie in a packet block.
pub(super) fn captured(block: &[u8]) -> Option<std::ops::Range<usize>> {
    let length = usize::try_from(word(block, 20)?).ok()?;
    let end = PACKET_HEAD.checked_add(length).filter(|end| *end <= block.len())?;
    (word(block, 0) == Some(PACKET)).then_some(PACKET_HEAD..end)
}

/// Appends counters of an interface over a span of time, given in ns since 1970.
pub fn statistics(out: &mut Vec<u8>, id: InterfaceId, span: (u64, u64), counters: &Statistics) {
    let mut body = id.to_le_bytes().to_vec();
    time(&mut body, span.1);
    for (code, at) in [(2, span.0), (3, span.1)] {
        let mut value = Vec::new();
        time(&mut value, at);
        option(&mut body, code, &value);
    }
    let delivered = counters.received.saturating_sub(counters.writer_dropped);
    let values = [
        (4, counters.received),
        (5, counters.interface_dropped),
        (7, counters.kernel_dropped + counters.writer_dropped),
        (8, delivered),
    ];
    for (code, value) in values {
        option(&mut body, code, &value.to_le_bytes());
    }
    option(&mut body, 0, b"");
    block(out, STATISTICS, &body);
}

fn block(out: &mut Vec<u8>, kind: u32, body: &[u8]) {
    let total = u32::try_from(body.len() + 12).unwrap_or(u32::MAX).to_le_bytes();
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&total);
    out.extend_from_slice(body);
    out.extend_from_slice(&total);
}

fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    body.extend_from_slice(&code.to_le_bytes());
    body.extend_from_slice(&length.to_le_bytes());
    body.extend_from_slice(&value[..usize::from(length)]);
    body.extend_from_slice(&[0; 3][..usize::from(length).wrapping_neg() % 4]);
}

fn time(out: &mut Vec<u8>, at: u64) {
    for half in halves(at) {
        out.extend_from_slice(&half.to_le_bytes());
    }
}

/// High and low word, as pcapng orders a time stamp.
fn halves(at: u64) -> [u32; 2] {
    [at >> 32, at & 0xffff_ffff].map(|half| u32::try_from(half).unwrap_or(u32::MAX))
}

/// One block of a file.
pub struct Block<'a> {
    /// Its type.
    pub kind: u32,
    /// Where it begins in the file.
    pub offset: u64,
    /// All of it, from its type to its trailing length.
    pub bytes: &'a [u8],
}

/// What a packet block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The interface's number in its section.
    pub interface: InterfaceId,
    /// When, in ns since 1970.
    pub at: u64,
    /// Its length on the wire.
    pub length: u32,
    /// What was captured.
    pub data: &'a [u8],
}

impl<'a> Block<'a> {
    /// The packet, if it is a packet block.
    pub fn packet(&self) -> Option<Packet<'a>> {
        if self.kind != PACKET {
            return None;
        }
        let captured = usize::try_from(word(self.bytes, 20)?).ok()?;
        Some(Packet {
            interface: word(self.bytes, 8)?,
            at: u64::from(word(self.bytes, 12)?) << 32 | u64::from(word(self.bytes, 16)?),
            length: word(self.bytes, 24)?,
            data: self.bytes.get(PACKET_HEAD..PACKET_HEAD.checked_add(captured)?)?,
        })
    }

    /// The interface, if it is an interface description.
    pub fn interface(&self) -> Option<Interface> {
        if self.kind != INTERFACE {
            return None;
        }
        let link = u16::from_le_bytes(self.bytes.get(8..10)?.try_into().ok()?);
        let name = find_option(self.bytes.get(16..)?, 2)?;
        Some(Interface { name: String::from_utf8_lossy(name).into_owned(), link })
    }

    /// The interface's number, the moment and the counters, if it is a statistics block.
    pub fn statistics(&self) -> Option<(InterfaceId, u64, Statistics)> {
        if self.kind != STATISTICS {
            return None;
        }
        let at = u64::from(word(self.bytes, 12)?) << 32 | u64::from(word(self.bytes, 16)?);
        let value = |code| {
            let bytes = find_option(self.bytes.get(20..)?, code)?;
            bytes.try_into().ok().map(u64::from_le_bytes)
        };
        let (received, dropped) = (value(4)?, value(7)?);
        let writer_dropped = received.saturating_sub(value(8)?);
        let kernel_dropped = dropped.saturating_sub(writer_dropped);
        let counters = Statistics { received, interface_dropped: value(5)?, kernel_dropped, writer_dropped };
        Some((word(self.bytes, 8)?, at, counters))
    }
}

fn find_option(mut options: &[u8], wanted: u16) -> Option<&[u8]> {
    loop {
        let (code, rest) = options.split_first_chunk::<2>()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let length = usize::from(u16::from_le_bytes(*length));
        let value = rest.get(..length)?;
        match u16::from_le_bytes(*code) {
            0 => return None,
            code if code == wanted => return Some(value),
            _ => options = rest.get(length.next_multiple_of(4)..)?,
        }
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// The first block of `bytes`, which stand at `offset` of their file, if it is whole.
pub fn first_block(bytes: &[u8], offset: u64) -> Option<Block<'_>> {
    let total = block_length(bytes)?;
    let bytes = bytes.get(..total)?;
    if bytes.get(total - 4..)? != bytes.get(4..8)? {
        return None;
    }
    Some(Block { kind: word(bytes, 0)?, offset, bytes })
}

fn block_length(bytes: &[u8]) -> Option<usize> {
    let total = usize::try_from(word(bytes, 4)?).ok()?;
    ((12..=BLOCK_CAP).contains(&total) && total.is_multiple_of(4)).then_some(total)
}

/// Reads blocks one after the other.
pub struct Blocks<R> {
    input: BufReader<R>,
    offset: u64,
    buffer: Vec<u8>,
}

impl<R: Read> Blocks<R> {
    /// Blocks of an input that stands at `offset` of its file.
    pub fn new(input: R, offset: u64) -> Self {
        Blocks { input: BufReader::with_capacity(256 << 10, input), offset, buffer: Vec::new() }
    }

    /// The next whole block; `None` at the end or where what follows is no block.
    ///
    /// # Errors
    /// The input can't be read.
    pub fn next_block(&mut self) -> io::Result<Option<Block<'_>>> {
        self.buffer.resize(8, 0);
        if !fill(&mut self.input, &mut self.buffer)? {
            return Ok(None);
        }
        let Some(total) = block_length(&self.buffer) else {
            return Ok(None);
        };
        self.buffer.resize(total, 0);
        if !fill(&mut self.input, &mut self.buffer[8..])? {
            return Ok(None);
        }
        let offset = self.offset;
        self.offset += to_u64(total);
        Ok(first_block(&self.buffer, offset))
    }
}

fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match input.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<u8> {
        let mut out = Vec::new();
        section(&mut out, Some("what this is"));
        interface(&mut out, &Interface { name: "eth0".into(), link: 1 });
        packet(&mut out, 0, 1_790_000_000_123_456_789, 60, b"frame");
        let counters = Statistics { received: 9, interface_dropped: 1, kernel_dropped: 2, writer_dropped: 3 };
        statistics(&mut out, 0, (5, u64::MAX - 1), &counters);
        out
    }

    #[test]
    fn blocks_round_trip() {
        let bytes = sample();
        let mut blocks = Blocks::new(bytes.as_slice(), 0);
        assert_eq!(blocks.next_block().unwrap().unwrap().kind, SECTION);
        let block = blocks.next_block().unwrap().unwrap();
        assert_eq!(block.interface().unwrap(), Interface { name: "eth0".into(), link: 1 });
        let block = blocks.next_block().unwrap().unwrap();
        let packet = block.packet().unwrap();
        assert_eq!((packet.at, packet.length, packet.data), (1_790_000_000_123_456_789, 60, &b"frame"[..]));
        let block = blocks.next_block().unwrap().unwrap();
        let (id, at, counters) = block.statistics().unwrap();
        assert_eq!((id, at), (0, u64::MAX - 1));
        assert_eq!(
            counters,
            Statistics { received: 9, interface_dropped: 1, kernel_dropped: 2, writer_dropped: 3 }
        );
        assert!(blocks.next_block().unwrap().is_none());
    }

    #[test]
    fn a_cut_at_any_byte_ends_at_the_last_whole_block() {
        let whole = sample();
        let mut ends = vec![0];
        let mut blocks = Blocks::new(whole.as_slice(), 0);
        while let Some(block) = blocks.next_block().unwrap() {
            ends.push(usize::try_from(block.offset).unwrap() + block.bytes.len());
        }
        for cut in 0..=whole.len() {
            let mut blocks = Blocks::new(&whole[..cut], 0);
            let mut count = 0;
            while blocks.next_block().unwrap().is_some() {
                count += 1;
            }
            assert_eq!(count, ends.iter().filter(|end| **end > 0 && **end <= cut).count(), "cut at {cut}");
        }
    }
}
