//! Which segments may be removed when the quota asks for room.
//!
//! Oldest first, and last those that hold packets of an open incident. Core says which those are in
//! `keep.json`: a list of `{"source": address, "from": time, "to": time or null}`. A file that can't
//! be understood keeps everything.
//!
//! Incidents may not take all of the room, or whoever floods after an alert would stop the capture
//! of all that follows, his own next steps first. So when they alone fill it, the incident that
//! holds most gives way, after its first segment, until new packets fit.

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

/// A segment that was removed.
#[derive(Debug)]
pub(super) struct Removed {
    /// Its file name.
    pub segment: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Sources of the open incidents whose packets it held.
    pub incidents: Vec<IpAddr>,
}

/// What making room led to.
pub(super) struct Room {
    /// Removed segments.
    pub removed: Vec<Removed>,
    /// Whether there is room now.
    pub enough: bool,
}

/// Removes closed segments whose last packet is from before then and which no open incident needs.
pub(super) fn forget(packets: &Path, before: Timestamp) -> io::Result<Vec<Removed>> {
    let Some(kept) = kept(packets) else { return Ok(Vec::new()) };
    let mut removed = Vec::new();
    for segment in list(packets)?.into_iter().filter(|segment| segment.index().is_file()) {
        let last = Index::load(&segment.index()).map_or(u64::MAX, |index| index.last_at);
        // In the order of their beginnings: what follows is younger.
        if last >= nanoseconds(before) {
            break;
        }
        let held = Held { bytes: segment.bytes(), incidents: holds(&segment, &kept), segment };
        if held.incidents.is_empty() {
            removed.push(held.remove(&kept)?);
        }
    }
    Ok(removed)
}

/// Removes closed segments until all of them fit in `limit` bytes.
pub(super) fn make_room(packets: &Path, limit: u64) -> io::Result<Room> {
    let closed: Vec<_> = list(packets)?.into_iter().filter(|segment| segment.index().is_file()).collect();
    let mut total: u64 = closed.iter().map(Segment::bytes).sum();
    if total <= limit {
        return Ok(Room { removed: Vec::new(), enough: true });
    }
    let Some(kept) = kept(packets) else { return Ok(Room { removed: Vec::new(), enough: false }) };
    let mut removed = Vec::new();
    let mut shelf = Shelf { segments: Vec::new(), incidents: kept.len() };
    for segment in closed {
        if total <= limit {
            break;
        }
        let held = Held { bytes: segment.bytes(), incidents: holds(&segment, &kept), segment };
        if held.incidents.is_empty() {
            total -= held.bytes;
            removed.push(held.remove(&kept)?);
        } else {
            shelf.segments.push(held);
        }
    }
    while total > limit
        && let Some(held) = shelf.take_next()
    {
        total -= held.bytes;
        removed.push(held.remove(&kept)?);
    }
    Ok(Room { removed, enough: total <= limit })
}

/// A closed segment, and by their places in the list the incidents that it holds packets of.
struct Held {
    segment: Segment,
    bytes: u64,
    incidents: Vec<usize>,
}

impl Held {
    fn remove(self, kept: &[Keep]) -> io::Result<Removed> {
        fs::remove_file(&self.segment.path)?;
        fs::remove_file(self.segment.index())?;
        let incidents =
            self.incidents.iter().filter_map(|at| kept.get(*at)).map(|keep| keep.source).collect();
        Ok(Removed { segment: self.segment.name(), bytes: self.bytes, incidents })
    }
}

/// The segments of open incidents, oldest first.
struct Shelf {
    segments: Vec<Held>,
    incidents: usize,
}

impl Shelf {
    /// Takes what goes next: the oldest but the first of the incident that holds most; when every
    /// incident is down to its first segment, the oldest of all.
    fn take_next(&mut self) -> Option<Held> {
        let firsts: Vec<Option<usize>> = (0..self.incidents)
            .map(|incident| self.segments.iter().position(|held| held.incidents.contains(&incident)))
            .collect();
        let later_of = |incident: usize| {
            let firsts = &firsts;
            let later = move |(place, held): &(usize, &Held)| {
                held.incidents.contains(&incident) && !firsts.contains(&Some(*place))
            };
            self.segments.iter().enumerate().filter(later)
        };
        let bytes = |incident: &usize| later_of(*incident).map(|(_, held)| held.bytes).sum::<u64>();
        let largest = (0..self.incidents).max_by_key(bytes)?;
        let place = later_of(largest).next().map_or(0, |(place, _)| place);
        (place < self.segments.len()).then(|| self.segments.remove(place))
    }
}

/// A segment whose index is lost and can't be made again counts for every incident.
fn holds(segment: &Segment, kept: &[Keep]) -> Vec<usize> {
    if kept.is_empty() {
        return Vec::new();
    }
    let index = Index::load(&segment.index()).map_or_else(|| Index::build(&segment.path), Ok);
    let covers = |keep: &Keep| index.as_ref().map_or(true, |index| keep.covers(index));
    kept.iter().enumerate().filter(|(_, keep)| covers(keep)).map(|(at, _)| at).collect()
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

    fn names(removed: &[Removed]) -> Vec<&str> {
        removed.iter().map(|removed| removed.segment.as_str()).collect()
    }

    fn open(source: &str) -> Keep {
        Keep { source: source.parse().unwrap(), from: Timestamp::UNIX_EPOCH, to: None }
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
    fn what_is_too_old_goes_unless_an_incident_needs_it() {
        let dir = tempfile::tempdir().unwrap();
        let sources = ["10.0.0.7", "10.0.0.9", "10.0.0.7", "10.0.0.7"];
        let segments: Vec<_> = (1..).zip(sources).map(|(n, source)| closed(dir.path(), n, source)).collect();
        keep(dir.path(), &[open("10.0.0.9")]).unwrap();
        let removed = forget(dir.path(), Timestamp::from_second(4).unwrap()).unwrap();
        assert_eq!(names(&removed), [segments[0].as_str(), segments[2].as_str()]);
        assert!(forget(dir.path(), Timestamp::UNIX_EPOCH).unwrap().is_empty());
    }

    #[test]
    fn packets_of_an_open_incident_go_after_all_others() {
        let dir = tempfile::tempdir().unwrap();
        let sources = ["10.0.0.9", "10.0.0.7", "10.0.0.9", "10.0.0.7"];
        let segments: Vec<_> = (1..).zip(sources).map(|(n, source)| closed(dir.path(), n, source)).collect();
        let intruder = open("10.0.0.9");
        keep(dir.path(), std::slice::from_ref(&intruder)).unwrap();
        let room = make_room(dir.path(), 2500).unwrap();
        assert_eq!(names(&room.removed), [segments[1].as_str(), segments[3].as_str()]);
        assert!(room.enough && room.removed.iter().all(|removed| removed.incidents.is_empty()));
        let over = Keep { to: Some("1970-01-01T00:00:02Z".parse().unwrap()), ..intruder };
        keep(dir.path(), &[over]).unwrap();
        assert_eq!(names(&make_room(dir.path(), 1500).unwrap().removed), [segments[2].as_str()]);
    }

    #[test]
    fn an_incident_that_fills_the_quota_keeps_its_beginning_and_makes_room_for_what_comes() {
        let dir = tempfile::tempdir().unwrap();
        let sources = ["10.0.0.7", "10.0.0.9", "10.0.0.9", "10.0.0.9", "10.0.0.9"];
        let segments: Vec<_> = (1..).zip(sources).map(|(n, source)| closed(dir.path(), n, source)).collect();
        keep(dir.path(), &[open("10.0.0.7"), open("10.0.0.9")]).unwrap();
        let room = make_room(dir.path(), 3500).unwrap();
        assert_eq!(names(&room.removed), [segments[2].as_str(), segments[3].as_str()]);
        assert!(room.enough, "new packets fit");
        assert_eq!(room.removed[0].incidents, ["10.0.0.9".parse::<IpAddr>().unwrap()], "and it is told");
        let room = make_room(dir.path(), 100).unwrap();
        let left = [&segments[4], &segments[0], &segments[1]].map(String::as_str);
        assert_eq!((names(&room.removed), room.enough), (left.to_vec(), true), "the beginnings go last");
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
