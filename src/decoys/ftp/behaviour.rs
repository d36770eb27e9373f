//! `ftp.toml` of a host.

use jiff::Timestamp;
use serde::Deserialize;

/// How the server answers, and the files that it has.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// Version of vsftpd.
    pub version: String,
    /// Whether anonymous logins are taken.
    pub anonymous: bool,
    /// Seconds without a command after which it ends.
    pub idle_seconds: u64,
    /// Failed logins after which it ends.
    pub max_fails: u32,
    /// Folder of the daily lists of imaging orders, made from the world.
    pub exports: String,
    /// Days of them.
    pub export_days: u8,
    /// Folders.
    #[serde(default)]
    pub folder: Vec<Folder>,
    /// Files.
    #[serde(default)]
    pub file: Vec<File>,
}

/// A folder.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folder {
    /// Its path from the server's root.
    pub path: String,
    /// When it was changed.
    pub modified: Timestamp,
    /// Whether everybody may put files there.
    #[serde(default)]
    pub open: bool,
}

/// A file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its path from the server's root.
    pub path: String,
    /// When it was changed.
    pub modified: Timestamp,
    /// What it holds.
    pub text: String,
}

impl Behaviour {
    /// Checks what the parts say together.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn check(&self) -> Result<(), String> {
        let paths =
            self.folder.iter().map(|folder| &folder.path).chain(self.file.iter().map(|file| &file.path));
        let bad = paths
            .chain([&self.exports])
            .find(|path| !path.starts_with('/') || path.len() < 2 || path.ends_with('/'));
        bad.map_or(Ok(()), |path| {
            Err(format!("{path}: expected a path from the root, without a slash at its end"))
        })
    }
}
