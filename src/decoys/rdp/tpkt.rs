//! Packets on the wire: TPKT (RFC 1006, T.123) with X.224 inside, fast-path packets (MS-RDPBCGR
//! 2.2.8.1.2) and, while CredSSP runs, bare DER (MS-CSSP 2.2.1).

use bytes::{Buf, Bytes, BytesMut};

use super::cursor::{Cursor, short};

/// TPKT's version, which is its first byte.
pub const VERSION: u8 = 3;
/// Length of TPKT's header.
pub const HEADER: usize = 4;
/// X.224: data, with its header's length and the mark of the last part.
const DATA: [u8; 3] = [2, 0xf0, 0x80];
/// Shortest packet that holds an X.224 header.
const SHORTEST: usize = 7;
/// The two low bits of a fast-path packet's first byte.
const FAST_ACTION: u8 = 0x03;
/// Longest DER message of CredSSP: a token of NTLM is far shorter, one of Kerberos rarely 16 KiB.
pub const MAX_DER: usize = 64 << 10;

/// One packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// The content of a TPKT: an X.224 TPDU.
    Slow(Bytes),
    /// A fast-path packet: its first byte, and what follows the length.
    Fast(u8, Bytes),
}

/// Why bytes are no packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// The first byte belongs to no packet.
    Version,
    /// The length is shorter than the header that it counts.
    Length,
    /// It is longer than anything that may come here.
    TooLong,
}

impl Broken {
    /// The rule that was broken, in a few words.
    pub fn rule(self) -> &'static str {
        match self {
            Broken::Version => "TPKT version",
            Broken::Length => "TPKT length",
            Broken::TooLong => "CredSSP message too long",
        }
    }
}

/// Takes the next packet; `Ok(None)` while it is not whole. Fast-path packets come only when `fast`.
///
/// # Errors
/// When the bytes are no packet: nothing is taken then.
pub fn next(input: &mut BytesMut, fast: bool) -> Result<Option<Packet>, Broken> {
    let mut cursor = Cursor::new(input);
    let Some(first) = cursor.u8() else { return Ok(None) };
    if first == VERSION {
        let (Some(_), Some(length)) = (cursor.u8(), cursor.u16_be()) else { return Ok(None) };
        return slow(input, usize::from(length));
    }
    if !fast || first & FAST_ACTION != 0 {
        return Err(Broken::Version);
    }
    let Some(length) = cursor.per_length() else { return Ok(None) };
    let header = input.len() - cursor.rest().len();
    if length <= header {
        return Err(Broken::Length);
    }
    if input.len() < length {
        return Ok(None);
    }
    let mut packet = input.split_to(length);
    packet.advance(header);
    Ok(Some(Packet::Fast(first, packet.freeze())))
}

fn slow(input: &mut BytesMut, length: usize) -> Result<Option<Packet>, Broken> {
    if length < SHORTEST {
        return Err(Broken::Length);
    }
    if input.len() < length {
        return Ok(None);
    }
    let mut packet = input.split_to(length);
    packet.advance(HEADER);
    Ok(Some(Packet::Slow(packet.freeze())))
}

/// Takes the next DER element, header and all; `Ok(None)` while it is not whole.
///
/// # Errors
/// When the bytes are no DER sequence: nothing is taken then.
pub fn next_der(input: &mut BytesMut) -> Result<Option<Bytes>, Broken> {
    const SEQUENCE: u8 = 0x30;
    let mut cursor = Cursor::new(input);
    let Some(tag) = cursor.u8() else { return Ok(None) };
    if tag != SEQUENCE {
        return Err(Broken::Version);
    }
    let Some(first) = cursor.u8() else { return Ok(None) };
    let length = match first {
        0..=0x7f => usize::from(first),
        0x81 => match cursor.u8() {
            Some(length) => usize::from(length),
            None => return Ok(None),
        },
        0x82 => match cursor.u16_be() {
            Some(length) => usize::from(length),
            None => return Ok(None),
        },
        _ => return Err(Broken::TooLong),
    };
    let whole = length + input.len() - cursor.rest().len();
    if whole > MAX_DER {
        return Err(Broken::TooLong);
    }
    Ok((input.len() >= whole).then(|| input.split_to(whole).freeze()))
}

/// A TPKT around an X.224 TPDU.
pub fn packet(tpdu: &[u8]) -> Vec<u8> {
    let mut out = vec![VERSION, 0];
    out.extend(short(HEADER + tpdu.len()).to_be_bytes());
    out.extend(tpdu);
    out
}

/// A TPKT around X.224 data.
pub fn data(payload: &[u8]) -> Vec<u8> {
    packet(&[&DATA[..], payload].concat())
}

/// The payload of X.224 data; `None` when it is another TPDU.
pub fn payload(tpdu: &[u8]) -> Option<&[u8]> {
    tpdu.strip_prefix(&DATA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_come_whole_however_they_are_cut() {
        let wire =
            [data(b"one"), vec![0x04, 0x05, 1, 2, 3], vec![0x00, 0x80, 0x04, 9], data(b"two")].concat();
        let all = |size: usize| {
            let (mut input, mut found) = (BytesMut::new(), Vec::new());
            for piece in wire.chunks(size) {
                input.extend_from_slice(piece);
                while let Some(packet) = next(&mut input, true).unwrap() {
                    found.push(packet);
                }
            }
            assert!(input.is_empty());
            found
        };
        let whole = all(100);
        assert_eq!(whole.len(), 4);
        assert_eq!(whole[1], Packet::Fast(4, Bytes::from_static(&[1, 2, 3])));
        let Packet::Slow(first) = &whole[0] else { panic!("{whole:?}") };
        assert_eq!(payload(first), Some(&b"one"[..]));
        assert_eq!(all(1), whole);
    }

    #[test]
    fn what_is_no_packet_is_said() {
        let broken = |bytes: &[u8], fast| next(&mut BytesMut::from(bytes), fast);
        assert_eq!(broken(b"GET / HTTP/1.0", true), Err(Broken::Version));
        assert_eq!(broken(&[4, 5, 1, 2, 3], false), Err(Broken::Version));
        assert_eq!(broken(&[3, 0, 0, 4], false), Err(Broken::Length));
        assert_eq!(broken(&[0, 1], true), Err(Broken::Length));
        assert_eq!(next_der(&mut BytesMut::from(&b"\x16\x03"[..])), Err(Broken::Version));
        assert_eq!(next_der(&mut BytesMut::from(&[0x30, 0x83, 1, 0, 0][..])), Err(Broken::TooLong));
        let mut whole = BytesMut::from(&[0x30, 2, 5, 0, 0x30][..]);
        assert_eq!(next_der(&mut whole), Ok(Some(Bytes::from_static(&[0x30, 2, 5, 0]))));
        assert_eq!(next_der(&mut whole), Ok(None));
    }
}
