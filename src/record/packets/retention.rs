//! Which segments may be removed when the quota asks for room.
//!
//! Oldest first, never one that holds packets of an open incident. Core says which those are in
//! `keep.json`: a list of `{"source": address, "from": time, "to": time or null}`. A file that can't
//! be understood keeps everything.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::index::Index;
use super::segment::{Segment, list, nanoseconds};

/// Name of the file in the packets folder.
pub const KEEP: &str = "keep.json";

/// Packets to or from a source, over a span of time, that must not be removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keep {
    /// The incident's source.
    pub source: IpAddr,
    /// Its first event.
    pub from: Timestamp,
    /// Its last event; none while it may still grow.
    #[serde(default)]
    pub to: Option<Timestamp>,
}

impl Keep {
    fn covers(&self, index: &Index) -> bool {
        let (from, to) = (nanoseconds(self.from), self.to.map_or(u64::MAX, nanoseconds));
        let source = self.source.to_canonical();
        index.first_at <= to
            && index.last_at >= from
            && index
                .flows
                .iter()
                .any(|(key, span)| key.touches(source) && span.first_at <= to && span.last_at >= from)
    }
}

/// Says which packets must be kept; replaces what was said before.
///
/// # Errors
/// The file can't be written.
pub fn keep(packets: &Path, kept: &[Keep]) -> io::Result<()> {
    let draft = packets.join("keep.draft");
    fs::write(&draft, serde_json::to_vec(kept)?)?;
    fs::rename(&draft, packets.join(KEEP))
}

/// `None` keeps everything.
fn kept(packets: &Path) -> Option<Vec<Keep>> {
    match fs::read(packets.join(KEEP)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(Vec::new()),
        Err(error) => {
            tracing::error!(%error, "keep.json can't be read; no packets are removed");
            None
        }
        Ok(bytes) => match serde_json::from_slice(&bytes) {
            Ok(kept) => Some(kept),
            Err(error) => {
                tracing::error!(%error, "keep.json is not understood; no packets are removed");
                None
            }
        },
    }
}

/// What making room led to.
pub(super) struct Room {
    /// Removed segments with their bytes.
    pub removed: Vec<(String, u64)>,
    /// Whether there is room now.
    pub enough: bool,
}

/// Removes closed segments until all of them fit in `limit` bytes.
pub(super) fn make_room(packets: &Path, limit: u64) -> io::Result<Room> {
    let closed: Vec<_> = list(packets)?.into_iter().filter(|segment| segment.index().is_file()).collect();
    let mut total: u64 = closed.iter().map(Segment::bytes).sum();
    let mut removed = Vec::new();
    if total > limit {
        let kept = kept(packets);
        for segment in &closed {
            if total <= limit {
                break;
            }
            if is_kept(segment, kept.as_deref()) {
                continue;
            }
            let bytes = segment.bytes();
            fs::remove_file(&segment.path)?;
            fs::remove_file(segment.index())?;
            total -= bytes;
            removed.push((segment.name(), bytes));
        }
    }
    Ok(Room { removed, enough: total <= limit })
}

fn is_kept(segment: &Segment, kept: Option<&[Keep]>) -> bool {
    let Some(kept) = kept else {
        return true;
    };
    if kept.is_empty() {
        return false;
    }
    match Index::load(&segment.index()).map_or_else(|| Index::build(&segment.path), Ok) {
        Ok(index) => kept.iter().any(|keep| keep.covers(&index)),
        Err(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::flow::FlowKey;
    use super::super::index::Span;
    use super::*;

    /// A closed segment of some 1000 bytes whose one flow comes from `source` at `second`.
    fn closed(packets: &Path, second: u64, source: &str) -> String {
        let at = second * 1_000_000_000;
        let path = packets.join(format!("packets-{at:020}.pcapng"));
        fs::write(&path, vec![0; 900]).unwrap();
        let mut index = Index { first_at: at, last_at: at + 5, packets: 1, ..Index::default() };
        let key = FlowKey::new(6, (source.parse().unwrap(), 1), ("10.0.0.1".parse().unwrap(), 104));
        index.flows.insert(key, Span { first_at: at, last_at: at + 5, first: 1, last: 1, packets: 1 });
        let segment = Segment { path, begun: at };
        index.save(&segment.index()).unwrap();
        segment.name()
    }

    fn names(removed: &[(String, u64)]) -> Vec<&str> {
        removed.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn oldest_first_and_no_more_than_needed() {
        let dir = tempfile::tempdir().unwrap();
        let segments: Vec<_> = (1..=4).map(|n| closed(dir.path(), n, "10.0.0.9")).collect();
        let room = make_room(dir.path(), 2500).unwrap();
        assert_eq!(names(&room.removed), segments[..2]);
        assert!(room.enough);
        assert_eq!(list(dir.path()).unwrap().len(), 2);
    }

    #[test]
    fn packets_of_an_open_incident_stay() {
        let dir = tempfile::tempdir().unwrap();
        let sources = ["10.0.0.9", "10.0.0.7", "10.0.0.9", "10.0.0.7"];
        let segments: Vec<_> = (1..).zip(sources).map(|(n, source)| closed(dir.path(), n, source)).collect();
        let open = Keep {
            source: "10.0.0.9".parse().unwrap(),
            from: "1970-01-01T00:00:00Z".parse().unwrap(),
            to: None,
        };
        keep(dir.path(), std::slice::from_ref(&open)).unwrap();
        let room = make_room(dir.path(), 100).unwrap();
        assert_eq!(names(&room.removed), [segments[1].as_str(), segments[3].as_str()]);
        assert!(!room.enough, "what is kept does not fit");
        let closed = Keep { to: Some("1970-01-01T00:00:02Z".parse().unwrap()), ..open };
        keep(dir.path(), &[closed]).unwrap();
        assert_eq!(names(&make_room(dir.path(), 100).unwrap().removed), [segments[2].as_str()]);
    }

    #[test]
    fn a_list_that_is_not_understood_keeps_everything() {
        let dir = tempfile::tempdir().unwrap();
        closed(dir.path(), 1, "10.0.0.9");
        fs::write(dir.path().join(KEEP), b"[{]").unwrap();
        let room = make_room(dir.path(), 0).unwrap();
        assert!(room.removed.is_empty() && !room.enough);
    }

    #[test]
    fn the_growing_segment_is_never_removed() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("packets-00000000000000000001.pcapng"), [0; 10]).unwrap();
        assert!(make_room(dir.path(), 0).unwrap().removed.is_empty());
    }
}
