//! Packets and the messages they carry, MS-TDS 2.2.3.1.

use bytes::{Buf, Bytes, BytesMut};

/// Length of a packet's header.
pub const HEADER: usize = 8;
/// Largest packet that may be agreed on, 2.2.3.1.3.
pub const MAX_PACKET: usize = 32_767;
/// Largest message: a batch of some hundred thousand lines. The product takes 65,536 packets; whoever
/// sends more than this sends no query.
pub const MAX_MESSAGE: usize = 4 << 20;

/// Types of packets, 2.2.3.1.1.
pub mod kind {
    /// SQL batch.
    pub const BATCH: u8 = 1;
    /// Login of TDS before 7.0.
    pub const OLD_LOGIN: u8 = 2;
    /// Remote procedure call.
    pub const RPC: u8 = 3;
    /// Tabular result: all that a server says.
    pub const RESULT: u8 = 4;
    /// Attention: stop what you do.
    pub const ATTENTION: u8 = 6;
    /// Bulk load.
    pub const BULK: u8 = 7;
    /// Transaction manager request.
    pub const TRANSACTION: u8 = 14;
    /// LOGIN7.
    pub const LOGIN: u8 = 16;
    /// SSPI message.
    pub const SSPI: u8 = 17;
    /// PRELOGIN, and the TLS handshake after it.
    pub const PRELOGIN: u8 = 18;
}

/// Bits of a packet's status, 2.2.3.1.2.
const END: u8 = 0x01;
const IGNORE: u8 = 0x02;
const RESET: u8 = 0x08;
const RESET_BUT_TRANSACTION: u8 = 0x10;

/// A message put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The type of its packets.
    pub kind: u8,
    /// The session is to be as new before it is run.
    pub reset: bool,
    /// The client took it back.
    pub ignore: bool,
    /// What the packets carried.
    pub body: Bytes,
}

/// Why bytes are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// No type of packet that a client sends.
    Kind,
    /// A length below the header's or above what was agreed on.
    Length,
    /// A packet of another type inside a message.
    Mixed,
    /// The message is larger than [`MAX_MESSAGE`].
    TooLong,
}

impl Broken {
    /// In a few words.
    pub fn rule(self) -> &'static str {
        match self {
            Broken::Kind => "no TDS packet",
            Broken::Length => "length of a TDS packet",
            Broken::Mixed => "TDS packet inside another message",
            Broken::TooLong => "TDS message too long",
        }
    }
}

/// Puts packets together.
#[derive(Debug, Default)]
pub struct Assembler {
    /// Type and first status of the message that is coming in.
    begun: Option<(u8, u8)>,
    body: BytesMut,
}

impl Assembler {
    /// Takes packets of at most `largest` bytes; `None` when more is needed.
    ///
    /// # Errors
    /// When the bytes are no TDS.
    pub fn next(&mut self, input: &mut BytesMut, largest: usize) -> Result<Option<Message>, Broken> {
        loop {
            let Some(first) = input.first() else { return Ok(None) };
            if !is_known(*first) {
                return Err(Broken::Kind);
            }
            let Some([kind, status, high, low, ..]) = input.first_chunk::<HEADER>().copied() else {
                return Ok(None);
            };
            let length = usize::from(u16::from_be_bytes([high, low]));
            if !(HEADER..=largest).contains(&length) {
                return Err(Broken::Length);
            }
            if input.len() < length {
                return Ok(None);
            }
            let mut packet = input.split_to(length);
            packet.advance(HEADER);
            // An attention may come at any time.
            if kind == kind::ATTENTION {
                self.begun = None;
                self.body.clear();
                return Ok(Some(Message { kind, reset: false, ignore: false, body: Bytes::new() }));
            }
            let (begun, first_status) = *self.begun.get_or_insert((kind, status));
            if begun != kind {
                return Err(Broken::Mixed);
            }
            if self.body.len() + packet.len() > MAX_MESSAGE {
                return Err(Broken::TooLong);
            }
            self.body.unsplit(packet);
            if status & END != 0 {
                self.begun = None;
                return Ok(Some(Message {
                    kind,
                    reset: first_status & (RESET | RESET_BUT_TRANSACTION) != 0,
                    ignore: status & IGNORE != 0,
                    body: self.body.split().freeze(),
                }));
            }
        }
    }
}

fn is_known(kind: u8) -> bool {
    matches!(
        kind,
        kind::BATCH
            | kind::OLD_LOGIN
            | kind::RPC
            | kind::ATTENTION
            | kind::BULK
            | kind::TRANSACTION
            | kind::LOGIN
            | kind::SSPI
            | kind::PRELOGIN
    )
}

/// Cuts what the server says into packets.
#[derive(Debug)]
pub struct Framer {
    /// Size of a full packet.
    pub size: usize,
    /// The process id that clients see.
    pub spid: u16,
    number: u8,
    waiting: BytesMut,
}

impl Framer {
    /// Packets of `size` bytes.
    pub fn new(size: usize, spid: u16) -> Self {
        Framer { size, spid, number: 0, waiting: BytesMut::new() }
    }

    /// Adds to the message. Full packets go to `send`, as long as something is left for the last one.
    pub fn push(&mut self, bytes: &[u8], mut send: impl FnMut(Bytes)) {
        self.waiting.extend_from_slice(bytes);
        let room = self.size - HEADER;
        while self.waiting.len() > room {
            let body = self.waiting.split_to(room);
            send(self.packet(kind::RESULT, 0, &body));
        }
    }

    /// Ends the message.
    pub fn end(&mut self, mut send: impl FnMut(Bytes)) {
        let body = self.waiting.split();
        send(self.packet(kind::RESULT, END, &body));
        self.number = 0;
    }

    /// A message of another type, in one packet or more.
    pub fn whole(&mut self, kind: u8, bytes: &[u8], mut send: impl FnMut(Bytes)) {
        let mut parts = bytes.chunks(self.size - HEADER).peekable();
        while let Some(part) = parts.next() {
            let status = if parts.peek().is_none() { END } else { 0 };
            send(self.packet(kind, status, part));
        }
        self.number = 0;
    }

    fn packet(&mut self, kind: u8, status: u8, body: &[u8]) -> Bytes {
        self.number = self.number.wrapping_add(1);
        let length = u16::try_from(HEADER + body.len()).unwrap_or(u16::MAX);
        let mut packet = BytesMut::with_capacity(HEADER + body.len());
        packet.extend_from_slice(&[kind, status]);
        packet.extend_from_slice(&length.to_be_bytes());
        packet.extend_from_slice(&self.spid.to_be_bytes());
        packet.extend_from_slice(&[self.number, 0]);
        packet.extend_from_slice(body);
        packet.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(bytes: &[u8], size: usize) -> Result<Vec<Message>, Broken> {
        let (mut assembler, mut input, mut found) = (Assembler::default(), BytesMut::new(), Vec::new());
        for piece in bytes.chunks(size) {
            input.extend_from_slice(piece);
            while let Some(message) = assembler.next(&mut input, 4096)? {
                found.push(message);
            }
        }
        Ok(found)
    }

    fn packet(kind: u8, status: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(HEADER + body.len()).unwrap().to_be_bytes();
        [&[kind, status], &length[..], &[0, 0, 1, 0], body].concat()
    }

    #[test]
    fn packets_become_messages_however_they_come() {
        let wire = [
            packet(kind::BATCH, RESET, b"sel"),
            packet(kind::BATCH, END, b"ect"),
            packet(kind::BATCH, 0, b"half"),
            packet(kind::ATTENTION, END, b""),
            packet(kind::RPC, END | IGNORE, b"x"),
        ]
        .concat();
        let whole = messages(&wire, wire.len()).unwrap();
        assert_eq!(whole.len(), 3);
        assert_eq!((&whole[0].body[..], whole[0].reset), (&b"select"[..], true));
        assert_eq!((whole[1].kind, whole[2].ignore), (kind::ATTENTION, true));
        for size in 1..9 {
            assert_eq!(messages(&wire, size).unwrap(), whole);
        }
    }

    #[test]
    fn what_is_no_tds_is_refused() {
        assert_eq!(messages(b"GET / HTTP/1.0\r\n", 1), Err(Broken::Kind));
        assert_eq!(messages(&[18, 1, 0, 7, 0, 0, 0, 0], 8), Err(Broken::Length));
        assert_eq!(messages(&[18, 1, 0xff, 0, 0, 0, 0, 0], 8), Err(Broken::Length));
        let mixed = [packet(kind::BATCH, 0, b"a"), packet(kind::RPC, END, b"b")].concat();
        assert_eq!(messages(&mixed, 9), Err(Broken::Mixed));
        let long = packet(kind::BATCH, 0, &[0; 4000]).repeat(MAX_MESSAGE / 4000 + 1);
        assert_eq!(messages(&long, 4096), Err(Broken::TooLong));
    }

    #[test]
    fn answers_are_cut_into_packets() {
        let mut framer = Framer::new(512, 53);
        let mut sent = Vec::new();
        for _ in 0..3 {
            framer.push(&[7; 504], |packet| sent.push(packet));
        }
        framer.end(|packet| sent.push(packet));
        assert_eq!(sent.iter().map(Bytes::len).collect::<Vec<_>>(), [512, 512, 512]);
        assert_eq!(&sent[2][..8], &[4, 1, 2, 0, 0, 53, 3, 0]);
        assert_eq!(sent[0][1], 0);
    }
}
