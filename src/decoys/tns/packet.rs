//! TNS packets: eight bytes of header, then what the type says.

use bytes::BytesMut;

/// Bytes of a header.
pub const HEADER: usize = 8;

/// Packet types.
pub mod kind {
    /// A client asks for a service.
    pub const CONNECT: u8 = 1;
    /// It gets it.
    pub const ACCEPT: u8 = 2;
    /// It does not.
    pub const REFUSE: u8 = 4;
    /// It is sent elsewhere.
    pub const REDIRECT: u8 = 5;
    /// Bytes of the session.
    pub const DATA: u8 = 6;
    /// The connection ends.
    pub const ABORT: u8 = 9;
    /// The connect packet is to be sent again.
    pub const RESEND: u8 = 11;
    /// A break or reset.
    pub const MARKER: u8 = 12;
}

/// A packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Its type.
    pub kind: u8,
    /// What follows the header.
    pub body: Vec<u8>,
}

/// Takes a packet; `None` until it is whole.
///
/// # Errors
/// The bytes that are no packet: a length below the header, or a type that nobody sends.
pub fn take(input: &mut BytesMut) -> Option<Result<Packet, Vec<u8>>> {
    let header: [u8; HEADER] = input.get(..HEADER)?.try_into().ok()?;
    let [high, low, _, _, kind, ..] = header;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length < HEADER || !(kind::CONNECT..=19).contains(&kind) {
        return Some(Err(input.to_vec()));
    }
    if input.len() < length {
        return None;
    }
    let packet = input.split_to(length);
    Some(Ok(Packet { kind, body: packet.get(HEADER..).unwrap_or_default().to_vec() }))
}

/// Writes a packet; bodies are cut to what the length can say.
pub fn write(kind: u8, body: &[u8]) -> Vec<u8> {
    let body = body.get(..body.len().min(usize::from(u16::MAX) - HEADER)).unwrap_or_default();
    let [high, low] = u16::try_from(body.len() + HEADER).unwrap_or(u16::MAX).to_be_bytes();
    [&[high, low, 0, 0, kind, 0, 0, 0], body].concat()
}

/// Writes bytes of the session as DATA packets that fit the session data unit. `last` marks the end
/// of the session's data.
pub fn data(payload: &[u8], sdu: usize, last: bool) -> Vec<u8> {
    const END: [u8; 2] = [0, 0x40];
    let room = sdu.saturating_sub(HEADER + 2).max(1);
    let mut out = Vec::new();
    let mut parts = payload.chunks(room).peekable();
    if payload.is_empty() {
        out.extend(write(kind::DATA, &END));
    }
    while let Some(part) = parts.next() {
        let flags = if last && parts.peek().is_none() { END } else { [0, 0] };
        out.extend(write(kind::DATA, &[&flags, part].concat()));
    }
    out
}

/// A refusal with its text.
pub fn refuse(text: &str) -> Vec<u8> {
    // Reason of the application; the system gives none.
    const REASON: [u8; 2] = [0x22, 0];
    let [high, low] = u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes();
    write(kind::REFUSE, &[&REASON, &[high, low], text.as_bytes()].concat())
}

/// What a CONNECT asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connect {
    /// Newest version that the client speaks.
    pub version: u16,
    /// Oldest version that it speaks.
    pub compatible: u16,
    /// Options of the service.
    pub options: u16,
    /// Session data unit, bytes.
    pub sdu: u16,
    /// Transport data unit, bytes.
    pub tdu: u16,
    /// Connect data; empty where it follows in a DATA packet of its own.
    pub data: Vec<u8>,
    /// Length of the connect data as the client told it.
    pub length: usize,
}

impl Connect {
    /// Reads the body of a CONNECT; `None` where it is too short.
    pub fn read(body: &[u8]) -> Option<Connect> {
        let number = |at: usize| Some(u16::from_be_bytes(body.get(at..at + 2)?.try_into().ok()?));
        let (length, offset) = (usize::from(number(16)?), usize::from(number(18)?));
        // Offsets count from the packet's header.
        let data = offset.checked_sub(HEADER).and_then(|from| body.get(from..)).unwrap_or_default();
        Some(Connect {
            version: number(0)?,
            compatible: number(2)?,
            options: number(4)?,
            sdu: number(6)?,
            tdu: number(8)?,
            data: data.get(..length.min(data.len())).unwrap_or_default().to_vec(),
            length,
        })
    }

    /// The ACCEPT for it, in the server's version, with data behind it.
    pub fn accept(&self, version: u16, sdu: u16, data: &str) -> Vec<u8> {
        /// Largest transport data unit of version 314.
        const TDU: u16 = 0x7fff;
        /// Byte order of the server's host: least significant first.
        const ONE: u16 = 0x0100;
        /// Where data begins, counted from the header.
        const OFFSET: u16 = 32;
        /// Native network services are there, and not asked for.
        const FLAGS: [u8; 2] = [0x41, 0x41];
        let length = u16::try_from(data.len()).unwrap_or_default();
        let numbers = [version.min(self.version), self.options, sdu, self.tdu.min(TDU), ONE, length, OFFSET];
        let mut body: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
        body.extend_from_slice(&FLAGS);
        body.extend_from_slice(&[0; 8]);
        body.extend_from_slice(data.as_bytes());
        write(kind::ACCEPT, &body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What nmap sends to find the listener's version.
    const PROBE: &[u8] = b"\0Z\0\0\x01\0\0\0\x016\x01,\0\0\x08\0\x7F\xFF\x7F\x08\0\0\0\x01\0 \0:\0\0\0\0\0\0\
        \0\0\0\0\0\0\0\0\0\x004\xE6\0\0\0\x01\0\0\0\0\0\0\0\0(CONNECT_DATA=(COMMAND=version))";

    #[test]
    fn a_connect_is_read() {
        let mut input = BytesMut::from(PROBE);
        let packet = take(&mut input).unwrap().unwrap();
        let connect = Connect::read(&packet.body).unwrap();
        assert_eq!((connect.version, connect.compatible, connect.sdu), (310, 300, 2048));
        assert_eq!(connect.data, b"(CONNECT_DATA=(COMMAND=version))");
        assert!(input.is_empty());
        let accepted = connect.accept(314, 2048, "x");
        assert_eq!(accepted.len(), 33);
        assert_eq!(accepted[8..10], [1, 0x36]);
    }

    #[test]
    fn noise_is_no_packet() {
        assert!(take(&mut BytesMut::from(&b"GET / HTTP/1.0\r\n"[..])).unwrap().is_err());
        assert!(take(&mut BytesMut::from(&b"\0\x07\0\0\x01\0\0\0"[..])).unwrap().is_err());
        assert_eq!(take(&mut BytesMut::from(&b"\0\x09\0\0\x06\0\0\0"[..])), None);
    }

    #[test]
    fn data_fits_the_unit() {
        let packets = data(&[7; 100], 50, true);
        assert_eq!(packets.len(), 100 + 3 * (HEADER + 2));
        assert_eq!(packets[8..10], [0, 0]);
        assert_eq!(packets[108..110], [0, 0x40]);
    }
}
