//! MCS domain PDUs (T.125 in PER), as far as Remote Desktop uses them: MS-RDPBCGR 2.2.1.5 to 2.2.1.9 and
//! 2.2.2.

use super::cursor::{Cursor, short};
use super::tpkt;

/// The lowest user id, from which PER counts.
pub const FIRST_USER: u16 = 1001;
/// The channel of input and output.
pub const IO: u16 = 1003;

/// Domain PDUs by number, in the upper six bits of their first byte.
mod choice {
    pub(super) const ERECT: u8 = 1;
    pub(super) const DISCONNECT: u8 = 8;
    pub(super) const ATTACH: u8 = 10;
    pub(super) const ATTACHED: u8 = 11;
    pub(super) const JOIN: u8 = 14;
    pub(super) const JOINED: u8 = 15;
    pub(super) const SEND: u8 = 25;
    pub(super) const INDICATE: u8 = 26;
}

/// What a client may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain<'a> {
    /// ErectDomainRequest.
    Erect,
    /// AttachUserRequest.
    Attach,
    /// ChannelJoinRequest: user and channel.
    Join(u16, u16),
    /// SendDataRequest: user, channel, data.
    Send(u16, u16, &'a [u8]),
    /// DisconnectProviderUltimatum.
    Disconnect,
}

impl<'a> Domain<'a> {
    /// Reads one; `None` when it is none of these.
    pub fn parse(message: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(message);
        let user = |cursor: &mut Cursor<'a>| cursor.u16_be()?.checked_add(FIRST_USER);
        match cursor.u8()? >> 2 {
            choice::ERECT => Some(Domain::Erect),
            choice::ATTACH => Some(Domain::Attach),
            choice::JOIN => Some(Domain::Join(user(&mut cursor)?, cursor.u16_be()?)),
            choice::SEND => {
                let (user, channel) = (user(&mut cursor)?, cursor.u16_be()?);
                // Priority and segmentation.
                cursor.u8()?;
                let length = cursor.per_length()?;
                Some(Domain::Send(user, channel, cursor.take(length)?))
            }
            choice::DISCONNECT => Some(Domain::Disconnect),
            _ => None,
        }
    }
}

/// AttachUserConfirm: the user's id.
pub fn attached(user: u16) -> Vec<u8> {
    let id = user.saturating_sub(FIRST_USER).to_be_bytes();
    tpkt::data(&[&[choice::ATTACHED << 2 | 2, 0][..], &id].concat())
}

/// ChannelJoinConfirm; `joined` when the channel is the client's to join.
pub fn joined(user: u16, channel: u16, joined: bool) -> Vec<u8> {
    /// rt-no-such-channel.
    const NO_CHANNEL: u8 = 3;
    let id = user.saturating_sub(FIRST_USER).to_be_bytes();
    let channel = channel.to_be_bytes();
    match joined {
        true => tpkt::data(&[&[choice::JOINED << 2 | 2, 0][..], &id, &channel, &channel].concat()),
        false => tpkt::data(&[&[choice::JOINED << 2, NO_CHANNEL << 4][..], &id, &channel].concat()),
    }
}

/// SendDataIndication: data of the server's on a channel.
pub fn indicate(channel: u16, data: &[u8]) -> Vec<u8> {
    // High priority, the whole in one piece.
    const WHOLE: u8 = 0x70;
    // The server's own user.
    const SERVER: u16 = 1002;
    let mut out = vec![choice::INDICATE << 2];
    out.extend((SERVER - FIRST_USER).to_be_bytes());
    out.extend(channel.to_be_bytes());
    out.push(WHOLE);
    // Windows writes two bytes even where one would do.
    out.extend((short(data.len()) | 0x8000).to_be_bytes());
    out.extend(data);
    tpkt::data(&out)
}

/// DisconnectProviderUltimatum, for a user who asked for it (3) or by the server (1).
pub fn disconnect(user_requested: bool) -> Vec<u8> {
    let reason: u8 = if user_requested { 3 } else { 1 };
    tpkt::data(&[choice::DISCONNECT << 2 | reason >> 1, reason << 7])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read() {
        assert_eq!(Domain::parse(&[4, 1, 0, 1, 0]), Some(Domain::Erect));
        assert_eq!(Domain::parse(&[0x28]), Some(Domain::Attach));
        assert_eq!(Domain::parse(&[0x38, 0, 6, 3, 0xef]), Some(Domain::Join(1007, 1007)));
        let sent = [0x64, 0, 6, 3, 0xeb, 0x70, 0x80, 3, 1, 2, 3];
        assert_eq!(Domain::parse(&sent), Some(Domain::Send(1007, 1003, &[1, 2, 3])));
        assert_eq!(Domain::parse(&sent[..10]), None);
        assert_eq!(Domain::parse(&[0x21, 0x80]), Some(Domain::Disconnect));
    }

    #[test]
    fn answers_are_those_of_the_specification() {
        assert_eq!(hex::encode(attached(1007)), "0300000b02f0802e000006");
        assert_eq!(hex::encode(joined(1007, 1007, true)), "0300000f02f0803e00000603ef03ef");
        assert_eq!(hex::encode(indicate(1003, &[9])), "0300001002f08068000103eb70800109");
        assert_eq!(hex::encode(disconnect(true)), "0300000902f0802180");
    }
}
