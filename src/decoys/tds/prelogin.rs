//! PRELOGIN, MS-TDS 2.2.6.5: versions, encryption, instance.

use super::behaviour::{Behaviour, Encryption};

/// Option tokens.
mod option {
    pub(super) const VERSION: u8 = 0;
    pub(super) const ENCRYPTION: u8 = 1;
    pub(super) const INSTANCE: u8 = 2;
    pub(super) const THREAD: u8 = 3;
    pub(super) const MARS: u8 = 4;
    pub(super) const TRACE: u8 = 5;
    pub(super) const FEDERATED: u8 = 6;
    pub(super) const END: u8 = 0xff;
}

/// Values of ENCRYPTION.
pub const ENCRYPT_OFF: u8 = 0;
/// Encryption is on.
pub const ENCRYPT_ON: u8 = 1;
/// Encryption can't be had.
pub const ENCRYPT_NOT_SUP: u8 = 2;
/// Encryption must be on.
pub const ENCRYPT_REQ: u8 = 3;

/// Most options: the known ones, and some of the future.
const MAX_OPTIONS: usize = 16;

/// What a client says first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prelogin {
    /// Tokens in the client's order.
    pub options: Vec<u8>,
    /// Its own version, as sent: six bytes.
    pub version: Vec<u8>,
    /// What it wants of encryption.
    pub encryption: Option<u8>,
    /// The instance that it means, without the NUL.
    pub instance: Vec<u8>,
    /// Its thread's number, as sent.
    pub thread: Vec<u8>,
}

/// What encryption was agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreed {
    /// Nothing is encrypted.
    Plain,
    /// The login is.
    Login,
    /// All is.
    All,
    /// The two can't agree: the client is told and let go.
    Nothing,
}

impl Prelogin {
    /// Reads one; `None` when its table is broken.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let mut read = Prelogin::default();
        let mut table = body;
        loop {
            let (token, rest) = table.split_first()?;
            if *token == option::END {
                return Some(read);
            }
            let (place, rest) = rest.split_first_chunk::<4>()?;
            let [a, b, c, d] = *place;
            let (at, length) =
                (usize::from(u16::from_be_bytes([a, b])), usize::from(u16::from_be_bytes([c, d])));
            let value = body.get(at..at.checked_add(length)?)?;
            if read.options.len() >= MAX_OPTIONS {
                return None;
            }
            read.options.push(*token);
            match *token {
                option::VERSION => read.version = value.to_vec(),
                option::ENCRYPTION => read.encryption = value.first().copied(),
                option::INSTANCE => {
                    read.instance = value.split(|b| *b == 0).next().unwrap_or_default().to_vec();
                }
                option::THREAD => read.thread = value.to_vec(),
                // MARS, a trace id, federated login, a nonce: asked for by being there.
                _ => {}
            }
            table = rest;
        }
    }

    /// The answer, and what encryption it settles.
    pub fn answer(&self, behaviour: &Behaviour) -> (Vec<u8>, Agreed) {
        let (encryption, agreed) = self.encryption(behaviour.tls.encryption);
        let [_, _, _, revision] = behaviour.version;
        let version = [&behaviour.build_bytes()[..], &revision.to_le_bytes()].concat();
        let other =
            !self.instance.is_empty() && !self.instance.eq_ignore_ascii_case(behaviour.instance.as_bytes());
        let mut options = vec![(option::VERSION, version)];
        for token in self.options.iter().filter(|token| **token != option::VERSION) {
            match *token {
                option::ENCRYPTION => options.push((option::ENCRYPTION, vec![encryption])),
                option::INSTANCE => options.push((option::INSTANCE, vec![u8::from(other)])),
                option::THREAD => options.push((option::THREAD, Vec::new())),
                option::MARS => options.push((option::MARS, vec![0])),
                option::TRACE if behaviour.prelogin.trace_id => options.push((option::TRACE, Vec::new())),
                option::FEDERATED if behaviour.prelogin.federated => {
                    options.push((option::FEDERATED, vec![1]));
                }
                _ => {}
            }
        }
        (write(&options), agreed)
    }

    /// The table of 2.2.6.5: what the server answers, and what comes of it.
    fn encryption(&self, own: Encryption) -> (u8, Agreed) {
        let asked = self.encryption.unwrap_or(ENCRYPT_NOT_SUP);
        match (own, asked) {
            (Encryption::Offered, ENCRYPT_OFF) => (ENCRYPT_OFF, Agreed::Login),
            (Encryption::Offered | Encryption::Forced, ENCRYPT_ON | ENCRYPT_REQ) => (ENCRYPT_ON, Agreed::All),
            (Encryption::Forced, ENCRYPT_OFF) => (ENCRYPT_REQ, Agreed::All),
            (Encryption::Forced, _) => (ENCRYPT_REQ, Agreed::Nothing),
            (Encryption::Unavailable, ENCRYPT_ON | ENCRYPT_REQ) => (ENCRYPT_NOT_SUP, Agreed::Nothing),
            (Encryption::Offered | Encryption::Unavailable, _) => (ENCRYPT_NOT_SUP, Agreed::Plain),
        }
    }
}

fn write(options: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut at = options.len() * 5 + 1;
    let (mut table, mut values) = (Vec::new(), Vec::<u8>::new());
    for (token, value) in options {
        table.push(*token);
        table.extend(u16::try_from(at).unwrap_or(0).to_be_bytes());
        table.extend(u16::try_from(value.len()).unwrap_or(0).to_be_bytes());
        at += value.len();
        values.extend(value);
    }
    table.push(option::END);
    table.extend(values);
    table
}
