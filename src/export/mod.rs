//! Evidence bundles: what an intruder did, taken out for people who were not there, in a form that can
//! be checked without the appliance.
//!
//! A bundle is a BagIt bag (RFC 8493), as a folder or as a ZIP file. What is in it and how it is
//! checked is in `docs/operator/evidence.md`. This room reads the store and the files of sessions and
//! writes one new folder; it changes nothing of what it reads.

mod artefacts;
mod bag;
mod case;
mod chain;
mod check;
mod custody;
mod iocs;
mod packed;
mod report;
mod source;
mod table;
mod timeline;
mod transcripts;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use self::bag::{About, Bag};
pub use self::case::{Case, Taken};
pub use self::check::{Checked, Fault, Verdict, check};
pub use self::custody::Custody;
use crate::event::Transport;
use crate::record::SessionFiles;
use crate::record::packets::{Plan, Wanted};
use crate::record::transcript;
use crate::store::{Reader, Signer, StoreError};

/// The password of artefacts: what the trade uses, so that no scanner opens them by mistake.
pub const PASSWORD: &str = "infected";

/// Why a bundle could not be made.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file.
    #[error("{}: {error}", path.display())]
    File {
        /// Which, or where it should be.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// There is something already.
    #[error("{}: is there already; evidence is never overwritten", .0.display())]
    Exists(PathBuf),
}

/// Where files of sessions are, and what carries a service's sessions.
pub struct Places {
    /// Transcripts and terminals.
    pub sessions: PathBuf,
    /// Files that peers handed over.
    pub artefacts: PathBuf,
    /// Packet segments.
    pub packets: PathBuf,
    /// What carries the sessions of a service.
    pub carrier: fn(&str) -> Transport,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Files of evidence in it.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// SHA-256 of the list of all lists (`tagmanifest-sha256.txt`): it stands for the whole bundle.
    pub digest: String,
    /// The public key that signed it.
    pub key: String,
    /// What is not in it and why, in plain words.
    pub absent: Vec<String>,
}

/// Writes the bundle: a ZIP file when `to` ends in `.zip`, else a folder.
///
/// # Errors
/// It exists already, or something can't be read or written; then nothing is left at `to`.
pub fn export(
    reader: &Reader,
    case: &Case,
    places: &Places,
    custody: &Custody,
    signer: &Signer,
    to: &Path,
) -> Result<Made, ExportError> {
    if to.exists() {
        return Err(ExportError::Exists(to.to_owned()));
    }
    let partial = beside(to);
    let at = |error| ExportError::File { path: partial.clone(), error };
    fs::create_dir_all(&partial).map_err(at)?;
    let made = fill(reader, case, places, custody, signer, &partial).and_then(|made| {
        match is_zip(to) {
            true => packed::pack(&partial, to).and_then(|()| fs::remove_dir_all(&partial)),
            false => fs::rename(&partial, to),
        }
        .map_err(|error| ExportError::File { path: to.to_owned(), error })?;
        Ok(made)
    });
    if made.is_err() {
        // The reason is told; what is left of the attempt would only look like evidence.
        let _ = fs::remove_dir_all(&partial);
        let _ = fs::remove_file(packed::growing(to));
    }
    made
}

fn is_zip(to: &Path) -> bool {
    to.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"))
}

/// Where the bag grows.
fn beside(to: &Path) -> PathBuf {
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    to.with_file_name(name)
}

fn fill(
    reader: &Reader,
    case: &Case,
    places: &Places,
    custody: &Custody,
    signer: &Signer,
    folder: &Path,
) -> Result<Made, ExportError> {
    let mut bag = Bag::new(folder);
    let at = |error| ExportError::File { path: folder.to_owned(), error };
    let proof = chain::add(&mut bag, reader, case, signer, custody)?;
    let mut absent = Vec::new();
    if case.left_out > 0 {
        absent.push(format!("{} further sessions of the source; take them out one by one", case.left_out));
    }
    for taken in &case.sessions {
        add_session(&mut bag, taken, places, &mut absent).map_err(at)?;
    }
    artefacts::add(&mut bag, case, places, &mut absent).map_err(at)?;
    timeline::add(&mut bag, case).map_err(at)?;
    iocs::add(&mut bag, case, custody).map_err(at)?;
    report::add(&mut bag, case, custody, &proof, &absent).map_err(at)?;
    custody::add(&mut bag, case, custody, &proof).map_err(at)?;
    let (files, bytes) = bag.size();
    let digest = bag.finish(case, custody, signer).map_err(at)?;
    Ok(Made { files, bytes, digest, key: signer.key(), absent })
}

fn add_session(bag: &mut Bag, taken: &Taken, places: &Places, absent: &mut Vec<String>) -> io::Result<()> {
    let id = taken.row.id;
    let folder = format!("sessions/{id}");
    let about = |zh, en| About { zh, en, category: "电子数据", source: format!("session {id}") };
    bag.bytes(
        &format!("{folder}/session.json"),
        about("会话概要", "session at a glance"),
        &serde_json::to_vec_pretty(&taken.row)?,
    )?;
    let files = SessionFiles::new(&places.sessions, id);
    let path = files.transcript();
    if path.is_file() {
        bag.file(
            &format!("{folder}/transcript.hwt"),
            about("会话原始字节", "every byte, with times"),
            &path,
        )?;
        bag.fill(&format!("{folder}/transcript.txt"), about("会话文本", "transcript as text"), |out| {
            transcripts::write(transcript::read(&path)?, out)
        })?;
    } else if taken.transcript().is_some() {
        absent.push(format!("{id}: the transcript is no longer kept"));
    }
    for (number, path) in files.terminals().iter().enumerate() {
        let name = format!("{folder}/terminal-{}.cast", number + 1);
        bag.file(&name, about("终端录像", "terminal recording, asciicast 2"), path)?;
    }
    add_packets(bag, taken, places, absent)
}

fn add_packets(bag: &mut Bag, taken: &Taken, places: &Places, absent: &mut Vec<String>) -> io::Result<()> {
    let id = taken.row.id;
    if taken.is_withheld() {
        absent.push(format!("{id}: packets, because real patients' data came in this session"));
        return Ok(());
    }
    let row = &taken.row;
    let wanted = Wanted::of(&row.origin((places.carrier)(&row.service)), row.opened, row.closed)
        .with_secrets(&places.sessions, id);
    let plan = match Plan::make(&places.packets, &wanted) {
        Ok(plan) => plan,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            absent.push(format!("{id}: packets, none were captured"));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let Some(cut) = plan.cut() else {
        absent.push(format!("{id}: packets, none are kept"));
        return Ok(());
    };
    if !cut.whole {
        absent.push(format!("{id}: packets of the connection's beginning"));
    }
    if cut.dropped > 0 {
        absent.push(format!("{id}: {} packets of all sessions were lost about that time", cut.dropped));
    }
    let about =
        About {
            zh: "网络数据包", en: "packets", category: "电子数据", source: format!("session {id}")
        };
    bag.fill(&format!("pcap/{id}.pcapng"), about, |out| plan.write(out))
}
