//! Files that a peer handed over, each once, under its SHA-256.
//!
//! `<artefacts>/<first two hex digits>/<sha256>`, never executable. A file grows under `incoming/`
//! and gets its name when it is whole. Past the cap of one file or the quota of all, bytes are
//! still counted and hashed, but the file is not kept, and the summary says so.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use super::Recipient;
use super::appender::to_u64;

/// Largest file kept: above the biggest multi-frame objects that modalities send, below what
/// would let one upload eat the quota.
pub const ARTEFACT_CAP: u64 = 512 << 20;

const INCOMING: &str = "incoming";
const MODE: u32 = 0o640;

/// The folder of artefacts, for the one process that writes it.
#[derive(Clone)]
pub struct Artefacts(Arc<Shared>);

struct Shared {
    folder: PathBuf,
    quota: u64,
    used: AtomicU64,
    next: AtomicU64,
}

/// What came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtefactSummary {
    /// SHA-256 of all its bytes, lower-case hex.
    pub sha256: String,
    /// All its bytes, kept or not.
    pub size: u64,
    /// Whether the file is kept.
    pub kept: bool,
}

impl Artefacts {
    /// Opens the folder with a quota in bytes; removes files that were never finished.
    ///
    /// # Errors
    /// The folder can't be made or read.
    pub fn open(folder: &Path, quota: u64) -> io::Result<Self> {
        let incoming = folder.join(INCOMING);
        match fs::remove_dir_all(&incoming) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir_all(&incoming)?,
        }
        let used = AtomicU64::new(bytes_below(folder)?);
        Ok(Artefacts(Arc::new(Shared { folder: folder.to_owned(), quota, used, next: AtomicU64::new(0) })))
    }

    /// Starts a file.
    pub fn begin(&self) -> ArtefactWriter {
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        ArtefactWriter {
            path: self.0.folder.join(INCOMING).join(number.to_string()),
            shared: Arc::clone(&self.0),
            state: State::Empty,
            hash: Sha256::new(),
            size: 0,
            reserved: 0,
        }
    }

    /// Reads back at most `cap` bytes of a kept file.
    pub fn read(&self, sha256: &str, cap: usize) -> Option<Vec<u8>> {
        read(&self.0.folder, sha256, cap).ok()
    }
}

impl Artefacts {
    /// Encrypts a kept file for a recipient, keeps that, and removes the file.
    ///
    /// # Errors
    /// There is no such file, or the encrypted one can't be kept; the file is removed all the same.
    pub fn seal(&self, sha256: &str, recipient: &Recipient) -> io::Result<ArtefactSummary> {
        let sealed = self.sealed(sha256, recipient);
        self.discard(sha256);
        sealed
    }

    fn sealed(&self, sha256: &str, recipient: &Recipient) -> io::Result<ArtefactSummary> {
        let path = path(&self.0.folder, sha256).ok_or(io::ErrorKind::InvalidInput)?;
        let mut writer = self.begin();
        recipient.seal(&mut File::open(path)?, &mut writer)?;
        let summary = writer.finish();
        if summary.kept { Ok(summary) } else { Err(io::Error::other("no room for it")) }
    }

    /// Removes a kept file; its room is free again.
    pub fn discard(&self, sha256: &str) {
        let Some(path) = path(&self.0.folder, sha256) else { return };
        let size = fs::metadata(&path).map_or(0, |meta| meta.len());
        if fs::remove_file(path).is_ok() {
            self.0.used.fetch_sub(size, Ordering::Relaxed);
        }
    }
}

impl Write for ArtefactWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        ArtefactWriter::write(self, bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where a kept file is; `None` when `sha256` is not 64 lower-case hex digits.
pub fn path(folder: &Path, sha256: &str) -> Option<PathBuf> {
    let valid = sha256.len() == 64 && sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    valid.then(|| folder.join(&sha256[..2]).join(sha256))
}

/// Reads at most `cap` bytes of a kept file.
///
/// # Errors
/// There is no such file.
pub fn read(folder: &Path, sha256: &str, cap: usize) -> io::Result<Vec<u8>> {
    let path = path(folder, sha256).ok_or(io::ErrorKind::InvalidInput)?;
    let mut bytes = Vec::new();
    File::open(path)?.take(to_u64(cap)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn bytes_below(folder: &Path) -> io::Result<u64> {
    let mut total = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        total +=
            if entry.file_type()?.is_dir() { bytes_below(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(total)
}

enum State {
    Empty,
    Growing(BufWriter<File>),
    GivenUp,
}

/// A file coming in. Dropped without [`ArtefactWriter::finish`], it leaves nothing.
pub struct ArtefactWriter {
    path: PathBuf,
    shared: Arc<Shared>,
    state: State,
    hash: Sha256,
    size: u64,
    reserved: u64,
}

impl ArtefactWriter {
    /// Appends bytes.
    pub fn write(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.size += to_u64(bytes.len());
        if matches!(self.state, State::GivenUp) {
            return;
        }
        if let Err(error) = self.keep(bytes) {
            tracing::warn!(%error, "artefact not kept");
            self.give_up();
        }
    }

    /// Ends the file and gives it its name.
    pub fn finish(mut self) -> ArtefactSummary {
        let sha256 = hex::encode(std::mem::take(&mut self.hash).finalize());
        let kept = match self.place(&sha256) {
            Ok(kept) => kept,
            Err(error) => {
                tracing::warn!(%error, "artefact not kept");
                false
            }
        };
        ArtefactSummary { sha256, size: self.size, kept }
    }

    fn keep(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.reserve(to_u64(bytes.len()))?;
        if matches!(self.state, State::Empty) {
            self.state = State::Growing(BufWriter::new(create(&self.path)?));
        }
        match &mut self.state {
            State::Growing(file) => file.write_all(bytes),
            State::Empty | State::GivenUp => Ok(()),
        }
    }

    fn reserve(&mut self, bytes: u64) -> io::Result<()> {
        if self.size > ARTEFACT_CAP {
            return Err(io::Error::other("file over the cap of one artefact"));
        }
        let quota = self.shared.quota;
        let grown = |used: u64| used.checked_add(bytes).filter(|total| *total <= quota);
        self.shared
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, grown)
            .map_err(|_| io::Error::other("quota of artefacts reached"))?;
        self.reserved += bytes;
        Ok(())
    }

    /// Moves the whole file to its name. The same file again is not kept twice.
    fn place(&mut self, sha256: &str) -> io::Result<bool> {
        match std::mem::replace(&mut self.state, State::Empty) {
            State::GivenUp => return Ok(false),
            State::Empty => drop(create(&self.path)?),
            State::Growing(mut file) => file.flush()?,
        }
        let Some(target) = path(&self.shared.folder, sha256) else {
            return Ok(false);
        };
        if target.is_file() {
            return Ok(true);
        }
        fs::create_dir_all(target.parent().unwrap_or(&target))?;
        fs::rename(&self.path, &target)?;
        self.reserved = 0;
        Ok(true)
    }

    fn give_up(&mut self) {
        self.state = State::GivenUp;
        self.release();
    }

    /// Takes back what is not under its final name.
    fn release(&mut self) {
        self.shared.used.fetch_sub(std::mem::take(&mut self.reserved), Ordering::Relaxed);
        // It may never have been made, or already have its name.
        let _ = fs::remove_file(&self.path);
    }
}

impl Drop for ArtefactWriter {
    fn drop(&mut self) {
        self.release();
    }
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(artefacts: &Artefacts, parts: &[&[u8]]) -> ArtefactSummary {
        let mut writer = artefacts.begin();
        parts.iter().for_each(|part| writer.write(part));
        writer.finish()
    }

    #[test]
    fn kept_under_its_hash_and_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let artefacts = Artefacts::open(dir.path(), 1000).unwrap();
        let kept = send(&artefacts, &[b"#!/bin/sh\n", b"id\n"]);
        assert_eq!(kept.sha256, hex::encode(Sha256::digest(b"#!/bin/sh\nid\n")));
        assert_eq!((kept.size, kept.kept), (13, true));
        assert_eq!(artefacts.read(&kept.sha256, 5).unwrap(), b"#!/bi");
        assert_eq!(artefacts.read("../../etc/passwd", 5), None);
    }

    #[test]
    fn an_empty_file_is_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let artefacts = Artefacts::open(dir.path(), 1000).unwrap();
        let kept = send(&artefacts, &[]);
        assert_eq!((kept.size, kept.kept), (0, true));
        assert_eq!(artefacts.read(&kept.sha256, 5).unwrap(), b"");
    }

    #[test]
    fn the_same_file_counts_once() {
        let dir = tempfile::tempdir().unwrap();
        let artefacts = Artefacts::open(dir.path(), 10).unwrap();
        for _ in 0..5 {
            assert!(send(&artefacts, &[b"1234"]).kept);
        }
        assert_eq!(artefacts.0.used.load(Ordering::Relaxed), 4);
    }

    #[test]
    fn past_the_quota_it_is_hashed_and_not_kept() {
        let dir = tempfile::tempdir().unwrap();
        let artefacts = Artefacts::open(dir.path(), 10).unwrap();
        assert!(send(&artefacts, &[b"123456"]).kept);
        let lost = send(&artefacts, &[b"abcd", b"efgh"]);
        assert_eq!(
            lost,
            ArtefactSummary { sha256: hex::encode(Sha256::digest(b"abcdefgh")), size: 8, kept: false }
        );
        assert_eq!(artefacts.read(&lost.sha256, 9), None);
        assert!(send(&artefacts, &[b"abcd"]).kept, "what the lost file had taken is free again");
    }

    #[test]
    fn a_restart_counts_what_is_there_and_clears_what_was_unfinished() {
        let dir = tempfile::tempdir().unwrap();
        let artefacts = Artefacts::open(dir.path(), 100).unwrap();
        send(&artefacts, &[b"whole"]);
        let mut half = artefacts.begin();
        half.write(b"half");
        std::mem::forget(half);
        let again = Artefacts::open(dir.path(), 100).unwrap();
        assert_eq!(again.0.used.load(Ordering::Relaxed), 5);
        assert_eq!(fs::read_dir(dir.path().join(INCOMING)).unwrap().count(), 0);
    }
}
