//! Trees of hashes over a span of records: one value stands for all of them, and a short path shows
//! that a record is one of them. The tree is that of RFC 6962, section 2.1.

use sha2::{Digest as _, Sha256};
use sm3::Sm3;

/// A digest of 32 bytes.
pub type Hash = [u8; 32];

/// Which hash function a tree is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// FIPS 180-4.
    Sha256,
    /// GB/T 32905-2016.
    Sm3,
}

impl Algorithm {
    /// The digest of these parts, one after the other.
    pub fn digest(self, parts: &[&[u8]]) -> Hash {
        match self {
            Algorithm::Sha256 => {
                parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part)).finalize().into()
            }
            Algorithm::Sm3 => {
                parts.iter().fold(Sm3::new(), |hash, part| hash.chain_update(part)).finalize().into()
            }
        }
    }

    fn leaf(self, entry: &Hash) -> Hash {
        self.digest(&[&[0], entry])
    }

    fn node(self, left: &Hash, right: &Hash) -> Hash {
        self.digest(&[&[1], left, right])
    }

    /// The root over these entries, in order.
    pub fn root(self, entries: &[Hash]) -> Hash {
        match entries {
            [] => self.digest(&[]),
            [one] => self.leaf(one),
            more => {
                let (left, right) = more.split_at(half(more.len()));
                self.node(&self.root(left), &self.root(right))
            }
        }
    }

    /// The hashes that lead from one entry to the root, from the leaf up; empty where there is no
    /// such entry, or no other.
    pub fn path(self, entries: &[Hash], index: usize) -> Vec<Hash> {
        if entries.len() < 2 || index >= entries.len() {
            return Vec::new();
        }
        let middle = half(entries.len());
        let (left, right) = entries.split_at(middle);
        let (mut path, beside) = match index.checked_sub(middle) {
            None => (self.path(left, index), self.root(right)),
            Some(index) => (self.path(right, index), self.root(left)),
        };
        path.push(beside);
        path
    }

    /// The root that a path leads to, from entry `index` of `count`; `None` when the path has not
    /// the length that it must have.
    pub fn follow(self, entry: &Hash, index: usize, count: usize, path: &[Hash]) -> Option<Hash> {
        if index >= count {
            return None;
        }
        let Some((beside, below)) = path.split_last() else {
            return (count == 1).then(|| self.leaf(entry));
        };
        if count < 2 {
            return None;
        }
        let middle = half(count);
        match index.checked_sub(middle) {
            None => Some(self.node(&self.follow(entry, index, middle, below)?, beside)),
            Some(index) => Some(self.node(beside, &self.follow(entry, index, count - middle, below)?)),
        }
    }
}

/// The largest power of two below `count`, which is 2 or more.
fn half(count: usize) -> usize {
    1 << (count - 1).ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(count: u8) -> Vec<Hash> {
        (0..count).map(|n| [n; 32]).collect()
    }

    #[test]
    fn the_functions_are_those_of_the_standards() {
        let hex = |algorithm: Algorithm| hex::encode(algorithm.digest(&[b"a", b"bc"]));
        assert_eq!(
            hex(Algorithm::Sha256),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        // GB/T 32905-2016, A.1.
        assert_eq!(hex(Algorithm::Sm3), "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
        // RFC 6962 2.1: the tree of nothing is the hash of nothing.
        assert_eq!(Algorithm::Sha256.root(&[]), Algorithm::Sha256.digest(&[]));
    }

    #[test]
    fn every_path_leads_to_the_root_and_no_other() {
        let tree = Algorithm::Sha256;
        for count in 1..40 {
            let all = entries(count);
            let root = tree.root(&all);
            for (index, entry) in all.iter().enumerate() {
                let path = tree.path(&all, index);
                assert_eq!(tree.follow(entry, index, all.len(), &path), Some(root), "{index} of {count}");
                assert_ne!(tree.follow(&[99; 32], index, all.len(), &path), Some(root));
                let next = (index + 1) % all.len();
                if next != index {
                    assert_ne!(tree.follow(entry, next, all.len(), &path), Some(root));
                }
                let mut longer = path.clone();
                longer.push(root);
                assert_ne!(tree.follow(entry, index, all.len(), &longer), Some(root));
            }
        }
        assert_eq!(tree.follow(&[0; 32], 1, 1, &[]), None);
    }
}
