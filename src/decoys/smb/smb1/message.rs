//! SMB1 messages: header, words and bytes (MS-CIFS 2.2.3).

use crate::decoys::smb::packet::{self, SMB1, short, wide};
use crate::decoys::smb::status::Status;

/// Length of the header.
pub(super) const HEADER: usize = 32;

/// Flags2, 2.2.3.1.
pub(super) mod flags2 {
    /// Text in UTF-16LE.
    pub(in crate::decoys::smb::smb1) const UNICODE: u16 = 0x8000;
    /// Status codes of NT.
    pub(in crate::decoys::smb::smb1) const NT_STATUS: u16 = 0x4000;
    /// SPNEGO in the session's setup.
    pub(in crate::decoys::smb::smb1) const EXTENDED_SECURITY: u16 = 0x0800;
    /// Long names.
    pub(in crate::decoys::smb::smb1) const LONG_NAMES: u16 = 0x0001;
}

/// A request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) command: u8,
    pub(super) flags2: u16,
    pub(super) tree: u16,
    pub(super) user: u16,
    pub(super) whole: packet::Message<'a>,
    pub(super) words: packet::Message<'a>,
    /// What follows the words and their length.
    pub(super) bytes: &'a [u8],
}

impl<'a> Request<'a> {
    /// Reads one; `None` when it is none.
    pub(super) fn read(message: &'a [u8]) -> Option<Self> {
        let whole = packet::Message(message);
        if !message.starts_with(&SMB1) {
            return None;
        }
        let count = usize::from(whole.u8(HEADER)?) * 2;
        let words = whole.part(HEADER + 1, count)?;
        let length = usize::from(whole.u16(HEADER + 1 + count)?);
        // Some clients say more than they send.
        let rest = message.get(HEADER + 3 + count..)?;
        Some(Request {
            command: whole.u8(4)?,
            flags2: whole.u16(10)?,
            tree: whole.u16(24)?,
            user: whole.u16(28)?,
            whole,
            words: packet::Message(words),
            bytes: rest.get(..length).unwrap_or(rest),
        })
    }

    /// Bytes of its words.
    pub(super) fn count(&self) -> usize {
        self.words.0.len()
    }

    pub(super) fn u16(&self, at: usize) -> Option<u16> {
        self.words.u16(at)
    }

    pub(super) fn u32(&self, at: usize) -> Option<u32> {
        self.words.u32(at)
    }

    /// A part whose length and place (from the header) stand in its words.
    pub(super) fn part(&self, length: usize, place: usize) -> Option<&'a [u8]> {
        self.whole.part(usize::from(self.u16(place)?), usize::from(self.u16(length)?))
    }

    pub(super) fn is_wide(&self) -> bool {
        self.flags2 & flags2::UNICODE != 0
    }

    /// A text that ends with a NUL, from a place of the bytes on; the place behind it.
    pub(super) fn text(&self, at: usize) -> Option<(String, usize)> {
        if !self.is_wide() {
            let rest = self.bytes.get(at..)?;
            let length = rest.iter().position(|byte| *byte == 0).unwrap_or(rest.len());
            let text = String::from_utf8_lossy(rest.get(..length)?).into_owned();
            return Some((text, at + length + 1));
        }
        // Text in UTF-16 begins on an even place of the message.
        let before = self.whole.0.len() - self.bytes.len();
        let at = at + (before + at) % 2;
        let rest = self.bytes.get(at..)?;
        let pairs = rest.as_chunks::<2>().0;
        let length = pairs.iter().position(|pair| *pair == [0, 0]).unwrap_or(pairs.len()) * 2;
        Some((packet::text(rest.get(..length)?), at + length + 2))
    }

    /// The answer to it: words, and bytes.
    pub(super) fn answer(&self, status: Status, words: &[u8], bytes: &[u8]) -> Vec<u8> {
        // It is a reply; names have no case and are in their canonical form.
        const REPLY: u8 = 0x98;
        let mut out = SMB1.to_vec();
        out.push(self.command);
        out.extend(status.0.to_le_bytes());
        out.push(REPLY);
        let kept = flags2::UNICODE | flags2::EXTENDED_SECURITY | 0x0007;
        out.extend((self.flags2 & kept | flags2::NT_STATUS | flags2::LONG_NAMES).to_le_bytes());
        out.extend(self.whole.part(12, 2).unwrap_or(&[0; 2]));
        out.extend([0; 10]);
        out.extend(self.tree.to_le_bytes());
        out.extend(self.whole.part(26, 2).unwrap_or(&[0; 2]));
        out.extend(self.user.to_le_bytes());
        out.extend(self.whole.part(30, 2).unwrap_or(&[0; 2]));
        out.push(u8::try_from(words.len() / 2).unwrap_or(0));
        out.extend(words);
        out.extend(short(bytes.len()).to_le_bytes());
        out.extend(bytes);
        out
    }

    /// A refusal.
    pub(super) fn refused(&self, status: Status) -> Vec<u8> {
        self.answer(status, &[], &[])
    }

    /// Texts as they stand behind an answer's words, each with its NUL; `before` bytes stand before
    /// them.
    pub(super) fn texts(&self, words: usize, before: &[u8], texts: &[&str]) -> Vec<u8> {
        let mut out = before.to_vec();
        if self.is_wide() && !(HEADER + 3 + words + out.len()).is_multiple_of(2) {
            out.push(0);
        }
        for text in texts {
            if self.is_wide() {
                out.extend(wide(text));
                out.extend([0; 2]);
            } else {
                out.extend(encoding_rs::GBK.encode(text).0.iter());
                out.push(0);
            }
        }
        out
    }
}
