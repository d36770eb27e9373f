//! Alerts that a receiver refused for good, on disk: each as it was offered, for a person to look at.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Where one destination's refused alerts are kept.
#[derive(Debug)]
pub(super) struct Aside {
    folder: PathBuf,
}

impl Aside {
    /// Names the place; it is made with the first alert.
    pub(super) fn new(folder: &Path, destination: &str) -> Self {
        Aside { folder: folder.join(format!("{destination}.poison")) }
    }

    /// Keeps one under its name, durably: only then may the destination's cursor pass it.
    pub(super) fn keep(&self, name: &str, message: &[u8]) -> io::Result<PathBuf> {
        fs::create_dir_all(&self.folder)?;
        let path = self.folder.join(name);
        let mut file = File::create(&path)?;
        file.write_all(message)?;
        file.sync_all()?;
        File::open(&self.folder)?.sync_all()?;
        Ok(path)
    }
}
