//! Keys of a session, 3.1.4.2, and what is signed with them, 3.1.4.1.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;

use super::cmac::cmac;
use crate::decoys::smb::dialect::Dialect;
use crate::decoys::smb::packet::{HEADER, Message, flags};

/// Where the signature stands in a header, and how long it is.
const SIGNATURE: std::ops::Range<usize> = 48..64;

/// PreauthIntegrityHashValue with another message added, 3.1.4.4.1.
pub fn preauth(before: &[u8; 64], message: &[u8]) -> [u8; 64] {
    Sha512::new().chain_update(before).chain_update(message).finalize().into()
}

/// The keys of one session.
#[derive(Clone)]
pub struct Keys {
    dialect: Dialect,
    signing: [u8; 16],
    /// What the client encrypts with.
    pub client: [u8; 16],
    /// What the server encrypts with.
    pub server: [u8; 16],
}

impl Keys {
    /// From what the authentication gave, and the hash of the session's setup where the dialect has
    /// one.
    pub fn new(dialect: Dialect, session: &[u8; 16], hash: &[u8; 64]) -> Self {
        let derive = |label: &[u8], context: &[u8]| derive(session, label, context);
        let (signing, client, server) = match dialect {
            Dialect::Smb202 | Dialect::Smb21 => (*session, [0; 16], [0; 16]),
            Dialect::Smb30 | Dialect::Smb302 => (
                derive(b"SMB2AESCMAC\0", b"SmbSign\0"),
                derive(b"SMB2AESCCM\0", b"ServerIn \0"),
                derive(b"SMB2AESCCM\0", b"ServerOut\0"),
            ),
            Dialect::Smb311 => (
                derive(b"SMBSigningKey\0", hash),
                derive(b"SMBC2SCipherKey\0", hash),
                derive(b"SMBS2CCipherKey\0", hash),
            ),
        };
        Keys { dialect, signing, client, server }
    }

    /// Signs a message in place: the flag is set, the signature filled in.
    pub fn sign(&self, message: &mut [u8]) {
        let flags = Message(message).u32(16).unwrap_or(0) | flags::SIGNED;
        if let Some(slot) = message.get_mut(16..20) {
            slot.copy_from_slice(&flags.to_le_bytes());
        }
        let signature = self.signature(message);
        if let Some(slot) = message.get_mut(SIGNATURE) {
            slot.copy_from_slice(&signature);
        }
    }

    /// Whether a message's signature is right.
    pub fn verify(&self, message: &[u8]) -> bool {
        let signature = message.get(SIGNATURE).unwrap_or_default();
        self.signature(message).as_slice().ct_eq(signature).into()
    }

    fn signature(&self, message: &[u8]) -> [u8; 16] {
        let Some((before, body)) = message.split_at_checked(HEADER) else { return [0; 16] };
        let parts = [before.get(..SIGNATURE.start).unwrap_or_default(), &[0; 16], body];
        match self.dialect {
            Dialect::Smb202 | Dialect::Smb21 => {
                let digest = hmac(&self.signing, &parts);
                digest.first_chunk().copied().unwrap_or_default()
            }
            Dialect::Smb30 | Dialect::Smb302 | Dialect::Smb311 => cmac(&self.signing, &parts),
        }
    }
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // A key may have any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// SP 800-108 5.1 in counter mode: 128 bits, which is one round.
fn derive(key: &[u8; 16], label: &[u8], context: &[u8]) -> [u8; 16] {
    let digest = hmac(key, &[&1u32.to_be_bytes(), label, &[0], context, &128u32.to_be_bytes()]);
    digest.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first is what Microsoft published with SMB 3.0; the others were made with Impacket.
    #[test]
    fn keys_are_those_that_others_derive() {
        let session =
            [0x7c, 0xd4, 0x51, 0x82, 0x5d, 0x04, 0x50, 0xd2, 0x35, 0x42, 0x4e, 0x44, 0xba, 0x6e, 0x78, 0xcc];
        let keys = Keys::new(Dialect::Smb302, &session, &[0; 64]);
        assert_eq!(hex::encode(keys.signing), "0b7e9c5cac36c0f6ea9ab275298cedce");
        assert_eq!(hex::encode(keys.client), "fad27796665b313ebb578f388632b4f7");
        assert_eq!(hex::encode(keys.server), "b0f0427f7ceb416d1d9dcc0cd4f99447");
        let hash = std::array::from_fn(|i| u8::try_from(i).unwrap());
        let keys = Keys::new(Dialect::Smb311, &session, &hash);
        assert_eq!(hex::encode(keys.signing), "481642b8b0d9374628a7bc43f6def7b8");
        assert_eq!(Keys::new(Dialect::Smb21, &session, &hash).signing, session);
    }

    #[test]
    fn a_signature_holds_for_its_message_alone() {
        for dialect in [Dialect::Smb202, Dialect::Smb30, Dialect::Smb311] {
            let keys = Keys::new(dialect, &[7; 16], &[9; 64]);
            let mut message = vec![1; 100];
            keys.sign(&mut message);
            assert!(keys.verify(&message));
            message[80] ^= 1;
            assert!(!keys.verify(&message) && !keys.verify(&message[..63]));
        }
    }
}
