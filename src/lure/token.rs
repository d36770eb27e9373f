//! Tokens of a bait, drawn from the installation's secret.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::signature::{Ed25519KeyPair, KeyPair};
use sha2::{Digest, Sha256};

use super::Kind;
use crate::persona::Installation;

/// Letters of tokens: none that people mix up. 32 of them, so that each holds 5 bits.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Everything that a bait may show, whether or not its kind shows it.
#[derive(Debug, Clone)]
pub struct Tokens {
    seed: [u8; 32],
    /// Login name: a short word and 40 bits that nobody can guess.
    pub account: String,
    /// Password of 70 such bits, as people choose them by rule.
    pub password: String,
    /// Last part of a path: 80 bits.
    pub path: String,
    /// Patient id: two letters and eleven digits.
    pub patient: String,
    /// HL7 account number: a letter and twelve digits.
    pub number: String,
    /// DICOM UID below 2.25 (PS3.5 B.2).
    pub uid: String,
}

impl Tokens {
    /// The tokens of one bait.
    pub fn new(key: &Installation, serial: u32, kind: Kind, place: &str) -> Self {
        let seed = key.derive(&format!("lure/1\u{1f}{serial}\u{1f}{}\u{1f}{place}", kind.as_str()));
        let words = ["svc", "rpt", "app", "sync", "view", "bak", "itf", "dbo"];
        let word = words.get(usize::from(seed[0]) % words.len()).copied().unwrap_or("svc");
        let letters = |label: &str, count: usize| letters(&stretch(&seed, label), count);
        let digits = |label: &str, count: usize| digits(&stretch(&seed, label), count);
        let secret = letters("password", 14);
        let (first, rest) = secret.split_at(1);
        Tokens {
            account: format!("{word}{}", letters("account", 8)),
            password: format!("{}{rest}@{}", first.to_uppercase(), digits("year", 2)),
            path: letters("path", 16),
            patient: format!("ZY{}", digits("patient", 11)),
            number: format!("A{}", digits("number", 12)),
            uid: format!("2.25.1{}", digits("uid", 38)),
            seed,
        }
    }

    /// Four letters of the id: a mistyped id is none.
    pub(super) fn check(&self) -> String {
        letters(&stretch(&self.seed, "id"), 4)
    }

    /// The seed of an SSH key, its public half and its fingerprint's text.
    pub(super) fn ssh(&self) -> Option<SshKey> {
        let seed = stretch(&self.seed, "ssh");
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).ok()?;
        let public = pair.public_key().as_ref().to_vec();
        Some(SshKey { seed, public, check: stretch(&self.seed, "ssh-check") })
    }

    /// By what the detector knows a bait of this kind.
    pub(super) fn known(&self, kind: Kind) -> Vec<String> {
        // What stands before the mark in a password is a word of its own in any text.
        let password = self.password.split('@').next().unwrap_or_default().to_owned();
        let login = || vec![self.account.clone(), password.clone()];
        let known = match kind {
            Kind::Database | Kind::Rdp | Kind::Script => login(),
            Kind::Browser | Kind::Docx | Kind::Xlsx | Kind::Pdf => {
                let mut all = login();
                all.push(self.path.clone());
                all
            }
            Kind::SshKey => {
                let mark = self.ssh().map(|key| longest_word(&key.fingerprint()));
                mark.into_iter().chain([self.account.clone()]).collect()
            }
            Kind::Row => vec![self.account.clone(), password, self.patient.clone()],
            Kind::Study => {
                let digits = self.uid.rsplit('.').next().unwrap_or_default().to_owned();
                vec![self.patient.clone(), digits]
            }
            Kind::Patient => vec![self.patient.clone()],
            Kind::Account => vec![self.number.clone(), self.patient.clone()],
            Kind::Url | Kind::Kubeconfig => vec![self.path.clone()],
        };
        known.into_iter().map(|token| token.to_lowercase()).collect()
    }
}

/// An Ed25519 key of OpenSSH.
pub(super) struct SshKey {
    pub(super) seed: [u8; 32],
    pub(super) public: Vec<u8>,
    pub(super) check: [u8; 32],
}

impl SshKey {
    /// The public key as it travels: RFC 8709 4.
    pub(super) fn blob(&self) -> Vec<u8> {
        let mut blob = text(b"ssh-ed25519");
        blob.extend(text(&self.public));
        blob
    }

    /// What servers log, without `SHA256:`.
    pub(super) fn fingerprint(&self) -> String {
        let digest: [u8; 32] = Sha256::digest(self.blob()).into();
        STANDARD_NO_PAD.encode(digest)
    }
}

/// A string of RFC 4251 5.
pub(super) fn text(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    [length.to_be_bytes().as_slice(), bytes].concat()
}

fn longest_word(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.max_by_key(|word| word.len()).unwrap_or_default().to_owned()
}

fn stretch(seed: &[u8; 32], label: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"honeyward/lure/1/");
    hash.update(seed);
    hash.update(label.as_bytes());
    hash.finalize().into()
}

fn letters(bytes: &[u8; 32], count: usize) -> String {
    let letter = |byte: &u8| LETTERS.get(usize::from(byte % 32)).copied().map_or('a', char::from);
    bytes.iter().take(count).map(letter).collect()
}

fn digits(bytes: &[u8; 32], count: usize) -> String {
    // Two digits of a byte would not be even; one of each is, to a part in 64.
    let more: [u8; 32] = Sha256::digest(bytes).into();
    bytes.iter().chain(&more).take(count).map(|byte| char::from(b'0' + byte % 10)).collect()
}
