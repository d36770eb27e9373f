//! One file server, shared by its connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;

use super::behaviour::{Behaviour, Circle, ShareKind};
use super::dialect::Dialect;
use super::path::{Path, folded};
use super::store::Disk;
use crate::decoys::Making;
use crate::persona::{Account, Host, Protocol, Running};
use crate::rpc::Setting;
use crate::wire::ntlm::{Names, nt_hash, spnego::Offer};

/// The file server that a host claims to run.
pub(super) struct Server {
    pub(super) behaviour: Behaviour,
    pub(super) host: Arc<Host>,
    /// The host's names, which NTLM tells.
    pub(super) names: Names,
    /// Windows version: major, minor, build.
    pub(super) version: (u8, u8, u16),
    /// The newest dialect; `None` where there is SMB1 alone.
    pub(super) newest: Option<Dialect>,
    /// ServerGuid.
    pub(super) guid: [u8; 16],
    pub(super) shares: Vec<Share>,
    pub(super) disk: Disk,
    /// What RPC interfaces know of the host; the caller is filled in.
    pub(super) setting: Setting,
    running: Running,
    next_session: AtomicU64,
}

/// What is shared.
#[derive(Debug, Clone)]
pub(super) struct Share {
    pub(super) name: String,
    pub(super) kind: ShareKind,
    pub(super) folder: Option<Path>,
    pub(super) readers: Circle,
    pub(super) writers: Circle,
    pub(super) encrypted: bool,
}

/// Whoever is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    /// He gave no name.
    Nobody,
    /// He gave one that is none here.
    Guest(String),
    /// A lure account.
    Account {
        /// Its name.
        name: String,
        /// Its lure.
        lure: String,
        /// Whether it is an administrator.
        administrator: bool,
    },
}

impl Who {
    /// His name in events.
    pub(super) fn name(&self) -> &str {
        match self {
            Who::Nobody => "ANONYMOUS LOGON",
            Who::Guest(_) => "Guest",
            Who::Account { name, .. } => name,
        }
    }

    /// Whether he belongs to those.
    pub(super) fn is_in(&self, circle: Circle) -> bool {
        match (circle, self) {
            (Circle::Nobody, _) | (_, Who::Nobody) => false,
            (Circle::Everyone, _) | (Circle::Users, Who::Account { .. }) => true,
            (Circle::Users | Circle::Administrators, Who::Guest(_)) => false,
            (Circle::Administrators, Who::Account { administrator, .. }) => *administrator,
        }
    }
}

impl Server {
    /// Sets it up.
    ///
    /// # Errors
    /// What is wrong with the table.
    pub(super) fn new(behaviour: Behaviour, making: &Making) -> Result<Arc<Self>, String> {
        let (host, pack) = (Arc::clone(&making.host), &making.pack);
        let mut setting = Setting::of(pack, &host);
        let version = version(&host.os.kernel);
        let newest = Dialect::newest(version);
        if newest.is_none() && behaviour.smb1.is_none() {
            return Err(format!("smb1: expected for {}, which has nothing newer", host.os.name));
        }
        let disk = Disk::new(&behaviour, making)?;
        let shares = shares(&behaviour);
        setting.shares = super::pipes::infos(&behaviour, &host);
        for account in &mut setting.accounts {
            account.is_administrator |=
                behaviour.administrators.iter().any(|name| folded(name) == folded(&account.name));
        }
        let derived = pack.installation.derive(&format!("smb/{}/guid", host.name));
        let guid = random_guid(derived);
        let first = pack.installation.number(&format!("smb/{}/session", host.name), 4000);
        Ok(Arc::new(Server {
            names: setting.names.clone(),
            running: setting.running,
            behaviour,
            host,
            version,
            newest,
            guid,
            shares,
            disk,
            setting,
            next_session: AtomicU64::new(first),
        }))
    }

    /// A share by its name.
    pub(super) fn share(&self, name: &str) -> Option<&Share> {
        self.shares.iter().find(|share| folded(&share.name) == folded(name))
    }

    /// How clients may prove themselves.
    pub(super) fn offer(&self) -> Offer {
        if self.names.dns_tree.is_some() { Offer::Member } else { Offer::Alone }
    }

    /// When it was started; builds since Windows 10 do not say it.
    pub(super) fn started(&self, now: Timestamp) -> Option<Timestamp> {
        let (major, ..) = self.version;
        (major < 10).then(|| self.running.booted(now))
    }

    /// A new session's id: they count up by four in both halves, as those of Windows do.
    pub(super) fn next_session(&self) -> u64 {
        let number = self.next_session.fetch_add(1, Ordering::Relaxed) + 1;
        let low = (number * 4) & 0xffff_fffc | 1;
        (number % 0x1000) << 42 | low
    }

    /// The lure account of a name, and the hash of its password.
    pub(super) fn account(&self, name: &str) -> Option<(&Account, [u8; 16])> {
        let is = |account: &&Account| {
            account.services.contains(&Protocol::Smb) && folded(&account.name) == folded(name)
        };
        self.host.accounts.iter().find(is).map(|account| (account, nt_hash(&account.password)))
    }

    /// Who an account is.
    pub(super) fn who(&self, account: &Account) -> Who {
        let administrator =
            self.behaviour.administrators.iter().any(|name| folded(name) == folded(&account.name));
        Who::Account { name: account.name.clone(), lure: account.lure.clone(), administrator }
    }
}

/// A GUID as Windows makes them: version 4.
fn random_guid(bytes: [u8; 32]) -> [u8; 16] {
    let mut guid: [u8; 16] = bytes.first_chunk().copied().unwrap_or_default();
    let [.., version, variant, _, _, _, _, _, _, _] = &mut guid;
    *version = *version & 0x0f | 0x40;
    *variant = *variant & 0x3f | 0x80;
    guid
}

/// The table's shares, and those that every Windows has.
fn shares(behaviour: &Behaviour) -> Vec<Share> {
    let hidden = |name: String, path: &str| Share {
        name,
        kind: ShareKind::Disk,
        folder: Path::absolute(path),
        readers: Circle::Administrators,
        writers: Circle::Administrators,
        encrypted: false,
    };
    let mut shares = vec![hidden("ADMIN$".to_owned(), r"C:\Windows")];
    for drive in &behaviour.volume {
        shares.push(hidden(format!("{}$", drive.letter), &format!(r"{}:\", drive.letter)));
    }
    shares.push(Share {
        name: "IPC$".to_owned(),
        kind: ShareKind::Pipe,
        folder: None,
        readers: Circle::Everyone,
        writers: Circle::Everyone,
        encrypted: false,
    });
    shares.extend(behaviour.share.iter().map(|table| Share {
        name: table.name.clone(),
        kind: table.kind,
        folder: Path::absolute(&table.path),
        readers: table.readers,
        writers: table.writers,
        encrypted: table.encrypted,
    }));
    shares
}

/// `6.3.9600` as NTLM's version has it.
fn version(kernel: &str) -> (u8, u8, u16) {
    let mut parts = kernel.split('.').map(|part| part.parse::<u16>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    let (major, minor, build) = (next(), next(), next());
    (u8::try_from(major).unwrap_or(0), u8::try_from(minor).unwrap_or(0), build)
}
