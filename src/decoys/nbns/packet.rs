//! Packets of the name service, RFC 1002 4.2.

use std::net::Ipv4Addr;

use super::names::Table;

/// Length of the header.
const HEADER: usize = 12;
/// Length of an encoded name: its length byte, two letters for each of 16 bytes, the empty root.
const ENCODED: usize = 34;
/// Flags of a response: R, and AA.
const RESPONSE: u16 = 0x8400;
/// The same with RD, as the answer to a broadcast or unicast question of a name has it.
const RECURSION: u16 = 0x0100;
/// Opcode of a query, and where it stands.
const OPCODE: u16 = 0x7800;
const QUERY: u16 = 0;
/// Class IN.
const INTERNET: u16 = 1;
/// Seconds for which an address may be kept: Windows gives 300,000.
const TTL: u32 = 300_000;
/// NAME_FLAGS of node status, 4.2.18: a group; active.
const GROUP: u16 = 0x8000;
const ACTIVE: u16 = 0x0400;
/// Length of the statistics behind the names, 4.2.18.
const STATISTICS: usize = 46;

/// A name of 16 bytes: 15 of text, one that says whose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(pub [u8; 16]);

impl Name {
    /// Text in capitals, filled up with blanks, and a suffix.
    pub fn new(text: &str, suffix: u8) -> Self {
        let mut name = [b' '; 16];
        let upper = text.to_uppercase();
        name.iter_mut().zip(upper.bytes().take(15)).for_each(|(slot, byte)| *slot = byte);
        let [.., last] = &mut name;
        *last = suffix;
        Name(name)
    }

    /// Whether it is `*`: any host.
    pub fn is_any(&self) -> bool {
        matches!(self.0, [b'*', 0, ..] | [b'*', b' ', ..])
    }

    /// Its text.
    pub fn trimmed(&self) -> &[u8] {
        let [text @ .., _] = &self.0;
        text.trim_ascii_end().split(|byte| *byte == 0).next().unwrap_or_default()
    }

    /// Half bytes as letters from `A`, 4.1.
    fn decode(encoded: &[u8; 32]) -> Option<Self> {
        let mut name = [0; 16];
        for (slot, [high, low]) in name.iter_mut().zip(encoded.as_chunks::<2>().0) {
            let half = |letter: u8| letter.checked_sub(b'A').filter(|half| *half < 16);
            *slot = half(*high)? << 4 | half(*low)?;
        }
        Some(Name(name))
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// NB: the address of a name.
    Name,
    /// NBSTAT: all names of a host.
    Status,
}

impl Kind {
    /// The name in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Name => "NB",
            Kind::Status => "NBSTAT",
        }
    }

    fn number(self) -> u16 {
        match self {
            Kind::Name => 0x20,
            Kind::Status => 0x21,
        }
    }
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The client's number for it.
    pub id: u16,
    /// What is asked.
    pub kind: Kind,
    /// The name.
    pub name: Name,
    /// The name as it was sent.
    encoded: Vec<u8>,
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|word| u16::from_be_bytes(*word))
}

impl Query {
    /// Reads one; `None` when it is none.
    pub fn parse(datagram: &[u8]) -> Option<Self> {
        let (id, flags, questions) = (word(datagram, 0)?, word(datagram, 2)?, word(datagram, 4)?);
        let encoded = datagram.get(HEADER..HEADER + ENCODED)?;
        let [32, letters @ .., 0] = encoded else { return None };
        let name = Name::decode(letters.first_chunk()?)?;
        let kind = match word(datagram, HEADER + ENCODED)? {
            0x20 => Kind::Name,
            0x21 => Kind::Status,
            _ => return None,
        };
        let is_query = flags & 0x8000 == 0 && flags & OPCODE == QUERY && questions == 1;
        let is_internet = word(datagram, HEADER + ENCODED + 2)? == INTERNET;
        (is_query && is_internet).then(|| Query { id, kind, name, encoded: encoded.to_vec() })
    }
}

/// Whether a datagram is of the service, and no question.
pub fn is_other(datagram: &[u8]) -> bool {
    let flags = word(datagram, 2).unwrap_or(0);
    datagram.len() > HEADER && (flags & 0x8000 != 0 || flags & OPCODE != QUERY)
}

fn answer(query: &Query, flags: u16, ttl: u32, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for value in [query.id, flags, 0, 1, 0, 0] {
        out.extend(value.to_be_bytes());
    }
    out.extend(&query.encoded);
    out.extend(query.kind.number().to_be_bytes());
    out.extend(INTERNET.to_be_bytes());
    out.extend(ttl.to_be_bytes());
    out.extend(u16::try_from(data.len()).unwrap_or(0).to_be_bytes());
    out.extend(data);
    out
}

/// A positive name query response, 4.2.13. Nodes of Windows are hybrids.
pub(super) fn address(query: &Query, is_group: bool, address: Ipv4Addr) -> Vec<u8> {
    const HYBRID: u16 = 0x6000;
    let flags = if is_group { HYBRID | GROUP } else { HYBRID };
    let data: Vec<u8> = flags.to_be_bytes().into_iter().chain(address.octets()).collect();
    answer(query, RESPONSE | RECURSION, TTL, &data)
}

/// A node status response, 4.2.18: Windows tells its card, and no other figure.
pub(super) fn status(query: &Query, table: &Table) -> Vec<u8> {
    let mut data = vec![u8::try_from(table.names.len()).unwrap_or(0)];
    for own in &table.names {
        data.extend(own.name.0);
        let flags = if own.is_group { GROUP | ACTIVE } else { ACTIVE };
        data.extend(flags.to_be_bytes());
    }
    let statistics = data.len();
    data.extend(table.mac);
    data.resize(statistics + STATISTICS, 0);
    answer(query, RESPONSE, 0, &data)
}
