//! Session ids in Tomcat's form that carry what they stand for.
//!
//! An id is 16 bytes in upper-case hex: a nonce, the sealed time and account, and a mark that only
//! this installation can make. So a login costs no memory, holds for every port of the host and
//! over a restart, and a flood of visitors can push nobody out.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use rand::RngExt;
use rand::rngs::StdRng;
use sha2::Sha256;

const NONCE: usize = 5;
const SEALED: usize = 4;

/// Makes and reads session ids.
pub struct SessionIds {
    key: [u8; 32],
}

/// What an id stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// Minute of its making since the epoch, cut to 24 bits.
    minute: u32,
    /// 0 for a visitor, else the number of the account from 1.
    pub account: u8,
}

impl SessionIds {
    /// With the installation's key.
    pub fn new(key: [u8; 32]) -> Self {
        SessionIds { key }
    }

    /// A new id.
    pub fn make(&self, now: Timestamp, account: u8, rng: &mut StdRng) -> String {
        let nonce: [u8; NONCE] = rng.random();
        let [_, a, b, c] = minute(now).to_be_bytes();
        let mut bytes = nonce.to_vec();
        let seal = self.mark(b"seal", &nonce);
        bytes.extend([a, b, c, account].iter().zip(seal).map(|(plain, key)| plain ^ key));
        let mark = self.mark(b"mark", &bytes);
        bytes.extend(mark.iter().take(16 - NONCE - SEALED));
        hex::encode_upper(bytes)
    }

    /// What an id stands for, if this installation made it less than `minutes` ago.
    pub fn read(&self, id: &str, now: Timestamp, minutes: u32) -> Option<Visit> {
        if id.len() != 32 || id.bytes().any(|b| b.is_ascii_lowercase()) {
            return None;
        }
        let bytes = hex::decode(id).ok()?;
        let (body, mark) = bytes.split_at_checked(NONCE + SEALED)?;
        let expected = self.mark(b"mark", body);
        if !mark.iter().eq(expected.iter().take(mark.len())) {
            return None;
        }
        let (nonce, sealed) = body.split_at_checked(NONCE)?;
        let seal = self.mark(b"seal", nonce);
        let plain: Vec<u8> = sealed.iter().zip(seal).map(|(byte, key)| byte ^ key).collect();
        let [a, b, c, account] = plain.try_into().ok()?;
        let made = u32::from_be_bytes([0, a, b, c]);
        let age = minute(now).wrapping_sub(made) & 0x00ff_ffff;
        (age < minutes).then_some(Visit { minute: made, account })
    }

    fn mark(&self, purpose: &[u8], data: &[u8]) -> [u8; 32] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else {
            // HMAC takes keys of any length.
            return [0; 32];
        };
        mac.update(purpose);
        mac.update(data);
        mac.finalize().into_bytes().into()
    }
}

fn minute(now: Timestamp) -> u32 {
    u32::try_from(now.as_second().max(0) / 60).unwrap_or(0) & 0x00ff_ffff
}

/// The value of a cookie in a `Cookie` header.
pub fn find<'a>(header: &'a [u8], name: &str) -> Option<&'a str> {
    header.split(|b| *b == b';').find_map(|pair| {
        let pair = std::str::from_utf8(pair).ok()?.trim();
        let (key, value) = pair.split_once('=')?;
        (key == name).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn ids_are_read_back_until_they_are_old() {
        let ids = SessionIds::new([7; 32]);
        let now: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
        let mut rng = StdRng::from_seed([1; 32]);
        let id = ids.make(now, 3, &mut rng);
        assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()));
        assert_ne!(id, ids.make(now, 3, &mut rng));
        let later = now + jiff::SignedDuration::from_mins(29);
        assert_eq!(ids.read(&id, later, 30).map(|v| v.account), Some(3));
        assert_eq!(ids.read(&id, later + jiff::SignedDuration::from_mins(2), 30), None);
        assert_eq!(SessionIds::new([8; 32]).read(&id, now, 30), None);
        let mut forged = id.clone();
        forged.replace_range(0..1, if id.starts_with('0') { "1" } else { "0" });
        assert_eq!(ids.read(&forged, now, 30), None);
    }

    #[test]
    fn cookies_are_found() {
        assert_eq!(find(b"a=1; JSESSIONID=AB; c", "JSESSIONID"), Some("AB"));
        assert_eq!(find(b"XJSESSIONID=AB", "JSESSIONID"), None);
    }
}
