//! A signed root over a span of the chain.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A root over a span of records, signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    /// First record.
    pub from: u64,
    /// Last record.
    pub to: u64,
    /// Hash of the record before the first, lower-case hex.
    pub before: String,
    /// Hash of the last record.
    pub head: String,
    /// Root of the tree (RFC 6962) over the records' hashes.
    pub merkle: String,
    /// Root of the tree over the records' SM3 digests, made with SM3; absent where it is switched off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sm3: Option<String>,
    /// When it was signed, UTC.
    pub signed: Timestamp,
    /// The public key, Ed25519, 32 bytes in lower-case hex.
    pub key: String,
    /// The signature over [`Root::statement`], 64 bytes in lower-case hex.
    pub signature: String,
}

impl Root {
    /// The bytes that are signed: one fact a line, each line ended by a line feed.
    pub fn statement(&self) -> String {
        let sm3 = self.sm3.as_deref().unwrap_or("-");
        let Root { from, to, before, head, merkle, signed, key, .. } = self;
        format!(
            "honeyward root 1\nfrom {from}\nto {to}\nbefore {before}\nhead {head}\nmerkle {merkle}\n\
             sm3 {sm3}\nsigned {signed}\nkey {key}\n"
        )
    }

    /// The bytes that a time stamp is over: what is signed, and the signature.
    pub fn stamped(&self) -> String {
        format!("{}signature {}\n", self.statement(), self.signature)
    }

    /// How many records it spans; 0 when it spans none.
    pub fn count(&self) -> usize {
        (self.to + 1).checked_sub(self.from).and_then(|count| usize::try_from(count).ok()).unwrap_or(0)
    }
}
