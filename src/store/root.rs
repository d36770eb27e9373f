//! Signed roots: from time to time the appliance signs what its chain holds. Who rewrites the chain
//! later must have the key as well.

use jiff::Timestamp;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use super::merkle::{Algorithm, Hash};
use super::{Head, Reader, StoreError};
use crate::event::Root;

/// Whether its own key signed it.
pub fn is_signed(root: &Root) -> bool {
    verified(&root.key, root.statement().as_bytes(), &root.signature)
}

/// Whether this key (hex) made this signature (hex) of these bytes.
pub fn verified(key: &str, bytes: &[u8], signature: &str) -> bool {
    let (Ok(key), Ok(signature)) = (hex::decode(key), hex::decode(signature)) else { return false };
    UnparsedPublicKey::new(&ED25519, key).verify(bytes, &signature).is_ok()
}

/// Signs for one installation.
pub struct Signer {
    pair: Ed25519KeyPair,
}

impl Signer {
    /// The key made of a seed that the installation derives from its secret; `None` never happens with
    /// 32 bytes, but the library says it might.
    pub fn new(seed: &[u8; 32]) -> Option<Self> {
        Some(Signer { pair: Ed25519KeyPair::from_seed_unchecked(seed).ok()? })
    }

    /// The public key, lower-case hex.
    pub fn key(&self) -> String {
        hex::encode(self.pair.public_key())
    }

    /// The signature of these bytes, lower-case hex.
    pub fn sign(&self, bytes: &[u8]) -> String {
        hex::encode(self.pair.sign(bytes))
    }

    /// Signs the records behind `after` up to the head; `None` when there are none.
    ///
    /// # Errors
    /// The engine failed.
    pub fn root(
        &self,
        reader: &Reader,
        after: Head,
        sm3: bool,
        now: Timestamp,
    ) -> Result<Option<Root>, StoreError> {
        let hashes = reader.hashes(after.seq + 1, u64::MAX)?;
        let Some(head) = hashes.last() else { return Ok(None) };
        let to = after.seq + u64::try_from(hashes.len()).unwrap_or(0);
        let second = match sm3 {
            true => Some(Algorithm::Sm3.root(&reader.sm3_digests(after.seq + 1, to)?)),
            false => None,
        };
        let mut root = Root {
            from: after.seq + 1,
            to,
            before: hex::encode(after.hash),
            head: hex::encode(head),
            merkle: hex::encode(Algorithm::Sha256.root(&hashes)),
            sm3: second.map(hex::encode),
            signed: now,
            key: self.key(),
            signature: String::new(),
        };
        root.signature = self.sign(root.statement().as_bytes());
        Ok(Some(root))
    }
}

/// Where a root ends, as a place in the chain.
pub fn end_of(root: &Root) -> Head {
    let mut hash: Hash = [0; 32];
    // A root of ours has 64 digits; another gives a hash that fits no record.
    let _ = hex::decode_to_slice(&root.head, &mut hash);
    Head { seq: root.to, hash }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_fact_is_not_signed() {
        let signer = Signer::new(&[7; 32]).unwrap();
        let mut root = Root {
            from: 1,
            to: 2,
            before: "0".repeat(64),
            head: "1".repeat(64),
            merkle: "2".repeat(64),
            sm3: None,
            signed: Timestamp::UNIX_EPOCH,
            key: signer.key(),
            signature: String::new(),
        };
        assert!(!is_signed(&root));
        root.signature = signer.sign(root.statement().as_bytes());
        assert!(is_signed(&root));
        assert!(!is_signed(&Root { to: 3, ..root.clone() }));
        assert!(!is_signed(&Root { sm3: Some("3".repeat(64)), ..root.clone() }));
        assert!(!is_signed(&Root { key: Signer::new(&[8; 32]).unwrap().key(), ..root }));
    }
}
