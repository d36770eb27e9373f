//! Whether files still are what the chain or their name says.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::app::Layout;
use crate::event::observation::FileDigest;
use crate::event::{Event, SystemEvent};
use crate::record::{SessionFiles, artefacts};
use crate::store::{Entry, Reader, StoreError, Verified};

/// A file that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Fault {
    /// Where it is, or should be.
    pub(super) path: PathBuf,
    /// What is wrong, in plain words.
    pub(super) problem: String,
}

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Checked {
    pub(super) count: u64,
    pub(super) not_kept: u64,
    /// Removed for their age.
    pub(super) aged: u64,
    pub(super) wrong: Vec<Fault>,
}

impl Checked {
    fn take(&mut self, path: PathBuf, problem: Option<String>) {
        self.count += 1;
        self.wrong.extend(problem.map(|problem| Fault { path, problem }));
    }
}

/// Compares all files; `progress` is told how many of how many are done.
pub(super) fn check(layout: &Layout, verified: &Verified, mut progress: impl FnMut(u64, u64)) -> Checked {
    let files = &verified.files;
    let kept = artefact_files(&layout.artefacts());
    let all = kept.len() + files.transcripts.len() + files.segments.len();
    let all = u64::try_from(all).unwrap_or(u64::MAX);
    let mut checked = Checked::default();
    for (name, path) in kept {
        let problem = compare_hash(&path, &name);
        checked.take(path, problem);
        progress(checked.count, all);
    }
    for (session, digest) in &files.transcripts {
        let path = SessionFiles::new(&layout.sessions(), *session).transcript();
        // Who is to say that a file is too old is the chain, and when its session began its id.
        let aged = files.aged.is_some_and(|before| session.began().is_some_and(|at| at < before));
        if aged && !path.exists() {
            checked.aged += 1;
            continue;
        }
        let problem = compare(&path, digest);
        checked.take(path, problem);
        progress(checked.count, all);
    }
    for (name, digest) in &files.segments {
        let path = layout.packets().join(name);
        let problem = compare(&path, digest);
        checked.take(path, problem);
        progress(checked.count, all);
    }
    let is_kept =
        |sha256: &&String| artefacts::path(&layout.artefacts(), sha256).is_some_and(|p| p.is_file());
    let not_kept = files.uploads.iter().filter(|sha256| !is_kept(sha256)).count();
    checked.not_kept = u64::try_from(not_kept).unwrap_or(u64::MAX);
    checked
}

/// Takes out the segments that the quota removed while this was checking.
pub(super) fn without_removed(
    mut wrong: Vec<Fault>,
    reader: &Reader,
    after: u64,
) -> Result<Vec<Fault>, StoreError> {
    if wrong.is_empty() {
        return Ok(wrong);
    }
    for record in reader.records_after(after, "system/segment_removed")? {
        if let Entry::Event(Event::System(system)) = record.entry
            && let SystemEvent::SegmentRemoved { segment, .. } = system.event
        {
            wrong.retain(|fault| !fault.path.ends_with(&segment));
        }
    }
    Ok(wrong)
}

/// Files named by a SHA-256, wherever they lie below the folder.
fn artefact_files(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for fan in fs::read_dir(folder).into_iter().flatten().flatten() {
        for entry in fs::read_dir(fan.path()).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if artefacts::path(folder, &name).is_some_and(|path| path == entry.path()) {
                found.push((name, entry.path()));
            }
        }
    }
    found.sort_unstable();
    found
}

fn compare(path: &Path, digest: &FileDigest) -> Option<String> {
    match fs::metadata(path) {
        Ok(data) if data.len() != digest.size => {
            Some(format!("{} bytes, the chain says {}", data.len(), digest.size))
        }
        Ok(_) => compare_hash(path, &digest.sha256),
        Err(error) => Some(error.to_string()),
    }
}

fn compare_hash(path: &Path, expected: &str) -> Option<String> {
    match hash(path) {
        Ok(found) if found == expected => None,
        Ok(found) => Some(format!("SHA-256 is {found}, expected {expected}")),
        Err(error) => Some(error.to_string()),
    }
}

fn hash(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    io::copy(&mut File::open(path)?, &mut Feed(&mut hash))?;
    Ok(hex::encode(hash.finalize()))
}

struct Feed<'h>(&'h mut Sha256);

impl io::Write for Feed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Files, Head};

    #[test]
    fn changed_missing_and_renamed_files_are_found() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        let digest = |bytes: &[u8]| hex::encode(Sha256::digest(bytes));
        let (good, bad) = (digest(b"good"), digest(b"bad"));
        for (name, bytes) in [(&good, b"good".as_slice()), (&bad, b"changed")] {
            let path = artefacts::path(&layout.artefacts(), name).unwrap();
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        fs::create_dir_all(layout.packets()).unwrap();
        fs::write(layout.packets().join("1.pcapng"), b"good").unwrap();
        fs::write(layout.packets().join("2.pcapng"), b"good, and more").unwrap();
        let mut files = Files::default();
        files.uploads.extend([good.clone(), digest(b"over the quota")]);
        for name in ["1.pcapng", "2.pcapng", "3.pcapng"] {
            files.segments.insert(name.into(), FileDigest { sha256: good.clone(), size: 4 });
        }
        let verified = Verified {
            head: Head::EMPTY,
            broken: None,
            incomplete_sessions: 0,
            sessions: 0,
            roots: 0,
            signed: 0,
            key: String::new(),
            stamps: 0,
            stamp: None,
            alerts: 0,
            files,
        };
        let checked = check(&layout, &verified, |_, _| {});
        assert_eq!((checked.count, checked.not_kept), (5, 1));
        let wrong: Vec<_> =
            checked.wrong.iter().map(|fault| fault.path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(wrong, [bad.as_str(), "2.pcapng", "3.pcapng"]);
    }
}
