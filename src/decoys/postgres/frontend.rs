//! What a client sends: the startup packet, then messages of a type byte and a length.

use bytes::{Buf, BytesMut};

/// Longest startup packet that the server takes, bytes (`MAX_STARTUP_PACKET_LENGTH`).
const MAX_STARTUP: usize = 10_000;

/// Longest message before the login is over, bytes (`PG_MAX_AUTH_TOKEN_LENGTH`).
pub const MAX_TOKEN: usize = 65_535;

/// Longest message of a session, bytes: the product takes up to 1 GiB, no client of a hospital comes
/// near.
pub const MAX_MESSAGE: usize = 16 << 20;

/// Most parameters of a startup packet that are kept.
const MAX_OPTIONS: usize = 64;

/// Codes in the place of a protocol version.
const CANCEL: u32 = 80_877_102;
const SSL: u32 = 80_877_103;
const GSS: u32 = 80_877_104;

/// The first packet of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Startup {
    /// Asks for TLS.
    Ssl,
    /// Asks for encryption by GSSAPI.
    Gss,
    /// Asks to end the statement of another connection: its process and key.
    Cancel(u32, u32),
    /// A protocol version, major and minor, and what follows it.
    Version(u16, u16, Options),
    /// A length that no startup packet has.
    BadLength,
    /// Text that does not end where the packet does.
    BadLayout(u16, u16),
}

/// Parameters of a startup packet, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options(pub Vec<(Vec<u8>, Vec<u8>)>);

impl Options {
    /// The last value given for a name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        let found = self.0.iter().rev().find(|(key, _)| key == name.as_bytes());
        found.map(|(_, value)| value.as_slice())
    }
}

/// Takes a startup packet; `None` until it is whole.
pub fn startup(input: &mut BytesMut) -> Option<Startup> {
    let length = usize::try_from(u32::from_be_bytes(input.get(..4)?.try_into().ok()?)).ok()?;
    if !(8..=MAX_STARTUP).contains(&length) {
        return Some(Startup::BadLength);
    }
    if input.len() < length {
        return None;
    }
    let packet = input.split_to(length);
    let code = number(&packet, 4)?;
    Some(match code {
        SSL => Startup::Ssl,
        GSS => Startup::Gss,
        CANCEL => number(&packet, 8)
            .zip(number(&packet, 12))
            .map_or(Startup::BadLength, |(process, key)| Startup::Cancel(process, key)),
        _ => {
            let [a, b, c, d] = code.to_be_bytes();
            let (major, minor) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            match options(packet.get(8..).unwrap_or_default()) {
                Some(options) => Startup::Version(major, minor, options),
                None => Startup::BadLayout(major, minor),
            }
        }
    })
}

fn number(packet: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(packet.get(at..at + 4)?.try_into().ok()?))
}

/// Names and values, each ended by a zero byte, up to a name that is empty and ends the packet.
fn options(mut body: &[u8]) -> Option<Options> {
    let mut found = Vec::new();
    loop {
        let (name, rest) = cut(body)?;
        if name.is_empty() {
            return rest.is_empty().then_some(Options(found));
        }
        let (value, rest) = cut(rest)?;
        body = rest;
        if found.len() < MAX_OPTIONS {
            found.push((name.to_vec(), value.to_vec()));
        }
    }
}

/// The text before the first zero byte, and what follows it.
pub fn cut(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = body.iter().position(|byte| *byte == 0)?;
    Some((body.get(..end)?, body.get(end + 1..)?))
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Its type and body.
    Message(u8, Vec<u8>),
    /// A length that the server does not take: it closes without a word.
    BadLength,
}

/// Takes a message of at most `longest` bytes; `None` until it is whole.
pub fn message(input: &mut BytesMut, longest: usize) -> Option<Heard> {
    let kind = *input.first()?;
    let length = usize::try_from(number(input, 1)?).ok()?;
    if length < 4 || length > longest {
        return Some(Heard::BadLength);
    }
    if input.len() < 1 + length {
        return None;
    }
    input.advance(5);
    Some(Heard::Message(kind, input.split_to(length - 4).to_vec()))
}

/// Reads a body from its start; every read may find too little.
#[derive(Debug, Clone, Copy)]
pub struct Body<'a>(pub &'a [u8]);

impl<'a> Body<'a> {
    /// A text that a zero byte ends.
    pub fn text(&mut self) -> Option<&'a [u8]> {
        let (text, rest) = cut(self.0)?;
        self.0 = rest;
        Some(text)
    }

    /// So many bytes.
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// One byte.
    pub fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// Two bytes, most significant first.
    pub fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    /// Four bytes, most significant first.
    pub fn u32(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    /// A value after its length; a length of all ones is NULL.
    #[allow(clippy::option_option)]
    pub fn value(&mut self) -> Option<Option<&'a [u8]>> {
        match self.u32()? {
            u32::MAX => Some(None),
            length => self.take(usize::try_from(length).ok()?).map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(code: u32, rest: &[u8]) -> BytesMut {
        let length = u32::try_from(8 + rest.len()).unwrap().to_be_bytes();
        BytesMut::from(&[&length[..], &code.to_be_bytes(), rest].concat()[..])
    }

    #[test]
    fn startup_packets_are_told_apart() {
        assert_eq!(startup(&mut packet(SSL, b"")), Some(Startup::Ssl));
        assert_eq!(startup(&mut packet(GSS, b"")), Some(Startup::Gss));
        assert_eq!(startup(&mut packet(CANCEL, b"\0\0\0\x01\0\0\0\x02")), Some(Startup::Cancel(1, 2)));
        let Some(Startup::Version(3, 0, options)) =
            startup(&mut packet(0x3_0000, b"user\0a\0database\0b\0\0"))
        else {
            panic!("no version")
        };
        assert_eq!(options.get("database"), Some(&b"b"[..]));
        assert_eq!(startup(&mut packet(0x3_0000, b"user\0a")), Some(Startup::BadLayout(3, 0)));
        assert_eq!(startup(&mut BytesMut::from(&b"GET / HTTP"[..])), Some(Startup::BadLength));
        assert_eq!(startup(&mut BytesMut::from(&b"\0\0\0\x08\0"[..])), None);
    }

    #[test]
    fn messages_are_whole_or_wait() {
        let mut input = BytesMut::from(&b"Q\0\0\0\x06a\0S\0\0"[..]);
        assert_eq!(message(&mut input, 100), Some(Heard::Message(b'Q', b"a\0".to_vec())));
        assert_eq!(message(&mut input, 100), None);
        assert_eq!(message(&mut BytesMut::from(&b"Q\0\0\0\x03"[..]), 100), Some(Heard::BadLength));
    }
}
