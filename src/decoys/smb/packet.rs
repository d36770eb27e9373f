//! SMB2 messages: the header (MS-SMB2 2.2.1), and chains of them.

use super::status::Status;

/// Length of the header.
pub const HEADER: usize = 64;

/// What an SMB2 message begins with.
pub const SMB2: [u8; 4] = *b"\xfeSMB";
/// What an SMB1 message begins with.
pub const SMB1: [u8; 4] = *b"\xffSMB";
/// What an encrypted message begins with.
pub const SEALED: [u8; 4] = *b"\xfdSMB";

/// Flags of the header.
pub mod flags {
    /// It is an answer.
    pub const ANSWER: u32 = 0x0000_0001;
    /// It has an AsyncId in place of a tree.
    pub const ASYNC: u32 = 0x0000_0002;
    /// It goes on with what the message before it in the chain named.
    pub const RELATED: u32 = 0x0000_0004;
    /// It is signed.
    pub const SIGNED: u32 = 0x0000_0008;
}

/// A file's id that stands for the one of the message before it.
pub const RELATED_FILE: u64 = u64::MAX;

/// Commands, 2.2.1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// NEGOTIATE.
    Negotiate,
    /// SESSION_SETUP.
    SessionSetup,
    /// LOGOFF.
    Logoff,
    /// TREE_CONNECT.
    TreeConnect,
    /// TREE_DISCONNECT.
    TreeDisconnect,
    /// CREATE.
    Create,
    /// CLOSE.
    Close,
    /// FLUSH.
    Flush,
    /// READ.
    Read,
    /// WRITE.
    Write,
    /// LOCK.
    Lock,
    /// IOCTL.
    Ioctl,
    /// CANCEL.
    Cancel,
    /// ECHO.
    Echo,
    /// QUERY_DIRECTORY.
    QueryDirectory,
    /// CHANGE_NOTIFY.
    ChangeNotify,
    /// QUERY_INFO.
    QueryInfo,
    /// SET_INFO.
    SetInfo,
    /// OPLOCK_BREAK.
    OplockBreak,
}

impl Command {
    /// The command of a number.
    pub fn of(number: u16) -> Option<Self> {
        const ALL: [Command; 19] = [
            Command::Negotiate,
            Command::SessionSetup,
            Command::Logoff,
            Command::TreeConnect,
            Command::TreeDisconnect,
            Command::Create,
            Command::Close,
            Command::Flush,
            Command::Read,
            Command::Write,
            Command::Lock,
            Command::Ioctl,
            Command::Cancel,
            Command::Echo,
            Command::QueryDirectory,
            Command::ChangeNotify,
            Command::QueryInfo,
            Command::SetInfo,
            Command::OplockBreak,
        ];
        ALL.get(usize::from(number)).copied()
    }

    /// StructureSize of its request: what the body begins with, 2.2.
    pub fn structure(self) -> u16 {
        match self {
            Command::Negotiate => 36,
            Command::SessionSetup => 25,
            Command::TreeConnect => 9,
            Command::Create => 57,
            Command::Close | Command::Flush | Command::OplockBreak => 24,
            Command::Read | Command::Write => 49,
            Command::Lock => 48,
            Command::Ioctl => 57,
            Command::Logoff | Command::TreeDisconnect | Command::Cancel | Command::Echo => 4,
            Command::QueryDirectory | Command::SetInfo => 33,
            Command::ChangeNotify => 32,
            Command::QueryInfo => 41,
        }
    }
}

/// The header of a request or of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Header {
    /// CreditCharge.
    pub charge: u16,
    /// Status of an answer; ChannelSequence of a request.
    pub status: u32,
    /// Command.
    pub command: u16,
    /// Credits asked for, or granted.
    pub credits: u16,
    /// Flags.
    pub flags: u32,
    /// Where the next message of the chain begins; 0: it is the last.
    pub next: u32,
    /// MessageId.
    pub message: u64,
    /// The process, of messages that are not asynchronous.
    pub process: u32,
    /// TreeId, of messages that are not asynchronous.
    pub tree: u32,
    /// AsyncId, of those that are.
    pub later: u64,
    /// SessionId.
    pub session: u64,
}

impl Header {
    /// Reads one; `None` when it is none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let message = Message(bytes.get(..HEADER)?);
        if !bytes.starts_with(&SMB2) || message.u16(4)? != 64 {
            return None;
        }
        let flags = message.u32(16)?;
        let is_async = flags & flags::ASYNC != 0;
        Some(Header {
            charge: message.u16(6)?,
            status: message.u32(8)?,
            command: message.u16(12)?,
            credits: message.u16(14)?,
            flags,
            next: message.u32(20)?,
            message: message.u64(24)?,
            process: if is_async { 0 } else { message.u32(32)? },
            tree: if is_async { 0 } else { message.u32(36)? },
            later: if is_async { message.u64(32)? } else { 0 },
            session: message.u64(40)?,
        })
    }

    /// Whether a flag is set.
    pub fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// The header of an answer to it.
    pub fn answer(&self, status: Status) -> Self {
        let kept = self.flags & flags::RELATED;
        Header { status: status.0, flags: kept | flags::ANSWER, next: 0, later: 0, ..*self }
    }

    /// Writes it, without a signature.
    pub fn write(&self) -> [u8; HEADER] {
        let mut out = Vec::with_capacity(HEADER);
        out.extend(SMB2);
        out.extend(64u16.to_le_bytes());
        out.extend(self.charge.to_le_bytes());
        out.extend(self.status.to_le_bytes());
        out.extend(self.command.to_le_bytes());
        out.extend(self.credits.to_le_bytes());
        out.extend(self.flags.to_le_bytes());
        out.extend(self.next.to_le_bytes());
        out.extend(self.message.to_le_bytes());
        if self.has(flags::ASYNC) {
            out.extend(self.later.to_le_bytes());
        } else {
            out.extend(self.process.to_le_bytes());
            out.extend(self.tree.to_le_bytes());
        }
        out.extend(self.session.to_le_bytes());
        out.resize(HEADER, 0);
        out.as_slice().try_into().unwrap_or([0; HEADER])
    }
}

/// A message with its header, whose parts are found by their places. Everything gives `None` past the
/// end.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a>(pub &'a [u8]);

impl<'a> Message<'a> {
    /// One byte.
    pub fn u8(self, at: usize) -> Option<u8> {
        self.0.get(at).copied()
    }

    /// Two bytes.
    pub fn u16(self, at: usize) -> Option<u16> {
        self.0.get(at..)?.first_chunk().map(|b| u16::from_le_bytes(*b))
    }

    /// Four bytes.
    pub fn u32(self, at: usize) -> Option<u32> {
        self.0.get(at..)?.first_chunk().map(|b| u32::from_le_bytes(*b))
    }

    /// Eight bytes.
    pub fn u64(self, at: usize) -> Option<u64> {
        self.0.get(at..)?.first_chunk().map(|b| u64::from_le_bytes(*b))
    }

    /// So many bytes from a place on.
    pub fn part(self, at: usize, length: usize) -> Option<&'a [u8]> {
        self.0.get(at..at.checked_add(length)?)
    }

    /// The part whose place and length stand in two bytes each; empty where the length is 0.
    pub fn named(self, place: usize, length: usize) -> Option<&'a [u8]> {
        let (at, length) = (self.u16(place)?, self.u16(length)?);
        if length == 0 { Some(&[]) } else { self.part(usize::from(at), usize::from(length)) }
    }

    /// The same with four bytes each.
    pub fn named_wide(self, place: usize, length: usize) -> Option<&'a [u8]> {
        let (at, length) = (self.u32(place)?, self.u32(length)?);
        if length == 0 {
            Some(&[])
        } else {
            self.part(usize::try_from(at).ok()?, usize::try_from(length).ok()?)
        }
    }
}

/// Text in UTF-16LE; what is none becomes U+FFFD.
pub fn text(bytes: &[u8]) -> String {
    let units = bytes.as_chunks().0.iter().map(|unit: &[u8; 2]| u16::from_le_bytes(*unit));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Text as UTF-16LE.
pub fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A length as two bytes can say it; what is sent never comes near the limit.
pub(super) fn short(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

/// A length as four bytes can say it.
pub(super) fn long(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Splits a chain into its messages; `None` when one does not begin on eight bytes, lies outside, or has
/// no header.
pub fn chain(bytes: &[u8]) -> Option<Vec<(Header, &[u8])>> {
    let mut messages = Vec::new();
    let mut rest = bytes;
    loop {
        let header = Header::read(rest)?;
        let next = usize::try_from(header.next).ok()?;
        if next == 0 {
            messages.push((header, rest));
            return Some(messages);
        }
        if !next.is_multiple_of(8) || next < HEADER || messages.len() >= MAX_CHAIN {
            return None;
        }
        let (message, after) = rest.split_at_checked(next)?;
        messages.push((header, message));
        rest = after;
    }
}

/// Longest chain that is answered: clients send up to six (create, query, query, close), and a frame of
/// headers alone would ask for thousands of answers.
const MAX_CHAIN: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_written_as_it_is_read() {
        let header = Header {
            charge: 1,
            status: 0xc000_0022,
            command: 5,
            credits: 31,
            flags: flags::ANSWER,
            next: 0,
            message: 7,
            process: 0xfeff,
            tree: 3,
            later: 0,
            session: 0x4000_0000_0001,
        };
        assert_eq!(Header::read(&header.write()), Some(header));
        let later = Header { flags: flags::ASYNC, process: 0, tree: 0, later: 9, ..header };
        assert_eq!(Header::read(&later.write()), Some(later));
        assert_eq!(Header::read(&header.write()[..63]), None);
    }

    #[test]
    fn chains_that_go_nowhere_are_none() {
        let one = Header { next: 64, ..Header::default() }.write();
        let last = Header::default().write();
        assert_eq!(chain(&[one, last].concat()).unwrap().len(), 2);
        for next in [1, 8, 60, 72, 1 << 31, u32::MAX] {
            let header = Header { next, ..Header::default() }.write();
            assert!(chain(&[header, last].concat()).is_none(), "{next}");
        }
        assert!(chain(&one.repeat(5000)).is_none());
    }
}
