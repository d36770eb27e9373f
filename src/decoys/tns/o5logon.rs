//! O5LOGON, the password exchange of 11g: session keys under SHA-1 of password and salt, AES-192.

use aes::Aes192;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use md5::{Digest, Md5};
use sha1::Sha1;
use subtle::ConstantTimeEq;

/// Bytes of an account's salt.
pub const SALT: usize = 10;

/// Bytes of a session key.
pub const KEY: usize = 48;

/// Flags of `AUTH_VFR_DATA` that name the verifier of 11g.
pub const VERIFIER_11G: u32 = 0x1b25;

/// Bytes of a block.
const BLOCK: usize = 16;

/// The verifier of a password: what the server keeps, made a key.
pub fn verifier(password: &[u8], salt: &[u8; SALT]) -> [u8; 24] {
    let mut hash = Sha1::new();
    hash.update(password);
    hash.update(salt);
    let mut key = [0; 24];
    key.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
    key
}

fn cipher(key: &[u8; 24]) -> Aes192 {
    Aes192::new(key.into())
}

/// Encrypts whole blocks in CBC with a zero vector.
pub fn encrypt(key: &[u8; 24], plain: &[u8]) -> Vec<u8> {
    let cipher = cipher(key);
    let mut before = [0; BLOCK];
    let mut out = Vec::with_capacity(plain.len());
    for part in plain.chunks_exact(BLOCK) {
        before.iter_mut().zip(part).for_each(|(sum, byte)| *sum ^= byte);
        let mut block = before.into();
        cipher.encrypt_block(&mut block);
        before = block.into();
        out.extend_from_slice(&before);
    }
    out
}

/// Decrypts whole blocks.
pub fn decrypt(key: &[u8; 24], sealed: &[u8]) -> Vec<u8> {
    let cipher = cipher(key);
    let mut before = [0; BLOCK];
    let mut out = Vec::with_capacity(sealed.len());
    for part in sealed.chunks_exact(BLOCK) {
        let Ok(own) = <[u8; BLOCK]>::try_from(part) else { break };
        let mut block = own.into();
        cipher.decrypt_block(&mut block);
        let plain: [u8; BLOCK] = block.into();
        out.extend(plain.iter().zip(before).map(|(byte, other)| byte ^ other));
        before = own;
    }
    out
}

/// The key that both sides make of their session keys.
pub fn combined(server: &[u8], client: &[u8]) -> Option<[u8; 24]> {
    let mixed: Vec<u8> =
        server.get(16..40)?.iter().zip(client.get(16..40)?).map(|(one, other)| one ^ other).collect();
    let (first, second) = mixed.split_at_checked(16)?;
    let mut key = [0; 24];
    let digests = Md5::digest(first).into_iter().chain(Md5::digest(second));
    key.iter_mut().zip(digests).for_each(|(to, from)| *to = from);
    Some(key)
}

/// Takes off the padding of PKCS #7.
fn unpadded(plain: &[u8]) -> Option<&[u8]> {
    let count = usize::from(*plain.last()?);
    let (text, padding) = plain.split_at_checked(plain.len().checked_sub(count)?)?;
    ((1..=BLOCK).contains(&count) && padding.iter().all(|byte| usize::from(*byte) == count)).then_some(text)
}

/// One login's exchange on the server's side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The account's salt (`AUTH_VFR_DATA`).
    pub salt: [u8; SALT],
    verifier: [u8; 24],
    server: [u8; KEY],
}

impl Exchange {
    /// Begins with a session key of the server.
    pub fn new(verifier: [u8; 24], salt: [u8; SALT], server: [u8; KEY]) -> Self {
        Exchange { salt, verifier, server }
    }

    /// `AUTH_SESSKEY` of the server, upper-case hex.
    pub fn server_key(&self) -> String {
        hex::encode_upper(encrypt(&self.verifier, &self.server))
    }

    /// Whether `AUTH_SESSKEY` and `AUTH_PASSWORD` of the client show the password; gives the key that
    /// both have then.
    pub fn shows(&self, client_key: &str, sealed: &str, password: &[u8]) -> Option<[u8; 24]> {
        let client = decrypt(&self.verifier, &hex::decode(client_key).ok()?);
        let key = combined(&self.server, &client)?;
        let plain = decrypt(&key, &hex::decode(sealed).ok()?);
        // Sixteen random bytes come first.
        let given = unpadded(&plain)?.get(BLOCK..)?;
        bool::from(given.ct_eq(password)).then_some(key)
    }

    /// All that a guess can be tried against, as John the Ripper's `o5logon` reads it.
    pub fn crackable(&self, client_key: &str, sealed: &str) -> String {
        format!("$o5logon${}*{}*{sealed}*{client_key}", self.server_key(), hex::encode_upper(self.salt))
    }
}

/// A client's part, for tests: its `AUTH_SESSKEY` and `AUTH_PASSWORD`.
pub fn prove(
    password: &[u8],
    salt: &[u8; SALT],
    server_key: &str,
    client: &[u8; KEY],
) -> Option<(String, String)> {
    let verifier = verifier(password, salt);
    let server = decrypt(&verifier, &hex::decode(server_key).ok()?);
    let key = combined(&server, client)?;
    let mut plain = vec![7; BLOCK];
    plain.extend_from_slice(password);
    let padding = BLOCK - plain.len() % BLOCK;
    plain.extend(std::iter::repeat_n(u8::try_from(padding).ok()?, padding));
    Some((hex::encode_upper(encrypt(&verifier, client)), hex::encode_upper(encrypt(&key, &plain))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_password_is_shown_and_no_other() {
        let salt = *b"0123456789";
        let exchange = Exchange::new(verifier(b"Emr#12", &salt), salt, [9; KEY]);
        let prove = |password: &[u8]| prove(password, &salt, &exchange.server_key(), &[3; KEY]).unwrap();
        let (key, sealed) = prove(b"Emr#12");
        assert!(exchange.shows(&key, &sealed, b"Emr#12").is_some());
        assert!(exchange.shows(&key, &sealed, b"emr#12").is_none());
        let (key, sealed) = prove(b"tiger");
        assert!(exchange.shows(&key, &sealed, b"Emr#12").is_none());
        assert!(exchange.shows("", "", b"Emr#12").is_none());
        assert!(exchange.shows("zz", &sealed, b"Emr#12").is_none());
    }

    /// A guess needs nothing but what is kept: the exchange is made again from it.
    #[test]
    fn a_guess_can_be_tried_against_what_is_kept() {
        let salt = *b"abcdefghij";
        let exchange = Exchange::new([5; 24], salt, [1; KEY]);
        let (key, sealed) = prove(b"welcome1", &salt, &exchange.server_key(), &[2; KEY]).unwrap();
        let kept = exchange.crackable(&key, &sealed);
        let parts: Vec<&str> = kept.strip_prefix("$o5logon$").unwrap().split('*').collect();
        let guess = verifier(b"welcome1", &salt);
        let server = decrypt(&guess, &hex::decode(parts[0]).unwrap());
        let client = decrypt(&guess, &hex::decode(parts[3]).unwrap());
        let plain = decrypt(&combined(&server, &client).unwrap(), &hex::decode(parts[2]).unwrap());
        assert_eq!(unpadded(&plain).unwrap()[BLOCK..], *b"welcome1");
    }
}
