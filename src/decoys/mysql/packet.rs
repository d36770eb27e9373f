//! Packets of the client/server protocol: three bytes of length, a sequence number, a payload.

use bytes::{Buf, BytesMut};

/// Bytes before a payload.
pub const HEADER: usize = 4;

/// A payload of this length is continued by the next packet.
const FULL: usize = 0xff_ff_ff;

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A whole payload.
    Payload(Vec<u8>),
    /// The sequence number is not the expected one.
    OutOfOrder,
    /// More than the server takes.
    TooLarge,
}

/// Takes packets off the input and counts the sequence number for both directions.
#[derive(Debug)]
pub struct Packets {
    next: u8,
    longest: usize,
    joined: Vec<u8>,
}

impl Packets {
    /// A connection's packets, none longer than `longest` (`max_allowed_packet`, bytes).
    pub fn new(longest: usize) -> Self {
        Packets { next: 0, longest, joined: Vec::new() }
    }

    /// The next payload, or `None` until more input has come.
    pub fn next(&mut self, input: &mut BytesMut) -> Option<Heard> {
        loop {
            let header: [u8; HEADER] = input.get(..HEADER)?.try_into().ok()?;
            let [a, b, c, number] = header;
            if number != self.next {
                return Some(Heard::OutOfOrder);
            }
            let length = usize::from(a) | usize::from(b) << 8 | usize::from(c) << 16;
            if self.joined.len() + length > self.longest {
                return Some(Heard::TooLarge);
            }
            if input.len() < HEADER + length {
                return None;
            }
            input.advance(HEADER);
            self.joined.extend_from_slice(&input.split_to(length));
            self.next = self.next.wrapping_add(1);
            if length < FULL {
                return Some(Heard::Payload(std::mem::take(&mut self.joined)));
            }
        }
    }

    /// A new command begins: its first packet has number 0.
    pub fn begin(&mut self) {
        self.next = 0;
    }

    /// Frames a payload, split where it is longer than one packet holds.
    pub fn frame(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        let mut rest = payload;
        loop {
            let (part, after) = rest.split_at(rest.len().min(FULL));
            out.extend_from_slice(&u24(part.len()));
            out.push(self.next);
            out.extend_from_slice(part);
            self.next = self.next.wrapping_add(1);
            if part.len() < FULL {
                return;
            }
            rest = after;
        }
    }
}

/// The low three bytes of a length.
fn u24(length: usize) -> [u8; 3] {
    let [a, b, c, ..] = length.to_le_bytes();
    [a, b, c]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_joined_and_counted() {
        let mut packets = Packets::new(1024);
        let mut input = BytesMut::from(&b"\x01\0\0\0a\x02\0\0\x01bc\x01\0\0\x07x"[..]);
        assert_eq!(packets.next(&mut input), Some(Heard::Payload(b"a".to_vec())));
        assert_eq!(packets.next(&mut input), Some(Heard::Payload(b"bc".to_vec())));
        assert_eq!(packets.next(&mut input), Some(Heard::OutOfOrder));
        packets.begin();
        let mut input = BytesMut::from(&b"\xff\xff\0\0"[..]);
        assert_eq!(packets.next(&mut input), Some(Heard::TooLarge));
    }

    #[test]
    fn a_payload_of_the_full_length_is_followed_by_an_empty_packet() {
        let mut out = Vec::new();
        let mut packets = Packets::new(0);
        packets.frame(&vec![7; FULL], &mut out);
        assert_eq!(out.len(), FULL + 2 * HEADER);
        assert_eq!(out[FULL + HEADER..], [0, 0, 0, 1]);
    }
}
