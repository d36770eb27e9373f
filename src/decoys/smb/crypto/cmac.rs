//! AES-128-CMAC (RFC 4493).

use aes::Aes128;
use aes::cipher::{BlockCipherEncrypt, KeyInit};

const BLOCK: usize = 16;

/// The code of a message that is given in parts.
pub(super) fn cmac(key: &[u8; 16], parts: &[&[u8]]) -> [u8; BLOCK] {
    let cipher = Aes128::new(&(*key).into());
    let (whole, padded) = subkeys(&cipher);
    let mut state = [0; BLOCK];
    let mut held: Vec<u8> = Vec::with_capacity(BLOCK);
    for part in parts {
        let mut part = *part;
        while !part.is_empty() {
            // A full block is only worked on when more follows: the last one is special.
            if held.len() == BLOCK {
                mix(&mut state, &held);
                encrypt(&cipher, &mut state);
                held.clear();
            }
            let (taken, rest) = part.split_at(part.len().min(BLOCK - held.len()));
            held.extend(taken);
            part = rest;
        }
    }
    if held.len() == BLOCK {
        mix(&mut state, &whole);
    } else {
        held.push(0x80);
        held.resize(BLOCK, 0);
        mix(&mut state, &padded);
    }
    mix(&mut state, &held);
    encrypt(&cipher, &mut state);
    state
}

fn subkeys(cipher: &Aes128) -> ([u8; BLOCK], [u8; BLOCK]) {
    let mut first = [0; BLOCK];
    encrypt(cipher, &mut first);
    let whole = doubled(first);
    (whole, doubled(whole))
}

/// Doubling in the field of 2^128 elements.
fn doubled(block: [u8; BLOCK]) -> [u8; BLOCK] {
    let value = u128::from_be_bytes(block);
    let carry = if value >> 127 == 1 { 0x87 } else { 0 };
    ((value << 1) ^ carry).to_be_bytes()
}

fn mix(state: &mut [u8; BLOCK], with: &[u8]) {
    state.iter_mut().zip(with).for_each(|(a, b)| *a ^= b);
}

fn encrypt(cipher: &Aes128, block: &mut [u8; BLOCK]) {
    let mut own = (*block).into();
    cipher.encrypt_block(&mut own);
    *block = own.into();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_rfc_4493() {
        let key = hex::decode("2b7e151628aed2a6abf7158809cf4f3c").unwrap().try_into().unwrap();
        let message = hex::decode(
            "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
        )
        .unwrap();
        let known = [
            (0, "bb1d6929e95937287fa37d129b756746"),
            (16, "070a16b46b4d4144f79bdd9dd04a287c"),
            (40, "dfa66747de9ae63030ca32611497c827"),
            (64, "51f0bebf7e3b9d92fc49741779363cfe"),
        ];
        for (length, code) in known {
            assert_eq!(hex::encode(cmac(&key, &[&message[..length]])), code, "{length}");
            for at in 0..length {
                let (first, second) = message[..length].split_at(at);
                assert_eq!(hex::encode(cmac(&key, &[first, second])), code, "{length} {at}");
            }
        }
    }
}
