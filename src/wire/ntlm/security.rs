//! What follows from a password that is known: whether a proof is right, the session's key, and
//! signed and sealed messages (MS-NLMP 3.3.2, 3.4).

use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use subtle::ConstantTimeEq;

use super::ciphers::{Rc4, md4};
use super::{Authenticate, Response, flags, to_utf16};

/// Length of a signature, 2.2.2.9.
const SIGNATURE: usize = 16;

/// NTOWFv1, 3.3.1: what Windows keeps in place of a password.
pub fn nt_hash(password: &str) -> [u8; 16] {
    md4(&to_utf16(password))
}

fn hmac_md5(key: &[u8], parts: &[&[u8]]) -> [u8; 16] {
    // A key may have any length.
    let Ok(mut mac) = Hmac::<Md5>::new_from_slice(key) else { return [0; 16] };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

impl Authenticate {
    /// The key of a session whose client knows the password (ExportedSessionKey, 3.2.5.1.2), where the
    /// proof is of NTLM version 2 and right for it; `None` otherwise.
    pub fn session_key(&self, nt_hash: &[u8; 16], nonce: &[u8; 8]) -> Option<[u8; 16]> {
        let Response::V2 { proof, blob } = &self.response else { return None };
        let named = format!("{}{}", self.user.to_uppercase(), self.domain);
        let key = hmac_md5(nt_hash, &[&to_utf16(&named)]);
        let right = hmac_md5(&key, &[nonce, blob]);
        if !bool::from(right.as_slice().ct_eq(proof)) {
            return None;
        }
        Some(self.exchanged(hmac_md5(&key, &[proof])))
    }

    /// The key of an anonymous session.
    pub fn anonymous_key(&self) -> [u8; 16] {
        self.exchanged([0; 16])
    }

    /// The key that the client chose, where it did.
    fn exchanged(&self, base: [u8; 16]) -> [u8; 16] {
        let chosen: Option<[u8; 16]> = self.session_key.as_slice().try_into().ok();
        match chosen.filter(|_| self.flags & flags::KEY_EXCHANGE != 0) {
            Some(mut key) => {
                Rc4::new(&base).apply(&mut key);
                key
            }
            None => base,
        }
    }
}

/// Signs and seals between the two sides of one session, with extended session security.
#[derive(Clone)]
pub struct Security {
    sends: Way,
    receives: Way,
}

/// One direction.
#[derive(Clone)]
struct Way {
    signing: [u8; 16],
    handle: Rc4,
    /// Whether checksums are encrypted, which goes with a key exchange.
    hides: bool,
    sequence: u32,
}

impl Security {
    /// The server's side of a session with this key and these flags of the client's last message.
    pub fn server(key: &[u8; 16], flags: u32) -> Self {
        Security {
            sends: Way::new(key, flags, "server-to-client"),
            receives: Way::new(key, flags, "client-to-server"),
        }
    }

    /// The client's side of the same.
    #[cfg(test)]
    pub(crate) fn client(key: &[u8; 16], flags: u32) -> Self {
        let Security { sends, receives } = Self::server(key, flags);
        Security { sends: receives, receives: sends }
    }

    /// Signs a message that goes out.
    pub fn sign(&mut self, message: &[u8]) -> [u8; SIGNATURE] {
        self.sends.sign(message)
    }

    /// Whether the signature of a message that came is right.
    pub fn verify(&mut self, message: &[u8], signature: &[u8]) -> bool {
        self.receives.sign(message).as_slice().ct_eq(signature).into()
    }

    /// Encrypts from the beginning again, while signatures count on: as after `mechListMIC`
    /// (MS-SPNG 3.3.5.1). `fresh` is the session before anything was signed.
    pub fn restart(&mut self, fresh: &Self) {
        self.sends.handle = fresh.sends.handle.clone();
        self.receives.handle = fresh.receives.handle.clone();
    }

    /// Encrypts a message that goes out; gives its signature. `signed` is what the signature is made
    /// over in the clear, where that is more than the message itself (DCE/RPC signs its headers).
    pub fn seal(&mut self, message: &mut [u8], signed: Option<&[u8]>) -> [u8; SIGNATURE] {
        let plain = message.to_vec();
        self.sends.handle.apply(message);
        self.sends.sign(signed.unwrap_or(&plain))
    }

    /// Decrypts a message that came. Whether it is right is then said by [`Security::verify`], over
    /// what was signed.
    pub fn unseal(&mut self, message: &mut [u8]) {
        self.receives.handle.apply(message);
    }
}

impl Way {
    /// Keys by 3.4.5.2 and 3.4.5.3.
    fn new(key: &[u8; 16], flags: u32, way: &str) -> Self {
        let strength = match (flags & flags::KEY_128, flags & flags::KEY_56) {
            (0, 0) => 5,
            (0, _) => 7,
            _ => 16,
        };
        let derived = |key: &[u8], kind: &str| -> [u8; 16] {
            let magic = format!("session key to {way} {kind} key magic constant\0");
            Md5::new().chain_update(key).chain_update(magic).finalize().into()
        };
        let sealing = derived(key.get(..strength).unwrap_or(key), "sealing");
        Way {
            signing: derived(key, "signing"),
            handle: Rc4::new(&sealing),
            hides: flags & flags::KEY_EXCHANGE != 0,
            sequence: 0,
        }
    }

    /// 3.4.4.2.
    fn sign(&mut self, message: &[u8]) -> [u8; SIGNATURE] {
        let sequence = self.sequence.to_le_bytes();
        let digest = hmac_md5(&self.signing, &[&sequence, message]);
        let mut checksum: [u8; 8] = digest.first_chunk().copied().unwrap_or_default();
        if self.hides {
            self.handle.apply(&mut checksum);
        }
        self.sequence = self.sequence.wrapping_add(1);
        let mut signature = [0; SIGNATURE];
        let parts = 1u32.to_le_bytes().into_iter().chain(checksum).chain(sequence);
        signature.iter_mut().zip(parts).for_each(|(slot, byte)| *slot = byte);
        signature
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ntlm::tests::{NONCE, authenticate};

    /// MS-NLMP 4.2.4: the password is "Password", the client's key 16 times 0x55.
    #[test]
    fn the_key_and_a_sealed_message_are_those_of_the_specification() {
        let proof = Authenticate::parse(&authenticate()).unwrap();
        let hash = nt_hash("Password");
        assert_eq!(hex::encode(hash), "a4f49c406510bdcab6824ee7c30fd852");
        let key = proof.session_key(&hash, &NONCE).unwrap();
        assert_eq!(key, [0x55; 16]);
        assert_eq!(proof.session_key(&nt_hash("password"), &NONCE), None);
        let other = Authenticate { user: "Users".into(), ..proof.clone() };
        assert_eq!(other.session_key(&hash, &NONCE), None);

        // 4.2.4.4: GSS_WrapEx of "Plaintext", from client to server.
        let mut client = Security {
            sends: Way::new(&key, proof.flags, "client-to-server"),
            receives: Way::new(&key, proof.flags, "server-to-client"),
        };
        let mut message = to_utf16("Plaintext");
        let signature = client.seal(&mut message, None);
        assert_eq!(hex::encode(&message), "54e50165bf1936dc996020c1811b0f06fb5f");
        assert_eq!(hex::encode(signature), "010000007fb38ec5c55d497600000000");
        let mut server = Security::server(&key, proof.flags);
        server.unseal(&mut message);
        assert_eq!(message, to_utf16("Plaintext"));
        assert!(server.verify(&message, &signature));
        assert!(!server.verify(&message, &signature), "a signature holds once");
    }
}
