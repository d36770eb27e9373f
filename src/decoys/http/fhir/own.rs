//! What the peer wrote himself: kept in his overlay, version by version, and read back to him alone.

use jiff::Timestamp;

use super::node::{Object, json, read_json};
use super::resources::{Held, Maker};
use crate::session::Session;

/// Most versions of one resource that are kept; older ones go first.
const MAX_VERSIONS: usize = 20;
/// Largest resource that is kept.
const MAX_RESOURCE: usize = 1 << 20;

/// One peer's resources.
pub(crate) struct Own<'a> {
    session: &'a Session,
    maker: Maker<'a>,
}

/// One version: when it was written, and the resource unless it was deleted.
struct Version {
    number: u32,
    at: Timestamp,
    object: Option<Object>,
}

impl<'a> Own<'a> {
    /// Of a session's peer.
    pub(crate) fn new(session: &'a Session, maker: Maker<'a>) -> Self {
        Own { session, maker }
    }

    /// Whether the peer wrote or deleted this resource, so that his version hides the hospital's.
    pub(crate) fn replaces(&self, name: &str, id: &str) -> bool {
        self.session.overlay().get(&key(name, id)).is_some()
    }

    /// The newest version; `None` when he never wrote it or deleted it.
    pub(crate) fn newest(&self, name: &str, id: &str) -> Option<Held> {
        let version = self.versions(name, id).pop()?;
        self.held(version)
    }

    /// One version.
    pub(crate) fn version(&self, name: &str, id: &str, number: u32) -> Option<Held> {
        let found = self.versions(name, id).into_iter().find(|version| version.number == number)?;
        self.held(found)
    }

    /// When he deleted it, and the number of that version.
    pub(crate) fn deleted(&self, name: &str, id: &str) -> Option<(Timestamp, u32)> {
        let version = self.versions(name, id).pop()?;
        version.object.is_none().then_some((version.at, version.number))
    }

    /// All versions that hold something, newest first.
    pub(crate) fn history(&self, name: &str, id: &str) -> Vec<Held> {
        let versions = self.versions(name, id).into_iter().rev();
        versions.filter_map(|version| self.held(version)).collect()
    }

    /// All of a type that he wrote, newest first.
    pub(crate) fn all(&self, name: &str) -> Vec<Held> {
        let prefix = format!("fhir:{name}/");
        let keys = self.session.overlay().keys(&prefix);
        let ids = keys.iter().filter_map(|key| key.strip_prefix(&prefix));
        let mut all: Vec<Held> = ids.filter_map(|id| self.newest(name, id)).collect();
        all.sort_by_key(|held| std::cmp::Reverse(held.updated));
        all
    }

    /// Writes a version (`None` deletes); gives its number, or `None` when his room is full. `before`
    /// is the number of the hospital's own version.
    pub(crate) fn write(
        &self,
        name: &str,
        id: &str,
        object: Option<&Object>,
        before: u32,
        at: Timestamp,
    ) -> Option<u32> {
        let mut lines: Vec<String> = self.lines(name, id);
        let last = lines.last().and_then(|line| parse(line)).map_or(before, |version| version.number);
        let number = last.saturating_add(1);
        let text = object.map(|object| json(&without_meta(object), false)).unwrap_or_default();
        if text.len() > MAX_RESOURCE {
            return None;
        }
        lines.push(format!("{number}\t{at}\t{text}"));
        let surplus = lines.len().saturating_sub(MAX_VERSIONS);
        let kept: Vec<String> = lines.into_iter().skip(surplus).collect();
        self.session.overlay().put(key(name, id), kept.join("\n").into_bytes()).then_some(number)
    }

    fn held(&self, version: Version) -> Option<Held> {
        Some(self.maker.held_at(version.object?, version.number, version.at))
    }

    fn versions(&self, name: &str, id: &str) -> Vec<Version> {
        self.lines(name, id).iter().filter_map(|line| parse(line)).collect()
    }

    fn lines(&self, name: &str, id: &str) -> Vec<String> {
        let bytes = self.session.overlay().get(&key(name, id)).unwrap_or_default();
        let text = String::from_utf8(bytes).unwrap_or_default();
        text.split('\n').filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }
}

fn parse(line: &str) -> Option<Version> {
    let mut parts = line.splitn(3, '\t');
    let number = parts.next()?.parse().ok()?;
    let at = parts.next()?.parse().ok()?;
    let text = parts.next()?;
    let object = if text.is_empty() { None } else { Some(read_json(text.as_bytes()).ok()?) };
    Some(Version { number, at, object })
}

/// The server sets `meta.versionId` and the like anew.
fn without_meta(object: &Object) -> Object {
    Object(object.0.iter().filter(|(name, _)| name != "meta").cloned().collect())
}

fn key(name: &str, id: &str) -> String {
    format!("fhir:{name}/{id}")
}
