//! NEGOTIATE (2.2.3, 3.3.5.4): dialect, capabilities, contexts of 3.1.1.

use rand::RngExt;

use super::crypto::Cipher;
use super::dialect::{Dialect, capability};
use super::link::{Agreed, Answer, Answered, End, Link, Request};
use super::packet::{HEADER, Message, long, short};
use super::status::Status;
use super::store::filetime;
use crate::wire::ntlm::spnego;

/// SecurityMode: signing is possible.
pub(super) const SIGNING: u8 = 1;
/// It is demanded.
pub(super) const SIGNING_REQUIRED: u8 = 2;
/// Dialects that are read of a request; there are five.
const MAX_DIALECTS: usize = 64;
/// Contexts that are read; there are nine kinds.
const MAX_CONTEXTS: usize = 32;

/// SMB2_PREAUTH_INTEGRITY_CAPABILITIES.
const PREAUTH: u16 = 1;
/// SMB2_ENCRYPTION_CAPABILITIES.
const ENCRYPTION: u16 = 2;
/// SHA-512.
const SHA_512: u16 = 1;
/// Bytes of salt.
const SALT: usize = 32;

/// What a client that begins in SMB1 offers of SMB2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// `SMB 2.???`: any, to be negotiated.
    Any,
    /// `SMB 2.002`.
    First,
}

/// What a client said of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Client {
    pub(super) mode: u16,
    pub(super) capabilities: u32,
    pub(super) guid: [u8; 16],
    pub(super) dialects: Vec<u16>,
}

/// A request that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiate {
    pub(super) client: Client,
    /// Ciphers that it offers, where it is of 3.1.1.
    ciphers: Vec<u16>,
    /// Hash algorithms that it offers.
    hashes: Vec<u16>,
    /// The server as it calls it.
    pub(super) netname: String,
    /// Kinds of its contexts, in order.
    pub(super) contexts: Vec<u16>,
}

impl Negotiate {
    /// Reads one; `None` when it is none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let message = Message(bytes);
        let count = usize::from(message.u16(HEADER + 2)?).min(MAX_DIALECTS);
        let listed = message.part(HEADER + 36, count * 2)?;
        let dialects: Vec<u16> =
            listed.as_chunks().0.iter().map(|two: &[u8; 2]| u16::from_le_bytes(*two)).collect();
        let client = Client {
            mode: message.u16(HEADER + 4)?,
            capabilities: message.u32(HEADER + 8)?,
            guid: message.part(HEADER + 12, 16)?.try_into().ok()?,
            dialects,
        };
        let mut read = Negotiate {
            client,
            ciphers: Vec::new(),
            hashes: Vec::new(),
            netname: String::new(),
            contexts: Vec::new(),
        };
        if read.client.dialects.contains(&Dialect::Smb311.number()) {
            read.contexts(message)?;
        }
        Some(read)
    }

    fn contexts(&mut self, message: Message<'_>) -> Option<()> {
        const NETNAME: u16 = 5;
        let mut at = usize::try_from(message.u32(HEADER + 28)?).ok()?;
        let count = usize::from(message.u16(HEADER + 32)?);
        if count > MAX_CONTEXTS {
            return None;
        }
        for _ in 0..count {
            at = at.next_multiple_of(8);
            let (kind, length) = (message.u16(at)?, usize::from(message.u16(at + 2)?));
            let data = message.part(at + 8, length)?;
            let body = Message(data);
            self.contexts.push(kind);
            match kind {
                PREAUTH => self.hashes = numbers(body, 4)?,
                ENCRYPTION => self.ciphers = numbers(body, 2)?,
                NETNAME => self.netname = super::packet::text(data),
                _ => {}
            }
            at += 8 + length;
        }
        Some(())
    }

    /// The newest dialect that both have.
    fn dialect(&self, newest: Dialect) -> Option<Dialect> {
        let both = |dialect: &Dialect| *dialect <= newest && self.client.dialects.contains(&dialect.number());
        Dialect::ALL.into_iter().rev().find(both)
    }

    /// The cipher that is agreed on: GCM where it is offered, as builds up to Server 2019 choose.
    fn cipher(&self, dialect: Dialect) -> Option<Cipher> {
        let offers = |cipher: Cipher| self.ciphers.contains(&cipher.number()).then_some(cipher);
        match dialect {
            Dialect::Smb202 | Dialect::Smb21 => None,
            Dialect::Smb30 | Dialect::Smb302 => {
                (self.client.capabilities & capability::ENCRYPTION != 0).then_some(Cipher::Ccm)
            }
            Dialect::Smb311 => offers(Cipher::Gcm).or_else(|| offers(Cipher::Ccm)),
        }
    }
}

/// The numbers of a list whose count stands at the beginning of its data, behind a header of so many
/// bytes.
fn numbers(body: Message<'_>, header: usize) -> Option<Vec<u16>> {
    let count = usize::from(body.u16(0)?);
    let listed = body.part(header, count.checked_mul(2)?)?;
    Some(listed.as_chunks().0.iter().map(|two: &[u8; 2]| u16::from_le_bytes(*two)).collect())
}

impl Link {
    pub(super) fn negotiate(&mut self, request: &Request<'_>) -> Result<Answered, End> {
        let Some(asked) = Negotiate::read(request.message.0) else {
            self.session.malformed("SMB2 NEGOTIATE", request.message.0);
            return Ok(Err(Status::INVALID_PARAMETER));
        };
        if self.agreed.is_some() {
            // A second one ends the connection, 3.3.5.4.
            self.session.malformed("SMB2 NEGOTIATE again", request.message.0);
            return Err(End);
        }
        self.tell_negotiate(&asked);
        let Some(newest) = self.server.newest else { return Err(End) };
        let Some(dialect) = asked.dialect(newest) else {
            let status = if asked.client.dialects.is_empty() {
                Status::INVALID_PARAMETER
            } else {
                Status::NOT_SUPPORTED
            };
            return Ok(Err(status));
        };
        if dialect == Dialect::Smb311 && !asked.hashes.contains(&SHA_512) {
            return Ok(Err(Status::INVALID_PARAMETER));
        }
        let cipher = asked.cipher(dialect);
        let contexts = if dialect == Dialect::Smb311 { self.contexts(cipher) } else { Vec::new() };
        let capabilities = dialect.capabilities(asked.client.capabilities);
        let body = self.negotiated(dialect.number(), capabilities, dialect.largest(newest), &contexts);
        self.agreed = Some(Agreed { dialect, cipher, client: asked.client });
        Ok(Ok(Answer::good(body)))
    }

    /// The answer to a negotiation that began in SMB1.
    pub(super) fn answer_old(&mut self, wanted: Wanted) -> Option<Vec<u8>> {
        let newest = self.server.newest?;
        match wanted {
            Wanted::Any if newest > Dialect::Smb202 => {
                let largest = Dialect::Smb21.largest(newest);
                let capabilities = capability::DFS | capability::LEASING | capability::LARGE_MTU;
                Some(self.negotiated(0x02ff, capabilities, largest, &[]))
            }
            Wanted::Any | Wanted::First => {
                let dialect = Dialect::Smb202;
                let client = Client { dialects: vec![dialect.number()], ..Client::default() };
                self.agreed = Some(Agreed { dialect, cipher: None, client });
                Some(self.negotiated(dialect.number(), dialect.capabilities(0), dialect.largest(newest), &[]))
            }
        }
    }

    /// SecurityMode of the server.
    pub(super) fn mode(&self) -> u8 {
        if self.server.behaviour.signing_required { SIGNING | SIGNING_REQUIRED } else { SIGNING }
    }

    /// The body of the answer, 2.2.4.
    fn negotiated(&self, dialect: u16, capabilities: u32, largest: u32, contexts: &[Vec<u8>]) -> Vec<u8> {
        const FIXED: usize = 64;
        let token = spnego::offer(self.server.offer());
        let end = (HEADER + FIXED + token.len()).next_multiple_of(8);
        let mut out = Vec::new();
        out.extend(65u16.to_le_bytes());
        out.extend(u16::from(self.mode()).to_le_bytes());
        out.extend(dialect.to_le_bytes());
        out.extend(short(contexts.len()).to_le_bytes());
        out.extend(self.server.guid);
        out.extend(capabilities.to_le_bytes());
        (0..3).for_each(|_| out.extend(largest.to_le_bytes()));
        out.extend(filetime(self.now).to_le_bytes());
        out.extend(self.server.started(self.now).map_or(0, filetime).to_le_bytes());
        out.extend(short(HEADER + FIXED).to_le_bytes());
        out.extend(short(token.len()).to_le_bytes());
        out.extend(if contexts.is_empty() { 0 } else { long(end) }.to_le_bytes());
        out.extend(token);
        for context in contexts {
            out.resize(out.len().next_multiple_of(8), 0);
            out.extend(context);
        }
        out
    }

    fn contexts(&self, cipher: Option<Cipher>) -> Vec<Vec<u8>> {
        let salt: [u8; SALT] = self.session.rng("smb/salt").random();
        let mut hash = vec![1, 0];
        hash.extend(short(SALT).to_le_bytes());
        hash.extend(SHA_512.to_le_bytes());
        hash.extend(salt);
        let mut contexts = vec![context(PREAUTH, &hash)];
        if let Some(cipher) = cipher {
            let mut chosen = vec![1, 0];
            chosen.extend(cipher.number().to_le_bytes());
            contexts.push(context(ENCRYPTION, &chosen));
        }
        contexts
    }
}

fn context(kind: u16, data: &[u8]) -> Vec<u8> {
    let mut out = kind.to_le_bytes().to_vec();
    out.extend(short(data.len()).to_le_bytes());
    out.extend([0; 4]);
    out.extend(data);
    out
}
