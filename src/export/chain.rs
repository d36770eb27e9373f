//! That the records stand in the store's chain: the records themselves, signed roots, and for each
//! record the path of hashes that leads to a root.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::bag::{About, Bag};
use super::{Case, Custody, ExportError};
use crate::event::{Root, Stamp};
use crate::store::merkle::{Algorithm, Hash};
use crate::store::{Head, Reader, Signer, StoreError};

/// That one record is among those of a root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Proof {
    /// The record.
    pub(super) seq: u64,
    /// Its hash, lower-case hex.
    pub(super) hash: String,
    /// Which root, counted from 0 in `roots.json`.
    pub(super) root: usize,
    /// Hashes beside the way up, from the leaf, lower-case hex.
    pub(super) path: Vec<String>,
}

/// What the report says of the chain.
pub(super) struct Summary {
    pub(super) records: usize,
    pub(super) roots: usize,
    pub(super) head: Head,
    pub(super) key: String,
}

pub(super) const RECORDS: &str = "chain/records.jsonl";
pub(super) const PROOFS: &str = "chain/proofs.json";
pub(super) const ROOTS: &str = "chain/roots.json";
pub(super) const STAMPS: &str = "chain/stamps";

/// Adds records, roots and proofs.
pub(super) fn add(
    bag: &mut Bag,
    reader: &Reader,
    case: &Case,
    signer: &Signer,
    custody: &Custody,
) -> Result<Summary, ExportError> {
    let numbers = case.numbers();
    let roots = roots(reader, signer, custody)?;
    let mut lines = String::new();
    for seq in &numbers {
        lines.push_str(&reader.body(*seq)?);
        lines.push('\n');
    }
    let mut proofs = Vec::new();
    for (place, root) in roots.iter().enumerate() {
        let inside: Vec<u64> = numbers.range(root.from..=root.to).copied().collect();
        if !inside.is_empty() {
            let hashes = reader.hashes(root.from, root.to)?;
            proofs.extend(inside.into_iter().filter_map(|seq| proof(seq, place, root, &hashes)));
        }
    }
    let stamps = reader.records_after(0, "system/chain_stamp")?;
    let stamps: Vec<Stamp> = stamps.iter().filter_map(|record| record.stamp().cloned()).collect();
    let about = |zh, en| About { zh, en, category: "完整性校验数据", source: "chain".into() };
    let json = |value: serde_json::Result<Vec<u8>>| value.map_err(std::io::Error::from);
    let filed = bag
        .bytes(RECORDS, about("证据链记录", "records of the chain"), lines.as_bytes())
        .and_then(|()| {
            bag.bytes(PROOFS, about("证据链归属证明", "proofs"), &json(serde_json::to_vec_pretty(&proofs))?)
        })
        .and_then(|()| {
            bag.bytes(ROOTS, about("签名根", "signed roots"), &json(serde_json::to_vec_pretty(&roots))?)
        })
        .and_then(|()| {
            bag.bytes("chain/key.pem", about("验证公钥", "public key"), pem(&signer.key()).as_bytes())
        })
        .and_then(|()| add_stamps(bag, &stamps, &roots))
        .and_then(|()| bag.bytes("VERIFY.md", about("验证说明", "how to verify"), VERIFY.as_bytes()))
        .and_then(|()| {
            bag.bytes("verify.py", about("验证程序", "verifier without Honeyward"), VERIFIER.as_bytes())
        });
    filed.map_err(|error| ExportError::File { path: RECORDS.into(), error })?;
    let head = roots.last().map_or(Head::EMPTY, crate::store::root::end_of);
    Ok(Summary { records: numbers.len(), roots: roots.len(), head, key: signer.key() })
}

const VERIFY: &str = include_str!("VERIFY.md");
const VERIFIER: &str = include_str!("verify.py");

/// What was stamped and the authority's answer, as `openssl ts` reads them; of the bundle's roots the last
/// stamp and those between vouch for, so all are there.
fn add_stamps(bag: &mut Bag, stamps: &[Stamp], roots: &[Root]) -> std::io::Result<()> {
    let about = |zh, en| About { zh, en, category: "完整性校验数据", source: "chain".into() };
    for stamp in stamps {
        let Some(root) = roots.iter().find(|root| root.to == stamp.to) else { continue };
        let response = STANDARD.decode(&stamp.response).map_err(std::io::Error::other)?;
        let name = format!("{STAMPS}/root-{}", stamp.to);
        let text = root.stamped();
        bag.bytes(
            &format!("{name}.txt"),
            about("签名根原文", "signed root as it was stamped"),
            text.as_bytes(),
        )?;
        bag.bytes(
            &format!("{name}.tsr"),
            about("可信时间戳（RFC 3161）", "time stamp (RFC 3161)"),
            &response,
        )?;
    }
    if stamps.is_empty() {
        return Ok(());
    }
    let list = serde_json::to_vec_pretty(stamps).map_err(std::io::Error::from)?;
    bag.bytes(&format!("{STAMPS}.json"), about("可信时间戳列表", "time stamps"), &list)
}

/// The roots in the chain, and one over what came since the last of them.
fn roots(reader: &Reader, signer: &Signer, custody: &Custody) -> Result<Vec<Root>, StoreError> {
    let signed = reader.records_after(0, "system/chain_root")?;
    let mut roots: Vec<Root> = signed.iter().filter_map(|record| record.root().cloned()).collect();
    let last = roots.last().map_or(Head::EMPTY, crate::store::root::end_of);
    let sm3 = roots.last().is_some_and(|root| root.sm3.is_some());
    roots.extend(signer.root(reader, last, sm3, custody.at)?);
    Ok(roots)
}

fn proof(seq: u64, place: usize, root: &Root, hashes: &[Hash]) -> Option<Proof> {
    let index = usize::try_from(seq.checked_sub(root.from)?).ok()?;
    let path = Algorithm::Sha256.path(hashes, index);
    let hash = hex::encode(hashes.get(index)?);
    Some(Proof { seq, hash, root: place, path: path.iter().map(hex::encode).collect() })
}

/// The key as OpenSSL reads it (RFC 8410).
fn pem(key: &str) -> String {
    const HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    let mut der = HEAD.to_vec();
    der.extend(hex::decode(key).unwrap_or_default());
    let text = STANDARD.encode(der);
    format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
}
