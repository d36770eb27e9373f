//! Keys as `ssh-keygen` of OpenSSH 9.2 makes, describes and draws them.

use rand::SeedableRng;
use rand::rngs::StdRng;
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData, RsaKeypair};
use russh::keys::{Algorithm, EcdsaCurve, HashAlg, PrivateKey, PublicKey};

/// Bits of an RSA key for which no size was asked.
pub(super) const RSA_BITS: usize = 3072;

/// Most bits that are made: a key of twice as many takes ten times as long.
const MAX_BITS: usize = 4096;

/// Columns and rows of a key's picture.
const BOARD: (usize, usize) = (17, 9);

/// Marks of a field by how often it was trodden on, then of the start and of the end.
const MARKS: &[u8; 17] = b" .o+=*BOX@%&#/^SE";
const OFTEN: usize = 14;
const START: usize = 15;
const END: usize = 16;

/// Makes a key of a kind (`rsa`, `ecdsa`, `ed25519`); `None` when there is no such kind.
pub(super) fn make(kind: &str, bits: usize, seed: [u8; 32], comment: &str) -> Option<PrivateKey> {
    let mut rng = StdRng::from_seed(seed);
    let mut key = match kind {
        "rsa" => {
            let pair = RsaKeypair::random(&mut rng, bits.min(MAX_BITS)).ok()?;
            PrivateKey::new(KeypairData::from(pair), "").ok()?
        }
        "ecdsa" => PrivateKey::random(&mut rng, Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 }).ok()?,
        "ed25519" => PrivateKey::new(KeypairData::from(Ed25519Keypair::from_seed(&seed)), "").ok()?,
        _ => return None,
    };
    key.set_comment(comment);
    Some(key)
}

/// The key of a file, private or public.
pub(super) fn read(text: &str) -> Option<PublicKey> {
    let public = PublicKey::from_openssh(text.trim()).ok();
    public.or_else(|| PrivateKey::from_openssh(text).ok().map(|key| key.public_key().clone()))
}

/// Bits, fingerprint, comment and kind, as `-l` prints them.
pub(super) fn described(key: &PublicKey) -> String {
    let comment = Some(key.comment().to_string()).filter(|text| !text.is_empty());
    let comment = comment.as_deref().unwrap_or("no comment");
    format!("{} {} {comment} ({})", bits(key), key.fingerprint(HashAlg::Sha256), kind(key))
}

/// The fingerprint of SHA-256.
pub(super) fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

fn kind(key: &PublicKey) -> &'static str {
    match key.algorithm() {
        Algorithm::Rsa { .. } => "RSA",
        Algorithm::Ecdsa { .. } => "ECDSA",
        Algorithm::Dsa => "DSA",
        _ => "ED25519",
    }
}

fn bits(key: &PublicKey) -> usize {
    let rsa = key.key_data().rsa().and_then(|rsa| rsa.n().as_positive_bytes());
    // The first byte of a modulus is never below 128: its size is asked for in bits.
    rsa.map_or(256, |modulus| modulus.len() * 8)
}

/// The picture of a key: a bishop's way over a board, two bits a step.
pub(super) fn picture(key: &PublicKey) -> String {
    let (columns, rows) = BOARD;
    let mut board = vec![0_usize; columns * rows];
    let (mut x, mut y) = (columns / 2, rows / 2);
    let start = y * columns + x;
    let print = key.fingerprint(HashAlg::Sha256);
    for step in print.as_bytes().iter().flat_map(|byte| (0..4).map(move |at| byte >> (at * 2))) {
        x = if step & 1 == 1 { (x + 1).min(columns - 1) } else { x.saturating_sub(1) };
        y = if step & 2 == 2 { (y + 1).min(rows - 1) } else { y.saturating_sub(1) };
        if let Some(field) = board.get_mut(y * columns + x) {
            *field = (*field + 1).min(OFTEN);
        }
    }
    let end = y * columns + x;
    let mark = |(at, often): (usize, &usize)| match at {
        at if at == end => END,
        at if at == start => START,
        _ => *often,
    };
    let marks: Vec<usize> = board.iter().enumerate().map(mark).collect();
    let drawn = |mark: &usize| MARKS.get(*mark).copied().map_or(' ', char::from);
    let mut out = edge(&format!("[{} {}]", kind(key), bits(key)));
    for row in marks.chunks(columns) {
        out.push_str(&format!("|{}|\n", row.iter().map(drawn).collect::<String>()));
    }
    out + &edge("[SHA256]")
}

fn edge(text: &str) -> String {
    let left = BOARD.0.saturating_sub(text.len()) / 2;
    let right = BOARD.0.saturating_sub(text.len() + left);
    format!("+{}{text}{}+\n", "-".repeat(left), "-".repeat(right))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use russh::keys::ssh_key::LineEnding;

    use super::*;

    /// What OpenSSH's own says to a key on its standard input.
    fn said(arguments: &[&str], text: &str) -> String {
        let mut child = Command::new("ssh-keygen")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    }

    #[test]
    fn keys_are_described_and_drawn_as_by_openssh() {
        for (kind, bits) in [("ed25519", 256), ("ecdsa", 256), ("rsa", 1024)] {
            for seed in [3, 7] {
                let key = make(kind, bits, [seed; 32], "root@clzx-his01").unwrap();
                let public = key.public_key().to_openssh().unwrap();
                let ours = format!("{}\n{}", described(key.public_key()), picture(key.public_key()));
                assert_eq!(said(&["-lv", "-f", "-"], &public), ours, "{kind}");
                let private = key.to_openssh(LineEnding::LF).unwrap();
                assert_eq!(read(&private), Some(key.public_key().clone()));
                assert_eq!(read(&public), Some(key.public_key().clone()));
            }
        }
        assert!(make("foo", 256, [0; 32], "").is_none() && read("no key").is_none());
    }
}
