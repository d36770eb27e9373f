//! PDUs of a session: share control and share data headers, MS-RDPBCGR 2.2.8.1.1.

use super::cursor::{Cursor, short};

/// The share that Windows opens first.
pub const SHARE: u32 = 0x0001_03ea;
/// The server's own channel, which its PDUs come from.
pub const SERVER: u16 = 1002;

/// Types of share control PDUs.
pub mod control {
    /// Demand Active.
    pub const DEMAND: u16 = 1;
    /// Confirm Active.
    pub const CONFIRM: u16 = 3;
    /// Share data.
    pub const DATA: u16 = 7;
}

/// Types of share data PDUs.
pub mod data {
    /// Graphics.
    pub const UPDATE: u8 = 2;
    /// Control.
    pub const CONTROL: u8 = 20;
    /// Input events.
    pub const INPUT: u8 = 28;
    /// Synchronize.
    pub const SYNCHRONIZE: u8 = 31;
    /// The client asks for parts of the screen.
    pub const REFRESH: u8 = 33;
    /// The client wants to see nothing, or something again.
    pub const SUPPRESS: u8 = 35;
    /// The client asks to be let go.
    pub const SHUTDOWN: u8 = 36;
    /// Whether it is let go.
    pub const SHUTDOWN_DENIED: u8 = 37;
    /// The client's fonts, which ends the connection sequence.
    pub const FONTS: u8 = 39;
    /// The server's answer to it.
    pub const FONT_MAP: u8 = 40;
    /// Why a connection ends.
    pub const ERROR: u8 = 47;
}

/// A PDU of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pdu<'a> {
    /// Type of its control header.
    pub control: u16,
    /// Type of its data header, where it has one.
    pub data: u8,
    /// What follows the headers.
    pub body: &'a [u8],
}

impl<'a> Pdu<'a> {
    /// Reads one; `None` when it is none.
    pub fn parse(message: &'a [u8]) -> Option<Self> {
        const TYPE: u16 = 0x0f;
        let mut cursor = Cursor::new(message);
        let length = usize::from(cursor.u16()?);
        // What is longer than it says ends there.
        let message = message.get(..length.min(message.len()))?;
        let mut cursor = Cursor::new(message);
        cursor.u16()?;
        let control = cursor.u16()? & TYPE;
        cursor.u16()?;
        if control != control::DATA {
            return Some(Pdu { control, data: 0, body: cursor.rest() });
        }
        // Share, stream and lengths; nothing that a client sends here is compressed.
        cursor.take(8)?;
        let data = cursor.u8()?;
        cursor.take(3)?;
        Some(Pdu { control, data, body: cursor.rest() })
    }
}

/// A share control PDU.
pub fn control(kind: u16, body: &[u8]) -> Vec<u8> {
    const VERSION: u16 = 0x10;
    let mut out = short(body.len() + 6).to_le_bytes().to_vec();
    out.extend((kind | VERSION).to_le_bytes());
    out.extend(SERVER.to_le_bytes());
    out.extend(body);
    out
}

/// A share data PDU.
pub fn data(kind: u8, body: &[u8]) -> Vec<u8> {
    const STREAM: u8 = 1;
    let mut inner = SHARE.to_le_bytes().to_vec();
    inner.extend([0, STREAM]);
    inner.extend(short(body.len() + 4).to_le_bytes());
    inner.extend([kind, 0, 0, 0]);
    inner.extend(body);
    control(control::DATA, &inner)
}

/// What a server answers at the end of the connection sequence to a PDU of a client with this user.
pub fn finish(pdu: &Pdu<'_>, user: u16) -> Option<Vec<u8>> {
    const REQUEST: u16 = 1;
    const GRANTED: u16 = 2;
    const COOPERATE: u16 = 4;
    let words = |words: &[u16]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    match (pdu.data, Cursor::new(pdu.body).u16()) {
        (data::SYNCHRONIZE, _) => Some(data(data::SYNCHRONIZE, &words(&[1, user]))),
        (data::CONTROL, Some(COOPERATE)) => Some(data(data::CONTROL, &words(&[COOPERATE, 0, 0, 0]))),
        (data::CONTROL, Some(REQUEST)) => {
            let granted = [&words(&[GRANTED, user])[..], &u32::from(SERVER).to_le_bytes()].concat();
            Some(data(data::CONTROL, &granted))
        }
        // One list of no fonts, first and last, entries of four bytes.
        (data::FONTS, _) => Some(data(data::FONT_MAP, &words(&[0, 0, 3, 4]))),
        _ => None,
    }
}

/// Why the connection ends (2.2.5.1).
pub fn error(reason: u32) -> Vec<u8> {
    data(data::ERROR, &reason.to_le_bytes())
}

/// Reasons, 2.2.5.1.1.
pub mod reason {
    /// Nobody did anything for long.
    pub const IDLE: u32 = 0x03;
    /// The account may not log on over the network.
    pub const NO_RIGHT: u32 = 0x09;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pdus_are_those_of_the_specification() {
        let asked = data(data::SYNCHRONIZE, &[1, 0, 0xea, 3]);
        let synchronize = finish(&Pdu::parse(&asked).unwrap(), 1007);
        assert_eq!(hex::encode(synchronize.unwrap()), "16001700ea03ea030100000108001f0000000100ef03");
        let read = data(data::FONTS, &[0, 0, 0, 0, 3, 0, 50, 0]);
        let pdu = Pdu::parse(&read).unwrap();
        assert_eq!((pdu.control, pdu.data, pdu.body.len()), (control::DATA, data::FONTS, 8));
        for length in 0..18 {
            let _ = Pdu::parse(&read[..length]);
        }
        assert_eq!(hex::encode(error(reason::NO_RIGHT)), "16001700ea03ea030100000108002f00000009000000");
    }
}
