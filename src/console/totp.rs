//! One-time codes by time (RFC 6238): SHA-1, six digits, thirty seconds, as authenticator apps have them.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

/// Seconds of one code.
const STEP: u64 = 30;

/// Codes before and after the present one that are taken: clocks of telephones differ.
const DRIFT: u64 = 1;

/// Bytes of a secret: the length of the hash, RFC 4226 section 4.
pub(super) const SECRET: usize = 20;

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The step whose code this is, if it is one of now and later than `last`, which was used already.
pub(super) fn check(secret: &[u8], code: &str, seconds: u64, last: u64) -> Option<u64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let now = seconds / STEP;
    (now.saturating_sub(DRIFT)..=now + DRIFT)
        .filter(|step| *step > last)
        .find(|step| bool::from(of_step(secret, *step).as_bytes().ct_eq(code.as_bytes())))
}

/// The code of now.
#[cfg(test)]
pub(super) fn now(secret: &[u8], seconds: u64) -> String {
    of_step(secret, seconds / STEP)
}

fn of_step(secret: &[u8], step: u64) -> String {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret) else { return String::new() };
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    // RFC 4226 5.3: the last four bits say where the number is.
    let at = usize::from(hash.last().copied().unwrap_or(0) & 0x0f);
    let four = hash.get(at..at + 4).and_then(|four| four.first_chunk::<4>()).copied().unwrap_or_default();
    format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000)
}

/// A secret as people type it (RFC 4648 base 32).
pub(super) fn base32(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(5) {
        let mut five = [0; 8];
        five.iter_mut().skip(3).zip(chunk).for_each(|(to, from)| *to = *from);
        let number = u64::from_be_bytes(five);
        for place in 0..(chunk.len() * 8).div_ceil(5) {
            let digit = usize::try_from((number >> (35 - place * 5)) & 31).unwrap_or(0);
            out.push(char::from(ALPHABET[digit]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_rfc() {
        // RFC 6238 appendix B, its eight digits cut to six.
        let secret = b"12345678901234567890";
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")] {
            assert_eq!(now(secret, seconds), code);
            let step = check(secret, code, seconds, 0).unwrap();
            assert_eq!(check(secret, code, seconds, step), None, "a code is good once");
            assert_eq!(check(secret, code, seconds + 90, 0), None);
        }
        assert_eq!(base32(b"foobar"), "MZXW6YTBOI");
    }
}
