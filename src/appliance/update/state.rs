//! What the appliance remembers of updates, on its data partition: the newest release that worked, those
//! that did not, and the one that is being tried.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Running;

/// More failed releases than anybody installs; the oldest is forgotten first.
const FAILED_MAX: usize = 64;

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// The newest release that was found good here.
    pub newest: u64,
    /// Releases that did not become healthy.
    pub failed: Vec<u64>,
    /// Installed and not yet found good or bad.
    pub trial: Option<Trial>,
}

/// A version on trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// Its version.
    pub version: String,
    /// Its release.
    pub release: u64,
}

impl State {
    /// Reads it; nothing is remembered without a file.
    ///
    /// # Errors
    /// When the file is there and can't be read.
    pub fn read(path: &Path) -> io::Result<Self> {
        match fs::read(path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(State::default()),
            Err(error) => Err(error),
        }
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// Those of the file.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let fresh = path.with_extension("new");
        let mut file = File::create(&fresh)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()
    }

    /// After a start: when another version runs than the one that was to be tried, that one has failed. Tells
    /// the version that did.
    pub fn judge(&mut self, running: &Running) -> Option<Trial> {
        let failed = self.trial.take_if(|trial| trial.version != running.version)?;
        self.failed.push(failed.release);
        if self.failed.len() > FAILED_MAX {
            self.failed.remove(0);
        }
        Some(failed)
    }

    /// The version that runs works.
    pub fn found_good(&mut self, running: &Running) {
        self.trial = None;
        self.newest = self.newest.max(running.release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_falls_back_has_failed_and_who_works_is_the_newest() {
        let one = Running { version: "1.0.0".into(), release: 1 };
        let two = Running { version: "2.0.0".into(), release: 2 };
        let mut state = State { newest: 1, ..State::default() };
        state.trial = Some(Trial { version: "2.0.0".into(), release: 2 });
        assert_eq!(state.judge(&two), None, "it is still being tried");
        let mut good = state.clone();
        good.found_good(&two);
        assert_eq!((good.newest, good.trial), (2, None));
        assert_eq!(state.judge(&one).unwrap().version, "2.0.0");
        assert_eq!(state.failed, [2]);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("updates.json");
        assert_eq!(State::read(&path).unwrap(), State::default());
        state.write(&path).unwrap();
        assert_eq!(State::read(&path).unwrap(), state);
    }
}
