//! The printer's file system: folders of the persona, and the intruder's own files in his overlay.

use super::Behaviour;
use crate::session::Session;

/// Longest path.
const MAX_PATH: usize = 255;

/// Largest file of an intruder that is read back to him.
pub(super) const MAX_FILE: usize = 1 << 20;

/// What a path is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    Folder,
    File(Vec<u8>),
}

/// A path below a volume, with slashes, in lower case; `None` where it leaves the volume or names none.
pub(super) fn below(name: &str) -> Option<String> {
    let path = name.strip_prefix("0:")?.replace('\\', "/");
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if path.len() > MAX_PATH || parts.contains(&"..") {
        return None;
    }
    Some(parts.join("/").to_lowercase())
}

/// Whether a name tries to leave the volume.
pub(super) fn leaves(name: &str) -> bool {
    name.replace('\\', "/").split('/').any(|part| part == "..")
}

/// The files as one intruder sees them.
pub(super) struct Files<'a> {
    behaviour: &'a Behaviour,
    session: &'a Session,
}

impl<'a> Files<'a> {
    pub(super) fn of(behaviour: &'a Behaviour, session: &'a Session) -> Self {
        Files { behaviour, session }
    }

    fn key(&self, path: &str) -> String {
        format!("pjl:{}:{path}", self.session.host().name)
    }

    pub(super) fn find(&self, path: &str) -> Option<Entry> {
        if path.is_empty() || self.behaviour.folders.iter().any(|own| own.to_lowercase() == path) {
            return Some(Entry::Folder);
        }
        let bytes = self.session.overlay().get(&self.key(path))?;
        // A folder of his has a mark before its name.
        Some(match bytes.split_first() {
            Some((b'd', _)) | None => Entry::Folder,
            Some((_, file)) => Entry::File(file.to_vec()),
        })
    }

    /// Names in a folder, with their sizes for files.
    pub(super) fn list(&self, path: &str) -> Vec<(String, Option<usize>)> {
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let direct = |all: &str| -> Option<String> {
            let rest = all.get(prefix.len()..).filter(|_| all.to_lowercase().starts_with(&prefix))?;
            (!rest.is_empty() && !rest.contains('/')).then(|| rest.to_owned())
        };
        let own = self.behaviour.folders.iter().filter_map(|all| Some((direct(all)?, None)));
        let root = self.key("");
        let his = self.session.overlay().keys(&root).into_iter().filter_map(|key| {
            let all = key.get(root.len()..)?.to_owned();
            let size = match self.find(&all)? {
                Entry::Folder => None,
                Entry::File(bytes) => Some(bytes.len()),
            };
            Some((direct(&all)?, size))
        });
        own.chain(his.collect::<Vec<_>>()).collect()
    }

    /// Writes a file; `false` where there is no room or no folder for it.
    pub(super) fn write(&self, path: &str, bytes: &[u8]) -> bool {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        self.find(folder) == Some(Entry::Folder)
            && !path.is_empty()
            && bytes.len() <= MAX_FILE
            && self.session.overlay().put(self.key(path), [b"f", bytes].concat())
    }

    pub(super) fn make(&self, path: &str) -> bool {
        self.find(path).is_none() && self.session.overlay().put(self.key(path), b"d".to_vec())
    }

    /// Removes a file of his; what the printer came with stays.
    pub(super) fn remove(&self, path: &str) -> bool {
        let had = self.session.overlay().get(&self.key(path)).is_some();
        self.session.overlay().remove(&self.key(path));
        had
    }
}
