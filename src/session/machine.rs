//! A decoy without I/O.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use jiff::Timestamp;

/// One connection as a state machine.
///
/// The driver calls [`Machine::open`] once, then [`Machine::receive`] whenever input grew and
/// [`Machine::wake`] for everything else. What is left in `input` stays there for the next call.
pub trait Machine: Send {
    /// The connection was accepted; the product may speak first.
    fn open(&mut self, now: Timestamp, out: &mut Outbox) -> Next;

    /// More input has come. Takes from `input` what it understood.
    fn receive(&mut self, now: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Next;

    /// Something other than input happened.
    fn wake(&mut self, now: Timestamp, cause: Wake, out: &mut Outbox) -> Next;
}

/// What the driver does after a call, once everything in the [`Outbox`] is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Wait for input; after the time given, wake with [`Wake::Deadline`].
    Read(Option<Duration>),
    /// Wait as the product would (reading nothing), then wake with [`Wake::Thought`].
    Think(Duration),
    /// Write what is there, hand over input if some has come, else wake with [`Wake::More`].
    More,
    /// Open a connection to another service of the honeynet, from this decoy's own address; then
    /// wake with [`Wake::Relay`]. At most one at a time.
    Connect(Destination),
    /// Close in order.
    Close,
    /// Reset the connection (RST), as products do that close with unread input.
    Reset,
}

/// Why a machine is woken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wake {
    /// The time of [`Next::Think`] is over.
    Thought,
    /// [`Next::More`] was asked and no input has come.
    More,
    /// The deadline of [`Next::Read`] passed.
    Deadline,
    /// The peer closed its side. Writing may still work. Return [`Next::Close`] to end.
    PeerClosed,
    /// News of the relayed connection.
    Relay(RelayEvent),
}

/// News of the connection asked for with [`Next::Connect`] or [`Outbox::expect`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelayEvent {
    /// It stands; bytes put in [`Outbox::relay`] go there.
    Connected,
    /// It can't be had: no such service in the honeynet, or it refused.
    Refused,
    /// Bytes came from it.
    Data(Bytes),
    /// It ended.
    Closed,
}

/// A service of the honeynet, by names of the persona pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Deception host (`his`).
    pub host: String,
    /// The service's port as the persona has it, wherever it is bound.
    pub port: u16,
}

/// One write to the socket: products are known by how they segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The bytes, written by one call.
    pub bytes: Bytes,
    /// For bulk that the world can make again: what it is. The transcript keeps this name and the
    /// length in place of the bytes.
    pub reference: Option<String>,
    /// Encrypted by the machine itself ([`super::Tls`]): the transcript has the plain bytes from it,
    /// so that these are only counted.
    pub sealed: bool,
}

/// What a machine sends.
#[derive(Debug, Default)]
pub struct Outbox {
    /// To the peer, in order; each entry is one write.
    pub writes: Vec<Write>,
    /// To the relayed connection, in order.
    pub relay: Vec<Bytes>,
    /// Closes the relayed connection after its bytes are written.
    pub relay_close: bool,
    /// The peer is about to connect to this port of the host, which has a side door there: his
    /// connection becomes the relayed one. A later port takes the place of an earlier one.
    pub expect: Option<u16>,
    /// What the peer sends from now on is encrypted for the machine, which adds the plain text to the
    /// transcript itself. Stays as it was set.
    pub sealed_input: bool,
}

impl Outbox {
    /// Sends bytes by one write.
    pub fn send(&mut self, bytes: impl Into<Bytes>) {
        self.writes.push(Write { bytes: bytes.into(), reference: None, sealed: false });
    }

    /// Sends bytes that the machine encrypted; their plain text is [`super::Session::transcript`]'s.
    pub fn send_sealed(&mut self, bytes: impl Into<Bytes>) {
        self.writes.push(Write { bytes: bytes.into(), reference: None, sealed: true });
    }

    /// Sends bulk that the world can make again under `reference`.
    pub fn send_bulk(&mut self, bytes: impl Into<Bytes>, reference: impl Into<String>) {
        self.writes.push(Write { bytes: bytes.into(), reference: Some(reference.into()), sealed: false });
    }

    /// All bytes to the peer so far, joined: for tests.
    pub fn joined(&self) -> Vec<u8> {
        self.writes.iter().flat_map(|w| w.bytes.iter().copied()).collect()
    }
}
