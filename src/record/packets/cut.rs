//! One session's packets as a pcapng file of its own: both directions, from the SYN to the last
//! packet of the close, and none of any other session. Over UDP, those of the 5-tuple while it lasted.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::FileExt;
use std::path::Path;

use jiff::Timestamp;

use super::find::{Found, Piece, Search};
use super::incarnation::{self, Step};
use super::pcapng::{self, Block, Statistics};
use super::segment::{Segment, nanoseconds};
use super::{Interface, InterfaceId};
use crate::event::{Origin, SessionId, Transport};
use crate::record::SessionFiles;

/// The handshake precedes the accept, and the end of a close follows it, by at most about this:
/// Linux gives a SYN and a FIN up to a minute or two of retries.
const SLACK: u64 = 120_000_000_000;

/// A datagram's time on the wire precedes its session's by at most about this. The session before on
/// the same ports ended by a longer silence.
const LEAD: u64 = 1_000_000_000;

/// Which session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The peer.
    pub source: SocketAddr,
    /// The decoy.
    pub target: SocketAddr,
    /// When it was accepted.
    pub from: Timestamp,
    /// When it was closed; none while it is open.
    pub to: Option<Timestamp>,
    /// What carries it.
    pub carrier: Transport,
    /// What the file says of itself.
    pub comment: String,
    /// Secrets of its TLS, the lines of a key log; empty where it has none.
    pub secrets: Vec<u8>,
}

impl Wanted {
    /// A session by its origin and times.
    pub fn of(origin: &Origin, from: Timestamp, to: Option<Timestamp>) -> Self {
        let Origin { session, source, target, host, service, transport, own: _, led: _ } = origin;
        let comment =
            format!("Honeyward session {session}: {source} to decoy {host} ({service}) at {target}");
        let (source, target, carrier) = (*source, *target, *transport);
        Wanted { source, target, from, to, carrier, comment, secrets: Vec::new() }
    }

    /// With the secrets of its TLS that are kept below `sessions`, so that readers show the plain protocol.
    #[must_use]
    pub fn with_secrets(mut self, sessions: &Path, session: SessionId) -> Self {
        // Most sessions have none.
        self.secrets = std::fs::read(SessionFiles::new(sessions, session).secrets()).unwrap_or_default();
        self
    }

    /// When its packets may have come, ns since 1970, both ends included.
    fn span(&self) -> (u64, u64) {
        let (from, to) = (nanoseconds(self.from), self.to.map_or(u64::MAX, nanoseconds));
        match self.carrier {
            Transport::Tcp => (from.saturating_sub(SLACK), to.saturating_add(SLACK)),
            Transport::Udp => (from.saturating_sub(LEAD), to),
        }
    }
}

/// What was cut out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Packets.
    pub packets: u64,
    /// The first, ns since 1970.
    pub first: u64,
    /// The last.
    pub last: u64,
    /// Whether the connection's SYN is there.
    pub whole: bool,
    /// Packets that the interfaces, the kernel or we dropped meanwhile, of this session or not.
    pub dropped: u64,
}

/// A session's packets, found but not yet copied.
pub struct Plan {
    files: Vec<File>,
    segments: Vec<Segment>,
    interfaces: Vec<(Interface, Statistics)>,
    picks: Vec<Found>,
    comment: String,
    secrets: Vec<u8>,
    whole: bool,
}

impl Plan {
    /// Finds the packets. No packet is no error: see [`Plan::cut`].
    ///
    /// # Errors
    /// Segments can't be read.
    pub fn make(packets: &Path, wanted: &Wanted) -> io::Result<Self> {
        let search = Search::new(packets, wanted, wanted.span());
        let Piece { files, segments, interfaces, found } = search.run()?;
        let (picks, whole) = pick(found, wanted);
        let during = (picks.first().map_or(0, |p| p.at), picks.last().map_or(0, |p| p.at));
        let interfaces = interfaces.into_iter().map(|i| (i.description, i.samples.during(during))).collect();
        let (comment, secrets) = (wanted.comment.clone(), wanted.secrets.clone());
        Ok(Plan { files, segments, interfaces, picks, comment, secrets, whole })
    }

    /// What there is; `None` when no packet of the session is kept.
    pub fn cut(&self) -> Option<Cut> {
        let used = self.used();
        let dropped = |c: &Statistics| c.kernel_dropped + c.interface_dropped + c.writer_dropped;
        Some(Cut {
            packets: u64::try_from(self.picks.len()).ok()?,
            first: self.picks.first()?.at,
            last: self.picks.last()?.at,
            whole: self.whole,
            dropped: used.iter().filter_map(|i| self.interfaces.get(*i)).map(|(_, c)| dropped(c)).sum(),
        })
    }

    /// Writes the file.
    ///
    /// # Errors
    /// A segment can't be read, or `out` not be written.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let used = self.used();
        let mut head = Vec::new();
        pcapng::section(&mut head, Some(&self.comment));
        for (interface, _) in used.iter().filter_map(|i| self.interfaces.get(*i)) {
            pcapng::interface(&mut head, interface);
        }
        if !self.secrets.is_empty() {
            pcapng::tls_secrets(&mut head, &self.secrets);
        }
        out.write_all(&head)?;
        let mut block = Vec::new();
        for pick in &self.picks {
            self.copy(pick, &used, &mut block)?;
            out.write_all(&block)?;
        }
        out.write_all(&self.tail(&used))?;
        out.flush()
    }

    /// Its packets by the segment that holds them.
    pub(super) fn by_segment(&self) -> impl Iterator<Item = (&Segment, Vec<&Found>)> {
        self.segments
            .iter()
            .enumerate()
            .map(|(place, segment)| (segment, self.picks.iter().filter(|pick| pick.file == place).collect()))
    }

    /// Link type of the interface that a packet came over.
    pub(super) fn link(&self, pick: &Found) -> u16 {
        self.interfaces.get(pick.interface).map_or(0, |(interface, _)| interface.link)
    }

    /// Interfaces that the session's packets came over.
    fn used(&self) -> Vec<usize> {
        let mut used: Vec<_> = self.picks.iter().map(|pick| pick.interface).collect();
        used.sort_unstable();
        used.dedup();
        used
    }

    fn copy(&self, pick: &Found, used: &[usize], block: &mut Vec<u8>) -> io::Result<()> {
        block.resize(pick.length, 0);
        let file = self.files.get(pick.file).ok_or(io::ErrorKind::NotFound)?;
        file.read_exact_at(block, pick.offset)?;
        let place = used.binary_search(&pick.interface).unwrap_or_default();
        block[8..12].copy_from_slice(&number(place).to_le_bytes());
        Ok(())
    }

    fn tail(&self, used: &[usize]) -> Vec<u8> {
        let mut tail = Vec::new();
        let span = (self.picks.first().map_or(0, |p| p.at), self.picks.last().map_or(0, |p| p.at));
        for (place, (_, counters)) in used.iter().filter_map(|i| self.interfaces.get(*i)).enumerate() {
            pcapng::statistics(&mut tail, number(place), span, counters);
        }
        tail
    }
}

fn number(place: usize) -> InterfaceId {
    InterfaceId::try_from(place).unwrap_or(InterfaceId::MAX)
}

/// The packets of the session, and whether its beginning is among them: over TCP, those of the one
/// connection that was accepted, from its SYN.
fn pick(mut found: Vec<Found>, wanted: &Wanted) -> (Vec<Found>, bool) {
    found.sort_by_key(|packet| packet.at);
    let client = (wanted.source.ip().to_canonical(), wanted.source.port());
    let own: Vec<&Found> = found.iter().filter(|packet| packet.is_own).collect();
    let steps: Vec<_> =
        own.iter().map(|p| Step { at: p.at, from_client: p.source == client, tcp: p.tcp }).collect();
    let connection = match wanted.carrier {
        Transport::Tcp => incarnation::accepted(&steps, nanoseconds(wanted.from)),
        Transport::Udp => incarnation::datagrams(&steps),
    };
    let Some(connection) = connection else {
        return (Vec::new(), false);
    };
    let bounds = (own[connection.first].at, own.get(connection.end).map_or(u64::MAX, |next| next.at));
    let own = &own[connection.first..connection.end];
    let fragmented: HashSet<(IpAddr, u32)> =
        own.iter().filter_map(|packet| Some((packet.source.0, packet.fragment?))).collect();
    let is_part = |packet: &&Found| {
        packet.fragment.is_some_and(|id| fragmented.contains(&(packet.source.0, id)))
            && !packet.is_own
            && (bounds.0..bounds.1).contains(&packet.at)
    };
    let mut picks: Vec<Found> = own.iter().map(|packet| **packet).collect();
    picks.extend(found.iter().filter(is_part));
    picks.sort_by_key(|packet| packet.at);
    (picks, connection.whole)
}

/// What a block holds, if it belongs to the wanted 5-tuple or may be a fragment of it.
pub(super) fn candidate(block: &Block<'_>, links: &[u16], search: &Search<'_>) -> Option<Found> {
    let packet = block.packet()?;
    let link = links.get(usize::try_from(packet.interface).ok()?)?;
    let frame = super::flow::parse(*link, packet.data)?;
    let is_own = frame.key == search.key;
    let is_fragment = frame.fragment.is_some() && frame.key == search.key.of_fragments();
    let in_time = (search.span.0..=search.span.1).contains(&packet.at);
    ((is_own || is_fragment) && in_time).then_some(Found {
        file: 0,
        offset: block.offset,
        length: block.bytes.len(),
        interface: usize::try_from(packet.interface).ok()?,
        at: packet.at,
        source: frame.source,
        tcp: frame.tcp,
        fragment: frame.fragment,
        is_own,
    })
}
