//! A file of an intruder as it leaves the console: in a ZIP under AES-256, so that no scanner, mail
//! gateway or double click opens it by accident. The form is WinZip's AE-2
//! (<https://www.winzip.com/en/support/aes-encryption/>), which 7-Zip and `unzip`'s successors read.

use aes::Aes256;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};
use hmac::{Hmac, Mac};
use ring::pbkdf2;
use sha1::Sha1;

/// The password that analysts everywhere use for such files: it hides nothing, it keeps from opening.
pub(super) const PASSWORD: &str = "infected";

/// PBKDF2 rounds that the form has.
const ROUNDS: u32 = 1_000;

/// Bytes of the password check and of the authentication code.
const CHECK: usize = 2;
const CODE: usize = 10;

/// The archive with one file in it, stored.
pub(super) fn zip(name: &str, content: &[u8], salt: [u8; 16]) -> Option<Vec<u8>> {
    let body = encrypted(content, &salt)?;
    let (size, plain) = (u32::try_from(body.len()).ok()?, u32::try_from(content.len()).ok()?);
    let name_length = u16::try_from(name.len()).ok()?;
    // Extra field 9901H: AE-2, vendor "AE", strength 3 (256 bits), method 0 (stored).
    let extra = [0x01, 0x99, 7, 0, 2, 0, b'A', b'E', 3, 0, 0];
    let mut common = Vec::new();
    common.extend_from_slice(&51u16.to_le_bytes());
    // Flags: encrypted, name in UTF-8. Method 99: AES. Time and date: the first there is.
    common.extend_from_slice(&0x0801u16.to_le_bytes());
    common.extend_from_slice(&99u16.to_le_bytes());
    common.extend_from_slice(&0u16.to_le_bytes());
    common.extend_from_slice(&0x21u16.to_le_bytes());
    // AE-2 has no CRC: it would tell what the file is.
    common.extend_from_slice(&0u32.to_le_bytes());
    common.extend_from_slice(&size.to_le_bytes());
    common.extend_from_slice(&plain.to_le_bytes());
    common.extend_from_slice(&name_length.to_le_bytes());
    common.extend_from_slice(&11u16.to_le_bytes());
    let mut out = b"PK\x03\x04".to_vec();
    out.extend_from_slice(&common);
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(&extra);
    out.extend_from_slice(&body);
    let directory = u32::try_from(out.len()).ok()?;
    out.extend_from_slice(b"PK\x01\x02");
    out.extend_from_slice(&51u16.to_le_bytes());
    out.extend_from_slice(&common);
    // No comment, first disk, no attributes, at the start of the file.
    out.extend_from_slice(&[0; 14]);
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(&extra);
    let length = u32::try_from(out.len()).ok()? - directory;
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&directory.to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    Some(out)
}

/// Salt, password check, content under AES-256 in counter mode, authentication code.
fn encrypted(content: &[u8], salt: &[u8; 16]) -> Option<Vec<u8>> {
    let mut keys = [0; 64 + CHECK];
    let rounds = std::num::NonZeroU32::new(ROUNDS)?;
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA1, rounds, salt, PASSWORD.as_bytes(), &mut keys);
    let (cipher_key, rest) = keys.split_at(32);
    let (mac_key, check) = rest.split_at(32);
    let cipher = Aes256::new_from_slice(cipher_key).ok()?;
    let mut out = salt.to_vec();
    out.extend_from_slice(check);
    let start = out.len();
    out.extend_from_slice(content);
    for (counter, block) in (1u128..).zip(out.get_mut(start..)?.chunks_mut(16)) {
        let mut stream = Array::from(counter.to_le_bytes());
        cipher.encrypt_block(&mut stream);
        block.iter_mut().zip(stream).for_each(|(byte, key)| *byte ^= key);
    }
    let mut mac = Hmac::<Sha1>::new_from_slice(mac_key).ok()?;
    mac.update(out.get(start..)?);
    out.extend_from_slice(mac.finalize().into_bytes().get(..CODE)?);
    Some(out)
}

/// Bits of information per byte, in hundredths: 800 is noise, compressed or encrypted.
pub(super) fn entropy(bytes: &[u8]) -> u32 {
    let mut counts = [0u32; 256];
    bytes.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let total = bytes.len().max(1) as f64;
    let shares = counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / total);
    let bits: f64 = shares.map(|share| -share * share.log2()).sum();
    (bits * 100.0).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_is_that_of_shannon() {
        assert_eq!(entropy(b"aaaa"), 0);
        assert_eq!(entropy(b"abab"), 100);
        assert_eq!(entropy(&(0..=255).collect::<Vec<u8>>()), 800);
    }

    #[test]
    fn the_content_is_nowhere_in_the_archive() {
        let content = b"#!/bin/sh\nrm -rf /\n".repeat(4);
        let zip = zip("x.bin", &content, [7; 16]).unwrap();
        assert!(zip.starts_with(b"PK\x03\x04") && !zip.windows(9).any(|w| w == b"#!/bin/sh"));
        assert_eq!(zip.len(), 30 + 5 + 11 + 16 + 2 + content.len() + 10 + 46 + 5 + 11 + 22);
    }
}
