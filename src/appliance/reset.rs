//! Beginning again: settings go, and the evidence is sealed away or deleted with them. What was ordered is
//! written down first and done at the next start, before anything uses the data; a power cut in between
//! does it at the start after that.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

/// The order, on the data partition.
const ORDER: &str = "reset-ordered";

/// Where sealed evidence goes, a folder for each time.
const SEALED: &str = "sealed";

/// What becomes of the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reset {
    /// It stays on the disk without the key that signs for it: nothing can be added in its name.
    Seal,
    /// It is deleted.
    Wipe,
}

impl Reset {
    fn word(self) -> &'static str {
        match self {
            Reset::Seal => "seal",
            Reset::Wipe => "wipe",
        }
    }

    /// Reads `reset seal NAME` or `reset wipe NAME`: the machine's own name keeps fingers from slipping.
    pub(super) fn read(line: &str, name: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let all = [Reset::Seal, Reset::Wipe];
        all.into_iter().find(|reset| words == ["reset", reset.word(), name])
    }
}

/// Orders it for the next start.
///
/// # Errors
/// Those of the file.
pub(super) fn order(root: &Path, reset: Reset) -> io::Result<()> {
    let (fresh, file) = (root.join("reset.new"), root.join(ORDER));
    fs::write(&fresh, reset.word())?;
    File::open(&fresh)?.sync_all()?;
    fs::rename(fresh, file)?;
    File::open(root)?.sync_all()
}

/// What was ordered and is still to be done.
pub(super) fn ordered(root: &Path) -> Option<Reset> {
    let word = fs::read_to_string(root.join(ORDER)).ok()?;
    [Reset::Seal, Reset::Wipe].into_iter().find(|reset| reset.word() == word)
}

/// Seals the evidence and forgets the settings. Each step may have been done by an earlier try.
///
/// # Errors
/// Those of the files.
pub(super) fn seal(root: &Path, now: Timestamp) -> io::Result<()> {
    let data = root.join("honeyward");
    if data.exists() {
        // What opens doors and signs does not outlive the installation.
        for secret in ["secret.key", "console", "run", "spool"] {
            remove(&data.join(secret))?;
        }
        fs::create_dir_all(root.join(SEALED))?;
        fs::rename(&data, place(root, now))?;
    }
    remove(&root.join("appliance"))?;
    File::open(root)?.sync_all()?;
    fs::remove_file(root.join(ORDER))
}

fn place(root: &Path, now: Timestamp) -> PathBuf {
    let stem = root.join(SEALED).join(now.strftime("%Y%m%dT%H%M%SZ").to_string());
    let mut place = stem.clone();
    let mut other = 1;
    while place.exists() {
        other += 1;
        place = stem.with_extension(other.to_string());
    }
    place
}

fn remove(path: &Path) -> io::Result<()> {
    let result = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_names_the_machine() {
        assert_eq!(Reset::read("reset seal ward-3", "ward-3"), Some(Reset::Seal));
        assert_eq!(Reset::read(" reset  wipe ward-3", "ward-3"), Some(Reset::Wipe));
        for no in ["reset", "reset seal", "reset wipe ward-4", "reset all ward-3", "wipe ward-3"] {
            assert_eq!(Reset::read(no, "ward-3"), None, "{no}");
        }
    }

    #[test]
    fn sealed_evidence_stays_without_keys_and_settings_go() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        for _ in 0..2 {
            for folder in ["honeyward/store", "honeyward/console", "appliance"] {
                fs::create_dir_all(root.join(folder)).unwrap();
            }
            fs::write(root.join("honeyward/secret.key"), [1; 32]).unwrap();
            fs::write(root.join("honeyward/store/honeyward.db"), b"chain").unwrap();
            assert_eq!(ordered(root), None);
            order(root, Reset::Seal).unwrap();
            assert_eq!(ordered(root), Some(Reset::Seal));
            seal(root, now).unwrap();
            assert_eq!(ordered(root), None);
            assert!(!root.join("honeyward").exists() && !root.join("appliance").exists());
        }
        let mut kept: Vec<_> =
            fs::read_dir(root.join(SEALED)).unwrap().map(|entry| entry.unwrap().path()).collect();
        kept.sort();
        assert_eq!(kept.len(), 2, "the second does not take the first one's place");
        for place in kept {
            assert_eq!(fs::read(place.join("store/honeyward.db")).unwrap(), b"chain");
            assert!(!place.join("secret.key").exists() && !place.join("console").exists());
        }
    }

    #[test]
    fn a_reset_that_was_cut_off_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("appliance")).unwrap();
        order(dir.path(), Reset::Seal).unwrap();
        seal(dir.path(), Timestamp::UNIX_EPOCH).unwrap();
        assert!(!dir.path().join("appliance").exists());
    }
}
