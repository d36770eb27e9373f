//! AUTHENTICATE_MESSAGE, MS-NLMP 2.2.1.3.

use super::{MAX_MESSAGE, flags, kind, u16_at, u32_at, utf16, version_at};

/// Length of an NTLM (version 1) and of an LM response, 2.2.2.3 and 2.2.2.6.
const VERSION_1: usize = 24;
/// Length of NTProofStr, with which an NTLMv2 response begins, 2.2.2.8.
const PROOF: usize = 16;

/// What a client proves itself with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticate {
    /// The domain it names; empty for a local account.
    pub domain: String,
    /// The user it names; empty for nobody (anonymous).
    pub user: String,
    /// The client's own name.
    pub workstation: String,
    /// The proof.
    pub response: Response,
    /// The client's Windows version (major, minor, build), if it is sent.
    pub version: Option<(u8, u8, u16)>,
    /// What was agreed on at last, as the client has it.
    pub flags: u32,
    /// EncryptedRandomSessionKey: the key that the client chose, encrypted; empty where it chose none.
    pub session_key: Vec<u8>,
}

/// A proof that a password is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// None: an anonymous logon.
    Anonymous,
    /// NTLM version 1, both parts as they came.
    V1 {
        /// LmChallengeResponse.
        lm: Vec<u8>,
        /// NtChallengeResponse.
        nt: Vec<u8>,
    },
    /// NTLM version 2: the proof, and what it was made over.
    V2 {
        /// NTProofStr.
        proof: Vec<u8>,
        /// NTLMv2_CLIENT_CHALLENGE.
        blob: Vec<u8>,
    },
}

impl Authenticate {
    /// Reads one; `None` when it is none.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        if kind(bytes) != Some(3) || bytes.len() > MAX_MESSAGE {
            return None;
        }
        let agreed = u32_at(bytes, 60).unwrap_or(flags::UNICODE);
        let text = |at| {
            let value = field(bytes, at)?;
            Some(match agreed & flags::UNICODE {
                0 => String::from_utf8_lossy(value).into_owned(),
                _ => utf16(value),
            })
        };
        let (lm, nt) = (field(bytes, 12)?, field(bytes, 20)?);
        Some(Authenticate {
            domain: text(28)?,
            user: text(36)?,
            workstation: text(44)?,
            response: Response::of(lm, nt),
            version: (agreed & flags::VERSION != 0).then(|| version_at(bytes, 64)).flatten(),
            flags: agreed,
            // Old clients end before it.
            session_key: field(bytes, 52).unwrap_or_default().to_vec(),
        })
    }

    /// The account as Windows writes it: `DOMAIN\user`, or the user alone.
    pub fn account(&self) -> String {
        match self.domain.as_str() {
            "" => self.user.clone(),
            domain => format!("{domain}\\{}", self.user),
        }
    }

    /// The line that hashcat (modes 5500, 5600) and John the Ripper read, for a challenge's nonce;
    /// `None` for an anonymous logon.
    pub fn crackable(&self, nonce: &[u8; 8]) -> Option<String> {
        let (user, domain, nonce) = (&self.user, &self.domain, hex::encode(nonce));
        match &self.response {
            Response::Anonymous => None,
            Response::V1 { lm, nt } => {
                Some(format!("{user}::{domain}:{}:{}:{nonce}", hex::encode(lm), hex::encode(nt)))
            }
            Response::V2 { proof, blob } => {
                Some(format!("{user}::{domain}:{nonce}:{}:{}", hex::encode(proof), hex::encode(blob)))
            }
        }
    }
}

impl Response {
    /// From both parts as they came.
    pub fn of(lm: &[u8], nt: &[u8]) -> Self {
        match nt.split_at_checked(PROOF) {
            Some((proof, blob)) if nt.len() > VERSION_1 => {
                Response::V2 { proof: proof.to_vec(), blob: blob.to_vec() }
            }
            Some(_) => Response::V1 { lm: lm.to_vec(), nt: nt.to_vec() },
            // Anonymous: no NT response, and an LM response of one zero byte at most, 3.2.5.1.2.
            None if lm.len() < VERSION_1 => Response::Anonymous,
            None => Response::V1 { lm: lm.to_vec(), nt: nt.to_vec() },
        }
    }
}

/// A part of the payload by its length and place.
fn field(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let length = usize::from(u16_at(bytes, at)?);
    let from = usize::try_from(u32_at(bytes, at.checked_add(4)?)?).ok()?;
    if length == 0 {
        return Some(&[]);
    }
    bytes.get(from..from.checked_add(length)?)
}
