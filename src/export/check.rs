//! Whether a bundle is what was taken out: its files against its lists, the lists against the
//! signature, the records against the signed roots and against each other, and the files against the
//! records.

mod records;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Cursor, Read};
use std::path::Path;

use serde::Serialize;
use sha2::{Digest, Sha256, Sha512};
use zip::ZipArchive;

use self::records::Records;
use super::PASSWORD;
use super::artefacts::ARCHIVE;
use super::bag::SIGNATURE;
use super::source::Source;
use crate::store::{Known, root};

/// What is wrong with a bundle, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Something is not as it was.
    Edited,
    /// Something is gone.
    Deleted,
    /// Something was put in.
    Inserted,
    /// Things are in another order.
    Reordered,
    /// The end is gone.
    Truncated,
    /// The chain is not the one that somebody was told of.
    Rewritten,
    /// The key that must have signed did not.
    Unsigned,
    /// The bundle does not reach so far: whether this is right can't be told from it.
    NotCovered,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What it amounts to.
    pub verdict: Verdict,
    /// Where: a file, `record N`, `root N`, `anchor N`.
    pub place: String,
    /// What is wrong, in plain words.
    pub problem: String,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Whether nothing is wrong.
    pub ok: bool,
    /// Files.
    pub files: usize,
    /// Records.
    pub records: usize,
    /// Signed roots.
    pub roots: usize,
    /// The key that signed, lower-case hex.
    pub key: String,
    /// Everything that is wrong.
    pub faults: Vec<Fault>,
}

/// Checks a bundle.
///
/// # Errors
/// It can't be read at all.
pub fn check(path: &Path, known: &Known) -> io::Result<Checked> {
    let mut source = Source::open(path)?;
    let names = source.names()?;
    let mut findings = Findings::default();
    let digests = digests(&mut source, &names)?;
    lists(&mut source, &names, &digests, &mut findings);
    let records = Records::read(&mut source, &mut findings);
    records.judge(known, &mut findings);
    signature(&mut source, &records.key, &mut findings);
    vouched(&mut source, &digests, &records, &mut findings);
    Ok(Checked {
        ok: findings.0.is_empty(),
        files: names.len(),
        records: records.count(),
        roots: records.roots(),
        key: records.key.clone(),
        faults: findings.0,
    })
}

/// What was found wrong so far.
#[derive(Default)]
struct Findings(Vec<Fault>);

impl Findings {
    fn add(&mut self, verdict: Verdict, place: impl Into<String>, problem: impl Into<String>) {
        self.0.push(Fault { verdict, place: place.into(), problem: problem.into() });
    }
}

/// SHA-256 and SHA-512 of a file, lower-case hex.
type Digests = BTreeMap<String, [String; 2]>;

fn digests(source: &mut Source, names: &[String]) -> io::Result<Digests> {
    let mut all = BTreeMap::new();
    for name in names {
        all.insert(name.clone(), source.with(name, digest)?);
    }
    Ok(all)
}

fn digest(file: &mut dyn Read) -> io::Result<[String; 2]> {
    let (mut short, mut long) = (Sha256::new(), Sha512::new());
    let mut piece = vec![0; 64 << 10];
    loop {
        let count = file.read(&mut piece)?;
        let Some(read) = piece.get(..count).filter(|read| !read.is_empty()) else { break };
        short.update(read);
        long.update(read);
    }
    Ok([hex::encode(short.finalize()), hex::encode(long.finalize())])
}

/// The lists (RFC 8493, 2.1.3 and 2.2.1) against the files, both ways.
fn lists(source: &mut Source, names: &[String], digests: &Digests, findings: &mut Findings) {
    for (list, place) in [("manifest-sha256.txt", 0), ("manifest-sha512.txt", 1)] {
        let listed = compare(source, list, place, digests, findings);
        for name in names.iter().filter(|name| name.starts_with("data/") && !listed.contains(*name)) {
            findings.add(Verdict::Inserted, name.as_str(), format!("{list} does not name it"));
        }
    }
    for (list, place) in [("tagmanifest-sha256.txt", 0), ("tagmanifest-sha512.txt", 1)] {
        let listed = compare(source, list, place, digests, findings);
        for name in ["bagit.txt", "bag-info.txt", "manifest-sha256.txt", "manifest-sha512.txt"] {
            if !listed.contains(name) {
                findings.add(Verdict::Deleted, list, format!("it does not name {name}"));
            }
        }
    }
}

/// Compares what a list says; gives the names in it.
fn compare(
    source: &mut Source,
    list: &str,
    place: usize,
    digests: &Digests,
    findings: &mut Findings,
) -> BTreeSet<String> {
    let Ok(text) = source.text(list) else {
        findings.add(Verdict::Deleted, list, "it can't be read");
        return BTreeSet::new();
    };
    let mut listed = BTreeSet::new();
    for line in text.lines() {
        let Some((digest, name)) = line.split_once(char::is_whitespace) else {
            findings.add(Verdict::Edited, list, format!("a line is none of a list: {}", line.escape_debug()));
            continue;
        };
        let name = name.trim_start();
        match digests.get(name).and_then(|digests| digests.get(place)) {
            None => findings.add(Verdict::Deleted, name, format!("{list} names it, it is gone")),
            Some(found) if !found.eq_ignore_ascii_case(digest) => {
                findings.add(Verdict::Edited, name, format!("it is not what {list} says"));
            }
            Some(_) => {}
        }
        listed.insert(name.to_owned());
    }
    listed
}

fn signature(source: &mut Source, key: &str, findings: &mut Findings) {
    let list = source.bytes("tagmanifest-sha256.txt").unwrap_or_default();
    match source.text(SIGNATURE) {
        Ok(signature) if root::verified(key, &list, signature.trim()) => {}
        Ok(_) => findings.add(Verdict::Unsigned, SIGNATURE, "it is not this key's signature of the lists"),
        Err(_) => findings.add(Verdict::Unsigned, SIGNATURE, "it is gone"),
    }
}

/// Transcripts and artefacts against the records that name them.
fn vouched(source: &mut Source, digests: &Digests, records: &Records, findings: &mut Findings) {
    for (session, file) in records.transcripts() {
        let name = format!("data/sessions/{session}/transcript.hwt");
        if digests.get(&name).is_some_and(|[found, _]| *found != file.sha256) {
            findings.add(Verdict::Edited, name, "the session's last record says another digest");
        }
    }
    let name = format!("data/{ARCHIVE}");
    if !digests.contains_key(&name) {
        return;
    }
    let archive = source.bytes(&name).and_then(|bytes| Ok(ZipArchive::new(Cursor::new(bytes))?));
    let Ok(mut archive) = archive else {
        return findings.add(Verdict::Edited, name, "it can't be read");
    };
    let uploads = records.uploads();
    for number in 0..archive.len() {
        let Ok(mut file) = archive.by_index_decrypt(number, PASSWORD.as_bytes()) else {
            findings.add(Verdict::Edited, name.as_str(), format!("file {number} can't be read"));
            continue;
        };
        let inner = file.name().map(|name| name.escape_debug().to_string()).unwrap_or_default();
        let place = format!("{name}: {inner}");
        let Some(sha256) = inner.strip_suffix(".bin").filter(|sha256| uploads.contains(*sha256)) else {
            findings.add(Verdict::Inserted, place, "no record names it");
            continue;
        };
        if !digest(&mut file).is_ok_and(|[found, _]| found == sha256) {
            findings.add(Verdict::Edited, place, "its bytes are not those of its name");
        }
    }
}
