//! What makes this installation differ from every other.

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroize;

/// The root of everything that must differ per installation: host keys, certificates, serials, UID
/// suffixes, passwords, the world's seed. All are derived by HKDF-SHA-256 with a label, so nothing
/// but this needs to be kept, and a backup of it brings the same hosts back.
#[derive(Clone)]
pub struct Installation {
    secret: [u8; 32],
}

impl Installation {
    /// Takes the secret that was made at first start.
    pub fn new(secret: [u8; 32]) -> Self {
        Installation { secret }
    }

    /// 32 bytes for one purpose. Equal labels give equal bytes.
    pub fn derive(&self, label: &str) -> [u8; 32] {
        let mut out = [0; 32];
        // 32 bytes are far below HKDF's limit of 255 hashes, so expansion can't fail.
        let _ = Hkdf::<Sha256>::new(None, &self.secret).expand(label.as_bytes(), &mut out);
        out
    }

    /// A number below `bound` for one purpose.
    pub fn number(&self, label: &str, bound: u64) -> u64 {
        let bytes = self.derive(label);
        let mut wide = [0; 8];
        for (slot, byte) in wide.iter_mut().zip(bytes) {
            *slot = byte;
        }
        u64::from_le_bytes(wide) % bound.max(1)
    }

    /// Fills a pattern: `{4d}` becomes 4 derived digits, `{3a}` 3 lower-case letters, `{2x}` 2 hex
    /// digits, `{2A}` 2 upper-case letters; everything else stays.
    pub fn fill(&self, label: &str, pattern: &str) -> String {
        let stream: Vec<u8> = (0..8).flat_map(|i| self.derive(&format!("{label}#{i}"))).collect();
        let mut bytes = stream.into_iter().cycle();
        let mut out = String::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let Some((spec, tail)) = after.split_once('}') else {
                out.push('{');
                rest = after;
                continue;
            };
            out.push_str(&placeholder(spec, &mut bytes).unwrap_or_else(|| format!("{{{spec}}}")));
            rest = tail;
        }
        out.push_str(rest);
        out
    }
}

fn placeholder(spec: &str, bytes: &mut impl Iterator<Item = u8>) -> Option<String> {
    let alphabet: &[u8] = match spec.chars().last()? {
        'd' => b"0123456789",
        'a' => b"abcdefghijkmnpqrstuvwxyz",
        'A' => b"ABCDEFGHJKLMNPQRSTUVWXYZ",
        'x' => b"0123456789abcdef",
        _ => return None,
    };
    let count: usize = spec.get(..spec.len() - 1)?.parse().ok()?;
    let mut pick = || {
        let byte = usize::from(bytes.next()?);
        alphabet.get(byte % alphabet.len()).map(|b| char::from(*b))
    };
    (0..count.min(32)).map(|_| pick()).collect()
}

impl Drop for Installation {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

impl std::fmt::Debug for Installation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Installation(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_secrets_separate() {
        let a = Installation::new([1; 32]);
        let b = Installation::new([2; 32]);
        assert_eq!(a.derive("x"), a.derive("x"));
        assert_ne!(a.derive("x"), a.derive("y"));
        assert_ne!(a.derive("x"), b.derive("x"));
    }

    #[test]
    fn patterns_are_filled() {
        let filled = Installation::new([1; 32]).fill("pw", "Cl@{4d}{2a}!");
        assert_eq!(filled.len(), "Cl@".len() + 4 + 2 + 1);
        assert!(filled.starts_with("Cl@") && filled.ends_with('!'));
        assert_eq!(Installation::new([1; 32]).fill("pw", "a{9q}b{"), "a{9q}b{");
    }
}
