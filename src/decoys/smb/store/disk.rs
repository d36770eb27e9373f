//! The drives of a host as they are for everybody.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::files::Files;
use super::listing::Listing;
use super::node::{Node, Times, attribute, number};
use super::{Source, backups, images, laboratory, modality, reports};
use crate::decoys::Making;
use crate::decoys::smb::behaviour::{Behaviour, Drive};
use crate::decoys::smb::path::{Path, folded};
use crate::imaging::Imaging;
use crate::persona::{Host, Installation};
use crate::world::{Modality, View};

/// A drive.
#[derive(Debug, Clone)]
pub(crate) struct Volume {
    pub(crate) letter: char,
    pub(crate) label: String,
    pub(crate) serial: u32,
    /// When it was made.
    pub(crate) made: Timestamp,
    /// Its size, bytes.
    pub(crate) size: u64,
    used: u64,
}

impl Volume {
    fn new(drive: &Drive, host: &Host, installation: &Installation) -> Self {
        const GIB: u64 = 1 << 30;
        let number = |what: &str, bound| {
            installation.number(&format!("volume/{}/{}/{what}", host.name, drive.letter), bound)
        };
        let size = u64::from(drive.gigabytes) * GIB - number("odd", GIB) / 4096 * 4096;
        // Set up in the two years before 2024, in working hours.
        let second = 1_640_995_200 + number("made", 700) * 86_400 + number("hour", 8 * 3600) + 3600;
        let made = Timestamp::from_second(i64::try_from(second).unwrap_or(0)).unwrap_or_default();
        let used = size / 100 * u64::from(drive.used) + number("used", size / 100);
        let serial = u32::try_from(number("serial", 0xffff_0000)).unwrap_or(0) + 0x1000;
        Volume { letter: drive.letter, label: drive.label.clone(), serial, made, size, used: used.min(size) }
    }

    /// Free bytes at a moment: it grows fuller, and is cleared each month.
    pub(crate) fn free(&self, now: Timestamp) -> u64 {
        let month = now.as_second().rem_euclid(30 * 86_400);
        let grown = u64::try_from(month).unwrap_or(0) * (self.size / 5_000) / 86_400;
        self.size.saturating_sub(self.used).saturating_sub(grown).max(self.size / 100) / 4096 * 4096
    }
}

/// What lies in one place.
enum Holding {
    Files(Files),
    Listing(Listing),
    Images(Vec<Modality>, u32),
    Reports(u32),
    Laboratory(u32),
    Backups { database: String, bytes: u64, days: u32 },
}

/// The drives of a host.
pub(crate) struct Disk {
    volumes: Vec<Volume>,
    places: Vec<(Path, Holding)>,
    imaging: Arc<Imaging>,
    /// Seed of what must differ between hosts and installations.
    seed: [u8; 32],
}

impl std::fmt::Debug for Disk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Disk").field("volumes", &self.volumes).finish_non_exhaustive()
    }
}

/// One who looks at a drive: at the hospital as it is at a moment.
pub(crate) struct Eyes<'a> {
    pub(crate) disk: &'a Disk,
    pub(crate) view: &'a View,
}

impl Disk {
    /// Sets up the drives.
    ///
    /// # Errors
    /// What is wrong with a place.
    pub(crate) fn new(behaviour: &Behaviour, making: &Making) -> Result<Self, String> {
        let (host, installation) = (&making.host, &making.pack.installation);
        let volumes = behaviour.volume.iter().map(|drive| Volume::new(drive, host, installation)).collect();
        let place = |place: &crate::decoys::smb::behaviour::Place| {
            let path = Path::absolute(&place.path).ok_or("a place without a path")?;
            Ok::<_, String>((path, Holding::new(&place.source, making)?))
        };
        let mut places = behaviour.place.iter().map(place).collect::<Result<Vec<_>, String>>()?;
        // The deepest first: it holds what lies in it.
        places.sort_by_key(|(path, _)| std::cmp::Reverse(path.parts().len()));
        let seed = installation.derive(&format!("disk/{}", host.name));
        Ok(Disk { volumes, places, imaging: Arc::clone(&making.imaging), seed })
    }

    /// The drive of a letter.
    pub(crate) fn volume(&self, letter: char) -> Option<&Volume> {
        self.volumes.iter().find(|volume| volume.letter == letter)
    }

    pub(crate) fn imaging(&self) -> &Imaging {
        &self.imaging
    }

    pub(crate) fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// When a folder that nothing else is known of was made.
    fn made(&self, path: &Path) -> Times {
        let base =
            path.drive().and_then(|drive| self.volume(drive)).map_or_else(Timestamp::default, |v| v.made);
        let later = i64::try_from(number(&path.key()) % 20_000_000).unwrap_or(0);
        let at = base.checked_add(SignedDuration::from_secs(later)).unwrap_or(base);
        Times::at(at)
    }
}

impl Holding {
    fn new(source: &Source, making: &Making) -> Result<Self, String> {
        Ok(match source {
            Source::Files { from, within_days } => Holding::Files(Files::new(making, from, *within_days)?),
            Source::Listing { from } => Holding::Listing(Listing::new(making, from)?),
            Source::Images { modalities, days } => {
                let read =
                    |name: &String| modality(name).ok_or_else(|| format!("modality \"{name}\": unknown"));
                Holding::Images(modalities.iter().map(read).collect::<Result<_, _>>()?, *days)
            }
            Source::Reports { days } => Holding::Reports(*days),
            Source::Laboratory { days } => Holding::Laboratory(*days),
            Source::Backups { database, megabytes, days } => Holding::Backups {
                database: database.clone(),
                bytes: u64::from(*megabytes) << 20,
                days: *days,
            },
        })
    }

    fn find(&self, eyes: &Eyes<'_>, below: &[String]) -> Option<Node> {
        match self {
            Holding::Files(files) => files.find(below),
            Holding::Listing(listing) => listing.find(below),
            Holding::Images(modalities, days) => images::find(eyes, modalities, *days, below),
            Holding::Reports(days) => reports::find(eyes, *days, below),
            Holding::Laboratory(days) => laboratory::find(eyes, *days, below),
            Holding::Backups { database, bytes, days } => {
                backups::find(eyes, (database, *bytes, *days), below)
            }
        }
    }

    fn list(&self, eyes: &Eyes<'_>, below: &[String]) -> Option<Vec<Node>> {
        match self {
            Holding::Files(files) => files.list(below),
            Holding::Listing(listing) => listing.list(below),
            Holding::Images(modalities, days) => images::list(eyes, modalities, *days, below),
            Holding::Reports(days) => reports::list(eyes, *days, below),
            Holding::Laboratory(days) => laboratory::list(eyes, *days, below),
            Holding::Backups { database, bytes, days } => {
                backups::list(eyes, (database, *bytes, *days), below)
            }
        }
    }
}

impl Eyes<'_> {
    /// What lies under a path.
    pub(crate) fn find(&self, path: &Path) -> Option<Node> {
        self.disk.volume(path.drive()?)?;
        let key = path.key();
        let held = self.holding(path, |holding, below| holding.find(self, below));
        let made = self.disk.made(path);
        let mut node = match held {
            Some(node) => node,
            None if self.is_on_the_way(path) => Node::folder(path.name(), made),
            None => return None,
        };
        // A drive or a place has the name that the path gives it.
        if path.parts().len() == 1 {
            node.name = String::new();
            node.attributes |= attribute::HIDDEN | attribute::SYSTEM;
        }
        Some(node.numbered(&key))
    }

    /// What lies in a folder, by name; `None` where that is none.
    pub(crate) fn list(&self, path: &Path) -> Option<Vec<Node>> {
        if !self.find(path)?.is_folder() {
            return None;
        }
        let mut entries: BTreeMap<String, Node> = BTreeMap::new();
        for place in
            self.disk.places.iter().filter_map(|(place, _)| place.below(path).map(|below| (place, below)))
        {
            if let (_, [name, ..]) = place {
                let own = path.with(name);
                entries.entry(folded(name)).or_insert_with(|| Node::folder(name, self.disk.made(&own)));
            }
        }
        // Several places may hold parts of one folder; the deepest has the last word.
        let holdings = self.disk.places.iter().rev();
        let inside = holdings.filter_map(|(place, holding)| holding.list(self, path.below(place)?));
        inside.flatten().for_each(|node| {
            entries.insert(folded(&node.name), node);
        });
        let numbered = |(_, node): (String, Node)| {
            let key = path.with(&node.name).key();
            node.numbered(&key)
        };
        Some(entries.into_iter().map(numbered).collect())
    }

    /// Asks the places that a path lies in, the deepest first.
    fn holding<T>(&self, path: &Path, ask: impl Fn(&Holding, &[String]) -> Option<T>) -> Option<T> {
        self.disk.places.iter().find_map(|(place, holding)| ask(holding, path.below(place)?))
    }

    /// Whether a place lies at a path or further on.
    fn is_on_the_way(&self, path: &Path) -> bool {
        path.parts().len() == 1 || self.disk.places.iter().any(|(place, _)| place.below(path).is_some())
    }

    /// When a folder that nothing else is known of was made.
    pub(crate) fn times_of(&self, key: &str, at: Timestamp) -> Times {
        let later = i64::try_from(number(key) % 240).unwrap_or(0);
        Times::at(at.checked_add(SignedDuration::from_secs(later)).unwrap_or(at))
    }
}
