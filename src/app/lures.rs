//! The registry of baits: a file in the data directory that only its owner reads.

use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::replace::replace;
use super::{Layout, installation};
use crate::detect::{Bait, Baits};
use crate::lure::{File, Kind, Lure, Order};
use crate::persona::{Host, Installation, Pack};

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
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        replace(&layout.lures(), &text)
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

/// What is wanted of a new bait, as people say it.
pub(crate) struct Wanted<'a> {
    pub(crate) kind: &'a str,
    pub(crate) endpoint: &'a str,
    pub(crate) path: &'a str,
    /// The deception host; the first that fits without one.
    pub(crate) host: Option<&'a str>,
    pub(crate) note: &'a str,
}

/// Makes a bait and its file. First it is known, then it is out: what is used before it is known would be
/// told as anybody's.
///
/// # Errors
/// In plain words.
pub(crate) fn mint(
    layout: &Layout,
    pack: &Pack,
    wanted: &Wanted<'_>,
    now: Timestamp,
) -> Result<(Lure, File), String> {
    let _one_at_a_time = locked(layout).map_err(|e| e.to_string())?;
    let (kind, mut registry) = checked(layout, wanted.kind, wanted.endpoint, wanted.path)?;
    let host = host(pack, kind, wanted.host)?;
    let key = key(layout).map_err(|e| format!("{}: {e}", layout.secret().display()))?;
    let order = Order {
        kind,
        endpoint: wanted.endpoint.trim().to_owned(),
        path: wanted.path.trim().to_owned(),
        note: wanted.note.to_owned(),
    };
    let lure = Lure::mint(&key, registry.next_serial(), order, host, now);
    let file = lure.file(&key, host);
    registry.lure.push(lure.clone());
    registry.save(layout).map_err(|e| format!("{}: {e}", layout.lures().display()))?;
    Ok((lure, file))
}

/// The kind of a wanted bait and the registry, if it can be made.
///
/// # Errors
/// In plain words.
pub(crate) fn checked(
    layout: &Layout,
    kind: &str,
    endpoint: &str,
    path: &str,
) -> Result<(Kind, Registry), String> {
    let kind = named(kind)?;
    let (endpoint, path) = (endpoint.trim(), path.trim());
    if endpoint.is_empty() || path.is_empty() {
        return Err("endpoint and path: expected where it is put".into());
    }
    let registry = Registry::load(layout).map_err(|e| format!("{}: {e}", layout.lures().display()))?;
    let taken = registry.lure.iter().find(|lure| {
        lure.revoked.is_none() && lure.kind == kind && lure.endpoint == endpoint && lure.path == path
    });
    match taken {
        Some(taken) => Err(format!("{} is there already: a place has one bait of a kind", taken.id)),
        None => Ok((kind, registry)),
    }
}

fn named(name: &str) -> Result<Kind, String> {
    Kind::ALL.into_iter().find(|kind| kind.as_str() == name.replace('-', "_")).ok_or_else(|| {
        let names: Vec<_> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        format!("{name}: expected one of {}", names.join(", "))
    })
}

/// The host that is named, or the first that has a service of the kind's.
pub(crate) fn host<'a>(pack: &'a Pack, kind: Kind, name: Option<&str>) -> Result<&'a Host, String> {
    let fits = |host: &Host| {
        host.services.iter().any(|service| kind.services().contains(&service.protocol.as_str()))
    };
    let wanted = |host: &&Host| name.map_or_else(|| fits(host), |name| host.name == name && fits(host));
    pack.hosts.iter().map(|host| &**host).find(wanted).ok_or_else(|| {
        let services = kind.services().join(" or ");
        let name = name.map(|name| format!("{name}: ")).unwrap_or_default();
        format!("{name}expected a deception host that speaks {services}")
    })
}

/// Withdraws a bait; gives it.
///
/// # Errors
/// There is none of this id, or the disk refused; in plain words.
pub(crate) fn revoke(layout: &Layout, id: &str, now: Timestamp) -> Result<Lure, String> {
    let _one_at_a_time = locked(layout).map_err(|e| e.to_string())?;
    let mut registry = Registry::load(layout).map_err(|e| format!("{}: {e}", layout.lures().display()))?;
    let Some(lure) = registry.lure.iter_mut().find(|lure| lure.id == id) else {
        return Err(format!("{id}: no such bait; `honeyward lure list` shows them"));
    };
    lure.revoked.get_or_insert(now);
    let lure = lure.clone();
    registry.save(layout).map_err(|e| format!("{}: {e}", layout.lures().display()))?;
    Ok(lure)
}

/// Held while the registry is changed: the command line and core both do.
fn locked(layout: &Layout) -> io::Result<fs::File> {
    fs::create_dir_all(layout.root())?;
    let lock = fs::File::create(layout.lures().with_extension("lock"))?;
    lock.lock()?;
    Ok(lock)
}

/// What baits are drawn from: no decoy knows it.
pub(crate) fn key(layout: &Layout) -> io::Result<Installation> {
    installation::own_secret(layout, "lures/1")
}

/// When the registry was written last.
pub(crate) fn written(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|data| data.modified()).ok()
}
