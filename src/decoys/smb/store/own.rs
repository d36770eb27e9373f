//! What an intruder changed on a host's drives: kept in his overlay, seen by him alone.
//!
//! A record stands under each path that he touched: gone, a folder, or a file with what he wrote. What he
//! wrote is kept as artefacts; the record says which, and where its bytes belong.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Eyes;
use super::node::{Body, Node, Times, attribute};
use crate::decoys::smb::path::{Path, folded};
use crate::session::Session;

/// Most times that parts of one file can be written over before it is written whole.
const MAX_ROUNDS: usize = 64;

/// Bytes that were written: an artefact, and where its parts belong in the file, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    pub(crate) sha256: String,
    /// Place and length of each.
    pub(crate) parts: Vec<(u64, u64)>,
    /// Up to where what was there before still stands.
    pub(crate) kept: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Kind {
    Gone,
    Folder,
    File,
}

/// What stands under a path.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    name: String,
    kind: Kind,
    /// Where in the world lies what it was, or what is in it.
    from: Option<String>,
    attributes: u32,
    size: u64,
    times: Times,
    id: u64,
    contents: Vec<Content>,
}

/// Why something can't be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MoveError {
    /// It is not there.
    Missing,
    /// His room is full.
    Full,
}

/// A host's drives as one intruder sees them.
pub(crate) struct Own<'a> {
    pub(crate) eyes: Eyes<'a>,
    pub(crate) session: &'a Session,
}

impl Own<'_> {
    /// What lies under a path.
    pub(crate) fn find(&self, path: &Path) -> Option<Node> {
        match self.record(path) {
            Some(record) => self.shown(&record),
            None => self.eyes.find(&self.origin(path)?),
        }
    }

    /// What lies in a folder, by name.
    pub(crate) fn list(&self, path: &Path) -> Option<Vec<Node>> {
        if !self.find(path)?.is_folder() {
            return None;
        }
        let base = self.origin_of_inside(path).and_then(|origin| self.eyes.list(&origin));
        let nodes = base.unwrap_or_default().into_iter();
        let mut entries: BTreeMap<String, Node> = nodes.map(|node| (folded(&node.name), node)).collect();
        let prefix = format!("{}\\", self.key(path));
        for key in self.session.overlay().keys(&prefix) {
            let Some(name) = key.strip_prefix(&prefix).filter(|name| !name.contains('\\')) else { continue };
            let Some(record) = self.read(&key) else { continue };
            match self.shown(&record) {
                Some(node) => entries.insert(name.to_owned(), node),
                None => entries.remove(name),
            };
        }
        Some(entries.into_values().collect())
    }

    /// Whether a folder holds nothing.
    pub(crate) fn is_empty(&self, path: &Path) -> bool {
        self.list(path).is_none_or(|nodes| nodes.is_empty())
    }

    /// A new folder; `false` where his room is full.
    pub(crate) fn make_folder(&self, path: &Path, times: Times) -> bool {
        let node = Node::folder(path.name(), times).numbered(&self.key(path));
        self.write(path, &Record { contents: Vec::new(), from: None, ..Record::of(&node, Kind::Folder) })
    }

    /// Takes away what lies under a path.
    pub(crate) fn remove(&self, path: &Path) -> bool {
        let prefix = format!("{}\\", self.key(path));
        let inside = self.session.overlay().keys(&prefix);
        inside.iter().for_each(|key| self.session.overlay().remove(key));
        let gone = Node::folder(path.name(), Times::default());
        self.write(path, &Record { from: None, ..Record::of(&gone, Kind::Gone) })
    }

    /// Moves what lies under a path, with all that is in it.
    pub(crate) fn rename(&self, from: &Path, to: &Path) -> Result<(), MoveError> {
        let mut record = match self.record(from) {
            Some(record) => record,
            None => self.untouched(from).ok_or(MoveError::Missing)?,
        };
        record.name = to.name().to_owned();
        let (old, new) = (format!("{}\\", self.key(from)), format!("{}\\", self.key(to)));
        for key in self.session.overlay().keys(&old) {
            let moved = key.strip_prefix(&old).zip(self.session.overlay().get(&key));
            if let Some((below, value)) = moved
                && !self.session.overlay().put(format!("{new}{below}"), value)
            {
                return Err(MoveError::Full);
            }
        }
        if self.write(to, &record) && self.remove(from) { Ok(()) } else { Err(MoveError::Full) }
    }

    /// Changes times or attributes.
    pub(crate) fn describe(&self, path: &Path, times: Times, attributes: u32) -> bool {
        let record = self.record(path).or_else(|| self.untouched(path));
        record.is_some_and(|record| self.write(path, &Record { times, attributes, ..record }))
    }

    /// A new file that holds nothing yet, or one that was emptied.
    pub(crate) fn touch(&self, path: &Path, node: &Node) -> bool {
        let node = Node { size: 0, ..node.clone() };
        self.write(path, &Record { from: None, ..Record::of(&node, Kind::File) })
    }

    /// Keeps what was written to a file: over what was there, or in its place.
    pub(crate) fn keep(&self, path: &Path, node: &Node, content: Content) -> bool {
        let before = self.record(path).or_else(|| self.untouched(path));
        let mut record = before.unwrap_or_else(|| Record { from: None, ..Record::of(node, Kind::File) });
        let whole =
            content.kept == 0 && matches!(content.parts.as_slice(), [(0, length)] if *length == node.size);
        if whole {
            (record.from, record.contents) = (None, vec![content]);
        } else {
            if record.contents.len() >= MAX_ROUNDS {
                return false;
            }
            record.contents.push(content);
        }
        let record = Record {
            kind: Kind::File,
            size: node.size,
            times: node.times,
            attributes: node.attributes,
            ..record
        };
        self.write(path, &record)
    }

    /// What is there for everybody, as a record.
    fn untouched(&self, path: &Path) -> Option<Record> {
        let origin = self.origin(path)?;
        let node = self.eyes.find(&origin)?;
        let kind = if node.is_folder() { Kind::Folder } else { Kind::File };
        Some(Record {
            from: Some(origin.to_string()),
            name: path.name().to_owned(),
            ..Record::of(&node, kind)
        })
    }

    fn shown(&self, record: &Record) -> Option<Node> {
        let body = match record.kind {
            Kind::Gone => return None,
            Kind::Folder => Body::Folder,
            Kind::File => {
                let base = record.from.as_ref().and_then(|from| self.eyes.find(&Path::absolute(from)?));
                match base {
                    Some(base) if record.contents.is_empty() => base.body,
                    base => Body::Own(record.contents.as_slice().into(), base.map(Box::new)),
                }
            }
        };
        let folder = if matches!(record.kind, Kind::Folder) { attribute::FOLDER } else { 0 };
        Some(Node {
            name: record.name.clone(),
            attributes: record.attributes | folder,
            size: record.size,
            times: record.times,
            id: record.id,
            body,
        })
    }

    /// Where in the world lies what a path without a record means: he may have moved a folder above
    /// it. `None` where one above is gone.
    fn origin(&self, path: &Path) -> Option<Path> {
        match path.parent() {
            Some(parent) => Some(self.origin_of_inside(&parent)?.with(path.name())),
            None => Some(path.clone()),
        }
    }

    /// The same of a folder whose inside is meant, with its own record.
    fn origin_of_inside(&self, folder: &Path) -> Option<Path> {
        match self.record(folder) {
            Some(Record { kind: Kind::Gone, .. }) => None,
            Some(record) => Path::absolute(&record.from?),
            None => self.origin(folder),
        }
    }

    fn key(&self, path: &Path) -> String {
        format!("smb:{}:{}", self.session.host().name, path.key())
    }

    fn record(&self, path: &Path) -> Option<Record> {
        self.read(&self.key(path))
    }

    fn read(&self, key: &str) -> Option<Record> {
        serde_json::from_slice(&self.session.overlay().get(key)?).ok()
    }

    fn write(&self, path: &Path, record: &Record) -> bool {
        let value = serde_json::to_vec(record);
        value.is_ok_and(|value| self.session.overlay().put(self.key(path), value))
    }
}

impl Record {
    fn of(node: &Node, kind: Kind) -> Self {
        Record {
            name: node.name.clone(),
            kind,
            from: None,
            attributes: node.attributes,
            size: node.size,
            times: node.times,
            id: node.id,
            contents: Vec::new(),
        }
    }
}
