//! The records of a bundle and what proves them.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::{Findings, Verdict};
use crate::event::observation::{Direction, FileDigest};
use crate::event::{Event, Observation, Root, SessionEvent, SessionId, Stamp};
use crate::export::chain::{PROOFS, Proof, RECORDS, ROOTS, STAMPS};
use crate::export::source::Source;
use crate::store::merkle::{Algorithm, Hash};
use crate::store::root::is_signed;
use crate::store::{Entry, Known, Record, stamp};

/// What a bundle says of the chain.
pub(super) struct Records {
    /// In the order of the file, with their hashes.
    records: Vec<(Record, Hash)>,
    proofs: BTreeMap<u64, Proof>,
    roots: Vec<Root>,
    stamps: Vec<Stamp>,
    /// The key of the last root.
    pub(super) key: String,
}

impl Records {
    /// Reads what can be read; what can't is told.
    pub(super) fn read(source: &mut Source, findings: &mut Findings) -> Self {
        let roots: Vec<Root> = list(source, ROOTS, findings);
        let proofs: Vec<Proof> = list(source, PROOFS, findings);
        // A bundle of an appliance without an authority has none.
        let name = format!("{STAMPS}.json");
        let has_stamps = source.bytes(&format!("data/{name}")).is_ok();
        let stamps = if has_stamps { list(source, &name, findings) } else { Vec::new() };
        let mut records = Vec::new();
        let name = format!("data/{RECORDS}");
        match source.text(&name) {
            Ok(text) => {
                for (line, number) in text.lines().zip(1_usize..) {
                    match serde_json::from_str(line) {
                        Ok(record) => records.push((record, Sha256::digest(line).into())),
                        Err(error) => {
                            findings.add(Verdict::Edited, format!("{name} line {number}"), error.to_string());
                        }
                    }
                }
            }
            Err(error) => findings.add(Verdict::Deleted, name, error.to_string()),
        }
        let key = roots.last().map(|root| root.key.clone()).unwrap_or_default();
        Records {
            records,
            proofs: proofs.into_iter().map(|proof| (proof.seq, proof)).collect(),
            roots,
            stamps,
            key,
        }
    }

    pub(super) fn count(&self) -> usize {
        self.records.len()
    }

    pub(super) fn roots(&self) -> usize {
        self.roots.len()
    }

    /// Everything that only needs the records, the proofs and the roots.
    pub(super) fn judge(&self, known: &Known, findings: &mut Findings) {
        self.judge_roots(known, findings);
        self.judge_stamps(findings);
        self.judge_order(findings);
        for (record, hash) in &self.records {
            if let Err((verdict, problem)) = self.prove(record.seq, hash) {
                findings.add(verdict, format!("record {}", record.seq), problem);
            }
        }
        self.judge_presence(findings);
        self.judge_anchors(known, findings);
    }

    fn judge_roots(&self, known: &Known, findings: &mut Findings) {
        if self.roots.is_empty() {
            findings.add(Verdict::Unsigned, ROOTS, "there is no root");
        }
        let key = known.key.as_ref().unwrap_or(&self.key);
        let (mut next, mut before) = (1, "0".repeat(64));
        for (root, number) in self.roots.iter().zip(1_usize..) {
            let place = format!("root {number}");
            if root.key != *key {
                findings.add(
                    Verdict::Unsigned,
                    place.as_str(),
                    format!("signed by another key, {}", root.key),
                );
            } else if !is_signed(root) {
                findings.add(Verdict::Edited, place.as_str(), "its signature is wrong");
            }
            if root.from != next || root.before != before || root.to < root.from {
                findings.add(Verdict::Deleted, place, "it does not follow the root before it");
            }
            (next, before) = (root.to + 1, root.head.clone());
        }
    }

    fn judge_stamps(&self, findings: &mut Findings) {
        for one in &self.stamps {
            let place = format!("time stamp {}", one.to);
            match self.roots.iter().find(|root| root.to == one.to) {
                None => findings.add(Verdict::Deleted, place, "its root is gone"),
                Some(root) => {
                    if let Err(problem) = stamp::check(one, root) {
                        findings.add(Verdict::Edited, place, problem);
                    }
                }
            }
        }
    }

    fn judge_order(&self, findings: &mut Findings) {
        for pair in self.records.windows(2) {
            let [(one, _), (next, _)] = pair else { continue };
            let place = format!("record {}", next.seq);
            if next.seq == one.seq {
                findings.add(Verdict::Inserted, place, "it is there twice");
            } else if next.seq < one.seq {
                findings.add(Verdict::Reordered, place, format!("it stands behind record {}", one.seq));
            }
        }
    }

    /// Follows a record's proof to its root.
    fn prove(&self, seq: u64, hash: &Hash) -> Result<(), (Verdict, String)> {
        let Some(proof) = self.proofs.get(&seq) else {
            return Err((Verdict::Inserted, "there is no proof that it stood in the chain".into()));
        };
        if proof.hash != hex::encode(hash) {
            return Err((Verdict::Edited, "its bytes do not give the hash in its proof".into()));
        }
        let false_proof = || (Verdict::Edited, "its proof does not lead to a signed root".to_owned());
        let root = self.roots.get(proof.root).ok_or_else(false_proof)?;
        let index = seq.checked_sub(root.from).and_then(|index| usize::try_from(index).ok());
        let path: Option<Vec<Hash>> = proof.path.iter().map(|step| unhex(step)).collect();
        let (index, path) = index.zip(path).ok_or_else(false_proof)?;
        let found = Algorithm::Sha256.follow(hash, index, root.count(), &path);
        found.filter(|found| hex::encode(found) == root.merkle).map(drop).ok_or_else(false_proof)
    }

    /// Proofs whose record is gone: at the end, or in the middle.
    fn judge_presence(&self, findings: &mut Findings) {
        let there: BTreeSet<u64> = self.records.iter().map(|(record, _)| record.seq).collect();
        let last = there.last().copied().unwrap_or(0);
        for seq in self.proofs.keys().filter(|seq| !there.contains(seq)) {
            let verdict = if *seq > last { Verdict::Truncated } else { Verdict::Deleted };
            findings.add(verdict, format!("record {seq}"), "there is a proof of it, but it is gone");
        }
    }

    /// What was told elsewhere, against every hash that the bundle proves.
    fn judge_anchors(&self, known: &Known, findings: &mut Findings) {
        let mut hashes: BTreeMap<u64, String> = BTreeMap::new();
        for root in &self.roots {
            hashes.insert(root.from.saturating_sub(1), root.before.clone());
            hashes.insert(root.to, root.head.clone());
        }
        for (record, hash) in &self.records {
            hashes.insert(record.seq.saturating_sub(1), record.prev.clone());
            hashes.insert(record.seq, hex::encode(hash));
        }
        let end = self.roots.last().map_or(0, |root| root.to);
        for anchor in &known.anchors {
            let place = format!("anchor {}", anchor.seq);
            match hashes.get(&anchor.seq) {
                Some(hash) if *hash == anchor.hash => {}
                Some(hash) => {
                    findings.add(Verdict::Rewritten, place, format!("the bundle says {hash}"));
                }
                None if anchor.seq > end => {
                    findings.add(Verdict::Truncated, place, format!("the chain ends at record {end}"));
                }
                None => findings.add(
                    Verdict::NotCovered,
                    place,
                    "no record of the bundle stands there: take the anchor of one of its own alerts",
                ),
            }
        }
    }

    fn events(&self) -> impl Iterator<Item = &SessionEvent> {
        self.records.iter().filter_map(|(record, _)| match &record.entry {
            Entry::Event(Event::Session(event)) => Some(event),
            Entry::Event(Event::System(_)) | Entry::Alert(_) => None,
        })
    }

    /// What the records say of transcripts.
    pub(super) fn transcripts(&self) -> impl Iterator<Item = (SessionId, &FileDigest)> {
        self.events().filter_map(|event| match &event.observation {
            Observation::Closed { transcript: Some(file), .. } => Some((event.origin.session, file)),
            _ => None,
        })
    }

    /// SHA-256 of all files that peers handed over.
    pub(super) fn uploads(&self) -> BTreeSet<&str> {
        self.events()
            .filter_map(|event| match &event.observation {
                Observation::Transfer { direction: Direction::Upload, sha256, .. } => Some(sha256.as_str()),
                _ => None,
            })
            .collect()
    }
}

fn list<T: serde::de::DeserializeOwned>(source: &mut Source, name: &str, findings: &mut Findings) -> Vec<T> {
    let name = format!("data/{name}");
    let read = source.bytes(&name).map_err(|error| (Verdict::Deleted, error.to_string())).and_then(|bytes| {
        serde_json::from_slice(&bytes).map_err(|error| (Verdict::Edited, error.to_string()))
    });
    read.unwrap_or_else(|(verdict, problem)| {
        findings.add(verdict, name, problem);
        Vec::new()
    })
}

fn unhex(text: &str) -> Option<Hash> {
    let mut hash = [0; 32];
    hex::decode_to_slice(text, &mut hash).ok().map(|()| hash)
}
