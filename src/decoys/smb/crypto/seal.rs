//! Encrypted messages (2.2.41, 3.1.4.3).

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::ccm;
use crate::decoys::smb::packet::{Message, SEALED, long};

/// Length of the TRANSFORM_HEADER.
const HEADER: usize = 52;
/// Where what is authenticated but not encrypted begins: the nonce.
const KNOWN: usize = 20;
/// Where the tag stands.
const TAG: std::ops::Range<usize> = 4..20;
/// Where the nonce stands; ciphers use its beginning.
const NONCE: std::ops::Range<usize> = 20..36;
/// Length of a nonce of GCM.
const GCM_NONCE: usize = 12;

/// How messages are encrypted, 2.2.3.1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cipher {
    /// AES-128-CCM.
    Ccm,
    /// AES-128-GCM.
    Gcm,
}

impl Cipher {
    /// Its number.
    pub fn number(self) -> u16 {
        match self {
            Cipher::Ccm => 1,
            Cipher::Gcm => 2,
        }
    }

    /// Its name in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Cipher::Ccm => "AES-128-CCM",
            Cipher::Gcm => "AES-128-GCM",
        }
    }
}

/// The session that an encrypted message is of.
pub fn session_of(message: &[u8]) -> Option<u64> {
    if !message.starts_with(&SEALED) || message.len() < HEADER {
        return None;
    }
    Message(message).u64(44)
}

/// Encrypts a message for a session; `count` must never come twice with one key.
pub fn seal(cipher: Cipher, key: &[u8; 16], session: u64, count: u64, message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER + message.len());
    out.extend(SEALED);
    out.extend([0; 16]);
    out.extend(count.to_le_bytes());
    out.extend([0; 8]);
    out.extend(long(message.len()).to_le_bytes());
    out.extend([0; 2]);
    // Flags of 3.1.1, EncryptionAlgorithm before: 1 in both.
    out.extend(1u16.to_le_bytes());
    out.extend(session.to_le_bytes());
    out.extend(message);
    let tag = {
        let (header, body) = out.split_at_mut_checked(HEADER).unwrap_or_default();
        encrypt(cipher, key, header, body)
    };
    if let Some(slot) = out.get_mut(TAG) {
        slot.copy_from_slice(&tag);
    }
    out
}

fn encrypt(cipher: Cipher, key: &[u8; 16], header: &[u8], body: &mut [u8]) -> [u8; 16] {
    let (known, nonce) = parts(header);
    match cipher {
        Cipher::Ccm => ccm::seal(key, &first(nonce), known, body),
        Cipher::Gcm => {
            let sealed = gcm(key).and_then(|key| {
                let nonce = Nonce::assume_unique_for_key(first::<GCM_NONCE>(nonce));
                key.seal_in_place_separate_tag(nonce, Aad::from(known), body).ok()
            });
            sealed.and_then(|tag| tag.as_ref().try_into().ok()).unwrap_or_default()
        }
    }
}

/// Decrypts a message; `None` where it is not right.
pub fn open(cipher: Cipher, key: &[u8; 16], message: &[u8]) -> Option<Vec<u8>> {
    let (header, body) = message.split_at_checked(HEADER)?;
    let (known, nonce) = parts(header);
    let tag = header.get(TAG)?;
    let mut body = body.to_vec();
    match cipher {
        Cipher::Ccm => ccm::open(key, &first(nonce), known, &mut body, tag).then_some(body),
        Cipher::Gcm => {
            body.extend(tag);
            let nonce = Nonce::assume_unique_for_key(first::<GCM_NONCE>(nonce));
            let length = gcm(key)?.open_in_place(nonce, Aad::from(known), &mut body).ok()?.len();
            body.truncate(length);
            Some(body)
        }
    }
}

fn gcm(key: &[u8; 16]) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_128_GCM, key).ok().map(LessSafeKey::new)
}

fn parts(header: &[u8]) -> (&[u8], &[u8]) {
    (header.get(KNOWN..).unwrap_or_default(), header.get(NONCE).unwrap_or_default())
}

fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.first_chunk().copied().unwrap_or([0; N])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_opened_and_nothing_else() {
        for cipher in [Cipher::Ccm, Cipher::Gcm] {
            let message: Vec<u8> = (0..200).collect();
            let sealed = seal(cipher, &[5; 16], 9, 3, &message);
            assert_eq!((session_of(&sealed), sealed.len()), (Some(9), 252));
            assert_eq!(open(cipher, &[5; 16], &sealed), Some(message));
            for at in [4, 20, 36, 44, 60, 251] {
                let mut broken = sealed.clone();
                broken[at] ^= 1;
                assert_eq!(open(cipher, &[5; 16], &broken), None, "{at}");
            }
            assert_eq!(open(cipher, &[5; 16], &sealed[..51]), None);
        }
    }
}
