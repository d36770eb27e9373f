//! NTLM over whatever carries it (MS-NLMP): the server's challenge, and what a client proves itself
//! with, kept in the form that password crackers read; for a password that is known, the session's key and
//! what is signed and sealed with it.

mod authenticate;
mod challenge;
mod ciphers;
mod security;
pub mod spnego;

pub use authenticate::{Authenticate, Response};
pub use challenge::{Challenge, Names};
pub use ciphers::Rc4;
pub use security::{Security, nt_hash};

/// What every message begins with, 2.2.1.
const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";

/// Longest message that is read: names are short, and a response holds the challenge's own names.
pub const MAX_MESSAGE: usize = 16 << 10;

/// NegotiateFlags, 2.2.2.5.
pub mod flags {
    /// Text in UTF-16LE.
    pub const UNICODE: u32 = 0x0000_0001;
    /// Text in the OEM code page.
    pub const OEM: u32 = 0x0000_0002;
    /// The target's name is asked for.
    pub const REQUEST_TARGET: u32 = 0x0000_0004;
    /// Messages are signed.
    pub const SIGN: u32 = 0x0000_0010;
    /// Messages are encrypted.
    pub const SEAL: u32 = 0x0000_0020;
    /// NTLM, rather than LAN Manager alone.
    pub const NTLM: u32 = 0x0000_0200;
    /// A dummy signature where nothing else is agreed on.
    pub const ALWAYS_SIGN: u32 = 0x0000_8000;
    /// The target's name is a domain's.
    pub const TARGET_TYPE_DOMAIN: u32 = 0x0001_0000;
    /// The target's name is a server's.
    pub const TARGET_TYPE_SERVER: u32 = 0x0002_0000;
    /// Session security of NTLM2.
    pub const EXTENDED_SESSION_SECURITY: u32 = 0x0008_0000;
    /// Target information goes with the challenge.
    pub const TARGET_INFO: u32 = 0x0080_0000;
    /// The version goes with the message.
    pub const VERSION: u32 = 0x0200_0000;
    /// 128-bit keys.
    pub const KEY_128: u32 = 0x2000_0000;
    /// A key exchange.
    pub const KEY_EXCHANGE: u32 = 0x4000_0000;
    /// 56-bit keys.
    pub const KEY_56: u32 = 0x8000_0000;
}

/// A NEGOTIATE_MESSAGE, 2.2.1.1: what a client begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiate {
    /// Its flags.
    pub flags: u32,
    /// The client's Windows version (major, minor, build), if it is sent.
    pub version: Option<(u8, u8, u16)>,
}

impl Negotiate {
    /// Reads one; `None` when it is none.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let flags = u32_at(bytes, 12).filter(|_| kind(bytes) == Some(1))?;
        let version = (flags & flags::VERSION != 0).then(|| version_at(bytes, 32)).flatten();
        Some(Negotiate { flags, version })
    }
}

/// Which message this is: 1 NEGOTIATE, 2 CHALLENGE, 3 AUTHENTICATE.
pub fn kind(bytes: &[u8]) -> Option<u32> {
    bytes.starts_with(SIGNATURE).then(|| u32_at(bytes, 8)).flatten()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|b| u16::from_le_bytes(*b))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|b| u32::from_le_bytes(*b))
}

fn version_at(bytes: &[u8], at: usize) -> Option<(u8, u8, u16)> {
    let [major, minor, ..] = *bytes.get(at..)?.first_chunk::<8>()?;
    Some((major, minor, u16_at(bytes, at + 2)?))
}

/// Text in UTF-16LE; what is none becomes U+FFFD.
fn utf16(bytes: &[u8]) -> String {
    let units = bytes.as_chunks().0.iter().map(|unit: &[u8; 2]| u16::from_le_bytes(*unit));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

fn to_utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[cfg(test)]
mod tests;

/// An AUTHENTICATE_MESSAGE for the tests of those who carry it.
#[cfg(test)]
pub(crate) fn tests_proof() -> Vec<u8> {
    tests::authenticate()
}
