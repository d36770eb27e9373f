//! `mysql_native_password`: SHA1(password) XOR SHA1(challenge, SHA1(SHA1(password))).

use rand::RngExt;
use rand::rngs::StdRng;
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

use super::handshake::CHALLENGE;

/// A new challenge: seven-bit bytes without zero and `$`, as the server makes them.
pub fn challenge(rng: &mut StdRng) -> [u8; CHALLENGE] {
    let mut bytes = [0; CHALLENGE];
    for byte in &mut bytes {
        *byte = rng.random_range(0..=0x7f);
        if *byte == 0 || *byte == b'$' {
            *byte += 1;
        }
    }
    bytes
}

/// What a client that knows the password answers; empty for an empty password.
pub fn prove(password: &[u8], challenge: &[u8; CHALLENGE]) -> Vec<u8> {
    if password.is_empty() {
        return Vec::new();
    }
    let once = Sha1::digest(password);
    let mut keyed = Sha1::new();
    keyed.update(challenge);
    keyed.update(Sha1::digest(once));
    once.iter().zip(keyed.finalize()).map(|(a, b)| a ^ b).collect()
}

/// Whether the answer shows the password.
pub fn shows(proof: &[u8], password: &[u8], challenge: &[u8; CHALLENGE]) -> bool {
    prove(password, challenge).ct_eq(proof).into()
}

/// Challenge and answer in the form that crackers read (hashcat mode 11200).
pub fn crackable(proof: &[u8], challenge: &[u8; CHALLENGE]) -> String {
    format!("$mysqlna${}*{}", hex::encode(challenge), hex::encode(proof))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn the_right_password_is_shown_and_no_other() {
        let challenge = challenge(&mut StdRng::seed_from_u64(1));
        assert!(challenge.iter().all(|b| (1..0x80).contains(b) && *b != b'$'));
        let proof = prove(b"secret", &challenge);
        assert_eq!(proof.len(), 20);
        assert!(shows(&proof, b"secret", &challenge));
        assert!(!shows(&proof, b"Secret", &challenge) && !shows(b"", b"secret", &challenge));
    }

    /// The example of hashcat's mode 11200, whose password is "hashcat".
    #[test]
    fn the_form_is_the_crackers() {
        let line =
            "$mysqlna$1c24ab8d0ee94d70ab1f2e814d8f0948a14d10b9*437e93572f18ae44d9e779160c2505271f85821d";
        let (salt, proof) = line.strip_prefix("$mysqlna$").unwrap().split_once('*').unwrap();
        let salt: [u8; CHALLENGE] = hex::decode(salt).unwrap().try_into().unwrap();
        let proof = hex::decode(proof).unwrap();
        assert!(shows(&proof, b"hashcat", &salt));
        assert_eq!(crackable(&proof, &salt), line);
    }
}
