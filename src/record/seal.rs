//! Files that the appliance itself can't open again: encrypted for the hospital's key in the format
//! of age (age-encryption.org/v1, X25519 recipients), which `age -d` opens.

use std::io::{self, Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{EphemeralPrivateKey, UnparsedPublicKey, X25519, agree_ephemeral};
use ring::rand::{SecureRandom, SystemRandom};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Bytes of the payload that are encrypted at a time.
const CHUNK: usize = 64 << 10;

const VERSION: &str = "age-encryption.org/v1";
const X25519_INFO: &[u8] = b"age-encryption.org/v1/X25519";

/// Whom files are sealed for: a public key, as `age-keygen` prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient([u8; 32]);

impl Recipient {
    /// Reads `age1…` (bech32, BIP 173).
    pub fn read(text: &str) -> Option<Self> {
        let data = bech32(text.trim(), "age")?;
        Some(Recipient(data.try_into().ok()?))
    }

    /// Encrypts everything of `from` into `to`.
    ///
    /// # Errors
    /// Reading or writing fails, or the system has no randomness.
    pub fn seal(&self, from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
        let random = SystemRandom::new();
        let file_key = Zeroizing::new(fresh::<16>(&random)?);
        to.write_all(self.header(&file_key, &random)?.as_bytes())?;
        let nonce = fresh::<16>(&random)?;
        to.write_all(&nonce)?;
        payload(&derived(&nonce, &*file_key, b"payload"), from, to)
    }

    fn header(&self, file_key: &[u8; 16], random: &SystemRandom) -> io::Result<String> {
        let own = EphemeralPrivateKey::generate(&X25519, random).map_err(failed)?;
        let share = own.compute_public_key().map_err(failed)?;
        let salt = [share.as_ref(), &self.0].concat();
        let peer = UnparsedPublicKey::new(&X25519, self.0);
        let wrap =
            agree_ephemeral(own, &peer, |shared| derived(&salt, shared, X25519_INFO)).map_err(failed)?;
        let mut body = file_key.to_vec();
        encrypt(&wrap, [0; 12], &mut body)?;
        let (share, body) = (STANDARD_NO_PAD.encode(share.as_ref()), STANDARD_NO_PAD.encode(body));
        let signed = format!("{VERSION}\n-> X25519 {share}\n{body}\n---");
        let mut mac = Hmac::<Sha256>::new_from_slice(&*derived(&[], file_key, b"header")).map_err(failed)?;
        mac.update(signed.as_bytes());
        Ok(format!("{signed} {}\n", STANDARD_NO_PAD.encode(mac.finalize().into_bytes())))
    }
}

/// Chunks with a counter for a nonce; the last one is marked.
fn payload(key: &[u8; 32], from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let (mut chunk, mut next) = (read_chunk(from)?, Vec::new());
    for counter in 0_u64.. {
        if chunk.len() == CHUNK {
            next = read_chunk(from)?;
        }
        let last = next.is_empty();
        let mut nonce = [0; 12];
        nonce[3..11].copy_from_slice(&counter.to_be_bytes());
        nonce[11] = u8::from(last);
        encrypt(key, nonce, &mut chunk)?;
        to.write_all(&chunk)?;
        if last {
            break;
        }
        chunk = std::mem::take(&mut next);
    }
    Ok(())
}

fn read_chunk(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut chunk = Vec::with_capacity(CHUNK + CHACHA20_POLY1305.tag_len());
    from.take(CHUNK as u64).read_to_end(&mut chunk)?;
    Ok(chunk)
}

fn encrypt(key: &[u8; 32], nonce: [u8; 12], bytes: &mut Vec<u8>) -> io::Result<()> {
    let key = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).map_err(failed)?);
    let nonce = Nonce::assume_unique_for_key(nonce);
    key.seal_in_place_append_tag(nonce, Aad::empty(), bytes).map_err(failed)
}

fn derived(salt: &[u8], key: &[u8], info: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    // 32 bytes are far below HKDF's limit of 255 hashes, so expansion can't fail.
    let _ = Hkdf::<Sha256>::new(Some(salt), key).expand(info, &mut *out);
    out
}

/// The libraries say no more than that it failed.
fn failed<E>(_: E) -> io::Error {
    io::Error::other("encryption failed")
}

fn fresh<const N: usize>(random: &SystemRandom) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    random.fill(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// The bytes of a bech32 text with this human-readable part.
fn bech32(text: &str, part: &str) -> Option<Vec<u8>> {
    const LETTERS: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let data = text.strip_prefix(part)?.strip_prefix('1')?;
    let values: Option<Vec<u8>> = data
        .bytes()
        .map(|byte| LETTERS.iter().position(|letter| *letter == byte).and_then(|at| u8::try_from(at).ok()))
        .collect();
    let values = values?;
    let high = part.bytes().map(|byte| byte >> 5);
    let low = part.bytes().map(|byte| byte & 31);
    let all = high.chain([0]).chain(low).chain(values.iter().copied());
    if checksum(all) != 1 {
        return None;
    }
    let mut out = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for value in values.get(..values.len().checked_sub(6)?)? {
        bits = (bits << 5 | u32::from(*value)) & 0xFFF;
        count += 5;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from(bits >> count & 0xFF).ok()?);
        }
    }
    Some(out)
}

fn checksum(values: impl Iterator<Item = u8>) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    values.fold(1, |sum, value| {
        let shifted = (sum & 0x01FF_FFFF) << 5 ^ u32::from(value);
        let tops = GENERATOR.iter().enumerate().filter(|(bit, _)| sum >> 25 >> bit & 1 == 1);
        tops.fold(shifted, |sum, (_, generator)| sum ^ generator)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_key_is_none() {
        let key = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg";
        assert!(Recipient::read(key).is_some());
        assert!(Recipient::read(&key.replace("lggy", "lgyg")).is_none());
        assert!(Recipient::read("age1").is_none() && Recipient::read("").is_none());
    }

    #[test]
    fn the_length_is_that_of_the_format() {
        let key = Recipient::read("age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg").unwrap();
        for (length, chunks) in [(0, 1), (1, 1), (CHUNK, 1), (CHUNK + 1, 2), (2 * CHUNK, 2)] {
            let mut sealed = Vec::new();
            key.seal(&mut vec![7; length].as_slice(), &mut sealed).unwrap();
            let line = sealed.windows(4).position(|window| window == b"--- ").unwrap();
            let head = line + sealed[line..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
            assert_eq!(sealed.len() - head, 16 + length + chunks * 16, "{length}");
        }
    }
}
