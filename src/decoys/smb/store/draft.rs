//! Files that are being written.

use std::collections::BTreeMap;

use super::node::{Body, Node};
use super::own::{Content, Own};
use super::reading::lay;
use crate::decoys::smb::status::Status;
use crate::event::Tainted;
use crate::session::Session;

/// Most bytes of one file that are held while it is written; past it, the disk is full.
const MAX_FILE: u64 = 32 << 20;
/// The same of all files of one connection.
const MAX_ALL: u64 = 64 << 20;

/// A file that is being written.
pub(crate) struct Draft {
    /// As it was before.
    pub(crate) before: Option<Node>,
    /// Its size now.
    pub(crate) size: u64,
    /// Up to where what was there before still stands.
    kept: u64,
    /// What was written, by place; no two touch.
    parts: BTreeMap<u64, Vec<u8>>,
    /// Bytes of all parts.
    bytes: u64,
    /// Handles that have it open.
    pub(crate) handles: u32,
    /// Whether anything was changed.
    pub(crate) touched: bool,
}

/// What came of a file that was written.
pub(crate) struct Written {
    pub(crate) node: Node,
    pub(crate) sha256: String,
    /// Its beginning after.
    pub(crate) sample: Vec<u8>,
    /// Its beginning before; `None` where it is new.
    pub(crate) before: Option<Vec<u8>>,
    /// Whether there was room to keep it.
    pub(crate) kept: bool,
}

/// All that a connection writes, by path.
#[derive(Default)]
pub(crate) struct Drafts {
    drafts: BTreeMap<String, Draft>,
}

impl Drafts {
    /// The draft of a path.
    pub(crate) fn get(&self, key: &str) -> Option<&Draft> {
        self.drafts.get(key)
    }

    /// One more handle on a file.
    pub(crate) fn open(&mut self, key: &str, node: Option<&Node>) -> &mut Draft {
        let size = node.map_or(0, |node| node.size);
        let draft = self.drafts.entry(key.to_owned()).or_insert_with(|| Draft {
            before: node.cloned(),
            size,
            kept: size,
            parts: BTreeMap::new(),
            bytes: 0,
            handles: 0,
            touched: false,
        });
        draft.handles = draft.handles.saturating_add(1);
        draft
    }

    /// A handle was closed: gives the draft when it was the last.
    pub(crate) fn close(&mut self, key: &str) -> Option<Draft> {
        let draft = self.drafts.get_mut(key)?;
        draft.handles = draft.handles.saturating_sub(1);
        if draft.handles == 0 { self.drafts.remove(key) } else { None }
    }

    /// A file was moved while it was open.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        if let Some(draft) = self.drafts.remove(from) {
            self.drafts.insert(to.to_owned(), draft);
        }
    }

    /// Writes bytes at a place.
    pub(crate) fn write(&mut self, key: &str, at: u64, bytes: &[u8]) -> Result<(), Status> {
        let all: u64 = self.drafts.values().map(|draft| draft.bytes).sum();
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let draft = self.drafts.get_mut(key).ok_or(Status::INVALID_HANDLE)?;
        let end = at.checked_add(length).ok_or(Status::INVALID_PARAMETER)?;
        if all.saturating_add(length) > MAX_ALL || draft.bytes.saturating_add(length) > MAX_FILE {
            return Err(Status::DISK_FULL);
        }
        draft.put(at, bytes);
        draft.size = draft.size.max(end);
        draft.touched = true;
        Ok(())
    }

    /// Sets where the file ends.
    pub(crate) fn resize(&mut self, key: &str, size: u64) -> Result<(), Status> {
        /// What a volume here could hold at most.
        const MOST: u64 = 1 << 44;
        let draft = self.drafts.get_mut(key).ok_or(Status::INVALID_HANDLE)?;
        if size > MOST {
            return Err(Status::DISK_FULL);
        }
        draft.resize(size);
        Ok(())
    }
}

impl Draft {
    fn put(&mut self, at: u64, bytes: &[u8]) {
        let end = at.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let touching: Vec<u64> = self
            .parts
            .range(..=end)
            .filter(|(start, part)| start.saturating_add(u64::try_from(part.len()).unwrap_or(0)) >= at)
            .map(|(start, _)| *start)
            .collect();
        // In the order of a file that is written from its beginning to its end nothing is copied twice.
        if let [only] = touching.as_slice()
            && let Some(part) = self.parts.get_mut(only)
            && *only <= at
        {
            let offset = usize::try_from(at - only).unwrap_or(usize::MAX);
            let whole = offset.saturating_add(bytes.len());
            let grown = whole.saturating_sub(part.len());
            part.resize(part.len().max(whole), 0);
            lay(part, 0, u64::try_from(offset).unwrap_or(u64::MAX), bytes);
            self.bytes = self.bytes.saturating_add(u64::try_from(grown).unwrap_or(0));
            return;
        }
        let mut start = at;
        let mut last = end;
        let mut old = Vec::new();
        for key in touching {
            if let Some(part) = self.parts.remove(&key) {
                start = start.min(key);
                last = last.max(key.saturating_add(u64::try_from(part.len()).unwrap_or(0)));
                old.push((key, part));
            }
        }
        let mut joined = vec![0; usize::try_from(last - start).unwrap_or(0)];
        for (key, part) in &old {
            lay(&mut joined, start, *key, part);
        }
        lay(&mut joined, start, at, bytes);
        self.parts.insert(start, joined);
        self.bytes = self.parts.values().map(|part| u64::try_from(part.len()).unwrap_or(0)).sum();
    }

    /// Cuts it off, or lets it grow by zeros.
    pub(crate) fn resize(&mut self, size: u64) {
        if size < self.size {
            self.kept = self.kept.min(size);
            self.parts = std::mem::take(&mut self.parts)
                .into_iter()
                .filter(|(start, _)| *start < size)
                .map(|(start, mut part)| {
                    part.truncate(usize::try_from(size - start).unwrap_or(usize::MAX));
                    (start, part)
                })
                .collect();
            self.bytes = self.parts.values().map(|part| u64::try_from(part.len()).unwrap_or(0)).sum();
        }
        self.touched |= size != self.size;
        self.size = size;
    }

    /// Its bytes as they are now, from a place on.
    pub(crate) fn read(&self, own: &Own<'_>, from: u64, length: usize) -> Result<Vec<u8>, Status> {
        let rest = usize::try_from(self.size.saturating_sub(from)).unwrap_or(usize::MAX);
        let length = length.min(rest);
        let kept = usize::try_from(self.kept.saturating_sub(from)).unwrap_or(usize::MAX).min(length);
        let mut out = match &self.before {
            Some(node) if kept > 0 => own.part(node, from, kept)?,
            _ => Vec::new(),
        };
        out.resize(length, 0);
        self.parts.iter().for_each(|(at, part)| lay(&mut out, from, *at, part));
        Ok(out)
    }

    /// Keeps it: as an artefact, and in the intruder's overlay under this path.
    pub(crate) fn keep(self, own: &Own<'_>, path: &crate::decoys::smb::path::Path, node: Node) -> Written {
        /// Bytes at a file's beginning that tell what it is.
        const SAMPLE: usize = 64 << 10;
        let was = self.before.as_ref().filter(|node| node.size > 0);
        let before = was.and_then(|node| own.part(node, 0, SAMPLE).ok());
        let sample = self.read(own, 0, SAMPLE).unwrap_or_default();
        let whole = self.size <= MAX_FILE;
        let (bytes, parts, kept) = if whole {
            let length = usize::try_from(self.size).unwrap_or(0);
            (self.read(own, 0, length).unwrap_or_default(), vec![(0, self.size)], 0)
        } else {
            let length = |part: &Vec<u8>| u64::try_from(part.len()).unwrap_or(0);
            let parts = self.parts.iter().map(|(at, part)| (*at, length(part))).collect();
            (self.parts.values().flatten().copied().collect(), parts, self.kept)
        };
        let node = Node { size: self.size, body: Body::Held, ..node };
        let sha256 = hand_over(own.session, &path.to_string(), &bytes);
        let kept = own.keep(path, &node, Content { sha256: sha256.clone(), parts, kept });
        Written { node, sha256, sample, before, kept }
    }
}

fn hand_over(session: &Session, name: &str, bytes: &[u8]) -> String {
    session.keep(Tainted::new(name), bytes).sha256
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(drafts: &Drafts) -> Vec<(u64, String)> {
        let draft = drafts.get("x").unwrap();
        draft.parts.iter().map(|(at, part)| (*at, String::from_utf8_lossy(part).into_owned())).collect()
    }

    #[test]
    fn what_is_written_in_any_order_is_one() {
        let mut drafts = Drafts::default();
        drafts.open("x", None);
        for (at, bytes) in [(10, "cd"), (0, "ab"), (12, "ef"), (1, "XY")] {
            drafts.write("x", at, bytes.as_bytes()).unwrap();
        }
        assert_eq!(parts(&drafts), [(0, "aXY".into()), (10, "cdef".into())]);
        drafts.write("x", 3, b"1234567").unwrap();
        assert_eq!(parts(&drafts), [(0, "aXY1234567cdef".into())]);
        assert_eq!(drafts.get("x").unwrap().bytes, 14);
        drafts.resize("x", 4).unwrap();
        assert_eq!((parts(&drafts), drafts.get("x").unwrap().size), (vec![(0, "aXY1".into())], 4));
        assert_eq!(drafts.write("x", u64::MAX, b"1"), Err(Status::INVALID_PARAMETER));
        assert!(drafts.close("x").is_some() && drafts.close("x").is_none());
    }

    #[test]
    fn there_is_an_end_to_what_is_held() {
        let mut drafts = Drafts::default();
        drafts.open("x", None);
        let chunk = vec![0; 1 << 20];
        let held = (0..100).take_while(|n| drafts.write("x", n << 20, &chunk).is_ok()).count();
        assert_eq!(held, 32);
    }
}
