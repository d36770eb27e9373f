//! Searches that users keep, in a file of the console's folder.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::accounts::private_file;

/// Most searches of one user.
const MOST: usize = 50;

/// Longest name, and longest search.
const LONGEST: [usize; 2] = [80, 2_000];

/// Name and search of each, by account.
type Kept = BTreeMap<String, BTreeMap<String, String>>;

/// All saved searches.
pub(super) struct Saved {
    file: PathBuf,
    kept: Mutex<Kept>,
}

impl Saved {
    /// Reads them.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let file = folder.join("searches.json");
        let kept = match fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Kept::new(),
            Err(error) => return Err(error),
        };
        Ok(Saved { file, kept: Mutex::new(kept) })
    }

    /// A user's own: name and search.
    pub(super) fn of(&self, account: &str) -> Vec<(String, String)> {
        self.lock().get(account).cloned().unwrap_or_default().into_iter().collect()
    }

    /// Keeps one; the name's old search is gone then.
    pub(super) fn keep(&self, account: &str, name: &str, query: &str) -> io::Result<()> {
        let [longest_name, longest_query] = LONGEST;
        let mut kept = self.lock();
        let own = kept.entry(account.to_owned()).or_default();
        let has_room = own.len() < MOST || own.contains_key(name);
        if has_room && name.len() <= longest_name && query.len() <= longest_query {
            own.insert(name.to_owned(), query.to_owned());
        }
        self.write(&kept)
    }

    /// Forgets one.
    pub(super) fn forget(&self, account: &str, name: &str) -> io::Result<()> {
        let mut kept = self.lock();
        if let Some(own) = kept.get_mut(account) {
            own.remove(name);
        }
        self.write(&kept)
    }

    fn write(&self, kept: &Kept) -> io::Result<()> {
        let fresh = self.file.with_extension("new");
        private_file(&fresh, &serde_json::to_vec_pretty(kept)?)?;
        fs::rename(fresh, &self.file)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_its_owners() {
        let dir = tempfile::tempdir().unwrap();
        let saved = Saved::open(dir.path()).unwrap();
        saved.keep("zhang", "ssh", "service=ssh").unwrap();
        let again = Saved::open(dir.path()).unwrap();
        assert_eq!(again.of("zhang"), [("ssh".to_owned(), "service=ssh".to_owned())]);
        assert!(again.of("li").is_empty());
        again.forget("zhang", "ssh").unwrap();
        assert!(again.of("zhang").is_empty());
    }
}
