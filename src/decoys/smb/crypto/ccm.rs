//! AES-128 in CCM mode (RFC 3610), as SMB 3.0 uses it: nonces of 11 bytes, tags of 16.

use aes::Aes128;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use subtle::ConstantTimeEq;

const BLOCK: usize = 16;
/// Length of a nonce; what is left of a block counts: messages have up to 2^32 bytes.
pub(super) const NONCE: usize = 11;

/// Encrypts in place; gives the tag.
pub(super) fn seal(key: &[u8; 16], nonce: &[u8; NONCE], known: &[u8], message: &mut [u8]) -> [u8; BLOCK] {
    let cipher = Aes128::new(&(*key).into());
    let tag = tag(&cipher, nonce, known, message);
    count(&cipher, nonce, message);
    tag
}

/// Decrypts in place; `false`, and nothing that may be used, where the tag is wrong.
pub(super) fn open(
    key: &[u8; 16],
    nonce: &[u8; NONCE],
    known: &[u8],
    message: &mut [u8],
    tagged: &[u8],
) -> bool {
    let cipher = Aes128::new(&(*key).into());
    count(&cipher, nonce, message);
    tag(&cipher, nonce, known, message).as_slice().ct_eq(tagged).into()
}

/// CBC-MAC over length, what is known and the message; hidden by the first block of the counter.
fn tag(cipher: &Aes128, nonce: &[u8; NONCE], known: &[u8], message: &[u8]) -> [u8; BLOCK] {
    // Flags: something is known beside the message, tags of 16 bytes, 4 bytes of length.
    const FLAGS: u8 = 0x40 | (7 << 3) | 3;
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut state = block(FLAGS, nonce, length);
    encrypt(cipher, &mut state);
    let counted = u16::try_from(known.len()).unwrap_or(u16::MAX).to_be_bytes();
    let mut beginning = counted.to_vec();
    beginning.extend(known);
    for chunk in beginning.chunks(BLOCK).chain(message.chunks(BLOCK)) {
        state.iter_mut().zip(chunk).for_each(|(a, b)| *a ^= b);
        encrypt(cipher, &mut state);
    }
    let mut hidden = block(3, nonce, 0);
    encrypt(cipher, &mut hidden);
    state.iter_mut().zip(hidden).for_each(|(a, b)| *a ^= b);
    state
}

/// Counter mode from 1 on.
fn count(cipher: &Aes128, nonce: &[u8; NONCE], message: &mut [u8]) {
    for (chunk, number) in message.chunks_mut(BLOCK).zip(1u32..) {
        let mut stream = block(3, nonce, number);
        encrypt(cipher, &mut stream);
        chunk.iter_mut().zip(stream).for_each(|(a, b)| *a ^= b);
    }
}

fn block(flags: u8, nonce: &[u8; NONCE], number: u32) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let parts = [flags].into_iter().chain(*nonce).chain(number.to_be_bytes());
    block.iter_mut().zip(parts).for_each(|(slot, byte)| *slot = byte);
    block
}

fn encrypt(cipher: &Aes128, block: &mut [u8; BLOCK]) {
    let mut own = (*block).into();
    cipher.encrypt_block(&mut own);
    *block = own.into();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with another implementation (OpenSSL's, by way of Python's `cryptography`).
    #[test]
    fn what_is_sealed_is_as_others_seal_it() {
        let key: [u8; 16] = std::array::from_fn(|i| u8::try_from(i).unwrap());
        let nonce: [u8; NONCE] = std::array::from_fn(|i| u8::try_from(i + 0x20).unwrap());
        let known: Vec<u8> = (0x40..0x60).collect();
        let plain: Vec<u8> = (0..45).collect();
        let mut message = plain.clone();
        let tag = seal(&key, &nonce, &known, &mut message);
        let others = "d8f22de30c03da810fbf2bd70c1db5b6a5d734aef6eb7591baff1af9db3807c215a1b6bf061ebd1ff7508cdc0f914328b583ef180c7d2af1db143bd01d";
        assert_eq!(hex::encode([&message[..], &tag].concat()), others);
        assert!(open(&key, &nonce, &known, &mut message, &tag));
        assert_eq!(message, plain);
        let mut broken = message.clone();
        assert!(!open(&key, &nonce, &known, &mut broken, &tag));
    }
}
