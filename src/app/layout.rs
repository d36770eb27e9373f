//! Where things are below the data directory.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::storing;
use crate::store::{Place, StoreError};

/// The data directory and the places in it.
#[derive(Debug, Clone)]
pub struct Layout {
    root: PathBuf,
    /// Known once it was asked for; all copies share it, and the readers' connections with it.
    store: Arc<OnceLock<Place>>,
}

impl Layout {
    /// A data directory; nothing is made yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Layout { root: root.into(), store: Arc::default() }
    }

    /// The data directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The installation's secret, 32 bytes, mode 0600.
    pub fn secret(&self) -> PathBuf {
        self.root.join("secret.key")
    }

    /// Socket on which core takes events.
    pub fn core_socket(&self) -> PathBuf {
        self.root.join("run/core.sock")
    }

    /// What lives no longer than the processes.
    pub fn run(&self) -> PathBuf {
        self.root.join("run")
    }

    /// A process's own folder for its status file, so that none can write another's.
    pub fn status_folder(&self, process: &str) -> PathBuf {
        self.run().join(process)
    }

    /// A process's status file.
    pub fn status(&self, process: &str) -> PathBuf {
        self.status_folder(process).join("status.json")
    }

    /// A process's spool of events on their way to core.
    pub fn spool(&self, process: &str) -> PathBuf {
        self.root.join("spool").join(process)
    }

    /// The embedded store's database.
    pub fn database(&self) -> PathBuf {
        self.root.join("store/honeyward.db")
    }

    /// What says that the store is on a server, and which.
    pub fn server(&self) -> PathBuf {
        self.root.join("store/server.json")
    }

    /// Where the store is.
    ///
    /// # Errors
    /// What says so can't be read.
    pub fn store(&self) -> Result<Place, StoreError> {
        if let Some(place) = self.store.get() {
            return Ok(place.clone());
        }
        let settings = storing::recorded(self)?;
        Ok(self.store.get_or_init(|| Place::new(&settings, &self.database())).clone())
    }

    /// How far each destination has got.
    pub fn forward(&self) -> PathBuf {
        self.root.join("forward")
    }

    /// Since when each deception host is there.
    pub fn hosts(&self) -> PathBuf {
        self.root.join("hosts.json")
    }

    /// What users of the console made of the settings.
    pub fn managed_folder(&self) -> PathBuf {
        self.root.join("managed")
    }

    /// The present version of that.
    pub fn managed(&self) -> PathBuf {
        self.managed_folder().join("settings.json")
    }

    /// Files of baits that the console made, a folder each.
    pub fn lure_files(&self) -> PathBuf {
        self.managed_folder().join("lures")
    }

    /// Evidence bundles that wait to be taken.
    pub fn bundles(&self) -> PathBuf {
        self.managed_folder().join("bundles")
    }

    /// Certificates and secrets that users of the console gave.
    pub fn console_files(&self) -> PathBuf {
        self.console().join("files")
    }

    /// The registry of baits.
    pub fn lures(&self) -> PathBuf {
        self.root.join("lures.json")
    }

    /// Transcripts and terminal recordings, a folder per session.
    pub fn sessions(&self) -> PathBuf {
        self.root.join("sessions")
    }

    /// Artefacts by SHA-256.
    pub fn artefacts(&self) -> PathBuf {
        self.root.join("artefacts")
    }

    /// The console's accounts and certificate.
    pub fn console(&self) -> PathBuf {
        self.root.join("console")
    }

    /// Packet segments and their indexes.
    pub fn packets(&self) -> PathBuf {
        self.root.join("packets")
    }
}
