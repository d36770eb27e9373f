//! Drives, shares and backups of a machine, as its file sharing has them: one host says the same
//! everywhere, so they are read from that service's file and derived as it derives them.

use jiff::Timestamp;
use serde::Deserialize;

use crate::persona::{Host, Installation, Pack, Protocol};

/// What a host's file sharing says of it.
#[derive(Debug, Default)]
pub(in crate::database) struct Drives {
    pub all: Vec<Drive>,
    /// Name, folder and remark.
    pub shares: Vec<(String, String, String)>,
    /// Where copies of databases lie.
    pub plans: Vec<Plan>,
    /// Files that the pack puts there: path and bytes.
    pub files: Vec<(String, u64)>,
    /// Seed of what differs between hosts and installations.
    pub seed: [u8; 32],
}

/// A drive.
#[derive(Debug)]
pub(in crate::database) struct Drive {
    pub letter: char,
    pub label: String,
    pub serial: u32,
    /// Bytes.
    pub size: u64,
    used: u64,
}

/// Copies of a database that are made each night.
#[derive(Debug)]
pub(in crate::database) struct Plan {
    pub folder: String,
    pub database: String,
    /// Bytes of a whole one when the plan began.
    pub bytes: u64,
    /// How many are kept.
    pub days: u32,
}

#[derive(Deserialize, Default)]
struct Sharing {
    #[serde(default)]
    volume: Vec<VolumeEntry>,
    #[serde(default)]
    share: Vec<ShareEntry>,
    #[serde(default)]
    place: Vec<PlaceEntry>,
}

#[derive(Deserialize)]
struct VolumeEntry {
    letter: char,
    #[serde(default)]
    label: String,
    gigabytes: u32,
    used: u32,
}

#[derive(Deserialize)]
struct ShareEntry {
    name: String,
    path: String,
    #[serde(default)]
    remark: String,
}

#[derive(Deserialize)]
struct PlaceEntry {
    path: String,
    source: SourceEntry,
}

#[derive(Deserialize)]
struct SourceEntry {
    kind: String,
    #[serde(default)]
    database: String,
    #[serde(default)]
    megabytes: u64,
    #[serde(default)]
    days: u32,
    #[serde(default)]
    from: String,
}

impl Drives {
    pub(super) fn of(pack: &Pack, host: &Host) -> Drives {
        let service = host.services.iter().find(|service| service.protocol == Protocol::Smb);
        // What is wrong with the file is for its own service to say.
        let sharing: Sharing =
            service.and_then(|service| toml::from_str(&service.behaviour.text).ok()).unwrap_or_default();
        let mut all: Vec<Drive> =
            sharing.volume.iter().map(|entry| Drive::of(entry, host, &pack.installation)).collect();
        if all.is_empty() {
            let system = VolumeEntry { letter: 'C', label: String::new(), gigabytes: 120, used: 52 };
            all.push(Drive::of(&system, host, &pack.installation));
        }
        let mut drives = Drives {
            all,
            shares: sharing.share.into_iter().map(|share| (share.name, share.path, share.remark)).collect(),
            plans: Vec::new(),
            files: Vec::new(),
            seed: pack.installation.derive(&format!("disk/{}", host.name)),
        };
        for place in sharing.place {
            match place.source.kind.as_str() {
                "backups" => drives.plans.push(Plan {
                    folder: place.path,
                    database: place.source.database,
                    bytes: place.source.megabytes << 20,
                    days: place.source.days,
                }),
                "files" => {
                    let from = format!("{}/{}/", host.folder, place.source.from);
                    for path in pack.files.below(&from) {
                        let below = path.strip_prefix(&from).unwrap_or(path).replace('/', "\\");
                        let size = pack.files.text(path).map_or(0, str::len);
                        let size = u64::try_from(size).unwrap_or(0);
                        drives.files.push((format!("{}\\{below}", place.path), size));
                    }
                }
                _ => {}
            }
        }
        drives
    }

    /// A drive by its letter.
    pub(in crate::database) fn get(&self, letter: char) -> Option<&Drive> {
        self.all.iter().find(|drive| drive.letter.eq_ignore_ascii_case(&letter))
    }
}

impl Drive {
    fn of(entry: &VolumeEntry, host: &Host, installation: &Installation) -> Drive {
        const GIB: u64 = 1 << 30;
        let number = |what: &str, bound| {
            installation.number(&format!("volume/{}/{}/{what}", host.name, entry.letter), bound)
        };
        let size = (u64::from(entry.gigabytes) * GIB).saturating_sub(number("odd", GIB) / 4096 * 4096);
        let used = size / 100 * u64::from(entry.used.min(100)) + number("used", (size / 100).max(1));
        let serial = u32::try_from(number("serial", 0xffff_0000)).unwrap_or(0).saturating_add(0x1000);
        Drive { letter: entry.letter, label: entry.label.clone(), serial, size, used: used.min(size) }
    }

    /// Free bytes at a moment: it grows fuller, and is cleared each month.
    pub(in crate::database) fn free(&self, now: Timestamp) -> u64 {
        let month = u64::try_from(now.as_second().rem_euclid(30 * 86_400)).unwrap_or(0);
        let grown = month * (self.size / 5_000) / 86_400;
        self.size.saturating_sub(self.used).saturating_sub(grown).max(self.size / 100) / 4096 * 4096
    }
}
