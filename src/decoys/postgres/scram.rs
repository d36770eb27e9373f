//! SCRAM-SHA-256 on the server's side, RFC 5802 and RFC 7677, as PostgreSQL speaks it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Rounds of PBKDF2 that the server stores passwords with.
pub const ITERATIONS: u32 = 4096;

/// Bytes of salt.
pub const SALT: usize = 16;

/// Bytes of the server's part of the nonce, before base64.
pub const NONCE: usize = 18;

/// What the server keeps of a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    stored_key: [u8; 32],
    server_key: [u8; 32],
}

impl Verifier {
    /// Of a password; takes some milliseconds.
    pub fn new(password: &[u8], salt: &[u8]) -> Self {
        let salted = pbkdf2(password, salt);
        let client_key = mac(&salted, b"Client Key");
        Verifier { stored_key: Sha256::digest(client_key).into(), server_key: mac(&salted, b"Server Key") }
    }

    /// As `pg_authid` keeps it (PostgreSQL 15 documentation, 53.8).
    pub fn stored(&self, salt: &[u8]) -> String {
        let (stored, server) = (STANDARD.encode(self.stored_key), STANDARD.encode(self.server_key));
        format!("SCRAM-SHA-256${ITERATIONS}:{}${stored}:{server}", STANDARD.encode(salt))
    }
}

fn pbkdf2(password: &[u8], salt: &[u8]) -> [u8; 32] {
    let mut block = mac(password, &[salt, &[0, 0, 0, 1]].concat());
    let mut result = block;
    for _ in 1..ITERATIONS {
        block = mac(password, &block);
        result.iter_mut().zip(block).for_each(|(sum, byte)| *sum ^= byte);
    }
    result
}

fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    // HMAC takes a key of any length, so there is no failure to report.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// Why a client's message is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// It is no SCRAM message.
    Malformed,
    /// It asks for channel binding, or claims that the server has none, against the truth.
    Binding,
}

/// The exchange after the client's first message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    client_first_bare: String,
    /// What the server sends for it.
    pub server_first: String,
    nonce: String,
    binding: String,
}

/// Channel binding data of a connection over TLS: the hash of the server's certificate, RFC 5929 4.
pub type Binding<'a> = Option<&'a [u8]>;

impl Exchange {
    /// Takes the client's first message. `bound` says whether the mechanism with channel binding was
    /// chosen, `data` what it binds to.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn begin(
        message: &[u8],
        salt: &[u8],
        nonce: &[u8; NONCE],
        bound: bool,
        data: Binding<'_>,
    ) -> Result<Self, Broken> {
        let message = std::str::from_utf8(message).map_err(|_| Broken::Malformed)?;
        let (flag, rest) = message.split_once(',').ok_or(Broken::Malformed)?;
        let (authority, bare) = rest.split_once(',').ok_or(Broken::Malformed)?;
        let header = format!("{flag},{authority},");
        let bind = match (flag, bound) {
            ("n", false) => Vec::new(),
            ("y", false) if data.is_none() => Vec::new(),
            ("p=tls-server-end-point", true) => data.ok_or(Broken::Binding)?.to_vec(),
            _ => return Err(Broken::Binding),
        };
        let client_nonce = bare.split(',').find_map(|part| part.strip_prefix("r="));
        let client_nonce = client_nonce.filter(|nonce| !nonce.is_empty()).ok_or(Broken::Malformed)?;
        let nonce = format!("{client_nonce}{}", STANDARD.encode(nonce));
        Ok(Exchange {
            client_first_bare: bare.to_owned(),
            server_first: format!("r={nonce},s={},i={ITERATIONS}", STANDARD.encode(salt)),
            nonce,
            binding: STANDARD.encode([header.as_bytes(), &bind].concat()),
        })
    }

    /// Takes the client's last message: the exchange that it proves something about.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn finish(&self, message: &[u8]) -> Result<Proof, Broken> {
        let message = std::str::from_utf8(message).map_err(|_| Broken::Malformed)?;
        let (without, proof) = message.rsplit_once(",p=").ok_or(Broken::Malformed)?;
        let proof = STANDARD.decode(proof).map_err(|_| Broken::Malformed)?;
        let mut parts = without.split(',');
        let (binding, nonce) = (parts.next(), parts.next());
        if nonce.and_then(|part| part.strip_prefix("r=")) != Some(self.nonce.as_str()) {
            return Err(Broken::Malformed);
        }
        if binding.and_then(|part| part.strip_prefix("c=")) != Some(self.binding.as_str()) {
            return Err(Broken::Binding);
        }
        let text = [self.client_first_bare.as_str(), self.server_first.as_str(), without].join(",");
        Ok(Proof { text, proof: proof.try_into().map_err(|_| Broken::Malformed)? })
    }
}

/// What a client proved its password by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// AuthMessage of RFC 5802 section 3.
    text: String,
    proof: [u8; 32],
}

impl Proof {
    /// The server's last message when the proof is right.
    pub fn check(&self, verifier: &Verifier) -> Option<String> {
        let mut client_key = mac(&verifier.stored_key, self.text.as_bytes());
        client_key.iter_mut().zip(self.proof).for_each(|(key, byte)| *key ^= byte);
        let right: bool = Sha256::digest(client_key).as_slice().ct_eq(&verifier.stored_key).into();
        right.then(|| format!("v={}", STANDARD.encode(mac(&verifier.server_key, self.text.as_bytes()))))
    }

    /// All that a guess can be tried against: the proof in hex, then AuthMessage with salt, rounds
    /// and both nonces.
    pub fn crackable(&self) -> String {
        format!("SCRAM-SHA-256${}${}", hex::encode(self.proof), self.text)
    }
}

/// A client's proof of a password over AuthMessage, for tests.
#[cfg(test)]
pub(super) fn prove(password: &[u8], salt: &[u8], text: &str) -> [u8; 32] {
    let key = mac(&pbkdf2(password, salt), b"Client Key");
    let mut proof = mac(&Sha256::digest(key), text.as_bytes());
    proof.iter_mut().zip(key).for_each(|(sum, byte)| *sum ^= byte);
    proof
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7677 section 3, whose nonce is given and whose password is "pencil".
    #[test]
    fn the_example_of_the_standard_is_right() {
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let client = b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
        let mut exchange = Exchange::begin(client, &salt, &[0; NONCE], false, None).unwrap();
        exchange.nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0".to_owned();
        exchange.server_first = format!("r={},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", exchange.nonce);
        let last = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                    p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        let proof = exchange.finish(last.as_bytes()).unwrap();
        let answer = proof.check(&Verifier::new(b"pencil", &salt));
        assert_eq!(answer.as_deref(), Some("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        assert_eq!(proof.check(&Verifier::new(b"pencils", &salt)), None);
    }

    #[test]
    fn binding_must_be_what_the_connection_has() {
        let begin = |message: &[u8], bound, data| Exchange::begin(message, b"s", &[0; NONCE], bound, data);
        assert_eq!(begin(b"p=tls-server-end-point,,n=,r=a", false, None), Err(Broken::Binding));
        assert_eq!(begin(b"y,,n=,r=a", false, Some(b"hash")), Err(Broken::Binding));
        assert_eq!(begin(b"n,,n=", false, None), Err(Broken::Malformed));
        assert!(begin(b"p=tls-server-end-point,,n=,r=a", true, Some(b"hash")).is_ok());
    }
}
