//! The registry of baits: a file in the data directory that only its owner reads.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::{Layout, installation};
use crate::detect::{Bait, Baits};
use crate::lure::Lure;
use crate::persona::Installation;

/// All baits of this installation, revoked ones too.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Registry {
    pub(crate) lure: Vec<Lure>,
}

impl Registry {
    /// Reads it; empty before the first bait.
    ///
    /// # Errors
    /// It can't be read, or is damaged.
    pub(crate) fn load(layout: &Layout) -> io::Result<Self> {
        match fs::read(layout.lures()) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e.to_string())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Registry::default()),
            Err(error) => Err(error),
        }
    }

    /// Writes it whole.
    ///
    /// # Errors
    /// The disk refused.
    pub(crate) fn save(&self, layout: &Layout) -> io::Result<()> {
        let path = layout.lures();
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let fresh = path.with_extension("new");
        let _ = fs::remove_file(&fresh);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        fs::rename(fresh, path)
    }

    /// The number of the next bait: none is given twice.
    pub(crate) fn next_serial(&self) -> u32 {
        self.lure.iter().map(|lure| lure.serial).max().unwrap_or(0) + 1
    }

    /// Those that are out, as detection knows them.
    pub(crate) fn baits(&self) -> Baits {
        let out = self.lure.iter().filter(|lure| lure.revoked.is_none());
        let bait =
            |lure: &Lure| Bait { id: lure.id.clone(), place: lure.place(), tokens: lure.tokens.clone() };
        Baits::new(out.map(bait).collect())
    }
}

/// What baits are drawn from: no decoy knows it.
pub(crate) fn key(layout: &Layout) -> io::Result<Installation> {
    installation::own_secret(layout, "lures/1")
}

/// When the registry was written last.
pub(crate) fn written(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|data| data.modified()).ok()
}
