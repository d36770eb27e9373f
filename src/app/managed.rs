//! Settings that users of the console made: a file of the data directory beside the operator's own
//! config. Core alone writes it, whole and atomically; each version stays, so that any can be restored.
//!
//! What the operator's config says goes first: a name that it has is not the console's to change, and
//! where it gets one that the console had already, the console's is left aside and says so.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Layout;
use super::config::Config;
use super::replace::replace;
use crate::detect::Allowance;
use crate::forward::Destination;

/// Versions that stay: some years of changes.
const KEPT: u64 = 1_000;

/// One version of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Managed {
    /// Counts the changes from 1; 0 before the first.
    pub(crate) version: u64,
    /// When it was written.
    pub(crate) at: Option<Timestamp>,
    /// Who asked for the change that led to it.
    pub(crate) by: String,
    /// The change: the kind of wish and its object.
    pub(crate) change: String,
    /// The wish's id.
    pub(crate) request: String,
    /// Destinations of alerts.
    #[serde(default)]
    pub(crate) destination: Vec<Destination>,
    /// Allowances.
    #[serde(default)]
    pub(crate) allowance: Vec<Allowance>,
    /// MiB of the disk that packets may fill; the config's when there is none.
    #[serde(default)]
    pub(crate) quota_mib: Option<u64>,
}

impl Managed {
    /// The present version; an empty one before the first.
    ///
    /// # Errors
    /// It can't be read, or is damaged.
    pub(crate) fn load(layout: &Layout) -> io::Result<Self> {
        match fs::read(layout.managed()) {
            Ok(bytes) => parse(&bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Managed::default()),
            Err(error) => Err(error),
        }
    }

    /// An earlier version.
    ///
    /// # Errors
    /// There is none of this number, or it is damaged.
    pub(crate) fn version(layout: &Layout, version: u64) -> io::Result<Self> {
        if version == 0 { Ok(Managed::default()) } else { parse(&fs::read(kept(layout, version))?) }
    }

    /// All versions, newest first.
    pub(crate) fn versions(layout: &Layout) -> Vec<Managed> {
        let present = Managed::load(layout).map_or(0, |managed| managed.version);
        let oldest = present.saturating_sub(KEPT).max(1);
        (oldest..=present).rev().filter_map(|version| Managed::version(layout, version).ok()).collect()
    }

    /// Writes it as the present version, down to the disk; what it says is kept under its number first.
    ///
    /// # Errors
    /// The disk refused; the version before is then still the present one.
    pub(crate) fn save(&self, layout: &Layout) -> io::Result<()> {
        let bytes = serde_json::to_vec_pretty(self)?;
        fs::create_dir_all(layout.managed_folder())?;
        replace(&kept(layout, self.version), &bytes)?;
        replace(&layout.managed(), &bytes)?;
        if let Some(old) = self.version.checked_sub(KEPT) {
            let _ = fs::remove_file(kept(layout, old));
        }
        Ok(())
    }

    /// Puts what it says beside what the config says. Whose name the config has already is left aside.
    pub(crate) fn add_to(&self, config: &mut Config) {
        for destination in &self.destination {
            if config.destination.iter().all(|own| own.name != destination.name) {
                config.destination.push(destination.clone());
            }
        }
        for allowance in &self.allowance {
            if config.detection.allowance.iter().all(|own| own.name != allowance.name) {
                config.detection.allowance.push(allowance.clone());
            }
        }
    }
}

/// The config with what the console made.
///
/// # Errors
/// The console's part can't be read.
pub(crate) fn effective(config: &Config, layout: &Layout) -> io::Result<Config> {
    let mut whole = config.clone();
    Managed::load(layout)?.add_to(&mut whole);
    Ok(whole)
}

/// When the file was written last.
pub(crate) fn written(layout: &Layout) -> Option<SystemTime> {
    fs::metadata(layout.managed()).and_then(|data| data.modified()).ok()
}

fn parse(bytes: &[u8]) -> io::Result<Managed> {
    serde_json::from_slice(bytes).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e.to_string()))
}

fn kept(layout: &Layout, version: u64) -> PathBuf {
    layout.managed_folder().join(format!("settings-{version:06}.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(name: &str) -> Destination {
        let text =
            format!("name = \"{name}\"\naddress = \"10.0.0.1:514\"\nformat = \"cef\"\ntransport = \"udp\"\n");
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn each_version_stays_and_the_config_goes_first() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        assert_eq!(Managed::load(&layout).unwrap(), Managed::default());
        let first = Managed { version: 1, destination: vec![destination("a")], ..Managed::default() };
        first.save(&layout).unwrap();
        let both = vec![destination("a"), destination("b")];
        let second = Managed { version: 2, destination: both, by: "zhang".into(), ..Managed::default() };
        second.save(&layout).unwrap();
        assert_eq!(Managed::load(&layout).unwrap(), second);
        assert_eq!(Managed::version(&layout, 1).unwrap(), first);
        assert_eq!(Managed::versions(&layout).iter().map(|v| v.version).collect::<Vec<_>>(), [2, 1]);
        let own = Destination { address: "10.9.9.9:514".into(), ..destination("a") };
        let config = Config { destination: vec![own], ..Config::default() };
        let whole = effective(&config, &layout).unwrap();
        let places: Vec<&str> = whole.destination.iter().map(Destination::place).collect();
        assert_eq!(places, ["10.9.9.9:514", "10.0.0.1:514"]);
        fs::write(layout.managed(), b"{").unwrap();
        assert!(Managed::load(&layout).is_err(), "damage is no empty file");
    }
}
