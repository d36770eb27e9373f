//! `smb.toml` of a host: what its file server is and what it shares.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::path::Path;
use super::store::Source;
use crate::persona::{Fault, Service};

/// `smb.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// The product that the table was taken from, for people.
    pub product: String,
    /// Whether every session must be signed.
    #[serde(default)]
    pub signing_required: bool,
    /// Who is neither known nor refused becomes a guest.
    #[serde(default)]
    pub guest: bool,
    /// Accounts that are administrators: they reach the hidden shares.
    #[serde(default)]
    pub administrators: BTreeSet<String>,
    /// SMB1, where it is on.
    #[serde(default)]
    pub smb1: Option<OldProtocol>,
    /// Drives.
    pub volume: Vec<Drive>,
    /// Shares beside those that every Windows has.
    #[serde(default)]
    pub share: Vec<ShareTable>,
    /// What lies where on the drives.
    #[serde(default)]
    pub place: Vec<Place>,
}

/// `[smb1]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OldProtocol {
    /// Native OS, as its session setup names it.
    pub native_os: String,
    /// Native LAN manager.
    pub native_lanman: String,
    /// Whether MS17-010 was installed.
    pub patched: bool,
}

/// `[[volume]]`: one drive.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drive {
    /// Its letter.
    pub letter: char,
    /// Its label.
    #[serde(default)]
    pub label: String,
    /// Its size in GiB.
    pub gigabytes: u32,
    /// How much of it is used, in percent.
    pub used: u8,
}

/// Who may do something with a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Circle {
    /// Whoever is in, guests too.
    Everyone,
    /// Whoever has an account.
    Users,
    /// Administrators.
    Administrators,
    /// Nobody.
    Nobody,
}

/// What a share is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum ShareKind {
    /// Files.
    #[default]
    Disk,
    /// A printer.
    Printer,
    /// Pipes.
    Pipe,
}

/// `[[share]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShareTable {
    /// Its name.
    pub name: String,
    /// What it is of.
    #[serde(default)]
    pub kind: ShareKind,
    /// Its folder, with its drive.
    pub path: String,
    /// What lists of shares say of it.
    #[serde(default)]
    pub remark: String,
    /// Who may read.
    pub readers: Circle,
    /// Who may write.
    pub writers: Circle,
    /// Whether it is spoken to encrypted only (SMB 3).
    #[serde(default)]
    pub encrypted: bool,
}

/// `[[place]]`: where something lies.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The folder, with its drive.
    pub path: String,
    /// What is in it.
    pub source: Source,
}

impl Behaviour {
    /// Reads and checks a service's file.
    ///
    /// # Errors
    /// A located [`Fault`].
    pub(super) fn read(service: &Service) -> Result<Self, Fault> {
        let behaviour: Behaviour = service.behaviour.parse()?;
        behaviour.check().map_err(|problem| Fault::of_file(&service.behaviour.file, problem))?;
        Ok(behaviour)
    }

    fn check(&self) -> Result<(), String> {
        let mut names = BTreeSet::new();
        for share in &self.share {
            if share.name.is_empty() || share.name.chars().count() > 80 || share.name.contains(['\\', '/']) {
                return Err(format!(
                    "share name = \"{}\": expected 1 to 80 characters of a name",
                    share.name
                ));
            }
            if !names.insert(share.name.to_lowercase()) {
                return Err(format!("share \"{}\": expected once", share.name));
            }
            self.drive_of(&share.path)?;
        }
        self.place.iter().try_for_each(|place| self.drive_of(&place.path))?;
        match self.volume.iter().find(|drive| !drive.letter.is_ascii_uppercase() || drive.used > 100) {
            Some(drive) => {
                Err(format!("volume {}: expected a letter A to Z and used 0 to 100", drive.letter))
            }
            None if self.volume.iter().all(|drive| drive.letter != 'C') => {
                Err("volume: expected one with letter = \"C\"".to_owned())
            }
            None => Ok(()),
        }
    }

    fn drive_of(&self, path: &str) -> Result<(), String> {
        let fault = || format!("path = '{path}': expected a drive of [[volume]], a colon and a folder");
        let path = Path::absolute(path).ok_or_else(fault)?;
        let drive = path.drive().ok_or_else(fault)?;
        self.volume.iter().any(|volume| volume.letter == drive).then_some(()).ok_or_else(fault)
    }
}
