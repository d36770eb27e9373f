//! LOGIN7, MS-TDS 2.2.6.4.

use super::version::Version;

/// Longest LOGIN7: 128 KiB less one byte, 2.2.6.4.
pub const MAX_LOGIN: usize = (128 << 10) - 1;
/// Longest text in it, characters.
const MAX_TEXT: usize = 128;
/// Most features that are read.
const MAX_FEATURES: usize = 32;

/// OptionFlags2: integrated security.
const INTEGRATED: u8 = 0x80;
/// OptionFlags3: change of password, extension.
const CHANGE_PASSWORD: u8 = 0x01;
const EXTENSION: u8 = 0x10;
/// The end of the features.
const END: u8 = 0xff;

/// A login.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Login {
    /// The TDS version as sent; [`Login::version`] says what it means.
    pub tds: u32,
    /// The packet size asked for.
    pub packet_size: u32,
    /// The client library's version.
    pub client_version: u32,
    /// The client's process.
    pub process: u32,
    /// OptionFlags1, OptionFlags2, TypeFlags, OptionFlags3.
    pub flags: [u8; 4],
    /// The client's time zone, minutes.
    pub time_zone: i32,
    /// The client's locale.
    pub locale: u32,
    /// The client's host name.
    pub host: String,
    /// The login's name.
    pub user: String,
    /// Its password, in clear.
    pub password: String,
    /// The client's program.
    pub program: String,
    /// The server as the client calls it.
    pub server: String,
    /// The client's library.
    pub library: String,
    /// The language wanted; empty for the login's own.
    pub language: String,
    /// The database wanted; empty for the login's own.
    pub database: String,
    /// The client's network card, as it says.
    pub card: [u8; 6],
    /// A file to attach as a database.
    pub attach: String,
    /// A new password, in clear.
    pub new_password: Option<String>,
    /// A security token, for integrated security.
    pub token: Option<Vec<u8>>,
    /// Features asked for: number and data.
    pub features: Vec<(u8, Vec<u8>)>,
}

impl Login {
    /// Reads one; `None` when it is broken.
    pub fn parse(body: &[u8]) -> Option<Self> {
        if body.len() > MAX_LOGIN || long(body, 0)? > body.len() {
            return None;
        }
        let flags = *body.get(24..28)?.first_chunk::<4>()?;
        let number = |at: usize| body.get(at..)?.first_chunk().map(|b| u32::from_le_bytes(*b));
        let [_, second, _, third] = flags;
        let mut login = Login {
            tds: number(4)?,
            packet_size: number(8)?,
            client_version: number(12)?,
            process: number(16)?,
            flags,
            time_zone: body.get(28..)?.first_chunk().map(|b| i32::from_le_bytes(*b))?,
            locale: number(32)?,
            host: text(body, 36)?,
            user: text(body, 40)?,
            password: secret(body, 44)?,
            program: text(body, 48)?,
            server: text(body, 52)?,
            library: text(body, 60)?,
            language: text(body, 64)?,
            database: text(body, 68)?,
            card: *body.get(72..)?.first_chunk()?,
            ..Login::default()
        };
        login.token = (second & INTEGRATED != 0).then(|| token(body)).flatten();
        // What follows came with later versions, and the header is shorter without it.
        login.attach = text(body, 82).unwrap_or_default();
        if third & CHANGE_PASSWORD != 0 && login.version() >= Version::V72 {
            login.new_password = secret(body, 86);
        }
        if third & EXTENSION != 0 {
            login.features = features(body)?;
        }
        Some(login)
    }

    /// The version of TDS that is spoken from now on.
    pub fn version(&self) -> Version {
        Version::of_client(self.tds)
    }

    /// Whether it asks for integrated security.
    pub fn is_integrated(&self) -> bool {
        let [_, second, _, _] = self.flags;
        second & INTEGRATED != 0
    }
}

fn long(body: &[u8], at: usize) -> Option<usize> {
    let bytes = body.get(at..)?.first_chunk()?;
    usize::try_from(u32::from_le_bytes(*bytes)).ok()
}

fn short(body: &[u8], at: usize) -> Option<usize> {
    body.get(at..)?.first_chunk().map(|b| usize::from(u16::from_le_bytes(*b)))
}

/// The bytes of a text whose place and length in characters stand at `at`.
fn units(body: &[u8], at: usize) -> Option<&[u8]> {
    let (from, length) = (short(body, at)?, short(body, at.checked_add(2)?)?);
    match length {
        0 => Some(&[]),
        _ if length > MAX_TEXT => None,
        _ => body.get(from..from.checked_add(length.checked_mul(2)?)?),
    }
}

fn text(body: &[u8], at: usize) -> Option<String> {
    units(body, at).map(super::read::utf16)
}

/// A password: each byte has its halves swapped and is XORed with A5.
fn secret(body: &[u8], at: usize) -> Option<String> {
    let clear: Vec<u8> = units(body, at)?.iter().map(|byte| (byte ^ 0xa5).rotate_left(4)).collect();
    Some(super::read::utf16(&clear))
}

fn token(body: &[u8]) -> Option<Vec<u8>> {
    let (from, length) = (short(body, 78)?, short(body, 80)?);
    let length = match length {
        0xffff => long(body, 90).filter(|long| *long > 0).unwrap_or(length),
        short => short,
    };
    body.get(from..from.checked_add(length)?).map(<[u8]>::to_vec)
}

fn features(body: &[u8]) -> Option<Vec<(u8, Vec<u8>)>> {
    // The extension holds the place of the features.
    let mut at = long(body, short(body, 56)?)?;
    let mut found = Vec::new();
    loop {
        let id = *body.get(at)?;
        if id == END || found.len() >= MAX_FEATURES {
            return Some(found);
        }
        let length = long(body, at.checked_add(1)?)?;
        let from = at.checked_add(5)?;
        at = from.checked_add(length)?;
        found.push((id, body.get(from..at)?.to_vec()));
    }
}
